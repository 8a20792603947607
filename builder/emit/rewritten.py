"""HTML of a text back into Markdown, for twins: what a page shows, with the links that the link engine made in it.

Knows the elements that Markdown makes (`markdown.py` lets no others through, unless an author may write HTML); of any
other, the text remains.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html.parser import HTMLParser

_INLINE = {"em": "*", "i": "*", "strong": "**", "b": "**", "del": "~~", "s": "~~"}
_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_BLOCKS = frozenset({"p", "ul", "ol", "li", "pre", "blockquote", "table", "tr", "td", "th", "dt", "dd", *_HEADINGS})
_CELLS = frozenset({"td", "th"})
_BREAK = "  \n"
_SPECIAL = re.compile(r"([\\`*\[\]<])")


@lru_cache(maxsize=1024)  # an answer stands on its article's page, its cluster's, its map's and the FAQ page
def markdown_of(html: str) -> str:
    """Return the Markdown of some HTML, its blocks parted by blank lines."""
    reader = _Reader()
    reader.feed(str(html))  # each piece of `Markup` would be `Markup`
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Gathers blocks: each open element of `_BLOCKS` has a list of its own, which its end joins into its parent's."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[tuple[str, list[str]]] = [("", [])]
        self._links: list[str] = []
        self._code = 0

    def text(self) -> str:
        """Return what was read."""
        while len(self._open) > 1:
            self._end_block()
        return _joined(self._open[0][1])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the beginning of an element."""
        given = dict(attrs)
        if tag in _BLOCKS:
            self._open.append((tag, []))
        elif tag == "a":
            self._links.append(given.get("href") or "")
            self._add("[" if self._links[-1] else "")
        elif tag == "img":
            self._add(f"![{given.get('alt') or ''}]({given.get('src') or ''})")
        elif tag == "br":
            self._add(_BREAK)
        elif tag == "code":
            self._code += 1
            self._add("" if self._in("pre") else "`")
        elif tag in _INLINE and not self._code:
            self._add(_INLINE[tag])

    def handle_endtag(self, tag: str) -> None:
        """Take the end of an element; one that was never begun is left out."""
        if tag in _BLOCKS:
            while self._in(tag):
                if self._end_block() == tag:
                    break
        elif tag == "a" and self._links:
            address = self._links.pop()
            self._add(f"]({address})" if address else "")
        elif tag == "code" and self._code:
            self._code -= 1
            self._add("" if self._in("pre") else "`")
        elif tag in _INLINE and not self._code:
            self._add(_INLINE[tag])

    def handle_data(self, data: str) -> None:
        """Take text; spaces between blocks are none."""
        if self._in("pre"):
            self._add(data)
        elif data.strip() or self._inline():
            data = re.sub(r"\s+", " ", data)
            if self._inline() and self._open[-1][1][-1] == _BREAK:
                data = data.lstrip()
            self._add(data if self._code else _SPECIAL.sub(r"\\\1", data))

    def _in(self, tag: str) -> bool:
        return any(name == tag for name, _ in self._open)

    def _inline(self) -> bool:
        """Tell whether what was added last stands in a line: a zero byte ends a block."""
        pieces = self._open[-1][1]
        return bool(pieces) and not pieces[-1].endswith("\0")

    def _add(self, text: str) -> None:
        if text:
            self._open[-1][1].append(text)

    def _end_block(self) -> str:
        """Close the innermost block and give its text to the block around it."""
        tag, pieces = self._open.pop()
        made = _block(tag, pieces, self._open[-1][0])
        if made:
            around = self._open[-1][1]
            if self._inline():
                around.append("\0")
            around.append(f"{made}\0")
        return tag


def _joined(pieces: list[str], between: str = "\n\n") -> str:
    blocks = (block.strip(" \n") for block in "".join(pieces).split("\0"))
    return between.join(block for block in blocks if block)


def _block(tag: str, pieces: list[str], around: str) -> str:
    """Return the Markdown of a block; a mark at the start of an item waits for its list."""
    if tag == "pre":
        code = "".join(pieces).strip("\n")
        fence = max(["``", *re.findall("`{3,}", code)], key=len) + "`"
        return f"{fence}\n{code}\n{fence}"
    if tag == "ul":
        return _joined(pieces, "\n")
    if tag == "tr":
        return f"| {_joined(pieces, ' | ')} |"
    if tag == "table":
        head, _, rows = _joined(pieces, "\n").partition("\n")
        return "\n".join([head, re.sub(r"[^|]+", " --- ", head), *([rows] if rows else [])])
    if tag == "ol":
        items = [item for item in "".join(pieces).split("\0") if item.strip()]
        return "\n".join(f"{number}. {item[2:]}" for number, item in enumerate(items, 1))
    made = _joined(pieces, "\n" if tag == "li" else " " if tag in _CELLS else "\n\n")
    if tag == "li":
        return "- " + made.replace("\n", "\n   " if around == "ol" else "\n  ")
    if tag == "blockquote":
        return "\n".join(f"> {line}".rstrip() for line in made.split("\n"))
    if tag == "dd":
        return f": {made}"
    return _HEADINGS.get(tag, "") + made
