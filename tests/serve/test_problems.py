"""Diagnostics with the lines around them, and the addresses that open editors."""

from pathlib import Path

import pytest

from builder.config import EDITORS, load_config
from builder.diagnostics import Diagnostic, Severity, error
from builder.files import bundled_themes
from builder.serve.problems import editor_template, editor_url, file_of, in_browser, in_terminal, problems_of
from builder.serve.values import Counts

TEXT = "title: Clay\nclusters:\n  - title: Forming\n    slgu: forming\n    pillar: {}\n\tend\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write a file with a mistake in its fourth line."""
    (tmp_path / "map.yaml").write_text(TEXT, "utf-8")
    return tmp_path


def placed(line: int, column: int, **more: str) -> Diagnostic:
    """Return a diagnostic of that file."""
    return Diagnostic("unknown-key", "unknown key 'slgu'", "map.yaml", line=line, column=column, **more)  # type: ignore[arg-type]


def test_lines_around(root: Path) -> None:
    """Two lines before and after the place are shown, and the word at the place is marked."""
    (problem,), _ = problems_of(root, [placed(4, 5)])
    assert [number for number, _ in problem.lines] == [2, 3, 4, 5, 6]
    assert problem.lines[2][1][problem.start : problem.end] == "slgu:"
    assert problem.path == str(root / "map.yaml")


def test_in_terminal(root: Path) -> None:
    """The terminal shows file, line, column, the lines around with the place marked, and the hint."""
    lines = list(in_terminal(problems_of(root, [placed(4, 5, hint="did you mean 'slug'?")])[0], color=False))
    assert lines == [
        "map.yaml:4:5: error: unknown key 'slgu' [unknown-key]",
        "    2 | clusters:",
        "    3 |   - title: Forming",
        "  > 4 |     slgu: forming",
        "      |     ^^^^^",
        "    5 |     pillar: {}",
        "    6 |  end",
        "    did you mean 'slug'?",
    ]


@pytest.mark.parametrize(("line", "column"), [(0, 0), (99, 1), (4, 999), (1, 0), (7, 1)])
def test_odd_places(root: Path, line: int, column: int) -> None:
    """A place that the file does not have (any more) is shown without lines, or at the end of its line."""
    (problem,), _ = problems_of(root, [placed(line, column)])
    shown = dict(problem.lines).get(line, "")
    assert 0 <= problem.start <= problem.end <= max(len(shown), problem.start)
    assert list(in_terminal([problem], color=True))


def test_long_line_is_cut(root: Path) -> None:
    """A line of thousands of characters is cut around the place, which stays marked."""
    (root / "map.yaml").write_text("a " * 3000 + "WRONG" + " b" * 3000, "utf-8")
    (problem,), _ = problems_of(root, [placed(1, 6001)])
    assert len(problem.lines[0][1]) < 250
    assert problem.lines[0][1][problem.start : problem.end] == "WRONG"


def test_nothing_commands_the_terminal(root: Path) -> None:
    """Escape sequences and signs that turn a line around are shown as what they are: characters."""
    (root / "map.yaml").write_text("a: \x1b[2J\u202eb\n", "utf-8")
    fault = Diagnostic("value", "found '\x1b[2J'", "map.yaml", hint="\x1b]0;x\x07", line=1, column=4)
    text = "\n".join(in_terminal(problems_of(root, [fault])[0], color=False))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\x07" not in text


def test_errors_first(root: Path) -> None:
    """Errors stand before warnings; of thousands not all are carried along, but all are counted."""
    note = Diagnostic("figure", "a figure", severity=Severity.WARNING)
    found, more = problems_of(root, [note, *(error("value", str(number)) for number in range(5000))])
    assert found[0].severity == "error"
    assert len(found) == 200
    assert more == Counts(error=4800, warning=1)


def test_files_of_a_bundled_theme() -> None:
    """A template of a bundled theme is found where it lies; what is no file has no place to open."""
    found = file_of(Path("/nowhere"), "themes/default/templates/base.html.jinja")
    assert found == bundled_themes() / "default/templates/base.html.jinja"
    assert file_of(Path("/nowhere"), "themes/default") is None
    assert file_of(Path("/nowhere"), "") is None


@pytest.mark.parametrize(
    ("editor", "url"),
    [
        ("vscode", "vscode://file/a%20b/%C3%BC.md:3:7"),
        ("cursor", "cursor://file/a%20b/%C3%BC.md:3:7"),
        ("zed", "zed://file/a%20b/%C3%BC.md:3:7"),
        ("idea", "idea://open?file=/a%20b/%C3%BC.md&line=3&column=7"),
        ("pycharm", "pycharm://open?file=/a%20b/%C3%BC.md&line=3&column=7"),
        ("sublime", "subl://open?url=file:///a%20b/%C3%BC.md&line=3&column=7"),
        ("textmate", "txmt://open?url=file:///a%20b/%C3%BC.md&line=3&column=7"),
        ("my-editor://{file}?at={line}", "my-editor:///a%20b/%C3%BC.md?at=3"),
        ("none", ""),
    ],
)
def test_editor_url(editor: str, url: str) -> None:
    """Each editor has its address; a file's name cannot add to it."""
    assert editor_url(editor_template(editor), "/a b/ü.md", 3, 7) == url


def test_file_name_stays_a_file_name() -> None:
    """Signs in a file's name are encoded, braces are not filled in."""
    assert editor_url("x://{file}:{line}", "/a&b=?#{line}.md", 0, 0) == "x:///a%26b%3D%3F%23%7Bline%7D.md:1"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("vscoed", "did you mean 'vscode'?"),
        ("javascript:alert({file})", "my-editor://"),
        ("x://open", "{file}"),
        ("x://{file}/{row}", "{row}"),
    ],
)
def test_editor_is_checked(value: str, message: str) -> None:
    """An editor that does not exist, or an address that cannot open one, is an error in site.yaml."""
    _, faults = load_config(f'title: T\neditor: "{value}"\n'.encode(), {})
    assert len(faults) == 1
    assert message in f"{faults[0].message} {faults[0].hint}"


def test_every_editor_names_the_file() -> None:
    """Every known editor's address names file and line, but that of none."""
    for name, template in EDITORS.items():
        assert name == "none" or ("{file}" in template and "{line}" in template)


def test_in_browser(root: Path) -> None:
    """The browser gets the same values, as text."""
    (problem,), _ = problems_of(root, [placed(4, 5)])
    told = in_browser(problem, "x://{file}:{line}:{column}")
    assert told["editor"] == f"x://{root}/map.yaml:4:5"
    assert told["lines"] == [list(line) for line in problem.lines]
