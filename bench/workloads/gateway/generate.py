"""Mix: more than half are allowed over four rules, a tenth without a valid token, the rest forbidden."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import seeded

TEAMS = ["red", "green", "blue", "black", "white"]


def one(rng):
    sub = f"u-{rng.randrange(10000)}"
    teams = rng.sample(TEAMS, rng.randint(1, 3))
    team = rng.choice(teams) if rng.random() < 0.7 else rng.choice(TEAMS)
    path = seeded.weighted(
        rng,
        (25, ["v1", "users", sub]),
        (10, ["v1", "users", f"u-{rng.randrange(10000)}"]),
        (25, ["v1", "teams", team, "reports", str(rng.randrange(500))]),
        (15, ["admin", rng.choice(["keys", "users", "audit"])]),
        (20, ["v1", rng.choice(["products", "categories", "stores"]), str(rng.randrange(9999))]),
        (5, ["v2", "products"]),
    )
    now = 1790000000 + rng.randrange(100000)
    return {
        "method": seeded.weighted(rng, (80, "GET"), (10, "PATCH"), (5, "POST"), (5, "DELETE")),
        "path": path,
        "now": now,
        "claims": {
            "iss": seeded.weighted(rng, (50, "https://login.example"), (46, "https://sso.example"), (4, "https://evil.example")),
            "sub": sub,
            "tenant": rng.choice(["acme", "globex", "initech", "umbrella", "hooli"]),
            "teams": teams,
            "scopes": ["read"] + (["admin"] if rng.random() < 0.4 else []),
            "exp": now + seeded.weighted(rng, (94, 600), (6, -5)),
        },
    }


seeded.write("gateway", one)
