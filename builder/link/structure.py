"""Structural links of a map: previous and next, pillars. They are always right, whatever the prose says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from builder import plan
from builder.atlas import MapSlice, Target, map_key

if TYPE_CHECKING:
    from builder.model import ArticleDef, ClusterDef, ItemInterface, MapDef


class Neighbours(NamedTuple):
    """What an article's page links to by structure. Only things with a page are here; a pillar alone has `pillars`."""

    pillar: Target | None
    previous: Target | None
    next: Target | None
    pillars: tuple[Target, ...]


def reading_line(unit: MapDef, items: dict[str, ItemInterface], sliced: MapSlice) -> list[Target]:
    """Return the map's published articles as previous and next lead through them.

    Cluster by cluster in the map's order, each in publishing order, so that a reader finishes a subject before the
    next.
    """
    line = []
    for cluster in unit.clusters:
        keys = [map_key(unit.slug, cluster.slug, item.slug) for item in cluster.items]
        for item in plan.reading_order([items[key] for key in keys if key in items]):
            target = sliced.targets[map_key(unit.slug, cluster.slug, item.slug)]
            if target.indexed and target.path:
                line.append(target)
    return line


def neighbours(
    item: ArticleDef, cluster: ClusterDef, unit: MapDef, sliced: MapSlice, line: list[Target], at: int | None
) -> Neighbours:
    """Return what an article's page links to by structure; `at` is its place in the line, None where it has none."""
    hub = sliced.targets[map_key(unit.slug, cluster.slug, cluster.pillar.slug)]
    previous = line[at - 1] if at else None
    following = line[at + 1] if at is not None and at + 1 < len(line) else None
    others = [c for c in unit.clusters if c is not cluster] if item.is_pillar else []
    pillars = [sliced.targets[map_key(unit.slug, c.slug, c.pillar.slug)] for c in others]
    return Neighbours(
        pillar=hub if hub.path and not item.is_pillar else None,
        previous=previous,
        next=following,
        pillars=tuple(target for target in pillars if target.path and target.status != "retired"),
    )
