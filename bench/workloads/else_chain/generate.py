"""Mix: amounts spread evenly over the steps; a fifth has no currency."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

STEPS = 40


def policy(_size):
    text = ["# Steps in their order: the first that fits decides.", "package chains", "", "fee := 0 if {", "\tinput.amount < 10", "}"]
    for i in range(1, STEPS):
        text += ["", f"else := {i} if {{", f"\tinput.amount < {10 + 40 * i}", f'\tinput.currency == "{["EUR", "USD"][i % 2]}"', "}"]
    text += ["", "else := 99"]
    return "\n".join(text) + "\n"


def inputs(_size):
    rng = random.Random("else_chain")
    for _ in range(seeded.COUNT):
        asked = {"amount": rng.randrange(1800)}
        if rng.random() < 0.8:
            asked["currency"] = rng.choice(["EUR", "USD", "CHF"])
        yield asked


seeded.serve(None, policy=policy, inputs=inputs)
