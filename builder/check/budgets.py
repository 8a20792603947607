"""Budgets of the link graph: what a well linked site keeps to, page by page. Thresholds are `links` in site.yaml.

Each budget is a code, so that `checks` in site.yaml makes it an error or turns it off. None is held against pages that
are not indexed. A finding stands at the place in the sources that declares its page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.diagnostics import Diagnostic, error
from builder.link.graph import TEXTS, trailing_pillars
from builder.load import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from builder.config import LinksKeys
    from builder.link.graph import LinkedPage, LinkGraph
    from builder.records import PageRecord

#: The codes of all budgets; `pillar-later` is found with each map, by `pillars.py`.
BUDGETS = frozenset(
    {
        "unreachable",
        "deep-page",
        "orphan",
        "few-inlinks",
        "anchor-share",
        "weak-pillar",
        "pillar-later",
        "many-outlinks",
    }
)
#: Fewer links to a page than this have no dominant anchor.
MIN_LINKS = 5


def over_budget(graph: LinkGraph, records: Iterable[PageRecord], links: LinksKeys) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each budget that a page breaks."""
    known = {record.path: record for record in records}
    for path, page in graph.pages.items():
        if page.indexed:
            yield from _page(page, known[path], links)
            yield from _anchors(page, known[path], graph, links)
    yield from _pillars(graph, known)


def _found(code: str, message: str, record: PageRecord, hint: str) -> Diagnostic:
    return error(code, message, record.place.file, *record.place.keys, hint=hint)


def _page(page: LinkedPage, record: PageRecord, links: LinksKeys) -> Iterator[Diagnostic]:
    name = f"'{shorten(page.title)}'" if page.title else page.path
    if page.depth is None:
        hint = "link to it from a page that readers reach, or list it in the navigation"
        yield _found("unreachable", f"no links lead from the home page to {name} ({page.path})", record, hint)
    elif page.depth > links.max_depth:
        message = f"{name} is {_count(page.depth, 'click')} away from the home page, {links.max_depth} at most"
        hint = "link to it from a page nearer to the home page, such as the pillar of its cluster"
        yield _found("deep-page", message, record, hint)
    if page.orphan:
        hint = "write the pillar of its cluster, name it in the text of another article, or write [[…]] there"
        yield _found("orphan", f"nothing but lists and navigation leads to {name} ({page.path})", record, hint)
    wanted = links.min_inlinks.get(record.priority, 0) if page.kind in TEXTS else 0  # type: ignore[call-overload]
    if page.prose_in < wanted:
        message = (
            f"{name}, of {record.priority} priority, has {_count(page.prose_in, 'link')} in prose from other pages,"
            f" at least {wanted}"
        )
        slug = record.key.removeprefix("page:").rpartition("/")[2]
        hint = f"let another text say its title, its query or an alias (`aliases`), or write [[{slug}]] there"
        yield _found("few-inlinks", message, record, hint)
    if page.kind in TEXTS and page.main > links.max_outlinks:
        message = f"{name} links to {_count(page.main, 'page')}, {links.max_outlinks} at most"
        hint = "take out links that few readers follow, or make two pages of it"
        yield _found("many-outlinks", message, record, hint)


def _anchors(page: LinkedPage, record: PageRecord, graph: LinkGraph, links: LinksKeys) -> Iterator[Diagnostic]:
    """Yield what is wrong with the anchors of the links in prose to a text; a name of an entity is what it is."""
    anchors = graph.anchors.get(page.path, [])
    total = sum(anchor.links for anchor in anchors)
    if page.kind not in TEXTS or total < MIN_LINKS or anchors[0].share <= links.max_anchor_share:
        return
    message = (
        f"{anchors[0].links} of {total} links in prose to '{shorten(page.title)}' have the words"
        f" '{shorten(anchors[0].text)}', {links.max_anchor_share:.0%} at most"
    )
    hint = "give it `aliases`, or write other words: [[slug|other words]]"
    yield _found("anchor-share", message, record, hint)


def _pillars(graph: LinkGraph, records: Mapping[str, PageRecord]) -> Iterator[Diagnostic]:
    for pillar, stronger in trailing_pillars(graph, records.values()):
        message = (
            f"the pillar '{shorten(pillar.title)}' has a link score of {pillar.score}, less than its article"
            f" '{shorten(stronger.title)}' with {stronger.score}"
        )
        hint = "link to the pillar from pages that do not yet: texts of other clusters, answers, the strategy"
        yield _found("weak-pillar", message, records[pillar.path], hint)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
