"""Atom feeds (RFC 4287) of the site, of a map and of an author: the newest published articles."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from builder.emit.xml import escape, instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from builder.records import PageRecord
    from builder.urls import Urls

ENTRIES = 50
_NEVER = dt.date(1970, 1, 1)


def feed(
    pages: Iterable[PageRecord], urls: Urls, *, title: str, path: str, home: str, language: str, author: str
) -> str:
    """Return a feed of the articles among `pages` that have a date, the newest first.

    `path` is the feed's own, `home` that of the page it belongs to; `author` the name for entries without one.
    """
    kinds = {"article", "pillar"}
    dated = [page for page in pages if page.indexed and page.updated and page.kind in kinds]
    newest = sorted(dated, key=lambda page: (-(page.updated or _NEVER).toordinal(), page.path))[:ENTRIES]
    updated = max((page.updated for page in newest if page.updated), default=_NEVER)
    own = escape(urls.absolute(path))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{escape(language)}">',
        f"<title>{escape(title)}</title>",
        f"<id>{own}</id>",
        f'<link rel="self" type="application/atom+xml" href="{own}"/>',
        f'<link rel="alternate" type="text/html" href="{escape(urls.absolute(home))}"/>',
        f"<updated>{instant(updated)}</updated>",
        f"<author><name>{escape(author)}</name></author>",
    ]
    for page in newest:
        url = escape(urls.absolute(page.path))
        lines += [
            "<entry>",
            f"<title>{escape(page.title)}</title>",
            f"<id>{url}</id>",
            f'<link rel="alternate" type="text/html" href="{url}"/>',
            f"<published>{instant(page.published)}</published>" if page.published else "",
            f"<updated>{instant(page.updated or _NEVER)}</updated>",
            f"<author><name>{escape(page.author)}</name></author>" if page.author else "",
            f'<summary type="text">{escape(page.description)}</summary>' if page.description else "",
            "</entry>",
        ]
    return "\n".join(line for line in [*lines, "</feed>", ""] if line) + "\n"
