"""The plan: its table, calendar, best order and simulation."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.linkreport import graph_of
from builder.report.order import ALWAYS, Cost, Planned, Wishes, allowed, best_order, cost
from builder.report.plan import PlanRow, calendar, in_time
from builder.report.simulate import published_now, simulate
from builder.survey import Survey
from builder.urls import PERMALINKS, Urls
from tests.link.small import FILES, made, write
from tests.link.test_reports import topicsite

if TYPE_CHECKING:
    from pathlib import Path

    from builder.pipeline import Result

PILLAR, WATER, STEEPING, TEAPOTS = (f"tea/brewing/{name}" for name in ("brewing-tea", "water", "steeping", "teapots"))
URLS = Urls("https://example.com/sub/", PERMALINKS)


# ---- the order


def test_cost_by_hand() -> None:
    """A reserved link costs a point for each step until its target is there, an orphan until something leads to it."""
    wishes = Wishes(frozenset({("a", "c"), (ALWAYS, "b")}), frozenset({("b", "a"), (ALWAYS, "c")}))
    # After a: a → c and ALWAYS → b wait, a is an orphan. After b: a → c waits; nothing leads to b.
    assert cost(["a", "b", "c"], wishes) == Cost(reserved=3, orphans=3)
    assert cost(["b", "c", "a"], wishes) == Cost(reserved=0, orphans=3)
    assert cost([], wishes) == Cost(0, 0)


def test_pillar_and_priority_come_first() -> None:
    """Whatever it would save, no article is published before its pillar or before one of higher priority."""
    items = [
        Planned("m/c/low", "m/c", is_pillar=False, priority=2),
        Planned("m/c/high", "m/c", is_pillar=False, priority=0),
        Planned("m/c/p", "m/c", is_pillar=True, priority=1),
    ]
    wishes = Wishes(frozenset({(ALWAYS, "m/c/low")}), frozenset())
    assert best_order(items, wishes) == ["m/c/p", "m/c/high", "m/c/low"]


def test_what_many_wait_for_comes_early() -> None:
    """An article goes first that texts refer to, and before those that refer to it; else the plan's order stays."""
    items = [Planned(key, "c", is_pillar=False, priority=1) for key in ("x", "y", "z")]
    assert best_order(items, Wishes(frozenset(), frozenset())) == ["x", "y", "z"]
    waiting = frozenset({(ALWAYS, "z"), ("x", "y")})
    assert best_order(items, Wishes(waiting, frozenset((ALWAYS, key) for key in "xyz"))) == ["z", "y", "x"]


def plans(source: random.Random, size: int) -> tuple[list[Planned], Wishes]:
    """Return a random plan with random links."""
    clusters = [f"m/{number}" for number in range(source.randint(1, 3))]
    items = [Planned(f"{cluster}/p", cluster, is_pillar=True, priority=source.randint(0, 1)) for cluster in clusters]
    while len(items) < size:
        cluster = source.choice(clusters)
        items.append(Planned(f"{cluster}/{len(items)}", cluster, is_pillar=False, priority=source.randint(0, 2)))
    source.shuffle(items)
    keys = [ALWAYS, *(item.key for item in items)]
    waiting = frozenset((source.choice(keys), source.choice(keys[1:])) for _ in range(source.randint(0, 2 * size)))
    leading = frozenset((source.choice(keys), source.choice(keys[1:])) for _ in range(source.randint(0, 2 * size)))
    return items, Wishes(frozenset(pair for pair in waiting if pair[0] != pair[1]), leading)


def test_best_order_against_all_orders() -> None:
    """In small plans, where all orders can be tried, none costs less."""
    source = random.Random(3)
    for _ in range(150):
        items, wishes = plans(source, source.randint(3, 7))
        order = best_order(items, wishes)
        assert allowed(order, items)
        every = (each for each in itertools.permutations(item.key for item in items) if allowed(each, items))
        assert sum(cost(order, wishes)) == min(sum(cost(each, wishes)) for each in every)


def test_best_order_of_a_long_plan() -> None:
    """A plan of 300 articles is ordered in a moment, and costs no more than it did."""
    items, wishes = plans(random.Random(5), 300)
    own = sorted(items, key=lambda item: (item.priority, not item.is_pillar))
    start = time.perf_counter()
    order = best_order(items, wishes)
    assert time.perf_counter() - start < 10, "on a busy machine; half a second on a free one"
    assert allowed(order, items)
    assert sum(cost(order, wishes)) < sum(cost([item.key for item in own], wishes))


@given(seed=st.integers(0, 10**6), size=st.integers(3, 30))
def test_best_order_is_an_order(seed: int, size: int) -> None:
    """It holds every article once, respects pillar and priority, costs no more than the plan's, and is stable."""
    items, wishes = plans(random.Random(seed), size)
    order = best_order(items, wishes)
    assert sorted(order) == sorted(item.key for item in items)
    assert allowed(order, items)
    assert best_order(items, wishes) == order
    own = [item.key for item in items]
    if allowed(own, items):
        assert sum(cost(order, wishes)) <= sum(cost(own, wishes))


# ---- the simulation


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Give the small site, as `check` sees it."""
    return made(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def survey(result: Result) -> Survey:
    """Give a survey of it."""
    assert result.site is not None
    return Survey(result.site)


def test_survey_is_what_the_build_records(result: Result, survey: Survey) -> None:
    """Asked for the site as it is, the survey has the pages, links and reserved links of the build itself."""
    for ours, theirs in zip(survey.records(), result.records, strict=True):
        assert [(page.path, page.kind, page.indexed) for page in ours.pages] == [
            (page.path, page.kind, page.indexed) for page in theirs.pages
        ]
        assert ours.links == theirs.links
        assert ours.reserved == theirs.reserved
        assert ours.edges == theirs.edges
    assert survey.records(published_now(survey))[0].links == result.records[0].links


def test_a_step_is_the_build_that_publishes_it(survey: Survey, tmp_path: Path) -> None:
    """The site after a step has the links of a build in which the article is written, but those of its own text."""
    start = published_now(survey)
    assert start == {PILLAR, WATER, STEEPING, "cups/clay/clay-cups", "cups/clay/glazing"}
    before, after = simulate(survey, [TEAPOTS], start, {TEAPOTS: dt.date(2026, 6, 1)}, ["tea"])
    assert (before.reserved, after.reserved) == (1, 0)
    assert after.pages == before.pages + 1
    assert (before.coverage[0].published, after.coverage[0].published, after.coverage[0].total) == (3, 4, 4)
    assert (after.number, after.title, after.day) == (1, "Teapots compared", dt.date(2026, 6, 1))
    built = made(tmp_path, {"content/maps/tea/brewing/teapots.md": "Nothing.\n"})
    assert built.graph is not None
    assert built.graph.in_prose == after.in_prose
    assert len(built.graph.orphans) == after.orphans
    shown = [page.depth for page in built.graph.pages.values() if page.indexed and page.depth is not None]
    assert max(shown) == after.max_depth
    assert sum(shown) / len(shown) == pytest.approx(after.mean_depth)


def test_before_its_pillar_an_article_is_an_orphan(survey: Survey) -> None:
    """An article alone in its cluster is an orphan until its pillar or a sibling leads to it."""
    orders = ([STEEPING, WATER, PILLAR], [PILLAR, WATER, STEEPING])
    first, second = ([step.orphans for step in simulate(survey, order, frozenset(), {}, [])] for order in orders)
    assert first[1] == 1
    assert first[-1] == second[-1] == 0


def test_published_articles_are_said_by_the_caller(survey: Survey) -> None:
    """What is not among the published is not, though it is written; what is, is, though it is not."""
    assert survey.site.options.config is not None
    atlas = survey.atlas(frozenset({TEAPOTS}))
    assert {key: str(atlas.targets[key].status) for key in (PILLAR, TEAPOTS)} == {
        PILLAR: "scheduled",
        TEAPOTS: "published",
    }
    records = survey.records(frozenset({TEAPOTS}))
    graph = graph_of(records, survey.site.options.site, survey.site.options.urls)
    assert graph.pages["/tea/brewing/teapots/"].indexed
    assert not graph.pages["/tea/brewing/brewing-tea/"].indexed


def test_retired_articles_stay_retired(tmp_path: Path) -> None:
    """A retired article is not published by a simulation and has no step."""
    text = FILES["content/maps/tea/map.yaml"].replace("priority: low}", "priority: low, status: retired}")
    pillar = "See [[water]].\n"
    result = made(tmp_path, {"content/maps/tea/map.yaml": text, "content/maps/tea/brewing/pillar.md": pillar})
    assert result.site is not None
    assert str(Survey(result.site).atlas(frozenset({TEAPOTS})).targets[TEAPOTS].status) == "retired"
    assert "Teapots" not in topicsite(tmp_path, "plan", "tea").output


# ---- the command


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the small site, with two articles more to publish."""
    more = FILES["content/maps/tea/map.yaml"] + "      - {title: Kettles, priority: high}\n"
    linked = "See [[kettles]].\n"
    return write(
        tmp_path_factory.mktemp("plan"),
        {"content/maps/tea/map.yaml": more, "content/maps/tea/brewing/steeping.md": f"{linked}\n## Short\n\nTwo.\n"},
    )


def test_table(site: Path) -> None:
    """The plan has order, title, cluster, kind, priority, status and date, pillars first, then by priority."""
    lines = topicsite(site, "plan", "tea").output.splitlines()
    assert lines[0].split() == ["title", "cluster", "kind", "priority", "status", "date"]
    assert [line.split("  ")[1] for line in lines[1:]] == [
        "Brewing tea", "Water temperature", "Kettles", "Steeping time", "Teapots compared",
    ]  # fmt: skip
    assert lines[3].split()[-3:] == ["high", "planned", "2026-06-01"]
    assert lines[5].split()[-3:] == ["low", "planned", "2026-06-08"]
    assert "Clay cups" in topicsite(site, "plan").output


def test_json_and_csv(site: Path) -> None:
    """The plan for programs has the same rows."""
    rows = json.loads(topicsite(site, "plan", "tea", "--json").output)
    assert [(row["number"], row["status"], row["date"]) for row in rows][2:] == [
        (3, "planned", "2026-06-01"),
        (4, "published", None),
        (5, "planned", "2026-06-08"),
    ]
    assert len(topicsite(site, "plan", "tea", "--csv").output.splitlines()) == 6


def test_unknown_map(site: Path) -> None:
    """A map that is not there is named with the nearest, or with all that are there."""
    result = topicsite(site, "plan", "teas")
    assert (result.exit_code, result.stderr) == (2, "topicsite: there is no map 'teas'; did you mean 'tea'?\n")
    assert topicsite(site, "plan", "nope").stderr == "topicsite: there is no map 'nope'; there are: cups, tea\n"


def test_simulate(site: Path) -> None:
    """Every step of the rest of the plan has its figures."""
    steps = json.loads(topicsite(site, "plan", "--simulate", "--json").output)
    assert [(step["number"], step["title"], step["day"]) for step in steps] == [
        (0, "", None),
        (1, "Kettles", "2026-06-01"),
        (2, "Teapots compared", "2026-06-08"),
    ]
    assert [step["reserved"] for step in steps] == [2, 1, 0]
    output = topicsite(site, "plan", "--simulate").output
    assert "tea: Brewing 3/5 → 5/5" in output
    assert "reserved links, summed over the steps: 1; orphans: 0" in output
    assert len(topicsite(site, "plan", "--simulate", "--csv").output.splitlines()) == 4


def test_from_nothing(site: Path) -> None:
    """The whole plan is replayed, from the first step on."""
    steps = json.loads(topicsite(site, "plan", "tea", "--simulate", "--from-nothing", "--json").output)
    assert [step["coverage"][0]["published"] for step in steps] == [0, 1, 2, 3, 4, 5]
    assert steps[0]["pages"] + 5 == steps[5]["pages"]


def test_best(tmp_path: Path) -> None:
    """The best order publishes first what texts wait for, and says what that saves."""
    articles = "".join(f"      - {{title: Kettle {name}, slug: kettle-{name}, priority: medium}}\n" for name in "abc")
    text = "Fresh leaves; [[kettle-c]].\n"
    site = write(
        tmp_path,
        {
            "content/maps/tea/map.yaml": FILES["content/maps/tea/map.yaml"] + articles,
            "content/maps/tea/brewing/pillar.md": text,
        },
    )
    output = topicsite(site, "plan", "tea", "--best").output
    lines = [line for line in output.splitlines() if "Kettle" in line]
    assert [line.split()[2] for line in lines] == ["c", "a", "b"]
    assert "the plan's order: reserved links, summed over the steps: 2; orphans: 0" in output
    assert "this order: reserved links, summed over the steps: 0; orphans: 0" in output
    dates = [
        row["date"] for row in json.loads(topicsite(site, "plan", "tea", "--best", "--json").output) if row["date"]
    ]
    assert dates == sorted(dates)


def test_steps_of_several_maps_in_time() -> None:
    """Steps of several maps follow each other by day; one without a day follows the one before it in its plan."""

    def row(map_slug: str, number: int, day: str | None) -> PlanRow:
        date = dt.date.fromisoformat(day) if day else None
        return PlanRow(map_slug, number, f"{map_slug}{number}", "", "", "", "", "planned", date, None, "", "")

    first = [row("a", 1, "2026-06-08"), row("a", 2, None), row("a", 3, "2026-06-01")]
    second = [row("b", 1, None), row("b", 2, "2026-06-02")]
    assert [one.key for one in in_time([first, second], frozenset({"b2"}))] == ["a3", "a1", "a2", "b1"]


# ---- the calendar


def event(title: str, date: dt.date | None = dt.date(2026, 5, 4)) -> str:
    """Return the calendar of a plan of one step, unfolded."""
    row = PlanRow("m", 1, "m/c/a", title, "Cluster, one", "article", "high", "planned", date, 900, "q", "/m/c/")
    text = calendar([row], "Maps; all", URLS, dt.date(2026, 5, 1))
    assert text.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    return text.replace("\r\n ", "")


def test_calendar() -> None:
    """A step with a day is an event of a whole day, with an identity that stays (RFC 5545)."""
    text = event("Title")
    assert text.splitlines() == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//topicsite//publishing plan//EN",
        "CALSCALE:GREGORIAN",
        "X-WR-CALNAME:Maps\\; all",
        "BEGIN:VEVENT",
        "UID:m/c/a@example.com",
        "DTSTAMP:20260501T000000Z",
        "DTSTART;VALUE=DATE:20260504",
        "SUMMARY:Title",
        "DESCRIPTION:Cluster\\, one\\narticle\\, high priority\\n900 words\\nquery: q",
        "URL:https://example.com/sub/m/c/",
        "CATEGORIES:m,Cluster\\, one",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    assert "VEVENT" not in event("Title", date=None)


@given(title=st.text(max_size=200))
def test_calendar_of_any_title(title: str) -> None:
    """Whatever a title holds, lines are at most 75 octets long and its text comes back when they are read."""
    lines = event(title).split("\r\n")
    (summary,) = (line for line in lines if line.startswith("SUMMARY:"))
    read, escaped = "", False
    for character in summary.removeprefix("SUMMARY:"):
        if escaped:
            read += {"n": "\n"}.get(character, character)
        elif character != "\\":
            read += character
        escaped = character == "\\" and not escaped
    kept = "".join(c for c in title if c == "\n" or not (ord(c) < 32 or 127 <= ord(c) < 160))
    assert read == kept


def test_calendar_from_the_command_line(site: Path) -> None:
    """`--ics` prints the steps that have a day, with line ends as the standard wants them."""
    output = topicsite(site, "plan", "tea", "--ics").stdout_bytes
    assert output.count(b"BEGIN:VEVENT\r\n") == 2
    assert b"SUMMARY:Kettles\r\n" in output
