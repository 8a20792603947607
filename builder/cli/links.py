"""`topicsite links`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli import options
from builder.cli.building import built, exit_on_errors, request_for
from builder.cli.terminal import CONTENT_ERROR, USAGE_ERROR, fail, print_report

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


@click.command()
@options.site
@options.date
@options.drafts
@click.option("--page", metavar="PATH", help="One page: links to it and on it, with rules, reasons, sentences.")
@click.option(
    "--diff",
    "revision",
    metavar="[REV]",
    is_flag=False,
    flag_value="",
    help="What changed since the last build, or since a git revision.",
)
@click.option("--limit", default=40, show_default=True, type=click.IntRange(0), help="Pages to show; 0: all.")
@click.option("--json", "form", flag_value="json", help="Everything, as JSON.")
@click.option("--csv", "form", flag_value="csv", help="Everything, as CSV.")
def links(
    site: Path,
    date: dt.date | None,
    drafts: bool,  # noqa: FBT001
    page: str | None,
    revision: str | None,
    limit: int,
    form: str | None,
) -> None:
    """Report on the links: score, depth and links of every page, orphans, anchors, what changed."""
    from builder.report import changes  # noqa: PLC0415
    from builder.report import links as report  # noqa: PLC0415

    request = request_for(site, date, drafts=drafts, write=False)
    result = built(request)
    exit_on_errors(result)
    graph, config = result.graph, result.config
    if graph is None or config is None:
        fail("the site has no pages", CONTENT_ERROR)
    try:
        if revision is not None:
            if revision:
                title, diff = changes.against_revision(result, request, revision)
            else:
                title, diff = changes.against_last_build(result, request.state_folder)
            print_report(
                form, changes.shown(title, diff), lambda: changes.as_json(title, diff), lambda: changes.as_csv(diff)
            )
            return
        made = report.LinkReport.of(graph, result.records, config)
        if page is not None:
            one = report.find(made, page)
            json, csv = report.details_json, report.details_csv
            print_report(form, report.details(made, one), lambda: json(made, one), lambda: csv(made, one))
            return
        print_report(form, report.table(made, limit), lambda: report.as_json(made), lambda: report.as_csv(made))
    except report.ReportError as fault:
        fail(str(fault), CONTENT_ERROR if isinstance(fault, report.UnbuiltError) else USAGE_ERROR)
