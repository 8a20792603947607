"""The built files as a CDN serves them: which file or redirect a URL's path is, and with which headers.

Only names that a build published are served, so nothing else in the folder has a URL: no folder, no state, nothing that
somebody put there. Files are opened below the folder one name at a time, without following links. `_redirects` and
`_headers` are read as Netlify and Cloudflare Pages read them, and like there have no URL of their own.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

REDIRECTS = "_redirects"
HEADERS = "_headers"
NOT_FOUND = "404.html"

_SAFE = "/-_.~!$&'()*+,;=:@"


class Found(NamedTuple):
    """What a path is: a file (`name`, status 200 or 404) or a redirect (`location`); 503 while there is no site."""

    status: int
    name: str = ""
    location: str = ""


class HeaderRule(NamedTuple):
    """A path pattern of `_headers`, the headers it takes away and those it adds."""

    pattern: re.Pattern[str]
    removed: tuple[str, ...]
    added: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Output:
    """The files that are served now. `base` is the path that the site lives at, '' or `/sub/folder`.

    `early` are files of the build under way, which go before those of the folder until it is published.
    """

    folder: Path
    names: set[str] = field(default_factory=set)
    base: str = ""
    built: bool = False
    redirects: dict[str, tuple[str, int]] = field(default_factory=dict)
    rules: list[HeaderRule] = field(default_factory=list)
    early: Mapping[str, bytes] = field(default_factory=dict)

    def update(self, added: Iterable[str], changed: Iterable[str], deleted: Iterable[str]) -> None:
        """Take what a build published."""
        touched = {REDIRECTS, HEADERS}.intersection((*added, *changed, *deleted))
        self.names.difference_update(deleted)
        self.names.update(added)
        if touched:
            self.read_rules()

    def replace(self, names: Iterable[str]) -> None:
        """Take all names anew."""
        self.names = set(names)
        self.built = bool(self.names)
        self.read_rules()

    def has(self, name: str) -> bool:
        """Tell whether there is a file of a name."""
        return name in self.names or name in self.early

    def read_rules(self) -> None:
        """Read `_redirects` and `_headers`."""
        self.redirects = parse_redirects(self.text(REDIRECTS))
        self.rules = parse_headers(self.text(HEADERS))

    def text(self, name: str) -> str:
        """Return the text of a published file, '' where there is none."""
        return (self.read(name) or b"").decode("utf-8", "replace")

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a published file, None where there is none."""
        file = self.open(name)
        if file is None:
            return None
        with os.fdopen(file, "rb") as stream:
            return stream.read()

    def find(self, path: str) -> Found:
        """Return what a URL's path, still percent-encoded and without query, leads to."""
        decoded = decode(path)
        if not self.built:
            return Found(503)
        if decoded is None:
            return self.missing()
        if (redirect := self.redirects.get(decoded.rstrip("/") or "/")) is not None:
            return Found(redirect[1], location=redirect[0])
        if self.base and not decoded.startswith(f"{self.base}/"):
            return Found(302, location=f"{self.base}/") if decoded in {"/", self.base} else self.missing()
        name = decoded[len(self.base) + 1 :]
        if self.has(name) and name not in {REDIRECTS, HEADERS}:
            if name == "index.html" or name.endswith("/index.html"):
                return Found(301, location=quote(decoded.removesuffix("index.html"), safe=_SAFE))
            return Found(200, name)
        index = f"{name}index.html" if not name or name.endswith("/") else f"{name}/index.html"
        if self.has(index):
            return (
                Found(200, index)
                if not name or name.endswith("/")
                else Found(301, location=quote(f"{decoded}/", safe=_SAFE))
            )
        return self.missing()

    def missing(self) -> Found:
        """Return the site's page for what does not exist."""
        return Found(404, NOT_FOUND if NOT_FOUND in self.names else "")

    def headers(self, path: str) -> list[tuple[str, str]]:
        """Return the headers that `_headers` gives a path: all rules that fit add to one another, in order."""
        found: dict[str, tuple[str, str]] = {}
        for rule in self.rules:
            if rule.pattern.fullmatch(path):
                for name in rule.removed:
                    found.pop(name.lower(), None)
                for name, value in rule.added:
                    before = found.get(name.lower())
                    found[name.lower()] = (name, f"{before[1]}, {value}" if before else value)
        return list(found.values())

    def open(self, name: str) -> int | None:
        """Open a published file and return its descriptor; None where it is not there or not a plain file.

        Each part of its name is opened in the folder before it, and none may be a link.
        """
        if name not in self.names:
            return None
        parts = name.split("/")
        if any(part in {"", ".", ".."} or "\0" in part for part in parts):
            return None
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            here = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
        except OSError:
            return None
        try:
            for part in parts[:-1]:
                inner = os.open(part, flags | os.O_DIRECTORY, dir_fd=here)
                os.close(here)
                here = inner
            file = os.open(parts[-1], flags, dir_fd=here)
        except OSError:
            return None
        finally:
            os.close(here)
        if stat.S_ISREG(os.fstat(file).st_mode):
            return file
        os.close(file)
        return None


def decode(path: str) -> str | None:
    """Return a URL's path decoded once, or None where no file can have it.

    Refused are what is not UTF-8, NUL and other control characters, backslashes, an encoded slash, empty parts, `.` and
    `..`.
    """
    if not path.startswith("/") or re.search(r"%2[fF]|%5[cC]|\\", path):
        return None
    try:
        decoded = unquote_to_bytes(path).decode("utf-8")
    except UnicodeDecodeError:
        return None
    if re.search(r"[\x00-\x1f\x7f]", decoded):
        return None
    parts = decoded[1:].split("/")
    if any(part in {".", ".."} for part in parts) or "" in parts[:-1]:
        return None
    return decoded


def parse_redirects(text: str) -> dict[str, tuple[str, int]]:
    """Return path → goal and status of a `_redirects` file; a last `/` of the path makes no difference."""
    found: dict[str, tuple[str, int]] = {}
    for line in text.splitlines():
        parts = line.split()
        if len(parts) < 2 or parts[0].startswith("#"):  # noqa: PLR2004 - from and to
            continue
        path = decode(parts[0])
        status = parts[2].rstrip("!") if len(parts) > 2 else "301"  # noqa: PLR2004
        if path is not None and status in {"301", "302", "303", "307", "308"}:
            found.setdefault(path.rstrip("/") or "/", (parts[1], int(status)))
    return found


def parse_headers(text: str) -> list[HeaderRule]:
    """Return the rules of a `_headers` file; `*` in a pattern is any text, `:name` any text without `/`."""
    rules: list[HeaderRule] = []
    pattern: re.Pattern[str] | None = None
    removed: list[str] = []
    added: list[tuple[str, str]] = []

    def end() -> None:
        if pattern is not None:
            rules.append(HeaderRule(pattern, tuple(removed), tuple(added)))
        removed.clear()
        added.clear()

    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if not line[0].isspace():
            end()
            pattern = _pattern(stripped)
        elif stripped.startswith("!"):
            removed.append(stripped[1:].strip())
        else:
            name, colon, value = stripped.partition(":")
            if colon:
                added.append((name.strip(), value.strip()))
    end()
    return rules


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\*|:[A-Za-z]\w*)", text)
    special = {"*": ".*", ":": "[^/]+"}
    return re.compile(
        "".join(special[part[0]] if i % 2 else re.escape(part) for i, part in enumerate(parts)), re.DOTALL
    )
