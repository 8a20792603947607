"""Trying again: which faults deserve it, and how long to wait. Used by every target and by the requests after a deploy.

Waiting grows exponentially with full jitter, so that many clients that failed together do not return together.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item

#: Statuses that a second attempt may change: the server's own faults, its limits, and timeouts (RFC 9110, §15).
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 509, 522, 524, 529})


@dataclass(slots=True)
class Patience:
    """How often to try and how long to wait: up to `first` seconds, then twice that, and so on up to `longest`."""

    attempts: int = 7
    first: float = 0.25
    longest: float = 15.0
    dice: random.Random = field(default_factory=random.Random)

    def pause(self, failures: int) -> float:
        """Return the seconds to wait after so many failures in a row."""
        return self.dice.uniform(0, min(self.longest, self.first * 2.0 ** (failures - 1)))


async def persist(call: Callable[[], Awaitable[T]], patience: Patience, deserves: Callable[[Exception], bool]) -> T:
    """Return what `call` returns, called again after faults that deserve it; the last fault is raised."""
    failures = 0
    while True:
        try:
            return await call()
        except Exception as fault:
            failures += 1
            if failures >= patience.attempts or not deserves(fault):
                raise
        await asyncio.sleep(patience.pause(failures))


async def each(items: Iterable[I], work: Callable[[I], Awaitable[None]], workers: int) -> None:
    """Do the work for every item, so many at a time. The first fault stops the rest and is raised as it is."""
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            await work(item)

    tasks = [asyncio.ensure_future(worker()) for _ in range(workers)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
