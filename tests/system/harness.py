# SPDX-License-Identifier: Apache-2.0
"""Real processes on loopback for the system tests: etcd members and ringcached nodes, ended by pid.

Ports are free ones below 32768, so that no outgoing connection can have taken them. Everything a
test started is gone when its Cluster is closed, and its logs are shown when the test failed.
"""
import contextlib
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("RINGCACHE_BIN", ROOT / "build/release/bin"))
SHARED = pathlib.Path(os.environ.get("RINGCACHE_SHARED", ROOT.parent / "shared"))
LONG = bool(os.environ.get("RINGCACHE_LONG"))

#: Takes about 50 ms and answers what the row says: a slow database without a database server.
SLOW = ("SELECT score FROM students WHERE name = :key AND (WITH RECURSIVE n(i) AS "
        "(SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {rows}) SELECT count(*) FROM n) > 0")


_ports = set()


def free_port():
    """One that nobody listens on, and no other call has answered."""
    while True:
        port = random.randrange(20000, 32000)
        if port in _ports:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                _ports.add(port)
                return port
            except OSError:
                continue


def eventually(condition, timeout, what):
    """Waits until condition() is true; returns the seconds it took."""
    start = time.monotonic()
    while time.monotonic() - start < timeout:
        if condition():
            return time.monotonic() - start
        time.sleep(0.01)
    raise AssertionError(f"not within {timeout} s: {what}")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def error(self):
        return json.loads(self.body)["error"]


def request(address, method, path, body=None, headers=None, timeout=10):
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


class Process:
    """A child whose output goes to a file."""

    def __init__(self, arguments, log, env=None):
        self.arguments, self.log, self.env = [str(a) for a in arguments], log, env
        self.child = None

    def start(self):
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=out, env={**os.environ, **(self.env or {})})
        return self

    def alive(self):
        return self.child is not None and self.child.poll() is None

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, timeout=20):
        return self.child.wait(timeout)

    def kill(self):
        if self.alive():
            self.child.send_signal(signal.SIGCONT)
            self.child.kill()
            self.child.wait()

    def output(self):
        return pathlib.Path(self.log).read_text(errors="replace")


class Node(Process):
    def __init__(self, name, http_address, grpc_address, config, log, arguments=()):
        super().__init__([BIN / "ringcached", "--config", config, "--name", name, "--listen-http", http_address,
                          "--listen-grpc", grpc_address, "--advertise", grpc_address, *arguments], log)
        self.name, self.http, self.grpc = name, http_address, grpc_address

    def request(self, method, path, body=None, headers=None, timeout=10):
        return request(self.http, method, path, body, headers, timeout)

    def get(self, group, key, **options):
        return self.request("GET", f"/v1/groups/{group}/keys/{key}", **options)

    def put(self, group, key, value, **options):
        return self.request("PUT", f"/v1/groups/{group}/keys/{key}", value, **options)

    def json(self, path):
        return json.loads(self.request("GET", path).body)

    def members(self):
        try:
            return sorted(member["name"] for member in self.json("/v1/cluster")["members"])
        except (OSError, http.client.HTTPException, ValueError):
            return []

    def ready(self):
        return self.answers("/readyz")

    def answers(self, path="/healthz"):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.request("GET", path).status == 200
        return False

    def stats(self, group):
        return self.json(f"/v1/groups/{group}")["stats"]

    def owner(self, group, key):
        return self.json(f"/v1/why/{group}/{key}")["owner"]["name"]


class Cluster:
    """Three etcd members (unless told otherwise) and as many nodes as asked, over one SQLite file of
    students: s0 … s999 with score 1000 + number."""

    def __init__(self, nodes=3, etcds=3, slow_rows=0, extra="", transport="grpc", groups="", sources=""):
        self.dir = tempfile.TemporaryDirectory(prefix="ringcache-system.")
        self.path = pathlib.Path(self.dir.name)
        self.database = self.path / "school.db"
        self._make_database()
        self.etcds = self._etcds(etcds)
        self.config = self.path / "node.yaml"
        self.config.write_text(self._yaml(slow_rows, extra, transport, groups, sources))
        self.nodes = [self._node(i) for i in range(nodes)]

    def __enter__(self):
        try:
            for process in self.etcds + self.nodes:
                process.start()
            names = sorted(node.name for node in self.nodes)
            for node in self.nodes:
                eventually(lambda: node.members() == names and node.ready(), 30, f"{node.name} sees {names}")
        except BaseException:
            self.show_logs()
            self.close()
            raise
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self.show_logs()
        self.close()

    def close(self):
        for process in self.nodes + self.etcds:
            process.kill()
        self.dir.cleanup()

    def show_logs(self):
        for process in self.etcds + self.nodes:
            if os.path.exists(process.log):
                print(f"--- {process.log}\n{process.output()[-4000:]}")

    def node_named(self, name):
        return next(node for node in self.nodes if node.name == name)

    def endpoints(self):
        return [process.client for process in self.etcds]

    def _make_database(self):
        with contextlib.closing(sqlite3.connect(self.database)) as db, db:
            db.execute("CREATE TABLE students (name TEXT PRIMARY KEY, score INTEGER)")
            db.executemany("INSERT INTO students VALUES (?, ?)", [(f"s{i}", 1000 + i) for i in range(1000)])

    def _etcds(self, count):
        ports = [(free_port(), free_port()) for _ in range(count)]
        peers = ",".join(f"e{i}=http://127.0.0.1:{peer}" for i, (_, peer) in enumerate(ports))
        members = []
        for i, (client, peer) in enumerate(ports):
            member = Process(
                ["etcd", "--name", f"e{i}", "--data-dir", self.path / f"e{i}",
                 "--listen-client-urls", f"http://127.0.0.1:{client}",
                 "--advertise-client-urls", f"http://127.0.0.1:{client}",
                 "--listen-peer-urls", f"http://127.0.0.1:{peer}",
                 "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}", "--initial-cluster", peers,
                 "--initial-cluster-token", self.path.name, "--logger", "zap", "--log-level", "error"],
                self.path / f"e{i}.log")
            member.client = f"127.0.0.1:{client}"
            members.append(member)
        return members

    def _yaml(self, slow_rows, extra, transport, groups, sources):
        get = SLOW.format(rows=slow_rows) if slow_rows else "SELECT score FROM students WHERE name = :key"
        membership = ""
        if self.etcds:
            membership = f"membership: {{endpoints: [{', '.join(self.endpoints())}], prefix: /test, lease_ttl: 3s}}\n"
        return membership + f"""
peer: {{transport: {transport}}}
sources:
  school: {{dsn: "sqlite:{self.database}"}}
{sources}
groups:
  scores:
    source: school
    get: {get}
    put: UPDATE students SET score = :value WHERE name = :key
    delete: DELETE FROM students WHERE name = :key
{groups}
{extra}
"""

    def _node(self, i):
        return Node(f"n{i}", f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}", self.config,
                    self.path / f"n{i}.log", ["--log-level", "debug"])
