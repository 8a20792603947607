"""The prose of a map's pages, page by page: what the link engine may link in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from builder.atlas import MapSlice, Target, map_key
from builder.body import heading_of, titled
from builder.interface import all_questions, ref_key
from builder.link.match import Prose
from builder.link.refs import Scope
from builder.model import Status
from builder.urls import site_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from builder.body import Body
    from builder.model import ArticleDef, MapDef, QuestionDef


def with_titles(unit: MapDef, sliced: MapSlice) -> MapDef:
    """Return a map in whose texts each `[[reference]]` without words has its target's title as words.

    From here on a text reads as its readers will read it: sentences, words and phrases are those of the page. The
    answers of an article that is written but not published are left out: they are part of what is not published.
    """

    def of(body: Body, file: str, cluster: str) -> Body:
        scope = Scope.of_map(sliced, unit.folder, (), "", file, cluster)

        def title(ref: str) -> str:
            key, _, fragment = ref.partition("#")
            if not key.strip():
                return heading_of(body, fragment.strip())
            target = scope.find(key.strip())
            return target.title if target else ""

        return titled(body, title)

    def asked(questions: tuple[QuestionDef, ...], cluster: str = "") -> tuple[QuestionDef, ...]:
        if not any(_has_bare(q.answer) for q in questions):
            return questions
        return tuple(q._replace(answer=of(q.answer, q.place.file, cluster)) for q in questions)

    def item(one: ArticleDef) -> ArticleDef:
        status = sliced.targets[map_key(unit.slug, one.cluster, one.slug)].status
        if one.faq and status in {Status.DRAFT, Status.SCHEDULED}:
            one = one._replace(faq=())
        if not _has_bare(one.body) and not any(_has_bare(q.answer) for q in one.faq):
            return one
        return one._replace(body=of(one.body, one.source, one.cluster), faq=asked(one.faq, one.cluster))

    clusters = tuple(
        replace(c, pillar=item(c.pillar), articles=tuple(map(item, c.articles)), faq=asked(c.faq, c.slug))
        for c in unit.clusters
    )
    return replace(unit, clusters=clusters, faq=asked(unit.faq), strategy=of(unit.strategy, unit.file, ""))


def _has_bare(body: Body) -> bool:
    """Tell whether a text has a reference without words of its own."""
    return any(ref.kind == "wiki" and not ref.label for ref in body.refs)


def prose_of(unit: MapDef, sliced: MapSlice) -> Iterator[Prose]:
    """Yield the prose of every published page of a map; names are those of `MapContext.text`."""
    for cluster in unit.clusters:
        for item in cluster.items:
            target = sliced.targets[map_key(unit.slug, cluster.slug, item.slug)]
            if target.path and target.indexed:
                yield _article(item, target, unit, sliced)
    own = sliced.targets[map_key(unit.slug)]
    texts = [("lead", unit.description), ("strategy", unit.strategy)]
    texts += [(f"cluster:{cluster.slug}", cluster.description) for cluster in unit.clusters]
    yield _page(own.path, own.key, "", texts, unit, sliced)
    for cluster in unit.clusters:
        target = sliced.targets[map_key(unit.slug, cluster.slug)]
        texts = [(f"cluster:{cluster.slug}", cluster.description)]
        texts += [(f"description:{cluster.slug}/{item.slug}", item.description) for item in cluster.items]
        yield _page(target.path, target.key, cluster.slug, texts, unit, sliced)
    if sliced.pages["faq"]:
        yield _page(sliced.pages["faq"], "", "", _answers(all_questions(unit)), unit, sliced)


def _answers(questions: Iterable[QuestionDef]) -> list[tuple[str, Body]]:
    return [(f"question:{question.anchor}", question.answer) for question in questions]


def _article(item: ArticleDef, target: Target, unit: MapDef, sliced: MapSlice) -> Prose:
    texts = (("body", item.body), ("lead", item.description), *_answers(item.faq))
    scope = Scope.of_map(sliced, unit.folder, (), target.path, item.source, item.cluster)
    return Prose(
        target.path,
        target.key,
        item.cluster,
        texts,
        linked=_linked(texts, scope),
        never=_keys(item.never, scope),
        prefer=_keys(item.prefer, scope),
    )


def _page(path: str, key: str, cluster: str, texts: list[tuple[str, Body]], unit: MapDef, sliced: MapSlice) -> Prose:
    scope = Scope.of_map(sliced, unit.folder, (), path, unit.file, cluster)
    return Prose(path, key, cluster, tuple(texts), linked=_linked(texts, scope))


def _linked(texts: Iterable[tuple[str, Body]], scope: Scope) -> frozenset[str]:
    """Return the keys of the targets that the author links from a page."""
    found = (
        scope.find(ref_key(ref.kind, ref.target, scope.file))
        for _, body in texts
        for ref in body.refs
        if ref.kind in {"wiki", "file"}
    )
    paths = {site_path(ref.target)[0] for _, body in texts for ref in body.refs if ref.kind == "path"}
    keys = {target.key for target in found if target is not None}
    return frozenset(keys | {target.key for target in scope.own.values() if target.path in paths})


def _keys(refs: Iterable[str], scope: Scope) -> frozenset[str]:
    found = (scope.find(ref_key("wiki", ref, scope.file)) for ref in refs)
    return frozenset(target.key for target in found if target is not None)
