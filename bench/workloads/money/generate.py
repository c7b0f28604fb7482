"""Prices with two decimals, as JSON has them."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def inputs(size):
    rng = random.Random("money")
    for _ in range(16):
        lines = [{"price": round(rng.uniform(0.05, 900), 2), "count": rng.randint(1, 12), "rate": rng.choice([0.07, 0.19, 0])} for _ in range(size)]
        yield {"lines": lines, "limit": rng.randrange(1000, 9000)}


seeded.serve(1000, inputs=inputs)
