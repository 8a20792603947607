"""Which published page of a map covers which entity, and the sentence in which it does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import ahocorasick_rs

from builder.atlas import EntityEntry, MapSlice, Target, map_key
from builder.link.names import fold, is_bounded, keeps_case
from builder.link.sentences import sentence_at
from builder.memory import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from builder.memory import Recall
    from builder.model import ArticleDef, MapDef


class Coverage(NamedTuple):
    """A page that covers an entity: the page's key, path, title, kind and cluster's title, and the sentence (text)."""

    entity: str
    key: str
    path: str
    title: str
    kind: str
    cluster: str
    sentence: str


class Mentions:
    """Finds the first mention of each of some entities in a text, all of them in one pass."""

    def __init__(self, entities: Iterable[EntityEntry]) -> None:
        self.names: dict[str, list[tuple[str, str]]] = {}
        for entry in entities:
            for name in (entry.name, *entry.aliases):
                if name:
                    self.names.setdefault(fold(name), []).append((entry.slug, name))
        self.texts = list(self.names)
        self.automaton = ahocorasick_rs.AhoCorasick(self.texts) if self.texts else None

    def first(self, text: str) -> dict[str, int]:
        """Return the position of the first mention of each entity that the text names, by slug."""
        found: dict[str, int] = {}
        if self.automaton is None or not text:
            return found
        for index, start, end in self.automaton.find_matches_as_indexes(fold(text), overlapping=True):
            for slug, name in self.names[self.texts[index]]:
                if start >= found.get(slug, len(text)) or not is_bounded(text, start, end):
                    continue
                if keeps_case(name, text[start:end]):
                    found[slug] = start
        return found


def coverage_of(unit: MapDef, sliced: MapSlice, recall: Recall = NOTHING) -> tuple[Coverage, ...]:
    """Return the coverage of each entity that the map names, in the map's order.

    A published page covers an entity if it lists it under `entities` or names it in its text. The sentence is the first
    that names it, else the page's description. The map's own page comes last.
    """
    found: list[Coverage] = []
    entries = _once(sliced)
    mentions = recall.same("mentions", "", entries, partial(Mentions, entries))
    for cluster in unit.clusters:
        for item in cluster.items:
            target = sliced.targets[map_key(unit.slug, cluster.slug, item.slug)]
            if not target.path or not target.indexed:
                continue
            cover = partial(_covered, item, target, cluster.title, entries, mentions, sliced)
            listed = entities_of(item, sliced)
            found += recall.same("covered", target.key, (mentions, item, target, cluster.title, listed), cover)
    own = sliced.targets[map_key(unit.slug)]
    texts = (unit.description.source, unit.strategy.text)
    named = [mentions.first(text) for text in texts]
    for entry in entries:
        where = next((i for i, places in enumerate(named) if entry.slug in places), None)
        sentence = sentence_at(texts[0], 0) if where is None else sentence_at(texts[where], named[where][entry.slug])
        found.append(Coverage(entry.slug, own.key, own.path, unit.title, "map", "", sentence))
    return tuple(dict.fromkeys(found))


def _covered(
    item: ArticleDef, target: Target, cluster: str, entries: list[EntityEntry], mentions: Mentions, sliced: MapSlice
) -> list[Coverage]:
    """Return what a page covers."""
    found = []
    text = item.body.text
    places = mentions.first(text)
    listed = {entry.slug for entry in entities_of(item, sliced)}
    for entry in entries:
        at = places.get(entry.slug, -1)
        if at < 0 and entry.slug not in listed:
            continue
        sentence = sentence_at(text, at) if at >= 0 else item.description.source
        found.append(Coverage(entry.slug, target.key, target.path, item.title, target.kind, cluster, sentence))
    return found


def _once(sliced: MapSlice) -> list[EntityEntry]:
    return list({entry.slug: entry for entry in sliced.entities.values()}.values())


def entities_of(item: ArticleDef, sliced: MapSlice) -> list[EntityEntry]:
    """Return the registry's entries of the entities that an article lists, in its order, each once."""
    entries = (sliced.entities.get(mention.name.casefold()) for mention in item.entities)
    return list({entry.slug: entry for entry in entries if entry is not None}.values())
