"""What earlier builds made, kept by key in `.topicsite/cache/`.

The rules of this cache:
- A key is the digest of everything that its value depends on, contents and versions included; nothing is ever marked
  stale. What has a new input has a new key.
- A value is whole or absent: blobs are renamed into place and begin with their CRC-32; one that it does not fit is
  taken for absent. Deleting any blob, or all, costs time and nothing else.
- Values are plain (see `digest_of`), made by this program. Blobs are pickles, read by a loader that makes nothing but
  the classes of this package and a few of the standard library.
- It is bounded: `prune` deletes what no recent build used, the oldest first.
It knows no stage: kinds and keys are the callers'.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import zlib
from pathlib import Path
from typing import Any

from builder import __version__
from builder.memory import memory_of


def _source() -> str:
    """Return the digest of this package's source in a checkout, where it changes without a new version; else ''."""
    package = Path(__file__).parent
    if not (package.parent / "pyproject.toml").is_file():
        return ""
    made = hashlib.blake2b(digest_size=8)
    for file in sorted(package.rglob("*.py")):
        made.update(file.read_bytes())
    return made.hexdigest()


#: Part of every key: a new number makes every older blob unused. `builder.__version__` is part of it as well.
FORMAT = "10"
VERSION = f"{FORMAT} {__version__} {_source()}"
_DIGEST = 16
#: Bytes of the checksum that a blob begins with.
_CHECK = 4
_ALLOWED = {
    ("builtins", "frozenset"),
    ("builtins", "set"),
    ("builtins", "dict"),
    ("builtins", "bytearray"),
    ("builtins", "getattr"),
    ("collections", "Counter"),
    ("collections", "OrderedDict"),
    ("copyreg", "_reconstructor"),
    ("copyreg", "__newobj__"),
    ("datetime", "date"),
    ("markupsafe", "Markup"),
    ("pathlib", "PosixPath"),
    ("pathlib", "WindowsPath"),
    ("pathlib", "Path"),
}


def digest_of(*values: Any) -> str:
    """Return the digest of plain values: the same for equal values in every process.

    They may hold text, numbers, days, tuples, lists, dictionaries in a fixed order and frozen dataclasses of these, but
    no sets, whose order differs between processes.
    """
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, protocol=5)
    pickler.fast = True  # without memo: what is equal is written equally, whether or not it is one object
    for value in values:
        pickler.dump(value)
    return hashlib.blake2b(buffer.getbuffer(), digest_size=_DIGEST).hexdigest()


class LostError(Exception):
    """A blob that this build counted on is gone or damaged; the pipeline builds again without the store."""


class _Loader(pickle.Unpickler):
    """Makes only what this package keeps; another name in a blob is an error, which counts as absence."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a class that a blob names; UnpicklingError for one that no value of ours is made of."""
        if module.partition(".")[0] == "builder" or (module, name) in _ALLOWED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name}")


def sealed(value: Any) -> bytes:
    """Return a value as bytes that tell whether they are whole: a checksum finds what disks and crashes do to them."""
    buffer = io.BytesIO()
    buffer.write(bytes(_CHECK))
    pickle.Pickler(buffer, protocol=5).dump(value)
    with buffer.getbuffer() as view:  # in place: a copy of a map's definition takes as long as a third of writing it
        view[:_CHECK] = zlib.crc32(view[_CHECK:]).to_bytes(_CHECK, "big")
    return buffer.getvalue()


def opened(blob: bytes) -> Any:
    """Return what was sealed, None where the bytes are not what they were or are another version's."""
    if zlib.crc32(memoryview(blob)[_CHECK:]).to_bytes(_CHECK, "big") != blob[:_CHECK]:
        return None
    file = io.BytesIO(blob)
    file.seek(_CHECK)
    try:
        return _Loader(file).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, TypeError, ValueError, ImportError, IndexError):
        return None


class Store:
    """Blobs by kind and key in one folder, shared by the processes of a build.

    In a process with a memory (`memory.py`) blobs are written when `flush` is called, and not read again.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = str(folder)
        self.memory = memory_of(self.folder)

    def path(self, kind: str, key: str) -> str:
        """Return the file of a blob."""
        return f"{self.folder}/{kind}-{key}"

    def has(self, kind: str, key: str) -> bool:
        """Tell whether there is a blob (its content is looked at when it is read)."""
        memory = self.memory
        if memory is not None and f"{kind}-{key}" in memory.there:
            return True
        found = os.path.exists(self.path(kind, key))  # noqa: PTH110 - called for every unit
        if found and memory is not None:
            memory.there.add(f"{kind}-{key}")
        return found

    def blob(self, name: str) -> bytes | None:
        """Return the bytes of the blob `kind-key`, None where it is absent."""
        try:
            with open(f"{self.folder}/{name}", "rb") as file:  # noqa: PTH123 - called for every unit
                return file.read()
        except OSError:
            return None

    def get(self, kind: str, key: str) -> Any:
        """Return a value, None where it is absent or damaged."""
        memory, name = self.memory, f"{kind}-{key}"
        if memory is None:
            return self._read(kind, key)
        value = memory.blob(name)
        if value is not None:
            return value
        value = self._read(kind, key)
        if value is not None:
            memory.keep(name, value)
        return value

    def _read(self, kind: str, key: str) -> Any:
        blob = self.blob(f"{kind}-{key}")
        return None if blob is None else opened(blob)

    def put(self, kind: str, key: str, value: Any) -> None:
        """Keep a value; raises OSError where the disk does not take it."""
        if self.memory is not None:
            self.memory.keep(f"{kind}-{key}", value)
            self.memory.unwritten[f"{kind}-{key}"] = value
        else:
            self._write(kind, key, value)

    def flush(self) -> None:
        """Write what is only in the memory; raises OSError where the disk does not take it."""
        waiting = self.memory.unwritten if self.memory is not None else {}
        while waiting:
            name = next(iter(waiting))
            kind, _, key = name.partition("-")
            self._write(kind, key, waiting[name])
            del waiting[name]

    def _write(self, kind: str, key: str, value: Any) -> None:
        self.add(f"{kind}-{key}", sealed(value))

    def add(self, name: str, blob: bytes) -> None:
        """Keep the bytes of the blob `kind-key`, as `blob` returns them in another store."""
        path = f"{self.folder}/{name}"
        temporary = f"{path}.{os.getpid()}.tmp"
        try:
            file = open(temporary, "wb", buffering=0)  # noqa: SIM115, PTH123 - closed below
        except FileNotFoundError:
            os.makedirs(self.folder, exist_ok=True)  # noqa: PTH103
            file = open(temporary, "wb", buffering=0)  # noqa: SIM115, PTH123
        with file:
            left = memoryview(blob)
            while left:  # a disk that is nearly full takes a part, and only then refuses
                left = left[file.write(left) :]
        os.replace(temporary, path)  # noqa: PTH105

    def delete(self, kind: str, key: str) -> None:
        """Delete a blob that nobody will ask for again."""
        if self.memory is not None:
            self.memory.unwritten.pop(f"{kind}-{key}", None)
            self.memory.there.discard(f"{kind}-{key}")
        Path(self.path(kind, key)).unlink(missing_ok=True)

    def prune(self, live: set[str], spare: int = 256_000_000) -> int:
        """Delete blobs that are not `live` (names `kind-key`), the oldest first, until at most `spare` bytes stay.

        Those kept are what makes going back to an earlier state, another branch say, quick. Returns how many went.
        """
        dead: list[tuple[float, int, str]] = []
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    if entry.name not in live:
                        stat = entry.stat()
                        dead.append((stat.st_mtime, stat.st_size, entry.path))
        except OSError:
            return 0
        total = sum(size for _, size, _ in dead)
        gone = 0
        for _, size, path in sorted(dead):
            if total <= spare:
                break
            total -= size
            gone += 1
            Path(path).unlink(missing_ok=True)
            if self.memory is not None:
                self.memory.there.discard(path.rpartition("/")[2])
        return gone
