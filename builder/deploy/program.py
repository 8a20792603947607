"""Running other programs (git, rsync, wrangler, netlify): their output is read, and none outlives a deploy."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


class Ended(NamedTuple):
    """How a program ended: its status and what it wrote."""

    status: int
    out: bytes
    err: str


async def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: bytes = b"",
    folder: Path | None = None,
    line: Callable[[str], None] | None = None,
) -> Ended:
    """Run a program to its end; with `line`, each line of its output is given away as it comes. Raises OSError."""
    process = await asyncio.create_subprocess_exec(
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT if line else asyncio.subprocess.PIPE,
        env=dict(environment),
        cwd=folder,
    )
    try:
        if line is None or process.stdout is None:
            out, err = await process.communicate(stdin)
            return Ended(process.returncode or 0, out, err.decode(errors="replace"))
        if process.stdin is not None:
            process.stdin.close()
        lines: list[str] = []
        async for raw in process.stdout:
            text = raw.decode(errors="replace").rstrip()
            lines.append(text)
            if text:
                line(text)
        return Ended(await process.wait(), b"", "\n".join(lines))
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(10):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
