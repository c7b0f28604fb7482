"""One order in twenty names an unknown user."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def inputs(size):
    rng = random.Random(f"orphans {size}")
    for _ in range(4):
        users = [{"id": f"u{i}", "active": rng.random() < 0.9} for i in range(size)]
        rng.shuffle(users)
        orders = [{"id": i, "user": f"u{rng.randrange(size + size // 20 + 1)}"} for i in range(size)]
        yield {"users": users, "orders": orders}


seeded.serve(1000, inputs=inputs)
