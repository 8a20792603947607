"""Prose → candidates: where on a page a phrase stands in which a link could be made.

The automaton is `ahocorasick_rs`: 5,000 phrases in a text of 800 words take it 0.02 ms, a regular expression of as many
alternatives 40 times that. It knows no words, so boundaries and case are checked here, on its overlapping matches.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import ahocorasick_rs

from builder.link.names import fold, is_bounded, keeps_case
from builder.link.sentences import spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.body import Body, Run
    from builder.link.phrases import Phrase


class Candidate(NamedTuple):
    """A place for a link: the phrase, the text of the page (`name`) and the region of its HTML, the sentence.

    `sentence` numbers the sentences of the page that have candidates; `anchor` and `context` are text, not HTML.
    """

    phrase: Phrase
    name: str
    start: int
    end: int
    sentence: int
    anchor: str
    context: str


@dataclass(frozen=True, slots=True)
class Prose:
    """The texts of one page in which links may be made, in the order in which a reader meets them.

    `linked` are the keys of the targets that the author already links from the page; `never` and `prefer` those that
    the author forbids and prefers.
    """

    path: str
    key: str
    cluster: str
    texts: tuple[tuple[str, Body], ...]
    linked: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    prefer: frozenset[str] = frozenset()

    @property
    def words(self) -> int:
        """Words of all the texts."""
        return sum(body.words for _, body in self.texts)


class Matcher:
    """Finds phrases in prose; made once for each map and language."""

    def __init__(self, phrases: Sequence[Phrase], language: str = "") -> None:
        self.language = language
        self.by_text: dict[str, list[Phrase]] = {}
        for phrase in phrases:
            self.by_text.setdefault(fold(phrase.text, language), []).append(phrase)
        self.texts = list(self.by_text)
        self.automaton = ahocorasick_rs.AhoCorasick(self.texts) if self.texts else None

    def candidates(self, page: Prose, map_slug: str) -> list[Candidate]:
        """Return the candidates of a page in reading order: at each place the longest phrase, by rank its target."""
        found: list[Candidate] = []
        sentence = 0
        for name, body in page.texts:
            sentence = self._text(page, name, body, map_slug, sentence, found)
        return found

    def _text(self, page: Prose, name: str, body: Body, map_slug: str, sentence: int, found: list[Candidate]) -> int:
        hits = self._lines(body)
        lines = body.text.split("\n") if hits else []
        for line, runs in body.blocks(hits):
            if not any(run.free for run in runs):
                continue
            text, offsets = _joined(body.html, runs)
            # A line has white space as readers see it; in few blocks that differs from what stands in the HTML.
            matches = hits[line] if text == lines[line] and body.text.isascii() else self._matches(text)
            sentences = spans(text)  # as far as there is something to link
            first = last = 0
            context = ""
            taken = -1
            for index, start, end in matches:
                if start < taken:
                    continue
                phrase = self._phrase(self.texts[index], text[start:end], page, map_slug)
                region = _region(body.html, runs, offsets, start, end) if phrase else None
                if phrase is None or region is None:
                    continue
                taken = end
                if start >= last:
                    while start >= last:
                        first, last = next(sentences)
                    context = " ".join(text[first:last].split())
                    sentence += 1
                found.append(Candidate(phrase, name, *region, sentence, text[start:end], context))
        return sentence

    def _matches(self, text: str) -> list[tuple[int, int, int]]:
        """Return where phrases stand in a text as whole names: which, start, end; in order, the longest first."""
        if self.automaton is None:
            return []
        found = self.automaton.find_matches_as_indexes(fold(text, self.language), overlapping=True)
        found.sort(key=_in_order)
        return [match for match in found if is_bounded(text, match[1], match[2])]

    def _lines(self, body: Body) -> dict[int, list[tuple[int, int, int]]]:
        """Return the numbers of the lines of a body's text, a block each, in which phrases stand, and where in them."""
        lines: dict[int, list[tuple[int, int, int]]] = {}
        line = first = read = 0  # the line, where it begins, how far line ends were counted
        for index, start, end in self._matches(body.text):
            ends = body.text.count("\n", read, start)
            if ends:
                line += ends
                first = body.text.rfind("\n", read, start) + 1
            read = start
            lines.setdefault(line, []).append((index, start - first, end - first))
        return lines

    def _phrase(self, folded: str, written: str, page: Prose, map_slug: str) -> Phrase | None:
        """Return the phrase that a piece of text stands for on a page, of several targets the first by rank."""
        fitting = [
            phrase
            for phrase in self.by_text[folded]
            if phrase.key != page.key
            and phrase.path != page.path
            and phrase.key not in page.linked
            and phrase.key not in page.never
            and keeps_case(phrase.text, written)
        ]
        if len(fitting) < 2:  # noqa: PLR2004 - nothing to choose
            return fitting[0] if fitting else None
        return min(fitting, key=lambda phrase: (phrase.key not in page.prefer, phrase.rank(map_slug, page.cluster)))


def _in_order(match: tuple[int, int, int]) -> tuple[int, int]:
    return match[1], -match[2]


def _joined(made: str, runs: list[Run]) -> tuple[str, list[int]]:
    """Return the text of a block and where in it each run begins."""
    pieces = []
    offsets = []
    position = 0
    for run in runs:
        piece = made[run.start : run.end]
        if "&" in piece:
            piece = html.unescape(piece)
        if "\n" in piece:
            piece = piece.replace("\n", " ")
        pieces.append(piece)
        offsets.append(position)
        position += len(piece)
    return "".join(pieces), offsets


def _region(made: str, runs: list[Run], offsets: list[int], start: int, end: int) -> tuple[int, int] | None:
    """Return the region of the HTML of a piece of a block's text, None unless one free run holds it."""
    index = bisect_right(offsets, start) - 1
    run = runs[index]
    stop = offsets[index + 1] if index + 1 < len(offsets) else None
    if not run.free or (stop is not None and end > stop):
        return None
    first, last = start - offsets[index], end - offsets[index]
    piece = made[run.start : run.end]
    if "&" not in piece:
        return run.start + first, run.start + last
    places = _html_offsets(piece)
    return run.start + places[first], run.start + places[last]


_REFERENCE = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|\w+);?")


@lru_cache(maxsize=2)  # for all the matches of one run
def _html_offsets(piece: str) -> list[int]:
    """Return the position in some HTML text of each character of its unescaped text, and of its end."""
    places: list[int] = []
    position = 0
    for found in _REFERENCE.finditer(piece):
        plain = html.unescape(found[0])
        if plain != found[0]:
            places += range(position, found.start())
            places += [found.start()] + [found.end()] * (len(plain) - 1)
            position = found.end()
    return [*places, *range(position, len(piece) + 1)]
