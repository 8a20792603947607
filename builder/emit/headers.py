"""The one table of HTTP headers: caching and security by path, and the types of files.

`_headers` (Netlify, Cloudflare Pages), the uploads of `topicsite deploy` and the preview server take theirs from here.
`headers:` of site.yaml adds to the table or replaces parts of it; the value `off` takes a header away.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from builder.emit import speculation
from builder.urls import path_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.urls import Urls

#: Sent with everything. The bundled theme needs nothing from elsewhere and has no inline script or style.
#: Strict-Transport-Security is not among them: it binds the whole host for as long as it says, so a site opts in.
SECURITY: dict[str, str] = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: Added to the policy where the site is searched by Pagefind.
WASM = "script-src 'self' 'wasm-unsafe-eval'"
#: By path pattern; what has a digest in its name never changes.
CACHING: dict[str, str] = {
    "/*": "public, max-age=0, must-revalidate",
    "/assets/*": "public, max-age=31536000, immutable",
}
#: By what a file's name ends with; `mimetypes` says what the machine's administrator thinks.
TYPES: dict[str, str] = {
    "atom": "application/atom+xml; charset=utf-8",
    "avif": "image/avif",
    "css": "text/css; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "eot": "application/vnd.ms-fontobject",
    "gif": "image/gif",
    "htm": "text/html; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "ico": "image/x-icon",
    "ics": "text/calendar; charset=utf-8",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "map": "application/json",
    "md": "text/markdown; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "ogg": "audio/ogg",
    "otf": "font/otf",
    "pdf": "application/pdf",
    "png": "image/png",
    "rss": "application/rss+xml; charset=utf-8",
    "svg": "image/svg+xml",
    "ttf": "font/ttf",
    "txt": "text/plain; charset=utf-8",
    "wasm": "application/wasm",
    "wav": "audio/wav",
    "webm": "video/webm",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "zip": "application/zip",
}
ANY_TYPE = "application/octet-stream"
#: What `headers:` says to take a header away.
OFF = "off"

Rules = list[tuple[str, dict[str, str]]]


def header_rules(urls: Urls, further: Mapping[str, Mapping[str, str]], search: str = "index") -> Rules:
    """Return the headers by path pattern, in order; a later pattern that fits overrides an earlier one.

    `search` is site.yaml's: Pagefind runs WebAssembly, which the policy has to allow.

    Names are written as HTTP/1.1 does (`Cache-Control`). The value '' takes away what an earlier pattern gives.
    """
    rules: dict[str, dict[str, str]] = {"/*": {**SECURITY, "Cache-Control": CACHING["/*"]}}
    rules["/*"]["Speculation-Rules"] = f'"{urls.url("/" + speculation.FILE)}"'
    if search == "pagefind":
        rules["/*"]["Content-Security-Policy"] += f"; {WASM}"
    rules["/assets/*"] = {"Cache-Control": CACHING["/assets/*"]}
    rules["/" + speculation.FILE] = {"Content-Type": speculation.MEDIA_TYPE}
    for path, values in further.items():
        named = {_canonical(name): "" if value == OFF else " ".join(value.split()) for name, value in values.items()}
        rules[path] = {**rules.get(path, {}), **named}
    first = next(iter(rules))
    rules[first] = {name: value for name, value in rules[first].items() if value}
    return [(urls.base_path + path, values) for path, values in rules.items()]


def headers_file(urls: Urls, further: Mapping[str, Mapping[str, str]], search: str = "index") -> str:
    """Return the text of `_headers`."""
    lines: list[str] = []
    given: set[str] = set()
    for path, values in header_rules(urls, further, search):
        lines.append(path)
        lines += [f"  ! {name}" for name in values if name in given]
        lines += [f"  {name}: {value}" for name, value in values.items() if value]
        given.update(values)
    return "\n".join(lines) + "\n"


def headers_for(path: str, rules: Sequence[tuple[str, Mapping[str, str]]]) -> dict[str, str]:
    """Return the headers of a URL's path (with the path of `base_url`, decoded), sorted by name."""
    found: dict[str, str] = {}
    for pattern, values in rules:
        if _pattern(pattern).fullmatch(path):
            found.update(values)
    return {name: value for name, value in sorted(found.items()) if value}


def headers_of_file(name: str, rules: Sequence[tuple[str, Mapping[str, str]]], base_path: str = "") -> dict[str, str]:
    """Return the headers of an output file, its type among them: `a/index.html` has those of the URL `/a/`."""
    found = {"Content-Type": content_type(name), **headers_for(base_path + path_of(name), rules)}
    return dict(sorted(found.items()))


def content_type(name: str) -> str:
    """Return the media type of an output file, by its name."""
    if name.rpartition("/")[2] in {"_headers", "_redirects"}:
        return TYPES["txt"]
    stem, _, suffix = name.rpartition("/")[2].rpartition(".")
    return TYPES.get(suffix.casefold(), ANY_TYPE) if stem else ANY_TYPE


def _canonical(name: str) -> str:
    return "-".join(part.capitalize() for part in name.strip().split("-"))


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    """Return the expression of a path pattern: `*` is any text, `:name` one part between slashes."""
    parts = re.split(r"(\*|(?<=/):\w+)", pattern)
    made = (".*" if part == "*" else "[^/]+" if part.startswith(":") else re.escape(part) for part in parts)
    return re.compile("".join(made), re.DOTALL)
