"""All interfaces → the atlas: what is where, what is published, who names what, where old addresses lead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.atlas.resolve import Resolver
from builder.atlas.values import Atlas, EntityEntry, Target, Unknown, map_key, page_key
from builder.diagnostics import did_you_mean, error
from builder.load import shorten
from builder.model import EntityDef, ItemInterface, MapInterface, MentionDef, Place, Status, status_on
from builder.urls import collision_key, site_path, slugify
from builder.values import is_web_url

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from builder.config import SiteConfig

#: Files of the output that are not pages; no page may have their URLs.
RESERVED = ("/sitemap.xml", "/robots.txt", "/404.html", "/llms.txt", "/feed.xml", "/_redirects", "/_headers")
#: The folder of files with a digest in their names, which browsers are told to keep (`emit/headers.py`).
ASSETS = "/assets/"
REDIRECT = "the redirect"


def assemble(
    maps: Sequence[MapInterface],
    registry: Sequence[EntityDef],
    pages: Sequence[ItemInterface],
    config: SiteConfig,
    today: dt.date,
    *,
    drafts: bool = False,
    published: frozenset[str] | None = None,
) -> Atlas:
    """Return the atlas of a site; what contradicts itself across maps is in its `faults`.

    With `published`, the articles of these keys count as published and no others, whatever their texts and days say
    (for the publishing simulator).
    """
    ordered = tuple(sorted(maps, key=lambda m: (m.slug, m.folder)))
    atlas = Atlas(ordered, pages=tuple(pages))
    _Assembly(atlas, config, today, drafts, published).run(registry)
    return atlas


class _Assembly:
    """One `assemble`."""

    def __init__(
        self,
        atlas: Atlas,
        config: SiteConfig,
        today: dt.date,
        drafts: bool,  # noqa: FBT001
        published: frozenset[str] | None,
    ) -> None:
        self.atlas = atlas
        self.config = config
        self.urls = config.urls
        self.today = today
        self.drafts = drafts
        self.published = published
        self.claims: dict[str, tuple[str, Place]] = {}

    def run(self, registry: Sequence[EntityDef]) -> None:
        self.site_pages()
        for unit in self.atlas.maps:
            self.map(unit)
        self.translations()
        self.free_pages()
        self.entities(registry)
        self.authors()
        self.redirects()

    def translations(self) -> None:
        """Check which maps are translations: of a map that is none itself, each in a language of its own."""
        units = {unit.slug: unit for unit in self.atlas.maps}
        spoken: dict[tuple[str, str], str] = {}
        for unit in sorted(self.atlas.maps, key=lambda unit: bool(unit.translation_of)):
            first, language = unit.translation_of or unit.slug, unit.language or self.config.language
            message = hint = ""
            if unit.translation_of and (unit.translation_of not in units or unit.translation_of == unit.slug):
                message = f"there is no other map '{shorten(first)}'"
                hint = did_you_mean(first, units.keys() - {unit.slug})
                self.atlas.faults.append(error("unknown-reference", message, unit.file, "translation_of", hint=hint))
                continue
            if unit.translation_of and units[first].translation_of:
                message = f"the map '{shorten(first)}' is a translation itself"
                hint = f"write {units[first].translation_of}"
            elif unit.translation_of and (first, language) in spoken:
                message = f"the map '{spoken[first, language]}' is in {language} already"
                hint = "give this one its `language`"
            if message:
                self.atlas.faults.append(error("value", message, unit.file, "translation_of", hint=hint))
            spoken.setdefault((first, language), unit.slug)

    def claim(self, path: str, what: str, place: Place, hint: str = "give one of them another `slug`") -> None:
        key = collision_key(path)
        first = self.claims.setdefault(key, (what, place))
        if first != (what, place):
            other, there = first
            at = f" ({there.file})" if there.file else ""
            message = f"{what} has the URL {path}, which {other}{at} has already"
            self.atlas.faults.append(error("url-collision", message, place.file, *place.keys, hint=hint))
        elif key.startswith(ASSETS) and what != REDIRECT:
            message = f"{what} has the URL {path}, where browsers keep every file for a year"
            other_slug = "give it another slug"
            self.atlas.faults.append(error("url-collision", message, place.file, *place.keys, hint=other_slug))

    def add(self, target: Target) -> None:
        self.atlas.targets.setdefault(target.key, target)

    def site_pages(self) -> None:
        nowhere = Place("")
        for path in RESERVED:
            self.claim(path, f"the file {path}", nowhere)
        for kind, what in (("home", "the home page"), ("entities", "the list of entities")):
            path = self.urls.path(kind)
            self.claim(path, what, nowhere)
            title = self.config.title if kind == "home" else ""
            self.add(Target(f"site:{kind}", kind, title, path, path, indexed=True, status=Status.PUBLISHED))

    def map(self, unit: MapInterface) -> None:
        path = self.urls.path("map", map=unit.slug)
        place = Place(unit.file)
        self.claim(path, f"the map '{shorten(unit.title)}'", place)
        key = map_key(unit.slug)
        self.add(
            Target(
                key, "map", unit.title, path, path, indexed=True, status=Status.PUBLISHED, map=unit.slug,
                slug=unit.slug, query=unit.query,
            )
        )  # fmt: skip
        for kind, wanted in (
            ("faq", bool(unit.questions)),
            ("ideas", bool(unit.ideas)),
            ("map_entities", bool(unit.entities)),
            ("plan", bool(unit.items)),
        ):
            if wanted:
                self.claim(self.urls.path(kind, map=unit.slug), f"the page `{kind}` of a map", place)
        if unit.category:
            slug = slugify(unit.category)
            path = self.urls.path("category", category=slug)
            if slug:
                if slug not in self.atlas.categories:
                    self.claim(path, f"the category '{shorten(unit.category)}'", place)
                self.atlas.categories.setdefault(slug, (unit.category, path, []))[2].append(unit.slug)
        for cluster in unit.clusters:
            path = self.urls.path("cluster", map=unit.slug, cluster=cluster.slug)
            self.claim(path, f"the cluster '{shorten(cluster.title)}'", cluster.place)
            self.add(
                Target(
                    map_key(unit.slug, cluster.slug), "cluster", cluster.title, path, path, indexed=True,
                    status=Status.PUBLISHED, map=unit.slug, cluster=cluster.slug, slug=cluster.slug,
                )
            )  # fmt: skip
        for item in unit.items:
            self.add(self.item(unit, item))

    def item(self, unit: MapInterface, item: ItemInterface) -> Target:
        status = self.wanted(map_key(unit.slug, item.cluster, item.slug), self.status(item))
        kind = "pillar" if item.is_pillar else "article"
        path = self.urls.path(kind, map=unit.slug, cluster=item.cluster, slug=item.slug)
        self.claim(path, f"the {kind} '{shorten(item.title)}'", item.place)
        file = f"content/maps/{unit.folder}/{item.cluster}/{'pillar' if item.is_pillar else item.slug}.md"
        self.claims_a_text(item, f"the {kind} '{shorten(item.title)}'", file)
        planned = self.config.planned
        if status in {Status.PUBLISHED, Status.RETIRED}:
            has_page = status is Status.PUBLISHED
        else:
            has_page = (planned.pillars != "row") if item.is_pillar else planned.articles == "page"
        indexed = status is Status.PUBLISHED or (item.is_pillar and has_page and planned.pillars == "index")
        return Target(
            key=map_key(unit.slug, item.cluster, item.slug),
            kind=kind,
            title=item.title,
            path=path if has_page else "",
            home=self.urls.path("cluster", map=unit.slug, cluster=item.cluster),
            indexed=indexed,
            status=status,
            map=unit.slug,
            cluster=item.cluster,
            slug=item.slug,
            query=item.query,
            aliases=item.aliases,
            priority=item.priority,
            ids=item.ids,
        )

    def status(self, item: ItemInterface) -> Status:
        return status_on(item.status, item.publish_on, self.today, has_body=item.has_body, drafts=self.drafts)

    def claims_a_text(self, item: ItemInterface, what: str, file: str) -> None:
        """Report what its author calls published and has no text to publish."""
        if item.status == "published" and not item.has_body:
            place = item.at("status")
            message = f"{what} has no text, so it counts as planned"
            hint = f"write it in {file}, or delete `status: published`"
            self.atlas.faults.append(error("unwritten", message, place.file, *place.keys, hint=hint))

    def wanted(self, key: str, status: Status) -> Status:
        """Return the status of an article where the caller decides what is published; retired ones stay so."""
        if self.published is None or status is Status.RETIRED:
            return status
        if key in self.published:
            return Status.PUBLISHED
        return Status.SCHEDULED if status is Status.PUBLISHED else status

    def free_pages(self) -> None:
        for page in self.atlas.pages:
            status = self.status(page)
            path = self.urls.path("page", slug=page.slug) if page.slug else "/"
            self.claim(path, f"the page '{shorten(page.title)}'", page.place)
            self.claims_a_text(page, f"the page '{shorten(page.title)}'", page.place.file)
            shown = status is Status.PUBLISHED
            self.add(
                Target(
                    page_key(page.slug), "page", page.title, path if shown else "", self.urls.path("home"),
                    indexed=shown, status=status, slug=page.slug, aliases=page.aliases, priority="medium", ids=page.ids,
                )
            )  # fmt: skip

    def entities(self, registry: Sequence[EntityDef]) -> None:
        atlas = self.atlas
        named: dict[str, Place] = {}
        for entity in registry:
            if entity.slug in atlas.entities:
                other = atlas.entities[entity.slug].name
                message = f"the entities '{shorten(other)}' and '{shorten(entity.name)}' have one slug, '{entity.slug}'"
                place = entity.place
                hint = "give one of them a `slug`"
                if other.casefold() == entity.name.casefold():
                    message, hint = f"the entity '{shorten(entity.name)}' stands here twice", "keep one of them"
                atlas.faults.append(error("entity-collision", message, place.file, *place.keys, "name", hint=hint))
                continue
            self.entity(_entry(entity, self.urls.path("entity", slug=entity.slug)), entity.place)
            for index, name in enumerate((entity.name, *entity.aliases)):
                taken = atlas.entity_names.setdefault(name.casefold(), entity.slug)
                if taken != entity.slug:
                    message = (
                        f"the name '{shorten(name)}' belongs to two entities, also to '{atlas.entities[taken].name}'"
                    )
                    keys = (*entity.place.keys, *(("aliases", index - 1) if index else ("name",)))
                    atlas.faults.append(
                        error("entity-collision", message, entity.place.file, *keys, hint="keep it with one of them")
                    )
            named[entity.slug] = entity.place
        for unit in atlas.maps:
            for mention in (*unit.entities, *(unit.drafted if self.drafts else ())):
                self.mention(mention)

    def mention(self, mention: MentionDef) -> None:
        atlas = self.atlas
        known = atlas.entity(mention.name)
        if known is None:
            slug = slugify(mention.name)
            if not slug:
                message = f"no slug can be made from the entity '{shorten(mention.name)}'"
                place = mention.place
                hint = "list it in entities.yaml with a `slug`"
                atlas.faults.append(error("value", message, place.file, *place.keys, hint=hint))
                return
            if slug in atlas.entities:
                other = atlas.entities[slug]
                message = f"the entities '{shorten(other.name)}' and '{shorten(mention.name)}' have one slug, '{slug}'"
                hint = (
                    f"if they are one, list '{mention.name}' under `aliases` in entities.yaml; else give one a `slug`"
                )
                place = mention.place
                atlas.faults.append(error("entity-collision", message, place.file, *place.keys, hint=hint))
                atlas.entity_names[mention.name.casefold()] = slug
                return
            atlas.entity_names[mention.name.casefold()] = slug
            path = self.urls.path("entity", slug=slug)
            made = EntityEntry(
                mention.name, slug, path, mention.kind, mention.description, (), "", mention.same_as, registered=False
            )
            self.entity(made, mention.place)
            return
        changes: dict[str, str | tuple[str, ...]] = {}
        for name in ("kind", "description", "same_as"):
            ours, theirs = getattr(mention, name), getattr(known, name)
            if ours and not theirs:
                changes[name] = ours
            elif ours and ours != theirs and not (name == "same_as" and {*ours} <= {*theirs}):
                message = f"'{shorten(mention.name)}' has another `{name}` here than elsewhere"
                if name == "kind":
                    message = f"'{shorten(mention.name)}' is of kind '{ours}' here and '{theirs}' elsewhere"
                place = mention.place
                atlas.faults.append(
                    error("entity-conflict", message, place.file, *place.keys, hint="say it once, in entities.yaml")
                )
        if changes:
            atlas.entities[known.slug] = known._replace(**changes)  # type: ignore[arg-type]

    def entity(self, entry: EntityEntry, place: Place) -> None:
        self.atlas.entities[entry.slug] = entry
        self.claim(entry.path, f"the entity '{shorten(entry.name)}'", place)
        self.add(
            Target(
                f"entity:{entry.slug}", "entity", entry.name, entry.path, entry.path, indexed=True,
                status=Status.PUBLISHED, slug=entry.slug, aliases=entry.aliases,
            )
        )  # fmt: skip

    def authors(self) -> None:
        hint = "give the author another key"
        for key in self.config.authors:
            path = self.urls.path("author", slug=slugify(key))
            self.claim(path, f"the author '{shorten(key)}'", Place("site.yaml", ("authors", f"{key}!")), hint)

    def redirects(self) -> None:
        """Find where every old path leads; chains are followed to their end."""
        atlas = self.atlas
        for unit in atlas.maps:
            place = Place(unit.file, ("redirect_from",))
            self.old_paths(unit.redirect_from, self.urls.path("map", map=unit.slug), place)
            for cluster in unit.clusters:
                path = self.urls.path("cluster", map=unit.slug, cluster=cluster.slug)
                place = Place(cluster.place.file, (*cluster.place.keys, "redirect_from"))
                self.old_paths(cluster.redirect_from, path, place)
            resolver = Resolver(atlas, unit)
            for item in unit.items:
                self.item_redirects(item, map_key(unit.slug, item.cluster, item.slug), resolver)
        resolver = Resolver(atlas, None)
        for page in atlas.pages:
            self.item_redirects(page, page_key(page.slug), resolver)
        for start in list(atlas.redirects):
            self.follow(start)

    def item_redirects(self, item: ItemInterface, key: str, resolver: Resolver) -> None:
        target = self.atlas.targets[key]
        kind = "page" if not item.cluster else "pillar" if item.is_pillar else "article"
        own = self.urls.path(kind, map=target.map, cluster=item.cluster, slug=item.slug)
        goal = own if target.path else target.home
        if target.status is Status.RETIRED:
            goal = self.goal(item, target, resolver)
            self.atlas.redirects[own] = goal
            self.atlas.origins[own] = item.at("redirect_to" if item.redirect_to else "status")
        self.old_paths(item.redirect_from, goal, item.at("redirect_from"))

    def goal(self, item: ItemInterface, target: Target, resolver: Resolver) -> str:
        """Return where a retired page leads: a path, or an address elsewhere."""
        wanted = item.redirect_to
        place = item.at("redirect_to")
        if not wanted:
            return target.home
        if wanted.startswith("/") or "://" in wanted:
            if not (re.fullmatch(r"/(?!/)[^\s\\]*", wanted) or is_web_url(wanted)):
                message = f"`redirect_to` leads to '{shorten(wanted)}', which is no web address"
                hint = "write a path that begins with one `/`, or an address with https:// or http:// and a host"
                self.atlas.faults.append(error("redirect", message, place.file, *place.keys, hint=hint))
                return target.home
            return wanted if wanted.startswith("/") else self.urls.inside(wanted) or wanted
        found = resolver.find(wanted.partition("#")[0], item.cluster)
        if isinstance(found, Unknown):
            message = f"`redirect_to` names '{shorten(wanted)}', and there is no such page"
            hint = f"did you mean '{found.near}'?" if found.near else "name an article's slug, a path or a web address"
            if found.choices:
                message = f"`redirect_to` names '{shorten(wanted)}', which could be {' or '.join(found.choices)}"
                hint = f"write {found.choices[0]}"
            self.atlas.faults.append(error("redirect", message, place.file, *place.keys, hint=hint))
            return target.home
        if found.key == target.key:
            message = "`redirect_to` leads to the retired page itself"
            hint = "name the page that takes over, or delete the key"
            self.atlas.faults.append(error("redirect", message, place.file, *place.keys, hint=hint))
            return target.home
        fragment = wanted.partition("#")[2].strip()
        if found.path:
            if fragment and found.ids is not None and fragment not in found.ids:
                message = f"'{shorten(found.title)}' has no heading '{shorten(fragment)}'"
                hint = did_you_mean(fragment, found.ids)
                self.atlas.faults.append(error("unknown-heading", message, place.file, *place.keys, hint=hint))
            return f"{found.path}#{fragment}" if fragment else found.path
        if found.status is Status.RETIRED:
            kind = "pillar" if found.kind == "pillar" else found.kind
            return self.urls.path(kind, map=found.map, cluster=found.cluster, slug=found.slug)
        return found.home

    def old_paths(self, paths: Iterable[str], goal: str, place: Place) -> None:
        for index, path in enumerate(paths):
            here = Place(place.file, (*place.keys, index))
            self.claim(path, REDIRECT, here, "let a page or one redirect have it")
            self.atlas.redirects[path] = goal
            self.atlas.origins[path] = here

    def follow(self, start: str) -> None:
        redirects = self.atlas.redirects
        seen = [start]
        goal = redirects[start]
        while (path := site_path(goal)[0]) in redirects:
            if path in seen:
                circle = seen[seen.index(path) :]
                if start == min(circle):
                    message = f"the redirects {' → '.join([*circle, path])} lead in a circle"
                    hint = "let one of them lead to a published page"
                    file, keys = self.atlas.origins[start]
                    self.atlas.faults.append(error("redirect", message, file, *keys, hint=hint))
                return
            seen.append(path)
            goal = redirects[path]
        redirects[start] = goal


def _entry(entity: EntityDef, path: str) -> EntityEntry:
    return EntityEntry(
        entity.name,
        entity.slug,
        path,
        entity.kind,
        entity.description,
        entity.aliases,
        entity.wikidata,
        entity.same_as,
        registered=True,
    )
