# SPDX-License-Identifier: Apache-2.0
"""Clients above a group's rate limit, over HTTP and gRPC: what they get, what they are told, and what others feel."""
import asyncio
import importlib
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import grpc

import harness
import load

#: So many tokens wait for a client that a busy machine holds up for a second; else it would lose what it is owed.
RATE, BURST = 100, 100
SECONDS = 10
OTHER = "127.0.0.2"  # the source address of a second client
PATH = "/v1/groups/scores/keys/k"
RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"


class HttpClient:
    """Gets over kept connections from one address; answers the seconds to wait, or None."""

    def __init__(self, node, address):
        self.connection = load.Connection(node.http, address)

    async def open(self):
        await self.connection.open()

    async def get(self):
        status, headers, _ = await self.connection.ask("GET", PATH)
        if status == 200:
            return None
        wait = headers["x-ringcache-retry-after"]
        assert status == 429 and wait.endswith("ms"), (status, headers)
        assert int(headers["retry-after"]) == -(-int(wait[:-2]) // 1000), headers
        return int(wait[:-2]) / 1000

    async def close(self):
        self.connection.close()


class GrpcClient:
    """The same over gRPC, which lets nobody choose a source address: a relay has it."""

    def __init__(self, node, address, messages):
        self.node, self.address, self.messages = node, address, messages
        self.server = self.channel = None

    async def open(self):
        self.server = await asyncio.start_server(self._relay, "127.0.0.1", harness.free_port())
        port = self.server.sockets[0].getsockname()[1]
        options = [("grpc.use_local_subchannel_pool", 1)]
        self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options)
        self.call = self.channel.unary_unary("/ringcache.v1.Cache/Get",
                                             request_serializer=lambda request: request.SerializeToString())
        self.request = self.messages["ringcache"].GetRequest(group="scores", key=b"k")

    async def _relay(self, reader, writer):
        host, port = self.node.grpc.rsplit(":", 1)
        far_reader, far_writer = await asyncio.open_connection(host, int(port), local_addr=(self.address, 0))
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            writer.close()
            far_writer.close()

    @staticmethod
    async def _pump(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
        writer.transport.abort()

    async def get(self):
        try:
            await self.call(self.request, timeout=10)
            return None
        except grpc.aio.AioRpcError as refused:
            assert refused.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, refused
            return self._wait_in(refused)

    def _wait_in(self, refused):
        trailers = refused.trailing_metadata()
        assert trailers["ringcache-error"] == "overloaded", trailers
        status = self.messages["status"].Status.FromString(trailers["grpc-status-details-bin"])
        detail, = [detail for detail in status.details if detail.type_url == RETRY_INFO]
        delay = self.messages["status"].RetryInfo.FromString(detail.value).retry_delay
        return delay.seconds + delay.nanos / 1e9

    async def close(self):
        await self.channel.close()
        self.server.close()


async def pour(client, rate, end):
    """As many gets as the rate has, whatever becomes of them; how many passed and how many did not."""
    passed, refused, calls = 0, 0, set()

    async def one():
        nonlocal passed, refused
        if await client.get() is None:
            passed += 1
        else:
            refused += 1

    start = time.monotonic()
    sent = 0
    while (now := time.monotonic()) < end:
        while sent < (now - start) * rate and len(calls) < 64:
            task = asyncio.ensure_future(one())
            calls.add(task)
            task.add_done_callback(calls.discard)
            sent += 1
        await asyncio.sleep(0.002)
    await asyncio.gather(*calls)
    return passed, refused


async def drip(client, rate, end):
    """One get after the other, never faster than the rate."""
    waits = []
    while time.monotonic() < end:
        waits.append(await client.get())
        await asyncio.sleep(1 / rate)
    return waits


class Many:
    """Several connections as one client."""

    def __init__(self, clients):
        self.clients, self.turn = clients, asyncio.Queue()
        for client in clients:
            self.turn.put_nowait(client)

    async def open(self):
        for client in self.clients:
            await client.open()

    async def get(self):
        client = await self.turn.get()
        try:
            return await client.get()
        finally:
            self.turn.put_nowait(client)

    async def close(self):
        for client in self.clients:
            await client.close()


class RateLimitTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="ringcache-system.")))
        cls.config = cls.dir / "node.yaml"
        cls.configure(f"per_client: {RATE}/s, burst: {BURST}")
        cls.node = harness.Node("n", f"127.0.0.1:{harness.free_port()}", f"127.0.0.1:{harness.free_port()}", cls.config,
                                cls.dir / "n.log", ["--data-dir", cls.dir / "data"])
        cls.addClassCleanup(cls.node.kill)
        cls.node.start()
        harness.eventually(cls.node.answers, 10, "the node answers")
        assert cls.node.put("scores", "k", b"v").status == 200
        cls.messages = cls.make_messages()

    def setUp(self):
        time.sleep(BURST / RATE)  # until the tokens are back that the test before has taken

    @classmethod
    def configure(cls, limit):
        cls.config.write_text(f"groups: {{scores: {{rate_limit: {{{limit}}}}}}}\n")

    @classmethod
    def make_messages(cls):
        protos = ["ringcache", "status"]
        subprocess.run(["protoc", "-I", harness.ROOT / "src/grpc", f"--python_out={cls.dir}",
                        *(f"{proto}.proto" for proto in protos)], check=True)
        sys.path.insert(0, str(cls.dir))
        cls.addClassCleanup(sys.path.remove, str(cls.dir))
        return {proto: importlib.import_module(f"{proto}_pb2") for proto in protos}

    def over_http(self, address="127.0.0.1", connections=16):
        return Many([HttpClient(self.node, address) for _ in range(connections)])

    def over_grpc(self, address="127.0.0.1"):
        return GrpcClient(self.node, address, self.messages)

    def check_rate(self, make):
        """Ten times the rate from one address, half of it from another."""

        async def run():
            greedy, modest = make(), make(OTHER)
            for client in (greedy, modest):
                await client.open()
            end = time.monotonic() + SECONDS
            start = time.monotonic()
            (passed, refused), waits = await asyncio.gather(pour(greedy, 10 * RATE, end), drip(modest, RATE / 2, end))
            took = time.monotonic() - start
            for client in (greedy, modest):
                await client.close()
            return passed, refused, waits, took

        before = self.node.stats("scores")["refused"]
        passed, refused, waits, took = asyncio.run(run())
        self.assertEqual(set(waits), {None})
        self.assertGreater(len(waits), SECONDS)
        wanted = BURST + RATE * took
        print(f"{passed} of {passed + refused} passed in {took:.2f} s, {wanted:.0f} expected; "
              f"the other client: {len(waits)} of {len(waits)}")
        self.assertAlmostEqual(passed / wanted, 1, delta=0.05)
        self.assertGreater(refused, passed)
        self.assertEqual(self.node.stats("scores")["refused"] - before, refused)

    def check_waits(self, make):
        """Whoever waits as long as he is told passes, each time."""

        async def run():
            client = make()
            await client.open()
            waits = []
            while len(waits) < 20:
                if (wait := await client.get()) is not None:
                    waits.append(wait)
                    await asyncio.sleep(wait)
                    assert await client.get() is None, f"refused after {wait} s"
            await client.close()
            return waits

        for wait in asyncio.run(run()):
            self.assertGreater(wait, 0)
            self.assertLessEqual(wait, 1 / RATE + 0.001)

    def test_a_client_over_http_gets_its_rate(self):
        self.check_rate(self.over_http)

    def test_a_client_over_grpc_gets_its_rate(self):
        self.check_rate(self.over_grpc)

    def test_who_waits_as_told_over_http_passes(self):
        self.check_waits(lambda: self.over_http(connections=1))

    def test_who_waits_as_told_over_grpc_passes(self):
        self.check_waits(self.over_grpc)

    def get_many(self, count):
        return self.node.request("POST", "/v1/groups/scores:batchGet", '{"keys":[%s]}' % ",".join(['"k"'] * count))

    def test_many_keys_cost_as_many_tokens(self):
        answers = [self.get_many(BURST) for _ in range(2)]
        self.assertEqual([answer.status for answer in answers], [200, 429])
        self.assertIn("no more than 100/s of a client (rate_limit.per_client)", answers[1].error["message"])

    def test_the_command_line_says_when_to_try_again(self):
        owed = 10 * BURST
        self.assertEqual(self.get_many(owed).status, 200)
        self.addCleanup(time.sleep, owed / RATE)
        ended = subprocess.run([harness.BIN / "ringcache", "--endpoint", f"http://{self.node.http}", "get", "scores", "k"],
                               capture_output=True, timeout=30)
        self.assertEqual(ended.returncode, 1)
        self.assertRegex(ended.stderr.decode(), r"ask less often; try again in \d+ms\n$")

    def test_a_reload_adopts_another_limit(self):
        self.addCleanup(self.reload, f"per_client: {RATE}/s, burst: {BURST}", RATE)
        self.reload("per_client: 1/m", 1 / 60)
        self.assertEqual([self.node.get("scores", "k").status for _ in range(2)], [200, 429])

    def reload(self, limit, rate):
        self.configure(limit)
        self.node.signal(1)
        harness.eventually(
            lambda: abs(self.node.json("/v1/groups/scores")["rate_limit"]["per_client"] - rate) < 1e-6, 10, limit)


if __name__ == "__main__":
    unittest.main()
