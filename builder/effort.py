"""How much work Python-Markdown may do for one text.

For some texts it takes time by the square of their length: each `[` without its `]` is looked for to the end of the
paragraph, each line of a block without blank lines takes the rest of the block apart again. Content may come from
anybody, so what those places read is counted, by characters and not by the clock: a text is too laborious on every
machine or on none. Texts that people write stay below a hundredth of what is allowed (docs/markdown.md).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from xml.etree.ElementTree import Element

    import markdown as python_markdown
    from markdown.blockparser import BlockParser

#: Characters that may be read, one by one in Python, for a text of any length, and for each character of the text.
ALLOWED = 1_000_000
ALLOWED_PER_CHARACTER = 40
#: Characters of a block that are as much work as one that is read in Python.
_IN_BLOCKS = 4
#: The same for what a regular expression reads.
_IN_EXPRESSIONS = 16
#: The same for what is copied.
_IN_COPIES = 1000
_FENCE = re.compile(r"^(~{3,}|`{3,})(.*)$", re.MULTILINE)
_ABBREVIATION = re.compile(r"^\*\[", re.MULTILINE)
_HEADING = re.compile(r"^#.*\{.*$", re.MULTILINE)
_FOOTNOTE = re.compile(r"\[\^([^\]\n]{1,100})\]")
#: What looks for the end of a link or of a picture.
_BRACKETS = ("link", "image_link", "reference", "image_reference", "short_reference", "short_image_ref")


class TooLaboriousError(Exception):
    """A text asks for more work than any text of its length needs; its message is a piece of it."""

    def __init__(self, near: str) -> None:
        super().__init__(near.partition("\x02")[0].strip().partition("\n")[0][:40])


class Effort:
    """Counts the work of one parser; `begin` before each text."""

    def __init__(self, parser: python_markdown.Markdown, *, raw_html: bool) -> None:
        self.left = 0.0
        self.raw_html = raw_html
        for pattern in parser.inlinePatterns:
            self._count_matches(pattern)
        for name in _BRACKETS:
            brackets: Any = parser.inlinePatterns[name]
            brackets.getText = self._counted(brackets.getText)
            brackets.getLink = self._counted(brackets.getLink)
        self._count_blocks(parser.parser)

    def begin(self, text: str) -> None:
        """Allow the work that a text may be, and take off what can be told before it is read."""
        self.left = ALLOWED + ALLOWED_PER_CHARACTER * len(text)
        for place, length in _searches(text, raw_html=self.raw_html):
            self.spend(length / _IN_EXPRESSIONS, text[place : place + 80])

    def spend(self, work: float, near: str) -> None:
        """Take off some work."""
        self.left -= work
        if self.left < 0:
            raise TooLaboriousError(near)

    def _counted(self, find: Callable[[str, int], tuple[Any, ...]]) -> Callable[[str, int], tuple[Any, ...]]:
        def counted(data: str, index: int) -> tuple[Any, ...]:
            made = find(data, index)
            self.spend(made[-2] - index, data[index - 1 : index + 80])
            return made

        return counted

    def _count_matches(self, pattern: Any) -> None:  # noqa: ANN401 - its patterns have two signatures
        handle = pattern.handleMatch

        def counted(*given: Any) -> Any:  # noqa: ANN401
            self.spend(len(given[0].string) / _IN_COPIES, given[0].string[given[0].start() : given[0].start() + 80])
            return handle(*given)

        pattern.handleMatch = counted

    def _count_blocks(self, blocks_parser: BlockParser) -> None:
        def parse_blocks(parent: Element, blocks: list[str]) -> None:
            processors = list(blocks_parser.blockprocessors)
            while blocks:
                self.spend(len(blocks[0]) / _IN_BLOCKS, blocks[0][:80])
                for processor in processors:
                    if processor.test(parent, blocks[0]) and processor.run(parent, blocks) is not False:
                        break

        counting: Any = blocks_parser
        counting.parseBlocks = parse_blocks


def _searches(text: str, *, raw_html: bool) -> Iterator[tuple[int, int]]:
    """Yield each place of a text from which an expression reads on, and how many characters it reads."""
    if "```" in text or "~~~" in text:
        for place in _open_fences(text):
            yield place, len(text) - place
    if "*[" in text:
        for found in _ABBREVIATION.finditer(text):
            yield found.start(), len(text)
    if "{" in text:
        for found in _HEADING.finditer(text):
            yield found.start(), found[0].count("{") * len(found[0])
    footnotes: Counter[str] = Counter()
    for found in _FOOTNOTE.finditer(text):
        footnotes[found[1]] += 1
        yield found.start(), 8 * footnotes[found[1]]
    if raw_html:
        end = len(text)
        for place in range(len(text) - 1, -1, -1):
            if text[place] == ">":
                end = place
            elif text[place] == "<":
                yield place, end - place


def _open_fences(text: str) -> Iterator[int]:
    """Yield where fences of code stand that nothing closes; each is looked for to the end of the text."""
    last = {found[1]: found.start() for found in _FENCE.finditer(text) if not found[2].strip()}
    closing = ""
    for found in _FENCE.finditer(text):
        if closing:
            closing = "" if found[1] == closing and not found[2].strip() else closing
        elif last.get(found[1], -1) > found.start():
            closing = found[1]
        else:
            yield found.start()
