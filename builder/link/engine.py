"""The link engine of one map, step by step: scan its prose, select, make the links.

`scan` and `chosen` run before the caps of the whole site are known (`choose.capped`), `insertions` after. Each is a
function of the map's definition, its slice of the atlas and what the step before said.
"""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from builder.link.choose import Caps, Choice, choices, phrases_on, select
from builder.link.match import Candidate, Matcher, Prose
from builder.link.names import fold
from builder.link.prose import prose_of
from builder.link.types import Link, Splice
from builder.memory import NOTHING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from builder.atlas import MapSlice
    from builder.link.phrases import Phrase
    from builder.memory import Recall
    from builder.model import MapDef
    from builder.urls import Urls


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """A page's candidates, with what choosing among them needs (see `match.Prose`)."""

    path: str
    cluster: str
    words: int
    prefer: frozenset[str]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """A map's pages with all candidates, and on how many of its pages each phrase stands."""

    pages: tuple[ScannedPage, ...]
    counts: Mapping[str, int]


def scan(unit: MapDef, sliced: MapSlice, phrases: Sequence[Phrase], recall: Recall = NOTHING) -> Scan:
    """Find every place of a map's prose where a phrase stands."""
    before = recall.before("matcher", "")
    matcher = recall.same("matcher", "", (phrases, sliced.language), lambda: Matcher(phrases, sliced.language))
    old: Matcher | None = before[1] if before is not None and before[1] is not matcher else None
    differing = _differing(old, matcher) if old is not None else ()
    pages = []
    counts: Counter[str] = Counter()
    for page in prose_of(unit, sliced):
        if old is not None:
            _keep_candidates(page, old, matcher, differing, sliced.slug, recall)
        find = partial(_candidates, matcher, page, sliced.slug)
        candidates = recall.same("candidates", page.path, (matcher, page, sliced.slug), find)
        counts.update(phrases_on(candidates))
        pages.append(ScannedPage(page.path, page.cluster, page.words, page.prefer, candidates))
    return Scan(tuple(pages), dict(counts))


def _candidates(matcher: Matcher, page: Prose, map_slug: str) -> tuple[Candidate, ...]:
    return tuple(matcher.candidates(page, map_slug))


def _differing(old: Matcher, new: Matcher) -> list[str]:
    """Return the texts, folded, of the phrases that two matchers do not have alike."""
    every = old.by_text.keys() | new.by_text.keys()
    return [text for text in every if old.by_text.get(text) != new.by_text.get(text)]


def _keep_candidates(
    page: Prose, old: Matcher, new: Matcher, differing: Collection[str], map_slug: str, recall: Recall
) -> None:
    """Let a page keep the candidates of an earlier matcher, where it names no phrase that the two have not alike."""
    kept = recall.before("candidates", page.path)
    if kept is None or kept[0] != (old, page, map_slug) or old.language != new.language:
        return
    prose = "\0".join(fold(body.text, new.language) for _, body in page.texts) if differing else ""
    if not any(text in prose for text in differing):
        recall.keep("candidates", page.path, (new, page, map_slug), kept[1])


def chosen(scanned: Scan, too_common: frozenset[str], caps: Caps, map_slug: str) -> dict[str, list[Candidate]]:
    """Return the links that each page chooses, by path."""
    made = {
        page.path: select(page, page.candidates, too_common, caps, map_slug)
        for page in scanned.pages
        if page.candidates
    }
    return {path: found for path, found in made.items() if found}


def wanted(selected: Mapping[str, Sequence[Candidate]], map_slug: str) -> list[Choice]:
    """Return what the pages chose, for the caps of the whole site."""
    return [choice for path, found in selected.items() for choice in choices(path, map_slug, found)]


def insertions(
    selected: Mapping[str, Sequence[Candidate]], dropped: frozenset[tuple[str, str]], urls: Urls
) -> tuple[dict[tuple[str, str], list[Splice]], list[Link]]:
    """Return the replacements in the HTML of each text, by page and name, and the links that they make."""
    splices: dict[tuple[str, str], list[Splice]] = {}
    links: list[Link] = []
    for path, candidates in selected.items():
        for candidate in candidates:
            phrase = candidate.phrase
            if (path, phrase.path) in dropped:
                continue
            words = html.escape(candidate.anchor, quote=False)
            anchor = f'<a href="{html.escape(urls.url(phrase.path))}">{words}</a>'
            splices.setdefault((path, candidate.name), []).append(Splice(candidate.start, candidate.end, anchor))
            reason = f"{phrase.what} of “{phrase.title}”" if phrase.what != "name" else f"name of {phrase.title}"
            links.append(Link(path, phrase.path, candidate.anchor, "phrase", reason, candidate.context))
    return splices, links
