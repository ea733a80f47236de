# SPDX-License-Identifier: Apache-2.0
import gzip
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "bench/trace"))
import hitratio


class HitratioTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_traces_are_texts_plain_or_packed(self):
        for name in ("b.txt", "a.txt.xz", "c.d.txt.gz", "expected.csv", "README.md", "e.sized.csv.xz"):
            (self.folder / name).touch()
        self.assertEqual(list(hitratio.traces(self.folder)), ["a", "b", "c.d"])

    def test_capacities_are_those_of_the_list(self):
        (self.folder / "expected.csv").write_text("trace,size,policy\nt,100,lru\nt,20,lru\nt,20,arc\n")
        listed = hitratio.listed_capacities(self.folder)
        self.assertEqual(hitratio.capacities_of("t", None, listed), [20, 100])

    def test_without_a_list_they_are_shares_of_the_keys(self):
        path = self.folder / "t.txt.gz"
        with gzip.open(path, "wt") as trace:
            trace.write("".join(f"{key}\n{key},7\n" for key in range(200)) + "\n")
        listed = hitratio.listed_capacities(self.folder)
        self.assertEqual(hitratio.capacities_of("t", path, listed), [1, 2, 20, 60])

    def test_a_mean_is_over_cells_where_there_is_something_to_hit(self):
        cells = [{"lru": 0.1, "belady": 0.2}, {"lru": 0.4, "belady": 0.4}, {"lru": 0, "belady": 0}]
        self.assertEqual(hitratio.mean_shares(cells, ["lru", "belady"]), {"lru": 0.75, "belady": 1})


if __name__ == "__main__":
    unittest.main()
