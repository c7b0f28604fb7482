"""Mix: about half have nothing against them, the others one to five reasons."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import seeded

NAMES = ["cart", "checkout", "search", "mailer", "ledger", "gateway", "profile", "stock"]


def service(rng, name):
    made = {
        "name": name,
        "image": f"registry.example/{name}:" + seeded.weighted(rng, (90, f"1.{rng.randrange(30)}.0"), (10, "latest")),
        "replicas": seeded.weighted(rng, (6, 1), (6, 2), (60, 3), (28, 5)),
        "ports": [8080] + [seeded.weighted(rng, (92, 9090), (4, 23), (4, 3389))],
    }
    if rng.random() < 0.93:
        made["owner"] = f"team-{rng.randrange(20)}"
    return made


def one(rng):
    return {
        "environment": seeded.weighted(rng, (50, "production"), (30, "staging"), (20, "test")),
        "change": {"id": rng.randrange(1000, 9999), "approved": rng.random() < 0.85},
        "services": [service(rng, name) for name in rng.sample(NAMES, rng.randint(1, 3))],
    }


seeded.write("deny", one)
