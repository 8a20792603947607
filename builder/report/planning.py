"""`topicsite plan`: the plan of a site or of one map, in the plan's order or in the best, and its simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group as Lines
from rich.text import Text

from builder.report import plan as plans
from builder.report import simulate
from builder.report.order import best_order
from builder.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

    from builder.model import MapInterface
    from builder.report.plan import PlanRow
    from builder.report.simulate import Step
    from builder.survey import Site


@dataclass(frozen=True, slots=True)
class Planning:
    """A plan and, where asked for, what it does to the site; `before` are the steps of the order that the plan has."""

    site: Site
    rows: tuple[PlanRow, ...]
    steps: tuple[Step, ...]
    before: tuple[Step, ...]
    replay: bool

    def shown(self) -> RenderableType:
        """Return it as tables."""
        parts = [simulate.table(self.steps) if self.replay else plans.table(self.rows)]
        if self.steps:
            parts.append(Text(""))
        if self.before:
            parts += [
                Text(f"the plan's order: {simulate.totals(self.before)}"),
                Text(f"this order: {simulate.totals(self.steps)}"),
            ]
        elif self.steps:
            parts.append(Text(simulate.totals(self.steps)))
        return Lines(*parts)

    def json(self) -> str:
        """Return it as JSON: the steps of a simulation, else the plan."""
        return simulate.as_json(self.steps) if self.replay else plans.as_json(self.rows)

    def csv(self) -> str:
        """Return it as CSV, likewise."""
        return simulate.as_csv(self.steps) if self.replay else plans.as_csv(self.rows)

    def calendar(self) -> str:
        """Return the steps that have a day as a calendar."""
        options = self.site.options
        return plans.calendar(self.rows, options.config.title, options.urls, self.site.today)


def plan(site: Site, map_slug: str | None, *, best: bool, from_nothing: bool, replay: bool) -> Planning:
    """Return the plan of a map, or of all maps.

    With `best` what is still to be published is in the best order; with `replay` the plan is simulated, and with both
    compared with the order that it had. `from_nothing` takes nothing of it for published.
    """
    survey = Survey(site)
    atlas = survey.atlas()
    units = plans.maps_of(atlas, map_slug)
    if not (best or replay):
        rows = (row for unit in units for row in plans.rows(atlas, unit, site.today))
        return Planning(site, tuple(rows), (), (), replay=False)
    start = simulate.published_now(survey)
    if from_nothing:
        start -= {key for unit in units for key, _ in plans.ordered(unit)}
    orders = {unit.slug: [key for key, _ in plans.ordered(unit) if key not in start] for unit in units}
    before = _replayed(survey, units, orders, start, in_time=not from_nothing)
    steps = before
    if best:
        for unit in units:
            items = dict(plans.ordered(unit))
            keys = orders[unit.slug]
            wishes = simulate.wishes(survey, keys, start)
            orders[unit.slug] = best_order(simulate.planned((key, items[key]) for key in keys), wishes)
        steps = _replayed(survey, units, orders, start, in_time=not from_nothing)
    rows = (row for unit in units for row in plans.rows(atlas, unit, site.today, orders[unit.slug]))
    return Planning(site, tuple(rows), steps, before if best else (), replay=replay)


def _replayed(
    survey: Survey, units: list[MapInterface], orders: Mapping[str, list[str]], start: frozenset[str], *, in_time: bool
) -> tuple[Step, ...]:
    """Return the steps of some maps' orders: by their days, or one map after another."""
    atlas, today = survey.atlas(), survey.site.today
    made = [plans.rows(atlas, unit, today, orders[unit.slug]) for unit in units]
    if in_time:
        rows = plans.in_time(made, start)
        keys, days = [row.key for row in rows], {row.key: row.date for row in rows}
    else:
        keys, days = [key for unit in units for key in orders[unit.slug]], {}
    return tuple(simulate.simulate(survey, keys, start, days, [unit.slug for unit in units]))
