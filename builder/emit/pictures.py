"""Pictures in texts get their width and height, so that nothing moves while they load, and load when they are near.

Applied to a page's HTML after it is rendered, to pictures that stand beside the texts and to those of other hosts; what
the author or the theme says of size or loading stays. The first picture of a page is not put off: it may be what a
reader sees first (web.dev, "The performance effects of too much lazy loading").
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_IMAGE = re.compile(r"<img\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*?)\s*/?>")
_SOURCE = re.compile(r"""\ssrc=(?:"([^"]*)"|'([^']*)')""")
_GIVEN = re.compile(r"\s(width|height|loading)\s*=", re.IGNORECASE)
#: Values of EXIF's tag Orientation that turn a picture by a right angle; browsers follow it.
_ORIENTATION, _TURNED = 0x0112, frozenset({5, 6, 7, 8})


def framed(made: str, size: Callable[[str], tuple[int, int] | None], own: Mapping[str, str]) -> str:
    """Return the HTML of a page with the attributes of its pictures.

    `own` maps URLs of pictures that stand beside texts to their files, whose width and height `size` returns.
    """
    if "<img" not in made:
        return made
    seen = 0

    def one(found: re.Match[str]) -> str:
        nonlocal seen
        source = _SOURCE.search(found[1])
        url = html.unescape(source[1] or source[2] or "") if source else ""
        file = own.get(url.partition("#")[0].partition("?")[0])
        if file is None and not url.startswith(("https://", "http://", "//")):
            return found[0]
        seen += 1
        given = {name.lower() for name in _GIVEN.findall(found[1])}
        made = ""
        if file is not None and not given & {"width", "height"} and (measured := size(file)) is not None:
            made += f' width="{measured[0]}" height="{measured[1]}"'
        if "loading" not in given and seen > 1:
            made += ' loading="lazy"'
        return f'<img{found[1]}{made} decoding="async">' if "decoding=" not in found[1] else f"<img{found[1]}{made}>"

    return _IMAGE.sub(one, made)


def size_of(path: Path) -> tuple[int, int] | None:
    """Return width and height of a picture in CSS pixels, None where the file does not say."""
    try:
        if path.suffix.lower() == ".svg":
            return _size_of_svg(path.read_text("utf-8", errors="replace"))
        from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - most builds measure none
    except OSError:
        return None
    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = image.getexif().get(_ORIENTATION) in _TURNED
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return (height, width) if turned else (width, height)


def _size_of_svg(text: str) -> tuple[int, int] | None:
    """Return the size of an SVG: its width and height in pixels, else its view box."""
    root = re.search(r"<svg\b[^>]*>", text)
    if root is None:
        return None
    given = dict(re.findall(r"""\s(width|height|viewBox)=["']([^"']*)["']""", root[0]))
    plain = [re.fullmatch(r"\s*([\d.]+)(?:px)?\s*", given.get(name, "")) for name in ("width", "height")]
    numbers = [float(found[1]) for found in plain if found]
    if len(numbers) < 2:  # noqa: PLR2004 - both or none
        numbers = [float(part) for part in re.findall(r"-?[\d.]+", given.get("viewBox", ""))][2:4]
    if len(numbers) < 2 or min(numbers) <= 0:  # noqa: PLR2004
        return None
    return round(numbers[0]), round(numbers[1])
