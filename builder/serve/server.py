"""`topicsite serve`: livereload's server with our watcher, our handlers, and the builds in a process of their own.

The event loop serves files and sockets and never waits for a build. `serve` returns when it is told to stop (Ctrl-C, or
SIGTERM), with no process and no thread of its own left.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import logging
import os
import signal
import threading
import webbrowser
from typing import IO, TYPE_CHECKING, TypeVar

from livereload.server import Server as LivereloadServer
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from builder.files import bundled_themes
from builder.serve.channel import Channel
from builder.serve.guard import Guard
from builder.serve.http import ClientScript, Missing, Page
from builder.serve.inject import CLIENT
from builder.serve.output import Output
from builder.serve.process import BuildProcess
from builder.serve.session import Session, Terminal
from builder.serve.values import Unusable, Workplace
from builder.serve.watching import Watcher
from builder.write import STATE, Manifest

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from builder.serve.values import Settings

_T = TypeVar("_T")

#: How many previews of one site may run at a time, each with a folder of its own.
MOST = 9
PORTS = 50


def serve(settings: Settings, say: Callable[[str, bool], None]) -> None:
    """Build and serve a site until told to stop; raises Unusable where that cannot begin.

    `say` prints a line, to stderr where its second argument is True.
    """
    asyncio.run(Preview(settings, say).run())


class Preview(LivereloadServer):  # type: ignore[misc]  # livereload has no types
    """livereload's server, for one site."""

    def __init__(self, settings: Settings, say: Callable[[str, bool], None]) -> None:
        """Take what was asked for; nothing is bound or started before `run`."""
        root = settings.root.resolve()
        folders = dict.fromkeys((root / "content", root / "themes", bundled_themes().resolve()))
        watcher = Watcher(root, ["site.yaml"], folders, poll=settings.poll, warn=self.warn)
        super().__init__(watcher=watcher)
        self.settings = settings
        self.say = say
        self.place = root
        self.stopping: asyncio.Event | None = None
        self.address = ""

    async def run(self) -> None:
        """Serve until stopped."""
        sockets = bound(self.settings.host, self.settings.port)
        self.address = address_of(self.settings.host, sockets[0].getsockname()[1])
        folder, lock = own_folder(self.place)
        with lock:
            loop = asyncio.get_running_loop()
            self.stopping = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                with contextlib.suppress(ValueError, RuntimeError):  # only the main thread hears signals
                    loop.add_signal_handler(number, self.stop)
            place = Workplace(
                self.place, folder / "site", folder, drafts=self.settings.drafts, environment=self.settings.environment
            )
            builds = BuildProcess(
                place,
                heard=lambda message: _later(loop, session.heard, message),
                died=lambda status: _later(loop, session.died, status),
            )
            output = Output(place.output)
            terminal = Terminal(self.say, self.settings.color)
            session = Session(self.settings, output, builds, terminal, self.watcher.unknown)
            server = self.application(sockets, session)
            try:
                builds.start()
                output.replace(published_names(folder))
                self.watcher.start(lambda paths: _later(loop, session.changed, paths))
                self.say(f"Preview at {self.address} (Ctrl-C ends it)", False)  # noqa: FBT003
                session.begin()
                if self.settings.open:
                    opening = asyncio.create_task(self.open(session))  # noqa: F841, RUF006 - lives as long as this does
                await self.stopping.wait()
            finally:
                builds.end()
                session.end()
                server.stop()
                await server.close_all_connections()
                self.watcher.stop()

    def warn(self, line: str) -> None:
        """Tell the user that something does not work as it should."""
        self.say(line, True)  # noqa: FBT003

    def stop(self) -> None:
        """End `run`; a second time, at once."""
        if self.stopping is not None:
            if self.stopping.is_set():
                os._exit(1)
            self.stopping.set()

    def application(self, sockets: Sequence[socket.socket], session: Session) -> HTTPServer:
        """Listen: the sockets of the browsers, the client's script, and below them the site."""
        guard = Guard.of(self.settings.host)
        logging.getLogger("tornado.access").disabled = True
        app = Application(
            [
                (r"/livereload", Channel, {"guard": guard, "session": session}),
                (CLIENT.replace(".", r"\."), ClientScript, {"guard": guard}),
                (r"/(?:forcereload|livereload\.js)", Missing, {"guard": guard}),
                (r".*", Page, {"guard": guard, "session": session}),
            ],
            websocket_ping_interval=20,
            websocket_ping_timeout=15,
            websocket_max_message_size=500_000,
        )
        server = HTTPServer(app, max_header_size=32_768, max_body_size=1024, idle_connection_timeout=60)
        server.add_sockets(sockets)
        return server

    async def open(self, session: Session) -> None:
        """Open the browser when there is something to see."""
        await session.first.wait()
        threading.Thread(target=webbrowser.open, args=(self.address,), daemon=True).start()


def _later(loop: asyncio.AbstractEventLoop, function: Callable[[_T], None], value: _T) -> None:
    """Call a function in the event loop, from a thread; nothing where the loop has ended."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function, value)


def bound(host: str, port: int) -> list[socket.socket]:
    """Bind to a host and a port, 0 for any; raises Unusable with the next free port where it is in use."""
    try:
        return bind_sockets(port, address=host.strip("[]"))
    except OSError as fault:
        if fault.errno in {errno.EADDRINUSE, errno.EADDRNOTAVAIL} and "in use" in os.strerror(fault.errno):
            other = next_free(host, port)
            advice = f"; try --port {other}" if other else ""
            raise Unusable(f"the port {port} is in use by another program{advice}") from fault
        if fault.errno == errno.EACCES:
            raise Unusable(f"the port {port} is for the administrator only; try --port 8000") from fault
        raise Unusable(f"{host}:{port} cannot be listened on: {fault.strerror or fault}") from fault


def next_free(host: str, port: int) -> int:
    """Return the next port that is free now, 0 where none is near."""
    for candidate in range(port + 1, min(port + PORTS, 65536)):
        with contextlib.suppress(OSError):
            for taken in bind_sockets(candidate, address=host.strip("[]")):
                taken.close()
            return candidate
    return 0


def address_of(host: str, port: int) -> str:
    """Return the address to open in a browser of this machine."""
    bare = host.strip("[]")
    name = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(bare, bare)  # noqa: S104 - compared, not bound
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return f"http://{name}:{port}/"


def own_folder(root: Path) -> tuple[Path, IO[bytes]]:
    """Return a folder that no other preview of this site uses now, and the lock that says so; it ends with the file."""
    for number in range(1, MOST + 1):
        folder = root / STATE / ("preview" if number == 1 else f"preview-{number}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = (folder / "serving").open("ab")
        except OSError as fault:
            raise Unusable(f"{folder.relative_to(root)}: {fault.strerror}") from fault
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        return folder, lock
    raise Unusable(f"{MOST} previews of this site are running already")


def published_names(state: Path) -> frozenset[str]:
    """Return what earlier previews in a folder published and, interrupted, may have published."""
    names: set[str] = set()
    for file in ("manifest.json", "journal.json"):
        names.update(Manifest.load(state / file).entries)
    return frozenset(names)
