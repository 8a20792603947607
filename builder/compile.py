"""One map: its definition and its slice of the atlas → the files of its pages, and a record of them.

Called by the pipeline for each map whose key is new, in any process. A function of its arguments: nothing is read from
disk but the pictures that texts refer to, nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from builder.atlas import MapSlice, map_key
from builder.check.addresses import links_of
from builder.check.links import Writers, within
from builder.diagnostics import Diagnostic, error, has_errors
from builder.emit.cards import ACCENT, Card, draw
from builder.emit.data import map_csv, map_json
from builder.emit.feed import feed
from builder.emit.jsonld import Graphs
from builder.emit.pictures import framed, size_of
from builder.emit.twins import references_as_links, twin
from builder.interface import all_questions
from builder.link.coverage import coverage_of, entities_of
from builder.link.edges import edges_of
from builder.link.refs import Scope
from builder.link.related import related_pages, terms_of
from builder.link.shown import shown
from builder.memory import NOTHING
from builder.model import ArticleDef, ClusterDef, MapDef, Place, Status
from builder.records import WHOLE, OutputFile, PageLinks, PageRecord, Part, UnitRecord
from builder.render import Renderer, TemplateFault, Words
from builder.theme import contrasting
from builder.urls import output_file
from builder.views.article import article_pages
from builder.views.items import MapContext, figures, listed
from builder.views.map import map_pages
from builder.views.site import nav_url
from builder.views.types import ArticlePage, FaqPage, MapPage, PageView, SiteView

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from builder.config import SiteConfig
    from builder.link.coverage import Coverage
    from builder.link.shown import Shown
    from builder.link.types import Link, Splice
    from builder.memory import Recall
    from builder.theme import Theme
    from builder.urls import Urls

    Drawn: TypeAlias = Callable[[Card], bytes]
    Insertions: TypeAlias = tuple[Mapping[tuple[str, str], list[Splice]], Sequence[Link]]


@dataclass(frozen=True, slots=True)
class Options:
    """What is equal for every unit of a build: configuration, theme, site. Part of every unit's key."""

    root: str
    config: SiteConfig
    theme: Theme
    site: SiteView

    @property
    def urls(self) -> Urls:
        """The site's URLs."""
        return self.config.urls


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a map, or of a part of it, before what is about the map as a whole.

    `broken` is what templates could not render, `assets` the files beside texts that the pages show.
    """

    files: tuple[OutputFile, ...]
    records: tuple[PageRecord, ...]
    built: tuple[PageLinks, ...]
    links: tuple[Link, ...]
    reserved: tuple[Link, ...]
    faults: tuple[Diagnostic, ...]
    broken: tuple[Diagnostic, ...]
    assets: Mapping[str, str]
    coverage: tuple[Coverage, ...]


def compile_map(
    unit: MapDef,
    sliced: MapSlice,
    options: Options,
    automatic: Insertions,
    drawn: Drawn = draw,
    recall: Recall = NOTHING,
    related: Mapping[str, Shown] | None = None,
) -> tuple[list[OutputFile], UnitRecord]:
    """Return the files of a map and its record; what is wrong with its references is among the record's faults.

    `automatic` is what the link engine puts into the map's texts, and the links that this makes; `drawn` gives the
    picture of a card, `recall` what was made of the map before; `related` is what `related_of` returns, if it is known.

    A template that cannot be rendered is one diagnostic, and then there are no files.
    """
    pages = compile_pages(unit, sliced, options, automatic, drawn, recall, related=related)
    names = [file.name for file in pages.files]
    files, record = joined(unit, sliced, options, automatic, [pages], names)
    return ([*pages.files, *files], record) if not pages.broken else ([], record)


def compile_pages(
    unit: MapDef,
    sliced: MapSlice,
    options: Options,
    automatic: Insertions,
    drawn: Drawn = draw,
    recall: Recall = NOTHING,
    part: Part = WHOLE,
    related: Mapping[str, Shown] | None = None,
) -> Pages:
    """Return the pages of a part of a map. The parts' pages, in order, are those of the whole.

    `related` is what `related_of` returns for the part, if it is known.
    """
    urls, config = options.urls, options.config
    renderer = renderer_of(options)
    if related is None:
        related = related_of(unit, sliced, options.config, recall, part)
    context = context_of(unit, sliced, options, automatic, related)
    broken: list[Diagnostic] = []
    try:
        context.prompts = prompts_of(unit, sliced, options, recall) if config.prompts.public else {}
    except TemplateFault as fault:
        broken.append(fault.diagnostic)
    coverage = coverage_of(unit, sliced, recall) if part.last else ()
    records: list[PageRecord] = []
    files: list[OutputFile] = []
    built: list[PageLinks] = []
    graphs = graphs_of(options, sliced.language)
    words = renderer.words(sliced.language)
    cards = _Cards(unit, sliced.path, options, drawn)
    beside = {name: _beside(unit, sliced, name) for name in unit.assets}
    for path, view, text, unnamed in views_of(context, coverage, part):
        title, description = renderer.title(view), renderer.description(view)
        card = cards.of(path, view, files)
        page = replace(view, card=card, json_ld=graphs.of(view, title, card))
        records.append(unnamed._replace(title=title, description=description))
        try:
            plain = recall.same("page", path, (renderer, page), partial(renderer.render, page))
        except TemplateFault as fault:
            broken.append(fault.diagnostic)
            continue
        made = with_sizes(plain, beside, options)
        files.append(OutputFile(output_file(path), made.encode()))
        if page.twin:
            looks = page, title, description, words, text
            made_twin = recall.same("twin", path, looks, partial(twin, page, title, description, words, text))
            files.append(OutputFile(f"{path.strip('/')}/index.md".lstrip("/"), made_twin.encode()))
        built.append(recall.same("built", path, (options, made), partial(links_of, path, made, urls)))
    return Pages(
        tuple(files),
        tuple(records),
        tuple(built),
        tuple(dict.fromkeys(context.links[len(automatic[1]) :])),
        tuple(dict.fromkeys(context.reserved)),
        tuple(context.faults),
        tuple(broken),
        context.assets,
        coverage,
    )


def articles_of(
    unit: MapDef,
    sliced: MapSlice,
    options: Options,
    automatic: Insertions,
    names: Collection[str],
    drawn: Drawn = draw,
    recall: Recall = NOTHING,
) -> list[OutputFile]:
    """Return those of a map's articles whose files are asked for, with the files beside them that they show.

    They are what `compile_map` makes of them, without the rest of the map; none where one of them has an error.
    """
    every = _slots(unit, sliced)
    made: list[OutputFile] = []
    assets: dict[str, str] = {}
    for number, item in enumerate(unit.items):
        path = sliced.targets[map_key(unit.slug, item.cluster, item.slug)].path
        if not path or output_file(path) not in names:
            continue
        pages = compile_pages(unit, sliced, options, automatic, drawn, recall, Part(number, every))
        if pages.broken or has_errors(pages.faults):
            return []
        made += [file for file in pages.files if file.name in names]
        assets |= pages.assets
    faults: list[Diagnostic] = []
    made += _asset_files(assets, options.root, faults)
    return [] if faults else made


def joined(
    unit: MapDef,
    sliced: MapSlice,
    options: Options,
    automatic: Insertions,
    parts: Sequence[Pages],
    names: Iterable[str],
) -> tuple[list[OutputFile], UnitRecord]:
    """Return the files of a map that are about all of it, and its record; `names` are those of its pages' files."""
    urls = options.urls
    words = Words(options.theme, sliced.language, escaped=False)
    context = MapContext(unit, sliced, options.config, urls, words)
    for part in parts:
        context.assets |= part.assets
        context.faults += part.faults
    records = [record for part in parts for record in part.records]
    built = [page for part in parts for page in part.built]
    files = [*_data_files(context, records), *_asset_files(context.assets, options.root, context.faults)]
    writers = Writers(nav_of(options), _texts(context))
    wrong, outgoing = within(built, [*names, *(file.name for file in files)], urls, writers)
    links = tuple(dict.fromkeys([*automatic[1], *(link for part in parts for link in part.links)]))
    broken = [fault for part in parts for fault in part.broken]
    record = UnitRecord(
        map=unit.slug,
        title=unit.title,
        pages=tuple(records),
        coverage=parts[-1].coverage,
        links=links,
        reserved=tuple(dict.fromkeys(link for part in parts for link in part.reserved)),
        figures=figures(context),
        built=tuple(built),
        edges=edges_of(links),
        outgoing=tuple(outgoing),
        faults=tuple(dict.fromkeys([*context.faults, *broken, *wrong])),
    )
    return files if not broken else [], record


def _beside(unit: MapDef, sliced: MapSlice, name: str) -> str:
    """Return the path that a file beside the map's texts has on the site."""
    return sliced.path.rstrip("/") + name.removeprefix(f"content/maps/{unit.folder}")


class _Cards:
    """The pictures for social networks of a map's pages: pillars and articles have their own, all others the map's."""

    def __init__(self, unit: MapDef, path: str, options: Options, drawn: Drawn) -> None:
        self._path = path
        self._on = options.config.social_cards
        self._urls, self._drawn, self._map = options.urls, drawn, unit.title
        self._counts = {cluster.title: len(listed(cluster)) for cluster in unit.clusters}
        self._site, self._accent = options.site.title, accent_of(options.theme)
        self._shared = ""

    def of(self, path: str, page: PageView, files: list[OutputFile]) -> str:
        """Return the absolute URL of a page's card, '' where there are none; its file goes to `files`."""
        if not self._on:
            return ""
        if isinstance(page, ArticlePage) and not page.noindex and page.kind in {"article", "pillar"}:
            spokes = (self._counts.get(page.item.cluster, 0),)
            eyebrow = f"{self._map} · {page.item.cluster}"
            here = 0 if page.item.kind == "pillar" else page.item.number
            return self._file(path, Card(page.title, eyebrow, self._site, self._accent, spokes, here), files)
        if not self._shared:
            card = Card(self._map, "", self._site, self._accent, tuple(self._counts.values()), 0)
            self._shared = self._file(self._path, card, files)
        return self._shared

    def _file(self, path: str, card: Card, files: list[OutputFile]) -> str:
        name = card.name(path)
        files.append(OutputFile(name, self._drawn(card)))
        return self._urls.absolute(f"/{name}")


def accent_of(theme: Theme) -> str:
    """Return the color that cards and icons have, readable on the plate of a card."""
    return contrasting(str(theme.options.get("accent") or ACCENT), 3, "#f0f3f1")


def context_of(
    unit: MapDef,
    sliced: MapSlice,
    options: Options,
    automatic: Insertions,
    related: Mapping[str, Shown],
) -> MapContext:
    """Return a map as its views are made of it, with the links that the link engine makes."""
    words = Words(options.theme, sliced.language, escaped=False)
    context = MapContext(unit, sliced, options.config, options.urls, words, automatic=automatic[0], related=related)
    context.links += automatic[1]
    return context


def related_of(
    unit: MapDef, sliced: MapSlice, config: SiteConfig, recall: Recall = NOTHING, part: Part = WHOLE
) -> dict[str, Shown]:
    """Return the related pages that the articles of a part of a map show, by key: published ones of the map."""
    counts, entities = {}, {}
    for item in unit.items:
        target = sliced.targets[map_key(unit.slug, item.cluster, item.slug)]
        if target.indexed and target.path:
            counts[target.key] = recall.same("terms", target.key, item, partial(terms_of, item))
            entities[target.key] = [entry.name for entry in entities_of(item, sliced)]
    pillars = frozenset(key for key in counts if sliced.targets[key].kind == "pillar")
    first, end = part.bounds(_slots(unit, sliced))
    wanted = [map_key(unit.slug, item.cluster, item.slug) for item in unit.items[first:end]]
    most = 4 * (config.links.siblings + config.links.related) + 8  # more than are shown, since pillars are not
    relations = related_pages(counts, entities, most, pillars, wanted, recall)
    return {key: shown(sliced.targets[key], relations, sliced, config.links) for key in relations.pages}


def _slots(unit: MapDef, sliced: MapSlice) -> int:
    """Return the number of things that parts of a map share out: its articles and pillars, then its other pages."""
    further = sum(1 for kind in ("faq", "map_entities", "ideas", "plan") if sliced.pages[kind])
    return len(unit.items) + 1 + len(unit.clusters) + further


def views_of(
    context: MapContext, coverage: Sequence[Coverage], part: Part = WHOLE
) -> Iterator[tuple[str, PageView, str, PageRecord]]:
    """Yield the path, view, Markdown text and record of each page of a part of the map."""
    unit, sliced, urls = context.unit, context.sliced, context.urls
    first, end = part.bounds(_slots(unit, sliced))
    items = len(unit.items)
    page: PageView
    for path, page, item in article_pages(context, first, min(end, items)):
        scope = Scope.of_map(sliced, unit.folder, unit.assets, path, item.source, item.cluster)
        published = page.status == Status.PUBLISHED
        text = references_as_links(item.body.source, scope, urls) if published else ""
        yield path, page, text, _article_record(context, item, page, path)
    for path, page in map_pages(context, coverage, max(0, first - items), max(0, end - items)):
        strategy = ""
        if isinstance(page, MapPage):
            scope = Scope.of_map(sliced, unit.folder, unit.assets, path, unit.file)
            strategy = references_as_links(unit.strategy.source, scope, urls)
        yield path, page, strategy, _record(context, page, path)


def _article_record(context: MapContext, item: ArticleDef, page: ArticlePage, path: str) -> PageRecord:
    author = context.config.authors.get(item.author)
    return PageRecord(
        path=path,
        kind=context.target(item).kind,
        title=item.title,
        description=item.description.source,
        indexed=not page.noindex,
        updated=page.updated,
        published=item.publish_on,
        author=author.name if author else "",
        author_key=item.author if author else "",
        map=context.unit.slug,
        cluster=page.cluster.title,
        query=item.query,
        headings=tuple(heading.text for heading in page.outline),
        entities=tuple(entry.name for entry in entities_of(item, context.sliced)),
        key=context.target(item).key,
        priority=item.priority,
        place=item.place,
    )


def _record(context: MapContext, page: PageView, path: str) -> PageRecord:
    return PageRecord(
        path=path,
        kind=page.kind,
        title=page.title,
        description=page.description,
        indexed=not page.noindex,
        updated=page.updated,
        map=context.unit.slug,
        query=context.unit.query if page.kind == "map" else "",
        questions=tuple((question.question, question.anchor) for _, group in page.groups for question in group)
        if isinstance(page, FaqPage)
        else (),
        place=Place(context.unit.file),
    )


def _data_files(context: MapContext, records: list[PageRecord]) -> Iterator[OutputFile]:
    unit, sliced, urls, config = context.unit, context.sliced, context.urls, context.config
    base = sliced.path.strip("/")
    yield OutputFile(f"{base}/map.json".lstrip("/"), map_json(unit, sliced, urls).encode())
    yield OutputFile(f"{base}/map.csv".lstrip("/"), map_csv(unit, sliced, urls).encode())
    if config.feeds:
        path = f"{sliced.path.rstrip('/')}/feed.xml"
        author = config.publisher.name or config.title
        made = feed(
            records, urls, title=unit.title, path=path, home=sliced.path, language=sliced.language, author=author
        )
        yield OutputFile(path.strip("/"), made.encode())


def _texts(context: MapContext) -> dict[str, list[tuple[str, str]]]:
    """Return the Markdown that stands on each page of the map, with its file."""
    unit, sliced = context.unit, context.sliced
    answers = [(question.place.file, question.answer.source) for question in all_questions(unit)]
    texts = {sliced.path: [(unit.file, unit.strategy.source), *answers], sliced.pages["faq"]: answers}
    for item in unit.items:
        asked = [(question.place.file, question.answer.source) for question in item.faq]
        texts[context.target(item).path] = [(item.source, item.body.source), *asked]
    return texts


def nav_of(options: Options) -> tuple[str, ...]:
    """Return the addresses of site.yaml's navigation as pages link to them."""
    return tuple(nav_url(entry.url, options.urls) for entry in options.config.nav or ())


def with_sizes(made: str, assets: Mapping[str, str], options: Options) -> str:
    """Return the HTML of a page, its pictures with their sizes; `assets` maps the files beside texts to their paths."""
    if "<img" not in made:
        return made
    own = {options.urls.url(path): name for name, path in assets.items()}
    return framed(made, lambda name: size_of(Path(options.root, name)), own)


def _asset_files(assets: Mapping[str, str], root: str, faults: list[Diagnostic]) -> Iterator[OutputFile]:
    """Yield the files that texts refer to; one that cannot be read is a diagnostic."""
    for name, path in sorted(assets.items()):
        try:
            yield OutputFile(path.lstrip("/"), Path(root, name).read_bytes())
        except OSError as fault:
            faults.append(error("unreadable", f"the file cannot be read: {fault.strerror}", name))


def prompts_of(unit: MapDef, sliced: MapSlice, options: Options, recall: Recall = NOTHING) -> dict[str, str]:
    """Return the writing prompt of each article, by key: the author's, else the theme's template's."""
    renderer, template = renderer_of(options), options.config.prompts.template
    made: dict[str, str] = {}
    for cluster in unit.clusters:
        for item in (cluster.pillar, *listed(cluster)):
            key = map_key(unit.slug, cluster.slug, item.slug)
            if item.prompt:
                made[key] = item.prompt
                continue
            told = prompt_context(unit, cluster, item, sliced)
            made[key] = recall.same("prompt", key, (renderer, template, told), partial(renderer.prompt, template, told))
    return made


def prompt_context(unit: MapDef, cluster: ClusterDef, item: ArticleDef, sliced: MapSlice) -> dict[str, object]:
    """Return what a prompt template sees: plain values about the article, its cluster and its map."""
    others = [other for other in (cluster.pillar, *listed(cluster)) if other is not item]
    return {
        "title": item.title,
        "query": item.query,
        "kind": "pillar" if item.is_pillar else "article",
        "intent": item.intent,
        "content_type": item.content_type,
        "priority": item.priority,
        "words": item.words,
        "description": item.description.source,
        "sections": list(item.sections),
        "aliases": list(item.aliases),
        "entities": [entry.name for entry in entities_of(item, sliced)],
        "questions": [question.question for question in item.faq],
        "cluster": cluster.title,
        "pillar": "" if item.is_pillar else cluster.pillar.title,
        "links": [other.title for other in others],
        "map": unit.title,
        "level": unit.level,
        "audience": unit.audience,
        "goal": unit.goal,
        "language": sliced.language,
    }


_RENDERERS: dict[tuple[str, str], Renderer] = {}


def renderer_of(options: Options) -> Renderer:
    """Return this process's renderer of a theme and site; templates are compiled once."""
    key = (options.theme.digest, repr(options.site))
    if key not in _RENDERERS:
        _RENDERERS.clear()
        _RENDERERS[key] = Renderer(options.theme, options.site, options.urls)
    return _RENDERERS[key]


_GRAPHS: dict[tuple[Renderer, str], Graphs] = {}


def graphs_of(options: Options, language: str) -> Graphs:
    """Return what makes the linked data of a site's pages in a language."""
    renderer = renderer_of(options)
    if (renderer, language) not in _GRAPHS:
        if any(kept is not renderer for kept, _ in _GRAPHS):
            _GRAPHS.clear()
        made = Graphs(options.site, renderer.words(language), faq=options.config.structured_data.faq)
        _GRAPHS[renderer, language] = made
    return _GRAPHS[renderer, language]
