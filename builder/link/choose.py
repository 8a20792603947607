"""Candidates → links: which of the possible links are made, within every cap.

Three steps, each a function of its arguments in any order of files: phrases that are too common are left out
(`common`); each page chooses within its own caps (`select`); the caps of a target over the whole site are applied to
what the pages chose (`capped`). What a cap takes away is not replaced by something else, so a change stays where it
was made.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from builder.link.names import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from builder.config import LinksKeys
    from builder.link.engine import ScannedPage
    from builder.link.match import Candidate

#: Sites of fewer pages have no common phrases, and targets of fewer links no dominant anchor.
MIN_PAGES = 20
MIN_LINKS = 5


class Choice(NamedTuple):
    """A link that a page wants: the candidate and its rank (the least is kept longest)."""

    source: str
    target: str
    anchor: str
    order: str


@dataclass(frozen=True, slots=True)
class Caps:
    """The caps of `site.yaml`'s `links`."""

    words_per_link: int
    max_per_page: int
    max_per_target: int
    max_anchor_share: float
    common_phrase_share: float

    @classmethod
    def of(cls, keys: LinksKeys) -> Caps:
        """Take the caps from the configuration; without automatic links all are 0."""
        return cls(
            keys.words_per_link,
            keys.max_per_page if keys.auto else 0,
            keys.max_per_target,
            keys.max_anchor_share,
            keys.common_phrase_share,
        )

    def of_page(self, words: int) -> int:
        """Return how many links a page of so many words may have: one for each full measure, at least one."""
        return min(self.max_per_page, max(1, words // self.words_per_link))


def stable(*parts: str) -> str:
    """Return a number, as text, that looks random and is the same on every machine."""
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def common(counts: Mapping[str, int], pages: int, caps: Caps) -> frozenset[str]:
    """Return the folded phrases that occur in more than the allowed share of the site's pages."""
    if pages < MIN_PAGES:
        return frozenset()
    limit = caps.common_phrase_share * pages
    return frozenset(phrase for phrase, count in counts.items() if count > limit)


def phrases_on(candidates: Iterable[Candidate]) -> set[str]:
    """Return the folded phrases of some candidates, for `common`."""
    return {fold(candidate.phrase.text) for candidate in candidates}


def select(
    page: ScannedPage, candidates: Sequence[Candidate], too_common: frozenset[str], caps: Caps, map_slug: str
) -> list[Candidate]:
    """Return the links that a page chooses: one a target, one a sentence, within its cap; in reading order.

    Targets that the author prefers go first, then own cluster, own map, pages before entities, pillar, priority, slug.
    Of a target's phrases on the page a stable choice takes one, so that its anchors differ from page to page; of that
    phrase the first place whose sentence is free.
    """
    limit = caps.of_page(page.words)
    if not candidates or not limit:
        return []
    by_target: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        if fold(candidate.phrase.text) not in too_common:
            by_target.setdefault(candidate.phrase.key, []).append(candidate)
    ranked = sorted(
        by_target.items(),
        key=lambda entry: (entry[0] not in page.prefer, entry[1][0].phrase.rank(map_slug, page.cluster), entry[0]),
    )
    chosen: list[Candidate] = []
    sentences: set[int] = set()
    for target, places in ranked:
        if len(chosen) == limit:
            break
        for candidate in _in_turn(page.path, target, places):
            if candidate.sentence not in sentences:
                sentences.add(candidate.sentence)
                chosen.append(candidate)
                break
    return sorted(chosen, key=lambda candidate: (candidate.sentence, candidate.start))


def _in_turn(path: str, target: str, places: list[Candidate]) -> list[Candidate]:
    """Return a target's places, those of the phrase that this page is to use first."""
    if len(places) == 1:
        return places
    order = {text: stable(path, target, text) for text in {fold(place.anchor) for place in places}}
    return sorted(places, key=lambda place: (order[fold(place.anchor)], place.sentence, place.start))


def choices(path: str, map_slug: str, selected: Iterable[Candidate]) -> list[Choice]:
    """Return what a page chose, as `capped` wants it; links within a map are kept before links from another."""
    return [
        Choice(
            path,
            candidate.phrase.path,
            fold(candidate.anchor),
            ("0" if candidate.phrase.map == map_slug else "1") + stable(path, candidate.phrase.key),
        )
        for candidate in selected
    ]


def capped(chosen: Iterable[Choice], caps: Caps) -> frozenset[tuple[str, str]]:
    """Return the links (source and target) that the site-wide caps take away."""
    by_target: dict[str, list[Choice]] = {}
    for choice in chosen:
        by_target.setdefault(choice.target, []).append(choice)
    dropped: set[tuple[str, str]] = set()
    for target, links in by_target.items():
        kept = links
        if len(kept) > caps.max_per_target:
            kept = sorted(kept, key=lambda link: (link.order, link.source))[: caps.max_per_target]
        kept = _balanced(kept, caps.max_anchor_share)
        if len(kept) < len(links):
            left = {link.source for link in kept}
            dropped |= {(link.source, target) for link in links if link.source not in left}
    return frozenset(dropped)


def _balanced(links: list[Choice], share: float) -> list[Choice]:
    """Return links of which no anchor has more than its share, where there are several anchors to share among.

    A target that pages name in one way only keeps its links: other words cannot be put into an author's mouth.
    """
    kept = links
    while len(kept) >= MIN_LINKS:
        counts = Counter(link.anchor for link in kept)
        if len(counts) < 2:  # noqa: PLR2004
            return kept
        anchor, most = min(counts.items(), key=lambda entry: (-entry[1], entry[0]))
        others = len(kept) - most
        allowed = int(others * share / (1 - share)) if share < 1 else most
        if most <= share * len(kept) or most <= max(allowed, 1):
            return kept
        theirs = sorted((link for link in kept if link.anchor == anchor), key=lambda link: (link.order, link.source))
        excess = {link.source for link in theirs[max(allowed, 1) :]}
        kept = [link for link in kept if link.anchor != anchor or link.source not in excess]
    return kept
