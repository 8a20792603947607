"""`make bench`: the same articles through topicsite and its peers, in turn, and what each took.

`python -m tests.benchmarks --pages 5000 --rounds 5` writes a corpus (`corpus.py`), gives it to every generator in its
own form (`contenders.py`, `peers/`), and then, round by round, lets each in turn do the steps: a cold build (no output,
no cache), a build with nothing changed, with one article, one title, one template changed. Every build is a new process
(`measure.py`). The results are kept in `results/PAGES.json`, and `report.py` makes the tables and the plot of
docs/performance.md of all that are kept; `--only-report` makes those without measuring.

Ratios are taken within a round, so that what else the machine does at the time falls on both sides.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.contenders import STEPS, Contender, contenders, edit, kinds
from tests.benchmarks.corpus import Shape
from tests.benchmarks.measure import measure
from tests.benchmarks.report import RESULTS, kept, write_report

_EVERY = "topicsite-commonmark,topicsite-markdown,hugo,eleventy,mkdocs,pelican"


def main() -> None:
    """Measure, keep the results, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=5000, help="articles and pillars, about")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--generators", default=_EVERY, help="which, in this order: %(default)s")
    parser.add_argument("--steps", default=",".join(STEPS), help="which: %(default)s")
    parser.add_argument("--peer-steps", help="which the peers do, if not the same")
    parser.add_argument("--installed", type=Path, default=Path(".venv/peers"), help="the environment of the peers")
    parser.add_argument("--folder", type=Path, help="keep the sites there, and take those that are there already")
    parser.add_argument("--only-report", action="store_true")
    arguments = parser.parse_args()
    if not arguments.only_report:
        steps = arguments.steps.split(","), (arguments.peer_steps or arguments.steps).split(",")
        names = arguments.generators.split(",")
        with tempfile.TemporaryDirectory(prefix="bench-") as made:
            every = list(
                contenders(
                    (arguments.folder or Path(made)).resolve(),
                    Shape.of_pages(arguments.pages),
                    names,
                    arguments.installed.resolve(),
                )
            )
            run(arguments.pages, arguments.rounds, every, steps)
    write_report(kept())


def run(pages: int, rounds: int, every: list[Contender], steps: tuple[list[str], list[str]]) -> None:
    """Measure, and keep what was measured after each round; `steps` are ours and the peers'."""
    started = dt.datetime.now(dt.UTC)
    loads = [os.getloadavg()[0]]
    found: dict[str, dict[str, Any]] = {one.name: {"version": one.version, "steps": {}} for one in every}
    for number in range(rounds):
        for one in every:
            measured = _steps(one, steps[not one.name.startswith("topicsite")], number)
            for step, values in measured.items():
                found[one.name]["steps"].setdefault(step, []).append(values)
            found[one.name]["kinds"] = kinds(one.output)
            loads.append(os.getloadavg()[0])
            print(f"round {number + 1}: {one.name}: {measured}", file=sys.stderr)
        articles = found[every[0].name]["kinds"]["articles and pillars"][0]
        result = {
            "pages": articles,
            "started": started.isoformat(timespec="minutes"),
            "rounds": number + 1,
            "load": [round(min(loads), 1), round(max(loads), 1)],
            "machine": _machine(),
            "generators": found,
        }
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{pages}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _steps(one: Contender, steps: list[str], number: int) -> dict[str, dict[str, float]]:
    measured = {}
    for step in steps:
        edit(one, step, number + 1)
        if one.name.startswith("topicsite"):
            time.sleep(2.1)  # our builds do not trust the time of a file younger than that; an author is slower
        values = dataclasses.asdict(measure(one.command, one.folder))
        measured[step] = {key: round(value, 3) for key, value in values.items()}
    return measured


def _machine() -> dict[str, str]:
    model = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.exists():
        lines = described.read_text(encoding="utf-8").splitlines()
        model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), model)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": f"{os.cpu_count()} cores of an {model}, {memory:.0f} GB",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
