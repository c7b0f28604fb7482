"""Mix: six in ten hit, a tenth are unknown users, the rest are known users without the permission."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import seeded

import json

DATA = json.loads((pathlib.Path(__file__).parent / "data.json").read_text())
USERS = list(DATA["user_roles"])
ACTIONS = ["read", "write", "delete", "list", "approve"]
RESOURCES = ["invoice", "ledger", "report", "customer", "contract", "ticket", "release", "secret"]


def one(rng):
    user = rng.choice(USERS)
    asked = {"action": rng.choice(ACTIONS), "resource": rng.choice(RESOURCES)}
    kind = rng.random()
    if kind < 0.1:
        user = f"guest{rng.randrange(1000)}"
    elif kind < 0.62:
        role = rng.choice(DATA["user_roles"][user])
        asked = rng.choice(DATA["role_permissions"][role])
    return {"user": user, "action": asked["action"], "resource": asked["resource"]}


seeded.write("rbac_grants", one)
