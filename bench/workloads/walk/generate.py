"""Documents of nested objects and lists; about one leaf in forty is asked for."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def node(rng, depth):
    if depth == 0:
        return rng.choice([rng.randrange(1000), f"plain-{rng.randrange(1000)}", True, None, f"secret:{rng.randrange(99)}" if rng.random() < 0.15 else "open"])
    width = rng.randint(3, 6)
    if rng.random() < 0.3:
        return [node(rng, depth - 1) for _ in range(width)]
    return {f"k{i}": node(rng, depth - 1) for i in range(width)}


def inputs(size):
    rng = random.Random("walk")
    for _ in range(8):
        parts = []
        while len(seeded.compact(parts)) < size * 11:
            parts.append(node(rng, 4))
        yield {"document": parts}


seeded.serve(5000, inputs=inputs)
