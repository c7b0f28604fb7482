"""Rows of six fields, for the workloads that iterate."""

import random


def inputs(size):
    rng = random.Random(f"loops {size}")
    for _ in range(16 if size <= 10000 else 1):
        rows = [
            {
                "id": f"n{i}",
                "owner": f"team-{rng.randrange(40)}",
                "state": rng.choice(["open", "open", "held", "done"]),
                "amount": rng.randrange(1000),
                "port": rng.randint(1, 60),
                "tags": rng.sample(["red", "green", "blue", "black", "white"], rng.randint(0, 3)),
            }
            for i in range(size)
        ]
        yield {"rows": rows, "floor": rng.randrange(100, 900)}
