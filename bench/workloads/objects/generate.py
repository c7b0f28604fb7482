"""Records with an optional part, which half of them have."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def inputs(size):
    rng = random.Random("objects")
    for _ in range(32):
        records = []
        for i in range(size):
            record = {"id": i, "name": f"n{rng.randrange(1000)}", "secret": f"x{rng.randrange(1000)}", "size": rng.randrange(50)}
            if rng.random() < 0.5:
                record["labels"] = {"tier": rng.choice(["gold", "base"]), "zone": rng.choice("abc")}
            records.append(record)
        yield {"records": records, "hide": ["secret", rng.choice(["size", "name"])]}


seeded.serve(200, inputs=inputs)
