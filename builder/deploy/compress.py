"""Compression: gzip and brotli of a file's bytes, made once for each content and the same on every machine.

The compressed bytes are kept in `.topicsite/compressed/`, by the digest of what they were made of.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from builder.deploy.records import DeployError
from builder.write import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: What a file name gets where compressed files lie beside the others.
SUFFIXES = {"gzip": ".gz", "br": ".br"}
#: Media types worth it; pictures and fonts (but SVG) are compressed already.
_TEXT = ("text/", "application/json", "application/xml", "application/rss", "application/atom", "application/manifest")
_ALSO = frozenset({"image/svg+xml", "application/wasm", "application/vnd.ms-fontobject", "font/ttf", "font/otf"})
#: Below this many bytes a packet carries the file either way.
SMALL = 256
#: Beyond this size the best quality takes seconds.
LARGE = 1 << 20


def worth_it(media_type: str, size: int) -> bool:
    """Tell whether a file is sent compressed; by type and size alone, so that a plan knows it without trying."""
    bare = media_type.partition(";")[0].strip()
    return size >= SMALL and (bare.startswith(_TEXT) or bare in _ALSO)


def compressed(data: bytes, encoding: str) -> bytes:
    """Return the bytes in an encoding: `gzip`, without time and name (RFC 1952), or `br` (RFC 7932)."""
    if encoding == "gzip":
        made = bytearray(gzip.compress(data, 9, mtime=0))
        made[9] = 255  # the system that made it: zlib writes its own, and builds differ
        return bytes(made)
    try:
        import brotli  # noqa: PLC0415 - an extra
    except ImportError:
        raise DeployError("brotli is not installed: pip install 'topicsite[deploy]', or set `compress: gzip`") from None
    text: bytes = brotli.compress(data, quality=11 if len(data) <= LARGE else 9)
    return text


class Compressor:
    """Compresses with a memory on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, digest: str, encoding: str, data: bytes) -> bytes:
        """Return the encoded bytes of a file's content."""
        path = self._path(digest, encoding)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            made = compressed(data, encoding)
        write_atomically(path, made)
        return made

    def forget_all_but(self, digests: Iterable[str]) -> None:
        """Delete what was made of contents that no longer occur."""
        wanted = set(digests)
        for path in self.folder.glob("??/*"):
            if path.name.partition(".")[0] not in wanted:
                path.unlink(missing_ok=True)

    def _path(self, digest: str, encoding: str) -> Path:
        return self.folder / digest[:2] / f"{digest}{SUFFIXES[encoding]}"
