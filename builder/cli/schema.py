"""`topicsite schema`."""

from __future__ import annotations

import click


@click.command()
@click.argument("kind", type=click.Choice(["site", "map", "entities", "article", "page"]), default="map")
def schema(kind: str) -> None:
    """Print the JSON Schema of site.yaml, map.yaml, entities.yaml or front matter, for editors."""
    from builder.json_schema import json_schema  # noqa: PLC0415

    click.echo(json_schema(kind))
