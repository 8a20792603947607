"""Diagnostics as values: how they look in every format, what order they come in, which names they propose."""

import json

import pytest

from builder.diagnostics import (
    Diagnostic,
    Severity,
    as_github,
    as_json,
    did_you_mean,
    error,
    has_errors,
    in_order,
    nearest,
    with_severities,
)


def test_text() -> None:
    """As text it is `file:line:column: severity: message [code]`, then the hint on a line of its own."""
    found = Diagnostic("value", "no good", "a/b.yaml", hint="write better", line=3, column=7)
    assert str(found) == "a/b.yaml:3:7: error: no good [value]\n    write better"


@pytest.mark.parametrize(
    ("found", "where"),
    [
        (Diagnostic("value", "x", "a.yaml"), "a.yaml: "),
        (Diagnostic("value", "x", "a.yaml", line=2), "a.yaml:2:1: "),
        (Diagnostic("value", "x"), "site: "),
    ],
)
def test_text_without_a_place(found: Diagnostic, where: str) -> None:
    """Without a line the file is named alone, without a file the site."""
    assert str(found).startswith(where)


def test_text_that_a_terminal_would_obey() -> None:
    """Control characters and marks of direction in a value or a name are shown as escapes."""
    found = Diagnostic("value", "found '\x1b[2J\u202e'", "a\x07.md", hint="write 'ü'")
    assert str(found) == "a\\x07.md: error: found '\\x1b[2J\\u202e' [value]\n    write 'ü'"


def test_json() -> None:
    """As JSON it has the seven fields that docs/diagnostics.md lists, with letters as they are."""
    found = error("figure", "says “12”", "maps/ü.yaml", "key", hint="write 11")
    assert json.loads(as_json([found])) == [
        {
            "code": "figure",
            "severity": "warning",
            "file": "maps/ü.yaml",
            "line": 0,
            "column": 0,
            "message": "says “12”",
            "hint": "write 11",
        }
    ]
    assert "“12”" in as_json([found])
    assert json.loads(as_json([])) == []


def test_github() -> None:
    """As a workflow command, whatever its own syntax uses is escaped; what is unknown is left out."""
    found = Diagnostic("value", "100%\nof: a, b", "a,b:c.yaml", hint="no", line=3, column=7)
    assert as_github([found]) == "::error file=a%2Cb%3Ac.yaml,line=3,col=7,title=value::100%25%0Aof: a, b (no)"
    note = Diagnostic("orphan", "x", severity=Severity.NOTE)
    assert as_github([note]) == "::notice title=orphan::x"


@pytest.mark.parametrize(
    ("name", "names", "near"),
    [
        ("querry", ["query", "category"], "query"),
        ("QUERY", ["query"], "query"),
        ("Flask", ["flask", "FLASK-2"], "flask"),
        ("zzz", ["query", "category"], ""),
        ("x", [], ""),
        ("", ["a"], ""),
    ],
)
def test_nearest(name: str, names: list[str], near: str) -> None:
    """The most similar name is proposed, whatever its case; nothing where none is near."""
    assert nearest(name, names) == near
    assert did_you_mean(name, names, otherwise="-") == (f"did you mean '{near}'?" if near else "-")


def test_nearest_does_not_depend_on_order() -> None:
    """Of equally near names the same one is proposed in whatever order they come."""
    assert nearest("cat", ["cab", "car", "can"]) == nearest("cat", ["can", "car", "cab"])


def test_order() -> None:
    """They come by file, line and column, each once."""
    made = [Diagnostic("value", "m", file, line=line) for file, line in [("b", 1), ("a", 10), ("a", 2), ("a", 2)]]
    assert [(d.file, d.line) for d in in_order(made)] == [("a", 2), ("a", 10), ("b", 1)]


def test_severities() -> None:
    """A site may make a warning an error or turn a code off; other codes keep theirs."""
    found = [error("figure", "f"), error("value", "v"), error("no-maps", "n")]
    changed = with_severities(found, {"figure": Severity.ERROR, "no-maps": Severity.OFF})
    assert [(d.code, d.severity) for d in changed] == [("figure", Severity.ERROR), ("value", Severity.ERROR)]
    assert has_errors(changed)
    assert not has_errors([error("figure", "f")])
