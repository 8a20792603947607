"""A process that keeps things between builds makes what a clean build makes, told what changed or not."""

from __future__ import annotations

import random
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis.stateful import initialize

from builder import memory, work
from builder.memory import Memory, Recall
from builder.pipeline import Request, build
from tests.making import TODAY, make
from tests.test_rebuild import Rebuilds, Site, quick, rebuild_at_random, tree

if TYPE_CHECKING:
    from builder.pipeline import Result

__all__ = ["quick"]


def sources(root: Path) -> dict[str, tuple[int, int, int, int]]:
    """Return what tells each source from what it was before, as the preview's watcher does."""
    files = [root / "site.yaml", *(root / "content").rglob("*"), *(root / "themes").rglob("*")]
    stats = {path.relative_to(root).as_posix(): path.stat() for path in files}
    return {name: (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino) for name, stat in stats.items()}


class Warm:
    """Builds of one site in this process, with its memory."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.folder = root, folder
        self.known: dict[str, tuple[int, int, int, int]] | None = None
        self.early: dict[str, bytes] = {}
        memory.begin(str(folder / "state/cache"))

    @property
    def pages(self) -> list[str]:
        """The pages that were built last, as files of the output."""
        output = self.folder / "output"
        return sorted(str(file.relative_to(output)) for file in output.rglob("*.html"))

    def build(self, request: Request, first: frozenset[str] | None = None) -> Result:
        """Build what changed since the last time, some pages first: by default all."""
        now = sources(self.root)
        changed = None
        if self.known is not None:
            changed = frozenset(n for n in now.keys() | self.known.keys() if now.get(n) != self.known.get(n))
        self.known, self.early = now, {}
        first = frozenset(self.pages) if first is None else first
        own = replace(request, output=self.folder / "output", state=self.folder / "state")
        return build(replace(own, changed=changed, first=first, early=self.take))

    def take(self, files: dict[str, bytes]) -> None:
        """Take what a build hands on before it has ended."""
        self.early.update(files)


class WarmSite(Site):
    """A site that a process with a memory builds, too."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.warm = Warm(self.folder, folder / "warm")
        self.choice = random.Random(1)

    def rebuild(self, jobs: int = 1) -> Result:
        """Rebuild, and compare with a clean build and with that of the process."""
        made = super().rebuild(jobs)
        pages = self.warm.pages
        shown = self.choice.sample(pages, min(len(pages), self.choice.choice((1, 2, len(pages)))))
        result = self.warm.build(self.request(jobs), frozenset(shown))
        assert [str(d) for d in result.diagnostics] == [str(d) for d in made.diagnostics]
        assert result.failed == made.failed
        if not made.failed:
            expected = tree(self.clean / "output")
            assert tree(self.warm.folder / "output") == expected
            assert {name: expected[name] for name in self.warm.early} == self.warm.early
        return made


class WarmRebuilds(Rebuilds):
    """Random edits of such a site."""

    @initialize()
    def begin(self) -> None:
        """Make the site and build it once."""
        self.temporary = Path(tempfile.mkdtemp(prefix="warm-"))
        self.site = WarmSite(self.temporary)
        assert not self.site.rebuild().failed


@pytest.mark.slow
def test_warm_rebuilds() -> None:
    """120 random steps: each build with a memory is what a clean build makes."""
    rebuild_at_random(120, WarmRebuilds)


@pytest.mark.long
def test_warm_rebuilds_long() -> None:
    """5,000 random steps."""
    rebuild_at_random(5_000, WarmRebuilds)


@pytest.mark.parametrize("alone", [False, True])
def test_a_plain_edit_makes_one_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, alone: bool) -> None:
    """After an edit of a text the other maps are not looked at, and no other page of its own is rendered."""
    site = make(tmp_path / "site")
    warm = Warm(site, tmp_path / "warm")
    request = Request(site, TODAY, jobs=1)
    text = site / "content/maps/tea/black/assam.md"
    for number in range(3):
        text.write_text(f"Malty, {number} times.\n", "utf-8")
        warm.build(request)
    rendered: list[str] = []
    real = Recall.same

    def same(self: Recall, kind: str, place: str, inputs: object, make_it: object) -> object:
        if kind == "page" and (kept := self.before(kind, place)) is not None and kept[0] != inputs:
            rendered.append(place)
        return real(self, kind, place, inputs, make_it)  # type: ignore[arg-type]

    monkeypatch.setattr(Recall, "same", same)
    text.write_text("Malty, 9 times.\n", "utf-8")
    result = warm.build(request, frozenset(["tea/black/assam/index.html"]) if alone else None)
    assert rendered == ["/tea/black/assam/"]
    assert list(warm.early) == ["tea/black/assam/index.html"]
    assert b"Malty, 9 times." in warm.early["tea/black/assam/index.html"]
    assert result.published is not None
    assert "tea/black/assam/index.html" in result.published.changed


def handed_before(monkeypatch: pytest.MonkeyPatch, warm: Warm) -> list[set[str]]:
    """Return a list that gets, whenever a map is about to be made, the files that were handed on by then."""
    handed: list[set[str]] = []
    real = work.compile_unit

    def compile_unit(job: work.Compile) -> work.Compiled | work.Piece:
        handed.append(set(warm.early))
        return real(job)

    monkeypatch.setattr(work, "compile_unit", compile_unit)
    return handed


def test_pictures_go_with_their_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An article on screen is handed on before its map is made with the pictures that are new in it or were changed."""
    site = make(tmp_path / "site")
    warm = Warm(site, tmp_path / "warm")
    request = Request(site, TODAY, jobs=1)
    warm.build(request)
    text, picture = site / "content/maps/tea/black/assam.md", site / "content/maps/tea/black/leaf.svg"
    page, file = "tea/black/assam/index.html", "tea/black/leaf.svg"
    handed = handed_before(monkeypatch, warm)
    picture.write_text("<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'/>", "utf-8")
    text.write_text("Malty.\n\n![A leaf](leaf.svg)\n", "utf-8")
    assert not warm.build(request, frozenset([page])).failed
    shown = frozenset([page, file])
    text.write_text("Malty, very.\n\n![A leaf](leaf.svg)\n", "utf-8")
    assert not warm.build(request, shown).failed
    picture.write_text("<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'><g/></svg>", "utf-8")
    assert not warm.build(request, shown).failed
    assert handed == [{page, file}, {page}, {file}]
    assert warm.early[file] == picture.read_bytes() == (tmp_path / "warm/output" / file).read_bytes()
    text.write_text("Malty.\n\n![No leaf](no-leaf.svg)\n", "utf-8")
    assert warm.build(request, shown).failed
    assert not warm.early


def test_an_article_does_not_wait_for_its_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the page of the map is on screen as well, it follows when the map is made; the article goes first."""
    site = make(tmp_path / "site")
    warm = Warm(site, tmp_path / "warm")
    request = Request(site, TODAY, jobs=1)
    warm.build(request)
    page, home, file = "tea/black/assam/index.html", "tea/index.html", "tea/black/leaf.svg"
    handed = handed_before(monkeypatch, warm)
    (site / "content/maps/tea/black/leaf.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", "utf-8")
    text = "---\ndescription: A tea that is on the page of its map.\n---\nMalty.\n\n![A leaf](leaf.svg)\n"
    (site / "content/maps/tea/black/assam.md").write_text(text, "utf-8")
    told: list[set[str]] = []
    take = Warm.take

    def taken(self: Warm, files: dict[str, bytes]) -> None:
        told.append(set(files))
        take(self, files)

    monkeypatch.setattr(Warm, "take", taken)
    assert not warm.build(request, frozenset([page, home])).failed
    assert handed == [{page, file}]
    assert told == [{page, file}, {page, file, home}]


def test_a_failed_build_is_not_forgotten(tmp_path: Path) -> None:
    """What changed before a build that failed is built with what mends it, also if only that is told."""
    site = make(tmp_path / "site")
    warm = Warm(site, tmp_path / "warm")
    request = Request(site, TODAY, jobs=1)
    page, map_file = site / "content/maps/tea/black/assam.md", site / "content/maps/tea/map.yaml"
    for number in range(2):
        page.write_text(f"Malty {number}.\n", "utf-8")
        assert not warm.build(request).failed
    good = map_file.read_text("utf-8")
    page.write_text("Changed while it failed.\n", "utf-8")
    map_file.write_text(f"{good}colour: green\n", "utf-8")
    assert warm.build(request).failed
    assert not warm.early
    map_file.write_text(good, "utf-8")
    assert not warm.build(request).failed
    assert "Changed while it failed." in (tmp_path / "warm/output/tea/black/assam/index.html").read_text("utf-8")


def test_a_lost_cache_costs_only_time(tmp_path: Path) -> None:
    """Somebody who deletes the cache under a process that counts on it gets the right pages nevertheless."""
    site = make(tmp_path / "site")
    warm = Warm(site, tmp_path / "warm")
    request = Request(site, TODAY, jobs=1)
    for number in range(3):
        (site / "content/maps/tea/black/assam.md").write_text(f"Malty {number}.\n", "utf-8")
        warm.build(request)
    shutil.rmtree(tmp_path / "warm/state/cache")
    (site / "content/maps/tea/map.yaml").write_text("title: Other\nclusters: [{title: One}]\n", "utf-8")
    shutil.rmtree(site / "content/maps/tea/green")
    shutil.rmtree(site / "content/maps/tea/black")
    assert not warm.build(request).failed
    build(replace(request, output=tmp_path / "clean/output", state=tmp_path / "clean/state"))
    assert tree(tmp_path / "warm/output") == tree(tmp_path / "clean/output")


def test_the_memory_is_bounded() -> None:
    """Of maps and blobs those that were used last are kept."""
    kept = Memory()
    names = [f"map-{number}" for number in range(500)]
    random.Random(1).shuffle(names)
    for name in names:
        kept.unit(name).keep("page", "/", (), name)
        kept.keep(f"map-{name}", name)
    last = [f"map-{name}" for name in names[-memory.BLOBS["map"] :]]
    assert list(kept.blobs["map"]) == last
    assert kept.blob(last[0]) == names[-memory.BLOBS["map"]]
    kept.keep("map-new", "new")
    assert list(kept.blobs["map"]) == [*last[2:], last[0], "map-new"], "the first was used again"
    assert kept.unit(names[-1]).before("page", "/") == ((), names[-1])
    assert kept.unit(names[0]).before("page", "/") is None


def test_processes_of_a_pool_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that others do finds everything in the store, which has been written before."""
    monkeypatch.setattr(work, "POOL_FROM", 0)
    site = make(tmp_path / "site")
    shutil.copytree(site / "content/maps/tea", site / "content/maps/coffee")
    warm = Warm(site, tmp_path / "warm")
    for title in ("Teas", "More teas"):
        (site / "site.yaml").write_text(f"title: {title}\nbase_url: https://example.com/\n", "utf-8")
        assert not warm.build(Request(site, TODAY, jobs=2)).failed
    build(Request(site, TODAY, tmp_path / "clean/output", tmp_path / "clean/state"))
    assert tree(tmp_path / "warm/output") == tree(tmp_path / "clean/output")
