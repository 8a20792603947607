"""`topicsite build`: --explain, --jobs, --verify, --profile and the progress bar, all through the command."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from builder.cli import main
from tests.making import FILES, make, write

if TYPE_CHECKING:
    from pathlib import Path

PAGES = "the pages of the site"
SITE = {
    **FILES,
    "content/entities.yaml": "- {name: Water, description: Water is wet.}\n",
    "content/maps/cake/map.yaml": "title: Cake\nclusters:\n- title: Sponge\n  articles: [{title: Genoise}]\n",
    "content/maps/cake/sponge/genoise.md": "Beaten.\n",
}
SITE["content/maps/tea/map.yaml"] += "entities: [Water]\n"


def run(site: Path, *options: str) -> tuple[int, str, str]:
    """Build a site by the command: exit status, stdout, stderr."""
    arguments = ["build", "-C", str(site), "--date", "2026-06-01", *options]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def tree(site: Path) -> dict[str, bytes]:
    """Return every file of the output."""
    output = site / "output"
    return {p.relative_to(output).as_posix(): p.read_bytes() for p in output.rglob("*") if p.is_file()}


def explained(site: Path, *options: str) -> dict[str, str]:
    """Rebuild with --explain; return the reasons. The counts of the summary are those of the files that differ."""
    before = tree(site)
    status, out, err = run(site, "--explain", *options)
    assert status == 0, err
    after = tree(site)
    summary = next(line for line in out.splitlines() if " pages in " in line)
    told = {what: int(number) for number, what in re.findall(r"([\d,]+) files? (added|changed|deleted)", summary)}
    differ = {
        "added": len(after.keys() - before.keys()),
        "changed": sum(1 for name in before.keys() & after.keys() if before[name] != after[name]),
        "deleted": len(before.keys() - after.keys()),
    }
    assert told == {what: number for what, number in differ.items() if number}
    assert ("nothing changed" in summary) == (not told)
    return dict(line.split(": ", 1) for line in out.split(summary)[0].splitlines())


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Make a site of two maps and an entity, and build it."""
    made = make(tmp_path, SITE)
    assert run(made)[0] == 0
    return made


def edit(site: Path, name: str, old: str, new: str) -> None:
    """Replace text in a file of the site."""
    path = site / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_explain_at_first(tmp_path: Path) -> None:
    """The first build has built nothing before; the second has nothing to explain."""
    made = make(tmp_path, SITE)
    assert explained(made) == dict.fromkeys((PAGES, "cake", "tea"), "not built before")
    assert explained(made) == {}


def test_explain_a_paragraph(site: Path) -> None:
    """An edited paragraph is its map's alone, and is named by its file."""
    edit(site, "content/maps/tea/black/assam.md", "Malty.", "Malty and strong.")
    reasons = explained(site)
    assert reasons.pop("tea") == "black/assam.md changed"
    assert reasons in ({}, {PAGES: "what they show of tea changed"})


def test_explain_a_title(site: Path) -> None:
    """An edited title rebuilds its map, and what lists it; a map that it does not touch stays."""
    edit(site, "content/maps/tea/map.yaml", "title: Green tea,", "title: Green teas,")
    assert explained(site) == {
        "tea": "map.yaml changed",
        PAGES: "a map's pages, a free page, an entity or the day changed",
    }


def test_explain_a_template(site: Path) -> None:
    """Another theme, and an edited template of it, rebuild everything for that reason."""
    folder = site / "themes/mine"
    write(folder, {"theme.yaml": "title: Mine\nextends: default\n", "templates/footer.html.jinja": "<p>One.</p>\n"})
    edit(site, "site.yaml", "title: Teas", "title: Teas\ntheme: mine")
    why = dict.fromkeys((PAGES, "cake", "tea"), "the theme or the configuration changed")
    assert explained(site) == why
    edit(site, "themes/mine/templates/footer.html.jinja", "One", "Two")
    assert explained(site) == why


def test_explain_the_configuration(site: Path) -> None:
    """A key of site.yaml that pages show rebuilds everything."""
    edit(site, "site.yaml", "title: Teas", "title: Brews")
    reasons = explained(site)
    assert set(reasons) == {PAGES, "cake", "tea"}
    assert reasons[PAGES] == "the theme or the configuration changed"


def test_explain_an_entity(site: Path) -> None:
    """An entity of the registry rebuilds the maps that name it, which are told another thing, and no other."""
    edit(site, "content/entities.yaml", "wet", "a liquid")
    assert explained(site) == {
        "tea": "what it is told of the rest of the site changed",
        PAGES: "a map's pages, a free page, an entity or the day changed",
    }


def test_explain_a_deleted_article(site: Path) -> None:
    """A deleted text is gone from its map, and its files from the output."""
    edit(site, "content/maps/tea/green/pillar.md", "[[sencha]] and ", "")
    run(site)
    (site / "content/maps/tea/green/sencha.md").unlink()
    before = tree(site)
    reasons = explained(site)
    assert reasons["tea"] == "green/sencha.md is gone"
    assert "cake" not in reasons
    gone = {name for name in before.keys() - tree(site).keys() if not name.startswith("assets/")}
    assert gone == {"tea/green/sencha/index.html", "tea/green/sencha/index.md"}


@pytest.mark.parametrize("jobs", ["1", "2", "3"])
def test_jobs(tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch, jobs: str) -> None:
    """The output is the same at every number of processes."""
    from builder import work  # noqa: PLC0415

    monkeypatch.setattr(work, "POOL_FROM", 0)
    other = make(tmp_path / "other", SITE)
    assert run(other, "--jobs", jobs)[0] == 0
    assert tree(other) == tree(site)


def test_jobs_are_counted(site: Path) -> None:
    """A number below 0 is wrong usage."""
    status, _, err = run(site, "--jobs", "-1")
    assert status == 2
    assert "--jobs" in err


def test_verify(site: Path) -> None:
    """--verify says that the output is a clean build's, and leaves nothing of that build behind."""
    status, out, _ = run(site, "--verify")
    assert status == 0
    assert "the output is what a clean build makes, byte for byte\n" in out


def test_verify_finds_a_file_that_was_tampered_with(site: Path) -> None:
    """A file of the same size with other bytes is found, though a build trusts sizes; other files are not looked at."""
    page = site / "output/tea/black/assam/index.html"
    page.write_bytes(page.read_bytes().replace(b"Malty", b"Salty"))
    (site / "output/own.txt").write_text("mine", "utf-8")
    status, out, err = run(site, "--verify")
    assert status == 3
    assert err.endswith(
        "the output is not what a clean build makes:\ntea/black/assam/index.html differs from a clean build's\n"
    )
    assert "byte for byte" not in out


def test_verify_finds_what_a_wrong_blob_made(site: Path) -> None:
    """A blob of the cache that is whole, but not what its key stands for, is found out by the pages made of it."""
    from builder.cache import Store  # noqa: PLC0415

    store = Store(site / ".topicsite/cache")
    for path in (site / ".topicsite/cache").glob("map-*"):
        unit, bodies = store.get("map", path.name.removeprefix("map-"))
        if unit.slug == "tea":
            store.put("map", path.name.removeprefix("map-"), (replace(unit, seasonality="Never in May."), bodies))
    edit(site, "content/entities.yaml", "wet", "a liquid")  # tea is compiled again, from its definition in the cache
    command = [sys.executable, "-m", "builder", "build", "-C", str(site), "--date", "2026-06-01", "--verify"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "tea/index.html differs from a clean build's" in done.stderr


def test_clean_that_cannot(site: Path) -> None:
    """What cannot be deleted is a fault of the machine, told in a line."""
    (site / ".topicsite/state").unlink()
    (site / ".topicsite/state").mkdir()
    status, _, err = run(site, "--clean")
    assert status == 3
    assert err.startswith("topicsite: ")
    assert ".topicsite/state" in err


@pytest.mark.parametrize("name", ["manifest.json", "journal.json", "state"])
@pytest.mark.parametrize(
    "data", ['{"format":2,"output":"output","files":[1]}', '{"format":2,"files":{"a":1}}', "[]", ""]
)
def test_a_record_of_another_form(site: Path, name: str, data: str) -> None:
    """A manifest, journal or state that says something else costs time and nothing else."""
    before = tree(site)
    (site / ".topicsite" / name).write_text(data, "utf-8")
    assert run(site, "--verify")[0] == 0
    assert tree(site) == before


@pytest.mark.parametrize("name", [".topicsite", ".topicsite/cache"])
def test_output_is_not_where_builds_remember(site: Path, name: str) -> None:
    """Nothing is published into the folder of cache and state."""
    before = sorted((site / ".topicsite").iterdir())
    status, _, err = run(site, "--output", str(site / name))
    assert status == 2
    assert "--output" in err
    assert sorted((site / ".topicsite").iterdir()) == before


def test_clean_waits_for_another_build(site: Path) -> None:
    """--clean deletes nothing that another build is working with."""
    from builder.state import locked  # noqa: PLC0415

    command = [sys.executable, "-m", "builder", "build", "-C", str(site), "--date", "2026-06-01", "--clean"]
    with locked(site / ".topicsite", lambda: None):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        assert "waiting for another build" in process.stderr.readline()
        assert list((site / ".topicsite/cache").iterdir())
        assert (site / ".topicsite/state").exists()
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "changed" in out or "added" in out or "nothing changed" in out


def test_profile(site: Path) -> None:
    """--profile lists the stages with their seconds and shares, which add up."""
    status, out, _ = run(site, "--clean", "--profile")
    assert status == 0
    stages = re.findall(r"^([a-z ]+?) +(\d+\.\d{3}) s +(\d+)%$", out, re.MULTILINE)
    names = [name for name, _, _ in stages]
    assert {
        "configure",
        "look for changes",
        "define",
        "slice",
        "link",
        "compile",
        "site pages",
        "check",
        "publish",
    } <= set(names)
    assert len(set(names)) == len(names)
    seconds, share = sum(float(took) for _, took, _ in stages), sum(int(part) for *_, part in stages)
    assert abs(share - 100) <= len(stages) / 2  # each is rounded
    for _, took, part in stages:
        assert abs(100 * float(took) / seconds - int(part)) < 1 + 100 * 0.0005 * len(stages) / seconds
    summary = re.search(r"\((\d+\.\d\d) s\)", out)
    assert summary is not None
    assert seconds <= float(summary[1]) + 0.01


def test_progress_on_a_terminal(tmp_path: Path) -> None:
    """On a terminal a bar shows how many pages are made, how many a second, and the time left."""
    many = {
        f"content/maps/m{n}/{name.split('/', 3)[3]}": text
        for n in range(60)
        for name, text in FILES.items()
        if "/tea/" in name
    }
    made = make(tmp_path, {"site.yaml": FILES["site.yaml"], **many})
    main_end, end = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "builder", "build", "-C", str(made), "--date", "2026-06-01", "--jobs", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=end, env=environment) as process:
        os.close(end)
        shown = b""
        while True:
            try:
                more = os.read(main_end, 65536)
            except OSError:  # the other end is closed
                break
            if not more:
                break
            shown += more
    os.close(main_end)
    assert process.returncode == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    bars = [line for line in re.split(r"[\r\n]+", text) if re.match(r"(?:read|link|compile) ", line)]
    assert any(re.match(r"compile +\S+ +\d+/\d+ pages [\d,]+/s +\d:\d\d:\d\d", line) for line in bars), "\n".join(bars)
    assert any(re.match(r"read +\S+ +\d+/60 maps", line) for line in bars), "\n".join(bars)


def test_progress_in_a_pipe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe a plain line now and then says as much."""
    from builder.cli import terminal  # noqa: PLC0415

    now = [100.0]
    monkeypatch.setattr("builder.cli.terminal.time.monotonic", lambda: now[0])
    tell = terminal._lines()
    for done in range(0, 4000, 100):
        tell("compile", done, 4000)
        now[0] += 0.5
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "compile: 1,001 of 4,000 pages, 200/s, 15 s left"
    assert len(lines) == 3
