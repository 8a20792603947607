"""The link report: the pages by score, one page in detail, what is wrong; as tables for a terminal, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from rich.console import Group as Lines
from rich.table import Table
from rich.text import Text

from builder.diagnostics import nearest
from builder.emit.links import link_rows, pages_csv
from builder.link.graph import anchors_of, trailing_pillars
from builder.link.rules import PROSE, RULES, Group
from builder.link.types import Link

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

    from builder.config import SiteConfig
    from builder.link.graph import LinkedPage, LinkGraph
    from builder.records import PageRecord, UnitRecord

_GROUPS: Final = tuple(Group)


class ReportError(Exception):
    """What was asked for does not exist; the message is for the user."""


class UnbuiltError(ReportError):
    """What was asked for cannot be shown, since the content has errors."""


@dataclass(frozen=True, slots=True)
class LinkReport:
    """A site's links: the graph, all links but the navigation's, those that wait for their targets, the pages."""

    graph: LinkGraph
    links: tuple[Link, ...]
    reserved: tuple[Link, ...]
    pages: tuple[PageRecord, ...]
    config: SiteConfig

    @classmethod
    def of(cls, graph: LinkGraph, records: Sequence[UnitRecord], config: SiteConfig) -> LinkReport:
        """Gather the links of a site's records; what leads to no page of the site is left out."""
        known = graph.pages
        links = (link for record in records for link in record.links)
        reserved = (link for record in records for link in record.reserved)
        return cls(
            graph,
            tuple(
                link for link in links if link.source in known and link.target in known and link.source != link.target
            ),
            tuple(link for link in reserved if link.source in known),
            tuple(page for record in records for page in record.pages),
            config,
        )


def by_group(link: Link) -> tuple[int, str, str, str]:
    """Sort links by what they are worth, then by their pages."""
    group, _ = RULES.get(link.rule, (Group.NAVIGATION, ""))  # an older build's list may know other rules
    return _GROUPS.index(group), link.rule, link.source, link.target


# ---- the whole site


def table(report: LinkReport, limit: int) -> RenderableType:
    """Return the pages by score, at most `limit` (0: all), and what is wrong with them."""
    graph = report.graph
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("score", "depth", "in", "out", "prose in", "prose out"):
        made.add_column(name, justify="right", no_wrap=True)
    made.add_column("page", overflow="fold")
    ranked = graph.ranked()
    for page in ranked[: limit or None]:
        remarks = [*([] if page.indexed else ["noindex"]), *(["orphan"] if page.orphan else [])]
        made.add_row(
            f"{page.score:.1f}",
            "–" if page.depth is None else str(page.depth),
            str(page.inlinks),
            str(page.outlinks),
            str(page.prose_in),
            str(page.prose_out),
            Text(page.path) + Text(f"  {', '.join(remarks)}" if remarks else "", "dim"),
            style="" if page.indexed else "dim",
        )
    parts: list[RenderableType] = [made]
    if limit and len(ranked) > limit:
        parts.append(Text(f"… and {len(ranked) - limit:,} more (--limit 0 shows all)", "dim"))
    parts += _findings(report)
    total = f"{len(ranked):,} pages, {graph.links:,} links, {graph.in_prose:,} of them in prose"
    return Lines(*parts, Text(""), Text(f"{total}; {len(graph.orphans):,} {_plural(len(graph.orphans), 'orphan')}"))


def _findings(report: LinkReport) -> Iterable[RenderableType]:
    graph, depth = report.graph, report.config.links.max_depth
    trailing = trailing_pillars(graph, report.pages)
    found = (
        ("Orphans: nothing but lists and navigation leads to them", [page.path for page in graph.orphans]),
        ("Out of reach of the home page", [page.path for page in graph.unreachable]),
        (f"Deeper than {depth}", [f"{page.path} ({page.depth})" for page in graph.deeper_than(depth)]),
        (
            "Pillars that do not lead their cluster",
            [f"{own.path} ({own.score}) after {ahead.path} ({ahead.score})" for own, ahead in trailing],
        ),
    )
    for title, lines in found:
        if lines:
            yield Text(f"\n{title}", "bold")
            yield from (Text(f"  {line}") for line in lines)


def as_json(report: LinkReport) -> str:
    """Return the report as JSON: totals, every page with its anchors in prose, the findings, the navigation."""
    graph, depth = report.graph, report.config.links.max_depth
    made: dict[str, Any] = {
        "links": graph.links,
        "in_prose": graph.in_prose,
        "pages": [
            page._asdict() | {"anchors": [anchor._asdict() for anchor in graph.anchors.get(page.path, ())]}
            for page in graph.ranked()
        ],
        "orphans": [page.path for page in graph.orphans],
        "unreachable": [page.path for page in graph.unreachable],
        "deep": [page.path for page in graph.deeper_than(depth)],
        "weak_pillars": [
            {"pillar": own.path, "score": own.score, "stronger": ahead.path, "stronger_score": ahead.score}
            for own, ahead in trailing_pillars(graph, report.pages)
        ],
        "navigation": [{"target": link.target, "anchor": link.anchor} for link in graph.nav],
    }
    return _json(made)


def as_csv(report: LinkReport) -> str:
    """Return the pages as CSV, as builds write them to `pages.csv`."""
    return pages_csv(report.graph).decode()


# ---- one page


def find(report: LinkReport, wanted: str) -> LinkedPage:
    """Return the page of a path, an address or the last part of a path; raises ReportError where there is none."""
    pages, urls = report.graph.pages, report.config.urls
    path = unquote(urlsplit(wanted).path)
    if "://" in wanted:
        path = path.removeprefix(urls.base_path)
    for candidate in (path, f"/{path.strip('/')}/", f"/{path.strip('/')}"):
        if candidate in pages:
            return pages[candidate]
    named = [page for page in pages.values() if page.path.strip("/").rpartition("/")[2] == path.strip("/")]
    if len(named) == 1:
        return named[0]
    if named:
        raise ReportError(f"several pages are called '{wanted}': {', '.join(page.path for page in named)}")
    slugs = {page.path.strip("/").rpartition("/")[2]: page.path for page in pages.values()}
    near = nearest(path, pages) or slugs.get(nearest(path.strip("/").rpartition("/")[2], slugs), "")
    raise ReportError(f"there is no page '{wanted}'" + (f"; did you mean {near}?" if near else ""))


def _of_page(report: LinkReport, page: LinkedPage) -> tuple[list[Link], list[Link], list[Link]]:
    into = sorted((link for link in report.links if link.target == page.path), key=by_group)
    into += (link for link in report.graph.nav if link.target == page.path)
    out = sorted((link for link in report.links if link.source == page.path), key=by_group)
    return into, out, sorted({link for link in report.reserved if link.source == page.path})


def details(report: LinkReport, page: LinkedPage) -> RenderableType:
    """Return everything about one page's links: in and out, with rules, reasons and sentences."""
    into, out, reserved = _of_page(report, page)
    depth = "out of reach" if page.depth is None else f"{page.depth} {_plural(page.depth, 'click')} from the home page"
    facts = [
        f"link score {page.score:.1f}",
        depth,
        f"{page.inlinks} pages link to it, {page.prose_in} in prose",
        f"it links to {page.outlinks}, {page.prose_out} in prose",
        *([] if page.indexed else ["noindex"]),
        *(["orphan"] if page.orphan else []),
    ]
    parts: list[RenderableType] = [Text(page.title or page.path, "bold"), Text(page.path), Text("; ".join(facts))]
    anchors = _anchors(into)
    if anchors:
        parts += [Text("\nAnchor texts of links to it, navigation left out", "bold"), anchors]
    parts += [Text(f"\nLinks to it ({len(into)})", "bold"), _links(into, "from")] if into else []
    parts += [Text(f"\nLinks on it ({len(out)}), navigation left out", "bold"), _links(out, "to")] if out else []
    if reserved:
        parts.append(Text(f"\nReserved until their targets are published ({len(reserved)})", "bold"))
        parts += [Text(f"  {link.target} “{link.anchor}”") for link in reserved]
    return Lines(*parts)


def _anchors(links: Iterable[Link]) -> Table | None:
    counted = Counter(link.anchor for link in links if link.rule not in {"nav", "breadcrumb"})
    if not counted:
        return None
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(justify="right")
    made.add_column(justify="right")
    made.add_column(overflow="fold")
    for anchor in anchors_of(("", text, count) for text, count in counted.items())[""]:
        made.add_row(str(anchor.links), f"{anchor.share:.0%}", Text(anchor.text))
    return made


def _links(links: Iterable[Link], side: str) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("rule", side, "anchor", "reason and sentence"):
        made.add_column(name, overflow="fold")
    for link in links:
        why = Text(link.reason, "dim")
        if link.sentence:
            why = why + Text("\n" if link.reason else "") + Text(link.sentence)
        other = link.source if side == "from" else link.target
        made.add_row(link.rule, Text("every page" if other == "*" else other), Text(link.anchor), why)
    return made


def details_json(report: LinkReport, page: LinkedPage) -> str:
    """Return one page as JSON, with the links to it, on it, and those that wait for their targets."""
    into, out, reserved = _of_page(report, page)
    anchors = anchors_of(("", link.anchor, 1) for link in into if link.rule in PROSE).get("", [])
    return _json(
        page._asdict()
        | {
            "anchors": [anchor._asdict() for anchor in anchors],
            "links_in": [link._asdict() for link in into],
            "links_out": [link._asdict() for link in out],
            "reserved": [link._asdict() for link in reserved],
        }
    )


def details_csv(report: LinkReport, page: LinkedPage) -> str:
    """Return the links to a page and on it as CSV, with the columns of `links.csv`."""
    into, out, _ = _of_page(report, page)
    made = io.StringIO()
    csv.writer(made, lineterminator="\r\n").writerow(Link._fields)
    return made.getvalue() + link_rows([*into, *out]).decode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _plural(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"
