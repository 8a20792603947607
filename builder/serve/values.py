"""What the parts of the preview hand to one another: plain, frozen values that pickle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path


class Unusable(Exception):  # noqa: N818 - a reason, for the user
    """The preview cannot start: a port is in use, a folder is not there. The message is for the user; exit status 3."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What `topicsite serve` was asked for. `day` None: today, also tomorrow; `port` 0: any that is free."""

    root: Path
    host: str = "127.0.0.1"
    port: int = 8000
    open: bool = False
    drafts: bool = False
    day: dt.date | None = None
    poll: bool = False
    color: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Workplace:
    """What the process that builds has to know, once. `state` is the preview's own folder of manifest and stage."""

    root: Path
    output: Path
    state: Path
    drafts: bool
    environment: Mapping[str, str]


class Order(NamedTuple):
    """Build the site as of a day.

    `changed` are the paths that changed since the order before, None where nobody knows; `first` the files of the
    output that browsers show and load, which are made before others.
    """

    today: dt.date
    changed: frozenset[str] | None = None
    first: frozenset[str] = frozenset()


class Early(NamedTuple):
    """Files of the build under way that a browser waits for, before all of it is published."""

    files: dict[str, bytes]


class Stop(NamedTuple):
    """Give the build under way up, for the sake of a newer one; nothing where there is none."""


class Question(NamedTuple):
    """Tell what the page at a site path is."""

    path: str


class Progress(NamedTuple):
    """How far a build is."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A diagnostic with what is needed to show it.

    `lines` are the lines around the place, by number; in the line `line` the characters `start:end` are marked. `path`
    is the file on this machine, '' where there is none.
    """

    severity: str
    code: str
    message: str
    hint: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""
    lines: tuple[tuple[int, str], ...] = ()
    start: int = 0
    end: int = 0


class Counts(NamedTuple):
    """How many diagnostics there are of each severity."""

    error: int = 0
    warning: int = 0
    note: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a build came to.

    `published` tells whether the output is now what the sources say; otherwise it is as it was, and `problems` tell
    why, or `machine`, one line on what failed beside the content; `more` counts the diagnostics beyond them. `names`
    are all files of the output, or None where they are those known before, with `added` and without `deleted`.
    `stopped`: it was given up because it was told to. `found` are the names of sources, below the site's folder, that
    it found and that may be gone before anybody else saw them.
    """

    published: bool
    problems: tuple[Problem, ...] = ()
    more: Counts = field(default_factory=Counts)
    machine: str = ""
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    names: frozenset[str] | None = None
    title: str = ""
    base_path: str = ""
    editor: str = ""
    pages: int = 0
    seconds: float = 0.0
    stopped: bool = False
    found: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PageInfo:
    """What the bar tells of a page; `status` '' for pages that have none (maps, clusters), `day` that of publishing.

    Links are counted by pages: so many link to it, it links to so many, and to so many more once these are published.
    """

    path: str
    kind: str
    status: str = ""
    source: str = ""
    file: str = ""
    line: int = 0
    words: int = 0
    planned_words: int = 0
    links_in: int = 0
    links_out: int = 0
    reserved: int = 0
    day: str = ""
    indexed: bool = True


class Answer(NamedTuple):
    """The answer to a question; `info` None where the site has no such page."""

    path: str
    info: PageInfo | None
