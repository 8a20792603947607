"""`robots.txt` (RFC 9309): everything may be crawled; says where the sitemap is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.urls import Urls


def robots(urls: Urls) -> str:
    """Return the text of robots.txt."""
    return f"User-agent: *\nAllow: {urls.url('/')}\n\nSitemap: {urls.absolute('/sitemap.xml')}\n"
