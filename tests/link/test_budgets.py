"""Budgets of the link graph: what breaks each, what does not, where it is shown, and how bad it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from builder.check.budgets import BUDGETS, over_budget
from builder.config import LinksKeys
from builder.diagnostics import CODES
from builder.link.edges import edges_of
from builder.link.graph import link_graph
from builder.link.types import Link
from builder.model import Place
from builder.records import PageRecord
from tests.link.small import FILES, made, run, write
from tests.link.test_reports import topicsite

if TYPE_CHECKING:
    from pathlib import Path

    from builder.diagnostics import Diagnostic


def page(name: str, kind: str = "article", priority: str = "low", *, indexed: bool = True) -> PageRecord:
    """Return a page of the cluster c of the map m; its place is a key of a file of its own."""
    return PageRecord(
        f"/{name}/" if name else "/",
        kind,
        name.title(),
        "",
        indexed,
        None,
        key=f"m/c/{name}",
        priority=priority,
        place=Place(f"{name}.yaml", ("articles", 1)),
    )


def found(pages: list[PageRecord], links: list[tuple[str, str, str, str]], **keys: Any) -> list[Diagnostic]:  # noqa: ANN401
    """Return what breaks the budgets; links are source, target, rule and anchor."""
    wanted = [
        Link(f"/{source}/" if source else "/", f"/{target}/", anchor, rule) for source, target, rule, anchor in links
    ]
    everything = [page("", "home"), *pages]
    return list(over_budget(link_graph(everything, [edges_of(wanted)], (), "/"), everything, LinksKeys(**keys)))


LED = [("", "a", "list", "A"), ("a", "b", "phrase", "b"), ("b", "a", "phrase", "a")]


def test_a_well_linked_site_breaks_none() -> None:
    """Two articles that the home page lists and that name each other are within every budget."""
    assert found([page("a"), page("b", priority="high")], LED) == []


def test_unreachable_and_orphan() -> None:
    """What nothing leads to is out of reach, and an orphan; what only lists lead to is an orphan alone."""
    result = found([page("a"), page("b"), page("lost"), page("listed")], [*LED, ("", "listed", "list", "Listed")])
    assert [(fault.code, fault.file) for fault in result] == [
        ("orphan", "listed.yaml"),
        ("unreachable", "lost.yaml"),
        ("orphan", "lost.yaml"),
    ]
    assert result[1].message == "no links lead from the home page to 'Lost' (/lost/)"
    assert all(fault.keys == ("articles", 1) and fault.hint for fault in result)


def test_depth() -> None:
    """A page one click deeper than allowed is said to be, with the number of clicks."""
    links = [*LED, ("b", "c", "phrase", "c"), ("c", "d", "phrase", "d")]
    result = found([page(name) for name in "abcd"], links)
    assert [(fault.code, fault.file) for fault in result] == [("deep-page", "d.yaml")]
    assert result[0].message == "'D' is 4 clicks away from the home page, 3 at most"
    assert found([page(name) for name in "abcd"], links, max_depth=4) == []


def test_inlinks_by_priority() -> None:
    """How many links in prose a text should have depends on its priority; lists and structure do not count."""
    links = [("", "a", "list", "A"), ("", "b", "list", "B"), ("a", "b", "sibling", "B"), ("b", "a", "phrase", "a")]
    (fault,) = found([page("a"), page("b", priority="high")], links)
    assert (fault.code, fault.file) == ("few-inlinks", "b.yaml")
    assert fault.message == "'B', of high priority, has 0 links in prose from other pages, at least 1"
    assert "[[b]]" in fault.hint
    assert len(found([page("a"), page("b")], LED, min_inlinks={"low": 2})) == 2
    assert found([page("a", "map", "high"), page("b")], LED[:2], min_inlinks={"low": 0}) == []


def test_priorities_that_are_left_out_keep_their_number() -> None:
    """`min_inlinks: {medium: 1}` leaves high as it is."""
    assert LinksKeys(min_inlinks={"medium": 1}).min_inlinks == {"high": 1, "medium": 1, "low": 0}


def test_anchor_share() -> None:
    """From five links in prose on, most of one anchor are too many; a name of an entity is what it is."""
    sources = [page(f"s{number}") for number in range(5)]
    listed = [("", one.path.strip("/"), "spoke", "s") for one in [*sources, page("a")]]
    same = [(f"s{number}", "a", "phrase", "Words" if number % 2 else "words") for number in range(4)]
    four = [*listed, *same]
    assert found([*sources, page("a")], four) == []
    (fault,) = found([*sources, page("a")], [*four, ("s4", "a", "author", "others")])
    assert (fault.code, fault.file) == ("anchor-share", "a.yaml")
    assert fault.message.startswith("4 of 5 links in prose to 'A' have the words 'Words', 60% at most")
    assert found([*sources, page("a", "entity")], [*four, ("s4", "a", "author", "others")]) == []
    assert found([*sources, page("a")], [*four, ("s4", "a", "author", "others")], max_anchor_share=0.8) == []


def test_weak_pillar() -> None:
    """A pillar that is weaker than an article of its cluster is said to be, with both scores."""
    links = [*LED, ("", "p", "list", "P"), ("a", "p", "pillar", "P"), ("", "b", "list", "B"), ("p", "b", "spoke", "B")]
    (fault,) = found([page("a"), page("b"), page("p", "pillar")], links)
    assert (fault.code, fault.file) == ("weak-pillar", "p.yaml")
    assert "less than its article 'B' with 100.0" in fault.message


def test_outlinks() -> None:
    """A text that links to more pages than allowed is said to; breadcrumbs, repetitions and indexes do not count."""
    links = [*LED, ("a", "b", "spoke", "again"), ("b", "c", "phrase", "c"), ("b", "", "breadcrumb", "Home")]
    pages = [page("a"), page("b"), page("c"), page("m", "map")]
    assert (
        found(
            [*pages], [*links, ("", "m", "list", "M"), ("m", "a", "list", ""), ("m", "b", "list", "")], max_outlinks=2
        )
        == []
    )
    (fault,) = found(pages[:3], links, max_outlinks=1)
    assert fault.message == "'B' links to 2 pages, 1 at most"


def test_pages_that_are_not_indexed_have_no_budget() -> None:
    """Outlines and briefs are in the graph and are left in peace."""
    assert found([page("a"), page("b"), page("o", "pillar", "high", indexed=False)], LED) == []


def test_pillar_later(tmp_path: Path) -> None:
    """Articles that are published before their pillar are a note at the pillar's place."""
    result = made(tmp_path, {"content/maps/tea/brewing/pillar.md": None})
    (fault,) = (fault for fault in result.diagnostics if fault.code == "pillar-later")
    assert (fault.file, fault.line, str(fault.severity)) == ("content/maps/tea/map.yaml", 6, "note")
    assert fault.message == "the pillar 'Brewing tea' is not published yet, but 2 articles of its cluster already are"
    assert fault.hint == "write it next: brewing/pillar.md"
    settings = FILES["site.yaml"] + "planned: {pillars: index}\n"
    listed = made(tmp_path, {"content/maps/tea/brewing/pillar.md": None, "site.yaml": settings})
    assert "pillar-later" not in {fault.code for fault in listed.diagnostics}


def test_findings_in_a_build(tmp_path: Path) -> None:
    """A build reports what breaks a budget at its place in the sources, and again when nothing has changed."""
    site = write(tmp_path, {"site.yaml": FILES["site.yaml"] + "links: {max_depth: 1}\n"})
    for _ in range(2):
        faults = [fault for fault in run(site, write=True).diagnostics if fault.code == "deep-page"]
        places = {fault.file for fault in faults}
        assert {"content/maps/tea/map.yaml", "content/maps/cups/map.yaml"} <= places
        assert all(str(fault.severity) == "warning" for fault in faults)
    write(site, {"site.yaml": FILES["site.yaml"], "content/maps/cups/clay/glazing.md": "A glaze seals the clay.\n"})
    assert "deep-page" not in {fault.code for fault in run(site, write=True).diagnostics}


@pytest.mark.parametrize(
    ("settings", "arguments", "status"),
    [
        ("", (), 0),
        ("", ("--strict",), 1),
        ("checks: {deep-page: error}\n", (), 1),
        ("checks: {deep-page: 'off', weak-pillar: 'off', few-inlinks: 'off'}\n", ("--strict",), 0),
    ],
)
def test_how_bad_a_finding_is(tmp_path: Path, settings: str, arguments: tuple[str, ...], status: int) -> None:
    """`checks` makes a budget an error or turns it off, `--strict` fails on its warnings; nothing is published then."""
    site = write(tmp_path, {"site.yaml": f"{FILES['site.yaml']}links: {{max_depth: 1}}\n{settings}"})
    for command in ("check", "build"):
        assert topicsite(site, command, *arguments).exit_code == status, command
    assert (site / "output").exists() == (status == 0)


def test_every_budget_is_a_check() -> None:
    """Budgets are codes with a severity of their own, none of them an error to begin with."""
    assert {str(CODES[code][0]) for code in BUDGETS} == {"warning", "note"}
