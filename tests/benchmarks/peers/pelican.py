"""The corpus as a Pelican site: a map is a category, a cluster a series, an entity a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.peers.articles import Map, copy_site, write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write_site(maps: Iterable[Map], folder: Path) -> None:
    """Write the site to a folder that does not exist; metadata is one line a key, as Pelican has it."""
    copy_site("pelican", folder, "theme/static")
    for one in maps:
        for cluster, articles in one.clusters:
            for article in articles:
                item = article.item
                values = {
                    "Title": item["title"],
                    "Date": article.updated,
                    "Slug": f"{one.slug}-{item['slug']}",
                    "Address": article.url.lstrip("/"),
                    "Category": one.data["title"],
                    "Tags": ", ".join(item["entities"]),
                    "Summary": item["description"],
                    "Cluster": cluster["title"],
                    "Series": f"{one.slug} {cluster['slug']}",
                    "Series_index": article.number + 1,
                    "Kind": article.kind,
                    "Number": article.number,
                    "Urgency": item["priority"],  # `priority` is the sitemap plugin's
                    **{key.capitalize(): item[key] for key in ("query", "intent", "words")},
                }
                if "sections" in item:
                    values["Sections"] = "; ".join(item["sections"])
                front = "".join(f"{key}: {value}\n" for key, value in values.items())
                write(folder / f"content{article.url.rstrip('/')}.md", f"{front}\n{article.body}")
