# SPDX-License-Identifier: Apache-2.0
"""Hit ratios of every policy over a folder of traces (*.txt, *.txt.gz, *.txt.xz: a key a line).

A line for each trace and capacity, and last the mean of what each policy has of the optimum's hits.
Capacities are those of an expected.csv in the folder (columns `trace` and `size`), else shares of
the trace's distinct keys.
"""
import argparse
import collections
import concurrent.futures
import csv
import gzip
import json
import lzma
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("RINGCACHE_BIN", ROOT / "build/release/bin"))
SHARED = pathlib.Path(os.environ.get("RINGCACHE_SHARED", ROOT.parent / "shared"))
OPTIMUM = "belady"
SHARES = (0.001, 0.01, 0.1, 0.3)
OPEN = {".txt": open, ".gz": gzip.open, ".xz": lzma.open}


def traces(folder):
    """{name: path}"""
    found = (path for path in folder.iterdir() if ".txt" in path.suffixes and path.suffix in OPEN)
    return {path.name.partition(".txt")[0]: path for path in sorted(found)}


def distinct_keys(path):
    with OPEN[path.suffix](path, "rt") as lines:
        return len({line.partition(",")[0].strip() for line in lines} - {""})


def listed_capacities(folder):
    """{trace: capacities} of the folder's expected.csv; empty without one."""
    capacities = collections.defaultdict(set)
    if (folder / "expected.csv").is_file():
        with open(folder / "expected.csv", newline="", encoding="utf-8") as rows:
            for row in csv.DictReader(rows):
                capacities[row["trace"]].add(int(row["size"]))
    return capacities


def capacities_of(name, path, listed):
    if name in listed:
        return sorted(listed[name])
    keys = distinct_keys(path)
    return sorted({max(1, round(share * keys)) for share in SHARES})


def known_policies():
    """The names that the program lists when it is asked for one it cannot have."""
    asked = subprocess.run([BIN / "ringcache", "replay", "scan:", "--policy", "?", "--capacity", "1"],
                           capture_output=True, text=True, timeout=10)
    return asked.stderr.partition("there are ")[2].split()


def replay(path, policies, capacities):
    """{capacity: {policy: hit ratio}}"""
    command = [BIN / "ringcache", "replay", path, "-o", "json", "--policy", ",".join(policies),
               "--capacity", ",".join(map(str, capacities))]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    ratios = collections.defaultdict(dict)
    for line in map(json.loads, output.splitlines()):
        ratios[line["capacity"]][line["policy"]] = line["hit_ratio"]
    return ratios


def mean_shares(cells, policies):
    """{policy: mean of its share of the optimum} over the cells in which the optimum has hits."""
    cells = [cell for cell in cells if cell[OPTIMUM] > 0]
    return {policy: sum(cell[policy] / cell[OPTIMUM] for cell in cells) / max(len(cells), 1)
            for policy in policies}


def line(name, capacity, ratios, policies):
    return f"{name:20}{capacity:>10}" + "".join(f"{ratios[policy]:>10.4f}" for policy in policies)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=SHARED / "traces")
    parser.add_argument("--policy", help="names with commas between; all without")
    asked = parser.parse_args()
    policies = asked.policy.split(",") if asked.policy else known_policies()
    policies = [policy for policy in policies if policy != OPTIMUM] + [OPTIMUM]
    listed = listed_capacities(asked.folder)
    print(f"{'trace':20}{'capacity':>10}" + "".join(f"{policy:>10}" for policy in policies))
    cells = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {name: pool.submit(replay, path, policies, capacities_of(name, path, listed))
                for name, path in traces(asked.folder).items()}
        for name, run in runs.items():
            for capacity, ratios in sorted(run.result().items()):
                print(line(name, capacity, ratios, policies), flush=True)
                cells.append(ratios)
    print(line("mean of optimum's", len(cells), mean_shares(cells, policies), policies))


if __name__ == "__main__":
    main()
