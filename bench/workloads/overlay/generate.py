"""Mix: half of the overlays are the layers of an allowed container, in order."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def layers(i):
    rng = random.Random(f"overlay {i}")
    return [f"{rng.randrange(16**64):064x}" for _ in range(rng.randint(3, 8))]


def data(_size):
    return {
        "containers": [{"id": f"c{i}", "layers": layers(i), "allow_elevated": i % 3 == 0} for i in range(12)],
        "state": {"devices": {f"/run/layers/{i}-{j}": layer for i in range(12) for j, layer in enumerate(layers(i))}, "overlays": {"/run/old": ["x"]}},
    }


def inputs(_size):
    rng = random.Random("overlay inputs")
    for _ in range(2048):
        i = rng.randrange(12)
        paths = [f"/run/layers/{i}-{j}" for j in range(len(layers(i)))]
        kind = rng.random()
        if kind < 0.2:
            rng.shuffle(paths)
        elif kind < 0.35:
            paths[-1] = "/run/layers/unknown"
        yield {"target": "/run/old" if rng.random() < 0.1 else f"/run/c{rng.randrange(10000)}", "paths": paths}


seeded.serve(None, data=data, inputs=inputs)
