"""Definitions: what a map says, checked and with defaults filled in; and its interface, what others may know of it.

All are frozen, plain and picklable; those of which a map has many are named tuples, which are made, written and read
several times as fast as dataclasses. A definition says nothing of other maps, of URLs or of today's date; what depends
on those is made of it by `atlas/` and later stages.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import datetime as dt

    from builder.body import Body

PRIORITIES = ("high", "medium", "low")


class Status(StrEnum):
    """What becomes of an article on a given day (product.md, "Status")."""

    PLANNED = "planned"
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    RETIRED = "retired"


class Place(NamedTuple):
    """Where a definition stands in the sources: a file and a path of keys in it."""

    file: str
    keys: tuple[str | int, ...] = ()


class QuestionDef(NamedTuple):
    """A question; `anchor` is unique on the map's FAQ page."""

    question: str
    answer: Body
    answered_by: str
    anchor: str
    place: Place


@dataclass(frozen=True, slots=True)
class GapDef:
    """Something that rivals leave out; `answered_by` is '' or a reference."""

    text: str
    answered_by: str
    place: Place


class MentionDef(NamedTuple):
    """An entity as a map names it."""

    name: str
    kind: str = ""
    description: str = ""
    same_as: tuple[str, ...] = ()
    place: Place = Place("")


@dataclass(frozen=True, slots=True)
class EntityDef:
    """An entry of the registry."""

    name: str
    slug: str
    aliases: tuple[str, ...] = ()
    kind: str = ""
    description: str = ""
    wikidata: str = ""
    same_as: tuple[str, ...] = ()
    place: Place = Place("")


class ArticleDef(NamedTuple):
    """An article or a pillar, written or not.

    `status` is what the author wrote, or None. `place` is where it is declared, `source` the file of its body (or, with
    none, the file that declares it), `own` the keys that this file gives. `words` is the planned length, None where the
    plan gives none.
    """

    slug: str
    cluster: str
    is_pillar: bool
    title: str
    query: str
    aliases: tuple[str, ...]
    intent: str
    content_type: str
    priority: str
    words: int | None
    description: Body
    sections: tuple[str, ...]
    entities: tuple[MentionDef, ...]
    prompt: str
    publish_on: dt.date | None
    status: str | None
    author: str
    redirect_from: tuple[str, ...]
    redirect_to: str
    faq: tuple[QuestionDef, ...]
    updated: dt.date | None
    never: tuple[str, ...]
    prefer: tuple[str, ...]
    body: Body
    place: Place
    source: str
    own: tuple[str, ...] = ()

    def at(self, key: str) -> Place:
        """Return where a key of it stands: in its own file, or where the map declares it."""
        return place_of(key, self.place, self.source, self.own)

    def status_on(self, day: dt.date, *, drafts: bool = False) -> Status:
        """Return its status on a day; with `drafts`, what has a body counts as published."""
        return status_on(self.status, self.publish_on, day, has_body=bool(self.body), drafts=drafts)


def place_of(key: str, place: Place, source: str, own: tuple[str, ...]) -> Place:
    """Return where a key stands: in the file `source`, which gives the keys `own`, or at `place`."""
    return Place(source, (key,)) if key in own else Place(place.file, (*place.keys, key))


def status_on(
    declared: str | None, publish_on: dt.date | None, day: dt.date, *, has_body: bool, drafts: bool = False
) -> Status:
    """Return the status of something with a body or without, by product.md's table."""
    if declared == "retired":
        return Status.RETIRED
    if not has_body or (declared == "planned" and not drafts):
        return Status.PLANNED
    if drafts:
        return Status.PUBLISHED
    if declared == "draft":
        return Status.DRAFT
    return Status.SCHEDULED if publish_on is not None and publish_on > day else Status.PUBLISHED


@dataclass(frozen=True, slots=True)
class ClusterDef:
    """A cluster; its articles are in the map's order, those declared only in files last, by slug."""

    slug: str
    title: str
    description: Body
    pillar: ArticleDef
    articles: tuple[ArticleDef, ...]
    faq: tuple[QuestionDef, ...]
    redirect_from: tuple[str, ...]
    place: Place

    @property
    def items(self) -> tuple[ArticleDef, ...]:
        """The pillar and the articles."""
        return (self.pillar, *self.articles)


class IdeaDef(NamedTuple):
    """An article title outside the plan."""

    title: str
    content_type: str
    intent: str
    query: str
    priority: str
    words: int | None
    description: str


@dataclass(frozen=True, slots=True)
class IdeaGroupDef:
    """Ideas of one content type."""

    title: str
    description: str
    ideas: tuple[IdeaDef, ...]


@dataclass(frozen=True, slots=True)
class MapDef:
    """A topical map. `file` is its map.yaml or map.md; `assets` the names of the other files of its folder."""

    folder: str
    file: str
    slug: str
    title: str
    query: str
    category: str
    language: str
    translation_of: str
    description: Body
    updated: dt.date | None
    level: str
    audience: str
    goal: str
    strategy: Body
    seasonality: str
    months_to_authority: int | None
    start: dt.date | None
    per_week: float
    clusters: tuple[ClusterDef, ...]
    gaps: tuple[GapDef, ...]
    entities: tuple[MentionDef, ...]
    faq: tuple[QuestionDef, ...]
    ideas: tuple[IdeaGroupDef, ...]
    redirect_from: tuple[str, ...]
    assets: tuple[str, ...]

    @property
    def items(self) -> tuple[ArticleDef, ...]:
        """All pillars and articles, in the map's order."""
        return tuple(item for cluster in self.clusters for item in cluster.items)


@dataclass(frozen=True, slots=True)
class PageDef:
    """A free page; `slug` may hold `/` for pages in folders."""

    slug: str
    title: str
    description: str
    updated: dt.date | None
    publish_on: dt.date | None
    status: str | None
    author: str
    redirect_from: tuple[str, ...]
    redirect_to: str
    entities: tuple[MentionDef, ...]
    aliases: tuple[str, ...]
    never: tuple[str, ...]
    prefer: tuple[str, ...]
    body: Body
    place: Place

    def status_on(self, day: dt.date, *, drafts: bool = False) -> Status:
        """Return its status on a day."""
        return status_on(self.status, self.publish_on, day, has_body=bool(self.body), drafts=drafts)


class ItemInterface(NamedTuple):
    """What others may know of an article, a pillar or a free page (whose `cluster` is '')."""

    slug: str
    cluster: str
    is_pillar: bool
    title: str
    query: str
    aliases: tuple[str, ...]
    intent: str
    priority: str
    words: int | None
    written: int
    has_body: bool
    status: str | None
    publish_on: dt.date | None
    updated: dt.date | None
    author: str
    ids: tuple[str, ...]
    redirect_from: tuple[str, ...]
    redirect_to: str
    place: Place
    source: str = ""
    own: tuple[str, ...] = ()

    def at(self, key: str) -> Place:
        """Return where a key of it stands: in its own file, or where the map declares it."""
        return place_of(key, self.place, self.source, self.own)


@dataclass(frozen=True, slots=True)
class ClusterInterface:
    """What others may know of a cluster."""

    slug: str
    title: str
    redirect_from: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class MapInterface:
    """What others may know of a map.

    `entities` are those that the map, its plan and its published texts name, `drafted` those of drafts and retired
    articles. `refs` are the keys (`unit.ref_key`) of all the references that it makes, `words` the vocabulary of its
    prose, sorted.
    """

    folder: str
    file: str
    slug: str
    title: str
    query: str
    category: str
    language: str
    translation_of: str
    description: str
    updated: dt.date | None
    start: dt.date | None
    per_week: float
    clusters: tuple[ClusterInterface, ...]
    items: tuple[ItemInterface, ...]
    entities: tuple[MentionDef, ...]
    drafted: tuple[MentionDef, ...]
    questions: tuple[str, ...]
    gaps: int
    ideas: int
    refs: tuple[str, ...]
    redirect_from: tuple[str, ...]
    words: tuple[str, ...]
