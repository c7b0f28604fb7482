"""Mix: about half allowed over all five rules; misses by path, method or role."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import seeded


def path(rng):
    n = rng.randrange(1000)
    return seeded.weighted(
        rng,
        (20, ("GET", f"/public/img/{n}/logo.svg")),
        (20, (rng.choice(["GET", "PUT"]), f"/users/user{n}/profile")),
        (20, ("GET", f"/projects/p{n}/{rng.choice(['docs', 'wiki'])}/pages/{n % 7}/index")),
        (15, ("POST", f"/hooks/{rng.choice(['build', 'deploy', 'tag'])}-{rng.randrange(10, 99)}")),
        (10, ("GET", f"/{rng.choice(['admin', 'internal'])}/site{n}/settings")),
        (5, ("GET", f"/users/user{n}/profile/private")),
        (5, ("GET", f"/projects/p{n}/secrets/key")),
        (5, ("POST", f"/hooks/BUILD-{n}")),
    )


def one(rng):
    method, asked = path(rng)
    role = rng.choice(["guest", "member", "admin", "robot"])
    if asked.startswith("/hooks/") and rng.random() < 0.6:
        role = "robot"
    if rng.random() < 0.15:
        method = rng.choice(["GET", "POST", "PUT", "DELETE"])
    return {"method": method, "path": asked, "role": role}


seeded.write("glob", one)
