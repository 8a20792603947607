"""The corpus as a MkDocs site: a folder for each map and cluster, whose index page holds what the plan says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.peers.articles import Map, copy_site, write_page

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_PARTS = {
    "faq": ("Questions", "Questions about the subject of “{map}”, answered."),
    "entities": ("Entities", "What “{map}” covers, each with the pages that do."),
    "plan": ("Publishing order", "What comes next in “{map}”, when, and what it will link to."),
    "ideas": ("Article ideas", "Ideas for articles outside the plan of “{map}”, by type of content."),
}


def write_site(maps: Iterable[Map], folder: Path) -> None:
    """Write the site to a folder that does not exist."""
    copy_site("mkdocs", folder, "theme/assets")
    content = folder / "content"
    write_page(content / "index.md", {"title": "Corpus", "description": "", "template": "home.html"})
    for one in maps:
        data = {key: value for key, value in one.data.items() if key not in {"clusters", "updated"}}
        front = {**data, "date": one.data["updated"], "template": "map.html"}
        write_page(content / one.slug / "index.md", front)
        for name, (title, description) in _PARTS.items():
            front = {"title": title, "description": description.format(map=data["title"]), "template": f"{name}.html"}
            write_page(content / one.slug / f"{name}.md", front)
        for cluster, articles in one.clusters:
            front = {key: cluster[key] for key in ("title", "slug", "description")}
            write_page(content / one.slug / cluster["slug"] / "index.md", {**front, "template": "cluster.html"})
            for article in articles:
                front = {key: value for key, value in article.item.items() if key != "redirect_from"}
                front |= {"kind": article.kind, "number": article.number, "date": article.updated}
                write_page(folder / f"content{article.url.rstrip('/')}.md", front, article.body)
