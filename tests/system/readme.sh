#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tests/system/readme.sh SOURCE BIN: runs the commands of the README as they stand, with the programs in BIN.
set -euo pipefail
source=$1 bin=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/build/release"
ln -s "$source/examples" "$work/examples"
ln -s "$bin" "$work/build/release/bin"
sed -n '/^```sh$/,/^```$/{/^```/d;p}' "$source/README.md" > "$work/commands"
cd "$work"
# Whatever happens, the nodes it started end with it.
timeout 40 bash -eu -c "trap 'kill \$(jobs -p) 2>/dev/null || true; wait' EXIT; . ./commands" > said 2> log || { cat said log; echo "readme: the commands failed"; exit 1; }
for promise in '^x-ringcache: miss; owner=' '^x-ringcache: hit; owner=' '99$'; do
  tr -d '\r' < said | grep -qi -- "$promise" || { cat said log; echo "readme: no '$promise'"; exit 1; }
done
