"""Mix: about half fit one of the six templates."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

TEMPLATES = 6


def template(i):
    rng = random.Random(f"agent {i}")
    return {
        "path": f"/usr/bin/app{i}",
        "args": [f"/usr/bin/app{i}"] + [f"--opt{j}={rng.choice(['[a-z]+', '[0-9]{1,4}', 'fixed'])}" for j in range(12)],
        "env": [f"^{name}=.*$" if rng.random() < 0.5 else f"^{name}=v{j}$" for j, name in enumerate(f"VAR_{j}" for j in range(25))],
        "mounts": {f"/mnt/{j}": rng.choice(["ro", "rw"]) for j in range(6)},
        "namespaces": ["ipc", "mount", "uts"],
    }


def data(_size):
    return {"templates": [template(i) for i in range(TEMPLATES)]}


def argument(rng, pattern):
    return pattern.replace("[a-z]+", rng.choice(["abc", "x"])).replace("[0-9]{1,4}", str(rng.randrange(9999)))


def inputs(_size):
    rng = random.Random("agent inputs")
    for _ in range(1024):
        chosen = template(rng.randrange(TEMPLATES))
        asked = {
            "path": chosen["path"],
            "args": [argument(rng, pattern) for pattern in chosen["args"]],
            "env": [f"VAR_{j}=v{j}" for j in range(25) if rng.random() < 0.8],
            "mounts": [{"at": at, "mode": mode} for at, mode in chosen["mounts"].items()],
            "namespaces": chosen["namespaces"],
        }
        kind = rng.randrange(8)
        if kind == 0:
            asked["args"][5] = "--evil"
        elif kind == 1:
            asked["env"].append("LD_PRELOAD=/x.so")
        elif kind == 2:
            asked["mounts"][0]["mode"] = "rwx"
        elif kind == 3:
            asked["namespaces"] = ["ipc"]
        yield asked


seeded.serve(None, data=data, inputs=inputs)
