"""How a card looks: the title of a page on paper, beside it the little map on a plate.

Called by `cards.draw`, which loads this module, and Pillow with it, only when a card is drawn. The bytes are a function
of the card and of the versions of Pillow and zlib. Titles are set in Source Serif (SIL Open Font License), which has
Latin, Greek and Cyrillic letters. A title with a letter that it lacks, or that runs from right to left, is left out:
the card then shows the little map alone, never boxes.

A picture is an array of indices of its palette. Letters, little maps and marks come again on many cards, so each is
drawn by Pillow once in a process and then copied.
"""

from __future__ import annotations

import math
import struct
import unicodedata
import zlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    from builder.emit.cards import Card

    Pixels: TypeAlias = NDArray[np.uint8]

WIDTH, HEIGHT = 1200, 630
_PAPER, _PLATE, _GRID, _INK, _SOFT, _STRONG = "#fbfbf8", "#f0f3f1", "#dfe6e3", "#18222a", "#4d5b62", "#93a1a3"
#: Colors of the palette: plain ones, then for each ink how far it covers its ground.
_COLORS = 16
_PANEL = (750, 0, WIDTH, HEIGHT)
_CENTER = (225, 315)
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 700, 150, 520
#: The rows of title and mark.
_OWN = (128, 540)
_SIZES = (76, 67, 59, 52, 46, 41, 36)
_LEADING = 1.16
#: More spokes than these are not told apart.
_MOST, _FAN = 48, 9


class Ink(NamedTuple):
    """A color by its place in the palette, where it stands `steps` times, covering its ground more each time."""

    first: int
    steps: int

    def of(self, coverage: Pixels) -> Pixels:
        """Return the indices for coverages of 0 to 255, 0 where it covers less than half of the first step."""
        return _indices(self)[coverage]


_TITLE, _NAME, _ACCENT, _LINES = Ink(3, 4), Ink(7, 3), Ink(10, 3), Ink(13, 3)


@lru_cache(maxsize=8)
def _indices(ink: Ink) -> Pixels:
    steps = [round(value / 255 * ink.steps) for value in range(256)]
    return np.array([ink.first + step - 1 if step else 0 for step in steps], np.uint8)


def drawn(card: Card) -> bytes:
    """Return a card as PNG."""
    ground = _ground(card.spokes, _drawable(card.eyebrow), _drawable(card.site))
    pixels = ground.pixels.copy()
    for layer in _mark(*_marked(card)):
        layer.upon(pixels)
    lines, size = _fitted(_drawable(card.title))
    if lines:
        top = _TOP + (_BOTTOM - _TOP - len(lines) * size * _LEADING) / 2
        _write(pixels, round(top), lines, size, _TITLE)
    return _png(pixels, ground, card.accent)


# ---- the file


def _png(pixels: Pixels, ground: _Ground, accent: str) -> bytes:
    """Return a picture as PNG, four bits a pixel; rows without title and mark are the ground's, packed once."""
    rows = _filtered(pixels[_OWN[0] - 1 : _OWN[1]])[1:]
    own = _packer(-zlib.MAX_WBITS)
    check = zlib.adler32(ground.rows_below.data, zlib.adler32(rows.data, ground.check_above))
    data = (ground.above, own.compress(rows.data), own.flush(zlib.Z_FULL_FLUSH), ground.below, struct.pack(">I", check))
    header = struct.pack(">2I5B", WIDTH, HEIGHT, 4, 3, 0, 0, 0)  # four bits, with a palette
    chunks = ((b"IHDR", header), (b"PLTE", _palette(accent)), (b"IDAT", b"".join(data)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def _filtered(pixels: Pixels) -> Pixels:
    """Return rows as they are packed: two pixels a byte, each row as its difference from the one above ("up", 2)."""
    size = WIDTH, len(pixels)
    packed = np.frombuffer(Image.frombuffer("P", size, pixels, "raw", "P", 0, 1).tobytes("raw", "P;4"), np.uint8)
    packed = packed.reshape(len(pixels), -1)
    rows = np.empty((len(pixels), 1 + packed.shape[1]), np.uint8)
    rows[:, 0] = 2
    rows[0, 1:] = packed[0]
    np.subtract(packed[1:], packed[:-1], out=rows[1:, 1:])
    return rows


def _packer(bits: int) -> zlib._Compress:
    """Return what packs rows. Runs alone are found in a quarter of the time, for the same size: most of it is zeros."""
    return zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, bits, strategy=zlib.Z_RLE)


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


@lru_cache(maxsize=8)
def _palette(accent: str) -> bytes:
    """Return the palette: paper, plate, grid, and the steps by which each ink covers what it is on."""
    colors = [_rgb(_PAPER), _rgb(_PLATE), _rgb(_GRID)]
    for color, ground, ink in (
        (_INK, _PAPER, _TITLE),
        (_SOFT, _PAPER, _NAME),
        (accent, _PLATE, _ACCENT),
        (_STRONG, _PLATE, _LINES),
    ):
        over, under = _rgb(color), _rgb(ground)
        for step in range(1, ink.steps + 1):
            part = step / ink.steps
            colors.append(tuple(round(u + (o - u) * part) for o, u in zip(over, under, strict=True)))  # type: ignore[arg-type]
    return bytes(channel for color in colors for channel in color)


# ---- the little map


class _Ground(NamedTuple):
    """The card without its title and mark, and of the rows that neither reaches: what a file has of them.

    Those above are packed, with the checksum so far; those below are packed, and as they are for the checksum.
    """

    pixels: Pixels
    above: bytes
    check_above: int
    below: bytes
    rows_below: Pixels


@lru_cache(maxsize=8)
def _ground(spokes: tuple[int, ...], eyebrow: str, site: str) -> _Ground:
    """Return what the cards of a cluster share."""
    pixels = _plate(spokes).copy()
    for text, top, size in ((eyebrow, 84, 26), (site, 548, 28)):
        if text:
            _write(pixels, top, [_shortened(text, size)], size, _NAME)
    first, last = _packer(zlib.MAX_WBITS), _packer(-zlib.MAX_WBITS)
    above, below = _filtered(pixels[: _OWN[0]]), _filtered(pixels[_OWN[1] - 1 :])[1:]
    return _Ground(
        pixels,
        first.compress(above.data) + first.flush(zlib.Z_FULL_FLUSH),
        zlib.adler32(above.data),
        last.compress(below.data) + last.flush(),
        below,
    )


@lru_cache(maxsize=8)
def _plate(spokes: tuple[int, ...]) -> Pixels:
    """Return the card without words and mark."""
    image = Image.new("L", (WIDTH, HEIGHT), 0)
    pen = ImageDraw.Draw(image)
    pen.rectangle(_PANEL, fill=1)
    for x in range(_PANEL[0], WIDTH, 45):
        pen.line((x, 0, x, HEIGHT), fill=2)
    for y in range(45, HEIGHT, 45):
        pen.line((_PANEL[0], y, WIDTH, y), fill=2)
    pen.rectangle((0, HEIGHT - 10, WIDTH, HEIGHT), fill=_ACCENT.first + _ACCENT.steps - 1)
    pixels = np.array(image)
    lines, dots = _plan(spokes)
    _layer(_LINES, lines, [*dots, (*_CENTER, 26.0)]).upon(pixels)
    return pixels


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


def _marked(card: Card) -> tuple[int, int]:
    """Return how many spokes a card has and which of them is marked, 0 for the hub."""
    count = min(sum(card.spokes), _MOST)
    return (count, min(card.here, count)) if card.here > 0 and len(card.spokes) == 1 else (count, 0)


@lru_cache(maxsize=64)
def _mark(count: int, here: int) -> tuple[_Layer, ...]:
    """Return what shows the place of the page in the accent color."""
    if not here:
        return (_layer(_ACCENT, [], [(*_CENTER, 32.0)]),)
    x, y = _place(here, count)
    spoke = _layer(_ACCENT, [(*_CENTER, x, y, 6)], [(x, y, _radius(count) + 7)])
    return spoke, _layer(_LINES, [], [(*_CENTER, 26.0)])


class _Layer(NamedTuple):
    """Something drawn upon the plate: the left and upper edge of its indices, of which 0 leaves the ground as it is."""

    left: int
    top: int
    indices: Pixels

    def upon(self, pixels: Pixels) -> None:
        """Put it upon a picture."""
        height, width = self.indices.shape
        ground = pixels[self.top : self.top + height, self.left : self.left + width]
        np.copyto(ground, self.indices, where=self.indices > 0)


def _layer(ink: Ink, lines: list[tuple[float, ...]], dots: list[tuple[float, float, float]]) -> _Layer:
    """Return lines and dots with smooth edges, in an ink."""
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
    return _Layer(_PANEL[0] + left, top, ink.of(np.asarray(mask.reduce(scale))))


# ---- words


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
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


class _Glyph(NamedTuple):
    """A letter of a size in an ink: its indices, where they stand from the letter's place, and how wide it is."""

    indices: Pixels
    left: int
    top: int
    width: int


@lru_cache(maxsize=2048)
def _glyph(letter: str, size: int, ink: Ink) -> _Glyph:
    font = _font(size)
    left, top, right, bottom = map(round, font.getbbox(letter))
    mask = Image.new("L", (max(1, right - left), max(1, bottom - top)))
    ImageDraw.Draw(mask).text((-left, -top), letter, fill=255, font=font)
    return _Glyph(ink.of(np.asarray(mask)), left, top, round(font.getlength(letter)))


def _write(pixels: Pixels, top: int, lines: list[str], size: int, ink: Ink) -> None:
    """Write lines upon the paper, from the left edge of the words; the font has no pairs of letters to move nearer."""
    for number, line in enumerate(lines):
        x, y = _LEFT, top + round(number * size * _LEADING)
        for letter in line:
            indices, left, above, width = _glyph(letter, size, ink)
            height, across = indices.shape
            ground = pixels[y + above : y + above + height, x + left : x + left + across]
            np.maximum(ground, indices, out=ground)
            x += width
