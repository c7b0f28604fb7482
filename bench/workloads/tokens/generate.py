"""Mix: six of ten tokens are good; the others are expired, signed otherwise or cut."""

import base64
import hashlib
import hmac
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded


def part(document):
    return base64.urlsafe_b64encode(seeded.compact(document).encode()).rstrip(b"=").decode()


def inputs(_size):
    rng = random.Random("tokens")
    for _ in range(512):
        claims = {"iss": "login.example", "sub": f"u{rng.randrange(999)}", "exp": 4000000000 if rng.random() < 0.85 else 1500000000, "scope": ["read", "write"][: rng.randint(1, 2)]}
        head = part({"alg": "HS256", "typ": "JWT"}) + "." + part(claims)
        key = b"a secret of thirty-two characters" if rng.random() < 0.85 else b"another"
        token = head + "." + base64.urlsafe_b64encode(hmac.new(key, head.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()
        yield {"token": token if rng.random() < 0.9 else token[:-3]}


seeded.serve(None, inputs=inputs)
