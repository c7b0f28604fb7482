"""Mix: half allowed; the others have an unknown token or a path outside the token's."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

TOKENS, PATHS = 1000, 10
AREAS = ["orders", "users", "reports", "stock"]


def pattern(rng, i):
    return {"pattern": f"^/{rng.choice(AREAS)}/{rng.choice(['[0-9]+', '[a-z]+', f'part{i}/.*'])}$", "methods": rng.sample(["GET", "PUT", "POST"], 2)}


def data(_size=None):
    rng = random.Random("authz_tokens data")
    return {"tokens": {f"token-{i:04}": {"paths": [pattern(rng, j) for j in range(PATHS)]} for i in range(TOKENS)}}


def inputs(_size):
    rng = random.Random("authz_tokens inputs")
    for _ in range(seeded.COUNT):
        tail = rng.choice([str(rng.randrange(9999)), rng.choice(["all", "new", "mine"]), f"part{rng.randrange(14)}/{rng.randrange(99)}"])
        yield {"token": f"token-{rng.randrange(TOKENS + 60):04}", "method": rng.choice(["GET", "PUT", "POST"]), "path": f"/{rng.choice(AREAS)}/{tail}"}


seeded.serve(None, data=data, inputs=inputs)
