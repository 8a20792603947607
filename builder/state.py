"""What a build remembers of the one before: which inputs it saw and which keys it built, never any content.

It decides nothing by itself: an input whose size, times and inode are as remembered need not be read for its digest,
and a key that is as remembered need not be built. Deleting it costs time and nothing else.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.cache import opened, sealed
from builder.write import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from builder.diagnostics import Diagnostic
    from builder.files import Source, Stat

#: Nanoseconds. A file changed so shortly before the state was written may change again with the same time.
RACY = 2_000_000_000
#: A size that no file has: the file must be read, and its last digest tells whether it changed.
_UNKNOWN = -1


@dataclass(slots=True)
class UnitState:
    """The keys of a map's steps, and digests of what the steps after them depend on.

    What a build needs of a map that it does not touch is here, so that it opens none of its blobs: `names` are those of
    its files, with a NUL between them; `anchored` tells whether it links to headings of other maps; the faults are
    what its steps found.
    """

    define_key: str = ""
    slug: str = ""
    shared_digest: str = ""
    words_digest: str = ""
    failed: bool = False
    define_faults: tuple[Diagnostic, ...] = ()
    slice_key: str = ""
    scan_key: str = ""
    counts_digest: str = ""
    pages: int = 0
    too_common: tuple[str, ...] = ()
    choices_key: str = ""
    choices_digest: str = ""
    dropped: tuple[tuple[str, str], ...] = ()
    compile_key: str = ""
    record_digest: str = ""
    links_digest: str = ""
    rows_digest: str = ""
    names: str = ""
    shown: int = 0
    anchored: bool = False
    search: str = ""
    faults: tuple[Diagnostic, ...] = ()

    @property
    def defined(self) -> UnitState:
        """What the first step left, without the steps after it."""
        return UnitState(
            self.define_key, self.slug, self.shared_digest, self.words_digest, self.failed, self.define_faults
        )


@dataclass(slots=True)
class State:
    """The last published build. `stats` are size, times (of content and of inode), inode and digest of its sources.

    `site` is the site's own pages as a unit, `caps` are those of its links.
    `placed` are the diagnostics with their lines, by what they were without;
    `manifest` is the digest of the manifest that the build left.

    The `…_faults` are what steps found that need not be done again; what they warned of is said again. `links` are the
    numbers of its links, of those in prose and of orphans; `reported` tells whether it left a link report.
    """

    version: str = ""
    stats: dict[str, tuple[int, int, int, int, str]] = field(default_factory=dict)
    units: dict[str, UnitState] = field(default_factory=dict)
    inputs: str = ""
    theme: dict[str, Stat] = field(default_factory=dict)
    output: str = ""
    atlas_key: str = ""
    options_key: str = ""
    site_key: str = ""
    site: UnitState = field(default_factory=UnitState)
    names_digest: str = ""
    graph_key: str = ""
    rows_key: str = ""
    index_key: str = ""
    links: tuple[int, int, int] = (0, 0, 0)
    pages: int = 0
    manifest: str = ""
    reported: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()
    placed: dict[Diagnostic, Diagnostic] = field(default_factory=dict)
    atlas_faults: tuple[Diagnostic, ...] = ()
    links_faults: dict[str, tuple[Diagnostic, ...]] = field(default_factory=dict)
    redirects_faults: tuple[Diagnostic, ...] = ()
    caps: str = ""

    @classmethod
    def load(cls, path: Path, version: str) -> State:
        """Read a state; an absent, damaged or older one is empty. Of files too young to trust the digests stand."""
        try:
            data = path.read_bytes()
            written = path.stat().st_mtime_ns
        except OSError:
            return cls()
        state = opened(data)
        if not isinstance(state, cls) or state.version != version:
            return cls()
        for name, stat in state.stats.items():
            if max(stat[1], stat[2]) >= written - RACY:
                state.stats[name] = (_UNKNOWN, *stat[1:])
        for name, seen in state.theme.items():
            if max(seen[1:3]) >= written - RACY:
                state.theme[name] = (_UNKNOWN, *seen[1:])
        return state

    def save(self, path: Path) -> None:
        """Write the state, atomically."""
        write_atomically(path, sealed(self))

    def known_digest(self, source: Source) -> str | None:
        """Return the digest of a file that is as it was, None where it must be read."""
        stat = self.stats.get(source.name)
        if stat is None or stat[:4] != source.stat:
            return None
        return stat[4]


@contextmanager
def locked(folder: Path, wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of a state folder: one build at a time. `wait` is called where another has it.

    The system lets go of it when a process ends, however it ends, so nobody ever has to delete it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _take(file, blocking=False):
            wait()
            _take(file, blocking=True)
        yield
    finally:
        os.close(file)


def _take(file: int, *, blocking: bool) -> bool:
    """Lock an open file; without blocking, tell whether it could be locked."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - Windows only

        while True:
            try:
                msvcrt.locking(file, msvcrt.LK_LOCK if blocking else msvcrt.LK_NBLCK, 1)
            except OSError:
                if not blocking:
                    return False
            else:
                return True
    import fcntl  # noqa: PLC0415 - all others

    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if blocking else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
