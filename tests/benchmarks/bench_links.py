"""How long finding phrases and choosing links takes a page: 5,000 phrases, articles of 800 words, one core.

`python -m tests.benchmarks.bench_links [--pages N]`. To reach: 1 ms a page. Counts the processor's time, since machines
are shared.
"""

from __future__ import annotations

import argparse
import random
import time

from builder.body import compile_markdown
from builder.link.choose import Caps, capped, choices, select
from builder.link.engine import ScannedPage
from builder.link.match import Matcher, Prose
from builder.link.phrases import Phrase
from builder.markdown import MarkdownOptions

PHRASES = 5000
WORDS = 800


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=500)
    pages = parser.parse_args().pages
    random_ = random.Random(7)
    words = ["".join(random_.choices("abcdefghijklmnopqrstuvwxyz", k=random_.randint(3, 9))) for _ in range(6000)]
    phrases = []
    for number in range(PHRASES):
        text = " ".join(random_.choices(words, k=random_.randint(2, 4)))
        key = f"m/c{number % 40}/a{number // 2}"
        phrases.append(
            Phrase(text, "query", key, f"/{key}/", text, "article", "m", f"c{number % 40}", "high", f"a{number // 2}")
        )
    options = MarkdownOptions("commonmark")
    prose = []
    for number in range(pages):
        made = random_.choices(words, k=WORDS)
        for _ in range(12):
            made[random_.randrange(WORDS)] = random_.choice(phrases).text
        sentences = [" ".join(made[start : start + 15]).capitalize() + "." for start in range(0, WORDS, 15)]
        text = "\n\n".join(" ".join(sentences[start : start + 4]) for start in range(0, len(sentences), 4))
        prose.append(Prose(f"/p{number}/", f"p{number}", "c1", (("body", compile_markdown(text, options)),)))
    caps = Caps(120, 12, 50, 0.6, 0.5)
    start = time.process_time()
    matcher = Matcher(phrases)
    built = time.process_time()
    wanted = []
    for page in prose:
        found = tuple(matcher.candidates(page, "m"))
        scanned = ScannedPage(page.path, page.cluster, page.words, page.prefer, found)
        wanted += choices(page.path, "m", select(scanned, found, frozenset(), caps, "m"))
    dropped = capped(wanted, caps)
    done = time.process_time()
    print(f"matcher of {PHRASES:,} phrases: {1000 * (built - start):.0f} ms, once a map")
    print(
        f"{pages:,} pages: {1000 * (done - built) / pages:.2f} ms of CPU a page, {len(wanted) - len(dropped):,} links"
    )


if __name__ == "__main__":
    main()
