"""The pages of a map: the map's own, cluster indexes, FAQ, entities, ideas and plan."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from builder.atlas import Target, map_key
from builder.body import MAP_IDS
from builder.interface import all_questions
from builder.link.coverage import Coverage, entities_of
from builder.link.refs import Scope, unknown
from builder.link.types import Link
from builder.model import ArticleDef, ClusterDef, GapDef, Status
from builder.urls import slugify
from builder.views.items import (
    MapContext,
    answer_link,
    cluster_view,
    direction,
    entity_line,
    figures,
    item_view,
    listed,
    newest,
    question_view,
    shares,
    stops,
)
from builder.views.pictures.diagram import diagram
from builder.views.pictures.matrix import Row, matrix
from builder.views.pictures.progress import progress
from builder.views.pictures.svg import Route
from builder.views.pictures.timeline import timeline
from builder.views.types import (
    AlternateView,
    BriefView,
    ClusterPage,
    CoverageView,
    EntityView,
    FaqPage,
    FiguresView,
    GapView,
    IdeaGroupView,
    IdeasPage,
    IdeaView,
    LinkView,
    MapEntitiesPage,
    MapPage,
    PageView,
    PlanPage,
    QuestionView,
    StepView,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence


def base(
    context: MapContext, kind: str, path: str, title: str, description: str, crumbs: Sequence[LinkView], **more: Any
) -> dict[str, Any]:
    """Return the fields that every page view has, for a page of the map."""
    urls, unit = context.urls, context.unit
    language = context.sliced.language
    feed = urls.url(f"{context.sliced.path.rstrip('/')}/feed.xml") if context.config.feeds else ""
    fields: dict[str, Any] = {
        "kind": kind,
        "url": urls.url(path),
        "canonical": urls.absolute(path),
        "title": title,
        "description": description,
        "language": language,
        "direction": direction(language),
        "noindex": False,
        "crumbs": tuple(crumbs),
        "published": None,
        "updated": unit.updated,
        "twin": urls.url(f"{path.rstrip('/')}/index.md"),
        "feed": feed,
        "map": LinkView(unit.title, urls.url(context.sliced.path)),
        "map_pages": _map_pages(context, kind, path),
        "status": "published",
        "alternates": tuple(_alternates(context, path)),
    }
    return fields | more


def _alternates(context: MapContext, page: str) -> Iterator[AlternateView]:
    """Yield the page in all its languages; its links to the others are recorded."""
    for language, path in context.sliced.translations.get(page, ()):
        if path != page:
            context.links.append(Link(page, path, language, "translation"))
        yield AlternateView(language, context.urls.absolute(path), context.urls.url(path))


def _map_pages(context: MapContext, kind: str, page: str) -> dict[str, str]:
    """Return the URLs of the map's further pages, those that there are."""
    names = {"faq": "faq", "map_entities": "entities", "ideas": "ideas", "plan": "plan"}
    rule = "section" if kind == "map" else "sections"
    made = {}
    for name, path in context.sliced.pages.items():
        if path and name in names:
            if path != page:
                context.links.append(Link(page, path, name, rule))
            made[names[name]] = context.urls.url(path)
    return made


def crumbs(context: MapContext, path: str, cluster: ClusterDef | None = None, *, inside: bool = True) -> list[LinkView]:
    """Return the links from the home page down to the page's parent; `inside` the map, or the map's own page."""
    home = Target(
        "site:home", "home", context.config.title, context.urls.path("home"), "/", indexed=True, status=Status.PUBLISHED
    )
    made = [context.link(path, home, "breadcrumb")]
    if inside:
        made.append(context.link(path, context.sliced.targets[map_key(context.unit.slug)], "breadcrumb"))
    if cluster is not None:
        target = context.sliced.targets[map_key(context.unit.slug, cluster.slug)]
        made.append(context.link(path, target, "breadcrumb"))
    return made


def map_page(context: MapContext) -> MapPage:
    """Return the map's page: everything in the map."""
    unit, sliced, urls = context.unit, context.sliced, context.urls
    path = sliced.path
    shown = routes(context)
    mirrored = direction(sliced.language) == "rtl"
    clusters = tuple(cluster_view(context, cluster, path) for cluster in unit.clusters)
    items = [item for item in unit.items if item.status != "retired"]
    if sliced.category:
        context.links.append(Link(path, sliced.category[1], sliced.category[0], "category", "its category"))
    return MapPage(
        **base(context, "map", path, unit.title, unit.description.source, crumbs(context, path, inside=False)),
        category=LinkView(sliced.category[0], urls.url(sliced.category[1])) if sliced.category else None,
        query=unit.query,
        lead=context.text(unit.description, "lead", path, unit.file, ("description",)),
        diagram=diagram(unit.title, shown, context.words, mirrored=mirrored),
        progress=progress(shown, context.words, mirrored=mirrored),
        figures=figures(context),
        clusters=clusters,
        strategy=context.text(unit.strategy, "strategy", path, unit.file, ("strategy",)),
        seasonality=unit.seasonality,
        intents=shares(item.intent for item in items),
        content_types=shares(item.content_type for item in items),
        gaps=tuple(gap_view(context, gap, path) for gap in unit.gaps),
        entities=tuple(entity_line(context, entry, path) for entry in _entries(context)),
        questions=tuple(question for _, group in _questions(context, path) for question in group),
        steps=tuple(_steps(context, path)),
        level=unit.level,
        audience=unit.audience,
        goal=unit.goal,
        ideas=idea_groups(context),
        pages={
            "faq": _url(context, "faq", path),
            "entities": _url(context, "map_entities", path),
            "ideas": _url(context, "ideas", path),
            "plan": _url(context, "plan", path),
            "json": urls.url(f"{path.rstrip('/')}/map.json"),
            "csv": urls.url(f"{path.rstrip('/')}/map.csv"),
        },
    )


def _url(context: MapContext, kind: str, page: str) -> str:
    path = context.sliced.pages[kind]
    if not path:
        return ""
    target = Target(kind, kind, kind, path, path, indexed=True, status=Status.PUBLISHED)
    return context.link(page, target, "section").url


def routes(context: MapContext) -> tuple[Route, ...]:
    """Return the map's clusters as its pictures draw them. Their links are those of lists on the same page."""
    made = []
    for cluster in context.unit.clusters:
        index = context.sliced.targets[map_key(context.unit.slug, cluster.slug)].path
        made.append(Route(cluster.title, context.urls.url(index) if index else "", stops(context, cluster)))
    return tuple(made)


def _entries(context: MapContext) -> list[Any]:
    return list({entry.slug: entry for entry in context.sliced.entities.values()}.values())


def gap_view(context: MapContext, gap: GapDef, page: str) -> GapView:
    """Return a gap; its reference is checked here."""
    if not gap.answered_by:
        return GapView(gap.text, closed=False, title="", url="")
    check_answer(context, gap.answered_by, gap.place.file, gap.place.keys)
    link = answer_link(context, gap.answered_by, page, "gap", gap.place.file)
    return GapView(gap.text, closed=link is not None, title=link.title if link else "", url=link.url if link else "")


def check_answer(context: MapContext, ref: str, file: str, keys: tuple[str | int, ...], cluster: str = "") -> None:
    """Report an `answered_by` that names no page, or a heading that its page does not have."""
    from builder.diagnostics import did_you_mean, error  # noqa: PLC0415
    from builder.load import shorten  # noqa: PLC0415

    scope = Scope.of_map(context.sliced, context.unit.folder, (), "", file, cluster)
    key, _, fragment = ref.partition("#")
    target = scope.find(key.strip())
    if target is None:
        context.faults.append(unknown(ref, key.strip(), scope, (*keys, "answered_by")))
    elif fragment and target.path and target.ids is not None and fragment not in target.ids:
        message = f"'{shorten(target.title)}' has no heading '{shorten(fragment)}'"
        hint = did_you_mean(fragment, target.ids)
        context.faults.append(error("unknown-heading", message, file, *keys, "answered_by", hint=hint))


def _questions(context: MapContext, page: str) -> Iterator[tuple[str, tuple[QuestionView, ...]]]:
    """Yield the map's questions in groups: the map's own, then each cluster's with its articles'."""
    unit = context.unit
    if unit.faq:
        yield "", tuple(question_view(context, question, page) for question in unit.faq)
    for cluster in unit.clusters:
        asked = [*cluster.faq, *(question for item in cluster.items for question in item.faq)]
        if asked:
            yield cluster.title, tuple(question_view(context, question, page, cluster.slug) for question in asked)


def _steps(context: MapContext, page: str, *, done: bool = False) -> Iterator[StepView]:
    """Yield the steps of the plan that are still to do, or those that are done, numbered over both."""
    unit = context.unit
    where = {
        map_key(unit.slug, cluster.slug, item.slug): (item, cluster)
        for cluster in unit.clusters
        for item in cluster.items
    }
    for number, key in enumerate(context.sliced.order, 1):
        item, cluster = where[key]
        published = context.target(item).status is Status.PUBLISHED
        if published is not done:
            continue
        day = item.publish_on if done else context.sliced.days.get(key)
        links = () if done else tuple(planned_links(context, item, cluster, page))
        context.link(page, context.sliced.targets[map_key(unit.slug, cluster.slug)], "cluster")
        yield StepView(number, item_view(context, item, cluster, number, page, "plan"), day, links)


def planned_links(context: MapContext, item: ArticleDef, cluster: ClusterDef, page: str) -> Iterator[LinkView]:
    """Yield what an article will link to when it is published: its pillar or spokes, then its entities.

    `page` is the path of the page that shows them.
    """
    reason = "a brief says that its article links to it"
    for other in listed(cluster) if item.is_pillar else [cluster.pillar]:
        yield context.link(page, context.target(other), "brief", reason)
    for entry in entities_of(item, context.sliced):
        context.links.append(Link(page, entry.path, entry.name, "brief", reason))
        yield LinkView(entry.name, context.urls.url(entry.path))


def cluster_page(context: MapContext, cluster: ClusterDef) -> ClusterPage:
    """Return a cluster's index."""
    unit = context.unit
    path = context.sliced.targets[map_key(unit.slug, cluster.slug)].path
    view = cluster_view(context, cluster, path)
    asked = [*cluster.faq, *(question for item in cluster.items for question in item.faq)]
    siblings = tuple(
        context.link(path, context.sliced.targets[map_key(unit.slug, other.slug)], "cluster")
        for other in unit.clusters
        if other is not cluster
    )
    shown = [cluster.pillar, *listed(cluster)]
    updated = newest(item.updated for item in shown if context.target(item).status is Status.PUBLISHED)
    return ClusterPage(
        **base(
            context, "cluster", path, cluster.title, cluster.description.source, crumbs(context, path), updated=updated
        ),
        cluster=view,
        briefs={
            item.slug: brief_view(context, item, cluster, shown_as, path)
            for item, shown_as in zip(shown, (view.pillar, *view.articles), strict=True)
        },
        questions=tuple(question_view(context, question, path, cluster.slug) for question in asked),
        siblings=siblings,
    )


def brief_view(context: MapContext, item: ArticleDef, cluster: ClusterDef, shown_as: Any, page: str) -> BriefView:
    """Return the brief of an article on the page at `page`."""
    return BriefView(
        item=shown_as,
        entities=tuple(entity_line(context, entry, page) for entry in entities_of(item, context.sliced)),
        questions=tuple(question.question for question in item.faq),
        links_to=tuple(planned_links(context, item, cluster, page)),
    )


def faq_page(context: MapContext) -> FaqPage:
    """Return the map's FAQ page; the references of all questions are checked here."""
    unit, path = context.unit, context.sliced.pages["faq"]
    for question in unit.faq:
        _check_question(context, question, "")
    for cluster in unit.clusters:
        for question in (*cluster.faq, *(q for item in cluster.items for q in item.faq)):
            _check_question(context, question, cluster.slug)
    groups = tuple(_questions(context, path))
    return FaqPage(
        **base(context, "faq", path, unit.title, unit.description.source, crumbs(context, path)), groups=groups
    )


def _check_question(context: MapContext, question: Any, cluster: str) -> None:
    if question.answered_by:
        check_answer(context, question.answered_by, question.place.file, question.place.keys, cluster)


def map_entities_page(context: MapContext, coverage: Sequence[Coverage]) -> MapEntitiesPage:
    """Return the map's entity list, each with where the map covers it."""
    unit, path = context.unit, context.sliced.pages["map_entities"]
    by_entity: dict[str, list[Coverage]] = {}
    for entry in coverage:
        if entry.kind != "map":
            by_entity.setdefault(entry.entity, []).append(entry)
    here = LinkView(unit.title, context.urls.url(context.sliced.path))
    views = []
    for entity in _entries(context):
        line = entity_line(context, entity, path)
        views.append(
            EntityView(
                name=entity.name,
                slug=entity.slug,
                url=line.url,
                kind=entity.kind,
                description=entity.description,
                aliases=entity.aliases,
                wikidata="",
                same_as=entity.same_as,
                coverage=tuple(_covered(context, entry, path, here) for entry in by_entity.get(entity.slug, ())),
            )
        )
    fields = base(context, "map_entities", path, unit.title, unit.description.source, crumbs(context, path))
    return MapEntitiesPage(**fields, matrix=_matrix(context, by_entity, views, path), entities=tuple(views))


def _matrix(
    context: MapContext, covered: Mapping[str, Sequence[Coverage]], views: Sequence[EntityView], page: str
) -> Markup:
    """Return the picture of entities and clusters: published pages that cover each, and others that list it."""
    unit, targets = context.unit, context.sliced.targets
    published = Counter((entry.entity, targets[entry.key].cluster) for found in covered.values() for entry in found)
    planned = Counter(
        (entry.slug, cluster.slug)
        for cluster in unit.clusters
        for item in (cluster.pillar, *listed(cluster))
        if context.target(item).status is not Status.PUBLISHED
        for entry in entities_of(item, context.sliced)
    )
    clusters = unit.clusters
    indexes = [targets[map_key(unit.slug, cluster.slug)] for cluster in clusters]
    heads = [LinkView(index.title, context.urls.url(index.path)) for index in indexes]
    rows = [
        Row(view.name, view.url, tuple((published[view.slug, c.slug], planned[view.slug, c.slug]) for c in clusters))
        for view in views
    ]
    made = matrix(heads, rows, context.words)
    for index in indexes if made else ():
        context.link(page, index, "cluster")
    return made


def _covered(context: MapContext, entry: Coverage, page: str, here: LinkView) -> CoverageView:
    target = context.sliced.targets[entry.key]
    link = context.link(page, target, "coverage", "the page covers the entity")
    return CoverageView(entry.title, link.url, entry.kind, here, entry.cluster, escape(entry.sentence))


def idea_groups(context: MapContext) -> tuple[IdeaGroupView, ...]:
    """Return the map's ideas by group."""
    made = []
    used = set(MAP_IDS) | {question.anchor for question in all_questions(context.unit)}
    for group in context.unit.ideas:
        anchor = slugify(group.title) or "group"
        while anchor in used:
            anchor += "-2"
        used.add(anchor)
        ideas = tuple(
            IdeaView(
                number,
                idea.title,
                idea.content_type,
                idea.intent,
                idea.query,
                idea.priority,
                idea.words,
                idea.description,
            )
            for number, idea in enumerate(group.ideas, 1)
        )
        made.append(IdeaGroupView(group.title, anchor, group.description, ideas))
    return tuple(made)


def ideas_page(context: MapContext) -> IdeasPage:
    """Return the map's ideas page."""
    unit, path = context.unit, context.sliced.pages["ideas"]
    fields = base(context, "ideas", path, unit.title, unit.description.source, crumbs(context, path))
    return IdeasPage(**fields, groups=idea_groups(context))


def plan_page(context: MapContext) -> PlanPage:
    """Return the map's publishing order."""
    unit, path = context.unit, context.sliced.pages["plan"]
    shown: FiguresView = figures(context)
    mirrored = direction(context.sliced.language) == "rtl"
    drawn = routes(context)
    days = {
        f"{number}/{index}": day
        for number, cluster in enumerate(unit.clusters)
        for index, item in enumerate((cluster.pillar, *listed(cluster)))
        if (day := _day(context, item)) is not None
    }
    return PlanPage(
        **base(context, "plan", path, unit.title, unit.description.source, crumbs(context, path)),
        timeline=timeline(drawn, days, context.words, mirrored=mirrored),
        progress=progress(drawn, context.words, mirrored=mirrored),
        steps=tuple(_steps(context, path)),
        done=tuple(_steps(context, path, done=True)),
        figures=shown,
    )


def _day(context: MapContext, item: ArticleDef) -> dt.date | None:
    """Return an article's day: of a published one the day given for it, else that of its last change."""
    target = context.target(item)
    if target.status is Status.PUBLISHED:
        return item.publish_on or item.updated
    return context.sliced.days.get(target.key)


def map_pages(
    context: MapContext, coverage: Sequence[Coverage], first: int = 0, end: int | None = None
) -> Iterator[tuple[str, PageView]]:
    """Yield every page of the map but its articles, with its path; `first` and `end` bound which, in their order."""
    pages = context.sliced.pages
    made: list[tuple[str, Callable[[], PageView]]] = [(context.sliced.path, partial(map_page, context))]
    for cluster in context.unit.clusters:
        path = context.sliced.targets[map_key(context.unit.slug, cluster.slug)].path
        made.append((path, partial(cluster_page, context, cluster)))
    further: dict[str, Callable[[], PageView]] = {
        "faq": partial(faq_page, context),
        "map_entities": partial(map_entities_page, context, coverage),
        "ideas": partial(ideas_page, context),
        "plan": partial(plan_page, context),
    }
    made += [(pages[kind], make) for kind, make in further.items() if pages[kind]]
    for path, make in made[first:end]:
        yield path, make()
