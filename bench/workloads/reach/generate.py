"""Mix: about half of the folders lie below one that the user's groups may read."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def inputs(_size):
    rng = random.Random("reach")
    for _ in range(64):
        parents = {f"folder{i}": [f"folder{rng.randrange(i)}"] if i else [] for i in range(120)}
        groups = {f"group{i}": [f"group{rng.randrange(i)}"] if i and rng.random() < 0.7 else [] for i in range(60)}
        users = {f"user{i}": rng.sample(list(groups), rng.randint(1, 3)) for i in range(20)}
        readers = {folder: [rng.choice(list(groups))] for folder in rng.sample(list(parents), 25)}
        yield {
            "edges": parents | groups | users,
            "readers": readers,
            "asked": [{"user": rng.choice(list(users)), "folder": rng.choice(list(parents))} for _ in range(10)],
        }


seeded.serve(None, inputs=inputs)
