# SPDX-License-Identifier: Apache-2.0
import unittest

import tree


class CheckLayersTest(tree.TreeTest):
    tool = "check_layers"

    def test_a_good_tree_passes(self):
        self.assert_content()

    def test_an_upward_include_of_a_public_header_is_caught(self):
        self.spoil("src/cache/cache.cc", "#include <ringcache/group.h>\n")
        self.assert_caught("src/cache/cache.cc:3", "cache may not use layer core")

    def test_an_upward_include_of_a_private_header_is_caught(self):
        self.spoil("src/cache/cache.cc", '#include "group/flights.h"\n')
        self.assert_caught("cache may not use layer core")

    def test_a_sideways_include_is_caught(self):
        self.spoil("src/http/server.cc", "#include <ringcache/cache.h>\n")
        self.assert_caught("http may not use layer cache")

    def test_an_upward_include_between_public_headers_is_caught(self):
        self.spoil("include/ringcache/cache.h", "#include <ringcache/group.h>\n")
        self.assert_caught("include/ringcache/cache.h:4")

    def test_a_library_in_the_core_is_caught(self):
        self.spoil("src/cache/cache.cc", "#include <boost/asio.hpp>\n")
        self.assert_caught("standard library alone")

    def test_a_c_header_in_the_core_is_caught(self):
        self.spoil("src/cache/cache.cc", "#include <zlib.h>\n")
        self.assert_caught("standard library alone")

    def test_a_library_in_a_public_header_is_caught(self):
        self.spoil("include/ringcache/http.h", "#include <boost/asio.hpp>\n")
        self.assert_caught("public header")

    def test_a_private_header_in_a_public_one_is_caught(self):
        self.spoil("include/ringcache/http.h", '#include "http/routes.h"\n')
        self.assert_caught("public header")

    def test_another_adapters_library_is_caught(self):
        self.spoil("src/http/server.cc", "#include <grpcpp/grpcpp.h>\n")
        self.assert_caught("may not use this library")

    def test_a_test_helper_in_the_library_is_caught(self):
        self.spoil("src/http/server.cc", "#include <ringcache/testing/sim_scheduler.h>\n")
        self.assert_caught("only tests")

    def test_an_upward_link_is_caught(self):
        self.spoil("CMakeLists.txt", "ringcache_layer(cluster HEADERS ring.h DEPENDS core)\n")
        self.assert_caught("cluster may not link layer core")

    def test_a_layer_that_nobody_has_placed_is_caught(self):
        self.spoil("src/gossip/gossip.cc", "")
        self.assert_caught("belongs to no layer")

    def test_a_private_header_in_an_example_is_caught(self):
        self.spoil("examples/01.cc", '#include "cache/shard.h"\n')
        self.assert_caught("private to its layer")


if __name__ == "__main__":
    unittest.main()
