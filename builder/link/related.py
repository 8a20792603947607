"""How related pages of a map are, from their texts and entities: TF-IDF cosine, with a bonus for shared entities.

The score of two pages is the cosine of their TF-IDF vectors (Salton and Buckley 1988; each page's heaviest terms only,
so that 10,000 pages stay cheap), plus a bonus for each entity that both list, and one for a pillar. It depends on
nothing outside the map.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from builder.link.names import fold
from builder.memory import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from builder.memory import Recall
    from builder.model import ArticleDef

#: Terms that stand for a page, and the weight of words that its author chose for it over words of its text.
TERMS = 30
CHOSEN = 4
ENTITY_BONUS = 0.08
#: A pillar is where a reader from another cluster should arrive, so it goes before an article that fits as well.
PILLAR_BONUS = 0.05
_TERM = re.compile(r"(?<![\w-])[^\W\d_][\w-]{2,}")
#: As in `body.vocabulary`: faster than the expression by far, for ASCII text.
_NO_TERM = {i: " " for i in range(128) if not (chr(i).isalnum() or chr(i) in "_-")}
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]{2,}")


class Related(NamedTuple):
    """A related page: its key, the score (0 to about 1.5) and the terms and entities that made it."""

    key: str
    score: float
    reason: str


def terms(text: str) -> Counter[str]:
    """Count the terms of a text: words of three letters and more, pairs of characters where words have no spaces."""
    folded = fold(text)
    if folded.isascii():
        parts = folded.translate(_NO_TERM).split()
        return Counter([part for part in parts if len(part) > 2 and part[0] >= "a"])  # noqa: PLR2004 - three letters
    counted: Counter[str] = Counter()
    for run in _UNSPACED.findall(folded):
        counted.update(run[i : i + 2] for i in range(len(run) - 1))
    counted.update(_TERM.findall(_UNSPACED.sub(" ", folded)))
    return counted


def terms_of(item: ArticleDef) -> Counter[str]:
    """Count the terms of an article; those of title, query and sections count as often as `CHOSEN`."""
    counted = terms(item.body.text) if item.body else Counter()
    for term, count in terms(" ".join((item.title, item.query, *item.sections, item.description.source))).items():
        counted[term] += CHOSEN * count
    return counted


def related_pages(
    counts: Mapping[str, Counter[str]],
    entities: Mapping[str, Sequence[str]],
    most: int,
    pillars: frozenset[str] = frozenset(),
    wanted: Iterable[str] | None = None,
    recall: Recall = NOTHING,
) -> dict[str, list[Related]]:
    """Return for each page its related pages, the most related first, at most `most`.

    `recall` has the vectors that were made last.

    `counts` are the terms by page key, `entities` the names of the entities that a page lists, `pillars` the keys of
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
    made: dict[str, list[Related]] = {}
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
        best = sorted(((-round(score, 6), other) for other, score in scores.items() if other in vectors))[:most]
        made[key] = [Related(other, -score, _reason(key, other, vectors, entities)) for score, other in best]
    return made


def _vectors(counts: Mapping[str, Counter[str]], recall: Recall = NOTHING) -> dict[str, dict[str, float]]:
    """Return each page's heaviest terms with their weights, of length 1. A term on one page only relates nothing."""
    frequency: Counter[str] = Counter()
    for counted in counts.values():
        frequency.update(counted.keys())
    pages = len(counts)
    rarity = {term: math.log(pages / count) for term, count in frequency.items() if 1 < count < pages}
    frequent = [0.0, *(1 + math.log(count) for count in range(1, 64))]
    last = recall.before("vectors", "")
    known, old = last or ({}, {})  # what the vectors were made of, and the rarity of the terms then
    changed = {term for term, _ in rarity.items() ^ old.items()}
    made = {}
    for key, counted in counts.items():
        if key in known and known[key][0] is counted and changed.isdisjoint(counted):
            made[key] = known[key][1]
            continue
        weights = (
            (-(frequent[count] if count < len(frequent) else 1 + math.log(count)) * rarity[term], term)
            for term, count in counted.items()
            if term in rarity
        )
        heaviest = heapq.nsmallest(TERMS, weights)
        length = math.sqrt(sum(weight * weight for weight, _ in heaviest)) or 1.0
        made[key] = {term: -weight / length for weight, term in heaviest}
    recall.keep("vectors", "", {key: (counts[key], vector) for key, vector in made.items()}, rarity)
    return made


def _reason(
    key: str, other: str, vectors: Mapping[str, Mapping[str, float]], entities: Mapping[str, Sequence[str]]
) -> str:
    """Return the entities and the heaviest terms that two pages share, as text."""
    ours, theirs = vectors[key], vectors[other]
    shared = sorted((-ours[term] * theirs[term], term) for term in ours.keys() & theirs.keys())
    names = [name for name in entities.get(key, ()) if name in set(entities.get(other, ()))]
    return ", ".join([*names[:3], *(term for _, term in shared[:4])])
