"""The phrases that prose may link: titles, queries and aliases of published pages, names and aliases of entities.

A phrase belongs to one target. Two articles of one map that claim the same phrase compete for it in search as well, so
that is an error; between maps each map's own article goes first, and an article goes before an entity of the same name.
"""

from __future__ import annotations

import sys
from array import array
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from builder.body import vocabulary
from builder.diagnostics import Diagnostic, error
from builder.link.names import fold
from builder.load import shorten
from builder.model import PRIORITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from builder.atlas import Atlas, MapSlice, Target
    from builder.model import ItemInterface, MapInterface

#: Characters; shorter phrases are linked only where they are written with capitals (see `names.keeps_case`).
MIN_LENGTH = 2


class Phrase(NamedTuple):
    """A phrase and the page that it links to. `what` is title, query, alias or name."""

    text: str
    what: str
    key: str
    path: str
    title: str
    kind: str
    map: str
    cluster: str
    priority: str
    slug: str

    def rank(self, map_slug: str, cluster: str) -> tuple[int, int, int, int, int, str]:
        """Return the place of the target among several, for a page of a map and cluster; the least goes first.

        Own cluster, own map, pages before entities, pillars, priority, slug.
        """
        own_map = self.map == map_slug
        return (
            0 if own_map and cluster and self.cluster == cluster else 1,
            0 if own_map or self.kind == "entity" else 1,
            1 if self.kind == "entity" else 0,
            0 if self.kind == "pillar" else 1,
            PRIORITIES.index(self.priority) if self.priority else len(PRIORITIES),
            self.slug,
        )


def phrases_of(atlas: Atlas) -> list[Phrase]:
    """Return every phrase of the site, sorted; only pages that prose may link to have any."""
    made: list[Phrase] = []
    for target in atlas.targets.values():
        if target.indexed and target.path and target.kind in {"article", "pillar", "page", "map"}:
            made += _of_target(target)
    for entity in atlas.entities.values():
        target = atlas.targets[f"entity:{entity.slug}"]
        names = [(entity.name, "name"), *((alias, "alias") for alias in entity.aliases)]
        made += [_phrase(target, text, what) for text, what in names if len(text) >= MIN_LENGTH or text.isupper()]
    return sorted(set(made))


def _of_target(target: Target) -> Iterator[Phrase]:
    seen: set[str] = set()
    for text, what in ((target.title, "title"), (target.query, "query"), *((a, "alias") for a in target.aliases)):
        folded = fold(" ".join(text.split()))
        if len(folded) >= MIN_LENGTH and folded not in seen:
            seen.add(folded)
            yield _phrase(target, " ".join(text.split()), what)


def _phrase(target: Target, text: str, what: str) -> Phrase:
    return Phrase(
        text, what, target.key, target.path, target.title, target.kind, target.map, target.cluster, target.priority,
        target.slug,
    )  # fmt: skip


def claims(unit: MapInterface) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each phrase that two articles of a map claim; retired ones claim nothing."""
    taken: dict[str, tuple[ItemInterface, str]] = {}
    for item in unit.items:
        if item.status == "retired":
            continue
        own: set[str] = set()
        for text, what in _claimed(item):
            folded = fold(" ".join(text.split()))
            if not folded or folded in own:
                continue
            own.add(folded)
            other = taken.setdefault(folded, (item, what))
            if other[0] is not item:
                message = (
                    f"'{shorten(text)}' is the {what} of '{shorten(item.title)}' and the {other[1]} of"
                    f" '{shorten(other[0].title)}'"
                )
                hint = "give one of them another phrase: two pages for one search compete with each other"
                file, keys = item.at("aliases" if what == "alias" else what)
                yield error("phrase-collision", message, file, *keys, hint=hint)


def _claimed(item: ItemInterface) -> Iterable[tuple[str, str]]:
    yield item.title, "title"
    if item.query:
        yield item.query, "query"
    for alias in item.aliases:
        yield alias, "alias"


#: All phrases of a site, each with the words that a text must have to hold it.
Table: TypeAlias = list[tuple[tuple[str, ...], tuple[str, ...]]]


class PhraseIndex:
    """Finds for many maps the phrases that can occur in their texts: those whose words a map has, all of them.

    Maps and phrases grow together, so not even the comparison of every map with every phrase may cost much. A word is a
    row of bits, one for each map of a block, and the maps of a phrase are the conjunction of its words' rows.
    """

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        """Number the words of some phrases, and put those of many words first."""
        import numpy as np  # noqa: PLC0415 - 80 ms, and most rebuilds ask for no phrases

        made = [(tuple(sorted(map(sys.intern, vocabulary(phrase.text)))), phrase) for phrase in phrases]
        self.phrases = sorted(made, key=lambda row: -len(row[0]))
        self.numbers: dict[str, int] = {}
        columns: list[array[int]] = [array("i") for _ in (self.phrases[0][0] if self.phrases else ())]
        for words, _ in self.phrases:
            for column, word in zip(columns, words, strict=False):
                column.append(self.numbers.setdefault(word, len(self.numbers)))
        # the n-th has the n-th words of those phrases that have so many
        self.columns = [np.frombuffer(column, dtype=np.int32) for column in columns]

    @property
    def table(self) -> Table:
        """The phrases as plain values, for `phrases_among`."""
        return [(words, tuple(phrase)) for words, phrase in self.phrases]

    def for_maps(self, vocabularies: Iterable[Iterable[str]]) -> Iterator[list[Phrase]]:
        """Yield for each of some vocabularies the phrases whose words it has."""
        known = (self._known(words) for words in vocabularies)
        while block := list(islice(known, _BLOCK)):
            yield from ([self.phrases[at][1] for at in found] for found in self._block(block))

    def _known(self, words: Iterable[str]) -> array[int]:
        """Return the numbers of those words that phrases have."""
        return array("i", [number for word in words if (number := self.numbers.get(word)) is not None])

    def _block(self, maps: Sequence[array[int]]) -> list[list[int]]:
        """Return for the words of each map the places of its phrases."""
        import numpy as np  # noqa: PLC0415

        width = -(-len(maps) // 64)
        bits = np.zeros((len(self.numbers), width), dtype="<u8")
        for number, words in enumerate(maps):
            bits[np.frombuffer(words, dtype=np.int32), number // 64] |= np.uint64(1 << number % 64)
        found: list[list[int]] = [[] for _ in maps]
        step = max(1, _CELLS // width)
        for start in range(0, len(self.columns[0]) if self.columns else 0, step):
            shared = bits[self.columns[0][start : start + step]]
            for column in self.columns[1:]:
                further = column[start : start + step]
                shared[: len(further)] &= bits[further]
            at, cell = np.nonzero(shared)
            hit, bit = np.nonzero(
                np.unpackbits(shared[at, cell].view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
            )
            for number, place in zip((cell[hit] * 64 + bit).tolist(), (at[hit] + start).tolist(), strict=True):
                found[number].append(place)
        return found


#: Maps that are compared at once, and 64-bit cells of a piece of the comparison (8 MB).
_BLOCK = 4096
_CELLS = 1 << 20


def phrases_among(table: Table, words: frozenset[str]) -> list[Phrase]:
    """Return the same as `PhraseIndex.for_maps`, for one map alone."""
    return [Phrase._make(phrase) for needed, phrase in table if needed and words.issuperset(needed)]


def in_order(found: Iterable[Phrase], sliced: MapSlice) -> tuple[Phrase, ...]:
    """Return the phrases that a map's texts are searched for, sorted.

    Of entities only those that the map names: that a text has the word does not make it about the thing.
    """
    named = {f"entity:{entry.slug}" for entry in sliced.entities.values()}
    kept = [phrase for phrase in found if phrase.kind != "entity" or phrase.key in named]
    return tuple(sorted(kept, key=lambda phrase: (phrase.map != sliced.slug, phrase)))
