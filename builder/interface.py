"""A definition → its interface: what other maps, the site's pages and the emitters may know of it; its references."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from builder.body import vocabulary
from builder.model import ClusterInterface, ItemInterface, MapInterface

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.body import Body
    from builder.model import ArticleDef, MapDef, MentionDef, PageDef, QuestionDef


def interface_of(unit: MapDef) -> MapInterface:
    """Return what other maps, the site's pages and the emitters may know of a map before it is compiled."""
    clusters = tuple(ClusterInterface(c.slug, c.title, c.redirect_from, c.place) for c in unit.clusters)
    named = {mention.name.casefold(): [mention] for mention in unit.entities}
    drafted: list[MentionDef] = []
    for item in unit.items:
        if item.status in {"draft", "retired"}:
            drafted += item.entities
            continue
        for mention in item.entities:
            there = named.setdefault(mention.name.casefold(), [mention])
            if mention is not there[0] and (mention.kind or mention.description or mention.same_as):
                there.append(mention)
    return MapInterface(
        folder=unit.folder,
        file=unit.file,
        slug=unit.slug,
        title=unit.title,
        query=unit.query,
        category=unit.category,
        language=unit.language,
        translation_of=unit.translation_of,
        description=unit.description.source,
        updated=unit.updated,
        start=unit.start,
        per_week=unit.per_week,
        clusters=clusters,
        items=tuple(item_interface(item) for item in unit.items),
        entities=tuple(mention for group in named.values() for mention in group),
        drafted=tuple(drafted),
        questions=tuple(question.anchor for question in all_questions(unit)),
        gaps=len(unit.gaps),
        ideas=sum(len(group.ideas) for group in unit.ideas),
        refs=tuple(sorted(set(references(unit)))),
        redirect_from=unit.redirect_from,
        words=tuple(sorted(vocabulary(*[body.text for body in _prose(unit)]))),
    )


def _prose(unit: MapDef) -> Iterator[Body]:
    """Yield the texts of a map in which links may be made."""
    yield from (unit.description, unit.strategy, *(cluster.description for cluster in unit.clusters))
    yield from (question.answer for question in all_questions(unit))
    for item in unit.items:
        yield item.body
        yield item.description


def all_questions(unit: MapDef) -> tuple[QuestionDef, ...]:
    """Return the questions of a map's FAQ page: the map's, then each cluster's, its pillar's and its articles'."""
    made = list(unit.faq)
    for cluster in unit.clusters:
        made += cluster.faq
        for item in cluster.items:
            made += item.faq
    return tuple(made)


def ref_key(kind: str, target: str, source: str) -> str:
    """Return what a reference names, without its heading: the target as written, or `file:` and a name in the site."""
    bare = target.partition("#")[0].strip()
    if kind == "file":
        return f"file:{posixpath.normpath(posixpath.join(posixpath.dirname(source), unquote(bare)))}"
    return bare


def references(unit: MapDef) -> Iterator[str]:
    """Yield the key of every reference that the map's texts and keys make."""
    yield from body_references(unit.strategy, unit.file)
    for question in all_questions(unit):
        yield from body_references(question.answer, question.place.file)
    answers = [question.answered_by for question in all_questions(unit)] + [gap.answered_by for gap in unit.gaps]
    yield from (ref_key("wiki", answer, unit.file) for answer in answers if answer)
    for item in unit.items:
        yield from body_references(item.body, item.source)
        yield from (ref_key("wiki", ref, item.source) for ref in (*item.never, *item.prefer))
        if item.redirect_to:
            yield ref_key("wiki", item.redirect_to, item.source)


def body_references(body: Body, source: str) -> Iterator[str]:
    """Yield the key of every page that a body refers to."""
    for ref in body.refs:
        if ref.kind in {"wiki", "file"}:
            key = ref_key(ref.kind, ref.target, source)
            if key:
                yield key


def item_interface(item: ArticleDef) -> ItemInterface:
    """Return what others may know of an article."""
    return ItemInterface(
        slug=item.slug,
        cluster=item.cluster,
        is_pillar=item.is_pillar,
        title=item.title,
        query=item.query,
        aliases=item.aliases,
        intent=item.intent,
        priority=item.priority,
        words=item.words,
        written=item.body.words,
        has_body=bool(item.body),
        status=item.status,
        publish_on=item.publish_on,
        updated=item.updated,
        author=item.author,
        ids=tuple(sorted(item.body.ids)),
        redirect_from=item.redirect_from,
        redirect_to=item.redirect_to,
        place=item.place,
        source=item.source,
        own=item.own,
    )


def page_interface(page: PageDef) -> ItemInterface:
    """Return what others may know of a free page."""
    return ItemInterface(
        slug=page.slug,
        cluster="",
        is_pillar=False,
        title=page.title,
        query="",
        aliases=page.aliases,
        intent="",
        priority="medium",
        words=None,
        written=page.body.words,
        has_body=bool(page.body),
        status=page.status,
        publish_on=page.publish_on,
        updated=page.updated,
        author=page.author,
        ids=tuple(sorted(page.body.ids)),
        redirect_from=page.redirect_from,
        redirect_to=page.redirect_to,
        place=page.place,
    )
