"""What is wrong with a site, as values.

A stage returns its result together with its diagnostics; nobody raises for an author's mistake and nobody prints but
`cli`. A diagnostic is made with a file and, instead of a line, the *place* inside it (a path of keys, or a piece of
text); `load.place` turns places into lines and columns, and only for the diagnostics that are shown.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Severity(StrEnum):
    """How bad a finding is; an error stops the build, a warning does so under `--strict`."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    OFF = "off"


#: Every code with its default severity and one line of what it means; `docs/diagnostics.md` is compared with it.
CODES: dict[str, tuple[Severity, str]] = {
    "syntax": (Severity.ERROR, "The YAML or the Markdown cannot be read."),
    "encoding": (Severity.ERROR, "The file is not UTF-8."),
    "unreadable": (Severity.ERROR, "The file cannot be read, or is not a file."),
    "empty": (Severity.ERROR, "The file has nothing in it."),
    "duplicate-key": (Severity.ERROR, "A key stands twice in one mapping."),
    "alias": (Severity.ERROR, "YAML aliases expand beyond what any map needs, or contain themselves."),
    "unknown-key": (Severity.ERROR, "A key that the format does not have."),
    "unknown-variable": (Severity.NOTE, "A variable of the environment begins with `TOPICSITE_` and sets no key."),
    "type": (Severity.ERROR, "A value of the wrong kind: text where a list belongs, a word where a number does."),
    "value": (Severity.ERROR, "A value of the right kind that is not allowed."),
    "missing-key": (Severity.ERROR, "A key that must be there is not, or is empty."),
    "conflict": (Severity.ERROR, "One thing is said twice, with different values."),
    "missing-map": (Severity.ERROR, "A folder of maps without `map.yaml` or `map.md`."),
    "unknown-cluster": (Severity.ERROR, "A Markdown file lies in a folder that is no cluster of its map."),
    "stray-file": (Severity.ERROR, "A Markdown or YAML file lies where no page is made of it."),
    "unknown-reference": (Severity.ERROR, "A reference to an article, cluster, map or page that does not exist."),
    "ambiguous-reference": (Severity.ERROR, "A reference that fits more than one page."),
    "unknown-heading": (Severity.ERROR, "A reference to a heading that its page does not have."),
    "unknown-author": (Severity.ERROR, "An `author` that `site.yaml` does not list."),
    "unknown-theme": (Severity.ERROR, "A theme that is neither the site's nor bundled."),
    "theme": (Severity.ERROR, "A theme that cannot be used: its `theme.yaml`, an option or a template is wrong."),
    "url-collision": (Severity.ERROR, "Two things claim one URL."),
    "redirect": (Severity.ERROR, "A redirect that leads nowhere, or to itself."),
    "phrase-collision": (Severity.ERROR, "Two pages claim one phrase for links."),
    "entity-collision": (Severity.ERROR, "Two entities share a name or an alias."),
    "entity-conflict": (Severity.WARNING, "Two maps describe one entity differently."),
    "secret": (Severity.ERROR, "A deploy target of `site.yaml` holds what looks like a secret."),
    "unsafe-link": (
        Severity.ERROR,
        "A link or a picture with an address that pages do not take, such as `javascript:` or `//host`.",
    ),
    "missing-file": (Severity.ERROR, "A file that is named, such as a logo or a picture, does not exist."),
    "broken-link": (Severity.ERROR, "A link of a built page leads to a URL that the site does not have."),
    "broken-anchor": (Severity.ERROR, "A link of a built page leads to a heading or id that is not there."),
    "unwritten": (Severity.WARNING, "`status: published` without a text: the page counts as planned."),
    "figure": (Severity.WARNING, "A figure in the prose contradicts the map."),
    "unreachable": (Severity.WARNING, "No links lead from the home page to an indexed page."),
    "deep-page": (Severity.WARNING, "A page lies more clicks away from the home page than `links.max_depth`."),
    "orphan": (Severity.WARNING, "Nothing but lists and navigation leads to a page."),
    "few-inlinks": (Severity.WARNING, "A text has fewer links in prose from other pages than `links.min_inlinks`."),
    "anchor-share": (Severity.WARNING, "Too many of the links in prose to a text have the same words."),
    "weak-pillar": (Severity.WARNING, "An article has a higher link score than the pillar of its cluster."),
    "pillar-later": (Severity.NOTE, "Articles are published before the pillar of their cluster."),
    "many-outlinks": (Severity.WARNING, "A text links to more pages than `links.max_outlinks`."),
    "no-maps": (Severity.WARNING, "The site has no map."),
}


#: What must be mended: with less than an error, something that was written would be missing from the site.
FATAL = frozenset(
    {
        "alias", "conflict", "duplicate-key", "empty", "encoding", "missing-key", "missing-map", "syntax",
        "theme", "type", "unknown-theme", "unreadable", "url-collision", "value",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `file` is relative to the site's folder, with `/`, or a variable of the environment. `line` and `column` count from
    1; 0 means the whole file or line. `keys` and `text` are the place for `load.place`: keys and indices into the
    file's YAML, and a piece of the file's text that is looked for after it (a reference in a Markdown body). `hint`
    says what to write instead.
    """

    code: str
    message: str
    file: str = ""
    keys: tuple[str | int, ...] = ()
    text: str = ""
    hint: str = ""
    line: int = 0
    column: int = 0
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """`file:line:column: severity: message [code]`, then the hint on a line of its own."""
        where = self.file or "site"
        if self.line:
            where += f":{self.line}:{self.column or 1}"
        text = _visible(f"{where}: {self.severity}: {self.message} [{self.code}]")
        return f"{text}\n    {_visible(self.hint)}" if self.hint else text


def _visible(text: str) -> str:
    """Return text with what a terminal would not show, or would obey, as an escape: content may come from anybody."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def error(code: str, message: str, file: str = "", *keys: str | int, text: str = "", hint: str = "") -> Diagnostic:
    """Make a diagnostic of the code's default severity (most are errors)."""
    return Diagnostic(code, message, file, keys, text, hint, severity=CODES[code][0])


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the name most like `name`, or '' where none is near."""
    folded = {candidate.casefold(): candidate for candidate in sorted(names)}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


def did_you_mean(name: str, names: Iterable[str], *, otherwise: str = "") -> str:
    """Return the hint `did you mean 'x'?`, or `otherwise` where no name is near."""
    near = nearest(name, names)
    return f"did you mean '{near}'?" if near else otherwise


def with_severities(diagnostics: Iterable[Diagnostic], severities: Mapping[str, Severity]) -> list[Diagnostic]:
    """Apply the site's `checks:` severities; what is turned off is left out."""
    changed = (dataclasses.replace(d, severity=severities[d.code]) if d.code in severities else d for d in diagnostics)
    return [d for d in changed if d.severity is not Severity.OFF]


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return them without repetitions, sorted by file, place and code."""
    return sorted(set(diagnostics), key=lambda d: (d.file, d.line, d.column, d.code, d.message))


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Tell whether any of them stops a build."""
    return any(d.severity is Severity.ERROR for d in diagnostics)


def as_json(diagnostics: Sequence[Diagnostic]) -> str:
    """Return them as a JSON array of objects with the fields that `docs/diagnostics.md` lists."""
    fields = ("code", "severity", "file", "line", "column", "message", "hint")
    return json.dumps([{name: getattr(d, name) for name in fields} for d in diagnostics], ensure_ascii=False, indent=2)


def as_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Return GitHub workflow commands, one a line (docs.github.com: "Workflow commands for GitHub Actions")."""

    def escape(text: str, *, value: bool) -> str:
        text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        return text.replace(":", "%3A").replace(",", "%2C") if value else text

    lines = []
    for d in diagnostics:
        level = "notice" if d.severity is Severity.NOTE else str(d.severity)
        where = {"file": d.file, "line": d.line, "col": d.column, "title": d.code}
        properties = ",".join(f"{name}={escape(str(value), value=True)}" for name, value in where.items() if value)
        message = escape(f"{d.message} ({d.hint})" if d.hint else d.message, value=False)
        lines.append(f"::{level} {properties}::{message}")
    return "\n".join(lines)
