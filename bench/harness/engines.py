"""The engines and how their runners are built. A runner keeps the protocol of bench/README.md."""

import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILT = TOP / "build" / "bench"
OPA_VERSION = "1.22.0"


@dataclasses.dataclass
class Engine:
    name: str
    command: list  # the runner and the arguments that come first
    stands_in_for: str | None = None  # it runs only what that engine cannot


def say(text):
    print(f"bench/run: {text}", file=sys.stderr, flush=True)


def fail(text):
    sys.exit(f"bench/run: {text}")


def pinned(cpu):
    """For subprocess: run on that core alone; on all of them with None."""
    return None if cpu is None else (lambda: os.sched_setaffinity(0, {cpu}))


def build_writ():
    """The folder with writ-bench and writ."""
    environment = dict(os.environ, BUILD_TARGETS="writ-bench writ")
    if subprocess.run([TOP / "scripts" / "build", "release"], env=environment).returncode != 0:
        fail("writ-bench does not build")
    return TOP / "build" / "release"


def build_opa():
    if shutil.which("go") is None:
        say("Go is not installed: OPA is left out")
        return None
    binary = BUILT / "bench-opa"
    built = subprocess.run(["go", "build", "-o", binary, "."], cwd=TOP / "bench" / "peers" / "opa")
    if built.returncode != 0:
        say("bench/peers/opa does not build: OPA is left out")
        return None
    return binary


def build_regorus():
    if shutil.which("cargo") is None:
        say("cargo is not installed: regorus is left out")
        return None
    target = BUILT / "regorus"
    if not (target / "release" / "bench-regorus").exists():
        say("building regorus, which takes some minutes")
    built = subprocess.run(
        ["cargo", "build", "--release", "--quiet", "--locked", "--target-dir", target],
        cwd=TOP / "bench" / "peers" / "regorus",
    )
    if built.returncode != 0:
        say("bench/peers/regorus does not build: regorus is left out")
        return None
    return target / "release" / "bench-regorus"


def opa_command():
    """The `opa` of the peers' version: from the path, or built by Go. None without either."""
    for candidate in [shutil.which("opa"), BUILT / "opa", pathlib.Path.home() / "go" / "bin" / "opa"]:
        if candidate and pathlib.Path(candidate).exists():
            said = subprocess.run([candidate, "version"], capture_output=True, text=True).stdout
            if f"Version: {OPA_VERSION}\n" in said:
                return pathlib.Path(candidate)
    if shutil.which("go") is None:
        say(f"no opa {OPA_VERSION} and no Go: its commands are left out")
        return None
    say("building the opa command")
    environment = dict(os.environ, GOBIN=str(BUILT))
    package = f"github.com/open-policy-agent/opa@v{OPA_VERSION}"
    if subprocess.run(["go", "install", package], env=environment).returncode != 0:
        say("opa does not build: its commands are left out")
        return None
    return BUILT / "opa"


def all_engines(wanted, writ=None, writ_too=None):
    """The engines that were asked for and can run, by name; writ comes first."""
    BUILT.mkdir(parents=True, exist_ok=True)
    engines = {}

    def add(name, *command):
        engines[name] = Engine(name, [str(part) for part in command])

    if "writ" in wanted:
        add("writ", writ or build_writ() / "writ-bench")
    if writ_too:
        add("writ-too", writ_too)
    if "opa" in wanted:
        opa = build_opa()
        if opa:
            add("opa", opa)
    if "regorus" in wanted or "regorus-interp" in wanted:
        regorus = build_regorus()
        if regorus and "regorus" in wanted:
            add("regorus", regorus)
        if regorus and "regorus-interp" in wanted:
            add("regorus-interp", regorus, "--interpreter")
            engines["regorus-interp"].stands_in_for = "regorus" if "regorus" in wanted else None
    return engines
