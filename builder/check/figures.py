"""A figure in prose that contradicts the map (code `figure`): "43 articles" where the map has 42."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.model import MapDef
    from builder.views.types import FiguresView

_FIGURE = re.compile(
    r"(?<![\w.,-])(\d{1,3}(?:,\d{3})+|\d+)[ \u00a0](?:planned |written )?"
    r"(articles|clusters|pillars|entities|questions|gaps|ideas|article ideas)\b",
    re.IGNORECASE,
)


def wrong_figures(unit: MapDef, counted: FiguresView) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each figure of the map's own texts that is not what the map holds."""
    actual = {
        "articles": counted.articles,
        "clusters": counted.clusters,
        "pillars": counted.clusters,
        "entities": counted.entities,
        "questions": counted.questions,
        "gaps": counted.gaps,
        "ideas": counted.ideas,
        "article ideas": counted.ideas,
    }
    texts = [
        (unit.description.source, "description"),
        (unit.strategy.source, "strategy"),
        (unit.seasonality, "seasonality"),
        (unit.goal, "audience"),
    ]
    for text, key in texts:
        for found in _FIGURE.finditer(text):
            said, thing = int(found[1].replace(",", "")), found[2].lower()
            if said != actual[thing] and not (thing == "articles" and said == counted.written):
                hint = f"write {actual[thing]}, or leave the figure to the page"
                message = f"the text says {said} {thing}, the map has {actual[thing]}"
                place = () if unit.file.endswith(".md") and key == "strategy" else (key,)
                yield error("figure", message, unit.file, *place, text=found[0], hint=hint)
