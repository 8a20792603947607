"""The search: its data, whole and in parts; Pagefind; and the dialog in a real browser, with either kind of data."""

import json
import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from builder.emit import pagefind, search
from builder.emit.search import KINDS, Part, part_of, search_files, words_of
from builder.pipeline import Request, build
from builder.records import PageRecord
from builder.urls import PERMALINKS, Urls
from tests.browser.chromium import chromium, served
from tests.test_markup import SITE, TODAY, write

URLS = Urls("https://example.com/sub/", PERMALINKS)
FILES = {
    **SITE,
    "site.yaml": SITE["site.yaml"].replace("example.com/sub/", "example.com/"),
    "content/maps/tea/brewing/green-tea.md": "A gaiwan is small.\n\n## The second steep\n\nWater.\n",
}


def record(path: str, title: str, kind: str = "article", **more: object) -> PageRecord:
    """Make a page's record."""
    return PageRecord(path, kind, title, more.pop("description", ""), True, None)._replace(**more)  # type: ignore[arg-type]


def read(files: list[tuple[str, bytes]]) -> tuple[dict[str, object], dict[str, object]]:
    """Return the beginning of an index, and its files by their digest."""
    found = {name: json.loads(data) for name, data in files}
    start = found.pop("search.json")
    names = {re.fullmatch(r"assets/search/([0-9a-f]{10})\.json", name) for name in found}
    assert None not in names
    return start, {name[14:-5]: value for name, value in found.items()}


def many(count: int, seed: int = 1) -> list[Part]:
    """Return parts with so many pages, the same every time."""
    made = random.Random(seed)
    words = ["".join(made.choices("abcdefgh", k=made.randint(2, 9))) for _ in range(3_000)]

    def text(length: int) -> str:
        return " ".join(made.choices(words, k=length))

    pages = [
        record(f"/m/{n}/", text(5), description=text(20), query=text(3), headings=(text(3),)) for n in range(count)
    ]
    return [part_of(pages[first : first + 50], f"Map {first}", URLS) for first in range(0, count, 50)]


# Words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Flask's REST-API 2.0", ["flask", "s", "rest", "api", "2", "0"]),
        ("Größe façade ÉCOLE", ["grosse", "facade", "ecole"]),
        ("snake_case", ["snake", "case"]),
        ("日本語のFlask入門", ["日本", "本語", "語の", "flask", "入門"]),
        ("茶", ["茶"]),
        ("Ёлка العَرَبِيّة", ["елка", "العربية"]),
        ("", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    """Small letters without marks; where a script has no spaces, each two letters that follow one another."""
    assert words_of(text) == expected


# Data


def test_rows_of_a_unit() -> None:
    """Every indexed page of a kind that is searched has a row, and so has every question, at its place on the page."""
    pages = [
        record("/tea/", "Tea", "map", description="All of it."),
        record("/tea/a/b/", "Pots", query="tea pot", headings=("Clay",), entities=("Gaiwan",)),
        record("/tea/faq/", "Tea: questions", "faq", questions=(("How hot?", "how-hot"),)),
        record("/tea/plan/", "Tea: plan", "plan"),
        record("/tea/a/c/", "Hidden", indexed=False),
    ]
    part = part_of(pages, "Tea", URLS)
    assert [json.loads(f"{row}]") for row in part.rows] == [
        [KINDS.index("map"), "Tea", "/sub/tea/", "", "All of it."],
        [KINDS.index("article"), "Pots", "/sub/tea/a/b/", "Tea", ""],
        [KINDS.index("question"), "How hot?", "/sub/tea/faq/#how-hot", "Tea", ""],
    ]
    assert part.further == ("\n", "tea pot\nClay Gaiwan", "\n")
    codes = {word: part.words[word] for word in ("tea", "all", "pot", "clay", "gaiwan", "hot")}
    assert codes == {"tea": "3 6", "all": "0", "pot": "6", "clay": "5", "gaiwan": "5", "hot": "11"}


def test_long_descriptions_are_cut() -> None:
    """A description is a line or two, cut between words."""
    part = part_of([record("/a/", "A", description="word " * 100)], "", URLS)
    said = json.loads(f"{part.rows[0]}]")[4]
    assert said.endswith("word…")
    assert len(said) <= 161


def test_small_sites_have_one_file() -> None:
    """All rows in one file, whose name is its digest; the same again for the same pages."""
    parts = many(100)
    files = list(search_files(parts))
    start, found = read(files)
    assert set(start) == {"v", "kinds", "all"}
    rows = found[str(start["all"])]
    assert isinstance(rows, list)
    assert len(rows) == 100
    assert all(len(row) == 6 for row in rows)
    assert list(search_files(many(100))) == files


def lookup(start: dict[str, object], found: dict[str, object], word: str) -> set[str]:
    """Return the URLs of the pages with a word, as the script of the theme finds them in parts."""
    names, words, chunk = start["rows"], start["words"], start["chunk"]
    assert isinstance(names, list)
    assert isinstance(words, dict)
    assert isinstance(chunk, int)
    urls: set[str] = set()
    for letters, name in words.items():
        if not word.startswith(letters):
            continue
        part = found[name]
        assert isinstance(part, dict)
        entry = part.get(word, [])
        for unit, codes in zip(entry[::2], entry[1::2], strict=True):
            for code in codes.split():
                number = int(code) >> 2
                rows = found[names[unit][number // chunk]]
                assert isinstance(rows, list)
                urls.add(rows[number % chunk][2])
    return urls


def test_large_sites_have_parts() -> None:
    """No part of the words is larger than it must be, and every word leads to exactly the pages that have it."""
    parts = many(1_500)
    files = list(search_files(parts, whole=10_000, limit=4_000))
    start, found = read(files)
    assert set(start) == {"v", "kinds", "rows", "chunk", "words"}
    expected: dict[str, set[str]] = {}
    for part in parts:
        for word, codes in part.words.items():
            rows = (part.rows[int(code) >> 2] for code in codes.split())
            expected.setdefault(word, set()).update(json.loads(f"{row}]")[2] for row in rows)
    for word in list(expected)[::40]:
        assert lookup(start, found, word) == expected[word], word
    assert lookup(start, found, "nowhere") == set()
    sizes = {name: len(data) for name, data in files}
    assert isinstance(start["words"], dict)
    assert max(sizes[f"assets/search/{name}.json"] for name in start["words"].values()) < 4_400
    assert max(sizes.values()) < 20_000


@given(st.lists(st.text("abc", min_size=1, max_size=8), min_size=1, max_size=60, unique=True), st.integers(1, 90))
def test_every_word_is_in_a_part_of_its_first_letters(words: list[str], limit: int) -> None:
    """However words are parted, each is in exactly one part, and that is one whose letters it begins with."""
    shards = list(search._parted("", sorted(words), dict.fromkeys(words, bytearray(b',0,"1"')), limit))
    assert sorted(member for _, own in shards for member in own) == sorted(f'"{word}":[0,"1"]' for word in words)
    assert len({letters for letters, _ in shards}) == len(shards)
    assert all(
        json.loads(f"{{{member}}}").popitem()[0].startswith(letters) for letters, own in shards for member in own
    )


def test_a_changed_page_changes_few_parts() -> None:
    """One title more changes its rows, its words' parts and the beginning; everything else may stay in caches."""
    parts = many(1_500)
    before = dict(search_files(parts, whole=10_000, limit=4_000))
    page = record("/m/new/", "hgfedcba")
    parts[7] = part_of([*[record(f"/m/{n}/", "aaaa") for n in range(50)], page], "Map 350", URLS)
    after = dict(search_files(parts[:7] + parts[8:] + [parts[7]], whole=10_000, limit=4_000))
    assert set(after) != set(before)
    other = many(1_500)
    other[3] = part_of([record("/m/150/", "hgfedcba")], "Map 150", URLS)
    assert sum(1 for name in dict(search_files(other, whole=10_000, limit=4_000)) if name in before) > 25


def test_25_000_pages() -> None:
    """A part costs little where its unit is compiled, and putting all parts together is a matter of a second."""
    begin = time.process_time()
    parts = many(2_500) * 10
    made = time.process_time()
    files = list(search_files(parts))
    done = time.process_time()
    assert made - begin < 2.5
    assert done - made < 4
    assert len(files[-1][1]) < 60_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site of these tests, and return its folder."""
    root = write(tmp_path_factory.mktemp("search"), FILES)
    result = build(Request(root, TODAY))
    assert not result.failed, result.diagnostics
    return root


def rows_of(output: Path) -> list[list[object]]:
    """Return the rows of a small site's index."""
    start = json.loads((output / "search.json").read_text("utf-8"))
    rows: list[list[object]] = json.loads((output / f"assets/search/{start['all']}.json").read_text("utf-8"))
    return rows


def test_index_of_a_site(site: Path) -> None:
    """All kinds are there, with queries, headings, entities, aliases and questions; what is not indexed is not."""
    rows = rows_of(site / "output")
    found = {(KINDS[int(str(row[0]))], row[1]) for row in rows}
    assert found == {
        ("map", "Tea at home"), ("cluster", "Brewing"), ("cluster", "Leaves"), ("pillar", "Brewing tea in a kettle"),
        ("article", "Green tea"), ("entity", "Gaiwan"), ("entity", "Kettle"), ("question", "What is tea?"),
        ("question", "How hot?"), ("page", "About"),
    }  # fmt: skip
    further = {row[1]: row[5] for row in rows}
    assert further["Green tea"] == "green tea\nThe second steep Kettle"
    assert further["Kettle"] == "\nGooseneck"
    assert all((site / "output" / str(row[2]).lstrip("/").partition("#")[0]).is_dir() for row in rows)


def test_index_follows_edits(site: Path) -> None:
    """A new sentence leaves the index as it is; a new heading is in it, and the old file goes."""
    output = site / "output"
    text = site / "content/maps/tea/brewing/green-tea.md"
    before = (output / "search.json").read_bytes()
    text.write_text(text.read_text("utf-8") + "\nMore words.\n", "utf-8")
    assert not build(Request(site, TODAY)).failed
    assert (output / "search.json").read_bytes() == before
    text.write_text(text.read_text("utf-8") + "\n## A third steep\n", "utf-8")
    assert not build(Request(site, TODAY)).failed
    assert (output / "search.json").read_bytes() != before
    assert any("A third steep" in str(row[5]) for row in rows_of(output))
    assert len(list((output / "assets/search").iterdir())) == 1


# Pagefind


def test_pagefind_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the message says what to install; nothing is published."""
    root = write(tmp_path, {**FILES, "site.yaml": FILES["site.yaml"] + "search: pagefind\n"})
    monkeypatch.setattr(pagefind, "find_spec", lambda _: None)
    result = build(Request(root, TODAY))
    (found,) = [str(fault) for fault in result.diagnostics if "Pagefind" in fault.message]
    expected = "site.yaml:10:9: error: Pagefind, which `search` asks for, is not installed [value]"
    assert found == f"{expected}\n    pip install 'topicsite[pagefind]', or write `search: index`"
    assert not (root / "output").exists()


@pytest.fixture(scope="module")
def full_text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site with Pagefind, and return its folder."""
    root = write(tmp_path_factory.mktemp("full"), {**FILES, "site.yaml": FILES["site.yaml"] + "search: pagefind\n"})
    result = build(Request(root, TODAY))
    assert not result.failed, result.diagnostics
    return root


def test_pagefind_files_are_the_builds_own(full_text: Path) -> None:
    """Its files are published and listed; they go when the search is turned off, and a page is indexed again."""
    output = full_text / "output"
    manifest = json.loads((full_text / ".topicsite/manifest.json").read_text("utf-8"))["files"]
    there = {path.relative_to(output).as_posix() for path in (output / "pagefind").rglob("*") if path.is_file()}
    assert "pagefind/pagefind.js" in there
    assert there <= set(manifest)
    assert not any("pagefind-ui" in name for name in there)
    assert not (output / "search.json").exists()
    assert len(list((output / "pagefind/fragment").iterdir())) > 8
    published = build(Request(full_text, TODAY)).published
    assert published is not None
    assert not published.changed
    assert not published.added


def test_pagefind_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the binary complains of is told."""
    binary = tmp_path / "pagefind"
    binary.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    binary.chmod(0o755)
    monkeypatch.setattr(pagefind, "executable", lambda: binary)
    with pytest.raises(pagefind.PagefindError, match="pagefind: broken"):
        pagefind.index([], tmp_path / "state")


# The dialog


@pytest.fixture(scope="module")
def browser(system_part: Callable[[str], str]) -> Iterator[Browser]:
    """Start the browser."""
    with chromium(system_part("chromium")) as started:
        yield started


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """Open a tab that notes errors."""
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    page.close()
    assert [text for text in said if "net::ERR_" not in text] == []  # the server may end while a page still loads


def ask(tab: Page, text: str) -> list[str]:
    """Open the search with its key, type, and return the titles that come."""
    tab.keyboard.press("/")
    tab.wait_for_selector("dialog.search[open]")
    state = tab.locator("dialog.search .state")
    tab.fill("dialog.search input", "")
    expect(state).to_have_text("")
    tab.fill("dialog.search input", text)
    expect(state).not_to_have_text("")
    return tab.locator("dialog.search strong").all_inner_texts()


@pytest.mark.browser
def test_dialog(site: Path, tab: Page) -> None:
    """`/` opens, words find by their beginnings, kinds are groups, arrows walk, Escape closes, Enter goes."""
    with served(site / "output") as url:
        tab.goto(f"{url}/about/")
        requests: list[str] = []
        tab.on("request", lambda request: requests.append(request.url))
        assert set(ask(tab, "gais")) == set()
        assert "gais" in tab.inner_text("dialog.search .state")
        tab.keyboard.press("Escape")
        assert not tab.is_visible("dialog.search")
        assert ask(tab, "kett brew")[0] == "Brewing tea in a kettle"
        tab.keyboard.press("Escape")
        found = ask(tab, "tea")
        assert found[0] == "Tea at home"
        assert "Green tea" in found
        heads = tab.locator("dialog.search h2").all_inner_texts()
        assert heads[0] == "Maps"
        assert set(heads) >= {"Maps", "Pillars", "Articles", "Questions"}
        tab.keyboard.press("ArrowDown")
        tab.keyboard.press("ArrowDown")
        second = tab.evaluate("document.activeElement.querySelector('strong').textContent")
        assert second == found[1]
        tab.keyboard.press("ArrowUp")
        tab.keyboard.press("ArrowUp")
        assert tab.evaluate("document.activeElement.tagName") == "INPUT"
        assert sum("search.json" in request for request in requests) == 1
        tab.keyboard.press("Enter")
        tab.wait_for_url(f"{url}/tea/")


@pytest.mark.browser
def test_dialog_over_parts(site: Path, tab: Page) -> None:
    """The parts of a large site are found through the same dialog, and only those that are needed are loaded."""
    output = site / "output"
    parts = [*many(3_000), part_of([record("/x/", "Zebra crossing", query="stripes")], "Zoo", URLS)]
    before = (output / "search.json").read_bytes()
    for name, data in search_files(parts, whole=10_000, limit=20_000):
        (output / name).write_bytes(data)
    try:
        with served(output) as url:
            tab.goto(url)
            asked: list[str] = []
            tab.on("request", lambda request: asked.append(request.url))
            assert ask(tab, "zebra str") == ["Zebra crossing"]
            assert tab.inner_text("dialog.search .where") == "Zoo"
            assert sum("/assets/search/" in name and name.endswith(".json") for name in asked) < 6
    finally:
        (output / "search.json").write_bytes(before)


@pytest.mark.browser
def test_words_are_the_same_in_the_browser(site: Path, tab: Page) -> None:
    """The script parts a text into the words that the index has."""
    texts = [
        "Flask's REST-API 2.0",
        "Größe façade ÉCOLE",
        "日本語のFlask入門",
        "Ёлка العَرَبِيّة",
        "snake_case 茶",
        "ﬁne ½",
    ]
    source = (Path(__file__).parents[1] / "themes/default/assets/search.js").read_text("utf-8")
    with served(site / "output") as url:
        tab.goto(url)
        code = source.replace("export async function", "async function")
        found = tab.evaluate(f"(texts) => {{ {code}\nreturn texts.map(wordsOf); }}", texts)
    assert found == [words_of(text) for text in texts]


@pytest.mark.browser
def test_dialog_with_pagefind(full_text: Path, tab: Page) -> None:
    """Pagefind's data are found through the same dialog, under the policy that the headers have."""
    with served(full_text / "output") as url:
        tab.goto(url)
        assert "Green tea" in ask(tab, "steep")
        assert "Articles" in tab.locator("dialog.search h2").all_inner_texts()
