"""What Python-Markdown need not look for in a text, by signs that are not there.

Most of its expressions are tried at each place of a text, also that for `> ` in a text without any `>`; to see that a
sign is missing takes a hundredth of the time. What is read and made is the same. Called by `markdown.py` once for each
parser that it makes.
"""

from __future__ import annotations

from operator import methodcaller
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable
    from xml.etree.ElementTree import Element

    import markdown as python_markdown

#: What every block has that a processor takes, and every text in which a pattern finds something, by their names.
_IN_BLOCKS = {"hashheader": "#", "deflist": ":", "quote": ">", "footnote": "[^", "abbr": "*[", "reference": "]:"}
_IN_TEXTS = {"backtick": "`", "reference": "[", "link": "[", "short_reference": "["}


class _Where:
    """An expression that is tried only in texts with a sign that each of its matches has."""

    def __init__(self, expression: re.Pattern[str], sign: str) -> None:
        self.expression = expression
        self.sign = sign

    def finditer(self, text: str, start: int = 0) -> Iterable[re.Match[str]]:
        """Return the matches in a text, from a position on."""
        return self.expression.finditer(text, start) if self.sign in text else ()

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first match in a text."""
        return self.expression.search(text) if self.sign in text else None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the expression has it
        """Return what else the expression has."""
        return getattr(self.expression, name)


def skip_hopeless(parser: python_markdown.Markdown, *, extended: bool) -> None:
    """Let a parser skip, in each text, those of its own processors and patterns whose signs the text has not.

    `extended` tells whether it has extensions that Python-Markdown does not know; theirs are tried everywhere.
    """
    for name, sign in _IN_BLOCKS.items():
        for processor in _own(parser.parser.blockprocessors, name):
            processor.test = _and(methodcaller("__contains__", sign), processor.test)
    for processor in _own(parser.parser.blockprocessors, "hr"):
        processor.test = _and(_may_be_rule, processor.test)
    for processor in _own(parser.parser.blockprocessors, "admonition"):
        processor.RE = _Where(processor.RE, "!!!")  # its test does more than to look for it
    for name, sign in _IN_TEXTS.items():
        for pattern in _own(parser.inlinePatterns, name):
            pattern.compiled_re = _Where(pattern.compiled_re, sign)
    if not extended:  # others may add patterns while a text is read
        inline: Any = parser.treeprocessors["inline"]
        inline.inlinePatterns = list(parser.inlinePatterns)  # a registry sorts itself for each pattern and text


def _own(registry: Any, name: str) -> Iterable[Any]:  # noqa: ANN401 - registries of three kinds of things
    """Return what Python-Markdown itself has registered under a name, if it still stands there."""
    return [registry[name]] if name in registry and type(registry[name]).__module__.startswith("markdown.") else []


def _and(may: Callable[[str], bool], test: Callable[[Element, str], bool]) -> Callable[[Element, str], bool]:
    return lambda parent, block: may(block) and test(parent, block)


def _may_be_rule(block: str) -> bool:
    """Tell whether a block may have a line of nothing but `-`, `_` or `*`."""
    return "\n" in block or block.lstrip(" ").startswith(("-", "_", "*"))
