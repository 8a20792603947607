"""The site's icon as PNG, for what takes no SVG: old browsers, home screens, the web manifest.

The theme's `icon.svg` is what all of them show. Pillow draws no SVG, so this reads the little that the bundled icon is
made of: circles of one color. For any other icon the theme brings `icon-48.png`, `icon-180.png`, `icon-192.png` and
`icon-512.png` among its assets, or there is the SVG alone.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.files import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeAlias

    from builder.theme import Theme
    from builder.urls import Urls
    from builder.views.types import SiteView

    Circle: TypeAlias = tuple[float, float, float]
    Keep: TypeAlias = Callable[[str, Callable[[], bytes]], bytes]

#: Beside a page's title, for home screens (Apple), for the manifest (W3C, "Web Application Manifest": 192 and 512).
SIZES = (48, 180, 192, 512)
PAPER = "#fbfbf8"
MANIFEST = "site.webmanifest"
_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Icon:
    """One size of the icon: its path, and what it is drawn from ('' where the theme brings the picture)."""

    size: int
    path: str
    svg: bytes


def icons_of(theme: Theme) -> dict[int, Icon]:
    """Return the icons that a theme has or that can be drawn for it, by size."""
    svg = theme.assets.get("icon.svg")
    made: dict[int, Icon] = {}
    for size in SIZES:
        own = theme.assets.get(f"icon-{size}.png")
        if own is not None:
            made[size] = Icon(size, own.path, b"")
        elif svg is not None and _circles(svg.data) is not None:
            key = digest(f"{_VERSION} {size} ".encode() + svg.data)[:8]
            made[size] = Icon(size, f"/assets/icon-{size}.{key}.png", svg.data)
    return made


def icon_files(theme: Theme, keep: Keep) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of the icons that are drawn; `keep` returns what was made under a key before."""
    for icon in icons_of(theme).values():
        if icon.svg:
            yield icon.path.lstrip("/"), keep(digest(icon.path.encode()), lambda icon=icon: draw(icon))  # type: ignore[misc]


def draw(icon: Icon) -> bytes:
    """Return an icon as PNG: the smallest without a ground, those for home screens on paper, with room round them."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - most builds draw none

    found = _circles(icon.svg)
    assert found is not None, icon.path  # noqa: S101 - `icons_of` has looked
    box, circles, color = found
    scale, size = 4, icon.size
    mask = Image.new("L", (size * scale, size * scale))
    pen = ImageDraw.Draw(mask)
    room = 1.0 if size == SIZES[0] else 0.66
    unit = size * scale * room / box[2]
    edge = size * scale * (1 - room) / 2
    for x, y, radius in circles:
        left, top = edge + (x - box[0]) * unit, edge + (y - box[1]) * unit
        pen.ellipse([left - radius * unit, top - radius * unit, left + radius * unit, top + radius * unit], fill=255)
    shape = mask.reduce(scale)
    image = Image.new("RGBA", (size, size), color)
    image.putalpha(shape)
    if size != SIZES[0]:
        ground = Image.new("RGB", (size, size), PAPER)
        ground.paste(Image.new("RGB", (size, size), color), mask=shape)
        image = ground.quantize(16, dither=Image.Dither.NONE)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


_TAG = re.compile(r"<([a-zA-Z]\w*)((?:\s+[\w:-]+=\"[^\"]*\")*)\s*/?>")
_ATTRIBUTE = re.compile(r'([\w:-]+)="([^"]*)"')


def _circles(svg: bytes) -> tuple[list[float], list[Circle], str] | None:
    """Return the view box, the circles and the color of an SVG that consists of circles of one color, else None."""
    text = svg.decode(errors="replace")
    elements = [(tag, dict(_ATTRIBUTE.findall(given))) for tag, given in _TAG.findall(text)]
    names = [tag for tag, _ in elements]
    if sorted(re.findall(r"<([a-zA-Z]\w*)", text)) != sorted(names) or not {*names} <= {"svg", "g", "circle"}:
        return None
    try:
        box = [float(value) for value in elements[0][1].get("viewBox", "").split()]
        found = [
            [float(given.get(name, 0)) for name in ("cx", "cy", "r")] for tag, given in elements if tag == "circle"
        ]
    except (ValueError, IndexError):
        return None
    colors = {given["fill"] for _, given in elements if "fill" in given}
    moved = any({"transform", "style", "opacity", "stroke"} & given.keys() for _, given in elements)
    if len(box) != 4 or box[2] != box[3] or len(colors) != 1 or not found or moved:  # noqa: PLR2004 - a square
        return None
    return box, [(x, y, radius) for x, y, radius in found], colors.pop()


def manifest(site: SiteView, icons: Mapping[int, Icon], urls: Urls, color: str) -> str:
    """Return the web manifest (W3C): what a device that installs the site calls it and shows for it."""
    made = {
        "id": site.url,
        "name": site.title,
        "short_name": site.title,
        "description": site.description,
        "lang": site.language,
        "dir": site.direction,
        "start_url": site.url,
        "scope": site.url,
        "display": "minimal-ui",
        "background_color": PAPER,
        "theme_color": color,
        "icons": [
            {"src": urls.url(icon.path), "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any maskable"}
            for size, icon in icons.items()
            if size >= 192  # noqa: PLR2004 - what the manifest's readers ask for
        ],
    }
    return json.dumps({key: value for key, value in made.items() if value}, ensure_ascii=False, indent=1) + "\n"
