"""The publishing order of a map, and the day of each step.

The order: pillars first, in the map's order; then articles of high, medium and low priority, each in the map's order.
Retired articles have no step.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from builder.model import PRIORITIES, ItemInterface, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def publishing_order(items: Iterable[ItemInterface]) -> list[ItemInterface]:
    """Return the articles in the order in which to publish them."""
    kept = [item for item in items if item.status != "retired"]
    return sorted(kept, key=lambda item: (not item.is_pillar, PRIORITIES.index(item.priority)))


def reading_order(items: Iterable[ItemInterface]) -> list[ItemInterface]:
    """Return one cluster's articles as previous and next lead through them: the pillar, then by priority."""
    return publishing_order(items)


def days(
    order: Sequence[tuple[ItemInterface, Status]], start: dt.date | None, per_week: float, today: dt.date
) -> list[dt.date | None]:
    """Return the day of each step, None where the plan gives none.

    Published articles have none (they have been published); scheduled ones have their `publish_on`. The others take the
    next free day of the pace that begins at `start`, never one before `today` or before their own `publish_on`. Without
    a pace only `publish_on` says when.
    """
    result: list[dt.date | None] = [None] * len(order)
    waiting: list[int] = []
    for index, (item, status) in enumerate(order):
        if status is Status.PUBLISHED:
            continue
        if status is Status.SCHEDULED or start is None:
            result[index] = item.publish_on
        else:
            waiting.append(index)
    if start is None or not waiting:
        return result
    step = 7 / per_week
    slot = max(0, int((today - start).days / step) - 1)
    while waiting:
        try:
            day = start + dt.timedelta(days=int(slot * step))
        except OverflowError:
            break
        slot += 1
        if day < today:
            continue
        due = next((i for i in waiting if (order[i][0].publish_on or day) <= day), None)
        if due is None:
            earliest = min(order[i][0].publish_on or day for i in waiting)
            slot = max(slot, int((earliest - start).days / step))
            continue
        result[due] = day
        waiting.remove(due)
    return result
