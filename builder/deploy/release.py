"""The release: what a build made, as it shall be at a target, and the bytes of each file.

Only what the build's manifest lists is ever sent, and only as the build wrote it: a file that changed since is a fault.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.deploy.compress import SUFFIXES, worth_it
from builder.deploy.records import BOOKS, DEPLOYED, DeployError, RefusedError, Stored, is_book
from builder.emit.headers import headers_of_file
from builder.files import digest
from builder.write import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.deploy.compress import Compressor
    from builder.emit.headers import Rules

#: What object stores keep with an object and send with it; every other header is the business of the CDN before it.
STORED_HEADERS = frozenset(
    {"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Type"}
)
#: Files that only Netlify and Cloudflare Pages read.
HOST_FILES = frozenset({"_headers", "_redirects"})


@dataclass(frozen=True, slots=True)
class Form:
    """How a target holds files: whether with their headers, text compressed in place, or with side files beside it.

    `without` are files that it has no use for, `extras` files that it needs and no build makes.
    """

    headers: bool = False
    encoding: str = ""
    sides: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    extras: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Release:
    """The files of a build: the output folder, what its manifest says, and files that only deploy adds."""

    output: Path
    entries: Mapping[str, Entry]
    rules: Rules
    base_path: str
    compressor: Compressor
    extras: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, data: bytes) -> None:
        """Add a file that the build does not make; one of its own by that name is kept if it says the same."""
        if name in self.entries and self.entries[name].digest != digest(data):
            raise RefusedError(f"the site has a file {name} of its own, in the way of the one that deploy adds")
        self.extras[name] = data

    def wanted(self, form: Form) -> dict[str, Stored]:
        """Return every file as it shall be at a target, by name."""
        books = sorted(name for name in self.entries if is_book(name))
        if books:
            raise RefusedError(f"the site has a file {books[0]}; deploy needs {DEPLOYED} and {BOOKS} for itself")
        files: dict[str, Stored] = {}
        added = {name: Entry(digest(data), len(data)) for name, data in self.extras.items()}
        for name, entry in sorted({**self.entries, **added}.items()):
            if name in form.without:
                continue
            headers = headers_of_file(name, self.rules, self.base_path)
            fixed = "immutable" in headers.get("Cache-Control", "")
            packed = worth_it(headers["Content-Type"], entry.size)
            encoding = form.encoding if packed else ""
            if encoding:
                headers["Content-Encoding"] = encoding
            kept = tuple(sorted(item for item in headers.items() if item[0] in STORED_HEADERS)) if form.headers else ()
            files[name] = Stored(entry.digest, entry.size, encoding, kept, fixed)
            for side in form.sides if packed else ():
                files[name + SUFFIXES[side]] = Stored(entry.digest, entry.size, side, (), fixed)
        return files

    def source(self, name: str, stored: Stored) -> str:
        """Return the name of the built file that an object is made of; side files have one of their own."""
        if stored.encoding and name not in self.entries and name not in self.extras:
            return name.removesuffix(SUFFIXES[stored.encoding])
        return name

    def body(self, name: str, stored: Stored) -> bytes:
        """Return an object's bytes, as they are sent."""
        source = self.source(name, stored)
        data = self.extras.get(source)
        if data is None:
            try:
                with open(os.path.join(self.output, source), "rb") as file:  # noqa: PTH118, PTH123 - a third of the time
                    data = file.read()
            except OSError as fault:
                message = f"{self.output / source}: {fault.strerror}; the build wrote this file, build again"
                raise DeployError(message) from fault
            if digest(data) != stored.digest:
                raise DeployError(f"{self.output / source} is not what the build wrote; build again")
        return self.compressor.get(stored.digest, stored.encoding, data) if stored.encoding else data
