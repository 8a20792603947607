"""The views: everything that a template can read, and nothing else. `themes/README.md` is compared with this file.

A template gets `page` (one of the page views below), `site` and `theme`. Values only: no labels (the theme's message
catalogues have those), no queries, nothing that searches. `Markup` is HTML that is safe to print; `str` is text that
the template engine escapes. A `url` is ready for `href`; '' means that there is no page to link to. Markup named
`sentence` is inline; all other Markup (descriptions, bodies, answers, leads) is blocks, such as `<p>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

NOTHING = Markup()


class LinkView(NamedTuple):
    """A link: its text and URL."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class ShareView:
    """A part of a mix: a name, how many, and the share of the whole as a percentage, rounded to whole numbers."""

    name: str
    count: int
    percent: int


class AlternateView(NamedTuple):
    """A page in another language, or in its own: the language, its absolute URL, and the URL as links write it."""

    language: str
    url: str
    href: str


class HeadingView(NamedTuple):
    """A heading of the page's text: its level (2 to 6), id and text."""

    level: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class PublisherView:
    """Who publishes the site; `kind` is `organization` or `person`, `logo` the URL of a picture or ''."""

    kind: str
    name: str
    url: str
    logo: str
    same_as: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuthorView:
    """An author; `kind` is `person` or `organization`.

    `url` is the author's page on this site, `home` a page elsewhere, or ''.
    """

    kind: str
    name: str
    url: str
    home: str
    bio: Markup
    same_as: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SiteView:
    """The site. `direction` is `ltr` or `rtl`; `url` the home page's URL; `absolute_url` the same with its host.

    `feed` is the URL of the site's feed or ''; `nav` the navigation. `search` is `index`, `pagefind` or `off`, and
    `search_url` where a search begins: the index's list of parts, or Pagefind's script, or ''. `icon` (48 pixels) and
    `touch_icon` (180) are pictures for what takes no SVG, or ''; `manifest` is the web manifest.
    """

    title: str
    description: str
    language: str
    direction: str
    url: str
    absolute_url: str
    nav: tuple[LinkView, ...]
    publisher: PublisherView
    feed: str
    search: str
    search_url: str
    icon: str
    touch_icon: str
    manifest: str


class QuestionView(NamedTuple):
    """A question: `anchor` is its id, `url` its place on the FAQ page, `answered_by` the page that says more."""

    question: str
    answer: Markup
    anchor: str
    url: str
    answered_by: LinkView | None


class EntityLineView(NamedTuple):
    """An entity that a page covers, as a sentence: `sentence` has the linked name in it."""

    name: str
    url: str
    kind: str
    sentence: Markup


class ItemView(NamedTuple):
    """An article or a pillar as lists show it.

    `kind` is `pillar` or `article`; `status` planned, draft, scheduled or published; `url` '' while it has no page;
    `number` counts from 1 in the cluster's order (0 for the pillar); `words` is the planned length or None, `written`
    the words of its text; `date` the day of publishing by plan, or None; `prompt` '' where prompts are not public.
    """

    kind: str
    slug: str
    title: str
    url: str
    status: str
    number: int
    cluster: str
    cluster_url: str
    query: str
    intent: str
    content_type: str
    priority: str
    words: int | None
    written: int
    description: Markup
    sections: tuple[str, ...]
    prompt: str
    date: dt.date | None
    updated: dt.date | None


class StopView(NamedTuple):
    """An article or a pillar in small, a stop of its cluster; `here` on its own page, `status` as in `ItemView`."""

    title: str
    url: str
    kind: str
    status: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class ClusterView:
    """A cluster as the map's page and its own index show it; `publish_first` are its high-priority articles."""

    slug: str
    title: str
    url: str
    description: Markup
    pillar: ItemView
    articles: tuple[ItemView, ...]
    publish_first: tuple[ItemView, ...]
    written: int
    total: int
    planned_words: int


@dataclass(frozen=True, slots=True)
class GapView:
    """Something that rivals leave out; `closed` where the page that answers it is published, `url` its address."""

    text: str
    closed: bool
    title: str
    url: str


class CoverageView(NamedTuple):
    """A page that covers an entity, with the sentence in which it does."""

    title: str
    url: str
    kind: str
    map: LinkView
    cluster: str
    sentence: Markup


@dataclass(frozen=True, slots=True)
class EntityView:
    """An entity with every page that covers it. `wikidata` is an address or ''."""

    name: str
    slug: str
    url: str
    kind: str
    description: str
    aliases: tuple[str, ...]
    wikidata: str
    same_as: tuple[str, ...]
    coverage: Sequence[CoverageView]


@dataclass(frozen=True, slots=True)
class IdeaView:
    """An idea; `number` counts from 1 in its group."""

    number: int
    title: str
    content_type: str
    intent: str
    query: str
    priority: str
    words: int | None
    description: str


@dataclass(frozen=True, slots=True)
class IdeaGroupView:
    """A group of ideas; `anchor` is its id."""

    title: str
    anchor: str
    description: str
    ideas: tuple[IdeaView, ...]


@dataclass(frozen=True, slots=True)
class StepView:
    """A step of the publishing order: `number` from 1, the article, its day or None, and what it will link to."""

    number: int
    item: ItemView
    date: dt.date | None
    links_to: tuple[LinkView, ...]


@dataclass(frozen=True, slots=True)
class FiguresView:
    """Figures of a map, all counted: `months` is None where the map gives none."""

    articles: int
    clusters: int
    high_priority: int
    planned_words: int
    written: int
    months: int | None
    entities: int
    questions: int
    gaps: int
    gaps_closed: int
    ideas: int


@dataclass(frozen=True, slots=True)
class MapCardView:
    """A map as lists show it."""

    title: str
    url: str
    description: str
    category: str
    updated: dt.date | None
    figures: FiguresView


@dataclass(frozen=True, slots=True)
class CategoryView:
    """A category and its maps."""

    title: str
    url: str
    maps: tuple[MapCardView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """What every page has.

    `kind` names the template (`templates/<kind>.html.jinja`). `canonical` is absolute. `crumbs` lead from the home page
    to the page's parent. `published` is the day that its author gave for publishing, `updated` the day of the last
    change, or None. `twin` is the URL of the Markdown twin, `feed` that of the map's or the author's feed, or ''. `map`
    is the map that the page belongs to, or None; `map_pages` the URLs of the map's further pages (faq, entities, ideas,
    plan; those that there are). `status` is published, planned, draft or scheduled.
    `alternates` are the page in all its languages, its own among them, where a map has translations.

    Two fields are filled in when the rest is known: `card` is the absolute URL of the page's picture for social
    networks (1200 × 630), or ''; `json_ld` the page as linked data (schema.org), a script element without effect, or
    ''.
    """

    kind: str
    url: str
    canonical: str
    title: str
    description: str
    language: str
    direction: str
    noindex: bool
    crumbs: tuple[LinkView, ...]
    published: dt.date | None
    updated: dt.date | None
    twin: str
    feed: str
    map: LinkView | None
    map_pages: dict[str, str]
    status: str
    alternates: tuple[AlternateView, ...] = ()
    card: str = ""
    json_ld: Markup = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage(PageView):
    """`home`: the maps by category."""

    categories: tuple[CategoryView, ...]
    maps: tuple[MapCardView, ...]
    figures: FiguresView


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryPage(PageView):
    """`category`: the maps of a category."""

    maps: tuple[MapCardView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPage(PageView):
    """`map`: everything in a map. Pictures (see `pictures/`): `diagram` of hubs and spokes, `progress` of writing."""

    category: LinkView | None
    query: str
    lead: Markup
    diagram: Markup
    progress: Markup
    figures: FiguresView
    clusters: tuple[ClusterView, ...]
    strategy: Markup
    seasonality: str
    intents: tuple[ShareView, ...]
    content_types: tuple[ShareView, ...]
    gaps: tuple[GapView, ...]
    entities: tuple[EntityLineView, ...]
    questions: tuple[QuestionView, ...]
    steps: tuple[StepView, ...]
    level: str
    audience: str
    goal: str
    ideas: tuple[IdeaGroupView, ...]
    pages: dict[str, str]
    """URLs of the map's further pages, '' where there is none: faq, entities, ideas, plan, json, csv."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPage(PageView):
    """`cluster`: the pillar, what to publish first, the articles in order, each with its brief."""

    cluster: ClusterView
    briefs: dict[str, BriefView]
    """By article slug."""
    questions: tuple[QuestionView, ...]
    siblings: tuple[LinkView, ...]
    """The other clusters of the map."""


@dataclass(frozen=True, slots=True)
class BriefView:
    """The brief of an article: what its writer needs."""

    item: ItemView
    entities: tuple[EntityLineView, ...]
    questions: tuple[str, ...]
    links_to: tuple[LinkView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePage(PageView):
    """`article` and `pillar`: a text. `brief`: a planned article's brief. `outline`: a pillar that is not written yet.

    `body` is the text ('' for briefs and outlines), `stops` the pillar and the articles of its cluster in order,
    `spokes` the same articles in full on a pillar's page, `pillar` the hub of an article (None on pillars), `pillars`
    the map's other pillars, `related` pages of other clusters.
    """

    item: ItemView
    body: Markup
    outline: tuple[HeadingView, ...]
    lead: Markup
    cluster: LinkView
    pillar: LinkView | None
    stops: tuple[StopView, ...]
    spokes: tuple[ItemView, ...]
    pillars: tuple[LinkView, ...]
    siblings: tuple[LinkView, ...]
    related: tuple[LinkView, ...]
    previous: LinkView | None
    next: LinkView | None
    entities: tuple[EntityLineView, ...]
    questions: tuple[QuestionView, ...]
    author: AuthorView | None
    links_to: tuple[LinkView, ...]
    """What an unwritten article will link to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaqPage(PageView):
    """`faq`: the map's questions. Groups are the map itself ('') and its clusters."""

    groups: tuple[tuple[str, tuple[QuestionView, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapEntitiesPage(PageView):
    """`map_entities`: the entities of a map, each with where the map covers it; `matrix` a picture of both, or ''."""

    matrix: Markup
    entities: tuple[EntityView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdeasPage(PageView):
    """`ideas`: article ideas by content type."""

    groups: tuple[IdeaGroupView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage(PageView):
    """`plan`: the publishing order. `steps` are still to be published, `done` are published, in the same order.

    `timeline` is a picture of the days, past and to come ('' without days), `progress` one of what is written.
    """

    timeline: Markup
    progress: Markup
    steps: tuple[StepView, ...]
    done: tuple[StepView, ...]
    figures: FiguresView


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitiesPage(PageView):
    """`entities`: all entities of the site, in groups of a first letter each."""

    groups: tuple[tuple[str, tuple[EntityView, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityPage(PageView):
    """`entity`: one entity: definition, same-as, coverage; `reach` is a picture of the latter, or ''."""

    reach: Markup
    entity: EntityView


@dataclass(frozen=True, slots=True, kw_only=True)
class FreePage(PageView):
    """`page`: a free page."""

    body: Markup
    outline: tuple[HeadingView, ...]
    author: AuthorView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorPage(PageView):
    """`author`: an author and what the author wrote."""

    author: AuthorView
    articles: tuple[LinkView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFoundPage(PageView):
    """`404`: what visitors get for a URL that does not exist."""

    maps: tuple[MapCardView, ...]
