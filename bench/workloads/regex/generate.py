"""Mix: about half allowed over all five rules; misses by path, method or role."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import seeded


def path(rng):
    version = rng.randint(1, 3)
    return seeded.weighted(
        rng,
        (25, ("GET", f"/api/v{version}/users/{rng.randrange(100000)}")),
        (20, ("GET", f"/static/{rng.choice(['css', 'js', 'img'])}/site-{rng.randrange(99)}.{rng.choice(['css', 'png'])}")),
        (15, ("POST", f"/api/v{version}/orders")),
        (15, ("PUT", f"/api/v{version}/orders/{rng.randrange(16**8):08x}/items/{rng.randrange(50)}")),
        (10, ("GET", rng.choice(["/admin/users", "/admin/audit/log", "/admin/keys/rotate"]))),
        (5, ("GET", f"/api/v{version}/users/{rng.choice(['me', 'all'])}")),
        (5, ("GET", f"/static/../etc/passwd{rng.randrange(10)}")),
        (5, ("POST", f"/api/latest/orders/{rng.randrange(100)}")),
    )


def one(rng):
    method, asked = path(rng)
    if rng.random() < 0.25:
        method = rng.choice(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
    return {"method": method, "path": asked, "role": rng.choice(["guest", "clerk", "admin"])}


seeded.write("regex", one)
