"""Checks of a built site: links and anchors, redirects, figures in prose."""

from pathlib import Path

import pytest

from builder.check.links import Origin, Outgoing, Writers, between, urls_of, within
from builder.records import PageLinks
from builder.urls import PERMALINKS, Urls
from tests.making import FILES, make, run, write

URLS = Urls("https://example.com/maps/", PERMALINKS)
NOBODY = Writers((), {})


def built(path: str, *hrefs: str, ids: tuple[str, ...] = ()) -> PageLinks:
    """Make what a page links to."""
    return PageLinks(path, frozenset(hrefs), frozenset(ids))


def test_links_within() -> None:
    """Among a map's own pages a lost heading is found at once; what leads out of them is kept for later."""
    pages = [
        built("/a/", "/maps/b/", "/maps/b/#x", "/maps/b/#y", "/maps/a/#top", "/maps/c/", ids=("z",)),
        built("/b/", "/maps/a/#z", "/maps/c/", ids=("x",)),
    ]
    faults, outgoing = within(pages, ["a/index.html", "b/index.html"], URLS, NOBODY)
    assert [fault.message for fault in faults] == ["the page /b/ has no heading or id 'y', linked from /a/"]
    assert [(link.href, link.page) for link in outgoing] == [("/maps/c/", "/a/")]


@pytest.mark.parametrize(
    ("href", "message"),
    [
        ("/maps/a/", None),
        ("/maps/a/#x", None),
        ("/maps/a/#top", None),
        ("/maps/%C3%A9/", None),
        ("/maps/é/", None),
        ("/maps/a/?q=1", None),
        ("/maps/feed.xml", None),
        ("/maps/feed.xml#x", None),
        ("/maps/a/#y", "the page /a/ has no heading or id 'y', linked from /p/"),
        ("/maps/aa/", "there is no page /aa/, linked from /p/"),
        ("/a/", "there is no page /a/, linked from /p/"),
        ("a/", "'a/' is a relative address, linked from /p/"),
        ("/maps/A/", "there is no page /A/, linked from /p/"),
    ],
)
def test_links_between(href: str, message: str | None) -> None:
    """A link out of a map leads to a file of the output, and to an id of its page; `base_url`'s path belongs to it."""
    known = urls_of(["a/index.html", "é/index.html", "feed.xml"], URLS)
    ids = {"/maps/a/": frozenset({"x"})}
    found = [fault.message for fault in between([Outgoing(href, "/p/")], known, ids.get, URLS)]
    assert found == ([message] if message else [])


def test_where_a_link_was_written() -> None:
    """A link of the navigation is site.yaml's, one of a text its file's; what neither has, a template made."""
    writers = Writers(("/maps/x/",), {"/a/": [("a.md", "See [b](/b/), [own](#c) and [é](/é/).")]})
    assert writers.origin("/maps/x/", "/a/", URLS) == Origin("site.yaml", ("nav", 0, "url"))
    assert writers.origin("/maps/b/", "/a/", URLS) == Origin("a.md", (), "/b/")
    assert writers.origin("/maps/a/#c", "/a/", URLS) == Origin("a.md", (), "#c")
    assert writers.origin("/maps/%C3%A9/", "/a/", URLS) == Origin("a.md", (), "/é/")
    assert writers.origin("/maps/other/", "/a/", URLS) == Origin()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("It has 4 articles.", []),
        ("It has 5 articles.", []),
        ("It has 6 articles in 2 clusters.", ["the text says 6 articles, the map has 5"]),
        ("It has 1,000 articles.", ["the text says 1,000 articles, the map has 5"]),
        ("2 clusters and 3 pillars", ["the text says 3 pillars, the map has 2"]),
        ("Python 3.12 articles, version 4-articles, and 10 reasons", []),
        ("no articles at all", []),
    ],
)
def test_figures(tmp_path: Path, text: str, wrong: list[str]) -> None:
    """A figure in a map's own words is the map's, or that of what is written so far."""
    site = make(tmp_path, map_yaml=FILES["content/maps/tea/map.yaml"] + f"seasonality: {text}\n")
    write(site, {"content/maps/tea/green/matcha.md": "Ground.\n"})
    found = [found.message for found in run(site, write=False).diagnostics if found.code == "figure"]
    assert [message.replace("1000", "1,000") for message in found] == wrong
