"""The pages of articles and pillars: written ones, outlines of unwritten pillars, briefs of planned articles."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from markupsafe import Markup

from builder.atlas import MapSlice, Target, map_key
from builder.diagnostics import did_you_mean, error
from builder.interface import ref_key
from builder.link.coverage import entities_of
from builder.link.refs import Scope, resolve, unknown
from builder.link.shown import Shown
from builder.link.structure import Neighbours, neighbours, reading_line
from builder.load import shorten
from builder.model import ArticleDef, ClusterDef, Status
from builder.views.items import MapContext, author_view, entity_line, item_view, listed, question_view, stops
from builder.views.map import base, crumbs, planned_links
from builder.views.types import ArticlePage, HeadingView

if TYPE_CHECKING:
    from collections.abc import Iterator


def article_pages(
    context: MapContext, first: int = 0, end: int | None = None
) -> Iterator[tuple[str, ArticlePage, ArticleDef]]:
    """Yield the page of every article and pillar that has one, with its path and definition.

    `first` and `end` bound which of the map's articles and pillars, in their order.
    """
    line = reading_line(context.unit, context.interfaces, context.sliced)
    on_line = {target.key: index for index, target in enumerate(line)}
    places = [(cluster, number, item) for cluster in context.unit.clusters for number, item in enumerate(cluster.items)]
    for cluster, number, item in places[first:end]:
        target = context.target(item)
        _check(context, item)
        if target.path:
            around = neighbours(item, cluster, context.unit, context.sliced, line, on_line.get(target.key))
            yield target.path, _page(context, item, cluster, number, target, around), item


def _check(context: MapContext, item: ArticleDef) -> None:
    """Report an unknown author and wishes for links to pages that do not exist."""
    if item.author and item.author not in context.sliced.authors:
        authors = context.sliced.authors
        listed_ = f"site.yaml lists: {', '.join(sorted(authors)) or 'none'}"
        hint = did_you_mean(item.author, authors, otherwise=listed_)
        message = f"there is no author '{shorten(item.author)}'"
        file, keys = item.at("author")
        context.faults.append(error("unknown-author", message, file, *keys, hint=hint))
    if item.body and context.target(item).status not in {Status.PUBLISHED, Status.RETIRED}:
        scope = _scope(context.sliced, context, item)
        context.faults += resolve(item.body, scope, context.urls).faults
    for name, wishes in (("never", item.never), ("prefer", item.prefer)):
        for index, ref in enumerate(wishes):
            scope = _scope(context.sliced, context, item)
            key = ref_key("wiki", ref, item.source)
            if scope.find(key) is None:
                file, keys = item.at("links")
                context.faults.append(unknown(ref, key, replace(scope, file=file), (*keys, name, index)))


def _scope(sliced: MapSlice, context: MapContext, item: ArticleDef) -> Scope:
    return Scope.of_map(sliced, context.unit.folder, context.unit.assets, "", item.source, item.cluster)


def _page(
    context: MapContext, item: ArticleDef, cluster: ClusterDef, number: int, target: Target, around: Neighbours
) -> ArticlePage:
    path, unit = target.path, context.unit
    published = target.status is Status.PUBLISHED
    related = context.related.get(target.key, Shown())
    targets = context.sliced.targets
    kind = ("pillar" if item.is_pillar else "article") if published else ("outline" if item.is_pillar else "brief")
    spokes = [] if not item.is_pillar else listed(cluster)
    fields = base(
        context,
        kind,
        path,
        item.title,
        item.description.source,
        crumbs(context, path, cluster),
        published=item.publish_on if published else None,
        updated=item.updated or (item.publish_on if published else None),
        noindex=not target.indexed,
        status=str(target.status),
    )
    return ArticlePage(
        **fields,
        item=item_view(context, item, cluster, number, path, "self"),
        body=context.text(item.body, "body", path, item.source, cluster=item.cluster) if published else Markup(""),
        outline=tuple(HeadingView(h.level, h.id, h.text) for h in item.body.outline) if published else (),
        lead=context.text(item.description, "lead", path, *item.place, cluster=item.cluster),
        cluster=context.link(path, targets[map_key(unit.slug, cluster.slug)], "cluster"),
        pillar=context.link(path, around.pillar, "pillar", "the hub of its cluster") if around.pillar else None,
        stops=stops(context, cluster, path),
        spokes=tuple(item_view(context, spoke, cluster, n, path, "spoke") for n, spoke in enumerate(spokes, 1)),
        pillars=tuple(context.link(path, other, "pillars") for other in around.pillars),
        siblings=tuple(context.link(path, targets[key], "sibling", reason) for key, reason in related.siblings),
        related=tuple(context.link(path, targets[key], "related", reason) for key, reason in related.further),
        previous=context.link(path, around.previous, "previous") if around.previous else None,
        next=context.link(path, around.next, "next") if around.next else None,
        entities=tuple(entity_line(context, entry, path) for entry in entities_of(item, context.sliced)),
        questions=tuple(question_view(context, question, path, item.cluster) for question in item.faq),
        author=author_view(context.config, context.urls, item.author, path, context.links),
        links_to=() if published else tuple(planned_links(context, item, cluster, path)),
    )
