"""The input format: every key that the documentation promises, every error at once, JSON Schema for editors."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import schema
from builder.config import SiteKeys
from builder.json_schema import json_schema
from builder.load import parse, parse_list
from builder.validation import validate

REPOSITORY = Path(__file__).parents[1]

WHOLE = """
title: Building Real-World Flask Applications
slug: flask
query: flask application architecture
category: Python
description: One paragraph.
updated: 2026-04-30
audience: {level: Intermediate, description: Who it is for., goal: What they will be able to do.}
strategy: |
  Why this subject.
seasonality: Peaks in January and September.
months_to_authority: 6
publishing: {start: 2026-05-04, per_week: 2.5}
clusters:
  - title: Design & Architecture
    slug: design
    description: What the cluster covers.
    pillar:
      title: Designing Flask applications that last
      slug: flask-architecture
      query: flask application architecture best practices
      aliases: [flask architecture]
      intent: Informational
      content_type: guide
      priority: HIGH
      words: 4500
      description: What the reader gets.
      sections: [When to choose Flask, Application factory and blueprints]
      entities: [Flask, {name: Werkzeug, kind: software, same_as: https://example.org/}]
      prompt: Write it.
      publish_on: 2026-5-4
      status: published
      author: editors
      redirect_from: /old-path/
      faq: [{question: Why?, answer: Because.}]
    articles:
      - {title: Blueprints, status: retired, redirect_to: app-factory, intent: learn something}
    faq: [{question: Why?, answer: Because., answered_by: blueprints}]
    redirect_from: [/older/]
gaps:
  - A worked migration
  - {text: Another, answered_by: blueprints#heading}
entities: [Flask]
faq: [{question: Is it?, answer: It is.}]
ideas:
  - title: Comparisons
    description: Side by side.
    articles: [One or the other, {title: T, content_type: comparison, intent: commercial, priority: low, words: 1800}]
"""


def test_a_whole_map() -> None:
    """A map with every key of the format is taken, with its short forms and its case folded."""
    document, faults = parse("map.yaml", WHOLE.encode())
    assert document is not None
    made, wrong = validate(schema.Map, document.data, "map.yaml")
    assert (faults, wrong) == ([], [])
    assert made is not None
    assert made.publishing is not None
    assert (made.publishing.start, made.publishing.per_week) == (dt.date(2026, 5, 4), 2.5)
    pillar = made.clusters[0].pillar
    assert pillar is not None
    assert (pillar.priority, pillar.intent, pillar.words) == ("high", "informational", 4500)
    assert (pillar.publish_on, pillar.redirect_from) == (dt.date(2026, 5, 4), ["/old-path/"])
    assert [entity.name for entity in pillar.entities] == ["Flask", "Werkzeug"]
    assert pillar.entities[1].same_as == ["https://example.org/"]
    assert made.clusters[0].articles[0].intent == "learn something"
    assert [gap.text for gap in made.gaps] == ["A worked migration", "Another"]
    assert [idea.title for idea in made.ideas[0].articles] == ["One or the other", "T"]


def test_all_errors_at_once() -> None:
    """Everything that is wrong in a document is reported, and the rest of it is still there for later stages."""
    text = """
titel: Tea
clusters:
  - title: Green
    articles:
      - {title: Sencha, words: many, priority: hihg, updated: 2026-02-30}
      - [not, an, article]
    faq: [{question: Why?}]
publishing: {start: soon}
months_to_authority: -1
"""
    document, _ = parse("map.yaml", text.encode())
    assert document is not None
    made, wrong = validate(schema.Map, document.data, "map.yaml")
    assert sorted(fault.code for fault in wrong) == [
        "missing-key", "missing-key", "type", "type", "type", "unknown-key", "value", "value", "value"
    ]  # fmt: skip
    assert made is not None
    assert [article.title for article in made.clusters[0].articles] == ["Sencha"]


def test_a_stand_in_for_a_title_is_unique() -> None:
    """Things without a title do not collide with each other because of it."""
    document, _ = parse("map.yaml", b"title: T\nclusters: [{slug: a}, {description: b}, {description: c}]")
    assert document is not None
    made, wrong = validate(schema.Map, document.data, "map.yaml")
    assert [fault.message for fault in wrong] == ["a cluster needs a `title`"] * 3
    assert made is not None
    assert len({cluster.title for cluster in made.clusters}) == 3


@pytest.mark.parametrize(
    ("model", "data", "keys"),
    [
        (schema.Map, {"title": "T", "x": "1"}, ("x!",)),
        (schema.Map, {"title": ["T"]}, ("title",)),
        (schema.Map, {"title": "T", "gaps": ["a", {"texte": "b"}]}, ("gaps", 1, "text")),
        (schema.Map, {"title": "T", "clusters": [{"title": "C", "pillar": {"words": "x"}}]},
         ("clusters", 0, "pillar", "words")),
        (SiteKeys, {"title": "T", "checks": {"figure": "off", "nope": "off"}}, ("checks", "nope!")),
        (SiteKeys, {"title": "T", "permalinks": {"article": "x"}}, ("permalinks", "article")),
        (SiteKeys, {"title": "T", "authors": {"a": {"nme": "A"}}}, ("authors", "a", "nme!")),
    ],
)  # fmt: skip
def test_places(model: type[Any], data: dict[str, Any], keys: tuple[str | int, ...]) -> None:
    """An error has the path of keys that leads to what it is about."""
    _, wrong = validate(model, data, "x.yaml")
    assert keys in [fault.keys for fault in wrong]


def test_two_wrong_keys_of_one_mapping() -> None:
    """A mapping that is checked as a whole still has each of its wrong keys reported."""
    data = {"title": "T", "checks": {"a": "off", "b": "off", "figure": "off"}}
    made, wrong = validate(SiteKeys, data, "site.yaml")
    assert [fault.keys for fault in wrong] == [("checks", "a!"), ("checks", "b!")]
    assert made is not None
    assert made.checks == {"figure": "off"}


@pytest.mark.parametrize("text", ["2026-05-04", "2026-5-4", " 2026-05-04 "])
def test_dates(text: str) -> None:
    """A date is year, month and day."""
    made, wrong = validate(schema.PageKeys, {"updated": text}, "a.md")
    assert wrong == []
    assert made is not None
    assert made.updated == dt.date(2026, 5, 4)


@pytest.mark.parametrize("text", ["2026-13-01", "2025-02-29", "04.05.2026", "2026/05/04", "2026-05", "now", "20260504"])
def test_no_dates(text: str) -> None:
    """Anything else is none."""
    made, wrong = validate(schema.PageKeys, {"updated": text}, "a.md")
    assert [fault.keys for fault in wrong] == [("updated",)]
    assert made is not None
    assert made.updated is None


VALUES = st.recursive(
    st.none()
    | st.text(max_size=8)
    | st.sampled_from(["", "a", "-1", "no", "/x/", "2026-05-04", "high", "https://a.b/"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=4) | st.sampled_from(list(schema.Map.model_fields) + list(schema.Article.model_fields)),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from([*schema.Map.model_fields, "x"]), VALUES),
    st.sampled_from([schema.Map, SiteKeys, schema.Entity, schema.Article]),
)
def test_no_values_are_too_odd(data: dict[str, Any], model: type[Any]) -> None:
    """Whatever a document holds: a model, or faults that name a place and say what is wrong."""
    before = json.dumps(data)
    made, wrong = validate(model, data, "x.yaml")
    assert made is not None or wrong
    assert all(fault.message and fault.file == "x.yaml" for fault in wrong)
    assert json.dumps(data) == before


@pytest.mark.parametrize("kind", ["site", "map", "entities", "article", "page"])
def test_json_schema(kind: str) -> None:
    """The JSON Schema of every kind of file is one, describes each key, and allows no others."""
    made = json.loads(json_schema(kind))
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    objects = [made, *made.get("$defs", {}).values()]
    for each in objects:
        if "properties" in each:
            assert each["additionalProperties"] is False
            for name, entry in each["properties"].items():
                assert "description" in entry or "$ref" in entry, name
    references = set(re.findall(r'"#/\$defs/(\w+)"', json_schema(kind)))
    assert references == set(made.get("$defs", {}))


def test_json_schema_allows_short_forms() -> None:
    """Where the format takes plain text for an object, so does the schema."""
    made = json.loads(json_schema("map"))
    for name in ("gaps", "entities"):
        assert {"type": "string"} in made["properties"][name]["items"]["anyOf"]


def test_the_example_is_taken() -> None:
    """Every file of the example fits the format."""
    for path in sorted((REPOSITORY / "content").glob("maps/*/map.*")):
        document, faults = parse(path.name, path.read_bytes())
        assert document is not None
        assert (faults, validate(schema.Map, document.data, path.name)[1]) == ([], [])
    entries, faults = parse_list("entities.yaml", (REPOSITORY / "content/entities.yaml").read_bytes())
    assert faults == []
    assert entries
    for entry in entries:
        assert validate(schema.Entity, entry, "entities.yaml")[1] == []
