"""A page as linked data: one graph of schema.org's types for each page, told by `@id`s what is what.

Called for every page before it is rendered. What stands here stands on the page too (Google, "General structured data
guidelines"), so nothing is made up: no date that no author gave, no picture that no page has. Pages that search engines
are to leave out have none. Properties: schema.org; which of them results need: Google Search Central's pages on
Article, Breadcrumb, Organization, ProfilePage, FAQPage and site names.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from builder.views import types as v

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    from builder.render import Words

    Node: TypeAlias = dict[str, Any]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_WHO = {"person": "Person", "organization": "Organization"}
#: Pages that show when they changed.
_DATED = frozenset({"map", "pillar", "article", "page"})
_LISTS = frozenset({"home", "category", "map", "cluster", "ideas", "entities", "map_entities"})


def script(text: str) -> Markup:
    """Return JSON as a script element without effect; nothing in it can end the element or open a comment."""
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(f'<script type="application/ld+json">{safe}</script>')  # noqa: S704 - escaped above


class Graphs:
    """Makes the graphs of a site's pages in one language; what is equal on all pages is made once."""

    def __init__(self, site: v.SiteView, words: Words, *, faq: bool = False) -> None:
        """Take the site, the theme's words and whether FAQ pages are marked up as such."""
        self._entities = words.t("entities") if words.has("entities") else "Entities"
        self._faq = faq
        self._origin = site.absolute_url.removesuffix(site.url)
        self._home = site.absolute_url
        self._website = {"@id": f"{site.absolute_url}#website"}
        self._publisher = {"@id": f"{site.absolute_url}#publisher"}
        publisher = site.publisher
        who: Node = {"@type": _WHO.get(publisher.kind, "Organization"), **self._publisher, "name": publisher.name}
        if publisher.url:
            who["url"] = publisher.url
        if publisher.logo:
            image = {"@type": "ImageObject", "url": self._url(publisher.logo)}
            who["logo" if who["@type"] == "Organization" else "image"] = image
        if publisher.same_as:
            who["sameAs"] = list(publisher.same_as)
        website: Node = {"@type": "WebSite", **self._website, "url": site.absolute_url, "name": site.title}
        if site.description:
            website["description"] = site.description
        website |= {"inLanguage": site.language, "publisher": self._publisher}
        self._start = f'{{"@context":"https://schema.org","@graph":[{_encode(website)},{_encode(who)},'

    def of(self, page: v.PageView, title: str, card: str = "") -> Markup:
        """Return the script element of a page under the title that it shows; '' for pages that are not indexed.

        `card` is the absolute URL of its picture for social networks, or ''.
        """
        if page.noindex:
            return Markup()
        return script(f"{self._start}{_encode(self._nodes(page, title, card))[1:]}}}")

    def _url(self, url: str) -> str:
        return f"{self._origin}{url}" if url.startswith("/") else url

    # -- the page

    def _nodes(self, page: v.PageView, title: str, card: str) -> list[Node]:
        """Return the nodes of a page: itself, its breadcrumbs, and what it is about."""
        own = page.canonical
        node: Node = {"@type": self._type(page), "@id": own, "url": own, "name": title}
        if page.description and page.kind not in {"faq", "map_entities", "ideas", "plan"}:
            node["description"] = page.description
        node |= {"inLanguage": page.language, "isPartOf": self._website}
        if page.published:
            node["datePublished"] = page.published.isoformat()
        if page.updated and page.kind in _DATED:
            node["dateModified"] = page.updated.isoformat()
        nodes = [node]
        if page.crumbs:
            node["breadcrumb"] = {"@id": f"{own}#breadcrumb"}
            nodes.append(self._breadcrumb(page, title))
        if page.map is not None and page.kind != "map":
            node["isPartOf"] = self._part("CollectionPage", page.map)
        if isinstance(page, v.ArticlePage):
            nodes.append(self._article(page, node, card))
            for name in ("description", "datePublished", "dateModified"):  # the article says them
                node.pop(name, None)
        else:
            self._subject(page, node)
        return nodes

    def _type(self, page: v.PageView) -> str:
        if page.kind == "faq" and self._faq:
            return "FAQPage"
        if page.kind == "author":
            return "ProfilePage"
        return "CollectionPage" if page.kind in _LISTS else "WebPage"

    def _breadcrumb(self, page: v.PageView, title: str) -> Node:
        """Return the trail; the last item is the page itself and needs no address (Google, "Breadcrumb")."""
        items = [
            _item(position, link.title or self._entities, self._url(link.url), "item")
            for position, link in enumerate(page.crumbs, 1)
        ]
        items.append(_item(len(items) + 1, title))
        return {"@type": "BreadcrumbList", "@id": f"{page.canonical}#breadcrumb", "itemListElement": items}

    def _part(self, kind: str, link: v.LinkView) -> Node:
        url = self._url(link.url)
        return {"@type": kind, "@id": url, "url": url, "name": link.title}

    def _subject(self, page: v.PageView, node: Node) -> None:
        """Add to a page's node what the page is for, by its kind."""
        match page:
            case v.MapPage():
                node["mainEntity"] = self._list((c.title, c.url) for c in page.clusters)
                self._about(node, page.entities, "")
            case v.ClusterPage():
                items = (page.cluster.pillar, *page.cluster.articles)
                node["mainEntity"] = self._list((i.title, i.url) for i in items if i.url and i.status == "published")
            case v.HomePage() | v.CategoryPage():
                node["mainEntity"] = self._list((card.title, card.url) for card in page.maps)
            case v.IdeasPage():
                node["mainEntity"] = self._list((idea.title, "") for group in page.groups for idea in group.ideas)
            case v.FaqPage() if self._faq:
                node["mainEntity"] = [
                    {
                        "@type": "Question",
                        "@id": self._url(question.url),
                        "name": question.question,
                        "acceptedAnswer": {"@type": "Answer", "text": str(question.answer)},
                    }
                    for _, group in page.groups
                    for question in group
                ]
            case v.MapEntitiesPage():
                node["mainEntity"] = self._terms(page, node["name"], page.entities)
            case v.EntitiesPage():
                entities = (entity for _, group in page.groups for entity in group)
                node["mainEntity"] = self._terms(page, node["name"], entities)
            case v.EntityPage():
                node["mainEntity"] = self._entity(page)
            case v.AuthorPage():
                self._profile(page, node)
            case v.FreePage() if page.author is not None:
                node["author"] = self._author(page.author)
            case _:
                pass

    def _list(self, items: Iterable[tuple[str, str]]) -> Node:
        made = [_item(place, title, self._url(url)) for place, (title, url) in enumerate(items, 1)]
        return {"@type": "ItemList", "numberOfItems": len(made), "itemListElement": made}

    # -- articles

    def _article(self, page: v.ArticlePage, node: Node, card: str) -> Node:
        own = page.canonical
        made: Node = {"@type": "Article", "@id": f"{own}#article", "headline": page.title}
        if page.description:
            made["description"] = page.description
        made |= {"mainEntityOfPage": {"@id": own}, "inLanguage": page.language}
        made["isPartOf"] = self._part("CollectionPage", page.cluster)
        if card:
            made["image"] = card
        made["author"] = self._author(page.author) if page.author is not None else self._publisher
        made["publisher"] = self._publisher
        for name in ("datePublished", "dateModified"):
            if name in node:
                made[name] = node[name]
        if page.item.written:
            made["wordCount"] = page.item.written
        self._about(made, page.entities, page.title)
        return made

    def _author(self, author: v.AuthorView) -> Node:
        url = self._url(author.url)
        made = {"@type": _WHO.get(author.kind, "Person"), "@id": f"{url}#author", "name": author.name}
        return {**made, "url": url} if url else made

    def _profile(self, page: v.AuthorPage, node: Node) -> None:
        who = self._author(page.author)
        if page.description:
            who["description"] = page.description
        if same := [address for address in (page.author.home, *page.author.same_as) if address]:
            who["sameAs"] = same
        node["mainEntity"] = who
        own = {"@id": who["@id"]}
        written = [(self._url(link.url), link.title) for link in page.articles[:50]]
        node["hasPart"] = [
            {"@type": "Article", "@id": f"{url}#article", "url": url, "headline": title, "author": own}
            for url, title in written
        ]

    # -- entities

    def _term(self, name: str, url: str) -> Node:
        address = self._url(url)
        return {"@type": "DefinedTerm", "@id": f"{address}#term", "name": name, "url": address}

    def _about(self, node: Node, entities: Sequence[v.EntityLineView], title: str) -> None:
        """Say what is covered: an entity that the title names is what an article is about, the others it mentions.

        A collection, which has no `title` here, is about all of them.
        """
        about: list[Node] = []
        mentions: list[Node] = []
        words = f" {' '.join(_WORD.findall(title.casefold()))} " if entities and title else ""
        for line in entities:
            name = f" {' '.join(_WORD.findall(line.name.casefold()))} "
            (about if not title or name in words else mentions).append(self._term(line.name, line.url))
        if about:
            node["about"] = about
        if mentions:
            node["mentions"] = mentions

    def _terms(self, page: v.PageView, title: str, entities: Iterable[v.EntityView]) -> Node:
        terms = [self._term(entity.name, entity.url) for entity in entities]
        return {"@type": "DefinedTermSet", "@id": f"{page.canonical}#terms", "name": title, "hasDefinedTerm": terms}

    def _entity(self, page: v.EntityPage) -> Node:
        entity = page.entity
        term = self._term(entity.name, entity.url)
        if entity.description:
            term["description"] = entity.description
        if entity.aliases:
            term["alternateName"] = list(entity.aliases)
        if same := [address for address in (entity.wikidata, *entity.same_as) if address]:
            term["sameAs"] = same
        if page.crumbs:
            term["inDefinedTermSet"] = f"{self._url(page.crumbs[-1].url)}#terms"
        return term


_WORD = re.compile(r"\w+")


def _item(position: int, name: str, url: str = "", key: str = "url") -> Node:
    made: Node = {"@type": "ListItem", "position": position, "name": name}
    return {**made, key: url} if url else made
