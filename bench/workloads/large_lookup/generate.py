"""Mix: two keys of three are there, one in five of them is suspended."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

KEYS = 100000


def data(_size=None):
    rng = random.Random("large_lookup data")
    return {
        "accounts": {f"k{i}": {"level": rng.randrange(9), "tags": rng.sample(["a", "b", "c", "d"], 2)} for i in range(KEYS)},
        "suspended": {f"k{i}": True for i in range(KEYS) if rng.random() < 0.2},
    }


def inputs(_size):
    rng = random.Random("large_lookup inputs")
    for _ in range(seeded.COUNT):
        yield {"key": f"k{rng.randrange(KEYS * 3 // 2)}", "tag": rng.choice("abcd")}


seeded.serve(None, data=data, inputs=inputs)
