# SPDX-License-Identifier: Apache-2.0
"""Writes the requests that every contender replays: indices of keys in Zipf's distribution, the
popular ones scattered over all keys, as little-endian int32. The same seed gives the same file.

    zipf.py FILE KEYS COUNT [EXPONENT [SEED]]
"""
import array
import bisect
import itertools
import random
import sys


def requests(keys, count, exponent, seed):
    """An array of `count` indices below `keys`."""
    source = random.Random(seed)
    weights = itertools.accumulate((rank + 1.0) ** -exponent for rank in range(keys))
    until = list(weights)
    index_of_rank = list(range(keys))
    source.shuffle(index_of_rank)
    draws = (source.random() * until[-1] for _ in range(count))
    return array.array("i", (index_of_rank[bisect.bisect_left(until, draw)] for draw in draws))


def write(path, keys, count, exponent=0.99, seed=42):
    drawn = requests(keys, count, exponent, seed)
    if sys.byteorder == "big":
        drawn.byteswap()
    with open(path, "wb") as file:
        drawn.tofile(file)


if __name__ == "__main__":
    path, keys, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    write(path, keys, count, *(kind(text) for kind, text in zip((float, int), sys.argv[4:])))
