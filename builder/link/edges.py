"""The links of one map as the link graph needs them: numbers instead of texts, each pair of pages once.

Made where the map is compiled, in any process, and kept with its record: the graph of a site is then put together
without reading its links again. Nothing here knows another map's pages; a target is a path like any other.
"""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from builder.link.rules import AROUND, LEADING, PROSE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from builder.link.types import Link

#: The page that no link leads to and no crawler sees.
UNCRAWLED: Final = "/404.html"
#: What a pair of pages is joined by, as bits: a link in the main part of the page, in prose, in prose or structure.
MAIN: Final = 1
IN_PROSE: Final = 2
LEADS: Final = 4


class Anchored(NamedTuple):
    """How many links in prose lead to a page with one anchor text."""

    target: str
    anchor: str
    links: int


class Edges(NamedTuple):
    """Links between pages.

    `pairs` are numbers of `paths`, source and target in turn, as little-endian 32-bit integers; `flags` a byte for each
    pair; `anchors` the anchor texts in prose; `links` counts all links, `in_prose` those in prose.
    """

    paths: tuple[str, ...]
    pairs: bytes
    flags: bytes
    anchors: tuple[Anchored, ...]
    links: int
    in_prose: int


_FLAGS: Final = dict.fromkeys(AROUND, 0) | dict.fromkeys(LEADING, MAIN | LEADS) | dict.fromkeys(PROSE, 7)


def edges_of(links: Iterable[Link]) -> Edges:
    """Return the edges that some links make; a page's links to itself are left out, and those of the 404 page."""
    joined: dict[tuple[str, str], int] = {}
    said: list[tuple[str, str]] = []
    count = 0
    for source, target, anchor, rule, _, _ in links:
        if source in (target, UNCRAWLED):  # a tuple: a set made for every link takes longer
            continue
        count += 1
        flags = _FLAGS.get(rule, MAIN)
        pair = source, target
        joined[pair] = joined.get(pair, 0) | flags
        if flags & IN_PROSE:
            said.append((target, anchor))
    numbers = {path: number for number, path in enumerate(dict.fromkeys(chain.from_iterable(joined)))}
    pairs = array("I", map(numbers.__getitem__, chain.from_iterable(joined)))
    if sys.byteorder == "big":
        pairs.byteswap()
    return Edges(
        tuple(numbers),
        pairs.tobytes(),
        bytes(joined.values()),
        tuple(Anchored(target, anchor, links) for (target, anchor), links in sorted(Counter(said).items())),
        count,
        len(said),
    )
