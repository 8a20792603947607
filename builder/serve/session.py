"""The preview's mind: what to build and when, what the terminal and the browsers are told.

Lives in the event loop; nothing here waits. One build at a time: what is saved meanwhile causes another one. Which tab
shows something else than the output holds is found out by `tabs.py`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import secrets
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from builder.serve.problems import editor_url, in_browser, in_terminal, visible
from builder.serve.tabs import Tabs
from builder.serve.values import Answer, Counts, Early, Order, Outcome, Problem, Question, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from builder.serve.output import Output
    from builder.serve.tabs import Browser
    from builder.serve.values import PageInfo, Settings

#: Seconds. A burst of saves (a checkout, an editor that deletes and writes anew) is waited out: until nothing has come
#: for `SETTLE`, and no longer than `BURST`.
SETTLE, BURST, MANY = 0.06, 1.0, 20
#: After a fault of the machine (a full disk) the build is tried again, first after one second, then more seldom.
RETRY, RETRY_MOST = 1.0, 8.0
#: A build that tells no progress for so long, and for several times what the longest took, is given up when something
#: was saved since: it may be a template without end.
STUCK, STUCK_FACTOR = 20.0, 3.0
#: Questions for the bar wait for a pause between builds.
IDLE = 0.25
SLOW = 0.4
CLOCK = 30.0


class Builds(Protocol):
    """The process that builds."""

    def send(self, message: Order | Question | Stop) -> None:
        """Give it an order, take one back, or ask it about a page."""

    def end(self) -> None:
        """End it."""


@dataclass(slots=True)
class Terminal:
    """Where lines for the user go: `say` gets a line, and whether it tells of something wrong."""

    say: Callable[[str, bool], None]
    color: bool

    def event(self, text: str, *, wrong: bool = False) -> None:
        """Say something that happened now, with the time of day."""
        now = dt.datetime.now().astimezone()
        self.say(f"{now:%H:%M:%S} {text}", wrong)

    def problems(self, problems: Iterable[Problem], more: int = 0) -> None:
        """Show diagnostics as the browser shows them, and how many more there are."""
        for line in in_terminal(problems, color=self.color):
            self.say(line, True)  # noqa: FBT003
        if more:
            self.say(f"and {more:,} more; `topicsite check` tells all of them", True)  # noqa: FBT003


class Session:
    """One preview."""

    def __init__(
        self,
        settings: Settings,
        output: Output,
        builds: Builds,
        terminal: Terminal,
        unknown: Callable[[Iterable[str]], set[str]],
    ) -> None:
        """Take the parts; nothing is built before `begin`.

        `unknown` gets names of sources that a build found, and returns the paths of those nobody will report.
        """
        self.settings = settings
        self.output = output
        self.builds = builds
        self.terminal = terminal
        self.unknown = unknown
        self.tabs = Tabs(output)
        self.token = secrets.token_hex(8)
        self.problems: tuple[Problem, ...] = ()
        self.more = Counts()
        self.printed: frozenset[Problem] = frozenset()
        self.failing = False
        self.machine = ""
        self.hurried = False
        self.state_told: Mapping[str, object] = {}
        self.headline = "The site is being built …"
        self.title = ""
        self.editor = ""
        self.first = asyncio.Event()
        self.pending: set[str] = set()
        self.building: set[str] | None = None
        self.built_day: dt.date | None = None
        self.since = 0.0
        self.heard_at = 0.0
        self.longest = 0.0
        self.deaths = 0
        self.retries = 0
        self.burst_began = 0.0
        self.timer: asyncio.TimerHandle | None = None
        self.retry_timer: asyncio.TimerHandle | None = None
        self.idle_timer: asyncio.TimerHandle | None = None
        self.slow_timer: asyncio.TimerHandle | None = None
        self.stuck_timer: asyncio.TimerHandle | None = None
        self.clock_timer: asyncio.TimerHandle | None = None
        self.loop = asyncio.get_running_loop()

    # Building

    def begin(self) -> None:
        """Order the first build."""
        self.order({"the site"})
        self.clock()

    def end(self) -> None:
        """Stop all that would happen later."""
        timers = (self.timer, self.retry_timer, self.idle_timer, self.slow_timer, self.stuck_timer, self.clock_timer)
        for timer in timers:
            if timer is not None:
                timer.cancel()

    @property
    def today(self) -> dt.date:
        """The day to build for."""
        return self.settings.day or dt.datetime.now().astimezone().date()

    def clock(self) -> None:
        """Build anew when a day begins: something may be due."""
        if self.built_day is not None and self.built_day != self.today:
            self.changed({"the day"})
        self.clock_timer = self.loop.call_later(CLOCK, self.clock)

    def changed(self, paths: set[str]) -> None:
        """Take what was saved; it is built as soon as the burst is over and no build is under way."""
        if not self.pending:
            self.burst_began = time.monotonic()
        self.pending |= paths
        if self.building is None:
            self.schedule(SETTLE if self.unsettled(paths) else 0.0)
            return
        if self.hurried:  # the pages on screen are those of this build already; the rest would be for nothing
            self.hurried = False
            self.builds.send(Stop())
        if self.stuck_timer is None:
            self.give_up_if_stuck()

    def unsettled(self, paths: set[str]) -> bool:
        """Tell whether more is likely to come: many files at once, or one that is gone or empty just now."""
        if len(paths) > MANY:
            return True
        for path in paths:
            try:
                if os.stat(path).st_size == 0:  # noqa: PTH116
                    return True
            except OSError:
                return path.startswith("/")
        return False

    def schedule(self, delay: float) -> None:
        """Order a build after a delay; a later save puts it off, but not for ever."""
        if self.timer is not None:
            self.timer.cancel()
        left = max(0.0, self.burst_began + BURST - time.monotonic())
        if delay:
            self.timer = self.loop.call_later(min(delay, left), self.order_pending)
        else:
            self.order_pending()

    def order_pending(self) -> None:
        """Order the build of what was saved."""
        self.timer = None
        if self.building is None and self.pending:
            paths, self.pending = self.pending, set()
            self.order(paths)

    def order(self, paths: set[str]) -> None:
        """Order a build, for the sake of some paths."""
        self.building = paths
        self.hurried = False
        if self.retry_timer is not None:
            self.retry_timer.cancel()
            self.retry_timer = None
        if self.idle_timer is not None:
            self.idle_timer.cancel()
            self.idle_timer = None
        self.since = self.heard_at = time.monotonic()
        self.built_day = self.today
        self.slow_timer = self.loop.call_later(SLOW, self.tell_building)
        changed = frozenset(paths) if paths and all(path.startswith("/") for path in paths) else None
        self.builds.send(Order(self.built_day, changed, self.tabs.awaited()))

    def tell_building(self) -> None:
        """Tell the browsers that a build takes a while."""
        self.slow_timer = None
        self.state_told = {}
        self.tabs.tell_all({"command": "building"})

    def give_up_if_stuck(self) -> None:
        """End a build that tells nothing any more, though one waits; the next one is for what it was for, too."""
        self.stuck_timer = None
        if self.building is None or not self.pending:
            return
        silent = time.monotonic() - self.heard_at
        patience = max(STUCK, STUCK_FACTOR * self.longest)
        if silent <= patience:
            self.stuck_timer = self.loop.call_later(patience - silent + 0.01, self.give_up_if_stuck)
            return
        text = f"the build has told nothing for {silent:.0f} s and is given up; it starts anew"
        self.terminal.event(text, wrong=True)
        self.builds.end()
        self.pending |= self.building
        self.building = None
        self.order_pending()

    # What the process tells

    def heard(self, message: object) -> None:
        """Take a message of the process that builds."""
        self.heard_at = time.monotonic()
        match message:
            case Outcome() as outcome:
                self.finished(outcome)
            case Answer(path, info):
                self.answered(path, info)
            case Early(files):
                self.early(files)
            case _:  # progress: that it is alive is all
                pass

    def died(self, status: int) -> None:
        """Take the death of the process: once it starts anew by itself, then when something is saved."""
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        self.deaths += 1
        paths, self.building = self.building, None
        text = f"the process that builds the site ended {how}"
        if self.deaths == 1 or paths is None:
            self.terminal.event(f"{text}; it starts anew", wrong=True)
            if paths is not None:
                self.order(paths)
            return
        self.finished(Outcome(published=False, machine=f"{text}; it is tried again when you save something"))

    def finished(self, outcome: Outcome) -> None:
        """Take what a build came to."""
        paths, self.building = self.building or set(), None
        if self.slow_timer is not None:
            self.slow_timer.cancel()
            self.slow_timer = None
        if outcome.editor:
            self.editor = outcome.editor
        self.longest = max(self.longest, time.monotonic() - self.since)
        self.pending |= self.unknown(outcome.found)
        if outcome.stopped:
            self.pending |= paths
        elif outcome.published:
            self.deaths = self.retries = 0
            self.published(outcome, paths)
        elif not self.pending:  # what was saved since may mend it already
            self.failed(outcome)
        if not outcome.published:
            self.tabs.compare_all()  # with what there was before: those that reported meanwhile were not
        self.first.set()
        if self.pending:
            self.schedule(SETTLE if self.unsettled(self.pending) else 0.0)
        elif self.tabs.open:
            self.idle_timer = self.loop.call_later(IDLE, self.ask)

    def early(self, files: Mapping[str, bytes]) -> None:
        """Show the files of the build under way that browsers wait for; not while the build before is not mended."""
        if self.building is None or self.failing or not self.output.built:
            return
        self.hurried = True
        self.tabs.show_early(files)

    def published(self, outcome: Outcome, paths: set[str]) -> None:
        """Serve what was built, and tell the browsers that show something else."""
        early, self.output.early = self.output.early, {}
        touched = (*outcome.added, *outcome.changed, *outcome.deleted)
        if outcome.names is not None or not self.output.built:
            self.output.base = outcome.base_path
            self.output.replace(outcome.names or ())
            self.output.built = True
        elif touched:
            self.output.update(outcome.added, outcome.changed, outcome.deleted)
        if self.output.base != outcome.base_path:
            self.output.base = outcome.base_path
        self.title = outcome.title
        shown = {name for name, data in early.items() if self.output.read(name) == data}
        news = {*touched, *early} - shown
        if touched or news:
            self.tabs.changed(news)
        mended = self.failing
        more = sum(outcome.more) if outcome.more != self.more else 0
        self.failing, self.machine, self.problems, self.more = False, "", outcome.problems, outcome.more
        if mended:
            self.tell_state()
        self.tabs.compare_all(everything=not {"_headers", "_redirects"}.isdisjoint(touched))
        self.tell_state()
        self.terminal.event(_summary(outcome, _names(paths, self.settings.root)))
        self.terminal.problems((problem for problem in outcome.problems if problem not in self.printed), more)
        self.printed = frozenset(outcome.problems)
        if mended:
            self.terminal.event("the build is whole again")

    def failed(self, outcome: Outcome) -> None:
        """Keep the last good site, and say what is wrong."""
        self.tabs.show_early({})
        self.headline = "The build failed. What is wrong is shown here and in the terminal."
        told = self.machine, self.problems, self.more
        news = not self.failing or (outcome.machine, outcome.problems, outcome.more) != told
        self.failing, self.machine, self.problems, self.more = True, outcome.machine, outcome.problems, outcome.more
        if outcome.machine:
            delay = min(RETRY * 2**self.retries, RETRY_MOST)
            self.retries += 1
            self.retry_timer = self.loop.call_later(delay, self.retry)
        if not news:
            return
        if outcome.machine:
            lines = visible(outcome.machine).split("\n")
            self.terminal.event(f"topicsite: {lines[0]}", wrong=True)
            for line in lines[1:]:
                self.terminal.say(f"    {line}", True)  # noqa: FBT003
        else:
            wrong = (p for p in outcome.problems if p.severity == "error" or p not in self.printed)
            self.terminal.problems(wrong, sum(outcome.more))
            self.printed |= frozenset(outcome.problems)
            kept = "; the last good build stays up" if self.output.built else ""
            self.terminal.event(f"{_count(_counted(outcome.problems, outcome.more).error, 'error')}{kept}", wrong=True)
        self.tell_state()

    def retry(self) -> None:
        """Build again after a fault of the machine."""
        self.retry_timer = None
        if self.building is None and not self.pending:
            self.order(set())

    # What the browsers are told

    def joined(self, browser: Browser) -> None:
        """Take a browser that says what it shows."""
        known = browser in self.tabs.open
        self.tabs.open.add(browser)
        if not known:
            browser.send(self.state())
            if self.building is not None and time.monotonic() - self.since > SLOW:
                browser.send({"command": "building"})
        if self.building is None:  # else files may be half published; all tabs are compared when the build has ended
            self.tabs.compare(browser)
        if not known and self.building is None and self.idle_timer is None:
            self.ask_about(browser)

    def left(self, browser: Browser) -> None:
        """Forget a browser."""
        self.tabs.open.discard(browser)

    def tell_state(self) -> None:
        """Tell the browsers what is wrong with the site, where it is not what they were told last."""
        state = self.state()
        if state != self.state_told:
            self.state_told = state
            self.tabs.tell_all(state)

    def state(self) -> dict[str, object]:
        """Return what is wrong with the site, or that nothing is, as client.js takes it."""
        counts = _counted(self.problems, self.more)
        if not self.failing:
            title = ""
        elif self.machine:
            title = "The site cannot be built"
        else:
            title = f"The build failed: {_count(counts.error, 'error')}"
        return {
            "command": "state",
            "failing": self.failing,
            "title": title,
            "kept": self.failing and self.output.built,
            "machine": self.machine,
            "problems": [in_browser(problem, self.editor) for problem in self.problems],
            "more": sum(self.more),
            "warnings": counts.warning,
        }

    # The bar

    def ask(self) -> None:
        """Ask about the pages that are on screen."""
        self.idle_timer = None
        for path in {browser.url_path for browser in self.tabs.open if browser.ours}:
            self.ask_path(path)

    def ask_about(self, browser: Browser) -> None:
        """Ask about one browser's page."""
        if browser.ours:
            self.ask_path(browser.url_path)

    def ask_path(self, path: str) -> None:
        """Ask about the page at a URL's path."""
        site_path = self.tabs.site_path(path)
        if site_path is not None and self.output.find(path).status == 200:  # noqa: PLR2004
            self.builds.send(Question(site_path))

    def answered(self, path: str, info: PageInfo | None) -> None:
        """Hand the answer to the browsers that show the page."""
        if info is None:
            return
        message = {
            "command": "page",
            "kind": info.kind,
            "status": info.status,
            "source": info.source,
            "editor": editor_url(self.editor, info.file, info.line, 1),
            "words": info.words,
            "planned": info.planned_words,
            "in": info.links_in,
            "out": info.links_out,
            "reserved": info.reserved,
            "day": info.day,
            "indexed": info.indexed,
        }
        for browser in tuple(self.tabs.open):
            if browser.ours and self.tabs.site_path(browser.url_path) == path:
                browser.send(message)


def _names(paths: set[str], root: object) -> str:
    """Return what was saved, in a few words."""
    names = sorted(path.removeprefix(f"{root}/") for path in paths)
    if len(names) > 2:  # noqa: PLR2004 - two fit in a line
        return f"{visible(names[0])} and {len(names) - 1} more"
    return " and ".join(visible(name) for name in names)


def _summary(outcome: Outcome, names: str) -> str:
    counts = (("added", outcome.added), ("changed", outcome.changed), ("deleted", outcome.deleted))
    done = ", ".join(f"{_count(len(files), 'file')} {what}" for what, files in counts if files) or "nothing changed"
    warnings = _counted(outcome.problems, outcome.more).warning
    warned = f", {_count(warnings, 'warning')}" if warnings else ""
    return f"{names or 'the site'}: {_count(outcome.pages, 'page')}, {done}{warned} ({outcome.seconds:.2f} s)"


def _counted(problems: Iterable[Problem], more: Counts) -> Counts:
    """Return how many diagnostics there are, those that are shown and those beyond them."""
    shown = Counter(problem.severity for problem in problems)
    return Counts(*(shown[name] + left for name, left in more._asdict().items()))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
