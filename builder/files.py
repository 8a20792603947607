"""Sources on disk: which files a site has, their bytes and digests.

Callers get file names relative to the site's folder, with `/`, in sorted order on every system; nothing after this
module asks the disk what there is. Nothing is written here (see `write.py`).
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What editors and file managers leave behind: never a source, never a reason to rebuild.
IGNORED_SUFFIXES = ("~", ".swp", ".swx", ".swo", ".tmp", ".bak", ".orig", ".part", ".crdownload")
IGNORED_NAMES = frozenset({"Thumbs.db", "desktop.ini", "4913", "__pycache__"})
CONFIG = "site.yaml"
#: Where maps, free pages and entities are.
MAPS = "content/maps"
PAGES = "content/pages"
REGISTRY = "content/entities.yaml"
#: What the names of variables of the environment begin with that are keys of site.yaml.
ENVIRONMENT_PREFIX = "TOPICSITE_"
#: The endings of texts and data.
TEXTS = (".md", ".yaml", ".yml")
#: Whoever opens a pipe waits for a writer, and a device may have no end.
_NO_FILE = "it is a pipe, a socket or a device"
NO_NAME = "the name is not UTF-8"
#: Size, times (of content and of inode) and inode of a file.
Stat: TypeAlias = tuple[int, int, int, int]


def bundled_themes() -> Path:
    """Return the folder of the bundled themes: in the package where a wheel put them, beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def is_ignored(name: str) -> bool:
    """Tell whether a file or folder name is hidden, or an editor's or a system's temporary file."""
    return name.startswith((".", "#")) or name.endswith(IGNORED_SUFFIXES) or name in IGNORED_NAMES


def is_text(name: str) -> bool:
    """Tell whether a name is UTF-8 on the disk; the bytes of one that is not stand in it as lone surrogates."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


def digest(data: bytes) -> str:
    """Return the digest of some bytes: 128 bits of BLAKE2b as 32 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the site: `name` relative to the site's folder, its size in bytes and its time in nanoseconds.

    `ctime_ns` is the time at which its inode changed last, which no program can set back.

    A file that another process carried here has its bytes in `carried` and no folder. `digest` is that of these bytes,
    '' where nobody took it. `barred` says why it cannot be read, and so it may be a folder: it is a link that leads out
    of the site's folder (whoever sends content must not be able to publish what else lies on this machine), it is no
    file at all, or the system refuses.
    """

    root: str
    name: str
    size: int = 0
    mtime_ns: int = 0
    inode: int = 0
    carried: bytes | None = None
    barred: str = ""
    ctime_ns: int = 0
    digest: str = ""

    @property
    def stat(self) -> Stat:
        """What the file system says of it, and does not say of other bytes under its name."""
        return self.size, self.mtime_ns, self.ctime_ns, self.inode

    def read(self) -> bytes:
        """Return the file's bytes; raises OSError as `open` does."""
        if self.carried is not None:
            return self.carried
        if self.barred:
            raise PermissionError(errno.EACCES, self.barred, self.name)
        with open(f"{self.root}/{self.name}", "rb", buffering=0) as file:  # noqa: PTH123 - half the time of Path.open
            return file.read()


def with_bytes(source: Source) -> tuple[Source, str]:
    """Return a file with its bytes at hand, and their digest; that of one which cannot be read is a word."""
    try:
        data = source.read()
    except OSError as fault:
        return source, f"unreadable: {fault.strerror}"
    found = digest(data)
    return replace(source, carried=data, digest=found), found


def scan(root: Path, folder: str, *, trusted: bool = False) -> Iterator[Source]:
    """Yield every file below `root/folder`, sorted by name; what `is_ignored` names is left out.

    A link to a file is a file. A link to a folder is followed unless it leads to a folder that holds it. A link out of
    `root` is yielded, whatever it leads to, and cannot be read, unless the folder is `trusted`. What is neither file
    nor folder (a pipe, a broken link) is yielded too, and so is a folder with the name of a text: reading it gives the
    author an error. So is a folder that cannot be opened.
    """
    base = str(root)
    inside = "" if trusted else os.path.realpath(base)
    yield from _scan(base, f"{base}/{folder}" if folder else base, folder, (), inside)


def _scan(base: str, path: str, name: str, above: tuple[str, ...], inside: str) -> Iterator[Source]:
    try:
        with os.scandir(path) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as fault:
        yield Source(base, name, barred=f"the folder cannot be opened: {fault.strerror}")
        return
    for entry in found:
        if is_ignored(entry.name):
            continue
        child = f"{name}/{entry.name}" if name else entry.name
        if not is_text(child):
            yield Source(base, child.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), barred=NO_NAME)
            continue
        real = os.path.realpath(entry.path) if entry.is_symlink() else ""
        if real and inside and not f"{real}/".startswith(f"{inside}/"):
            yield Source(base, child, barred="it is a link that leads out of the site's folder")
            continue
        if _is_folder(entry) and not entry.name.endswith(TEXTS):
            if real:
                if real in above or f"{os.path.realpath(path)}/".startswith(f"{real}/"):
                    continue
                yield from _scan(base, entry.path, child, (*above, real), inside)
            else:
                yield from _scan(base, entry.path, child, above, inside)
            continue
        try:
            status = entry.stat()
        except OSError:
            yield Source(base, child)
        else:
            yield _source(base, child, status)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself, say: reading it tells the author
        return False


def source_of(root: Path, name: str) -> Source | None:
    """Return one file of the site, or None where nothing has that name."""
    try:
        found = (root / name).stat()
    except OSError:
        return None
    return _source(str(root), name, found)


def _source(root: str, name: str, found: os.stat_result) -> Source:
    plain = stat.S_IFMT(found.st_mode) in {stat.S_IFREG, stat.S_IFDIR}
    barred = "" if plain else _NO_FILE
    return Source(root, name, found.st_size, found.st_mtime_ns, found.st_ino, barred=barred, ctime_ns=found.st_ctime_ns)
