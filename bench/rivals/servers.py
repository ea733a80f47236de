# SPDX-License-Identifier: Apache-2.0
"""What redis and memcached take for the same entries, where they are installed. Each is started for
this alone, on a socket in a folder of its own."""
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

START_SECONDS_MAX = 10
ENTRIES_PER_WRITE = 1_000
VALUE = b"x" * 100
PROGRAMS = {"redis": "redis-server", "memcached": "memcached"}


def is_here(name):
    return shutil.which(PROGRAMS[name]) is not None


def command(name, path):
    if name == "redis":
        return ["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--appendonly",
                "no"]
    return ["memcached", "-u", "nobody", "-s", path, "-a", "0777", "-m", "2048", "-t", "1"]


def entry(name, index):
    """The bytes that store one entry, and those of the answer."""
    key = b"user:%011d" % index
    if name == "redis":
        return b"*3\r\n$3\r\nSET\r\n$16\r\n%b\r\n$100\r\n%b\r\n" % (key, VALUE), b"+OK\r\n"
    return b"set %b 0 0 100\r\n%b\r\n" % (key, VALUE), b"STORED\r\n"


def resident_bytes(pid):
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def connect(path):
    until = time.monotonic() + START_SECONDS_MAX
    while True:
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(START_SECONDS_MAX)
        try:
            link.connect(path)
            return link
        except OSError:
            link.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def store(link, name, first, last):
    written = [entry(name, index) for index in range(first, last)]
    link.sendall(b"".join(request for request, _ in written))
    expected = b"".join(answer for _, answer in written)
    got = b""
    while len(got) < len(expected):
        part = link.recv(1 << 16)
        if not part:
            raise RuntimeError(f"{name} has gone")
        got += part
    if got != expected:
        raise RuntimeError(f"{name} refused an entry")


@contextlib.contextmanager
def started(name):
    """A server's process and a connection to it."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)  # memcached changes its user before it makes its socket
        path = f"{folder}/socket"
        process = subprocess.Popen(command(name, path), cwd=folder, stdout=subprocess.DEVNULL)
        try:
            with connect(path) as link:
                yield process, link
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS_MAX)


def weigh(name, entries):
    with started(name) as (process, link):
        before = resident_bytes(process.pid)
        for first in range(0, entries, ENTRIES_PER_WRITE):
            store(link, name, first, min(first + ENTRIES_PER_WRITE, entries))
        return {"items": entries, "rss_bytes": resident_bytes(process.pid) - before}
