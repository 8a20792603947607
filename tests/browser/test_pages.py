"""Every kind of page in a real browser: accessible, still, within its window, silent, with nothing from elsewhere."""

from __future__ import annotations

import gzip
import html
import re
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import pages_by_kind, served
from tests.browser.html import faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

KINDS = [
    "404", "article", "author", "cluster", "category", "entities", "entity", "faq", "home", "ideas", "map",
    "map_entities", "outline", "page", "pillar", "plan",
]  # fmt: skip
AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
#: Layout shift, summed from the first paint on (web.dev/cls counts what no input of the reader explains).
SHIFT = """
window.__shift = 0;
new PerformanceObserver(list => list.getEntries().forEach(e => { if (!e.hadRecentInput) window.__shift += e.value; }))
  .observe({ type: "layout-shift", buffered: true });
"""


@contextmanager
def opened(browser: Browser, scheme: str, width: int, *, scripts: bool = True) -> Iterator[tuple[Page, list[str]]]:
    """Open a page in a context of its own; what must not happen on it is gathered in the list."""
    context = browser.new_context(
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 800},
        java_script_enabled=scripts,
    )
    context.add_init_script(SHIFT)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda fault: wrong.append(str(fault)))
    page.on(
        "request",
        lambda request: (
            wrong.append(f"a request leaves the site: {request.url}")
            if not re.match(r"http://127\.0\.0\.1:|data:", request.url)
            else None
        ),
    )
    try:
        yield page, wrong
    finally:
        context.close()


def laid_out(page: Page) -> None:
    """Have the whole page laid out: parts far below the window may wait, and have no size of their own till then."""
    rule = "* { content-visibility: visible !important; }"
    page.evaluate("rule => document.styleSheets[0].insertRule(rule)", rule)


def violations(page: Page, only: str = "") -> list[str]:
    """Return what axe-core finds on a page: all of its rules for WCAG up to 2.2 AA, and its best practices.

    `only` is `targets`, the sizes of links and buttons on the page as it was opened, parts that wait with their layout
    included; `colors`, of which one element of each kind is looked at; or `structure`, all but colors. Elements of the
    same names and classes all the way up to the body have the same colors, and axe-core takes its time for each.
    """
    if only != "targets":
        laid_out(page)
    page.evaluate("new Promise(done => requestIdleCallback(done))")  # the page's own wait before this one
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate(_RUN, only)
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: {node['html'][:200]} {node.get('failureSummary', '')}"
        for rule in found
        for node in rule["nodes"][:3]
    ]


_RUN = """only => {
  const colors = ["color-contrast", "link-in-text-block"];
  const options = { resultTypes: ["violations"], selectors: false, rules: { "target-size": { enabled: true } } };
  let where = document;
  if (only === "structure") colors.forEach(rule => { options.rules[rule] = { enabled: false }; });
  if (only === "targets") options.runOnly = ["target-size"];
  if (only === "colors") {
    options.runOnly = colors;
    options.rules = {};
    const kinds = new Map();
    for (const element of document.querySelectorAll("body *")) {
      if (!Array.from(element.childNodes).some(node => node.nodeType === 3 && node.data.trim())) continue;
      if (!element.checkVisibility({ checkVisibilityCSS: true })) continue;
      const kind = [];
      for (let at = element; at !== document.body; at = at.parentElement) {
        kind.push(at.localName, at.getAttribute("class"), at.getAttribute("aria-current"), at.hasAttribute("href"));
      }
      if (!kinds.has(kind.join())) kinds.set(kind.join(), element);
    }
    where = { include: Array.from(kinds.values()) };
  }
  return axe.run(where, options).then(result => result.violations);
}"""


def overflow(page: Page) -> list[str]:
    """Return what makes a page wider than its window."""
    laid_out(page)
    found: list[str] = page.evaluate(
        """() => {
        const wide = document.documentElement.clientWidth;
        if (document.documentElement.scrollWidth <= wide) return [];
        return Array.from(document.querySelectorAll("body *"))
          .filter(e => e.getBoundingClientRect().width)
          .filter(e => e.getBoundingClientRect().right > wide + 1 || e.getBoundingClientRect().left < -1)
          .map(e => e.outerHTML.slice(0, 120));
        }"""
    )
    return found


def test_every_kind_is_tested(kinds: dict[str, str]) -> None:
    """The example has every kind of page that is tested, and none that is not."""
    assert sorted(kinds) == sorted(KINDS)


@pytest.fixture(scope="module")
def tabs(browser: Browser) -> Iterator[dict[str, tuple[Page, list[str]]]]:
    """Tabs for many pages one after the other: on a phone, on a desktop, and without JavaScript."""
    with (
        opened(browser, "light", 360) as phone,
        opened(browser, "light", 1280) as desktop,
        opened(browser, "light", 1280, scripts=False) as plain,
    ):
        for page, _ in (phone, desktop):
            page.context.add_init_script(AXE)
        yield {"phone": phone, "desktop": desktop, "plain": plain}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_page(
    tabs: dict[str, tuple[Page, list[str]]], example_url: str, kinds: dict[str, str], kind: str, device: str
) -> None:
    """A page of each kind has no fault that axe-core knows in both schemes and widths, is quiet and still, and fits."""
    page, wrong = tabs[device]
    wrong.clear()
    width = {"phone": 360, "desktop": 1280}[device]
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="light")
    page.goto(example_url + kinds[kind])
    page.wait_for_timeout(100)
    assert page.evaluate("window.__shift") <= 0.02, "the layout shifts"
    assert violations(page, "targets") == []
    assert overflow(page) == []
    assert violations(page, "structure") == []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page, "colors") == [], scheme
    assert_fits(page, kind, 768, 320)
    assert wrong == []


@pytest.mark.parametrize("kind", KINDS)
def test_without_javascript(
    tabs: dict[str, tuple[Page, list[str]]], example_url: str, kinds: dict[str, str], kind: str
) -> None:
    """Without JavaScript every text and every link of a page is there and shown."""
    (page, _), (plain, wrong) = tabs["desktop"], tabs["plain"]
    wrong.clear()
    if page.url != example_url + kinds[kind]:
        page.goto(example_url + kinds[kind])
    links = page.eval_on_selector_all("main a[href]", "all => all.map(e => e.getAttribute('href'))")
    plain.goto(example_url + kinds[kind])
    there = re.findall(r'<a\b[^>]* href="([^"]*)"', plain.locator("main").inner_html())
    assert set(links) <= {html.unescape(link) for link in there}
    assert plain.locator("main [hidden]").count() == 0
    assert plain.locator("h1").is_visible()
    assert wrong == []


def test_colors_are_looked_at(browser: Browser, example_url: str) -> None:
    """The rules for colors find a fault in the element of a kind that has one, in the scheme that has it."""
    with opened(browser, "light", 1280) as (page, _):
        page.goto(f"{example_url}/how-it-works/")
        rule = "@media (prefers-color-scheme: dark) { .crumbs a { color: #333 !important; } }"
        page.evaluate("rule => document.styleSheets[0].insertRule(rule)", rule)
        assert violations(page, "colors") == []
        page.emulate_media(color_scheme="dark")
        assert [fault.partition(" ")[0] for fault in violations(page, "colors")] == ["color-contrast"]


@pytest.mark.parametrize("width", [360, 1280])
def test_no_shift_while_a_page_arrives(browser: Browser, example: Path, kinds: dict[str, str], width: int) -> None:
    """What was painted of a page that comes slowly stays where it is when the rest has come."""
    with served(example, dripping=True) as address, opened(browser, "light", width) as (first, _):
        urls = list(kinds.values())
        pages = [first, *(first.context.new_page() for _ in urls[1:])]
        for page, url in zip(pages, urls, strict=True):
            page.goto(address + url, wait_until="commit")
        for page, url in zip(pages, urls, strict=True):
            page.wait_for_load_state("load")
            page.wait_for_timeout(50)
            assert page.evaluate("window.__shift") <= 0.02, url


def assert_fits(page: Page, name: str, *widths: int) -> None:
    """Fail if a page is wider than one of these windows."""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        assert overflow(page) == [], f"{name} {width}"


@pytest.mark.parametrize("map_", ["komposita", "kissa", "qahwa", "atlas"])
def test_pages_in_other_languages(browser: Browser, world: Path, world_url: str, map_: str) -> None:
    """The pages with pictures hold for axe-core in German, Japanese and Arabic, and for a large map; all words fit."""
    with opened(browser, "light", 360) as (page, wrong):
        page.context.add_init_script(AXE)
        for url in pages_of_map(world, map_):
            page.goto(world_url + url)
            assert violations(page, "structure") == [], url
            assert violations(page, "colors") == [], url
            assert_fits(page, url, 320, 1280)
            page.set_viewport_size({"width": 360, "height": 800})
        assert wrong == []


def test_no_horizontal_scroll_on_further_pages(browser: Browser, world: Path, world_url: str) -> None:
    """The longest page of each kind fits as well."""
    with opened(browser, "light", 1280) as (page, wrong):
        for url in pages_by_kind(world).values():
            page.goto(world_url + url)
            assert_fits(page, url, 1280, 320)
        assert wrong == []


def pages_of_map(world: Path, slug: str) -> list[str]:
    """Return the URLs of a map, its plan, its entities, a cluster and a brief or text of it."""
    brief = next(
        f"/{file.parent.relative_to(world).as_posix()}/"
        for file in sorted((world / slug).rglob("index.html"))
        if b'class="on-brief"' in file.read_bytes()
    )
    return [f"/{slug}/", f"/{slug}/plan/", f"/{slug}/entities/", f"/{slug}/c0/", brief]


def test_html(example: Path, world: Path, kinds: dict[str, str], tmp_path: Path) -> None:
    """The HTML of every kind of page keeps the rules of the standard."""
    of_world = pages_by_kind(world)
    assert "brief" in of_world
    chosen = [
        site / (url.strip("/") + "/index.html" if url.endswith("/") else url.strip("/")).lstrip("/")
        for site, urls in ((example, kinds), (world, of_world))
        for url in urls.values()
    ]
    assert faults_of(chosen, tmp_path) == []


def test_html_checker_finds_faults(tmp_path: Path) -> None:
    """The checker that finds no fault in the pages finds those that are there."""
    (tmp_path / "wrong.html").write_text(
        '<!doctype html><html lang="en"><head><title>x</title></head><body>'
        '<p><div id="a"></div></p><i id="a"></i></body></html>'
    )
    found = "\n".join(faults_of([tmp_path / "wrong.html"], tmp_path))
    assert "no-dup-id" in found
    assert "close-order" in found


def test_weight(example: Path, kinds: dict[str, str]) -> None:
    """Compressed, an article is under 14 KB of HTML, and all CSS and JavaScript together under 20 KB."""
    article = (example / kinds["article"].strip("/") / "index.html").read_bytes()
    assert len(gzip.compress(article, 9)) < 14_000
    assets = [file.read_bytes() for file in (example / "assets").iterdir() if file.suffix in {".css", ".js"}]
    assert sum(len(gzip.compress(data, 9)) for data in assets) < 20_000
