"""The preview in a real browser: what an author sees after a save, without touching the page."""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tests.serve.running import Running, Site

pytestmark = pytest.mark.browser

expect.set_options(timeout=15_000)

PANEL = "topicsite-preview .panel"
BAR = "topicsite-preview .bar"
WHEEL = "content/maps/clay/forming/wheel.md"


@pytest.fixture(scope="module")
def chromium(system_part: Callable[[str], str]) -> Iterator[Browser]:
    """Start Chromium, once for this file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=system_part("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"],
        )
        yield browser
        browser.close()


class Tab:
    """A browser tab that counts how often its page was loaded, and fails on what the console calls an error."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.loads = 0
        self.faults: list[str] = []
        self.refuses = False
        page.on("load", lambda _: self._loaded())
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda m: self.faults.append(m.text) if m.type == "error" else None)

    def _loaded(self) -> None:
        self.loads += 1

    def open(self, running: Running, path: str) -> Page:
        """Open a page, and wait until it is connected: then its bar is there."""
        self.page.goto(running.address + path.lstrip("/"))
        expect(self.page.locator(BAR)).to_be_visible(timeout=10_000)
        return self.page


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Tab]:
    """Open a tab."""
    context = chromium.new_context(viewport={"width": 900, "height": 600})
    context.set_default_timeout(10_000)
    tab = Tab(context.new_page())
    yield tab
    context.close()
    assert not [fault for fault in tab.faults if "Failed to load resource" not in fault and not tab.refuses]


def until(page: Page, expression: str, value: object) -> None:
    """Wait until some JavaScript has a value; by asking, since a page's policy forbids what Playwright would do."""
    deadline = time.monotonic() + 15
    found: object = None
    while time.monotonic() < deadline:
        with contextlib.suppress(Error):  # asked while the page is being reloaded
            found = page.evaluate(expression)
            if found == value:
                return
        page.wait_for_timeout(20)
    pytest.fail(f"{expression} is {found!r}, not {value!r}")


def long_text(site: Site, *, last: str = "The end.") -> None:
    """Make an article of many screens."""
    paragraphs = [f"Paragraph {number} about clay on a wheel." for number in range(120)]
    site.write(WHEEL, "\n\n".join([*paragraphs, last]) + "\n")


def test_saved_text_is_on_screen(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """An edit of an article appears in its page, which nobody touched; the page stays where it was scrolled to."""
    long_text(site)
    running = preview()
    page = tab.open(running, "/clay/forming/wheel/")
    page.evaluate("scrollTo({top: 1500, behavior: 'instant'})")
    long_text(site, last="A new last sentence.")
    expect(page.locator("main")).to_contain_text("A new last sentence.")
    until(page, "scrollY", 1500)
    assert tab.loads == 2


def test_only_pages_that_changed_reload(site: Site, preview: Callable[..., Running], chromium: Browser) -> None:
    """A page that an edit does not change is not reloaded."""
    running = preview()
    context = chromium.new_context()
    here, there = Tab(context.new_page()), Tab(context.new_page())
    here.open(running, "/clay/forming/wheel/")
    there.open(running, "/about/")
    site.write(WHEEL, "Quite another text.\n")
    expect(here.page.locator("main")).to_contain_text("Quite another text.")
    there.page.wait_for_timeout(500)
    assert (here.loads, there.loads) == (2, 1)
    context.close()


def test_stylesheet_is_swapped(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """A changed stylesheet is taken without a reload: the page keeps its scroll position and its state."""
    site.write("themes/mine/theme.yaml", "title: Mine\nextends: default\n")
    site.write("themes/mine/assets/custom.css", "body { --test-mark: before; }\n")
    site.write("site.yaml", site.read("site.yaml") + "theme: mine\n")
    long_text(site)
    running = preview()
    page = tab.open(running, "/clay/forming/wheel/")
    page.evaluate("scrollTo({top: 1200, behavior: 'instant'}); window.untouched = true")
    mark = "getComputedStyle(document.body).getPropertyValue('--test-mark').trim()"
    assert page.evaluate(mark) == "before"
    for value in ("after", "and-again"):
        site.write("themes/mine/assets/custom.css", f"body {{ --test-mark: {value}; }}\n")
        until(page, mark, value)
        assert page.evaluate("window.untouched") is True
        assert page.evaluate("scrollY") == 1200
    until(page, "document.querySelectorAll('link[rel=stylesheet]').length", 2)
    assert tab.loads == 1
    site.write(WHEEL, "A text after the styles.\n")
    expect(page.locator("main")).to_contain_text("A text after the styles.")
    assert page.evaluate(mark) == "and-again"


def test_picture_of_the_page_reloads_it(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """A page is reloaded when a picture that it shows changed, under the same name."""
    square = "<svg xmlns='http://www.w3.org/2000/svg' width='{0}' height='20'><rect width='{0}' height='20'/></svg>"
    site.write("content/maps/clay/bowl.svg", square.format(20))
    site.write(WHEEL, "![A bowl](../bowl.svg)\n\nA bowl.\n")
    running = preview()
    page = tab.open(running, "/clay/forming/wheel/")
    width = "document.querySelector('main .prose img').naturalWidth"
    until(page, width, 20)
    page.wait_for_timeout(500)
    site.write("content/maps/clay/bowl.svg", square.format(60))
    until(page, width, 60)
    page.wait_for_timeout(400)
    assert tab.loads == 2


def test_error_panel_appears_and_goes(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """A mistake is shown over the last good page with its place, the line marked, and a link to the editor."""
    running = preview()
    page = tab.open(running, "/clay/")
    good = site.read("content/maps/clay/map.yaml")
    site.replace("content/maps/clay/map.yaml", "query: throwing clay", "qeury: throwing clay")
    panel = page.locator(PANEL)
    expect(panel).to_contain_text("The build failed: 1 error")
    expect(panel).to_contain_text("content/maps/clay/map.yaml:10:")
    expect(panel).to_contain_text("did you mean 'query'?")
    expect(panel.locator("span.here")).to_contain_text("Throwing on the wheel")
    expect(panel.locator("mark")).to_have_text(re.compile("^qeury"))
    expect(panel.locator(".where a")).to_have_attribute(
        "href", re.compile(rf"^vscode://file{site.root}/content/maps/clay/map.yaml:10:\d+$")
    )
    expect(page.locator("main")).to_contain_text("Pots from the first lump")  # the last good page
    assert tab.loads == 1
    printed = running.wait_for("map.yaml:10:")
    assert "unknown-key" in printed
    running.wait_for("qeury")
    running.wait_for("^^^^^")
    site.write("content/maps/clay/map.yaml", good)
    expect(panel).to_be_hidden()
    assert tab.loads == 1


def test_page_that_breaks_another(site: Site, preview: Callable[..., Running], chromium: Browser) -> None:
    """Where an edit of the page on screen breaks another page, every tab ends on the last good page, with the error.

    The page is made, and may be shown, before it is known that the other fails.
    """
    site.write(WHEEL, "Centre the clay.\n\n## Opening\n\nOpen it.\n")
    site.replace("content/maps/clay/forming/pinch.md", "[[wheel]]", "[[wheel#opening]]")
    running = preview()
    context = chromium.new_context()
    tabs = [Tab(context.new_page()) for _ in range(2)]
    for tab in tabs:
        tab.open(running, "/clay/forming/wheel/")
    good = running.ask("/clay/forming/wheel/").body
    site.replace(WHEEL, "## Opening", "## Widening")
    for tab in tabs:
        panel = tab.page.locator(PANEL)
        expect(panel).to_contain_text("content/maps/clay/forming/pinch.md:1:")
        expect(panel).to_contain_text("has no heading 'opening'")
        expect(tab.page.locator("main h2").first).to_have_text("Opening")
    assert running.ask("/clay/forming/wheel/").body == good
    site.replace("content/maps/clay/forming/pinch.md", "#opening", "#widening")
    for tab in tabs:
        expect(tab.page.locator("main h2").first).to_have_text("Widening")
        expect(tab.page.locator(PANEL)).to_be_hidden()
    context.close()


def test_hundreds_of_errors(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """Of very many errors the first are shown, and all are counted."""
    running = preview()
    page = tab.open(running, "/clay/")
    site.write(WHEEL, "\n\n".join(f"See [[nothing-{number}]]." for number in range(250)) + "\n")
    panel = page.locator(PANEL)
    expect(panel).to_contain_text("The build failed: 250 errors")
    expect(panel.locator("li")).to_have_count(200)
    expect(panel.locator(".more")).to_have_text(re.compile(r"^And \d+ more; `topicsite check` tells all of them\.$"))


def test_error_panel_shows_text_as_text(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """Nothing that an author writes is taken for HTML in the panel."""
    running = preview()
    page = tab.open(running, "/clay/")
    attack = "<img src=x onerror=document.title='broken'>"
    site.replace("content/maps/clay/map.yaml", "slug: pinch", f'slug: pinch, "{attack}": 1')
    panel = page.locator(PANEL)
    expect(panel).to_contain_text(attack)
    assert panel.locator("img").count() == 0
    assert page.title() != "broken"


def test_error_panel_for_a_template(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """A syntax error in a template is shown like any other, and goes with the mistake."""
    site.write("themes/mine/theme.yaml", "title: Mine\nextends: default\n")
    template = '{% extends "default/page.html.jinja" %}\n{% block main %}\n<p>Mine</p>\n{% endblock %}\n'
    site.write("themes/mine/templates/page.html.jinja", template)
    site.write("site.yaml", site.read("site.yaml") + "theme: mine\neditor: idea\n")
    running = preview()
    page = tab.open(running, "/about/")
    expect(page.locator("main")).to_have_text("Mine")
    site.write("themes/mine/templates/page.html.jinja", template.replace("{% endblock %}", "{% endblok %}"))
    panel = page.locator(PANEL)
    expect(panel).to_contain_text("themes/mine/templates/page.html.jinja:4:1")
    expect(panel.locator("span.here")).to_contain_text("{% endblok %}")
    file = r"idea://open\?file=.*/themes/mine/templates/page.html.jinja&line=4&column=1"
    expect(panel.locator(".where a")).to_have_attribute("href", re.compile(file))
    site.write("themes/mine/templates/page.html.jinja", template.replace("Mine", "Mended"))
    expect(page.locator("main")).to_have_text("Mended")
    expect(page.locator(PANEL)).to_be_hidden()


def test_panel_can_be_folded(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """The panel folds into a button, with a click or Escape, and unfolds."""
    running = preview()
    page = tab.open(running, "/clay/")
    site.write("content/maps/clay/forming/nowhere.md", "See [[nothing]].\n")
    panel = page.locator(PANEL)
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.locator("topicsite-preview .chip").click()
    expect(panel).to_be_visible()


def test_first_build_fails(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """Where there is no good build yet, every address shows what is wrong, and then the page."""
    site.write("content/maps/clay/map.yaml", "title: [Clay\n")
    running = preview()
    answer = running.page("/clay/")
    assert answer.status == 503
    tab.page.goto(f"{running.address}clay/")
    expect(tab.page.locator(PANEL)).to_contain_text("content/maps/clay/map.yaml:")
    site.write("content/maps/clay/map.yaml", "title: Clay\n")
    site.path("content/maps/clay/firing/bisque.md").unlink()
    for name in ("pillar", "pinch", "wheel"):
        site.path(f"content/maps/clay/forming/{name}.md").unlink()
    expect(tab.page.locator("h1")).to_contain_text("Clay")
    expect(tab.page.locator(PANEL)).to_be_hidden()


def test_removed_page_says_so(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """A page whose source is deleted says so and stays on screen; when the source is back, so is the page."""
    running = preview()
    page = tab.open(running, "/about/")
    text = site.read("content/pages/about.md")
    site.path("content/pages/about.md").unlink()
    panel = page.locator(PANEL)
    expect(panel).to_contain_text("This page no longer exists")
    expect(page.locator("main")).to_contain_text("Who writes this.")
    assert running.ask("/about/").status == 404
    assert tab.loads == 1
    site.write("content/pages/about.md", text.replace("Who writes", "Who wrote"))
    expect(page.locator("main")).to_contain_text("Who wrote this.")
    expect(panel).to_be_hidden()


def test_missing_page_appears(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """Who looks at the page for what does not exist sees the new page as soon as it is written."""
    running = preview()
    tab.page.goto(f"{running.address}new-page/")
    expect(tab.page.locator("main")).to_be_visible()
    tab.page.wait_for_timeout(300)
    site.write("content/pages/new-page.md", "---\ntitle: New\n---\nHere it is.\n")
    expect(tab.page.locator("main")).to_contain_text("Here it is.")


def test_moved_page_is_followed(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """A page that gets a new address, with a redirect from the old one, is followed there."""
    running = preview()
    page = tab.open(running, "/about/")
    site.path("content/pages/about.md").unlink()
    site.write("content/pages/us.md", "---\ntitle: Us\nredirect_from: [/about/]\n---\nWe write this.\n")
    expect(page.locator("main")).to_contain_text("We write this.")
    assert page.url == f"{running.address}us/"


def test_bar_tells_of_the_page(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """The bar tells status, source, words and links, and opens the source; it follows edits."""
    running = preview()
    page = tab.open(running, "/clay/forming/pinch/")
    bar = page.locator(BAR)
    expect(bar.locator(".status")).to_have_text("published")
    source = bar.locator(".source a")
    expect(source).to_have_text("content/maps/clay/forming/pinch.md")
    expect(source).to_have_attribute("href", f"vscode://file{site.root}/content/maps/clay/forming/pinch.md:1:1")
    expect(bar.locator(".words")).to_have_text("10 words of 900 planned")
    expect(bar.locator(".links")).to_contain_text(re.compile(r"^\d+ links? in, \d+ out"))
    expect(bar.locator(".reserved")).to_have_count(0)
    site.write("content/maps/clay/forming/pinch.md", "Press a thumb into clay. See [[slabs]] and [[kilns]].\n")
    expect(bar.locator(".reserved")).to_have_text(re.compile(r"^[1-9]\d* reserved$"))
    site.write("content/maps/clay/forming/pinch.md", "Press a thumb into clay.\n")
    expect(bar.locator(".words")).to_have_text("5 words of 900 planned")
    page.goto(f"{running.address}clay/firing/")
    expect(bar.locator(".source a")).to_have_attribute("href", re.compile(r"content/maps/clay/map\.yaml:12:1$"))


def test_unpublished_things_are_marked(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """With --drafts a draft, a scheduled and a planned article have pages, and the bar says what they are."""
    site.write("content/maps/clay/forming/wheel.md", "---\npublish_on: 2999-01-01\n---\nCentre the clay.\n")
    running = preview("--drafts")
    page = tab.open(running, "/clay/firing/bisque/")
    status = page.locator(BAR).locator(".status")
    expect(page.locator("main")).to_contain_text("The first firing makes clay hard.")
    expect(status).to_have_text("draft")
    tab.open(running, "/clay/forming/wheel/")
    expect(status).to_have_text("scheduled for 2999-01-01")
    tab.open(running, "/clay/forming/slabs/")
    expect(status).to_have_text("planned")
    expect(page.locator(BAR).locator(".source a")).to_have_attribute("href", re.compile(r"map\.yaml:11:"))


def test_reconnects(site: Site, chromium: Browser, tmp_path: Path) -> None:
    """A page whose preview ended says so, and comes up to date when it runs again."""
    first = Running.started(site)
    port = first.port
    context = chromium.new_context()
    tab = Tab(context.new_page())
    page = tab.open(first, "/about/")
    first.stop()
    expect(page.locator(BAR)).to_contain_text("The preview has ended")
    site.write("content/pages/about.md", "---\ntitle: About\n---\nWritten meanwhile.\n")
    with Running.started(site, "--port", str(port)):
        expect(page.locator("main")).to_contain_text("Written meanwhile.", timeout=15_000)
    context.close()
    assert tmp_path.exists()


def test_strict_policy_lets_the_client_work(site: Site, preview: Callable[..., Running], tab: Tab) -> None:
    """The client runs under a policy that forbids all scripts but those with a nonce, and the policy stays strict."""
    site.write(
        "site.yaml",
        site.read("site.yaml")
        + "headers: {/about/*: {Content-Security-Policy: \"default-src 'none'; style-src 'self'; "
        "script-src 'strict-dynamic' 'nonce-abc'\"}}\n",
    )
    tab.refuses = True  # the theme's own scripts and pictures, as they would be on the CDN
    running = preview()
    page = tab.open(running, "/about/")
    site.write("content/pages/about.md", "---\ntitle: About\n---\nUnder a strict policy.\n")
    expect(page.locator("main")).to_contain_text("Under a strict policy.")


def test_foreign_page_gets_nothing(preview: Callable[..., Running], chromium: Browser) -> None:
    """A page of another site in the same browser can neither open the socket nor read a page nor reload browsers."""
    running = preview()
    context = chromium.new_context()
    page = context.new_page()
    page.route("http://evil.test/", lambda route: route.fulfill(body="<p>evil</p>", content_type="text/html"))
    page.goto("http://evil.test/")
    told = page.evaluate(
        """async (address) => {
          const host = new URL(address).host;
          const opened = await new Promise((tell) => {
            const socket = new WebSocket(`ws://${host}/livereload`);
            socket.onopen = () => tell("open");
            socket.onerror = () => tell("refused");
          });
          const read = await fetch(address).then((answer) => answer.text(), () => "refused");
          const image = await new Promise((tell) => {
            const element = new Image();
            element.onload = () => tell("shown");
            element.onerror = () => tell("refused");
            element.src = address + "assets/icon.svg";
          });
          return [opened, read, image];
        }""",
        running.address,
    )
    assert told == ["refused", "refused", "refused"]
    context.close()
