"""Files that are not pages: sitemap, feed, robots, redirects, llms.txt, map data, escaping."""

import csv
import datetime as dt
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.emit.data import COLUMNS, defused
from builder.emit.feed import ENTRIES, feed
from builder.emit.llms import llms
from builder.emit.redirects import redirect_files, stub
from builder.emit.robots import robots
from builder.emit.sitemap import sitemap
from builder.emit.xml import escape, instant
from builder.records import PageRecord
from builder.urls import PERMALINKS, Urls
from tests.making import FILES, good, make, read

URLS = Urls("https://example.com/maps/", PERMALINKS)
DAY = dt.date(2026, 5, 4)


def page(
    path: str, *, indexed: bool = True, updated: dt.date | None = None, kind: str = "article", title: str = "T"
) -> PageRecord:
    """Make the record of a page."""
    return PageRecord(path, kind, title, "", indexed, updated)


def locations(text: str) -> list[str]:
    """Return the addresses of a sitemap or an index."""
    return [element.text or "" for element in ET.fromstring(text).iter() if element.tag.endswith("loc")]


def test_sitemap() -> None:
    """Indexed pages alone, by path, with a date only where the page has one."""
    pages = [page("/b/", updated=DAY), page("/a/"), page("/c/", indexed=False)]
    ((name, text),) = sitemap(pages, URLS)
    assert name == "sitemap.xml"
    assert locations(text) == ["https://example.com/maps/a/", "https://example.com/maps/b/"]
    assert text.count("<lastmod>") == 1
    assert "<lastmod>2026-05-04</lastmod>" in text


@pytest.mark.parametrize(("count", "files"), [(3, 1), (4, 3), (6, 3), (7, 4)])
def test_sitemap_index(count: int, files: int) -> None:
    """Above the limit of URLs there is an index of parts that hold each URL once."""
    pages = [page(f"/{number:02}/", updated=DAY if number else None) for number in range(count)]
    made = dict(sitemap(pages, URLS, limit=3))
    assert len(made) == files
    parts = [text for name, text in made.items() if name != "sitemap.xml"]
    if parts:
        index = locations(made["sitemap.xml"])
        assert index == [f"https://example.com/maps/{name}" for name in sorted(made) if name != "sitemap.xml"]
        assert [url for part in parts for url in locations(part)] == [URLS.absolute(p.path) for p in pages]
        assert all(len(locations(part)) <= 3 for part in parts)
    else:
        assert len(locations(made["sitemap.xml"])) == count


def test_sitemap_of_the_real_size() -> None:
    """50,000 URLs are one file; one more makes an index, and each file stays below the limit of bytes."""
    pages = [page(f"/map/cluster/article-{number}/") for number in range(50_001)]
    assert [name for name, _ in sitemap(pages[:50_000], URLS)] == ["sitemap.xml"]
    made = dict(sitemap(pages, URLS))
    assert sorted(made) == ["sitemap-1.xml", "sitemap-2.xml", "sitemap.xml"]
    assert max(len(text) for text in made.values()) < 50 * 2**20


def test_feed() -> None:
    """Articles that have a date, the newest first, no more than fifty; ids are the pages' addresses."""
    pages = [page(f"/{n}/", updated=DAY + dt.timedelta(n % 60)) for n in range(60)]
    pages += [page("/hidden/", updated=DAY, indexed=False), page("/m/", updated=DAY, kind="map"), page("/undated/")]
    text = feed(pages, URLS, title="A & B", path="/feed.xml", home="/", language="en", author="Me")
    root = ET.fromstring(text)
    atom = "{http://www.w3.org/2005/Atom}"
    ids = [entry.findtext(f"{atom}id") for entry in root.iter(f"{atom}entry")]
    assert len(ids) == ENTRIES
    assert ids[0] == "https://example.com/maps/59/"
    assert root.findtext(f"{atom}title") == "A & B"
    assert root.findtext(f"{atom}updated") == instant(DAY + dt.timedelta(59))


def test_xml_files_are_well_formed(tmp_path: Path, system_part: Callable[[str], str]) -> None:
    """Xmllint accepts sitemap and feed whatever a title holds."""
    odd = "<b>&\"'\x00\x0b\ufffe\U0001f600 ]]>"
    records = [page("/a b&c/", updated=DAY, title=odd)]
    files = {
        "sitemap.xml": dict(sitemap(records, URLS))["sitemap.xml"],
        "feed.xml": feed(records, URLS, title=odd, path="/feed.xml", home="/", language="en", author=odd),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    command = [system_part("xmllint"), "--noout", *(str(tmp_path / name) for name in files)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


@given(st.text())
def test_escape(text: str) -> None:
    """Any text can stand in an element and in an attribute."""
    made = ET.fromstring(f'<a b="{escape(text)}">{escape(text)}</a>')
    kept = "".join(
        c for c in text if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
    )
    assert (made.text or "") == kept.replace("\r\n", "\n").replace("\r", "\n")


def test_robots() -> None:
    """Everything may be crawled, and the sitemap is named with its whole address."""
    assert robots(URLS) == "User-agent: *\nAllow: /maps/\n\nSitemap: https://example.com/maps/sitemap.xml\n"


def test_redirects() -> None:
    """Each redirect has a line for hosts that read them and a page for those that do not."""
    goals = {"/old/": "/new/", "/é/": "/ü/?a=b#c", "/x.html": "https://example.org/?a=1&b=2"}
    made = dict(redirect_files(goals, URLS))
    assert made["_redirects"].splitlines() == [
        "/maps/old/ /maps/new/ 301",
        "/maps/x.html https://example.org/?a=1&b=2 301",
        "/maps/%C3%A9/ /maps/%C3%BC/?a=b#c 301",
    ]
    assert sorted(made) == ["_redirects", "old/index.html", "x.html", "é/index.html"]
    assert 'content="0; url=https://example.com/maps/new/"' in made["old/index.html"]
    assert 'href="https://example.org/?a=1&amp;b=2"' in made["x.html"]
    assert dict(redirect_files({}, URLS)) == {}


def test_a_stub_cannot_be_broken_out_of() -> None:
    """An address with quotes or tags in it stays an address."""
    assert "<script>" not in stub('https://a.b/"><script>alert(1)</script>')


def test_llms() -> None:
    """Published pages by their twins, each on one line, whatever a title holds."""
    text = llms("A\nB", "C", [("M", [page("/a/", title="x](y)\nz"), page("/b/", indexed=False)])], URLS)
    assert text.startswith("# A B\n\n> C\n\n## M\n\n")
    assert "https://example.com/maps/a/index.md" in text
    assert "/b/" not in text
    assert len(text.splitlines()) == 7


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_formulas(cell: str) -> None:
    """No cell of a table is a formula to a spreadsheet."""
    assert defused(cell) == f"'{cell}"
    assert defused(f"a{cell}") == f"a{cell}"


def test_map_data(tmp_path: Path) -> None:
    """map.json and map.csv have every article with its status, and its address where it has one."""
    site = make(
        tmp_path, map_yaml=FILES["content/maps/tea/map.yaml"] + "gaps: [A gap]\nfaq: [{question: Q?, answer: A.}]\n"
    )
    good(site)
    data = json.loads(read(site, "tea/map.json"))
    assert [cluster["title"] for cluster in data["clusters"]] == ["Green", "Black"]
    green = data["clusters"][0]
    assert [(a["slug"], a["status"], a["url"]) for a in [green["pillar"], *green["articles"]]] == [
        ("green-tea", "published", "https://example.com/tea/green/green-tea/"),
        ("sencha", "published", "https://example.com/tea/green/sencha/"),
        ("matcha", "planned", None),
    ]
    assert data["gaps"] == [{"text": "A gap", "answered_by": None}]
    rows = list(csv.reader(io.StringIO(read(site, "tea/map.csv"))))
    assert tuple(rows[0]) == COLUMNS
    assert [row[2] for row in rows[1:]] == ["Green tea", "Sencha", "Matcha", "Black", "Assam"]
    assert all(len(row) == len(COLUMNS) for row in rows)
