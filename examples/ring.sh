#!/bin/sh
# A batch job over several nodes: the script runs on the first of them, `cox run` starts the MPI
# program on all. Submit with: cox submit examples/ring.sh [PROGRAM]
#COX --job-name ring
#COX --nodes 2
#COX --ntasks-per-node 2
#COX --time 5
#COX --output ring-%j.out

# Where the program is: the first argument, else COX_EXAMPLE_MPI, else in $PATH, else where `cox` has
# it, installed or as it was built.
program=${1:-${COX_EXAMPLE_MPI:-cox-example-mpi}}
if ! command -v "$program" >/dev/null; then
  around=$(dirname "$(command -v cox)")/..
  for place in "$around/libexec/coxswain/$program" "$around/examples/$program"; do
    if [ -x "$place" ]; then program=$place; fi
  done
fi

echo "job $COX_JOB_ID of $USER on $COX_NODELIST: $COX_NTASKS tasks"
cox run "$program" || { status=$?; echo "ring failed with status $status" >&2; exit $status; }
echo "done"
