#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/consumer/run.sh SOURCE BUILD [CMAKE-ARGUMENT…]: builds and runs the consumer against the install of BUILD and
# against the source tree, and sees that a version or a part that is not there is refused.
set -euo pipefail
source=$1 build=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
work=$build/consumer  # kept, so that what has not changed is not built again
rm -rf "$work/prefix"
mkdir -p "$work"
fail() { echo "consumer: $*" >&2; exit 1; }

# configure NAME ARGUMENT…: into $work/NAME
configure() {
  local name=$1
  shift
  cmake -S "$here" -B "$work/$name" -G Ninja -DCMAKE_PREFIX_PATH="$work/prefix" "${flags[@]}" "$@"
}

# use NAME ARGUMENT…: configure, build and run; its output must be $expected
use() {
  configure "$@" > "$work/$1.log" 2>&1 || { cat "$work/$1.log"; fail "$1 does not configure"; }
  cmake --build "$work/$1" >> "$work/$1.log" 2>&1 || { cat "$work/$1.log"; fail "$1 does not build"; }
  local said
  said=$("$work/$1/consumer" "$work/$1/data") || fail "$1 failed: $said"
  [ "$said" = "$expected" ] || fail "$1 said '$said', not '$expected'"
  echo "consumer: $1 works"
}

# refused NAME PATTERN ARGUMENT…: configuring must fail with words that match the pattern
refused() {
  local name=$1 pattern=$2
  shift 2
  rm -rf "${work:?}/$name"
  ! configure "$name" "$@" > "$work/$name.log" 2>&1 || fail "$name was not refused"
  tr '\n' ' ' < "$work/$name.log" | grep -Eq "$pattern" || { cat "$work/$name.log"; fail "$name: unclear"; }
  echo "consumer: $name is refused"
}

export CCACHE_NOHASHDIR=1  # the same objects as those of the build that was installed
flags=("$@")
cmake --install "$build" --prefix "$work/prefix" > "$work/install.log"
expected="score of Tom: 630"
use find_package -DVERSION=0.1
use add_subdirectory -DRINGCACHE_FROM="$source"
refused wrong_version 'compatible with requested version +"0.2"' -DVERSION=0.2
refused unknown_part 'no ringcache::resp here.*installed are: *base' -DVERSION=0.1 -DLAYER=resp
if find "$work/prefix" -name 'libringcache_node.*' | grep -q .; then
  expected=consumer
  use whole_node -DVERSION=0.1 -DLAYER=node
fi
