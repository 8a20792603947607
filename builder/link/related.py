"""How related pages of a map are, from their texts and entities: TF-IDF cosine, with a bonus for shared entities.

The score of two pages is the cosine of their TF-IDF vectors (Salton and Buckley 1988; each page's heaviest terms only,
so that 10,000 pages stay cheap), plus a bonus for each entity that both list, and one for a pillar. It depends on
nothing outside the map.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, repeat
from operator import mul
from typing import TYPE_CHECKING

from builder.link.names import fold
from builder.memory import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from builder.memory import Recall
    from builder.model import ArticleDef

#: Terms that stand for a page, and the weight of words that its author chose for it over words of its text.
TERMS = 30
CHOSEN = 4
_GUESS = 0.9
ENTITY_BONUS = 0.08
#: A pillar is where a reader from another cluster should arrive, so it goes before an article that fits as well.
PILLAR_BONUS = 0.05
_TERM = re.compile(r"(?<![\w-])[^\W\d_][\w-]{2,}")
#: As in `body.vocabulary`: faster than the expression by far, for ASCII text.
_NO_TERM = {i: " " for i in range(128) if not (chr(i).isalnum() or chr(i) in "_-")}
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]{2,}")


@dataclass(frozen=True, slots=True)
class Relations:
    """The related pages of each page, by key, the most related first; and why, which few of them are asked for."""

    pages: Mapping[str, Sequence[str]] = field(default_factory=dict)
    vectors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    entities: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def reason(self, key: str, other: str) -> str:
        """Return the entities and the heaviest terms that two pages share, as text."""
        ours, theirs = self.vectors[key], self.vectors[other]
        shared = sorted((-ours[term] * theirs[term], term) for term in ours.keys() & theirs.keys())
        named = self.entities.get(other, ())
        names = [name for name in self.entities.get(key, ()) if name in named]
        return ", ".join([*names[:3], *(term for _, term in shared[:4])])


class _Damped(dict[int, float]):
    """The weight of a term by how often a page has it."""

    def __missing__(self, count: int) -> float:
        """Make it the first time it is asked for."""
        made = self[count] = 1 + math.log(count)
        return made


def terms(folded: str) -> Counter[str]:
    """Count the words of folded text, among them its terms (`_is_term`); of scripts without spaces, pairs of signs."""
    if folded.isascii():
        return Counter(folded.translate(_NO_TERM).split())
    counted: Counter[str] = Counter()
    for run in _UNSPACED.findall(folded):
        counted.update(run[i : i + 2] for i in range(len(run) - 1))
    counted.update(_TERM.findall(_UNSPACED.sub(" ", folded)))
    return counted


def _is_term(word: str) -> bool:
    """Tell whether a word that `terms` counted stands for anything: three characters and more, the first a letter."""
    return (len(word) > 2 and word >= "a") or not word.isascii()  # noqa: PLR2004 - three letters


def terms_of(item: ArticleDef) -> Counter[str]:
    """Count the words of an article; those of title, query and sections count as often as `CHOSEN`."""
    counted = terms(fold(item.body.text))
    chosen = fold(" ".join((item.title, item.query, *item.sections, item.description.source)))
    for word, count in terms(chosen).items():
        counted[word] = counted.get(word, 0) + CHOSEN * count
    return counted


def related_pages(
    counts: Mapping[str, Counter[str]],
    entities: Mapping[str, Sequence[str]],
    most: int,
    pillars: frozenset[str] = frozenset(),
    wanted: Iterable[str] | None = None,
    recall: Recall = NOTHING,
) -> Relations:
    """Return for each page its related pages, at most `most`.

    `recall` has the vectors that were made last.

    `counts` are the words by page key, `entities` the names of the entities that a page lists, `pillars` the keys of
    the pages that are hubs, `wanted` those of the pages whose related ones are asked for.
    """
    vectors = _vectors(counts, recall)
    postings: dict[str, list[tuple[str, float]]] = {}
    for key in sorted(vectors):
        for term, weight in vectors[key].items():
            postings.setdefault(term, []).append((key, weight))
    holders: dict[str, list[str]] = {}
    for key in sorted(entities):
        for name in entities[key]:
            holders.setdefault(name, []).append(key)
    crowd = max(8, len(counts) // 5)
    made: dict[str, list[str]] = {}
    for key in counts if wanted is None else [key for key in wanted if key in counts]:
        vector = vectors[key]
        scores: dict[str, float] = {}
        for term, weight in vector.items():
            for other, theirs in postings[term]:
                scores[other] = scores.get(other, 0.0) + weight * theirs
        for name in entities.get(key, ()):
            if len(holders[name]) <= crowd:
                for other in holders[name]:
                    scores[other] = scores.get(other, 0.0) + ENTITY_BONUS
        scores.pop(key, None)
        for hub in pillars & scores.keys():
            scores[hub] += PILLAR_BONUS
        best = sorted([(-round(score, 6), other) for other, score in scores.items() if other in vectors])
        made[key] = [other for _, other in best[:most]]
    return Relations(made, vectors, entities)


def _vectors(counts: Mapping[str, Counter[str]], recall: Recall = NOTHING) -> dict[str, dict[str, float]]:
    """Return each page's heaviest terms with their weights, of length 1. A term on one page only relates nothing."""
    frequency = Counter(chain.from_iterable(counts.values()))
    pages = len(counts)
    rare = [0.0, *(math.log(pages / count) for count in range(1, pages + 1))]
    rarity = {term: rare[count] for term, count in frequency.items() if 1 < count < pages and _is_term(term)}
    damped = _Damped()
    last = recall.before("vectors", "")
    known, old = last or ({}, {})  # what the vectors were made of, and the rarity of the terms then
    changed = {term for term, _ in rarity.items() ^ old.items()} if known else set()
    made = {}
    least = 0.0  # a guess at what a page's heaviest terms weigh: somewhat less than those of the page before
    for key, counted in counts.items():
        if key in known and known[key][0] is counted and changed.isdisjoint(counted):
            made[key] = known[key][1]
            continue
        weights = list(map(mul, map(damped.__getitem__, counted.values()), map(rarity.get, counted, repeat(0.0))))
        likely = [(-weight, term) for term, weight in zip(counted, weights, strict=True) if weight > least]
        if len(likely) < TERMS:
            likely = [(-weight, term) for term, weight in zip(counted, weights, strict=True) if weight]
        heaviest = sorted(likely)[:TERMS]
        least = -_GUESS * heaviest[-1][0] if heaviest else 0.0
        length = math.sqrt(sum(weight * weight for weight, _ in heaviest)) or 1.0
        made[key] = {term: -weight / length for weight, term in heaviest}
    recall.keep("vectors", "", {key: (counts[key], vector) for key, vector in made.items()}, rarity)
    return made
