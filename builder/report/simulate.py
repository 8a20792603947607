"""The publishing simulator: what a site is after every step of a plan, by the stages of a build."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Group as Lines
from rich.table import Table
from rich.text import Text

from builder.atlas import map_key
from builder.emit.data import defused
from builder.link.rules import LEADING
from builder.linkreport import graph_of
from builder.model import PRIORITIES, Status
from builder.report.order import ALWAYS, Planned, Wishes

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rich.console import RenderableType

    from builder.model import ItemInterface, MapInterface
    from builder.records import UnitRecord
    from builder.survey import Survey


class ClusterCover(NamedTuple):
    """How much of a cluster is published."""

    map: str
    cluster: str
    title: str
    published: int
    total: int


class Step(NamedTuple):
    """A site after a step: what was published (its key and title; '' for the beginning) and when, then the figures.

    `pages` are those that are indexed; `reserved` pairs of a page and a target that is not published yet; depths are
    clicks from the home page, of indexed pages.
    """

    number: int
    key: str
    title: str
    day: dt.date | None
    pages: int
    orphans: int
    max_depth: int
    mean_depth: float
    reserved: int
    links: int
    in_prose: int
    coverage: tuple[ClusterCover, ...]


def published_now(survey: Survey) -> frozenset[str]:
    """Return the keys of the articles that are published on the site's day."""
    targets = survey.atlas().targets.values()
    return frozenset(t.key for t in targets if t.kind in {"article", "pillar"} and t.status is Status.PUBLISHED)


def simulate(
    survey: Survey, order: Sequence[str], start: frozenset[str], days: Mapping[str, dt.date | None], maps: Iterable[str]
) -> Iterator[Step]:
    """Yield the site before the first step and after every one.

    `order` are the keys to publish in turn, `start` those that are published before, `days` the days by key, `maps` the
    slugs of the maps whose coverage is wanted.
    """
    atlas = survey.atlas()
    wanted = [unit for unit in atlas.maps if unit.slug in set(maps)]
    done = start
    for number, key in enumerate(["", *order]):
        done = done | {key} if key else done
        title = atlas.targets[key].title if key else ""
        yield _step(survey.records(done), survey, wanted, done, (number, key, title, days.get(key)))


def _step(
    records: Sequence[UnitRecord],
    survey: Survey,
    maps: Sequence[MapInterface],
    done: frozenset[str],
    what: tuple[int, str, str, dt.date | None],
) -> Step:
    options = survey.site.options
    graph = graph_of(records, options.site, options.urls)
    indexed = [page for page in graph.pages.values() if page.indexed]
    depths = [page.depth for page in indexed if page.depth is not None]
    shown = {page.path for page in indexed}
    reserved = {(link.source, link.target) for record in records for link in record.reserved if link.source in shown}
    return Step(
        *what,
        pages=len(indexed),
        orphans=len(graph.orphans),
        max_depth=max(depths, default=0),
        mean_depth=sum(depths) / len(depths) if depths else 0.0,
        reserved=len(reserved),
        links=graph.links,
        in_prose=graph.in_prose,
        coverage=tuple(cover for unit in maps for cover in _coverage(unit, done)),
    )


def _coverage(unit: MapInterface, done: frozenset[str]) -> Iterator[ClusterCover]:
    for cluster in unit.clusters:
        keys = [
            map_key(unit.slug, item.cluster, item.slug)
            for item in unit.items
            if item.cluster == cluster.slug and item.status != "retired"
        ]
        yield ClusterCover(unit.slug, cluster.slug, cluster.title, sum(1 for key in keys if key in done), len(keys))


def planned(items: Iterable[tuple[str, ItemInterface]]) -> list[Planned]:
    """Return articles, with their keys, as the search for an order wants them."""
    return [
        Planned(key, key.rpartition("/")[0], item.is_pillar, PRIORITIES.index(item.priority)) for key, item in items
    ]


def wishes(survey: Survey, keys: Iterable[str], start: frozenset[str]) -> Wishes:
    """Return the links that the articles of these keys make, as the site makes them when all are published.

    Pages that are there before the first step count as `ALWAYS`, those that are not among the keys and not there as
    nothing.
    """
    wanted = frozenset(keys)
    records = survey.records(start | wanted)
    written = survey.records(start)
    key_of = {page.path: page.key for record in records for page in record.pages if page.key}
    indexed = {page.path for record in records for page in record.pages if page.indexed}
    before = {page.path for record in written for page in record.pages if page.indexed}

    def source(path: str) -> str | None:
        key = key_of.get(path, "")
        if key in wanted:
            return key
        return ALWAYS if path in before else None

    waiting, leading = set(), set()
    for record in records:
        for link in record.links:
            target, own = key_of.get(link.target, ""), source(link.source)
            if target not in wanted or own is None or own == target or link.source not in indexed:
                continue
            if link.rule == "author":
                waiting.add((own, target))
            if link.rule in LEADING:
                leading.add((own, target))
    return Wishes(frozenset(waiting), frozenset(leading))


# ---- showing


def table(steps: Sequence[Step]) -> RenderableType:
    """Return the steps as a table; the coverage of the cluster that a step belongs to is in its row."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("step", "day", "pages", "orphans", "depth", "mean", "reserved", "prose"):
        made.add_column(name, justify="right", no_wrap=True)
    made.add_column("published", overflow="fold")
    made.add_column("cluster", overflow="fold")
    for step in steps:
        own = next((c for c in step.coverage if step.key.rpartition("/")[0] == f"{c.map}/{c.cluster}"), None)
        made.add_row(
            str(step.number) if step.key else "now",
            step.day.isoformat() if step.day else "",
            str(step.pages),
            str(step.orphans),
            str(step.max_depth),
            f"{step.mean_depth:.2f}",
            str(step.reserved),
            str(step.in_prose),
            Text(step.title),
            Text(f"{own.title} {own.published}/{own.total}" if own else ""),
        )
    parts: list[RenderableType] = [made]
    if steps and steps[-1].coverage:
        parts.append(Text("\nCoverage, before and after", "bold"))
        for was, now in zip(steps[0].coverage, steps[-1].coverage, strict=True):
            parts.append(Text(f"  {now.map}: {now.title} {was.published}/{was.total} → {now.published}/{now.total}"))
    return Lines(*parts)


def totals(steps: Sequence[Step]) -> str:
    """Return what a plan costs, in words: reserved links and orphans, each summed over the steps."""
    reserved, orphans = sum(step.reserved for step in steps[1:]), sum(step.orphans for step in steps[1:])
    return f"reserved links, summed over the steps: {reserved:,}; orphans: {orphans:,}"


def as_json(steps: Iterable[Step]) -> str:
    """Return the steps as JSON."""
    return json.dumps([step_values(step) for step in steps], ensure_ascii=False, indent=1)


def as_csv(steps: Iterable[Step]) -> str:
    """Return the steps as CSV, without the coverage."""
    names = [name for name in Step._fields if name != "coverage"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    for step in steps:
        values = step_values(step)
        writer.writerow([defused(str("" if values[name] is None else values[name])) for name in names])
    return out.getvalue()


def step_values(step: Step) -> dict[str, Any]:
    """Return a step as plain values."""
    return step._asdict() | {
        "day": step.day.isoformat() if step.day else None,
        "mean_depth": round(step.mean_depth, 3),
        "coverage": [cover._asdict() for cover in step.coverage],
    }
