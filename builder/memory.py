"""What a process that builds one site again and again keeps between its builds: why the preview is quick.

Off unless `begin` was called in this process; the processes of a pool have none. It decides nothing: a value is kept
beside what it was made of, and given again only while that is equal, so that a build with a memory and one without
make the same bytes. What is kept must not be changed by anybody. It is bounded: by the maps worked on last, and by
their blobs.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from builder.sources import Sources
    from builder.state import State

T = TypeVar("T")

#: The maps whose parts are kept: those that were worked on last.
UNITS = 6
#: The kinds of blobs that are read again in every build, and how many are kept of each: those that were used last.
BLOBS = {
    **dict.fromkeys(("map", "words", "defined", "slice", "scan"), UNITS),
    **dict.fromkeys(("phrases", "options"), 1),
    "page": 60,
    "icon": 8,
}


class Recall:
    """What was made last, by what it is and where."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], tuple[object, Any]] = {}

    def same(self, kind: str, place: str, inputs: object, make: Callable[[], T]) -> T:
        """Return what was made at a place, if it was made of equal inputs; else make it now."""
        kept = self._made.get((kind, place))
        if kept is not None and kept[0] == inputs:
            value: T = kept[1]
            return value
        value = make()
        self._made[kind, place] = (inputs, value)
        return value

    def keep(self, kind: str, place: str, inputs: object, value: object) -> None:
        """Keep what was made in another way."""
        self._made[kind, place] = (inputs, value)

    def before(self, kind: str, place: str) -> tuple[Any, Any] | None:
        """Return inputs and value of what was made last at a place."""
        return self._made.get((kind, place))

    def drop(self, kind: str) -> None:
        """Forget what was made of a kind."""
        for found in [key for key in self._made if key[0] == kind]:
            del self._made[found]


class _Forgetful(Recall):
    """Keeps nothing."""

    def same(self, kind: str, place: str, inputs: object, make: Callable[[], T]) -> T:  # noqa: ARG002
        return make()

    def keep(self, kind: str, place: str, inputs: object, value: object) -> None:  # noqa: ARG002
        return


NOTHING: Recall = _Forgetful()


class Memory:
    """The memory of one site's builds: parts of maps, blobs of the store, the last sources and the last state.

    `changed` are the names of the files that changed since the last build that was published, None where nobody knows.
    `seen` are the names that the last build found, `found` those that may have come and gone since without anybody
    noticing, until they are taken.
    """

    def __init__(self) -> None:
        self.process = os.getpid()
        self.changed: set[str] | None = None
        self.sources: Sources | None = None
        self.seen: frozenset[str] = frozenset()
        self.found: set[str] = set()
        self.state: tuple[tuple[int, ...], State] | None = None
        self.site = Recall()
        self.blobs: dict[str, OrderedDict[str, Any]] = {kind: OrderedDict() for kind in BLOBS}
        self.unwritten: dict[str, Any] = {}
        self.there: set[str] = set()
        self._units: OrderedDict[str, Recall] = OrderedDict()

    def unit(self, name: str) -> Recall:
        """Return what is kept of a map; the one that was not asked for longest is forgotten."""
        found = self._units.pop(name, None) or Recall()
        self._units[name] = found
        if len(self._units) > UNITS:
            self._units.popitem(last=False)
        return found

    def keep(self, name: str, value: object) -> None:
        """Keep a blob, by its name `kind-key`."""
        self.there.add(name)
        kind = name.partition("-")[0]
        if kind in BLOBS:
            kept = self.blobs[kind]
            kept[name] = value
            kept.move_to_end(name)
            if len(kept) > BLOBS[kind]:
                kept.popitem(last=False)

    def blob(self, name: str) -> object:
        """Return a blob that is kept or not written yet, None where it is neither."""
        if name in self.unwritten:
            return self.unwritten[name]
        kept = self.blobs.get(name.partition("-")[0])
        if kept is None or name not in kept:
            return None
        kept.move_to_end(name)
        return kept[name]


_MEMORIES: dict[str, Memory] = {}


def begin(folder: str) -> None:
    """Keep things, from now on, for builds with the store in a folder; forget what was kept for it."""
    _MEMORIES[folder] = Memory()


def forget(folder: str) -> None:
    """Begin anew, if there is a memory for the store in a folder."""
    if folder in _MEMORIES:
        begin(folder)


def memory_of(folder: str) -> Memory | None:
    """Return this process's memory for the store in a folder."""
    memory = _MEMORIES.get(folder)
    return memory if memory is not None and memory.process == os.getpid() else None


def recall_of(folder: str, unit: str) -> Recall:
    """Return what is kept of a map; something that keeps nothing where there is no memory."""
    memory = memory_of(folder)
    return memory.unit(unit) if memory is not None else NOTHING
