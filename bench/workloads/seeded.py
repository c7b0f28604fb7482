"""Writes the files of one workload, the same on every run.

A generator that makes only inputs calls `write`: 4,096 JSON documents, one a line. One that makes other files too
calls `serve` and is run as `generate.py FILE [SIZE]`.
"""

import json
import random
import sys

COUNT = 4096


def write(name, one):
    """Calls one(rng) for every input and writes to standard output."""
    rng = random.Random(name)
    for _ in range(COUNT):
        sys.stdout.write(compact(one(rng)) + "\n")


def serve(size, **makers):
    """Writes the file that was asked for. A maker's name is the file's up to its dot; it takes the size (that of the
    command line, else the default) and gives a text, a document, or a generator of documents, one a line."""
    name = sys.argv[1] if len(sys.argv) > 1 else "inputs.jsonl"
    made = makers[name.split(".")[0]](int(sys.argv[2]) if len(sys.argv) > 2 else size)
    if isinstance(made, str):
        sys.stdout.write(made)
    elif isinstance(made, (dict, list)):
        sys.stdout.write(compact(made) + "\n")
    else:
        for document in made:
            sys.stdout.write(compact(document) + "\n")


def compact(document):
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def weighted(rng, *pairs):
    """One of the values of (weight, value)."""
    return rng.choices([value for _, value in pairs], [weight for weight, _ in pairs])[0]
