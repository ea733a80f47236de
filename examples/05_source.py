#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A source in Python: whatever this program answers is the truth that ringcache keeps copies of.
Here it is an SQLite file, with any bytes as keys and values.

Python's messages are made from src/grpc/source.proto (Debian: protobuf-compiler-grpc, python3-grpcio,
python3-protobuf):

    protoc -I src/grpc --python_out=. --grpc_python_out=. \
        --plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin source.proto
    PYTHONPATH=. python3 examples/05_source.py 127.0.0.1:9500 rows.db

A node then asks it for the keys of its groups:

    sources: {rows: {dsn: "grpc://127.0.0.1:9500"}}
    groups:  {scores: {source: rows}}
"""
import concurrent.futures
import sqlite3
import sys
import threading

import grpc
import source_pb2 as messages
import source_pb2_grpc as services

TABLE = "CREATE TABLE IF NOT EXISTS rows (grp TEXT, key BLOB, value BLOB, PRIMARY KEY (grp, key))"


class Source(services.SourceServicer):
    def __init__(self, path):
        self.lock = threading.Lock()  # calls come on many threads
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.execute(TABLE)

    def execute(self, statement, *values):
        with self.lock, self.db:
            cursor = self.db.execute(statement, values)
            return cursor.fetchall(), cursor.rowcount

    def find(self, group, key):
        rows, _ = self.execute("SELECT value FROM rows WHERE grp = ? AND key = ?", group, key)
        return messages.Row(value=rows[0][0]) if rows else None

    def Load(self, request, context):
        return self.find(request.group, request.key) or context.abort(grpc.StatusCode.NOT_FOUND, "no such key")

    def LoadMany(self, request, context):
        # One result for each key, in their order; one without a row says that there is no such key.
        rows = [self.find(request.group, key) for key in request.keys]
        return messages.LoadManyResponse(results=[messages.LoadResult(row=row) for row in rows])

    def Store(self, request, context):
        if request.HasField("ttl_ms"):
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "these rows keep no ttl")
        self.execute("REPLACE INTO rows VALUES (?, ?, ?)", request.group, request.key, request.value)
        return messages.StoreResponse()  # stored as given; otherwise row=messages.Row(…)

    def Erase(self, request, context):
        _, erased = self.execute("DELETE FROM rows WHERE grp = ? AND key = ?", request.group, request.key)
        if not erased:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such key")
        return messages.EraseResponse()


def main(address, path):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8),
                         options=[("grpc.max_receive_message_length", -1)])  # 4 MiB without it
    services.add_SourceServicer_to_server(Source(path), server)
    if not server.add_insecure_port(address):
        sys.exit(f"cannot listen on {address}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
