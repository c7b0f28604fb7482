"""Writes the inputs of one workload: 4,096 JSON documents, one a line, the same on every run."""

import json
import random
import sys

COUNT = 4096


def write(name, one):
    """Calls one(rng) for every input and writes to standard output."""
    rng = random.Random(name)
    for _ in range(COUNT):
        text = json.dumps(one(rng), separators=(",", ":"), ensure_ascii=False)
        sys.stdout.write(text + "\n")


def weighted(rng, *pairs):
    """One of the values of (weight, value)."""
    return rng.choices([value for _, value in pairs], [weight for weight, _ in pairs])[0]
