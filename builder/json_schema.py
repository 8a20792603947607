"""JSON Schema of the input files, for editors (`topicsite schema`); made of the models that validate them."""

from __future__ import annotations

import ast
import inspect
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from builder import schema
from builder.config import SiteKeys
from builder.values import Model

if TYPE_CHECKING:
    from collections.abc import Iterator

_MODELS: dict[str, Any] = {
    "site": SiteKeys,
    "map": schema.Map,
    "entities": list[schema.Entity],
    "article": schema.Article,
    "page": schema.PageKeys,
}
_TITLES = {
    "site": "site.yaml",
    "map": "map.yaml",
    "entities": "entities.yaml",
    "article": "front matter of an article",
    "page": "front matter of a free page",
}
#: Where an object may be written as plain text, by the name of its definition.
_SHORT = {"Gap": "text", "EntityMention": "name", "Idea": "title"}


def json_schema(kind: str) -> str:
    """Return the JSON Schema (draft 2020-12) of a kind of file: site, map, entities, article or page."""
    made = TypeAdapter(_MODELS[kind]).json_schema(mode="validation", schema_generator=GenerateJsonSchema)
    _describe(made)
    made = {"$schema": GenerateJsonSchema.schema_dialect, **made, "title": _TITLES[kind]}
    _shorten(made)
    return json.dumps(made, indent=2, ensure_ascii=False)


def _describe(made: dict[str, Any]) -> None:
    """Give each key the docstring of its field. Pydantic would read them from the source whenever a model is loaded."""
    models = {model.__name__: model for model in _below(Model)}
    for node in (made, *made.get("$defs", {}).values()):
        if node.get("title") in models:
            for name, text in _docstrings(models[node["title"]]).items():
                told = {**node["properties"][name], "description": text}
                node["properties"][name] = dict(sorted(told.items()))


def _below(model: type[Model]) -> Iterator[type[Model]]:
    for child in model.__subclasses__():
        yield child
        yield from _below(child)


def _docstrings(model: type[Model]) -> dict[str, str]:
    """Return the docstrings of a model's fields, those of its bases included."""
    found = {}
    for part in reversed(model.__mro__[: model.__mro__.index(Model)]):
        (definition,) = ast.parse(inspect.getsource(part)).body
        assert isinstance(definition, ast.ClassDef)  # noqa: S101 - what a class is made by
        for field, following in pairwise(definition.body):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                match following:
                    case ast.Expr(value=ast.Constant(value=str(text))):
                        found[field.target.id] = inspect.cleandoc(text)
                    case _:
                        pass
    return found


def _shorten(node: Any) -> None:
    """Allow plain text where the format does: a reference to `Gap` becomes text or `Gap`."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "items" and isinstance(value, dict) and value.get("$ref", "").rpartition("/")[2] in _SHORT:
                node[key] = {"anyOf": [{"type": "string"}, value]}
            else:
                _shorten(value)
    elif isinstance(node, list):
        for value in node:
            _shorten(value)
