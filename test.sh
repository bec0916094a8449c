#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. The last lines are ctest's own summary.
# usage: ./test.sh [ctest arguments, e.g. -R store]
set -euo pipefail
cd "$(dirname "$0")"
# Shows a command's output only when it fails.
quiet() { local out; out=$("$@" 2>&1) || { printf '%s\n' "$out"; return 1; }; }
say() { printf '== %s\n' "$*"; }

say "packages"
tools/install-dependencies test
say "configure"
quiet cmake --preset release -DCOX_ASAN_DIR="$PWD/build/asan"
quiet cmake --preset asan -DCOX_BENCH=OFF
say "build (release)"
cmake --build build/release
say "test (the first one builds core, model, wire and fuzz targets with sanitizers)"
# One more than there are cores: most tests wait for processes.
ctest --test-dir build/release --output-on-failure -j"$(($(nproc) + 1))" "$@"
