"""The phrases that prose may link: titles, queries and aliases of published pages, names and aliases of entities.

A phrase belongs to one target. Two articles of one map that claim the same phrase compete for it in search as well, so
that is an error; between maps each map's own article goes first, and an article goes before an entity of the same name.
"""

from __future__ import annotations

import sys
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from builder.body import vocabulary
from builder.diagnostics import Diagnostic, error
from builder.link.names import fold
from builder.load import shorten
from builder.model import PRIORITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from builder.atlas import Atlas, Target
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
    """Finds the phrases that can occur in a text of a given vocabulary: those whose words it has, all of them.

    Every map asks, so no map may look at every phrase. The words of all phrases are numbered, the rarest first, and the
    phrases stand in the order of their rarest word: a map looks at those of its own words alone, and of these only at
    the next two words, before it compares texts.
    """

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        """Number the words of some phrases."""
        import numpy as np  # noqa: PLC0415 - 80 ms, and most rebuilds ask for no phrases

        self.phrases = [tuple(phrase) for phrase in phrases]
        self.needed = [tuple(sorted(map(sys.intern, vocabulary(phrase[0])))) for phrase in self.phrases]
        counts = Counter(chain.from_iterable(self.needed))
        ranked = sorted(counts, key=lambda word: (counts[word], word))
        self.numbers = {word: number for number, word in enumerate(ranked)}
        self.none = len(ranked)  # stands for no further word
        rows = np.full((_ROW, len(self.phrases)), self.none, dtype=np.int32)
        for at, words in enumerate(self.needed):
            rarest = sorted(map(self.numbers.__getitem__, words))[:_ROW]
            rows[: len(rarest), at] = rarest
        self.order = np.argsort(rows[0], kind="stable")
        first, *self.further = (row[self.order] for row in rows)
        self.starts = np.searchsorted(first, np.arange(self.none + 1))

    @property
    def table(self) -> Table:
        """The phrases as plain values, for `phrases_among`."""
        return list(zip(self.needed, self.phrases, strict=True))

    def for_map(self, words: frozenset[str], map_slug: str, entities: Iterable[str]) -> tuple[Phrase, ...]:
        """Return the phrases that a map with these words can contain, sorted.

        Of entities only those that the map names (`entities`, their keys): that a text has the word does not make it
        about the thing.
        """
        import numpy as np  # noqa: PLC0415

        own = np.array([number for word in words if (number := self.numbers.get(word)) is not None], dtype=np.intp)
        has = np.zeros(self.none + 1, dtype=bool)
        has[own] = has[self.none] = True
        starts = self.starts[own]
        counts = self.starts[own + 1] - starts
        likely = np.repeat(starts - counts.cumsum() + counts, counts) + np.arange(counts.sum())
        for row in self.further:
            likely = likely[has[row[likely]]]
        found = [
            Phrase._make(self.phrases[at])
            for at in self.order[likely].tolist()
            if len(self.needed[at]) <= _ROW or words.issuperset(self.needed[at])
        ]
        return _in_order(found, map_slug, entities)


#: Words of a phrase that are looked up by their numbers.
_ROW = 4


def phrases_among(table: Table, words: frozenset[str], map_slug: str, entities: Iterable[str]) -> tuple[Phrase, ...]:
    """Return the same as `PhraseIndex.for_map`, for one map alone."""
    found = [Phrase(*phrase) for needed, phrase in table if needed and words.issuperset(needed)]
    return _in_order(found, map_slug, entities)


def _in_order(found: Iterable[Phrase], map_slug: str, entities: Iterable[str]) -> tuple[Phrase, ...]:
    named = set(entities)
    kept = [phrase for phrase in found if phrase.kind != "entity" or phrase.key in named]
    return tuple(sorted(kept, key=lambda phrase: (phrase.map != map_slug, phrase)))
