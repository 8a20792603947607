"""Pictures for social networks: 1200 × 630, a page's title beside a small map that shows where it stands.

Asked for by every map, pillar and article, in any process; a card whose key is known is not drawn again. `drawing.py`
says how it looks.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

from builder.cache import digest_of

#: The folder of cards; what is below `/assets/` is kept by browsers for ever.
FOLDER = "assets/cards"
#: The color of a theme without an option `accent`.
ACCENT = "#0b6477"
_VERSION = "2"


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
        return digest_of(_VERSION, *_made_by(), self)[:16]

    def name(self, path: str) -> str:
        """Return the name of the card's file for the page at a path: no two pages share one, no two pictures either."""
        return f"{FOLDER}/{path.strip('/') or 'home'}.{self.key}.png"


@lru_cache(maxsize=1)
def _made_by() -> tuple[str, str]:
    """Return the versions of what makes the bytes of a picture."""
    from PIL import __version__  # noqa: PLC0415 - most commands need neither

    return __version__, zlib.ZLIB_RUNTIME_VERSION


def key_of(name: str) -> str:
    """Return the key of the card in an output file, '' for all other files."""
    return name.rsplit(".", 2)[1] if name.startswith(FOLDER) else ""


def draw(card: Card) -> bytes:
    """Return the card as PNG."""
    from builder.emit.drawing import drawn  # noqa: PLC0415 - a build whose cards are known does not load Pillow

    return drawn(card)
