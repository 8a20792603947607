"""What the atlas holds, and what a map is handed of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import datetime as dt

    from builder.diagnostics import Diagnostic
    from builder.model import ItemInterface, MapInterface, Place, Status


class Target(NamedTuple):
    """Something that can be linked to.

    `kind` is a kind of `urls.PERMALINKS`; `path` '' while it has no page (then `home` is the path of the index that
    lists it). `indexed` tells whether prose may link to it. `ids` are its headings' ids, None where they are not
    known.
    """

    key: str
    kind: str
    title: str
    path: str
    home: str
    indexed: bool
    status: Status
    map: str = ""
    cluster: str = ""
    slug: str = ""
    query: str = ""
    aliases: tuple[str, ...] = ()
    priority: str = ""
    ids: tuple[str, ...] | None = None


class Unknown(NamedTuple):
    """Why a reference has no target: it fits `choices`, or nothing; `near` is the name that is most like it, or ''."""

    choices: tuple[str, ...] = ()
    near: str = ""


class EntityEntry(NamedTuple):
    """An entity of the site: what the registry or the maps say of it."""

    name: str
    slug: str
    path: str
    kind: str
    description: str
    aliases: tuple[str, ...]
    wikidata: str
    same_as: tuple[str, ...]
    registered: bool


@dataclass(frozen=True, slots=True)
class MapSlice:
    """What one map is handed of the atlas. Two builds that hand a map equal slices get equal pages.

    `targets` are the map's own, by key; `refs` the target of each of its references (None where there is none), by
    `unit.ref_key`, and `unknown` why; `entities` the entries of the entities that it names, by folded name; `days` the
    day of each step of its plan and `order` the keys of its articles in publishing order; `category` its category's
    path. `translations` are language and path of a page in all its languages, its own among them, by its path.
    """

    slug: str
    path: str
    language: str
    category: tuple[str, str] | None
    targets: dict[str, Target]
    refs: dict[str, Target | None]
    unknown: dict[str, Unknown]
    entities: dict[str, EntityEntry]
    order: tuple[str, ...]
    days: dict[str, dt.date | None]
    authors: tuple[str, ...]
    pages: dict[str, str]
    translations: dict[str, tuple[tuple[str, str], ...]]


@dataclass(slots=True)
class Atlas:
    """The whole site's plan.

    `units` are the maps by slug, `folders` by their folder; `families` those that are translations of one another, by
    the slug of the first.
    """

    maps: tuple[MapInterface, ...]
    targets: dict[str, Target] = field(default_factory=dict)
    entities: dict[str, EntityEntry] = field(default_factory=dict)
    entity_names: dict[str, str] = field(default_factory=dict)
    categories: dict[str, tuple[str, str, list[str]]] = field(default_factory=dict)
    pages: tuple[ItemInterface, ...] = ()
    redirects: dict[str, str] = field(default_factory=dict)
    origins: dict[str, Place] = field(default_factory=dict)  # where each redirect is written
    paths: dict[str, tuple[str, str]] = field(default_factory=dict)
    faults: list[Diagnostic] = field(default_factory=list)
    units: dict[str, MapInterface] = field(init=False)
    folders: dict[str, list[MapInterface]] = field(init=False)
    families: dict[str, list[MapInterface]] = field(init=False)

    def __post_init__(self) -> None:
        """Find maps by their names: at thousands of maps nothing may look through all of them for one."""
        self.units, self.folders, self.families = {}, {}, {}
        for unit in self.maps:
            self.units.setdefault(unit.slug, unit)
            self.folders.setdefault(unit.folder, []).append(unit)
            self.families.setdefault(unit.translation_of or unit.slug, []).append(unit)

    def entity(self, name: str) -> EntityEntry | None:
        """Return the entity of a name or alias."""
        slug = self.entity_names.get(name.casefold())
        return self.entities.get(slug) if slug is not None else None


def map_key(map_slug: str, cluster: str = "", slug: str = "") -> str:
    """Return the key of a map, a cluster or an article."""
    if cluster and slug:
        return f"{map_slug}/{cluster}/{slug}"
    return "/".join(part for part in (map_slug, cluster, slug) if part)


def page_key(slug: str) -> str:
    """Return the key of a free page."""
    return f"page:{slug}"
