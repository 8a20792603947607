"""The benchmarks, without running a peer: all get the same articles; tables and plot say what was measured."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from tests.benchmarks import report
from tests.benchmarks.contenders import KINDS, kinds
from tests.benchmarks.corpus import Shape, write_corpus
from tests.benchmarks.peers.articles import read_corpus
from tests.benchmarks.plot import plot

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("peer", ["hugo", "eleventy", "mkdocs", "pelican"])
def test_peer_is_fed_the_same_articles(peer: str, tmp_path: Path) -> None:
    """Each article's text is at the end of a file of its name, and the authors' links are ordinary ones."""
    write_corpus(tmp_path / "ours", Shape(maps=1, clusters=2, articles=2, words=200))
    maps = list(read_corpus(tmp_path / "ours"))
    importlib.import_module(f"tests.benchmarks.peers.{peer}").write_site(maps, tmp_path / peer)
    articles = [article for one in maps for _, articles in one.clusters for article in articles]
    assert len(articles) == 6
    for article in articles:
        text = (tmp_path / peer / f"content{article.url.rstrip('/')}.md").read_text(encoding="utf-8")
        assert article.item["title"] in text
        assert text.endswith(article.body)
        assert "[[" not in text
    assert any("](/map-00000/" in article.body for article in articles)


def test_kinds_of_files(tmp_path: Path) -> None:
    """A file is of the first kind that fits its path."""
    for name in ("index.html", "map-00000/c1/c1-a2/index.html", "map-00000/c1/c1-a2/index.md", "map-00000/feed.xml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("twelve bytes", encoding="utf-8")
    found = kinds(tmp_path)
    assert found["articles and pillars"] == found["Markdown twins"] == found["feeds"] == (1, 12)
    assert sum(files for files, _ in found.values()) == 4


def test_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Medians of the rounds, ratios within a round; what stands round the markers stays; a step left out is a blank."""

    def runs(*seconds: float) -> list[dict[str, float]]:
        return [{"wall": 2 * value, "cpu": value, "memory": 5e6} for value in seconds]

    made = {KINDS[0][0]: [40, 3_000_000]}
    result: dict[str, Any] = {
        "pages": 42,
        "started": "2026-11-22T17:00+00:00",
        "rounds": 3,
        "load": [0.1, 0.5],
        "machine": {"processor": "2 cores", "system": "Linux", "python": "3.11.7"},
        "generators": {
            "topicsite (commonmark)": {
                "version": "abc",
                "kinds": made,
                "steps": {"cold": runs(1, 2, 30), "no change": runs(0.5, 0.5, 0.5)},
            },
            "Hugo": {"version": "0.1.0", "kinds": made, "steps": {"cold": runs(3, 8, 60)}},
        },
    }
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{report.BEGIN}\nstale\n{report.END}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(report, "DOCS", tmp_path)
    report.write_report([result])
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "stale" not in text
    assert "| topicsite (commonmark) | 4.00 / 2.00 | 1.00 / 0.50 | 5 | 40 | 3 |" in text
    assert "| Hugo | 16.0 / 8.00 |  | 5 | 40 | 3 |" in text
    assert "| Hugo | 3.00 / 3.00 |  |" in text
    assert f"| {KINDS[0][0]} | 40 (3.0) | 40 (3.0) |" in text
    ET.fromstring((tmp_path / "performance.svg").read_text(encoding="utf-8"))
    assert "Hugo, cold: 8.00 s of CPU" in plot([result])
