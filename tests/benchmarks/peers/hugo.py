"""The corpus as a Hugo site: a branch for each map and cluster, a leaf for each article, the plan in front matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.peers.articles import Map, copy_site, write_page

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_PARTS = {  # file: title, what the head says, description; of {map}
    "faq": ("Questions", "questions and answers", "Questions about the subject of “{map}”, answered."),
    "entities": ("Entities", "entities", "What “{map}” covers, each with the pages that do."),
    "plan": ("Publishing order", "publishing order", "What comes next in “{map}”, when, and what it will link to."),
    "ideas": ("Article ideas", "article ideas", "Ideas for articles outside the plan of “{map}”, by type of content."),
}


def write_site(maps: Iterable[Map], folder: Path) -> None:
    """Write the site to a folder that does not exist."""
    copy_site("hugo", folder, "assets/assets")
    content = folder / "content"
    write_page(content / "_index.md", {"title": "Corpus"})
    write_page(content / "entities/_index.md", {"title": "Entities"})
    write_page(content / "categories/_index.md", {"title": "Categories", "build": {"render": "never"}})
    for one in maps:
        _map(one, content / one.slug)


def _map(one: Map, folder: Path) -> None:
    data = one.data
    front = {key: data[key] for key in ("title", "description", "strategy", "audience", "gaps", "faq", "ideas")}
    front["faq"] = [
        {**item, "answered_by": f"{item['answered_by'].partition('-')[0]}/{item['answered_by']}"}
        for item in front["faq"]
    ]
    more = {"type": "map", "layout": "map", "lastmod": data["updated"], "categories": [data["category"]]}
    outputs = ["html", "twin", "atom", "data", "table"]
    write_page(
        folder / "_index.md", {**front, **more, "slug": one.slug, "covers": data["entities"], "outputs": outputs}
    )
    for name, (title, head, description) in _PARTS.items():
        front = {"title": title, "headTitle": f"{data['title']}: {head}", "type": "part", "layout": name}
        write_page(folder / f"{name}.md", {**front, "description": description.format(map=data["title"])})
    for number, (cluster, articles) in enumerate(one.clusters):
        place = folder / cluster["slug"]
        front = {key: cluster[key] for key in ("title", "slug", "description")}
        write_page(place / "_index.md", {**front, "weight": number + 1, "type": "cluster", "layout": "cluster"})
        for article in articles:
            front = {key: value for key, value in article.item.items() if key != "redirect_from"}
            front |= {"type": "article", "kind": article.kind, "number": article.number, "rank": article.rank}
            front |= {"cluster": cluster["title"], "weight": article.number + 1, "lastmod": article.updated}
            if "redirect_from" in article.item:
                front["aliases"] = article.item["redirect_from"]
            write_page(place / f"{article.item['slug']}.md", front, article.body)
