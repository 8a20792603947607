"""The corpus as an Eleventy site: the plan is one data file, each article a Markdown file with its facts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.benchmarks.peers.articles import Map, copy_site, write, write_page

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write_site(maps: Iterable[Map], folder: Path) -> None:
    """Write the site to a folder that does not exist; `node_modules` is the caller's."""
    copy_site("eleventy", folder, "assets")
    plan = []
    for one in maps:
        urls = {article.item["slug"]: article.url for _, articles in one.clusters for article in articles}
        faq = [{**item, "answered_by": urls[item["answered_by"]]} for item in one.data["faq"]]
        clusters = [
            {
                **{key: cluster[key] for key in ("title", "slug", "description")},
                "articles": [article.item["slug"] for article in articles],
            }
            for cluster, articles in one.clusters
        ]
        plan.append({**one.data, "slug": one.slug, "faq": faq, "clusters": clusters})
        for _, articles in one.clusters:
            for article in articles:
                front = {key: value for key, value in article.item.items() if key != "redirect_from"}
                front |= {"kind": article.kind, "number": article.number, "rank": article.rank}
                front |= {"updated": article.updated, "layout": "article.njk", "permalink": article.url}
                write_page(folder / f"content{article.url.rstrip('/')}.md", front, article.body)
    write(folder / "content/_data/plan.json", json.dumps(plan, default=str))
