# SPDX-License-Identifier: Apache-2.0
"""Runs rivals from Debian's packages beside ringcache's Cache and prints ratios of CPU time.

Every contender is a process of its own that replays the same requests (zipf.py). All of a scenario
are filled first and then take turns: a round is a short fixed count of requests for each, one after
the other, so that whatever else the machine does meets all alike. A ratio compares two of the same
round. CPU time is the whole process's, collectors and workers included.

    bench/rivals/run.py [--rounds N] [--scenarios NAME,…] [--only NAME,…] [--policies NAME,…]
                        [--also NAME=PROGRAM] [--json]

--only names contenders; the first of a scenario, which the ratios are to, always runs. --policies
adds ours under these policies, --also another build of ours.cc, to compare it with this one.
"""
import argparse
import json
import pathlib
import select
import shutil
import statistics
import subprocess
import sys
import time

import servers
import zipf

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "bench" / "rivals"
OUT = ROOT / "build" / "rivals"
BIN = ROOT / "build" / "release" / "bin"
KEYS, REQUESTS = 1_000_000, 4_000_000
OPERATIONS = 400_000  # of each of two threads, in a round
WARM_UP = 2  # rounds; a just-in-time compiler has then seen the loop, and a cache that fills is full
ANSWER_SECONDS_MAX = 120
PAYLOAD = 116  # bytes of key and value where memory is measured

JAR = pathlib.Path("/usr/share/java/caffeine.jar")
# The collector and the heap that cost Caffeine the least, of those tried.
JAVA = ("java", "-XX:+UseParallelGC", "-Xms2g", "-Xmx2g", "-cp", f"{OUT / 'java'}:{JAR}",
        "CaffeineRival")
SERVERS = ("redis", "memcached")
SCENARIOS = {
    "hit": "every key resident, two threads",
    "fill": "room for a tenth of the keys, misses are filled, two threads",
    "threads": "every key resident, one thread and two",
    "memory": "bytes for each of a million entries, beside its key of 16 and value of 100",
}
HITTING = ("ours", "ours-no-ttl", "caffeine", "caffeine-ttl-stats", "caffeine-string",
           "caffeine-memo", "groupcache", "absl-map", "tbb-lru")
FILLING = ("ours", "ours-no-ttl", "caffeine", "caffeine-ttl-stats", "groupcache", "tbb-lru")
REMEMBERING = ("ours", "ours-no-ttl", "caffeine", "caffeine-string", "groupcache", "absl-map",
               "tbb-lru", *SERVERS)


class Contender:
    def __init__(self, name, program, variant="", threads=2, operations=OPERATIONS):
        self.name, self.program, self.variant = name, program, variant
        self.threads, self.operations = threads, operations

    def command(self, scenario):
        what = "hit" if scenario == "threads" else scenario
        return [*map(str, self.program), what, str(KEYS), str(OUT / "requests"),
                str(self.operations), str(self.threads), self.variant]


def contenders(options):
    """{scenario: [contender]}, the first of each the one that the ratios are to."""
    ours, go = (BIN / "rival_ours",), (OUT / "groupcache",)
    known = {each.name: each for each in (
        Contender("ours", ours), Contender("ours-no-ttl", ours, "-no-ttl"),
        Contender("caffeine", JAVA), Contender("caffeine-ttl-stats", JAVA, "ttl-stats"),
        Contender("caffeine-string", JAVA, "string"), Contender("caffeine-memo", JAVA, "memo"),
        Contender("groupcache", go), Contender("absl-map", (BIN / "rival_absl_map",)),
        Contender("tbb-lru", (BIN / "rival_tbb_lru",), operations=OPERATIONS // 4),
        *(Contender(name, (name,)) for name in SERVERS))}
    more = [Contender(f"ours-{policy}", ours, policy) for policy in options.policies]
    more += [Contender(name, (pathlib.Path(program).absolute(),))
             for name, program in (each.split("=", 1) for each in options.also)]
    found = {name: [known[each] for each in names] + more for name, names in
             (("hit", HITTING), ("fill", FILLING), ("memory", REMEMBERING))}
    found["threads"] = [
        Contender("ours-one-thread", ours, threads=1, operations=2 * OPERATIONS), known["ours"]]
    return {name: [each for i, each in enumerate(found[name])
                   if i == 0 or not options.only or each.name in options.only]
            for name in options.scenarios}


def say(text):
    print(text, file=sys.stderr, flush=True)


def newer(source, made):
    return not made.exists() or made.stat().st_mtime < source.stat().st_mtime


def build():
    """Builds what can be built here; a contender whose program is not there is left out later."""
    OUT.mkdir(parents=True, exist_ok=True)
    for command in (["cmake", "--preset", "release", "-DRINGCACHE_TESTS=ON", "--log-level=NOTICE"],
                    ["cmake", "--build", "--preset", "release", "--target", "rivals"]):
        subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    source = HERE / "CaffeineRival.java"
    if shutil.which("javac") and JAR.exists() and newer(source, OUT / "java/CaffeineRival.class"):
        subprocess.run(["javac", "-cp", JAR, "-d", OUT / "java", source], check=True)
    source = HERE / "groupcache.go"
    if shutil.which("go") and newer(source, OUT / "groupcache"):
        command = ["env", "GO111MODULE=off", "GOPATH=/usr/share/gocode", "go", "build", "-o"]
        subprocess.run([*command, OUT / "groupcache", source], check=False)
    if newer(HERE / "zipf.py", OUT / "requests"):
        say(f"drawing {REQUESTS:,} requests, once")
        zipf.write(OUT / "requests", KEYS, REQUESTS)


def is_here(contender):
    if contender.program == JAVA:
        return shutil.which("java") is not None and (OUT / "java/CaffeineRival.class").exists()
    if contender.name in SERVERS:
        return servers.is_here(contender.name)
    return contender.program[0].exists()


class Running:
    """A contender's process: filled, waiting for its turns."""

    def __init__(self, contender, scenario):
        self.contender = contender
        self.process = subprocess.Popen(contender.command(scenario), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.clock = ~self.process.pid << 3 | 2  # clock_getcpuclockid(3) of a process
        if self.answer() != "ready":
            self.end()
            raise RuntimeError(f"{contender.name} did not start")

    def answer(self):
        readable, _, _ = select.select([self.process.stdout], [], [], ANSWER_SECONDS_MAX)
        return self.process.stdout.readline().decode().strip() if readable else ""

    def take_turn(self):
        """What a round cost, for each operation."""
        operations = self.contender.operations * self.contender.threads
        cpu, wall = time.clock_gettime_ns(self.clock), time.monotonic_ns()
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        said = json.loads(self.answer() or "{}")
        if "hits" not in said:
            raise RuntimeError(f"{self.contender.name} gave no answer")
        return {"cpu": (time.clock_gettime_ns(self.clock) - cpu) / operations,
                "wall": (time.monotonic_ns() - wall) / operations,
                "hits": said["hits"] / operations}

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def summary(turns, base):
    """Of one contender: what its turns cost, and how that compares with the base's same turns."""
    return {"cpu_ns": spread([turn["cpu"] for turn in turns]),
            "cpu_ratio": spread([a["cpu"] / b["cpu"] for a, b in zip(turns, base)]),
            "throughput_ratio": spread([b["wall"] / a["wall"] for a, b in zip(turns, base)]),
            "hit_ratio": statistics.mean(turn["hits"] for turn in turns)}


def take_turns(scenario, contenders, rounds):
    """{contender: summary} after so many rounds, each begun by another."""
    running, turns = [], {each.name: [] for each in contenders}
    try:
        for contender in contenders:
            say(f"{scenario}: filling {contender.name}")
            running.append(Running(contender, scenario))
        for number in range(-WARM_UP, rounds):
            first = number % len(running)
            say(f"{scenario}: round {number + 1} of {rounds}" if number >= 0 else "warming up")
            for each in running[first:] + running[:first]:
                turns[each.contender.name].append(each.take_turn())
    finally:
        for each in running:
            each.end()
    counted = {name: all_turns[WARM_UP:] for name, all_turns in turns.items()}
    return {name: summary(some, counted[contenders[0].name]) for name, some in counted.items()}


def weigh(contenders):
    """{contender: bytes beside the payload, for each entry}."""
    found = {}
    for contender in contenders:
        say(f"memory: filling {contender.name}")
        if contender.name in SERVERS:
            said = servers.weigh(contender.name, KEYS)
        else:
            done = subprocess.run(contender.command("memory"), capture_output=True, check=True,
                                  timeout=ANSWER_SECONDS_MAX)
            said = json.loads(done.stdout)
        found[contender.name] = {kind: said[f"{kind}_bytes"] / said["items"] - PAYLOAD
                                 for kind in ("rss", "heap") if f"{kind}_bytes" in said}
    return found


def print_costs(found):
    print(f"{'':20}{'CPU ns/op':>10}{'ratio':>8}  {'(min..max)':14}{'throughput':>10}"
          f"  {'(min..max)':14}{'hits':>7}")
    for name, of in found.items():
        cpu, wall = of["cpu_ratio"], of["throughput_ratio"]
        print(f"{name:20}{of['cpu_ns']['median']:10.0f}{cpu['median']:8.2f}"
              f"  ({cpu['min']:.2f}..{cpu['max']:.2f})  {wall['median']:10.2f}"
              f"  ({wall['min']:.2f}..{wall['max']:.2f})  {of['hit_ratio']:7.3f}")


def print_weights(found):
    print(f"{'':20}{'resident':>10}{'live heap':>11}")
    for name, of in found.items():
        print(f"{name:20}" + "".join(f"{of[kind]:{width}.1f}" if kind in of else " " * width
                                     for kind, width in (("rss", 10), ("heap", 11))))


def arguments():
    def names(text):
        return text.split(",") if text else []
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scenarios", type=names, default=list(SCENARIOS))
    parser.add_argument("--only", type=names, default=[])
    parser.add_argument("--policies", type=names, default=[])
    parser.add_argument("--also", action="append", default=[], metavar="NAME=PROGRAM")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.scenarios = options.scenarios or list(SCENARIOS)
    if unknown := set(options.scenarios) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(unknown)}")
    return options


def main():
    options = arguments()
    build()
    results = {}
    for scenario, wanted in contenders(options).items():
        here = [each for each in wanted if is_here(each)]
        for each in wanted:
            if each not in here:
                say(f"{scenario}: without {each.name}, which is not installed")
        if not here or here[0] is not wanted[0]:
            sys.exit(f"{wanted[0].name} was not built")
        found = weigh(here) if scenario == "memory" else take_turns(scenario, here, options.rounds)
        results[scenario] = found
        if not options.json:
            print(f"\n{scenario}: {SCENARIOS[scenario]}")
            (print_weights if scenario == "memory" else print_costs)(found)
            sys.stdout.flush()
    if options.json:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
