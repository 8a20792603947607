"""`llms.txt` (llmstxt.org): the site for language models, each page by its Markdown twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.records import PageRecord
    from builder.urls import Urls


def llms(title: str, description: str, maps: Sequence[tuple[str, Sequence[PageRecord]]], urls: Urls) -> str:
    """Return the text of llms.txt: each map's title with its published pages, the map's own page first."""
    lines = [f"# {_line(title)}", ""]
    if description:
        lines += [f"> {_line(description)}", ""]
    for name, pages in maps:
        lines += [f"## {_line(name)}", ""]
        for page in pages:
            if page.indexed:
                twin = urls.absolute(f"{page.path.rstrip('/')}/index.md")
                note = f": {_line(page.description)}" if page.description else ""
                lines.append(f"- [{_line(page.title).replace('[', '(').replace(']', ')')}]({twin}){note}")
        lines.append("")
    return "\n".join(lines)


def _line(text: str) -> str:
    return " ".join(text.split())
