"""`topicsite check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli import options
from builder.cli.building import built, exit_on_findings, request_for
from builder.cli.terminal import count, show

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


@click.command()
@options.site
@options.date
@options.drafts
@options.strict
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", help="How to report.")
def check(site: Path, date: dt.date | None, drafts: bool, strict: bool, form: str) -> None:  # noqa: FBT001
    """Check everything that a build checks, without writing."""
    from builder.diagnostics import as_github, as_json  # noqa: PLC0415

    result = built(request_for(site, date, drafts=drafts, strict=strict, write=False))
    if form == "json":
        click.echo(as_json(result.diagnostics))
    elif form == "github":
        if result.diagnostics:
            click.echo(as_github(result.diagnostics))
    else:
        show(result.diagnostics)
    exit_on_findings(result, strict=strict)
    if form == "text":
        click.echo(f"{count(result.pages, 'page')} checked" + ("" if result.diagnostics else ", nothing wrong"))
