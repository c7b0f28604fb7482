"""A third of the addresses lie inside."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def inputs(size):
    rng = random.Random("cidr")
    for _ in range(16):
        yield {"addresses": [f"{rng.choice([10, 172, 192])}.{rng.choice([16, 20, 168, 200])}.{rng.randrange(256)}.{rng.randrange(1, 255)}" for _ in range(size)]}


seeded.serve(1000, inputs=inputs)
