"""The Markdown twin of a page, `index.md` beside `index.html`: what the page says, for programs that read Markdown."""

from __future__ import annotations

import html
import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from builder.body import strip_tags
from builder.emit.rewritten import markdown_of
from builder.interface import ref_key
from builder.urls import site_path
from builder.views import types as v
from builder.wikilinks import convert_refs, indented_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from builder.link.refs import Scope
    from builder.render import Words
    from builder.urls import Urls


def twin(page: v.PageView, title: str, description: str, words: Words, text: str = "") -> str:
    """Return the twin of a page under its title and description, in the words of its language.

    `text` is the Markdown of its body, references already made into links.
    """
    lines = [f"# {_line(title)}", ""]
    if description:
        lines += [_line(description), ""]
    lines += [f"- URL: {page.canonical}"]
    if page.updated:
        lines.append(f"- Updated: {page.updated.isoformat()}")
    if page.map:
        lines.append(f"- Map: {_link(page.map.title, page.map.url)}")
    lines.append("")
    lines += _parts(page, _without_title(text, page.title or title).strip(), words)
    return "\n".join(lines).rstrip() + "\n"


#: Inline links and pictures with their destinations, definitions of such, and code, which is left alone.
_DESTINATION = re.compile(
    r"^(?:`{3,}|~{3,}).*?^(?:`{3,}|~{3,})|(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)"
    r"|(?P<before>!?\[(?P<label>(?:[^\[\]]|\[[^\[\]]*\])*)\]\(\s*|^ {0,3}\[[^\[\]\n]+\]:[ \t]*)"
    r"<?(?P<to>[^\s<>()]+)>?(?P<after>[^()\n]*\))?",
    re.DOTALL | re.MULTILINE,
)


def references_as_links(source: str, scope: Scope, urls: Urls) -> str:
    """Return an author's Markdown as it is right beside the page: its links lead where those of the page lead.

    Each `[[…]]` becomes a link, or plain words where its page is not published; so do links to `.md` files. Paths of
    the site and of files beside the text become URLs.
    """

    def wiki(found: re.Match[str]) -> str:
        key, _, fragment = found[1].strip().removesuffix("\\").partition("#")
        if not key:
            return _link(found[2] or fragment, f"#{fragment}")
        target = scope.find(key.strip())
        label = found[2] or (target.title if target else found[1])
        if target is None or not target.path or not target.indexed:
            return str(label)
        return _link(str(label), urls.url(target.path, fragment))

    code: list[tuple[int, int]] = []

    def destination(found: re.Match[str]) -> str:
        if found["to"] is None or any(start <= found.start() < end for start, end in code):
            return found[0]
        path, mark, fragment = found["to"].partition("#")
        if path.endswith(".md") and found["label"] is not None and not found[0].startswith("!"):
            target = scope.find(ref_key("file", path, scope.file))
            if target is None or not target.path or not target.indexed:
                return str(found["label"])
            url = urls.url(target.path, fragment)
        elif path.startswith("/") and not path.startswith("//"):
            path, rest = site_path(found["to"])
            url = urls.url(path) + rest
        else:
            name = posixpath.normpath(posixpath.join(posixpath.dirname(scope.file), unquote(path)))
            if name not in scope.files:
                return found[0]
            url = urls.url(scope.root_path.rstrip("/") + name.removeprefix(scope.root)) + mark + fragment
        return f"{found['before']}{url}{found['after'] or ''}"

    if "](" in source or "]:" in source:  # else the expression would try every bracket and backtick for nothing
        code = indented_code(source)
        source = _DESTINATION.sub(destination, source)
    return convert_refs(source, wiki)


def _without_title(text: str, title: str) -> str:
    """Return Markdown without a first heading that says the page's title again."""
    first = re.match(r"\s*#[ \t]+(.*?)[ \t]*#*[ \t]*(?:\n|\Z)", text)
    return text[first.end() :] if first and _line(first[1]).casefold() == _line(title).casefold() else text


def _line(text: str) -> str:
    return " ".join(text.split())


def _link(title: str, url: str) -> str:
    name = _line(title)
    return f"[{name}]({url})" if url else name


_BLOCK_END = re.compile(r"</(?:p|li|pre|h[1-6]|td|th|tr|dd|dt|blockquote|div)>|<br ?/?>")


@lru_cache(maxsize=1024)  # what describes an article stands on its pillar's page, its cluster's and its map's
def _plain(markup: str) -> str:
    made = str(markup)  # what `Markup` is split into is `Markup` again, piece by piece
    return _line(strip_tags(_BLOCK_END.sub(r"\g<0> ", made)) if "<" in made else html.unescape(made))


def _heading(words: Words, key: str, otherwise: str) -> Iterator[str]:
    """Yield a heading in the theme's words, or in English where the theme has none."""
    yield from (f"## {words.t(key) if words.has(key) else otherwise}", "")


def _parts(page: v.PageView, text: str, words: Words) -> Iterator[str]:
    if isinstance(page, v.ArticlePage):
        yield from _article(page, text)
    elif isinstance(page, v.MapPage):
        yield from _map(page, text, words)
    elif isinstance(page, v.ClusterPage):
        yield from _cluster(page.cluster)
        yield from _questions(page.questions)
    elif isinstance(page, v.FaqPage):
        for title, group in page.groups:
            yield from ([f"## {title}", ""] if title else [])
            yield from _answers(group)
    elif isinstance(page, v.MapEntitiesPage):
        yield from _entities(page.entities)
    elif isinstance(page, v.EntitiesPage):
        for _, entities in page.groups:
            yield from (f"- {_link(entity.name, entity.url)}{_after(entity.description)}" for entity in entities)
    elif isinstance(page, v.EntityPage):
        yield from _entity(page.entity)
    elif isinstance(page, v.IdeasPage):
        yield from _ideas(page.groups)
    elif isinstance(page, v.PlanPage):
        yield from _steps((*page.done, *page.steps))
    elif isinstance(page, v.HomePage | v.CategoryPage | v.NotFoundPage):
        yield from (f"- {_link(card.title, card.url)}{_after(card.description)}" for card in page.maps)
    elif isinstance(page, v.AuthorPage):
        yield from (f"- {_link(link.title, link.url)}" for link in page.articles)
    else:
        yield text


def _after(text: str) -> str:
    return f": {_line(text)}" if text else ""


def _article(page: v.ArticlePage, text: str) -> Iterator[str]:
    if text:
        yield from (text.strip(), "")
    else:
        yield from (f"- {_line(section)}" for section in page.item.sections)
        yield ""
    if page.spokes:
        yield from ("## " + page.cluster.title, "")
        yield from (f"- {_link(item.title, item.url)}{_after(_plain(item.description))}" for item in page.spokes)
        yield ""
    yield from _questions(page.questions)


def _map(page: v.MapPage, text: str, words: Words) -> Iterator[str]:
    for cluster in page.clusters:
        yield from (f"## {_line(cluster.title)}", "")
        yield from _cluster(cluster)
    if text or page.seasonality:
        yield from _heading(words, "strategy", "Strategy")
        yield from (part for paragraph in (text, _line(page.seasonality)) if paragraph for part in (paragraph, ""))
    if page.gaps:
        yield from _heading(words, "gaps", "Gaps")
        yield from (
            f"- {_line(gap.text)}" + (f" ({_link(gap.title, gap.url)})" if gap.url else "") for gap in page.gaps
        )
        yield ""
    yield from _questions(page.questions)
    yield from _ideas(page.ideas)


def _cluster(cluster: v.ClusterView) -> Iterator[str]:
    if cluster.description:
        yield from (_plain(cluster.description), "")
    for item in (cluster.pillar, *cluster.articles):
        facts = ", ".join(
            fact
            for fact in (item.status, item.priority, item.intent, f"{item.words} words" if item.words else "")
            if fact
        )
        query = f" — “{_line(item.query)}”" if item.query else ""
        yield f"- {_link(item.title, item.url)} ({facts}){query}{_after(_plain(item.description))}"
    yield ""


def _questions(questions: Iterable[v.QuestionView]) -> Iterator[str]:
    for question in questions:
        yield from (f"## {_line(question.question)}", "", markdown_of(question.answer), "")


def _answers(questions: Iterable[v.QuestionView]) -> Iterator[str]:
    for question in questions:
        yield from (f"### {_line(question.question)}", "", markdown_of(question.answer), "")
        if question.answered_by:
            yield from (_link(*question.answered_by), "")


def _entities(entities: Iterable[v.EntityView]) -> Iterator[str]:
    for entity in entities:
        yield f"- {_link(entity.name, entity.url)}{_after(entity.description)}"
        yield from (f"  - {_link(entry.title, entry.url)}" for entry in entity.coverage)


def _entity(entity: v.EntityView) -> Iterator[str]:
    yield from (f"- {address}" for address in ([entity.wikidata] if entity.wikidata else []) + list(entity.same_as))
    yield ""
    for entry in entity.coverage:
        yield f"- {_link(entry.title, entry.url)}{_after(_plain(entry.sentence))}"


def _ideas(groups: Iterable[v.IdeaGroupView]) -> Iterator[str]:
    for group in groups:
        yield from (f"## {_line(group.title)}", "")
        if group.description:
            yield from (_line(group.description), "")
        yield from (f"{idea.number}. {_line(idea.title)}{_after(idea.description)}" for idea in group.ideas)
        yield ""


def _steps(steps: Iterable[v.StepView]) -> Iterator[str]:
    for step in steps:
        day = f", {step.date.isoformat()}" if step.date else ""
        yield f"{step.number}. {_link(step.item.title, step.item.url)} ({step.item.status}{day})"
