"""The publishing timeline: a lane for each cluster, a mark on the day of each article.

Lanes are as wide as the window gives: places along them are percentages, and nothing is scaled.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from markupsafe import Markup

from builder.views.pictures.svg import Route, Wording, escaped, mark, name, short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Where a lane's first and last day are, so that their marks keep within it, as percentages.
_FROM, _TO = 3.0, 97.0
_HEIGHT = 30
#: So many months have a name at most, so many a line.
_NAMED, _LINES = 4, 40
#: In lanes with more marks, marks are small.
_MANY = 24


def timeline(routes: Sequence[Route], days: Mapping[str, dt.date], words: Wording, *, mirrored: bool) -> Markup:
    """Return when what was and will be published; `days` are by `"cluster/stop"`, numbers of both; '' without days.

    Clusters without a day have no lane.
    """
    if not days:
        return Markup("")
    first, last = min(days.values()), max(days.values())
    span = max(1, (last - first).days)

    def share(day: dt.date) -> float:
        return _FROM + (_TO - _FROM) * (day - first).days / span

    def place(day: dt.date) -> str:
        return short(100 - share(day) if mirrored else share(day))

    months = _months(first, last)
    lines = "".join(f'<line x1="{place(month)}%" y1="0" x2="{place(month)}%" y2="100%"/>' for month in months)
    step = max(1, -(-len(months) // _NAMED))
    named = months[::step] or [first]
    axis = "".join(
        _name(words.month(day) if months else words.date(day, "medium"), place(day), share(day), index)
        for index, day in enumerate(named)
    )
    lanes = []
    for number, route in enumerate(routes):
        found = [(stop, days.get(f"{number}/{index}")) for index, stop in enumerate(route.stops)]
        dated = [(stop, day) for stop, day in found if day is not None]
        if not dated:
            continue
        size = 7 if len(dated) <= _MANY else 4
        marks = "".join(
            mark(stop, _shape(stop.kind, place(day), size), words, words.date(day))
            for stop, day in sorted(dated, key=lambda entry: entry[1])
        )
        lanes.append(
            f'<li>{name(route.title, route.url)}<svg class="marks" width="100%" height="{_HEIGHT}" role="group"'
            f' aria-label="{escaped(route.title)}"><line class="lane" x1="0" y1="50%" x2="100%" y2="50%"/>'
            f"{lines}{marks}</svg></li>"
        )
    return Markup(  # noqa: S704 - every text in it is escaped
        f'<ul class="timeline"><li class="axis" aria-hidden="true"><svg width="100%" height="22">'
        f"{axis}</svg></li>{''.join(lanes)}</ul>"
    )


def _shape(kind: str, x: str, size: int) -> str:
    """Return a mark on a lane: pillars are larger."""
    return f'<circle cx="{x}%" cy="50%" r="{size + 2 if kind == "pillar" else size}"'


def _name(text: str, x: str, share: float, index: int) -> str:
    """Return the name of a month; every second one is left out where the window is narrow (class `second`).

    `start` and `end` follow the direction of writing, as `share` does and `x` does not.
    """
    anchor = "end" if share > 88 else "start" if share < 12 else "middle"  # noqa: PLR2004 - it would leave the picture
    more = ' class="second"' if index % 2 else ""
    return f'<text x="{x}%" y="16" text-anchor="{anchor}"{more}>{escaped(text)}</text>'


def _months(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return the first days of months within the days, all of them or every so many, at most `_LINES`."""
    months = []
    number = first.year * 12 + first.month - (first.day == 1)
    while number <= last.year * 12 + last.month - 1:
        months.append(dt.date(number // 12, number % 12 + 1, 1))
        number += 1
    return months[:: -(-len(months) // _LINES) or 1]
