"""Mix: half are what one of the eight allowed containers says; the others differ in one thing or two."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import random

import seeded

SHAPES = 8


def allowed(i):
    rng = random.Random(f"containers {i}")
    return {
        "id": f"c{i}",
        "command": ["/bin/server", "--port", str(8000 + i), rng.choice(["--quiet", "--verbose"])],
        "env": [
            {"kind": "string", "pattern": f"MODE=shape{i}", "required": True},
            {"kind": "string", "pattern": "PATH=/usr/local/bin:/usr/bin:/bin", "required": True},
            {"kind": "regex", "pattern": "^REGION=[a-z]+-[0-9]$", "required": False},
            {"kind": "regex", "pattern": "^(HTTP|HTTPS)_PROXY=https?://[a-z0-9.]+(:[0-9]+)?$", "required": False},
            {"kind": "regex", "pattern": "^POD_[A-Z_]+=.*$", "required": False},
        ],
        "layers": [f"{rng.randrange(16**32):032x}" for _ in range(rng.randint(3, 6))],
        "working_dir": rng.choice(["/", "/app"]),
        "mounts": [
            {"source": "sandbox:///tmp/shared/.+", "destination": "/shared", "options": ["rbind", "rshared", "rw"]},
            {"source": "sandbox:///hostname", "destination": "/etc/hostname", "options": ["rbind", "ro"]},
            {"source": f"plan://shape{i}/[a-z0-9-]+", "destination": "/data", "options": ["rbind", "rw"]},
        ],
        "capabilities": rng.sample(["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_SETGID", "CAP_NET_BIND_SERVICE", "CAP_FOWNER"], 4),
        "user": rng.choice([0, 1000, 65534]),
        "privileged": False,
        "signals": [9, 15],
    }


def data(_size):
    return {"containers": [allowed(i) for i in range(SHAPES)], "state": {"started": ["c-old-1", "c-old-2"], "overlays": {f"o{i}": allowed(i)["layers"] for i in range(SHAPES)}}}


def asked(rng):
    i = rng.randrange(SHAPES)
    shape = allowed(i)
    request = {
        "name": f"run-{rng.randrange(10000)}",
        "overlay": f"o{i}",
        "command": list(shape["command"]),
        "env": [f"MODE=shape{i}", "PATH=/usr/local/bin:/usr/bin:/bin", f"REGION={rng.choice(['north', 'west'])}-{rng.randrange(9)}", f"POD_NAME=pod-{rng.randrange(999)}"],
        "working_dir": shape["working_dir"],
        "mounts": [
            {"source": f"sandbox:///tmp/shared/{rng.randrange(999)}", "destination": "/shared", "options": ["rbind", "rshared", "rw"]},
            {"source": "sandbox:///hostname", "destination": "/etc/hostname", "options": ["rbind", "ro"]},
            {"source": f"plan://shape{i}/vol-{rng.randrange(99)}", "destination": "/data", "options": ["rbind", "rw"]},
        ],
        "capabilities": rng.sample(shape["capabilities"], rng.randint(1, 4)),
        "user": shape["user"],
        "privileged": False,
    }
    if rng.random() < 0.3:
        request["env"].append("HTTPS_PROXY=http://proxy.example:3128")
    for _ in range(rng.choice([0, 0, 0, 1, 1, 2])):
        spoil(rng, request)
    return request


def spoil(rng, request):
    kind = rng.randrange(8)
    if kind == 0:
        request["command"].append("--shell")
    elif kind == 1:
        request["env"].append("LD_PRELOAD=/tmp/x.so")
    elif kind == 2:
        request["mounts"].append({"source": "/etc", "destination": "/host", "options": ["rbind", "rw"]})
    elif kind == 3:
        request["capabilities"].append("CAP_SYS_ADMIN")
    elif kind == 4:
        request["privileged"] = True
    elif kind == 5:
        request["overlay"] = "o99"
    elif kind == 6:
        request["name"] = "c-old-1"
    else:
        request["working_dir"] = "/root"


def inputs(_size):
    rng = random.Random("containers inputs")
    for _ in range(1024):
        yield asked(rng)


seeded.serve(None, data=data, inputs=inputs)
