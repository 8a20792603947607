"""Who may ask: the checks that stand before every answer.

A page of another site that is open in the same browser can send requests to loopback, and with a name of its own that
resolves to 127.0.0.1 (DNS rebinding) read the answers. So the `Host` must be a name that only this machine can have,
and a WebSocket's `Origin` the preview itself.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]|[\w.-]+)(?::([0-9]{1,5}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Guard:
    """The names that the preview answers to; `addresses`: also to every IP address, where it is bound to all."""

    names: frozenset[str]
    addresses: bool

    @classmethod
    def of(cls, host: str) -> Guard:
        """Return the guard of a server that is bound to a host: a name, an address, or '' or 0.0.0.0 or :: for all."""
        bare = host.strip("[]").lower()
        everywhere = bare in {"", "0.0.0.0", "::", "*"}  # noqa: S104 - compared, not bound
        names = {"localhost", "127.0.0.1", "::1"}
        if everywhere:
            own = socket.gethostname().lower()
            names |= {own, f"{own.partition('.')[0]}.local"}
        else:
            names.add(bare)
        return cls(frozenset(names), everywhere)

    def allows_host(self, values: Sequence[str]) -> bool:
        """Tell whether a request's `Host` headers are one, well-formed, and a name of this preview."""
        if len(values) != 1:
            return False
        name = host_name(values[0])
        if name is None:
            return False
        if name in self.names or name.endswith(".localhost"):  # RFC 6761: resolves to loopback
            return True
        return self.addresses and _is_address(name)

    def allows_origin(self, origins: Sequence[str], host: str) -> bool:
        """Tell whether a WebSocket comes from a page of this preview: one `Origin`, with the host of the request."""
        if len(origins) != 1:
            return False
        try:
            parts = urlsplit(origins[0])
        except ValueError:
            return False
        plain = f"{parts.scheme}://{parts.netloc}" == origins[0]
        return plain and parts.scheme in {"http", "https"} and parts.netloc.lower() == host.lower()


def host_name(value: str) -> str | None:
    """Return the name of a `Host` header without its port, or None where it is malformed."""
    found = _HOST.fullmatch(value)
    if not found or (found[2] and int(found[2]) > 65535):  # noqa: PLR2004 - the highest port
        return None
    return found[1].strip("[]").rstrip(".").lower() or None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
