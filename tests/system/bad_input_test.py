# SPDX-License-Identifier: Apache-2.0
"""What people and networks get wrong: a clear error, the right status, and the node lives."""
import http.client
import json
import socket
import subprocess
import unittest
import urllib.parse

import harness

KEY = "/v1/groups/{}/keys/{}"


def encoded(key):
    return urllib.parse.quote_from_bytes(key, safe="")


class BadRequestTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(harness.Cluster(
            nodes=2, etcds=1, extra="",
            groups=f"  kv: {{source: store}}\n  broken:\n    source: school\n    get: SELECT score FROM students WHERE name = :key\n"
                   f"  tiny: {{source: other, max_value: 1KiB}}\n"))
        cls.node = cls.cluster.nodes[0]

    @classmethod
    def enterClassContext(cls, cluster):
        text = cluster.config.read_text()
        extra = (f'  store: {{dsn: "kv:{cluster.path}/kv.db"}}\n  other: {{dsn: "kv:{cluster.path}/tiny.db"}}\n')
        cluster.config.write_text(text.replace("sources:\n", "sources:\n" + extra))
        entered = cluster.__enter__()
        cls.addClassCleanup(cluster.__exit__, None, None, None)
        return entered

    def tearDown(self):
        self.assertTrue(all(node.alive() for node in self.cluster.nodes))
        self.assertEqual(self.node.get("scores", "s1").body, b"1001")

    def expect(self, status, code, method, path, body=None, says="", headers=None):
        for node in self.cluster.nodes:
            answer = node.request(method, path, body, headers)
            self.assertEqual((answer.status, answer.error["code"]), (status, code), answer.body)
            self.assertIn(says, answer.error["message"])

    def test_a_group_that_does_not_exist_is_named_with_those_that_do(self):
        self.expect(404, "no_such_group", "GET", KEY.format("nope", "k"), says="scores")

    def test_an_empty_key(self):
        self.expect(400, "invalid_argument", "GET", KEY.format("kv", ""))

    def test_a_key_over_64_kib(self):
        self.assertEqual(self.node.put("kv", "k" * 65536, b"v").status, 200)
        answer = self.node.put("kv", "k" * 65537, b"v")
        self.assertIn(answer.status, (400, 413, 414))

    def test_keys_of_any_bytes(self):
        for key in (b"a/b/c", b"with space", b"a+b", b"nul\0nul", b"\xff\xfe", "张三😀".encode(), b"%41", b"?#&="):
            path = KEY.format("kv", encoded(key))
            self.assertEqual(self.cluster.nodes[0].request("PUT", path, b"v:" + key).status, 200, key)
            self.assertEqual(self.cluster.nodes[1].request("GET", path).body, b"v:" + key, key)

    def test_a_plus_is_a_plus_and_a_raw_slash_a_slash(self):
        self.node.request("PUT", KEY.format("kv", "a+b/c"), b"plus")
        self.assertEqual(self.node.request("GET", KEY.format("kv", "a%2Bb%2Fc")).body, b"plus")

    def test_malformed_percent_encoding(self):
        self.expect(400, "invalid_argument", "GET", KEY.format("kv", "%zz"))

    def test_a_key_that_is_no_utf8_in_a_table_of_text(self):
        self.expect(400, "invalid_argument", "GET", KEY.format("scores", "%ff%fe"), says="UTF-8")

    def test_a_value_over_the_limit(self):
        for node in self.cluster.nodes:
            self.assertEqual(node.put("kv", "big", b"x" * (16 << 20)).status, 200)
            answer = node.put("kv", "big", b"x" * ((16 << 20) + 1))
            self.assertEqual(answer.status, 413)
        self.expect(413, "too_large", "PUT", KEY.format("tiny", "k"), b"x" * 1025)

    def test_a_write_to_a_group_without_a_put_statement(self):
        self.expect(403, "unsupported", "PUT", KEY.format("broken", "s1"), b"1")

    def test_a_ttl_where_none_can_be_kept(self):
        self.expect(403, "unsupported", "PUT", KEY.format("scores", "s1") + "?ttl=10m", b"1", says="ttl")
        self.expect(400, "invalid_argument", "PUT", KEY.format("kv", "k") + "?ttl=soon", b"1", says="soon")

    def test_a_precondition_that_cannot_be_honoured_is_refused_not_ignored(self):
        path = KEY.format("kv", "k")
        for etag in ("*", '"a", "b"', "a", '"a'):
            self.expect(400, "invalid_argument", "PUT", path, b"1", says="send one etag", headers={"If-Match": etag})
        self.expect(400, "invalid_argument", "DELETE", path, says="If-Match", headers={"If-Match": '"x"'})
        self.expect(400, "invalid_argument", "PUT", path, b"1", says="If-None-Match", headers={"If-None-Match": "*"})

    def test_tags_without_a_name_and_parameters_we_do_not_know(self):
        for query in ("?tags=", "?tags=a,,b", "?tags=a&tags=b", "?tag=a"):
            self.expect(400, "invalid_argument", "PUT", KEY.format("kv", "k") + query, b"1", says="tag")

    def test_of_a_malformed_batch_of_writes_nothing_is_done(self):
        self.assertEqual(self.node.put("kv", "kept", b"1").status, 200)
        for verb, body, says in (
                ("batchPut", '{"entries":[{"key":"kept","value":"2"},{"key":"x"}]}', 'entry 2: "value" is missing'),
                ("batchPut", '{"entries":[{"key":"kept","value":"2"}],"entries":[]}', "there twice"),
                ("batchDelete", '{"keys":["kept",7]}', "list of strings"),
                ("touch", '{"keys":["kept"],"ttl":"soon"}', "soon"),
                ("invalidate", '{"prefix":"","encoding":"base64"}', "nothing is named"),
                ("invalidate", '{"prefix":"a","all":true}', "name one of")):
            self.expect(400, "invalid_argument", "POST", f"/v1/groups/kv:{verb}", body, says)
        self.assertEqual(self.node.get("kv", "kept").body, b"1")
        self.expect(404, "no_such_group", "POST", "/v1/groups/nope:invalidate", '{"all":true}')

    def test_an_unknown_route(self):
        self.expect(404, "not_found", "GET", "/v2/nothing")

    def test_a_wrong_method(self):
        self.assertEqual(self.node.request("POST", KEY.format("kv", "k"), b"").status, 405)

    def test_bytes_that_are_no_http(self):
        host, port = self.node.http.split(":")
        for garbage in (b"\0\1\2\3\r\n\r\n", b"GET\r\n\r\n", b"A" * 300_000, b"PUT / HTTP/1.1\r\nContent-Length: x\r\n\r\n"):
            with socket.create_connection((host, int(port)), timeout=5) as connection:
                try:
                    connection.sendall(garbage)
                    connection.recv(4096)
                except OSError:
                    pass


class BadRecordTest(unittest.TestCase):
    def test_a_malformed_record_in_etcd_harms_nobody(self):
        with harness.Cluster(nodes=2, etcds=1) as cluster:
            for key, value in (("junk", "not json"), ("half", '{"name":"x"}'), ("port", '{"name":"x","address":"h:0x"}'),
                               ("empty", ""), ("huge", "x" * 100_000)):
                subprocess.run(["etcdctl", "--endpoints", cluster.endpoints()[0], "put", f"/test/members/{key}", "--", value],
                               check=True, capture_output=True, env={"ETCDCTL_API": "3", "PATH": "/usr/bin:/bin"})
            harness.eventually(lambda: "/test/members/junk" in cluster.nodes[0].output(), 5, "the record is reported")
            for node in cluster.nodes:
                self.assertEqual(node.members(), ["n0", "n1"])
                self.assertEqual(node.get("scores", "s2").body, b"1002")


if __name__ == "__main__":
    unittest.main()
