"""Where a text names something: the boundaries and the case of names.

A name is not found inside a longer one: `-`, `.`, `+`, `#`, `/`, `&` and `@` between letters or digits belong to the
word, so Flask is not in Flask-Login and C is not in C++. Scripts that write no spaces have no such boundary, but a
katakana word ends where the katakana do.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KATAKANA = re.compile(r"[\u30a0-\u30ff]")
_JOINERS = "-./+#@&"


@lru_cache(maxsize=4096)
def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM" or character == "_"


def is_bounded(text: str, start: int, end: int) -> bool:
    """Tell whether `text[start:end]` stands there as a whole name."""
    return (start == 0 or _is_edge(text, start - 1, text[start], -1)) and (
        end >= len(text) or _is_edge(text, end, text[end - 1], 1)
    )


def _is_edge(text: str, at: int, edge: str, side: int) -> bool:
    """Tell whether a name whose last character on this side is `edge` may stop before the character at `at`."""
    beside = text[at]
    if beside == " ":
        return True
    if side > 0 and unicodedata.combining(beside):
        return False
    if _UNSPACED.match(beside) or _UNSPACED.match(edge):
        return not (_KATAKANA.match(beside) and _KATAKANA.match(edge))
    if _is_word(beside):
        return False
    if side > 0 and beside in "+#":
        return False
    if beside in _JOINERS:
        further = at + side
        return not (0 <= further < len(text) and _is_word(text[further]))
    return True


@lru_cache(maxsize=4096)
def is_cased(word: str) -> bool:
    """Tell whether a word's case belongs to it: all capitals, or a capital after the first letter (AWS, GraphQL, C)."""
    letters = [character for character in word if character.isalpha()]
    if not letters:
        return False
    return any(character.isupper() for character in letters[1:]) or (len(letters) == 1 and letters[0].isupper())


def fold(text: str, language: str = "") -> str:
    """Return text without case, of the same length: positions stay. Turkish and Azeri keep their two i apart."""
    if text.isascii() and not language.startswith(("tr", "az")):
        return text.lower()
    if language.startswith(("tr", "az")):
        text = text.replace("I", "ı").replace("İ", "i")
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c if len(c.lower()) != 1 else c.lower() for c in text.replace("İ", "i"))


@lru_cache(maxsize=4096)
def keeps_case(name: str, written: str) -> bool:
    """Tell whether a text writes a name with the capitals that belong to it.

    Words such as AWS and GraphQL must be written so; of a name that is one short word (Go), its capital too.
    """
    if name == written:
        return True
    words = name.split()
    if len(words) == 1 and len(name) <= 3:  # noqa: PLR2004 - "go" and "r" are words of the language
        return False
    theirs = written.split()
    if len(words) != len(theirs):
        return not any(is_cased(word) for word in words)
    return all(not is_cased(ours) or ours == other for ours, other in zip(words, theirs, strict=True))


def first_mention(text: str, names: Iterable[str], folded: str | None = None) -> int:
    """Return the position of the first mention of any of the names in a text, or -1; `folded` is the folded text."""
    best = -1
    haystack = fold(text) if folded is None else folded
    for name in names:
        needle = fold(name)
        at = haystack.find(needle) if needle else -1
        while at >= 0 and (best < 0 or at < best):
            end = at + len(needle)
            if is_bounded(text, at, end) and keeps_case(name, text[at:end]):
                best = at
                break
            at = haystack.find(needle, at + 1)
    return best
