"""Running runners: answers compared, then timed in turns."""

import json
import math
import shutil
import statistics
import subprocess

from .engines import pinned

WRONG, FAILED, STANDS_BY = "other answers", "failed", "stands by"


def run(engine, folder, cpu, *options, limit=None):
    """One run of a runner: its line as a dictionary, and None or the reason why there is none."""
    command = [*engine.command, str(folder), *map(str, options)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, preexec_fn=pinned(cpu), timeout=limit)
    except subprocess.TimeoutExpired:
        return None, f"took more than {limit:g} s"
    if done.returncode != 0:
        return None, " ".join(done.stderr.split()) or f"status {done.returncode}"
    return json.loads(done.stdout), None


def says_yes(answer):
    """Whether an answer says something: not false, empty, 0 or "deny", nor an object that says no."""
    if isinstance(answer, dict):
        return bool(answer) and False not in (answer.get("allow"), answer.get("allowed")) and answer.get("action") != "deny"
    return bool(answer) and answer != "deny"


def share_of_hits(answers):
    lines = answers.read_text().splitlines()
    return sum(line != "undefined" and says_yes(json.loads(line)) for line in lines) / len(lines)


def compare_answers(engines, folder, cpu, limit):
    """The share of hits, and for each engine None or why it is not timed. OPA judges where it runs. An engine that stands
    in for another is asked only where that gives no answers or others."""
    digests, reasons, hits = {}, {}, None
    for name, engine in sorted(engines.items(), key=lambda item: bool(item[1].stands_in_for)):
        judge = digests.get("opa") or next(iter(digests.values()), None)
        if judge and digests.get(engine.stands_in_for) == judge:
            reasons[name] = STANDS_BY
            continue
        answers = folder / f"answers.{name}"
        line, reason = run(engine, folder, cpu, "--mode", "json", "--seconds", 0, "--check", "--answers", answers, limit=limit)
        reasons[name] = reason and f"{FAILED}: {reason}"
        if line:
            digests[name] = line["digest"]
            if hits is None or name == "opa":
                hits = share_of_hits(answers)
    judge = digests.get("opa") or next(iter(digests.values()), None)
    for name, digest in digests.items():
        if digest != judge:
            reasons[name] = WRONG
    return hits, reasons


def timed(engines, folder, mode, options, cpu):
    """The runs of each engine, taken in turns."""
    runs = {name: [] for name in engines}
    for _ in range(options.rounds):
        for name, engine in engines.items():
            line, _reason = run(engine, folder, cpu, "--mode", mode, "--seconds", options.seconds)
            if line:
                runs[name].append(line)
    return {name: lines for name, lines in runs.items() if lines}


def median(lines, field="ns_per_eval"):
    return statistics.median(line[field] for line in lines)


def spread(lines):
    figures = [line["ns_per_eval"] for line in lines]
    return (max(figures) - min(figures)) / statistics.median(figures)


def geometric_mean(figures):
    return math.exp(sum(map(math.log, figures)) / len(figures)) if figures else None


class Instructions:
    """Instructions for one evaluation, by perf or callgrind, where either works."""

    MOST = 2000  # evaluations under callgrind, which is some fifty times slower
    BUDGET = 2e7  # nanoseconds that these would take without it
    SMOOTH = 20000  # evaluations under perf, whose figures vary a little

    def __init__(self, engine):
        self.engine, self.count, self.tried = engine, None, False

    def usable(self, folder, mode):
        """Why instructions cannot be counted here, or None."""
        self.tried = True
        for tool, count in (("perf", self._perf), ("valgrind", self._callgrind)):
            if shutil.which(tool) and count(folder, mode, 1e4) is not None:
                self.count = count
                return None
        return "neither perf nor callgrind counts instructions of writ-bench here"

    def of(self, folder, mode, ns):
        return self.count and self.count(folder, mode, ns)

    def _run(self, tool, folder, mode, evals):
        command = [*tool, *self.engine.command, str(folder), "--mode", mode, "--seconds", "0", "--evals", str(evals)]
        return subprocess.run(command, capture_output=True, text=True)

    def _perf(self, folder, mode, ns):
        totals = []
        few = max(1, min(self.SMOOTH, int(1e9 / ns)))
        for evals in (few, 3 * few):
            done = self._run(["perf", "stat", "-x,", "-e", "instructions:u"], folder, mode, evals)
            figure = done.stderr.strip().splitlines()[-1].split(",")[0] if done.stderr.strip() else ""
            if done.returncode != 0 or not figure.isdigit():
                return None
            totals.append(int(figure))
        return (totals[1] - totals[0]) / (2 * few)

    def _callgrind(self, folder, mode, ns):
        tool = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=bench_repeat"]
        evals = max(1, min(self.MOST, int(self.BUDGET / ns)))
        done = self._run(tool, folder, mode, evals)
        for line in done.stderr.splitlines() if done.returncode == 0 else []:
            if "Collected :" in line:
                total = int(line.split(":")[1])
                return total / evals if total else None
        return None
