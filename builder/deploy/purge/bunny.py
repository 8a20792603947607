"""bunny.net's cache: "Purge URL" of its API, one request a URL.

docs.bunny.net/reference/purgepublic_indexpost: a URL that ends with `/` purges everything below it, unless `exactPath`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from builder.deploy.http import Request
from builder.deploy.records import DeployError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from builder.targets import BunnyKeys

API = "https://api.bunny.net"


def credentials(keys: BunnyKeys, environment: Mapping[str, str]) -> str:
    """Return the API key of the environment."""
    key = environment.get("BUNNY_API_KEY", "")
    if not key:
        raise DeployError("purging bunny.net's cache needs BUNNY_API_KEY in the environment")
    return key


def requests(
    keys: BunnyKeys, urls: Sequence[str], base_url: str, token: str, identity: str, now: dt.datetime
) -> list[Request]:
    """Return the requests; above `all_above`, if the pull zone is named, one that purges all of it."""
    api = (keys.endpoint or API).rstrip("/")
    headers = {"AccessKey": token}
    if len(urls) > keys.all_above and keys.pull_zone:
        return [Request("POST", f"{api}/pullzone/{keys.pull_zone}/purgeCache", headers)]
    queries = (urlencode({"url": url, "async": "false", "exactPath": "true"}) for url in urls)
    return [Request("POST", f"{api}/purge?{query}", headers) for query in queries]
