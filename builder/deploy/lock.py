"""One deploy at a time: an object at the target that its holder rewrites every few seconds.

No clocks are compared. Whoever finds a lock watches it; if it does not change for three heartbeats, its holder is dead
and the lock is taken over by a conditional write, which only one can win; with --force it is written over, and the last
one wins. A holder whose lock was taken stops at its next sign of life.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from builder.deploy.records import LOCK, ConflictError, DeployError
from builder.deploy.store import ANY

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from builder.deploy.store import Store

#: Heartbeats without a sign of life after which a deploy counts as dead.
PATIENCE = 3


class Lock:
    """Holds the lock of a target for as long as the context lasts."""

    def __init__(self, store: Store, identity: str, note: Callable[[str], None], *, force: bool = False) -> None:
        self.store = store
        self.identity = identity
        self.note = note
        self.force = force
        self.mark: object = None
        self.beats = 0
        self.lost = ""
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Take the lock, or raise ConflictError."""
        await self._acquire()
        owner = asyncio.current_task()
        self._task = asyncio.create_task(self._beat(owner))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lock back; raise ConflictError if somebody took it."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self.lost:
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            raise ConflictError(self.lost)
        with contextlib.suppress(DeployError, TimeoutError):
            async with asyncio.timeout(10):
                await self.store.delete([LOCK])

    async def _acquire(self) -> None:
        for _ in range(PATIENCE):
            try:
                self.mark = await self.store.write(LOCK, self._text(), None)
            except ConflictError:
                found = await self.store.read(LOCK)
            else:
                return
            if found is None:
                continue
            holder = _parse(found.data)
            if not self.force and not is_dead(holder):
                await self._watch(found.data, str(holder.get("id", "unknown")))
            self.note(f"taking over from deploy {holder.get('id', 'unknown')}, which was interrupted")
            # A forced one does not mind signs of life, which would change the mark again and again.
            self.mark = await self.store.write(LOCK, self._text(), ANY if self.force else found.mark)
            return
        raise ConflictError("another deploy began at the same moment; run this one again when it is done")

    async def _watch(self, data: bytes, holder: str) -> None:
        """Return when a lock has shown no sign of life; raise ConflictError when it does."""
        self.note(f"deploy {holder} holds the target; watching for {self.store.heartbeat * PATIENCE:.0f} s if it lives")
        for _ in range(PATIENCE):
            await asyncio.sleep(self.store.heartbeat)
            now = await self.store.read(LOCK)
            if now is None or now.data != data:
                raise ConflictError(f"deploy {holder} is at work; run this one again when it is done")

    async def _beat(self, owner: asyncio.Task[Any] | None) -> None:
        while True:
            await asyncio.sleep(self.store.heartbeat)
            self.beats += 1
            try:
                self.mark = await self.store.write(LOCK, self._text(), self.mark)
            except ConflictError:
                self.lost = "another deploy took the target over; run this one again when it is done"
                if owner is not None:
                    owner.cancel()
                return
            except DeployError:  # the next beat may get through
                continue

    def _text(self) -> bytes:
        return json.dumps({"id": self.identity, "beat": self.beats, "machine": machine(), "pid": os.getpid()}).encode()


def is_dead(holder: dict[str, Any]) -> bool:
    """Tell whether a lock's holder was a process of this machine that is no more."""
    pid = holder.get("pid")
    if holder.get("machine") != machine() or not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def machine() -> str:
    """Return what tells machines, and containers within one, apart; a digest, since locks may be public."""
    parts = [platform.node()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()


def _parse(data: bytes) -> dict[str, Any]:
    try:
        read = json.loads(data)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
