"""The browser tabs: what each shows, compared with how the output is now, and what they are told.

`session.py` says when something was published, or made early. Whether a tab shows what the output holds is compared,
not remembered: when a page connects, and after every build, so that no lost message, sleep or restart leaves an old
page on screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin, urlsplit

from builder.serve import http
from builder.serve.inject import styles_of
from builder.serve.output import NOT_FOUND, Output, decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Browser(Protocol):
    """A browser tab that is connected (channel.py)."""

    url_path: str
    version: str
    rest: str
    generation: int
    loads: frozenset[str]
    sheets: frozenset[str]
    ours: bool
    told: str

    def send(self, message: Mapping[str, object]) -> None:
        """Send a message."""


class Tabs:
    """The tabs that are connected.

    `generation` counts what was made since the preview began; `changed_in` says in which of them a file became another.
    """

    def __init__(self, output: Output) -> None:
        """Take what is served; nobody is connected yet."""
        self.output = output
        self.open: set[Browser] = set()
        self.generation = 1
        self.changed_in: dict[str, int] = {}

    def awaited(self) -> frozenset[str]:
        """Return the files that are on screen: the pages, and what they load."""
        paths = {path for browser in self.open for path in (browser.url_path, *browser.loads)}
        return frozenset(self.output.find(path).name for path in paths) - {"", NOT_FOUND}

    def changed(self, names: Iterable[str]) -> None:
        """Take that files are others now."""
        self.generation += 1
        self.changed_in |= dict.fromkeys(names, self.generation)

    def show_early(self, files: Mapping[str, bytes]) -> None:
        """Serve some files before all others are published, and those of the folder instead of others before."""
        before, self.output.early = self.output.early, files
        if before or files:
            self.changed(name for name in {*before, *files} if before.get(name) != files.get(name))
            self.compare_all()

    def tell_all(self, message: Mapping[str, object]) -> None:
        """Send a message to every browser that has our client."""
        for browser in tuple(self.open):
            if browser.ours:
                browser.send(message)

    def compare_all(self, *, everything: bool = False) -> None:
        """Compare what each browser shows with how it is now."""
        for browser in tuple(self.open):
            self.compare(browser, everything=everything)

    def compare(self, browser: Browser, *, everything: bool = False) -> None:
        """Tell a browser to reload, to swap stylesheets or that its page is gone, if what it shows is not so now."""
        found = self.output.find(browser.url_path)
        if found.status == 503 or (found.location and not browser.ours):  # noqa: PLR2004 - nothing built yet
            return
        file = http.contents(self.output, found.name) if found.name else None
        version = f"{found.status}-{file[1] if file else ''}"
        loads = {name for path in browser.loads if (name := self.name(path)) and self.newer(name, browser)}
        if not browser.ours:
            if self.newer(found.name, browser):
                browser.generation = self.generation
                browser.send({"command": "reload", "path": browser.url_path, "liveCSS": True, "liveImg": True})
            return
        if not found.location and version == browser.version and not loads and not everything:
            browser.told = ""
            return
        newest = self.generation if everything else max((self.changed_in[name] for name in loads), default=0)
        news = f"{found.location}|{version}|{newest}"
        if browser.told == news:
            return
        browser.told = news
        if found.status == 404 and browser.version.startswith("200"):  # noqa: PLR2004
            browser.send({"command": "removed", "path": browser.url_path})
            return
        message = None if everything or found.location else self.styles(browser, file, version, loads)
        if message is not None:
            browser.send(message)
            return
        browser.send({"command": "reload", "path": browser.url_path, "liveCSS": False})

    def styles(
        self, browser: Browser, file: tuple[bytes, str] | None, version: str, loads: set[str]
    ) -> Mapping[str, object] | None:
        """Return the message that swaps stylesheets, or None where more than they has changed.

        What the browser shows from now on is noted here, before it says so.
        """
        sheets = {name for path in browser.sheets if (name := self.name(path))}
        if file is None or version[:3] != browser.version[:3] or not loads <= sheets:
            return None
        styles = styles_of(file[0])
        if styles.rest != browser.rest:
            return None
        message = {
            "command": "styles",
            "hrefs": list(styles.hrefs),
            "stale": [path for path in browser.sheets if self.name(path) in loads],
            "version": version,
            "generation": self.generation,
        }
        now = frozenset(urlsplit(urljoin(browser.url_path, href)).path for href in styles.hrefs)
        browser.loads, browser.sheets = (browser.loads - browser.sheets) | now, now
        browser.version, browser.generation, browser.told = version, self.generation, ""
        return message

    def newer(self, name: str, browser: Browser) -> bool:
        """Tell whether a file was changed after the browser got its page."""
        return self.changed_in.get(name, 0) > browser.generation

    def name(self, path: str) -> str:
        """Return the file that a URL's path is, '' where it is none."""
        found = self.output.find(path)
        return found.name if found.status == 200 else self.gone(path)  # noqa: PLR2004

    def gone(self, path: str) -> str:
        """Return the name that a deleted file had."""
        decoded = decode(path) or ""
        name = decoded.removeprefix(f"{self.output.base}/").lstrip("/")
        return name if name in self.changed_in else ""

    def site_path(self, path: str) -> str | None:
        """Return the path within the site of a URL's path."""
        decoded = decode(path)
        if decoded is None or not decoded.startswith(f"{self.output.base}/"):
            return None
        return decoded.removeprefix(self.output.base)
