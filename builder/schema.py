"""The input format: what `map.yaml`, `entities.yaml` and front matter may hold.

These pydantic models are the one description of the format: they validate (see `validation.py`), they make the JSON
Schema that editors use, and their docstrings are its documentation.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from builder.values import (
    Count,
    Date,
    Intent,
    Language,
    Model,
    Path,
    Priority,
    Slug,
    StatusText,
    Text,
    Texts,
    WebUrl,
    no_entries,
    number,
    one_or_list,
    wikidata_item,
    wrap,
)


class Question(Model):
    """One question and answer of an FAQ."""

    question: Text
    """The question, as people ask it."""
    answer: Text
    """The answer, in Markdown."""
    answered_by: Text | None = None
    """The page that answers at length: an article's slug, with `#heading` if wanted."""


class Gap(Model):
    """Something that rival sites leave out and this map will cover."""

    text: Text
    """What is missing elsewhere."""
    answered_by: Text | None = None
    """The page that closes the gap: an article's slug, with `#heading` if wanted."""


class EntityMention(Model):
    """An entity that a map or an article covers: its name, or the name with what the registry would say."""

    name: Text
    """The name; the registry (`entities.yaml`) is searched for it and for its aliases."""
    kind: Text | None = None
    """Person, organisation, software, product, concept …"""
    description: Text | None = None
    """One or two sentences that define it."""
    same_as: Annotated[list[WebUrl], BeforeValidator(one_or_list)] = no_entries()
    """Addresses of pages about this very thing."""


class Entity(EntityMention):
    """An entry of `entities.yaml`."""

    slug: Slug | None = None
    """The last part of its URL; default: from the name."""
    aliases: Texts = no_entries()
    """Other names of it, which may link here as well."""
    wikidata: Annotated[Text, AfterValidator(wikidata_item)] | None = None
    """Its Wikidata item, such as Q186447."""


class Audience(Model):
    """Who a map is for."""

    level: Text | None = None
    """Beginner, Intermediate, Advanced …"""
    description: Text | None = None
    """Who reads it."""
    goal: Text | None = None
    """What they will be able to do."""


class Publishing(Model):
    """The pace of publishing; gives the plan its dates."""

    start: Date
    """The first day."""
    per_week: Annotated[float, BeforeValidator(number), Field(gt=0, le=700)] = 1
    """Articles a week."""


class LinkWishes(Model):
    """What a page's author wants of the automatic links."""

    never: Texts = no_entries()
    """Pages that this page's prose never links to by itself (references as in `[[…]]`)."""
    prefer: Texts = no_entries()
    """Pages that come first when this page's links are chosen."""


Entities = list[Annotated[EntityMention, BeforeValidator(wrap("name"))]]
Redirects = Annotated[list[Path], BeforeValidator(one_or_list)]


class PageKeys(Model):
    """Keys that articles and free pages share."""

    title: Text | None = None
    """The title; the body's first `# heading` if it is left out."""
    slug: Slug | None = None
    """The last part of the URL; default: the file's name, else from the title."""
    description: Text | None = None
    """What the reader gets, in a sentence or two."""
    updated: Date | None = None
    """The day of the last real change."""
    publish_on: Date | None = None
    """Not before this day."""
    status: StatusText | None = None
    """`planned`, `draft`, `published` or `retired`; default: published if it has a body."""
    author: Text | None = None
    """A key of `authors` in site.yaml."""
    redirect_from: Redirects = no_entries()
    """Old paths that lead here."""
    redirect_to: Text | None = None
    """With `status: retired`: the page, path or address that takes over."""
    entities: Entities = no_entries()
    """What the page covers, by name."""
    aliases: Texts = no_entries()
    """Further phrases that may link here."""
    links: LinkWishes | None = None
    """Wishes for the automatic links in this page's prose."""


class Article(PageKeys):
    """An article or a pillar."""

    query: Text | None = None
    """The search phrase that the page targets."""
    intent: Intent | None = None
    """Search intent: informational, commercial, transactional, navigational, or your own word."""
    content_type: Text | None = None
    """What kind of text it is: guide, comparison, how-to …"""
    priority: Priority | None = None
    """high, medium or low; default: medium, for a pillar high."""
    words: Count | None = None
    """The planned length, in words."""
    sections: Texts = no_entries()
    """What the text will cover, section by section."""
    prompt: Text | None = None
    """The writing prompt; default: made from the site's prompt template."""
    faq: list[Question] = no_entries()
    """Questions that belong to this page."""


class Cluster(Model):
    """A group of the map: one pillar and its articles."""

    title: Text
    """The name of the cluster."""
    slug: Slug | None = None
    """Its part of the URL; default: from the title."""
    description: Text | None = None
    """What the cluster covers."""
    pillar: Article | None = None
    """The hub page, published first."""
    articles: list[Article] = no_entries()
    """The spokes, in order."""
    faq: list[Question] = no_entries()
    """Questions that belong to this cluster."""
    redirect_from: Redirects = no_entries()
    """Old paths that lead to the cluster's index."""


class Idea(Model):
    """An article title outside the plan."""

    title: Text
    """The title."""
    content_type: Text | None = None
    """guide, comparison, how-to …"""
    intent: Intent | None = None
    """Search intent."""
    query: Text | None = None
    """The search phrase that it would target."""
    priority: Priority | None = None
    """high, medium or low."""
    words: Count | None = None
    """The length, in words."""
    description: Text | None = None
    """Why publish it."""


class IdeaGroup(Model):
    """Ideas of one content type."""

    title: Text
    """The name of the group."""
    description: Text | None = None
    """What its articles have in common."""
    articles: list[Annotated[Idea, BeforeValidator(wrap("title"))]] = no_entries()
    """The ideas, in order."""


class Map(Model):
    """A topical map: `map.yaml`, or the front matter of `map.md`."""

    title: Text
    """The name of the map."""
    slug: Slug | None = None
    """Its part of the URL; default: the folder's name."""
    query: Text | None = None
    """The search phrase that the map as a whole targets."""
    category: Text | None = None
    """The category under which the home page lists it."""
    language: Language | None = None
    """BCP 47 tag of the map's language; default: the site's."""
    translation_of: Text | None = None
    """The slug of the map of which this one is a translation; pages of one kind and slug belong together."""
    description: Text | None = None
    """One paragraph, plain text."""
    updated: Date | None = None
    """The day of the last change; default: the newest date among the map's sources."""
    audience: Audience | None = None
    """Who it is for."""
    strategy: Text | None = None
    """Why this subject and how the map wins it, in Markdown."""
    seasonality: Text | None = None
    """When interest peaks."""
    months_to_authority: Count | None = None
    """Months until the map can be expected to rank."""
    publishing: Publishing | None = None
    """The pace of publishing."""
    clusters: list[Cluster] = no_entries()
    """The clusters, in order."""
    gaps: list[Annotated[Gap, BeforeValidator(wrap("text"))]] = no_entries()
    """What rivals leave out."""
    entities: Entities = no_entries()
    """Entities that the map covers."""
    faq: list[Question] = no_entries()
    """Questions people ask."""
    ideas: list[IdeaGroup] = no_entries()
    """Article ideas outside the plan."""
    redirect_from: Redirects = no_entries()
    """Old paths that lead to the map's page."""
