"""Mix: four in ten are allowed, spread over the three rules; the misses fail at different conditions."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import seeded

DEPARTMENTS = ["finance", "legal", "people", "engineering"]
REGIONS = ["eu", "us", "apac"]
CLASSES = ["public", "internal", "confidential", "secret"]


def one(rng):
    subject = {
        "id": f"u{rng.randrange(500)}",
        "department": rng.choice(DEPARTMENTS),
        "title": seeded.weighted(rng, (60, "clerk"), (40, "manager")),
        "grade": rng.choice(["g5", "g6", "g7", "g8"]),
        "clearance": rng.choice(CLASSES[1:]),
        "region": rng.choice(REGIONS),
    }
    near = rng.random() < 0.8
    own = rng.random() < 0.25
    resource = {
        "id": f"doc-{rng.randrange(100000)}",
        "owner": subject["id"] if own else f"u{rng.randrange(500, 1000)}",
        "department": subject["department"] if near else rng.choice(DEPARTMENTS),
        "classification": rng.choice(CLASSES),
        "export_controlled": rng.random() < 0.2,
        "region": rng.choice(REGIONS),
        "amount": rng.randrange(0, 30000, 50),
    }
    return {
        "subject": subject,
        "resource": resource,
        "action": seeded.weighted(
            rng, (40, "read"), (15, "list"), (15, "write"), (5, "share"), (20, "approve"), (5, "delete")
        ),
        "environment": {
            "risk": rng.randrange(100),
            "device": {"managed": rng.random() < 0.8, "os": rng.choice(["linux", "macos", "windows"])},
        },
    }


seeded.write("abac", one)
