"""How the cost of one evaluation grows with rules and rows, and how threads share a program."""

import math
import os

from . import rounds, workloads

LONGEST = 120  # seconds for one size
THREADED = ["rbac", "gateway", "rbac_large", "sum", "admit_limits"]
SCALES = 1.95  # at least, from one thread to two


def exponent(points):
    """The slope of the regression line through the logarithms."""
    logs = [(math.log(size), math.log(ns)) for size, ns in points]
    if len(logs) < 2:
        return None
    mean_x = sum(x for x, _ in logs) / len(logs)
    mean_y = sum(y for _, y in logs) / len(logs)
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)


def slope_rows(engines, options, cpu):
    """For each workload with a slope: ns for one evaluation at each size, and the exponent (0: the size costs nothing,
    1: twice the size costs twice as much)."""
    rows = []
    print("\nslopes: ns for one evaluation, parsed; at the end the exponent and, for lists, ns for one row at the largest size")
    for base in workloads.find_bases():
        if not base.slope or (options.family and base.family not in options.family):
            continue
        if options.workload and base.name not in options.workload:
            continue
        for engine in engines.values():
            points = []
            for size in base.slope:
                folder = workloads.make(base.of_size(size))
                line, reason = rounds.run(engine, folder, cpu, "--seconds", options.seconds, limit=LONGEST)
                if not line:
                    print(f"  {base.name} {engine.name} {size}: {reason[:120]}", flush=True)
                    break
                points.append((size, line["ns_per_eval"]))
            fitted = exponent(points)
            text = "  ".join(f"{size:,}: {ns:,.0f}" for size, ns in points)
            tail = f"  exponent {fitted:.2f}" if fitted is not None else ""
            if points and base.family != "index":
                tail += f", {points[-1][1] / points[-1][0]:.1f} ns a row"
            print(f"  {base.name:<16}{engine.name:<10}{text}{tail}", flush=True)
            rows.append({"workload": base.name, "engine": engine.name, "points": points, "exponent": fitted})
    return rows


def thread_rows(writ, options):
    """Evaluations a second of one session a thread over one program, not pinned."""
    rows = []
    cores = len(os.sched_getaffinity(0))
    print(f"\nthreads: sessions on one shared program, {cores} cores; from one to two at least {SCALES}x")
    print("  by the wall: evaluations a second against one thread; by CPU time: what one evaluation costs more, which other programs do not disturb")
    found = {work.name: work for work in workloads.find()}
    for name in THREADED:
        folder = workloads.make(found[name])
        figures = {}
        for _ in range(options.rounds):
            for threads in [n for n in (1, 2, 4, 8, 16) if n <= cores]:
                line, reason = rounds.run(writ, folder, None, "--seconds", max(1.0, options.seconds), "--threads", threads)
                if not line:
                    print(f"  {name}: {reason}")
                    return rows
                figures.setdefault(threads, []).append(line)
        # The best of the rounds: other programs only ever take away.
        wall = {n: min(line["wall_ns_per_eval"] for line in lines) for n, lines in figures.items()}
        cpu = {n: min(line["ns_per_eval"] for line in lines) for n, lines in figures.items()}
        text = "  ".join(
            f"{n} threads: {wall[1] / wall[n]:.2f}x{'!' if n == 2 and wall[1] / wall[n] < SCALES else ''} by the wall, "
            f"{n * cpu[1] / cpu[n]:.2f}x by CPU time"
            for n in wall if n > 1
        )
        print(f"  {name:<16}{1e9 / wall[1]:>12,.0f}/s  {text}", flush=True)
        rows.append({"workload": name, "wall_ns": wall, "cpu_ns": cpu})
    return rows
