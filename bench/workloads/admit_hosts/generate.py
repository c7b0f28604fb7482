"""Mix: a third of the routes ask for a host that another namespace has."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def data(_size):
    rng = random.Random("admit_hosts data")
    namespaces = {}
    for i in range(200):
        namespace = namespaces.setdefault(f"ns{i % 20}", {})
        namespace[f"route{i}"] = {"spec": {"rules": [{"host": f"h{rng.randrange(400)}.example"} for _ in range(rng.randint(1, 3))]}}
    return {"inventory": namespaces}


def inputs(_size):
    rng = random.Random("admit_hosts inputs")
    for _ in range(512):
        rules = [{"host": f"h{rng.randrange(1600)}.example", "path": "/"} for _ in range(rng.randint(1, 2))]
        yield {"review": {"operation": "CREATE", "object": {"kind": "Route", "metadata": {"name": f"route{rng.randrange(300)}", "namespace": f"ns{rng.randrange(20)}"}, "spec": {"rules": rules}}}}


seeded.serve(None, data=data, inputs=inputs)
