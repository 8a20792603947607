"""Every mistake of tests/broken is refused with its exact message, and the output stays as it was."""

import difflib
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from builder.cli import main
from builder.diagnostics import CODES, Severity

FOLDER = Path(__file__).parent / "broken"
FLASK = Path(__file__).parents[1] / "content/maps/flask"
KINDS = "file|edit|bytes|delete|folder|link|environment|expected in the Flask map|expected"
PLACE = re.compile(r"([^:\n]+):(\d+)(:\d+: (?:error|warning|note): .*)", re.DOTALL)


@dataclass
class Fault:
    """One file of tests/broken: its sentence, what it changes, and what topicsite must say."""

    name: str
    sentence: str
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    expected: str = ""
    in_flask: str = ""

    @classmethod
    def read(cls, path: Path) -> "Fault":
        """Read a file of tests/broken."""
        parts = re.split(rf"^--- ({KINDS})(?: (.+))?\n", path.read_text("utf-8"), flags=re.MULTILINE)
        fault = cls(path.stem, parts[0].strip())
        for kind, name, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            if kind == "expected":
                fault.expected = text
            elif kind == "expected in the Flask map":
                fault.in_flask = text
            elif kind == "environment":
                fault.environment = dict(line.split("=", 1) for line in text.splitlines())
            else:
                fault.changes.append((kind, name, text))
        return fault

    def apply(self, site: Path) -> dict[str, int]:
        """Make the changes in a site; return the first line (from 0) of the edit in each edited file."""
        edited = {}
        for kind, name, text in self.changes:
            path = site / (os.fsdecode(_bytes(name)) if kind == "bytes" else name)
            if kind == "edit":
                old, _, new = text.partition("=>\n")
                lines = path.read_text("utf-8")
                found = [at.start() for at in re.finditer(f"^{re.escape(old)}", lines, re.MULTILINE)]
                assert len(found) == 1, f"{name} has the edited lines {len(found)} times"
                edited[name] = lines.count("\n", 0, found[0])
                path.write_text(lines[: found[0]] + new + lines[found[0] + len(old) :], "utf-8")
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            if kind == "file":
                path.write_text(text, "utf-8")
            elif kind == "bytes":
                path.write_bytes(_bytes(text.removesuffix("\n")))
            elif kind == "folder":
                path.mkdir()
            elif kind == "link":
                path.symlink_to(text.strip())
        return edited


def _bytes(text: str) -> bytes:
    """Return the bytes that a text with Python's escapes means."""
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")


Refuse = Callable[[Fault, Path], tuple[str, dict[str, int]]]

FAULTS = [Fault.read(path) for path in sorted(FOLDER.glob("*.txt"))]


def build(site: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> tuple[int, str, str]:
    """Run `topicsite build` in a site: exit status, stdout, stderr. An exception of any kind is raised here."""
    monkeypatch.chdir(site)
    result = CliRunner().invoke(main, ["build", "--date", "2026-06-01"], env=environment, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return the bytes and the time of every file of a folder."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def made(folder: Path) -> Path:
    """Build a good site in place and return its folder."""
    result = CliRunner().invoke(main, ["build", "--strict", "--site", str(folder), "--date", "2026-06-01"])
    assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the good site, built."""
    folder = tmp_path_factory.mktemp("good") / "site"
    shutil.copytree(FOLDER / "site", folder)
    return made(folder)


@pytest.fixture(scope="session")
def flask(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the good site with content/maps/flask in place of its map, built."""
    folder = tmp_path_factory.mktemp("flask") / "site"
    shutil.copytree(FOLDER / "site", folder)
    shutil.rmtree(folder / "content/maps/flask")
    shutil.copytree(FLASK, folder / "content/maps/flask")
    return made(folder)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Refuse:
    """Give a function: a fault and a good site → what topicsite says of it, and where its edits are."""

    def refuse(fault: Fault, good: Path) -> tuple[str, dict[str, int]]:
        site = tmp_path / "site"
        shutil.copytree(good, site)
        before = snapshot(site / "output")
        edited = fault.apply(site)
        status, out, err = build(site, monkeypatch, fault.environment)
        assert (status, out) == (1, ""), err
        assert "Traceback" not in err
        assert snapshot(site / "output") == before
        return err, edited

    return refuse


def difference(expected: str, found: str) -> str:
    """Return what a failing test shows."""
    lines = difflib.unified_diff(expected.splitlines(), found.splitlines(), "expected", "topicsite says", lineterm="")
    return "\n".join(["", *lines, "", "all of it:", found])


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_refused(fault: Fault, small: Path, refused: Refuse) -> None:
    """The small site with the fault in it is refused with the exact message, and its output stays as it was."""
    found, _ = refused(fault, small)
    assert found == fault.expected, difference(fault.expected, found)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_refused_in_the_flask_map(fault: Fault, flask: Path, refused: Refuse, tmp_path: Path) -> None:
    """A copy of content/maps/flask with the fault in it is refused with the same message, at the fault's line."""
    shutil.copytree(FOLDER / "site", tmp_path / "small")
    at = fault.apply(tmp_path / "small")
    found, edited = refused(fault, flask)
    moved = {name: edited[name] - at[name] for name in edited if name.startswith("content/maps/flask/")}

    def placed(line: str) -> str:
        place = PLACE.fullmatch(line)
        return f"{place[1]}:{int(place[2]) + moved.get(place[1], 0)}{place[3]}" if place else line

    expected = fault.in_flask or "".join(placed(line) for line in fault.expected.splitlines(keepends=True))
    assert found == expected, difference(expected, found)


def test_every_error_is_among_the_faults() -> None:
    """Each code of an error has a fault here that shows it, but that of deploy targets, which have their own tests."""
    errors = {code for code, (severity, _) in CODES.items() if severity is Severity.ERROR}
    shown = {code for fault in FAULTS for code in re.findall(r"\[([a-z-]+)\]$", fault.expected, re.MULTILINE)}
    assert errors - shown == {"secret"}


def test_the_good_site_is_only_about_faults() -> None:
    """The good site turns off whatever is no error, so that one fault has one message; add a new code to its checks."""
    site = (FOLDER / "site/site.yaml").read_text("utf-8")
    weak = sorted(code for code, (severity, _) in CODES.items() if severity is not Severity.ERROR)
    assert re.findall(r"^  ([a-z-]+): off$", site, re.MULTILINE) == weak


def test_faults_are_told_apart() -> None:
    """Each fault says in a sentence of its own what is wrong."""
    sentences = [fault.sentence for fault in FAULTS]
    assert all(re.fullmatch(r"[A-Z].+\.", sentence, re.DOTALL) for sentence in sentences)
    assert len(set(sentences)) == len(sentences)


def test_all_at_once() -> None:
    """One fault file has more than a dozen mistakes of different kinds, and its message names every one."""
    (fault,) = (fault for fault in FAULTS if fault.name == "all-at-once")
    assert len(re.findall(r": error: ", fault.expected)) >= 12
    assert len(set(re.findall(r"\[([a-z-]+)\]$", fault.expected, re.MULTILINE))) >= 10
