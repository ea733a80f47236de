# SPDX-License-Identifier: Apache-2.0
import unittest

import tree

CPP = "src/http/server.cc"


def function(name, lines):
    return f"void {name}() {{\n" + "  step();\n" * (lines - 2) + "}\n"


class CheckSizesTest(tree.TreeTest):
    tool = "check_sizes"

    def short_ones(self, count):
        return "".join(function(f"short{i}", 3) for i in range(count))

    def test_a_good_tree_passes(self):
        self.assert_content()

    def test_a_function_of_sixty_lines_passes_and_one_more_is_caught(self):
        self.spoil(CPP, self.short_ones(20) + function("long_one", 60))
        self.assert_content()
        self.spoil(CPP, self.short_ones(20) + function("long_one", 61))
        self.assert_caught("long_one() has 61 lines")

    def test_a_median_above_six_is_caught(self):
        self.spoil(CPP, "".join(function(f"f{i}", 7) for i in range(9)))
        self.assert_caught("50 %", "they have 7")

    def test_a_ninetieth_percentile_above_twenty_five_is_caught(self):
        self.spoil(CPP, self.short_ones(8) + function("f", 26) + function("g", 26))
        self.assert_caught("90 %", "they have 26")


if __name__ == "__main__":
    unittest.main()
