"""Links as values: what the stages hand on and the reports list."""

from __future__ import annotations

from typing import NamedTuple


class Link(NamedTuple):
    """One `<a>` from a page of the site to a page of the site.

    `source` and `target` are paths; `rule` is a rule of docs/links.md; `reason` says why this target; `sentence` is the
    prose around a link in prose, else ''.
    """

    source: str
    target: str
    anchor: str
    rule: str
    reason: str = ""
    sentence: str = ""


class Splice(NamedTuple):
    """A replacement of `start:end` of a body's HTML."""

    start: int
    end: int
    html: str


def spliced(made: str, splices: list[Splice]) -> str:
    """Return HTML with its replacements made; they must not overlap."""
    pieces: list[str] = []
    position = 0
    for start, end, replacement in sorted(splices):
        pieces.append(made[position:start])
        pieces.append(replacement)
        position = end
    pieces.append(made[position:])
    return "".join(pieces)
