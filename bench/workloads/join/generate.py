"""Every order names a user, one in twenty an unknown one; one user in ten is on hold."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def inputs(size):
    rng = random.Random(f"join {size}")
    for _ in range(4):
        users = [{"id": f"u{i}", "plan": rng.choice(["free", "team", "firm"]), "hold": rng.random() < 0.1} for i in range(size)]
        rng.shuffle(users)
        orders = [{"id": i, "user": f"u{rng.randrange(size + size // 20 + 1)}", "amount": rng.randrange(1000)} for i in range(size)]
        yield {"users": users, "orders": orders}


seeded.serve(1000, inputs=inputs)
