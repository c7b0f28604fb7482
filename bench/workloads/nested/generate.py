"""Mix: about half allowed; misses by membership, action, amount, an inactive project or an unknown key."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import seeded

import json

TENANTS = json.loads((pathlib.Path(__file__).parent / "data.json").read_text())["tenants"]


def one(rng):
    tenant = rng.choice(list(TENANTS))
    projects = TENANTS[tenant]["projects"]
    project = rng.choice(list(projects))
    environment = rng.choice(["production", "staging", "test"])
    team = f"team{rng.randrange(4)}"
    member = rng.random() < 0.85
    user = rng.choice(projects[project]["teams"][team]["members"]) if member else f"u{rng.randrange(40)}"
    actions = projects[project]["environments"][environment]["actions"]
    asked = {
        "tenant": tenant,
        "project": project,
        "environment": environment,
        "team": team,
        "user": user,
        "action": rng.choice(actions) if rng.random() < 0.8 else rng.choice(["deploy", "read", "scale", "delete"]),
        "amount": rng.choice([1, 2, 5, 10, 20, 60]),
    }
    if rng.random() < 0.08:
        asked[rng.choice(["tenant", "project", "environment", "team"])] = "unknown"
    return asked


seeded.write("nested", one)
