"""The results as a picture: for each size and step a line with a mark for each generator, on a logarithmic scale.

SVG by hand: one picture for light and dark, marks that differ in form as well as in color, and no library of a hundred
megabytes for three hundred marks.
"""

from __future__ import annotations

import math
import statistics
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDTH, _LEFT, _RIGHT, _ROW, _HEAD = 860, 130, 24, 30, 46
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .faint { fill: #59636e } .title { font-weight: 600 }
rect.paper { fill: #fff } line { stroke: #d1d9e0 } .mark { stroke: #fff; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .faint { fill: #9198a1 } rect.paper { fill: #0d1117 } line { stroke: #3d444d }
.mark { stroke: #0d1117 } }
"""
# name: color (Okabe and Ito's, which differ for the color-blind), and a form within 6 of its middle
_MARKS = {
    "topicsite (commonmark)": ("#d55e00", "M-6 0A6 6 0 1 0 6 0A6 6 0 1 0-6 0Z"),
    "topicsite (markdown)": ("#e69f00", "M-6 0A6 6 0 1 0 6 0A6 6 0 1 0-6 0Z"),
    "Hugo": ("#0072b2", "M-5.5-5.5h11v11h-11Z"),
    "Eleventy": ("#009e73", "M0-7L6.5 5h-13Z"),
    "MkDocs": ("#56b4e9", "M0-7L7 0L0 7L-7 0Z"),
    "Pelican": ("#cc79a7", "M0 7L6.5-5h-13Z"),
}


def plot(results: list[dict[str, Any]]) -> str:
    """Return an SVG of the seconds of CPU that each step took."""
    values = [value for result in results for _, row in _rows(result) for _, value in row]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))

    def x(seconds: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (math.log10(seconds) - low) / (high - low)

    parts = list(_legend())
    top = 70
    for result in results:
        rows = list(_rows(result))
        parts.append(f'<text class="title" x="16" y="{top + 16}">{result["pages"]:,} articles</text>')
        bottom = top + _HEAD + _ROW * len(rows)
        for power in range(low, high + 1):
            at = x(10.0**power)
            parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{top + 26}" y2="{bottom - 8}"/>')
            label = f"{10.0**power:g} s"
            parts.append(f'<text class="faint" text-anchor="middle" x="{at:.1f}" y="{top + 20}">{label}</text>')
        for number, (step, row) in enumerate(rows):
            y = top + _HEAD + _ROW * number
            parts.append(f'<text x="{_LEFT - 14}" y="{y + 4}" text-anchor="end">{escape(step)}</text>')
            parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
            parts += (_mark(name, x(value), y, f"{name}, {step}: {value:.2f} s of CPU") for name, value in row)
        top = bottom + 12
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" width="{_WIDTH}" height="{top}"'
        ' role="img">\n'
        f"<title>Seconds of CPU of each generator and step, on a logarithmic scale</title>\n<style>{_STYLE}</style>\n"
        f'<rect class="paper" width="100%" height="100%"/>\n{body}\n</svg>\n'
    )


def _rows(result: dict[str, Any]) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    """Yield each step with its generators' medians; ours last, so that it lies on top."""
    steps = dict.fromkeys(step for one in result["generators"].values() for step in one["steps"])
    for step in steps:
        row = [
            (name, statistics.median(run["cpu"] for run in one["steps"][step]))
            for name, one in result["generators"].items()
            if step in one["steps"]
        ]
        yield step, row[::-1]


def _legend() -> Iterator[str]:
    yield '<text class="title" x="16" y="24">Seconds of CPU, less is better</text>'
    at = 22
    for name in _MARKS:
        yield _mark(name, at, 48, name)
        yield f'<text x="{at + 12}" y="52">{name}</text>'
        at += 34 + 7 * len(name)


def _mark(name: str, x: float, y: float, title: str) -> str:
    color, form = _MARKS[name]
    return (
        f'<path class="mark" transform="translate({x:.1f} {y})" fill="{color}" d="{form}">'
        f"<title>{escape(title)}</title></path>"
    )
