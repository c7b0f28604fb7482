"""Mix: about a third of the templates fit a request."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def data(_size):
    rng = random.Random("subset data")
    return {"templates": [{"name": f"t{i}", "shape": {"kind": rng.choice(["vm", "disk"]), "spec": {"size": rng.randrange(3), "net": {"zone": rng.choice("ab")}}}} for i in range(40)]}


def inputs(_size):
    rng = random.Random("subset inputs")
    for _ in range(512):
        yield {
            "kind": rng.choice(["vm", "disk"]),
            "name": f"n{rng.randrange(99)}",
            "spec": {"size": rng.randrange(3), "net": {"zone": rng.choice("ab"), "address": f"10.0.0.{rng.randrange(99)}"}, "labels": {f"l{i}": i for i in range(10)}},
        }


seeded.serve(None, data=data, inputs=inputs)
