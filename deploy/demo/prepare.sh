#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# prepare.sh: empties the demo's folder and makes its database. Touches no folder that is not a demo's.
set -e
data=${DEMO_DATA:-build/demo}
if [ -e "$data" ] && [ ! -e "$data/.ringcache-demo" ]; then
  echo "$data exists and is not a demo's folder; name another or remove it" >&2
  exit 1
fi
rm -rf "$data"
mkdir -p "$data"
touch "$data/.ringcache-demo"
sqlite3 "$data/school.db" > /dev/null < "${DEMO_FILES:-deploy/demo}/students.sql"
