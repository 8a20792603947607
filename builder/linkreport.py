"""The link report of a build: the graph of its records, the lists in the report folder, what changed since the last.

Called by the pipeline, and by the commands that report on links. The lists are written and compared in pieces: a site
of a million pages has gigabytes of them.
"""

from __future__ import annotations

import mmap
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from builder.link.diff import LinkDiff, diff_links, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from builder.link.graph import LinkGraph
    from builder.records import UnitRecord
    from builder.urls import Urls
    from builder.views.types import SiteView

#: The folder of the lists, in that of the build's state.
REPORT: Final = "report"
LINKS: Final = "links.csv"
PAGES: Final = "pages.csv"
#: Bytes of rows beyond which a build does not say what changed (`topicsite links --diff` always does).
MOST: Final = 64_000_000
_BLOCK: Final = 1 << 20
#: Rows that begin with the same cell.
_PAGE_ROWS: Final = re.compile(rb"([^,\n]*),.*+\n(?:\1,.*+\n)*+")


@dataclass(frozen=True, slots=True)
class LinkSummary:
    """What a build says of its links: how many, how many in prose, how many orphans.

    `change` is the difference from the last build that was written, None where there was none to compare with.
    """

    links: int = 0
    in_prose: int = 0
    orphans: int = 0
    change: LinkDiff | None = None

    def __str__(self) -> str:
        """Return it as one line."""
        orphans = f"{self.orphans:,} {'orphan' if self.orphans == 1 else 'orphans'}"
        line = f"{self.links:,} links, {self.in_prose:,} of them in prose, {orphans}"
        return line if self.change is None else f"{line}; since the last build: {summary(self.change)}"


def navigation(site: SiteView, urls: Urls) -> tuple[tuple[str, str], ...]:
    """Return path and text of what every page links to: the home page, under the site's name, and the navigation."""
    entries = [(site.url, site.title), *((link.url, link.title) for link in site.nav)]
    base = urls.base_path
    return tuple(
        (unquote(path.removeprefix(base)), title)
        for url, title in entries
        if (path := urlsplit(url).path).startswith(f"{base}/") and not urlsplit(url).netloc
    )


def graph_of(records: Sequence[UnitRecord], site: SiteView, urls: Urls) -> LinkGraph:
    """Return the link graph of a site from the records of all its units."""
    from builder.link.graph import link_graph  # noqa: PLC0415 - numpy takes 80 ms to load

    pages = (page for record in records for page in record.pages)
    return link_graph(pages, (record.edges for record in records), navigation(site, urls), urls.path("home"))


def previous(name: str) -> str:
    """Return the name of the list before a list: `links.csv` → `links.previous.csv`."""
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.previous.{suffix}"


def keep(folder: Path, lists: Mapping[str, Iterable[bytes]]) -> bool:
    """Write the lists, unless all are as they were; tell whether any changed.

    Those before stay beside them as `previous`. They change together, so that those before are always of one build.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fresh = {name: folder / f".{name}.{os.getpid()}.tmp" for name in lists}
    for name, pieces in lists.items():
        with fresh[name].open("wb") as file:
            file.writelines(pieces)
    if all(_same(folder / name, fresh[name]) for name in lists):
        for path in fresh.values():
            path.unlink()
        return False
    for name, path in fresh.items():
        if (folder / name).exists():
            (folder / name).replace(folder / previous(name))
        path.replace(folder / name)
    return True


def last_change(folder: Path) -> LinkDiff | None:
    """Return what the lists in a folder changed from those before them; None without such, and where it is too much."""
    old, new = _different_rows(folder / previous(LINKS), folder / LINKS)
    if old is None or new is None:
        return None
    from builder.emit.links import read_links  # noqa: PLC0415 - a build that changes no link needs none of it

    before, after = (_scores(folder / name) for name in (previous(PAGES), PAGES))
    if before is None or after is None:
        return None
    return diff_links(read_links(old), read_links(new), before, after)


def _scores(path: Path) -> dict[str, float] | None:
    from builder.emit.links import read_scores  # noqa: PLC0415

    try:
        return read_scores(path.read_bytes())
    except OSError:
        return None


def _same(first: Path, second: Path) -> bool:
    if not first.exists() or first.stat().st_size != second.stat().st_size:
        return False
    with first.open("rb") as one, second.open("rb") as other:
        while block := one.read(_BLOCK):
            if block != other.read(_BLOCK):
                return False
    return True


def _different_rows(first: Path, second: Path) -> tuple[bytes, bytes] | tuple[None, None]:
    """Return of two lists the rows of the pages that differ; None where one cannot be read, and where it is too much.

    The rows of a page stand together, and what is added or dropped can only be told with all of them.
    """
    try:
        with first.open("rb") as one, second.open("rb") as other:
            if not os.fstat(one.fileno()).st_size or not os.fstat(other.fileno()).st_size:
                return one.read(), other.read()
            with (
                mmap.mmap(one.fileno(), 0, access=mmap.ACCESS_READ) as old,
                mmap.mmap(other.fileno(), 0, access=mmap.ACCESS_READ) as new,
            ):
                start = _page_before(old, _shared(old, new, 1))
                end = min(_shared(old, new, -1), min(len(old), len(new)) - start)
                end = len(old) - _page_after(old, len(old) - end)
                if len(old) + len(new) - 2 * (start + end) > MOST:
                    return None, None
                was, now = _hashes(old, start, end), _hashes(new, start, end)
                pages = {page for page, _ in was.items() ^ now.items()}
                return _rows_of(pages, old, start, end), _rows_of(pages, new, start, end)
    except OSError:
        return None, None


def _hashes(data: mmap.mmap, start: int, end: int) -> dict[bytes, int]:
    """Return a hash of each page's rows, but for the bytes before `start` and the last `end`."""
    found: dict[bytes, int] = {}
    for rows in _PAGE_ROWS.finditer(data, start, len(data) - end):
        found[rows[1]] = hash((found.get(rows[1]), rows[0]))
    return found


def _rows_of(pages: set[bytes], data: mmap.mmap, start: int, end: int) -> bytes:
    return b"".join(rows[0] for rows in _PAGE_ROWS.finditer(data, start, len(data) - end) if rows[1] in pages)


def _page_before(data: mmap.mmap, at: int) -> int:
    """Return where the rows of the page begin that has the last whole row before `at`."""
    at = data.rfind(b"\n", 0, at) + 1
    source = b""
    while at:
        start = data.rfind(b"\n", 0, at - 1) + 1
        own = data[start : data.find(b",", start)]
        if source and own != source:
            break
        source, at = own, start
    return at


def _page_after(data: mmap.mmap, at: int) -> int:
    """Return where the rows of the page end that has the first whole row after `at`."""
    if at < len(data):
        at = data.find(b"\n", at) + 1 or len(data)
    source = b""
    while at < len(data):
        own = data[at : data.find(b",", at)]
        if source and own != source:
            break
        source, at = own, data.find(b"\n", at) + 1 or len(data)
    return at


def _shared(old: mmap.mmap, new: mmap.mmap, side: int) -> int:
    """Return how many bytes two files share at least at their beginning (side 1) or end (-1), in whole blocks."""
    length, size = 0, min(len(old), len(new))
    while length < size:
        step = min(_BLOCK, size - length)
        if side > 0:
            same = old[length : length + step] == new[length : length + step]
        else:
            first, second = len(old) - length, len(new) - length
            same = old[first - step : first] == new[second - step : second]
        if not same:
            break
        length += step
    return length
