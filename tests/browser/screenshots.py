"""The pictures of README.md, from the built example: `make screenshots`.

    python -m tests.browser.screenshots [OUTPUT [IMAGES]]

OUTPUT is the built example (default: output/), IMAGES where the pictures go (default: docs/images/). They are PNG with
a palette, so that they stay small.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

from PIL import Image

from tests.browser.chromium import chromium, served

REPOSITORY = Path(__file__).parents[2]
#: Name, page, scheme, width and height of the window, how many device pixels a pixel has.
PICTURES = [
    ("map-light", "/flask/", "light", 1280, 1230, 1.5),
    ("article-dark", "/flask/data/alembic-migrations/", "dark", 1280, 860, 1.5),
    ("phone", "/espresso/", "light", 390, 844, 2),
]
#: No picture is larger, in bytes.
LIMIT = 150_000


def main(output: Path, images: Path) -> None:
    """Take the pictures."""
    images.mkdir(parents=True, exist_ok=True)
    found = [str(REPOSITORY / ".ci" / "system-packages"), "--find", "chromium"]
    program = subprocess.run(found, capture_output=True, text=True, check=True).stdout.strip()
    with served(output) as url, chromium(program) as browser:
        for name, path, scheme, width, height, scale in PICTURES:
            context = browser.new_context(
                color_scheme=scheme,  # type: ignore[arg-type]
                viewport={"width": width, "height": height},
                device_scale_factor=scale,
                reduced_motion="reduce",
            )
            page = context.new_page()
            page.goto(url + path)
            page.wait_for_timeout(300)
            picture = page.screenshot()
            context.close()
            file = images / f"{name}.png"
            file.write_bytes(small(picture))
            print(f"{name}.png: {file.stat().st_size} bytes")


def small(picture: bytes) -> bytes:
    """Return a picture with as many colors as fit into the limit."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colors in (128, 64, 32, 16):
        made = io.BytesIO()
        image.quantize(colors, dither=Image.Dither.NONE).save(made, "PNG", optimize=True)
        if made.tell() <= LIMIT:
            return made.getvalue()
    message = f"a picture of {image.width} × {image.height} does not fit into {LIMIT} bytes"
    raise ValueError(message)


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    main(*[*given, *[REPOSITORY / "output", REPOSITORY / "docs" / "images"][len(given) :]])
