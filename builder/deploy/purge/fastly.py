"""Fastly's cache: "Purge a URL" of its API, one request a URL; soft purges keep serving the old copy meanwhile.

www.fastly.com/documentation/reference/api/purging
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from builder.deploy.http import Request
from builder.deploy.records import DeployError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from builder.targets import FastlyKeys

API = "https://api.fastly.com"


def credentials(keys: FastlyKeys, environment: Mapping[str, str]) -> str:
    """Return the API token of the environment."""
    token = environment.get("FASTLY_API_TOKEN") or environment.get("FASTLY_API_KEY", "")
    if not token:
        raise DeployError("purging Fastly's cache needs FASTLY_API_TOKEN in the environment (scope purge_select)")
    return token


def requests(
    keys: FastlyKeys, urls: Sequence[str], base_url: str, token: str, identity: str, now: dt.datetime
) -> list[Request]:
    """Return the requests; above `all_above`, if the service is named, one that purges all of it."""
    api = (keys.endpoint or API).rstrip("/")
    headers = {"Fastly-Key": token, "Accept": "application/json"}
    if len(urls) > keys.all_above and keys.service:
        return [Request("POST", f"{api}/service/{keys.service}/purge_all", headers)]
    if keys.soft:
        headers["Fastly-Soft-Purge"] = "1"
    made = []
    for url in urls:
        parts = urlsplit(url)
        made.append(Request("POST", f"{api}/purge/{parts.netloc}{parts.path}", headers))
    return made
