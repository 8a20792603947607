"""Pictures for social networks: 1200 × 630, a page's title beside a small map that shows where it stands.

Called for every map, pillar and article, in any process; a card whose key is known is not drawn again. The bytes are a
function of the card and of Pillow's version. Titles are set in Source Serif (SIL Open Font License), which has Latin,
Greek and Cyrillic letters; a title with a letter that it lacks, or that runs from right to left, is left out: the card
then shows the little map alone, never boxes.
"""

from __future__ import annotations

import io
import math
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from builder.cache import digest_of

if TYPE_CHECKING:
    from PIL import Image, ImageFont

WIDTH, HEIGHT = 1200, 630
#: The folder of cards; what is below `/assets/` is kept by browsers for ever.
FOLDER = "assets/cards"
#: The color of a theme without an option `accent`.
ACCENT = "#0b6477"
_VERSION = "1"
_PAPER, _PLATE, _GRID, _INK, _SOFT, _STRONG = "#fbfbf8", "#f0f3f1", "#dfe6e3", "#18222a", "#4d5b62", "#93a1a3"
#: Indices of the palette: plain colors, then how far a color covers its ground.
_INK_FROM, _SOFT_FROM, _ACCENT_FROM, _STRONG_FROM = 3, 7, 10, 13
_PANEL = (750, 0, WIDTH, HEIGHT)
_CENTER = (225, 315)
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 700, 150, 520
_SIZES = (76, 67, 59, 52, 46, 41, 36)
_LEADING = 1.16
#: zlib's Z_RLE: a third of the time of the default for the same size, pictures of flat color being runs.
_RUNS = 3
#: More spokes than these are not told apart.
_MOST, _FAN = 48, 9


@dataclass(frozen=True, slots=True)
class Card:
    """What is on a card.

    `spokes` is, for a map or a site, how many spokes each of its hubs has; for an article or a pillar a single number,
    that of its cluster. `here` is the number of the spoke to mark, 0 for the hub in the middle.
    """

    title: str
    eyebrow: str
    site: str
    accent: str
    spokes: tuple[int, ...]
    here: int

    @property
    def key(self) -> str:
        """The digest of all that the picture depends on."""
        from PIL import __version__  # noqa: PLC0415 - a build whose cards are known does not load Pillow

        return digest_of(_VERSION, __version__, self)[:16]

    def name(self, path: str) -> str:
        """Return the name of the card's file for the page at a path: no two pages share one, no two pictures either."""
        return f"{FOLDER}/{path.strip('/') or 'home'}.{self.key}.png"


def key_of(name: str) -> str:
    """Return the key of the card in an output file, '' for all other files."""
    return name.rsplit(".", 2)[1] if name.startswith(FOLDER) else ""


def draw(card: Card) -> bytes:
    """Return the card as PNG."""
    title = _drawable(card.title)
    image = _ground(card.accent, card.spokes, _drawable(card.eyebrow), _drawable(card.site)).copy()
    _mark(image, card)
    lines, size = _fitted(title)
    if lines:
        top = _TOP + (_BOTTOM - _TOP - len(lines) * size * _LEADING) / 2
        _write(image, round(top), lines, size, _INK_FROM, 4)
    out = io.BytesIO()
    image.save(out, "PNG", bits=4, compress_type=_RUNS)
    return out.getvalue()


# ---- colors


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _palette(accent: str) -> list[int]:
    """Return the palette: paper, plate, grid, and the steps by which each ink covers what it is on."""
    colors = [_rgb(_PAPER), _rgb(_PLATE), _rgb(_GRID)]
    for ink, ground, steps in ((_INK, _PAPER, 4), (_SOFT, _PAPER, 3), (accent, _PLATE, 3), (_STRONG, _PLATE, 3)):
        over, under = _rgb(ink), _rgb(ground)
        for step in range(1, steps + 1):
            part = step / steps
            colors.append(tuple(round(u + (o - u) * part) for o, u in zip(over, under, strict=True)))  # type: ignore[arg-type]
    return [channel for color in colors for channel in color]


@lru_cache(maxsize=8)
def _steps(first: int, steps: int, ground: int) -> list[int]:
    """Return the palette's index for each coverage of 0 to 255."""
    made = []
    for value in range(256):
        step = round(value / 255 * steps)
        made.append(first + step - 1 if step else ground)
    return made


# ---- the little map


@lru_cache(maxsize=64)
def _ground(accent: str, spokes: tuple[int, ...], eyebrow: str, site: str) -> Image.Image:
    """Return the card without its title and mark: what the cards of a cluster share."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - a build whose cards are known does not load Pillow

    image = Image.new("P", (WIDTH, HEIGHT), 0)
    image.putpalette(_palette(accent))
    pen = ImageDraw.Draw(image)
    pen.rectangle(_PANEL, fill=1)
    for x in range(_PANEL[0], WIDTH, 45):
        pen.line((x, 0, x, HEIGHT), fill=2)
    for y in range(45, HEIGHT, 45):
        pen.line((_PANEL[0], y, WIDTH, y), fill=2)
    pen.rectangle((0, HEIGHT - 10, WIDTH, HEIGHT), fill=_ACCENT_FROM + 2)
    for text, top, size in ((eyebrow, 84, 26), (site, 548, 28)):
        if text:
            _write(image, top, [_shortened(text, size)], size, _SOFT_FROM, 3)
    lines, dots = _plan(spokes)
    _layer(image, _STRONG_FROM, lines, [*dots, (*_CENTER, 26.0)])
    return image


def _plan(spokes: tuple[int, ...]) -> tuple[list[tuple[float, ...]], list[tuple[float, float, float]]]:
    """Return lines (with their width) and dots (with their radius) of the picture round the hub."""
    lines: list[tuple[float, ...]] = []
    dots: list[tuple[float, float, float]] = []
    if len(spokes) < 2:  # noqa: PLR2004 - one cluster: the card of an article or a pillar
        count = min(sum(spokes), _MOST)
        for number in range(1, count + 1):
            x, y = _place(number, count)
            lines.append((*_CENTER, x, y, 4))
            dots.append((x, y, _radius(count)))
        return lines, dots
    count = min(len(spokes), _MOST)
    for number, inner in enumerate(spokes[:count], 1):
        x, y = _place(number, count, 118)
        lines.append((*_CENTER, x, y, 4))
        dots.append((x, y, _radius(count) * 0.8))
        fan = min(inner, _FAN, max(1, 60 // count))
        turn = 2 * math.pi / count
        for leaf in range(fan):
            angle = _angle(number, count) + turn * 0.8 * ((leaf + 0.5) / fan - 0.5)
            far = _at(angle, 182)
            lines.append((x, y, *far, 2))
            dots.append((*far, max(3.0, min(8.0, 44 / count))))
    return lines, dots


def _angle(number: int, count: int) -> float:
    return 2 * math.pi * (number - 1) / count - math.pi / 2


def _at(angle: float, distance: float) -> tuple[float, float]:
    return _CENTER[0] + distance * math.cos(angle), _CENTER[1] + distance * math.sin(angle)


def _place(number: int, count: int, distance: float = 160) -> tuple[float, float]:
    """Return where the spoke of a number ends."""
    return _at(_angle(number, count), distance)


def _radius(count: int) -> float:
    return max(4.0, min(15.0, 0.38 * math.pi * 320 / max(count, 1)))


def _mark(image: Image.Image, card: Card) -> None:
    """Draw the place of the page in the accent color."""
    count = min(sum(card.spokes), _MOST)
    if card.here <= 0 or len(card.spokes) != 1 or not count:
        _layer(image, _ACCENT_FROM, [], [(*_CENTER, 32.0)])
        return
    x, y = _place(min(card.here, count), count)
    _layer(image, _ACCENT_FROM, [(*_CENTER, x, y, 6)], [(x, y, _radius(count) + 7)])
    _layer(image, _STRONG_FROM, [], [(*_CENTER, 26.0)])


def _layer(
    image: Image.Image, first: int, lines: list[tuple[float, ...]], dots: list[tuple[float, float, float]]
) -> None:
    """Draw lines and dots upon the plate with smooth edges, in the color that begins at an index of the palette."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - a build whose cards are known does not load Pillow

    xs = [value for line in lines for value in (line[0], line[2])] + [x + s * r for x, _, r in dots for s in (-1, 1)]
    ys = [value for line in lines for value in (line[1], line[3])] + [y + s * r for _, y, r in dots for s in (-1, 1)]
    left, top = int(min(xs)) - 4, int(min(ys)) - 4
    size = int(max(xs)) + 5 - left, int(max(ys)) + 5 - top
    scale = 3
    mask = Image.new("L", (size[0] * scale, size[1] * scale))
    pen = ImageDraw.Draw(mask)
    for x1, y1, x2, y2, width in lines:
        ends = [((x - left) * scale, (y - top) * scale) for x, y in ((x1, y1), (x2, y2))]
        pen.line(ends, fill=255, width=round(width * scale))
    for x, y, radius in dots:
        box = [((x + s * radius - left) * scale, (y + s * radius - top) * scale) for s in (-1, 1)]
        pen.ellipse([*box[0], *box[1]], fill=255)
    small = mask.reduce(scale)
    ink = small.point(_steps(first, 3, 0))
    shown = small.point([255 if value > 42 else 0 for value in range(256)])  # noqa: PLR2004 - half of the first step
    image.paste(ink, (_PANEL[0] + left, top), shown)


# ---- words


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont  # noqa: PLC0415 - a build whose cards are known does not load Pillow

    found = find_spec("font_source_serif_pro")
    if found is None or found.origin is None:  # pragma: no cover - a dependency of this package
        raise ModuleNotFoundError(name="font_source_serif_pro")
    file = Path(found.origin).parent / "files" / "SourceSerifPro-Semibold.ttf"
    return ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4096)
def _has(letter: str) -> bool:
    """Tell whether the font has a letter, and whether setting it one after the other is right for its script."""
    if unicodedata.bidirectional(letter) in {"R", "AL", "AN"} or unicodedata.combining(letter):
        return False
    if letter == " ":
        return True
    font = _font(24)
    return bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))


def _drawable(text: str) -> str:
    """Return a text as it can be set, or '' where a letter of it cannot."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return plain if all(map(_has, plain)) else ""


def _fitted(title: str) -> tuple[list[str], int]:
    """Return a title in lines, and the largest size at which they fit."""
    size = _SIZES[-1]
    lines: list[str] = []
    for size in _SIZES:
        lines, whole = _wrapped(title, size)
        if whole and len(lines) * size * _LEADING <= _BOTTOM - _TOP:
            return lines, size
    most = int((_BOTTOM - _TOP) / (size * _LEADING))
    return (lines if len(lines) <= most else [*lines[: most - 1], _broken_off(lines[most - 1], size)]), size


@lru_cache(maxsize=65536)
def _length(word: str) -> float:
    """Return the width of a word at size 1."""
    return float(_font(100).getlength(word)) / 100


def _room(size: int) -> float:
    """Return the width of a line at size 1; FreeType rounds each letter's width to whole pixels, hence the reserve."""
    return 0.97 * (_RIGHT - _LEFT) / size


def _wrapped(text: str, size: int) -> tuple[list[str], bool]:
    """Return a text in lines, and whether no word had to be broken."""
    room, whole = _room(size), True
    lines: list[str] = []
    width = room
    for word in text.split():
        piece = word
        if lines and width + _length(" ") + _length(piece) <= room:
            lines[-1] += f" {piece}"
            width += _length(" ") + _length(piece)
            continue
        while _length(piece) > room:
            whole = False
            end = _cut(piece, room)
            lines.append(piece[:end])
            piece = piece[end:]
        lines.append(piece)
        width = _length(piece)
    return lines, whole


def _cut(text: str, room: float) -> int:
    """Return how many letters of a text fit, at least one."""
    return next(n for n in range(len(text), 0, -1) if n == 1 or _length(text[:n]) <= room)


def _shortened(text: str, size: int) -> str:
    """Return a text that fits into one line."""
    return text if _length(text) <= _room(size) else _broken_off(text, size)


def _broken_off(text: str, size: int) -> str:
    """Return the beginning of a text with an ellipsis, in one line."""
    room = _room(size) - _length("…")
    return f"{text[: _cut(text, room)].rstrip()}…"


def _write(image: Image.Image, top: int, lines: list[str], size: int, first: int, steps: int) -> None:
    """Write lines upon the paper, from the left edge of the words."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - a build whose cards are known does not load Pillow

    mask = Image.new("L", (_PANEL[0] - _LEFT, math.ceil((len(lines) - 1) * size * _LEADING + size * 1.45)))
    pen = ImageDraw.Draw(mask)
    for number, line in enumerate(lines):
        pen.text((0, round(number * size * _LEADING)), line, fill=255, font=_font(size))
    image.paste(mask.point(_steps(first, steps, 0)), (_LEFT, top))
