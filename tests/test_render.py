"""Every kind of page renders, whole and bare, in every language; a template's mistakes are diagnostics."""

import datetime as dt
import gzip
import pickle
import re
import types
import typing
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2.compiler import CodeGenerator
from markupsafe import Markup

import builder.views.types as views
from builder.config import SiteConfig
from builder.render import Renderer, TemplateFault
from builder.theme import Theme, load_theme
from builder.urls import PERMALINKS, Urls

LANGUAGES = ("en", "de", "es", "fr", "ja", "ar")
URLS = Urls("https://example.com/sub/", PERMALINKS)
PAGES: dict[str, type[views.PageView]] = {
    "home": views.HomePage,
    "category": views.CategoryPage,
    "map": views.MapPage,
    "cluster": views.ClusterPage,
    "pillar": views.ArticlePage,
    "article": views.ArticlePage,
    "brief": views.ArticlePage,
    "outline": views.ArticlePage,
    "faq": views.FaqPage,
    "map_entities": views.MapEntitiesPage,
    "ideas": views.IdeasPage,
    "plan": views.PlanPage,
    "entities": views.EntitiesPage,
    "entity": views.EntityPage,
    "page": views.FreePage,
    "author": views.AuthorPage,
    "404": views.NotFoundPage,
}


class Maker:
    """Makes views from their types: `whole` with two of everything, else with nothing that may be left out.

    Each text is different, and dangerous if it is not escaped; `texts` has them, by where they stand.
    """

    def __init__(self, *, whole: bool) -> None:
        self.whole = whole
        self.texts: dict[str, str] = {}
        self.number = 0

    def make(self, kind: Any, name: str) -> Any:  # noqa: ANN401 - whatever the type is
        """Return a value of a type; `name` is the path of fields that leads to it."""
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        value: Any = {bool: False, int: 3, dt.date: dt.date(2026, 5, 4)}.get(kind)
        if origin is types.UnionType:
            value = self.make(inner[0], name) if self.whole else None
        elif origin is Sequence or (origin is tuple and inner[-1] is Ellipsis):
            value = tuple(self.make(inner[0], f"{name}.{index}") for index in range(2 if self.whole else 0))
        elif origin is tuple:
            value = tuple(self.make(one, f"{name}.{index}") for index, one in enumerate(inner))
        elif origin is dict:
            value = {}
        elif is_dataclass(kind) or hasattr(kind, "_fields"):
            hints = typing.get_type_hints(kind, {**vars(views), "dt": dt, "Sequence": Sequence})
            value = kind(**{field: self.make(hint, f"{name}.{field}") for field, hint in hints.items()})
        elif kind is Markup:
            value = Markup("{}" if name.endswith("sentence") else "<p>{}</p>").format(self.text(name))  # noqa: S704 - a constant
        elif kind is str:
            value = self.text(name)
        return value

    def text(self, name: str) -> str:
        """Return a text of its own."""
        self.number += 1
        leaf = name.rpartition(".")[2]
        if leaf in {"url", "canonical", "twin", "feed", "home", "cluster_url", "logo", "wikidata"}:
            return f"/u{self.number}/" if self.whole else ""
        if leaf in {"anchor", "id", "slug"}:
            return f"id{self.number}"
        if not self.whole and leaf not in {"title", "name", "question"}:
            return ""
        self.texts[name] = f"T{self.number}t<b>\"'&"
        return self.texts[name]


def example(kind: str, *, whole: bool, language: str = "en") -> tuple[views.PageView, dict[str, str]]:
    """Return a page of a kind, and the texts in it."""
    maker = Maker(whole=whole)
    page = maker.make(PAGES[kind], "page")
    page = replace(page, kind=kind, language=language, direction="rtl" if language == "ar" else "ltr")
    for name in ("page.kind", "page.language", "page.direction", "page.status"):
        maker.texts.pop(name, None)
    if isinstance(page, views.MapPage):
        names = ("faq", "entities", "ideas", "plan", "json", "csv")
        page = replace(page, pages={name: f"/{name}/" if whole else "" for name in names})
    if isinstance(page, views.ClusterPage) and whole:
        briefs = {item.slug: maker.make(views.BriefView, f"brief.{item.slug}") for item in page.cluster.articles}
        page = replace(page, briefs=briefs)
    if isinstance(page, views.ArticlePage):
        written = kind in {"article", "pillar"}
        headings = tuple(heading._replace(level=2 + i) for i, heading in enumerate(page.outline)) if written else ()
        page = replace(page, status="published" if written else "planned", outline=headings)
    if isinstance(page, views.FreePage):
        page = replace(page, outline=tuple(heading._replace(level=2) for heading in page.outline))
    return page, maker.texts


SITE: views.SiteView = Maker(whole=True).make(views.SiteView, "site")


@cache
def default() -> Theme:
    """Return the bundled theme."""
    theme, faults = load_theme(Path("/nonexistent"), SiteConfig(title="Site"))
    assert theme is not None, faults
    return theme


@cache
def renderer() -> Renderer:
    """Return a renderer of the bundled theme."""
    return Renderer(default(), SITE, URLS)


class Reader(HTMLParser):
    """Reads a page: its headings, ids, elements that were not closed, and what stands in it as text."""

    VOID = frozenset({"br", "circle", "hr", "img", "input", "link", "meta", "path", "rect"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself, as SVG's do."""
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Check that the element that ends is the one that is open."""
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "bare"])
@pytest.mark.parametrize("kind", PAGES)
def test_every_kind_renders(kind: str, whole: bool, language: str) -> None:
    """A page with everything and a page with nothing are sound.

    They are well-formed, with one h1, headings in order, unique ids, one main landmark, and a target for every link
    within the page.
    """
    page, _ = example(kind, whole=whole, language=language)
    read = Reader(renderer().render(page))
    assert read.open == []
    assert read.headings.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(read.headings, read.headings[1:], strict=False))
    assert len(set(read.ids)) == len(read.ids)
    assert [tag for tag, _ in read.tags].count("main") == 1
    assert read.tags[0][1] == {"lang": language, "dir": page.direction} if read.tags[0][0] == "html" else True
    outline = {heading.id for heading in getattr(page, "outline", ())}
    inside = {href[1:] for _, found in read.tags if (href := found.get("href") or "").startswith("#")}
    assert inside <= {*read.ids, *outline}


@pytest.mark.parametrize("kind", PAGES)
def test_text_is_escaped(kind: str) -> None:
    """No text of a view becomes markup, and no attribute is ended by one."""
    page, texts = example(kind, whole=True)
    made = renderer().render(page)
    assert "<b>" not in made
    assert not re.search(r"""T\d+t[^&]""", re.sub(r"T\d+t&lt;b&gt;&#34;&#39;&amp;", "", made))
    assert texts


#: What a page need not show, by its path of fields: keys, statuses (words of the theme), texts that stand elsewhere.
LEFT_OUT = {
    "map": r"""page\.(title|description|url) | \.(slug|cluster|status|map\.title)$ | publish_first | \.kind$
        | steps\.\d\.(item\.(?!title)|links_to) | entities\.\d\.name | pillar\.number""",
    "cluster": r"""page\.(title|description|url) | \.(slug|cluster|status|kind)$ | entities\.\d\.name
        | brief\.\w+\.item | cluster\.title | publish_first\.\d\.(?!title)""",
    "faq": r"page\.description | page\.groups\.0$",
    "ideas": r"page\.description",
    "plan": r"page\.description | item\.(?!title|cluster$)",
    "entity": r"page\.description | page\.title | page\.map | coverage\.\d\.kind",
}


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_pages_show_what_they_are_given(kind: str) -> None:
    """Every title, query, description, section, entity, question, gap and idea of the view stands on the page."""
    page, texts = example(kind, whole=True)
    made = renderer().render(page)
    missing = [name for name, text in texts.items() if text.partition("<")[0] + "&lt;" not in made]
    assert [name for name in missing if not re.search(LEFT_OUT[kind], name, re.VERBOSE)] == []


def test_map_page_shows_figures_and_statuses() -> None:
    """Lengths, priorities and statuses are words of the page's language on the map's page."""
    page, _ = example("map", whole=True)
    assert isinstance(page, views.MapPage)
    cluster = page.clusters[0]
    articles = tuple(
        cluster.articles[0]._replace(slug=status, status=status, priority=priority, words=1234)
        for status, priority in (("published", "high"), ("scheduled", "medium"), ("planned", "low"), ("draft", "low"))
    )
    made = renderer().render(replace(page, clusters=(replace(cluster, articles=articles),)))
    for word in ("Published", "Scheduled", "Planned", "Draft", "High", "Medium", "Low", "1,234"):
        assert f">{word}<" in made


def test_robots_and_canonical() -> None:
    """Pages that are not to be indexed say so; all others ask for large previews."""
    page, _ = example("article", whole=True)
    made = renderer().render(page)
    assert '<meta name="robots" content="max-image-preview:large">' in made
    assert f'<link rel="canonical" href="{page.canonical}">' in made
    assert f'<link rel="alternate" type="text/markdown" href="{page.twin}">' in made
    assert '<meta name="robots" content="noindex">' in renderer().render(replace(page, noindex=True))


def test_assets_honour_the_base_path() -> None:
    """Assets are linked below the path of `base_url`, with the digest in the name."""
    page, _ = example("home", whole=False)
    assert f'href="/sub{default().assets["site.css"].path}"' in renderer().render(page)


def test_prompts_are_not_snippets() -> None:
    """A prompt is text in a `pre` that search engines leave out of snippets."""
    page, texts = example("cluster", whole=True)
    (name, prompt), *_ = [(name, text) for name, text in texts.items() if name.endswith("pillar.prompt")]
    assert name
    assert f'<pre data-nosnippet tabindex="0">{Markup.escape(prompt)}</pre>' in renderer().render(page)


def test_articles_are_light() -> None:
    """What the theme adds to a text is under 4 KB compressed."""
    page, _ = example("article", whole=True)
    assert len(gzip.compress(renderer().render(page).encode(), 9)) < 4_000


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("kind", PAGES)
def test_code_of_templates_means_what_jinja_says(kind: str, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is the same, byte for byte, as with the code that Jinja2 itself makes of the templates."""
    page, _ = example(kind, whole=whole)
    ours = renderer().render(page)
    plain_jinja(monkeypatch)
    assert Renderer(default(), SITE, URLS).render(page) == ours


def plain_jinja(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Jinja2 itself make the code of templates from now on."""
    monkeypatch.setattr("builder.render._bytecode_cache", lambda: None)
    monkeypatch.setattr("builder.render._Environment.code_generator_class", CodeGenerator)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ '<' }}{{ 1 }}{{ none }}{{ t('a') }}{{ ['<'] }}", "&lt;1Nonex&amp;y[&#39;&lt;&#39;]"),
        ("{% macro m(a, b=2) %}<{{ a }}{{ b }}>{% endmacro %}{{ m('<') }}{{ m(b=1, a=t('a')) }}", "<&lt;2><x&amp;y1>"),
        ("{% macro m(class) %}{{ class }}{% endmacro %}{{ m(class=3) }}{{ m(*[4]) }}{{ m(**{'class': 5}) }}", "345"),
        ("{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}{{ '&' }}{% endcall %}", "<&amp;>"),
        ("{% autoescape false %}{{ '<' }}{{ t('a') }}{{ dict(a='<').a }}{% endautoescape %}{{ '<' }}", "<x&amp;y<&lt;"),
        (
            "{% for i in range(2) recursive %}{{ loop.index }}{{ loop([]) }}{{ loop.cycle('a', 'b') }}{% endfor %}",
            "1a2b",
        ),
        ("{% block b %}<{{ '<' }}{% endblock %}{{ self.b() }}", "<&lt;<&lt;"),
    ],
)
def test_templates_print_and_call(text: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values are escaped once, markup stays; functions, macros, blocks and loops are called with what is given."""
    assert made(text, en="a=x&y") == shown
    plain_jinja(monkeypatch)
    assert made(text, en="a=x&y") == shown


# Words


def made(text: str, *, language: str = "en", **catalogues: str) -> str:
    """Render a template of a theme that has these messages; `page` is a bare free page."""
    page, _ = example("page", whole=False, language=language)
    return Renderer(theme({"page.html.jinja": text}, **catalogues), SITE, URLS).render(page)


def theme(*layers: dict[str, str], **catalogues: str) -> Theme:
    """Make a theme of layers of templates (named child, then default) and of messages `key=text; key=text`."""
    messages = {
        language: dict(pair.split("=", 1) for pair in text.split("; ")) for language, text in catalogues.items()
    }
    plain = default()
    names = ("child", "default", "default")[-len(layers) :] if len(layers) > 1 else ("child",)
    return replace(plain, name=names[0], layers=names, templates=layers, messages=messages, folders=())


def test_messages_fall_back() -> None:
    """A message comes from the language, then from its base, then from English."""
    catalogues = {"en": "a=A; b=B; c=C", "de": "a=Ä; b=Bé", "de-AT": "a=Aa"}
    assert made("{{ t('a') }}{{ t('b') }}{{ t('c') }}", language="de-AT", **catalogues) == "AaBéC"
    assert made("{{ t('a') }}", language="tlh", **catalogues) == "A"


def test_messages_count_as_the_language_does() -> None:
    """`n` chooses the plural form by CLDR's rules and is written as the language writes numbers."""
    forms = "w.zero=none; w.one=one; w.two=two; w.few={n} few; w.many={n} many; w.other={n} other"
    text = "{{ t('w', 0) }}, {{ t('w', 1) }}, {{ t('w', 2) }}, {{ t('w', 3) }}, {{ t('w', 11) }}, {{ t('w', 1100) }}"
    assert made(text, language="ar", ar=forms) == "none, one, two, 3 few, 11 many, 1,100 other"
    assert made("{{ t('w', 1) }}, {{ t('w', 1100) }}", language="de", de=forms) == "one, 1.100 other"


def test_messages_escape_what_is_filled_in() -> None:
    """Text that fills a message is escaped once; Markup stays."""
    text = "{{ t('m', a='<i>', b=time(page.updated or day)) }}"
    day = "{% set day = site.day %}"
    with pytest.raises(TemplateFault):
        made(day + text, en="m={a} & {b}")
    assert made("{{ t('m', a='<i>', b=t('n')) }}", en="m={a} & {b}; n={{x}}") == "&lt;i&gt; &amp; {x}"


def test_messages_know_markup_from_text() -> None:
    """The same letters as Markup and as text are two values, and a value that cannot be remembered is as good."""
    assert made("{{ t('m', a=t('n')) }}{{ t('m', a='x&y') }}", en="m=[{a}]; n=x&y") == "[x&amp;y]" * 2
    assert made("{{ t('m', a=['<']) }}", en="m={a}") == "[&#39;&lt;&#39;]"


def test_dates_and_numbers_speak_the_language() -> None:
    """Filters write dates, numbers and percentages; a constant in a template is not worked out in another language."""
    text = "{{ 1234.5 | number }} {{ 34 | percent }} {{ language_name('de') }}"
    catalogues = {"en": "a=a"}
    one = theme({"page.html.jinja": text}, **catalogues)
    both = Renderer(one, SITE, URLS)
    pages = [example("page", whole=False, language=language)[0] for language in ("en", "de")]
    assert [both.render(page) for page in pages] == ["1,234.5 34% German", "1.234,5 34\xa0% Deutsch"]
    page, _ = example("page", whole=True)
    assert page.updated is not None
    dated = theme({"page.html.jinja": "{{ time(page.updated) }} {{ page.updated | date('short') }}"}, **catalogues)
    assert Renderer(dated, SITE, URLS).render(page) == '<time datetime="2026-05-04">May 4, 2026</time> 5/4/26'


def test_labels_keep_unknown_words() -> None:
    """A label that the theme has no message for is the author's own word, escaped."""
    text = "{{ label('intent', 'local') }} {{ label('intent', '<x>') }}"
    assert made(text, en="intent.local=Local") == "Local &lt;x&gt;"


def test_shared_parts_are_rendered_once_a_language() -> None:
    """`shared.NAME` is made once and kept; each language has its own."""
    layer = {
        "page.html.jinja": "{{ shared.foot }}{{ shared.foot }}",
        "shared/foot.html.jinja": "{{ t('a') }}{{ site.nav[0].title }}",
    }
    one = Renderer(theme(layer, en="a=A", de="a=Ä"), replace(SITE, nav=(views.LinkView("<n>", "/"),)), URLS)
    for language, word in (("en", "A"), ("de", "Ä")):
        page, _ = example("page", whole=False, language=language)
        assert one.render(page) == f"{word}&lt;n&gt;" * 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_prompt_is_plain_text(language: str) -> None:
    """The writing prompt is not escaped, and says everything that it is given in the article's language."""
    names = (
        "title",
        "query",
        "description",
        "map",
        "cluster",
        "pillar",
        "audience",
        "level",
        "goal",
        "intent",
        "content_type",
    )
    context: dict[str, object] = {name: f"<{name}> & “{name}”" for name in names}
    context |= {
        name: [f"<{name}1>", f"<{name}2>"] for name in ("sections", "entities", "questions", "links", "aliases")
    }
    context |= {"kind": "article", "priority": "high", "words": 1200, "language": language}
    text = renderer().prompt("prompt.md.jinja", context)
    for name in names:
        assert f"<{name}>" in text
    for name in ("sections", "entities", "questions", "links"):
        assert f"<{name}2>" in text
    assert "\n\n\n" not in text
    empty = dict.fromkeys(context, "") | {"title": "A", "kind": "pillar", "words": None, "language": language}
    assert "\n\n\n" not in renderer().prompt("prompt.md.jinja", empty)


# Inheritance


def test_a_template_extends_the_one_that_it_replaces() -> None:
    """`default/…` is the parent's template: from a child theme, from a site's override, and through both."""
    bottom = {"page.html.jinja": "[{% block a %}bottom{% endblock %}]"}
    middle = {
        "page.html.jinja": '{% extends "default/page.html.jinja" %}{% block a %}middle {{ super() }}{% endblock %}'
    }
    top = {"page.html.jinja": '{% extends "default/page.html.jinja" %}{% block a %}top {{ super() }}{% endblock %}'}
    page, _ = example("page", whole=False)
    assert Renderer(theme(top, bottom, en="a=a"), SITE, URLS).render(page) == "[top bottom]"
    assert Renderer(theme(top, middle, bottom, en="a=a"), SITE, URLS).render(page) == "[top middle bottom]"


def test_plain_names_mean_what_wins() -> None:
    """A template of the parent that includes another gets the child's, if the child has it."""
    bottom = {"page.html.jinja": '{% include "part.jinja" %}', "part.jinja": "bottom"}
    page, _ = example("page", whole=False)
    assert Renderer(theme({"part.jinja": "child"}, bottom, en="a=a"), SITE, URLS).render(page) == "child"


# Mistakes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n{% if %}", ":2:1: error: Expected an expression, got 'end of statement block'"),
        ("\n\n{{ pgae.title }}", ":3:1: error: there is no 'pgae' [theme]\n    did you mean 'page'?"),
        ("{{ page.titel }}", ":1:1: error: FreePage has no field 'titel' [theme]\n    did you mean 'title'?"),
        ("{{ site.nav[0].ulr }}", ":1:1: error: LinkView has no field 'ulr' [theme]\n    did you mean 'url'?"),
        ("{{ theme.options.accnt }}", ":1:1: error: 'dict object' has no attribute 'accnt'"),
        ("{{ theme.asset('site.cs') }}", ":1:1: error: the theme has no asset 'site.cs' [theme]"),
        ("{{ t('mpa') }}", ":1:1: error: the theme has no message 'mpa' [theme]\n    did you mean 'map'?"),
        ("{{ t('m') }}", ":1:1: error: the message 'm' needs a value for {name}"),
        ("\n{% include 'pg.jinja' %}", ":2:1: error: there is no template 'pg.jinja'"),
        ("{% include 'page.html.jinja' %}", ":1:1: error: templates include or extend one another without end"),
        ("{{ 1 // 0 }}", ":1:1: error: ZeroDivisionError: integer division or modulo by zero"),
        ("{{ shared.nothing }}", ":1:1: error: there is no template 'shared/nothing.html.jinja'"),
    ],
)  # fmt: skip
def test_mistakes_are_diagnostics_with_their_line(text: str, expected: str) -> None:
    """Whatever a template does wrong, its author gets file, line and reason; no traceback."""
    with pytest.raises(TemplateFault) as caught:
        made(text, en="map=Map; m={name}")
    diagnostic = caught.value.diagnostic
    assert str(diagnostic).startswith("themes/child/templates/page.html.jinja" + expected)


@pytest.mark.parametrize(
    "text",
    [
        "\n{% if %}",
        "\n\n{{ pgae.title }}",
        "{{ page.titel }}",
        "{{ site.nav[0].ulr }}",
        "{{ theme.options.accnt }}",
        "{{ theme.asset('site.cs') }}",
        "{{ t('mpa') }}",
        "\n{% include 'pg.jinja' %}",
        "{{ 1 // 0 }}",
        "{{ shared.nothing }}",
    ],
)
def test_faults_pickle(text: str) -> None:
    """A fault comes back whole from another process."""
    with pytest.raises(TemplateFault) as caught:
        made(text)
    assert pickle.loads(pickle.dumps(caught.value)).diagnostic == caught.value.diagnostic  # noqa: S301 - our own


def test_missing_template_of_a_kind() -> None:
    """A theme that has no template for a kind of page is told so."""
    page, _ = example("home", whole=False)
    with pytest.raises(TemplateFault) as caught:
        Renderer(theme({"page.html.jinja": ""}, en="a=a"), SITE, URLS).render(page)
    expected = (
        "themes/child: error: there is no template 'home.html.jinja' [theme]\n    write it, or have it from another"
    )
    assert str(caught.value.diagnostic).startswith(expected)


def test_faults_of_shared_parts_name_their_own_file() -> None:
    """A mistake in a part is told at its place there, not where the part is used."""
    layer = {"page.html.jinja": "\n\n{{ shared.foot }}", "shared/foot.html.jinja": "\n{{ page.title }}"}
    page, _ = example("page", whole=False)
    with pytest.raises(TemplateFault) as caught:
        Renderer(theme(layer, en="a=a"), SITE, URLS).render(page)
    expected = "themes/child/templates/shared/foot.html.jinja:2:1: error: there is no 'page'"
    assert str(caught.value.diagnostic).startswith(expected)


def every_view() -> Iterator[type]:
    """Yield the views of `types.py`."""
    for value in vars(views).values():
        if isinstance(value, type) and value.__module__ == views.__name__:
            yield value


def test_every_page_view_has_a_kind() -> None:
    """A new kind of page is a new line in this test's table, and needs a template."""
    pages = {view for view in every_view() if issubclass(view, views.PageView)} - {views.PageView}
    assert set(PAGES.values()) == pages
    assert {f"{kind}.html.jinja" for kind in PAGES} <= default().templates[0].keys()
    assert {field.name for field in fields(views.PageView)}
