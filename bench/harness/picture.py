"""A picture of a run: for each workload the best peer's time over ours, on a logarithmic scale."""

import html
import math

from .families import FAMILIES, family

LEFT, WIDTH, LINE, HEAD = 190, 620, 12, 26
MOST = 1000  # the right edge
COLOURS = {"parsed": "#2f6f4f", "json": "#8fc3a5", "below": "#c0503a"}


def _x(ratio):
    bounded = min(max(ratio, 0.1), MOST)
    return LEFT + WIDTH * (math.log10(bounded) + 1) / (math.log10(MOST) + 1)


def _text(x, y, text, size=10, anchor="start", weight="normal"):
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}">{html.escape(text)}</text>'


def _bars(workload, pair, y):
    """The bars of one workload: parsed above json."""
    parts = [_text(LEFT - 6, y + 9, workload, anchor="end")]
    for mode in ("parsed", "json"):
        row = pair.get(mode)
        if not row or not row["ratio"]:
            continue
        low = row["least"] and row["ratio"] < row["least"]
        left, right = sorted((_x(1), _x(row["ratio"])))
        top = y if mode == "parsed" else y + 5
        parts.append(f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(right - left, 1):.1f}" height="5" fill="{COLOURS["below" if low else mode]}"/>')
        if mode == "parsed":
            parts.append(_text(max(right, _x(1)) + 4, y + 9, f"{row['ratio']:.1f}x {row['best_peer']}", size=8))
        if mode == "parsed" and row["least"]:
            parts.append(f'<rect x="{_x(row["least"]):.1f}" y="{y - 1:.1f}" width="1" height="12" fill="#000"/>')
    return parts


def draw(rows):
    by_family = {}
    for row in rows:
        by_family.setdefault(row["family"], {}).setdefault(row["workload"], {})[row["mode"]] = row
    parts, y = [], 50
    for name in [name for name in FAMILIES if name in by_family]:
        parts.append(_text(10, y + 8, f"{name}: {family(name).title}", size=11, weight="bold"))
        y += HEAD - 8
        for workload, pair in by_family[name].items():
            parts += _bars(workload, pair, y)
            y += LINE
        y += HEAD - 14
    grid = []
    for ratio in (0.1, 1, 10, 100, MOST):
        grid.append(f'<line x1="{_x(ratio):.1f}" y1="40" x2="{_x(ratio):.1f}" y2="{y}" stroke="#ccc"/>')
        grid.append(_text(_x(ratio), 36, f"{ratio:g}x", anchor="middle"))
    head = _text(10, 16, "Time of the best peer with the same answers over writ's", size=13, weight="bold")
    key = _text(LEFT + 300, 16, "dark: parsed input; light: JSON in and out; red: below what is asked for (black tick)")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 110}" height="{y + 10}" font-family="sans-serif">'
        f'<rect width="100%" height="100%" fill="#fff"/>{head}{key}{"".join(grid)}{"".join(parts)}</svg>\n'
    )
