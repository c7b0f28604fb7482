"""Every input has eight findings over three levels; a third of them are waived."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def inputs(_size):
    rng = random.Random("heads")
    for _ in range(seeded.COUNT):
        yield {
            "service": f"s{rng.randrange(50)}",
            "findings": [{"id": f"f{i}", "level": rng.choice(["low", "high", "severe"]), "area": rng.choice(["net", "disk"]), "waived": rng.random() < 0.33} for i in range(8)],
        }


seeded.serve(None, inputs=inputs)
