#!/bin/bash
# The figures of launches, each over a cluster of its own size: brings it up, measures, takes it down.
# How to read them: docs/benchmarks.md
# usage: bench/launch.sh [--rounds N] [--mb MB] [--switches N] [--sizes "1 16 64 256 turns"] BUILD_DIR
set -euo pipefail
rounds=7 mb=10 switches=50 sizes="1 16 64 256 turns" build=
while [ $# -gt 0 ]; do
  case "$1" in
    --rounds) rounds=$2; shift ;;
    --mb) mb=$2; shift ;;
    --switches) switches=$2; shift ;;
    --sizes) sizes=$2; shift ;;
    -*) echo "bench/launch.sh: unknown option $1" >&2; exit 2 ;;
    *) build=$1 ;;
  esac
  shift
done
[ -n "$build" ] || { echo "bench/launch.sh: which build? (BUILD_DIR is missing)" >&2; exit 2; }
cox=$(realpath "$build")/bin/cox
programs=$(realpath "$build")/bench
work=$(mktemp -d)
chmod 755 "$work"
mkdir "$work/run"
# As installed: sockets and run files below /run, which is memory; the journal on a disk.
[ "$(id -u)" -ne 0 ] || mount -t tmpfs -o mode=755 tmpfs "$work/run"
dir=$work/run/cluster
printf '[cluster]\nname = "launch"\nauth = "local"\nstate_dir = "%s"\n' "$work/state" >"$work/launch.toml"
clean_up() {
  "$cox" down --force --dir "$dir" >/dev/null 2>&1 || true
  umount "$work/run" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
sed '$a [[partition]]\nname = "turns"\nshare = "timeslice"\nslice = "24h"' "$work/launch.toml" >"$work/turns.toml"
for size in $sizes; do
  file=launch.toml
  case $size in
    1) rows="run:1x1 init:1x2 init:1x16" ;;
    16) rows="run:16x1 run:16x8 init:16x1 output:16x4:$mb" ;;
    turns) size=16 file=turns.toml rows="switch:16x1:$switches" ;;
    64) rows="run:64x1 run:64x8" ;;
    *) rows="run:${size}x1" ;;
  esac
  printf '\n== %s nodes\n' "$size"
  rm -rf "$work/state"
  "$cox" up --nodes "$size" --dir "$dir" --config "$work/$file" --topology "package:1 core:16 pu:1" >/dev/null
  "$programs/bench-launch" "$dir" "$cox" "$programs" "$rounds" $rows
  "$cox" down --force --dir "$dir" >/dev/null
done
