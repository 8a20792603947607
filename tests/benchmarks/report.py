"""The results that are kept as tables and a plot in docs/performance.md, between its two markers."""

from __future__ import annotations

import json
import re
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.contenders import KINDS, OURS, STEPS
from tests.benchmarks.plot import plot

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = Path(__file__).parent / "results"
DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- measured: make bench writes this -->", "<!-- measured: end -->"


def kept() -> list[dict[str, Any]]:
    """Return the results that are kept, the smallest corpus first."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in RESULTS.glob("*.json")]
    return sorted(results, key=lambda result: int(result["pages"]))


def write_report(results: list[dict[str, Any]]) -> None:
    """Write the tables of results between the markers of docs/performance.md, and docs/performance.svg."""
    lines = ["\n![Seconds of CPU of each generator and step](performance.svg)"]
    lines += [line for result in results for line in (*_times(result), *_ratios(result))]
    widest = max(results, key=lambda result: (len(result["generators"]), result["pages"]))
    lines += _made(widest)
    page = DOCS / "performance.md"
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}", encoding="utf-8")
    (DOCS / "performance.svg").write_text(plot(results), encoding="utf-8")


def _median(runs: list[dict[str, float]], key: str) -> float:
    return statistics.median(run[key] for run in runs)


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _steps(result: dict[str, Any]) -> list[str]:
    return [step for step in STEPS if any(step in one["steps"] for one in result["generators"].values())]


def _times(result: dict[str, Any]) -> Iterator[str]:
    machine = result["machine"]
    low, high = result["load"]
    rounds = f"medians of {result['rounds']} rounds" if result["rounds"] > 1 else "one round"
    versions = dict.fromkeys(
        f"topicsite at {one['version']}" if name.startswith("topicsite") else f"{name} {one['version']}"
        for name, one in result["generators"].items()
    )
    steps = _steps(result)
    yield f"\n### {result['pages']:,} articles\n"
    yield (
        f"{result['started'].partition('T')[0]}, {rounds}; {machine['processor']}, {machine['system']}, load {low} to"
        f" {high}; Python {machine['python']}, {', '.join(versions)}. Seconds by the clock / of CPU.\n"
    )
    yield f"| generator | {' | '.join(steps)} | memory MB | files | MB |"
    yield "|---|" + "--:|" * (len(steps) + 3)
    for name, one in result["generators"].items():
        cells = [
            f"{_number(_median(one['steps'][step], 'wall'))} / {_number(_median(one['steps'][step], 'cpu'))}"
            if step in one["steps"]
            else ""
            for step in steps
        ]
        memory = max(_median(runs, "memory") for runs in one["steps"].values()) / 1e6
        files = sum(files for files, _ in one["kinds"].values())
        size = sum(size for _, size in one["kinds"].values()) / 1e6
        yield f"| {name} | {' | '.join(cells)} | {memory:,.0f} | {files:,} | {size:,.0f} |"


def _ratios(result: dict[str, Any]) -> Iterator[str]:
    """Yield how many times as long each took as ours in the same round: the median of the rounds."""
    steps = _steps(result)
    ours = result["generators"].get(OURS)
    if ours is None:
        return
    yield f"\nHow many times {OURS}'s time each takes, by the clock / of CPU; above 1 is slower than ours:\n"
    yield f"| generator | {' | '.join(steps)} |"
    yield "|---|" + "--:|" * len(steps)
    for name, one in result["generators"].items():
        if name == OURS:
            continue
        cells = []
        for step in steps:
            pairs = list(zip(one["steps"].get(step, []), ours["steps"].get(step, []), strict=False))
            values = [statistics.median(a[key] / b[key] for a, b in pairs) for key in ("wall", "cpu")] if pairs else []
            cells.append(" / ".join(_number(value) for value in values))
        yield f"| {name} | {' | '.join(cells)} |"


def _made(result: dict[str, Any]) -> Iterator[str]:
    """Yield what each generator made: files and megabytes of each kind."""
    names = [name for name in result["generators"] if not re.fullmatch(r"topicsite \(markdown\)", name)]
    yield f"\n### What each makes of {result['pages']:,} articles\n"
    yield "Files, and megabytes in brackets.\n"
    yield f"| | {' | '.join(name.replace(' (commonmark)', '') for name in names)} |"
    yield "|---|" + "--:|" * len(names)
    for kind, _ in KINDS:
        found = [result["generators"][name]["kinds"].get(kind) for name in names]
        yield f"| {kind} | {' | '.join(f'{one[0]:,} ({one[1] / 1e6:.1f})' if one else '–' for one in found)} |"
