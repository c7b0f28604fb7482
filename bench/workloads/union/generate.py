"""Layers overlap by a half; settings are objects, so that the union is deep."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def layer(rng, share):
    return {f"setting-{i}": {"value": rng.randrange(100), rng.choice(["source", "note"]): f"t{rng.randrange(9)}"} for i in range(100) if rng.random() < share}


def data(_size):
    return {"defaults": layer(random.Random("union data"), 1.1)}


def inputs(_size):
    rng = random.Random("union inputs")
    for _ in range(256):
        yield {"team": layer(rng, 0.5), "own": layer(rng, 0.5)}


seeded.serve(None, data=data, inputs=inputs)
