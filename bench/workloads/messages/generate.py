"""A third of the events are worth a message."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def inputs(size):
    rng = random.Random("messages")
    for _ in range(16):
        yield {
            "events": [
                {"host": f"web-{rng.randrange(400)}", "code": rng.choice([200, 301, 404, 500]), "ms": rng.randrange(4000), "path": rng.choice(["/login", "/admin/keys", "/healthz", "/admin/users"])}
                for _ in range(size)
            ]
        }


seeded.serve(1000, inputs=inputs)
