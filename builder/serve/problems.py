"""Diagnostics as they are shown: with the lines around them, in the terminal and in the browser; addresses of editors.

Runs in the process that builds, so that a page of a thousand errors does not hold up the server.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

from builder.config import EDITORS
from builder.diagnostics import Severity
from builder.files import bundled_themes
from builder.serve.values import Counts, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from builder.diagnostics import Diagnostic

#: More than these are counted, not shown.
MOST = 200
AROUND = 2
WIDEST = 200
#: A file larger than this is not opened for its lines.
LARGEST = 4_000_000

_STYLES = {"error": "31", "warning": "33", "note": "34"}
_TOKEN = re.compile(r"\[\[[^\]\n]*\]\]|[^\s,\]})]+")
#: What must not reach a terminal as it is: control characters (ECMA-48), and the signs that turn the line around
#: (Unicode's bidirectional formatting), with which a file could forge what is shown.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def problems_of(root: Path, diagnostics: Iterable[Diagnostic]) -> tuple[tuple[Problem, ...], Counts]:
    """Return diagnostics with the lines around them, errors first; those after the first `MOST` are counted."""
    ranks = list(Severity)
    ordered = sorted(diagnostics, key=lambda d: ranks.index(d.severity))
    texts: dict[str, list[str]] = {}
    left = Counter(str(d.severity) for d in ordered[MOST:])
    return tuple(_problem(root, d, texts) for d in ordered[:MOST]), Counts(**left)


def _problem(root: Path, d: Diagnostic, texts: dict[str, list[str]]) -> Problem:
    path = file_of(root, d.file)
    if path and d.line and d.file not in texts:
        texts[d.file] = _lines(path)
    around, start, end = _around(texts.get(d.file, []), d)
    return Problem(
        severity=str(d.severity),
        code=d.code,
        message=d.message,
        hint=d.hint,
        file=d.file,
        line=d.line,
        column=d.column,
        path=str(path or ""),
        lines=around,
        start=start,
        end=end,
    )


def file_of(root: Path, name: str) -> Path | None:
    """Return where a file of a diagnostic lies: in the site, or among the bundled themes; None where it is no file."""
    if not name:
        return None
    for base in (root, bundled_themes().parent):
        path = base / name
        if path.is_file():
            return path
    return None


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > LARGEST:
            return []
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except OSError:
        return []
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _around(lines: list[str], d: Diagnostic) -> tuple[tuple[tuple[int, str], ...], int, int]:
    """Return the lines around a place, and what to mark in its own line; a long line is cut around the place."""
    if not 0 < d.line <= len(lines):
        return (), 0, 0
    first = max(0, d.line - 1 - AROUND)
    shown = [(number, visible(text)) for number, text in enumerate(lines[first : d.line + AROUND], first + 1)]
    text = visible(lines[d.line - 1])
    start = min(max(d.column - 1, 0), len(text))
    end = _end(text, start, d)
    cut = max(0, start - WIDEST // 2) if len(text) > WIDEST else 0
    kept = [(number, _cut(line, cut)) for number, line in shown]
    shift = cut - 1 if cut else 0
    limit = len(_cut(text, cut))
    return tuple(kept), min(start - shift, limit), min(max(end - shift, start - shift), limit)


def _cut(line: str, cut: int) -> str:
    if len(line) - cut <= WIDEST:
        return f"…{line[cut:]}" if cut and line[cut:] else line[cut:]
    return f"{'…' if cut else ''}{line[cut : cut + WIDEST]}…"


def _end(text: str, start: int, d: Diagnostic) -> int:
    """Return where the marked characters end: those that the diagnostic names, else the word; without a column all."""
    if not d.column:
        return len(text)
    if d.text and text.startswith(d.text, start):
        return start + len(d.text)
    word = _TOKEN.match(text, start)
    return word.end() if word else min(start + 1, len(text))


def visible(text: str) -> str:
    """Return text without the characters that would command a terminal or turn a line around; none is lost."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\t", " "))


def editor_template(name: str) -> str:
    """Return the address that `editor` of site.yaml stands for."""
    return EDITORS.get(name, name)


def editor_url(template: str, path: str, line: int, column: int) -> str:
    """Return the address that opens a file in the editor, '' where there is none."""
    if not template or not path:
        return ""
    values = {"file": quote(path, safe="/"), "line": str(line or 1), "column": str(column or 1)}
    return re.sub(r"\{(file|line|column)\}", lambda found: values[found[1]], template)


def in_terminal(problems: Iterable[Problem], *, color: bool) -> Iterator[str]:
    """Yield the lines in which a terminal shows problems: what `Diagnostic` prints, and the place below it."""
    for problem in problems:
        where = visible(problem.file) or "site"
        if problem.line:
            where += f":{problem.line}:{problem.column or 1}"
        word = _styled(f"{problem.severity}:", f"1;{_STYLES.get(problem.severity, '34')}", color=color)
        yield f"{where}: {word} {visible(problem.message)} [{problem.code}]"
        width = len(str(problem.lines[-1][0])) if problem.lines else 0
        for number, text in problem.lines:
            here = number == problem.line
            yield f"  {'>' if here else ' '} {number:{width}} | {text}".rstrip()
            if here and problem.end > problem.start:
                mark = "^" * (problem.end - problem.start)
                yield f"    {' ' * width} | {' ' * problem.start}{_styled(mark, '31', color=color)}"
        if problem.hint:
            yield f"    {visible(problem.hint)}"


def _styled(text: str, style: str, *, color: bool) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if color else text


def in_browser(problem: Problem, template: str) -> dict[str, object]:
    """Return a problem as client.js takes it; all of it is text, which the client never takes for HTML."""
    return {
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column or (1 if problem.line else 0),
        "lines": [list(line) for line in problem.lines],
        "start": problem.start,
        "end": problem.end,
        "editor": editor_url(template, problem.path, problem.line, problem.column),
    }
