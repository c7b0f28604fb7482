"""Mix: three of four zones are known."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def policy(size):
    rng = random.Random(f"rates {size}")
    text = ["# A function with a clause for every zone; the constant stands in the body.", "package rates", "", "price := rate(input.zone) * input.weight"]
    for i in range(size):
        text += ["", 'rate(zone) := %d if zone == "zone-%d"' % (rng.randrange(1, 500), i)]
    return "\n".join(text) + "\n"


def inputs(size):
    rng = random.Random(f"rates {size} inputs")
    for _ in range(seeded.COUNT):
        yield {"zone": f"zone-{rng.randrange(size + size // 3 + 1)}", "weight": rng.randint(1, 40)}


seeded.serve(1000, policy=policy, inputs=inputs)
