"""Every link and anchor of the built pages resolves (codes `broken-link` and `broken-anchor`).

In two steps: what a map's pages link to among themselves is checked with the map (`within`), what leads out of it when
all maps are there (`between`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from builder.diagnostics import Diagnostic, did_you_mean, error, nearest
from builder.load import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from builder.atlas import Atlas
    from builder.records import PageLinks
    from builder.urls import Urls


class Origin(NamedTuple):
    """Where somebody wrote a link: a file, and keys or a piece of text in it; none where a template made it."""

    file: str = ""
    keys: tuple[str | int, ...] = ()
    text: str = ""


class Outgoing(NamedTuple):
    """A link that leads out of a map: its address, one of the pages that have it, and where it was written."""

    href: str
    page: str
    origin: Origin = Origin()


class Writers(NamedTuple):
    """Who may have written a page's links: the navigation's addresses in order, and Markdown with its file, by page."""

    nav: tuple[str, ...]
    texts: Mapping[str, Sequence[tuple[str, str]]]

    def origin(self, href: str, page: str, urls: Urls) -> Origin:
        """Return where the link of a page was written."""
        if href in self.nav:
            return Origin("site.yaml", ("nav", self.nav.index(href), "url"))
        path = href.removeprefix(urls.base_path)
        own = urls.url(page)
        spellings = [path, unquote(path), *([href.removeprefix(own)] if href.startswith(f"{own}#") else [])]
        for file, text in self.texts.get(page, ()):
            for spelling in spellings:
                if spelling in text:
                    return Origin(file, (), spelling)
        return Origin()


def urls_of(names: Iterable[str], urls: Urls) -> set[str]:
    """Return the URLs of files of the output, whose names are below the output folder."""
    return {urls.url(f"/{name.removesuffix('index.html')}") for name in names}


def within(
    built: Iterable[PageLinks], names: Iterable[str], urls: Urls, writers: Writers
) -> tuple[list[Diagnostic], list[Outgoing]]:
    """Return what is wrong among the links between some pages, and the links that lead out of them.

    `names` are those of all the files that were built with the pages.
    """
    pages = list(built)
    known = urls_of(names, urls)
    ids = {urls.url(page.path): page.ids for page in pages}
    faults: list[Diagnostic] = []
    outgoing: dict[str, Outgoing] = {}
    good: set[str] = set()
    for page in pages:
        for href in sorted(page.hrefs - good):
            url, fragment = _split(href, urls)
            if url not in known:
                outgoing[href] = Outgoing(href, page.path, writers.origin(href, page.path, urls))
            elif fragment and url in ids and fragment not in ids[url]:
                link = Outgoing(href, page.path, writers.origin(href, page.path, urls))
                faults.append(_no_anchor(link, ids[url], urls))
            good.add(href)
    return faults, [link for _, link in sorted(outgoing.items())]


def between(
    links: Iterable[Outgoing], known: set[str], ids_of: Callable[[str], frozenset[str] | None], urls: Urls
) -> Iterator[Diagnostic]:
    """Yield what is wrong among links that lead out of their map.

    `known` are the URLs of all files of the output; `ids_of` gives the ids of the page at a URL, None for other files.
    """
    base = urls.base_path
    for link in links:
        url, fragment = _split(link.href, urls)
        if not url.startswith("/"):
            yield _fault("broken-link", f"'{shorten(link.href)}' is a relative address", link, "begin it with `/`")
        elif url not in known:
            near = nearest(url, [f"{url}/"] if f"{url}/" in known else _near(url, known))
            hint = f"did you mean '{near.removeprefix(base)}'?" if near else ""
            yield _fault("broken-link", f"there is no page {shorten(url.removeprefix(base))}", link, hint)
        elif fragment:
            ids = ids_of(url)
            if ids is not None and fragment not in ids:
                yield _no_anchor(link, ids, urls)


def lost_redirects(atlas: Atlas, known: set[str], urls: Urls) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each redirect to a path that the site does not have."""
    for path, goal in atlas.redirects.items():
        url, _ = _split(urls.url(goal.partition("#")[0].partition("?")[0]), urls)
        if not goal.startswith("/") or url in known:
            continue
        file, keys = atlas.origins[path]
        near = nearest(url, [f"{url}/"] if f"{url}/" in known else _near(url, known))
        hint = f"did you mean '{near.removeprefix(urls.base_path)}'?" if near else "name a page that is published"
        yield error(
            "redirect", f"the redirect leads to {shorten(goal)}, and there is no such page", file, *keys, hint=hint
        )


#: The path of a page as nearly all addresses are.
_PLAIN = re.compile(r"/(?!/)[\w/.~-]*", re.ASCII)


def _split(href: str, urls: Urls) -> tuple[str, str]:
    """Return the URL that an address leads to, as pages of this site write it, and its fragment, decoded."""
    address, _, fragment = href.partition("#")
    if _PLAIN.fullmatch(address):
        return address, "" if fragment == "top" else unquote(fragment)
    path = urlsplit(address).path
    base = urls.base_path
    if path.startswith(f"{base}/") and ("%" in path or not path.isascii()):
        path = urls.url(unquote(path.removeprefix(base)))
    return path, "" if fragment == "top" else unquote(fragment)


def _no_anchor(link: Outgoing, ids: frozenset[str], urls: Urls) -> Diagnostic:
    address, _, fragment = link.href.partition("#")
    message = (
        f"the page {shorten(address.removeprefix(urls.base_path))} has no heading or id '{shorten(unquote(fragment))}'"
    )
    return _fault("broken-anchor", message, link, did_you_mean(unquote(fragment), ids))


def _fault(code: str, message: str, link: Outgoing, hint: str) -> Diagnostic:
    """Return the diagnostic of a link: at the place where it was written, else with one page that has it."""
    file, keys, text = link.origin
    return error(code, message if file else f"{message}, linked from {link.page}", file, *keys, text=text, hint=hint)


def _near(url: str, known: set[str]) -> list[str]:
    """Return the URLs in the same folder as `url`: nearest names are looked for among few."""
    folder = url.rstrip("/").rpartition("/")[0] + "/"
    return [candidate for candidate in known if candidate.startswith(folder)][:500]
