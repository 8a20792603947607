"""Pictures for social networks: what is on them, what they weigh, that they are drawn once and without boxes."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from builder import work
from builder.cache import Store
from builder.emit.cards import Card, draw, key_of
from builder.pipeline import Request, build
from tests.test_markup import SITE, TODAY, write

CARD = Card("Brewing tea in a kettle", "Tea · Brewing", "Maps", "#0b6477", (6,), 3)
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung " * 3
LEFT, PANEL = (72, 130, 700, 530), (751, 1, 1199, 618)


def pixels(card: Card, box: tuple[int, int, int, int]) -> set[tuple[int, int, int]]:
    """Return the colors within a part of a card."""
    image = Image.open(io.BytesIO(draw(card))).convert("RGB").crop(box)
    return {color for _, color in image.getcolors(maxcolors=100_000)}  # type: ignore[union-attr,misc]


@pytest.mark.parametrize(
    "card",
    [
        CARD,
        replace(CARD, here=0),
        replace(CARD, spokes=(6, 4, 9), here=0),
        replace(CARD, spokes=(40,) * 30, here=0),
        replace(CARD, spokes=(0,), here=0),
        replace(CARD, spokes=(), here=0),
        replace(CARD, spokes=(400,), here=399),
        replace(CARD, title=LONG),
        replace(CARD, title=""),
        replace(CARD, title="ネコ" * 20, eyebrow="خرائط", site="מפות"),
    ],
    ids=["article", "pillar", "map", "large map", "bare", "empty", "many", "long", "untitled", "other scripts"],
)
def test_cards_are_small_and_of_the_size_that_networks_want(card: Card) -> None:
    """1200 × 630, PNG with a palette, under 40 KB, and the same bytes every time."""
    data = draw(card)
    image = Image.open(io.BytesIO(data))
    assert (image.size, image.format, image.mode) == ((1200, 630), "PNG", "P")
    assert len(data) < 40_000
    assert draw(card) == data


def test_title_is_set() -> None:
    """The title's ink is there, from the left edge; a longer title is smaller, and stays within its room."""
    assert (24, 34, 42) in pixels(CARD, LEFT)
    long = replace(CARD, title=LONG * 5)
    assert (24, 34, 42) in pixels(long, LEFT)
    assert (24, 34, 42) not in pixels(long, (701, 0, 749, 618))
    assert (24, 34, 42) not in pixels(long, (0, 536, 749, 618))


@pytest.mark.parametrize("title", ["日本語の題", "العربية", "עברית", "हिन्दी", "Tea 🍵", "x\u0301"])
def test_no_boxes(title: str) -> None:
    """A title with letters that the font lacks, or that it cannot set rightly, is left out; the little map stays."""
    assert pixels(replace(CARD, title=title), LEFT) == {(251, 251, 248)}
    assert len(pixels(replace(CARD, title=title), PANEL)) > 3


@pytest.mark.parametrize("title", ["Größe – “Maß”", "Čaj, ěšč", "Чай дома", "Τσάι στο σπίτι", "Trà Việt"])
def test_letters_of_other_languages(title: str) -> None:
    """Latin letters with marks, Cyrillic and Greek are set."""
    assert (24, 34, 42) in pixels(replace(CARD, title=title), LEFT)


def test_place_is_marked() -> None:
    """The accent is where the page is: in the middle for a hub, away from it for a spoke."""
    middle = (950, 290, 1000, 340)
    accent = (11, 100, 119)
    assert accent in pixels(replace(CARD, here=0), middle)
    assert accent not in pixels(replace(CARD, here=1, spokes=(6,)), (955, 310, 995, 335))
    assert accent in pixels(replace(CARD, here=1), (960, 140, 990, 170))


def test_key_is_what_is_on_it() -> None:
    """Each part of a card is in its key; the file's name has the key and the page's path."""
    changed = [
        replace(CARD, title="x"), replace(CARD, eyebrow="x"), replace(CARD, site="x"), replace(CARD, accent="#111111"),
        replace(CARD, spokes=(7,)), replace(CARD, here=4),
    ]  # fmt: skip
    keys = {card.key for card in [CARD, *changed]}
    assert len(keys) == 7
    assert replace(CARD).key == CARD.key
    assert CARD.name("/a/b/") == f"assets/cards/a/b.{CARD.key}.png"
    assert key_of(CARD.name("/")) == CARD.key
    assert key_of("assets/site.css") == ""


def test_a_known_card_is_not_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store keeps what was drawn; a title that goes back needs no drawing, and a changed text none at all."""
    drawn: list[str] = []

    def counted(card: Card) -> bytes:
        drawn.append(card.title)
        return draw(card)

    monkeypatch.setattr(work, "draw", counted)
    store = Store(tmp_path / "store")
    assert work.card_of(store, CARD) == work.card_of(store, CARD)
    assert drawn == [CARD.title]
    root = write(tmp_path / "site", SITE)
    Image.new("RGB", (3, 2)).save(root / "content/maps/tea/brewing/pot.png")
    drawn.clear()
    assert not build(Request(root, TODAY, jobs=1)).failed
    assert sorted(drawn) == ["Brewing tea in a kettle", "Green tea", "Maps & <Co>", "Tea at home"]
    text = root / "content/maps/tea/brewing/green-tea.md"
    for change in ("\nMore.\n", "\nEven more.\n"):
        drawn.clear()
        text.write_text(text.read_text("utf-8") + change, "utf-8")
        published = build(Request(root, TODAY, jobs=1)).published
        assert published is not None
        assert published.changed
        assert drawn == []
    plan = root / "content/maps/tea/map.yaml"
    before = plan.read_text("utf-8")
    for title, expected in (("Sencha", ["Sencha"]), ("Green tea", [])):
        drawn.clear()
        plan.write_text(before.replace("title: Green tea,", f"title: {title}, slug: green-tea,"), "utf-8")
        assert not build(Request(root, TODAY, jobs=1)).failed
        assert drawn == expected
    cards = {path.name.partition(".")[0] for path in (root / "output/assets/cards").rglob("*.png")}
    assert cards == {"home", "tea", "brewing-tea-in-a-kettle", "green-tea"}
