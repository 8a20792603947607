"""Which related pages an article shows: those of its own cluster and those of others, within the site's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from builder.cache import digest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.atlas import MapSlice, Target
    from builder.config import LinksKeys
    from builder.link.related import Relations


class Shown(NamedTuple):
    """The related pages that an article shows, each by its key with the reason: of its own cluster, and of others."""

    siblings: tuple[tuple[str, str], ...] = ()
    further: tuple[tuple[str, str], ...] = ()


def shown_key(scan_key: str, limits: LinksKeys, part: tuple[int, int] = (0, 1)) -> str:
    """Return the key of what the articles of a map, or of a part of it, show: its texts, its slice and the numbers."""
    return digest_of(scan_key, limits.siblings, limits.related, *part)


def shown(own: Target, relations: Relations, sliced: MapSlice, limits: LinksKeys) -> Shown:
    """Return what the article of a target shows.

    What the page links to by structure already is left out: its own pillar and, on a pillar, the other pillars.
    """
    siblings: list[str] = []
    further: list[str] = []
    for key in relations.pages.get(own.key, ()):
        target = sliced.targets[key]
        if not target.indexed or not target.path:
            continue
        if target.kind == "pillar" and (own.kind == "pillar" or own.cluster == target.cluster):
            continue
        (siblings if target.cluster == own.cluster else further).append(key)

    def with_reasons(keys: Sequence[str]) -> tuple[tuple[str, str], ...]:
        return tuple((key, relations.reason(own.key, key)) for key in keys)

    return Shown(with_reasons(siblings[: limits.siblings]), with_reasons(further[: limits.related]))
