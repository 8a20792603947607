"""The pages of the site as a whole: home, categories, entities, free pages, authors, 404; and the site itself."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, overload

from markupsafe import Markup

from builder.atlas import Atlas, EntityEntry, Resolver, Target, Unknown, map_key, page_key
from builder.diagnostics import Diagnostic, did_you_mean, error
from builder.files import PAGES
from builder.interface import body_references
from builder.link.refs import Scope, resolve, unknown
from builder.link.types import Link, spliced
from builder.load import shorten
from builder.urls import slugify
from builder.views.items import author_view, direction, newest
from builder.views.pictures.reach import reach
from builder.views.types import (
    AuthorPage,
    CategoryPage,
    CategoryView,
    CoverageView,
    EntitiesPage,
    EntityPage,
    EntityView,
    FiguresView,
    FreePage,
    HeadingView,
    HomePage,
    LinkView,
    MapCardView,
    NotFoundPage,
    PageView,
    PublisherView,
    SiteView,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.config import SiteConfig
    from builder.link.coverage import Coverage
    from builder.model import PageDef
    from builder.records import PageRecord, UnitRecord
    from builder.urls import Urls


#: Where a search begins, by site.yaml's `search`.
_SEARCH = {"index": "/search.json", "pagefind": "/pagefind/pagefind.js"}


def site_view(
    config: SiteConfig, guide: LinkView | None, logo: str, words: Mapping[str, str], icons: Mapping[int, str]
) -> SiteView:
    """Return the view of the site.

    `guide` is the free page how-it-works if it is published, which the default navigation ends with; `logo` a URL or
    ''; `words` are the theme's messages in the site's language, `icons` the URLs of the icons as PNG, by size.
    """
    urls = config.urls
    publisher = config.publisher
    return SiteView(
        title=config.title,
        description=config.description or "",
        language=config.language,
        direction=direction(config.language),
        url=urls.url(urls.path("home")),
        absolute_url=urls.absolute(urls.path("home")),
        nav=_nav(config, guide, urls, words),
        publisher=PublisherView(
            publisher.kind, publisher.name or config.title, publisher.url or "", logo, tuple(publisher.same_as)
        ),
        feed=urls.url("/feed.xml") if config.feeds else "",
        search=config.search,
        search_url=urls.url(_SEARCH[config.search]) if config.search in _SEARCH else "",
        icon=icons.get(48, ""),
        touch_icon=icons.get(180, ""),
        manifest=urls.url("/site.webmanifest"),
    )


def nav_url(address: str, urls: Urls) -> str:
    """Return an address of site.yaml's navigation as pages link to it."""
    path, _, fragment = address.partition("#")
    return urls.url(path, fragment) if path.startswith("/") else address


def _nav(config: SiteConfig, guide: LinkView | None, urls: Urls, words: Mapping[str, str]) -> tuple[LinkView, ...]:
    if config.nav is not None:
        return tuple(LinkView(entry.title, nav_url(entry.url, urls)) for entry in config.nav)
    made = [
        LinkView(words.get("nav.maps", "Maps"), urls.url(urls.path("home"))),
        LinkView(words.get("nav.entities", "Entities"), urls.url(urls.path("entities"))),
    ]
    if guide is not None:
        made.append(guide)
    return tuple(made)


@dataclass(slots=True)
class SiteContext:
    """The site while its pages are made."""

    atlas: Atlas
    config: SiteConfig
    urls: Urls
    records: Sequence[UnitRecord]
    pages: Sequence[PageDef]
    files: frozenset[str]
    links: list[Link] = field(default_factory=list)
    reserved: list[Link] = field(default_factory=list)
    faults: list[Diagnostic] = field(default_factory=list)
    assets: dict[str, str] = field(default_factory=dict)

    def link(self, source: str, path: str, title: str, rule: str, reason: str = "") -> LinkView:
        """Record a structural link and return its view."""
        self.links.append(Link(source, path, title, rule, reason))
        return LinkView(title, self.urls.url(path))


def base(context: SiteContext, kind: str, path: str, title: str, description: str, **more: Any) -> dict[str, Any]:
    """Return the fields that every page view has, for a page of the site."""
    urls, config = context.urls, context.config
    home = [] if path == urls.path("home") else [context.link(path, urls.path("home"), config.title, "breadcrumb")]
    fields: dict[str, Any] = {
        "kind": kind,
        "url": urls.url(path),
        "canonical": urls.absolute(path),
        "title": title,
        "description": description,
        "language": config.language,
        "direction": direction(config.language),
        "noindex": False,
        "crumbs": tuple(home),
        "published": None,
        "updated": None,
        "twin": urls.url(f"{path.rstrip('/')}/index.md"),
        "feed": "",
        "map": None,
        "map_pages": {},
        "status": "published",
    }
    return fields | more


def _cards(context: SiteContext, page: str, slugs: Sequence[str] | None = None) -> list[MapCardView]:
    """Return the cards of maps, by title; `page` is the path of the page that shows them."""
    figures = {record.map: record.figures for record in context.records}
    maps = context.atlas.maps if slugs is None else [context.atlas.units[slug] for slug in slugs]
    made = []
    for unit in sorted(maps, key=lambda unit: (unit.title.casefold(), unit.slug)):
        counted = figures.get(unit.slug)
        if counted is None:
            continue
        target = context.atlas.targets[map_key(unit.slug)]
        link = context.link(page, target.path, unit.title, "map")
        made.append(MapCardView(unit.title, link.url, unit.description, unit.category, unit.updated, counted))
    return made


def _total(cards: Sequence[MapCardView], entities: int) -> FiguresView:
    def total(name: str) -> int:
        return sum(getattr(card.figures, name) for card in cards)

    return FiguresView(
        articles=total("articles"),
        clusters=total("clusters"),
        high_priority=total("high_priority"),
        planned_words=total("planned_words"),
        written=total("written"),
        months=None,
        entities=entities,
        questions=total("questions"),
        gaps=total("gaps"),
        gaps_closed=total("gaps_closed"),
        ideas=total("ideas"),
    )


def site_pages(context: SiteContext) -> Iterator[tuple[str, PageView, str, PageDef | None]]:
    """Yield the path, view, Markdown text and (for a free page) definition of each page of the site."""
    urls, atlas = context.urls, context.atlas
    yield urls.path("home"), _home(context), "", None
    for _, (title, path, slugs) in sorted(atlas.categories.items()):
        cards = tuple(_cards(context, path, slugs))
        updated = newest(card.updated for card in cards)
        fields = base(context, "category", path, title, "", updated=updated)
        yield path, CategoryPage(**fields, maps=cards), "", None
    yield from _entities(context)
    for page in context.pages:
        target = atlas.targets[page_key(page.slug)]
        view = _free_page(context, page, target)
        if target.path:
            yield target.path, view, page.body.source, page
    yield from _authors(context)
    fields = base(context, "404", "/404.html", "", "", noindex=True, twin="")
    yield "/404.html", NotFoundPage(**fields, maps=tuple(_cards(context, "/404.html"))), "", None


def _home(context: SiteContext) -> HomePage:
    path, atlas = context.urls.path("home"), context.atlas
    cards = tuple(_cards(context, path))
    groups: list[CategoryView] = []
    for _, (title, category_path, slugs) in sorted(atlas.categories.items(), key=lambda entry: entry[1][0].casefold()):
        urls = {context.urls.url(atlas.targets[map_key(slug)].path) for slug in slugs}
        link = context.link(path, category_path, title, "category")
        groups.append(CategoryView(title, link.url, tuple(card for card in cards if card.url in urls)))
    rest = tuple(card for card in cards if not slugify(card.category))
    if rest:
        groups.append(CategoryView("", "", rest))
    fields = base(context, "home", path, context.config.title, context.config.description or "")
    fields["updated"] = newest(card.updated for card in cards)
    return HomePage(**fields, categories=tuple(groups), maps=cards, figures=_total(cards, len(atlas.entities)))


def _entities(context: SiteContext) -> Iterator[tuple[str, PageView, str, None]]:
    """Yield the list of all entities and the page of each."""
    atlas, urls = context.atlas, context.urls
    path = urls.path("entities")
    coverage: dict[str, list[tuple[UnitRecord, Coverage]]] = {}
    for record in context.records:
        for entry in record.coverage:
            coverage.setdefault(entry.entity, []).append((record, entry))
    views = {
        entity.slug: _entity(context, entity, coverage.get(entity.slug, ()))
        for entity in sorted(atlas.entities.values(), key=lambda entity: (_sort_key(entity.name), entity.slug))
    }
    groups: dict[str, list[EntityView]] = {}
    for slug, view in views.items():
        context.link(path, atlas.entities[slug].path, view.name, "list")
        groups.setdefault(_initial(view.name), []).append(view)
    fields = base(context, "entities", path, "", "")
    yield path, EntitiesPage(**fields, groups=tuple((k, tuple(v)) for k, v in sorted(groups.items()))), "", None
    for slug, view in views.items():
        own = atlas.entities[slug].path
        crumbs = (*base(context, "entity", own, view.name, "")["crumbs"], context.link(own, path, "", "breadcrumb"))
        fields = base(context, "entity", own, view.name, view.description, crumbs=crumbs, noindex=not view.coverage)
        whole = replace(view, coverage=tuple(view.coverage))
        yield own, EntityPage(**fields, reach=reach(whole.coverage), entity=whole), "", None


def _sort_key(name: str) -> str:
    return unicodedata.normalize("NFKD", name).casefold().lstrip(".")


def _initial(name: str) -> str:
    """Return the letter under which a name is listed: without marks, capital; `#` for digits and signs."""
    first = _sort_key(name)[:1].upper()
    return first if first.isalpha() else "#"


def _entity(context: SiteContext, entity: EntityEntry, coverage: Sequence[tuple[UnitRecord, Coverage]]) -> EntityView:
    maps: dict[str, LinkView] = {}
    for record, entry in coverage:
        context.link(entity.path, entry.path, entry.title, "coverage", "the page covers the entity")
        if record.map not in maps:
            path = context.atlas.targets[map_key(record.map)].path
            why = "the map of a page that covers the entity"
            maps[record.map] = context.link(entity.path, path, record.title, "coverage", why)
    wikidata = f"https://www.wikidata.org/wiki/{entity.wikidata}" if entity.wikidata else ""
    return EntityView(
        entity.name,
        entity.slug,
        context.urls.url(entity.path),
        entity.kind,
        entity.description,
        entity.aliases,
        wikidata,
        entity.same_as,
        Covered(coverage, maps, context.urls),
    )


class Covered(Sequence[CoverageView]):
    """The pages that cover an entity, those of maps last; each is made when it is asked for.

    All entities together have several of them for each article, and the site's pages show those of one entity at a
    time.
    """

    def __init__(
        self, coverage: Sequence[tuple[UnitRecord, Coverage]], maps: Mapping[str, LinkView], urls: Urls
    ) -> None:
        self._entries = sorted(coverage, key=lambda entry: entry[1].kind == "map")
        self._maps = maps
        self._urls = urls

    def __len__(self) -> int:
        """Return how many pages cover it."""
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> CoverageView: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[CoverageView]: ...
    def __getitem__(self, index: int | slice) -> CoverageView | Sequence[CoverageView]:
        """Return a page, or some in their order."""
        if isinstance(index, slice):
            return Covered(self._entries[index], self._maps, self._urls)
        record, entry = self._entries[index]
        url, sentence = self._urls.url(entry.path), Markup.escape(entry.sentence)
        return CoverageView(entry.title, url, entry.kind, self._maps[record.map], entry.cluster, sentence)


def scope_of(context: SiteContext, page: PageDef, path: str) -> Scope:
    """Return what the references of a free page, which is at `path`, mean."""
    resolver = Resolver(context.atlas, None)
    refs: dict[str, Target | None] = {}
    why: dict[str, Unknown] = {}
    for ref in (*body_references(page.body, page.place.file), *page.never, *page.prefer):
        found = resolver.find(ref)
        refs[ref] = found if isinstance(found, Target) else None
        if isinstance(found, Unknown):
            why[ref] = found
    home = context.urls.path("home")
    return Scope(path, page.place.file, "", refs, {}, "", why, context.files, PAGES, home)


def _free_page(context: SiteContext, page: PageDef, target: Target) -> FreePage:
    """Return a free page's view; its references are checked even while it is not published."""
    scope = scope_of(context, page, target.path)
    for name, wishes in (("never", page.never), ("prefer", page.prefer)):
        keys = [("links", name, index) for index in range(len(wishes))]
        context.faults += [unknown(r, r, scope, k) for r, k in zip(wishes, keys, strict=True) if r in scope.unknown]
    resolved = resolve(page.body, scope, context.urls)
    context.links += resolved.links
    context.reserved += resolved.reserved
    context.faults += resolved.faults
    context.assets |= resolved.assets
    if page.author and page.author not in context.config.authors:
        message = f"there is no author '{shorten(page.author)}'"
        hint = did_you_mean(page.author, context.config.authors, otherwise="add it to `authors` in site.yaml")
        context.faults.append(error("unknown-author", message, page.place.file, "author", hint=hint))
    fields = base(
        context,
        "page",
        target.path or "/",
        page.title,
        page.description,
        published=page.publish_on if target.indexed else None,
        updated=page.updated or page.publish_on,
        noindex=not target.indexed,
        status=str(target.status),
    )
    return FreePage(
        **fields,
        body=Markup(spliced(page.body.html, resolved.splices)),  # noqa: S704 - made by markdown.py
        outline=tuple(HeadingView(h.level, h.id, h.text) for h in page.body.outline),
        author=author_view(context.config, context.urls, page.author, target.path, context.links),
    )


def _authors(context: SiteContext) -> Iterator[tuple[str, PageView, str, None]]:
    """Yield the page of each author, with what the author has published, the newest first."""
    written: dict[str, list[PageRecord]] = {}
    for record in context.records:
        for page in record.pages:
            if page.author_key and page.indexed:
                written.setdefault(page.author_key, []).append(page)
    for key, author in context.config.authors.items():
        path = context.urls.path("author", slug=slugify(key))
        view = author_view(context.config, context.urls, key)
        pages = sorted(written.get(key, ()), key=lambda page: (-(page.updated or dt.date.min).toordinal(), page.path))
        links = tuple(context.link(path, page.path, page.title, "written") for page in pages)
        feed = context.urls.url(f"{path.rstrip('/')}/feed.xml") if context.config.feeds and links else ""
        fields = base(context, "author", path, author.name, author.bio or "", noindex=not links, feed=feed)
        if view is not None:
            yield path, AuthorPage(**fields, author=view, articles=links), "", None
