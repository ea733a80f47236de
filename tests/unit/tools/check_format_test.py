# SPDX-License-Identifier: Apache-2.0
import unittest

import tree


class CheckFormatTest(tree.TreeTest):
    tool = "check_format"

    def setUp(self):
        super().setUp()
        self.write(".clang-format", "BasedOnStyle: Google\n")

    def test_a_good_tree_passes(self):
        self.assert_content()

    def test_an_unformatted_file_is_caught(self):
        self.spoil("src/http/server.cc", "void  f( ) {}\n")
        self.assert_caught("src/http/server.cc", "make format")


if __name__ == "__main__":
    unittest.main()
