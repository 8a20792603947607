"""The sockets to the browsers: livereload's protocol (official-7), with what our client adds to it.

livereload's own handler knows one list of sockets for the whole process, tells all of them, and believes everybody.
This one tells a browser what concerns its page. A client says `hello`, then `info` with its `url`; ours adds, as
`topicsite`, what it shows (`version`, `rest`, `generation`) and what that loads (`loads`, `sheets`), and again when it
loads more.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from livereload.handlers import LiveReloadHandler
from tornado.websocket import WebSocketClosedError

from builder.serve.http import Guarded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.serve.guard import Guard
    from builder.serve.session import Session

PROTOCOL = "http://livereload.com/protocols/official-7"
#: What one page may say that it loads; nobody's page has more.
MOST = 2000


class Channel(Guarded, LiveReloadHandler):  # type: ignore[misc]  # livereload has no types
    """The socket to one browser tab."""

    def initialize(self, guard: Guard, session: Session) -> None:  # type: ignore[override]
        """Take who may ask, and the session that tells this browser what is new."""
        super().initialize(guard)
        self.session = session
        self.url_path = ""
        self.version = ""
        self.rest = ""
        self.generation = 0
        self.loads: frozenset[str] = frozenset()
        self.sheets: frozenset[str] = frozenset()
        self.ours = False
        self.told = ""

    def prepare(self) -> None:
        """Refuse whoever is not a page of this preview."""
        super().prepare()
        if not self._finished and not self.guard.allows_origin(
            self.request.headers.get_list("Origin"), self.request.headers["Host"]
        ):
            self.refuse(403, "This socket is for pages of this preview.")

    def check_origin(self, origin: str) -> bool:
        """Tell whether a page may open the socket; `prepare` has refused the others before."""
        return bool(self.guard.allows_origin([origin], self.request.headers["Host"]))

    def open(self, *_: str, **__: str) -> None:
        """Send small messages at once."""
        self.set_nodelay(True)

    def on_message(self, message: str | bytes) -> None:
        """Take what a client says; one that says nonsense is hung up on."""
        try:
            said = json.loads(message)
            command = said["command"]
            if command == "hello":
                self.send({"command": "hello", "protocols": [PROTOCOL], "serverName": "topicsite"})
            elif command == "info":
                self._info(said)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self.close(1003, "not understood")

    def _info(self, said: Mapping[str, Any]) -> None:
        ours = said.get("topicsite")
        if isinstance(ours, dict):
            self.ours = True
            self.url_path = str(ours["path"])
            self.version = str(ours["version"])
            self.rest = str(ours["rest"])
            self.generation = int(ours["generation"])
            self.loads = _paths(ours.get("loads"))
            self.sheets = _paths(ours.get("sheets"))
        else:
            url = str(said.get("url", ""))
            self.url_path = "/" + url.partition("://")[2].partition("/")[2].partition("?")[0].partition("#")[0]
        self.session.joined(self)

    def on_close(self) -> None:
        """Forget this browser."""
        self.session.left(self)

    def send(self, message: Mapping[str, object]) -> None:
        """Send a message, if the browser is still there."""
        try:
            self.write_message(json.dumps(message, ensure_ascii=False))
        except WebSocketClosedError:
            self.session.left(self)


def _paths(values: object) -> frozenset[str]:
    if not isinstance(values, list):
        return frozenset()
    return frozenset(value for value in values[:MOST] if isinstance(value, str))
