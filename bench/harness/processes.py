"""Whole processes: what compiling, starting and loading take."""

import json
import os
import shutil
import statistics
import tempfile
import time

from . import modules, rounds, workloads
from .engines import BUILT, fail, say

START_RUNS = 20
LOAD_BYTES = 100_000_000
FOLLOWS = {  # the least ratio of OPA's time to ours, by row
    "check": 15,
    "test": 15,
}
START_MOST = {"trivial": 1.5, "acl-1000": 4}  # milliseconds of ours
LOAD_LEAST, LOAD_MOST = 600, 1.3  # MB/s; resident memory over the text's size


class Pinned:
    """This process and those it starts, on one core. Starting is then as cheap as it can be: nothing runs between fork
    and exec."""

    def __init__(self, cpu):
        self.cpu = cpu

    def __enter__(self):
        self.before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {self.cpu})

    def __exit__(self, *_):
        os.sched_setaffinity(0, self.before)


def spawn(command, out=os.devnull):
    """CPU and wall milliseconds of a process from before its start to its end; fails if it does."""
    command = list(map(str, command))
    actions = [
        (os.POSIX_SPAWN_OPEN, 1, str(out), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    begun = time.perf_counter_ns()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _pid, status, usage = os.wait4(pid, 0)
    wall = (time.perf_counter_ns() - begun) / 1e6
    if status != 0:
        fail(f"{' '.join(command)}: status {os.waitstatus_to_exitcode(status)}")
    return (usage.ru_utime + usage.ru_stime) * 1e3, wall


def said(command):
    """The last line that a command prints."""
    with tempfile.NamedTemporaryFile() as out:
        spawn(command, out.name)
        lines = out.read().decode().strip().splitlines()
    return lines[-1] if lines else ""


def before_of(baseline, part, name):
    return baseline.get(part, {}).get(name)


def show(label, ours, peer, unit, mark, before):
    text = f"  {label:<34}{ours:>10.2f}{'-' if peer is None else format(peer, '.2f'):>12} {unit}"
    text += f"{'-' if peer is None else format(peer / ours, '.1f') + 'x':>9}{mark}"
    print(text + (f"  baseline {before / ours:.2f}x" if before else ""), flush=True)


def compile_rows(writ, opa, cpu, count, baseline):
    """`check` and `test` of both, CPU time of the whole process, in turns."""
    rows = []
    cases = [
        ("check: 1,000 rules", "check", modules.rules(1000)),
        ("check: 10,000 rules", "check", modules.rules(10000)),
        ("check: a tree of 1,000 files", "check", modules.tree()),
        ("test: 1,000 files of 10 tests", "test", modules.suite()),
    ]
    print(f"\ncompile: CPU milliseconds of the whole process, median of {count}; at least 15x\n  {'':<34}{'writ':>10}{'opa':>12}")
    with Pinned(cpu):
        for label, verb, path in cases:
            commands = {"writ": [writ, verb, path]} | ({"opa": [opa, verb, path]} if opa else {})
            answers = {name: said(command) for name, command in commands.items()}
            if len(set(answers.values())) != 1:
                say(f"{label}: the answers differ: {answers}")
            times = {name: [] for name in commands}
            for _ in range(count):
                for name, command in commands.items():
                    times[name].append(spawn(command)[0])
            ms = {name: statistics.median(figures) for name, figures in times.items()}
            ratio = ms["opa"] / ms["writ"] if opa else None
            mark = "!" if ratio and ratio < FOLLOWS[verb] else " "
            show(label, ms["writ"], ms.get("opa"), "ms", mark, before_of(baseline, "compile", label))
            rows.append({"name": label, "ms": ms, "ratio": ratio, "least": FOLLOWS[verb], "runs": times})
    return rows


def one_input(work):
    """A copy of a workload with its first input only."""
    made, folder = workloads.make(work), BUILT / "start" / work.name
    folder.mkdir(parents=True, exist_ok=True)
    described = json.loads((made / "workload.json").read_text())
    for file in ["workload.json", *described["modules"], *filter(None, [described["data"]])]:
        shutil.copyfile(made / file, folder / file)
    line = (made / described["inputs"]).read_text().split("\n", 1)[0]
    (folder / described["inputs"]).write_text(line + "\n")
    (folder / "input.json").write_text(line + "\n")
    return folder, described


def start_rows(engines, writ, opa, cpu, baseline):
    """From before the process to after it: the runner with one input, and the `eval` commands."""
    rows = []
    found = {work.name: work for work in workloads.find()}
    print(f"\nstart: wall milliseconds from start to end of a process with one decision (CPU milliseconds in brackets), median of {START_RUNS}")
    with Pinned(cpu):
        for name, most in START_MOST.items():
            folder, described = one_input(found[name])
            commands = {engine.name: [*engine.command, folder, "--mode", "json", "--seconds", "0", "--check"] for engine in engines.values()}
            asked = ["-d", folder / "policy.rego", "-i", folder / "input.json", described["entrypoint"]]
            commands["writ eval"] = [writ, "eval", *asked]
            if opa:
                commands["opa eval"] = [opa, "eval", *asked]
            times = {key: [] for key in commands}
            for _ in range(START_RUNS):
                for key, command in commands.items():
                    times[key].append(spawn(command))
            ms = {key: statistics.median(wall for _cpu, wall in figures) for key, figures in times.items()}
            cpu_ms = {key: statistics.median(used for used, _wall in figures) for key, figures in times.items()}
            late = ms.get("writ", 0) > most
            before = before_of(baseline, "start", name)
            print(f"  {name:<12}" + ", ".join(f"{key} {figure:.2f} ({cpu_ms[key]:.2f})" for key, figure in ms.items())
                  + f"; at most {most:g} for writ{'!' if late else ''}"
                  + (f"; baseline {before / ms['writ']:.2f}x" if before and "writ" in ms else ""), flush=True)
            rows.append({"name": name, "ms": ms, "cpu_ms": cpu_ms, "most": most, "runs": times})
    return rows


def load_rows(engines, cpu, baseline):
    """Loading a large base document: megabytes a second, and resident memory over the size of the text."""
    rows = []
    print("\nload: a base document of 100 MB; at least 600 MB/s, at most 1.3 bytes resident for one of text")
    found = {work.source.name: work for work in workloads.find(hidden=True)}
    folder = workloads.make(found["load"])
    empty = workloads.make(found["trivial"])
    size = (folder / "data.json").stat().st_size
    for engine in engines.values():
        if engine.stands_in_for:
            continue
        line, reason = rounds.run(engine, folder, cpu, "--mode", "json", "--seconds", 0, "--check", limit=300)
        base, _reason = rounds.run(engine, empty, cpu, "--mode", "json", "--seconds", 0)
        if not line or not base:
            say(f"load: {engine.name}: {reason}")
            continue
        rate = size / 1e6 / (line["prepare_ms"] / 1e3)
        resident = (line["ready_rss_kb"] - base["ready_rss_kb"]) * 1024 / size
        peak = (line["rss_kb"] - base["ready_rss_kb"]) * 1024 / size
        ours = engine.name == "writ"
        marks = ("!" if ours and rate < LOAD_LEAST else " ", "!" if ours and resident > LOAD_MOST else " ")
        before = before_of(baseline, "load", engine.name)
        print(f"  {engine.name:<16}{rate:>8.0f} MB/s{marks[0]} resident {resident:>5.2f}{marks[1]} peak {peak:>5.2f}"
              + (f"  baseline {rate / before:.2f}x" if before else ""), flush=True)
        rows.append({"name": engine.name, "mb_per_s": rate, "resident": resident, "peak": peak, "digest": line["digest"]})
    if len({row["digest"] for row in rows}) > 1:
        say("load: the answers differ")
    return rows
