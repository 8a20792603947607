"""The page of the publishing order."""

import re
from pathlib import Path

from tests.making import FILES, good, make, read


def test_past_and_future(tmp_path: Path) -> None:
    """The timeline shows when texts appeared and when others will: the day given, else that of the last change."""
    site = make(
        tmp_path,
        map_yaml=FILES["content/maps/tea/map.yaml"] + "publishing: {start: 2026-06-08, per_week: 1}\n",
        green_pillar_md="---\npublish_on: 2026-04-01\nupdated: 2026-05-20\n---\nAll of it is from one plant.\n",
        green_sencha_md="---\nupdated: 2026-05-12\n---\nSteamed.\n",
    )
    good(site)
    page = read(site, "tea/plan/index.html")
    picture = page[page.index('<ul class="timeline">') : page.index("</figure>")]
    marks = re.findall("<title>([^<]+)</title>", picture)
    assert "Green tea · Published · April 1, 2026" in marks
    assert "Sencha · Published · May 12, 2026" in marks
    assert "Matcha · Planned · June 15, 2026" in marks
    assert "Assam" not in picture, "nobody said when it appeared"
    done = page[page.index("<h2>Published</h2>") :]
    assert '<time datetime="2026-04-01">' in done
    assert '<time datetime="2026-05-20">' not in done
