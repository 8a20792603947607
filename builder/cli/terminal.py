"""What the commands print, how far a long one is, and the status that the program ends with."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import RenderableType

    from builder.diagnostics import Diagnostic
    from builder.pipeline import Result

CONTENT_ERROR = 1
USAGE_ERROR = 2
MACHINE_ERROR = 3


def fail(message: str, status: int) -> NoReturn:
    """End the program with a message on stderr."""
    click.echo(f"topicsite: {message}", err=True)
    sys.exit(status)


def count(number: int, noun: str) -> str:
    """Return a number with its noun, which gets its plural by an s."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def show(diagnostics: Sequence[Diagnostic]) -> None:
    """Print diagnostics to stderr, coloured on a terminal."""
    color = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    styles = {"error": "red", "warning": "yellow", "note": "blue"}
    for diagnostic in diagnostics:
        text = str(diagnostic)
        if color:
            word = f"{diagnostic.severity}:"
            text = text.replace(word, click.style(word, fg=styles[diagnostic.severity], bold=True), 1)
        click.echo(text, err=True, color=color)
    if diagnostics:
        kinds = [(str(kind), sum(1 for d in diagnostics if d.severity == kind)) for kind in styles]
        click.echo(", ".join(count(number, kind) for kind, number in kinds if number), err=True)


def print_report(form: str | None, shown: RenderableType, json: Callable[[], str], csv: Callable[[], str]) -> None:
    """Print a report in one of its forms; tables are as wide as the terminal, in a pipe as wide as they need."""
    if form:
        click.echo(json() if form == "json" else csv().replace("\r\n", "\n"), nl=form == "json")
        return
    from rich.console import Console  # noqa: PLC0415 - 40 ms

    width = None if sys.stdout.isatty() else 300
    Console(width=width, markup=False, highlight=False, emoji=False).print(shown)


#: What a stage of a build counts.
_THINGS = {"read": "maps", "slice": "maps", "link": "maps", "compile": "pages"}


def with_progress(work: Callable[[Callable[[str, int, int], None]], Result]) -> Result:
    """Run something long: with a progress bar on a terminal; in a pipe with a line every few seconds."""
    if not sys.stderr.isatty():
        return work(_lines())
    from rich import progress  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415 - 40 ms

    columns = (
        progress.TextColumn("{task.description:10}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[things]} {task.fields[rate]}"),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, progress.TaskID] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total, things=_THINGS.get(stage, ""), rate="")
            speed = bar.tasks[tasks[stage]].speed
            rate = f"{speed:,.0f}/s" if speed else ""
            bar.update(tasks[stage], completed=done + 1, total=total, rate=rate)

        return work(tell)


def _lines(every: float = 5.0) -> Callable[[str, int, int], None]:
    """Return what prints a plain line of progress to stderr, one in so many seconds at most."""
    began: dict[str, float] = {}
    last = time.monotonic()

    def tell(stage: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        began.setdefault(stage, now)
        if stage.startswith("waiting"):
            click.echo(stage, err=True)
        if now - last < every or now == began[stage]:
            return
        last = now
        rate = (done + 1) / (now - began[stage])
        left = (total - done - 1) / rate
        things = _THINGS.get(stage, "")
        click.echo(f"{stage}: {done + 1:,} of {total:,} {things}, {rate:,.0f}/s, {left:,.0f} s left", err=True)

    return tell
