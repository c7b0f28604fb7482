"""Mix: about half allowed, over public, own, team and admin routes."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def path(rng, user):
    return rng.choice(
        [
            f"/v1/users/{user}/profile",
            f"/v1/users/u{rng.randrange(500)}/orders?page={rng.randrange(9)}",
            f"/v1/teams/t{rng.randrange(6)}/board/{rng.randrange(99)}",
            "/healthz",
            f"/static/js/app.{rng.randrange(9999)}.js",
            f"/admin/jobs/{rng.randrange(99)}",
            f"/v1/search?q=w{rng.randrange(999)}",
        ]
    )


def inputs(_size):
    rng = random.Random("http_authz")
    for _ in range(4096):
        user = f"u{rng.randrange(500)}"
        headers = {
            ":authority": "shop.example",
            "accept": "application/json, text/plain, */*",
            "accept-encoding": "gzip, deflate, br",
            "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
            "x-request-id": f"{rng.randrange(16**32):032x}",
            "x-forwarded-for": f"203.0.113.{rng.randrange(256)}, 10.0.0.{rng.randrange(256)}",
            "x-forwarded-proto": "https",
            "cookie": f"session={rng.randrange(16**40):040x}; theme=dark",
        }
        claims = {"sub": user, "teams": [f"t{rng.randrange(6)}" for _ in range(2)], "scope": rng.choice(["read", "read write", "read write admin"]), "exp": 1790000000 + rng.randrange(-40, 600)}
        if rng.random() < 0.9:
            headers["authorization"] = f"Bearer {rng.randrange(16**64):064x}"
        yield {
            "attributes": {
                "source": {"address": {"socketAddress": {"address": f"10.1.{rng.randrange(256)}.{rng.randrange(256)}", "portValue": rng.randrange(1024, 65535)}}, "principal": f"spiffe://cluster.example/ns/{rng.choice(['shop', 'edge', 'lab'])}/sa/gateway"},
                "destination": {"address": {"socketAddress": {"address": "10.2.0.9", "portValue": 8080}}},
                "request": {"time": 1790000000, "http": {"id": f"{rng.randrange(10**18)}", "method": rng.choice(["GET", "GET", "GET", "POST", "DELETE"]), "path": path(rng, user), "headers": headers, "protocol": "HTTP/2", "size": rng.randrange(4000)}},
            },
            "claims": claims,
        }


seeded.serve(None, inputs=inputs)
