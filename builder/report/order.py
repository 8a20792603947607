"""The publishing order with the fewest reserved links and orphans that respects pillar first and priority.

What an order costs: after every step, one for each reserved link (a published text that refers to an unpublished one)
and one for each orphan, summed over the steps. A reserved link thus costs as many points as steps pass until its target
is published, an orphan as many as pass until something leads to it.

What an order must respect: a pillar is published before the articles of its cluster, a priority before the lower ones.
A pillar counts with the highest priority in its cluster, since it must come before it.

What an order costs after a step depends only on which articles are published by then, not on their order. So the
search goes from set to set: from what is published, one article further, and of all ways to a set only the cheapest is
kept. Of the sets of one size the cheapest go on, as many as `EFFORT` allows. Up to ten articles of one priority those
are all of them, and the order found is the best; tests compare it with all orders. In longer plans it is the best of
what was looked at (to find the very best is NP-hard); from a few hundred steps on, the article that costs least is
taken step by step. There is no chance in it: the same plan gives the same order, and among equals the plan's own order
stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Sets that are looked at, about, for a plan; half a second.
EFFORT: Final = 400_000
#: Sets of one size that go on, at most; more than the subsets of ten articles of any size.
WIDTH: Final = 512
#: The source of links that are there before the first step.
ALWAYS: Final = ""


class Planned(NamedTuple):
    """An article to be published: its key, its cluster's, whether it is the pillar, its priority (0 is the highest)."""

    key: str
    cluster: str
    is_pillar: bool
    priority: int


@dataclass(frozen=True, slots=True)
class Wishes:
    """The links that articles make once published, as pairs of keys; `ALWAYS` where the source is there already.

    `waiting` are those that are reserved until their target is published, `leading` those that keep their target from
    being an orphan.
    """

    waiting: frozenset[tuple[str, str]]
    leading: frozenset[tuple[str, str]]


class Cost(NamedTuple):
    """What an order costs: reserved links and orphans, each summed over the steps."""

    reserved: int
    orphans: int


def cost(order: Sequence[str], wishes: Wishes) -> Cost:
    """Return what an order costs; pairs with a key that is not in it, but `ALWAYS`, count for nothing."""
    at = {key: number for number, key in enumerate(order, 1)} | {ALWAYS: 0}
    end = len(order) + 1
    reserved = sum(
        max(0, at[target] - max(at[source], 1)) for source, target in wishes.waiting if source in at and target in at
    )
    first: dict[str, int] = {}
    for source, target in wishes.leading:
        if source in at and target in at and source != target:
            first[target] = min(first.get(target, end), at[source])
    orphans = sum(max(0, first.get(key, end) - number) for number, key in enumerate(order, 1))
    return Cost(reserved, orphans)


def best_order(items: Sequence[Planned], wishes: Wishes) -> list[str]:
    """Return the keys of the items in the best order found; `items` are those to be published, in the plan's order."""
    return _Search(items, wishes).run()


def allowed(order: Sequence[str], items: Sequence[Planned]) -> bool:
    """Tell whether an order of the items respects pillar first and priority."""
    ranks, pillars = _ranks(items), {item.cluster: item.key for item in items if item.is_pillar}
    clusters = {item.key: item.cluster for item in items}
    at = {key: number for number, key in enumerate(order)}
    falling = all(ranks[one] <= ranks[two] for one, two in pairwise(order))
    return falling and all(at[pillars.get(clusters[key], key)] <= at[key] for key in order)


def _ranks(items: Sequence[Planned]) -> dict[str, int]:
    """Return the priority that each item counts with."""
    highest: dict[str, int] = {}
    for item in items:
        highest[item.cluster] = min(highest.get(item.cluster, item.priority), item.priority)
    return {item.key: highest[item.cluster] if item.is_pillar else item.priority for item in items}


class _State(NamedTuple):
    """A set of published articles (bits), the cheapest way to it, and what that has cost."""

    total: int
    reserved: int
    orphans: int
    order: tuple[int, ...]


class _Search:
    """One `best_order`. Articles are bits of whole numbers: bit 0 is `ALWAYS`, the items follow in the plan's order."""

    def __init__(self, items: Sequence[Planned], wishes: Wishes) -> None:
        self.keys = [item.key for item in items]
        bits = {ALWAYS: 1} | {key: 2 << number for number, key in enumerate(self.keys)}
        size = len(items)
        self.waits_for, self.wanted_by, self.leads, self.led_by = ([0] * size for _ in range(4))
        number = {key: at for at, key in enumerate(self.keys)}
        for pairs, out, into in (
            (wishes.waiting, self.waits_for, self.wanted_by),
            (wishes.leading, self.leads, self.led_by),
        ):
            for source, target in pairs:
                if source in bits and target in number and source != target:
                    into[number[target]] |= bits[source]
                    if source:
                        out[number[source]] |= bits[target]
        ranks = _ranks(items)
        self.ranks = [ranks[key] for key in self.keys]
        pillars = {item.cluster: item.key for item in items if item.is_pillar}
        self.needs = [bits[pillars.get(item.cluster, ALWAYS)] & ~bits[item.key] | 1 for item in items]
        self.bits = [bits[key] for key in self.keys]
        self.width = max(1, min(WIDTH, EFFORT // (size * size or 1)))

    def run(self) -> list[str]:
        """Return the keys in the best order found: for one priority after the other."""
        always = sum(1 for wanted in self.wanted_by if wanted & 1)  # what pages that are there already wait for
        states = {1: _State(0, always, 0, ())}
        for rank in sorted(set(self.ranks)):
            items = [number for number, own in enumerate(self.ranks) if own == rank]
            for _ in items:
                states = self.further(states, items)
        (best,) = states.values()
        return [self.keys[number] for number in best.order]

    def further(self, states: Mapping[int, _State], items: Sequence[int]) -> dict[int, _State]:
        """Return the sets with one article more, each by its cheapest way; the cheapest of them."""
        found: dict[int, _State] = {}
        for done, state in states.items():
            for number in items:
                bit = self.bits[number]
                if done & bit or self.needs[number] & done != self.needs[number]:
                    continue
                made = self.after(state, done, number)
                known = found.get(done | bit)
                if known is None or (made.total, made.order) < (known.total, known.order):
                    found[done | bit] = made
        if len(found) <= self.width:
            return found
        ranked = sorted(found.items(), key=lambda entry: (_outlook(entry[1]), entry[1].order))
        return dict(ranked[: self.width])

    def after(self, state: _State, done: int, number: int) -> _State:
        """Return the state after one article more. Orphans are bits as well."""
        reserved = state.reserved + (self.waits_for[number] & ~done).bit_count()
        reserved -= (self.wanted_by[number] & done).bit_count()
        orphans = state.orphans & ~self.leads[number]
        if not self.led_by[number] & done:
            orphans |= self.bits[number]
        total = state.total + reserved + orphans.bit_count()
        return _State(total, reserved, orphans, (*state.order, number))


def _outlook(state: _State) -> int:
    """Return what a state has cost and will cost at its next step, if nothing is mended."""
    return state.total + state.reserved + state.orphans.bit_count()
