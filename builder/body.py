"""HTML of a text → `Body`: what every later stage needs of it, gathered in one pass.

A body is a function of the text and the options alone: no URL stands in it yet. References (`[[…]]`, links to `.md`
files, paths of the site) are regions of its HTML that `link/` fills in; runs are the stretches of prose in which
`link/` may make links by itself. Both engines come through here, so ids, outline and references are the same for
either.
"""

from __future__ import annotations

import html
import re
import struct
from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import groupby, starmap
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from builder.effort import TooLaboriousError
from builder.markdown import plain_html, to_html
from builder.urls import slugify
from builder.wikilinks import WIKI

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from builder.markdown import MarkdownOptions


class Heading(NamedTuple):
    """A heading of a body: level 2 to 6, its id, its text."""

    level: int
    id: str
    text: str


class Ref(NamedTuple):
    """A reference in a body's HTML.

    `kind` is `wiki` (`[[target|label]]`) or `file` (a relative link to a `.md` file), whose region `start:end` is the
    whole element; or `path` (an attribute with a path of the site) or `asset` (a relative link or picture), whose
    region is the attribute's value. `label` is HTML, '' where the target's title is to stand. `source` is what the
    author wrote.
    """

    start: int
    end: int
    kind: str
    target: str
    label: str
    source: str


class Run(NamedTuple):
    """A stretch of text `start:end` of a body's HTML without any tag, outside blocks of code.

    Runs of one block (a paragraph, a list item) share `block`; `free` tells whether a link may be made in it: not in
    headings, links, code, captions, header cells or anything of class `no-autolink`.
    """

    start: int
    end: int
    block: int
    free: bool


class Body(NamedTuple):
    """A text, compiled. `words` are those of its prose, without code; `source` is the author's Markdown.

    `text` is the prose as plain text without code blocks, a line for each block.
    """

    html: str = ""
    outline: tuple[Heading, ...] = ()
    ids: frozenset[str] = frozenset()
    refs: tuple[Ref, ...] = ()
    packed: bytes = b""  # its runs, in order, kept as one value: thousands of tuples take long to write and to read
    words: int = 0
    source: str = ""
    title: str = ""  # of a first `# heading`, which is not part of the HTML
    text: str = ""
    refused: tuple[str, ...] = ()  # addresses that no page may have, as the author wrote them: `javascript:`, `//host`
    unread: str = ""  # why its Markdown could not be read: `deep`, `laborious`; `unread_near` is a piece of the place
    unread_near: str = ""

    def blocks(self, lines: Container[int]) -> Iterator[tuple[int, list[Run]]]:
        """Yield the runs of each block whose line of `text`, from 0, is among `lines`, and the number of the line."""
        for line, (_, runs) in enumerate(groupby(_RUN.iter_unpack(self.packed), key=_BLOCK)):
            if line in lines:
                yield line, list(map(Run._make, runs))

    def block_at(self, start: int, end: int) -> tuple[list[Run], int]:
        """Return the runs of the block with the first run that begins in a region, and which of them this is.

        There are none where the region has no text.
        """
        rows = list(_RUN.iter_unpack(self.packed))
        first = bisect_left(rows, (start,))
        if first == len(rows) or rows[first][0] >= end:
            return [], 0
        block = rows[first][2]
        begin = bisect_left(rows, block, hi=first, key=_BLOCK)
        stop = bisect_right(rows, block, lo=first, key=_BLOCK)
        return list(map(Run._make, rows[begin:stop])), first - begin

    def __bool__(self) -> bool:
        """Tell whether there is any text."""
        return bool(self.html)


#: Ids of the parts of a text's page and of a map's page, which the pages' own headings and questions leave free.
TEXT_IDS = frozenset({"main", "rail", "siblings", "elsewhere"})
MAP_IDS = TEXT_IDS | {"audience", "clusters", "entities", "gaps", "ideas", "mix", "plan", "questions", "strategy"}

_RUN = struct.Struct("<III?")
_BLOCK = itemgetter(2)


def compile_markdown(text: str, options: MarkdownOptions, prefix: str = "", title: str | None = None) -> Body:
    """Return the body of some Markdown.

    `prefix` goes before every id, for texts that share a page. `title` is the page's: a first `# heading` that repeats
    it is left out; with '' (no title given) that heading is left out whatever it says and becomes `Body.title`.
    """
    try:
        made, refused = to_html(text, options)
    except (RecursionError, TooLaboriousError) as fault:
        why, near = "deep" if isinstance(fault, RecursionError) else "laborious", str(fault)
        return compile_plain(text)._replace(unread=why, unread_near=near if near in text else "")
    found = ""
    if title is not None:
        made, found = _without_title(made, title)
    body = _Pass(made, text, prefix, found).body()
    return body._replace(refused=(*refused, *body.refused)) if refused else body


def compile_plain(text: str) -> Body:
    """Return the body of plain text (a description): paragraphs with runs and nothing else."""
    made = plain_html(text)
    return _Pass(made, text, "", "").walk(made)


def titled(body: Body, title_of: Callable[[str], str]) -> Body:
    """Return a body whose references without words of their own have their targets' titles as words.

    `title_of` gives the title for a reference's target as written; '' leaves the target itself.
    """
    if not any(ref.kind == "wiki" and not ref.label for ref in body.refs):
        return body

    def fill(found: re.Match[str]) -> str:
        words = title_of(html.unescape(found[1])) or html.unescape(found[1])
        return f'<a href="{_WIKI_SCHEME}{found[1]}">{html.escape(words, quote=False)}</a>'

    made = re.sub(f'<a href="{_WIKI_SCHEME}([^"]*)"></a>', fill, body.html)
    walked = _Pass(made, body.source, "", body.title).walk(made)
    return walked._replace(outline=body.outline, ids=body.ids, refused=body.refused)


def heading_of(body: Body, identity: str) -> str:
    """Return the text of the heading with an id, the id itself where there is none."""
    return next((heading.text for heading in body.outline if heading.id == identity), identity)


_TITLE = re.compile(r"\s*<h1([^>]*)>(.*?)</h1>\s*", re.DOTALL)
_HEADING = re.compile(r"<h([1-6])([^>]*)>(.*?)</h\1>", re.DOTALL)
_ID = re.compile(r'\sid="([^"]*)"')
# The same within a tag: text may have ` id="…"` in it as well, in samples of code.
_TAG_ID = re.compile(r'(<[a-zA-Z][^<>]*?\s)id="([^"]*)"')
_TAG_ANCHOR = re.compile(r'(<a\s(?:[^<>]*?\s)?)href="#([^"]*)"')
_CONTENTS = re.compile(r"<p>\[TOC\]</p>")
_EMPTY_HREF = re.compile(r'(<a\b[^<>]*?) href=""')
_HEADING_ID = re.compile(r"\{#([\w:.-]+)\}\s*$")
_TAG = re.compile(r"""(</?[a-zA-Z](?:[^>"']|"[^"]*"|'[^']*')*>|<!--.*?-->)""", re.DOTALL)
_TAG_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
_ATTRIBUTE = re.compile(r'\s(href|src)="([^"]*)"')
_ABSOLUTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|#|\?")
_MARKDOWN_FILE = re.compile(r"\.md(#.*)?$")
_ALIGN = re.compile(r'(<t[dh]\b[^>]*?)\salign="(left|right|center)"')
#: `wikilinks.WIKI` in HTML, where a label may hold inline elements; what stands before the last `|` is skipped.
_WIKI_HTML = re.compile(
    r"\[\[(?P<target>[^\[\]|<>\n]{1,400})(?:\|(?P<label>(?:(?!\]\]|</?(?:p|li|t[dh]|d[dt]|h\d|div)\b).){0,400}))?\]\]",
    re.DOTALL,
)
#: The same for HTML with elements in which it means nothing, which takes ten times as long to look for.
_NO_WIKI = re.compile(r"<(?:pre|code|a|kbd|samp)\b")
_WIKI_BESIDE = re.compile(rf"<(pre|code|a|kbd|samp)\b.*?</\1>|{_WIKI_HTML.pattern}", re.DOTALL)
_CODE_BLOCK = re.compile(r'<pre><code(?: class="language-([^"\s]+)[^"]*")?>(.*?)</code></pre>', re.DOTALL)
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W_](?:[\w'\N{RIGHT SINGLE QUOTATION MARK}.-]*\w)?"
)

_TOKEN = re.compile(r"\w+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")

_BLOCKS = frozenset(
    [
        "p",
        "li",
        "td",
        "th",
        "dd",
        "dt",
        "blockquote",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "div",
        "section",
        "pre",
        "table",
        "tr",
        "ul",
        "ol",
        "dl",
        "figure",
        "figcaption",
        "caption",
        "hr",
        "br",
        "details",
        "summary",
        "tbody",
        "thead",
        "tfoot",
        "aside",
    ]
)
#: No link is made inside these (see docs/links.md).
_NO_LINKS = frozenset(
    [
        "a",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "code",
        "pre",
        "kbd",
        "samp",
        "figcaption",
        "caption",
        "button",
        "th",
        "summary",
        "label",
        "dt",
        "sup",
    ]
)
_VOID = frozenset(["br", "hr", "img", "wbr", "source", "track", "col"])


def strip_tags(made: str) -> str:
    """Return the text of some HTML."""
    return html.unescape(_TAG.sub("", made))


#: For ASCII text, which `str.translate` takes apart several times as fast as an expression does: a word as `_WORD` has
#: it is a row of `a`, as what may stand inside a word but makes none is left out.
_WORDS = {i: "a" if chr(i).isalnum() else None if chr(i) in "_'.-" else " " for i in range(128)}
#: Every character that is not part of a word as `_TOKEN` has it is a space.
_NO_TOKEN = {i: " " for i in range(128) if not (chr(i).isalnum() or chr(i) == "_")}


def count_words(text: str) -> int:
    """Count words as editors do; a CJK ideograph or kana counts as one."""
    return f" {text.translate(_WORDS)}".count(" a") if text.isascii() else len(_WORD.findall(text))


def vocabulary(*texts: str) -> set[str]:
    """Return the folded words of texts; of scripts without spaces, their characters."""
    words: set[str] = set()
    for text in texts:
        folded = text.lower()
        words.update(folded.translate(_NO_TOKEN).split() if folded.isascii() else _vocabulary(folded))
    return words


def _vocabulary(folded: str) -> set[str]:
    words = set(_TOKEN.findall(folded))
    for word in [word for word in words if not word.isascii()]:
        characters = _UNSPACED.findall(word)
        if characters:
            words.discard(word)
            words.update(characters)
            words.update(_TOKEN.findall(_UNSPACED.sub(" ", word)))
    return words


def _without_title(made: str, title: str) -> tuple[str, str]:
    found = _TITLE.match(made)
    if not found:
        return made, ""
    text = _heading_text(_HEADING_ID.sub("", found[2]), _ID.search(found[1]))
    if title and text.casefold() != title.casefold():
        return made, ""
    return made[found.end() :], text


def _heading_text(inner: str, given: re.Match[str] | None) -> str:
    """Return the text of a heading's HTML, without the link to itself that an extension puts beside its words."""
    words = strip_tags(inner)
    if given and f'href="#{given[1]}"' in inner:
        beside = re.sub(rf'<a\s[^<>]*href="#{re.escape(given[1])}"[^<>]*>.*?</a>', "", inner, flags=re.DOTALL)
        words = strip_tags(beside).strip() or words
    return " ".join(words.split())


class _Pass:
    """The one pass over a body's HTML."""

    def __init__(self, made: str, source: str, prefix: str, title: str) -> None:
        self.made = made
        self.source = source
        self.prefix = prefix
        self.title = title
        self.outline: list[Heading] = []
        self.ids: set[str] = set()
        self.refused: list[str] = []  # addresses of other hosts without a scheme
        self.numbers: dict[str, int] = {}  # the last number that was added to a heading's id

    def body(self) -> Body:
        # An expression that begins with `<` finds the few tags faster than `in` finds a longer text.
        made = _CODE_BLOCK.sub(_highlighted, self.made)
        headings = "<h" in made
        if 'id="' in made:
            beside = _HEADING.sub("", made) if headings else made
            self.ids.update(identity for _, identity in _TAG_ID.findall(beside))
        if headings:
            shift = 1 if "<h1" in made else 0
            made = _HEADING.sub(lambda found: self._heading(found, shift), made)
        if "[" in made:
            made = (_WIKI_BESIDE if _NO_WIKI.search(made) else _WIKI_HTML).sub(_wiki_element, made)
            made = _CONTENTS.sub(lambda _: self._contents(), made)
        if self.prefix:
            made = self._prefixed(made)
        made = _ALIGN.sub(r'\1 class="align-\2"', made)
        return self.walk(_EMPTY_HREF.sub(r"\1", made))

    def _heading(self, found: re.Match[str], shift: int) -> str:
        level = min(6, int(found[1]) + shift)
        inner = found[3]
        given = _ID.search(found[2])
        attributes = found[2]
        written = given[1] if given else ""
        if not given and inner.endswith("}") and (braces := _HEADING_ID.search(inner)):
            inner = inner[: braces.start()].rstrip()
            written = braces[1]
        text = _heading_text(inner, given)
        if "[[" in text:
            text = WIKI.sub(lambda m: m[2] or m[1], text)
        base = written or slugify(text) or "section"
        identity = base
        while identity in self.ids or identity in TEXT_IDS:
            number = self.numbers[base] = self.numbers.get(base, 1) + 1
            identity = f"{base}-{number}"
        self.ids.add(identity)
        attributes = _ID.sub("", attributes)
        self.outline.append(Heading(level, identity, text))
        return f'<h{level} id="{html.escape(identity)}"{attributes}>{inner}</h{level}>'

    def _contents(self) -> str:
        """Return the list of headings that stands for `[TOC]`."""
        items = "".join(
            f'<li class="toc-{h.level}"><a href="#{html.escape(h.id)}">{html.escape(h.text)}</a></li>'
            for h in self.outline
        )
        return f'<ul class="toc">{items}</ul>' if items else ""

    def _prefixed(self, made: str) -> str:
        known = self.ids
        self.ids = {self.prefix + identity for identity in known}
        self.outline = [h._replace(id=self.prefix + h.id) for h in self.outline]
        made = _TAG_ID.sub(lambda m: f'{m[1]}id="{self.prefix}{m[2]}"', made)
        return _TAG_ANCHOR.sub(lambda m: f'{m[1]}href="#{self.prefix}{m[2]}"' if m[2] in known else m[0], made)

    def walk(self, made: str) -> Body:
        """Gather references and runs; the HTML is not changed here, so all positions are those of the result."""
        refs: list[Ref] = []
        runs: list[tuple[int, int, int, bool]] = []
        lines: list[str] = []  # the text of each block that has any
        position = block = silent = depth = 0
        last = -1  # the block of the last run
        barred = ""  # the open element in which no link is made; `depth` counts the elements of its name
        opened: tuple[int, int, str, str] | None = None  # the reference whose `</a>` is awaited
        pieces = iter(_TAG.split(made))
        for text in pieces:  # and after each text a tag
            start = position + len(text)
            # White space between blocks is nothing; inside a block it parts its words.
            if text and not silent and (block == last or not text.isspace()):
                runs.append((position, start, block, not depth))
                if block == last:
                    lines[-1] += text
                else:
                    lines.append(text)
                    last = block
            tag = next(pieces, "")
            position = start + len(tag)
            name, closing, is_block, bars = _kind(tag) if "=" not in tag else _kind_of(tag)
            if not name:  # a comment, or the end
                continue
            if is_block:
                block += 1
                if name == "pre":
                    silent += -1 if closing else 1
            if closing:
                if depth and name == barred:
                    depth -= 1
                if opened is not None and name == "a":
                    first, inner, kind, target = opened
                    source = f"[[{target}" if kind == "wiki" else target
                    refs.append(Ref(first, position, kind, target, made[inner:start], source))
                    opened = None
                continue
            if "href=" in tag or "src=" in tag:
                opened = self._attributes(name, tag, start, refs) or opened
            if depth:
                depth += name == barred
            elif bars:
                barred, depth = name, 1
        text = _text(lines)
        refs.sort()
        return Body(
            made if made and not made.isspace() else "",
            tuple(self.outline),
            frozenset(self.ids),
            tuple(refs),
            b"".join(starmap(_RUN.pack, runs)),
            count_words(text),
            self.source,
            self.title,
            text,
            tuple(self.refused),
        )

    def _attributes(self, name: str, tag: str, offset: int, refs: list[Ref]) -> tuple[int, int, str, str] | None:
        """Add the references of the attributes of a tag that begins at `offset`.

        Returns start, end, kind and target of one that the tag opens.
        """
        for found in _ATTRIBUTE.finditer(tag):
            value = html.unescape(found[2])
            if value.startswith(_WIKI_SCHEME):
                return offset, offset + len(tag), "wiki", value.removeprefix(_WIKI_SCHEME)
            start, end = offset + found.start(2), offset + found.end(2)
            if value.startswith("/"):
                if value.startswith("//"):
                    self.refused.append(value)
                else:
                    refs.append(Ref(start, end, "path", value, "", value))
            elif value and not _ABSOLUTE.match(value):
                if name == "a" and _MARKDOWN_FILE.search(value):
                    return offset, offset + len(tag), "file", value
                refs.append(Ref(start, end, "asset", value, "", value))
        return None


def _kind_of(tag: str) -> tuple[str, bool, bool, bool]:
    """Return the name of a tag, '' for a comment; whether it closes, is of a block, and opens what has no links."""
    found = _TAG_NAME.match(tag)
    name = found[1] if found else ""
    bars = (name in _NO_LINKS or "no-autolink" in tag) and name not in _VOID
    return name, tag.startswith("</"), name in _BLOCKS, bars


#: For tags without attributes, which are always the same few.
_kind = lru_cache(maxsize=1024)(_kind_of)


#: White space besides the space and the end of a line, as far as it is ASCII.
_ODD_SPACE = "\t\v\f\r\x1c\x1d\x1e\x1f"


def _text(lines: list[str]) -> str:
    """Return some text of HTML as plain text, a line for each, its words one space apart."""
    whole = "".join(lines)
    odd = any(space in whole for space in _ODD_SPACE)
    return "\n".join([_line(line.replace("\n", " "), odd=odd) for line in lines])


def _line(line: str, *, odd: bool) -> str:
    # Most lines are as they should be, and to see that takes a quarter of the time of making them so.
    if odd or "  " in line or "&" in line or not line.isascii() or line[0] == " " or line[-1] == " ":
        return " ".join(html.unescape(line).split())
    return line


#: Stands for `[[` between two steps of the pass; no engine lets an author write it.
_WIKI_SCHEME = "\x00"


def _wiki_element(found: re.Match[str]) -> str:
    target, label = found["target"], found["label"] or ""
    if target is None:
        return found[0]
    target = target.strip().removesuffix("\\").strip().replace('"', "&quot;")
    return f'<a href="{_WIKI_SCHEME}{target}">{label.strip()}</a>' if target else found[0]


def _highlighted(found: re.Match[str]) -> str:
    return _highlight(found[1] or "", found[2])


#: Pygments' marks for what has no color of its own: plain names, punctuation, operators, spaces. They are most of all.
_PLAIN = re.compile(r'<span class="(?:n|o|p|w)">([^<]*)</span>')


@lru_cache(maxsize=4096)
def _highlight(language: str, escaped: str) -> str:
    """Return a block of code with Pygments' classes; unknown languages stay plain."""
    from pygments import highlight  # noqa: PLC0415 - bodies without code never load it
    from pygments.formatters.html import HtmlFormatter  # noqa: PLC0415
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415
    from pygments.util import ClassNotFound  # noqa: PLC0415

    made = escaped
    if language:
        try:
            lexer = get_lexer_by_name(html.unescape(language), stripnl=False)
        except ClassNotFound:
            pass
        else:
            formatter: HtmlFormatter[str] = HtmlFormatter(nowrap=True)
            made = _PLAIN.sub(r"\1", highlight(html.unescape(escaped), lexer, formatter))
    shown = f' class="language-{language}"' if language else ""
    return f'<div class="highlight"><pre tabindex="0"><code{shown}>{made}</code></pre></div>'
