"""Where an entity is covered: the maps, their clusters, and a mark for each page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from builder.views.pictures.svg import escaped, linked, name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from builder.views.types import CoverageView

_PITCH = 20
#: Marks in a line of a cluster.
_LINE = 12


def reach(coverage: Iterable[CoverageView]) -> Markup:
    """Return the picture of an entity's coverage; '' where it is covered in a single cluster."""
    maps: dict[tuple[str, str], dict[str, list[CoverageView]]] = {}
    for page in coverage:
        if page.kind != "map":
            maps.setdefault((page.map.title, page.map.url), {}).setdefault(page.cluster, []).append(page)
    if sum(len(clusters) for clusters in maps.values()) < 2:  # noqa: PLR2004 - there is nothing to compare
        return Markup("")
    made = []
    for (title, url), clusters in maps.items():
        stops = "".join(
            f'<li><span class="name">{escaped(cluster)}</span>{_marks(cluster, pages)}</li>'
            for cluster, pages in clusters.items()
        )
        made.append(f"<li>{name(title, url)}<ul>{stops}</ul></li>")
    return Markup(f'<ul class="reach">{"".join(made)}</ul>')  # noqa: S704 - every text in it is escaped


def _marks(cluster: str, pages: Sequence[CoverageView]) -> str:
    width, height = min(len(pages), _LINE) * _PITCH, -(-len(pages) // _LINE) * _PITCH
    marks = []
    for index, page in enumerate(pages):
        x, y = index % _LINE * _PITCH + 3, index // _LINE * _PITCH + 3
        kind = 'class="hub' if page.kind == "pillar" else 'rx="7" class="spoke'
        shape = f'<rect x="{x}" y="{y}" width="14" height="14" {kind} is-published"'
        marks.append(linked(shape, page.title, page.url))
    return (
        f'<svg class="marks" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="group"'
        f' aria-label="{escaped(cluster)}">{"".join(marks)}</svg>'
    )
