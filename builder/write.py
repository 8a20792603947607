"""Staging, publishing, pruning: the only module that changes the output folder.

A build first *stages*: each file whose bytes differ from what the last manifest says is written beside the output, in
`.topicsite/stage/` (a preview has a state folder of its own). Nothing is visible until `publish` moves the staged files
into place, one atomic rename each, and then deletes what the last manifest lists and this build did not make. A file
that no manifest lists is never deleted. A build that is killed leaves every published file whole, and a journal of what
it was about to own; the next build finishes.

What goes into a top-level folder that the output does not have is staged as that folder and moved whole (`stage/new/`);
everything else is staged without folders, by the digest of its name (`stage/files/`): a folder costs as much as a file.
"""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from builder.files import digest
from builder.memory import NOTHING
from builder.urls import collision_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from builder.memory import Recall

STATE = ".topicsite"
FORMAT = 2


class Entry(NamedTuple):
    """A published file: the digest of its bytes and its size."""

    digest: str
    size: int


class MachineError(Exception):
    """The disk or the network failed; the message is for the user. Exit status 3."""


class Manifest(NamedTuple):
    """What a build published: entries by name below the output folder."""

    entries: dict[str, Entry]

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """Read a manifest; an absent or unreadable one is empty."""
        try:
            return _parsed(path.read_bytes())[0]
        except OSError:
            return cls({})

    def save(self, path: Path, output: str = "") -> str:
        """Write the manifest of the folder `output`, atomically, and return the digest of its bytes."""
        values = {"format": FORMAT, "output": output, "files": self.entries}
        data = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
        write_atomically(path, data)
        return digest(data)


def _parsed(data: bytes) -> tuple[Manifest, str]:
    """Return a manifest and the folder that it tells of."""
    try:
        values = json.loads(data)
        if values["format"] == FORMAT:
            return Manifest({name: Entry(*entry) for name, entry in values["files"].items()}), values["output"]
    except (ValueError, KeyError, TypeError, AttributeError):
        pass  # damaged, or another version's
    return Manifest({}), ""


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old bytes or the new ones, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(data)
    temporary.replace(path)


def stamp(path: Path) -> tuple[int, ...]:
    """Return what tells a file that was written atomically from the one before; raises OSError where there is none."""
    found = path.stat()
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)


@dataclass(slots=True)
class Published:
    """What `publish` did: names of files added, changed and deleted; the new manifest.

    `unknown` are the other files of an output whose manifest was lost: some may be of an earlier build, or somebody's
    own, and so they are left alone.
    """

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    manifest: Manifest = field(default_factory=lambda: Manifest({}))


def stage_files(
    files: Iterable[tuple[str, bytes]], stage: str, output: str, last: Mapping[str, Entry], *, write: bool
) -> tuple[dict[str, Entry], list[str]]:
    """Write files into the stage, but those that the output has already; return all entries and the names written.

    `last` are the entries of the output's manifest. Called in any process.
    """
    entries: dict[str, Entry] = {}
    staged: list[str] = []
    tops: dict[str, bool] = {}
    for name, data in files:
        entry = Entry(digest(data), len(data))
        entries[name] = entry
        if not write or (last and last.get(name) == entry and has(output, name, entry)):
            continue
        top, slash, _ = name.partition("/")
        known = tops.get(top)
        if known is None:
            known = tops[top] = not slash or os.path.lexists(f"{output}/{top}")
        try:
            _write(f"{stage}/{_loose(name)}" if known else f"{stage}/new/{name}", data)
        except (IsADirectoryError, NotADirectoryError):
            continue  # another file has the name of a folder of this one: `Stage.collisions` finds them
        staged.append(name)
    return entries, staged


def _loose(name: str) -> str:
    """Return the staged name of a file that is moved by itself."""
    return f"files/{digest(name.encode())}"


def place_of(stage: str, name: str) -> str:
    """Return where the stage has a file."""
    loose = f"{stage}/{_loose(name)}"
    return loose if os.path.lexists(loose) else f"{stage}/new/{name}"


def has(output: str, name: str, entry: Entry) -> bool:
    """Tell whether the output holds a file of this name and size."""
    try:
        return os.stat(f"{output}/{name}").st_size == entry.size  # noqa: PTH116 - called for every file
    except OSError:
        return False


_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def _write(path: str, data: bytes) -> None:
    """Write a file by the fewest system calls: `open` asks four more of each."""
    try:
        try:
            file = os.open(path, _FLAGS, 0o666)
        except FileNotFoundError:
            folder = path.rpartition("/")[0]
            try:
                os.mkdir(folder)  # noqa: PTH102 - its folder is there in nearly every case
            except OSError:
                os.makedirs(folder, exist_ok=True)  # noqa: PTH103
            file = os.open(path, _FLAGS, 0o666)
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(file, left) :]
        finally:
            os.close(file)
    except (IsADirectoryError, NotADirectoryError):
        raise
    except OSError as fault:
        raise MachineError(f"{path}: {fault.strerror}") from fault


class Stage:
    """The files of one build on their way to the output folder; `state` holds stage, manifest and journal.

    `recall` has the manifest that this process wrote last.
    """

    def __init__(self, root: Path, output: Path, state: Path | None = None, recall: Recall = NOTHING) -> None:
        self.output = output
        self.recall = recall
        self.state = state or root / STATE
        self.folder = self.state / "stage"
        self.output_name = os.path.relpath(output, self.state.parent)
        self.last, self.digest = self._load("manifest.json")
        journal, _ = self._load("journal.json")
        self.owned = {**journal.entries, **self.last.entries}
        self.interrupted = (self.state / "journal.json").exists()
        self.entries: dict[str, Entry] = {}
        self.staged: set[str] = set()

    def _load(self, name: str) -> tuple[Manifest, str]:
        """Return a manifest and the digest of its bytes; that of another output folder is none of ours."""
        path = self.state / name
        try:
            return self.recall.same("manifest", name, (stamp(path), self.output_name), lambda: self._read(path))
        except OSError:
            return Manifest({}), ""

    def _read(self, path: Path) -> tuple[Manifest, str]:
        data = path.read_bytes()
        manifest, told = _parsed(data)
        return (manifest, digest(data)) if told == self.output_name else (Manifest({}), "")

    @property
    def there(self) -> Mapping[str, Entry]:
        """The entries that the output can be trusted to have: none after an interrupted build."""
        return {} if self.interrupted else self.last.entries

    def put(self, files: Iterable[tuple[str, bytes]], *, write: bool = True) -> dict[str, Entry]:
        """Stage some files and return their entries."""
        entries, staged = stage_files(files, str(self.folder), str(self.output), self.there, write=write)
        self.entries |= entries
        self.staged.update(staged)
        return entries

    def place(self, name: str) -> str:
        """Return the file that has the bytes of an entry now: staged, or in the output."""
        return place_of(str(self.folder), name) if name in self.staged else f"{self.output}/{name}"

    def read(self, name: str) -> bytes:
        """Return the bytes of an entry."""
        with open(self.place(name), "rb") as file:  # noqa: PTH123 - as everywhere here
            return file.read()

    def missing(self) -> bool:
        """Tell whether a file of the last manifest is no longer in the output, or of another size."""
        output = str(self.output)
        return self.interrupted or not all(has(output, name, entry) for name, entry in self.last.entries.items())

    def collisions(self) -> list[tuple[str, str]]:
        """Return the pairs of files of which a folding file system holds one: of one name, or one in the other."""
        keys: dict[str, str] = {}
        found = []
        for name in self.entries:
            first = keys.setdefault(collision_key(f"/{name}"), name)
            if name not in {first, f"{first}/"} and f"{name}/" != first:
                found.append((first, name))
        folders: dict[str, str] = {}
        for name in self.entries:
            folder = name.rpartition("/")[0]
            while folder and folder not in folders:
                folders[folder] = name
                folder = folder.rpartition("/")[0]
        for folder, name in folders.items():
            file = keys.get(collision_key(f"/{folder}"))
            if file is not None and not file.endswith("/index.html"):
                found.append((file, name))
        return found

    def discard(self) -> None:
        """Delete what was staged; the output stays as it is."""
        import shutil  # noqa: PLC0415 - brings three compressors along, and a build without changes needs none of it

        shutil.rmtree(self.folder, ignore_errors=True)

    def publish(self) -> Published:
        """Move the staged files into place and delete what the site no longer has."""
        result = Published(manifest=Manifest(self.entries))
        output, there = str(self.output), self.there
        self.staged = {
            name
            for name in self.staged
            if there.get(name) != self.entries[name] or not has(output, name, self.entries[name])
        }
        stale = [name for name in self.owned if name not in self.entries]
        if not self.staged and not stale and self.entries == self.last.entries and not self.interrupted:
            return result
        self._look_ahead()
        known = bool(self.owned) or self._is_empty()
        try:
            new = {name: entry for name, entry in self.entries.items() if name not in self.last.entries}
            Manifest({**self.owned, **new} if self.interrupted else new).save(
                self.state / "journal.json", self.output_name
            )
            first = self._in_the_way(stale)
            result.deleted += [name for name in sorted(first) if remove(self.output, name)]
            result.added += self._move_folders()
            for name in sorted(self.staged.difference(result.added)):
                (result.changed if os.path.lexists(f"{output}/{name}") else result.added).append(name)
                move(place_of(str(self.folder), name), f"{output}/{name}")
            result.added.sort()
            result.deleted += [name for name in sorted(set(stale).difference(first)) if remove(self.output, name)]
            result.deleted.sort()
            result.unknown = [] if known else self._unknown()
            path = self.state / "manifest.json"
            self.digest = result.manifest.save(path, self.output_name)
            self.recall.keep("manifest", path.name, (stamp(path), self.output_name), (result.manifest, self.digest))
            (self.state / "journal.json").unlink(missing_ok=True)
        except OSError as fault:
            raise MachineError(f"{fault.filename or self.output}: {fault.strerror}") from fault
        return result

    def _is_empty(self) -> bool:
        """Tell whether nothing is in the output folder."""
        try:
            with os.scandir(self.output) as entries:
                return next(entries, None) is None
        except FileNotFoundError:
            return True

    def _unknown(self) -> list[str]:
        """Return the files of the output that this build did not make."""
        files = (path.relative_to(self.output).as_posix() for path in self.output.rglob("*") if not path.is_dir())
        return sorted(name for name in files if name not in self.entries and not name.startswith("."))

    def _look_ahead(self) -> None:
        """Raise MachineError where something in the output, which is not of our making, is in the way of a file.

        Looked at before anything is moved: a folder where a file is to be, a file where a folder is to be, and a link
        that would lead files out of the output folder.
        """
        output = str(self.output)
        real = os.path.realpath(output)
        if os.path.lexists(output) and not os.path.isdir(output):  # noqa: PTH112
            raise MachineError(f"{output} is not a folder; move it away, or give another --output")
        folders = {name.rpartition("/")[0] for name in self.staged}
        for folder in sorted(folders | {parent for name in folders for parent in _above(name)} - {""}):
            path = f"{output}/{folder}"
            if not os.path.lexists(path):
                continue
            if os.path.islink(path) and not f"{os.path.realpath(path)}/".startswith(f"{real}/"):  # noqa: PTH114
                raise MachineError(f"{path} is a link that leads out of the output folder; delete it")
            if not os.path.isdir(path) and folder not in self.owned:  # noqa: PTH112
                raise MachineError(f"{path} is a file where a folder of the site is to be; move it away")
        for name in self.staged:
            if name in self.last.entries or not os.path.isdir(f"{output}/{name}"):  # noqa: PTH112
                continue
            files = [path for path in (self.output / name).rglob("*") if not path.is_dir()]
            if not {path.relative_to(self.output).as_posix() for path in files} <= self.owned.keys():
                raise MachineError(f"{output}/{name} is a folder where a file of the site is to be; move it away")

    def _in_the_way(self, stale: list[str]) -> list[str]:
        """Return the stale files whose deletion makes way for others: a folder of theirs, or below one of them."""
        folders = {parent for name in self.staged for parent in _above(name)}
        return [name for name in stale if name in folders or not self.staged.isdisjoint(_above(name))]

    def _move_folders(self) -> list[str]:
        """Move the folders that the output does not have yet; return the names of the files in them."""
        moved = set()
        self.output.mkdir(parents=True, exist_ok=True)
        try:
            tops = sorted(os.listdir(self.folder / "new"))  # noqa: PTH208
        except FileNotFoundError:
            return []
        for top in tops:
            target = self.output / top
            if os.path.lexists(target):
                continue
            try:
                (self.folder / "new" / top).rename(target)
            except OSError as fault:
                if fault.errno != errno.EXDEV:
                    raise
            else:
                moved.add(top)
        return [name for name in self.staged if name.partition("/")[0] in moved and "/" in name]


def _above(folder: str) -> list[str]:
    """Return the folders that hold a folder."""
    parts = folder.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


def move(source: str, target: str) -> None:
    """Move a file into place, atomically, across file systems too."""
    try:
        try:
            os.replace(source, target)  # noqa: PTH105 - called for every file
        except FileNotFoundError:
            os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
            os.replace(source, target)  # noqa: PTH105
    except OSError as fault:
        if fault.errno != errno.EXDEV:
            raise
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
        beside = f"{target}.{os.getpid()}.tmp"
        import shutil  # noqa: PLC0415

        shutil.copyfile(source, beside)
        os.replace(beside, target)  # noqa: PTH105


def remove(output: Path, name: str) -> bool:
    """Delete a file of the last manifest and the folders that it leaves empty; True if there was one.

    A name that leads outside the output folder, through a link that somebody put there, is left alone.
    """
    path = output / name
    real = os.path.realpath(output)
    if os.path.commonpath([real, os.path.realpath(path.parent)]) != real:
        return False
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    for folder in path.parents:
        if folder == output:
            break
        try:
            folder.rmdir()
        except OSError:
            break
    return True
