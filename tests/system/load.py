# SPDX-License-Identifier: Apache-2.0
"""Load for the system tests: many HTTP gets at once, or a steady stream, from one asyncio thread."""
import asyncio
import collections
import threading


async def _read_answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return int(lines[0].split(" ")[1]), headers, body


class Connection:
    """A kept connection that opens again when the server closed it; from a source address, if there is one."""

    def __init__(self, address, source=None):
        self.host, port = address.rsplit(":", 1)
        self.port, self.source = int(port), source and (source, 0)
        self.reader = self.writer = None

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port, local_addr=self.source)

    async def get(self, path):
        return await self.request("GET", path)

    async def request(self, method, path, body=b""):
        status, _, answer = await self.ask(method, path, body)
        return status, answer

    async def ask(self, method, path, body=b""):
        if self.writer is None:
            await self.open()
        try:
            head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            self.writer.write(head.encode() + body)
            await self.writer.drain()
            status, headers, body = await _read_answer(self.reader)
        except BaseException:
            self.close()
            raise
        if headers.get("connection") == "close":
            self.close()
        return status, headers, body

    def close(self):
        if self.writer is not None:
            self.writer.transport.abort()
        self.reader = self.writer = None


TROUBLE = (OSError, asyncio.IncompleteReadError)


async def get_with_retry(connection, others, path):
    """One get as a careful client does it: where the node is gone, the next one is asked."""
    try:
        return await connection.get(path)
    except TROUBLE:
        for address in others:
            retry = Connection(address)
            try:
                return await retry.get(path)
            except TROUBLE:
                continue
            finally:
                retry.close()
    return 0, b"no node answered"


def herd(addresses, path, count, meanwhile=None):
    """`count` gets of one path at once, spread over the addresses, each on a connection of its own that
    was opened before. Returns a Counter of (status, body). `meanwhile()` is called in another thread as
    soon as the gets are on their way."""

    async def run():
        connections = [Connection(addresses[i % len(addresses)]) for i in range(count)]
        for i in range(0, count, 200):
            await asyncio.gather(*(c.open() for c in connections[i:i + 200]))
        if meanwhile:
            threading.Thread(target=meanwhile).start()
        answers = await asyncio.gather(*(get_with_retry(c, addresses, path) for c in connections))
        for connection in connections:
            connection.close()
        return collections.Counter(answers)

    return asyncio.run(run())


def crowd(addresses, paths, count):
    """A get of each path, by `count` connections that are opened before and each take the next one that is left.
    Returns (status, body) in the order of the paths."""

    async def run():
        answers, left = [None] * len(paths), iter(range(len(paths)))
        connections = [Connection(addresses[i % len(addresses)]) for i in range(count)]
        await asyncio.gather(*(c.open() for c in connections))

        async def work(connection):
            for i in left:
                answers[i] = await connection.get(paths[i])

        await asyncio.gather(*(work(c) for c in connections))
        for connection in connections:
            connection.close()
        return answers

    return asyncio.run(run())


class Stream(threading.Thread):
    """Gets in a loop over kept connections until stop(); `failed` holds what went wrong."""

    def __init__(self, addresses, paths, connections=16, retry=False):
        super().__init__()
        self.addresses, self.paths, self.retry = addresses, paths, retry
        self.connections = connections
        self.done, self.failed = 0, []
        self._ended = threading.Event()
        self.start()

    def stop(self):
        self._ended.set()
        self.join()
        return self

    def run(self):
        asyncio.run(self._run())

    async def _run(self):
        await asyncio.gather(*(self._worker(i) for i in range(self.connections)))

    async def _worker(self, number):
        turn = number
        open_connections = {}
        while not self._ended.is_set():
            address = self.addresses[turn % len(self.addresses)]
            path = self.paths[turn % len(self.paths)]
            turn += 1
            connection = open_connections.setdefault(address, Connection(address))
            await self._one(connection, path)
        for connection in open_connections.values():
            connection.close()

    async def _one(self, connection, path):
        others = [a for a in self.addresses if not a.endswith(f":{connection.port}")]
        try:
            if self.retry:
                status, body = await get_with_retry(connection, others, path)
            elif connection.writer is None:
                status, body = await self._get_fresh(connection, others, path)
            else:
                status, body = await connection.get(path)
            self.done += 1
            if status != 200:
                self.failed.append((path, status, body))
        except TROUBLE as trouble:
            self.failed.append((path, repr(trouble)))

    async def _get_fresh(self, connection, others, path):
        """A refused connection is no failed request: the client goes elsewhere before it has asked."""
        try:
            await connection.open()
        except OSError:
            await asyncio.sleep(0.01)
            other = Connection(others[0])
            try:
                return await get_with_retry(other, others[1:], path)
            finally:
                other.close()
        return await connection.get(path)
