"""Names of one to four words, some with blanks around them; a few repeat."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def inputs(size):
    rng = random.Random("strings")
    words = ["alpha", "Beta", "gamma", "DELTA", "eps", "zeta", "Theta", "omega"]
    for _ in range(16):
        names = ["-".join(rng.choices(words, k=rng.randint(1, 4))) + f"-{rng.randrange(10000)}" for _ in range(size)]
        yield {"names": [f"  {name} " if rng.random() < 0.2 else name for name in names]}


seeded.serve(1000, inputs=inputs)
