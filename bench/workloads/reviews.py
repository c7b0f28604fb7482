"""Admission reviews of pods with one to four containers, for the workloads that judge them."""

import random

LABELS = {"app": ["cart", "pay", "find"], "owner": ["ada.example", "bob.example", "nobody"], "tier": ["front", "back"], "cost-centre": ["cc-1000", "cc-2", "none"]}


def container(rng, i):
    made = {
        "name": f"{rng.choice(['web', 'side', 'init', 'log'])}-{i}",
        "image": f"{rng.choice(['registry.example/team/', 'registry.example/base/', 'docker.example/', 'ghcr.example/'])}app:{rng.randint(1, 9)}.{rng.randrange(9)}",
        "resources": {},
        "securityContext": {"capabilities": {}},
    }
    if rng.random() < 0.85:
        made["resources"]["limits"] = {
            "cpu": rng.choice(["100m", "250m", "500m", "1", "1500m", "4", 2]),
            "memory": rng.choice(["64Mi", "128Mi", "512Mi", "1Gi", "2G", "3Gi", 134217728]),
        }
        if rng.random() < 0.06:
            made["resources"]["limits"].pop(rng.choice(["cpu", "memory"]))
    if rng.random() < 0.5:
        made["securityContext"]["capabilities"]["add"] = rng.sample(["NET_BIND_SERVICE", "CHOWN", "KILL", "SYS_TIME", "NET_RAW"], rng.randint(1, 2))
    if rng.random() < 0.7:
        made["securityContext"]["capabilities"]["drop"] = ["ALL"] if rng.random() < 0.7 else ["NET_RAW"]
    return made


def review(rng):
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"pod-{rng.randrange(10000)}",
            "namespace": rng.choice(["shop", "billing", "search", "default"]),
            "labels": {key: rng.choice(values) for key, values in LABELS.items() if rng.random() < 0.85},
        },
        "spec": {
            "serviceAccountName": "runner",
            "containers": [container(rng, i) for i in range(rng.choice([1, 1, 2, 3]))],
            "initContainers": [container(rng, 9)] if rng.random() < 0.2 else [],
        },
    }
    return {"kind": {"group": "", "kind": "Pod", "version": "v1"}, "operation": rng.choice(["CREATE", "UPDATE"]), "userInfo": {"username": "ada", "groups": ["dev"]}, "object": pod}


def inputs(parameters):
    rng = random.Random("admission constraints")
    for _ in range(4096):
        yield {"review": review(rng), "parameters": parameters}
