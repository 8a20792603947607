"""The process that builds: one order at a time, through the one pipeline, with everything kept warm between builds.

A process and not a thread, so that the server answers while a build works, Ctrl-C can end a build that is under way,
and nothing that an author writes (a template without end, an extension that crashes) takes the server along. It is a
group of processes of its own: who ends it ends what the pipeline started, too. It has no thread of its own, so that the
pipeline may fork.
"""

from __future__ import annotations

import gc
import os
import signal
import time
import traceback
from collections import deque
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from builder.memory import begin, memory_of
from builder.pipeline import Request, build
from builder.serve.page_info import PageFacts
from builder.serve.problems import editor_template, problems_of
from builder.serve.values import Answer, Early, Order, Outcome, Progress, Question, Stop
from builder.write import MachineError, Manifest

if TYPE_CHECKING:
    from types import FrameType

    from builder.pipeline import Result
    from builder.serve.values import Workplace

#: Seconds between looks at whether the server is still there, and between two reports of progress.
WATCHDOG = 2.0
PROGRESS = 0.1
#: Rubbish is collected in a pause of so many seconds between builds, at the latest after so many builds.
PAUSE, WASTE = 0.4, 8


class StoppedError(Exception):
    """The build is for nothing any more."""


class Worker:
    """Builds one site, again and again."""

    def __init__(self, place: Workplace) -> None:
        """Take where to build."""
        self.place = place
        self.facts = PageFacts(place.root)
        self.complete = False
        begin(str(place.state / "cache"))

    def build(self, order: Order, tell: Progresses) -> Outcome:
        """Build, and return what came of it; whatever goes wrong is in it."""
        began = time.perf_counter()
        try:
            if (gone := self.missing()) is not None:
                return Outcome(published=False, machine=gone)
            place = self.place
            request = Request(
                root=place.root,
                today=order.today,
                output=place.output,
                state=place.state,
                drafts=place.drafts,
                briefs=place.drafts,
                environment=place.environment,
                changed=self.changed(order),
                first=order.first,
                early=tell.early,
            )
            result = build(request, tell)
            return self.outcome(result, order, time.perf_counter() - began)
        except StoppedError:
            return Outcome(published=False, stopped=True)
        except MachineError as fault:
            self.complete = False
            return Outcome(published=False, machine=str(fault))
        except OSError as fault:
            self.complete = False
            return Outcome(published=False, machine=self.named(fault))
        except MemoryError:
            return Outcome(published=False, machine="there is not enough memory to build the site")
        except Exception as fault:  # noqa: BLE001 - a bug must not end the preview
            self.complete = False
            lines = traceback.format_exception(fault)
            return Outcome(
                published=False, machine="".join(("a bug in topicsite, or in an extension:\n", *lines)).strip()
            )

    def found(self) -> frozenset[str]:
        """Return the names of sources that builds found and that may have gone since without a word; once."""
        memory = memory_of(str(self.place.state / "cache"))
        if memory is None:
            return frozenset()
        names, memory.found = memory.found, set()
        return frozenset(names)

    def changed(self, order: Order) -> frozenset[str] | None:
        """Return the names of what changed: below the site's folder, or where they are elsewhere."""
        if order.changed is None:
            return None
        return frozenset(path.removeprefix(f"{self.place.root}/") for path in order.changed)

    def missing(self) -> str | None:
        """Return what to say where the sources are not there at all: then an empty site would be a lie."""
        root = self.place.root
        if not root.is_dir():
            return f"the site's folder is gone: {root}"
        if not (root / "content").is_dir() and (root / "site.yaml").exists():
            return "the folder content/ is not there"
        return None

    def named(self, fault: OSError) -> str:
        """Return one line about a fault of the machine, with the file as the author knows it."""
        name = str(fault.filename or self.place.root)
        return f"{name.removeprefix(f'{self.place.root}/')}: {fault.strerror or fault}"

    def outcome(self, result: Result, order: Order, seconds: float) -> Outcome:
        """Return what the server needs of a build's result."""
        problems, more = problems_of(self.place.root, result.diagnostics)
        editor = editor_template(result.config.editor) if result.config else ""
        published = result.published
        if published is None:
            return Outcome(published=False, problems=problems, more=more, editor=editor, seconds=seconds)
        if result.explained or not self.complete or order.today != self.facts.today:
            self.facts.take(result, order.today)
        names = None if self.complete else frozenset(Manifest.load(self.place.state / "manifest.json").entries)
        self.complete = True
        return Outcome(
            published=True,
            problems=problems,
            more=more,
            added=tuple(published.added),
            changed=tuple(published.changed),
            deleted=tuple(published.deleted),
            names=names,
            title=result.config.title if result.config else "",
            base_path=result.config.urls.base_path if result.config else "",
            editor=editor,
            pages=result.pages,
            seconds=seconds,
        )


class Progresses:
    """Hands progress on to the server, not more often than it can be seen, and hears what it says meanwhile."""

    def __init__(self, connection: Connection) -> None:
        """Take the connection to the server."""
        self.connection = connection
        self.last = 0.0
        self.waiting: deque[object] = deque()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Tell the stage of a build and how far it is; raises StoppedError where it is to stop."""
        while self.connection.poll():
            message = self.connection.recv()
            if isinstance(message, Stop):
                raise StoppedError
            self.waiting.append(message)
        now = time.monotonic()
        if now - self.last >= PROGRESS:
            self.last = now
            self.connection.send(Progress(stage, done, total))

    def early(self, files: dict[str, bytes]) -> None:
        """Hand on what browsers wait for."""
        self.connection.send(Early(files))

    def next(self) -> object:
        """Return the next message."""
        return self.waiting.popleft() if self.waiting else self.connection.recv()


def main(descriptor: int) -> None:
    """Obey the server until it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with(os.getppid())
    connection = Connection(descriptor)
    worker = Worker(connection.recv())
    tell = Progresses(connection)
    gc.collect()
    gc.freeze()
    waste = 0
    try:
        while True:
            if waste and not tell.waiting and (waste >= WASTE or not connection.poll(PAUSE)):
                gc.collect()  # a build is full of cycles, and left to itself Python would let dozens of them pile up
                waste = 0
            match tell.next():
                case Order() as order:
                    connection.send(replace(worker.build(order, tell), found=worker.found()))
                    waste += 1
                case Question() as question:
                    connection.send(Answer(question.path, worker.facts.of(question.path)))
                case Stop():  # of a build that has ended
                    pass
                case _:
                    raise TypeError
    except (EOFError, BrokenPipeError, ConnectionResetError):
        _end()


def _end_with(parent: int) -> None:
    """Look from time to time whether the server is still there, also while a build hangs."""

    def look(_signal: int, _frame: FrameType | None) -> None:
        if os.getppid() != parent:
            _end()

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, WATCHDOG, WATCHDOG)


def _end() -> None:
    """End this process and what it started."""
    os.killpg(os.getpgid(0), signal.SIGKILL)
