"""What deploys are made of: objects as they are stored, the state of a target, and the faults that end a deploy.

Everything here is a plain value. Names of files and objects are relative to the site's root, with `/`.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from builder.write import MachineError

if TYPE_CHECKING:
    from collections.abc import Mapping

Headers = tuple[tuple[str, str], ...]

#: Where deploys keep their books at a target; no visitor needs it.
BOOKS = ".topicsite/"
STATE = f"{BOOKS}state.json"
JOURNAL = f"{BOOKS}journal.json.gz"
LOCK = f"{BOOKS}lock.json"
OBJECTS = f"{BOOKS}objects/"
#: What is live, for people and programs.
DEPLOYED = "deployed.json"
FORMAT = 1


class RefusedError(Exception):
    """A deploy that is not begun, or not finished, for a reason that its owner decides on. Exit status 2."""


class DeployError(MachineError):
    """The target, the network or a program failed; the message is for the user. Exit status 3."""


class ConflictError(DeployError):
    """Somebody else changed the target in the meantime."""


class Stored(NamedTuple):
    """An object: the digest and size of the built file, how its bytes are encoded, and the headers stored with it.

    A `fixed` one never changes under its name, as its Cache-Control promises. `tag` is what the target called the bytes
    when it stored them (mostly their MD5), '' where that is not known.
    """

    digest: str
    size: int
    encoding: str = ""
    headers: Headers = ()
    fixed: bool = False
    tag: str = ""

    def same(self, other: Stored) -> bool:
        """Tell whether the two are the same bytes with the same headers."""
        return self[:4] == other[:4]

    def same_bytes(self, other: Stored) -> bool:
        """Tell whether the two are the same bytes, whatever their headers."""
        return (self.digest, self.encoding) == (other.digest, other.encoding)

    @property
    def content(self) -> str:
        """The key under which a target keeps a copy of it: what it holds and how it is sent."""
        headers = hashlib.blake2b(repr((self.encoding, self.headers)).encode(), digest_size=6).hexdigest()
        return f"{OBJECTS}{self.digest}-{headers}"


class Retired(NamedTuple):
    """A file that the site no longer has, and since when; it stays at the target for a while.

    A `doomed` one is being deleted: nobody knows whether it is still there.
    """

    stored: Stored
    since: dt.datetime
    doomed: bool = False


class Past(NamedTuple):
    """An earlier deploy that can be gone back to."""

    id: str
    at: dt.datetime

    @property
    def manifest(self) -> str:
        """The name of its manifest at the target."""
        return manifest_name(self.id)


@dataclass(frozen=True, slots=True)
class Live:
    """What is known of a target.

    `files` are the site's, with `doubtful` those among them that an interrupted deploy may have changed. `foreign` are
    files that no deploy put there, known only after a listing. `pending` are the names whose URLs are still to be
    purged and told of. `kept` are copies of replaced objects, with the deploy that they belong to. `mark` and
    `journal` change whenever the state and the journal do; the target alone understands them.
    """

    id: str = ""
    at: dt.datetime | None = None
    files: Mapping[str, Stored] = field(default_factory=dict)
    retired: Mapping[str, Retired] = field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()
    pending: tuple[str, ...] = ()
    history: tuple[Past, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    interrupted: str = ""
    mark: object = None
    journal: object = None


def manifest_name(identity: str) -> str:
    """Return the name of a deploy's manifest at a target; it is written once and never changed."""
    return f"{BOOKS}deploys/{identity}.json.gz"


def is_book(name: str) -> bool:
    """Tell whether a name belongs to the books of deploys, and not to the site."""
    return name == DEPLOYED or name.startswith(BOOKS)


def pack(files: Mapping[str, Stored], **fields: str) -> bytes:
    """Return a manifest as bytes, the same for the same files: gzipped JSON in which equal headers stand once."""
    tables: dict[Headers, int] = {}
    rows = {}
    for name in sorted(files):
        stored = files[name]
        index = tables.setdefault(stored.headers, len(tables))
        rows[name] = [stored.digest, stored.size, stored.encoding, index, int(stored.fixed), stored.tag]
    data = {"format": FORMAT, **fields, "headers": [dict(table) for table in tables], "files": rows}
    return gzip.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 6, mtime=0)


def unpack(data: bytes, name: str) -> tuple[dict[str, Stored], dict[str, Any]]:
    """Return the files and the other fields of a manifest; a damaged one is a DeployError that names it."""
    try:
        read = json.loads(gzip.decompress(data))
        if read["format"] != FORMAT:
            raise DeployError(f"{name} at the target was written by another version of topicsite; --force rebuilds it")
        tables = [tuple(sorted(table.items())) for table in read.pop("headers")]
        files = {
            file: Stored(digest, size, encoding, tables[index], bool(fixed), tag)
            for file, (digest, size, encoding, index, fixed, tag) in read.pop("files").items()
        }
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError, AttributeError) as fault:
        raise DeployError(f"{name} at the target is damaged ({type(fault).__name__}); --force rebuilds it") from fault
    return files, read


def instant(text: str) -> dt.datetime:
    """Return an instant that `stamp` wrote."""
    return dt.datetime.fromisoformat(text)


def stamp(when: dt.datetime) -> str:
    """Return an instant as RFC 3339, in UTC and to the second."""
    return when.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
