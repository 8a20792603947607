"""Markdown twins: what a page says, for programs that read Markdown."""

import re
from pathlib import Path

import pytest

from builder.emit.rewritten import markdown_of
from builder.wikilinks import convert_refs
from tests.making import FILES, good, make, read


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("words", "words"),
        (
            '<p>A <a href="/x/">link</a>, <em>thin</em>,\n<strong>not</strong> <code>a*b</code></p>',
            "A [link](/x/), *thin*, **not** `a*b`",
        ),
        ("<p>2 * 3 &lt; [7] &amp; 8</p>", r"2 \* 3 \< \[7\] & 8"),
        ("<p>One</p>\n<p>Two<br>\nlines</p>\n", "One\n\nTwo  \nlines"),
        (
            "<p>Like:</p><ul>\n<li>a</li>\n<li>b<ul><li>c</li></ul></li></ul><p>End</p>",
            "Like:\n\n- a\n- b\n  - c\n\nEnd",
        ),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        (
            '<div><pre><code class="x"><span class="k">if</span> a &lt; b:\n    c\n</code></pre></div>',
            "```\nif a < b:\n    c\n```",
        ),
        ("<pre><code>```\nx\n```</code></pre>", "````\n```\nx\n```\n````"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        (
            "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
            "| a | b |\n| --- | --- |\n| 1 | 2 |",
        ),
        ('<h3>Head</h3><p><img src="/a.png" alt="A"></p>', "### Head\n\n![A](/a.png)"),
        ("a</p></ul></a> b<p>c", "a b\n\nc"),
    ],
)
def test_html_as_markdown(html: str, markdown: str) -> None:
    """The elements that Markdown makes become Markdown again; text keeps what Markdown would read as marks."""
    assert markdown_of(html) == markdown


@pytest.mark.parametrize(
    ("source", "converted"),
    [
        ("See [[a]].\n", "See <a>.\n"),
        ("Text:\n\n    [[a]]\n\n    [[b]]\n\n[[c]]\n", "Text:\n\n    [[a]]\n\n    [[b]]\n\n<c>\n"),
        ("\t[[a]]\n", "\t[[a]]\n"),
        ("Text\n    goes on [[a]]\n", "Text\n    goes on <a>\n"),
        ("- item\n\n    more [[a]]\n\n        [[code]]\n", "- item\n\n    more <a>\n\n        [[code]]\n"),
        ("1. item\n\n    more [[a]]\n\nText.\n\n    [[b]]\n", "1. item\n\n    more <a>\n\nText.\n\n    [[b]]\n"),
        ("!!! note\n\n    [[a]]\n", "!!! note\n\n    <a>\n"),
        ("`[[a]]`\n\n    [[b]] `\n\n[[c]]\n", "`[[a]]`\n\n    [[b]] `\n\n<c>\n"),
    ],
)
def test_references_in_code_stay(source: str, converted: str) -> None:
    """`[[…]]` in code stays as it is, in code by indentation too; what a list holds is no code."""
    assert convert_refs(source, lambda found: f"<{found[1]}>") == converted


def test_twins_of_a_map(tmp_path: Path) -> None:
    """Answers keep their links and their blocks, parts have headings in the map's language, pages their own words."""
    answer = (
        "faq:\n  - question: Which one?\n    answer: |\n      See [[sencha]]:\n\n      - `first`\n      - second\n"
        "strategy: Plain words.\nseasonality: Spring.\ngaps: [A tasting]\n"
        "ideas:\n  - {title: More, articles: [{title: Cup}]}\n"
    )
    config = FILES["site.yaml"] + "language: de\n"
    good(make(tmp_path, map_yaml=FILES["content/maps/tea/map.yaml"] + answer, site_yaml=config))
    faq = read(tmp_path, "tea/faq/index.md")
    assert "### Which one?\n\nSee [Sencha](/tea/green/sencha/):\n\n- `first`\n- second\n" in faq
    assert "1 Frage zum Thema von „Tea“, beantwortet." in faq
    own = read(tmp_path, "tea/index.md")
    assert "## Strategie\n\nPlain words.\n\nSpring.\n" in own
    assert "## Lücken\n\n- A tasting\n" in own
    listed = read(tmp_path, "llms.txt")
    assert re.findall(r"^- \[(Tea: .*?)\]\(\S+\): (.*)$", listed, re.MULTILINE) == [
        ("Tea: Fragen und Antworten", "1 Frage zum Thema von „Tea“, beantwortet."),
        ("Tea: Artikelideen", "1 Idee für einen Artikel außerhalb des Plans von „Tea“."),
        (
            "Tea: Reihenfolge der Veröffentlichung",
            "Was in „Tea“ als Nächstes kommt, wann, und worauf es verweisen wird.",
        ),
    ]
