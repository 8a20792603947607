"""One ssh connection for a whole deploy, which rsync's many short ones share (ssh_config(5), ControlMaster).

Where it cannot be made, each rsync connects by itself, and tells what is wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Bytes that the path of a Unix socket may have (104 on macOS), less what ssh appends while it makes one.
LONGEST = 80
#: Seconds for the connection to stand; a user may have a passphrase to type.
PATIENCE = 60.0


def host_of(destination: str) -> str:
    """Return the host that rsync reaches over ssh, with the user; '' where it does not use ssh."""
    found = re.match(r"([^/:\[]*\[[0-9A-Fa-f:.%\w]+\]|[^/:]+):(?![:/]{1}[:/])", destination)
    if found is None or destination.startswith("rsync://") or destination[found.end() :].startswith(":"):
        return ""
    return found[1].replace("[", "").replace("]", "")


class Connection:
    """A connection that others may share as long as it is open."""

    def __init__(self, command: Sequence[str], destination: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.command = list(command) or ["ssh"]
        self.host = host_of(destination)
        self.environment = environment
        self.socket = folder / "ssh"
        shareable = Path(self.command[0]).name == "ssh" and len(os.fsencode(self.socket)) <= LONGEST
        self.shared = bool(self.host) and shareable
        self._process: asyncio.subprocess.Process | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> list[str]:
        """Return the command by which rsync connects; the first call makes the connection."""
        if not self.shared:
            return self.command
        async with self._opening:
            if self._process is None:
                await self._start()
        return [*self.command, "-o", f"ControlPath={self.socket}", "-o", "ControlMaster=no"]

    async def _start(self) -> None:
        options = ["-o", "ControlMaster=yes", "-o", f"ControlPath={self.socket}", "-o", "ControlPersist=no", "-N"]
        quiet = asyncio.subprocess.DEVNULL
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.command, *options, "--", self.host, stdin=quiet, stdout=quiet, stderr=quiet, env=self.environment
            )
        except OSError:  # rsync will say so
            self.shared = False
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while self._process.returncode is None and not self.socket.exists():  # noqa: ASYNC110 - ssh makes it
                    await asyncio.sleep(0.02)

    async def close(self) -> None:
        """End the connection."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(10):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
