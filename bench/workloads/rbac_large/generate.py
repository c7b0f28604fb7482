"""Mix: random users; half ask for what one of their roles grants, a twentieth are unknown."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

USERS, ROLES = 12000, 15000
ACTIONS = ["read", "write", "delete", "list", "approve", "export", "share"]


def resource(rng):
    return f"{rng.choice(['project', 'folder', 'report', 'queue'])}/{rng.randrange(4000)}"


def data(_size=None):
    rng = random.Random("rbac_large data")
    roles = {
        f"role-{i:05}": {"grants": [{"action": rng.choice(ACTIONS), "resource": resource(rng)} for _ in range(rng.randint(3, 9))]}
        for i in range(ROLES)
    }
    names = list(roles)
    users = {
        f"user-{i:05}": {"roles": rng.sample(names, rng.randint(2, 9)), "team": f"team-{rng.randrange(300)}", "active": rng.random() < 0.95}
        for i in range(USERS)
    }
    return {"users": users, "roles": roles}


def inputs(_size):
    known = data()
    users = list(known["users"])
    rng = random.Random("rbac_large inputs")
    for _ in range(seeded.COUNT):
        user = rng.choice(users)
        asked = {"action": rng.choice(ACTIONS), "resource": resource(rng)}
        kind = rng.random()
        if kind < 0.05:
            user = f"guest-{rng.randrange(9999)}"
        elif kind < 0.58:
            asked = rng.choice(known["roles"][rng.choice(known["users"][user]["roles"])]["grants"])
        yield {"user": user, "action": asked["action"], "resource": asked["resource"]}


seeded.serve(None, data=data, inputs=inputs)
