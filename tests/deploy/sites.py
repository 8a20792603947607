"""Small sites for deploys: pretended builds, a site that grows at random, and a reader that follows every link."""

import asyncio
import datetime as dt
import os
import posixpath
import random
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from builder.config import SiteKeys
from builder.deploy.plan import is_page
from builder.deploy.records import is_book
from builder.deploy.retry import Patience
from builder.deploy.run import Done, Order, Prepared, perform, prepare
from builder.files import digest
from builder.targets import check_targets
from builder.urls import path_of
from builder.write import Entry, Manifest

BASE = "https://www.example.com/"
START = dt.datetime(2026, 5, 4, 6, tzinfo=dt.UTC)
HASTY = Patience(attempts=8, first=0.002, longest=0.05, dice=random.Random(1))


class Built:
    """A site's folder with an output as a build would leave it, and what is needed to deploy it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.output = root / "output"
        self.output.mkdir(parents=True)
        self.days = 0.0
        self.deploys = 0

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Build: exactly these files."""
        state = self.root / ".topicsite" / "manifest.json"
        for name in Manifest.load(state).entries:
            if name not in files:
                (self.output / name).unlink(missing_ok=True)
        entries = {}
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            path = self.output / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            entries[name] = Entry(digest(data), len(data))
        Manifest(entries).save(state)

    def order(
        self,
        target: Mapping[str, object],
        site: Mapping[str, object] | None = None,
        *,
        force: bool = False,
        rollback: bool = False,
        max_delete: int | None = None,
    ) -> Order:
        """Return an order to deploy; a moment later than the one before."""
        config = SiteKeys.model_validate({"title": "Test", "base_url": BASE, **(site or {})})
        targets, faults = check_targets({"production": dict(target)})
        assert not faults, faults
        self.deploys += 1
        return Order(
            root=self.root,
            output=self.output,
            state=self.root / ".topicsite",
            config=config,
            name="production",
            keys=targets["production"],
            now=START + dt.timedelta(days=self.days, seconds=self.deploys),
            identity=f"deploy-{self.deploys:04}",
            environment=dict(os.environ),
            force=force,
            rollback=rollback,
            max_delete=max_delete,
        )

    def plan(self, target: Mapping[str, object], site: Mapping[str, object] | None = None, **options: Any) -> Prepared:  # noqa: ANN401
        """Plan a deploy, and leave it at that."""
        return asyncio.run(_planned(self.order(target, site, **options)))

    def deploy(self, target: Mapping[str, object], site: Mapping[str, object] | None = None, **options: Any) -> Done:  # noqa: ANN401
        """Plan and carry out."""
        return asyncio.run(deployed(self.order(target, site, **options)))


async def _planned(order: Order) -> Prepared:
    prepared = await prepare(order, lambda _: None)
    await prepared.target.close()
    return prepared


async def deployed(order: Order) -> Done:
    """Plan and carry out an order, in haste."""
    notes: list[str] = []
    prepared = await prepare(order, notes.append)
    return await perform(prepared, note=notes.append, patience=HASTY)


def page(title: str, links: list[str], assets: list[str], words: str = "") -> str:
    """Return a page with links to paths and with assets."""
    head = "".join(f'<link rel="stylesheet" href="/{name}">' for name in assets)
    body = "".join(f'<a href="{path}">{path}</a>' for path in links)
    return f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body}<p>{words}</p></body></html>"


class Garden:
    """A site that changes at random, and whose every version is whole: each link and asset of it resolves within it."""

    def __init__(self, seed: int, size: int = 8) -> None:
        self.dice = random.Random(seed)
        self.size = size
        self.slugs = [f"page-{number}" for number in range(size)]
        self.born = size
        self.style = 0
        self.words: dict[str, int] = {}
        self.links: dict[str, list[str]] = {slug: self._some(slug) for slug in self.slugs}

    def _some(self, slug: str) -> list[str]:
        others = [other for other in self.slugs if other != slug]
        return sorted(self.dice.sample(others, min(3, len(others))))

    def grow(self) -> None:
        """Change: pages come and go and are written anew, the style changes its digest."""
        for _ in range(self.dice.randint(0, 2)):
            if len(self.slugs) > 3:
                gone = self.dice.choice(self.slugs)
                self.slugs.remove(gone)
                del self.links[gone]
        for _ in range(self.dice.randint(0, 2)):
            self.slugs.append(f"page-{self.born}")
            self.born += 1
        for slug in self.slugs:
            kept = [link for link in self.links.get(slug, []) if link in self.slugs]
            if slug not in self.links or len(kept) < len(self.links[slug]) or self.dice.random() < 0.3:
                self.links[slug] = self._some(slug)
                self.words[slug] = self.dice.randrange(1000)
        if self.dice.random() < 0.5:
            self.style += 1

    def files(self) -> dict[str, str]:
        """Return the site as it is now."""
        style = f"assets/site.{digest(str(self.style).encode())[:8]}.css"
        made = {
            style: f"/* style {self.style} */",
            "index.html": page("Home", [f"/{slug}/" for slug in self.slugs], [style]),
            "404.html": page("Not found", ["/"], [style]),
            "sitemap.xml": "".join(f"<url><loc>{BASE}{slug}/</loc></url>" for slug in self.slugs),
            "feed.xml": "".join(f'<link href="{BASE}{slug}/"/>' for slug in self.slugs[-3:]),
        }
        for slug in self.slugs:
            links = ["/", *(f"/{other}/" for other in self.links[slug])]
            made[f"{slug}/index.html"] = page(slug, links, [style], str(self.words.get(slug, 0)))
            made[f"{slug}/index.md"] = f"# {slug}\n\n{self.words.get(slug, 0)}\n"
        return made


def broken(files: Mapping[str, bytes], *, known: Iterable[str] = ()) -> list[str]:
    """Return what does not resolve for a visitor who begins at the home page, sitemap, feed or a known page.

    Every link and asset of every page that they come to is followed. `known` are pages that people have in their
    bookmarks: they, too, must be there, as long as they were before the deploy and are after it.
    """
    paths = {path_of(name): name for name in files if not is_book(name)}
    found = [f"{name} is gone" for name in known if name not in files]
    waiting = [name for name in ("index.html", "sitemap.xml", "feed.xml", *known) if name in files]
    seen = set(waiting)
    while waiting:
        name = waiting.pop()
        text = files[name].decode()
        for link in re.findall(r'(?:href|src)="([^"]+)"|<loc>([^<]+)</loc>', text):
            path = posixpath.join(path_of(name), (link[0] or link[1]).replace(BASE, "/"))
            target = paths.get(path)
            if target is None:
                found.append(f"{name} → {path}")
            elif target not in seen:
                seen.add(target)
                if is_page(target):
                    waiting.append(target)
    return found
