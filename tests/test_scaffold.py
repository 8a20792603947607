"""`topicsite new`: what it makes builds, says what it must, and never overwrites anything."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from click.testing import CliRunner

from builder.cli import main
from builder.scaffold import ScaffoldError, make_article, make_map, make_site

REPOSITORY = Path(__file__).parents[1]


def run(*arguments: str | Path) -> tuple[int, str, str]:
    """Run topicsite: exit status, stdout, stderr."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Make a new site."""
    make_site(tmp_path / "site", "A site")
    return tmp_path / "site"


def test_new_site_builds_without_a_warning(tmp_path: Path) -> None:
    """`topicsite new DIR` makes a site that builds under --strict; what to do next is said."""
    folder = tmp_path / "night-watch"
    status, out, _ = run("new", folder)
    assert status == 0
    assert f"cd {folder} && topicsite build" in out
    assert (folder / ".gitignore").read_text("utf-8") == "output/\n.topicsite/\n"
    assert (folder / "content/pages/how-it-works.md").is_file()
    status, out, err = run("build", "--strict", "--site", folder, "--date", "2026-06-01")
    assert (status, err) == (0, "")
    assert "<title>" in (folder / "output/night-sky/index.html").read_text("utf-8")
    assert "Night watch" in (folder / "output/index.html").read_text("utf-8")


@pytest.mark.parametrize(
    "title", ['"No": a: b # c', "no", "Zoë's site & co.", "日本語", "- x", "'", "{{ x }}", "\\1 \\g<0>"]
)
def test_any_title_survives(tmp_path: Path, title: str) -> None:
    """Whatever the title, site.yaml means that very text."""
    make_site(tmp_path / "x", title)
    status, _, err = run("check", "--site", tmp_path / "x")
    assert (status, err) == (0, "")
    from builder.config import load_config  # noqa: PLC0415

    config, _ = load_config((tmp_path / "x/site.yaml").read_bytes(), {})
    assert config is not None
    assert config.title == title


def test_the_commented_keys_are_right(site: Path) -> None:
    """Every key that the new site.yaml shows in a comment is a key of the format, with a value that it takes."""
    from builder.config import SiteKeys, load_config  # noqa: PLC0415

    head, _, rest = (site / "site.yaml").read_text("utf-8").partition("\n")
    assert head.startswith("# ")
    config, faults = load_config(re.sub(r"^# ", "", rest, flags=re.MULTILINE).encode(), {})
    assert faults == []
    assert config is not None
    assert len(config.model_fields_set) >= 15
    assert config.model_fields_set < set(SiteKeys.model_fields)


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    """A folder with anything in it, or a file in the way, is a message with exit status 2, and nothing is written."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    status, out, err = run("new", tmp_path / "full")
    assert (status, out, err) == (2, "", f"topicsite: the folder {tmp_path}/full is not empty; name a new one\n")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
    with pytest.raises(ScaffoldError, match="exists already and is not a folder"):
        make_site(tmp_path / "full/mine.txt")


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    """A site may be made in an empty folder that exists, such as the current one."""
    assert tmp_path / "site.yaml" in make_site(tmp_path)


def test_new_map_builds(site: Path) -> None:
    """A new map has its keys filled in and builds without a warning."""
    path = make_map(site, "Bread: a primer")
    assert path == site / "content/maps/bread-a-primer/map.yaml"
    assert run("check", "--strict", "--site", site)[0] == 0


def test_new_map_never_overwrites(site: Path) -> None:
    """A map whose folder exists is refused."""
    before = (site / "content/maps/night-sky/map.yaml").read_bytes()
    status, _, err = run("new", "map", "Night sky", "--site", site)
    assert status == 2
    assert err == "topicsite: there is a map in content/maps/night-sky already; give this one a --slug\n"
    assert (site / "content/maps/night-sky/map.yaml").read_bytes() == before


def test_new_article_has_its_keys(site: Path) -> None:
    """A new article has title, description, query, intent, priority and words in its front matter, and is a draft."""
    path = make_article(site, "night-sky", "finding-your-way", "The Summer Triangle")
    assert path == site / "content/maps/night-sky/finding-your-way/the-summer-triangle.md"
    keys = re.findall(r"^(\w+):", path.read_text("utf-8"), re.MULTILINE)
    assert keys == ["title", "description", "query", "intent", "priority", "words", "status"]
    assert run("build", "--strict", "--site", site)[0] == 0
    assert "The Summer Triangle" in (site / "output/night-sky/finding-your-way/index.html").read_text("utf-8")
    path.write_text(path.read_text("utf-8") + "\nDeneb, Vega and Altair.\n")
    assert run("build", "--site", site)[0] == 0
    page = site / "output/night-sky/finding-your-way/the-summer-triangle/index.html"
    assert not page.exists()
    path.write_text(re.sub(r"status: draft.*\n", "", path.read_text("utf-8")))
    assert run("build", "--site", site)[0] == 0
    assert page.exists()


@pytest.mark.parametrize("named", ["how-dark-is-your-sky", "How dark is your sky? Counting stars to find out"])
def test_an_article_that_the_map_declares(site: Path, named: str) -> None:
    """Of an article that the map declares, named by slug or title, no key is repeated; its sections become headings."""
    path = make_article(site, "night-sky", "Finding your way", named)
    assert path.name == "how-dark-is-your-sky.md"
    text = path.read_text("utf-8")
    assert re.findall(r"^(\w+):", text, re.MULTILINE) == ["status"]
    assert re.findall(r"^## (.*)", text, re.MULTILINE)[0] == "The Bortle scale"
    assert run("check", "--strict", "--site", site)[0] == 0


@pytest.mark.parametrize("named", ["dark-night", "pillar"])
def test_a_pillar(site: Path, named: str) -> None:
    """A cluster's pillar, by its slug or simply `pillar`, gets pillar.md."""
    assert make_article(site, "night-sky", "beyond", named).name == "pillar.md"
    assert run("check", "--strict", "--site", site)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("night-ski", "finding-your-way", "X"), "there is no map 'night-ski'\n    did you mean 'night-sky'?"),
        (("zzz", "finding-your-way", "X"), "there is no map 'zzz'\n    there are: night-sky"),
        (
            ("night-sky", "finding-you-way", "X"),
            "there is no cluster 'finding-you-way' in the map 'night-sky'\n    did you mean 'finding-your-way'?",
        ),
        (
            ("night-sky", "zzz", "X"),
            (
                "there is no cluster 'zzz' in the map 'night-sky'\n"
                "    its clusters: finding-your-way, moon-and-planets, beyond"
            ),
        ),
        (
            ("night-sky", "finding-your-way", "eyes-in-the-dark"),
            "content/maps/night-sky/finding-your-way/eyes-in-the-dark.md exists already",
        ),
        (("night-sky", "finding-your-way", "!!!"), "no slug can be made from the title '!!!'; give one with --slug"),
        (("night-sky", "finding-your-way", " "), "the title is empty"),
    ],
)
def test_what_cannot_be_made(site: Path, arguments: tuple[str, ...], message: str) -> None:
    """Unknown maps and clusters, and files in the way, are messages with the nearest name and exit status 2."""
    assert run("new", "article", *arguments, "--site", site) == (2, "", f"topicsite: {message}\n")


@pytest.mark.parametrize("slug", ["A B", "../../x", "a/b", "/etc/x", "-"])
def test_a_slug_that_no_url_can_have(site: Path, slug: str) -> None:
    """A --slug that cannot stand in a URL is refused: no file is ever made outside its folder."""
    before = sorted(site.parent.rglob("*"))
    assert run("new", "article", "night-sky", "finding-your-way", "X", "--slug", slug, "--site", site)[0] == 2
    assert run("new", "map", "X", "--slug", slug, "--site", site)[0] == 2
    assert sorted(site.parent.rglob("*")) == before


def test_outside_a_site(tmp_path: Path) -> None:
    """Without a site.yaml there is no map to make; the message says how to begin."""
    status, _, err = run("new", "map", "X", "--site", tmp_path)
    assert status == 2
    assert err == f"topicsite: there is no site.yaml in {tmp_path}; `topicsite new DIR` makes a site\n"


def test_a_broken_map_is_named(site: Path) -> None:
    """A map that cannot be read gets no article; its first error is shown."""
    (site / "content/maps/night-sky/map.yaml").write_text("title: X\nclusters: [\n")
    status, _, err = run("new", "article", "night-sky", "finding-your-way", "X", "--site", site)
    assert status == 1
    assert "content/maps/night-sky/map.yaml:3:1: error:" in err


@pytest.mark.slow
def test_a_wheel_needs_no_checkout(tmp_path: Path) -> None:
    """`topicsite new DIR && cd DIR && topicsite build` works from an installed wheel, with no checkout at hand."""
    command(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", tmp_path, REPOSITORY)
    (wheel,) = tmp_path.glob("*.whl")
    venv = tmp_path / "venv"
    python, topicsite = venv / "bin/python", venv / "bin/topicsite"
    command(sys.executable, "-m", "venv", "--without-pip", venv)
    command(sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", wheel)
    # The libraries come from this environment; a folder named in a .pth file has its own .pth files ignored, so the
    # editable install of topicsite stays behind.
    packages = command(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    Path(packages.strip(), "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    assert command(python, "-c", "import builder; print(builder.__file__)", cwd=tmp_path).startswith(str(venv))
    assert "10 files" in command(topicsite, "new", "mine", cwd=tmp_path)
    assert "pages in output" in command(topicsite, "build", "--strict", cwd=tmp_path / "mine")
    assert (tmp_path / "mine/output/index.html").is_file()


def command(*arguments: str | Path, cwd: Path | None = None) -> str:
    """Run a program without this process's Python settings; return its stdout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(arguments, cwd=cwd, env=environment, check=True, capture_output=True, text=True)
    return done.stdout
