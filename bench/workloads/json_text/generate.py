"""Nine of ten texts are JSON; versions lie on both sides of the bound."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def inputs(_size):
    rng = random.Random("json_text")
    for _ in range(64):
        texts = []
        for i in range(50):
            body = {"id": i, "version": f"{rng.randrange(3)}.{rng.randrange(20)}.{rng.randrange(9)}", "size": rng.choice(["10Mi", "2Gi", "512K"]), "tags": ["x"] * rng.randrange(4)}
            texts.append(seeded.compact(body) if rng.random() < 0.9 else "not json {")
        yield {"texts": texts}


seeded.serve(None, inputs=inputs)
