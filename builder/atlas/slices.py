"""The atlas → the slice of it that a map is handed: the targets, entities, days and paths that its pages show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder import plan
from builder.atlas.resolve import Resolver
from builder.atlas.values import Atlas, MapSlice, Target, Unknown, map_key
from builder.urls import slugify

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from builder.config import SiteConfig
    from builder.model import MapInterface


def slice_for(atlas: Atlas, unit: MapInterface, config: SiteConfig, today: dt.date) -> MapSlice:
    """Return what a map is handed of the atlas."""
    urls = config.urls
    own = {map_key(unit.slug): atlas.targets[map_key(unit.slug)]}
    for cluster in unit.clusters:
        key = map_key(unit.slug, cluster.slug)
        own[key] = atlas.targets[key]
    for item in unit.items:
        key = map_key(unit.slug, item.cluster, item.slug)
        own[key] = atlas.targets[key]
    resolver = Resolver(atlas, unit)
    refs: dict[str, Target | None] = {}
    unknown: dict[str, Unknown] = {}
    for ref in unit.refs:
        found = resolver.find(ref)
        refs[ref] = found if isinstance(found, Target) else None
        if isinstance(found, Unknown):
            unknown[ref] = found
    named = (*unit.entities, *unit.drafted)
    entities = {
        mention.name.casefold(): entry for mention in named if (entry := atlas.entity(mention.name)) is not None
    }
    ordered = plan.publishing_order(unit.items)
    keys = [map_key(unit.slug, item.cluster, item.slug) for item in ordered]
    steps = [(item, atlas.targets[key].status) for item, key in zip(ordered, keys, strict=True)]
    days = plan.days(steps, unit.start, unit.per_week, today)
    category = atlas.categories.get(slugify(unit.category)) if unit.category else None
    return MapSlice(
        slug=unit.slug,
        path=urls.path("map", map=unit.slug),
        language=unit.language or config.language,
        category=(category[0], category[1]) if category else None,
        targets=own,
        refs=refs,
        unknown=unknown,
        entities=entities,
        order=tuple(keys),
        days=dict(zip(keys, days, strict=True)),
        authors=tuple(config.authors),
        pages=map_pages(unit, urls.path),
        translations=translations_of(atlas, unit, config),
    )


def translations_of(atlas: Atlas, unit: MapInterface, config: SiteConfig) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return language and path of each published page of a map in all its languages, by the page's own path.

    Pages belong together that have one kind and, below their maps, the same slugs. A page that no other map has in
    another language is not among them.
    """
    family = atlas.families[unit.translation_of or unit.slug]
    if len(family) < 2:  # noqa: PLR2004 - a map alone
        return {}
    found: dict[str, list[tuple[str, str]]] = {}
    own: dict[str, str] = {}
    for other in family:
        language = other.language or config.language
        pages = {kind: path for kind, path in map_pages(other, config.urls.path).items() if path}
        keys = ["", *(c.slug for c in other.clusters), *(f"{item.cluster}/{item.slug}" for item in other.items)]
        for key in keys:
            target = atlas.targets[f"{other.slug}/{key}" if key else map_key(other.slug)]
            if target.path and target.indexed:
                pages[f"{target.kind == 'pillar'}/{key}"] = target.path
        for name, path in pages.items():
            found.setdefault(name, []).append((language, path))
            if other is unit:
                own[name] = path
    return {path: tuple(sorted(found[name])) for name, path in own.items() if len(found[name]) > 1}


def map_pages(unit: MapInterface, path: Callable[..., str]) -> dict[str, str]:
    """Return the paths of a map's further pages, '' where it has none."""
    wanted: Mapping[str, object] = {
        "faq": unit.questions,
        "map_entities": unit.entities,
        "ideas": unit.ideas,
        "plan": unit.items,
    }
    return {kind: path(kind, map=unit.slug) if there else "" for kind, there in wanted.items()}
