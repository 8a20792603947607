"""Requests to APIs after a deploy: few, small, and to the addresses of the settings alone.

The standard library does it: no dependency for a handful of POSTs. Redirects are not followed, since they would carry a
token elsewhere.
"""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from builder.deploy.records import DeployError
from builder.deploy.retry import TRANSIENT, Patience, persist

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from email.message import Message
    from typing import IO

TIMEOUT = 30
#: No answer of these APIs is longer.
LONGEST = 1 << 20


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    body: str


def by_status(answer: Answer) -> str:
    """Return what is wrong with an answer, judged by its status; '' if nothing is."""
    return "" if 200 <= answer.status < 300 else f"status {answer.status}"  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class Request:
    """A request, as a builder makes it; `wrong` says what is wrong with an answer, or ''."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    wrong: Callable[[Answer], str] = by_status


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: Message,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        return None


class _StatusError(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__(f"status {answer.status}")
        self.answer = answer


async def send(request: Request, patience: Patience) -> Answer:
    """Send a request, again if its fault deserves it; an answer that is not as it should be is a DeployError."""

    async def call() -> Answer:
        answer = await asyncio.to_thread(_send, request)
        if answer.status in TRANSIENT:
            raise _StatusError(answer)
        return answer

    host = urlsplit(request.url).netloc.rpartition("@")[2]
    try:
        answer = await persist(call, patience, lambda fault: isinstance(fault, (_StatusError, OSError, HTTPException)))
    except _StatusError as fault:
        answer = fault.answer
    except (OSError, HTTPException, ValueError) as fault:
        reason = getattr(fault, "reason", None) or fault
        raise DeployError(f"{host} cannot be reached: {reason}") from fault
    wrong = request.wrong(answer)
    if wrong:
        said = " ".join(answer.body.split())[:200]
        raise DeployError(f"{host} refused: {wrong}{f' ({said})' if said else ''}")
    return answer


def _send(request: Request) -> Answer:
    made = urllib.request.Request(  # noqa: S310 - http and https, by the schema of the settings
        request.url, data=request.body or None, headers=dict(request.headers), method=request.method
    )
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        with opener.open(made, timeout=TIMEOUT) as response:
            return Answer(response.status, response.read(LONGEST).decode(errors="replace"))
    except urllib.error.HTTPError as fault:
        with fault:
            return Answer(fault.code, fault.read(LONGEST).decode(errors="replace"))
