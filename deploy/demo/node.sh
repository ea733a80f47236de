#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# node.sh NAME HTTP: one node of the demo, started again DEMO_RESTART_AFTER seconds after it died, as a
# supervisor would. NAME is also its gRPC address. Its process id is in DEMO_DATA/NAME.pid.
data=${DEMO_DATA:-build/demo}
export RINGCACHE_SOURCES_SCHOOL_DSN="sqlite:$data/school.db"
trap 'kill -TERM "$node" 2>/dev/null; wait "$node"; exit 0' TERM INT
while :; do
  "${DEMO_BIN:-build/release/bin}/ringcached" --config "${DEMO_FILES:-deploy/demo}/node.yaml" \
    --name "$1" --advertise "$1" --listen-grpc "$1" --listen-http "$2" &
  node=$!
  echo "$node" > "$data/$1.pid"
  wait "$node"
  sleep "${DEMO_RESTART_AFTER:-8}" &
  node=$!
  wait "$node"
done
