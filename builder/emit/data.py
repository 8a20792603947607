"""The map as data: `map.json` with everything in its definition, `map.csv` with a row for each article."""

from __future__ import annotations

import csv
import io
import json
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from builder.interface import ref_key

if TYPE_CHECKING:
    from builder.atlas import MapSlice, Target
    from builder.model import ArticleDef, GapDef, MapDef, QuestionDef
    from builder.urls import Urls

COLUMNS = (
    "cluster", "kind", "title", "slug", "query", "intent", "content_type", "priority", "words", "status", "publish_on",
    "updated", "description", "sections", "entities", "aliases", "author", "url",
)  # fmt: skip


def row(item: ArticleDef, cluster: str, target: Target, urls: Urls) -> dict[str, str]:
    """Return an article as the values of `COLUMNS`; lists are joined with `; `."""
    return {
        "cluster": cluster,
        "kind": "pillar" if item.is_pillar else "article",
        "title": item.title,
        "slug": item.slug,
        "query": item.query,
        "intent": item.intent,
        "content_type": item.content_type,
        "priority": item.priority,
        "words": "" if item.words is None else str(item.words),
        "status": str(target.status),
        "publish_on": item.publish_on.isoformat() if item.publish_on else "",
        "updated": item.updated.isoformat() if item.updated else "",
        "description": item.description.source,
        "sections": "; ".join(item.sections),
        "entities": "; ".join(mention.name for mention in item.entities),
        "aliases": "; ".join(item.aliases),
        "author": item.author,
        "url": urls.absolute(target.path) if target.path else "",
    }


def defused(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula (OWASP, "CSV Injection")."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def map_csv(unit: MapDef, sliced: MapSlice, urls: Urls) -> str:
    """Return the map's articles as CSV (RFC 4180), in the map's order."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for cluster in unit.clusters:
        for item in cluster.items:
            target = sliced.targets[f"{unit.slug}/{cluster.slug}/{item.slug}"]
            values = row(item, cluster.title, target, urls)
            writer.writerow([defused(values[column]) for column in COLUMNS])
    return out.getvalue()


def map_json(unit: MapDef, sliced: MapSlice, urls: Urls) -> str:
    """Return the map as JSON: the keys of map.yaml, with defaults filled in and URLs and statuses added."""
    made: dict[str, Any] = {
        "title": unit.title,
        "slug": unit.slug,
        "url": urls.absolute(sliced.path),
        "query": unit.query,
        "category": unit.category,
        "language": sliced.language,
        "description": unit.description.source,
        "updated": unit.updated.isoformat() if unit.updated else None,
        "audience": {"level": unit.level, "description": unit.audience, "goal": unit.goal},
        "strategy": unit.strategy.source,
        "seasonality": unit.seasonality,
        "months_to_authority": unit.months_to_authority,
        "publishing": {"start": unit.start.isoformat(), "per_week": unit.per_week} if unit.start else None,
        "clusters": [],
        "gaps": [{"text": gap.text, "answered_by": _answered_by(gap, unit, sliced)} for gap in unit.gaps],
        "entities": [
            {"name": entry.name, "kind": entry.kind, "url": urls.absolute(entry.path), "same_as": list(entry.same_as)}
            for entry in {entry.slug: entry for entry in sliced.entities.values()}.values()
        ],
        "faq": [_question(question, unit, sliced) for question in unit.faq],
        "ideas": [
            {
                "title": group.title,
                "description": group.description,
                "articles": [
                    {
                        "title": idea.title,
                        "content_type": idea.content_type,
                        "intent": idea.intent,
                        "query": idea.query,
                        "priority": idea.priority,
                        "words": idea.words,
                        "description": idea.description,
                    }
                    for idea in group.ideas
                ],
            }
            for group in unit.ideas
        ],
    }
    for cluster in unit.clusters:
        articles = [_article(item, unit, sliced, urls) for item in cluster.items]
        made["clusters"].append(
            {
                "title": cluster.title,
                "slug": cluster.slug,
                "url": urls.absolute(sliced.targets[f"{unit.slug}/{cluster.slug}"].path),
                "description": cluster.description.source,
                "pillar": articles[0],
                "articles": articles[1:],
                "faq": [_question(question, unit, sliced) for question in cluster.faq],
            }
        )
    return _indented(made, "\n") + "\n"


def _indented(value: Any, before: str) -> str:  # noqa: ANN401 - whatever JSON holds
    """Return a value as `json.dumps` with `indent=1` writes it, in half the time.

    `before` is the end of a line with the indent of the line after it.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    inner = f"{before} "
    if isinstance(value, dict) and value:
        members = [f"{encode_basestring(key)}: {_indented(member, inner)}" for key, member in value.items()]
        return f"{{{inner}{f',{inner}'.join(members)}{before}}}"
    if isinstance(value, list) and value:
        return f"[{inner}{f',{inner}'.join([_indented(member, inner) for member in value])}{before}]"
    if value is None:
        return "null"
    return str(value) if type(value) is int else json.dumps(value)


def _answered_by(thing: QuestionDef | GapDef, unit: MapDef, sliced: MapSlice) -> str | None:
    """Return the reference to the page that answers; the headings of what is unpublished are nobody's business yet."""
    page, mark, _ = thing.answered_by.partition("#")
    target = sliced.refs.get(ref_key("wiki", thing.answered_by, unit.file))
    hidden = mark and target is not None and not (target.path and target.indexed)
    return (page.strip() if hidden else thing.answered_by) or None


def _question(question: QuestionDef, unit: MapDef, sliced: MapSlice) -> dict[str, str | None]:
    return {
        "question": question.question,
        "answer": question.answer.source,
        "answered_by": _answered_by(question, unit, sliced),
    }


def _article(item: ArticleDef, unit: MapDef, sliced: MapSlice, urls: Urls) -> dict[str, Any]:
    target = sliced.targets[f"{unit.slug}/{item.cluster}/{item.slug}"]
    return {
        "title": item.title,
        "slug": item.slug,
        "url": urls.absolute(target.path) if target.path else None,
        "status": str(target.status),
        "query": item.query,
        "aliases": list(item.aliases),
        "intent": item.intent,
        "content_type": item.content_type,
        "priority": item.priority,
        "words": item.words,
        "written": item.body.words,
        "description": item.description.source,
        "sections": list(item.sections),
        "entities": [mention.name for mention in item.entities],
        "publish_on": item.publish_on.isoformat() if item.publish_on else None,
        "updated": item.updated.isoformat() if item.updated else None,
        "author": item.author or None,
        "faq": [_question(question, unit, sliced) for question in item.faq],
    }
