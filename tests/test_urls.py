"""Slugs in every script, collisions, permalinks, URLs below a path."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.urls import (
    PERMALINK_FIELDS,
    PERMALINKS,
    Urls,
    collision_key,
    host_of,
    is_slug,
    output_file,
    path_of,
    slugify,
)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Data, ORMs & Migrations", "data-orms-and-migrations"),
        ("C++", "c-plus-plus"),
        ("C#", "c-sharp"),
        ("C", "c"),
        (".NET 8", "dot-net-8"),
        ("100% Wolle", "100-percent-wolle"),
        ("@home", "at-home"),
        ("Größe & Maß", "grosse-and-mass"),
        ("Łódź", "lodz"),
        ("Þingvellir", "thingvellir"),
        ("İstanbul’da", "istanbulda"),
        ("ısı", "isi"),
        ("don't", "dont"),
        ("Œuvre d’été", "oeuvre-dete"),
        ("日本語のページ", "日本語のページ"),
        ("がぎぐ", "がぎぐ"),
        ("한국어 안내", "한국어-안내"),
        ("العربية", "العربية"),
        ("עברית ראשונה", "עברית-ראשונה"),
        ("हिन्दी में", "हिन्दी-में"),
        ("ภาษาไทย", "ภาษาไทย"),
        ("Привет, мир", "привет-мир"),
        ("Ёлка", "ёлка"),
        ("Ελλάδα", "ελλάδα"),
        ("Việt Nam", "viet-nam"),
        ("½ cup", "½-cup"),
        ("a_b", "a-b"),
        ("  spaces\tand\nlines ", "spaces-and-lines"),
        ("😀", ""),
        ("???", ""),
        ("", ""),
        ("—", ""),
    ],
)
def test_slugify(text: str, slug: str) -> None:
    """Titles in any script become slugs: Latin letters without marks, others as they are, signs as words."""
    assert slugify(text) == slug


def test_slugs_do_not_depend_on_composition() -> None:
    """A title whose letters are written in parts makes the same slug."""
    for text in ("Größe", "Việt", "が", "Ёлка", "é"):
        assert slugify(unicodedata.normalize("NFD", text)) == slugify(text)


@given(st.text())
def test_every_slug_is_a_slug(text: str) -> None:
    """What comes out can stand in a URL, comes out of itself, and is composed."""
    slug = slugify(text)
    assert slug == "" or is_slug(slug)
    assert slugify(slug) == slug
    assert slug == unicodedata.normalize("NFC", slug)
    assert not re.search(r"[/?#%\\\s]", slug)


@pytest.mark.parametrize("text", ["app-factory", "1_000", "v2.0", "a~b", "日本語", "हिन्दी", "é"])
def test_slugs_that_authors_may_give(text: str) -> None:
    """Letters and digits of any script, and `-`, `_`, `.`, `~` between them."""
    assert is_slug(text)


@pytest.mark.parametrize(
    "text",
    ["", "-", "a-", "-a", "..", ".", "a/b", "a b", "a?b", "a#b", "a%b", "a\\b", "e\u0301", "a\n", "\u202ea", "a\x00b"],
)
def test_slugs_that_authors_may_not_give(text: str) -> None:
    """Nothing that parts a URL, leads out of a folder, hides, or is not composed."""
    assert not is_slug(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/a/", "/A/"),
        ("/a/", "/a"),
        ("/a/", "/a/index.html"),
        ("/é/", "/e\u0301/"),
        ("/straße/", "/STRASSE/"),
        ("/", "/index.html"),
    ],
)
def test_collisions(one: str, other: str) -> None:
    """Paths that a folding file system or a host takes for one page have one key."""
    assert collision_key(one) == collision_key(other)


@pytest.mark.parametrize(("one", "other"), [("/a/", "/b/"), ("/a/", "/a/b/"), ("/a/", "/ä/"), ("/a.html", "/a/")])
def test_no_collisions(one: str, other: str) -> None:
    """Other paths have other keys."""
    assert collision_key(one) != collision_key(other)


@pytest.mark.parametrize(
    ("path", "file"), [("/", "index.html"), ("/a/b/", "a/b/index.html"), ("/404.html", "404.html"), ("/a.xml", "a.xml")]
)
def test_output_files(path: str, file: str) -> None:
    """A path has one file below the output folder, and the file the path."""
    assert output_file(path) == file
    assert path_of(file) == path


@pytest.mark.parametrize(
    ("base", "path", "url", "absolute"),
    [
        ("https://example.com/", "/", "/", "https://example.com/"),
        ("https://example.com/", "/a/", "/a/", "https://example.com/a/"),
        ("https://example.com/maps/", "/a/", "/maps/a/", "https://example.com/maps/a/"),
        ("https://example.com/maps/", "/", "/maps/", "https://example.com/maps/"),
        ("https://example.com/", "/日本/", "/%E6%97%A5%E6%9C%AC/", "https://example.com/%E6%97%A5%E6%9C%AC/"),
        ("http://localhost:8000/", "/é è/", "/%C3%A9%20%C3%A8/", "http://localhost:8000/%C3%A9%20%C3%A8/"),
        ("https://example.com/", '/a"b<c/', "/a%22b%3Cc/", "https://example.com/a%22b%3Cc/"),
    ],
)
def test_urls(base: str, path: str, url: str, absolute: str) -> None:
    """Every URL honours the base URL's path and is percent-encoded."""
    urls = Urls(base, PERMALINKS)
    assert urls.url(path) == url
    assert urls.absolute(path) == absolute


@pytest.mark.parametrize(
    ("base", "address", "path"),
    [
        ("https://example.com/", "https://example.com/a/?b#c", "/a/?b#c"),
        ("https://example.com/", "http://EXAMPLE.com:80", "/"),
        ("https://example.com/", "https://example.com:8443/a/", ""),
        ("https://example.com/", "https://www.example.com/a/", ""),
        ("https://example.com/maps/", "https://example.com/maps", "/"),
        ("https://example.com/maps/", "https://example.com/maps/a/", "/a/"),
        ("https://example.com/maps/", "https://example.com/mapsa/", ""),
        ("https://example.com/%C3%BC/", "https://example.com/ü/a/", "/a/"),
        ("https://xn--bcher-kva.example/", "https://Bücher.example/a/", "/a/"),
    ],
)
def test_addresses_of_the_site_itself(base: str, address: str, path: str) -> None:
    """An address below the base URL, however it is written, is a path of the site; any other is none."""
    assert Urls(base, PERMALINKS).inside(address) == path


@pytest.mark.parametrize(
    "address", ["https://[bad/", "https://x:99999/", "https://a..b/", "https://a%20b/", "https://:1/"]
)
def test_no_hosts(address: str) -> None:
    """What cannot be a host is told apart from one that is not there today."""
    with pytest.raises(ValueError):  # noqa: PT011 - urllib has several messages
        host_of(address)


def test_fragments() -> None:
    """A heading's id is encoded as URLs want it."""
    urls = Urls("https://example.com/m/", PERMALINKS)
    assert urls.url("/a/", "what-is-it") == "/m/a/#what-is-it"
    assert urls.url("/a/", "größe <x>") == "/m/a/#gr%C3%B6%C3%9Fe%20%3Cx%3E"


def test_permalinks() -> None:
    """Each kind of page has a default permalink, which uses only fields that it has."""
    urls = Urls("https://example.com/", PERMALINKS)
    assert urls.path("article", map="m", cluster="c", slug="s") == "/m/c/s/"
    for kind, pattern in PERMALINKS.items():
        assert set(re.findall(r"\{(\w+)\}", pattern)) == PERMALINK_FIELDS[kind]
