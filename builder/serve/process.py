"""The server's side of the process that builds: starting it, sending it orders, ending it with all that it started."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from builder.serve.values import Order, Question, Stop, Workplace

#: The site's folder may hold files called like modules: the search path is that of this process, without the folder.
_CODE = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from builder.serve.worker import main
main(int(sys.argv[2]))
"""


class BuildProcess:
    """One process; when it has died, the next message starts another. `heard` and `died` are called in a thread."""

    def __init__(self, place: Workplace, heard: Callable[[object], None], died: Callable[[int], None]) -> None:
        """Take what to build and whom to tell: of every message, and of a death that nobody asked for, its status."""
        self.place = place
        self.heard = heard
        self.died = died
        self.process: subprocess.Popen[bytes] | None = None
        self.connection: Connection | None = None

    def start(self) -> None:
        """Start the process, so that it is warm when the first order comes."""
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", _CODE, json.dumps(sys.path), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.connection = Connection(ours.detach())
        arguments = (self.process, self.connection)
        threading.Thread(target=self._listen, args=arguments, name="preview-build", daemon=True).start()
        self.send(self.place)

    def send(self, message: Workplace | Order | Question | Stop) -> None:
        """Send a message; a process that just died is reported by its listener."""
        if self.process is None:
            self.start()
        if self.connection is not None:
            with contextlib.suppress(OSError):
                self.connection.send(message)

    def end(self) -> None:
        """End the process and all that it started, at once, and wait for it."""
        process, self.process, self.connection = self.process, None, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.5)

    def _listen(self, process: subprocess.Popen[bytes], connection: Connection) -> None:
        with connection, contextlib.suppress(EOFError, OSError):
            while True:
                self.heard(connection.recv())
        status = process.wait()
        if self.process is process:
            self.end()
            self.died(status)
