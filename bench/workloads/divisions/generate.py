"""The divisors vary and most divide inexactly."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def inputs(size):
    rng = random.Random("divisions")
    for _ in range(64):
        yield {"n": size, "a": rng.randrange(3, 997), "b": rng.randrange(1000)}


seeded.serve(1000, inputs=inputs)
