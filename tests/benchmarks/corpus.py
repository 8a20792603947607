"""A corpus of maps for benchmarks: as many maps, clusters, articles and words as asked for, the same on every run.

`python -m tests.benchmarks.corpus DIR --pages 5000` writes a site. Its articles are made of words of a fixed
vocabulary in sentences and paragraphs, with headings, a list, links to other articles and names of entities. A map has
what a plan has: strategy, audience, gaps, questions, ideas, and for each article its query, priority, intent,
description and entities; for a pillar also its sections and two questions.
"""

from __future__ import annotations

import argparse
import random
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "je",
    "ki",
    "lo",
    "mu",
    "na",
    "pe",
    "ri",
    "so",
    "tu",
    "va",
    "we",
    "xi",
    "yo",
    "zu",
    "bra",
    "cle",
    "dri",
    "flo",
    "gru",
    "sta",
    "pre",
    "tri",
    "clo",
    "mur",
]


@dataclass(frozen=True, slots=True)
class Shape:
    """What to make: `articles` a cluster, its pillar not counted; `written` the share that has a text."""

    maps: int
    clusters: int = 7
    articles: int = 5
    words: int = 800
    entities: int = 12
    links: int = 2
    written: float = 1.0
    engine: str = "commonmark"
    seed: int = 7

    @classmethod
    def of_pages(cls, pages: int, **more: object) -> Shape:
        """Return the shape with about so many articles and pillars, seven clusters of six a map."""
        return cls(maps=max(1, round(pages / 42)), **more)  # type: ignore[arg-type]


class _Words:
    """A vocabulary with a long tail, as languages have one."""

    def __init__(self, random_: random.Random) -> None:
        self.random = random_
        made = {"".join(random_.choices(_SYLLABLES, k=random_.choice((1, 2, 2, 3, 3, 4)))) for _ in range(9000)}
        self.words = sorted(made)
        random_.shuffle(self.words)
        self.unusual = self.words[600:]
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(len(self.words))))

    def some(self, count: int) -> list[str]:
        return self.random.choices(self.words, cum_weights=self.weights, k=count)

    def rare(self, count: int) -> str:
        return " ".join(self.random.choices(self.unusual, k=count))


def write_corpus(folder: Path, shape: Shape) -> int:
    """Write a site; return how many articles and pillars are written."""
    random_ = random.Random(shape.seed)
    words = _Words(random_)
    names = [words.rare(2).title() for _ in range(max(shape.entities, shape.maps * shape.entities // 6))]
    (folder / "content/maps").mkdir(parents=True, exist_ok=True)
    (folder / "site.yaml").write_text(
        f"title: Corpus\nbase_url: https://corpus.example/\nmarkdown: {{engine: {shape.engine}}}\n", encoding="utf-8"
    )
    written = 0
    for number in range(shape.maps):
        entities = random_.sample(names, k=min(shape.entities, len(names)))
        written += _map(folder / f"content/maps/map-{number:05}", number, shape, words, random_, entities)
    return written


def _map(
    folder: Path, number: int, shape: Shape, words: _Words, random_: random.Random, entities: Sequence[str]
) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        f"title: Map {number} of {words.rare(2)}",
        f"category: Category {number % 12}",
        f"description: {' '.join(words.some(24)).capitalize()}.",
        "updated: 2026-04-30",
        f"entities: [{', '.join(entities)}]",
        f"strategy: {_sentence(words)} {_sentence(words)}",
        f"audience: {{level: Intermediate, description: {_sentence(words)}, goal: {_sentence(words)}}}",
        "gaps:",
        *(f"- {_sentence(words)}" for _ in range(3)),
        "faq:",
        *(f"- {{{_question(words)}, answered_by: c{n}-a1}}" for n in range(min(4, shape.clusters))),
        "ideas:",
    ]
    for kind in ("comparison", "how-to"):
        lines += [f"- title: Ideas {words.rare(2)}", f"  description: {_sentence(words)}", "  articles:"]
        lines += [
            f"  - {{title: Idea {words.rare(3)}, query: {words.rare(3)} {number}, content_type: {kind},"
            f" intent: informational, priority: low, words: 900, description: {_sentence(words)}}}"
            for _ in range(4)
        ]
    lines.append("clusters:")
    slugs = [[f"c{c}-a{a}" for a in range(shape.articles + 1)] for c in range(shape.clusters)]
    written = 0
    for c in range(shape.clusters):
        lines += [f"- title: Cluster {c} {words.rare(2)}", f"  slug: c{c}", f"  description: {_sentence(words)}"]
        for a in range(shape.articles + 1):
            slug = slugs[c][a]
            head = "  pillar:" if a == 0 else ("  articles:\n  -" if a == 1 else "  -")
            title = f"{words.rare(3).capitalize()} {slug}"
            query = f"{words.rare(3)} {number}"
            some = ", ".join(random_.sample(list(entities), k=min(3, len(entities))))
            lines.append(
                f"{head} {{title: {title}, slug: {slug}, query: {query}, intent: informational,"
                f" priority: {random_.choice(('high', 'medium', 'low'))}, words: {shape.words},"
                f" description: {_sentence(words)}, entities: [{some}]"
                + (f", redirect_from: [/old/{number}/]" if c == 0 and a == 1 else "")
                + (_of_pillar(words) if a == 0 else "")
                + "}"
            )
            if random_.random() < shape.written:
                written += 1
                text = _article(shape, words, random_, entities, [s for cluster in slugs for s in cluster if s != slug])
                file = folder / f"c{c}" / ("pillar.md" if a == 0 else f"{slug}.md")
                file.parent.mkdir(exist_ok=True)
                file.write_text(f"---\nupdated: 2026-04-{1 + (a + c) % 28:02}\n---\n{text}", encoding="utf-8")
    (folder / "map.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return written


def _sentence(words: _Words) -> str:
    return " ".join(words.some(14)).capitalize() + "."


def _question(words: _Words) -> str:
    return f"question: {words.rare(5).capitalize()}, answer: {_sentence(words)} {_sentence(words)}"


def _of_pillar(words: _Words) -> str:
    sections = ", ".join(words.rare(3).capitalize() for _ in range(4))
    return f", sections: [{sections}], faq: [{{{_question(words)}}}, {{{_question(words)}}}]"


def _article(
    shape: Shape, words: _Words, random_: random.Random, entities: Sequence[str], others: Sequence[str]
) -> str:
    parts: list[str] = []
    left = shape.words
    links = random_.sample(list(others), k=min(shape.links, len(others))) if shape.written == 1.0 else []
    while left > 0:
        if len(parts) % 4 == 0:
            parts.append(f"## {words.rare(4).capitalize()}")
        sentences = []
        for _ in range(4):
            chosen = words.some(15)
            if random_.random() < 0.2:
                chosen[random_.randrange(15)] = random_.choice(list(entities))
            if random_.random() < 0.3:
                chosen[5] = f"**{chosen[5]}**"
            if links and random_.random() < 0.3:
                chosen[9] = f"[[{links.pop()}|{chosen[9]}]]"
            sentences.append(" ".join(chosen).capitalize() + ".")
        parts.append(" ".join(sentences))
        left -= 60
        if len(parts) == 5:
            parts.append("\n".join(f"- {' '.join(words.some(6))}" for _ in range(4)))
            left -= 24
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Write a corpus from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pages", type=int, default=5000)
    parser.add_argument("--words", type=int, default=800, help="of an article")
    parser.add_argument("--engine", default="commonmark")
    arguments = parser.parse_args()
    shape = Shape.of_pages(arguments.pages, words=arguments.words, engine=arguments.engine)
    print(write_corpus(arguments.folder, shape), "articles written")


if __name__ == "__main__":
    main()
