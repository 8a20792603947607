"""`site.yaml` and the environment → `SiteConfig`: the compiler's options.

The site's owner writes them, so they are trusted, unlike `content/`. Stages take the parts they need as arguments;
nobody keeps a global.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from builder.diagnostics import CODES, FATAL, Diagnostic, Severity, did_you_mean, error, nearest
from builder.files import CONFIG, ENVIRONMENT_PREFIX
from builder.load import parse, shorten
from builder.targets import check_targets
from builder.urls import PERMALINK_FIELDS, PERMALINKS, Urls, slugify
from builder.validation import validate
from builder.values import (
    BaseUrl,
    Count,
    Language,
    Model,
    Ratio,
    Text,
    WebUrl,
    choice,
    http_url,
    one_or_list,
    stripped,
    whole,
    wrong,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Keys of site.yaml whose values belong to others (themes, extensions) and are typed by YAML itself.
TYPED_KEYS = frozenset({"theme_options", "markdown"})

_JETBRAINS = "://open?file={file}&line={line}&column={column}"
#: The addresses by which editors open a file, as their makers document them; '' where the preview shall have no links.
EDITORS: dict[str, str] = {
    **{
        name: f"{name}://file{{file}}:{{line}}:{{column}}"
        for name in ("vscode", "vscode-insiders", "vscodium", "cursor", "windsurf", "zed")
    },
    **{name: f"{name}{_JETBRAINS}" for name in ("idea", "pycharm", "phpstorm", "webstorm", "rubymine", "goland")},
    "sublime": "subl://open?url=file://{file}&line={line}&column={column}",
    "textmate": "txmt://open?url=file://{file}&line={line}&column={column}",
    "macvim": "mvim://open?url=file://{file}&line={line}&column={column}",
    "emacs": "emacs://open?url=file://{file}&line={line}&column={column}",
    "nova": "nova://open?path={file}&line={line}&column={column}",
    "none": "",
}


def _editor(value: str) -> str:
    if value in EDITORS:
        return value
    if ":" not in value:
        hint = did_you_mean(value, EDITORS, otherwise=f"one of {', '.join(EDITORS)}, or an address with {{file}} in it")
        raise wrong(f"there is no editor '{shorten(value)}'", hint)
    scheme = value.partition(":")[0].lower()
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme) or scheme in {"javascript", "data", "blob", "vbscript"}:
        raise wrong(f"'{shorten(value)}' is no address that opens an editor", "such as my-editor://{file}:{line}")
    unknown = [name for name in re.findall(r"\{([^{}]*)\}", value) if name not in {"file", "line", "column"}]
    if unknown or "{file}" not in value:
        found = f"it has no {{{unknown[0]}}}" if unknown else "it has no {file}"
        message = f"the editor's address '{shorten(value)}' does not name the file"
        raise wrong(message, f"{found}; use {{file}}, {{line}} and {{column}}")
    return value


def _header_path(value: str) -> str:
    if not re.fullmatch(r"/[^\s\\]*", value) or value.startswith("//"):
        hint = "it begins with one `/`; `*` is any text, `:name` any text without `/`"
        raise wrong(f"expected a path of this site such as /downloads/*, found '{shorten(value)}'", hint)
    return value


def _header_name(value: str) -> str:
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]*", value):
        message = f"expected the name of a header such as X-Robots-Tag, found '{shorten(value)}'"
        raise wrong(message, "it has letters, digits and hyphens")
    return value


def _nav_url(value: str) -> str:
    if value.startswith("/") and not value.startswith("//"):
        return value
    if not re.match("https?://", value, re.IGNORECASE):
        hint = "a path begins with one `/`, an address with https:// or http://"
        raise wrong(f"expected a path of this site or a web address, found '{shorten(value)}'", hint)
    return http_url(value)


#: The field that tells the pages of a kind apart.
_MUST = {
    "article": "slug",
    "category": "category",
    "cluster": "cluster",
    "entity": "slug",
    "author": "slug",
    "page": "slug",
}


def _is_path(pattern: str) -> bool:
    plain = re.sub(r"\{[^{}]*\}", "x", pattern)
    return re.fullmatch(r"(/(?!\.\.|\./)[^\s/?#{}\\]+)*/", plain) is not None


def _permalinks(value: dict[str, str]) -> dict[str, str]:
    for kind, pattern in value.items():
        if kind not in PERMALINKS:
            raise wrong(f"there is no kind of page '{shorten(kind)}'", did_you_mean(kind, PERMALINKS), f"{kind}!")
        fields = re.findall(r"\{([^{}]*)\}", pattern)
        allowed = PERMALINK_FIELDS[kind]
        if not _is_path(pattern):
            slashed = f"/{re.sub('^https?://[^/]*', '', pattern).strip('/')}/"
            hint = "between its slashes are parts without spaces, `?`, `#` and backslashes, no `.` and no `..`"
            hint = f"write {slashed}" if _is_path(slashed) else hint
            message = "is no path" if pattern[:1] == pattern[-1:] == "/" else "must begin and end with `/`"
            raise wrong(f"the permalink '{shorten(pattern)}' of {kind} {message}", hint, kind)
        unknown = [field for field in fields if field not in allowed]
        if unknown:
            has = ", ".join(f"{{{name}}}" for name in sorted(allowed)) or "no fields"
            raise wrong(f"the permalink of {kind} has no field {{{unknown[0]}}}", f"it has {has}", kind)
        if kind in _MUST and _MUST[kind] not in fields:
            hint = "without it all of them have one URL"
            raise wrong(f"the permalink '{shorten(pattern)}' of {kind} lacks {{{_MUST[kind]}}}", hint, kind)
    return value


def _checks(value: dict[str, str]) -> dict[str, str]:
    for code, severity in value.items():
        if code not in CODES:
            raise wrong(f"there is no check '{shorten(code)}'", did_you_mean(code, CODES), f"{code}!")
        if code in FATAL and severity != "error":
            message = f"'{code}' is always an error: something that was written would be missing from the site"
            raise wrong(message, "mend what it finds, and delete this line", f"{code}!")
    return value


def _severity(value: Any) -> Any:
    folded = {"no": "off", "false": "off", "none": "off", "info": "note"}.get(str(value).casefold(), value)
    return choice("error", "warning", "note", "off")(folded)


_Who = Annotated[
    Literal["person", "organization"],
    BeforeValidator(choice("person", "organization")),
]


_HeaderName = Annotated[str, BeforeValidator(stripped), AfterValidator(_header_name)]


class PublisherKeys(Model):
    """Who publishes the site."""

    kind: _Who = "organization"
    """organization or person."""
    name: Text | None = None
    """The name; default: the site's title."""
    url: WebUrl | None = None
    """Its home page."""
    logo: Text | None = None
    """A file in `content/`, or of the theme's assets."""
    same_as: Annotated[list[WebUrl], BeforeValidator(one_or_list)] = []
    """Its profiles elsewhere."""


class AuthorKeys(Model):
    """An author; articles name the key."""

    kind: _Who = "person"
    """person or organization (an editorial team, say)."""
    name: Text
    """The name as it is shown."""
    url: WebUrl | None = None
    """Home page."""
    bio: Text | None = None
    """A sentence or two, Markdown."""
    same_as: Annotated[list[WebUrl], BeforeValidator(one_or_list)] = []
    """Profiles elsewhere."""


class NavKeys(Model):
    """One entry of the navigation."""

    title: Text
    """The text of the link."""
    url: Annotated[Text, AfterValidator(_nav_url)]
    """A path of this site, or a web address."""


class MarkdownKeys(Model):
    """How Markdown is read."""

    engine: Annotated[Literal["markdown", "commonmark"], BeforeValidator(choice("markdown", "commonmark"))] = "markdown"
    """`markdown` (Python-Markdown with its extensions) or `commonmark` (CommonMark and GFM, much faster)."""
    raw_html: bool = False
    """Whether HTML in Markdown is kept; scripts and event handlers never are."""
    extensions: dict[str, Any] = {}
    """Further extensions of Python-Markdown, with their options."""


class PlannedKeys(Model):
    """What unwritten things get."""

    articles: Annotated[Literal["row", "page"], BeforeValidator(choice("row", "page"))] = "row"
    """`row`: a row on the cluster's index. `page`: a brief page as well, noindex."""
    pillars: Annotated[Literal["page", "index", "row"], BeforeValidator(choice("page", "index", "row"))] = "page"
    """`page`: an outline page, noindex. `index`: listed as if written. `row`: no page."""


class PromptsKeys(Model):
    """Writing prompts."""

    public: bool = True
    """Whether pages show them."""
    template: Text = "prompt.md.jinja"
    """The theme's template that makes them."""


#: An article of high priority that no text leads to is a plan that failed; for the others structure is enough.
MIN_INLINKS: dict[Literal["high", "medium", "low"], int] = {"high": 1, "medium": 0, "low": 0}


def _min_inlinks(
    value: dict[Literal["high", "medium", "low"], int],
) -> dict[Literal["high", "medium", "low"], int]:
    return {**MIN_INLINKS, **value}


class LinksKeys(Model):
    """Caps and budgets of the link engine."""

    auto: bool = True
    """Whether prose is linked by rule; `[[…]]` always is."""
    words_per_link: Annotated[int, BeforeValidator(whole), Field(ge=1)] = 120
    """One automatic link for so many words of a page."""
    max_per_page: Count = 12
    """Automatic links of one page, however long."""
    max_per_target: Count = 50
    """Automatic links to one page from the whole site."""
    max_anchor_share: Ratio = 0.6
    """The largest share that one anchor text may have among the links in prose to a page (from five links on)."""
    common_phrase_share: Ratio = 0.5
    """Phrases that more than this share of pages contain are not linked (on sites of 20 pages and more)."""
    siblings: Count = 3
    """Related articles of the same cluster shown on an article."""
    related: Count = 3
    """Related pages from other clusters shown on an article."""
    min_inlinks: Annotated[dict[Literal["high", "medium", "low"], Count], AfterValidator(_min_inlinks)] = MIN_INLINKS
    """Links in prose from other pages that articles and pillars should have, by priority; others keep the default."""
    max_depth: Count = 3
    """Clicks from the home page that an indexed page may be away."""
    max_outlinks: Count = 100
    """Pages that the main part of an article, a pillar or a free page may link to."""
    report: bool = True
    """Whether builds keep `links.csv` and `pages.csv`; a site of a million pages has gigabytes of them."""


class StructuredDataKeys(Model):
    """Structured data options."""

    faq: bool = False
    """Whether FAQ pages carry FAQPage markup."""


class SiteKeys(Model):
    """`site.yaml`."""

    title: Text
    """The name of the site."""
    base_url: BaseUrl = "http://localhost:8000/"
    """Where the site is published; may have a path."""
    description: Text | None = None
    """One sentence."""
    language: Language = "en"
    """BCP 47 tag; the writing direction follows from it."""
    theme: Text = "default"
    """`themes/NAME` of the site, else a bundled theme."""
    theme_options: dict[str, Any] = {}
    """Options that the theme's `theme.yaml` declares."""
    publisher: PublisherKeys = PublisherKeys()
    """Who publishes the site."""
    authors: dict[str, AuthorKeys] = {}
    """Authors by key."""
    nav: list[NavKeys] | None = None
    """The navigation; default: maps, entities and, if there is such a page, how it works."""
    permalinks: Annotated[dict[str, Text], AfterValidator(_permalinks)] = {}
    """URL patterns by kind of page."""
    markdown: MarkdownKeys = MarkdownKeys()
    """How Markdown is read."""
    planned: PlannedKeys = PlannedKeys()
    """What unwritten things get."""
    prompts: PromptsKeys = PromptsKeys()
    """Writing prompts."""
    links: LinksKeys = LinksKeys()
    """Caps and budgets of the link engine."""
    checks: Annotated[dict[str, Annotated[str, BeforeValidator(_severity)]], AfterValidator(_checks)] = {}
    """Severities by code: error, warning, note, off."""
    search: Annotated[Literal["index", "pagefind", "off"], BeforeValidator(choice("index", "pagefind", "off"))] = (
        "index"
    )
    """`index` (our own small index), `pagefind` (full text) or `off`."""
    feeds: bool = True
    """Whether Atom feeds are made."""
    social_cards: bool = True
    """Whether pictures for social networks are drawn."""
    structured_data: StructuredDataKeys = StructuredDataKeys()
    """Structured data options."""
    deploy: dict[str, dict[str, Any]] = {}
    """Targets of `topicsite deploy`, by name."""
    headers: dict[
        Annotated[Text, AfterValidator(_header_path)],
        dict[_HeaderName, Text],
    ] = {}
    """Further HTTP headers by path; `*` in it is any text, `:name` any text without `/`."""
    editor: Annotated[Text, AfterValidator(_editor)] = "vscode"
    """The editor that the preview's links open: a name, or an address with {file}, {line} and {column}."""

    @property
    def urls(self) -> Urls:
        """The site's URLs."""
        return Urls(self.base_url, {**PERMALINKS, **self.permalinks})

    @property
    def severities(self) -> dict[str, Severity]:
        """The severities that `checks` changes."""
        return {code: Severity(name) for code, name in self.checks.items()}


SiteConfig = SiteKeys


def with_briefs(config: SiteConfig) -> SiteConfig:
    """Return the configuration of a preview in which planned articles and pillars have pages."""
    pillars = "page" if config.planned.pillars == "row" else config.planned.pillars
    planned = config.planned.model_copy(update={"articles": "page", "pillars": pillars})
    return config.model_copy(update={"planned": planned})


def load_config(data: bytes, environment: Mapping[str, str]) -> tuple[SiteConfig | None, list[Diagnostic]]:
    """Return the configuration of `site.yaml`'s bytes with the environment's `TOPICSITE_…` on top.

    `TOPICSITE_BASE_URL` sets `base_url`, `TOPICSITE_MARKDOWN__ENGINE` sets `engine` in `markdown`; values are YAML.
    """
    document, faults = parse(CONFIG, data, TYPED_KEYS)
    if document is None:
        return None, faults
    values = dict(document.data)
    for keys, name in origins(environment).items():
        wrapped, _ = parse(name, f"{keys[0]}: {environment[name]}".encode(), TYPED_KEYS)
        value = wrapped.data[keys[0]] if wrapped else environment[name]
        target = values
        for key in keys[:-1]:
            inner = target.get(key)
            target[key] = dict(inner) if isinstance(inner, dict) else {}
            target = target[key]
        target[keys[-1]] = value
    config, wrongs = validate(SiteKeys, {k: v for k, v in values.items() if v is not None}, CONFIG)
    wrongs += check_targets(config.deploy)[1] if config else []
    faults += wrongs + _unknown_variables(environment)
    for key in config.authors if config else ():
        if not slugify(key):
            faults.append(error("value", f"the author key '{shorten(key)}' makes no URL", CONFIG, "authors", f"{key}!"))
    return config, [from_environment(fault, environment) for fault in faults]


def origins(environment: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Return the variables that set keys of `site.yaml`, by the path of the key."""
    found = {}
    for name in sorted(environment):
        if name.startswith(ENVIRONMENT_PREFIX):
            keys = tuple(name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"))
            if keys[0] in SiteKeys.model_fields:
                found[keys] = name
    return found


def from_environment(fault: Diagnostic, environment: Mapping[str, str]) -> Diagnostic:
    """Return a fault of `site.yaml` with the variable in place of the file, where a variable gave what is wrong."""
    if fault.file != CONFIG or not fault.keys:
        return fault
    keys = tuple(str(key).removesuffix("!") for key in fault.keys)
    for path, name in origins(environment).items():
        missing_beside = fault.code == "missing-key" and len(keys) > 1 and path[: len(keys) - 1] == keys[:-1]
        made_of_keys = fault.code == "type" and path[: len(keys)] == keys  # by the variable's `__`
        if keys[: len(path)] == path or missing_beside or made_of_keys:
            return dataclasses.replace(fault, file=name, keys=())
    return fault


#: A name as near to a key's as this is a slip; one less near may be somebody else's.
_SLIP = 0.8


def _unknown_variables(environment: Mapping[str, str]) -> list[Diagnostic]:
    """Report the variables that begin as those of this program do and set nothing. Their values may be secrets."""
    known = [key.upper() for key in SiteKeys.model_fields]
    for key, field in SiteKeys.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Model):
            known += [f"{key}__{inner}".upper() for inner in field.annotation.model_fields]
    used = set(origins(environment).values())
    faults = []
    for name in sorted(environment):
        if not name.startswith(ENVIRONMENT_PREFIX) or name in used:
            continue
        bare = name.removeprefix(ENVIRONMENT_PREFIX)
        near = nearest(bare, known)
        slip = near and difflib.SequenceMatcher(None, bare.casefold(), near.casefold()).ratio() >= _SLIP
        hint = f"did you mean '{ENVIRONMENT_PREFIX}{near}'?" if near else ""
        message = "site.yaml has no key of this variable's name"
        faults.append(error("unknown-key" if slip else "unknown-variable", message, name, hint=hint))
    return faults
