"""The lists of a build's link report as CSV (RFC 4180): `links.csv`, a row a link, and `pages.csv`, a row a page.

They stay in the report folder and are not published. Rows are made map by map, so that a build joins the rows of maps
that it did not touch. Read back, a cell is as it was written, with the sign that keeps spreadsheets from taking it for
a formula.
"""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from typing import TYPE_CHECKING

from builder.emit.data import defused
from builder.link.edges import UNCRAWLED
from builder.link.types import Link

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from builder.link.graph import LinkGraph

PAGE_COLUMNS = (
    "path", "kind", "title", "indexed", "score", "depth", "inlinks", "outlinks", "prose_in", "prose_out", "orphan",
    "anchor", "anchor_share",
)  # fmt: skip


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def _cell(text: str) -> str:
    return defused(" ".join(text.split()))


@lru_cache(maxsize=16384)  # paths, rules and reasons come again and again
def _written(text: str) -> str:
    """Return a cell as it stands in a row, in quotes where it needs them."""
    cell = _cell(text)
    return '"' + cell.replace('"', '""') + '"' if "," in cell or '"' in cell else cell


def link_rows(links: Iterable[Link]) -> bytes:
    """Return the rows of some links; a page's links to itself and those of the 404 page are left out."""
    shown = (link for link in links if link.source not in (link.target, UNCRAWLED))
    return "".join([",".join(map(_written, link)) + "\r\n" for link in shown]).encode()


def link_header(nav: Iterable[Link]) -> bytes:
    """Return the first rows of `links.csv`: the names of its columns, and the links that stand on every page."""
    return _csv([Link._fields]) + link_rows(nav)


def read_links(data: bytes) -> list[Link]:
    """Return the links of rows, without a header; rows that are none are left out."""
    return [Link(*row) for row in _rows(data) if len(row) == len(Link._fields)]


def pages_csv(graph: LinkGraph) -> bytes:
    """Return `pages.csv`, the strongest page first; the anchor is the most frequent one in prose."""
    rows: list[list[str]] = [list(PAGE_COLUMNS)]
    for page in graph.ranked():
        anchors = graph.anchors.get(page.path)
        first = (_cell(anchors[0].text), f"{anchors[0].share:.2f}") if anchors else ("", "")
        rows.append(
            [
                _cell(page.path), page.kind, _cell(page.title), _yes(page.indexed), f"{page.score:.1f}",
                "" if page.depth is None else str(page.depth), str(page.inlinks), str(page.outlinks),
                str(page.prose_in), str(page.prose_out), _yes(page.orphan), *first,
            ]
        )  # fmt: skip
    return _csv(rows)


def _yes(value: object) -> str:
    return "yes" if value else "no"


def read_scores(data: bytes) -> dict[str, float]:
    """Return the link score of each page of `pages.csv`, by path; rows that have none are left out."""
    scores: dict[str, float] = {}
    for row in _rows(data):
        if len(row) == len(PAGE_COLUMNS) and row[4].replace(".", "", 1).isdecimal():
            scores[row[0]] = float(row[4])
    return scores


def _rows(data: bytes) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(data.decode("utf-8", "replace"), newline=""))
    while True:
        try:
            yield next(reader)
        except csv.Error:  # somebody else's file, or a cell longer than any of ours
            continue
        except StopIteration:
            return
