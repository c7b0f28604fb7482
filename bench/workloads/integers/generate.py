"""The factors vary; every answer is a number."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def inputs(size):
    rng = random.Random("integers")
    for _ in range(64):
        yield {"n": size, "a": rng.randrange(1, 5000), "b": rng.randrange(10000)}


seeded.serve(1000, inputs=inputs)
