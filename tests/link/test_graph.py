"""The link graph: figures worked out by hand, and the same from another library."""

from __future__ import annotations

import math

import pytest
import rustworkx as rx
from hypothesis import given
from hypothesis import strategies as st

from builder.link.edges import edges_of
from builder.link.graph import DAMPING, Anchor, LinkGraph, anchors_of, link_graph, trailing_pillars
from builder.link.rules import RULES
from builder.link.types import Link
from builder.records import PageRecord


def page(path: str, kind: str = "article", *, indexed: bool = True, key: str = "") -> PageRecord:
    """Return a page of which only this is known."""
    return PageRecord(path, kind, path.strip("/").title(), "", indexed, None, key=key)


def link(source: str, target: str, rule: str = "spoke", anchor: str = "words") -> Link:
    """Return a link between two pages named by single words, `home` for the home page."""
    paths = [f"/{name}/" if name != "home" else "/" for name in (source, target)]
    return Link(paths[0], paths[1], anchor, rule)


def graph(names: str, links: list[Link], nav: tuple[tuple[str, str], ...] = ()) -> LinkGraph:
    """Return the graph of the home page and of articles of these names."""
    pages = [page("/", "home"), *(page(f"/{name}/") for name in names.split())]
    return link_graph(pages, [edges_of(links)], nav, "/")


def test_counts_are_pages_not_elements() -> None:
    """Three links to one page are one inlink; links to oneself, to files and from unknown pages count for nothing."""
    links = [
        link("home", "a", "list"),
        link("home", "a", "phrase", "first words"),
        link("home", "a", "author", "others"),
        link("a", "a"),
        link("a", "file.pdf"),
        link("nowhere", "a"),
        link("a", "home", "breadcrumb"),
    ]
    found = graph("a", links).pages
    assert (found["/a/"].inlinks, found["/a/"].prose_in, found["/"].prose_out) == (1, 1, 1)
    assert (found["/"].outlinks, found["/"].main) == (1, 1)
    assert (found["/a/"].outlinks, found["/a/"].main) == (1, 0), "breadcrumbs are outside the main part"


def test_depth_is_the_shortest_way() -> None:
    """Depth counts clicks from the home page over links of any rule; what nothing leads to has none."""
    links = [
        link("home", "a", "list"),
        link("a", "b", "next"),
        link("b", "c"),
        link("a", "c", "phrase"),
        link("d", "a"),
    ]
    found = graph("a b c d", links)
    assert [found.pages[path].depth for path in ("/", "/a/", "/b/", "/c/", "/d/")] == [0, 1, 2, 2, None]
    assert [one.path for one in found.unreachable] == ["/d/"]
    assert [one.path for one in found.deeper_than(1)] == ["/b/", "/c/"]


def test_navigation_stands_on_every_page() -> None:
    """An entry of the navigation is an inlink from every other page, and its target is one click away."""
    found = graph("a b", [link("a", "home", "breadcrumb")], (("/b/", "B"), ("/", "Home"), ("/gone/", "Gone")))
    assert found.pages["/b/"].inlinks == 2
    assert found.pages["/b/"].depth == 1
    assert not found.pages["/b/"].orphan
    assert [(entry.source, entry.target) for entry in found.nav] == [("*", "/b/"), ("*", "/")]


def test_score_by_hand() -> None:
    """Two pages that link to a third: the ranks are those of the equations, the scale is logarithmic from 0 to 100."""
    found = graph("a b", [link("a", "home"), link("b", "home"), link("home", "a")])
    # b has no inlink: its rank is the least, (1 - d) / 3. home = least + d (a + b), a = least + d home.
    least = (1 - DAMPING) / 3
    home = (least + DAMPING * 2 * least) / (1 - DAMPING**2)
    second = least + DAMPING * home
    assert found.pages["/b/"].score == 0
    assert found.pages["/"].score == 100
    assert found.pages["/a/"].score == pytest.approx(100 * math.log(second / least) / math.log(home / least), abs=0.06)


def test_score_of_a_page_without_outlinks_is_spread() -> None:
    """A page that links nowhere passes its rank on to all, so that nothing is lost."""
    found = graph("a b", [link("home", "a"), link("home", "b")])
    assert found.pages["/a/"].score == found.pages["/b/"].score == 100
    assert found.pages["/"].score == 0


def test_score_without_links() -> None:
    """Without a link no page is stronger than another: all have 0."""
    assert {one.score for one in graph("a b", []).pages.values()} == {0.0}
    assert not link_graph([], [], (), "/").pages


def test_equal_pages_have_equal_scores() -> None:
    """A circle of pages is as strong everywhere."""
    links = [link("home", "a"), link("a", "b"), link("b", "home")]
    assert {one.score for one in graph("a b", links).pages.values()} == {100.0}


def test_orphans() -> None:
    """Only prose and structure from indexed pages save a page from being an orphan; lists and reading order do not."""
    pages = [
        page("/", "home"),
        page("/m/", "map"),
        page("/listed/"),
        page("/next/"),
        page("/said/"),
        page("/hub/", "pillar"),
        page("/outlined/"),
        page("/outline/", "pillar", indexed=False),
        page("/free/", "page"),
        page("/menu/", "page"),
        page("/404.html", "404"),
    ]
    links = [
        link("m", "listed", "list"),
        link("listed", "next", "next"),
        link("m", "said", "phrase"),
        link("said", "hub", "pillar"),
        link("outline", "outlined", "spoke"),
    ]
    found = link_graph(pages, [edges_of(links)], [("/menu/", "Menu")], "/")
    assert [one.path for one in found.orphans] == ["/free/", "/listed/", "/next/", "/outlined/"]
    assert "/404.html" not in found.pages


def test_anchors() -> None:
    """Anchors that differ in case and white space are one, as most links write it; shares are of links in prose."""
    links = [
        link("home", "a", "phrase", "Hot Water"),
        link("b", "a", "phrase", "hot water"),
        link("c", "a", "author", "hot  water"),
        link("d", "a", "author", "the kettle"),
        link("b", "a", "sibling", "Water temperature"),
    ]
    found = graph("a b c d", links)
    assert found.anchors["/a/"] == [Anchor("hot water", 3, 0.75), Anchor("the kettle", 1, 0.25)]
    assert anchors_of([("/x/", "B", 1), ("/x/", "a", 1)])["/x/"] == [Anchor("B", 1, 0.5), Anchor("a", 1, 0.5)]


def test_trailing_pillars() -> None:
    """A pillar trails where an article of its cluster has a higher score; unindexed pillars are another check's."""
    pages = [
        page("/", "home"),
        page("/p/", "pillar", key="m/c/p"),
        page("/a/", key="m/c/a"),
        page("/q/", "pillar", key="m/d/q"),
        page("/b/", key="m/d/b"),
        page("/o/", "pillar", indexed=False, key="m/e/o"),
        page("/e/", key="m/e/e"),
    ]
    links = [link("home", "a"), link("p", "a"), link("home", "q"), link("b", "q"), link("home", "e")]
    (found,) = trailing_pillars(link_graph(pages, [edges_of(links)], (), "/"), pages)
    assert (found.pillar.path, found.stronger.path) == ("/p/", "/a/")


names = st.integers(0, 12).map(lambda number: f"/{number}/" if number else "/")
some_links = st.lists(
    st.builds(Link, names, names, st.sampled_from(["x", "X", "y"]), st.sampled_from(sorted(RULES))), max_size=60
)


@given(links=some_links, indexed=st.lists(st.booleans(), min_size=13, max_size=13))
def test_scores_and_depths_are_those_of_rustworkx(links: list[Link], indexed: list[bool]) -> None:
    """PageRank and breadth-first search of another library come to the same."""
    paths = ["/", *(f"/{number}/" for number in range(1, 13))]
    pages = [page(path, indexed=known) for path, known in zip(paths, indexed, strict=True)]
    found = link_graph(pages, [edges_of(links)], (), "/")
    number = {path: at for at, path in enumerate(paths)}
    pairs = sorted({(number[one.source], number[one.target]) for one in links if one.source != one.target})
    walk: rx.PyDiGraph[int | None, None] = rx.PyDiGraph()
    walk.add_nodes_from(range(13))
    walk.extend_from_edge_list(pairs)
    ranks = rx.pagerank(walk, alpha=DAMPING, tol=1e-12, max_iter=500)
    lost = sum(ranks[at] for at in range(13) if not walk.out_degree(at))
    least, most = (1 - DAMPING + DAMPING * lost) / 13, max(ranks.values())
    lengths = dict(rx.digraph_dijkstra_shortest_path_lengths(walk, 0, lambda _: 1.0)) | {0: 0.0}
    for path, at in number.items():
        assert found.pages[path].depth == (int(lengths[at]) if at in lengths else None)
        assert found.pages[path].inlinks == walk.in_degree(at)
        assert found.pages[path].outlinks == walk.out_degree(at)
        wanted = 100 * math.log(ranks[at] / least) / math.log(most / least) if pairs else 0.0
        assert found.pages[path].score == pytest.approx(wanted, abs=0.11)


@given(links=some_links, cut=st.integers(0, 60), seed=st.randoms(use_true_random=False))
def test_order_and_division_change_nothing(links: list[Link], cut: int, seed: object) -> None:
    """The graph is the same for links in any order, divided among maps in any way that keeps a page's together."""
    pages = [page("/"), *(page(f"/{number}/") for number in range(1, 13))]
    whole = link_graph(pages, [edges_of(links)], [("/3/", "Three")], "/")
    shuffled = sorted(links, key=lambda one: hash((str(seed), one)))
    first = [one for one in shuffled if one.source <= f"/{cut % 13}/"]
    second = [one for one in shuffled if one.source > f"/{cut % 13}/"]
    divided = link_graph(reversed(pages), [edges_of(second), edges_of(first)], [("/3/", "Three")], "/")
    assert whole == divided
