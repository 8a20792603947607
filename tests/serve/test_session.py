"""What is built when, and which browser is told what; with builds and browsers that only take notes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from builder.serve import http
from builder.serve import session as sessions
from builder.serve.inject import styles_of
from builder.serve.output import Output
from builder.serve.session import Session, Terminal
from builder.serve.values import (
    Answer,
    Counts,
    Early,
    Order,
    Outcome,
    PageInfo,
    Problem,
    Progress,
    Question,
    Settings,
    Stop,
)


class Builds:
    """Takes notes of orders."""

    def __init__(self) -> None:
        self.sent: list[Order | Question | Stop] = []
        self.ended = 0

    def send(self, message: Order | Question | Stop) -> None:
        """Note a message."""
        self.sent.append(message)

    def end(self) -> None:
        """Note the end."""
        self.ended += 1

    @property
    def orders(self) -> int:
        """How many builds were ordered."""
        return sum(isinstance(message, Order) for message in self.sent)


@dataclass(eq=False)
class Browser:
    """Takes notes of messages."""

    url_path: str
    version: str = ""
    rest: str = ""
    generation: int = 1
    loads: frozenset[str] = frozenset()
    sheets: frozenset[str] = frozenset()
    ours: bool = True
    told: str = ""
    messages: list[Mapping[str, object]] = field(default_factory=list)

    def send(self, message: Mapping[str, object]) -> None:
        """Note a message."""
        self.messages.append(message)

    @property
    def commands(self) -> list[object]:
        """What it was told to do, apart from what is wrong and what the page is."""
        return [m["command"] for m in self.messages if m["command"] not in {"state", "page", "building"}]


class Desk:
    """A session at work: its parts, and what a test does to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.builds = Builds()
        self.output = Output(folder)
        settings = Settings(Path("/site"))
        terminal = Terminal(lambda line, _: self.lines.append(line), color=False)
        self.gone: set[str] = set()
        self.session = Session(settings, self.output, self.builds, terminal, self.unknown)

    def unknown(self, names: Iterable[str]) -> set[str]:
        """Return the paths of files that came and went."""
        return {f"/site/{name}" for name in names if name in self.gone}

    def publish(self, files: Mapping[str, str], *deleted: str, **more: object) -> None:
        """Write files as a build would, and tell the session of it."""
        added = [name for name in files if name not in self.output.names]
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(f"{path.name}.new").write_text(text, "utf-8")
            path.with_name(f"{path.name}.new").replace(path)
        for name in deleted:
            (self.folder / name).unlink()
        changed = [name for name in files if name not in added]
        names = None if self.output.built else frozenset(files)
        outcome = Outcome(
            published=True, added=tuple(added), changed=tuple(changed), deleted=deleted, names=names, **more,  # type: ignore[arg-type]
        )  # fmt: skip
        self.session.heard(outcome)

    def browser(self, path: str, **more: object) -> Browser:
        """Connect a browser that shows a page as it is now."""
        found = self.output.find(path)
        file = http.contents(self.output, found.name)
        assert file
        browser = Browser(
            path,
            version=f"{found.status}-{file[1]}",
            rest=styles_of(file[0]).rest,
            generation=self.session.tabs.generation,
            **more,  # type: ignore[arg-type]
        )
        self.session.joined(browser)
        return browser


PAGES = {
    "index.html": "home",
    "404.html": "missing",
    "a/index.html": '<link rel="stylesheet" href="/s.1.css"><p>a</p>',
    "b/index.html": "<p>b</p><img src=/i.png>",
    "s.1.css": "one",
    "i.png": "picture",
}


def run(test: Callable[[Desk], Awaitable[None]], folder: Path) -> None:
    """Run a test in an event loop, with a session whose first build is done."""

    async def inside() -> None:
        desk = Desk(folder)
        desk.session.begin()
        desk.publish(PAGES)
        try:
            await test(desk)
        finally:
            desk.session.end()

    asyncio.run(inside())


def test_one_build_at_a_time(tmp_path: Path) -> None:
    """What is saved during a build causes exactly one more, however many saves there were."""

    async def test(desk: Desk) -> None:
        for name in ("a", "b", "c"):
            desk.session.changed({name})
        assert desk.builds.orders == 2
        desk.session.changed({"d"})
        desk.session.changed({"e"})
        assert desk.builds.orders == 2
        desk.publish({})
        assert desk.builds.orders == 3
        desk.publish({})
        assert desk.builds.orders == 3

    run(test, tmp_path)


def test_what_came_and_went(tmp_path: Path) -> None:
    """A file that a build found, and that went before anybody noticed, is built once more; one that stays is not."""

    async def test(desk: Desk) -> None:
        desk.gone = {"content/b.md"}
        desk.session.changed({f"{tmp_path}"})
        desk.publish({}, found=frozenset({"content/a.md", "content/b.md"}))
        await asyncio.sleep(0.1)
        assert desk.builds.orders == 3
        desk.publish({}, found=frozenset({"content/a.md"}))
        await asyncio.sleep(0.1)
        assert desk.builds.orders == 3

    run(test, tmp_path)


def test_bursts_are_waited_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is gone just now, and a checkout of many files, are built once they are whole; not for ever."""
    monkeypatch.setattr(sessions, "BURST", 0.3)

    async def test(desk: Desk) -> None:
        desk.session.changed({f"{tmp_path}/not-there.md"})
        assert desk.builds.orders == 1
        desk.session.changed({f"{tmp_path}/{number}" for number in range(100)})
        await asyncio.sleep(0.02)
        assert desk.builds.orders == 1
        await asyncio.sleep(0.1)
        assert desk.builds.orders == 2
        desk.publish({})
        for _ in range(20):
            desk.session.changed({f"{tmp_path}/not-there.md"})
            await asyncio.sleep(0.03)
        assert 3 <= desk.builds.orders <= 4

    run(test, tmp_path)


def test_pages_that_changed_reload(tmp_path: Path) -> None:
    """A browser reloads when its page changed, and no other one does."""

    async def test(desk: Desk) -> None:
        a, b = desk.browser("/a/"), desk.browser("/b/")
        desk.publish({"a/index.html": "<p>new</p>"})
        assert (a.commands, b.commands) == (["reload"], [])
        desk.publish({"i.png": "new"})
        assert b.commands == []
        b.loads = frozenset({"/i.png"})
        desk.session.joined(b)
        assert b.commands == ["reload"]

    run(test, tmp_path)


def test_reload_is_not_repeated(tmp_path: Path) -> None:
    """A browser that is about to reload is not told again, but of what is newer."""

    async def test(desk: Desk) -> None:
        a = desk.browser("/a/")
        desk.publish({"a/index.html": "<p>new</p>"})
        desk.publish({"b/index.html": "<p>new</p>"})
        desk.session.joined(a)
        assert a.commands == ["reload"]
        desk.publish({"a/index.html": "<p>newer</p>"})
        assert a.commands == ["reload", "reload"]

    run(test, tmp_path)


def test_page_that_was_built_while_it_loaded(tmp_path: Path) -> None:
    """A page that changed between its loading and its connecting is told at once."""

    async def test(desk: Desk) -> None:
        late = Browser("/a/", version="200-old", rest="x")
        desk.session.joined(late)
        assert late.commands == ["reload"]

    run(test, tmp_path)


def test_stylesheets_are_swapped(tmp_path: Path) -> None:
    """A page that differs only in the addresses of its stylesheets gets the new ones; then it counts as up to date."""

    async def test(desk: Desk) -> None:
        a = desk.browser("/a/", sheets=frozenset({"/s.1.css"}), loads=frozenset({"/s.1.css"}))
        page = PAGES["a/index.html"].replace("s.1.css", "s.2.css")
        desk.publish({"a/index.html": page, "s.2.css": "two"}, "s.1.css")
        (message,) = [m for m in a.messages if m["command"] == "styles"]
        assert message["hrefs"] == ["/s.2.css"]
        a.version, a.generation = str(message["version"]), int(str(message["generation"]))
        desk.session.joined(a)
        assert a.commands == ["styles"]
        desk.publish({"a/index.html": page.replace("<p>a", "<p>other")})
        assert a.commands == ["styles", "reload"]

    run(test, tmp_path)


def test_stylesheet_of_one_name(tmp_path: Path) -> None:
    """A stylesheet that changed under its name is named as stale; a script that changed with it needs a reload."""

    async def test(desk: Desk) -> None:
        loads = frozenset({"/s.1.css", "/i.png"})
        a = desk.browser("/a/", sheets=frozenset({"/s.1.css"}), loads=loads)
        desk.publish({"s.1.css": "changed"})
        assert a.messages[-1]["stale"] == ["/s.1.css"]
        a.generation = desk.session.tabs.generation
        desk.publish({"s.1.css": "again", "i.png": "too"})
        assert a.commands == ["styles", "reload"]

    run(test, tmp_path)


def test_removed_page(tmp_path: Path) -> None:
    """A page that is gone is told so once; one that comes back is reloaded."""

    async def test(desk: Desk) -> None:
        a = desk.browser("/a/")
        desk.publish({}, "a/index.html")
        desk.publish({"b/index.html": "<p>other</p>"})
        assert a.commands == ["removed"]
        desk.publish({"a/index.html": "<p>back</p>"})
        assert a.commands == ["removed", "reload"]

    run(test, tmp_path)


def test_page_that_is_going(tmp_path: Path) -> None:
    """A tab that reports while its page is being deleted is not reloaded, which would lose what it shows."""

    async def test(desk: Desk) -> None:
        a = desk.browser("/a/")
        desk.session.changed({"a.md"})
        (tmp_path / "a/index.html").rename(tmp_path / "a/kept")
        desk.session.joined(a)
        assert a.commands == []
        (tmp_path / "a/kept").rename(tmp_path / "a/index.html")
        desk.publish({}, "a/index.html")
        assert a.commands == ["removed"]

    run(test, tmp_path)


def test_tab_that_reports_during_a_build(tmp_path: Path) -> None:
    """A tab that reports during a build is compared when it has ended, also if it came to nothing."""

    async def test(desk: Desk) -> None:
        a, b = desk.browser("/a/"), desk.browser("/b/")
        desk.session.changed({"site.yaml"})
        (tmp_path / "a/index.html").write_text("a redirect", "utf-8")
        desk.session.joined(a)
        assert a.commands == []
        desk.publish({"a/index.html": "<p>new</p>"})
        assert a.commands == ["reload"]
        desk.session.changed({"site.yaml"})
        b.version, b.rest = "200-of-an-earlier-preview", "other"
        desk.session.joined(b)
        desk.session.heard(Outcome(published=False, stopped=True))
        assert b.commands == ["reload"]

    run(test, tmp_path)


def test_headers_concern_every_page(tmp_path: Path) -> None:
    """Other headers or redirects reload every page: a policy may have changed."""

    async def test(desk: Desk) -> None:
        a = desk.browser("/a/")
        desk.publish({"_headers": "/*\n  X: y\n"})
        assert a.commands == ["reload"]

    run(test, tmp_path)


def test_clients_of_livereload(tmp_path: Path) -> None:
    """A client that speaks livereload alone is told to reload when its page changed."""

    async def test(desk: Desk) -> None:
        other = Browser("/a/", ours=False, generation=desk.session.tabs.generation)
        desk.session.joined(other)
        desk.publish({"b/index.html": "x"})
        assert other.commands == []
        desk.publish({"a/index.html": "x"})
        assert other.commands == ["reload"]

    run(test, tmp_path)


WRONG = Problem("error", "value", "wrong", file="a.md", line=1)


def test_failing_build(tmp_path: Path) -> None:
    """A failing build is told to all browsers and in the terminal, once; then that it is mended."""

    async def test(desk: Desk) -> None:
        a = desk.browser("/a/")
        for _ in range(2):
            desk.session.changed({"x"})
            desk.session.heard(Outcome(published=False, problems=(WRONG,)))
        states = [m for m in a.messages if m["command"] == "state"]
        assert [state["failing"] for state in states] == [False, True]
        assert states[-1]["kept"] is True
        assert sum("a.md:1:1: error: wrong" in line for line in desk.lines) == 1
        late = desk.browser("/b/")
        assert late.messages[0]["failing"] is True
        desk.session.changed({"x"})
        desk.publish({})
        assert a.messages[-1]["failing"] is False
        assert a.commands == []
        assert desk.lines[-1].endswith("the build is whole again")

    run(test, tmp_path)


def test_thousands_of_faults_are_counted(tmp_path: Path) -> None:
    """What is not shown of very many diagnostics is counted: in the panel, the bar and the terminal."""

    async def test(desk: Desk) -> None:
        a = desk.browser("/a/")
        desk.session.changed({"x"})
        desk.session.heard(Outcome(published=False, problems=(WRONG,), more=Counts(error=1300, warning=2)))
        first = a.messages[-1]
        assert first["title"] == "The build failed: 1,301 errors"
        assert (first["more"], first["warnings"]) == (1302, 2)
        assert desk.lines[-2] == "and 1,302 more; `topicsite check` tells all of them"
        assert desk.lines[-1].endswith("1,301 errors; the last good build stays up")
        desk.session.changed({"x"})
        desk.session.heard(Outcome(published=False, problems=(WRONG,), more=Counts(error=12)))
        assert a.messages[-1]["title"] == "The build failed: 13 errors"

    run(test, tmp_path)


def test_what_the_terminal_has_told(tmp_path: Path) -> None:
    """An error is told by each build that it fails; a warning that stands there already, not again with every error."""
    warning = Problem("warning", "orphan", "alone", file="b.md")

    async def test(desk: Desk) -> None:
        def lines(text: str) -> int:
            return sum(text in line for line in desk.lines)

        for number in (1, 2):
            desk.publish({}, problems=(warning,))
            desk.session.changed({"x"})
            desk.session.heard(Outcome(published=False, problems=(WRONG, warning)))
            assert (lines("a.md:1:1: error: wrong"), lines("b.md: warning: alone")) == (number, 1)
            desk.session.changed({"x"})
        desk.publish({})
        desk.session.changed({"x"})
        desk.publish({}, problems=(warning,))
        assert lines("b.md: warning: alone") == 2

    run(test, tmp_path)


def test_failure_that_a_later_save_may_mend(tmp_path: Path) -> None:
    """A failure is not shown when something was saved since: the next build tells."""

    async def test(desk: Desk) -> None:
        a = desk.browser("/a/")
        desk.session.changed({"x"})
        desk.session.changed({"y"})
        desk.session.heard(Outcome(published=False, problems=(WRONG,)))
        assert desk.builds.orders == 3
        assert not a.messages[-1].get("failing")
        desk.session.heard(Outcome(published=False, problems=(WRONG,)))
        assert a.messages[-1]["failing"] is True

    run(test, tmp_path)


def test_fault_of_the_machine_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is one line; the build is tried again by itself, more and more seldom, and at once on a save."""
    monkeypatch.setattr(sessions, "RETRY", 0.02)
    monkeypatch.setattr(sessions, "RETRY_MOST", 0.05)

    async def test(desk: Desk) -> None:
        full = Outcome(published=False, machine="x: No space left on device")
        desk.session.changed({"x"})
        for _ in range(4):
            desk.session.heard(full)
            before = desk.builds.orders
            await asyncio.sleep(0.1)
            assert desk.builds.orders == before + 1
        assert sum("No space left on device" in line for line in desk.lines) == 1
        desk.publish({})
        await asyncio.sleep(0.1)
        assert desk.lines[-1].endswith("the build is whole again")

    run(test, tmp_path)


def test_stuck_build_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that tells nothing for long is given up once another waits; one that tells its progress is not."""
    monkeypatch.setattr(sessions, "STUCK", 1.0)

    async def test(desk: Desk) -> None:
        desk.session.longest = 0.0
        desk.session.changed({"x"})
        await asyncio.sleep(0.6)
        desk.session.heard(Progress("compile", 1, 2))
        await asyncio.sleep(0.6)
        desk.session.changed({"y"})
        assert desk.builds.ended == 0
        await asyncio.sleep(1.6)
        assert desk.builds.ended == 1
        assert desk.builds.orders == 3

    run(test, tmp_path)


def test_process_that_dies(tmp_path: Path) -> None:
    """The first death starts the build anew; another one in the same build waits for a save."""

    async def test(desk: Desk) -> None:
        desk.session.changed({"x"})
        desk.session.died(-9)
        assert desk.builds.orders == 3
        desk.session.died(-9)
        assert desk.session.failing
        assert "ended by signal 9" in desk.session.machine
        desk.session.changed({"y"})
        assert desk.builds.orders == 4
        desk.publish({})
        assert not desk.session.failing

    run(test, tmp_path)


def test_new_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a day begins the site is built for it; not with --date."""
    monkeypatch.setattr(sessions, "CLOCK", 0.02)

    async def test(desk: Desk) -> None:
        desk.session.clock()
        await asyncio.sleep(0.1)
        assert desk.builds.orders == 1
        assert desk.session.built_day is not None
        desk.session.built_day = desk.session.built_day.replace(year=2001)
        await asyncio.sleep(0.1)
        assert desk.builds.orders == 2

    run(test, tmp_path)


def test_bar_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the bar shows is asked for when a page connects and after a build, once for each page on screen."""
    monkeypatch.setattr(sessions, "IDLE", 0.02)

    async def test(desk: Desk) -> None:
        a = desk.browser("/a/")
        assert desk.builds.sent[-1] == Question("/a/")
        other = desk.browser("/a/")
        desk.session.heard(Answer("/a/", PageInfo("/a/", "article", status="draft", file="/x.md", words=7)))
        assert a.messages[-1]["status"] == other.messages[-1]["status"] == "draft"
        before = len(desk.builds.sent)
        desk.session.changed({"x"})
        desk.publish({})
        await asyncio.sleep(0.1)
        assert desk.builds.sent[before + 1 :] == [Question("/a/")]
        desk.session.heard(Answer("/nowhere/", None))

    run(test, tmp_path)


def test_slow_build_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that takes a while is told to the browsers; a quick one is not."""
    monkeypatch.setattr(sessions, "SLOW", 0.05)

    async def test(desk: Desk) -> None:
        a = desk.browser("/a/")
        desk.session.changed({"x"})
        desk.publish({})
        await asyncio.sleep(0.1)
        assert "building" not in [m["command"] for m in a.messages]
        desk.session.changed({"x"})
        await asyncio.sleep(0.1)
        assert a.messages[-1] == {"command": "building"}

    run(test, tmp_path)


def test_page_on_screen_goes_first(tmp_path: Path) -> None:
    """A browser reloads as soon as its page is made, gets it before it is published, and is not told again then."""

    async def test(desk: Desk) -> None:
        a, b = desk.browser("/a/"), desk.browser("/b/")
        b.loads = frozenset({"/i.png"})
        changed = frozenset({f"{tmp_path}/a/index.html"})
        desk.session.changed(set(changed))
        assert desk.builds.sent[-1] == Order(
            desk.session.today, changed, frozenset({"a/index.html", "b/index.html", "i.png"})
        )
        desk.session.heard(Early({"a/index.html": b"<p>new</p>", "i.png": b"new picture"}))
        assert (a.commands, b.commands) == (["reload"], ["reload"])
        shown = http.contents(desk.output, "a/index.html")
        assert shown is not None
        assert shown[0] == b"<p>new</p>"
        reloaded = desk.browser("/a/")
        desk.publish({"a/index.html": "<p>new</p>", "i.png": "new picture"})
        assert http.contents(desk.output, "a/index.html") == shown
        assert (a.commands, b.commands, reloaded.commands) == (["reload"], ["reload"], [])

    run(test, tmp_path)


def test_early_page_goes_with_its_build(tmp_path: Path) -> None:
    """Where the build fails after all, the last good page is back; while one fails, nothing of the next goes first."""

    async def test(desk: Desk) -> None:
        desk.session.changed({f"{tmp_path}/a/index.html"})
        a = desk.browser("/a/")
        before = http.contents(desk.output, "a/index.html")
        desk.session.heard(Early({"a/index.html": b"<p>new</p>"}))
        reloaded = desk.browser("/a/")
        assert a.commands == ["reload"]
        desk.session.heard(Outcome(published=False, problems=(Problem("error", "x", "wrong"),)))
        assert http.contents(desk.output, "a/index.html") == before
        assert reloaded.commands == ["reload"]
        desk.session.changed({f"{tmp_path}/a/index.html"})
        desk.session.heard(Early({"a/index.html": b"<p>newer</p>"}))
        assert http.contents(desk.output, "a/index.html") == before

    run(test, tmp_path)


def test_early_file_that_is_not_published(tmp_path: Path) -> None:
    """A picture that a browser got early, and that was saved back before it was published, is taken from it again."""

    async def test(desk: Desk) -> None:
        for name in ("one", "two"):
            (tmp_path / name).write_text("x", "utf-8")
        desk.browser("/b/", loads=frozenset({"/i.png"}))
        desk.session.changed({f"{tmp_path}/one"})
        desk.session.heard(Early({"i.png": b"new picture"}))
        b = desk.browser("/b/", loads=frozenset({"/i.png"}))
        desk.session.changed({f"{tmp_path}/two"})
        desk.session.heard(Outcome(published=False, stopped=True))
        desk.publish({})
        assert http.contents(desk.output, "i.png") is not None
        assert b.commands == ["reload"]

    run(test, tmp_path)


def test_rest_of_a_build_gives_way(tmp_path: Path) -> None:
    """Once the pages on screen are told of, a build ends for a newer save, which is then for both."""

    async def test(desk: Desk) -> None:
        desk.browser("/a/")
        for name in ("one", "two", "three", "four"):
            (tmp_path / name).write_text("x", "utf-8")
        desk.session.changed({f"{tmp_path}/one"})
        desk.session.changed({f"{tmp_path}/two"})
        assert Stop() not in desk.builds.sent
        desk.session.heard(Early({"a/index.html": b"<p>new</p>"}))
        desk.session.changed({f"{tmp_path}/three"})
        desk.session.changed({f"{tmp_path}/four"})
        assert desk.builds.sent.count(Stop()) == 1
        desk.session.heard(Outcome(published=False, stopped=True))
        changed = frozenset(f"{tmp_path}/{name}" for name in ("one", "two", "three", "four"))
        assert desk.builds.sent[-1] == Order(desk.session.today, changed, frozenset({"a/index.html"}))
        assert not desk.session.failing

    run(test, tmp_path)
