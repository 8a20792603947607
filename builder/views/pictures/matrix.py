"""The entities of a map against its clusters: how many pages of each cover what, and how many are planned to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from builder.views.pictures.svg import Wording, escaped, name, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.views.types import LinkView


#: So many columns can have heads that run across, where the window is wide.
_FEW = 9


class Row(NamedTuple):
    """An entity: its name, URL, and for each cluster how many published pages cover it and how many others will."""

    title: str
    url: str
    cells: tuple[tuple[int, int], ...]


def matrix(clusters: Sequence[LinkView], rows: Sequence[Row], words: Wording) -> Markup:
    """Return the table; '' where it would have one column or no row."""
    if len(clusters) < 2 or not rows:  # noqa: PLR2004 - one column says nothing
        return Markup("")
    marks: dict[tuple[int, int], str] = {(0, 0): "<td></td>"}
    heads = "".join(f'<th scope="col">{name(cluster.title, cluster.url)}</th>' for cluster in clusters)
    lines = []
    for row in rows:
        for cell in row.cells:
            if cell not in marks:
                marks[cell] = _mark(*cell, words)
        lines.append(
            f'<tr><th scope="row">{name(row.title, row.url)}</th>{"".join(map(marks.__getitem__, row.cells))}</tr>'
        )
    few = " few" if len(clusters) <= _FEW else ""
    return Markup(  # noqa: S704 - every text in it is escaped
        # The columns are told first: what is painted before the page is whole then stays where it is.
        f'<table class="matrix{few}"><colgroup></colgroup><colgroup span="{len(clusters)}"></colgroup>'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )


def _mark(published: int, planned: int, words: Wording) -> str:
    """Return a disc whose area tells the pages that cover the entity, in a ring for those that will."""
    parts = [
        f"{words.label('status', status)}: {words.number(count)}"
        for status, count in (("published", published), ("planned", planned))
        if count
    ]
    radius = min(8.0, 3.2 * math.sqrt(published))
    ring = (
        f'<circle class="is-planned" cx="12" cy="12" r="{short(radius + 3.2 if published else 4.5)}"/>'
        if planned
        else ""
    )
    disc = f'<circle class="is-published" cx="12" cy="12" r="{short(radius)}"/>' if published else ""
    title = escaped(", ".join(parts))
    return (
        f'<td><svg class="marks" width="24" height="24" viewBox="0 0 24 24" role="img">'
        f"<title>{title}</title>{ring}{disc}</svg></td>"
    )
