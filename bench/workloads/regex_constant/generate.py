"""Half of the paths match."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def path(rng):
    return rng.choice(
        [
            f"/api/v{rng.randint(1, 3)}/{rng.choice(['users', 'orders'])}/{rng.randrange(16**8):08x}",
            f"/api/v{rng.randint(1, 3)}/users/{rng.randrange(16**8):08x}/mail",
            f"/static/img/{rng.randrange(1000)}.png",
            f"/api/v{rng.randint(1, 3)}/{rng.choice(['users', 'orders'])}/{rng.randrange(16**6):06x}",
        ]
    )


def inputs(size):
    rng = random.Random("regex_constant")
    for _ in range(16):
        yield {"paths": [path(rng) for _ in range(size)]}


seeded.serve(1000, inputs=inputs)
