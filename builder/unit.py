"""One map: its sources → its definition. A file of `content/pages` and the entities of `entities.yaml` likewise.

Called by the pipeline for each map whose sources are new, in any process: everything is in the arguments. Nothing here
knows another map, a URL or the date. Titles, slugs and bodies are complete when this stage is done.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from builder import schema
from builder.body import MAP_IDS, Body, compile_markdown, compile_plain
from builder.diagnostics import Diagnostic, did_you_mean, error, nearest
from builder.files import MAPS, PAGES, REGISTRY, TEXTS, digest
from builder.load import Document, parse, read, shorten
from builder.memory import NOTHING
from builder.model import (
    ArticleDef,
    ClusterDef,
    EntityDef,
    GapDef,
    IdeaDef,
    IdeaGroupDef,
    MapDef,
    MentionDef,
    PageDef,
    Place,
    QuestionDef,
    place_of,
)
from builder.urls import is_slug, slugify
from builder.validation import described, validate

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from builder.files import Source
    from builder.markdown import MarkdownOptions
    from builder.memory import Recall

P = TypeVar("P", bound=schema.PageKeys)


@dataclass(slots=True)
class Bodies:
    """Compiles texts, or takes them from those of an earlier build; keeps the ones that this build used."""

    options: MarkdownOptions
    known: Mapping[str, Body]
    used: dict[str, Body]
    about: str = field(init=False)  # the options, as part of the keys of bodies

    def __post_init__(self) -> None:
        """Write the options down once for all bodies."""
        self.about = repr(self.options)

    def markdown(self, text: str | None, prefix: str = "", title: str | None = None) -> Body:
        """Return the body of some Markdown, '' and None included."""
        if not text or not text.strip():
            return Body()
        return self._keep(("m", prefix, title, text), lambda: compile_markdown(text, self.options, prefix, title))

    def of_file(self, document: Document, title: str) -> Body:
        """Return the body of a file, which its digest stands for."""
        if not document.body.strip():
            return Body()
        parts = "f", "", title, document.digest
        return self._keep(parts, lambda: compile_markdown(document.body, self.options, "", title))

    def plain(self, text: str | None) -> Body:
        """Return the body of plain text."""
        if not text:
            return Body()
        return self._keep(("p", "", None, text), lambda: compile_plain(text))

    def _keep(self, parts: tuple[str, str, str | None, str], make: Callable[[], Body]) -> Body:
        *looks, text = parts
        key = digest(f"{self.about}{looks}\0{text}".encode())
        body = self.known.get(key)
        if body is None:
            body = make()
        self.used[key] = body
        return body


def define_map(
    folder: str,
    sources: Sequence[Source],
    bodies: Bodies,
    digests: dict[str, str] | None = None,
    recall: Recall = NOTHING,
) -> tuple[MapDef | None, list[Diagnostic]]:
    """Return the definition of the map in `content/maps/<folder>`, or None where it cannot be made out.

    `digests` are those of the sources, by name; `recall` has what was read of them before. Afterwards `digests` has
    those of the bytes that were read: a file may have changed since its digest was taken.
    """
    unit = _Unit(folder, bodies, {} if digests is None else digests, recall)
    return unit.define(sources), unit.faults


class _Unit:
    """The state of one `define_map`."""

    def __init__(self, folder: str, bodies: Bodies, digests: dict[str, str], recall: Recall) -> None:
        self.digests = digests
        self.recall = recall
        self.folder = folder
        self.root = f"{MAPS}/{folder}"
        self.bodies = bodies
        self.faults: list[Diagnostic] = []
        self.damaged = False
        self.unread: set[str] = set()
        self.anchors: set[str] = set(MAP_IDS)
        self.dates: list[dt.date] = []

    def define(self, sources: Sequence[Source]) -> MapDef | None:
        by_name = {source.name.removeprefix(f"{self.root}/"): source for source in sources}
        document = self.map_document(by_name)
        texts, assets = self.texts(by_name)
        if document is None:
            return None
        data = {key: value for key, value in document.data.items() if value is not None}
        if document.body.strip():
            if "strategy" in data:
                message = "the strategy is given twice: as a key and as the body of map.md"
                self.faults.append(error("conflict", message, document.name, "strategy!", hint="keep one of them"))
            data["strategy"] = document.body
        wanted, faults = validate(schema.Map, data, document.name)
        self.faults += faults
        self.damaged = bool(faults)
        return self.map(wanted, document.name, texts, assets) if wanted else None

    def map_document(self, by_name: dict[str, Source]) -> Document | None:
        yaml, markdown = by_name.pop("map.yaml", None), by_name.pop("map.md", None)
        if yaml and markdown:
            message = "the map is defined twice: in map.yaml and in map.md"
            self.faults.append(error("conflict", message, markdown.name, hint="keep one of the two files"))
        source = yaml or markdown
        if source is None:
            near = nearest("map.yaml", [name for name in by_name if name.lower().endswith(TEXTS) and "/" not in name])
            by_name.pop(near, None)
            hint = f"rename '{near}' to map.yaml" if near else "add a map.yaml, or delete the folder"
            message = "this folder of a map has no map.yaml and no map.md"
            self.faults.append(error("missing-map", message, self.root, hint=hint))
            return None
        return self.document(source)

    def document(self, source: Source) -> Document | None:
        document: Document | None
        kept = self.recall.before("document", source.name)
        if kept is not None and kept[0] == self.digests.get(source.name):
            document, faults = kept[1]
        else:
            document, faults, read_digest = _parsed(source)
            self.digests[source.name] = read_digest
            self.recall.keep("document", source.name, read_digest, (document, faults))
        self.faults += faults
        return document

    def texts(self, by_name: dict[str, Source]) -> tuple[dict[tuple[str, str], Document], tuple[str, ...]]:
        """Return the Markdown files by folder and stem, and the names of the files that are none."""
        texts: dict[tuple[str, str], Document] = {}
        assets: list[str] = []
        for name, source in by_name.items():
            folder, _, file = name.rpartition("/")
            if file.endswith((".yaml", ".yml")) or (file.endswith(".md") and (not folder or "/" in folder)):
                hint = "an article's text is <cluster slug>/<article slug>.md; a map's keys are in map.yaml"
                self.faults.append(error("stray-file", "no page is made of this file", source.name, hint=hint))
            elif file.endswith(".md"):
                document = self.document(source)
                if document is None:  # its article is there all the same: what refers to it is not wrong
                    document = Document(source.name, "", {})
                    self.unread.add(source.name)
                key = composed(folder), composed(file.removesuffix(".md"))
                if key in texts:
                    message = f"its name differs from {texts[key].name} in how accents are written, and in nothing else"
                    hint = "keep one of the two files"
                    self.faults.append(error("url-collision", message, document.name, hint=hint))
                else:
                    texts[key] = document
            elif file.lower().endswith((".md", ".markdown", ".yaml", ".yml")):
                hint = (
                    f"rename it to {file.rpartition('.')[0]}.md" if file.lower().endswith((".md", ".markdown")) else ""
                )
                hint = hint or f"rename it to {file.lower()}: endings are in small letters"
                self.faults.append(error("stray-file", "no page is made of this file", source.name, hint=hint))
            else:
                assets.append(source.name)
        return texts, tuple(assets)

    def map(
        self,
        wanted: schema.Map,
        file: str,
        texts: dict[tuple[str, str], Document],
        assets: tuple[str, ...],
    ) -> MapDef:
        place = Place(file)
        folder = composed(self.folder)
        slug = wanted.slug or (folder if is_slug(folder) else slugify(folder))
        if not slug:
            message = f"no slug can be made from the folder's name '{shorten(self.folder)}'"
            self.faults.append(error("value", message, file, "title!", hint="write `slug: …`"))
            slug = "untitled"
        if wanted.category and not slugify(wanted.category):
            message = f"no URL can be made from the category '{shorten(wanted.category)}'"
            self.faults.append(error("value", message, file, "category", hint="use letters and digits"))
        clusters = [self.cluster(c, texts, Place(file, ("clusters", i))) for i, c in enumerate(wanted.clusters)]
        self.strays(texts, [c.slug for c in clusters])
        if wanted.updated:
            self.dates = [wanted.updated]
        audience, pace = wanted.audience or schema.Audience(), wanted.publishing
        return MapDef(
            folder=self.folder,
            file=file,
            slug=slug,
            title=wanted.title,
            query=wanted.query or "",
            category=wanted.category or "",
            language=wanted.language or "",
            translation_of=wanted.translation_of or "",
            description=self.bodies.plain(wanted.description),
            updated=max(self.dates, default=None),
            level=audience.level or "",
            audience=audience.description or "",
            goal=audience.goal or "",
            strategy=self.bodies.markdown(wanted.strategy, "strategy-"),
            seasonality=wanted.seasonality or "",
            months_to_authority=wanted.months_to_authority,
            start=pace.start if pace else None,
            per_week=pace.per_week if pace else 1,
            clusters=tuple(clusters),
            gaps=tuple(
                GapDef(gap.text, gap.answered_by or "", Place(file, ("gaps", i))) for i, gap in enumerate(wanted.gaps)
            ),
            entities=mentions(wanted.entities, place),
            faq=self.questions(wanted.faq, place),
            ideas=tuple(_idea_group(group) for group in wanted.ideas),
            redirect_from=tuple(wanted.redirect_from),
            assets=assets,
        )

    def strays(self, texts: dict[tuple[str, str], Document], clusters: list[str]) -> None:
        """Report the Markdown files that no cluster took."""
        for (folder, _), document in texts.items():
            hint = did_you_mean(folder, clusters, otherwise=f"the map's clusters: {', '.join(clusters) or 'none'}")
            message = f"there is no cluster '{shorten(folder)}' in this map"
            self.faults.append(error("unknown-cluster", message, document.name, hint=hint))

    def cluster(self, wanted: schema.Cluster, texts: dict[tuple[str, str], Document], place: Place) -> ClusterDef:
        slug = wanted.slug or slugify(wanted.title)
        if not slug:
            message = f"no slug can be made from the title '{shorten(wanted.title)}'"
            self.faults.append(error("value", message, place.file, *place.keys, "title", hint="write `slug: …`"))
            slug = "untitled"
        pillar = self.article(
            wanted.pillar or schema.Article(),
            texts.pop((slug, "pillar"), None),
            slug,
            Place(place.file, (*place.keys, "pillar")),
            pillar_title=wanted.title,
        )
        articles = [
            self.declared(article, texts, slug, Place(place.file, (*place.keys, "articles", i)))
            for i, article in enumerate(wanted.articles)
        ]
        for folder, stem in sorted(key for key in texts if key[0] == slug):
            document = texts.pop((folder, stem))
            if stem == pillar.slug:
                hint = f"rename it to {folder}/pillar.md: it has the slug of the cluster's pillar"
                self.faults.append(error("stray-file", "a pillar's text is in pillar.md", document.name, hint=hint))
                continue
            slugs = {"pillar", *(article.slug for article in articles)}
            if stem not in slugs and stem.casefold() in slugs:
                message = f"the file of '{stem.casefold()}' has another name: capital letters count"
                hint = f"rename it to {folder}/{stem.casefold()}.md"
                self.faults.append(error("stray-file", message, document.name, hint=hint))
                continue
            named = schema.Article.model_construct({"slug"}, slug=stem)  # whatever the file is called
            articles.append(self.article(named, document, slug, Place(document.name)))
        return ClusterDef(
            slug=slug,
            title=wanted.title,
            description=self.bodies.plain(wanted.description),
            pillar=pillar,
            articles=tuple(articles),
            faq=self.questions(wanted.faq, place),
            redirect_from=tuple(wanted.redirect_from),
            place=place,
        )

    def declared(
        self, wanted: schema.Article, texts: dict[tuple[str, str], Document], cluster: str, place: Place
    ) -> ArticleDef:
        slug = wanted.slug or slugify(wanted.title or "")
        return self.article(wanted, texts.pop((cluster, slug), None), cluster, place)

    def article(
        self,
        declared: schema.Article,
        document: Document | None,
        cluster: str,
        place: Place,
        pillar_title: str = "",
    ) -> ArticleDef:
        """Return the article that a map's entry and a Markdown file make together."""
        is_pillar = bool(pillar_title)
        wanted = self.merged(declared, document, place, schema.Article) if document else declared
        title, body = self.title_and_body(wanted, document)
        if not title and is_pillar:
            title = pillar_title
        if not title:
            file = document.name if document else place.file
            keys = () if document else place.keys
            # The entry with its title may be what could not be read, and so may the file.
            if not (document and (self.damaged or document.name in self.unread)):
                hint = "write `title: …`"
                self.faults.append(error("missing-key", "an article needs a `title`", file, *keys, hint=hint))
            title = wanted.slug or "untitled"
        if document and document.name == place.file and declared.slug and not is_slug(declared.slug):
            better = slugify(declared.slug)
            message = f"the file's name '{shorten(declared.slug)}' cannot stand in a URL"
            hint = f"rename it to '{better}.md'" if better else "use letters, digits and hyphens"
            self.faults.append(error("value", message, document.name, hint=hint))
            wanted = wanted.model_copy(update={"slug": better or None})
        slug = wanted.slug or slugify(title)
        if not slug:
            message = f"no slug can be made from the title '{shorten(title)}'"
            self.faults.append(error("value", message, place.file, *place.keys, "title", hint="write `slug: …`"))
            slug = "untitled"
        own = tuple(sorted(document.data)) if document else ()
        source = document.name if document else place.file
        listed = {key: Place(source) if key in own else place for key in ("entities", "faq")}
        if wanted.redirect_to and wanted.status != "retired":
            file, keys = place_of("redirect_to", place, source, own)
            hint = "write `status: retired`, or delete `redirect_to`"
            self.faults.append(error("redirect", "`redirect_to` belongs to a retired page", file, *keys, hint=hint))
        if wanted.updated:
            self.dates.append(wanted.updated)
        links = wanted.links or schema.LinkWishes()
        return ArticleDef(
            slug=slug,
            cluster=cluster,
            is_pillar=is_pillar,
            title=title,
            query=wanted.query or "",
            aliases=tuple(wanted.aliases),
            intent=wanted.intent or "",
            content_type=wanted.content_type or "",
            priority=wanted.priority or ("high" if is_pillar else "medium"),
            words=wanted.words,
            description=self.bodies.plain(wanted.description),
            sections=tuple(wanted.sections),
            entities=mentions(wanted.entities, listed["entities"]),
            prompt=wanted.prompt or "",
            publish_on=wanted.publish_on,
            status=wanted.status,
            author=wanted.author or "",
            redirect_from=tuple(wanted.redirect_from),
            redirect_to=wanted.redirect_to or "",
            faq=self.questions(wanted.faq, listed["faq"], body.ids),
            updated=wanted.updated,
            never=tuple(links.never),
            prefer=tuple(links.prefer),
            body=body,
            place=place,
            source=source,
            own=own,
        )

    def title_and_body(self, wanted: schema.Article, document: Document | None) -> tuple[str, Body]:
        if document is None:
            return wanted.title or "", Body()
        body = self.bodies.of_file(document, wanted.title or "")
        return wanted.title or body.title, body

    def merged(self, declared: P, document: Document, place: Place, model: type[P]) -> P:
        """Return a map's entry with the front matter of its file; what the two say differently is reported."""
        data = {key: value for key, value in document.data.items() if value is not None}
        written, faults = validate(model, data, document.name)
        self.faults += faults
        if written is None:
            return declared
        changes: dict[str, Any] = {}
        wrong = {fault.keys[0] for fault in faults if fault.keys}
        for key in sorted(written.model_fields_set - wrong):
            ours, theirs = getattr(written, key), getattr(declared, key)
            if key in declared.model_fields_set and ours != theirs:
                self.faults.append(_twice(key, ours, theirs, document, place))
            else:
                changes[key] = ours
        return declared.model_copy(update=changes)

    def questions(
        self, wanted: Iterable[schema.Question], place: Place, taken: Container[str] = ()
    ) -> tuple[QuestionDef, ...]:
        """Return questions with their anchors, which are unique in the map and differ from the ids that are `taken`."""
        made = []
        for index, question in enumerate(wanted):
            base = slugify(question.question) or "question"
            anchor, number = base, 2
            while anchor in self.anchors or anchor in taken:
                anchor, number = f"{base}-{number}", number + 1
            self.anchors.add(anchor)
            answer = self.bodies.markdown(question.answer, f"{anchor}-")
            here = Place(place.file, (*place.keys, "faq", index))
            made.append(QuestionDef(question.question, answer, question.answered_by or "", anchor, here))
        return tuple(made)


def _parsed(source: Source) -> tuple[Document | None, list[Diagnostic], str]:
    """Return what a file says, what is wrong with it, and the digest of what was read."""
    data, faults = read(source)
    if data is None:
        return None, faults, f"unreadable: {faults[0].message}"
    document, faults = parse(source.name, data, known=source.digest)
    return document, faults, document.digest if document else digest(data)


def _twice(key: str, ours: object, theirs: object, document: Document, place: Place) -> Diagnostic:
    if key == "slug":
        message = f"the file's name says '{theirs}', its `slug` says '{ours}'"
        return error("conflict", message, document.name, key, hint="rename the file, or delete the key")
    short = (isinstance(value, str | int | dt.date) for value in (ours, theirs))
    values = (
        f"'{shorten(str(ours))}' here and '{shorten(str(theirs))}'" if all(short) else "given here and, differently,"
    )
    return error("conflict", f"`{key}` is {values} in {place.file}", document.name, key, hint="keep one of the two")


def composed(name: str) -> str:
    """Return a file's name in Unicode's composed form; some file systems keep the parts of `é` apart."""
    return unicodedata.normalize("NFC", name)


def mentions(wanted: Iterable[schema.EntityMention], place: Place) -> tuple[MentionDef, ...]:
    """Return the entities that a map or a page names, each once."""
    made: dict[str, MentionDef] = {}
    for index, entity in enumerate(wanted):
        key = entity.name.casefold()
        if key not in made:
            here = Place(place.file, (*place.keys, "entities", index))
            made[key] = MentionDef(
                entity.name, entity.kind or "", entity.description or "", tuple(entity.same_as), here
            )
    return tuple(made.values())


def _idea_group(group: schema.IdeaGroup) -> IdeaGroupDef:
    ideas = [
        IdeaDef(
            idea.title,
            idea.content_type or "",
            idea.intent or "",
            idea.query or "",
            idea.priority or "medium",
            idea.words,
            idea.description or "",
        )
        for idea in group.articles
    ]
    return IdeaGroupDef(group.title, group.description or "", tuple(ideas))


def define_page(source: Source, bodies: Bodies) -> tuple[PageDef | None, list[Diagnostic]]:
    """Return the definition of a free page, or None where it cannot be made out."""
    data, faults = read(source)
    if data is None:
        return None, faults
    document, parsed = parse(source.name, data, known=source.digest)
    faults += parsed
    if document is None:
        return None, faults
    values = {key: value for key, value in document.data.items() if value is not None}
    wanted, wrongs = validate(schema.PageKeys, values, source.name)
    faults += wrongs
    if wanted is None:
        return None, faults
    stem = composed(source.name.removeprefix(f"{PAGES}/").removesuffix(".md"))
    body = bodies.of_file(document, wanted.title or "")
    title = wanted.title or body.title
    if not title:
        faults.append(error("missing-key", "a page needs a `title`", source.name, hint="write `title: …`"))
        title = stem
    folder, _, name = stem.rpartition("/")
    slug = f"{folder}/{wanted.slug or name}".removesuffix("/index").strip("/")
    bad = next((part for part in slug.split("/") if slug and not is_slug(part)), None)
    if bad is not None:
        better = slugify(bad)
        message = f"the file's name '{shorten(bad)}' cannot stand in a URL"
        hint = f"rename it to '{better}'" if better else "use letters, digits and hyphens"
        faults.append(error("value", message, source.name, hint=hint))
    links = wanted.links or schema.LinkWishes()
    place = Place(source.name)
    page = PageDef(
        slug=slug,
        title=title,
        description=wanted.description or "",
        updated=wanted.updated,
        publish_on=wanted.publish_on,
        status=wanted.status,
        author=wanted.author or "",
        redirect_from=tuple(wanted.redirect_from),
        redirect_to=wanted.redirect_to or "",
        entities=mentions(wanted.entities, place),
        aliases=tuple(wanted.aliases),
        never=tuple(links.never),
        prefer=tuple(links.prefer),
        body=body,
        place=place,
    )
    return page, faults


def define_registry(data: bytes) -> tuple[tuple[EntityDef, ...], list[Diagnostic]]:
    """Return the entities of `entities.yaml`."""
    from builder.load import parse_list  # noqa: PLC0415 - most builds have the registry in their cache

    entries, faults = parse_list(REGISTRY, data)
    made: list[EntityDef] = []
    for index, entry in enumerate(entries or ()):
        if not isinstance(entry, dict):
            message = f"expected an entity with a `name`, found {described(entry)}"
            hint = f"write `- name: {shorten(entry)}`" if isinstance(entry, str) else "write `- name: …`"
            faults.append(error("type", message, REGISTRY, index, hint=hint))
            continue
        values = {key: value for key, value in entry.items() if value is not None}
        wanted, wrongs = validate(schema.Entity, values, REGISTRY, index)
        faults += wrongs
        if wanted is None:
            continue
        slug = wanted.slug or slugify(wanted.name)
        if not slug:
            message = f"no slug can be made from the name '{shorten(wanted.name)}'"
            faults.append(error("value", message, REGISTRY, index, "name", hint="write `slug: …`"))
            continue
        made.append(
            EntityDef(
                wanted.name,
                slug,
                tuple(wanted.aliases),
                wanted.kind or "",
                wanted.description or "",
                wanted.wikidata or "",
                tuple(wanted.same_as),
                Place(REGISTRY, (index,)),
            )
        )
    return tuple(made), faults
