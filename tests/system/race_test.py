# SPDX-License-Identifier: Apache-2.0
"""Writes and invalidations in the middle of loads, over three nodes and MariaDB: whoever asks after the
acknowledgement gets the new value. Ten seconds, or with RINGCACHE_LONG ten minutes."""
import asyncio
import json
import pathlib
import random
import tempfile
import time
import unittest

import databases
import harness
import load

SECONDS = 600 if harness.LONG else 10
GETTERS = 200

GROUPS = """
  rows:
    source: rows
    get: SELECT score FROM students WHERE name = :key
    get_many: SELECT name, score FROM students WHERE name IN (:keys)
    put: UPDATE students SET score = :value WHERE name = :key
"""


class Round:
    """200 connections that get one key, some of them before the row changes, some after."""

    def __init__(self, connections, key):
        self.connections, self.path = connections, f"/v1/groups/rows/keys/{key}"
        self.answers = []  # (when it was asked, what came)
        self.over = False

    async def run(self, change):
        getters = [asyncio.create_task(self.get(connection)) for connection in self.connections]
        await asyncio.sleep(random.random() * 0.005)
        await change()
        acknowledged = time.monotonic()
        while len(self.after(acknowledged)) < len(self.connections):
            await asyncio.sleep(0.002)
        self.over = True
        await asyncio.gather(*getters)
        return self.after(acknowledged)

    def after(self, moment):
        return [answer for asked, answer in self.answers if asked > moment]

    async def get(self, connection):
        while not self.over:
            asked = time.monotonic()
            self.answers.append((asked, await connection.get(self.path)))


@unittest.skipUnless(databases.Mariadb.installed(), "MariaDB is not installed")
class RaceTest(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ringcache-race.")))
        self.server = self.enterContext(databases.Mariadb(folder / "server"))
        cluster = self.enterContext(harness.Cluster(
            etcds=1, groups=GROUPS, sources=f'  rows: {{dsn: "{self.server.dsn}", pool: 8}}'))
        self.addresses = [node.http for node in cluster.nodes]

    async def write(self, method, path, body):
        """Through any of the nodes."""
        answer = await random.choice(self.writers).request(method, "/v1/groups/rows" + path, body.encode())
        self.assertEqual(answer[0], 200, answer)

    async def put(self, key, value):
        await self.write("PUT", f"/keys/{key}", str(value))

    async def invalidate(self, key):
        await self.write("POST", ":invalidate", json.dumps({"keys": [key]}))

    async def change_behind(self, key, value):
        client = await asyncio.create_subprocess_exec(
            *self.server.client(f"UPDATE students SET score = {value} WHERE name = '{key}'"))
        self.assertEqual(await client.wait(), 0)
        await self.invalidate(key)

    async def race(self):
        connections = [load.Connection(self.addresses[i % 3]) for i in range(GETTERS)]
        self.writers = [load.Connection(address) for address in self.addresses]
        puts = changes = seen = 0
        end = time.monotonic() + SECONDS
        value = 10_000
        while time.monotonic() < end:
            value += 1
            key = f"s{random.randrange(databases.STUDENTS)}"
            await self.invalidate(key)  # so that the gets are loads
            behind = random.randrange(4) == 0
            change = self.change_behind if behind else self.put
            after = await Round(connections, key).run(lambda: change(key, value))
            self.assertEqual(set(after), {(200, str(value).encode())}, (key, "behind" if behind else "put"))
            puts, changes, seen = puts + (not behind), changes + behind, seen + len(after)
        for connection in connections + self.writers:
            connection.close()
        print(f"{puts} puts and {changes} invalidations raced; {seen} gets after them, none of them old")

    def test_nobody_gets_the_old_value_after_the_acknowledgement(self):
        asyncio.run(self.race())


if __name__ == "__main__":
    unittest.main()
