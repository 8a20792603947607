"""Compression: the same bytes on every machine, made once for each content."""

import gzip
from pathlib import Path

import brotli
import pytest

from builder.deploy import compress
from builder.deploy.compress import Compressor, compressed, worth_it
from builder.files import digest

TEXT = b"many words, many words " * 200


def test_gzip_tells_nothing_of_time_and_machine() -> None:
    """The header of a gzip file has no time, no name and no system, so that equal content makes equal bytes."""
    made = compressed(TEXT, "gzip")
    assert made[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    assert gzip.decompress(made) == TEXT
    assert compressed(TEXT, "gzip") == made


def test_brotli_is_the_best_there_is() -> None:
    """Brotli is made with the best quality, and is the same every time."""
    made = compressed(TEXT, "br")
    assert brotli.decompress(made) == TEXT
    assert made == compressed(TEXT, "br") == brotli.compress(TEXT, quality=11)


def test_made_once_for_each_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was compressed once is read from the disk, by other processes too, as long as it is used."""
    made = Compressor(tmp_path).get(digest(TEXT), "br", TEXT)

    def fail(*_: object) -> bytes:
        raise AssertionError("made twice")

    monkeypatch.setattr(compress, "compressed", fail)
    again = Compressor(tmp_path)
    assert again.get(digest(TEXT), "br", TEXT) == made
    again.forget_all_but([digest(TEXT)])
    assert again.get(digest(TEXT), "br", TEXT) == made
    again.forget_all_but(["0" * 32])
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("media_type", "size", "worth"),
    [
        ("text/html; charset=utf-8", 5000, True),
        ("application/json", 256, True),
        ("image/svg+xml", 5000, True),
        ("application/rss+xml; charset=utf-8", 5000, True),
        ("text/html", 255, False),
        ("image/png", 50_000, False),
        ("font/woff2", 50_000, False),
        ("application/zip", 50_000, False),
    ],
)
def test_what_is_worth_it(media_type: str, size: int, worth: bool) -> None:
    """Text is, if it is no smaller than a packet can carry; what is compressed already is not."""
    assert worth_it(media_type, size) is worth
