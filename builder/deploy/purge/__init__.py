"""Purging: exactly the URLs that a deploy changed leave the cache in front of a target. One file per kind of cache.

A builder is a pure function: settings, URLs and credentials in, requests out, as the maker's API documents them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from builder.deploy.purge import bunny, cloudflare, cloudfront, fastly

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from builder.deploy.http import Request
    from builder.targets import PurgeKeys

#: By the `type` of the settings: who may (credentials of the environment), and the requests.
CREDENTIALS: dict[str, Callable[[Any, Mapping[str, str]], Any]] = {
    "cloudfront": cloudfront.credentials,
    "cloudflare": cloudflare.credentials,
    "fastly": fastly.credentials,
    "bunny": bunny.credentials,
}
REQUESTS: dict[str, Callable[[Any, Sequence[str], str, Any, str, dt.datetime], list[Request]]] = {
    "cloudfront": cloudfront.requests,
    "cloudflare": cloudflare.requests,
    "fastly": fastly.requests,
    "bunny": bunny.requests,
}


def requests(
    keys: PurgeKeys, urls: Sequence[str], base_url: str, environment: Mapping[str, str], identity: str, now: dt.datetime
) -> list[Request]:
    """Return the requests that purge some URLs; missing credentials are a DeployError.

    `identity` is the deploy's: a request that is sent twice is one to the APIs that can tell.
    """
    who = CREDENTIALS[keys.type](keys, environment)
    return REQUESTS[keys.type](keys, urls, base_url, who, identity, now)
