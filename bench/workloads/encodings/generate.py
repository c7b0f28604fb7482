"""Every second header has a well-formed token."""

import base64
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded


def header(rng):
    token = base64.b64encode(f"user{rng.randrange(9999)}:{rng.choice(['read', 'write'])}".encode()).decode()
    return rng.choice([f"Basic {token}", f"Bearer {rng.randrange(16**12):012x}"])


def inputs(size):
    rng = random.Random("encodings")
    for _ in range(32):
        yield {"headers": [header(rng) for _ in range(size)]}


seeded.serve(300, inputs=inputs)
