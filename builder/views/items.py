"""Views of the parts that several pages show: articles, clusters, questions, entities, figures."""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from builder.atlas import EntityEntry, MapSlice, Target, map_key
from builder.interface import all_questions, item_interface
from builder.link.names import first_mention
from builder.link.refs import Resolved, Scope, resolve
from builder.link.sentences import sentence_at
from builder.link.types import Link, Splice, spliced
from builder.model import ArticleDef, ClusterDef, ItemInterface, MapDef, QuestionDef, Status
from builder.urls import slugify
from builder.views.types import (
    AuthorView,
    ClusterView,
    EntityLineView,
    FiguresView,
    ItemView,
    LinkView,
    QuestionView,
    ShareView,
    StopView,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from builder.body import Body
    from builder.config import SiteConfig
    from builder.diagnostics import Diagnostic
    from builder.link.shown import Shown
    from builder.urls import Urls
    from builder.views.pictures.svg import Wording

#: Languages that are written from right to left (Unicode CLDR, `characterOrder`).
_RIGHT_TO_LEFT = frozenset(
    ["ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ku", "nqo", "pnb", "ps", "sd", "syr", "ug", "ur", "yi"]
)


def direction(language: str) -> str:
    """Return `rtl` or `ltr` for a BCP 47 tag; an explicit script decides (`ku-Latn` is `ltr`)."""
    parts = language.split("-")
    script = next((part.title() for part in parts[1:] if len(part) == 4), "")  # noqa: PLR2004 - scripts have four letters
    if script:
        return "rtl" if script in {"Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg"} else "ltr"
    return "rtl" if parts[0].lower() in _RIGHT_TO_LEFT else "ltr"


@dataclass(slots=True)
class MapContext:
    """One map while its pages are made: what they are made of, and what is gathered on the way.

    `words` are those of the map's language, for its pictures; `prompts` the writing prompts by article key; `automatic`
    the link engine's replacements by page and text (see `link/engine.py`); `related` the related pages that each
    article shows, by key.
    """

    unit: MapDef
    sliced: MapSlice
    config: SiteConfig
    urls: Urls
    words: Wording
    prompts: Mapping[str, str] = field(default_factory=dict)
    automatic: Mapping[tuple[str, str], list[Splice]] = field(default_factory=dict)
    related: Mapping[str, Shown] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    reserved: list[Link] = field(default_factory=list)
    faults: list[Diagnostic] = field(default_factory=list)
    assets: dict[str, str] = field(default_factory=dict)

    @property
    def interfaces(self) -> dict[str, ItemInterface]:
        """The map's articles by key."""
        return {map_key(self.unit.slug, item.cluster, item.slug): item_interface(item) for item in self.unit.items}

    def target(self, item: ArticleDef) -> Target:
        """Return an article's target."""
        return self.sliced.targets[map_key(self.unit.slug, item.cluster, item.slug)]

    def link(self, source: str, target: Target, rule: str, reason: str = "", anchor: str = "") -> LinkView:
        """Record a structural link and return its view; a target without a page gives a view without a URL."""
        title = anchor or target.title
        if not target.path:
            return LinkView(title, "")
        self.links.append(Link(source, target.path, title, rule, reason))
        return LinkView(title, self.urls.url(target.path))

    def text(
        self, body: Body, name: str, path: str, file: str, keys: tuple[str | int, ...] = (), cluster: str = ""
    ) -> Markup:
        """Return a text as HTML on the page at `path`, its references and automatic links made.

        `name` tells the texts of one page apart for the link engine; `file` and `keys` are its place.
        """
        if not body.html:
            return Markup("")
        splices = list(self.automatic.get((path, name), ()))
        if body.refs or body.refused or body.unread:
            scope = Scope.of_map(self.sliced, self.unit.folder, self.unit.assets, path, file, cluster)
            resolved: Resolved = resolve(body, scope, self.urls, place=keys)
            self.links += resolved.links
            self.reserved += resolved.reserved
            self.faults += resolved.faults
            self.assets |= resolved.assets
            splices += resolved.splices
        return Markup(spliced(body.html, splices) if splices else body.html)  # noqa: S704 - made by markdown.py


def item_view(
    context: MapContext, item: ArticleDef, cluster: ClusterDef, number: int, page: str, rule: str
) -> ItemView:
    """Return an article as a list on the page at `page` shows it; the link is recorded under `rule`."""
    target = context.target(item)
    url = context.link(page, target, rule).url if target.path and target.path != page else ""
    key = target.key
    return ItemView(
        kind=target.kind,
        slug=item.slug,
        title=item.title,
        url=url,
        status=str(target.status),
        number=number,
        cluster=cluster.title,
        cluster_url=context.urls.url(target.home),
        query=item.query,
        intent=item.intent,
        content_type=item.content_type,
        priority=item.priority,
        words=item.words,
        written=item.body.words,
        description=context.text(
            item.description, f"description:{item.cluster}/{item.slug}", page, *item.place, cluster=item.cluster
        ),
        sections=item.sections,
        prompt=context.prompts.get(key, ""),
        date=context.sliced.days.get(key),
        updated=item.updated,
    )


def stops(context: MapContext, cluster: ClusterDef, page: str = "") -> tuple[StopView, ...]:
    """Return the pillar and the articles of a cluster in small; where `page` is the path of one, links are recorded."""
    made = []
    for item in (cluster.pillar, *listed(cluster)):
        target = context.target(item)
        here = bool(page) and target.path == page
        if page and not here:
            url = context.link(page, target, "stop").url
        else:
            url = context.urls.url(target.path) if target.path else ""
        made.append(StopView(item.title, url, "pillar" if item.is_pillar else "article", str(target.status), here))
    return tuple(made)


def listed(cluster: ClusterDef) -> list[ArticleDef]:
    """Return the articles of a cluster that lists show: all but the retired."""
    return [item for item in cluster.articles if item.status != "retired"]


def cluster_view(context: MapContext, cluster: ClusterDef, page: str) -> ClusterView:
    """Return a cluster with its pillar and articles, as a list on the page at `page`."""
    target = context.sliced.targets[map_key(context.unit.slug, cluster.slug)]
    articles = tuple(
        item_view(context, item, cluster, number, page, "list") for number, item in enumerate(listed(cluster), 1)
    )
    items = [cluster.pillar, *listed(cluster)]
    url = context.link(page, target, "cluster").url if target.path != page else ""
    return ClusterView(
        slug=cluster.slug,
        title=cluster.title,
        url=url,
        description=context.text(
            cluster.description, f"cluster:{cluster.slug}", page, *cluster.place, cluster=cluster.slug
        ),
        pillar=item_view(context, cluster.pillar, cluster, 0, page, "list"),
        articles=articles,
        publish_first=tuple(view for view in articles if view.priority == "high"),
        written=sum(1 for item in items if context.target(item).status is Status.PUBLISHED),
        total=len(items),
        planned_words=sum(item.words or 0 for item in items),
    )


def question_view(context: MapContext, question: QuestionDef, page: str, cluster: str = "") -> QuestionView:
    """Return a question as the page at `page` shows it."""
    answered = None
    faq = context.sliced.pages["faq"]
    if page != faq:
        context.links.append(Link(page, faq, question.question, "question", "asked on this page too"))
    if question.answered_by:
        answered = answer_link(context, question.answered_by, page, "faq", question.place.file, cluster)
    return QuestionView(
        question=question.question,
        answer=context.text(
            question.answer,
            f"question:{question.anchor}",
            page,
            question.place.file,
            (*question.place.keys, "answer"),
            cluster,
        ),
        anchor=question.anchor,
        url=context.urls.url(faq, question.anchor),
        answered_by=answered,
    )


def answer_link(context: MapContext, ref: str, page: str, rule: str, file: str, cluster: str = "") -> LinkView | None:
    """Return the link of an `answered_by`, None where its page is not published."""
    scope = Scope.of_map(context.sliced, context.unit.folder, context.unit.assets, page, file, cluster)
    key, _, fragment = ref.partition("#")
    target = scope.find(key.strip())
    if target is None or not target.path or not target.indexed or target.path == page:
        return None
    if target.ids is not None and fragment not in target.ids:
        fragment = ""
    context.links.append(Link(page, target.path, target.title, rule, f"answered_by: {ref}"))
    return LinkView(target.title, context.urls.url(target.path, fragment))


def entity_line(context: MapContext, entry: EntityEntry, page: str) -> EntityLineView:
    """Return an entity as a sentence on the page at `page`."""
    context.links.append(Link(page, entry.path, entry.name, "entity", "the page lists it under `entities`"))
    return _entity_line(entry, context.urls.url(entry.path))


@lru_cache(maxsize=1024)
def _entity_line(entry: EntityEntry, url: str) -> EntityLineView:
    """Return the line of an entity, which is the same on every page."""
    return EntityLineView(entry.name, url, entry.kind, entity_sentence(entry, url))


def entity_sentence(entry: EntityEntry, url: str) -> Markup:
    """Return the sentence that defines an entity, with its name linked; the name alone where there is no definition."""
    anchor = f'<a href="{html.escape(url)}">'
    text = sentence_at(entry.description, 0)
    at = first_mention(text, (entry.name,))
    if at < 0:
        name = html.escape(entry.name, quote=False)
        rest = f": {html.escape(text, quote=False)}" if text else ""
        return Markup(f"{anchor}{name}</a>{rest}")  # noqa: S704 - escaped above
    end = at + len(entry.name)
    before, named, after = (html.escape(part, quote=False) for part in (text[:at], text[at:end], text[end:]))
    return Markup(f"{before}{anchor}{named}</a>{after}")  # noqa: S704 - escaped above


def figures(context: MapContext) -> FiguresView:
    """Return the figures of a map, all counted; a pillar counts as an article, retired ones do not."""
    unit = context.unit
    items = [item for item in unit.items if item.status != "retired"]
    closed = sum(1 for gap in unit.gaps if gap.answered_by and gap_closed(context, gap.answered_by))
    return FiguresView(
        articles=len(items),
        clusters=len(unit.clusters),
        high_priority=sum(1 for item in items if item.priority == "high"),
        planned_words=sum(item.words or 0 for item in items),
        written=sum(1 for item in items if context.target(item).status is Status.PUBLISHED),
        months=unit.months_to_authority,
        entities=len({entry.slug for entry in context.sliced.entities.values()}),
        questions=len(all_questions(unit)),
        gaps=len(unit.gaps),
        gaps_closed=closed,
        ideas=sum(len(group.ideas) for group in unit.ideas),
    )


def gap_closed(context: MapContext, ref: str) -> bool:
    """Tell whether the page that answers a gap is published."""
    target = context.sliced.refs.get(ref.partition("#")[0].strip())
    return target is not None and target.indexed and bool(target.path)


def shares(names: Iterable[str]) -> tuple[ShareView, ...]:
    """Return how often each name occurs, the most frequent first, without ''."""
    counts = Counter(name for name in names if name)
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return tuple(ShareView(name, count, round(100 * count / total)) for name, count in ordered)


def author_view(
    config: SiteConfig, urls: Urls, key: str, page: str = "", links: list[Link] | None = None
) -> AuthorView | None:
    """Return an author of site.yaml, None for '' and for a key that is not listed.

    The link from the page at `page`, whose author it is, goes to `links`.
    """
    author = config.authors.get(key)
    if author is None:
        return None
    if links is not None:
        links.append(Link(page, urls.path("author", slug=slugify(key)), author.name, "byline", "its author"))
    return AuthorView(
        kind=author.kind,
        name=author.name,
        url=urls.url(urls.path("author", slug=slugify(key))),
        home=author.url or "",
        bio=Markup(f"<p>{html.escape(author.bio, quote=False)}</p>") if author.bio else Markup(""),  # noqa: S704 - escaped
        same_as=tuple(author.same_as),
    )


def newest(dates: Iterable[dt.date | None]) -> dt.date | None:
    """Return the latest of some dates."""
    return max((date for date in dates if date is not None), default=None)
