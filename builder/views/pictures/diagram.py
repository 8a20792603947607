"""The picture of a map: one line that starts at the map and stops at every hub, the articles round each as spokes.

Every cluster is a tile of one size, and tiles flow like words: four in a row or one, each is as legible. The theme
draws the line through their middle; spokes fan out above and below it.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from markupsafe import Markup

from builder.views.pictures.svg import Route, Wording, escaped, mark, name, short

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Half the side of a tile, in its own units.
HALF = 80
#: Up to so many spokes stand on one circle.
_ONE_RING = 16
#: Spokes keep this angle from the line.
_CLEAR = math.radians(22)


def diagram(title: str, routes: Sequence[Route], words: Wording, *, mirrored: bool) -> Markup:
    """Return the picture of a map with its clusters; `mirrored` where the language runs from right to left."""
    if not routes:
        return Markup("")
    high = max(_reach(len(route.stops) - 1) for route in routes)
    box = f'viewBox="{-HALF} {-high} {2 * HALF} {2 * high}"'
    start = (
        f'<li><div class="tile"><svg {box} aria-hidden="true">'
        f'<rect class="map" x="-30" y="-17" width="60" height="34" rx="17"/><circle class="dot" r="6"/></svg></div>'
        f'<span class="name">{escaped(title)}</span></li>'
    )
    tiles = "".join(_tile(route, words, box, mirrored=mirrored) for route in routes)
    columns = columns_for(len(routes) + 1)
    return Markup(  # noqa: S704 - every text in it is escaped
        f'<ul class="diagram cols-{columns}" aria-label="{escaped(title)}">{start}{tiles}</ul>'
    )


def columns_for(tiles: int) -> int:
    """Return how many tiles stand in a row of a wide window: four to eight, the last row as full as can be."""
    if tiles <= 5:  # noqa: PLR2004 - they fit in one row
        return tiles
    return min(range(4, 9), key=lambda columns: (-tiles % columns, -columns if tiles > 16 else columns))  # noqa: PLR2004


def _reach(count: int) -> int:
    """Return how far a hub with so many spokes reaches above or below the line."""
    places, size = places_of(count)
    return math.ceil(max((abs(y) for _, y in places), default=20) + size + 5)


def _tile(route: Route, words: Wording, box: str, *, mirrored: bool) -> str:
    hub, *spokes = route.stops
    places, size = places_of(len(spokes))
    side = -1 if mirrored else 1
    lines = "".join(f"M0 0L{short(side * x)} {short(y)}" for x, y in places)
    nodes = "".join(
        mark(stop, f'<circle cx="{short(side * x)}" cy="{short(y)}" r="{size}"', words)
        for stop, (x, y) in zip(spokes, places, strict=True)
    )
    centre = mark(hub, '<circle r="15"', words)
    return (
        f'<li><div class="tile"><svg {box} role="group"'
        f' aria-label="{escaped(route.title)}">'
        f'<path class="lines" d="{lines}"/>{nodes}{centre}</svg></div>'
        f"{name(route.title, route.url)}</li>"
    )


@cache
def places_of(count: int) -> tuple[tuple[tuple[float, float], ...], float]:
    """Return where the spokes of a hub stand, clockwise and from the inner ring outwards, and their radius."""
    if count <= _ONE_RING:
        return tuple(_ring(count, 54)), 8 if count <= 12 else 6.5  # noqa: PLR2004 - more do not fit at that size
    rings: tuple[int, ...] = (34, 52, 70)
    size = 5.0
    room = [_room(radius, 2.7 * size) for radius in rings]
    if count > sum(room):
        scale = math.sqrt(sum(room) / count)
        size = round(size * scale, 1)
        rings = tuple(range(26, 75, max(5, round(3.4 * size))))
        room = [_room(radius, 2.4 * size) for radius in rings]
    # Every ring takes its share of the room, so that all are filled alike; the last takes what is left.
    places: list[tuple[float, float]] = []
    left, free = count, sum(room)
    for radius, capacity in zip(rings, room, strict=True):
        here = min(left, math.ceil(left * capacity / free))
        places += _ring(here, radius)
        left, free = left - here, free - capacity
    return tuple(places), size


def _room(radius: float, pitch: float) -> int:
    return 2 * int((math.pi - 2 * _CLEAR) * radius / pitch + 1)


def _ring(count: int, radius: float) -> list[tuple[float, float]]:
    """Return places on a circle: half of them above the line, from the left, half below it, from the right."""
    above = (count + 1) // 2
    return _arc(above, radius, math.pi) + _arc(count - above, radius, 0)


def _arc(count: int, radius: float, start: float) -> list[tuple[float, float]]:
    span = min(math.pi - 2 * _CLEAR, (count - 1) * math.radians(62))
    first = start + (math.pi - span) / 2
    angles = [first + span * index / max(1, count - 1) for index in range(count)]
    return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]
