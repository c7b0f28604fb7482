"""The table of evaluations: one a family and mode, a row a workload."""

from . import rounds
from .families import FAMILIES, family

OURS = ("writ", "writ-too")
SHORT = {rounds.WRONG: "differs", rounds.STANDS_BY: "-"}


def figure(number, width=11):
    """Nanoseconds with separators; a dash for none."""
    return f"{'-' if number is None else format(number, ',.0f'):>{width}}"


def make_row(work, mode, hits, reasons, runs, instructions, baseline):
    medians = {name: rounds.median(lines) for name, lines in runs.items()}
    peers = {name: ns for name, ns in medians.items() if name not in OURS}
    best = min(peers, key=peers.get) if peers else None
    ours = medians.get("writ")
    row = {
        "workload": work.name,
        "title": work.title,
        "family": work.family,
        "mode": mode,
        "hits": hits,
        "ns": medians,
        "spread": max(map(rounds.spread, runs.values()), default=None),
        "not_timed": {name: reason for name, reason in reasons.items() if reason},
        "best_peer": best,
        "ratio": peers[best] / ours if best and ours else None,
        "least": getattr(family(work.family), mode),
        "instructions": instructions,
        "runs": {name: [line["ns_per_eval"] for line in lines] for name, lines in runs.items()},
    }
    if "writ" in runs:
        allocs = rounds.median(runs["writ"], "allocs_per_eval")
        row["allocs"] = None if allocs < 0 else allocs
        before = baseline.get((work.name, mode))
        row["against_baseline"] = before / ours if before else None
    return row


def below(row):
    return bool(row["least"] and row["ratio"] and row["ratio"] < row["least"])


class Table:
    """Prints as rows come. A row is a dictionary of make_row."""

    def __init__(self, engines, options, baseline):
        self.names = list(engines)
        self.baseline = bool(baseline)
        self.options = options
        self.rows = []

    def head(self, name, mode):
        kind = family(name)
        least = getattr(kind, mode)
        print(f"\n{name}, {mode}: {kind.title}" + (f"; at least {least:g}x" if least else ""))
        text = f"  {'workload':<20}{'hits':>5}" + "".join(f"{engine:>{self._width(engine)}}" for engine in self.names)
        text += f"{'x best':>10} {'peer':<15}{'allocs':>9}{'instr.':>13}"
        print(text + (f"{'baseline':>10}" if self.baseline else "") + f"{'spread':>8}")

    @staticmethod
    def _width(engine):
        return max(13, len(engine) + 2)

    def add(self, row):
        self.rows.append(row)
        hits = "-" if row["hits"] is None else f"{row['hits'] * 100:.0f}%"
        text = f"  {row['workload']:<20}{hits:>5}"
        for engine in self.names:
            reason = row["not_timed"].get(engine)
            width = self._width(engine)
            if reason:
                text += f"{SHORT.get(reason, 'no'):>{width}}"
            else:
                text += figure(row["ns"].get(engine), width)
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.1f}x"
        text += f"{ratio + ('!' if below(row) else ' '):>10} {row['best_peer'] or '-':<15}"
        allocs = row.get("allocs")
        text += f"{'n/a' if allocs is None else format(allocs, '.2f'):>9}"
        text += f"{'n/a' if row['instructions'] is None else format(row['instructions'], ',.0f'):>13}"
        if self.baseline:
            change = row.get("against_baseline")
            text += f"{'-' if change is None else format(change, '.2f') + 'x':>10}"
        print(text + f"{(row['spread'] or 0) * 100:>7.0f}%", flush=True)

    def means(self):
        """The geometric mean of the ratios, by mode and family; and of the change against the baseline."""
        means = {}
        for row in self.rows:
            place = means.setdefault(row["mode"], {}).setdefault(row["family"], {"ratios": [], "changes": []})
            if row["ratio"]:
                place["ratios"].append(row["ratio"])
            if row.get("against_baseline"):
                place["changes"].append(row["against_baseline"])
        return {
            mode: {
                name: {
                    "ratio": rounds.geometric_mean(place["ratios"]),
                    "against_baseline": rounds.geometric_mean(place["changes"]),
                    "rows": len(place["ratios"]),
                }
                for name, place in sorted(families.items(), key=lambda item: list(FAMILIES).index(item[0]))
            }
            for mode, families in means.items()
        }

    def family_mean(self, name, mode):
        ratios = [row["ratio"] for row in self.rows if (row["family"], row["mode"]) == (name, mode) and row["ratio"]]
        mean = rounds.geometric_mean(ratios)
        if mean:
            print(f"  {'geometric mean':<20}{mean:>{5 + sum(map(self._width, self.names)) + 9}.1f}x", flush=True)

    def end(self):
        """The summary: means, rows that are behind, and why engines were left out."""
        print("\ngeometric means of the ratio to the best peer")
        for mode, families in self.means().items():
            for name, mean in families.items():
                ratio, change = mean["ratio"], mean["against_baseline"]
                text = f"{ratio:>8.1f}x  over {mean['rows']} rows" if ratio else f"{'-':>9}"
                text += f", {change:.2f}x against the baseline" if change else ""
                print(f"  {mode:<8}{name:<10}{text}")
        behind = [row for row in self.rows if below(row)]
        print(f"\n{len(behind)} rows below what is asked for (marked !)")
        for row in behind:
            print(f"  {row['workload']:<20}{row['mode']:<8}{row['ratio']:>7.1f}x of {row['least']:g}x, {row['best_peer']}")
        making = {row["workload"]: row["allocs"] for row in self.rows if (row.get("allocs") or 0) >= 0.005}
        if making:
            print("\nallocator calls for one evaluation: " + ", ".join(f"{name} {calls:.2f}" for name, calls in making.items()))
        reasons = {}
        for row in self.rows:
            for engine, reason in row["not_timed"].items():
                if reason == rounds.STANDS_BY:
                    continue
                reasons.setdefault((row["workload"], engine), reason)
        if reasons:
            print("\nnot timed")
            for (name, engine), reason in reasons.items():
                print(f"  {name:<20}{engine:<16}{reason[:150]}")
