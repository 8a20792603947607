"""The publishing plan: its table, JSON and calendar, and the order of its steps."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from rich.table import Table
from rich.text import Text

from builder import plan
from builder.atlas import map_key
from builder.diagnostics import did_you_mean
from builder.emit.data import defused
from builder.model import Status
from builder.report.links import ReportError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

    from builder.atlas import Atlas
    from builder.model import ItemInterface, MapInterface
    from builder.urls import Urls


class PlanRow(NamedTuple):
    """A step of a map's plan; `date` is the day of publishing by plan, None where it has none or is past."""

    map: str
    number: int
    key: str
    title: str
    cluster: str
    kind: str
    priority: str
    status: str
    date: dt.date | None
    words: int | None
    query: str
    home: str


def maps_of(atlas: Atlas, wanted: str | None) -> list[MapInterface]:
    """Return the map of a slug, or all maps; raises ReportError where there is no such map."""
    if wanted is None:
        return list(atlas.maps)
    found = [unit for unit in atlas.maps if unit.slug == wanted]
    if not found:
        slugs = [unit.slug for unit in atlas.maps]
        hint = did_you_mean(wanted, slugs, otherwise=f"there are: {', '.join(slugs) or 'none yet'}")
        raise ReportError(f"there is no map '{wanted}'; {hint}")
    return found


def ordered(unit: MapInterface) -> list[tuple[str, ItemInterface]]:
    """Return the articles of a map with their keys, in publishing order."""
    return [(map_key(unit.slug, item.cluster, item.slug), item) for item in plan.publishing_order(unit.items)]


def rows(atlas: Atlas, unit: MapInterface, today: dt.date, order: Sequence[str] | None = None) -> list[PlanRow]:
    """Return the plan of a map; `order` are some of its keys, in another order than the plan's."""
    items = dict(ordered(unit))
    if order is not None:
        new, changed = iter(order), set(order)
        items = {key: items[key] for key in [next(new) if key in changed else key for key in items]}
    steps = [(item, atlas.targets[key].status) for key, item in items.items()]
    days = plan.days(steps, unit.start, unit.per_week, today)
    titles = {cluster.slug: cluster.title for cluster in unit.clusters}
    return [
        PlanRow(
            unit.slug,
            number,
            key,
            item.title,
            titles[item.cluster],
            "pillar" if item.is_pillar else "article",
            item.priority,
            str(status),
            day,
            item.words,
            item.query,
            atlas.targets[key].path or atlas.targets[key].home,
        )
        for number, (key, (item, status), day) in enumerate(zip(items, steps, days, strict=True), 1)
    ]


def in_time(plans: Iterable[Sequence[PlanRow]], done: frozenset[str]) -> list[PlanRow]:
    """Return the steps of several maps that are not done: by day; one without a day follows those before it."""
    merged: list[tuple[tuple[bool, dt.date, int, int], PlanRow]] = []
    for number, made in enumerate(plans):
        last: dt.date | None = None
        for row in made:
            if row.key not in done:
                last = max((day for day in (row.date, last) if day is not None), default=None)
                day = row.date or last
                merged.append(((day is None, day or dt.date.min, number, row.number), row))
    return [row for _, row in sorted(merged, key=lambda entry: entry[0])]


def table(made: Sequence[PlanRow]) -> RenderableType:
    """Return plans as a table."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    several = len({row.map for row in made}) > 1
    shown.add_column("", justify="right", no_wrap=True)
    for name in ("title", *(("map",) if several else ()), "cluster", "kind", "priority", "status", "date"):
        shown.add_column(name, overflow="fold")
    for row in made:
        cells = (row.title, *((row.map,) if several else ()), row.cluster, row.kind, row.priority, row.status)
        day = row.date.isoformat() if row.date else ""
        shown.add_row(str(row.number), *map(Text, cells), day, style="dim" if row.status == Status.PUBLISHED else "")
    return shown


def as_json(made: Sequence[PlanRow]) -> str:
    """Return plans as a JSON array."""
    return json.dumps(
        [row._asdict() | {"date": row.date.isoformat() if row.date else None} for row in made],
        ensure_ascii=False,
        indent=1,
    )


def as_csv(made: Sequence[PlanRow]) -> str:
    """Return plans as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(PlanRow._fields)
    writer.writerows([defused(str("" if value is None else value)) for value in row] for row in made)
    return out.getvalue()


# ---- calendar


def calendar(made: Iterable[PlanRow], name: str, urls: Urls, today: dt.date) -> str:
    """Return the steps that have a day as an iCalendar file (RFC 5545): an event of a whole day for each."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//topicsite//publishing plan//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_escaped(name)}",
    ]
    host = urls.absolute("/").split("//", 1)[1].partition("/")[0]
    for row in made:
        if row.date is None:
            continue
        facts = [row.cluster, f"{row.kind}, {row.priority} priority", *([f"{row.words} words"] if row.words else [])]
        facts += [f"query: {row.query}"] if row.query else []
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escaped(row.key)}@{host}",
            f"DTSTAMP:{today:%Y%m%d}T000000Z",
            f"DTSTART;VALUE=DATE:{row.date:%Y%m%d}",
            f"SUMMARY:{_escaped(row.title)}",
            f"DESCRIPTION:{_escaped(chr(10).join(facts))}",
            f"URL:{urls.absolute(row.home)}",
            f"CATEGORIES:{_escaped(row.map)},{_escaped(row.cluster)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _escaped(text: str) -> str:
    r"""Return a TEXT value: `\`, `;`, `,` and line ends escaped (RFC 5545, 3.3.11), other controls left out."""
    kept = "".join(c for c in text if c == "\n" or unicodedata.category(c) != "Cc")
    return kept.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    """Return a content line in lines of at most 75 octets, no character cut in two (RFC 5545, 3.1)."""
    pieces: list[str] = []
    piece, size = "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > (75 if not pieces else 74):
            pieces.append(piece)
            piece, size = "", 0
        piece += character
        size += octets
    return "\r\n ".join([*pieces, piece])
