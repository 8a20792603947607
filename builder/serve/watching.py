"""Saved files → sets of paths: livereload's Watcher, on the system's own events instead of polls in the event loop.

Events tell where to look, never what happened: what is reported is what differs from the last look at the disk. Where
events fail (a full queue, a folder that was replaced, a network drive) a *sweep* over all sources, seldom enough to
cost nothing, finds what they did not tell. With `poll` there are only sweeps, often.

**Invariant**: when `start` has returned, every later change of a source is reported sooner or later, and no path that
`files.is_ignored` names. Everything here runs in threads of its own; `callback` is called in them.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import watchfiles
from livereload.watcher import Watcher as LivereloadWatcher

from builder.files import is_ignored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

#: Milliseconds: events are taken as soon as none has come for a step, and at the latest after `DEBOUNCE`.
STEP = 10
DEBOUNCE = 400
#: Seconds between sweeps: at least so many, and so many times what the last one took.
SWEEP, SWEEP_FACTOR = 2.0, 50
POLL, POLL_FACTOR = 0.25, 4
READY = 5.0

#: What tells a file from what it was before. The time of its last change of state (ctime) cannot be set by anybody, so
#: that a file written twice in one tick of the clock, with one size, or made readable again, differs.
Stamp = tuple[int, ...]


class Watcher(LivereloadWatcher):  # type: ignore[misc]  # livereload has no types
    """Watches folders, with all that is below them, and single files of the site's own folder."""

    def __init__(
        self, root: Path, files: Iterable[str], folders: Iterable[Path], *, poll: bool, warn: Callable[[str], None]
    ) -> None:
        """Take the site's folder, names of files in it, the folders, and a function that tells the user one line."""
        super().__init__()
        self.root = str(root)
        self.files = frozenset(os.path.join(self.root, name) for name in files)  # noqa: PTH118 - text, as events have it
        self.folders = tuple(str(folder) for folder in folders)
        self.poll = poll
        self.warn = warn
        self.callback: Callable[[set[str]], None] = lambda _: None
        self.known: dict[str, Stamp] = {}
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.wake = threading.Event()
        self.keeper = threading.Thread(target=self._keep, name="preview-watch", daemon=True)
        self.followers: dict[bool, _Follower] = {}

    def start(self, callback: Callable[[set[str]], None]) -> bool:
        """Begin to watch, and return True: there is nothing for livereload to poll. `callback` gets changed paths."""
        self.callback = callback
        self._follow()
        self.known = self._look()
        self.keeper.start()
        return True

    def stop(self) -> None:
        """End the threads; returns within a fraction of a second."""
        self.stopping.set()
        self.wake.set()
        for follower in self.followers.values():
            follower.stopping.set()
        deadline = time.monotonic() + 0.3
        for thread in (self.keeper, *(follower.thread for follower in self.followers.values())):
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    def unknown(self, names: Iterable[str]) -> set[str]:
        """Return the paths of sources, named from the site's folder, that no look has found or that are gone again.

        What comes and goes between two looks is never reported, and yet a build may have found it.
        """
        paths = (f"{self.root}/{name}" for name in names)
        return {path for path in paths if path not in self.known and self.is_source(path)}

    def is_source(self, path: str) -> bool:
        """Tell whether a path is one of the watched files, or lies in a watched folder and is not a temporary file."""
        if path in self.files or path in self.folders:
            return True
        for folder in self.folders:
            if path.startswith(f"{folder}/"):
                return not any(is_ignored(part) for part in path[len(folder) + 1 :].split("/"))
        return False

    def _keep(self) -> None:
        took = 0.0
        while True:
            floor, factor = (POLL, POLL_FACTOR) if self.poll else (SWEEP, SWEEP_FACTOR)
            self.wake.wait(max(floor, factor * took))
            if self.stopping.is_set():
                return
            self.wake.clear()
            began = time.monotonic()
            self._follow()
            self._sweep()
            took = time.monotonic() - began

    def _follow(self) -> None:
        """Listen for the events of the folders that exist now, anew where one of them is another than before."""
        if self.poll:
            return
        for recursive, paths in ((False, [self.root]), (True, list(self.folders))):
            present = _identities(paths)
            follower = self.followers.get(recursive)
            if follower is not None and follower.identities == present and follower.thread.is_alive():
                continue
            if follower is not None:
                follower.stopping.set()
                del self.followers[recursive]
            if not present:
                continue
            follower = self.followers[recursive] = _Follower(present, recursive=recursive, report=self._told)
            follower.thread.start()
            follower.ready.wait(READY)
            if follower.fault and not self.poll:
                self.poll = True
                self.warn(f"the system gives no events for files ({follower.fault}); looking for changes instead")

    def _told(self, paths: set[str]) -> None:
        """Take the paths of some events: look at each, and report those that differ."""
        changed: set[str] = set()
        if not paths.isdisjoint((self.root, *self.folders)):
            self.wake.set()
        with self.lock:
            for path in paths:
                if self.is_source(path):
                    changed |= self._differing(path)
        if changed:
            self.callback(changed)

    def _differing(self, path: str) -> set[str]:
        """Return what differs at and below a path, and remember how it is now."""
        now = {path: stamp} if (stamp := _stamp(path)) is not None else {}
        if stamp is not None and stamp[0] == _FOLDER:
            now.update(_walk(path))
        before = {path: self.known[path]} if path in self.known else {}
        if path in before and before[path][0] == _FOLDER:
            below = f"{path}/"
            before.update((name, known) for name, known in self.known.items() if name.startswith(below))
        changed = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
        for name in changed:
            if name in now:
                self.known[name] = now[name]
            else:
                self.known.pop(name, None)
        return changed

    def _sweep(self) -> None:
        """Look at everything; report what differs and no event told."""
        now = self._look()
        with self.lock:
            suspects = [name for name in self.known.keys() | now.keys() if self.known.get(name) != now.get(name)]
            changed: set[str] = set()
            for path in suspects:
                changed |= self._differing(path)  # an event may have told since
        if changed:
            self.callback(changed)

    def _look(self) -> dict[str, Stamp]:
        found: dict[str, Stamp] = {}
        for path in (*self.files, *self.folders):
            if (stamp := _stamp(path)) is not None:
                found[path] = stamp
        for folder in self.folders:
            found.update(_walk(folder))
        return found


class _Follower:
    """One thread that listens for the events of some paths."""

    def __init__(
        self, identities: tuple[tuple[str, int, int], ...], *, recursive: bool, report: Callable[[set[str]], None]
    ) -> None:
        self.identities = identities
        self.recursive = recursive
        self.report = report
        self.ready = threading.Event()
        self.stopping = threading.Event()
        self.fault = ""
        self.thread = threading.Thread(target=self._run, name="preview-events", daemon=True)

    def _run(self) -> None:
        paths = [path for path, _, _ in self.identities]
        try:
            for changes in watchfiles.watch(
                *paths,
                watch_filter=None,
                debounce=DEBOUNCE,
                step=STEP,
                stop_event=self.stopping,
                rust_timeout=10 * STEP,
                yield_on_timeout=True,
                raise_interrupt=False,
                force_polling=False,
                recursive=self.recursive,
                ignore_permission_denied=True,
            ):
                self.ready.set()
                if changes:
                    self.report({path for _, path in changes})
        except FileNotFoundError:
            pass  # gone since: the next sweep begins anew
        except (OSError, RuntimeError) as fault:
            self.fault = str(fault) or type(fault).__name__
        finally:
            self.ready.set()


_FOLDER = -1


def _stamp(path: str) -> Stamp | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - called for every source
    except OSError:
        with suppress(OSError):
            return (os.lstat(path).st_ctime_ns,)
        return None
    if stat.S_ISDIR(found.st_mode):
        return (_FOLDER, found.st_dev, found.st_ino)
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_mode)


def _walk(folder: str, above: tuple[str, ...] = ()) -> Iterator[tuple[str, Stamp]]:
    """Yield all that is below a folder with its stamp, as `files.scan` finds it: links to folders are followed once."""
    try:
        with os.scandir(folder) as entries:
            found = [entry.path for entry in entries if not is_ignored(entry.name)]
    except OSError:
        return
    for path in found:
        stamp = _stamp(path)
        if stamp is None:
            continue
        yield path, stamp
        if stamp[0] == _FOLDER:
            if os.path.islink(path):  # noqa: PTH114
                real = os.path.realpath(path)
                if real in above or f"{os.path.realpath(folder)}/".startswith(f"{real}/"):
                    continue
                yield from _walk(path, (*above, real))
            else:
                yield from _walk(path, above)


def _identities(paths: Iterable[str]) -> tuple[tuple[str, int, int], ...]:
    """Return the paths that are folders now, each with what tells it from another of its name."""
    found = []
    for path in paths:
        stamp = _stamp(path)
        if stamp is not None and stamp[0] == _FOLDER:
            found.append((path, stamp[1], stamp[2]))
    return tuple(found)
