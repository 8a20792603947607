"""`topicsite plan`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from builder.cli import options
from builder.cli.building import built, exit_on_errors, request_for
from builder.cli.terminal import CONTENT_ERROR, USAGE_ERROR, fail, print_report

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


@click.command()
@click.argument("map_name", metavar="[MAP]", required=False)
@options.site
@options.date
@options.drafts
@click.option("--simulate", "steps", is_flag=True, help="What the site is after every step: pages, orphans, depth, …")
@click.option("--best", is_flag=True, help="The order with the fewest reserved links and orphans.")
@click.option("--from-nothing", is_flag=True, help="With these: as if nothing of the plan were published yet.")
@click.option("--ics", "form", flag_value="ics", help="The steps that have a day, as a calendar (RFC 5545).")
@click.option("--json", "form", flag_value="json", help="As JSON.")
@click.option("--csv", "form", flag_value="csv", help="As CSV.")
def plan(
    map_name: str | None,
    site: Path,
    date: dt.date | None,
    drafts: bool,  # noqa: FBT001
    steps: bool,  # noqa: FBT001
    best: bool,  # noqa: FBT001
    from_nothing: bool,  # noqa: FBT001
    form: str | None,
) -> None:
    """Show what to publish next, in which order and when; or what each step would do to the site."""
    from builder.report import planning  # noqa: PLC0415
    from builder.report.links import ReportError  # noqa: PLC0415

    result = built(request_for(site, date, drafts=drafts, write=False))
    exit_on_errors(result)
    if result.site is None:
        fail("the site has no pages", CONTENT_ERROR)
    try:
        made = planning.plan(result.site, map_name, best=best, from_nothing=from_nothing, replay=steps)
    except ReportError as fault:
        fail(str(fault), USAGE_ERROR)
    if form == "ics":
        click.echo(made.calendar().replace("\r\n", "\n") if sys.stdout.isatty() else made.calendar(), nl=False)
    else:
        print_report(form, made.shown(), made.json, made.csv)
