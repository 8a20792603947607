"""`sitemap.xml` (sitemaps.org protocol): one file, or an index and parts of at most 50,000 URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.emit.xml import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from builder.records import PageRecord
    from builder.urls import Urls

#: The protocol's limit of URLs a file.
MAX_URLS = 50_000
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def sitemap(pages: Sequence[PageRecord], urls: Urls, limit: int = MAX_URLS) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each sitemap file for the indexed pages, sorted by path.

    `lastmod` is there only where the page has a real date.
    """
    listed = sorted((page for page in pages if page.indexed), key=lambda page: page.path)
    if len(listed) <= limit:
        yield "sitemap.xml", _urlset(listed, urls)
        return
    parts = [listed[start : start + limit] for start in range(0, len(listed), limit)]
    entries = []
    for number, part in enumerate(parts, 1):
        name = f"sitemap-{number}.xml"
        yield name, _urlset(part, urls)
        newest = max((page.updated for page in part if page.updated), default=None)
        lastmod = f"<lastmod>{newest.isoformat()}</lastmod>" if newest else ""
        entries.append(f"<sitemap><loc>{escape(urls.absolute('/' + name))}</loc>{lastmod}</sitemap>\n")
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex {_NAMESPACE}>\n'
    yield "sitemap.xml", f"{head}{''.join(entries)}</sitemapindex>\n"


def _urlset(pages: Sequence[PageRecord], urls: Urls) -> str:
    entries = []
    for page in pages:
        lastmod = f"<lastmod>{page.updated.isoformat()}</lastmod>" if page.updated else ""
        entries.append(f"<url><loc>{escape(urls.absolute(page.path))}</loc>{lastmod}</url>\n")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {_NAMESPACE}>\n{"".join(entries)}</urlset>\n'
