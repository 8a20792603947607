"""A reference as an author writes it → the target that it means, or why there is none."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from builder.atlas.values import Target, Unknown, map_key, page_key
from builder.diagnostics import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.atlas.values import Atlas
    from builder.model import MapInterface


def meant(target: Target, targets: Mapping[str, Target]) -> Target:
    """Return what a name means that a cluster and its pillar share: the cluster until the pillar is published."""
    if target.kind == "pillar" and target.slug == target.cluster and not target.indexed:
        return targets[map_key(target.map, target.cluster)]
    return target


class Resolver:
    """Finds the target of a reference as one map (or, with None, a free page) writes it."""

    def __init__(self, atlas: Atlas, unit: MapInterface | None) -> None:
        self.atlas = atlas
        self.unit = unit
        self.own: dict[str, list[str]] = {}
        if unit is not None:
            for item in unit.items:
                self.own.setdefault(item.slug, []).append(item.cluster)

    @cached_property
    def pages(self) -> dict[str, str]:
        """The slugs of the free pages, by their files."""
        return {page.place.file: page.slug for page in self.atlas.pages}

    def find(self, ref: str, cluster: str = "") -> Target | Unknown:
        """Return the target of `ref`, or why there is none.

        A bare name is, in this order: an article of the same cluster, of the map, a cluster of the map, a map, a free
        page. With `/` it is cluster/article, map/article, map/cluster, map/cluster/article, a free page's folders, or
        entities/slug.
        """
        targets = self.atlas.targets
        if ref.startswith("file:"):
            return self.file(ref.removeprefix("file:"))
        parts = [part for part in ref.strip("/").split("/") if part]
        here = self.unit.slug if self.unit else ""
        keys: list[str] = []
        if len(parts) == 1 and here:
            clusters = self.own.get(parts[0], [])
            if cluster in clusters:
                keys.append(map_key(here, cluster, parts[0]))
            elif len(clusters) > 1:
                return Unknown(tuple(f"{c}/{parts[0]}" for c in clusters))
            elif clusters:
                keys.append(map_key(here, clusters[0], parts[0]))
            keys.append(map_key(here, parts[0]))
        elif len(parts) == 2 and here:  # noqa: PLR2004
            keys.append(map_key(here, *parts))
        keys.append("/".join(parts))
        match parts:
            case ["entities", slug]:
                keys.append(f"entity:{slug}")
            case [other, slug] if not any(key in targets for key in keys):
                fitting = self.in_map(other, slug)
                if len(fitting) > 1:
                    return Unknown(tuple(fitting))
                keys += fitting
        keys.append(page_key("/".join(parts)))
        found = next((targets[key] for key in keys if key in targets), None)
        if found is not None and len(parts) == 1:
            found = meant(found, targets)
        return found or Unknown(near=self.elsewhere(parts) or nearest(ref, self.names(parts)))

    def elsewhere(self, parts: Sequence[str]) -> str:
        """Return how to write a bare name that an article or a cluster of another map has, or ''."""
        if len(parts) != 1:
            return ""
        for unit in self.atlas.maps:
            slugs = {item.slug for item in unit.items} | {cluster.slug for cluster in unit.clusters}
            if parts[0] in slugs and unit is not self.unit:
                return f"{unit.slug}/{parts[0]}"
        return ""

    def in_map(self, map_slug: str, slug: str) -> list[str]:
        """Return the keys of a map's articles of one slug."""
        unit = self.atlas.units.get(map_slug)
        return [map_key(map_slug, item.cluster, slug) for item in unit.items if item.slug == slug] if unit else []

    def file(self, name: str) -> Target | Unknown:
        """Return the target that a source file makes."""
        parts = name.removesuffix(".md").split("/")
        match parts:
            case ["content", "pages", *_]:
                keys = [page_key(self.pages[name])] if name in self.pages else []
            case ["content", "maps", folder, "map"]:
                keys = [map_key(unit.slug) for unit in self.atlas.folders.get(folder, ())]
            case ["content", "maps", folder, cluster, stem]:
                keys = [
                    map_key(unit.slug, cluster, item.slug)
                    for unit in self.atlas.folders.get(folder, ())
                    for item in unit.items
                    if item.cluster == cluster and (item.slug == stem or (item.is_pillar and stem == "pillar"))
                ]
            case _:
                keys = []
        found = next((self.atlas.targets[key] for key in keys if key in self.atlas.targets), None)
        if found is not None:
            return found
        return Unknown(near=nearest(parts[-1], self.own))

    def names(self, parts: Sequence[str]) -> list[str]:
        """Return every name that a reference of these parts could have meant: of other maps, those of one alone."""
        names = [*self.own, *(unit.slug for unit in self.atlas.maps), *(page.slug for page in self.atlas.pages)]
        if self.unit:
            names += [cluster.slug for cluster in self.unit.clusters]
        if len(parts) > 1:
            near = nearest(parts[0], [unit.slug for unit in self.atlas.maps])
            names += [f"{near}/{item.slug}" for unit in self.atlas.maps if unit.slug == near for item in unit.items]
        return names
