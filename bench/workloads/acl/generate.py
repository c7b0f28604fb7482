"""Mix: half hit one of the rules; the others miss by one or all of the conditions."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

ACTIONS = ["read", "write", "delete", "list"]


def rules(size):
    rng = random.Random(f"acl {size}")
    return [(f"user{rng.randrange(size)}", rng.choice(ACTIONS), f"/files/{i}/{rng.randrange(100)}") for i in range(size)]


def policy(size):
    text = ["# One rule for each thing that somebody may do.", "package acl", "", "default allow := false"]
    for user, action, path in rules(size):
        text += ["", "allow if {", f'\tinput.user == "{user}"', f'\tinput.action == "{action}"', f'\tinput.path == "{path}"', "}"]
    return "\n".join(text) + "\n"


def inputs(size):
    known = rules(size)
    rng = random.Random(f"acl {size} inputs")
    for _ in range(seeded.COUNT):
        user, action, path = rng.choice(known)
        kind = rng.random()
        if kind < 0.2:
            user = f"user{rng.randrange(size)}x"
        elif kind < 0.35:
            action = rng.choice(ACTIONS)
        elif kind < 0.5:
            user, action, path = f"user{rng.randrange(size)}", rng.choice(ACTIONS), f"/files/{rng.randrange(size)}/{rng.randrange(100)}"
        yield {"user": user, "action": action, "path": path}


seeded.serve(1000, policy=policy, inputs=inputs)
