#!/usr/bin/env bash
# From a fresh clone to an MPI job done on a private cluster of 4 emulated nodes.
# usage: ./quickstart.sh [--down] [--nodes N] [--dir DIR] [--build DIR]
#   --down        take the cluster down again at the end (default: it stays up)
#   --nodes N     this many emulated nodes (default: 4)
#   --dir DIR     the cluster's directory (default: that of cox up)
#   --build DIR   use this build tree as it is; nothing is installed or built
set -Eeuo pipefail

bad_usage() { echo "quickstart.sh: $* (see: ./quickstart.sh --help)" >&2; exit 2; }
need() { # OPTION VALUE WHAT
  [ -n "$2" ] && [ "${2#--}" = "$2" ] || bad_usage "$1 needs $3"
}

nodes=4
dir=
down=
build=
while [ $# -gt 0 ]; do
  # As cox takes them: a value may follow an equals sign.
  if [[ $1 == --[a-z]*=* ]]; then set -- "${1%%=*}" "${1#*=}" "${@:2}"; joined=yes; else joined=; fi
  case "$1" in
    --down) [ -z "$joined" ] || bad_usage "--down takes no value"; down=yes ;;
    --nodes) need "$1" "${2-}" "a number"; nodes=$2; shift ;;
    --dir) need "$1" "${2-}" "a directory"; dir=$(realpath -m -- "$2"); shift ;;
    --build) need "$1" "${2-}" "a directory"; build=$(realpath -m -- "$2"); shift ;;
    -h|--help) sed -n '2,7p' "$0" | cut -c3-; exit 0 ;;
    *) bad_usage "unknown option $1" ;;
  esac
  shift
done
[[ $nodes =~ ^[1-9][0-9]*$ ]] || bad_usage "--nodes $nodes: a number from 1 is expected"
cd "$(dirname "$0")"

if [ -t 1 ]; then bold=$'\e[1m'; plain=$'\e[0m'; else bold=; plain=; fi
current="its start"
step() { current=$*; printf '%s== %s%s\n' "$bold" "$*" "$plain"; }
word() { if [[ $1 =~ ^[A-Za-z0-9/._:=@%+,-]+$ ]]; then printf '%s' "$1"; else printf '%s' "${1@Q}"; fi; } # for a shell
shown() {
  local line="cox" part
  for part in "${@:2}"; do line+=" $(word "$part")"; done
  printf '%s$ %s%s\n' "$bold" "$line" "$plain"
  "$@"
}
trap '[ "$BASH_SUBSHELL" != 0 ] || echo "quickstart.sh: stopped at: $current; the lines above say why. Mend it and run it again: it goes on where it was." >&2' ERR

if [ -z "$build" ]; then
  build=$PWD/build/quick
  step "packages"
  tools/install-dependencies build

  step "build (release; the first time takes some minutes)"
  [ -f "$build/build.ninja" ] ||
    cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCOX_UNITY=ON -DCOX_TESTS=OFF -DCOX_BENCH=OFF >/dev/null
  cmake --build "$build"
fi
cox=$build/bin/cox
[ -x "$cox" ] || bad_usage "--build $build: no bin/cox there"
at=()
unset COX_CLUSTER  # another cluster is none of ours
[ -n "$dir" ] && { at=(--dir "$dir"); export COX_CLUSTER=$dir; }

step "a cluster of $nodes emulated nodes"
shown "$cox" up --nodes "$nodes" "${at[@]}"
shown "$cox" nodes

step "an Open MPI job over all of them"
work=$(mktemp -d)
kept= # the job's files stay where the cluster does, for cox logs
trap '[ -n "$kept" ] || rm -rf "$work"' EXIT
cp examples/ring.sh "$build/examples/cox-example-mpi" "$work/"
chmod 755 "$work"
request=(-N "$nodes")
cores=$("$cox" nodes -o cores --no-header | sort -n | head -n 1)
[ "$cores" -ge 2 ] || request+=(--ntasks-per-node 1) # the script asks for two tasks on each node
job=$(cd "$work" && PATH="$build/bin:$PATH" "$cox" submit "${request[@]}" ring.sh ./cox-example-mpi)
printf '%s$ cox submit %s ring.sh ./cox-example-mpi%s\n%s\n' "$bold" "${request[*]}" "$plain" "$job"
shown "$cox" queue
down_again() { step "down"; shown "$cox" down "${at[@]}"; }
"$cox" wait "$job" || {
  echo "the job failed; its output:" >&2
  "$cox" logs "$job" >&2 || true
  "$cox" show job "$job" >&2
  if [ -n "$down" ]; then
    down_again
  else
    echo "quickstart.sh: the cluster is up; cox doctor looks for the cause, cox down${dir:+ --dir $(word "$dir")} ends it" >&2
  fi
  exit 1
}
shown "$cox" logs "$job"

if [ -n "$down" ]; then
  down_again
  exit 0
fi
kept=yes
manual="the manual"
command -v man >/dev/null || manual="the manual, once there is man: apt-get install man-db"
cat <<END
${bold}== the cluster is up${plain}
  export PATH=$(word "$build/bin"):\$PATH          the command cox
${dir:+  export COX_CLUSTER=$(word "$dir")                 the cluster it talks to
}  cox run -N 2 -n 4 hostname            tasks now
  cox submit my-script.sh               a batch job
  cox logs $job; ls $(word "$work")   what the example left
  cox queue; cox why JOB; cox nodes     what happens and why
  man -l man/cox.1                      $manual
  cox down${dir:+ --dir $(word "$dir")}                              and the cluster is gone
END
