"""The site's plan: who has which URL and status, what a reference means, where redirects lead, what a map is handed."""

import datetime as dt
from dataclasses import fields
from pathlib import Path

import pytest

from builder.atlas import Atlas, Resolver, Target, Unknown, assemble, slice_for
from builder.config import SiteConfig, load_config
from builder.files import scan
from builder.interface import interface_of, page_interface
from builder.markdown import MarkdownOptions
from builder.model import EntityDef, ItemInterface, MapInterface, Place, Status
from builder.unit import Bodies, define_map, define_page
from tests.making import TODAY, write

FILES = {
    "content/maps/tea/map.yaml": """\
title: Tea
entities: [Water, Leaf]
clusters:
  - title: Green
    pillar: {title: Green tea, slug: green-tea}
    articles: [{title: Sencha, slug: sencha}, {title: Both, slug: both}, {title: Later, slug: later}]
  - title: Black
    articles: [{title: Assam, slug: assam}, {title: Both, slug: both}]
""",
    "content/maps/tea/green/sencha.md": "Text. [[coffee/espresso]] [[nothing]] [[both]]\n\n## Heading",
    "content/maps/tea/green/both.md": "Text. [[both]]",
    "content/maps/tea/black/both.md": "Text.",
    "content/maps/coffee/map.yaml": """\
title: Coffee
entities: [Water, Bean]
clusters: [{title: Shots, articles: [{title: Espresso, slug: espresso}]}]
""",
    "content/maps/coffee/shots/espresso.md": "Text.",
    "content/pages/about.md": "# About\n\nText.",
    "content/pages/deep/inside.md": "# Inside\n\nText.",
    "content/pages/named.md": "---\nslug: other\n---\n\n# Other\n\nText.",
}


def parts(folder: Path, changed: dict[str, str] | None = None) -> tuple[list[MapInterface], list[ItemInterface]]:
    """Return the interfaces of the maps and pages of a site."""
    write(folder, FILES | (changed or {}))
    bodies = Bodies(MarkdownOptions(), {}, {})
    maps, pages = [], []
    for path in sorted((folder / "content/maps").iterdir()):
        unit, faults = define_map(path.name, list(scan(folder, f"content/maps/{path.name}")), bodies)
        assert faults == []
        assert unit is not None
        maps.append(interface_of(unit))
    for source in scan(folder, "content/pages"):
        page, faults = define_page(source, bodies)
        assert faults == []
        assert page is not None
        pages.append(page_interface(page))
    return maps, pages


def config(text: str = "") -> SiteConfig:
    """Return a configuration."""
    made, faults = load_config(f"title: T\nbase_url: https://example.com/\n{text}".encode(), {})
    assert faults == []
    assert made is not None
    return made


def atlas(folder: Path, changed: dict[str, str] | None = None, site: str = "", today: dt.date = TODAY) -> Atlas:
    """Return the atlas of a site."""
    maps, pages = parts(folder, changed)
    registry = [EntityDef("Water", "water", ("H2O",), place=Place("content/entities.yaml", (0,)))]
    return assemble(maps, registry, pages, config(site), today)


def found(made: Atlas, map_slug: str | None, ref: str, cluster: str = "") -> str | tuple[str, ...]:
    """Return the key of what a reference means in a map, or the choices, or the nearest name in brackets."""
    unit = next((m for m in made.maps if m.slug == map_slug), None)
    target = Resolver(made, unit).find(ref, cluster)
    if isinstance(target, Target):
        return target.key
    return target.choices or f"({target.near})"


@pytest.mark.parametrize(
    ("map_slug", "cluster", "ref", "key"),
    [
        ("tea", "green", "sencha", "tea/green/sencha"),
        ("tea", "black", "sencha", "tea/green/sencha"),
        ("tea", "black", "both", "tea/black/both"),
        ("tea", "", "both", ("green/both", "black/both")),
        ("tea", "", "green/both", "tea/green/both"),
        ("tea", "", "green", "tea/green"),
        ("tea", "", "green-tea", "tea/green/green-tea"),
        ("tea", "", "black", "tea/black"),
        ("tea", "black", "black", "tea/black"),
        ("tea", "", "black/black", "tea/black/black"),
        ("tea", "", "coffee", "coffee"),
        ("tea", "", "coffee/espresso", "coffee/shots/espresso"),
        ("tea", "", "coffee/shots", "coffee/shots"),
        ("tea", "", "coffee/shots/espresso", "coffee/shots/espresso"),
        ("tea", "", "about", "page:about"),
        ("tea", "", "deep/inside", "page:deep/inside"),
        ("tea", "", "entities/water", "entity:water"),
        ("tea", "", "/sencha/", "tea/green/sencha"),
        ("tea", "", "espresso", "(coffee/espresso)"),
        ("tea", "", "senca", "(sencha)"),
        ("tea", "", "cofee/espreso", "(coffee/espresso)"),
        (None, "", "sencha", "(tea/sencha)"),
        (None, "", "tea/sencha", "tea/green/sencha"),
        (None, "", "tea/both", ("tea/green/both", "tea/black/both")),
        (None, "", "abuot", "(about)"),
        ("tea", "", "file:content/maps/tea/green/sencha.md", "tea/green/sencha"),
        ("tea", "", "file:content/maps/tea/green/pillar.md", "tea/green/green-tea"),
        ("tea", "", "file:content/maps/coffee/map.md", "coffee"),
        ("tea", "", "file:content/pages/about.md", "page:about"),
        ("tea", "", "file:content/pages/named.md", "page:other"),
        ("tea", "", "file:content/maps/tea/green/sench.md", "(sencha)"),
        ("tea", "", "file:../../etc/passwd", "()"),
        ("tea", "", "", "()"),
    ],
)  # fmt: skip
def test_references(tmp_path: Path, map_slug: str | None, cluster: str, ref: str, key: str | tuple[str, ...]) -> None:
    """A bare name means the nearest thing of that name; one that fits several means none of them."""
    assert found(atlas(tmp_path), map_slug, ref, cluster) == key


def test_a_cluster_gives_its_name_to_its_pillar(tmp_path: Path) -> None:
    """A name that a cluster and its pillar share means the cluster until the pillar is published."""
    assert found(atlas(tmp_path), "tea", "black") == "tea/black"
    written = {"content/maps/tea/black/pillar.md": "Text."}
    assert found(atlas(tmp_path, written), "tea", "black") == "tea/black/black"


@pytest.mark.parametrize(
    ("site", "pillar", "article"),
    [
        ("", ("/tea/green/green-tea/", False), ("", False)),
        ("planned: {pillars: index}", ("/tea/green/green-tea/", True), ("", False)),
        ("planned: {pillars: row, articles: page}", ("", False), ("/tea/green/later/", False)),
    ],
)
def test_what_is_planned(tmp_path: Path, site: str, pillar: tuple[str, bool], article: tuple[str, bool]) -> None:
    """Planned pillars and articles have a page, and are listed, as the site says."""
    targets = atlas(tmp_path, site=site).targets
    for key, expected in (("tea/green/green-tea", pillar), ("tea/green/later", article)):
        assert (targets[key].path, targets[key].indexed) == expected
        assert targets[key].status is Status.PLANNED
        assert targets[key].home == "/tea/green/"
    assert (targets["tea/green/sencha"].path, targets["tea/green/sencha"].indexed) == ("/tea/green/sencha/", True)


def test_the_day_decides(tmp_path: Path) -> None:
    """A scheduled article has its URL from its day on."""
    changed = {"content/maps/tea/black/assam.md": "---\npublish_on: 2026-07-01\n---\nText."}
    before = atlas(tmp_path, changed).targets["tea/black/assam"]
    after = atlas(tmp_path, changed, today=dt.date(2026, 7, 1)).targets["tea/black/assam"]
    assert (before.status, before.path) == (Status.SCHEDULED, "")
    assert (after.status, after.path) == (Status.PUBLISHED, "/tea/black/assam/")


def test_redirects_lead_to_their_end(tmp_path: Path) -> None:
    """A chain of retired pages leads to where its last one leads, old paths of each included."""
    changed = {
        "content/maps/tea/green/later.md": "---\nstatus: retired\nredirect_to: assam\nredirect_from: /a/\n---\n",
        "content/maps/tea/black/assam.md": "---\nstatus: retired\nredirect_to: /about/#x\nredirect_from: [/b/]\n---\n",
        "content/pages/contact.md": "---\ntitle: C\nstatus: retired\nredirect_to: https://example.org/\n---\n",
    }
    made = atlas(tmp_path, changed)
    assert made.faults == []
    assert made.redirects == {
        "/a/": "/about/#x",
        "/b/": "/about/#x",
        "/contact/": "https://example.org/",
        "/tea/black/assam/": "/about/#x",
        "/tea/green/later/": "/about/#x",
    }


def test_entities_have_one_entry(tmp_path: Path) -> None:
    """Maps share entities by name, by alias and whatever the case; what the registry lacks, a map may say."""
    changed = {
        "content/maps/coffee/map.yaml": "title: Coffee\nclusters: [{title: Shots, articles: [{title: Espresso}]}]\n"
        "entities: [h2o, {name: LEAF, description: A leaf., kind: part}]"
    }
    made = atlas(tmp_path, changed)
    assert made.faults == []
    assert sorted(made.entities) == ["leaf", "water"]
    leaf = made.entity("Leaf")
    assert leaf is not None
    assert (leaf.kind, leaf.description) == ("part", "A leaf.")
    assert made.entity("H2O") == made.entity("water")


def test_a_slice_holds_nothing_of_others(tmp_path: Path) -> None:
    """A map is handed its own targets, those that it refers to, and its entities; a change elsewhere is not in it."""
    maps, pages = parts(tmp_path)

    def sliced(maps: list[MapInterface]) -> object:
        made = assemble(maps, [], pages, config(), TODAY)
        return slice_for(made, next(m for m in made.maps if m.slug == "tea"), config(), TODAY)

    before = sliced(maps)
    assert "espresso" in repr(before)
    assert "Bean" not in repr(before)
    other = {"content/maps/coffee/map.yaml": FILES["content/maps/coffee/map.yaml"].replace("Bean", "Beans")}
    assert sliced(parts(tmp_path, other)[0]) == before
    title = {
        "content/maps/coffee/map.yaml": FILES["content/maps/coffee/map.yaml"].replace("title: Esp", "title: An esp")
    }
    assert sliced(parts(tmp_path, title)[0]) != before


def test_a_slice_says_why(tmp_path: Path) -> None:
    """Of a reference without a target the slice says what it could have meant."""
    made = atlas(tmp_path)
    tea = slice_for(made, next(m for m in made.maps if m.slug == "tea"), config(), TODAY)
    assert tea.unknown == {"both": Unknown(("green/both", "black/both")), "nothing": Unknown(near="")}
    assert tea.refs["both"] is None


def test_the_order_of_maps_does_not_matter(tmp_path: Path) -> None:
    """The same maps in another order make the same atlas."""
    maps, pages = parts(tmp_path)
    one = assemble(maps, [], pages, config(), TODAY)
    other = assemble(list(reversed(maps)), [], pages, config(), TODAY)
    for field in fields(Atlas):
        assert getattr(one, field.name) == getattr(other, field.name), field.name
