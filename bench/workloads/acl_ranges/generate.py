"""Mix: about a third finds its rule; the amounts decide between two verdicts."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

KINDS = ["invoice", "refund", "order", "transfer", "payout"]


def policy(size):
    rng = random.Random("acl_ranges")
    text = ["# A limit for each kind of paper and country; a rule is told apart by two equal conditions.", "package limits", "", 'default verdict := "manual"']
    for i in range(size):
        low = rng.randrange(100, 9000)
        text += ["", 'verdict := "accept" if {', f'\tinput.kind == "{KINDS[i % 5]}"', f'\tinput.country == "c{i // 5}"', f"\tinput.amount <= {low}", "\tnot input.flagged", "}"]
        text += ["", 'verdict := "reject" if {', f'\tinput.kind == "{KINDS[i % 5]}"', f'\tinput.country == "c{i // 5}"', f"\tinput.amount > {low + 500}", "}"]
    return "\n".join(text) + "\n"


def inputs(size):
    rng = random.Random("acl_ranges inputs")
    for _ in range(seeded.COUNT):
        yield {
            "kind": rng.choice([*KINDS, "memo"]),
            "country": f"c{rng.randrange(size // 4)}",
            "amount": rng.randrange(10000),
            "flagged": rng.random() < 0.1,
        }


seeded.serve(100, policy=policy, inputs=inputs)
