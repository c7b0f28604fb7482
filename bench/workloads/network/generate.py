"""Mix: a sixth is allowed by a rule; the others are denied, by a rule or by default."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def span(rng):
    low = rng.choice([22, 80, 443, 1024, 3306, 5432, 8000, 9000])
    return {"from": low, "to": low + rng.choice([0, 0, 99, 1000])}


def network(rng):
    return rng.choice(["0.0.0.0/0", f"10.{rng.randrange(4)}.0.0/16", f"192.168.{rng.randrange(8)}.0/24", f"172.{rng.choice([16, 20, 24])}.0.0/14"])


def data(_size):
    rng = random.Random("network data")
    rules = [
        {
            "name": f"rule-{i}",
            "priority": 100 + 10 * i,
            "direction": rng.choice(["in", "in", "out"]),
            "protocol": rng.choice(["tcp", "tcp", "udp", "*"]),
            "source": network(rng),
            "destination": network(rng),
            "ports": [span(rng) for _ in range(rng.randint(1, 2))],
            "action": rng.choice(["allow", "deny"]),
        }
        for i in range(60)
    ]
    return {"rules": rules}


def address(rng):
    return rng.choice([f"10.{rng.randrange(6)}.{rng.randrange(256)}.7", f"192.168.{rng.randrange(12)}.{rng.randrange(256)}", f"172.{rng.randrange(14, 30)}.3.4", f"8.8.{rng.randrange(9)}.8"])


def inputs(_size):
    rng = random.Random("network inputs")
    for _ in range(4096):
        yield {
            "direction": rng.choice(["in", "out"]),
            "protocol": rng.choice(["tcp", "udp"]),
            "source": address(rng),
            "destination": address(rng),
            "port": rng.choice([22, 80, 443, 1500, 3306, 5432, 5500, 8050, 9999, 25]),
        }


seeded.serve(None, data=data, inputs=inputs)
