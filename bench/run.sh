#!/bin/bash
# Builds a release, brings a cluster of 16 emulated nodes up, runs every bench against it, prints
# the figures and takes it down. How to read them: docs/benchmarks.md
# usage: bench/run.sh [--quick] [--build DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
build= quick=
while [ $# -gt 0 ]; do
  case "$1" in
    --quick) quick=yes ;;
    --build) build=$2; shift ;;
    *) echo "bench/run.sh: unknown option $1" >&2; exit 2 ;;
  esac
  shift
done
# The release build of ./test.sh serves, where there is one.
if [ -z "$build" ]; then
  build=build/bench
  [ -f build/release/build.ninja ] && build=build/release
fi
[ -f "$build/build.ninja" ] ||
  cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCOX_UNITY=ON -DCOX_TESTS=OFF >/dev/null
cmake --build "$build" --target cox coxctld coxnoded coxstepd coxpmix cox-example-mpi \
  bench-submit bench-submit-rate bench-queue bench-polling bench-schedule bench-memory bench-dispatch bench-end-to-end bench-drain bench-blocked bench-history \
  first-instruction >/dev/null
cox=$PWD/$build/bin/cox
programs=$PWD/$build/bench
slurm=$PWD/$build/libexec/coxswain/slurm
ring=$PWD/$build/examples/cox-example-mpi
work=$(mktemp -d)
chmod 755 "$work"
# As installed: sockets and run files below /run, which is memory; the journal on a disk.
mkdir "$work/run"
[ "$(id -u)" -ne 0 ] || mount -t tmpfs -o mode=755 tmpfs "$work/run"
dir=$work/run/cluster
cat >"$work/bench.toml" <<END
[cluster]
name = "bench"
auth = "local"
state_dir = "$work/state"
END
clean_up() {
  "$cox" down --force --dir "$dir" >/dev/null 2>&1 || true
  umount "$work/run" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
cp "$ring" "$programs/first-instruction" "$work/"

rows=1000000 jobs=10000 submits=500 dispatches=200 starts=100 factor=20 queued=1000000 listed=100000 drained="1000 100000"
[ -n "$quick" ] && rows=100000 jobs=1000 submits=50 dispatches=30 starts=5 factor=2 queued=20000 listed=5000 drained="200 5000"

section() { printf '\n== %s\n' "$*"; }
# Nodes of eight cores, whatever this machine has: the shape of the figures is the same everywhere.
"$cox" up --nodes 16 --dir "$dir" --config "$work/bench.toml" --topology "package:1 core:8 pu:1"
section "submit, of arrays too (goal: 1.5 ms median beside /bin/true at 0.55 ms)"
"$programs/bench-submit" "$dir" "$cox" "$submits" "$slurm"
section "submit rates (goals: 15,000/s over 4, 60,000/s over 64, 200,000 jobs/s in batches)"
"$programs/bench-submit-rate" "$dir" "$factor"
section "queue (goals, of 100,000 jobs: one 1.5 ms, all to a pipe 60 ms)"
"$programs/bench-queue" "$dir" "$cox" "$listed" 200 "$slurm"
section "polling (goal: submits and starts keep 0.9 of their rates)"
"$programs/bench-polling" "$dir" "$slurm" "$listed"
section "dispatch (goal: 5 ms median)"
"$programs/bench-dispatch" "$dir" "$cox" "$work/first-instruction" "$dispatches"
section "end to end (goal: 500 jobs/s, the last thousand as fast as the first)"
"$programs/bench-end-to-end" "$dir" "$jobs"
section "mpi starts (goal: all good)"
bench/mpi_starts.sh "$dir" "$cox" "$work/cox-example-mpi" "$starts"
"$cox" down --force --dir "$dir"
section "a thousand pretended nodes, jobs draining (goal: cox queue JOB 5 ms at p99)"
"$programs/bench-drain" "$work/run/pretended" "$cox" $drained
section "history (goals at 1 M rows: one job 1 ms, a user's last 100 in 5 ms)"
mkdir "$work/history"
"$programs/bench-history" "$work/history" "$rows"
section "schedule, the pass alone (figures and goals: docs/benchmarks.md)"
"$programs/bench-schedule" ${quick:+--quick}
[ -n "$quick" ] || "$programs/bench-schedule" --growth
section "a free node behind blocked jobs (goal: 50 ms), cancel of a user's queue (goal: 0.1 s)"
"$programs/bench-blocked" "$work/run/blocked" "$cox" ${quick:+500 5000}
section "memory and restart (goals: 600 B per job, 1.5 s to the first answer, 2.5 s to a start)"
mkdir "$work/queue"
"$programs/bench-memory" "$PWD/$build/bin" "$work/queue" "$queued"
