"""`topicsite build`."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli import options
from builder.cli.building import built, exit_on_findings, request_for
from builder.cli.terminal import MACHINE_ERROR, count, fail, show

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from builder.pipeline import Request, Result


class _Address(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """The address of a Dask scheduler."""

    name = "tcp://host:port"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value and not re.fullmatch(r"(tcp|tls)://[^/\s]+:\d+", value):
            self.fail(f"expected tcp://HOST:PORT, found '{value}'", param, ctx)
        return value


@click.command()
@options.site
@options.date
@options.drafts
@options.strict
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="Default: output/ in the site.")
@click.option("--clean", is_flag=True, help="Forget earlier builds first.")
@click.option("--jobs", type=click.IntRange(min=0), default=0, help="Processes; default: as many as there are cores.")
@click.option("--scheduler", type=_Address(), default="", help="Build on the workers of a Dask scheduler instead.")
@click.option("--explain", is_flag=True, help="Say why each map was built anew.")
@click.option("--verify", is_flag=True, help="Compare the output with a clean build's.")
@click.option("--profile", is_flag=True, help="Say how long each stage took.")
def build(  # noqa: PLR0913, PLR0917 - as many as there are options
    site: Path,
    date: dt.date | None,
    drafts: bool,  # noqa: FBT001
    strict: bool,  # noqa: FBT001
    output: Path | None,
    clean: bool,  # noqa: FBT001
    jobs: int,
    scheduler: str,
    explain: bool,  # noqa: FBT001
    verify: bool,  # noqa: FBT001
    profile: bool,  # noqa: FBT001
) -> None:
    """Build the site into output/."""
    start = time.perf_counter()
    _check_output(site, output)
    asked = request_for(site, date, drafts=drafts, strict=strict, output=output, jobs=jobs, scheduler=scheduler)
    request = replace(asked, clean=clean)
    result = built(request)
    show(result.diagnostics)
    for name, why in sorted(result.explained.items()) if explain else ():
        click.echo(f"{name or 'the pages of the site'}: {why}")
    for line in _stages(result.seconds) if profile else ():
        click.echo(line)
    exit_on_findings(result, strict=strict)
    if verify:
        _verify(request)
    click.echo(_summary(result, output or site / "output", time.perf_counter() - start))
    if result.published and result.published.unknown:
        click.echo(_left_alone(result.published.unknown, output or site / "output"))
    if result.link_summary is not None:
        click.echo(result.link_summary)


def _check_output(site: Path, output: Path | None) -> None:
    """Refuse an output folder that holds the site's sources, or lies among them or in what builds remember."""
    from builder.write import STATE  # noqa: PLC0415

    if output is None:
        return
    there, root = output.resolve(), site.resolve()
    if there.is_relative_to(root / STATE):
        message = f"{output} is in {STATE}/, where builds keep what they remember; give a folder of its own"
        raise click.BadParameter(message, param_hint="--output")
    inside = any(there.is_relative_to(root / name) for name in ("content", "themes"))
    if inside or root.is_relative_to(there):
        message = f"{output} holds the site's sources or lies among them; give a folder of its own"
        raise click.BadParameter(message, param_hint="--output")


def _verify(request: Request) -> None:
    """Compare the output with a clean build's; a difference is a fault of this program or of the disk."""
    from builder.verify import differences  # noqa: PLC0415
    from builder.write import MachineError  # noqa: PLC0415

    try:
        found = differences(request)
    except MachineError as fault:
        fail(str(fault), MACHINE_ERROR)
    if found:
        fail("\n".join(["the output is not what a clean build makes:", *found]), MACHINE_ERROR)
    click.echo("the output is what a clean build makes, byte for byte")


def _stages(seconds: Mapping[str, float]) -> Iterator[str]:
    """Yield the time and share of each stage that took any, in their order."""
    whole = sum(seconds.values()) or 1.0
    for stage, took in seconds.items():
        yield f"{stage:16} {took:8.3f} s {took / whole:5.0%}"


def _summary(result: Result, output: Path, seconds: float) -> str:
    pages = result.pages
    published = result.published
    done = "nothing changed"
    if published and (published.added or published.changed or published.deleted):
        counts = (("added", published.added), ("changed", published.changed), ("deleted", published.deleted))
        done = ", ".join(f"{count(len(names), 'file')} {what}" for what, names in counts if names)
    return f"{count(pages, 'page')} in {output}: {done} ({seconds:.2f} s)"


def _left_alone(unknown: Sequence[str], output: Path) -> str:
    """Return what is said of files in the output of which no manifest tells whose they are."""
    names = ", ".join(unknown[:3]) + (", …" if len(unknown) > 3 else "")  # noqa: PLR2004 - enough to know them by
    one = len(unknown) == 1
    return (
        f"{count(len(unknown), 'file')} in {output} {'is' if one else 'are'} not of this build, and no record of an"
        f" earlier one says whose {'it is' if one else 'they are'}: left alone ({names})"
    )
