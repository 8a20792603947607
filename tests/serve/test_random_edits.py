"""Whatever is saved, renamed and deleted, in whatever order and however fast: what is served is a clean build of it."""

import datetime as dt
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.pipeline import Request, build
from tests.serve.running import Running, Site

WORDS = [
    "clay",
    "water",
    "wheel",
    "kiln",
    "slip",
    "glaze",
    "bowl",
    "thumb",
    "heat",
    "cone",
    "sand",
    "feet",
    "edge",
    "lid",
]
ARTICLES = ["pinch", "wheel", "slabs", "coils", "feet", "lids"]


class _Author:
    """Somebody who saves, renames and deletes files at random, as editors do it; what is left always builds."""

    def __init__(self, site: Site, seed: int) -> None:
        self.site = site
        self.random = random.Random(seed)
        self.folder = "content/maps/clay/forming"

    def text(self) -> str:
        return " ".join(self.random.choices(WORDS, k=self.random.randint(3, 60))).capitalize() + ".\n"

    def written(self) -> list[str]:
        return [name for name in ARTICLES if self.site.path(f"{self.folder}/{name}.md").exists()]

    def edit(self) -> None:
        """Do one thing."""
        actions = [
            self.save, self.save, self.save, self.save_atomically, self.save_by_rename, self.save_after_delete,
            self.append, self.remove, self.rename, self.touch, self.edit_map, self.edit_page, self.leave_litter,
            self.picture,
        ]  # fmt: skip
        self.random.choice(actions)()

    def save(self) -> None:
        self.site.write(f"{self.folder}/{self.random.choice(ARTICLES)}.md", self.article())

    def article(self) -> str:
        about = f"description: {self.text().strip()}\n" if self.random.random() < 0.3 else ""
        status = "status: draft\n" if self.random.random() < 0.2 else ""
        front = f"---\n{about}{status}---\n" if about or status else ""
        return front + self.text()

    def save_atomically(self) -> None:
        """Write a temporary file beside, and rename it over the old one."""
        path = self.site.path(f"{self.folder}/{self.random.choice(ARTICLES)}.md")
        temporary = path.with_name(f".{path.name}.tmp")
        temporary.write_text(self.article(), "utf-8")
        temporary.replace(path)

    def save_by_rename(self) -> None:
        """Move the old file away, write the new one, delete the old one: vim with `backupcopy=no`."""
        path = self.site.path(f"{self.folder}/{self.random.choice(ARTICLES)}.md")
        backup = path.with_name(f"{path.name}~")
        if path.exists():
            path.rename(backup)
        path.write_text(self.article(), "utf-8")
        backup.unlink(missing_ok=True)

    def save_after_delete(self) -> None:
        path = self.site.path(f"{self.folder}/{self.random.choice(ARTICLES)}.md")
        path.unlink(missing_ok=True)
        time.sleep(self.random.choice((0.0, 0.005, 0.02)))
        path.write_text(self.article(), "utf-8")

    def append(self) -> None:
        if self.written():
            with self.site.path(f"{self.folder}/{self.random.choice(self.written())}.md").open("a") as file:
                file.write(f"\n{self.text()}")
                file.flush()
                file.write(self.text())

    def remove(self) -> None:
        if self.written():
            self.site.path(f"{self.folder}/{self.random.choice(self.written())}.md").unlink()

    def rename(self) -> None:
        free = [name for name in ARTICLES if name not in self.written()]
        if self.written() and free:
            old, new = self.random.choice(self.written()), self.random.choice(free)
            self.site.path(f"{self.folder}/{old}.md").rename(self.site.path(f"{self.folder}/{new}.md"))

    def touch(self) -> None:
        if self.written():
            self.site.path(f"{self.folder}/{self.random.choice(self.written())}.md").touch()

    def edit_map(self) -> None:
        lines = self.site.read("content/maps/clay/map.yaml").splitlines()
        lines[2] = f"description: {self.text().strip()}"
        self.site.write("content/maps/clay/map.yaml", "\n".join(lines) + "\n")

    def edit_page(self) -> None:
        name = f"content/pages/{self.random.choice(['about', 'contact', 'team/people'])}.md"
        if self.random.random() < 0.3 and self.site.path(name).exists():
            shutil.rmtree(self.site.path(name).parent) if "team" in name else self.site.path(name).unlink()
        else:
            self.site.write(name, f"---\ntitle: {self.text().strip()[:30]}\n---\n{self.text()}")

    def leave_litter(self) -> None:
        """Leave what editors leave."""
        for name in ("4913", ".pinch.md.swp", "pinch.md~", "#wheel.md#"):
            self.site.path(f"{self.folder}/{name}").write_text(self.text(), "utf-8")

    def picture(self) -> None:
        self.site.path("content/maps/clay/bowl.png").write_bytes(self.random.randbytes(200))
        self.site.write(f"{self.folder}/{self.random.choice(ARTICLES)}.md", f"![A bowl](../bowl.png)\n\n{self.text()}")


#: No reference between articles, and titles in their own files: any of them may go at any time.
START = {
    "site.yaml": "title: Test Maps\nbase_url: https://maps.example.com/\nchecks: {figure: off}\n",
    "content/maps/clay/map.yaml": """\
title: Clay
category: Crafts
description: Pots.
clusters:
  - title: Forming
    slug: forming
    pillar: {title: How pots are formed, slug: forming-pots, query: forming pots}
    articles:
"""
    + "".join(f"      - {{title: About {name}, slug: {name}}}\n" for name in ARTICLES),
    "content/maps/clay/forming/pillar.md": "Pots are formed by hand or on a wheel.\n",
    "content/pages/about.md": "---\ntitle: About\n---\nWho writes this.\n",
}


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def clean_build(site: Site, work: Path) -> dict[str, bytes]:
    """Build a copy of the site's sources, without anything that an earlier build left."""
    copy = work / "clean"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    shutil.copy(site.path("site.yaml"), copy)
    shutil.copytree(site.path("content"), copy / "content")
    if site.path("themes").exists():
        shutil.copytree(site.path("themes"), copy / "themes")
    result = build(Request(root=copy, today=dt.datetime.now().astimezone().date()))
    assert not result.failed, [str(d) for d in result.diagnostics]
    return tree(copy / "output")


def served(running: Running, names: list[str]) -> dict[str, bytes]:
    """Return what the server answers for every file of a tree, by its name; what it does not serve is left out."""
    found = {}
    for name in names:
        if name in {"_headers", "_redirects"}:
            continue
        path = "/" + name.removesuffix("index.html") if name.endswith("index.html") else f"/{name}"
        answer = running.ask(path)
        if answer.status == 200:
            found[name] = answer.body
    return found


def settled(running: Running, site: Site, work: Path) -> None:
    """Wait until the preview holds what a clean build makes, and check that it serves that, and only that."""
    expected = clean_build(site, work)
    folder = site.path(".topicsite/preview/site")
    deadline = time.monotonic() + 60
    while (found := tree(folder)) != expected:
        differing = sorted(n for n in found.keys() | expected.keys() if found.get(n) != expected.get(n))
        assert time.monotonic() < deadline, f"not as a clean build: {differing}\n" + "\n".join(running.lines[-20:])
        time.sleep(0.02)
    deadline = time.monotonic() + 30
    public = {name: data for name, data in expected.items() if name not in {"_headers", "_redirects"}}
    while served(running, list(expected)) != public:  # the files are there a moment before the server knows of them
        assert time.monotonic() < deadline
        time.sleep(0.05)


def edit_and_compare(start: Callable[[Site], Running], work: Path, seed: int, edits: int) -> None:
    """Make random edits in bursts, and compare after each burst."""
    site = Site.made(work / "site", START)
    author = _Author(site, seed)
    with start(site) as running:
        done = 0
        while done < edits:
            burst = author.random.randint(1, 12)
            for _ in range(burst):
                author.edit()
                time.sleep(author.random.choice((0.0, 0.0, 0.001, 0.01, 0.03, 0.1)))
            done += burst
            settled(running, site, work)
        assert not site.path("output").exists()


@pytest.mark.slow
def test_random_edits(tmp_path: Path) -> None:
    """After each of some bursts, 200 edits in all, the served tree is a clean build's."""
    edit_and_compare(Running.started, tmp_path, seed=20, edits=200)


@pytest.mark.slow
def test_random_edits_polled(tmp_path: Path) -> None:
    """So it is where no events arrive."""
    edit_and_compare(lambda site: Running.started(site, "--poll"), tmp_path, seed=21, edits=40)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_random_edits_long(tmp_path: Path, seed: int) -> None:
    """So it is for many more."""
    edit_and_compare(Running.started, tmp_path, seed=seed, edits=1000)
