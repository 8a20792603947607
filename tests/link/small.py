"""A small site for the tests of links and plans: two maps, five articles with texts, what each says written out."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from builder.pipeline import Request, Result, build

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DAY = dt.date(2026, 6, 1)
FILES = {
    "site.yaml": """\
title: Small
base_url: https://small.example/sub/
nav: [{title: Home, url: /}, {title: About, url: /about/}]
""",
    "content/pages/about.md": "---\ntitle: About\n---\nWho writes this.\n",
    "content/maps/tea/map.yaml": """\
title: Tea
publishing: {start: 2026-06-01, per_week: 1}
entities: [Camellia]
clusters:
  - title: Brewing
    pillar: {title: Brewing tea, slug: brewing-tea}
    articles:
      - {title: Water temperature, slug: water, priority: high, aliases: [hot water]}
      - {title: Steeping time, slug: steeping}
      - {title: Teapots compared, slug: teapots, priority: low}
""",
    "content/maps/tea/brewing/pillar.md": "Start with fresh leaves. Then see [[water|how hot]] and [[teapots]].\n",
    "content/maps/tea/brewing/water.md": "Green tea wants less. The [[steeping#short|time]] matters as much.\n",
    "content/maps/tea/brewing/steeping.md": "Three minutes, in hot water,\nare enough.\n\n## Short\n\nTwo will do.\n",
    "content/maps/cups/map.yaml": """\
title: Cups
clusters:
  - title: Clay
    pillar: {title: Clay cups, slug: clay-cups}
    articles:
      - {title: Glazing at home, slug: glazing, priority: high}
""",
    "content/maps/cups/clay/pillar.md": "Clay holds warmth.\n",
    "content/maps/cups/clay/glazing.md": "A glaze seals the clay, as in [[tea/brewing-tea]].\n",
}


def write(folder: Path, changes: Mapping[str, str | None] | None = None) -> Path:
    """Write the site with some files changed, added or (None) left out; return the folder."""
    for name, text in {**FILES, **(changes or {})}.items():
        path = folder / name
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return folder


def run(folder: Path, *, write: bool = False) -> Result:
    """Build the site in a folder for `DAY`."""
    return build(Request(root=folder, today=DAY, write=write, jobs=1))


def made(folder: Path, changes: Mapping[str, str | None] | None = None) -> Result:
    """Write the site and build it; it has no errors."""
    result = run(write(folder, changes))
    assert not result.failed, result.diagnostics
    return result
