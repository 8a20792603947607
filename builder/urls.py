"""Slugs, URL paths and permalinks.

A *path* is site-relative and decoded (`/flask/design/`); a *URL* is what stands in the output: percent-encoded, below
the path of `base_url`. Two paths are the same page when their `collision_key`s are equal.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Signs that tell names apart (C, C++, C#) and so must leave a trace in a slug.
_SIGNS = {"+": " plus ", "#": " sharp ", "&": " and ", "@": " at ", "%": " percent "}
#: Latin letters that Unicode does not decompose into a base letter and a mark.
_LATIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ŋ": "ng", "ħ": "h"}
)
_SLUG = re.compile(r"[^\W_](?:[\w.~-]*[^\W_])?", re.UNICODE)

#: URL of each kind of page; `site.yaml`'s `permalinks` overrides them by the same names.
PERMALINKS: dict[str, str] = {
    "home": "/",
    "category": "/categories/{category}/",
    "map": "/{map}/",
    "cluster": "/{map}/{cluster}/",
    "pillar": "/{map}/{cluster}/{slug}/",
    "article": "/{map}/{cluster}/{slug}/",
    "faq": "/{map}/faq/",
    "map_entities": "/{map}/entities/",
    "ideas": "/{map}/ideas/",
    "plan": "/{map}/plan/",
    "entities": "/entities/",
    "entity": "/entities/{slug}/",
    "author": "/authors/{slug}/",
    "page": "/{slug}/",
}
#: The fields that each permalink may use, and must use to tell its pages apart.
PERMALINK_FIELDS: dict[str, frozenset[str]] = {
    "home": frozenset(),
    "category": frozenset({"category"}),
    "map": frozenset({"map"}),
    "cluster": frozenset({"map", "cluster"}),
    "pillar": frozenset({"map", "cluster", "slug"}),
    "article": frozenset({"map", "cluster", "slug"}),
    "faq": frozenset({"map"}),
    "map_entities": frozenset({"map"}),
    "ideas": frozenset({"map"}),
    "plan": frozenset({"map"}),
    "entities": frozenset(),
    "entity": frozenset({"slug"}),
    "author": frozenset({"slug"}),
    "page": frozenset({"slug"}),
}


@lru_cache(maxsize=65536)
def slugify(text: str) -> str:
    """Return the slug of a title, a name or a heading, '' where nothing is left of it.

    Latin letters lose their marks (`Größe` → `grosse`), other scripts keep theirs (`日本語` stays), `+`, `#`, `&`,
    `@` and `%` become words, an initial dot `dot`; everything else that is neither letter nor digit parts words.
    What is longer than `MAX_SLUG` bytes is cut after a word.
    """
    text = text.casefold() if text.isascii() else unicodedata.normalize("NFC", text).replace("İ", "i").casefold()
    if text.startswith("."):
        text = f"dot {text}"
    for sign, word in _SIGNS.items():
        if sign in text:
            text = text.replace(sign, word)
    if text.isascii():
        text = text.replace("'", "")
    else:
        text = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "").replace("'", "").translate(_LATIN)
        text = unicodedata.normalize("NFC", "".join(_unmarked(text)))
    return _cut("-".join(_words(text)))


#: Bytes of a slug: file systems take names of 255, and nobody reads longer ones.
MAX_SLUG = 120
MAX_GIVEN = 200


def _cut(slug: str) -> str:
    """Return a slug cut to `MAX_SLUG` bytes, after a whole word where it has several."""
    data = slug.encode()
    if len(data) <= MAX_SLUG:
        return slug
    kept = data[:MAX_SLUG].decode(errors="ignore")
    words = kept.rpartition("-")[0]
    return (words or kept).strip("-")


def _unmarked(text: str) -> list[str]:
    """Return the characters of `text` decomposed, without the marks that follow a Latin letter."""
    kept: list[str] = []
    latin = False
    for character in unicodedata.normalize("NFD", text):
        if unicodedata.combining(character):
            if latin:
                continue
        else:
            latin = character.isascii() or unicodedata.name(character, "").startswith("LATIN")
        kept.append(character)
    return kept


def _words(text: str) -> list[str]:
    if text.isascii():
        return re.findall(r"[a-z0-9]+", text)
    parted = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in text)
    return parted.split()


def is_slug(text: str) -> bool:
    """Tell whether an author's slug can stand in a URL as it is: letters, digits, and `-_.~` between them."""
    if len(text.encode()) > MAX_GIVEN:
        return False
    if text.isascii():
        return _SLUG.fullmatch(text) is not None
    plain = "".join("a" if unicodedata.category(c)[0] == "M" else c for c in text)
    return _SLUG.fullmatch(plain) is not None and unicodedata.is_normalized("NFC", text)


@lru_cache(maxsize=65536)
def collision_key(path: str) -> str:
    """Return what two paths share when a case-folding, normalising file system or host takes them for one page."""
    folded = path.casefold() if path.isascii() else unicodedata.normalize("NFC", path).casefold()
    return folded.rstrip("/").removesuffix("/index.html").rstrip("/") or "/"


def output_file(path: str) -> str:
    """Return the file below `output/` that holds a path: `/a/` → `a/index.html`, `/404.html` → `404.html`."""
    name = path.lstrip("/")
    return f"{name}index.html" if not name or name.endswith("/") else name


def path_of(name: str) -> str:
    """Return the path at which hosts show an output file: `a/index.html` → `/a/`, `feed.xml` → `/feed.xml`."""
    folder, _, file = name.rpartition("/")
    return f"/{folder}/".replace("//", "/") if file == "index.html" else f"/{name}"


@dataclass(frozen=True, slots=True)
class Urls:
    """Makes paths from permalinks, and URLs from paths. `base_url` ends with `/`."""

    base_url: str
    permalinks: Mapping[str, str]

    @property
    def base_path(self) -> str:
        """The path of `base_url` without its last slash: '' or `/sub/folder`."""
        return _split(self.base_url)[1]

    def path(self, kind: str, **fields: str) -> str:
        """Return the path of a page of a kind of `PERMALINKS`."""
        return self.permalinks[kind].format_map(fields)

    def url(self, path: str, fragment: str = "") -> str:
        """Return the URL of a path as pages link to it: absolute within the host, percent-encoded."""
        made = _encoded(self.base_url, path)
        return f"{made}#{quote(fragment, safe=_FRAGMENT)}" if fragment else made

    def absolute(self, path: str) -> str:
        """Return the URL of a path with scheme and host, for canonical links, feeds and sitemaps."""
        return _split(self.base_url)[0] + _encoded(self.base_url, path)

    def inside(self, address: str) -> str:
        """Return the path, query and fragment of a web address below `base_url`, '' where it leads elsewhere.

        Whether it says http or https makes no difference: a host sends readers of one to the other.
        """
        if host_of(address) != host_of(self.base_url):
            return ""
        parts = urlsplit(address)
        path = quote(parts.path, safe=SAFE) or "/"
        if not f"{path}/".startswith(f"{self.base_path}/"):
            return ""
        return urlunsplit(("", "", path.removeprefix(self.base_path) or "/", parts.query, parts.fragment))


def host_of(address: str) -> str:
    """Return the host of a web address in ASCII, with its port unless that is the scheme's own.

    Raises ValueError where what stands there is no host.
    """
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port
    host = f"[{host}]" if ":" in host else host if host.isascii() else host.encode("idna").decode()
    if not _HOST.fullmatch(host):
        raise ValueError(host)
    return host if port in {None, _PORTS.get(parts.scheme)} else f"{host}:{port}"


_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]")
_PORTS = {"http": 80, "https": 443}


def site_path(address: str) -> tuple[str, str]:
    """Return the path that an author's address of this site names, decoded, and its query and fragment as they are."""
    found = re.match(r"[^?#]*", address)
    end = found.end() if found else 0
    return unquote(address[:end]), address[end:]


@lru_cache(maxsize=8)
def _split(base_url: str) -> tuple[str, str]:
    """Return scheme and host of a base URL, and its path without the last slash."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")


@lru_cache(maxsize=32768)
def _encoded(base_url: str, path: str) -> str:
    encoded = path if path.isascii() and _SAFE.fullmatch(path) else quote(path, safe=SAFE)
    return _split(base_url)[1] + encoded


_SAFE = re.compile(r"[A-Za-z0-9/_.~-]*")
#: What stands in a URL's path as it is (RFC 3986, `pchar` and `/`).
SAFE = "/-_.~!$&'()*+,;=:@%"
_FRAGMENT = "-_.~!$&'()*+,;=:@/?"
