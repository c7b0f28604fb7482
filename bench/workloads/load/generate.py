"""A document of 100 MB: accounts with names, amounts, flags and short lists, and a log of long texts."""

import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import seeded

BYTES = 100_000_000


def account(rng, i):
    return {
        "owner": f"{rng.choice(['Ada', 'Bob', 'Cleo', 'Dan', 'Eve'])} {rng.choice(['Ash', 'Birch', 'Cedar', 'Elm'])} {rng.randrange(10000)}",
        "branch": f"branch-{rng.randrange(400)}",
        "balance": rng.randrange(10**7) / 100,
        "opened": f"20{rng.randrange(10, 27)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        "active": rng.random() < 0.9,
        "limits": {"daily": rng.choice([500, 1000, 2500]), "single": rng.choice([100, 250]), "abroad": None},
        "tags": rng.sample(["vip", "joint", "audit", "young", "trust"], rng.randint(0, 3)),
        "last": [rng.randrange(-5000, 5000) for _ in range(rng.randint(0, 6))],
    }


def data(_size):
    """The text, piece by piece: the document would not be small as Python's objects."""
    rng = random.Random("load")
    written, i = 0, 0
    sys.stdout.write('{"accounts":{')
    while written < BYTES:
        piece = f'{"," if i else ""}"acct-{i:07}":{seeded.compact(account(rng, i))}'
        sys.stdout.write(piece)
        written += len(piece)
        i += 1
    notes = [f"note {j}: " + " ".join(rng.choices(["checked", "called", "left a message", "“quoted”", "naïve"], k=20)) for j in range(2000)]
    return '},"notes":' + seeded.compact(notes) + "}\n"


def inputs(_size):
    rng = random.Random("load inputs")
    for _ in range(64):
        yield {"account": f"acct-{rng.randrange(300000):07}"}


seeded.serve(None, data=data, inputs=inputs)
