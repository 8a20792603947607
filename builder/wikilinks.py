"""`[[…]]` in Markdown as its author wrote it, and where Markdown has code, in which it means nothing."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: A label has an end: looked for in the whole text after each `[[`, it would take time by the square of its length.
WIKI = re.compile(r"\[\[([^\[\]|<>\n]{1,400})(?:\|((?:(?!\]\]).){0,400}))?\]\]")
#: What code in Markdown may begin or end with: backticks, and tildes at the beginning of a line.
_TICKS = re.compile(r"`+|^~{3,}", re.MULTILINE)
_FENCE = 3
#: What holds indented text that is not code: items of lists, notes, definitions, admonitions.
_HOLDS = re.compile(r"(?:[-*+]|\d+[.)])\s|\[\^[^\]]+\]:|:\s|!!!|\?\?\?")


def convert_refs(source: str, replace: Callable[[re.Match[str]], str]) -> str:
    """Return Markdown with its `[[…]]` replaced, those in code left alone. For Markdown twins."""
    if "[[" not in source:
        return source
    code = indented_code(source)
    if "`" not in source and "~~~" not in source and not code:
        return WIKI.sub(replace, source)

    made, position = [], 0
    for start, end in sorted([*code, *_code_in(source, code)]):
        if end > position:
            made += [WIKI.sub(replace, source[position:start]), source[max(start, position) : end]]
            position = end
    return "".join([*made, WIKI.sub(replace, source[position:])])


def _code_in(source: str, indented: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield where code stands in Markdown: from a fence to the next that is as long, from backticks to as many.

    Ticks in indented code are none of these. Each run of ticks is looked at a few times, however many there are.
    """
    starts = [start for start, _ in indented]

    def is_indented(place: int) -> bool:
        index = bisect_right(starts, place)
        return index > 0 and place < indented[index - 1][1]

    runs = [(found.start(), found.end(), found[0]) for found in _TICKS.finditer(source)]
    runs = [run for run in runs if not is_indented(run[0])]
    fences = [len(run) >= _FENCE and source[start - 1 : start] in {"", "\n"} for start, _, run in runs]
    same: dict[str, list[int]] = {}  # the runs of one length, the last one first
    longest = [("", "")]  # the longest fences of either kind after each run
    for index in range(len(runs) - 1, -1, -1):
        run = runs[index][2]
        same.setdefault(run, []).append(index)
        ticks, tildes = longest[-1]
        longer = fences[index] and len(run) > len(ticks if run[0] == "`" else tildes)
        longest.append((run if longer and run[0] == "`" else ticks, run if longer and run[0] == "~" else tildes))
    longest.reverse()
    index = 0
    while index < len(runs):
        start, _, run = runs[index]
        last = index
        if fences[index] and len(longest[index + 1][run[0] == "~"]) >= len(run):
            last = next(i for i in range(index + 1, len(runs)) if fences[i] and runs[i][2].startswith(run))
        elif run[0] == "`":
            others = same[run]
            while others and others[-1] <= index:
                others.pop()
            last = others[-1] if others else index
        if last > index:
            yield start, runs[last][1]
        index = last + 1


def indented_code(source: str) -> list[tuple[int, int]]:
    """Return where a Markdown text has blocks of code by indentation, as starts and ends.

    Code is indented by four columns after a blank line, or by eight inside what holds indented text.
    """
    found: list[tuple[int, int]] = []
    if "    " not in source and "\t" not in source:
        return found
    at, blank, held, inside = 0, True, False, False
    for line in source.splitlines(keepends=True):
        expanded = line.expandtabs(4)
        text = expanded.strip()
        depth = len(expanded) - len(expanded.lstrip(" "))
        if text:
            inside = depth >= (8 if held else 4) and (blank or inside)
            if inside:
                found.append((at, at + len(line)))
            elif depth < 4:  # noqa: PLR2004 - columns that make a line code
                held = bool(_HOLDS.match(text)) or (held and (depth > 0 or not blank))
        blank = not text
        at += len(line)
    return found
