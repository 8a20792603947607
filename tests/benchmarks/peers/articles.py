"""The corpus as plain values, for the modules that write it down for another generator."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

SITES = Path(__file__).parent / "sites"
ASSETS = Path(__file__).parents[3] / "themes/default/assets"


@dataclass(frozen=True, slots=True)
class Article:
    """A pillar or an article: `item` is what the map says of it; the number of a pillar is 0."""

    kind: str
    number: int
    item: dict[str, Any]
    updated: str
    body: str
    url: str

    @property
    def rank(self) -> int:
        """High priority first, as our publishing order has it."""
        return ("high", "medium", "low").index(self.item["priority"])


@dataclass(frozen=True, slots=True)
class Map:
    """A map: `data` is its `map.yaml`; its clusters with their articles, the pillar first."""

    slug: str
    data: dict[str, Any]
    clusters: tuple[tuple[dict[str, Any], tuple[Article, ...]], ...]


def read_corpus(site: Path) -> Iterator[Map]:
    """Yield the maps of the site that `corpus.py` wrote; the authors' `[[…]]` are ordinary links."""
    for file in sorted((site / "content/maps").glob("*/map.yaml")):
        data = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        slug = file.parent.name
        where = {
            item["slug"]: f"/{slug}/{cluster['slug']}/{item['slug']}/"
            for cluster in data["clusters"]
            for item in (cluster["pillar"], *cluster["articles"])
        }
        clusters = tuple((cluster, tuple(_articles(file.parent, cluster, where))) for cluster in data["clusters"])
        yield Map(slug, data, clusters)


def _articles(folder: Path, cluster: dict[str, Any], where: dict[str, str]) -> Iterator[Article]:
    for number, item in enumerate((cluster["pillar"], *cluster["articles"])):
        name = item["slug"] if number else "pillar"
        text = (folder / cluster["slug"] / f"{name}.md").read_text(encoding="utf-8")
        _, front, body = text.split("---\n", 2)
        body = re.sub(r"\[\[([\w-]+)\|([^\]]*)\]\]", lambda found: f"[{found[2]}]({where[found[1]]})", body)
        updated = front.partition("updated: ")[2].strip()
        yield Article("article" if number else "pillar", number, item, updated, body, where[item["slug"]])


def write_page(path: Path, front: dict[str, Any], body: str = "") -> None:
    """Write a Markdown file with YAML front matter."""
    lines = "".join(f"{key}: {json.dumps(value, default=str)}\n" for key, value in front.items())
    write(path, f"---\n{lines}---\n{body}")


def write(path: Path, text: str) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def copy_site(name: str, folder: Path, assets: str) -> None:
    """Copy a generator's templates and settings, and our theme's style and scripts to its folder `assets`."""
    shutil.copytree(SITES / name, folder)
    shutil.copytree(ASSETS, folder / assets, dirs_exist_ok=True)
