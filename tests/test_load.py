"""Files become documents with every value as its author wrote it, and every fault at its place."""

import json
import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.diagnostics import Diagnostic
from builder.load import Document, core_type, parse, parse_list, place, shorten


def read(text: str, name: str = "map.yaml") -> Document:
    """Parse a text that has no faults."""
    document, faults = parse(name, text.encode())
    assert faults == []
    assert document is not None
    return document


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "yes",
        "on",
        "off",
        "y",
        "true",
        "12:30",
        "0777",
        "0x1F",
        "1_000",
        "1e3",
        ".inf",
        "1.50",
        "010",
        "2026-05-04",
        "=",
        "<",
    ],
)
def test_values_stay_text(text: str) -> None:
    """YAML 1.1's traps keep what the author wrote: `no` is no `False`, `12:30` no 750 and `0777` no 511."""
    assert read(f"key: {text}").data == {"key": text}
    assert parse_list("x.yaml", f"- {text}".encode())[0] == [text]


@pytest.mark.parametrize("text", ["", "~", "null"])
def test_nothing(text: str) -> None:
    """An empty value, `~` and `null` are nothing; in quotes they are text."""
    assert read(f"key: {text}").data == {"key": None}
    assert read(f'key: "{text}"').data == {"key": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("False", False), ("12", 12), ("-3", -3), ("0777", 777), ("1.5", 1.5), ("1e3", 1000.0),
        ("no", "no"), ("12:30", "12:30"), ("0x1F", "0x1F"), ("x", "x"), ("", ""),
    ],
)  # fmt: skip
def test_core_types(text: str, value: object) -> None:
    """Where no schema says what a value is, YAML 1.2's core schema does."""
    assert core_type(text) == value
    assert type(core_type(text)) is type(value)


def test_typed_keys() -> None:
    """Only the keys that belong to themes and extensions have types of YAML's own, all the way down."""
    document, _ = parse("site.yaml", b'a: {b: [1, true, "2"]}\nc: {d: 1}', frozenset({"a"}))
    assert document is not None
    assert document.data == {"a": {"b": [1, True, "2"]}, "c": {"d": "1"}}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_marks(end: str, mark: str) -> None:
    """Files of any system say the same."""
    text = mark + end.join(["---", "title: Tea", "---", "", "Water.", ""])
    assert (read(text, "a.md").data, read(text, "a.md").body) == ({"title": "Tea"}, "\nWater.\n")


@pytest.mark.parametrize(
    ("text", "data", "body"),
    [
        ("Text.", {}, "Text."),
        ("---\n---\nText.", {}, "Text."),
        ("---\ntitle: a\n...\nText.", {"title": "a"}, "Text."),
        ("---  \ntitle: a\n---  \nText.", {"title": "a"}, "Text."),
        ("---\ntitle: a\n---", {"title": "a"}, ""),
        ("---\n# nothing\n---\nText.", {}, "Text."),
        ("\n---\ntitle a\n---\n", {}, "\n---\ntitle a\n---\n"),
        ("----\nText.", {}, "----\nText."),
        ("---\na: |\n  ---\n  b\n---\nText.", {"a": "---\nb"}, "Text."),
    ],
)
def test_front_matter(text: str, data: dict[str, object], body: str) -> None:
    """Front matter begins on the first line and ends with a line of its own."""
    document = read(text, "a.md")
    assert (document.data, document.body) == (data, body)


def test_merge_keys() -> None:
    """`<<` takes over the keys of a mapping; the mapping's own keys win, and so do earlier bases."""
    text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: [*a, *b], x: 5}"
    assert read(text).data["c"] == {"x": "5", "y": "2", "z": "4"}


def test_aliases() -> None:
    """An alias stands for the same value again."""
    assert read("a: &a [x, y]\nb: *a").data == {"a": ["x", "y"], "b": ["x", "y"]}


TEXT = "title: A map\nclusters:\n  - title: One\n    words: ten\n    faq: [{question: Why?}]\nempty:\n"


@pytest.mark.parametrize(
    ("keys", "line", "column"),
    [
        (("title",), 1, 8),
        (("title!",), 1, 1),
        (("clusters", 0, "words"), 4, 12),
        (("clusters", 0, "words!"), 4, 5),
        (("clusters", 0), 3, 5),
        (("clusters", 0, "faq", 0, "question"), 5, 22),
        (("clusters", 0, "absent"), 3, 5),
        (("clusters", 9, "title"), 3, 3),
        (("empty",), 6, 1),
        (("absent",), 1, 1),
    ],
)
def test_places_of_keys(keys: tuple[str | int, ...], line: int, column: int) -> None:
    """A path of keys leads to its value's line and column, `key!` to the key's; a missing one to what is above it."""
    (found,) = place([Diagnostic("value", "m", "map.yaml", keys)], lambda _: TEXT.encode())
    assert (found.line, found.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "line", "column"), [("[[b]]", 6, 5), ("a:", 2, 1), ("absent", 0, 0), ("ümlaut", 7, 1)]
)
def test_places_of_texts(text: str, line: int, column: int) -> None:
    """A text is found where it stands, in the body before the front matter; an absent one is of the whole file."""
    source = "---\na: [[b]]\nc: d\n---\n\nSee [[b]].\nümlaut\n"
    (found,) = place([Diagnostic("value", "m", "a.md", text=text)], lambda _: source.encode())
    assert (found.line, found.column) == (line, column)


def test_places_in_front_matter() -> None:
    """Keys of front matter are placed in the Markdown file's own lines."""
    source = b"---\n# first\ntitle: x\n---\nText\n"
    (found,) = place([Diagnostic("value", "m", "a.md", ("title",))], lambda _: source)
    assert (found.line, found.column) == (3, 8)


def test_places_without_a_file() -> None:
    """Where the file is gone by now, the diagnostic is shown without a line."""
    (found,) = place([Diagnostic("value", "m", "gone.yaml", ("a",))], lambda _: None)
    assert (found.line, found.column) == (0, 0)


@pytest.mark.parametrize(
    ("text", "data", "body"),
    [
        ("---\n\nA rule before the text.\n\n---\n\nAnd one in it.\n", {}, True),
        ("---\n\nA rule and no other.\n", {}, True),
        ("---\n\n- a list: of one\n\n---\n", {}, True),
        ("---\n\n[a]: b\n---\n", {}, True),
        ("---\n\ntitle: x\n---\nText\n", {"title": "x"}, False),
        ("---\n\n# a comment\ntitle: x\n---\nText\n", {"title": "x"}, False),
        ("---\n\n---\nText\n", {}, False),
        ("--- \n\n'title' : x\n...\nText\n", {"title": "x"}, False),
    ],
)
def test_a_rule_is_no_front_matter(text: str, data: dict[str, str], body: bool) -> None:
    """A text may begin with a rule: `---`, an empty line, and no key."""
    found = read(text, "a.md")
    assert (found.data, found.body, found.body_line > 0) == (data, text if body else "Text\n", not body)


def test_shorten() -> None:
    """A message shows a value on one line, and of a long one the beginning."""
    assert shorten("a\n  b") == "a b"
    assert shorten("x" * 100) == "x" * 59 + "…"


ODD = st.text(
    st.one_of(st.sampled_from(":-#&*!|>%@`'\"{}[],?~<= \t\n\r0a.\\\x00\x07\ufeff\u2028\ud7ff😀"), st.characters())
)


@given(ODD, st.sampled_from(["map.yaml", "a.md"]))
def test_no_text_is_too_odd(text: str, name: str) -> None:
    """Whatever a file holds: a document or faults with places inside it, never an exception."""
    data = text.encode("utf-8", "surrogatepass")
    document, faults = parse(name, data)
    assert document is not None or faults
    lines = data.count(b"\n") + data.count(b"\r") + 1
    assert all(0 <= fault.line <= lines + 1 and fault.message for fault in faults)
    parse_list(name, data)


@given(st.binary())
def test_no_bytes_are_too_odd(data: bytes) -> None:
    """Nor may a file of bytes that are no text raise anything."""
    parse("map.yaml", data)
    parse("a.md", b"---\n" + data)


@given(ODD, st.lists(st.one_of(st.sampled_from(["a", "b!", "title"]), st.integers(0, 3)), max_size=4))
def test_no_place_is_too_odd(text: str, keys: list[str | int]) -> None:
    """Placing a diagnostic never raises, whatever became of the file since."""
    wanted = Diagnostic("value", "m", "a.md", tuple(keys), text="a")
    assert len(place([wanted], lambda _: text.encode("utf-8", "surrogatepass"))) == 1


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=50))
def test_text_in_quotes_comes_through(text: str) -> None:
    """Any text in double quotes, as JSON writes it, is that text, in NFC."""
    assert read(f"key: {json.dumps(text, ensure_ascii=False)}").data == {"key": unicodedata.normalize("NFC", text)}


WORDS = st.text(string.ascii_letters, min_size=1)


@given(st.recursive(WORDS, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner)))
def test_json_is_yaml(value: object) -> None:
    """A file of JSON texts, lists and objects means what it means as JSON."""
    assert read(json.dumps({"key": value})).data == {"key": value}
