"""The HTML of a page → the addresses and ids that are in it, for the check of the links."""

from __future__ import annotations

import html
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from builder.records import PageLinks

if TYPE_CHECKING:
    from builder.urls import Urls

#: Every attribute of a tag is matched, so that words inside the value of one are not taken for another.
_ATTRIBUTE = re.compile(r"""\s([\w:.-]+)=(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""")
_TAG = re.compile(r"""<[a-zA-Z](?:[^>"']|"[^"]*"|'[^']*')*>""")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")


def links_of(path: str, made: str, urls: Urls) -> PageLinks:
    """Return what the HTML of a page links to within the site, and its ids."""
    hrefs, ids = _attributes(made)
    own = urls.url(path)
    site = urls.absolute("/")
    origin = site.removesuffix(urls.url("/"))
    kept = set()
    for href in hrefs:
        if href[:1] == "/" and href[:2] != "//":
            kept.add(href)
        elif href.startswith("#"):
            kept.add(own + href)
        elif href.startswith(site):
            kept.add(href.removeprefix(origin))
        elif not _SCHEME.match(href):
            kept.add(href)
    return PageLinks(path, frozenset(kept), frozenset(ids))


def _attributes(made: str) -> tuple[set[str], set[str]]:
    """Return the addresses (`href`, `src`) and the ids of some HTML's elements."""
    hrefs = _values(made, "href")
    hrefs |= _values(made, "src")
    ids = _values(made, "id")
    return {html.unescape(h) if "&" in h else h for h in hrefs}, {html.unescape(i) if "&" in i else i for i in ids}


def _values(made: str, name: str) -> set[str]:
    """Return the values of an attribute. Splitting the HTML takes a tenth of what an expression takes."""
    pieces = made.split(f' {name}="')
    if made.count(f"{name}=") >= len(pieces):  # also written in other ways, or the name ends a longer one
        tags = _TAG.findall(made)
        return {a or b or c for tag in tags for n, a, b, c in _ATTRIBUTE.findall(tag) if n == name}
    found: set[str] = set()
    inside = False
    for before, after in pairwise(pieces):
        opened, closed = before.rfind("<"), before.rfind(">")
        inside = opened > closed or (inside and opened == closed)
        if inside:
            found.add(after[: after.find('"')])
    return found
