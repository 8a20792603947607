"""Data → a model of `schema.py`, `config.py` or `targets.py`, with every error in it.

`validate` reports every error of a document at once and still returns a model, without the values that were wrong, so
that later stages can report theirs; a build with errors never gets further than that.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from builder.diagnostics import Diagnostic, did_you_mean, error, nearest
from builder.load import shorten
from builder.urls import is_slug, slugify

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


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
    return error("type", f"{_label(keys)}: expected {expected}, found {described(value)}", name, *place, hint=hint)


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


def described(value: Any) -> str:
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
