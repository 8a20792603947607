"""Pictures of maps: where marks stand, what they say, and that they cost little."""

from __future__ import annotations

import datetime as dt
import html
import math
import re
import time
from xml.etree import ElementTree as ET

import pytest
from markupsafe import Markup

from builder.views.pictures.diagram import HALF, columns_for, diagram, places_of
from builder.views.pictures.matrix import Row, matrix
from builder.views.pictures.progress import progress
from builder.views.pictures.reach import reach
from builder.views.pictures.svg import Route
from builder.views.pictures.timeline import timeline
from builder.views.types import CoverageView, LinkView, StopView

STATUSES = ["published", "scheduled", "planned", "draft"]


class Words:
    """Words without a theme."""

    def label(self, group: str, value: str, /) -> str:
        """The key."""
        return f"{group}:{value}"

    def number(self, value: float, /) -> str:
        """The digits."""
        return str(value)

    def date(self, value: dt.date, style: str = "long", /) -> str:
        """The style and the ISO date."""
        return f"{style} {value}"

    def month(self, value: dt.date, /) -> str:
        """Year and month."""
        return f"{value:%Y-%m}"


def routes(clusters: int, articles: int, title: str = "<Tea & “milk”>") -> list[Route]:
    """Make clusters whose articles have every status in turn; planned ones have no page."""
    made = []
    for number in range(clusters):
        stops = [StopView(f"{title} {number}", f"/m/c{number}/p/", "pillar", "published")]
        for index in range(articles):
            status = STATUSES[index % 4]
            url = "" if status == "planned" else f"/m/c{number}/a{index}/"
            stops.append(StopView(f"{title} {number}.{index}", url, "article", status))
        made.append(Route(f"{title} {number}", f"/m/c{number}/", tuple(stops)))
    return made


def days_of(clusters: list[Route]) -> dict[str, dt.date]:
    """Give every article a day, three days apart."""
    keys = [f"{number}/{index}" for number, route in enumerate(clusters) for index in range(len(route.stops))]
    return {key: dt.date(2026, 5, 4) + dt.timedelta(days=3 * index) for index, key in enumerate(keys)}


def pictures(clusters: list[Route], *, mirrored: bool = False) -> list[Markup]:
    """Draw every picture of a map."""
    rows = [Row(f"E{index}", f"/entities/e{index}/", ((index % 3, index % 2),) * len(clusters)) for index in range(20)]
    return [
        diagram("A <map>", clusters, Words(), mirrored=mirrored),
        progress(clusters, Words(), mirrored=mirrored),
        timeline(clusters, days_of(clusters), Words(), mirrored=mirrored),
        matrix([LinkView(route.title, route.url) for route in clusters], rows, Words()),
    ]


@pytest.mark.parametrize(("clusters", "articles"), [(1, 0), (1, 1), (7, 6), (12, 17), (30, 40), (2, 200)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_pictures_are_well_formed(clusters: int, articles: int, mirrored: bool) -> None:
    """Every picture is well-formed with every text escaped, and the same each time."""
    made = pictures(routes(clusters, articles), mirrored=mirrored)
    assert made == pictures(routes(clusters, articles), mirrored=mirrored)
    for picture in filter(None, made):
        ET.fromstring(picture)
        assert "style=" not in picture


@pytest.mark.parametrize("count", range(61))
def test_spokes_keep_apart(count: int) -> None:
    """However many spokes a hub has, none touches another, the hub, the line or the edge of the tile."""
    places, size = places_of(count)
    assert len(places) == count
    for index, one in enumerate(places):
        assert all(math.dist(one, other) > 2 * size for other in places[:index])
        assert math.hypot(*one) > 15 + size
        assert abs(one[1]) > size + 2
        assert max(abs(one[0]), abs(one[1])) + size + 2 < HALF


@pytest.mark.parametrize("count", [100, 200, 400])
def test_very_many_spokes_have_places(count: int) -> None:
    """A cluster of hundreds still has a place for each article within its tile."""
    places, size = places_of(count)
    assert len(set(places)) == count
    assert all(max(abs(x), abs(y)) + size < HALF for x, y in places)


@pytest.mark.parametrize(("tiles", "columns"), [(1, 1), (5, 5), (6, 6), (7, 7), (8, 4), (12, 4), (16, 4), (31, 8)])
def test_columns(tiles: int, columns: int) -> None:
    """Rows of tiles are full, or nearly."""
    assert columns_for(tiles) == columns


def test_marks_say_what_they_are() -> None:
    """Each mark has its title and status; one with a page links to it under that name and is no stop of the Tab key."""
    for picture in pictures(routes(2, 8))[:3]:
        links = re.findall(r'<a href="(/m/c\d/[^"]+/)" tabindex="-1"><title>([^<]+)</title>', picture)
        assert ("/m/c1/a1/", "&lt;Tea &amp; “milk”&gt; 1.1 · status:scheduled") in [
            (url, name.split(" · long")[0]) for url, name in links
        ]
        assert "/m/c1/a2/" not in picture
        for status in STATUSES:
            assert f"is-{status}" in picture
        titles = [html.unescape(title) for title in re.findall(r"<title>(.*?)</title>", picture)]
        assert len(titles) == 18
        assert all("<Tea & “milk”>" in title and "status:" in title for title in titles)


def test_timeline() -> None:
    """No days, no timeline; clusters without a day have no lane; days run with the direction of writing."""
    clusters = routes(3, 2)
    assert timeline(clusters, {}, Words(), mirrored=False) == ""
    days = {"0/1": dt.date(2026, 5, 20), "2/0": dt.date(2026, 8, 3)}
    made = timeline(clusters, days, Words(), mirrored=False)
    assert made.count("<li>") == 2
    assert re.findall(r">(2026-\d\d)<", made) == ["2026-06", "2026-07", "2026-08"]
    assert "long 2026-08-03" in made
    across = [float(x) for x in re.findall(r'<circle cx="([\d.]+)%"', made)]
    assert across == [3, 97]
    mirrored = timeline(clusters, days, Words(), mirrored=True)
    assert [float(x) for x in re.findall(r'<circle cx="([\d.]+)%"', mirrored)] == [97, 3]


def test_timeline_of_a_single_day() -> None:
    """A plan of one day has its day under its axis."""
    made = timeline(routes(1, 0), {"0/0": dt.date(2026, 5, 20)}, Words(), mirrored=False)
    assert "medium 2026-05-20" in made


def test_matrix() -> None:
    """A cell says how many pages are published and planned; an empty one is empty."""
    made = matrix([LinkView("A", "/a/"), LinkView("B", "")], [Row("E", "/e/", ((2, 1), (0, 0)))], Words())
    assert "<title>status:published: 2, status:planned: 1</title>" in made
    assert made.count("<td></td>") == 2
    assert matrix([LinkView("A", "/a/")], [Row("E", "/e/", ((2, 1),))], Words()) == ""
    assert 'class="matrix few"' in made


def test_reach() -> None:
    """An entity has a picture where more than one cluster covers it."""

    def cover(title: str, cluster: str, kind: str = "article") -> CoverageView:
        return CoverageView(title, f"/{title}/", kind, LinkView("Map", "/map/"), cluster, Markup(""))

    assert reach([cover("a", "One"), cover("b", "One"), cover("m", "", "map")]) == ""
    made = reach([cover("a", "One"), cover("p", "One", "pillar"), cover("b", "Two"), cover("m", "", "map")])
    ET.fromstring(made)
    assert made.count("<svg") == 2
    assert made.count("is-published") == 3
    assert 'href="/m/"' not in made


def test_pictures_are_cheap() -> None:
    """All pictures of a map of forty articles take less than five milliseconds of a processor."""
    clusters = routes(7, 6)
    pictures(clusters)
    best = math.inf
    for _ in range(20):
        before = time.process_time()
        pictures(clusters)
        best = min(best, time.process_time() - before)
    assert best < 0.005
