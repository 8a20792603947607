"""The data of `search: index`: titles, queries, headings, entities, questions and descriptions of all indexed pages.

Each unit makes its part where it is compiled (`part_of`), and a build puts the parts together (`search_files`), which
it does again only when a part is another. `search.json` is what the theme's script loads first, on first use:

    {"v": 1, "kinds": […], "all": "3f9a2c1b"}                          a small site: one file with all rows
    {"v": 1, "kinds": […], "rows": [["3f…", …], …], "words": {…}}      a large one: parts

A row is `[kind, title, url, where, description]`, `kind` being a place in `kinds`; in `all` it has a sixth value, the
query and after the end of a line the headings and entities. A file's name is `assets/search/<digest>.json`, so that
caches keep it for ever. `rows` has for each unit the files of its rows, `CHUNK` in each. `words` maps the first letters
of words to the file that has these words: `{word: [unit, "code code …", unit, "…"]}`, where a code is four times the
number of the row in its unit plus its weight (3 title, 2 query, 1 heading or entity, 0 description).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.files import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from builder.records import PageRecord
    from builder.urls import Urls

FOLDER = "assets/search"
START = "search.json"
KINDS = ("map", "cluster", "pillar", "article", "entity", "question", "page")
#: Up to so many bytes all rows are one file.
WHOLE = 200_000
#: The largest file of words, where more letters can part it.
LIMIT = 64_000
CHUNK = 64
_VERSION = 1
_DEEPEST = 5
_LETTERS = 160
_KIND = {kind: number for number, kind in enumerate(KINDS)}
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Part:
    """What a unit has to be found: its rows as JSON without the last bracket, their further words, its words' codes."""

    rows: tuple[str, ...]
    further: tuple[str, ...]
    words: dict[str, str]


_WORD = re.compile(r"[^\W_]+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")
#: Scripts that write no spaces between words: any two letters that follow each other stand for one.
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")


def words_of(text: str) -> list[str]:
    """Return the words of a text as they are searched: small letters without marks. `search.js` does the same."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(c for c in plain if not unicodedata.category(c).startswith("M")).replace("ß", "ss")
    made: list[str] = []
    for word in _WORD.findall(plain):
        end = 0
        for run in _UNSPACED.finditer(word):
            if word[end : run.start()]:
                made.append(word[end : run.start()])
            letters = run[0]
            made += [letters[i : i + 2] for i in range(len(letters) - 1)] or [letters]
            end = run.end()
        if word[end:]:
            made.append(word[end:])
    return made


def part_of(pages: Iterable[PageRecord], where: str, urls: Urls) -> Part:
    """Return the part of a unit; `where` is the title of its map, '' for pages that belong to none."""
    rows: list[str] = []
    further: list[str] = []
    codes: defaultdict[str, list[int]] = defaultdict(list)

    def add(kind: str, title: str, url: str, place: str, description: str, query: str = "", inside: str = "") -> None:
        row = 4 * len(rows)
        found: dict[str, int] = {}
        for weight, text in enumerate((description, inside, query, title), row):
            found.update(dict.fromkeys(words_of(text), weight))
        for word, code in found.items():
            codes[word].append(code)
        rows.append(_encode([_KIND[kind], title, url, place, description])[:-1])
        further.append(f"{query}\n{inside}")

    for page in pages:
        if not page.indexed:
            continue
        if page.kind in _KIND:
            inside = " ".join((*page.headings, *page.entities))
            url = urls.url(page.path)
            place = "" if page.kind == "map" else where
            add(page.kind, page.title, url, place, _short(page.description), page.query, inside)
        for question, anchor in page.questions:
            add("question", question, urls.url(page.path, anchor), where, "")
    return Part(tuple(rows), tuple(further), {word: " ".join(map(str, found)) for word, found in codes.items()})


def _short(text: str) -> str:
    """Return a text of at most `_LETTERS` letters, cut at a space where there is one."""
    plain = " ".join(text.split())
    if len(plain) <= _LETTERS:
        return plain
    return f"{plain[:_LETTERS].rpartition(' ')[0] or plain[:_LETTERS]}…"


def search_files(parts: Iterable[Part], whole: int = WHOLE, limit: int = LIMIT) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of all files of the index; one file of rows where `whole` bytes hold them.

    Of a part, which is looked at once, nothing is kept but its words and, up to `whole`, its rows.
    """
    start: dict[str, object] = {"v": _VERSION, "kinds": KINDS}
    size = 0
    few: list[Part] = []
    names: list[list[str]] = []
    found: defaultdict[str, bytearray] = defaultdict(bytearray)
    for number, part in enumerate(parts):
        for word, codes in part.words.items():
            found[word] += f',{number},"{codes}"'.encode()
        size += sum(len(row) for row in (*part.rows, *part.further))
        few.append(part)
        if size > whole:
            for kept in few:
                own = []
                for name, data in _row_files(kept):
                    yield f"{FOLDER}/{name}.json", data
                    own.append(name)
                names.append(own)
            few.clear()
    if size <= whole:
        rows = [f"{row},{_encode(more)}]" for part in few for row, more in zip(part.rows, part.further, strict=True)]
        name, data = _file("[" + ",\n".join(rows) + "]\n")
        yield f"{FOLDER}/{name}.json", data
        start["all"] = name
    else:
        start["rows"] = names
        words: dict[str, str] = {}
        for letters, entries in _parted("", sorted(found), found, limit):
            name, data = _file("{" + ",\n".join(entries) + "}\n")
            yield f"{FOLDER}/{name}.json", data
            words[letters] = name
        start["chunk"], start["words"] = CHUNK, words
    yield START, f"{_encode(start)}\n".encode()


def _row_files(part: Part) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a unit's rows."""
    for first in range(0, len(part.rows), CHUNK):
        yield _file("[" + ",\n".join(f"{row}]" for row in part.rows[first : first + CHUNK]) + "]\n")


def _file(text: str) -> tuple[str, bytes]:
    data = text.encode()
    return digest(data)[:10], data


def _member(word: str, codes: bytearray) -> str:
    """Return a word with its codes in all parts as a member of a JSON object."""
    return f"{_encode(word)}:[{codes[1:].decode()}]"


def _parted(
    letters: str, own: list[str], found: Mapping[str, bytearray], limit: int
) -> Iterator[tuple[str, list[str]]]:
    """Yield the first letters and the members of each file of those words that begin with some letters.

    What is too large for one file is parted by a further letter; words that end before it stay together.
    """
    depth = len(letters)
    if depth:
        members = [_member(word, found[word]) for word in own]
        if depth == _DEEPEST or sum(map(len, members)) <= limit:
            yield letters, members
            return
    groups: dict[str, list[str]] = {}
    for word in own:
        groups.setdefault(word[: depth + 1], []).append(word)
    ended = groups.pop(letters, [])
    if ended:
        yield letters, [_member(word, found[word]) for word in ended]
    for further, group in groups.items():
        yield from _parted(further, group, found, limit)
