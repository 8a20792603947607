"""Prose in, links out: the cases of prose.yaml, through the Markdown engine, the matcher and the choice of a page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from builder.body import compile_markdown
from builder.link.choose import Caps, select
from builder.link.engine import ScannedPage
from builder.link.match import Matcher, Prose
from builder.link.names import fold
from builder.link.phrases import Phrase
from builder.load import parse
from builder.markdown import MarkdownOptions

CASES = [next(iter(case.items())) for case in yaml.safe_load(Path(__file__).with_name("prose.yaml").read_text("utf-8"))]


def phrase(written: str) -> Phrase:
    """Read `text -> target [kind]`."""
    found = re.fullmatch(r"(.+) -> (\S+)(?: \[(\w+)\])?", written)
    assert found, written
    text, key, kind = found[1], found[2], found[3] or "article"
    path = f"/{key.replace(':', '/')}/"
    return Phrase(text, "title", key, path, text, kind, "m", "c", "medium", key)


def links_of(case: dict[str, Any], engine: str) -> list[str]:
    """Return the links that the case's prose makes, as `anchor -> target`."""
    document, _ = parse("text.md", str(case["prose"]).encode())
    assert document is not None
    body = compile_markdown(document.body, MarkdownOptions(engine, case.get("raw_html", False)))
    wishes = case.get("page", {})
    page = Prose(
        "/self/",
        "self",
        "c",
        (("body", body),),
        linked=frozenset(ref.target for ref in body.refs if ref.kind == "wiki"),
        never=frozenset(wishes.get("never", ())),
        prefer=frozenset(wishes.get("prefer", ())),
    )
    caps = Caps(**{"words_per_link": 1, "max_per_page": 50, "max_per_target": 50, "max_anchor_share": 1.0,
                   "common_phrase_share": 1.0, **case.get("caps", {})})  # fmt: skip
    matcher = Matcher([phrase(text) for text in case["phrases"]], case.get("language", "en"))
    candidates = tuple(matcher.candidates(page, "m"))
    scanned = ScannedPage(page.path, page.cluster, page.words, page.prefer, candidates)
    chosen = select(scanned, candidates, frozenset(), caps, "m")
    for candidate in chosen:
        region = body.html[candidate.start : candidate.end]
        assert fold(region.replace("\n", " ").replace("&amp;", "&")) == fold(candidate.anchor)
    return [f"{candidate.anchor} -> {candidate.phrase.key}" for candidate in chosen]


@pytest.mark.parametrize(("name", "case"), CASES, ids=[name for name, _ in CASES])
def test_prose(name: str, case: dict[str, Any]) -> None:
    """The prose of a case makes exactly its links."""
    made = links_of(case, "markdown")
    if "count" in case:
        assert len(made) == case["count"], (name, made)
    else:
        assert made == case["links"], name


@pytest.mark.parametrize(("name", "case"), CASES, ids=[name for name, _ in CASES])
def test_prose_commonmark(name: str, case: dict[str, Any]) -> None:
    """The other engine makes the same links, where it knows the syntax."""
    if "attribute list" in name:
        pytest.skip("attribute lists are an extension of the default engine")
    made = links_of(case, "commonmark")
    assert len(made) == case.get("count", len(case.get("links", made))), (name, made)
