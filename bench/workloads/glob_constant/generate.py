"""Half of the paths match."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def path(rng):
    return rng.choice(
        [
            f"/projects/p{rng.randrange(99)}/files/{rng.randrange(99)}/a.txt",
            f"/projects/p{rng.randrange(99)}/files/{rng.choice('abc')}/{rng.choice('xyz')}/deep/{rng.randrange(99)}",
            f"/projects/p{rng.randrange(99)}/wiki/{rng.randrange(99)}",
            f"/teams/t{rng.randrange(99)}/files/{rng.randrange(99)}",
        ]
    )


def inputs(size):
    rng = random.Random("glob_constant")
    for _ in range(16):
        yield {"paths": [path(rng) for _ in range(size)]}


seeded.serve(1000, inputs=inputs)
