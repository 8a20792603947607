"""Sentences of plain text: where they begin and end, and which one names something.

A text is read a line at a time (`Body.text` has a line for each block), and never further than a question needs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: After these the full stop does not end a sentence.
_ABBREVIATIONS = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|ca|Dr|Mr|Mrs|Ms|St|No|Fig|approx|bzw|z\.B|d\.h|p\.ej|M)|\b[A-Z])\.\Z"
)
#: Characters of the longest of them, and the full stop.
_LONGEST = 7
#: As many letters before a full stop are the end of a word, which most are; of abbreviations only of this one.
_TAIL = 4
_LONG_ABBREVIATION = "prox"
#: It begins with one set of characters, for which `re` looks ten times as fast as for three alternatives.
_END = re.compile(r"[.!?…。！？\n](?:(?<=[.!?…])[.!?…]*[\"'”’)\]»]*\s+|(?<=[。！？])[。！？]*[」』）]*\s*|(?<=\n)\n*)")


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each sentence of a text; together they cover it."""
    start = 0
    for end in _END.finditer(text):
        stop = end.end()
        if _goes_on(text, start, end.start(), stop):
            continue
        yield start, stop
        start = stop
    if start < len(text):
        yield start, len(text)


def sentence_at(text: str, position: int) -> str:
    """Return the sentence of a text that holds a position."""
    first = text.rfind("\n", 0, position) + 1
    last = text.find("\n", position)
    line = text[first : last if last >= 0 else len(text)]
    start, at = 0, position - first
    for end in _END.finditer(line):
        stop = end.end()
        if _goes_on(line, start, end.start(), stop):
            continue
        if at < stop:
            return line[start:stop].strip()
        start = stop
    return line[start:].strip()


def _goes_on(text: str, start: int, dot: int, stop: int) -> bool:
    """Tell whether a sentence from `start` goes on after the mark at `dot`, behind which the next word is at `stop`."""
    if text[dot] != ".":
        return False
    if stop < len(text) and text[stop].islower():
        return True
    tail = text[max(0, dot - _TAIL) : dot]
    if len(tail) == _TAIL and tail.isalnum() and tail != _LONG_ABBREVIATION:
        return False  # an expression takes longer to find none
    return _ABBREVIATIONS.search(text, max(start, dot - _LONGEST), dot + 1) is not None
