"""Mix: two thirds of the pairs exist."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

GROUPS, MEMBERS = 300, 20


def policy(_size):
    text = ["# Members of groups, each by a rule of its own; only the group that is asked for should be worked out.", "package virtual", "", "default allowed := false", ""]
    text += ["allowed if grants[input.group][input.member] == input.level"]
    for i in range(GROUPS):
        text += ["", f'grants.g{i}[name] := level if some name, level in data.groups.g{i}']
    return "\n".join(text) + "\n"


def data(_size=None):
    rng = random.Random("virtual_docs data")
    return {"groups": {f"g{i}": {f"m{j}": rng.randrange(3) for j in range(MEMBERS)} for i in range(GROUPS)}}


def inputs(_size):
    groups = data()["groups"]
    rng = random.Random("virtual_docs inputs")
    for _ in range(seeded.COUNT):
        group, member = f"g{rng.randrange(GROUPS)}", f"m{rng.randrange(MEMBERS + 5)}"
        yield {"group": group, "member": member, "level": groups[group].get(member, 0) if rng.random() < 0.8 else rng.randrange(3)}


seeded.serve(None, policy=policy, data=data, inputs=inputs)
