"""Every request has forty nodes with about a dozen pods each; one in ten fits nowhere."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

def node(rng, i):
    return {
        "name": f"node{i}",
        "cpu": rng.choice([4000, 8000, 16000]),
        "memory": rng.choice([16, 32, 64]),
        "labels": {"zone": rng.choice("abc"), "disk": rng.choice(["ssd", "hdd"])},
        "taints": rng.sample(["gpu", "spot", "old"], rng.choice([0, 0, 1, 2])),
    }


def inputs(_size):
    rng = random.Random("scheduler")
    for _ in range(64):
        nodes = [node(rng, i) for i in range(40)]
        pods = [{"node": f"node{rng.randrange(40)}", "app": rng.choice(["cart", "pay", "find"]), "cpu": rng.choice([250, 500, 1000]), "memory": rng.choice([1, 2, 4])} for _ in range(300)]
        pod = {"app": rng.choice(["cart", "pay", "find"]), "cpu": rng.choice([500, 1000, 2000]), "memory": rng.choice([2, 4, 20]), "selector": {"disk": "ssd"} if rng.random() < 0.5 else {}, "tolerations": rng.sample(["gpu", "spot", "old"], rng.randint(0, 2))}
        if rng.random() < 0.1:
            pod["cpu"] = 90000
        yield {"nodes": nodes, "pods": pods, "pod": pod}


seeded.serve(None, inputs=inputs)
