"""Mix: half hit; the misses are other numbers, another type, or no x at all."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import seeded


def one(rng):
    x = seeded.weighted(rng, (50, 1), (15, 0), (15, 2), (10, "1"), (10, None))
    return {"id": rng.randrange(100000)} if x is None else {"x": x}


seeded.write("trivial", one)
