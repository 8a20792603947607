"""A proxy that fails: between a client and a server on loopback, it cuts, delays and refuses requests by a seeded dice.

One thread, an event loop of its own, HTTP/1.1 with `Content-Length` or chunks, which is what stores speak.
"""

import asyncio
import contextlib
import random
import threading
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

REFUSALS = {
    500: b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>",
    503: b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>",
}


@dataclass
class Faults:
    """How often what happens to a request, in shares of 1; `dies_after` so many requests, nothing gets through.

    `spoils` are how many bodies of PUTs arrive with another last byte than they were sent with.
    """

    cut_before: float = 0.0
    cut_after: float = 0.0
    refuse: float = 0.0
    delay: float = 0.0
    seconds: float = 0.01
    dies_after: int | None = None
    spoils: int = 0
    dice: random.Random = field(default_factory=lambda: random.Random(0))


class Proxy:
    """Runs for as long as the context lasts; `fail` may be called at any time, `requests` are what came through."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.faults = Faults()
        self.requests: list[tuple[str, str]] = []
        self.served = 0
        self.url = ""
        self._clients: set[asyncio.Task[None]] = set()  # the loop itself holds them weakly
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and cut every connection."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def fail(self, faults: Faults) -> None:
        """Begin anew with other faults."""
        self.faults = faults
        self.requests = []
        self.served = 0

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(self._clients):
            task.cancel()
        await asyncio.gather(*list(self._clients), return_exceptions=True)
        await asyncio.sleep(0)  # transports close on the loop's next turn

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            while True:
                request = await _message(reader)
                if request is None:
                    return
                if upstream is None:
                    upstream = await asyncio.open_connection(self.host, self.port)
                if not await self._pass(request, writer, *upstream):
                    return
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            self._clients.discard(task)
            for closing in (writer, upstream[1] if upstream else None):
                if closing is not None:
                    with contextlib.suppress(Exception):
                        closing.transport.abort()

    async def _pass(
        self, request: bytes, writer: asyncio.StreamWriter, up: asyncio.StreamReader, down: asyncio.StreamWriter
    ) -> bool:
        """Pass a request on, or do to it what the dice say; return whether the connection lives."""
        faults, dice = self.faults, self.faults.dice
        method, path = request.split(b"\r\n", 1)[0].split(b" ")[:2]
        if faults.dies_after is not None and self.served >= faults.dies_after:
            return False
        self.served += 1
        self.requests.append((method.decode(), path.decode()))
        draw = dice.random()
        if draw < faults.cut_before:
            return False
        draw -= faults.cut_before
        if 0 <= draw < faults.refuse:
            status = dice.choice(sorted(REFUSALS))
            body = REFUSALS[status]
            head = f"HTTP/1.1 {status} Refused\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + (b"" if method == b"HEAD" else body))
            await writer.drain()
            return True
        draw -= faults.refuse
        if 0 <= draw < faults.delay:
            await asyncio.sleep(faults.seconds)
        draw -= faults.delay
        if method == b"PUT" and faults.spoils and not request.endswith(b"\r\n\r\n"):
            faults.spoils -= 1
            request = request[:-1] + bytes([request[-1] ^ 1])
        down.write(request)
        await down.drain()
        answer = await _message(up, head_only=method == b"HEAD")
        if answer is None or 0 <= draw < faults.cut_after:
            return False  # done upstream, and the client does not know
        writer.write(answer)
        await writer.drain()
        return b"connection: close" not in answer.split(b"\r\n\r\n", 1)[0].lower()


async def _message(reader: asyncio.StreamReader, *, head_only: bool = False) -> bytes | None:
    """Read one HTTP message whole; None where the connection ends."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    fields = {
        name.strip().lower(): value.strip().lower()
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
    }
    if head_only or head.split(b" ", 2)[1] in {b"204", b"304"}:
        return head
    if fields.get(b"transfer-encoding") == b"chunked":
        body = b""
        while True:
            size = await reader.readuntil(b"\r\n")
            chunk = await reader.readexactly(int(size, 16) + 2)
            body += size + chunk
            if int(size, 16) == 0:
                return head + body
    if b"content-length" in fields:
        return head + await reader.readexactly(int(fields[b"content-length"]))
    if head.startswith(b"HTTP/"):
        return head + await reader.read()
    return head
