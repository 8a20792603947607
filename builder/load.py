"""Files → documents, with positions.

YAML is parsed by libyaml into nodes; this module makes plain values of them. Every scalar stays the text that its
author wrote (`no`, `12:30` and `0777` are not turned into something else): the schema knows which keys are numbers and
dates. Only the subtrees named in `typed` (options of themes and extensions, which no schema describes) get the types
of YAML 1.2's core schema. Lines and columns are not carried along: `place` finds them again for the diagnostics that
are shown.
"""

from __future__ import annotations

import codecs
import dataclasses
import errno
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import yaml

from builder.diagnostics import Diagnostic, error
from builder.files import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from builder.files import Source

#: More values than this through aliases is an attack (YAML "billion laughs"), not a map.
MAX_ALIASED: Final = 10_000
#: Bytes; the largest real map known has 1.2 MB.
MAX_BYTES: Final = 50_000_000
MAX_DEPTH: Final = 100
#: Levels that the composer is allowed to go down, well below where its recursion would end the process.
_DEEP: Final = 1000

#: A rule at the very beginning of a text: `---` with an empty line after it, and after that no key. Front matter never
#: begins so (Pandoc tells the two apart by the empty line alone).
_RULE = re.compile(r"\A---[ \t]*\n(?:[ \t]*(?:\n|\Z))+(?![\w\"'][^\n]*:(?:[ \t\n]|\Z)|#|---|\.\.\.)")
#: Front matter that is none: after empty lines, or between lines of more than three hyphens.
_MISPLACED = re.compile(
    r"\A(?P<before>(?:[ \t]*\n)*)[ \t]*(?P<fence>-{3,})[ \t]*\n(?:[a-z_]+:(?:[ \t][^\n]*)?\n)(?:(?![ \t]*\n)[^\n]*\n)*?"
    r"[ \t]*-{3,}[ \t]*(?:\n|\Z)"
)
#: Characters that no text shows and HTML forbids (HTML Living Standard, "noncharacter", "control"); not tabs and lines.
_CONTROL_HINT = "delete it, or write a space or a new line"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
#: Those of them that are a byte, which are looked for in a fifth of the time.
_CONTROL_BYTES = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)(?:^|\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """One source file, read: `data` from its YAML or front matter, `body` its Markdown, `digest` of its bytes.

    `body_line` is the line, from 0, at which the body begins.
    """

    name: str
    digest: str
    data: dict[str, Any]
    body: str = ""
    body_line: int = 0


class _Parser(yaml.CSafeLoader):
    """libyaml's parser without YAML 1.1's guesses at types: every node keeps one tag of three."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:  # noqa: ARG002
        """Return one tag for every untagged node; called by the composer for each."""
        return ""


def read(source: Source) -> tuple[bytes | None, list[Diagnostic]]:
    """Return a file's bytes, or None and why it could not be read."""
    if source.size > MAX_BYTES:
        return None, [error("unreadable", f"the file is larger than {MAX_BYTES // 1_000_000} MB", source.name)]
    try:
        return source.read(), []
    except IsADirectoryError:
        return None, [error("unreadable", "expected a file, found a folder", source.name)]
    except OSError as fault:
        if fault.errno in {errno.ENOENT, errno.ELOOP}:
            message = "this is a symbolic link that leads to nothing"
            return None, [error("unreadable", message, source.name, hint="mend the link, or delete it")]
        return None, [error("unreadable", f"the file cannot be read: {fault.strerror}", source.name)]


def parse(
    name: str, data: bytes, typed: frozenset[str] = frozenset(), known: str = ""
) -> tuple[Document | None, list[Diagnostic]]:
    """Return the document of a YAML or Markdown file's bytes, or None where nothing can be made of it.

    `typed` names the top-level keys whose values get the types of YAML 1.2's core schema; `known` is the bytes' digest
    if somebody has it.
    """
    text, faults = _decode(name, data)
    if text is None:
        return None, faults
    matter, body, line = _split(name, text)
    unusable = _unusable(name, text, front_matter=bool(line))
    if unusable is not None:
        return None, [unusable]
    values, faults = _values(name, matter, 1 if line else 0, typed)
    if values is None:
        return None, faults
    return Document(name, known or digest(data), values, body, line), faults


def _unusable(name: str, text: str, *, front_matter: bool) -> Diagnostic | None:
    """Return why no document can be made of a text, whatever its YAML says; None where one can."""
    markdown = name.endswith(".md")
    if not text.strip() or (name.endswith(".yaml") and not re.search(r"^[ \t]*[^#\s]", text, re.MULTILINE)):
        message = "the file has nothing but comments" if text.strip() else "the file is empty"
        return error("empty", message, name, hint="fill it, or delete it")
    if _has_control(text) and (control := _CONTROL.search(text)):
        start = control.start()
        found = error("syntax", _control(control), name, hint=_CONTROL_HINT)
        line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
        return dataclasses.replace(found, line=line, column=column)
    if markdown and re.match(r"---[ \t]*\n", text) and not front_matter and not _RULE.match(text):
        found = error("syntax", "the front matter has no end", name, hint="close it with a line `---`")
        return dataclasses.replace(found, line=1)
    if markdown and not front_matter and (misplaced := _MISPLACED.match(text)):
        hint = "begin the file with it: a line `---`, the keys, a line `---`"
        message = "front matter stands in the first line, between lines of three hyphens"
        line = misplaced["before"].count("\n") + 1
        return dataclasses.replace(error("syntax", message, name, hint=hint), line=line, column=1)
    if markdown and re.match(r"\+\+\+[ \t]*\n", text):
        hint = "write it as YAML, `key: value`, between two lines `---`"
        return dataclasses.replace(error("syntax", "the front matter is TOML", name, hint=hint), line=1, column=1)
    return None


def _has_control(text: str) -> bool:
    data = text.encode()
    return len(data.translate(None, _CONTROL_BYTES)) < len(data) or "\ufffe" in text or "\uffff" in text


def _control(found: re.Match[str]) -> str:
    return f"the text has a control character, U+{ord(found[0]):04X}"


def parse_list(name: str, data: bytes) -> tuple[list[Any] | None, list[Diagnostic]]:
    """Return the list that a YAML file holds (`entities.yaml`)."""
    text, faults = _decode(name, data)
    if text is None:
        return None, faults
    node, faults = _compose(name, text, 0)
    if faults or node is None:
        return (None if faults else []), faults
    if not isinstance(node, yaml.SequenceNode):
        fault = error("type", f"expected a list, found {_kind(node)}", name, hint="begin each entry with `- `")
        return None, [_marked(fault, node.start_mark, 0)]
    construct = _Construct(name, 0, frozenset())
    value = construct.value(node, 0)
    return value if isinstance(value, list) else None, construct.faults


def _decode(name: str, data: bytes) -> tuple[str | None, list[Diagnostic]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return None, [error("encoding", "the file is UTF-16, not UTF-8", name, hint="save it as UTF-8")]
        line = data.count(b"\n", 0, fault.start) + 1
        column = fault.start - data.rfind(b"\n", 0, fault.start)
        message = f"the file is not UTF-8: byte 0x{data[fault.start]:02x}"
        found = error("encoding", message, name, hint="save it as UTF-8")
        return None, [dataclasses.replace(found, line=line, column=column)]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() else unicodedata.normalize("NFC", text), []


def _split(name: str, text: str) -> tuple[str, str, int]:
    """Return the YAML, the Markdown and the line (from 0) where the Markdown begins."""
    if not name.endswith(".md"):
        return text, "", 0
    found = None if _RULE.match(text) else _FRONT_MATTER.match(text)
    if not found:
        return "", text, 0
    return found[1], text[found.end() :], text.count("\n", 0, found.end())


def _values(
    name: str, text: str, first_line: int, typed: frozenset[str]
) -> tuple[dict[str, Any] | None, list[Diagnostic]]:
    node, faults = _compose(name, text, first_line)
    if faults:
        return None, faults
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
        return {}, []
    if not isinstance(node, yaml.MappingNode):
        found = error("type", f"expected keys with values, found {_kind(node)}", name, hint="write `key: value` lines")
        return None, [_marked(found, node.start_mark, first_line)]
    construct = _Construct(name, first_line, typed)
    value = construct.value(node, 0)
    hopeless = construct.hopeless or construct.aliased > MAX_ALIASED
    return value if isinstance(value, dict) and not hopeless else None, construct.faults


def _marked(diagnostic: Diagnostic, mark: yaml.Mark, first_line: int) -> Diagnostic:
    return dataclasses.replace(diagnostic, line=mark.line + 1 + first_line, column=mark.column + 1)


def _too_deep(text: str) -> yaml.Mark | None:
    """Return where YAML goes deeper than any map does; libyaml's composer would overflow the stack of the process.

    Only text with enough brackets or dashes to go that deep is looked at, by the parser's events, which do not nest.
    """
    if text.count("[") + text.count("{") + text.count("- ") + text.count("? ") < _DEEP:
        return None
    depth = 0
    parser = _Parser(text)
    try:
        while parser.check_event():
            event = parser.get_event()
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _DEEP:
                    return cast("yaml.Mark", event.start_mark)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except (yaml.MarkedYAMLError, yaml.reader.ReaderError):
        return None  # the composer will say what is wrong
    finally:
        parser.dispose()
    return None


def _compose(name: str, text: str, first_line: int) -> tuple[yaml.Node | None, list[Diagnostic]]:
    deep = _too_deep(text)
    if deep is not None:
        found = error("syntax", f"the YAML is nested more than {MAX_DEPTH} levels deep", name)
        return None, [_marked(found, deep, first_line)]
    try:
        parser = _Parser(text)
        try:
            node: yaml.Node | None = parser.get_single_node()
        finally:
            parser.dispose()
    except yaml.MarkedYAMLError as fault:
        message, hint, mark = _explain(fault, text)
        found = error("syntax", message, name, hint=hint)
        return None, [_marked(found, mark, first_line) if mark else found]
    except yaml.reader.ReaderError as fault:
        character = fault.character
        code = character if isinstance(character, int) else ord(character)
        position = text.find(chr(code))
        found = error("syntax", f"the character U+{code:04X} is not allowed in YAML", name, hint="delete it")
        line = text.count("\n", 0, position) + 1 + first_line if position >= 0 else 0
        column = position - text.rfind("\n", 0, position) if position >= 0 else 0
        return None, [dataclasses.replace(found, line=line, column=column)]
    except RecursionError:
        return None, [error("syntax", f"the YAML is nested more than {MAX_DEPTH} levels deep", name)]
    return node, []


#: What libyaml finds (a part of its words), what authors are told, the hint, and whether the place is where the thing
#: that is wrong began instead of where the parser gave up. `{}` is the character at that place.
_SYNTAX: Final = (
    ("cannot start any token", "text cannot begin with '{}'", "put the text in quotes", False),
    (
        "mapping values are not allowed",
        "a `: ` cannot stand here",
        "put text that contains `: ` in quotes; indent a key as the keys beside it",
        False,
    ),
    (
        "did not find expected key",
        "this does not fit the lines above it",
        "check its indentation, and the quotes and brackets above it",
        False,
    ),
    (
        "did not find expected '-' indicator",
        "this does not fit the list above it",
        "begin it with `- `, or indent it as the keys beside it",
        False,
    ),
    (
        "block sequence entries",
        "a list cannot begin here",
        "begin it on a line of its own, or put the text in quotes",
        False,
    ),
    ("could not find expected ':'", "the key that begins here has no `: `", "write `key: value`", True),
    ("',' or ']'", "the list that begins here is not closed", "close it with `]`", True),
    (
        "',' or '}'",
        "the mapping that begins here is not closed",
        "close it with `}`; put text that contains `{` in quotes",
        True,
    ),
    (
        "unexpected end of stream",
        "the quote that opens here is not closed",
        "close it, or delete it",
        True,
    ),
    (
        "unexpected document indicator",
        "the quote that opens here is not closed",
        "close it, or delete it",
        True,
    ),
    (
        "unknown escape character",
        "there is no such escape",
        "write `\\\\` for a backslash, or use single quotes",
        False,
    ),
    (
        "hexdecimal number",  # so libyaml spells it
        "this escape lacks digits",
        "`\\x` takes two hexadecimal digits, `\\u` four, `\\U` eight; write `\\\\` for a backslash",
        False,
    ),
    (
        "Unicode character escape code",
        "this escape is no character",
        "write the character itself; JSON writes some, such as emoji, as two escapes that are none alone",
        False,
    ),
    (
        "expected comment or line break",
        "the text of a `|` or `>` begins on the next line",
        "write it there, indented; put text that begins with `|` or `>` in quotes",
        False,
    ),
    ("indentation indicator", "there is no such indentation", "write `|` or `>` alone", False),
    ("alphabetic or numeric character", "text cannot begin with '{}'", "put the text in quotes", True),
    ("mapping keys are not allowed", "text cannot begin with '{}'", "put the text in quotes", False),
    ("directive", "a line cannot begin with '%'", "delete it, or put the text in quotes", True),
    ("undefined alias", "no `&` marks what this `*` stands for", "put text that begins with `*` in quotes", False),
    ("another document", "a second YAML document begins here", "delete the line `---`", False),
    ("expected <document start>", "a second YAML document begins here", "delete the line above", False),
)


def _explain(fault: yaml.MarkedYAMLError, text: str) -> tuple[str, str, yaml.Mark | None]:
    """Return what is wrong, a hint and the place."""
    problem, mark = (fault.problem or "the YAML cannot be read").rstrip("."), fault.problem_mark
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())] or "tab character" in problem:
        return "the line is indented with a tab", "indent with spaces", mark
    for part, message, hint, at_beginning in _SYNTAX:
        if part in problem:
            at = fault.context_mark if at_beginning else mark
            character = lines[at.line][at.column : at.column + 1] if at and at.line < len(lines) else ""
            return message.replace("{}", character), hint, at
    hint = "put text with signs of YAML's in quotes"
    return f"{problem}, {fault.context}" if fault.context else problem, hint, mark or fault.context_mark


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "keys with values" if isinstance(node, yaml.MappingNode) else f"the text '{shorten(node.value)}'"


def shorten(text: str, length: int = 60) -> str:
    """Return a value as messages show it: one line, at most `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


class _Construct:
    """Nodes → values; collects what is wrong on the way. One a document."""

    def __init__(self, name: str, first_line: int, typed: frozenset[str]) -> None:
        self.name = name
        self.first_line = first_line
        self.typed = typed
        self.faults: list[Diagnostic] = []
        self.seen: set[int] = set()
        self.open: set[int] = set()
        self.aliased = 0
        self.hopeless = False  # what is left of the values is too little to be judged

    def fault(self, code: str, message: str, node: yaml.Node, hint: str = "") -> None:
        self.faults.append(_marked(error(code, message, self.name, hint=hint), node.start_mark, self.first_line))

    def value(self, node: yaml.Node, depth: int, *, typed: bool = False, aliased: bool = False) -> Any:
        """Return the value of a node; `aliased` where an alias led here, so that it has been counted before."""
        if aliased:
            self.aliased += 1
            if self.aliased > MAX_ALIASED:
                if self.aliased == MAX_ALIASED + 1:
                    self.fault("alias", f"aliases expand to more than {MAX_ALIASED:,} values", node, "write them out")
                return None
        if node.tag:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self.fault("syntax", f"the tag {shorten(tag)} is not allowed", node, "write the plain value")
            return None
        if isinstance(node, yaml.ScalarNode):
            if not node.style and node.value in {"", "~", "null"}:
                return None
            if control := _CONTROL.search(node.value):
                self.fault("syntax", _control(control), node, _CONTROL_HINT)
                return _CONTROL.sub("", node.value) or control[0]
            return core_type(node.value) if typed and not node.style else node.value
        identity = id(node)
        if identity in self.open:
            self.fault("alias", "an alias stands inside what it stands for", node, "write the value out")
            self.hopeless = True
            return None
        if depth > MAX_DEPTH:
            self.fault("syntax", f"the YAML is nested more than {MAX_DEPTH} levels deep", node)
            self.hopeless = True
            return None
        aliased = aliased or identity in self.seen
        self.seen.add(identity)
        self.open.add(identity)
        try:
            if isinstance(node, yaml.MappingNode):
                return self.mapping(node, depth, typed=typed, aliased=aliased)
            return [self.value(child, depth + 1, typed=typed, aliased=aliased) for child in node.value]
        finally:
            self.open.discard(identity)

    def mapping(self, node: yaml.MappingNode, depth: int, *, typed: bool, aliased: bool) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                hint = "put text that begins with `[`, `{` or `? ` in quotes"
                self.fault("syntax", f"a key must be text, found {_kind(key_node)}", key_node, hint)
                continue
            key = key_node.value
            if key == "<<" and not key_node.style:
                for base in value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]:
                    inherited = self.value(base, depth + 1, typed=typed, aliased=aliased)
                    if isinstance(inherited, dict):
                        merged = {**inherited, **merged}
                    else:
                        message = f"`<<` takes the keys of a mapping over, found {_kind(base)}"
                        self.fault("type", message, value_node, "write `<<: *name`, where `&name` marks a mapping")
                continue
            if key in result:
                self.fault("duplicate-key", f"the key '{shorten(key)}' stands here twice", key_node, "keep one of them")
                continue
            inner = typed or (not depth and key in self.typed)
            result[key] = self.value(value_node, depth + 1, typed=inner, aliased=aliased)
        return {**merged, **result} if merged else result


def core_type(text: str) -> Any:
    """Return a plain scalar as YAML 1.2's core schema reads it (yaml.org/spec/1.2.2, §10.3)."""
    if text in {"true", "True", "TRUE"}:
        return True
    if text in {"false", "False", "FALSE"}:
        return False
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    return text


def place(diagnostics: Iterable[Diagnostic], read_bytes: Callable[[str], bytes | None]) -> list[Diagnostic]:
    """Return the diagnostics with line and column for their places.

    `read_bytes` gives the bytes of a file of the site, or None. A place that is not found falls back to the nearest key
    above it, and to the file.
    """
    placed = list(diagnostics)
    numbers: dict[str, list[int]] = {}
    for number, d in enumerate(placed):
        if not d.line and d.file and (d.keys or d.text):
            numbers.setdefault(d.file, []).append(number)
    for file, own in numbers.items():  # one file after the other: as nodes they are large
        positions = _positions(file, read_bytes(file))
        if positions is not None:
            for number in own:
                placed[number] = _place(placed[number], *positions)
    return placed


def _positions(name: str, data: bytes | None) -> tuple[yaml.Node | None, str, int] | None:
    if data is None:
        return None
    text, _ = _decode(name, data)
    if text is None:
        return None
    matter, _, line = _split(name, text)
    node, _ = _compose(name, matter, 0)
    return node, text, 1 if line else 0


def _place(d: Diagnostic, root: yaml.Node | None, text: str, first_line: int) -> Diagnostic:
    mark = _mark_of(root, d.keys) if root is not None and d.keys else None
    if d.text:
        start = 0
        if mark is not None:
            start = _offset(text, mark.line + first_line, mark.column)
        elif not d.keys and first_line:
            found = _FRONT_MATTER.match(text)
            start = found.end() if found else 0
        position = _found(text, d.text, start)
        if position < 0 and start:
            position = _found(text, d.text, 0)
        if position >= 0:
            line = text.count("\n", 0, position) + 1
            return dataclasses.replace(d, line=line, column=position - text.rfind("\n", 0, position))
    return _marked(d, mark, first_line) if mark is not None else d


def _found(text: str, wanted: str, start: int) -> int:
    """Return where a piece of text stands from `start` on: as the address of a link, else as a whole, else anywhere.

    -1 where it does not. `/a/` stands in `/b/a/` too, and a picture's name may stand in the words before it.
    """
    piece = re.escape(wanted)
    for pattern in (rf"(?:\]\(<?|\]:[ \t]*<?|=[\"']?){piece}(?![\w/.-])", rf"(?<![\w/.-]){piece}(?![\w/.-])"):
        found = re.compile(pattern).search(text, start)
        if found:
            return found.end() - len(wanted)
    return text.find(wanted, start)


def _offset(text: str, line: int, column: int) -> int:
    position = 0
    for _ in range(line):
        position = text.find("\n", position) + 1
    return position + column


def _mark_of(node: yaml.Node, keys: tuple[str | int, ...]) -> yaml.Mark:
    """Return where the value at a path of keys begins; a path ending in `key!` asks for the key itself."""
    mark = node.start_mark
    for key in keys:
        if isinstance(node, yaml.MappingNode) and isinstance(key, str):
            wanted = key.removesuffix("!")
            pair = next((p for p in node.value if isinstance(p[0], yaml.ScalarNode) and p[0].value == wanted), None)
            if pair is None:
                return mark
            empty = isinstance(pair[1], yaml.ScalarNode) and not pair[1].value and not pair[1].style
            mark = pair[0].start_mark if key.endswith("!") or empty else pair[1].start_mark
            node = pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            mark = node.start_mark
        else:
            return mark
    return mark
