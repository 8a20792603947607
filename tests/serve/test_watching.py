"""What is saved is reported, once and soon; what editors leave behind is not."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from builder.serve.watching import Watcher


class Seen:
    """What a watcher reported; `wait` returns it as soon as something was, `nothing` checks that nothing is."""

    def __init__(self, root: Path, watcher: Watcher) -> None:
        self.root = root
        self.watcher = watcher
        self.paths: set[str] = set()
        self.calls = 0
        self.event = threading.Event()

    def __call__(self, paths: set[str]) -> None:
        """Take paths; called in the watcher's thread."""
        self.paths |= {path.removeprefix(f"{self.root}/") for path in paths}
        self.calls += 1
        self.event.set()

    def wait(self, *names: str, seconds: float = 5.0) -> set[str]:
        """Wait until all of some names have been reported; return all that was, and forget it."""
        deadline = time.monotonic() + seconds
        while not set(names) <= self.paths:
            assert self.event.wait(max(0.0, deadline - time.monotonic())), f"{self.paths} lacks some of {names}"
            self.event.clear()
        time.sleep(0.05)
        found, self.paths = self.paths, set()
        return found

    def nothing(self, seconds: float = 0.3) -> None:
        """Check that nothing is reported for a while."""
        time.sleep(seconds)
        assert self.paths == set()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a site's folder."""
    (tmp_path / "content/maps/clay/forming").mkdir(parents=True)
    (tmp_path / "themes").mkdir()
    (tmp_path / "content/maps/clay/map.yaml").write_text("title: Clay\n")
    (tmp_path / "site.yaml").write_text("title: T\n")
    return tmp_path


Watch = Callable[..., Seen]


@pytest.fixture
def watch(root: Path) -> Iterator[Watch]:
    """Give a function that starts a watcher."""
    watchers: list[Watcher] = []
    warned: list[str] = []

    def start(*, poll: bool = False) -> Seen:
        folders = [root / "content", root / "themes"]
        watcher = Watcher(root, ["site.yaml"], folders, poll=poll, warn=warned.append)
        watchers.append(watcher)
        seen = Seen(root, watcher)
        assert watcher.start(seen) is True
        return seen

    yield start
    for watcher in watchers:
        began = time.monotonic()
        watcher.stop()
        assert time.monotonic() - began < 0.6
    assert not warned


@pytest.mark.parametrize("poll", [False, True])
def test_saves_are_reported(root: Path, watch: Watch, poll: bool) -> None:
    """New, changed, renamed and deleted files are reported, and so is site.yaml; with events and without."""
    seen = watch(poll=poll)
    page = root / "content/maps/clay/forming/pinch.md"
    page.write_text("one")
    seen.wait("content/maps/clay/forming/pinch.md")
    page.write_text("two")
    seen.wait("content/maps/clay/forming/pinch.md")
    page.rename(page.with_name("bowl.md"))
    seen.wait("content/maps/clay/forming/pinch.md", "content/maps/clay/forming/bowl.md")
    page.with_name("bowl.md").unlink()
    seen.wait("content/maps/clay/forming/bowl.md")
    (root / "site.yaml").write_text("title: Other\n")
    assert seen.wait("site.yaml") == {"site.yaml"}


def test_reported_within_a_blink(root: Path, watch: Watch) -> None:
    """A save is reported within a few hundredths of a second."""
    seen = watch()
    took = []
    for number in range(5):
        began = time.monotonic()
        (root / "content/maps/clay/map.yaml").write_text(f"title: {number}\n")
        assert seen.event.wait(5)
        took.append(time.monotonic() - began)
        seen.wait()
        seen.event.clear()
    assert min(took) < 0.1


def test_atomic_saves(root: Path, watch: Watch) -> None:
    """A file that another one replaces is reported under its own name alone."""
    seen = watch()
    temporary = root / "content/maps/clay/.map.yaml.tmp"
    temporary.write_text("title: New\n")
    temporary.replace(root / "content/maps/clay/map.yaml")
    assert seen.wait("content/maps/clay/map.yaml") == {"content/maps/clay/map.yaml"}
    (root / "site.yaml.new.tmp").write_text("title: New\n")
    (root / "site.yaml.new.tmp").replace(root / "site.yaml")
    assert seen.wait("site.yaml") == {"site.yaml"}


def test_temporary_files_are_ignored(root: Path, watch: Watch) -> None:
    """What editors and systems leave, what a build writes, and what lies beside the sources is not reported."""
    seen = watch()
    clay = root / "content/maps/clay"
    for name in (
        ".map.yaml.swp",
        "map.yaml~",
        "#map.yaml#",
        "4913",
        ".DS_Store",
        "map.yaml.bak",
        "x.part",
        "Thumbs.db",
    ):
        (clay / name).write_text("x")
    (clay / ".git").mkdir()
    (clay / ".git/index.md").write_text("x")
    (root / "output").mkdir()
    (root / "output/index.html").write_text("x")
    (root / ".topicsite").mkdir()
    (root / "notes.md").write_text("x")
    seen.nothing()
    for name in (".map.yaml.swp", "4913"):
        (clay / name).unlink()
    seen.nothing()


def test_what_no_look_has_found(root: Path, watch: Watch) -> None:
    """A source that is not there by the last look is unknown; one that is, and what is no source, is not."""
    seen = watch()
    names = {"content/maps/clay/map.yaml", "content/maps/clay/gone.md", "site.yaml", "notes.md", "content/.gone.md"}
    assert seen.watcher.unknown(names) == {f"{root}/content/maps/clay/gone.md"}
    (root / "content/maps/clay/gone.md").write_text("x")
    seen.wait("content/maps/clay/gone.md")
    assert seen.watcher.unknown(names) == set()
    (root / "content/maps/clay/gone.md").unlink()
    seen.wait("content/maps/clay/gone.md")
    assert seen.watcher.unknown(names) == {f"{root}/content/maps/clay/gone.md"}


def test_reading_is_not_saving(root: Path, watch: Watch) -> None:
    """A file that is read is not reported."""
    seen = watch()
    for _ in range(3):
        (root / "content/maps/clay/map.yaml").read_text()
        list((root / "content").rglob("*"))
    seen.nothing()


def test_change_of_permission(root: Path, watch: Watch) -> None:
    """A file that may be read again is reported, though its content and its times are those from before."""
    seen = watch()
    (root / "content/maps/clay/map.yaml").chmod(0)
    seen.wait("content/maps/clay/map.yaml")
    (root / "content/maps/clay/map.yaml").chmod(0o644)
    seen.wait("content/maps/clay/map.yaml")


def test_same_size_and_time(root: Path, watch: Watch) -> None:
    """A file with another content, but the size and the time of the old one, is reported."""
    seen = watch()
    path = root / "content/maps/clay/map.yaml"
    before = path.stat()
    path.write_text("title: Mud.\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    seen.wait("content/maps/clay/map.yaml")


def test_new_folders(root: Path, watch: Watch) -> None:
    """Files in folders that were made a moment before are reported, however deep and fast."""
    seen = watch()
    for number in range(20):
        folder = root / f"content/maps/new-{number}/cluster/deep"
        folder.mkdir(parents=True)
        (folder / "a.md").write_text("x")
        (folder.parent / "b.md").write_text("x")
    names = {f"content/maps/new-{n}/cluster/{name}" for n in range(20) for name in ("deep/a.md", "b.md")}
    seen.wait(*names)
    (root / "content/maps/new-7/cluster/deep/a.md").write_text("later")
    seen.wait("content/maps/new-7/cluster/deep/a.md")


def test_folders_move_and_go(root: Path, watch: Watch) -> None:
    """A folder that is renamed or deleted is reported with all that was in it."""
    (root / "content/maps/clay/forming/pinch.md").write_text("x")
    seen = watch()
    (root / "content/maps/clay").rename(root / "content/maps/mud")
    found = seen.wait("content/maps/clay/map.yaml", "content/maps/mud/forming/pinch.md")
    assert "content/maps/clay/forming/pinch.md" in found
    (root / "content/maps/mud/forming/pinch.md").write_text("y")
    seen.wait("content/maps/mud/forming/pinch.md")


@pytest.mark.parametrize("name", ["content", "themes"])
def test_watched_folder_comes_back(root: Path, watch: Watch, name: str) -> None:
    """A watched folder that is deleted and made anew, or was not there at all, is watched again."""
    if name == "themes":
        (root / "themes").rmdir()
    seen = watch()
    if name == "content":
        (root / "content").rename(root / "gone")
        assert "content/maps/clay/map.yaml" in seen.wait("content")
    (root / name / "new").mkdir(parents=True)
    (root / name / "new/a.yaml").write_text("x")
    seen.wait(f"{name}/new/a.yaml")
    (root / name / "new/a.yaml").write_text("y")
    seen.wait(f"{name}/new/a.yaml")


def test_whole_site_comes_back(root: Path, watch: Watch, tmp_path: Path) -> None:
    """Even the site's own folder may be moved away and back."""
    seen = watch()
    away = tmp_path.with_name(f"{tmp_path.name}-away")
    root.rename(away)
    seen.wait("content", "site.yaml")
    away.rename(root)
    seen.wait("content", "site.yaml")
    (root / "content/maps/clay/map.yaml").write_text("title: Back\n")
    seen.wait("content/maps/clay/map.yaml")


def test_linked_folder(root: Path, watch: Watch, tmp_path: Path) -> None:
    """What is saved in a folder that a link in content leads to is reported by the link's name; circles end."""
    elsewhere = tmp_path.with_name(f"{tmp_path.name}-linked")
    elsewhere.mkdir()
    (elsewhere / "a.md").write_text("x")
    (root / "content/maps/clay/linked").symlink_to(elsewhere)
    (root / "content/maps/clay/circle").symlink_to(root / "content")
    seen = watch()
    (elsewhere / "a.md").write_text("y")
    seen.wait("content/maps/clay/linked/a.md")


def test_lost_events_are_found(root: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no event told is found by a sweep."""
    monkeypatch.setattr("builder.serve.watching.SWEEP", 0.2)
    monkeypatch.setattr("builder.serve.watching._Follower._run", lambda self: self.ready.set())
    seen = watch()
    (root / "content/maps/clay/map.yaml").write_text("title: Unheard\n")
    seen.wait("content/maps/clay/map.yaml")
    seen.nothing()


def test_no_events_at_all(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system gives no events (all its watches are taken) that is told once, and changes are looked for."""

    def refuse(*_: object, **__: object) -> Iterator[None]:
        raise OSError("OS file watch limit reached")

    monkeypatch.setattr("watchfiles.watch", refuse)
    warned: list[str] = []
    watcher = Watcher(root, ["site.yaml"], [root / "content"], poll=False, warn=warned.append)
    seen = Seen(root, watcher)
    watcher.start(seen)
    (root / "content/maps/clay/map.yaml").write_text("title: Found\n")
    seen.wait("content/maps/clay/map.yaml")
    watcher.stop()
    assert len(warned) == 1
    assert "OS file watch limit reached" in warned[0]


def test_many_saves(root: Path, watch: Watch) -> None:
    """Of hundreds of saves, a few at a time, none is lost."""
    seen = watch()
    names = [f"content/maps/clay/forming/a{number}.md" for number in range(400)]
    for number, name in enumerate(names):
        (root / name).write_text("x")
        if number % 40 == 0:
            time.sleep(0.02)
    seen.wait(*names)
    assert seen.calls < 100
