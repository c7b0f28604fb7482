"""Every input is a list of rows over a hundred teams, in random order."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def inputs(size):
    rng = random.Random(f"group {size}")
    for _ in range(8):
        rows = [{"id": f"r{i}", "team": f"team-{rng.randrange(max(1, size // 10))}", "hours": rng.randrange(40)} for i in range(size)]
        yield {"rows": rows}


seeded.serve(1000, inputs=inputs)
