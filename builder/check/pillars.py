"""Clusters whose articles are published before their pillar (code `pillar-later`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.atlas import map_key
from builder.diagnostics import Diagnostic, error
from builder.load import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.atlas import MapSlice
    from builder.model import MapDef


def early_articles(unit: MapDef, sliced: MapSlice) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each cluster of a map whose articles are published before its pillar."""
    for cluster in unit.clusters:
        targets = [sliced.targets[map_key(unit.slug, cluster.slug, item.slug)] for item in cluster.items]
        published = sum(1 for target in targets[1:] if target.indexed)
        if published and not targets[0].indexed:
            pillar = cluster.pillar
            are = "article of its cluster already is" if published == 1 else "articles of its cluster already are"
            message = f"the pillar '{shorten(pillar.title)}' is not published yet, but {published:,} {are}"
            hint = f"write it next: {cluster.slug}/pillar.md"
            yield error("pillar-later", message, pillar.place.file, *pillar.place.keys, hint=hint)
