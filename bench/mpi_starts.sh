#!/bin/bash
# Starts an Open MPI program over 2 nodes x 8 ranks again and again, as an ordinary user, and counts
# the good ones: right size, right sum, exit 0. usage: mpi_starts.sh DIR COX PROGRAM [N]
set -u
dir=$(realpath -e "$1") cox=$(realpath -e "$2") program=$(realpath -e "$3") || exit 2
count=${4:-100}
as=()
[ "$(id -u)" = 0 ] && as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
echo "machine: load $(cut -d' ' -f1 /proc/loadavg), $(nproc) cores"
spawns=()
for ((i = 0; i < 101; ++i)); do
  begin=${EPOCHREALTIME/./}
  /bin/true
  spawns+=($((${EPOCHREALTIME/./} - begin)))
done
echo "calibration, /bin/true from bash: median $(printf '%s\n' "${spawns[@]}" | sort -n | sed -n 51p) us"
good=0
times=()
out=$(mktemp)
for ((i = 0; i < count; ++i)); do
  begin=$(date +%s%N)
  if (cd / && timeout 60 "${as[@]}" "$cox" run --cluster "$dir" -N 2 -n 16 --ntasks-per-node 8 \
    "$program") >"$out" 2>&1 &&
    grep -q 'ring of 16 ranks: token and sum are right' "$out" &&
    [ "$(grep -c ' of 16 on ' "$out")" = 16 ]; then
    good=$((good + 1))
  else
    echo "start $i failed:"
    sed 's/^/  /' "$out" | head -20
  fi
  times+=($((($(date +%s%N) - begin) / 1000000)))
done
rm -f "$out"
sorted=($(printf '%s\n' "${times[@]}" | sort -n))
echo "mpi starts, 2 nodes x 8 ranks: $good of $count good," \
  "median $((sorted[count / 2])) ms for the whole command"
[ "$good" = "$count" ]
