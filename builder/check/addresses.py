"""The HTML of a page → the addresses and ids that are in it, for the check of the links."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from builder.records import PageLinks

if TYPE_CHECKING:
    from builder.urls import Urls

#: Every attribute of a tag is matched, so that words inside the value of one are not taken for another.
_ATTRIBUTE = re.compile(r"""\s([\w:.-]+)=(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""")
_TAG = re.compile(r"""<[a-zA-Z](?:[^>"']|"[^"]*"|'[^']*')*>""")
#: The attributes that matter, found by their equals signs in a fraction of the time that reading tags takes: with their
#: values those of links that begin with their address (1), and others up to a quote (2), which may also stand in text.
_VALUE = re.compile(r'=(?:(?<=<a href=)"([^"]*)"|(?<=(?:href|.src|..id)=)(")?)')
#: How far before the equals sign the space before a name is, by the last letter of the name.
_WIDTH = {"f": 5, "c": 4, "d": 3}
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//")


def links_of(path: str, made: str, urls: Urls) -> PageLinks:
    """Return what the HTML of a page links to within the site, and its ids."""
    hrefs, ids = _attributes(made)
    own = urls.url(path)
    site = urls.absolute("/")
    origin = site.removesuffix(urls.url("/"))
    kept = {href for href in hrefs if href[:1] == "/" and href[:2] != "//"}  # nearly all
    for href in hrefs - kept:
        if href.startswith("#"):
            kept.add(own + href)
        elif href.startswith(site):
            kept.add(href.removeprefix(origin))
        elif not _SCHEME.match(href):
            kept.add(href)
    return PageLinks(path, frozenset(kept), frozenset(ids))


def _attributes(made: str) -> tuple[set[str], set[str]]:
    """Return the addresses (`href`, `src`) and the ids of some HTML's elements."""
    hrefs: set[str] = set()
    ids: set[str] = set()
    for found in _VALUE.finditer(made):
        if found.lastindex == 1:  # of a plain link
            hrefs.add(found[1])
            continue
        at, end = found.span()
        if found[2] is None or made[at - _WIDTH[made[at - 1]]] != " ":
            return _of_tags(made)
        if made.rfind("<", 0, at) > made.rfind(">", 0, at):
            (ids if made[at - 1] == "d" else hrefs).add(made[end : made.find('"', end)])
    return _unescaped(hrefs), _unescaped(ids)


def _of_tags(made: str) -> tuple[set[str], set[str]]:
    """Return the same of HTML in which an attribute is written in another way, or a name ends a longer one."""
    given = [(n, a or b or c) for tag in _TAG.findall(made) for n, a, b, c in _ATTRIBUTE.findall(tag)]
    hrefs = {value for name, value in given if name in {"href", "src"}}
    return _unescaped(hrefs), _unescaped({value for name, value in given if name == "id"})


def _unescaped(values: set[str]) -> set[str]:
    return {html.unescape(value) if "&" in value else value for value in values}
