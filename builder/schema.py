"""The input format: what `map.yaml`, `entities.yaml` and front matter may hold.

These pydantic models are the one description of the format: they validate, they make the JSON Schema that editors use,
and their docstrings are its documentation. Values arrive as text (see `load.py`). `validate` reports every error of a
document at once and still returns a model, without the values that were wrong, so that later stages can report theirs;
a build with errors never gets further than that.
"""

from __future__ import annotations

import copy
import datetime as dt
import os
import re
import unicodedata
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args
from urllib.parse import quote, unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from builder.diagnostics import Diagnostic, did_you_mean, error, nearest
from builder.load import shorten
from builder.urls import SAFE, host_of, is_slug, slugify

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_core import ErrorDetails


# Pydantic looks for plugins among all installed packages, which takes longer than to read site.yaml; none is wanted.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def wrong(message: str, hint: str = "", at: str = "") -> PydanticCustomError:
    """Make the error of a validator: what is wrong, what to write instead, at which key of the value."""
    return PydanticCustomError("topicsite", "{message}", {"message": message, "hint": hint, "at": at})


def _text(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _not_empty(value: str) -> str:
    if not value:
        raise wrong("the text is empty", "write it, or delete the key")
    return value


def _slug(value: str) -> str:
    if not is_slug(value):
        better = slugify(value)
        hint = f"write '{better}'" if better else "use letters, digits and hyphens"
        raise wrong(f"'{shorten(value)}' cannot stand in a URL", hint)
    return value


def _date(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", value.strip())
    if not found:
        raise wrong(f"expected a date as YYYY-MM-DD, found '{shorten(value)}'", "for example 2026-05-04")
    try:
        return dt.date(*map(int, found.groups()))
    except ValueError:
        raise wrong(f"there is no day {value.strip()}", "write a date of the calendar as YYYY-MM-DD") from None


def _whole(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[+-]?[0-9]+", value.strip()):
        whole = re.sub(r"(?<=[0-9])[.,]0+$", "", unicodedata.normalize("NFKC", value.strip()))
        if re.fullmatch(r"[0-9]{1,3}([ ,._'][0-9]{3})+", whole):  # thousands that are set apart
            whole = re.sub("[^0-9]", "", whole)
        hint = f"write {whole}" if re.fullmatch("[0-9]+", whole) else "write digits only"
        raise wrong(f"expected a whole number, found '{shorten(value)}'", hint)
    if isinstance(value, str) and len(value.strip()) > _DIGITS:
        raise wrong(f"expected a whole number of at most {_DIGITS} digits, found '{shorten(value)}'")
    return value


#: A number of words or months with more digits is a slip of the hand.
_DIGITS = 9


def _number(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", value.strip()):
        raise wrong(f"expected a number, found '{shorten(value)}'", "write digits, with a point for a fraction")
    return value


def is_web_url(value: str) -> bool:
    """Tell whether a value is an address of the web, with a host."""
    if re.fullmatch(r"https?://[^\s/?#\\]+([/?#]\S*)?", value, re.IGNORECASE) is None:
        return False
    try:
        return bool(host_of(value))
    except ValueError:
        return False


def _http_url(value: str) -> str:
    if not is_web_url(value):
        raise wrong(
            f"expected a web address, found '{shorten(value)}'", "it begins with https:// or http:// and a host"
        )
    return value


def _base_url(value: str) -> str:
    owner = re.match(r"(https?://)[^/?#]*@(.*)", value, re.IGNORECASE)
    if owner:  # first of all, and without the value: the messages below would show a password
        message = "a base URL names no user and no password, since every page shows it"
        raise wrong(message, f"write {owner[1]}{owner[2]}")
    value = _http_url(value)
    if "?" in value or "#" in value:
        raise wrong("a base URL has no `?` and no `#`", f"write {re.split('[?#]', value)[0]}")
    parts = urlsplit(value)
    if re.search(r"//|/\.\.?(/|$)", unquote(parts.path)) or re.search("%(?![0-9A-Fa-f]{2})", parts.path):
        hint = "it has no `//`, `/./` and `/../`, and after `%` two hexadecimal digits"
        raise wrong(f"the path '{shorten(parts.path)}' is no folder of a host", hint)
    path = quote(parts.path, safe=SAFE)
    return f"{parts.scheme}://{host_of(value)}{path if path.endswith('/') else path + '/'}"


#: What no path of a page has: white space, `?`, `#`, backslashes, hosts' wildcards (`*`, `:name`), hidden or parent
#: folders, and folders with the name of a page.
_NO_PATH = {
    r"^(?!/)|//": "begins with one `/` and has no `//`",
    r"\s": "has no spaces, and no `%20`",
    r"[?#\\*\x00-\x1f\x7f]": "has no `?`, `#`, `*` or backslash, and no code of one",
    "/:": "has no part that begins with `:`",
    r"/\.": "has no part that begins with a dot",
    r"(?i:\.html?/)": "ends after a name with `.html`",
}


def _path(value: str) -> str:
    plain = unquote(value)
    hint = next((f"it {rule}" for pattern, rule in _NO_PATH.items() if re.search(pattern, plain)), "")
    if hint:
        raise wrong(f"expected a path of this site such as /old-page/, found '{shorten(value)}'", hint)
    return plain


def _language(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-[A-Za-z0-9]{5,8})*", value):
        raise wrong(
            f"expected a language tag such as en or pt-BR, found '{shorten(value)}'", "BCP 47: en, de-AT, zh-Hant"
        )
    return value


def _choice(*choices: str) -> Callable[[Any], Any]:
    """Make a validator that folds case and names the nearest choice."""

    def check(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        folded = value.strip().casefold()
        if folded not in choices:
            expected = f"{', '.join(choices[:-1])} or {choices[-1]}"
            raise wrong(f"expected {expected}, found '{shorten(value)}'", did_you_mean(folded, choices))
        return folded

    return check


def _intent(value: str) -> str:
    folded = value.casefold()
    return folded if folded in {"informational", "commercial", "transactional", "navigational"} else value


def _wikidata(value: str) -> str:
    found = re.fullmatch(r"(?:https?://(?:www\.)?wikidata\.org/(?:wiki|entity)/)?(Q[1-9][0-9]*)/?", value)
    if not found:
        raise wrong(f"expected a Wikidata item such as Q186447, found '{shorten(value)}'")
    return found[1]


def _wrap(key: str) -> Callable[[Any], Any]:
    """Make a validator that takes plain text for an object whose only value is at `key`."""

    def wrap(value: Any) -> Any:
        return {key: value} if isinstance(value, str) else value

    return wrap


def _one_or_list(value: Any) -> Any:
    """Take one text for a list of one."""
    return [value] if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_text), AfterValidator(_not_empty)]
Slug = Annotated[str, BeforeValidator(_text), AfterValidator(_slug)]
Date = Annotated[dt.date, BeforeValidator(_date)]
Count = Annotated[int, BeforeValidator(_whole), Field(ge=0)]
Ratio = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1)]
Positive = Annotated[float, BeforeValidator(_number), Field(gt=0)]
WebUrl = Annotated[Text, AfterValidator(_http_url)]
BaseUrl = Annotated[Text, AfterValidator(_base_url)]
Path = Annotated[Text, AfterValidator(_path)]
Texts = Annotated[list[Text], BeforeValidator(_one_or_list)]
Language = Annotated[Text, AfterValidator(_language)]
Intent = Annotated[Text, AfterValidator(_intent)]
Priority = Annotated[Literal["high", "medium", "low"], BeforeValidator(_choice("high", "medium", "low"))]
StatusText = Annotated[
    Literal["planned", "draft", "published", "retired"],
    BeforeValidator(_choice("planned", "draft", "published", "retired")),
]


class Model(BaseModel):
    """What all parts of the format share: unknown keys are errors. Docstrings are the JSON Schema's descriptions."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Question(Model):
    """One question and answer of an FAQ."""

    question: Text
    """The question, as people ask it."""
    answer: Text
    """The answer, in Markdown."""
    answered_by: Text | None = None
    """The page that answers at length: an article's slug, with `#heading` if wanted."""


class Gap(Model):
    """Something that rival sites leave out and this map will cover."""

    text: Text
    """What is missing elsewhere."""
    answered_by: Text | None = None
    """The page that closes the gap: an article's slug, with `#heading` if wanted."""


class EntityMention(Model):
    """An entity that a map or an article covers: its name, or the name with what the registry would say."""

    name: Text
    """The name; the registry (`entities.yaml`) is searched for it and for its aliases."""
    kind: Text | None = None
    """Person, organisation, software, product, concept …"""
    description: Text | None = None
    """One or two sentences that define it."""
    same_as: Annotated[list[WebUrl], BeforeValidator(_one_or_list)] = []
    """Addresses of pages about this very thing."""


class Entity(EntityMention):
    """An entry of `entities.yaml`."""

    slug: Slug | None = None
    """The last part of its URL; default: from the name."""
    aliases: Texts = []
    """Other names of it, which may link here as well."""
    wikidata: Annotated[Text, AfterValidator(_wikidata)] | None = None
    """Its Wikidata item, such as Q186447."""


class Audience(Model):
    """Who a map is for."""

    level: Text | None = None
    """Beginner, Intermediate, Advanced …"""
    description: Text | None = None
    """Who reads it."""
    goal: Text | None = None
    """What they will be able to do."""


class Publishing(Model):
    """The pace of publishing; gives the plan its dates."""

    start: Date
    """The first day."""
    per_week: Annotated[float, BeforeValidator(_number), Field(gt=0, le=700)] = 1
    """Articles a week."""


class LinkWishes(Model):
    """What a page's author wants of the automatic links."""

    never: Texts = []
    """Pages that this page's prose never links to by itself (references as in `[[…]]`)."""
    prefer: Texts = []
    """Pages that come first when this page's links are chosen."""


Entities = list[Annotated[EntityMention, BeforeValidator(_wrap("name"))]]
Redirects = Annotated[list[Path], BeforeValidator(_one_or_list)]


class PageKeys(Model):
    """Keys that articles and free pages share."""

    title: Text | None = None
    """The title; the body's first `# heading` if it is left out."""
    slug: Slug | None = None
    """The last part of the URL; default: the file's name, else from the title."""
    description: Text | None = None
    """What the reader gets, in a sentence or two."""
    updated: Date | None = None
    """The day of the last real change."""
    publish_on: Date | None = None
    """Not before this day."""
    status: StatusText | None = None
    """`planned`, `draft`, `published` or `retired`; default: published if it has a body."""
    author: Text | None = None
    """A key of `authors` in site.yaml."""
    redirect_from: Redirects = []
    """Old paths that lead here."""
    redirect_to: Text | None = None
    """With `status: retired`: the page, path or address that takes over."""
    entities: Entities = []
    """What the page covers, by name."""
    aliases: Texts = []
    """Further phrases that may link here."""
    links: LinkWishes | None = None
    """Wishes for the automatic links in this page's prose."""


class Article(PageKeys):
    """An article or a pillar."""

    query: Text | None = None
    """The search phrase that the page targets."""
    intent: Intent | None = None
    """Search intent: informational, commercial, transactional, navigational, or your own word."""
    content_type: Text | None = None
    """What kind of text it is: guide, comparison, how-to …"""
    priority: Priority | None = None
    """high, medium or low; default: medium, for a pillar high."""
    words: Count | None = None
    """The planned length, in words."""
    sections: Texts = []
    """What the text will cover, section by section."""
    prompt: Text | None = None
    """The writing prompt; default: made from the site's prompt template."""
    faq: list[Question] = []
    """Questions that belong to this page."""


class Cluster(Model):
    """A group of the map: one pillar and its articles."""

    title: Text
    """The name of the cluster."""
    slug: Slug | None = None
    """Its part of the URL; default: from the title."""
    description: Text | None = None
    """What the cluster covers."""
    pillar: Article | None = None
    """The hub page, published first."""
    articles: list[Article] = []
    """The spokes, in order."""
    faq: list[Question] = []
    """Questions that belong to this cluster."""
    redirect_from: Redirects = []
    """Old paths that lead to the cluster's index."""


class Idea(Model):
    """An article title outside the plan."""

    title: Text
    """The title."""
    content_type: Text | None = None
    """guide, comparison, how-to …"""
    intent: Intent | None = None
    """Search intent."""
    query: Text | None = None
    """The search phrase that it would target."""
    priority: Priority | None = None
    """high, medium or low."""
    words: Count | None = None
    """The length, in words."""
    description: Text | None = None
    """Why publish it."""


class IdeaGroup(Model):
    """Ideas of one content type."""

    title: Text
    """The name of the group."""
    description: Text | None = None
    """What its articles have in common."""
    articles: list[Annotated[Idea, BeforeValidator(_wrap("title"))]] = []
    """The ideas, in order."""


class Map(Model):
    """A topical map: `map.yaml`, or the front matter of `map.md`."""

    title: Text
    """The name of the map."""
    slug: Slug | None = None
    """Its part of the URL; default: the folder's name."""
    query: Text | None = None
    """The search phrase that the map as a whole targets."""
    category: Text | None = None
    """The category under which the home page lists it."""
    language: Language | None = None
    """BCP 47 tag of the map's language; default: the site's."""
    translation_of: Text | None = None
    """The slug of the map of which this one is a translation; pages of one kind and slug belong together."""
    description: Text | None = None
    """One paragraph, plain text."""
    updated: Date | None = None
    """The day of the last change; default: the newest date among the map's sources."""
    audience: Audience | None = None
    """Who it is for."""
    strategy: Text | None = None
    """Why this subject and how the map wins it, in Markdown."""
    seasonality: Text | None = None
    """When interest peaks."""
    months_to_authority: Count | None = None
    """Months until the map can be expected to rank."""
    publishing: Publishing | None = None
    """The pace of publishing."""
    clusters: list[Cluster] = []
    """The clusters, in order."""
    gaps: list[Annotated[Gap, BeforeValidator(_wrap("text"))]] = []
    """What rivals leave out."""
    entities: Entities = []
    """Entities that the map covers."""
    faq: list[Question] = []
    """Questions people ask."""
    ideas: list[IdeaGroup] = []
    """Article ideas outside the plan."""
    redirect_from: Redirects = []
    """Old paths that lead to the map's page."""


M = TypeVar("M", bound=BaseModel)


def validate(model: type[M], data: dict[str, Any], name: str, *prefix: str | int) -> tuple[M | None, list[Diagnostic]]:
    """Return the model of some data, and every error in it; None only where nothing usable is left.

    What is wrong is reported once, then left out (or replaced, where a title is missing), and the rest validated again.
    """
    given = _given(data)
    try:
        return model.model_validate(given), []
    except ValidationError as fault:
        details = fault.errors(include_url=False)
    faults = [_diagnose(model, data, detail, name, prefix) for detail in details]
    kept = copy.deepcopy(given)
    for _ in range(64):
        _prune(kept, details)
        try:
            return model.model_validate(kept), faults
        except ValidationError as fault:
            details = fault.errors(include_url=False)
            # a validator of a whole mapping reports one key at a time
            faults += [_diagnose(model, data, d, name, prefix) for d in details if d.get("ctx", {}).get("at")]
    return None, faults


def _given(value: Any) -> Any:
    """Return data without the keys that have nothing after them, which are as good as not written."""
    if isinstance(value, dict):
        return {key: _given(inner) for key, inner in value.items() if inner is not None}
    return [_given(inner) for inner in value] if isinstance(value, list) else value


def _diagnose(
    model: type[BaseModel], data: dict[str, Any], detail: ErrorDetails, name: str, prefix: tuple[str | int, ...]
) -> Diagnostic:
    keys = detail["loc"]
    kind = detail["type"]
    place = (*prefix, *keys)
    if keys[-1:] == ("[key]",):  # what is wrong is the key itself
        keys = keys[:-2]
        place = (*prefix, *keys, f"{detail['loc'][-2]}!")
    if kind == "literal_error" and detail["loc"][-1] == "[key]":
        key, choices = str(detail["input"]), str(detail["ctx"]["expected"])
        known = re.findall("'(.*?)'", choices)
        hint = did_you_mean(key, known, otherwise=f"it has: {', '.join(known)}")
        return error("unknown-key", f"unknown key '{shorten(key)}' in `{_label(keys)}`", name, *place, hint=hint)
    if kind == "extra_forbidden":
        key = str(keys[-1])
        owner = _model_at(model, keys[:-1])
        names = owner.model_fields
        thing = _thing(owner)
        near = _NAMED_ELSEWHERE.get(key, "") if _NAMED_ELSEWHERE.get(key) in names else nearest(key, names)
        hint = f"did you mean '{near}'?" if near else f"{thing} has: {', '.join(names)}"
        if near in (_value_at(data, keys[:-1]) or {}):
            hint = f"did you mean '{near}'? It stands here already: keep one of them"
        return error(
            "unknown-key", f"unknown key '{shorten(key)}' in {thing}", name, *prefix, *keys[:-1], f"{key}!", hint=hint
        )
    if kind == "missing":
        thing = _thing(_model_at(model, keys[:-1]))
        present = keys[-1] in (_value_at(data, keys[:-1]) or {})
        article = "an" if str(keys[-1]).startswith(("a", "e", "i", "o", "u")) else "a"
        message = f"{thing} needs {article} `{keys[-1]}`" + ("; it is empty" if present else "")
        return error("missing-key", message, name, *place, hint=f"write `{keys[-1]}: …`")
    if kind == "topicsite":
        context = detail["ctx"]
        code = "type" if str(context["message"]).startswith("expected a ") else "value"
        below = (context["at"],) if context.get("at") else ()
        return error(code, f"{_label(keys)}: {context['message']}", name, *place, *below, hint=context["hint"])
    value = detail["input"]
    if value is None:
        return error(
            "missing-key", f"{_label(keys)}: the value is empty", name, *place, hint="write it, or delete the key"
        )
    if kind in {"greater_than_equal", "greater_than", "less_than_equal", "less_than"}:
        limit = next(iter(detail["ctx"].values()))
        sign = {"greater_than_equal": "at least", "greater_than": "more than", "less_than_equal": "at most"}
        message = f"expected {sign.get(kind, 'less than')} {limit:g}, found {shorten(str(value))}"
        return error("value", f"{_label(keys)}: {message}", name, *place)
    expected = _EXPECTED.get(kind, detail["msg"])
    hint = ""
    if kind == "string_type" and isinstance(value, dict):
        hint = "text that begins with `{` or contains `: ` must stand in quotes"
    elif kind == "string_type" and isinstance(value, list):
        hint = "text that begins with `[` or `- ` must stand in quotes"
    elif kind == "list_type":
        hint = "begin each entry with `- `, or write [one, two]"
    elif kind in {"model_type", "model_attributes_type"}:
        owner = _model_at(model, keys)
        hint = f"{_thing(owner)} has: {', '.join(owner.model_fields)}"
    elif kind == "dict_type":
        hint = "write `key: value` lines"
    return error("type", f"{_label(keys)}: expected {expected}, found {found(value)}", name, *place, hint=hint)


#: Keys of other generators' front matter, and the key here that says the same.
_NAMED_ELSEWHERE = {
    "categories": "category",
    "date": "updated",
    "draft": "status",
    "keyword": "query",
    "keywords": "query",
    "lastmod": "updated",
    "permalink": "slug",
    "tags": "entities",
    "url": "slug",
}

_EXPECTED = {
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "date_type": "a date as YYYY-MM-DD",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}


def found(value: Any) -> str:
    """Return how a message names a value of the wrong type."""
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "keys with values"
    return f"'{shorten(str(value))}'"


def _label(keys: tuple[int | str, ...]) -> str:
    """Return the key that a message is about: `words`, or `sections, entry 2`."""
    name = next((str(key) for key in reversed(keys) if isinstance(key, str)), "")
    return f"{name}, entry {keys[-1] + 1}" if keys and isinstance(keys[-1], int) else name


_THINGS = {
    "Map": "a map",
    "Article": "an article",
    "Cluster": "a cluster",
    "Question": "a question",
    "Gap": "a gap",
    "EntityMention": "an entity",
    "Entity": "an entity",
    "IdeaGroup": "a group of ideas",
    "Idea": "an idea",
    "Audience": "`audience`",
    "Publishing": "`publishing`",
    "LinkWishes": "`links`",
    "PageKeys": "a page",
    "SiteKeys": "site.yaml",
    "StructuredDataKeys": "`structured_data`",
}


def _thing(model: type[BaseModel]) -> str:
    return _THINGS.get(model.__name__, f"`{model.__name__.removesuffix('Keys').lower()}`")


def _model_at(model: type[BaseModel], keys: tuple[int | str, ...]) -> type[BaseModel]:
    """Return the model that describes the object at a path of keys."""
    current: Any = model
    for key in keys:
        if (
            isinstance(key, str)
            and isinstance(current, type)
            and issubclass(current, BaseModel)
            and key in current.model_fields
        ):
            current = current.model_fields[key].annotation
        current = _inner(current)
    return current if isinstance(current, type) and issubclass(current, BaseModel) else model


def _inner(annotation: Any) -> Any:
    """Return the model inside a list, a union with None, a dict's value or an Annotated."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    models = [_inner(a) for a in get_args(annotation) if get_args(a) or isinstance(a, type)]
    return next((m for m in models if isinstance(m, type) and issubclass(m, BaseModel)), annotation)


def _value_at(data: Any, keys: tuple[int | str, ...]) -> Any:
    for key in keys:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _stand_in(owner: dict[str, Any], keys: tuple[int | str, ...]) -> str:
    """Return a title for what has none, so that later stages can go on; no two things get the same."""
    return str(owner.get("slug") or " ".join(["untitled", *map(str, keys[:-1])]))


def _prune(data: dict[str, Any], details: list[ErrorDetails]) -> None:
    """Take out of `data` what its errors are about: a key, an entry, or for a missing key a stand-in."""
    doomed: list[tuple[Any, int]] = []
    for detail in details:
        keys = detail["loc"]
        if detail["type"] == "missing":
            owner = _value_at(data, keys[:-1])
            if isinstance(owner, dict) and keys[-1] == "title":
                owner["title"] = _stand_in(owner, keys)
                continue
            keys = keys[:-1]
        if detail.get("ctx", {}).get("at"):
            keys = (*keys, str(detail["ctx"]["at"]).removesuffix("!"))
        for length in range(len(keys), 0, -1):
            owner = _value_at(data, keys[: length - 1])
            key = keys[length - 1]
            if isinstance(owner, dict) and key in owner:
                better = slugify(str(owner[key])) if key == "slug" else ""
                if better and is_slug(better) and better != owner[key]:
                    owner[key] = better
                elif key == "title":
                    owner[key] = _stand_in(owner, keys)
                else:
                    del owner[key]
                break
            if isinstance(owner, list) and isinstance(key, int) and key < len(owner):
                doomed.append((owner, key))
                break
    for owner, index in sorted(doomed, key=lambda entry: -entry[1]):
        if index < len(owner):
            del owner[index]
