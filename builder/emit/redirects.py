"""Redirects: `_redirects` (Netlify, Cloudflare Pages) and, for hosts that do not read it, a stub page each."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.urls import Urls


def redirect_files(redirects: Mapping[str, str], urls: Urls) -> Iterator[tuple[str, str]]:
    """Yield the name and text of `_redirects` and of each stub.

    `redirects` maps paths to paths or to addresses elsewhere. A stub tells robots where the page went by its canonical
    link and an immediate refresh, which Google documents as a permanent redirect.
    """
    if not redirects:
        return
    lines = []
    for path, goal in sorted(redirects.items()):
        url, absolute = _addresses(goal, urls)
        lines.append(f"{urls.url(path)} {quote(url, safe=_SAFE)} 301\n")
        name = path.strip("/")
        if name.endswith((".html", ".htm")):
            yield name, stub(absolute)
        else:
            yield f"{name}/index.html", stub(absolute)
    yield "_redirects", "".join(lines)


def _addresses(goal: str, urls: Urls) -> tuple[str, str]:
    """Return a redirect's goal as a URL of the host and with scheme and host, its query and fragment kept."""
    if not goal.startswith("/"):
        return goal, goal
    parts = urlsplit(goal)
    rest = goal[len(parts.path) :]
    return urls.url(parts.path) + rest, urls.absolute(parts.path) + rest


_SAFE = "/:?#[]@!$&'()*+,;=-._~%"


def stub(address: str) -> str:
    """Return a page that leads to an absolute address."""
    safe = html.escape(address)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{safe}</title>\n'
        f'<meta http-equiv="refresh" content="0; url={safe}">\n<link rel="canonical" href="{safe}">\n'
        f'<meta name="robots" content="noindex"></head>\n<body><p><a href="{safe}">{safe}</a></p></body></html>\n'
    )
