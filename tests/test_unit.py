"""One map: its entry and its files become definitions; its interface says what others may know."""

import datetime as dt
from pathlib import Path

import pytest

from builder.diagnostics import Diagnostic
from builder.files import scan
from builder.interface import interface_of, references
from builder.markdown import MarkdownOptions
from builder.model import MapDef, Place, Status, status_on
from builder.unit import Bodies, define_map, define_registry
from tests.making import write


def define(folder: Path, files: dict[str, str]) -> tuple[MapDef | None, list[Diagnostic]]:
    """Define the map `m` of some files."""
    write(folder, {f"content/maps/m/{name}": text for name, text in files.items()})
    return define_map("m", list(scan(folder, "content/maps/m")), Bodies(MarkdownOptions(), {}, {}))


def good(folder: Path, files: dict[str, str]) -> MapDef:
    """Define a map that has no faults."""
    unit, faults = define(folder, files)
    assert faults == []
    assert unit is not None
    return unit


def test_defaults(tmp_path: Path) -> None:
    """What a map leaves out is filled in: slugs, priorities, a pillar for every cluster."""
    unit = good(tmp_path, {"map.yaml": "title: M\nclusters: [{title: First Cluster, articles: [{title: An Article}]}]"})
    (cluster,) = unit.clusters
    (article,) = cluster.articles
    assert (unit.slug, cluster.slug, article.slug) == ("m", "first-cluster", "an-article")
    assert (cluster.pillar.title, cluster.pillar.slug, cluster.pillar.is_pillar) == (
        "First Cluster",
        "first-cluster",
        True,
    )
    assert (cluster.pillar.priority, article.priority, article.words) == ("high", "medium", None)


def test_an_entry_and_its_file_are_one_article(tmp_path: Path) -> None:
    """Keys may stand in the map, in the file, or in both with the same value; positions remember which."""
    unit = good(
        tmp_path,
        {
            "map.yaml": "title: M\nclusters: [{title: C, articles: [{title: A, query: q, words: 100}]}]",
            "c/a.md": "---\nquery: q\npriority: low\nupdated: 2026-01-02\n---\nText.",
        },
    )
    (article,) = unit.clusters[0].articles
    assert (article.title, article.query, article.priority, article.words) == ("A", "q", "low", 100)
    assert (article.source, article.own) == ("content/maps/m/c/a.md", ("priority", "query", "updated"))
    assert article.at("priority") == Place("content/maps/m/c/a.md", ("priority",))
    assert article.at("words") == Place("content/maps/m/map.yaml", ("clusters", 0, "articles", 0, "words"))
    assert article.body.text == "Text."


def test_files_alone(tmp_path: Path) -> None:
    """Articles that only their files declare come after the map's, by slug, titled by their first heading."""
    unit = good(
        tmp_path,
        {
            "map.yaml": "title: M\nclusters: [{title: C, articles: [{title: Z}]}]",
            "c/b.md": "# The B\n\nText.",
            "c/a.md": "---\ntitle: The A\n---\n# The A\n\nText.",
        },
    )
    assert [(a.slug, a.title) for a in unit.clusters[0].articles] == [("z", "Z"), ("a", "The A"), ("b", "The B")]
    assert all("The" not in a.body.html for a in unit.clusters[0].articles)


def test_a_map_in_markdown(tmp_path: Path) -> None:
    """In map.md the keys are front matter and the text is the strategy."""
    unit = good(tmp_path, {"map.md": "---\ntitle: M\nclusters: [{title: C}]\n---\nWhy **so**."})
    assert unit.strategy.text == "Why so."


def test_the_newest_date(tmp_path: Path) -> None:
    """A map without a date of its own has the newest among its articles'; one with a date keeps it."""
    files = {
        "map.yaml": "title: M\nclusters: [{title: C, articles: [{title: A, updated: 2026-01-02}]}]",
        "c/b.md": "---\ntitle: B\nupdated: 2026-03-04\n---\nText.",
    }
    assert good(tmp_path, files).updated == dt.date(2026, 3, 4)
    files["map.yaml"] += "\nupdated: 2025-01-01"
    assert good(tmp_path, files).updated == dt.date(2025, 1, 1)


def test_anchors_of_questions(tmp_path: Path) -> None:
    """Questions share a page, so that each has an anchor of its own, whatever it asks."""
    ask = "faq: [{question: Why?, answer: A.}]"
    unit = good(
        tmp_path,
        {
            "map.yaml": f"title: M\n{ask}\nclusters:\n"
            f"  - {{title: C, {ask}, pillar: {{{ask}}}}}\n"
            "  - {title: D, faq: [{question: '???', answer: B.}]}\n"
        },
    )
    anchors = [
        question.anchor
        for question in (*unit.faq, *unit.clusters[0].faq, *unit.clusters[0].pillar.faq, *unit.clusters[1].faq)
    ]
    assert sorted(anchors) == ["question", "why", "why-2", "why-3"]


def test_other_files(tmp_path: Path) -> None:
    """Pictures and other files of the folder are kept by name; they are published when a text refers to them."""
    unit = good(tmp_path, {"map.yaml": "title: M", "a.png": "x", "c/b.svg": "x", "c/d/e.txt": "x"})
    assert unit.assets == ("content/maps/m/a.png", "content/maps/m/c/b.svg", "content/maps/m/c/d/e.txt")


def test_names_that_are_not_composed(tmp_path: Path) -> None:
    """A file whose name has its letters in parts, as some systems write them, belongs to its slug all the same."""
    unit = good(
        tmp_path,
        {
            "map.yaml": "title: M\nclusters: [{title: Cafés, slug: cafés, articles: [{title: X, slug: é}]}]",
            "cafe\u0301s/e\u0301.md": "Text.",
        },
    )
    assert unit.clusters[0].articles[0].body.text == "Text."


DAY = dt.date(2026, 6, 1)


@pytest.mark.parametrize(
    ("declared", "publish_on", "has_body", "drafts", "status"),
    [
        (None, None, True, False, Status.PUBLISHED),
        (None, None, False, False, Status.PLANNED),
        ("published", None, True, False, Status.PUBLISHED),
        ("published", None, False, False, Status.PLANNED),
        ("planned", None, True, False, Status.PLANNED),
        ("planned", None, True, True, Status.PUBLISHED),
        ("draft", None, True, False, Status.DRAFT),
        ("draft", None, True, True, Status.PUBLISHED),
        ("draft", None, False, True, Status.PLANNED),
        ("retired", None, True, True, Status.RETIRED),
        ("retired", None, False, False, Status.RETIRED),
        (None, DAY, True, False, Status.PUBLISHED),
        (None, DAY + dt.timedelta(1), True, False, Status.SCHEDULED),
        (None, DAY + dt.timedelta(1), True, True, Status.PUBLISHED),
        ("draft", DAY + dt.timedelta(1), True, False, Status.DRAFT),
        (None, DAY + dt.timedelta(1), False, False, Status.PLANNED),
    ],
)
def test_status(declared: str | None, publish_on: dt.date | None, has_body: bool, drafts: bool, status: Status) -> None:
    """Published is what has a body, is not held back, and whose day has come; drafts count where they are wanted."""
    assert status_on(declared, publish_on, DAY, has_body=has_body, drafts=drafts) is status


def test_interface(tmp_path: Path) -> None:
    """What others may know: titles, URLs' parts, references and ids; not the texts."""
    unit = good(
        tmp_path,
        {
            "map.yaml": "title: M\nentities: [X]\nstrategy: See [[a]].\n"
            "clusters: [{title: C, articles: [{title: A, entities: [X, {name: Y, kind: k}]}]}]",
            "c/a.md": "Secret words. See [[b/c#d]] and [e](../c/pillar.md).\n\n## Here",
        },
    )
    interface = interface_of(unit)
    assert [entity.name for entity in interface.entities] == ["X", "Y"]
    assert interface.refs == ("a", "b/c", "file:content/maps/m/c/pillar.md")
    (pillar, article) = interface.items
    assert (pillar.has_body, article.has_body, tuple(article.ids)) == (False, True, ("here",))
    assert "Secret words." not in repr(interface)


def test_an_interface_does_not_change_with_a_sentence(tmp_path: Path) -> None:
    """Another text with the same words, links and headings has the same interface, so that no other map is rebuilt."""
    files = {"map.yaml": "title: M\nclusters: [{title: C, articles: [{title: A}]}]", "c/a.md": "One two. Three."}
    before = interface_of(good(tmp_path, files))
    assert interface_of(good(tmp_path, files | {"c/a.md": "Three. One two."})) == before
    assert interface_of(good(tmp_path, files | {"c/a.md": "One two. Three.\n\n## More"})) != before


def test_bodies_are_made_once(tmp_path: Path) -> None:
    """A body that an earlier build made is taken from there; those that are used are handed on."""
    write(tmp_path, {"content/maps/m/map.yaml": "title: M\nstrategy: S\nfaq: [{question: Q?, answer: S}]"})
    sources = list(scan(tmp_path, "content/maps/m"))
    first = Bodies(MarkdownOptions(), {}, {})
    define_map("m", sources, first)
    assert len(first.used) == 2
    second = Bodies(MarkdownOptions(), first.used, {})
    define_map("m", sources, second)
    assert {key: id(body) for key, body in second.used.items()} == {key: id(body) for key, body in first.used.items()}


def test_registry() -> None:
    """The registry's entries have slugs from their names; an empty file is an empty registry."""
    registry, faults = define_registry(b"- {name: C++, aliases: CPP, wikidata: 'https://www.wikidata.org/wiki/Q2407'}")
    assert faults == []
    assert [(e.name, e.slug, e.aliases, e.wikidata) for e in registry] == [("C++", "c-plus-plus", ("CPP",), "Q2407")]
    assert define_registry(b"# nothing yet\n") == ((), [])


def test_answers_refer_from_their_own_file(tmp_path: Path) -> None:
    """A path in an answer leads from the file in which the answer stands."""
    write(
        tmp_path,
        {
            "content/maps/tea/map.yaml": """\
title: Tea
clusters: [{title: Green, articles: [{title: Sencha}, {title: Matcha}]}]
faq: [{question: Which?, answer: "[One](green/sencha.md)"}]
""",
            "content/maps/tea/green/sencha.md": "---\nfaq: [{question: Else?, answer: '[Two](matcha.md)'}]\n---\nText",
            "content/maps/tea/green/matcha.md": "Text.",
        },
    )
    unit, faults = define_map("tea", list(scan(tmp_path, "content/maps/tea")), Bodies(MarkdownOptions(), {}, {}))
    assert faults == []
    assert unit is not None
    green = "file:content/maps/tea/green"
    assert set(references(unit)) == {f"{green}/sencha.md", f"{green}/matcha.md"}
