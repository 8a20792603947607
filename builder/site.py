"""The site as a whole: pages that no map owns, and the files that list all pages. Runs after the maps are compiled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from builder.atlas import Atlas, page_key
from builder.check.addresses import links_of
from builder.check.links import Writers, within
from builder.compile import Options, accent_of, graphs_of, nav_of, renderer_of, with_sizes
from builder.diagnostics import Diagnostic, error
from builder.emit import speculation
from builder.emit.cards import Card, draw
from builder.emit.feed import feed
from builder.emit.headers import headers_file
from builder.emit.icons import MANIFEST, icon_files, icons_of, manifest
from builder.emit.llms import llms
from builder.emit.redirects import redirect_files
from builder.emit.robots import robots
from builder.emit.sitemap import sitemap
from builder.emit.twins import references_as_links, twin
from builder.link.edges import edges_of
from builder.load import shorten
from builder.model import Place
from builder.records import OutputFile, PageLinks, PageRecord, UnitRecord
from builder.render import TemplateFault
from builder.urls import output_file, slugify
from builder.views.site import SiteContext, scope_of, site_pages
from builder.views.types import EntityPage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from builder.compile import Drawn
    from builder.config import SiteConfig
    from builder.emit.icons import Keep
    from builder.model import PageDef
    from builder.theme import Theme
    from builder.views.types import PageView

    Put: TypeAlias = Callable[[OutputFile], object]


def compile_site(
    atlas: Atlas,
    records: Sequence[UnitRecord],
    pages: Sequence[PageDef],
    files: frozenset[str],
    options: Options,
    put: Put,
    drawn: Drawn = draw,
) -> UnitRecord:
    """Hand the files of the site's own pages and of its lists to `put`, one by one; return a record as of a map ('').

    `files` are the names of the pictures and other files in `content/pages`; `drawn` gives the picture of a card.
    """
    context = SiteContext(atlas, options.config, options.urls, records, pages, files)
    renderer = renderer_of(options)
    names: list[str] = []
    listed: list[PageRecord] = []
    built: list[PageLinks] = []
    faults: list[Diagnostic] = []

    def add(name: str, data: bytes) -> None:
        names.append(name)
        put(OutputFile(name, data))

    graphs = graphs_of(options, options.config.language)
    card = _card(records, options, drawn, add)
    words = renderer.words(options.config.language)
    for path, view, text, definition in site_pages(context):
        title, description = renderer.title(view), renderer.description(view)
        page = replace(view, card=card, json_ld=graphs.of(view, title))
        try:
            rendered = with_sizes(renderer.render(page), context.assets, options)
        except TemplateFault as fault:
            faults.append(fault.diagnostic)
            continue
        add(output_file(path), rendered.encode())
        if page.twin:
            scope = scope_of(context, definition, path) if definition else None
            source = references_as_links(text, scope, options.urls) if text and scope else ""
            markdown = twin(page, title, description, words, source)
            add(f"{path.strip('/')}/index.md".lstrip("/"), markdown.encode())
        built.append(links_of(path, rendered, options.urls))
        listed.append(
            PageRecord(
                path=path,
                kind=page.kind,
                title=title,
                description=description,
                indexed=not page.noindex,
                updated=page.updated,
                headings=tuple(heading.text for heading in getattr(page, "outline", ())),
                entities=_names(page, definition),
                key=page_key(definition.slug) if definition else "",
                priority="medium" if definition else "",
                place=definition.place if definition else Place(""),
            )
        )
    for name, path in sorted(context.assets.items()):
        add(path.lstrip("/"), Path(options.root, name).read_bytes())
    texts = {options.urls.path("page", slug=page.slug): [(page.place.file, page.body.source)] for page in pages}
    wrong, outgoing = within(built, names, options.urls, Writers(nav_of(options), texts))
    paths = {page.path for page in listed}
    links = tuple(dict.fromkeys(link for link in context.links if link.source in paths))
    record = UnitRecord(
        map="",
        title=options.config.title,
        pages=tuple(listed),
        coverage=(),
        links=links,
        reserved=tuple(dict.fromkeys(context.reserved)),
        figures=None,
        built=tuple(built),
        edges=edges_of(links),
        outgoing=tuple(outgoing),
        faults=tuple(dict.fromkeys([*context.faults, *faults, *wrong])),
    )
    for file in _lists(atlas, [*records, record], options):
        put(file)
    return record


def _names(page: PageView, definition: PageDef | None) -> tuple[str, ...]:
    """Return the names that a page of the site is about: the entities of a free page, the aliases of an entity."""
    if isinstance(page, EntityPage):
        return page.entity.aliases
    return tuple(mention.name for mention in definition.entities) if definition else ()


def _card(records: Sequence[UnitRecord], options: Options, drawn: Drawn, add: Callable[[str, bytes], None]) -> str:
    """Return the absolute URL of the site's picture for social networks, or ''; its file goes to `add`."""
    if not options.config.social_cards:
        return ""
    spokes = tuple(record.figures.clusters for record in records if record.figures is not None)
    card = Card(options.site.title, "", "", accent_of(options.theme), spokes if len(spokes) > 1 else (*spokes, 0), 0)
    add(card.name("/"), drawn(card))
    return options.urls.absolute(f"/{card.name('/')}")


def _lists(atlas: Atlas, records: Sequence[UnitRecord], options: Options) -> Iterator[OutputFile]:
    """Yield sitemap, robots.txt, feed, llms.txt, redirects and headers."""
    config, urls = options.config, options.urls
    pages = [page for record in records for page in record.pages]
    for name, text in sitemap(pages, urls):
        yield OutputFile(name, text.encode())
    yield OutputFile("robots.txt", robots(urls).encode())
    author = config.publisher.name or config.title
    if config.feeds:
        text = feed(
            pages,
            urls,
            title=config.title,
            path="/feed.xml",
            home=urls.path("home"),
            language=config.language,
            author=author,
        )
        yield OutputFile("feed.xml", text.encode())
    for key, writer in config.authors.items():
        home = urls.path("author", slug=slugify(key))
        own = [page for page in pages if page.author_key == key]
        if config.feeds and any(page.indexed for page in own):
            path = f"{home.rstrip('/')}/feed.xml"
            text = feed(own, urls, title=writer.name, path=path, home=home, language=config.language, author=author)
            yield OutputFile(path.strip("/"), text.encode())
    groups = [(record.title, _own_first(record)) for record in records]
    yield OutputFile("llms.txt", llms(config.title, config.description or "", groups, urls).encode())
    for name, text in redirect_files(atlas.redirects, urls):
        yield OutputFile(name, text.encode())
    yield OutputFile("_headers", headers_file(urls, config.headers, config.search).encode())
    yield OutputFile(speculation.FILE, speculation.speculation_rules(urls).encode())
    icons = icons_of(options.theme)
    yield OutputFile(MANIFEST, manifest(options.site, icons, urls, accent_of(options.theme)).encode())


def _own_first(record: UnitRecord) -> list[PageRecord]:
    return sorted(record.pages, key=lambda page: (page.kind != "map", page.path))


def theme_files(theme: Theme, keep: Keep) -> Iterator[OutputFile]:
    """Yield the theme's assets and icons; `keep` returns what was made under a key before."""
    for asset in theme.assets.values():
        yield OutputFile(asset.path.lstrip("/"), asset.data)
    for name, data in icon_files(theme, keep):
        yield OutputFile(name, data)


def logo_of(config: SiteConfig, theme: Theme, root: str) -> tuple[str, list[OutputFile], list[Diagnostic]]:
    """Return the URL of the publisher's logo (or ''), its file if `content/` has it, and what is wrong with it."""
    name = config.publisher.logo
    if not name:
        return "", [], []
    urls = config.urls
    if name in theme.assets:
        return urls.url(theme.assets[name].path), [], []
    bare = name.removeprefix("content/").lstrip("/")
    file = Path(root, "content", bare)
    if ".." not in bare.split("/") and file.is_file():
        return urls.url(f"/{bare}"), [OutputFile(bare, file.read_bytes())], []
    hint = "put the file into content/, and name it as it is called there"
    message = f"there is no file '{shorten(name)}' in content/ or among the theme's assets"
    return "", [], [error("missing-file", message, "site.yaml", "publisher", "logo", hint=hint)]
