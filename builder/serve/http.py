"""Answers over HTTP as a CDN gives them: clean URLs, status, headers, ETag, ranges, gzip.

Only this differs from a CDN: pages that a browser asks for (`Accept: text/html`) have the client's script in them, and
with it a policy that allows it. Who asks for anything else, like curl, gets the bytes of the build.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from builder.emit.headers import content_type
from builder.files import digest
from builder.serve.inject import injected, styles_of, tag
from builder.serve.policy import widened

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from builder.serve.guard import Guard
    from builder.serve.output import Found, Output
    from builder.serve.session import Session

#: Bytes: from here on a file is sent in pieces and not compressed; below the other nothing is compressed.
LARGE = 4_000_000
SMALL = 512
PIECE = 256_000
_COMPRESSED = re.compile(r"text/|application/(?:json|javascript|xml|.*\+json|.*\+xml)|image/svg|font/(?:ttf|otf)")
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")


class Guarded(RequestHandler):
    """A handler that answers nobody whom the guard does not know."""

    guard: Guard

    def initialize(self, guard: Guard) -> None:
        """Take who may ask."""
        self.guard = guard

    def set_default_headers(self) -> None:
        """Set what goes with every answer: other sites may neither read nor embed it."""
        self.clear_header("Content-Type")
        self.set_header("Server", "topicsite")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")

    def prepare(self) -> None:
        """Refuse requests under a foreign name."""
        if not self.guard.allows_host(self.request.headers.get_list("Host")):
            names = " and ".join(sorted(name for name in self.guard.names if ":" not in name))
            self.refuse(403, f"This preview answers to {names} only. Another name: topicsite serve --host NAME")

    def refuse(self, status: int, text: str) -> None:
        """End the request with a line of text."""
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        _ = self.finish(f"{text}\n")

    def write_error(self, status_code: int, **_: object) -> None:
        """Answer with the status as text, never with a traceback."""
        if status_code == 405:  # noqa: PLR2004
            self.set_header("Allow", "GET, HEAD")
        self.refuse(status_code, self._reason)

    def compute_etag(self) -> None:
        """Leave the ETag to the handlers."""
        return


class Answering(Guarded):
    """A handler that answers GET, and HEAD without the body."""

    def get(self) -> Awaitable[None] | None:
        """Answer."""
        return self.answer()

    def head(self) -> Awaitable[None] | None:
        """Answer; tornado leaves out the body."""
        return self.answer()

    async def answer(self) -> None:
        """Answer that there is nothing."""
        self.refuse(404, "Not Found")


class Missing(Answering):
    """Where livereload has addresses that this preview does not: nobody reloads the browsers from outside."""


@cache
def client_script() -> bytes:
    """Return the script that pages load."""
    return files("builder.serve").joinpath("client.js").read_bytes()


class ClientScript(Answering):
    """The client's script."""

    async def answer(self) -> None:
        """Send it."""
        script = client_script()
        etag = f'"{digest(script)}"'
        self.set_header("Content-Type", content_type("client.js"))
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("ETag", etag)
        if etag_matches(self.request.headers.get("If-None-Match", ""), etag):
            self.set_status(304)
            return
        self.set_header("Content-Length", str(len(script)))
        self.write(script)


class Part(NamedTuple):
    """The bytes that a `Range` asks for: `start` up to and without `end`."""

    start: int
    end: int


@dataclass(slots=True)
class Opened:
    """A file that was opened: its size, what tells its content from that before, and its bytes.

    A large file has a descriptor instead of bytes.
    """

    size: int
    etag: str
    data: bytes = b""
    descriptor: int | None = None


def opened(output: Output, name: str) -> Opened | None:
    """Open a published file, or one that is about to be published; None where it is gone."""
    early = output.early.get(name)
    if early is not None:
        return Opened(len(early), digest(early), early)
    descriptor = output.open(name)
    if descriptor is None:
        return None
    stat = os.fstat(descriptor)
    if stat.st_size >= LARGE:
        return Opened(stat.st_size, f"{stat.st_mtime_ns:x}-{stat.st_ino:x}-{stat.st_size:x}", descriptor=descriptor)
    with os.fdopen(descriptor, "rb") as stream:
        data = stream.read()
    return Opened(len(data), digest(data), data)


def contents(output: Output, name: str) -> tuple[bytes, str] | None:
    """Return the bytes of a published file and its tag; None where it is gone, or too large to be a page."""
    file = opened(output, name)
    if file is None:
        return None
    if file.descriptor is not None:
        os.close(file.descriptor)
        return None
    return file.data, file.etag


class Page(Answering):
    """A file of the site, a redirect, or the page for what does not exist."""

    session: Session

    def initialize(self, guard: Guard, session: Session) -> None:  # type: ignore[override]
        """Take who may ask, and the session that knows the files."""
        super().initialize(guard)
        self.session = session

    async def answer(self) -> None:
        """Answer as a CDN would."""
        output = self.session.output
        found = output.find(self.request.path)
        if found.location:
            query = f"?{self.request.query}" if self.request.query and "?" not in found.location else ""
            self.set_status(found.status)
            self.set_header("Location", f"{found.location}{query}")
            self.set_header("Cache-Control", "no-store")  # a browser would keep a permanent one beyond this preview
            self.set_header("Content-Length", "0")
            return
        self.set_status(found.status)
        file = opened(output, found.name) if found.name else None
        if file is None:
            if found.status == 200:  # noqa: PLR2004 - published, and then somebody deleted it
                found = output.missing()._replace(name="")
            await self.without_file(found)
            return
        try:
            await self.file(found, file)
        finally:
            if file.descriptor is not None:
                with contextlib.suppress(OSError):
                    os.close(file.descriptor)

    async def without_file(self, found: Found) -> None:
        """Answer where there is no file: no page of the site's own for what does not exist, or no site yet."""
        title = self.session.headline if found.status == 503 else "404: there is no such page"  # noqa: PLR2004
        self.set_status(found.status)
        if not self.wants_page:
            self.refuse(found.status, title)
            return
        page = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body><p>{title}'
        )
        self.set_header("Content-Type", content_type("x.html"))
        self.set_header("Cache-Control", "no-store")
        await self.send(self.with_client(page.encode(), f"{found.status}-", ""))

    @property
    def wants_page(self) -> bool:
        """Whether a browser asks, in order to show a page."""
        return "text/html" in self.request.headers.get("Accept", "")

    async def file(self, found: Found, file: Opened) -> None:
        """Answer with a file."""
        kind = content_type(found.name)
        self.set_header("Content-Type", kind)
        for name, value in self.session.output.headers(self.request.path):
            with contextlib.suppress(ValueError):  # what HTTP forbids in a header cannot be shown, and CDNs drop it
                self.set_header(name, value)
        if found.status != 200:  # noqa: PLR2004 - what is not there yet must be asked for again, whatever its rule says
            self.set_header("Cache-Control", "no-store")
        compressed = bool(_COMPRESSED.match(kind))
        is_page = kind.startswith("text/html")
        vary = [name for name, wanted in (("Accept-Encoding", compressed), ("Accept", is_page)) if wanted]
        if vary:
            self.set_header("Vary", ", ".join(vary))
        if file.descriptor is not None:
            await self.large(file, file.descriptor)
            return
        data, etag = file.data, file.etag
        if is_page and self.wants_page:
            version = f"{found.status}-{etag}"
            data = self.with_client(data, version, styles_of(data).rest)
            etag = f"{etag}-{digest(data)[:16]}"
            self.set_header("Cache-Control", "no-cache")
            self.allow_client()
        await self.send(data, etag, status=found.status, compressed=compressed)

    def with_client(self, page: bytes, version: str, rest: str) -> bytes:
        """Return a page with the client in it, which learns what it is a page of."""
        session = self.session
        data = {"version": version, "rest": rest, "generation": str(session.tabs.generation), "session": session.token}
        return injected(page, tag(self.origin, session.token, data))

    @property
    def origin(self) -> str:
        """This preview's address as the browser knows it; without a scheme, which a proxy may have changed."""
        return f"//{self.request.headers['Host']}"

    def allow_client(self) -> None:
        """Widen the page's policy by what the client needs; let the browser fetch no page before it is asked for."""
        self.clear_header("Speculation-Rules")
        policy = self._headers.get("Content-Security-Policy")
        if policy is not None:
            host = self.request.headers["Host"]
            script = f"{host}/__topicsite__/client.js"
            sockets = f"ws://{host}/livereload wss://{host}/livereload"
            policy = widened(policy, script, sockets, self.session.token)
            if policy:
                self.set_header("Content-Security-Policy", policy)
            else:
                self.clear_header("Content-Security-Policy")

    async def send(self, data: bytes, etag: str = "", *, status: int = 200, compressed: bool = True) -> None:
        """Send bytes: whole, a part of them, compressed, or not at all where the browser has them."""
        if etag:
            self.set_header("ETag", f'"{etag}"')
            self.set_header("Accept-Ranges", "bytes")
        part = self.part(len(data), f'"{etag}"') if status == 200 and etag else None  # noqa: PLR2004
        if part is None and self._finished:
            return
        accepts = accepts_gzip(self.request.headers.get("Accept-Encoding", ""))
        if part is None and compressed and accepts and len(data) >= SMALL:
            if etag:
                etag = f"{etag}-gz"
                self.set_header("ETag", f'"{etag}"')
            self.set_header("Content-Encoding", "gzip")
        if etag and status == 200 and etag_matches(self.request.headers.get("If-None-Match", ""), f'"{etag}"'):  # noqa: PLR2004
            self.set_status(304)
            for name in ("Content-Encoding", "Content-Type"):
                self.clear_header(name)
            return
        if "Content-Encoding" in self._headers:
            squeeze: Callable[[], bytes] = lambda: gzip.compress(data, 5, mtime=0)  # noqa: E731
            loop = asyncio.get_running_loop()
            data = await loop.run_in_executor(None, squeeze) if len(data) > PIECE else squeeze()
        if part is not None:
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {part.start}-{part.end - 1}/{len(data)}")
            data = data[part.start : part.end]
        self.set_header("Content-Length", str(len(data)))
        self.write(data)

    async def large(self, file: Opened, descriptor: int) -> None:
        """Send a large file in pieces."""
        etag = f'"{file.etag}"'
        self.set_header("ETag", etag)
        self.set_header("Accept-Ranges", "bytes")
        if etag_matches(self.request.headers.get("If-None-Match", ""), etag):
            self.set_status(304)
            return
        part = self.part(file.size, etag)
        if self._finished:
            return
        if part is not None:
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {part.start}-{part.end - 1}/{file.size}")
        start, end = part or Part(0, file.size)
        self.set_header("Content-Length", str(end - start))
        if self.request.method == "HEAD":
            return
        with contextlib.suppress(StreamClosedError):
            for piece in _pieces(descriptor, start, end):
                self.write(piece)
                await self.flush()

    def part(self, size: int, etag: str) -> Part | None:
        """Return the part that is asked for, None for all; one that lies outside ends the request with 416.

        Several ranges in one request are answered with all, as RFC 9110 allows.
        """
        wanted = _RANGE.fullmatch(self.request.headers.get("Range", "").replace(" ", ""))
        if not wanted or self.request.headers.get("If-Range", etag) != etag:
            return None
        if wanted[3] is not None:
            start, end = max(0, size - int(wanted[3])), size
        else:
            start, end = int(wanted[1]), min(size, int(wanted[2]) + 1) if wanted[2] else size
            if wanted[2] and int(wanted[2]) < start:
                return None
        if start >= size or start >= end:
            self.set_status(416)
            self.set_header("Content-Range", f"bytes */{size}")
            self.set_header("Content-Length", "0")
            _ = self.finish()
            return None
        return Part(start, end)


def _pieces(descriptor: int, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of a file from start to end; fewer if somebody cut it meanwhile."""
    while start < end:
        piece = os.pread(descriptor, min(PIECE, end - start), start)
        if not piece:
            return
        start += len(piece)
        yield piece


def etag_matches(header: str, etag: str) -> bool:
    """Tell whether an `If-None-Match` names an ETag; compared weakly, as RFC 9110 wants it there."""
    tags = re.findall(r'(?:W/)?("[^"]*")', header)
    return header.strip() == "*" or etag in tags


def accepts_gzip(header: str) -> bool:
    """Tell whether an `Accept-Encoding` allows gzip."""
    for part in header.lower().split(","):
        name, _, parameter = part.partition(";")
        if name.strip() in {"gzip", "x-gzip", "*"}:
            quality = re.fullmatch(r"\s*q\s*=\s*([0-9.]+)\s*", parameter)
            return not quality or quality[1].strip("0.") != ""
    return False
