"""Progress of writing: a row for each cluster, a cell for each of its articles, the pillar first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from builder.views.pictures.svg import Route, Wording, escaped, mark, name

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The side of a cell and of a cell with its gap.
_CELL, _PITCH = 14, 18
#: Cells in a line of a row.
_LINE = 16


def progress(routes: Sequence[Route], words: Wording, *, mirrored: bool) -> Markup:
    """Return how far the writing of each cluster is; '' for a map without clusters."""
    if not routes:
        return Markup("")
    rows = "".join(_row(route, words, mirrored=mirrored) for route in routes)
    return Markup(f'<table class="progress"><tbody>{rows}</tbody></table>')  # noqa: S704 - every text in it is escaped


def _row(route: Route, words: Wording, *, mirrored: bool) -> str:
    across = min(len(route.stops), _LINE)
    down = -(-len(route.stops) // _LINE)
    width, height = across * _PITCH, down * _PITCH
    cells = []
    for index, stop in enumerate(route.stops):
        x = (index % _LINE) * _PITCH + 2
        left = width - x - _CELL if mirrored else x
        corner = "" if stop.kind == "pillar" else ' rx="7"'
        shape = f'<rect x="{left}" y="{index // _LINE * _PITCH + 2}" width="{_CELL}" height="{_CELL}"{corner}'
        cells.append(mark(stop, shape, words))
    written = sum(1 for stop in route.stops if stop.status == "published")
    return (
        f'<tr><th scope="row">{name(route.title, route.url)}</th>'
        f'<td><svg class="marks" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" role="group" aria-label="{escaped(route.title)}">{"".join(cells)}</svg></td>'
        f"<td>{words.number(written)}/{words.number(len(route.stops))}</td></tr>"
    )
