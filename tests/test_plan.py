"""The publishing order and its days."""

import datetime as dt

import pytest

from builder.model import ItemInterface, Place, Status
from builder.plan import days, publishing_order

TODAY = dt.date(2026, 6, 1)


def item(slug: str, priority: str = "medium", *, pillar: bool = False, **more: object) -> ItemInterface:
    """Make an article."""
    made = ItemInterface(
        slug, "c", pillar, slug, "", (), "", priority, None, 0, False, None, None, None, "", (), (), "", Place("")
    )  # fmt: skip
    return made._replace(**more)  # type: ignore[arg-type]


def test_order() -> None:
    """Pillars first, then by priority, each in the map's order; retired articles are no steps."""
    items = [
        item("p1", "high", pillar=True), item("low", "low"), item("m1"), item("h1", "high"),
        item("p2", "low", pillar=True), item("h2", "high"), item("m2"), item("gone", "high", status="retired"),
    ]  # fmt: skip
    assert [i.slug for i in publishing_order(items)] == ["p1", "p2", "h1", "h2", "m1", "m2", "low"]


def dated(start: str | None, per_week: float, *steps: tuple[Status, str | None]) -> list[str | None]:
    """Return the days of some steps as text."""
    order = [
        (item(str(n), publish_on=dt.date.fromisoformat(day) if day else None), status)
        for n, (status, day) in enumerate(steps)
    ]
    made = days(order, dt.date.fromisoformat(start) if start else None, per_week, TODAY)
    return [day.isoformat() if day else None for day in made]


PLANNED, PUBLISHED = (Status.PLANNED, None), (Status.PUBLISHED, None)


@pytest.mark.parametrize(
    ("start", "per_week", "steps", "expected"),
    [
        ("2026-06-08", 1, [PLANNED, PLANNED], ["2026-06-08", "2026-06-15"]),
        ("2026-06-08", 7, [PLANNED, PLANNED], ["2026-06-08", "2026-06-09"]),
        ("2026-06-08", 2, [PLANNED, PLANNED, PLANNED], ["2026-06-08", "2026-06-11", "2026-06-15"]),
        ("2026-06-08", 14, [PLANNED, PLANNED, PLANNED], ["2026-06-08", "2026-06-08", "2026-06-09"]),
        ("2026-06-08", 0.5, [PLANNED, PLANNED], ["2026-06-08", "2026-06-22"]),
        ("2026-05-04", 1, [PLANNED, PLANNED], ["2026-06-01", "2026-06-08"]),
        ("2026-05-05", 1, [PLANNED], ["2026-06-02"]),
        ("2026-06-08", 1, [PUBLISHED, PLANNED], [None, "2026-06-08"]),
        ("2026-06-08", 1, [(Status.SCHEDULED, "2026-07-01"), PLANNED], ["2026-07-01", "2026-06-08"]),
        ("2026-06-08", 1, [(Status.PLANNED, "2026-06-20"), PLANNED], ["2026-06-22", "2026-06-08"]),
        (
            "2026-06-08",
            1,
            [(Status.PLANNED, "2030-01-01"), PLANNED, PLANNED],
            ["2030-01-07", "2026-06-08", "2026-06-15"],
        ),
        ("2026-06-08", 1, [(Status.DRAFT, None)], ["2026-06-08"]),
        (None, 1, [PLANNED, (Status.PLANNED, "2026-07-01")], [None, "2026-07-01"]),
        ("2026-06-08", 1, [], []),
    ],
)
def test_days(
    start: str | None, per_week: float, steps: list[tuple[Status, str | None]], expected: list[str | None]
) -> None:
    """Each waiting step takes the next free day of the pace, not before today nor before its own day."""
    assert dated(start, per_week, *steps) == expected


def test_days_beyond_the_calendar() -> None:
    """A pace so slow that its days leave the calendar gives none."""
    assert dated("9990-01-01", 0.001, PLANNED, PLANNED)[1] is None
