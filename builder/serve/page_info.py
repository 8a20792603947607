"""What the bar tells of a page, found out when a browser asks: its source, its status without `--drafts`, words, links.

Nothing is worked out for a build: a site of 25,000 pages has a million links, and seldom more than one page on screen.
Of maps that did not change since the last question nothing is read again.
"""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING

from builder.diagnostics import Diagnostic
from builder.files import REGISTRY, source_of
from builder.load import place, read
from builder.model import Place, Status, status_on
from builder.serve.problems import file_of
from builder.serve.values import PageInfo
from builder.urls import output_file

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from builder.link.edges import Edges
    from builder.model import ItemInterface
    from builder.pipeline import Result
    from builder.records import PageRecord, UnitRecord


class PageFacts:
    """Answers for the last build that was published."""

    def __init__(self, root: Path) -> None:
        """Take the site's folder; there is nothing to tell before the first build."""
        self.root = root
        self.result: Result | None = None
        self.today: dt.date | None = None
        self.edges: dict[str, tuple[str, Edges]] = {}

    def take(self, result: Result, today: dt.date) -> None:
        """Take the result of a build that was published."""
        self.result, self.today = result, today

    def of(self, path: str) -> PageInfo | None:
        """Return what is known of the page at a site path, None where the site has no such page."""
        if self.result is None or self.today is None:
            return None
        folder = self.result.holder(output_file(path))
        record = self.result.record(folder) if folder is not None else None
        page = next((page for page in record.pages if page.path == path), None) if record else None
        if page is None or record is None or folder is None:
            return None
        item = self.result.item(folder, page.key) if page.key else None
        source, text = self.source(page, record)
        name = self.file(item, source) if item else source.file
        found = file_of(self.root, name)
        status = ""
        if item is not None:
            status = str(status_on(item.status, item.publish_on, self.today, has_body=item.has_body))
        came, went = self.links(path)
        return PageInfo(
            path=path,
            kind=page.kind,
            status=status,
            source=name if found else "",
            file=str(found or ""),
            line=(self.line(source, text) if name == source.file else 1) if found else 0,
            words=item.written if item else 0,
            planned_words=(item.words or 0) if item else 0,
            links_in=came,
            links_out=went,
            reserved=len({link.target for link in self.result.reserved(folder) if link.source == path}),
            day=item.publish_on.isoformat() if item and item.publish_on and status == Status.SCHEDULED else "",
            indexed=page.indexed and status in {"", Status.PUBLISHED},
        )

    def links(self, path: str) -> tuple[int, int]:
        """Return how many pages link to a page, and to how many it links; the navigation aside."""
        keys = self.result.keys if self.result else {}
        self.edges = {folder: kept for folder, kept in self.edges.items() if keys.get(folder) == kept[0]}
        came = went = 0
        for folder, key in keys.items():
            if folder not in self.edges:
                record = self.result.record(folder) if self.result else None
                if record is None:
                    continue
                self.edges[folder] = key, record.edges
            inside = _links(self.edges[folder][1], path)
            came, went = came + inside[0], went + inside[1]
        return came, went

    def source(self, page: PageRecord, record: UnitRecord) -> tuple[Place, str]:
        """Return where a page comes from, and the text to look for there."""
        if page.place.file:
            return page.place, f"title: {page.title}" if page.kind == "cluster" else ""
        if page.kind in {"entity", "entities"} and (self.root / REGISTRY).is_file():
            return Place(REGISTRY), page.title if page.kind == "entity" else ""
        if page.map:
            home = next((p.place for p in record.pages if p.kind == "map"), Place(""))
            return Place(home.file), ""
        return Place("site.yaml"), page.title if page.kind == "author" else ""

    def file(self, item: ItemInterface, declared: Place) -> str:
        """Return the file of an item's text; where it has none, the file that declares it."""
        parts = declared.file.split("/")
        if item.has_body and item.cluster and parts[:2] == ["content", "maps"]:
            folder = "/".join((*parts[:3], item.cluster))
            for stem in (item.slug, "pillar") if item.is_pillar else (item.slug,):
                if file_of(self.root, f"{folder}/{stem}.md"):
                    return f"{folder}/{stem}.md"
        return declared.file

    def line(self, source: Place, text: str) -> int:
        """Return the line in its file at which a page is declared; 1 where all of the file is about it."""
        if not source.keys and not text:
            return 1

        def read_bytes(wanted: str) -> bytes | None:
            found = source_of(self.root, wanted)
            return read(found)[0] if found else None

        return place([Diagnostic("value", "", source.file, source.keys, text)], read_bytes)[0].line or 1


def _links(edges: Edges, path: str) -> tuple[int, int]:
    """Return how often a page is the target, and how often the source, of a unit's pairs of pages."""
    if path not in edges.paths:
        return 0, 0
    number = edges.paths.index(path)
    pairs = array("I", edges.pairs)
    if sys.byteorder == "big":
        pairs.byteswap()
    return pairs[1::2].count(number), pairs[::2].count(number)
