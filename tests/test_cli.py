"""The command line: exit statuses, what goes to stdout and stderr, formats, colours."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from builder import __version__
from builder.cli import main
from tests.making import make, write


def run(*arguments: str | Path, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Run topicsite: exit status, stdout, stderr."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], env=env, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


BROKEN = {"content/maps/tea/black/assam.md": "[[nowhere]]\n"}


def test_done(tmp_path: Path) -> None:
    """A build that is done says so on stdout in one line and ends with 0."""
    status, out, err = run("build", "--site", make(tmp_path), "--date", "2026-06-01")
    assert status == 0
    assert re.match(r"\d+ pages in .*output: \d+ files added \(\d+\.\d\d s\)\n", out)
    assert "error" not in err
    assert re.match(
        r"\d+ pages in .*output: nothing changed", run("build", "--site", tmp_path, "--date", "2026-06-01")[1]
    )


@pytest.mark.parametrize("command", ["build", "check"])
def test_mistakes(tmp_path: Path, command: str) -> None:
    """Mistakes of the content are on stderr, nothing is on stdout, and the status is 1."""
    write(make(tmp_path), BROKEN)
    status, out, err = run(command, "--site", tmp_path)
    assert (status, out) == (1, "")
    assert "assam.md:1:1: error: there is no page 'nowhere' [unknown-reference]\n" in err
    assert err.splitlines()[-1].startswith("1 error")


def test_strict(tmp_path: Path) -> None:
    """Warnings end with 0, under --strict with 1, and then nothing is published; notes never matter."""
    site = make(tmp_path, {"site.yaml": "title: T\n"})
    assert run("build", "--site", site, "--strict")[0] == 1
    assert not (site / "output").exists()
    assert run("check", "--site", site, "--strict")[0] == 1
    assert run("check", "--site", site)[0] == 0
    write(site, {"site.yaml": "title: T\nchecks: {no-maps: note}\n"})
    assert run("build", "--site", site, "--strict")[0] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "--date", "yesterday"],
        ["build", "--no-such-option"],
        ["build", "--site", "no-such-folder"],
        ["check", "--format", "xml"],
        ["no-such-command"],
        ["schema", "nothing"],
        ["new", "article", "map"],
        ["new", "map", ""],
    ],
)
def test_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    """Wrong usage is explained on stderr and ends with 2."""
    monkeypatch.chdir(tmp_path)
    status, out, err = run(*arguments)
    assert status == 2
    assert out == ""
    assert err


def test_the_machine_fails(tmp_path: Path) -> None:
    """Where the disk does not take the output, the message names the file and the status is 3."""
    site = make(tmp_path)
    (site / "output").write_text("a file is in the way")
    status, out, err = run("build", "--site", site)
    assert (status, out) == (3, "")
    assert "output" in err.splitlines()[-1]
    assert err.splitlines()[-1].startswith("topicsite: ")
    assert "Traceback" not in err


def test_json(tmp_path: Path) -> None:
    """`check --format json` writes an array to stdout and nothing else, whatever the outcome."""
    status, out, err = run("check", "--site", make(tmp_path), "--format", "json")
    assert (status, err) == (0, "")
    assert isinstance(json.loads(out), list)
    write(tmp_path, BROKEN)
    status, out, err = run("check", "--site", tmp_path, "--format", "json")
    assert (status, err) == (1, "")
    (found,) = (found for found in json.loads(out) if found["severity"] == "error")
    assert (found["code"], found["file"], found["line"], found["column"]) == (
        "unknown-reference",
        "content/maps/tea/black/assam.md",
        1,
        1,
    )


def test_github(tmp_path: Path) -> None:
    """`check --format github` writes workflow commands, which GitHub shows at the line."""
    write(make(tmp_path), BROKEN)
    status, out, err = run("check", "--site", tmp_path, "--format", "github")
    assert (status, err) == (1, "")
    assert "::error file=content/maps/tea/black/assam.md,line=1,col=1,title=unknown-reference::there is no page" in out


def test_check_writes_nothing(tmp_path: Path) -> None:
    """A check makes no output and says how much it looked at."""
    status, out, _ = run("check", "--site", make(tmp_path))
    assert status == 0
    assert re.match(r"\d+ pages checked", out)
    assert not (tmp_path / "output").exists()


def test_environment(tmp_path: Path) -> None:
    """Keys of site.yaml may come from the environment."""
    assert run("build", "--site", make(tmp_path), env={"TOPICSITE_BASE_URL": "https://other.example/x"})[0] == 0
    assert "https://other.example/x/tea/" in (tmp_path / "output/sitemap.xml").read_text("utf-8")


def test_variables_of_others_are_a_note(tmp_path: Path) -> None:
    """A variable that sets nothing is said by every build that sees it, and by none that does not."""
    site = make(tmp_path)
    for env, said in (({"TOPICSITE_TOKEN": "x"}, True), ({"TOPICSITE_TOKEN": "x"}, True), ({}, False)):
        status, _, err = run("build", "--site", site, "--date", "2026-06-01", env=env)
        assert (status, "TOPICSITE_TOKEN: note: " in err) == (0, said)


def test_files_of_nobody_known(tmp_path: Path) -> None:
    """Without the record of an earlier build, what it left in the output is named, once, and left alone."""
    site = make(tmp_path)
    run("build", "--site", site, "--date", "2026-06-01")
    (site / ".topicsite/manifest.json").unlink()
    (site / "content/maps/tea/black/assam.md").unlink()
    out = run("build", "--site", site, "--date", "2026-06-01")[1]
    assert re.search(r"^\d files in .*output are not of this build, .*tea/black/assam/index", out, re.MULTILINE)
    assert (site / "output/tea/black/assam/index.html").exists()
    assert "not of this build" not in run("build", "--site", site, "--date", "2026-06-01")[1]


def test_help_and_version() -> None:
    """Every command explains itself, and the program says its version."""
    assert run("--version") == (0, f"topicsite, version {__version__}\n", "")
    status, out, _ = run("--help")
    assert status == 0
    for name, command in main.commands.items():
        assert name in out
        assert command.help
        for parameter in command.params:
            assert getattr(parameter, "help", "") or parameter.param_type_name == "argument", (name, parameter.name)


@pytest.mark.parametrize("kind", ["site", "map", "entities", "article", "page"])
def test_schema(kind: str) -> None:
    """`topicsite schema` prints JSON Schema for editors."""
    status, out, err = run("schema", kind)
    assert (status, err) == (0, "")
    assert json.loads(out)["$schema"].startswith("https://json-schema.org/")


def module(*arguments: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `python -m builder`."""
    command = [sys.executable, "-m", "builder", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})})


def test_as_a_module(tmp_path: Path) -> None:
    """`python -m builder` is topicsite."""
    done = module("check", "--site", make(tmp_path))
    assert done.returncode == 0
    assert "pages checked" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def on_a_terminal(site: Path, **environment: str) -> str:
    """Return what a check of a site says where stderr is a terminal."""
    ours, theirs = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm"} | environment
    with subprocess.Popen(
        [sys.executable, "-m", "builder", "check", "--site", site], stdout=subprocess.DEVNULL, stderr=theirs, env=env
    ):
        os.close(theirs)
        said = b""
        try:
            while chunk := os.read(ours, 65536):
                said += chunk
        except OSError:  # Linux ends a terminal so
            pass
    os.close(ours)
    return said.decode()


def test_colours(tmp_path: Path) -> None:
    """On a terminal severities are coloured, but not where NO_COLOR is set (no-color.org)."""
    write(make(tmp_path), BROKEN)
    assert "\x1b[31m\x1b[1merror:" in on_a_terminal(tmp_path)
    plain = on_a_terminal(tmp_path, NO_COLOR="1")
    assert "error:" in plain
    assert not re.search(r"\x1b\[[0-9;]*m", plain)
