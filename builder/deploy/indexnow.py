"""IndexNow: telling search engines which pages were added, changed or deleted (indexnow.org, "Documentation").

The key is public; the file that proves it is part of the deploy. Pages that the sitemap does not list are not told of,
except pages that are gone.
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from builder.deploy.http import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from builder.targets import IndexNowKeys

BATCH = 10_000
_REASONS = {
    400: "the request is not valid",
    403: "the key is not valid: the key file is not there, or says something else",
    422: "a URL is not the host's, or the key does not fit",
    429: "too many requests",
}


def key_file(keys: IndexNowKeys) -> tuple[str, bytes]:
    """Return the name and the bytes of the file that proves the key."""
    return f"{keys.key}.txt", keys.key.encode()


def requests(keys: IndexNowKeys, urls: Sequence[str], base_url: str) -> list[Request]:
    """Return the requests that tell of some URLs, 10,000 in each."""
    made = []
    for start in range(0, len(urls), BATCH):
        body = {
            "host": urlsplit(base_url).netloc,
            "key": keys.key,
            "keyLocation": f"{base_url}{keys.key}.txt",
            "urlList": list(urls[start : start + BATCH]),
        }
        headers = {"Content-Type": "application/json; charset=utf-8"}
        made.append(Request("POST", keys.endpoint, headers, json.dumps(body).encode(), wrong))
    return made


def wrong(answer: Answer) -> str:
    """Return what is wrong with an answer: 200 and 202 (the key is still to be checked) are fine."""
    if answer.status in {200, 202}:
        return ""
    return _REASONS.get(answer.status, f"status {answer.status}")


def listed(sitemaps: Iterable[bytes]) -> set[str]:
    """Return the addresses that sitemaps list."""
    found: set[str] = set()
    for data in sitemaps:
        text = data.decode("utf-8", "replace")
        found.update(html.unescape(url) for url in re.findall(r"<loc>\s*([^<]+?)\s*</loc>", text))
    return found
