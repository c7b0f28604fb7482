"""Half of the names match one or two globs."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def data(_size):
    kinds = ["*.{0}.example", "{0}-?.example", "**.{0}.internal", "{{api,web}}.{0}.example"]
    return {"globs": [kinds[i % 4].format(f"zone{i // 4}") for i in range(40)]}


def host(rng):
    zone = f"zone{rng.randrange(12)}"
    return rng.choice([f"a{rng.randrange(99)}.{zone}.example", f"{zone}-{rng.randrange(20)}.example", f"x.y{rng.randrange(9)}.{zone}.internal", f"web.{zone}.example", f"{zone}.test"])


def inputs(_size):
    rng = random.Random("glob_data inputs")
    for _ in range(256):
        yield {"hosts": [host(rng) for _ in range(25)]}


seeded.serve(None, data=data, inputs=inputs)
