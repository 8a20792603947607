"""A folder on a server, through the real rsync: over ssh, to an rsync daemon, or on this machine.

rsync makes each file appear whole and verifies it by itself. It cannot copy on the server, so there is no going back,
and its conditional writes are a look before and a look after.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
import tempfile
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from builder.deploy.program import run
from builder.deploy.records import ConflictError, DeployError, RefusedError, Stored, is_book
from builder.deploy.release import Form
from builder.deploy.retry import Patience, persist
from builder.deploy.ssh import Connection
from builder.deploy.store import ANY, Found, Listed
from builder.files import digest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from builder.deploy.store import Job
    from builder.targets import RsyncKeys

#: rsync(1), "EXIT VALUES": sockets, protocol stream, timeouts; 255 is ssh's own.
_AGAIN = frozenset({10, 12, 30, 35, 255})
_HOPELESS = re.compile(r"(?i)permission denied|host key verification|auth failed|unknown module|could not resolve")
PARTIAL = 23


class _ExitError(Exception):
    """rsync ended with a status that is not 0."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def form_of(keys: RsyncKeys) -> Form:
    """Return how the folder holds files."""
    return Form(sides=tuple(keys.compress))


def open_rsync(keys: RsyncKeys, environment: Mapping[str, str], patience: Patience | None = None) -> Rsync:
    """Return the folder of a target's settings; nothing is asked of it yet."""
    if shutil.which("rsync", path=environment.get("PATH")) is None:
        raise DeployError("rsync is not installed")
    return Rsync(keys.destination.rstrip("/"), keys.ssh, environment, patience or Patience())


class Rsync:
    """A folder behind rsync as a store."""

    heartbeat = 15.0
    copies = False

    def __init__(self, where: str, ssh: Sequence[str], environment: Mapping[str, str], patience: Patience) -> None:
        self.where = where
        self.environment = dict(environment)
        self.patience = patience
        self.folder = Path(tempfile.mkdtemp(prefix="topicsite-"))
        self.connection = Connection(ssh, where, self.folder, self.environment)

    async def close(self) -> None:
        """End the connection and delete the temporary folder."""
        await self.connection.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def read(self, name: str) -> Found | None:
        """Return an object of the books, or None where there is none."""
        goal = self._fresh("read")
        try:
            await self._rsync(["--", f"{self.where}/{name}", f"{goal}/"])
        except _ExitError as fault:
            if fault.status == PARTIAL and "No such file" in fault.text:
                return None
            raise self._error("reading", name, fault) from fault
        data = (goal / Path(name).name).read_bytes()
        return Found(data, digest(data))

    async def write(self, name: str, data: bytes, over: object = ANY) -> object:
        """Write an object of the books, over another one or none if so wanted, and return its mark."""
        if over is not ANY:
            found = await self.read(name)
            if found is not None and found.data == data:
                return found.mark
            if (found.mark if found else None) != over:
                raise ConflictError(f"{self.where}: {name} was changed by somebody else")
        stage = self._fresh("write")
        _put(stage, name, data)
        await self._send(stage, [name], ["--ignore-existing"] if over is None else [])
        if over is None:
            found = await self.read(name)
            if found is None or found.data != data:
                raise ConflictError(f"{self.where}: {name} was made by somebody else")
        return digest(data)

    async def send(self, jobs: Sequence[Job], tell: Callable[[Job], None]) -> dict[str, str]:
        """Write files; rsync sends only the parts that differ from what is there."""
        stage = self._fresh("send")
        by_name = {job.name: job for job in jobs}
        for job in jobs:
            _put(stage, job.name, await asyncio.to_thread(job.read))
        new = [job.name for job in jobs if job.new]
        if new:
            taken = await self._send(stage, new, ["--dry-run", "--existing"])
            if taken:
                message = f"{self.where}: a file that topicsite did not put there is in the way: {taken[0]}"
                raise RefusedError(f"{message}; --force replaces it")
        await self._send(stage, list(by_name), [])
        for job in jobs:
            tell(job)
        shutil.rmtree(stage)
        return {}

    async def copy(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Nothing: rsync cannot."""

    async def delete(self, names: Sequence[str]) -> None:
        """Delete files, and the folders that this leaves empty; one that is not there is no fault."""
        await self._remove(names)
        folders = {str(parent) for name in names if not is_book(name) for parent in PurePosixPath(name).parents} - {"."}
        by_depth = sorted(folders, key=lambda folder: -folder.count("/"))
        for _, level in groupby(by_depth, key=lambda folder: folder.count("/")):
            await self._remove(sorted(level))

    async def _remove(self, names: Sequence[str]) -> None:
        """Delete what rsync is told of and does not find here. A folder with anything in it stays (rsync(1))."""
        stage = self._fresh("empty")
        for name in names:
            (stage / name).parent.mkdir(parents=True, exist_ok=True)  # missing itself, it would be a fault
        await self._send(stage, names, ["--delete-missing-args", "--no-implied-dirs"])
        shutil.rmtree(stage)

    async def listing(self, prefix: str = "") -> AsyncIterator[Listed]:
        """Yield every file whose name begins with a prefix, a folder."""
        source = f"{self.where}/{prefix}" if prefix else f"{self.where}/"
        options = ["--recursive", "--dry-run", "--8-bit-output", "--out-format=%l %n", "--exclude=/.git/"]
        try:
            text = await self._rsync([*options, "--", source, f"{self._fresh('empty')}/"])
        except _ExitError as fault:
            if fault.status == PARTIAL and "No such file" in fault.text:
                return
            raise self._error("listing", prefix, fault) from fault
        for line in text.splitlines():
            size, _, name = line.partition(" ")
            if size.isdigit() and not name.endswith("/"):
                yield Listed(prefix + _plain(name), int(size))

    async def identify(
        self, names: Sequence[str], guess: Callable[[str], tuple[Stored, bytes] | None]
    ) -> dict[str, Stored]:
        """Return what the release has under the names of files that have the very bytes of it."""
        stage = self._fresh("guess")
        guesses: dict[str, Stored] = {}
        for name in names:
            guessed = guess(name)
            if guessed is not None:
                guesses[name] = guessed[0]
                _put(stage, name, guessed[1])
        differ = set(await self._send(stage, list(guesses), ["--dry-run"]))
        shutil.rmtree(stage)
        return {name: stored for name, stored in guesses.items() if name not in differ}

    async def _send(self, stage: Path, names: Sequence[str], options: Sequence[str]) -> list[str]:
        """Send files of a folder; return the names of those that differed."""
        if not names:
            return []
        fixed = ["--checksum", "--chmod=D755,F644", "--omit-dir-times", "--8-bit-output", "--out-format=%n"]
        arguments = [*fixed, *options, "--from0", "--files-from=-", "--", f"{stage}/", f"{self.where}/"]
        try:
            text = await self._rsync(arguments, "\0".join(names).encode() + b"\0")
        except _ExitError as fault:
            raise self._error("writing to", names[0], fault) from fault
        wanted = set(names)
        return [name for name in map(_plain, text.splitlines()) if name in wanted]

    async def _rsync(self, arguments: Sequence[str], stdin: bytes = b"") -> str:
        async def call() -> str:
            shell = ["--rsh", shlex.join(await self.connection.open())] if self.connection.host else []
            ended = await run(["rsync", "--timeout=120", *shell, *arguments], self.environment, stdin=stdin)
            if ended.status:
                raise _ExitError(ended.status, ended.err)
            return ended.out.decode(errors="surrogateescape")

        return await persist(call, self.patience, _deserves)

    def _error(self, doing: str, name: str, fault: _ExitError) -> DeployError:
        lines = [line.strip() for line in fault.text.splitlines() if line.strip() and "rsync error:" not in line]
        telling = [line for line in lines if "connection unexpectedly closed" not in line]  # ssh has said why
        reason = (telling or lines or [f"status {fault.status}"])[-1]
        return DeployError(f"{self.where}: {doing} {name} failed: {reason}")

    def _fresh(self, name: str) -> Path:
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))


def _deserves(fault: Exception) -> bool:
    return isinstance(fault, _ExitError) and fault.status in _AGAIN and not _HOPELESS.search(fault.text)


def _put(stage: Path, name: str, data: bytes) -> None:
    path = stage / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _plain(name: str) -> str:
    """Return a name as it is; rsync writes control characters as a backslash, `#` and three octal digits."""
    return re.sub(r"\\#([0-7]{3})", lambda found: chr(int(found[1], 8)), name)
