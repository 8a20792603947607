"""The link graph of a site: who links to whom, how deep pages lie, how strong they are, which are left alone.

Made from records alone, so a build that renders nothing has the same graph; called by the pipeline once a build, and by
the publishing simulator for every step. It is arithmetic on arrays of integers, by `numpy`: 25,000 pages and 750,000
links take it half a second. `rustworkx`, with PageRank and walks of its own, is as fast, but wants every link as a
Python tuple first; the tests hold our scores and depths to its.

What counts, in the words of crawlers:

- A *page* is everything with a URL that a crawler finds: all but the 404 page. Pages that are not indexed (outlines and
  briefs of unwritten articles, entities that nothing covers yet) are crawled, so they pass on score; no budget is held
  against them.
- *Inlinks* and *outlinks* are pages, not `<a>` elements: a page that links to another three times is one inlink (what
  crawlers call unique inlinks). A page's links to itself do not count.
- *Links in prose* (rules `phrase` and `author`) are counted apart from structure, lists and navigation.
- *Click depth* is the least number of clicks from the home page over links of any kind.
- The *link score* is PageRank (Page, Brin, Motwani and Winograd 1999) with a damping of 0.85 over unique links of any
  kind, on a logarithmic scale from 0 to 100, as crawlers show it. (Screaming Frog's Link Score is such a scale; where
  it begins is not published.) Ours begins at what a page without any inlink gets, which is 0, and ends at the
  strongest page of the site, which is 100; equal distances are equal ratios of PageRank.
- An *orphan* is an indexed article, pillar, free page or entity to which no indexed page links but from lists and
  navigation, and which the site's navigation does not name. That is stricter than "no inlinks": an index lists every
  article, so by that word there would never be an orphan, and a page that only indexes lead to is one in every way that
  matters.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from builder.link.edges import IN_PROSE, LEADS, MAIN
from builder.link.types import Link

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from builder.link.edges import Edges
    from builder.records import PageRecord

    Numbers = NDArray[np.int64]

DAMPING: Final = 0.85
#: Ranks are known to this part of themselves; a tenth of a point of the score is ten times as much.
PRECISION: Final = 1e-5
#: The source of links that stand on every page.
EVERYWHERE: Final = "*"
#: Kinds of pages that can be orphans, and those whose main part is a text.
CONTENT: Final = frozenset({"article", "pillar", "page", "entity"})
TEXTS: Final = frozenset({"article", "pillar", "page"})


class LinkedPage(NamedTuple):
    """A page in the graph.

    `depth` is None where no links lead to it from the home page; `inlinks` and `outlinks` count pages, `prose_in` and
    `prose_out` those that links in prose join, `main` those that it links to outside navigation and breadcrumbs.
    """

    path: str
    kind: str
    title: str
    indexed: bool
    score: float
    depth: int | None
    inlinks: int
    outlinks: int
    prose_in: int
    prose_out: int
    main: int
    orphan: bool


class Anchor(NamedTuple):
    """An anchor text of the links to a page: how many links have it, and their share of all (0 to 1)."""

    text: str
    links: int
    share: float


@dataclass(frozen=True, slots=True)
class LinkGraph:
    """The pages of a site by path; the links that stand on every page (`nav`, their source is `*`).

    `anchors` are the anchor texts of the links in prose to each page, the most frequent first; `links` counts all links
    but those of the navigation, `in_prose` those in prose.
    """

    pages: Mapping[str, LinkedPage]
    nav: tuple[Link, ...]
    anchors: Mapping[str, list[Anchor]]
    links: int
    in_prose: int

    def ranked(self) -> list[LinkedPage]:
        """Return the pages, the strongest first."""
        return sorted(self.pages.values(), key=lambda page: (-page.score, page.path))

    @property
    def orphans(self) -> list[LinkedPage]:
        """The orphans, by path."""
        return [page for page in self.pages.values() if page.orphan]

    def deeper_than(self, depth: int) -> list[LinkedPage]:
        """Return the indexed pages that are more clicks away from the home page, by path."""
        return [page for page in self.pages.values() if page.indexed and page.depth is not None and page.depth > depth]

    @property
    def unreachable(self) -> list[LinkedPage]:
        """The indexed pages to which no links lead from the home page, by path."""
        return [page for page in self.pages.values() if page.indexed and page.depth is None]


def anchors_of(links: Iterable[tuple[str, str, int]]) -> dict[str, list[Anchor]]:
    """Return the anchor texts of each target, the most frequent first, from targets, anchors and numbers of links.

    Anchors that differ in case or white space only are one, written as most links write it.
    """
    counted: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for target, anchor, number in links:
        text = " ".join(anchor.split())
        counted[target][text.casefold()][text] += number
    made = {}
    for target, spelled in counted.items():
        total = sum(variants.total() for variants in spelled.values())
        found = [
            Anchor(min(variants, key=lambda text: (-variants[text], text)), variants.total(), variants.total() / total)
            for variants in spelled.values()
        ]
        made[target] = sorted(found, key=lambda anchor: (-anchor.links, anchor.text))
    return made


def link_graph(
    records: Iterable[PageRecord], edges: Iterable[Edges], nav: Sequence[tuple[str, str]], home: str
) -> LinkGraph:
    """Return the link graph of some pages.

    `nav` are the path and text of what every page links to; links to anything but one of the pages are left out. The
    order of records and edges changes nothing.
    """
    pages = {page.path: page for page in sorted(records, key=lambda page: page.path) if page.kind != "404"}
    index = {path: number for number, path in enumerate(pages)}
    everywhere = tuple(
        Link(EVERYWHERE, path, text, "nav", "on every page") for path, text in dict.fromkeys(nav) if path in index
    )
    made = list(edges)
    sources, targets, flags = _joined(made, index, [index[link.target] for link in everywhere])
    size = len(pages)
    scores = _scores(sources, targets, size)
    depths = _depths(sources, targets, size, index.get(home))
    indexed = np.fromiter((page.indexed for page in pages.values()), bool, size)
    leading = (flags & LEADS > 0) & indexed[sources] if size else flags > 0
    led = _count(targets[leading], size)
    for link in everywhere:
        led[index[link.target]] = 1
    prose = flags & IN_PROSE > 0
    columns = zip(
        pages.values(),
        scores,
        depths,
        _count(targets, size).tolist(),
        _count(sources, size).tolist(),
        _count(targets[prose], size).tolist(),
        _count(sources[prose], size).tolist(),
        _count(sources[flags & MAIN > 0], size).tolist(),
        led.tolist(),
        strict=True,
    )
    linked = {
        page.path: LinkedPage(
            page.path,
            page.kind,
            page.title,
            page.indexed,
            score,
            depth,
            inlinks,
            outlinks,
            prose_in,
            prose_out,
            main,
            page.indexed and page.kind in CONTENT and not leads,
        )
        for page, score, depth, inlinks, outlinks, prose_in, prose_out, main, leads in columns
    }
    anchors = anchors_of(anchored for unit in made for anchored in unit.anchors if anchored.target in index)
    return LinkGraph(linked, everywhere, anchors, sum(unit.links for unit in made), sum(unit.in_prose for unit in made))


def _count(numbers: Numbers, size: int) -> Numbers:
    return np.bincount(numbers, minlength=size)


def _joined(
    edges: Sequence[Edges], index: Mapping[str, int], nav: Sequence[int]
) -> tuple[Numbers, Numbers, NDArray[np.uint8]]:
    """Return source, target and flags of every pair of pages that links join, each once, sorted."""
    size = len(index)
    codes = [np.zeros(0, np.int64)]
    flags = [np.zeros(0, np.uint8)]
    for unit in edges:
        numbers = np.array([index.get(path, -1) for path in unit.paths], np.int64)
        if not numbers.size:
            continue
        pairs = numbers[np.frombuffer(unit.pairs, "<u4")].reshape(-1, 2)
        kept = (pairs >= 0).all(axis=1)
        codes.append(pairs[kept, 0] * size + pairs[kept, 1])
        flags.append(np.frombuffer(unit.flags, np.uint8)[kept])
    for target in nav:
        others = np.delete(np.arange(size, dtype=np.int64), target)
        codes.append(others * size + target)
        flags.append(np.zeros(size - 1, np.uint8))
    every = np.concatenate(codes)  # what `np.unique` does; it loads numpy's masked arrays, which takes 15 ms
    order = np.argsort(every, kind="stable")
    ordered = every[order]
    first = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]  # the first one: navigation adds no flags
    unique = ordered[first]
    return unique // max(size, 1), unique % max(size, 1), np.concatenate(flags)[order[first]]


def _scores(sources: Numbers, targets: Numbers, size: int) -> list[float]:
    """Return the link score of each page, 0 to 100, rounded to a tenth.

    What pages without links would pass on is spread over all pages. Each step of the iteration shrinks the error by the
    damping at least, so that it ends.
    """
    if not size:
        return []
    outlinks = _count(sources, size)
    linking = outlinks > 0
    ranks = np.full(size, 1 / size)
    least, change = 0.0, math.inf
    while change > PRECISION:
        passed = np.divide(ranks, outlinks, out=np.zeros(size), where=linking)
        least = (1 - DAMPING + DAMPING * float(ranks[~linking].sum())) / size
        new = least + DAMPING * np.bincount(targets, passed[sources], size)
        change = float((np.abs(new - ranks) / new).max())
        ranks = new
    most = float(ranks.max())
    if most <= least * (1 + PRECISION):
        return [0.0] * size
    scores = np.log(ranks / least) * (100 / math.log(most / least))
    return [float(score) for score in np.round(scores.clip(0, 100), 1)]


def _depths(sources: Numbers, targets: Numbers, size: int, home: int | None) -> list[int | None]:
    """Return the click depth of each page, None where no links lead to it."""
    depths = np.full(size, -1)
    found = np.array([home] if home is not None else [], np.int64)
    depth = 0
    while found.size:
        depths[found] = depth
        reached = np.zeros(size, bool)
        reached[targets[depths[sources] == depth]] = True
        found = np.flatnonzero(reached & (depths < 0))
        depth += 1
    return [depth if depth >= 0 else None for depth in depths.tolist()]


class Trailing(NamedTuple):
    """A pillar that does not lead its cluster: the keys of pillar and cluster, and the article that is ahead of it."""

    pillar: LinkedPage
    stronger: LinkedPage


def trailing_pillars(graph: LinkGraph, records: Iterable[PageRecord]) -> list[Trailing]:
    """Return the published pillars that are weaker than an article of their cluster, by path."""
    pillars: dict[str, LinkedPage] = {}
    best: dict[str, LinkedPage] = {}
    for record in records:
        page = graph.pages.get(record.path)
        if page is None or not page.indexed or record.kind not in {"article", "pillar"}:
            continue
        cluster = record.key.rpartition("/")[0]
        if record.kind == "pillar":
            pillars[cluster] = page
        elif cluster not in best or (-page.score, page.path) < (-best[cluster].score, best[cluster].path):
            best[cluster] = page
    found = (Trailing(page, best[cluster]) for cluster, page in pillars.items() if cluster in best)
    return sorted((pair for pair in found if pair.stronger.score > pair.pillar.score), key=lambda pair: pair.pillar)
