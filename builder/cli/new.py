"""`topicsite new`: a site, a map, an article."""

from __future__ import annotations

from pathlib import Path

import click

from builder.cli import options
from builder.cli.terminal import CONTENT_ERROR, MACHINE_ERROR, USAGE_ERROR, count, fail


class _New(click.Group):
    """`new DIR` beside `new map` and `new article`: what is no subcommand is a folder."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["site", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_New, subcommand_metavar="DIR | map TITLE | article MAP CLUSTER TITLE")
def new() -> None:
    """Make a new site, map or article, with the keys filled in."""


@new.command(name="site", hidden=True)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--title", help="The site's title; default: from the folder's name.")
def new_site(folder: Path, title: str | None) -> None:
    """Make a new site that builds, with a small map of its own."""
    from builder.scaffold import ScaffoldError, make_site  # noqa: PLC0415

    try:
        made = make_site(folder, title)
    except ScaffoldError as fault:
        fail(str(fault), USAGE_ERROR)
    except OSError as fault:
        fail(f"{fault.filename}: {fault.strerror}", MACHINE_ERROR)
    click.echo(f"{count(len(made), 'file')} in {folder}")
    click.echo(f"Next: cd {folder} && topicsite build")


@new.command(name="map")
@options.site
@click.argument("title")
@click.option("--slug", help="Its folder and its part of the URL; default: from the title.")
def new_map(site: Path, title: str, slug: str | None) -> None:
    """Make content/maps/<slug>/map.yaml."""
    _make("make_map", site, title, slug)


@new.command(name="article")
@options.site
@click.argument("map_name", metavar="MAP")
@click.argument("cluster")
@click.argument("title")
@click.option("--slug", help="Its file's name and its part of the URL; default: from the title.")
def new_article(site: Path, map_name: str, cluster: str, title: str, slug: str | None) -> None:
    """Make content/maps/MAP/CLUSTER/<slug>.md."""
    _make("make_article", site, map_name, cluster, title, slug)


def _make(function: str, *arguments: object) -> None:
    from builder import scaffold  # noqa: PLC0415

    try:
        path = getattr(scaffold, function)(*arguments)
    except scaffold.ScaffoldError as fault:
        fail(str(fault), CONTENT_ERROR if isinstance(fault, scaffold.BrokenMapError) else USAGE_ERROR)
    except OSError as fault:
        fail(f"{fault.filename}: {fault.strerror}", MACHINE_ERROR)
    click.echo(path)
