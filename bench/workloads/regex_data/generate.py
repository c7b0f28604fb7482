"""A path matches one pattern in twenty at most, many none."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

WORDS = ["users", "orders", "teams", "files", "keys", "reports", "hooks", "jobs", "pages", "notes"]


def data(_size):
    rng = random.Random("regex_data data")
    tails = ["[0-9]+", "[a-z0-9-]{4,12}", "(new|all)", "[0-9a-f]{8}/edit", "[^/]+/[0-9]{1,3}"]
    return {"patterns": [{"name": f"route-{i}", "pattern": f"^/v{1 + i % 3}/{WORDS[i % 10]}/{tails[i // 10]}$"} for i in range(50)]}


def path(rng):
    tail = rng.choice([str(rng.randrange(10000)), "all", f"{rng.randrange(16**8):08x}/edit", f"some-{rng.randrange(99)}", f"a_b/{rng.randrange(2000)}"])
    return f"/v{rng.randint(1, 3)}/{rng.choice(WORDS)}/{tail}"


def inputs(_size):
    rng = random.Random("regex_data inputs")
    for _ in range(256):
        yield {"paths": [path(rng) for _ in range(20)]}


seeded.serve(None, data=data, inputs=inputs)
