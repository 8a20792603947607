"""`topicsite serve`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from builder.cli import options
from builder.cli.terminal import MACHINE_ERROR, fail

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


@click.command()
@options.site
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0: every address of this machine.")
@click.option("--open", "open_browser", is_flag=True, help="Open the browser.")
@click.option("--drafts", is_flag=True, help="Show drafts, scheduled and planned articles too.")
@options.date
@click.option("--poll", is_flag=True, help="Look for changes where the system tells none (containers, network drives).")
def serve(site: Path, port: int, host: str, open_browser: bool, drafts: bool, date: dt.date | None, poll: bool) -> None:  # noqa: FBT001
    """Preview the site: build, serve, and follow every save in the browser."""
    from builder.serve import Settings, Unusable  # noqa: PLC0415
    from builder.serve import serve as run  # noqa: PLC0415

    color = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    settings = Settings(
        root=site, host=host, port=port, open=open_browser, drafts=drafts, day=date, poll=poll, color=color,
        environment=dict(os.environ),
    )  # fmt: skip
    try:
        run(settings, lambda line, wrong: click.echo(line, err=wrong, color=color or None))
    except Unusable as fault:
        fail(str(fault), MACHINE_ERROR)
