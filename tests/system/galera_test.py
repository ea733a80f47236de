# SPDX-License-Identifier: Apache-2.0
"""Three nodes over a Galera cluster of three: members leave and are killed under a load of reads and writes."""
import collections
import itertools
import pathlib
import tempfile
import threading
import time
import unittest

import databases
import harness

GROUPS = """
  rows:
    source: rows
    get: SELECT score FROM students WHERE name = :key
    put: UPDATE students SET score = :value WHERE name = :key
"""
DEADLINE = 2  # seconds, of each call
WRITERS = 6
KNOWN = "s98"
PAUSE_MAX = 10  # seconds without a write or a miss that succeeds


class Client(threading.Thread):
    """Calls in a loop until the load ends; `failed` counts the answers that were no success, `wrong` are those that
    must not be."""

    def __init__(self, nodes, number):
        super().__init__()
        self.nodes, self.turn = nodes, number
        self.failed, self.wrong, self.succeeded = collections.Counter(), [], [time.monotonic()]
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.02):
            try:
                self.step()
            except Exception as error:  # pylint: disable=broad-except
                self.wrong.append(repr(error))

    def ask(self, call, *arguments):
        """Of the nodes in turn. The failures that there may be are clear, in time, and say what to do."""
        self.turn += 1
        began = time.monotonic()
        answer = getattr(self.nodes[self.turn % 3], call)("rows", *arguments,
                                                          headers={"X-Ringcache-Timeout": f"{DEADLINE}s"})
        now = time.monotonic()
        if now - began > DEADLINE + 1:
            self.wrong.append((call, arguments, f"took {now - began:.2f} s"))
        if answer.status == 200:
            return answer
        self.failed[answer.status, answer.error["code"], answer.error["message"]] += 1
        clear = {503: answer.error["code"] == "unavailable" and answer.headers["Retry-After"],
                 504: answer.error["code"] == ("unknown" if call == "put" else "deadline_exceeded")}
        if not clear.get(answer.status):
            self.wrong.append((call, arguments, answer.status, answer.body))
        return answer

    def pause(self):
        """The longest time between two successes."""
        times = [*self.succeeded, time.monotonic()]
        return max(after - before for before, after in itertools.pairwise(times))


class Writer(Client):
    """Puts 1, 2, 3 … to a key of its own and reads it back, elsewhere. `possible` is what the row may hold now."""

    def __init__(self, nodes, number):
        super().__init__(nodes, number)
        self.key, self.possible, self.value = f"s{number}", {str(1000 + number)}, 0

    def step(self):
        self.value += 1
        answer = self.ask("put", self.key, str(self.value).encode())
        if answer.status == 200:
            self.possible = {str(self.value)}
            self.succeeded.append(time.monotonic())
        elif answer.status == 504:
            self.possible.add(str(self.value))
        read = self.ask("get", self.key)
        if read.status == 200 and read.body.decode() not in self.possible:
            self.wrong.append((self.key, read.body, self.possible))


class Reader(Client):
    """Gets rows that no node has read yet."""

    def __init__(self, nodes, phase, number):
        super().__init__(nodes, number)
        self.rows = iter(range(100 + 300 * phase + number, databases.STUDENTS, 3))

    def step(self):
        row = next(self.rows)
        answer = self.ask("get", f"s{row}")
        if answer.status == 200:
            self.succeeded.append(time.monotonic())
            if answer.body != str(1000 + row).encode():
                self.wrong.append((row, answer.body))
        self.ended.wait(0.05)


class GaleraTest(unittest.TestCase):
    def setUp(self):
        if not databases.Galera.installed():
            self.skipTest(f"{databases.Galera.provider} or {databases.Mariadb.program} is not installed")
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ringcache-galera.")))
        self.galera = self.enterContext(databases.Galera(self.folder / "galera"))
        self.members = self.galera.members
        self.cluster = self.enterContext(harness.Cluster(
            etcds=1, groups=GROUPS, sources=f'  rows: {{dsn: "{self.galera.dsn}", pool: 4, timeout: 1s}}'))
        self.nodes = self.cluster.nodes

    def test_reads_and_writes_go_on_through_the_members_that_are_left(self):
        first, second, third = self.members
        self.collide(second)
        self.under_load("cut off", 0, lambda: self.part(first), self.members[1:])
        self.join_again(first)
        self.under_load("killed", 1, second.kill, [first, third])
        self.under_load("without a majority", 2, lambda: self.outlive(first, third), [third])

    def collide(self, member):
        """Another program writes the same row through that member; of two writes that meet Galera refuses one."""
        ended = threading.Event()

        def write():
            while not ended.is_set():
                member.run("UPDATE students SET score = 1 + MOD(score + 1, 1000) WHERE name = 's97';" * 200)

        other = threading.Thread(target=write)
        other.start()
        answers = []
        try:
            harness.eventually(lambda: answers.append(self.nodes[0].put("rows", "s97", b"7"))
                               or b"Deadlock" in answers[-1].body, 20, "two writes meet")
        finally:
            ended.set()
            other.join()
        print("collisions:", collections.Counter((answer.status, answer.body) for answer in answers))
        self.assertEqual({(answer.status, answer.error["code"]) for answer in answers if answer.status != 200},
                         {(503, "unavailable")})

    def part(self, member):
        self.assertEqual([other.queries() for other in self.members[1:]], [0, 0], "nothing is spread")
        member.run("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'")

    def join_again(self, member):
        self.assertEqual(member.status("wsrep_ready"), "OFF")
        member.run("SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'")
        harness.eventually(lambda: member.ready() and member.status("wsrep_cluster_size") == "3", 20,
                           "three members again")

    def outlive(self, victim, survivor):
        """The one that is left of three refuses all, until it is told that there are no others."""
        victim.kill()
        harness.eventually(lambda: survivor.status("wsrep_ready") == "OFF", 10, "it misses the others")
        harness.eventually(lambda: b"WSREP" in self.nodes[0].put("rows", "s99", b"1").body, 5, "it says so")
        self.assertEqual(self.nodes[0].get("rows", KNOWN).status, 200, "a hit")
        survivor.run("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'")

    def under_load(self, what, phase, trouble, left):
        """Every client succeeds again after the trouble, and the members that are left have what was acknowledged."""
        writers = [Writer(self.nodes, 10 * phase + i) for i in range(WRITERS)]
        clients = writers + [Reader(self.nodes, phase, i) for i in range(3)]
        self.nodes[0].get("rows", KNOWN)
        for client in clients:
            client.start()
        try:
            harness.eventually(lambda: all(len(client.succeeded) > 5 for client in clients), 10, "load")
            trouble()
            now = time.monotonic()
            harness.eventually(lambda: all(client.succeeded[-1] > now for client in clients), PAUSE_MAX, "success")
            time.sleep(1)
        finally:
            for client in clients:
                client.ended.set()
            for client in clients:
                client.join()
        self.judge(what, clients)
        for member in left:
            self.has_what_was_acknowledged(member, writers)

    def judge(self, what, clients):
        print(f"{what}: {sum(len(client.succeeded) for client in clients)} successes, "
              f"the longest pause {max(client.pause() for client in clients):.2f} s")
        for failure, count in sum((client.failed for client in clients), collections.Counter()).items():
            print(f"  {count} times {failure}")
        self.assertEqual([wrong for client in clients for wrong in client.wrong], [])

    def has_what_was_acknowledged(self, member, writers):
        for writer in writers:
            score = member.run(f"SET wsrep_sync_wait = 1; SELECT score FROM students WHERE name = '{writer.key}'")
            self.assertIn(score, writer.possible, (member.number, writer.key))


if __name__ == "__main__":
    unittest.main()
