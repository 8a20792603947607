"""What readers do on a page: sort, filter, copy, choose a scheme, and all of it by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def context(browser: Browser, example_url: str) -> Iterator[BrowserContext]:
    """A reader's browser with a light system and the example open to it."""
    made = browser.new_context(base_url=example_url, color_scheme="light", viewport={"width": 1280, "height": 800})
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab of that browser."""
    return context.new_page()


def column(page: Page, key: str) -> list[str]:
    """Return the texts of a column of the first table, from the top."""
    heads = page.locator("table[data-table]").first.locator("thead th")
    index = [head.get_attribute("data-key") for head in heads.all()].index(key)
    rows = page.locator("table[data-table]").first.locator("tbody > tr").all()
    return [row.locator(":scope > *").nth(index).inner_text().strip() for row in rows]


def query(page: Page) -> dict[str, list[str]]:
    """Return what the page's URL says after its `?`."""
    return parse_qs(urlsplit(page.url).query)


def test_sort(page: Page) -> None:
    """A head sorts its column, a second time the other way; the URL keeps it, and a page opened by it is sorted."""
    page.goto("/flask/design/")
    words = column(page, "words")
    head = page.locator("thead th[data-key=words]").first
    head.get_by_role("button").click()
    assert column(page, "words") == sorted(words, key=_number)
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").click()
    assert column(page, "words") == sorted(words, key=_number, reverse=True)
    assert query(page)["sort"] == ["-words"]
    page.goto(page.url)
    assert column(page, "words") == sorted(words, key=_number, reverse=True)
    expect(page.locator("thead th[data-key=words]").first).to_have_attribute("aria-sort", "descending")


def _number(text: str) -> int:
    return int(text.replace(",", "") or 0)


def test_filter(page: Page) -> None:
    """Text and choices leave the rows that fit, say how many, and are kept in the URL; resetting shows all again."""
    page.goto("/flask/")
    area = page.locator("[data-filter='']")
    rows = area.locator("[data-priority]")
    everything = rows.count()
    area.locator("input[type=search]").fill("Celery")
    shown = area.locator("[data-priority]:not([hidden])")
    found = shown.count()
    assert 0 < found < everything
    assert all("celery" in text.lower() for text in shown.evaluate_all("all => all.map(e => e.textContent)"))
    assert query(page)["q"] == ["Celery"]
    area.locator("select[name=priority]").select_option("high")
    assert shown.count() < found
    assert query(page) == {"q": ["Celery"], "priority": ["high"]}
    few = shown.count()
    page.goto(page.url)
    expect(page.locator("[data-filter=''] input[type=search]")).to_have_value("Celery")
    assert shown.count() == few
    area.get_by_role("button", name="Show all").click()
    expect(shown).to_have_count(everything)
    assert query(page) == {}


def test_filter_by_status(page: Page) -> None:
    """The articles that are published can be seen alone."""
    page.goto("/flask/?status=published")
    shown = page.locator("[data-filter=''] [data-priority]:not([hidden])")
    assert set(shown.evaluate_all("all => all.map(e => e.dataset.status)")) == {"published"}


def test_filter_by_cluster(page: Page) -> None:
    """The articles of one cluster can be seen alone: its pillar and they, under its title."""
    page.goto("/flask/")
    area = page.locator("[data-filter='']")
    area.get_by_label("Cluster").select_option("Testing, CI/CD & Quality")
    shown = area.locator("[data-priority]:not([hidden])")
    assert set(shown.evaluate_all("all => all.map(e => e.closest('.cluster').id)")) == {"cluster-testing"}
    assert query(page) == {"cluster": ["testing"]}
    page.goto(page.url)
    expect(shown).to_have_count(6)


def test_copy_prompt(context: BrowserContext, page: Page) -> None:
    """A prompt opens and is copied as it stands, and the button says so."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/flask/design/")
    prompt = page.locator(".prompt").first
    prompt.locator("summary").click()
    text = prompt.locator("pre").inner_text()
    button = prompt.get_by_role("button", name="Copy")
    button.hover()
    button.click()
    expect(prompt.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").strip() == text.strip()


def test_scheme(context: BrowserContext, page: Page) -> None:
    """The switch changes the scheme; other pages and later visits keep it; chosen back, the system decides again."""
    dark = "getComputedStyle(document.documentElement).colorScheme"
    page.goto("/flask/")
    assert page.evaluate(dark) == "light"
    switch = page.locator(".switch")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    assert page.evaluate(dark) == "dark"
    expect(switch).to_have_attribute("aria-pressed", "true")
    page.goto("/entities/")
    assert page.evaluate(dark) == "dark"
    other = context.new_page()
    other.goto("/")
    assert other.evaluate(dark) == "dark"
    other.locator(".switch").click()
    assert other.evaluate(dark) == "light"
    assert other.evaluate("localStorage.getItem('scheme')") is None


def test_keyboard(page: Page) -> None:
    """Tab leads first to the link that skips to the text; heads sort and prompts open by keyboard; focus is seen."""
    page.goto("/flask/design/")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    expect(focused).to_have_class("skip")
    expect(focused).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    button = page.locator("thead th[data-key=title]").first.get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    assert column(page, "title") == sorted(column(page, "title"), key=str.casefold)
    page.locator(".prompt summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".prompt pre").first).to_be_visible()
    outline = page.evaluate(
        """() => { const link = document.querySelector("main a"); link.focus({ focusVisible: true });
        return getComputedStyle(link).outlineStyle; }"""
    )
    assert outline != "none"


def test_search(page: Page) -> None:
    """`/` opens the search; results stand in groups; arrows, Enter and Escape do what readers expect."""
    page.goto("/how-it-works/")
    page.keyboard.press("/")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.locator("input")).to_be_focused()
    page.keyboard.type("blueprints")
    results = dialog.locator(".results a")
    expect(results.first).to_be_visible()
    assert dialog.locator(".results h2").count() > 0
    assert violations(page) == []
    page.keyboard.press("ArrowDown")
    expect(results.first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(dialog.locator("input")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Search").click()
    expect(dialog).to_be_visible()
    dialog.locator("input").fill("application factory and blueprints")
    expect(results.first).to_contain_text("application factory", ignore_case=True)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("application factory", ignore_case=True)


def test_marks_of_pictures(page: Page) -> None:
    """A mark of the diagram leads to its page and says what it is; the Tab key skips it."""
    page.goto("/flask/")
    marks = page.locator(".diagram svg a")
    assert marks.count() > 7
    assert set(marks.evaluate_all("all => all.map(e => e.getAttribute('tabindex'))")) == {"-1"}
    first = page.locator(".diagram svg a:has(.spoke)").first
    name = first.locator("title").text_content() or ""
    assert name.endswith("· Published")
    first.click()
    expect(page.locator("h1")).to_have_text(name.rpartition(" · ")[0])


def test_parts_of_a_map(page: Page) -> None:
    """The part of a map that is open is marked, and on a phone in sight, though not all parts fit side by side."""
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/flask/ideas/")
    here = page.locator(".parts [aria-current=page]")
    expect(here).to_have_text("Article ideas")
    expect(here).to_be_in_viewport(ratio=0.9)
    page.goto("/flask/design/app-factory/")
    expect(page.locator(".parts [aria-current=true]")).to_have_text("Map")
    expect(page.locator(".nav [aria-current=true]")).to_have_text("Maps")
