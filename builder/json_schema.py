"""JSON Schema of the input files, for editors (`topicsite schema`); made of the models that validate them."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from builder import schema
from builder.config import SiteKeys

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
    made = {"$schema": GenerateJsonSchema.schema_dialect, **made, "title": _TITLES[kind]}
    _shorten(made)
    return json.dumps(made, indent=2, ensure_ascii=False)


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
