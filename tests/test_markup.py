"""What pages tell machines: linked data that schema.org and Google know, social networks' tags, icons, headers."""

import datetime as dt
import html
import json
import re
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup
from PIL import Image

import builder.views.types as views
from builder.config import SiteConfig
from builder.emit.headers import content_type, header_rules, headers_of_file
from builder.emit.icons import draw, icons_of
from builder.emit.jsonld import Graphs, script
from builder.emit.pictures import framed, size_of
from builder.emit.speculation import FILE, MEDIA_TYPE, speculation_rules
from builder.pipeline import Request, build
from builder.render import Renderer
from builder.urls import PERMALINKS, Urls
from tests.test_render import PAGES, Maker, default, example

VOCABULARY: dict[str, Any] = json.loads((Path(__file__).parent / "schema_org.json").read_text("utf-8"))
TODAY = dt.date(2026, 6, 1)
SITE = {
    "site.yaml": """
        title: Maps & <Co>
        base_url: https://example.com/sub/
        description: Maps of subjects.
        publisher: {kind: person, name: Ada Roe, url: "https://ada.example/", same_as: ["https://social.example/@ada"]}
        authors:
          ada: {name: Ada Roe, bio: Writes maps., url: "https://ada.example/", same_as: ["https://social.example/@ada"]}
        structured_data: {faq: true}
        planned: {articles: page}
        """,
    "content/entities.yaml": """
        - {name: Kettle, aliases: [Gooseneck], description: A kettle heats water., wikidata: Q191768,
           same_as: ["https://kettle.example/"]}
        """,
    "content/maps/tea/map.yaml": """
        title: Tea at home
        category: Drinks
        query: tea
        description: How to make tea </script><!--.
        updated: 2026-05-01
        clusters:
          - title: Brewing
            description: Water and leaves.
            pillar: {title: Brewing tea in a kettle, query: brew tea, entities: [Kettle, Gaiwan], author: ada,
                     publish_on: 2026-04-01, updated: 2026-05-01,
                     faq: [{question: How hot?, answer: "**90 °C** for most."}]}
            articles:
              - {title: Green tea, query: green tea, entities: [Kettle], updated: 2026-04-20}
              - {title: Black tea, query: black tea}
          - title: Leaves
            pillar: {title: Kinds of leaves}
            articles: []
        entities: [{name: Gaiwan, kind: product}]
        faq: [{question: What is tea?, answer: A drink.}]
        ideas: [{title: Comparisons, articles: [{title: Tea or coffee}]}]
        """,
    "content/maps/tea/brewing/pillar.md": "A kettle heats water. See [[green-tea]].\n\n## Leaves\n\nThen water.\n",
    "content/maps/tea/brewing/green-tea.md": "A gaiwan is small. Pour.\n\n![Pot](pot.png)\n\n![Pot](pot.png)\n",
    "content/pages/about.md": "---\ntitle: About\ndescription: Who.\nauthor: ada\nupdated: 2026-01-02\n---\nText.\n",
}


def write(root: Path, files: dict[str, str]) -> Path:
    """Write the files of a site."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = text.split("\n")
        path.write_text("\n".join(line.removeprefix("        ") for line in lines), "utf-8")
    return root


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site of these tests, and return its output folder."""
    root = write(tmp_path_factory.mktemp("site"), SITE)
    Image.new("RGB", (30, 20), "red").save(root / "content/maps/tea/brewing/pot.png")
    result = build(Request(root, TODAY))
    assert not result.failed, result.diagnostics
    return root / "output"


KINDS = {
    "home": "index.html",
    "category": "categories/drinks/index.html",
    "map": "tea/index.html",
    "cluster": "tea/brewing/index.html",
    "pillar": "tea/brewing/brewing-tea-in-a-kettle/index.html",
    "article": "tea/brewing/green-tea/index.html",
    "faq": "tea/faq/index.html",
    "map_entities": "tea/entities/index.html",
    "ideas": "tea/ideas/index.html",
    "plan": "tea/plan/index.html",
    "entities": "entities/index.html",
    "entity": "entities/kettle/index.html",
    "page": "about/index.html",
    "author": "authors/ada/index.html",
}
#: Not to be indexed, so without linked data.
SILENT = {
    "brief": "tea/brewing/black-tea/index.html",
    "outline": "tea/leaves/kinds-of-leaves/index.html",
    "404": "404.html",
}
SCRIPT = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def graph(output: Path, kind: str) -> list[dict[str, Any]]:
    """Return the graph of a page."""
    found = SCRIPT.findall((output / KINDS[kind]).read_text("utf-8"))
    assert len(found) == 1
    data = json.loads(found[0])
    assert data["@context"] == "https://schema.org"
    nodes: list[dict[str, Any]] = data["@graph"]
    return nodes


def of_type(nodes: list[dict[str, Any]], *names: str) -> dict[str, Any]:
    """Return the one node of some types."""
    (found,) = [node for node in nodes if node["@type"] in names]
    return found


def kinds_of(name: str) -> set[str]:
    """Return a type with all that it is a kind of."""
    return {name}.union(*(kinds_of(parent) for parent in VOCABULARY[name]["is"]))


def ids_of(value: Any) -> dict[str, str]:  # noqa: ANN401 - JSON
    """Return the type of each node that a value defines, by its `@id`."""
    found: dict[str, str] = {}
    if isinstance(value, list):
        for one in value:
            found |= ids_of(one)
    elif isinstance(value, dict):
        if "@type" in value and "@id" in value:
            found[value["@id"]] = value["@type"]
        for one in value.values():
            found |= ids_of(one)
    return found


def faults(node: dict[str, Any], known: dict[str, str]) -> list[str]:
    """Return what of a node is not in the vocabulary: types, properties, and values outside a property's range."""
    kind = node["@type"]
    if kind not in VOCABULARY:
        return [f"no type {kind}"]
    ranges: dict[str, list[str]] = {}
    for name in kinds_of(kind):
        ranges |= VOCABULARY[name]["has"]
    found = []
    for name, value in node.items():
        if name.startswith("@"):
            continue
        if name not in ranges:
            found.append(f"{kind} has no {name}")
            continue
        for one in value if isinstance(value, list) else [value]:
            allowed = set(ranges[name])
            if isinstance(one, dict):
                inner = one.get("@type") or known.get(one["@id"])
                if inner is None:
                    found.append(f"{kind}.{name}: {one['@id']} is nowhere")
                elif not kinds_of(inner) & allowed:
                    found.append(f"{kind}.{name}: no {inner}")
                found += faults(one, known) if "@type" in one else []
            elif isinstance(one, int):
                found += [] if allowed & {"Integer", "Number"} else [f"{kind}.{name}: no number"]
            elif not allowed & {"Text", "URL", "Date", "DateTime"} and not re.match("https?://", one):
                found.append(f"{kind}.{name}: no text")
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_linked_data_is_in_the_vocabulary(output: Path, kind: str) -> None:
    """Types, properties and values are schema.org's, and every reference leads to a node of the same graph."""
    nodes = graph(output, kind)
    known = ids_of(nodes)
    assert [fault for node in nodes for fault in faults(node, known)] == []
    own = [node["@id"] for node in nodes]
    assert len(set(own)) == len(own)
    assert all(name.startswith("https://example.com/sub/") for name in known)


@pytest.mark.parametrize("kind", KINDS)
def test_linked_data_stands_on_the_page(output: Path, kind: str) -> None:
    """Names, descriptions, dates and addresses of the graph are on the page, to be read or to be followed."""
    page = (output / KINDS[kind]).read_text("utf-8")
    body = SCRIPT.sub("", page)
    text = " ".join(html.unescape(re.sub("<[^>]*>", " ", body)).split())
    flat = text.replace(" ", "").casefold()
    links = {html.unescape(link) for link in re.findall(r'(?:href|src|content)="([^"]*)"', body)}
    links |= {f"https://example.com{link}" for link in links if link.startswith("/")}

    def look(value: Any, name: str = "") -> None:  # noqa: ANN401 - JSON
        if isinstance(value, list):
            for one in value:
                look(one, name)
        elif isinstance(value, dict):
            for key, one in value.items():
                look(one, key)
        elif name in {"name", "headline", "description", "text", "alternateName"}:
            plain = html.unescape(re.sub("<[^>]*>", "", value)) if name == "text" else value
            assert "".join(plain.split()).casefold() in flat, (name, value)
        elif name in {"datePublished", "dateModified"}:
            assert f'datetime="{value}"' in body, (name, value)
        elif name in {"url", "sameAs", "item", "image"}:
            assert value in links or value.partition("#")[0] in links, (name, value)

    look(graph(output, kind))


@pytest.mark.parametrize("kind", SILENT)
def test_pages_out_of_the_index_have_no_linked_data(output: Path, kind: str) -> None:
    """Briefs, outlines and the page for what does not exist say nothing to search engines."""
    page = (output / SILENT[kind]).read_text("utf-8")
    assert not SCRIPT.search(page)
    assert '<meta name="robots" content="noindex">' in page


def test_what_google_asks_for(output: Path) -> None:
    """Required and recommended properties, by Google's pages on each type."""
    home = graph(output, "home")
    site = of_type(home, "WebSite")
    assert (site["name"], site["url"]) == ("Maps & <Co>", "https://example.com/sub/")
    publisher = of_type(home, "Person")
    assert (publisher["name"], publisher["sameAs"]) == ("Ada Roe", ["https://social.example/@ada"])
    article = of_type(graph(output, "pillar"), "Article")
    assert article["headline"] == "Brewing tea in a kettle"
    assert article["author"]["name"] == "Ada Roe"
    assert article["author"]["url"] == "https://example.com/sub/authors/ada/"
    assert (article["datePublished"], article["dateModified"]) == ("2026-04-01", "2026-05-01")
    assert re.fullmatch(r"https://example\.com/sub/assets/cards/.*\.png", article["image"])
    profile = of_type(graph(output, "author"), "ProfilePage")
    assert profile["mainEntity"]["@type"] == "Person"
    assert profile["mainEntity"]["@id"] == article["author"]["@id"]
    faq = of_type(graph(output, "faq"), "FAQPage")
    assert [q["name"] for q in faq["mainEntity"]] == ["What is tea?", "How hot?"]
    assert all(q["acceptedAnswer"]["text"] for q in faq["mainEntity"])
    for kind in KINDS.keys() - {"home"}:
        trail = of_type(graph(output, kind), "BreadcrumbList")["itemListElement"]
        assert len(trail) > 1, kind
        assert [item["position"] for item in trail] == list(range(1, len(trail) + 1))
        assert all(item["name"] for item in trail)
        assert all("item" in item for item in trail[:-1])


def test_what_pages_are_about(output: Path) -> None:
    """An entity that the title names is what an article is about, the others it mentions; terms carry their sources."""
    article = of_type(graph(output, "pillar"), "Article")
    assert [term["name"] for term in article["about"]] == ["Kettle"]
    assert [term["name"] for term in article["mentions"]] == ["Gaiwan"]
    assert article["isPartOf"]["name"] == "Brewing"
    assert article["wordCount"] > 5
    entity = of_type(graph(output, "entity"), "WebPage")["mainEntity"]
    assert entity["@id"] == article["about"][0]["@id"]
    assert entity["sameAs"] == ["https://www.wikidata.org/wiki/Q191768", "https://kettle.example/"]
    terms = of_type(graph(output, "entities"), "CollectionPage")["mainEntity"]
    assert terms["@id"] == entity["inDefinedTermSet"]
    assert {term["@id"] for term in terms["hasDefinedTerm"]} >= {entity["@id"]}


def test_lists_name_published_pages(output: Path) -> None:
    """A cluster's list has what has a text: neither the planned article nor, on the map, anything but clusters."""
    listed = of_type(graph(output, "cluster"), "CollectionPage")["mainEntity"]
    assert [item["name"] for item in listed["itemListElement"]] == ["Brewing tea in a kettle", "Green tea"]
    listed = of_type(graph(output, "map"), "CollectionPage")["mainEntity"]
    assert [item["name"] for item in listed["itemListElement"]] == ["Brewing", "Leaves"]
    assert listed["numberOfItems"] == 2


def test_faq_is_marked_up_only_on_request() -> None:
    """Without `structured_data.faq` a page of questions is a page."""
    site = replace(Maker(whole=True).make(views.SiteView, "site"), url="/", absolute_url="https://example.com/")
    page = replace(example("faq", whole=True)[0], canonical="https://example.com/faq/")
    words = Renderer(default(), site, Urls("https://example.com/", PERMALINKS)).words("en")
    assert "FAQPage" not in Graphs(site, words).of(page, "T")
    assert '"FAQPage"' in Graphs(site, words, faq=True).of(page, "T")


@cache
def graphs() -> Graphs:
    """Return what makes graphs of made-up pages."""
    site = replace(Maker(whole=True).make(views.SiteView, "site"), url="/", absolute_url="https://example.com/")
    words = Renderer(default(), site, Urls("https://example.com/", PERMALINKS)).words("en")
    return Graphs(site, words, faq=True)


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "bare"])
@pytest.mark.parametrize("kind", PAGES)
def test_every_view_makes_a_sound_graph(kind: str, whole: bool) -> None:
    """Views with everything and with nothing give JSON in the vocabulary; no text ends the script element."""
    page, _ = example(kind, whole=whole)
    page = replace(page, canonical="https://example.com/x/", title="</script><!--<script>&")
    made = graphs().of(page, page.title)
    inner = made.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert not re.search("[<>&]", inner)
    nodes = json.loads(inner)["@graph"]
    known = ids_of(nodes)
    assert [fault for node in nodes for fault in faults(node, known)] == []


def test_script_cannot_be_left() -> None:
    """What would end the element or begin a comment is escaped, and reads the same."""
    text = '"</script><!-- ]]> & \u2028"'
    made = script(text)
    assert isinstance(made, Markup)
    inner = made.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert not re.search("[<>&]", inner)
    assert json.loads(inner) == json.loads(text)


# Heads


def metas(page: str) -> dict[str, str]:
    """Return the meta elements of a page by name or property."""
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', page)
    return {name: html.unescape(content) for name, content in found}


def test_social_networks(output: Path) -> None:
    """Open Graph and Twitter find title, description, type, address, site, locale, dates and a large picture."""
    page = (output / KINDS["pillar"]).read_text("utf-8")
    found = metas(page)
    assert found["og:title"] == "Brewing tea in a kettle"
    assert found["og:type"] == "article"
    assert found["og:url"] == "https://example.com/sub/tea/brewing/brewing-tea-in-a-kettle/"
    assert found["og:site_name"] == "Maps & <Co>"
    assert found["og:locale"] == "en_US"
    assert found["article:published_time"] == "2026-04-01"
    assert found["article:modified_time"] == "2026-05-01"
    assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
    assert found["og:image:alt"] == "Brewing tea in a kettle"
    assert found["twitter:card"] == "summary_large_image"
    picture = output / found["og:image"].removeprefix("https://example.com/sub/")
    assert Image.open(BytesIO(picture.read_bytes())).size == (1200, 630)
    assert found["robots"] == "max-image-preview:large"
    home = metas((output / "index.html").read_text("utf-8"))
    assert home["og:type"] == "website"
    assert (output / home["og:image"].removeprefix("https://example.com/sub/")).is_file()
    cluster, own = (metas((output / KINDS[kind]).read_text("utf-8"))["og:image"] for kind in ("cluster", "map"))
    assert cluster == own


def test_feeds_are_announced(output: Path) -> None:
    """The site's feed on every page, a map's on its pages, an author's on the author's; all exist."""
    for kind, path in (("map", "/sub/tea/feed.xml"), ("author", "/sub/authors/ada/feed.xml")):
        page = (output / KINDS[kind]).read_text("utf-8")
        links = re.findall(r'<link rel="alternate" type="application/atom\+xml" title="[^"]*" href="([^"]*)">', page)
        assert links == [path, "/sub/feed.xml"]
        assert all((output / link.removeprefix("/sub/")).is_file() for link in links)
    assert "Brewing tea in a kettle" in (output / "authors/ada/feed.xml").read_text("utf-8")
    assert "Green tea" not in (output / "authors/ada/feed.xml").read_text("utf-8")


def test_locales_have_a_country() -> None:
    """Open Graph wants a language with its country; where the tag has none it is the likeliest."""
    renderer = Renderer(default(), Maker(whole=True).make(views.SiteView, "site"), Urls("https://x.org/", PERMALINKS))
    found = [renderer.words(tag).open_graph for tag in ("en", "de", "pt-BR", "ja", "ar", "de-AT")]
    assert found == ["en_US", "de_DE", "pt_BR", "ja_JP", "ar_EG", "de_AT"]


# Files


def test_icons(output: Path) -> None:
    """PNGs of the icon are what its SVG shows; home screens get it on paper, with room round it."""
    page = (output / "index.html").read_text("utf-8")
    pattern = r'<link rel="([\w-]*icon)" (?:type="image/png" )?(?:sizes="\S+" )?href="([^"]*png)">'
    found = dict(re.findall(pattern, page))
    files = [output / found[name].removeprefix("/sub/") for name in ("icon", "apple-touch-icon")]
    small, touch = (Image.open(BytesIO(file.read_bytes())) for file in files)
    assert (small.size, small.mode) == ((48, 48), "RGBA")
    assert touch.size == (180, 180)
    assert small.getpixel((0, 0)) == (*small.getpixel((24, 24))[:3], 0)  # type: ignore[index]
    assert touch.convert("RGB").getpixel((0, 0)) == (251, 251, 248)
    assert touch.convert("RGB").getpixel((90, 90)) == small.getpixel((24, 24))[:3]  # type: ignore[index]
    data = json.loads((output / "site.webmanifest").read_text("utf-8"))
    assert '<link rel="manifest" href="/sub/site.webmanifest">' in page
    assert data["start_url"] == data["scope"] == "/sub/"
    assert [icon["sizes"] for icon in data["icons"]] == ["192x192", "512x512"]
    assert all((output / icon["src"].removeprefix("/sub/")).is_file() for icon in data["icons"])


def test_icon_that_cannot_be_drawn() -> None:
    """An icon of other shapes stays SVG alone; a theme's own PNGs are taken as they are."""
    theme = default()
    other = replace(theme.assets["icon.svg"], data=b'<svg viewBox="0 0 9 9"><path fill="red" d="M0 0h9v9z"/></svg>')
    assert icons_of(replace(theme, assets={**theme.assets, "icon.svg": other})) == {}
    own = replace(other, name="icon-180.png", path="/assets/icon-180.1.png", data=b"png")
    found = icons_of(replace(theme, assets={"icon.svg": other, "icon-180.png": own}))
    assert {size: icon.path for size, icon in found.items()} == {180: "/assets/icon-180.1.png"}
    assert draw(icons_of(theme)[48]) == draw(icons_of(theme)[48])
    assert len(draw(icons_of(theme)[512])) < 10_000


def test_speculation_rules(output: Path) -> None:
    """A header names the file, which has the media type that the standard demands, and rules that are JSON."""
    urls = Urls("https://example.com/sub/", PERMALINKS)
    rules = header_rules(urls, {})
    assert headers_of_file("tea/index.html", rules, "/sub")["Speculation-Rules"] == f'"/sub/{FILE}"'
    assert headers_of_file(FILE, rules, "/sub")["Content-Type"] == MEDIA_TYPE
    assert f"/sub/{FILE}\n  Content-Type: {MEDIA_TYPE}\n" in (output / "_headers").read_text("utf-8")
    (rule,) = json.loads((output / FILE).read_text("utf-8"))["prefetch"]
    assert rule["eagerness"] == "moderate"
    assert rule["where"]["and"][0] == {"href_matches": "/sub/*"}
    assert speculation_rules(urls) == (output / FILE).read_text("utf-8")
    assert content_type("site.webmanifest") == "application/manifest+json"


def test_pagefind_may_run_webassembly() -> None:
    """The policy allows WebAssembly where the site is searched by Pagefind, and nowhere else."""
    urls = Urls("https://example.com/", PERMALINKS)
    tables = [dict(header_rules(urls, {}, search)) for search in ("index", "pagefind")]
    policies = [table["/*"]["Content-Security-Policy"] for table in tables]
    assert ["wasm" in policy for policy in policies] == [False, True]


def test_pictures_have_sizes(output: Path) -> None:
    """Pictures in texts have width and height; all but the first load when they are near."""
    page = (output / KINDS["article"]).read_text("utf-8")
    first, second = re.findall(r"<img [^>]*>", page)
    assert first == '<img alt="Pot" src="/sub/tea/brewing/pot.png" width="30" height="20" decoding="async">'
    assert second == first.replace(" decoding", ' loading="lazy" decoding')


def test_pictures_keep_what_is_said() -> None:
    """What an author or the theme says of a picture stays; pictures of the theme are left alone."""
    text = (
        '<img src="/logo.svg" alt=""><img src="/a.png?x" alt="a > b" height="9"><img src="/b.png" loading="eager" />'
        '<img src="https://x.org/c.png" alt="">'
    )
    assert framed(text, lambda _: (1, 2), {"/a.png": "a.png", "/b.png": "b.png"}) == (
        '<img src="/logo.svg" alt=""><img src="/a.png?x" alt="a > b" height="9" decoding="async">'
        '<img src="/b.png" loading="eager" width="1" height="2" decoding="async">'
        '<img src="https://x.org/c.png" alt="" loading="lazy" decoding="async">'
    )


def test_sizes_of_pictures(tmp_path: Path) -> None:
    """Sizes of raster pictures as browsers show them, of SVG by attributes or view box; None where there is none."""
    turned = Image.Exif()
    turned[0x0112] = 6
    data = BytesIO()
    Image.new("RGB", (40, 30)).save(data, "JPEG", exif=turned)
    files = {
        "a.jpg": data.getvalue(),
        "b.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="12px" height="7.6" viewBox="0 0 1 1"/>',
        "c.svg": b'<svg viewBox="-5,-5 24 48" width="100%"/>',
        "d.svg": b"<svg/>",
        "e.png": b"not a picture",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    found = [size_of(tmp_path / name) for name in (*files, "gone.png")]
    assert found == [(30, 40), (12, 8), (24, 48), None, None, None]


def test_no_cards_on_request(tmp_path: Path) -> None:
    """`social_cards: false` is one line, and there is no card and no word of one."""
    config = SITE["site.yaml"] + "social_cards: false\n        search: off\n        feeds: false\n"
    root = write(tmp_path, {**SITE, "site.yaml": config})
    Image.new("RGB", (3, 2)).save(root / "content/maps/tea/brewing/pot.png")
    assert not build(Request(root, TODAY)).failed
    page = (root / "output" / KINDS["pillar"]).read_text("utf-8")
    assert "og:image" not in page
    assert metas(page)["twitter:card"] == "summary"
    assert not (root / "output/assets/cards").exists()
    assert not (root / "output/authors/ada/feed.xml").exists()
    assert not (root / "output/search.json").exists()
    assert 'class="find"' not in page


def test_config_says_who_publishes() -> None:
    """A publisher is an organization and an author a person unless site.yaml says otherwise."""
    config = SiteConfig(title="x")
    assert config.publisher.kind == "organization"


# Languages

TEE = """
        title: Tee zu Hause
        language: de
        translation_of: tea
        clusters:
          - title: Brühen
            slug: brewing
            pillar: {title: Tee im Kessel brühen, slug: brewing-tea-in-a-kettle}
            articles:
              - {title: Grüner Tee, slug: green-tea}
              - {title: Weißer Tee, slug: white-tea}
        """


def alternates(page: str) -> list[tuple[str, str]]:
    """Return languages and paths of a page's alternates."""
    pattern = r'<link rel="alternate" hreflang="([^"]*)" href="https://example\.com/sub/([^"]*)">'
    return re.findall(pattern, page)


def test_translations_name_each_other(tmp_path: Path) -> None:
    """A map that says of which it is a translation shares `hreflang` with it, page by page, in both directions."""
    files = {
        **SITE,
        "content/maps/tee/map.yaml": TEE,
        "content/maps/tee/brewing/pillar.md": "Wasser.\n",
        "content/maps/tee/brewing/white-tea.md": "Blätter.\n",
    }
    root = write(tmp_path, files)
    Image.new("RGB", (3, 2)).save(root / "content/maps/tea/brewing/pot.png")
    result = build(Request(root, TODAY))
    assert not result.failed, result.diagnostics
    output = root / "output"
    for path in ("", "brewing/", "plan/", "brewing/brewing-tea-in-a-kettle/"):
        expected = [("de", f"tee/{path}"), ("en", f"tea/{path}")]
        for folder in ("tea", "tee"):
            assert alternates((output / folder / path / "index.html").read_text("utf-8")) == expected
    for path in ("tea/brewing/green-tea", "tea/faq", "tee/brewing/white-tea", "entities"):
        assert alternates((output / path / "index.html").read_text("utf-8")) == []
    page = (output / "tee/brewing/brewing-tea-in-a-kettle/index.html").read_text("utf-8")
    switch = re.findall(r'<li><a href="([^"]+)" lang="(..)" hreflang="\2"( aria-current="true")?>([^<]+)</a>', page)
    assert switch == [
        ("/sub/tee/brewing/brewing-tea-in-a-kettle/", "de", ' aria-current="true"', "Deutsch"),
        ("/sub/tea/brewing/brewing-tea-in-a-kettle/", "en", "", "English"),
    ], "readers can change the language of the page"
    assert '<html lang="de" dir="ltr">' in page
    assert metas(page)["og:locale"] == "de_DE"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TEE.replace("of: tea", "of: te"), "there is no other map 'te' [unknown-reference]\n    did you mean 'tea'?"),
        (TEE.replace("of: tea", "of: tee"), "there is no other map 'tee' [unknown-reference]\n    did you mean 'tea'?"),
        (TEE.replace("language: de", ""), "the map 'tea' is in en already [value]\n    give this one its `language`"),
    ],
    ids=["unknown", "itself", "one language"],
)
def test_wrong_translations(tmp_path: Path, text: str, expected: str) -> None:
    """A translation is of another map, and in another language."""
    root = write(tmp_path, {**SITE, "content/maps/tee/map.yaml": text})
    Image.new("RGB", (3, 2)).save(root / "content/maps/tea/brewing/pot.png")
    found = [str(fault) for fault in build(Request(root, TODAY, write=False)).diagnostics if "map '" in fault.message]
    assert [re.sub(r"^\S+ error: ", "", fault) for fault in found] == [expected]
