"""Mix: a quarter of the accounts may be read, a tenth may be paid from."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def inputs(_size):
    rng = random.Random("entitlements")
    for _ in range(1024):
        yield {
            "user": {"id": f"u{rng.randrange(50)}", "roles": rng.sample(["teller", "auditor", "manager", "guest"], 2), "branch": f"b{rng.randrange(5)}", "limit": rng.randrange(100, 5000)},
            "amount": rng.randrange(50, 3000),
            "accounts": [
                {"id": f"a{i}", "owner": f"u{rng.randrange(50)}", "branch": f"b{rng.randrange(5)}", "status": rng.choice(["open", "open", "frozen"]), "balance": rng.randrange(5000), "tags": rng.sample(["vip", "joint", "audit"], rng.randint(0, 2))}
                for i in range(20)
            ],
        }


seeded.serve(None, inputs=inputs)
