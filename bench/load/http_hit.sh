#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# http_hit.sh BIN_FOLDER [ROUNDS [SECONDS]]: CPU of the server for a GET that is a hit, at 64 kept connections, ours and
# a constant reply in turn. Server on core 0, wrk (package wrk) on core 1, loopback.
set -euo pipefail
bin=${1:?the folder of http_hit_server} rounds=${2:-6} seconds=${3:-2}

cpu_ns() { cat /proc/"$1"/task/*/schedstat | awk '{sum += $1} END {print sum}'; }

measure() { # NAME ARGUMENT…
  local name=$1 port pid before after requests
  shift
  coproc server { exec taskset -c 0 "$bin/http_hit_server" "$@"; }
  pid=$server_PID
  read -r port <&"${server[0]}"
  before=$(cpu_ns "$pid")
  requests=$(taskset -c 1 wrk -t1 -c64 -d"$seconds" "http://127.0.0.1:$port/v1/groups/g/keys/key-77" |
    awk '/requests in/ {print $1}')
  after=$(cpu_ns "$pid")
  echo "$name $(awk "BEGIN {printf \"%.2f\", ($after - $before) / 1000 / $requests}") us of CPU a request, $((requests / seconds)) a second"
  eval "exec ${server[1]}>&-"
  wait "$pid"
}

for ((i = 0; i < rounds; ++i)); do
  measure constant --constant
  measure ringcache
done
