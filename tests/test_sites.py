"""Small whole sites become exactly what they must; see tests/sites/README.md."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from builder.cli import main
from tests.pages import dangling, hostile_parts

FOLDER = Path(__file__).parent / "sites"
SITES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
WHOLE = re.compile(r".*\.md|.*/map\.(?:json|csv)|.*\.xml|robots\.txt|llms\.txt|_redirects")
#: The sites whose list of links is compared as well; one long list says what three would.
LINKS = {"mini", "base-path", "shared"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(HTMLParser):
    """What `pages.txt` says of a page: whether robots may list it, its title, and what its main part links to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.title = self.robots = ""
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element's beginning."""
        found = dict(attrs)
        if tag == "meta" and found.get("name") == "robots":
            self.robots = found.get("content") or ""
        link = found.get("href") or ""
        if tag == "a" and "main" in self.open and link not in self.links and not link.startswith("#"):
            self.links.append(link)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Take an element's end."""
        assert tag in VOID or self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        """Take text."""
        if "title" in self.open and "svg" not in self.open:
            self.title += data

    def summary(self) -> str:
        """Return the lines of `pages.txt`."""
        hidden = "    noindex\n" if "noindex" in self.robots else ""
        return f"{hidden}    {self.title}\n" + "".join(f"    -> {link}\n" for link in sorted(self.links))


def produced(site: Path) -> dict[str, bytes]:
    """Return what a built site has of the things that `expected/` holds, by name."""
    output = site / "output"
    names = names_of(output)
    made = {name: (output / name).read_bytes() for name in names if WHOLE.fullmatch(name)}
    made["files.txt"] = "".join(f"{name}\n" for name in names if not name.startswith("assets/")).encode()
    pages = [name for name in names if name.endswith(".html")]
    made["pages.txt"] = "".join(
        f"/{name.removesuffix('index.html')}\n{Page((output / name).read_text('utf-8')).summary()}" for name in pages
    ).encode()
    if site.name in LINKS:
        made["links.csv"] = (site / ".topicsite/report/links.csv").read_bytes()
    return made


def names_of(folder: Path) -> list[str]:
    """Return the names of the files below a folder, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def built(name: str, folder: Path) -> Path:
    """Build one of the sites in a folder; return the site."""
    site = folder / name
    shutil.copytree(FOLDER / name, site, ignore=shutil.ignore_patterns("expected"))
    result = CliRunner().invoke(main, ["build", "--site", str(site), "--date", "2026-06-01"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return site


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give a function: a site's name → its folder, built once."""
    folder = tmp_path_factory.mktemp("sites")
    return lru_cache(lambda name: built(name, folder))


@pytest.mark.parametrize("name", SITES)
def test_site(name: str, sites: Callable[[str], Path]) -> None:
    """A small site becomes what `expected/` says: its data byte for byte, its pages by title and links."""
    made = produced(sites(name))
    folder = FOLDER / name / "expected"
    if os.environ.get("GOLDEN") == "write":
        shutil.rmtree(folder, ignore_errors=True)
        for file, data in made.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(data)
    expected = {file: (folder / file).read_bytes() for file in names_of(folder)}
    assert sorted(made) == sorted(expected)
    for file, data in expected.items():
        assert made[file].decode() == data.decode(), file


@pytest.mark.parametrize("name", SITES)
def test_every_link_resolves(name: str, sites: Callable[[str], Path]) -> None:
    """Every link of every page, twin, feed, sitemap and redirect of a site leads to a file and an id that exist."""
    assert dangling(sites(name)) == []


@pytest.mark.parametrize("name", SITES)
def test_xml_is_well_formed(name: str, sites: Callable[[str], Path], system_part: Callable[[str], str]) -> None:
    """`xmllint` accepts every XML file of a site."""
    output = sites(name) / "output"
    files = [output / file for file in names_of(output) if file.endswith((".xml", ".svg"))]
    found = subprocess.run([system_part("xmllint"), "--noout", *files], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize("name", SITES)
def test_a_second_build_changes_nothing(name: str, sites: Callable[[str], Path]) -> None:
    """A build without a change leaves every file alone; one from nothing makes the same bytes."""
    site = sites(name)
    output = site / "output"
    before = {file: ((output / file).read_bytes(), (output / file).stat().st_mtime_ns) for file in names_of(output)}
    arguments = ["build", "--site", str(site), "--date", "2026-06-01"]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    after = {file: ((output / file).read_bytes(), (output / file).stat().st_mtime_ns) for file in names_of(output)}
    assert after == before
    assert CliRunner().invoke(main, [*arguments, "--clean", "--output", str(site / "again")]).exit_code == 0
    again = {file: (site / "again" / file).read_bytes() for file in names_of(site / "again")}
    assert again == {file: data for file, (data, _) in before.items()}


@pytest.mark.parametrize("name", ["hostile", "hostile-off"])
def test_nothing_hostile_gets_through(name: str, sites: Callable[[str], Path]) -> None:
    """Whatever titles, keys and texts hold, with raw HTML on or off: no page runs, loads or styles anything of it."""
    output = sites(name) / "output"
    for file in names_of(output):
        if file.endswith(".html"):
            assert hostile_parts((output / file).read_text("utf-8")) == [], file


def test_writing_direction(sites: Callable[[str], Path]) -> None:
    """The pages of a site in Hebrew are set from right to left, and those of its French map are not."""
    output = sites("unicode") / "output"
    assert '<html lang="he" dir="rtl"' in (output / "index.html").read_text("utf-8")
    assert '<html lang="fr-CA" dir="ltr"' in (output / "fromages-d-été/index.html").read_text("utf-8")
