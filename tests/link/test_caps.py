"""No page ever breaks a cap or links where no link may be, and the order of files changes nothing."""

from __future__ import annotations

import html
import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from builder.body import compile_markdown
from builder.link.choose import MIN_LINKS, Caps, Choice, capped, choices, common, select
from builder.link.engine import ScannedPage
from builder.link.match import Candidate, Matcher, Prose
from builder.link.phrases import Phrase
from builder.link.types import Splice, spliced
from builder.markdown import MarkdownOptions

WORDS = ("redis", "Celery", "Flask-Login", "task queue", "C++", "AWS", "cache", "broker", "キャッシュ")
PHRASES = [
    Phrase(word, "title", f"t{n % 6}", f"/t{n % 6}/", word, ("article", "pillar", "entity")[n % 3], "m", f"c{n % 2}",
           ("high", "medium", "low", "")[n % 4], f"t{n % 6}")
    for n, word in enumerate(WORDS)
]  # fmt: skip

piece = st.sampled_from(
    [*WORDS, "and", "the", "so", "`redis`", "**cache**", "[Celery](https://x.example/)", "[[t1]]", "."]
)
sentence = st.lists(piece, min_size=1, max_size=14).map(" ".join)
block = st.one_of(
    sentence.map(lambda text: f"{text}."),
    sentence.map(lambda text: f"## {text}"),
    sentence.map(lambda text: f"- {text}"),
    sentence.map(lambda text: f"```\n{text}\n```"),
    sentence.map(lambda text: f"| {text.replace('|', '')} | b |\n|---|---|\n| redis | {text.replace('|', '')} |"),
)
article = st.lists(block, min_size=1, max_size=12).map("\n\n".join)
caps = st.builds(
    Caps,
    words_per_link=st.integers(1, 60),
    max_per_page=st.integers(0, 8),
    max_per_target=st.integers(1, 5),
    max_anchor_share=st.sampled_from([0.34, 0.5, 0.6, 1.0]),
    common_phrase_share=st.sampled_from([0.2, 0.5, 1.0]),
)
OPTIONS = MarkdownOptions("commonmark")


def scan(texts: list[str]) -> list[tuple[Prose, ScannedPage]]:
    """Return the pages of some texts; page n is target t<n> where there is one."""
    matcher = Matcher(PHRASES)
    made = []
    for number, text in enumerate(texts):
        body = compile_markdown(text, OPTIONS)
        linked = frozenset(ref.target for ref in body.refs if ref.kind == "wiki")
        page = Prose(f"/t{number}/", f"t{number}", f"c{number % 2}", (("body", body),), linked=linked)
        found = tuple(matcher.candidates(page, "m"))
        made.append((page, ScannedPage(page.path, page.cluster, page.words, page.prefer, found)))
    return made


def choose(texts: list[str], limits: Caps) -> tuple[dict[str, list[Candidate]], list[Choice]]:
    """Return what each page chose and the links that remain of it."""
    pages = scan(texts)
    counts = Counter(p for _, page in pages for p in {c.phrase.text.lower() for c in page.candidates})
    too_common = common(counts, len(pages), limits)
    chosen = {page.path: select(page, page.candidates, too_common, limits, "m") for _, page in pages}
    wanted = [choice for path, found in chosen.items() for choice in choices(path, "m", found)]
    gone = capped(wanted, limits)
    return chosen, [choice for choice in wanted if (choice.source, choice.target) not in gone]


@settings(max_examples=150, deadline=None)
@given(st.lists(article, min_size=1, max_size=9), caps)
def test_caps_hold(texts: list[str], limits: Caps) -> None:
    """Per page, per sentence, per target of a page, per target of the site and per anchor, no cap is broken."""
    chosen, kept = choose(texts, limits)
    pages = {page.path: page for page, _ in scan(texts)}
    for path, found in chosen.items():
        assert len(found) <= limits.of_page(pages[path].words)
        assert len({candidate.sentence for candidate in found}) == len(found)
        assert len({candidate.phrase.key for candidate in found}) == len(found)
        assert all(candidate.phrase.path != path for candidate in found)
        assert not {candidate.phrase.key for candidate in found} & pages[path].linked
    by_target: dict[str, list[str]] = {}
    for choice in kept:
        by_target.setdefault(choice.target, []).append(choice.anchor)
    for anchors in by_target.values():
        assert len(anchors) <= limits.max_per_target
        counts = Counter(anchors)
        if len(anchors) >= MIN_LINKS and len(counts) > 1:
            assert max(counts.values()) <= max(limits.max_anchor_share * len(anchors), 1)


@settings(max_examples=100, deadline=None)
@given(st.lists(article, min_size=1, max_size=4))
def test_excluded_elements(texts: list[str]) -> None:
    """A link stands in no heading, code, link or header cell, and takes no text away."""
    limits = Caps(1, 50, 50, 1.0, 1.0)
    chosen, _ = choose(texts, limits)
    for page, _ in scan(texts):
        body = page.texts[0][1]
        splices = [Splice(c.start, c.end, f"<a>{body.html[c.start : c.end]}</a>") for c in chosen[page.path]]
        made = spliced(body.html, splices)
        assert made.replace("<a>", "").count("<a") == body.html.count("<a")
        for element in ("h2", "code", "pre", "th"):
            for inside in re.findall(rf"<{element}[ >].*?</{element}>", made, re.DOTALL):
                assert "<a>" not in inside
        assert not re.search(r"<a [^>]*>(?:(?!</a>).)*<a>", made, re.DOTALL)
        assert html.unescape(re.sub(r"<a>(.*?)</a>", r"\1", made)) == html.unescape(body.html)


@settings(max_examples=60, deadline=None)
@given(st.lists(article, min_size=2, max_size=7), caps, st.randoms())
def test_order_of_files(texts: list[str], limits: Caps, random: object) -> None:
    """The caps of the site take the same links away in whatever order the pages come."""
    chosen, _ = choose(texts, limits)
    wanted = [choice for path, found in chosen.items() for choice in choices(path, "m", found)]
    shuffled = list(wanted)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert capped(wanted, limits) == capped(shuffled, limits)
