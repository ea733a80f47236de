#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# etcd.sh NAME CLIENT_PORT PEER_PORT: one member of the demo's etcd cluster of three, on loopback.
exec etcd --name "$1" --data-dir "${DEMO_DATA:-build/demo}/$1" \
  --listen-client-urls "http://127.0.0.1:$2" --advertise-client-urls "http://127.0.0.1:$2" \
  --listen-peer-urls "http://127.0.0.1:$3" --initial-advertise-peer-urls "http://127.0.0.1:$3" \
  --initial-cluster etcd1=http://127.0.0.1:2380,etcd2=http://127.0.0.1:22380,etcd3=http://127.0.0.1:32380 \
  --initial-cluster-token ringcache-demo --logger zap --log-level error
