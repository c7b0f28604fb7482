"""Every patch fits; operations of all kinds but test."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def data(_size):
    rng = random.Random("patch data")
    return {"settings": {f"s{i}": {"value": rng.randrange(1000), "unit": rng.choice(["ms", "kb"]), "hosts": [f"h{j}" for j in range(3)]} for i in range(100)}}


def operation(rng, used):
    i = rng.choice([k for k in range(100) if k not in used])
    kind = rng.choice(["add", "replace", "remove", "move", "copy"])
    if kind == "add":
        return {"op": "add", "path": f"/s{i}/hosts/-", "value": f"new{rng.randrange(99)}"}
    if kind == "replace":
        return {"op": "replace", "path": f"/s{i}/value", "value": rng.randrange(1000)}
    used.add(i)
    if kind == "remove":
        return {"op": "remove", "path": f"/s{i}"}
    return {"op": kind, "from": f"/s{i}/unit", "path": f"/s{i}/{kind}"}


def inputs(_size):
    rng = random.Random("patch inputs")
    for _ in range(256):
        used = set()
        yield {"patches": [operation(rng, used) for _ in range(20)]}


seeded.serve(None, data=data, inputs=inputs)
