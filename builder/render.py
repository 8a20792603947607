"""A view and a template → a page. With `theme.py` the only user of Jinja2; templates come from the theme, not the disk.

A renderer keeps what it compiles, and what is the same on all pages of a language. What a template does wrong is a
`TemplateFault` with the template's file and line.
"""

from __future__ import annotations

import contextlib
import re
from functools import cache, lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, format_percent
from jinja2 import (
    BaseLoader,
    Environment,
    FileSystemBytecodeCache,
    StrictUndefined,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
    pass_context,
)
from markupsafe import Markup, escape

import builder.views.types as views
from builder.diagnostics import did_you_mean, error
from builder.files import digest
from builder.template_code import CODE, DirectCode
from builder.theme import FALLBACK

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping, MutableMapping
    from types import CodeType, TracebackType

    from jinja2.compiler import CodeGenerator

    from builder.diagnostics import Diagnostic
    from builder.theme import Theme
    from builder.urls import Urls
    from builder.views.types import PageView, SiteView


#: What every template can name.
NAMES = ("page", "site", "theme", "shared", "t", "label", "time", "language_name", "locale")


class TemplateFault(Exception):  # noqa: N818 - what went wrong is the theme's fault, and the diagnostic says it
    """A template cannot be used; `diagnostic` says which, where and why."""

    @property
    def diagnostic(self) -> Diagnostic:
        """What to tell the theme's author."""
        found: Diagnostic = self.args[0]
        return found


class _Misuse(Exception):  # noqa: N818 - becomes a TemplateFault
    """A template asks for a message or an asset that the theme does not have: what, and a hint."""


class Renderer:
    """Makes the pages of a site with a theme; one for each process."""

    def __init__(self, theme: Theme, site: SiteView, urls: Urls) -> None:
        """Take what is the same on all pages; nothing is compiled before it is needed."""
        self._theme = theme
        self._site = site
        self._assets = {name: urls.url(asset.path) for name, asset in theme.assets.items()}
        self._loader = _Loader(theme)
        self._languages: dict[tuple[str, bool], _Language] = {}
        self._words: dict[str, Words] = {}

    def render(self, page: PageView) -> str:
        """Return the HTML of a page, by the template of its kind."""
        language = self._languages.get((page.language, True)) or self._language(page.language, escaped=True)
        try:
            return language.template(f"{page.kind}.html.jinja").render(page=page)
        except Exception as fault:
            raise self._explained(fault) from fault

    def title(self, page: PageView) -> str:
        """Return the title of a page as its template shows it: in the theme's words where no author gave one."""
        key = _TITLES.get(page.kind)
        if key is None:
            return page.title
        words = self.words(page.language)
        return words.t(key, map=page.title) if words.has(key) else page.title

    def description(self, page: PageView) -> str:
        """Return what a page says of itself, in the theme's words where it is not an author's own."""
        key, count = "", None
        match page:
            case views.FaqPage():
                key, count = "faq.lead", sum(len(group) for _, group in page.groups)
            case views.MapEntitiesPage():
                key, count = "map_entities.lead", len(page.entities)
            case views.IdeasPage():
                key, count = "ideas.lead", sum(len(group.ideas) for group in page.groups)
            case views.PlanPage():
                key = "plan.lead"
            case views.EntitiesPage():
                key, count = "entities.lead", sum(len(group) for _, group in page.groups)
            case _:
                return page.description
        words = self.words(page.language)
        known = words.has(key) or words.has(f"{key}.other")
        return words.t(key, count, map=page.title) if known else page.description

    def words(self, tag: str) -> Words:
        """Return the theme's words in a language as plain text, for files that no template makes."""
        if tag not in self._words:
            self._words[tag] = Words(self._theme, tag, escaped=False)
        return self._words[tag]

    def prompt(self, template: str, context: Mapping[str, object]) -> str:
        """Return the text of a template that makes no HTML; `context["language"]` chooses the language of its words."""
        tag = str(context.get("language") or self._site.language)
        language = self._languages.get((tag, False)) or self._language(tag, escaped=False)
        try:
            return language.template(template).render(context)
        except Exception as fault:
            raise self._explained(fault) from fault

    def _language(self, tag: str, *, escaped: bool) -> _Language:
        look = ThemeInTemplates(self._theme, self._assets)
        made = _Language(self._loader, self._theme, self._site, look, Words(self._theme, tag, escaped=escaped))
        self._languages[tag, escaped] = made
        return made

    def _explained(self, fault: Exception) -> TemplateFault:
        """Return the fault with its place in a template: the innermost one that the traceback passed."""
        if isinstance(fault, TemplateFault):
            return fault
        message, hint = _explain(fault, self._theme)
        file, line = "", 0
        if isinstance(fault, TemplateSyntaxError):
            file, line = self._loader.file(fault.name or ""), fault.lineno
        else:
            trace: TracebackType | None = fault.__traceback__
            while trace is not None:
                name = trace.tb_frame.f_code.co_filename
                if name in self._loader.files:
                    file, line = name, trace.tb_lineno
                trace = trace.tb_next
            if isinstance(fault, TemplateNotFound) and not file:  # no template names it, so it cannot be misspelt
                hint = "write it, or have it from another theme: `extends: default` in theme.yaml"
        found = error("theme", message, file or f"themes/{self._theme.name}", hint=hint)
        return TemplateFault(
            type(found)(found.code, message, found.file, hint=hint, line=line, column=1 if line else 0)
        )


def _explain(fault: Exception, theme: Theme) -> tuple[str, str]:
    """Return what to tell the author of a template about an exception, and a hint."""
    match fault:
        case _Misuse():
            message, hint = fault.args
        case TemplateNotFound():
            wanted = re.sub(r"^\d+:", "", str(fault.name))
            names = {name for found in theme.templates for name in found}
            message, hint = f"there is no template '{wanted}'", did_you_mean(wanted, names)
        case UndefinedError():
            message, hint = _explain_undefined(str(fault.message))
        case TemplateSyntaxError():
            message, hint = str(fault.message), ""
        case RecursionError():
            message = "templates include or extend one another without end"
            hint = "to extend the inherited template of the same name, write THEME/NAME"
        case _:
            message, hint = f"{type(fault).__name__}: {fault}", ""
    return message, hint


def _explain_undefined(text: str) -> tuple[str, str]:
    """Return what to tell about something that does not exist, from Jinja's message, and a hint."""
    if found := re.fullmatch(r"'builder\.(?:views\.types|render)\.(\w+) object' has no attribute '(\w+)'", text):
        view = vars(views).get(found[1])
        fields: Iterable[str] = getattr(view, "__dataclass_fields__", ()) or getattr(view, "_fields", ())
        return f"{found[1]} has no field '{found[2]}'", did_you_mean(found[2], fields)
    if found := re.fullmatch(r"'(\w+)' is undefined", text):
        return f"there is no '{found[1]}'", did_you_mean(found[1], NAMES)
    return text, ""


class ThemeInTemplates:
    """What templates see as `theme`: `name`, `options`, `assets` (the names) and `asset(name)`, the URL of one."""

    __slots__ = ("_urls", "assets", "name", "options")

    def __init__(self, theme: Theme, urls: Mapping[str, str]) -> None:
        """Take the theme, and the URL of every asset."""
        self.name = theme.name
        self.options = dict(theme.options)
        self.assets = frozenset(urls)
        self._urls = urls

    def asset(self, name: str) -> str:
        """Return the URL of an asset."""
        try:
            return self._urls[name]
        except KeyError:
            raise _Misuse(f"the theme has no asset '{name}'", did_you_mean(name, self._urls)) from None


#: The messages that title the pages which no author titles.
_TITLES = {
    "404": "not_found.title",
    "entities": "entities",
    "faq": "faq.title",
    "ideas": "ideas.title",
    "map_entities": "map_entities.title",
    "plan": "plan.title",
}


class Words:
    """Messages, dates and numbers in one language: `t`, `label`, `time`, and the filters `date`, `number`, `percent`.

    A message that the language lacks comes from its base (`de` for `de-AT`), then from English.
    """

    def __init__(self, theme: Theme, tag: str, *, escaped: bool) -> None:
        """Take the catalogues of a theme and a BCP 47 tag; `escaped` where the words go into HTML."""
        parts = tag.split("-")
        chain = ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
        self._texts: dict[str, str] = {}
        for language in reversed([*chain, FALLBACK]):
            self._texts.update(theme.messages.get(language, {}))
        self.tag = tag
        self.locale = _locale(chain)
        self._escaped = escaped
        self._made: dict[Any, str] = {}
        #: Messages with values, most of which, days and numbers, stand on many pages; text is not taken for markup.
        self._filled = lru_cache(maxsize=4096, typed=True)(
            lambda key, n, **values: self._message(key, n, values),
        )

    def has(self, key: str) -> bool:
        """Tell whether the theme has a message."""
        return key in self._texts

    @property
    def open_graph(self) -> str:
        """The language with its country as Open Graph writes them: `en_US`; the likeliest country (CLDR)."""
        likely = get_global("likely_subtags").get(self.locale.language, "")
        country = self.locale.territory or likely.rpartition("_")[2]
        return f"{self.locale.language}_{country}" if country else self.locale.language

    def t(self, key: str, n: int | None = None, **values: object) -> str:
        """Return a message; `n` chooses its plural form and is `{n}` in it, `values` fill its other braces."""
        if not values:
            if (made := self._made.get((key, n))) is None:
                made = self._made[key, n] = self._message(key, n, {})
            return made
        try:
            return self._filled(key, n, **values)
        except TypeError:  # values that have no hash
            return self._message(key, n, values)

    def _message(self, key: str, n: int | None, values: dict[str, object]) -> str:
        text = self._texts.get(key)
        if text is None and n is not None:
            category = self.locale.plural_form(n)
            text = self._texts.get(f"{key}.{category}") or self._texts.get(f"{key}.other")
        if text is None:
            raise _Misuse(f"the theme has no message '{key}'", did_you_mean(key, self._texts))
        message = self._safe(text)
        if n is not None:
            values["n"] = self.number(n)
        try:
            return message.format_map(values)
        except KeyError as hole:
            raise _Misuse(f"the message '{key}' needs a value for {{{hole.args[0]}}}", "") from None

    def label(self, group: str, value: str) -> str:
        """Return the message `group.value`, or the value as it is where the theme has none (an author's own word)."""
        key = ("label", group, value)
        if key not in self._made:
            self._made[key] = self._safe(self._texts.get(f"{group}.{value}", value))
        return self._made[key]

    def number(self, value: float) -> str:
        """Return a number as the language writes it."""
        return self._kept("number", value, lambda: format_decimal(value, locale=self.locale))

    def percent(self, value: float) -> str:
        """Return a percentage (34 for 34 %) as the language writes it."""
        return self._kept("percent", value, lambda: format_percent(value / 100, locale=self.locale))

    def date(self, value: dt.date, style: str = "long") -> str:
        """Return a date in words; `style` is short, medium, long or full."""
        return self._kept(style, value, lambda: format_date(value, format=style, locale=self.locale))

    def month(self, value: dt.date) -> str:
        """Return a month and its year."""
        return self._kept("month", value, lambda: format_skeleton("yMMM", value, locale=self.locale))

    def time(self, value: dt.date, style: str = "long") -> str:
        """Return a date as a `<time>` element."""
        key = ("time", style, value)
        if key not in self._made:
            self._made[key] = Markup('<time datetime="{}">{}</time>').format(value.isoformat(), self.date(value, style))
        return self._made[key]

    def language_name(self, tag: str, within: str = "") -> str:
        """Return the name of a language in this one, or in the language `within`."""
        key = ("language", tag, within)
        if key not in self._made:
            shown = _locale([tag]).get_display_name(_locale([within]) if within else self.locale)
            self._made[key] = self._safe(shown or tag)
        return self._made[key]

    def _kept(self, kind: str, value: object, make: Callable[[], str]) -> str:
        made = self._made.get((kind, value, 0))
        if made is None:
            made = self._made[kind, value, 0] = self._safe(make())
        return made

    def _safe(self, text: str) -> str:
        return escape(text) if self._escaped else text


def _locale(tags: list[str]) -> Locale:
    for tag in (*tags, FALLBACK):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    raise AssertionError  # pragma: no cover - Babel knows English


class _Shared:
    """What templates see as `shared`: `shared.NAME` is `shared/NAME.html.jinja`, rendered once for a language."""

    def __init__(self, language: _Language) -> None:
        self._language = language

    def __getattr__(self, name: str) -> Markup:
        made = Markup(self._language.template(f"shared/{name}.html.jinja").render())  # noqa: S704 - a template escapes
        setattr(self, name, made)
        return made


class _Language:
    """The templates of one language: an environment whose functions and filters speak it."""

    def __init__(self, loader: _Loader, theme: Theme, site: SiteView, look: ThemeInTemplates, words: Words) -> None:
        self._layers = theme.layers
        self._loader = loader
        escaped = words._escaped  # noqa: SLF001 - of this file
        self.environment = _Environment(
            loader=loader, autoescape=escaped, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
            auto_reload=False, cache_size=-1,
        )  # fmt: skip
        self.environment.globals = {
            "site": site,
            "theme": look,
            "t": words.t,
            "label": words.label,
            "time": words.time,
            "language_name": words.language_name,
            "locale": words.open_graph,
            "shared": _Shared(self),
            "range": range,
            "dict": dict,
            "namespace": self.environment.globals["namespace"],
        }
        self.environment.filters.update(
            {"date": _filter(words.date), "number": _filter(words.number), "percent": _filter(words.percent)}
        )
        self._templates: dict[str, Template] = {}

    def template(self, name: str) -> Template:
        """Return a compiled template by the name that a template would call it by."""
        found = self._templates.get(name)
        if found is None:
            found = self._templates[name] = self.environment.get_template(self._loader.resolve(name, -1))
        return found


def _filter(function: Callable[..., str]) -> Callable[..., str]:
    """Make a filter that no compiled template has worked out beforehand: its code serves all languages."""

    @pass_context
    def run(_: object, *values: Any, **named: Any) -> str:  # noqa: ANN401
        return function(*values, **named)

    return run


class _Environment(Environment):
    """Knows that `THEME/name` is that theme's own template, below the one that asks where both are of one theme."""

    code_generator_class: type[CodeGenerator] = DirectCode

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - Jinja's own
        super().__init__(**options)
        self._asked: dict[tuple[str, str | None], Template] = {}

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return what all templates see; Jinja's own map of two maps is slow to copy, which each page does."""
        return self.globals if not d else super().make_globals(d)

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002
    ) -> Template:
        """Return a template; each page asks for those that it extends and imports."""
        if globals or isinstance(name, Template):
            return super().get_template(name, parent, globals)
        found = self._asked.get((name, parent))
        if found is None:
            found = self._asked[name, parent] = super().get_template(name, parent)
        return found

    def join_path(self, template: str, parent: str) -> str:
        """Return the unique name of a template that `parent` extends or includes."""
        loader: _Loader = self.loader  # type: ignore[assignment]
        return loader.resolve(template, loader.layer(parent))


class _Loader(BaseLoader):
    """The templates of a theme. A unique name is `LAYER:name`; compiled code is shared by the languages."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.files = {self.file(f"{i}:{name}") for i, found in enumerate(theme.templates) for name in found}
        self.codes: dict[tuple[str, bool], CodeType] = {}
        self._bytecode = _bytecode_cache()

    def resolve(self, name: str, layer: int) -> str:
        """Return the unique name of a template that a template of a layer (-1: none) asks for."""
        theme, _, rest = name.partition("/")
        if rest and theme in self.theme.layers:
            first = layer + 1 if layer >= 0 and self.theme.layers[layer] == theme else 0
            for i in range(first, len(self.theme.layers)):
                if self.theme.layers[i] == theme and rest in self.theme.templates[i]:
                    return f"{i}:{rest}"
        for i, found in enumerate(self.theme.templates):
            if name in found:
                return f"{i}:{name}"
        return name

    @staticmethod
    def layer(name: str) -> int:
        """Return the layer of a unique name."""
        number, colon, _ = name.partition(":")
        return int(number) if colon and number.isdigit() else -1

    def file(self, name: str) -> str:
        """Return the file of a unique name, as messages show it."""
        layer = self.layer(name)
        return f"themes/{self.theme.layers[layer]}/templates/{name.partition(':')[2]}" if layer >= 0 else ""

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002
    ) -> Template:
        """Return a template; Jinja's own loaders would read and compile it once for each environment."""
        layer = self.layer(name)
        if layer < 0:
            raise TemplateNotFound(name)
        key = name, bool(environment.autoescape)
        if key not in self.codes:
            source = self.theme.templates[layer][name.partition(":")[2]]
            self.codes[key] = self._compiled(environment, source, name)
        return environment.template_class.from_code(environment, self.codes[key], globals or {})

    def _compiled(self, environment: Environment, source: str, name: str) -> CodeType:
        """Return the code of a template: that of an earlier build, if this user's cache has it."""
        file = self.file(name)
        if self._bytecode is None:
            return environment.compile(source, name, file)
        key = f"{_compiler()} {environment.autoescape} {name} {digest(source.encode())}"
        bucket = self._bytecode.get_bucket(environment, key, file, source)
        code: CodeType | None = bucket.code
        if code is None:
            code = bucket.code = environment.compile(source, name, file)
            with contextlib.suppress(OSError):
                self._bytecode.set_bucket(bucket)
        return code


@cache
def _compiler() -> str:
    """Return the version of what makes code of templates."""
    return f"{version('jinja2')} {CODE}"


def _bytecode_cache() -> FileSystemBytecodeCache | None:
    """Return Jinja's cache in a folder that only this user can write to, None where the system has none.

    Not the build's own cache, which may come from elsewhere: what is in this one is executed.
    """
    try:
        return FileSystemBytecodeCache()
    except (OSError, RuntimeError):
        return None
