"""Speculation rules: which pages a browser may fetch before they are asked for, in a file that a header announces.

`prefetch` and not `prerender`, with eagerness `moderate` (a pointer that rests on a link): it costs a document and runs
nothing (WICG, "Speculation Rules"; the header and the media type are those of the HTML standard). A browser that does
not know it does nothing, and so does a host that sends no such header.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.urls import Urls

FILE = "speculation-rules.json"
MEDIA_TYPE = "application/speculationrules+json"


def speculation_rules(urls: Urls) -> str:
    """Return the rules: every page of the site, but no file that is data."""
    base = urls.url("/")
    files = [f"{base}*.{suffix}" for suffix in ("xml", "json", "csv", "md", "txt", "webmanifest")]
    where = {"and": [{"href_matches": f"{base}*"}, {"not": {"href_matches": files}}]}
    return json.dumps({"prefetch": [{"where": where, "eagerness": "moderate"}]}, separators=(",", ":")) + "\n"
