"""Every internal link that a page shows is recorded with a rule, and every recorded link is shown."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from builder.link.rules import RULES
from builder.linkreport import navigation
from builder.pipeline import Request, Result, build
from tests.link.small import FILES, made

REPOSITORY = Path(__file__).parents[2]


def differences(result: Result) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Return the links between pages that are shown but not recorded, and those that are recorded but not shown."""
    assert result.config is not None
    assert result.site is not None
    urls = result.config.urls
    path_of = {urls.url(page.path): page.path for record in result.records for page in record.pages}
    everywhere = [path for path, _ in navigation(result.site.options.site, urls)]
    recorded = {(link.source, link.target) for link in result.links} | {
        (page, path) for page in path_of.values() for path in everywhere
    }
    shown = {
        (page.path, path_of[address])
        for record in result.records
        for page in record.built
        for address in {href.partition("#")[0] for href in page.hrefs}
        if address in path_of
    }
    between = {(source, target) for source, target in recorded if source != target and target in path_of.values()}
    return {pair for pair in shown if pair[0] != pair[1]} - between, between - shown


def test_example(tmp_path: Path) -> None:
    """In the repository's example the recorded links and the navigation are the links of the built pages."""
    result = build(Request(root=REPOSITORY, today=dt.date(2026, 6, 1), write=False, state=tmp_path, jobs=1))
    assert not result.failed
    missing, extra = differences(result)
    assert not missing
    assert not extra


@pytest.mark.parametrize(
    "settings",
    ["", "planned: {articles: page, pillars: index}\n", "planned: {pillars: row}\n", "feeds: false\nsearch: 'off'\n"],
)
def test_small_site(tmp_path: Path, settings: str) -> None:
    """So they are below a path, with planned articles as pages, and with an author whose page lists the texts."""
    changes = {
        "site.yaml": FILES["site.yaml"] + "authors: {ann: {name: Ann}}\n" + settings,
        "content/pages/about.md": "---\ntitle: About\nauthor: ann\n---\nSee [the map](/tea/) and ![none](/tea/).\n",
        "content/maps/cups/clay/pillar.md": "---\nauthor: ann\nfaq: [{question: Why?, answer: Yes.}]\n---\nClay.\n",
        "content/maps/cups/clay/later.md": "---\ntitle: Later\n---\n",
    }
    missing, extra = differences(made(tmp_path, changes))
    assert not missing
    assert not extra


def test_rules_are_known(tmp_path: Path) -> None:
    """Every recorded link has a rule of the table, and those in prose have words and a sentence."""
    links = list(made(tmp_path).links)
    assert {link.rule for link in links} <= set(RULES)
    for link in links:
        if link.rule in {"author", "phrase"}:
            assert link.anchor in link.sentence
            assert link.reason


def test_sentences_go_over_line_ends(tmp_path: Path) -> None:
    """The sentence of a link is that of its reader: the end of a line does not end it, markup does not break it."""
    text = "One. Two is *here*, and\nthe [words](/tea/brewing/water/) go\non to the end. Three.\n"
    result = made(tmp_path, {"content/maps/cups/clay/glazing.md": text})
    (link,) = (link for link in result.links if link.rule == "author" and link.source.endswith("/glazing/"))
    assert (link.target, link.anchor) == ("/tea/brewing/water/", "words")
    assert link.sentence == "Two is here, and the words go on to the end."
