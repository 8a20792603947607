"""The options that commands share."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click


class Day(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """A day as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        """Return the day; click shows what is wrong with anything else."""
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"expected a day as YYYY-MM-DD, found '{value}'", param, ctx)


site = click.option(
    "--site",
    "-C",
    default=".",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The site's folder; default: this one.",
)
date = click.option("--date", type=Day(), help="The day to build for; default: today.")
drafts = click.option("--drafts", is_flag=True, help="Publish drafts and scheduled articles too.")
strict = click.option("--strict", is_flag=True, help="Warnings are errors.")
