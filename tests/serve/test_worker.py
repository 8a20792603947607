"""The process that builds tells which sources it found that nobody else may have seen."""

import datetime as dt
from collections.abc import Iterator
from multiprocessing import Pipe
from pathlib import Path

import pytest

from builder import memory
from builder.serve.values import Order, Stop, Workplace
from builder.serve.worker import Progresses, Worker
from tests.serve.running import Site

TODAY = dt.date(2026, 3, 1)
FOLDER = "content/maps/clay/forming"


class Bench:
    """A worker, the site it builds, and what it is sent."""

    def __init__(self, root: Path) -> None:
        self.site = Site.made(root)
        self.root = root
        self.ours, theirs = Pipe()
        self.tell = Progresses(theirs)
        self.worker = Worker(Workplace(root, root / ".topicsite/p/site", root / ".topicsite/p", False, {}))

    def build(self, *changed: str) -> frozenset[str]:
        """Build for the sake of some files, and return what was found."""
        paths = frozenset(f"{self.root}/{name}" for name in changed)
        self.worker.build(Order(TODAY, paths or None), self.tell)
        return self.worker.found()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Give a worker that has built its site once."""
    made = Bench(tmp_path)
    yield made
    memory._MEMORIES.clear()
    made.ours.close()
    made.tell.connection.close()


def test_first_build(bench: Bench) -> None:
    """The first build hands on all that it read, once."""
    found = bench.build()
    assert {"site.yaml", "content/maps/clay", "content/maps/clay/map.yaml", "content/pages/about.md"} <= found
    assert bench.worker.found() == frozenset()


def test_more_than_was_told(bench: Bench) -> None:
    """A file that was written beside the one that was told of is handed on, and both are until they are known."""
    bench.build()
    bench.site.write(f"{FOLDER}/slabs.md", "Slabs.\n")
    bench.site.write(f"{FOLDER}/wedge.txt", "x")
    assert bench.build(f"{FOLDER}/slabs.md") == {f"{FOLDER}/slabs.md", f"{FOLDER}/wedge.txt"}
    bench.site.path(f"{FOLDER}/wheel.md").unlink()
    assert bench.build(f"{FOLDER}/wheel.md") == frozenset()


def test_back_after_its_deletion_was_told(bench: Bench) -> None:
    """A file that is said to be gone, and is there again, is handed on, known as it is."""
    bench.build()
    name = f"{FOLDER}/wheel.md"
    assert bench.build(name) == {name}
    bench.site.write(f"{FOLDER}/slabs.md", "Slabs.\n")
    assert bench.build(name, f"{FOLDER}/slabs.md") == {name, f"{FOLDER}/slabs.md"}


def test_found_by_a_build_that_was_stopped(bench: Bench) -> None:
    """What a build found that was given up is not lost."""
    bench.build()
    bench.site.write(f"{FOLDER}/slabs.md", "Slabs.\n")
    bench.site.write(f"{FOLDER}/bowl.md", "Bowl.\n")
    bench.ours.send(Stop())
    assert f"{FOLDER}/bowl.md" in bench.build(f"{FOLDER}/slabs.md")


def test_found_by_a_build_that_failed(bench: Bench) -> None:
    """A file without a place, which nobody told of, is handed on: its error would stay for ever."""
    bench.build()
    bench.site.write(f"{FOLDER}/slabs.md", "Slabs.\n")
    bench.site.write("content/stray.md", "x")
    assert bench.build(f"{FOLDER}/slabs.md") == {f"{FOLDER}/slabs.md", "content/stray.md"}


def test_theme_files(bench: Bench) -> None:
    """A file of a theme is handed on like a source."""
    bench.build()
    bench.site.write(f"{FOLDER}/slabs.md", "Slabs.\n")
    bench.site.write("themes/mine/page.html", "x")
    assert "themes/mine/page.html" in bench.build(f"{FOLDER}/slabs.md")
