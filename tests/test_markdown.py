"""Both Markdown engines: the same anchors, references and outline, and nothing that an author writes runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.body import Body, compile_markdown, compile_plain, count_words, titled
from builder.config import MarkdownKeys
from builder.markdown import MarkdownOptions, check_extensions
from builder.wikilinks import convert_refs
from tests.pages import hostile_parts

ENGINES = {
    "markdown": MarkdownOptions("markdown"),
    "commonmark": MarkdownOptions("commonmark"),
    "markdown-raw": MarkdownOptions("markdown", raw_html=True),
    "commonmark-raw": MarkdownOptions("commonmark", raw_html=True),
}
engines = pytest.mark.parametrize("options", ENGINES.values(), ids=ENGINES)


def outline(body: Body) -> list[tuple[int, str, str]]:
    """Return a body's headings as plain values."""
    return [(heading.level, heading.id, heading.text) for heading in body.outline]


def refs(body: Body) -> list[tuple[str, str, str]]:
    """Return kind, target and label of a body's references, and check that each region is what it says."""
    for ref in body.refs:
        region = body.html[ref.start : ref.end]
        if ref.kind in {"wiki", "file"}:
            assert region.startswith("<a ")
            assert region.endswith("</a>")
            assert ref.label in region
        else:
            assert '"' not in region
    return [(ref.kind, ref.target, ref.label) for ref in body.refs]


@engines
@pytest.mark.parametrize(
    ("text", "headings"),
    [
        ("## One\n\n## Two", [(2, "one", "One"), (2, "two", "Two")]),
        ("## One\n\n## One\n\n## One", [(2, "one", "One"), (2, "one-2", "One"), (2, "one-3", "One")]),
        ("## One-2\n\n## One\n\n## One", [(2, "one-2", "One-2"), (2, "one", "One"), (2, "one-3", "One")]),
        ("# One\n\n## Two", [(2, "one", "One"), (3, "two", "Two")]),
        ("## Of `code`, *stress* & <", [(2, "of-code-stress-and", "Of code, stress & <")]),
        ("## What is C++?", [(2, "what-is-c-plus-plus", "What is C++?")]),
        ("## Größe", [(2, "grosse", "Größe")]),
        ("## 日本語", [(2, "日本語", "日本語")]),
        ("## ???", [(2, "section", "???")]),
        ("## Named {#own-id}", [(2, "own-id", "Named")]),
        ("## Named {#one}\n\n## One", [(2, "one", "Named"), (2, "one-2", "One")]),
        ("## [[app|The app]] and [[db]]", [(2, "the-app-and-db", "The app and db")]),
        ("###### Six", [(6, "six", "Six")]),
        ("One\n---\n\nText", [(2, "one", "One")]),
        ("```\n## code\n```", []),
        ("", []),
    ],
)
def test_headings(options: MarkdownOptions, text: str, headings: list[tuple[int, str, str]]) -> None:
    """Headings have the same levels, ids and texts whatever the engine; no two have one id."""
    body = compile_markdown(text, options)
    assert outline(body) == headings
    assert body.ids == {identity for _, identity, _ in headings}
    for level, identity, _ in headings:
        assert f'<h{level} id="{identity}"' in body.html


@engines
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See [[app-factory]].", [("wiki", "app-factory", "")]),
        ("See [[app-factory|the factory]].", [("wiki", "app-factory", "the factory")]),
        ("[[flask/app#the-order|x]]", [("wiki", "flask/app#the-order", "x")]),
        ("[[#here]]", [("wiki", "#here", "")]),
        ("[[a]] and [[b|c]]", [("wiki", "a", ""), ("wiki", "b", "c")]),
        ("**[[a|b]]**", [("wiki", "a", "b")]),
        ("[[a|of *stress*]]", [("wiki", "a", "of <em>stress</em>")]),
        ("[[a|of `code`]]", [("wiki", "a", "of <code>code</code>")]),
        ("[[日本語|頁]]", [("wiki", "日本語", "頁")]),
        ("`[[a]]` and ``[[b]]``", []),
        ("```\n[[a]]\n```", []),
        ("    [[a]]", []),
        ("[a](b.md)", [("file", "b.md", "a")]),
        ("[a](../c/b.md#x)", [("file", "../c/b.md#x", "a")]),
        ("[a](/b/)", [("path", "/b/", "")]),
        ("[a](/b/?c=d#e)", [("path", "/b/?c=d#e", "")]),
        ("![a](b.png)", [("asset", "b.png", "")]),
        ("[a](b.pdf)", [("asset", "b.pdf", "")]),
        ("![a](/b.png)", [("path", "/b.png", "")]),
        ("[a](https://example.org/) [b](mailto:a@b.c) [c](#d) [d](//e/f)", []),
        ("[a]: /b/\n\n[a]", [("path", "/b/", "")]),
        ("[a&amp;b](/c%20d/&amp;/)", [("path", "/c%20d/&/", "")]),
        ("| a |\n|---|\n| [[b\\|c]] |", [("wiki", "b", "c")]),
        ("- [[a]]\n- [[b]]", [("wiki", "a", ""), ("wiki", "b", "")]),
        ("> [[a]]", [("wiki", "a", "")]),
        ("[[]] [[ ]] [[a\nb]] [ [a]]", []),
    ],
)
def test_references(options: MarkdownOptions, text: str, expected: list[tuple[str, str, str]]) -> None:
    """References are found whatever the engine, and none in code."""
    assert refs(compile_markdown(text, options)) == expected


@engines
def test_tables_and_code(options: MarkdownOptions) -> None:
    """Tables keep their alignment as classes, and code is marked up by Pygments' classes; nothing has a style."""
    body = compile_markdown(
        "| a | b |\n|---|--:|\n| 1 | 2 |\n\n```python\nreturn 1\n```\n\n```nonsense\n<x>\n```", options
    )
    assert '<td class="align-right">2</td>' in body.html
    assert '<span class="k">return</span>' in body.html
    assert "&lt;x&gt;" in body.html
    assert "style=" not in body.html


@engines
def test_footnotes(options: MarkdownOptions) -> None:
    """Footnotes lead there and back."""
    body = compile_markdown("Text.[^n]\n\n[^n]: Note.", options)
    assert "Note." in body.html
    assert body.html.count('href="#') == 2


@engines
@pytest.mark.parametrize(
    ("text", "title", "rest", "found"),
    [
        ("# Tea\n\nText", "Tea", "Text", "Tea"),
        ("# tea\n\nText", "Tea", "Text", "tea"),
        ("# Tea\n\nText", "", "Text", "Tea"),
        ("# Other\n\nText", "Tea", "Other", ""),
        ("Text\n\n# Tea", "", "Tea", ""),
        ("# Tea {#x}\n\nText", "Tea", "Text", "Tea"),
    ],
)
def test_titles(options: MarkdownOptions, text: str, title: str, rest: str, found: str) -> None:
    """A first heading that says the page's title again is left out; without a title it is the title."""
    body = compile_markdown(text, options, title=title)
    assert body.title == found
    assert rest in body.html
    assert "Tea" not in body.html or not found


@engines
def test_prefixes(options: MarkdownOptions) -> None:
    """Texts that share a page have ids and links to them of their own; text that looks like an id is left as it is."""
    body = compile_markdown('## One\n\n[to it](#one), [away](#two), `id="one"`', options, "faq-")
    assert outline(body) == [(2, "faq-one", "One")]
    assert 'href="#faq-one"' in body.html
    assert 'href="#two"' in body.html
    assert 'id="one"' in body.html.replace("&quot;", '"')


@engines
def test_contents(options: MarkdownOptions) -> None:
    """`[TOC]` in a paragraph of its own becomes the list of headings."""
    body = compile_markdown("[TOC]\n\n## One\n\n### Two", options)
    assert '<a href="#one">One</a>' in body.html
    assert '<a href="#two">Two</a>' in body.html


def test_contents_with_the_extension() -> None:
    """`[TOC]` is the same list where the site names Python-Markdown's own extension for it."""
    options = MarkdownOptions.of(MarkdownKeys(extensions={"toc": {"permalink": False}}))
    body = compile_markdown("# A page\n\n[TOC]\n\n## One\n", options, title="")
    assert body.html.count("href=") == 1
    assert '<ul class="toc"><li class="toc-2"><a href="#one">One</a></li></ul>' in body.html


@pytest.mark.parametrize(
    "options", [{"permalink": True}, {"permalink": "§", "permalink_leading": True}, {"anchorlink": True}]
)
def test_headings_with_links_to_themselves(options: dict[str, object]) -> None:
    """The links to headings that the extension `toc` makes are kept, and are no part of titles and outlines."""
    made = MarkdownOptions.of(MarkdownKeys(extensions={"toc": options}))
    body = compile_markdown("# My page\n\n## Part `a`\n", made, title="")
    assert (body.title, [(h.id, h.text) for h in body.outline]) == ("My page", [("part-a", "Part a")])
    assert 'href="#part-a"' in body.html


@engines
def test_plain_text_of_a_body(options: MarkdownOptions) -> None:
    """A body's text is its prose, a line for each block, without code blocks; its words are those of the prose."""
    body = compile_markdown("One *two* &amp; three.\n\n```\ncode code\n```\n\n- four\n- five", options)
    assert body.text == "One two & three.\nfour\nfive"
    assert body.words == 5


def test_plain_text() -> None:
    """A description is plain text: paragraphs, and nothing in it is Markdown or HTML."""
    body = compile_plain("A <b> & *c*\n[[d]]\n\nSecond.")
    assert body.html == "<p>A &lt;b&gt; &amp; *c* [[d]]</p><p>Second.</p>"
    assert body.refs == ()


def test_empty() -> None:
    """Nothing makes a body that is false."""
    assert not compile_markdown("", ENGINES["markdown"])
    assert not compile_markdown("<!-- only a comment -->", ENGINES["markdown-raw"])
    assert compile_markdown("x", ENGINES["markdown"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one two", 2),
        ("don’t state-of-the-art 3.5", 3),
        ("日本語", 3),
        ("a — b", 2),
        ("Größe", 1),
        ("안녕 하세요", 2),
    ],
)
def test_words(text: str, words: int) -> None:
    """Words are counted as editors count them; an ideograph is one."""
    assert count_words(text) == words


def test_titled() -> None:
    """A reference without words of its own has its target's title as words; one with words keeps them."""
    body = compile_markdown("[[a]], [[b|c]], [[d]]", ENGINES["markdown"])
    body = titled(body, lambda ref: "A & B" if ref == "a" else "")
    assert refs(body) == [("wiki", "a", "A &amp; B"), ("wiki", "b", "c"), ("wiki", "d", "d")]


def test_convert_refs() -> None:
    """In Markdown each reference is replaced, those in code are not."""
    text = "[[a]] `[[b]]`\n\n```\n[[c]]\n```\n\n~~~\n[[d]]\n~~~\n[[e|f]]"
    assert convert_refs(text, lambda found: found[1].upper()) == text.replace("[[a]]", "A").replace("[[e|f]]", "E")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[a]] `` [[b]] ` [[c]] `` [[d]]", "R `` [[b]] ` [[c]] `` R"),
        ("```` [[a]]\n```\n[[b]]", "```` R\n```\nR"),
        ("````\n[[a]]\n```\n[[b]]\n````\n[[c]]", "````\n[[a]]\n```\n[[b]]\n````\nR"),
        ("~~~\n[[a]]\n```\n[[b]]\n~~~~\n[[c]]", "~~~\n[[a]]\n```\n[[b]]\n~~~~\nR"),
        ("~~~\n[[a]]", "~~~\nR"),
        ("a ~~~ [[a]] ~~~", "a ~~~ R ~~~"),
        ("`[[a]]\n``[[b]]```", "`R\n``R```"),
    ],
)
def test_convert_refs_beside_ticks(text: str, expected: str) -> None:
    """Code ends with as many backticks as it begins with, a fence with at least as many; else it is none."""
    assert convert_refs(text, lambda _: "R") == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[" * 8000, "laborious"),
        ("[" * 8000 + "]" * 8000, "laborious"),
        ("![a](" * 4000, "laborious"),
        ("[a](<b" * 4000, "laborious"),
        ("# a\n" * 10_000, "laborious"),
        ("a\n-\n" * 10_000, "laborious"),
        ("***\n" * 10_000, "laborious"),
        ("```a\nb\n" * 10_000, "laborious"),
        ("*[a]: b\n" * 8000, "laborious"),
        ("[^a]: b\n\n" + "[^a] " * 10_000, "laborious"),
        ("# a " + "{#a " * 10_000, "laborious"),
        ("\\*" * 40_000, "laborious"),
        (">" * 100 + " a", "deep"),
        (">" * 99 + " a", ""),
        ("- [a](b.md) and [[c]], `d`, *e*, [f][g], [^h]\n" * 1000, ""),
        ("```\n" + "[{" * 3000 + "\n```\n", ""),
        ("```json\n[[1], {}]\n```\n\n" * 1000, ""),
        ("## A heading {#a}\n\nText [with] brackets.\n\n" * 1000, ""),
        ("| a | b |\n|---|---|\n" + "| `c` | [d](e.md) |\n" * 1000, ""),
        ("*[HTML]: a language\n" * 100 + "\n" + "HTML. " * 5000, ""),
    ],
)
def test_laborious_texts(text: str, why: str) -> None:
    """What Python-Markdown would read for a minute is refused; long texts that people write are not."""
    body = compile_markdown(text, ENGINES["markdown"])
    assert body.unread == why
    assert bool(body.html)
    assert body.unread_near in text


def test_laborious_raw_html() -> None:
    """With raw HTML, tags without an end are looked for to the end of the text as well."""
    options = MarkdownOptions(raw_html=True)
    assert compile_markdown("<a " * 16_000, options).unread == "laborious"
    assert not compile_markdown("<b>a</b> " * 6000, options).unread


HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    '<img src="x" onerror="alert(1)"/>',
    "<img/src=x/onerror=alert(1)>",
    "<img src='x'onerror='alert(1)'>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<math href="javascript:alert(1)">x</math>',
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import '//evil.example/x.css'</style>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<div style=position:fixed>x</div>",
    "<form action=https://evil.example/><button formaction=javascript:alert(1)>x</button></form>",
    "<input onfocus=alert(1) autofocus>",
    "<details ontoggle=alert(1) open>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<video poster=javascript:alert(1) src=x></video>",
    "<body onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1)'>x</a>",
    "<a href='&#1;javascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>x</a>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo '<script>alert(1)</script>' ?>",
    "<x onclick=alert(1)>x</x>",
    "</p><script>alert(1)</script><p>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](< javascript:alert(1)>)",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "[![x](javascript:alert(1))](javascript:alert(2))",
    '[x](https://example.org/ "onmouseover=alert(1)")',
    '[x](https://example.org/" onmouseover="alert(1))',
    '![x" onerror="alert(1)](https://example.org/x.png)',
    "[[javascript:alert(1)]]",
    "[[a|<img src=x onerror=alert(1)>]]",
    '[[a" onclick="alert(1)|b]]',
    "Text {: onclick=alert(1) }",
    'Text\n{: onclick="alert(1)" style="color:red" }',
    "## Heading {: #x onclick=alert(1) }",
    "[x](https://example.org/){: onclick=alert(1) href=javascript:alert(2) }",
    "![x](https://example.org/x.png){: onerror=alert(1) src=javascript:alert(2) }",
    '## Heading {#x"onclick=alert(1)}',
    '*[x" onclick="alert(1)]: title\n\nx',
    '```"><script>alert(1)</script>\ncode\n```',
    "```python onclick=alert(1)\ncode\n```",
    "``` {: onclick=alert(1) }\ncode\n```",
    '~~~ {.python onclick="alert(1)"}\ncode\n~~~',
    '!!! note "<script>alert(1)</script>"\n    Text',
    '!!! " onclick=alert(1)\n    Text',
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "[^1]\n\n[^1]: <script>alert(1)</script>",
    '[^x" onclick="alert(1)]\n\n[^x" onclick="alert(1)]: y',
    "> [!NOTE]\n> <script>alert(1)</script>",
    "- [x] <script>alert(1)</script>",
    "\x02klzzwxh:0000\x03 \x02wzxhzdk:0\x03",
    "[x](\x00javascript:alert(1))",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]  # fmt: skip


@engines
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_gets_through(options: MarkdownOptions, text: str) -> None:
    """Scripts, handlers, styles, and addresses that run code never leave the engine, with raw HTML on or off."""
    for wrapped in (text, f"Before {text} after", f"- {text}", f"# {text}", f"{text}\n\n{text}"):
        body = compile_markdown(wrapped, options, "p-", "")
        assert hostile_parts(body.html.replace('href="\x00', 'href="/')) == []  # a reference, which link/ resolves
        assert body.html.count("\x00") == sum(ref.kind == "wiki" for ref in body.refs)


@pytest.mark.parametrize(
    "options", [ENGINES["markdown-raw"], ENGINES["commonmark-raw"]], ids=["markdown", "commonmark"]
)
def test_raw_html_is_kept(options: MarkdownOptions) -> None:
    """With raw HTML on, what cannot do harm stays."""
    text = '<details open><summary>S</summary><kbd class="k" id="i">K</kbd></details>\n\n<video src="https://a.b/c"></video>'
    body = compile_markdown(text, options)
    for part in ("<details open", "<summary>S</summary>", 'class="k"', 'id="i"', "<video"):
        assert part in body.html
    assert "i" in body.ids


def test_task_lists() -> None:
    """A task has a box that nobody can tick, with raw HTML as without; no other field is let through."""
    text = '- [ ] open\n- [x] done\n\n<input type="text" name="q" autofocus>'
    for engine in ("commonmark", "commonmark-raw"):
        made = compile_markdown(text, ENGINES[engine]).html.replace("&lt;input", "")
        assert made.count('<input type="checkbox" ') == 2
        assert made.count('disabled=""') == made.count("<input ") == (2 if engine == "commonmark" else 3)
        assert '<input type="text"' not in made


@pytest.mark.parametrize("options", [ENGINES["markdown"], ENGINES["commonmark"]], ids=["markdown", "commonmark"])
def test_raw_html_is_shown(options: MarkdownOptions) -> None:
    """With raw HTML off, HTML is shown as the text that it is."""
    body = compile_markdown("A <b>bold</b> word.\n\n<div>\nblock\n</div>", options)
    assert "&lt;b&gt;bold&lt;/b&gt;" in body.html
    assert "<div>" not in body.html


@engines
@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("[x](javascript:alert)", ["javascript:alert"]),
        ("[x](ftp://a.b/)", ["ftp://a.b/"]),
        ("![x](data:image/png;base64,AA==)", ["data:image/png;base64,AA=="]),
        ("[a](https://a.b/) [b](mailto:a@b.c) [c](tel:+1) [d](/e/) [e](f.md) [f](#g) [h](g:h)", ["g:h"]),
        ("`[x](javascript:alert)`", []),
        ("[x](//a.b/) ![y](//c.d/e.png)", ["//a.b/", "//c.d/e.png"]),
        ("[x](ftp://a.b/) [y](//c.d/)", ["ftp://a.b/", "//c.d/"]),
        ("no address at all", []),
    ],
)
def test_refused_addresses(options: MarkdownOptions, text: str, refused: list[str]) -> None:
    """An address that no page may have is told to the author, whatever the engine."""
    assert list(compile_markdown(text, options).refused) == refused


def test_extensions() -> None:
    """An extension that cannot be loaded is a diagnostic; one that can is used."""
    assert check_extensions(MarkdownKeys(extensions={"toc": {}, "markdown.extensions.nl2br": None})) == []
    (fault,) = check_extensions(MarkdownKeys(extensions={"no_such_extension": {}}))
    assert fault.keys == ("markdown", "extensions", "no_such_extension!")
    options = MarkdownOptions.of(MarkdownKeys(extensions={"nl2br": {}}))
    assert "<br" in compile_markdown("a\nb", options).html


ODD = st.text(
    st.one_of(
        st.sampled_from("[]()<>{}|`~*_#-!:&;\"'=\\/ \n\t.^@x1\x00\x02\x03"), st.characters(exclude_categories=["Cs"])
    ),
    max_size=60,
)


@engines
@given(text=ODD)
def test_no_markdown_is_too_odd(options: MarkdownOptions, text: str) -> None:
    """Whatever an author writes: a body whose parts are where it says, and nothing that runs."""
    body = compile_markdown(text, options, "p-", "")
    refs(body)
    end = 0
    for run in (run for _, runs in body.blocks(range(len(body.html))) for run in runs):
        assert end <= run.start < run.end <= len(body.html)
        assert "<" not in body.html[run.start : run.end]
        end = run.end
    assert len({heading.id for heading in body.outline}) == len(body.outline)
    assert {heading.id for heading in body.outline} <= body.ids
    assert hostile_parts(body.html.replace('href="\x00', 'href="/')) == []
    convert_refs(text, lambda found: found[0])
