"""What is put into pages on their way to a browser, and what of a page is compared to tell what changed."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, NamedTuple

from builder.files import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

CLIENT = "/__topicsite__/client.js"

_HEAD = re.compile(rb"<head(?:\s[^>]*)?>", re.IGNORECASE)
_LINK = re.compile(rb"<link\b[^>]*>", re.IGNORECASE)
_REL = re.compile(rb"""\srel\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.IGNORECASE)
_HREF = re.compile(rb"""(\shref\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.IGNORECASE)


class Styles(NamedTuple):
    """A page's stylesheets: their addresses in order, and the digest of the page without these addresses."""

    hrefs: tuple[str, ...]
    rest: str


def tag(origin: str, nonce: str, data: Mapping[str, str]) -> bytes:
    """Return the element that loads the client; `data` are its `data-` attributes."""
    attributes = "".join(f' data-{name}="{html.escape(value)}"' for name, value in data.items())
    source = html.escape(f"{origin}{CLIENT}")
    return f'<script src="{source}" nonce="{nonce}" defer{attributes}></script>'.encode()


def injected(page: bytes, element: bytes) -> bytes:
    """Return a page with an element at the beginning of its head; at its end where it has no head."""
    head = _HEAD.search(page)
    if head is None:
        return page + element
    return page[: head.end()] + element + page[head.end() :]


def styles_of(page: bytes) -> Styles:
    """Return the stylesheets of a page, and the digest of all the rest of it."""
    hrefs: list[str] = []

    def without(found: re.Match[bytes]) -> bytes:
        element = found[0]
        rel, href = _REL.search(element), _HREF.search(element)
        if not rel or not href or b"stylesheet" not in (rel[1] or rel[2] or rel[3] or b"").lower().split():
            return element
        hrefs.append(html.unescape((href[2] or href[3] or href[4] or b"").decode("utf-8", "replace")))
        return element[: href.start()] + element[href.end() :]

    rest = _LINK.sub(without, page)
    return Styles(tuple(hrefs), digest(rest))
