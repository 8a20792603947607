"""What the pictures share: routes of stops, marks, numbers as SVG writes them, and the words that they need."""

from __future__ import annotations

import html
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import datetime as dt

    from builder.views.types import StopView


class Wording(Protocol):
    """The words of the page's language: those of the theme, and dates and numbers (see `render.py`)."""

    def label(self, group: str, value: str, /) -> str:
        """Return the message `group.value`, or the value where the theme has none."""

    def number(self, value: float, /) -> str:
        """Return a number as the language writes it."""

    def date(self, value: dt.date, style: str = "long", /) -> str:
        """Return a date in words."""

    def month(self, value: dt.date, /) -> str:
        """Return a month and its year."""


class Route(NamedTuple):
    """A cluster as the pictures draw it: its title, the URL of its index, the pillar and the articles in order."""

    title: str
    url: str
    stops: tuple[StopView, ...]


@lru_cache(maxsize=1024)  # titles stand in several pictures of a map
def escaped(text: str) -> str:
    """Return text for HTML, in elements and in attributes."""
    return html.escape(text)


def short(number: float) -> str:
    """Return a coordinate with one decimal at most."""
    text = f"{number:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def name(title: str, url: str) -> str:
    """Return the title of a part of a picture, as a link where it has a page."""
    text = escaped(title)
    return f'<a class="name" href="{escaped(url)}">{text}</a>' if url else f'<span class="name">{text}</span>'


def mark(stop: StopView, shape: str, words: Wording, *more: str) -> str:
    """Return a stop's mark with its title: `shape` is an element without its end, such as `<circle r="6"`.

    `more` is added to the title, after the status.
    """
    parts = " · ".join([stop.title, words.label("status", stop.status), *more])
    kind = "hub" if stop.kind == "pillar" else "spoke"
    return linked(f'{shape} class="{kind} is-{stop.status}"', parts, stop.url)


def linked(shape: str, title: str, url: str) -> str:
    """Return a shape (an element without its end) with its title, as a link of that name where it has a page."""
    said = f"<title>{escaped(title)}</title>"
    if url:
        return f'<a href="{escaped(url)}" tabindex="-1">{said}{shape}/></a>'
    return f"{shape}>{said}</{shape.partition(' ')[0][1:]}>"
