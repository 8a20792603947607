"""Chromium over built sites: the server, the browser and the pages. For the tests, and for `screenshots.py`."""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import gzip
import http.server
import io
import re
import threading
import time
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

#: Bytes of a page that come at once from a dripping server, and the pause after them, seconds.
_DRIP, _DRIP_PAUSE = 2_000, 0.03

_KIND = re.compile(rb'<body class="on-([a-z0-9_]+)"')


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files with the headers that the site asks its host for."""

    rules: ClassVar[list[tuple[str, list[tuple[str, str]]]]] = []
    compressed: ClassVar[bool] = False
    dripping: ClassVar[bool] = False

    def end_headers(self) -> None:
        asked = [pair for pattern, pairs in self.rules if fnmatch.fnmatchcase(self.path, pattern) for pair in pairs]
        # What the site asks for replaces what the server says of itself.
        names = {name.lower().encode() for name, _ in asked}
        buffer: list[bytes] = getattr(self, "_headers_buffer", [])
        buffer[1:] = [line for line in buffer[1:] if line.split(b":")[0].lower() not in names]
        for name, value in asked:
            self.send_header(name, value)
        super().end_headers()

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """Give a file, compressed if the server compresses."""
        path = Path(self.translate_path(self.path))
        file = path / "index.html" if self.path.endswith("/") else path
        if not self.compressed or not file.is_file():
            return super().send_head()
        data = gzip.compress(file.read_bytes())
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        return io.BytesIO(data)

    def copyfile(self, source: BinaryIO, outputfile: BinaryIO) -> None:  # type: ignore[override]
        """Send a file; a page in drips if the server drips, as a slow network brings it."""
        if not self.dripping or not self.path.endswith(("/", ".html")):
            super().copyfile(source, outputfile)
            return
        while piece := source.read(_DRIP):
            outputfile.write(piece)
            outputfile.flush()
            time.sleep(_DRIP_PAUSE)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass


def _rules(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Read a `_headers` file: paths with the headers that pages below them get; caching is left out."""
    rules: list[tuple[str, list[tuple[str, str]]]] = []
    for line in text.splitlines():
        if line.startswith("/"):
            rules.append((line.strip(), []))
        elif ": " in line and not line.strip().startswith("Cache-Control"):
            name, _, value = line.strip().partition(": ")
            rules[-1][1].append((name, value))
    return rules


@contextlib.contextmanager
def served(output: Path, *, compressed: bool = False, dripping: bool = False) -> Iterator[str]:
    """Serve an output folder on a port of its own, with the headers of its `_headers`; yield its address.

    With `dripping`, pages arrive in pieces, so that the browser paints them before they are whole.
    """
    rules = _rules((output / "_headers").read_text("utf-8"))
    handler = type("_SiteHandler", (_Handler,), {"rules": rules, "compressed": compressed, "dripping": dripping})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(output)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def chromium(program: str) -> Iterator[Browser]:
    """Start the system's Chromium; nothing of it is left afterwards."""
    arguments = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def pages_by_kind(output: Path) -> dict[str, str]:
    """Return the URL of one page of each kind: the longest, which has most to get wrong."""
    found: dict[str, tuple[int, str]] = {}
    for file in sorted(output.rglob("*.html")):
        html = file.read_bytes()
        kind = _KIND.search(html)
        if kind:
            url = "/" + file.relative_to(output).as_posix().removesuffix("index.html")
            found[kind[1].decode()] = max(found.get(kind[1].decode(), (0, "")), (len(html), url))
    return {kind: url for kind, (_, url) in sorted(found.items())}
