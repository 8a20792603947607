"""What `topicsite new` makes: a site that builds, a map, an article with its keys filled in.

Called by `cli/new.py`. The files of a new site are in `site/` beside this module and travel in the wheel. Nothing here
ever overwrites a file: what is in the way is a `ScaffoldError`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder import schema
from builder.diagnostics import did_you_mean, has_errors, in_order
from builder.files import MAPS, is_ignored, source_of
from builder.load import parse, place, read
from builder.urls import is_slug, slugify
from builder.validation import validate

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILES = Path(__file__).parent / "site"


class ScaffoldError(Exception):
    """Something cannot be made; the message is for the user and says what to do instead."""


class BrokenMapError(ScaffoldError):
    """A map cannot be read, so that nothing can be made in it."""


def make_site(folder: Path, title: str | None = None) -> list[Path]:
    """Make a site with a small map in a folder that is new or empty; return its files.

    Without a title the folder's name is used.
    """
    if folder.is_dir():
        if any(folder.iterdir()):
            raise ScaffoldError(f"the folder {folder} is not empty; name a new one")
    elif folder.exists() or folder.is_symlink():
        raise ScaffoldError(f"{folder} exists already and is not a folder; name a new one")
    name = folder.resolve().name
    wanted = " ".join((title or re.sub(r"[-_]+", " ", name)).split())
    wanted = wanted if title else wanted[:1].upper() + wanted[1:]
    made = []
    for source in sorted(path for path in _FILES.rglob("*") if path.is_file() and path.name != ".DS_Store"):
        target = folder / source.relative_to(_FILES)
        text = source.read_text("utf-8")
        if target == folder / "site.yaml":
            text = re.sub(r"^title: .*$", lambda _: f"title: {_scalar(wanted)}", text, count=1, flags=re.MULTILINE)
        made.append(_write(target, text))
    return made


def make_map(site: Path, title: str, slug: str | None = None) -> Path:
    """Make `content/maps/<slug>/map.yaml` with its keys filled in; return it."""
    _require_site(site)
    title, slug = _named(title, slug)
    folder = site / MAPS / slug
    if folder.exists():
        raise ScaffoldError(f"there is a map in {folder.relative_to(site)} already; give this one a --slug")
    return _write(folder / "map.yaml", _MAP.format(title=_scalar(title), slug=slug, query=_scalar(title.lower())))


def make_article(site: Path, map: str, cluster: str, title: str, slug: str | None = None) -> Path:  # noqa: A002
    """Make the Markdown file of an article of a map; return it.

    A map and a cluster are known by slug, folder or title. Where the map declares the article already (its slug or its
    title is the one given), the file repeats none of its keys and has its sections as headings.
    """
    _require_site(site)
    plan = _plan(site, map)
    group = _cluster(plan, cluster)
    declared = _declared(group, title, slug)
    if declared is not None:
        stem = "pillar" if declared.is_pillar else declared.slug
        text = _front_matter(declared.keys)
        body = "".join(f"\n## {section}\n" for section in declared.keys.sections)
    else:
        title, stem = _named(title, slug)
        text = _front_matter(schema.Article(), title)
        body = ""
    path = site / MAPS / plan.folder / group.slug / f"{stem}.md"
    if path.exists():
        raise ScaffoldError(f"{path.relative_to(site)} exists already")
    return _write(path, text + body)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A map, as far as a new article needs it."""

    folder: str
    keys: schema.Map


@dataclass(frozen=True, slots=True)
class _Group:
    """A cluster and its slug."""

    slug: str
    keys: schema.Cluster


@dataclass(frozen=True, slots=True)
class _Declared:
    """An article or a pillar that a map declares."""

    slug: str
    keys: schema.Article
    is_pillar: bool = True


def _require_site(site: Path) -> None:
    if not (site / "site.yaml").is_file():
        raise ScaffoldError(f"there is no site.yaml in {site.resolve()}; `topicsite new DIR` makes a site")


def _plan(site: Path, name: str) -> _Plan:
    base = site / MAPS
    folders = sorted(p.name for p in base.iterdir() if p.is_dir() and not is_ignored(p.name)) if base.is_dir() else []
    folder = _match(name, {folder: (folder,) for folder in folders})
    if folder is not None:
        return _read_plan(site, folder)
    plans = [_read_plan(site, folder) for folder in folders]
    names = {plan.folder: (plan.keys.slug or plan.folder, plan.keys.title) for plan in plans}
    found = _match(name, names)
    if found is None:
        hint = did_you_mean(name, folders, otherwise=f"there are: {', '.join(folders) or 'none yet'}")
        raise ScaffoldError(f"there is no map '{name}'\n    {hint}")
    return next(plan for plan in plans if plan.folder == found)


def _read_plan(site: Path, folder: str) -> _Plan:
    source = source_of(site, f"{MAPS}/{folder}/map.yaml") or source_of(site, f"{MAPS}/{folder}/map.md")
    if source is None:
        raise BrokenMapError(f"the folder {MAPS}/{folder} has no map.yaml and no map.md")
    data, faults = read(source)
    keys = None
    if data is not None:
        document, faults = parse(source.name, data)
        if document is not None:
            values = {key: value for key, value in document.data.items() if value is not None}
            keys, wrongs = validate(schema.Map, values, source.name)
            faults += wrongs
    if keys is None or has_errors(faults):
        first = in_order(place(faults, lambda _: data))[0]
        raise BrokenMapError(f"the map has to be mended first\n{first}")
    return _Plan(folder, keys)


def _cluster(plan: _Plan, name: str) -> _Group:
    groups = [_Group(cluster.slug or slugify(cluster.title), cluster) for cluster in plan.keys.clusters]
    slug = _match(name, {group.slug: (group.slug, group.keys.title) for group in groups})
    if slug is None:
        slugs = [group.slug for group in groups]
        hint = did_you_mean(name, slugs, otherwise=f"its clusters: {', '.join(slugs) or 'none yet'}")
        raise ScaffoldError(f"there is no cluster '{name}' in the map '{plan.folder}'\n    {hint}")
    return next(group for group in groups if group.slug == slug)


def _declared(group: _Group, title: str, slug: str | None) -> _Declared | None:
    pillar = group.keys.pillar or schema.Article()
    pillar_title = pillar.title or group.keys.title
    items = [_Declared(pillar.slug or slugify(pillar_title), pillar.model_copy(update={"title": pillar_title}))]
    items += [_Declared(a.slug or slugify(a.title or ""), a, is_pillar=False) for a in group.keys.articles]
    names = {item.slug: (item.slug, "" if slug else item.keys.title or "") for item in items}
    found = _match(slug or title, names)
    if found is None and (slug or title) == "pillar":
        return items[0]
    return next((item for item in items if item.slug == found), None)


def _match(name: str, names: Mapping[str, tuple[str, ...]]) -> str | None:
    """Return the key one of whose names is `name`, case folded; exact ones first."""
    folded = name.strip().casefold()
    for key, known in names.items():
        if key == name or folded in {candidate.casefold() for candidate in known if candidate}:
            return key
    return None


def _named(title: str, slug: str | None) -> tuple[str, str]:
    """Return a title on one line and its slug; refuse what makes none."""
    title = " ".join(title.split())
    if not title:
        raise ScaffoldError("the title is empty")
    made = slug or slugify(title)
    if not made:
        raise ScaffoldError(f"no slug can be made from the title '{title}'; give one with --slug")
    if not is_slug(made):
        better = slugify(made)
        raise ScaffoldError(f"'{made}' cannot stand in a URL" + (f"; write --slug {better}" if better else ""))
    return title, made


def _front_matter(declared: schema.Article, title: str = "") -> str:
    """Return front matter with the keys that the map does not give, and `status: draft`."""
    shown = title or declared.title or ""
    lines = [
        ("title", _scalar(shown), ""),
        ("description", "", "what the reader gets, in a sentence or two"),
        ("query", _scalar(shown.lower()), "the search phrase that it targets"),
        ("intent", "informational", "or commercial, transactional, navigational"),
        ("priority", "medium", "or high, low"),
        ("words", "1200", "the planned length"),
    ]
    given = {key for key in declared.model_fields_set if getattr(declared, key) not in (None, "", [])}
    made = [
        f"{key}:{f' {value}' if value else ''}{f'    # {note}' if note else ''}"
        for key, value, note in lines
        if key not in given
    ]
    status = "status: draft    # delete this line to publish"
    return "\n".join(["---", *made, status, "---", ""])


def _scalar(text: str) -> str:
    """Return text as a YAML scalar: plain where that is safe, else in double quotes (JSON is YAML)."""
    plain = re.fullmatch(r"[^\W\d_][\w '()/.,?!–—’-]*[\w)?!.]|[^\W\d_]", text)
    return text if plain and text.casefold() not in _WORDS else json.dumps(text, ensure_ascii=False)


#: Plain scalars that other YAML readers, such as editors, take for something else than text.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return path


_MAP = """\
title: {title}
slug: {slug}
query: {query}    # the search phrase that the map as a whole targets
category: General
description: What the map covers, in a paragraph.
audience:
  level: Beginner    # or Intermediate, Advanced
  description: Who reads it.
  goal: What they will be able to do.
strategy: |
  Why this subject, and how the map wins it. Markdown.
months_to_authority: 6
# publishing: {{start: 2030-01-07, per_week: 2}}    # gives the plan its dates

clusters:
  - title: First cluster
    slug: first-cluster
    description: What the cluster covers.
    pillar:
      title: {title}
      slug: overview
      query: {query}
      intent: informational    # or commercial, transactional, navigational
      priority: high
      words: 3000
      description: What the reader gets.
      sections: [First section, Second section]
      # entities: [Somebody, Something]
    articles:
      - title: First article
        slug: first-article
        query: first article    # the search phrase that it targets
        intent: informational
        priority: high    # or medium, low
        words: 1200
        description: What the reader gets.

# gaps:
#   - Something that rival sites leave out
# entities: [Somebody, Something]
# faq:
#   - {{question: A question that people ask?, answer: The answer. Markdown., answered_by: first-article}}
# ideas:
#   - title: Comparisons
#     articles:
#       - {{title: One thing or the other, intent: commercial, priority: high, words: 1500}}
"""
