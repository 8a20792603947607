"""Cloudflare's cache: "Purge Cached Content" of its API, by URL, up to 100 URLs a request.

developers.cloudflare.com/api/resources/cache/methods/purge and …/cache/how-to/purge-cache/#availability-and-limits
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from builder.deploy.http import Answer, Request
from builder.deploy.records import DeployError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from builder.targets import CloudflareKeys

API = "https://api.cloudflare.com/client/v4"
BATCH = 100


def credentials(keys: CloudflareKeys, environment: Mapping[str, str]) -> str:
    """Return the API token of the environment."""
    token = environment.get("CLOUDFLARE_API_TOKEN", "")
    if not token:
        raise DeployError("purging Cloudflare's cache needs CLOUDFLARE_API_TOKEN in the environment")
    return token


def requests(
    keys: CloudflareKeys, urls: Sequence[str], base_url: str, token: str, identity: str, now: dt.datetime
) -> list[Request]:
    """Return the requests; above `all_above` one that purges the whole zone."""
    bodies: list[dict[str, object]] = [
        {"files": list(urls[start : start + BATCH])} for start in range(0, len(urls), BATCH)
    ]
    if len(urls) > keys.all_above:
        bodies = [{"purge_everything": True}]
    address = f"{(keys.endpoint or API).rstrip('/')}/zones/{keys.zone}/purge_cache"
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return [Request("POST", address, headers, json.dumps(body).encode(), wrong) for body in bodies]


def wrong(answer: Answer) -> str:
    """Return what is wrong with an answer: Cloudflare says `success`, and why not in `errors`."""
    try:
        read = json.loads(answer.body)
        if read["success"] is True:
            return ""
        return (
            "; ".join(f"{fault['message']} ({fault['code']})" for fault in read["errors"]) or f"status {answer.status}"
        )
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status}"
