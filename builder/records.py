"""What a compiled unit leaves for the stages after it: small values about its pages, never the pages themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from builder.cache import digest_of
from builder.diagnostics import Severity
from builder.model import Place

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from builder.check.links import Outgoing
    from builder.diagnostics import Diagnostic
    from builder.link.coverage import Coverage
    from builder.link.edges import Edges
    from builder.link.types import Link
    from builder.views.types import FiguresView


class OutputFile(NamedTuple):
    """A file of the output: its name below the output folder, with `/`, and its bytes."""

    name: str
    data: bytes


class Part(NamedTuple):
    """A part of a big map's pages, for one process: the `number`th of as many as `of`, counted from 0."""

    number: int = 0
    of: int = 1

    @property
    def last(self) -> bool:
        """Whether no part comes after it."""
        return self.number + 1 == self.of

    def bounds(self, count: int) -> tuple[int, int]:
        """Return where it begins and ends among so many things in order."""
        return count * self.number // self.of, count * (self.number + 1) // self.of


#: The one part of a map that is not cut.
WHOLE = Part()


class PageRecord(NamedTuple):
    """A page, for sitemap, feeds, search and lists. `updated` and `published` are days that its author gave, or None.

    `headings`, `entities` and `questions` (those of a FAQ page, each with its anchor) are for the search data alone.

    `key` and `priority` are those of an article's or free page's target; `place` is where its sources say that it is.
    """

    path: str
    kind: str
    title: str
    description: str
    indexed: bool
    updated: dt.date | None
    published: dt.date | None = None
    author: str = ""
    author_key: str = ""
    map: str = ""
    cluster: str = ""
    query: str = ""
    headings: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    questions: tuple[tuple[str, str], ...] = ()
    key: str = ""
    priority: str = ""
    place: Place = Place("")


class PageLinks(NamedTuple):
    """What the built HTML of a page links to (URLs within the site, with their fragments) and the ids it has."""

    path: str
    hrefs: frozenset[str]
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """A compiled map: what the site's pages, emitters, checks and reports need of it.

    `search` names its part of the search data in the store, '' where the site has no index.
    `links`, `reserved` and `built` are the bulk of it; `light` leaves it out. `outgoing` are the links that lead out
    of the map, `edges` what the link graph needs of the links.
    """

    map: str
    title: str
    pages: tuple[PageRecord, ...]
    coverage: tuple[Coverage, ...]
    links: tuple[Link, ...]
    reserved: tuple[Link, ...]
    figures: FiguresView | None
    built: tuple[PageLinks, ...]
    edges: Edges
    outgoing: tuple[Outgoing, ...]
    faults: tuple[Diagnostic, ...]
    search: str = ""

    @property
    def failed(self) -> bool:
        """Whether an error is among its faults."""
        return any(fault.severity is Severity.ERROR for fault in self.faults)

    @property
    def light(self) -> UnitRecord:
        """The record without links, reserved links, the pages' addresses and ids, and what search data is made of."""
        pages = tuple(page._replace(headings=(), entities=(), questions=()) for page in self.pages)
        return replace(self, pages=pages, links=(), reserved=(), built=())

    def with_faults(self, faults: Iterable[Diagnostic]) -> UnitRecord:
        """Return the record with further faults."""
        return replace(self, faults=(*self.faults, *faults))

    def site_digest(self) -> str:
        """Return the digest of what the site's pages and lists are made of: all but the links, ids and faults."""
        return digest_of(self.map, self.title, self.pages, self.coverage, self.figures, self.search)

    def links_digest(self) -> str:
        """Return the digest of what the link graph and its budgets are made of."""
        pages = [(p.path, p.kind, p.title, p.indexed, p.key, p.priority, p.place) for p in self.pages]
        return digest_of(self.edges, pages)
