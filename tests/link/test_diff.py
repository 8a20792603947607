"""What changed in the links: exactly that, against the last build or a revision of git."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.emit.links import link_rows
from builder.link.diff import LinkDiff, Moved, Reanchored, diff_links, summary
from builder.link.types import Link
from builder.linkreport import keep, last_change
from tests.link.small import DAY, write
from tests.link.test_reports import topicsite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BREWING, WATER, STEEPING = "/tea/brewing/brewing-tea/", "/tea/brewing/water/", "/tea/brewing/steeping/"


def changes(site: Path, *revision: str) -> dict[str, Any]:
    """Return what `links --diff` says, without reasons and sentences."""
    result = topicsite(site, "links", "--diff", *revision, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    for name in ("added", "dropped", "reanchored"):
        found[name] = [(link["source"], link["target"], link["rule"], link["anchor"]) for link in found[name]]
    return found


def by_hand(links: list[tuple[str, str, str, str]]) -> list[tuple[str, str, str, str]]:
    """Return the links but those between related articles, which follow from the words of the texts."""
    return [link for link in links if link[2] not in {"sibling", "related"}]


@pytest.fixture
def git(tmp_path: Path, system_part: Callable[[str], str]) -> Callable[..., str]:
    """Give git in the folder of the site's repository."""
    program = system_part("git")

    def run(*arguments: str) -> str:
        command = [program, "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@t", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    run("init", "--quiet", "--initial-branch=main")
    return run


def test_an_edit_is_exactly_its_change(tmp_path: Path) -> None:
    """A link that is written is added, other words re-anchor, one that is taken out is dropped; no more is said."""
    site = write(tmp_path)
    topicsite(site, "build")
    text = "Start with fresh leaves. Then see [[water|the temperature]], and [[steeping|how long]].\n"
    write(site, {"content/maps/tea/brewing/pillar.md": text, "content/maps/tea/brewing/water.md": "Less is more.\n"})
    found = changes(site)
    assert found["title"] == "Since the last build"
    assert by_hand(found["added"]) == [(BREWING, STEEPING, "author", "how long")]
    assert found["reanchored"] == [(BREWING, WATER, "author", "the temperature")]
    assert by_hand(found["dropped"]) == [(WATER, STEEPING, "author", "time")]
    assert (found["new_pages"], found["gone_pages"]) == ([], [])
    topicsite(site, "build")
    after = changes(site)
    assert after.pop("title") == "Nothing changed since the last build; what that changed"
    found.pop("title")
    assert after == found


def test_publishing_and_retiring(tmp_path: Path) -> None:
    """Publishing an article makes the links that were reserved for it; retiring it takes them away for a redirect."""
    site = write(tmp_path)
    topicsite(site, "build")
    path = "/tea/brewing/teapots/"
    write(site, {"content/maps/tea/brewing/teapots.md": "Iron holds heat.\n"})
    found = changes(site)
    assert (BREWING, path, "author", "Teapots compared") in found["added"]
    assert (BREWING, path, "spoke", "Teapots compared") in found["added"]
    assert (path, BREWING, "pillar", "Brewing tea") in found["added"]
    assert all(path in link[:2] for link in found["added"] if link[2] in {"author", "phrase", "spoke", "sibling"})
    assert found["new_pages"] == [path]
    topicsite(site, "build")
    map_file = (site / "content/maps/tea/map.yaml").read_text("utf-8")
    write(site, {"content/maps/tea/map.yaml": map_file.replace("priority: low}", "priority: low, status: retired}")})
    found = changes(site)
    assert (BREWING, path, "author", "Teapots compared") in found["dropped"]
    assert not [link for link in found["added"] if path in link]
    assert found["gone_pages"] == [path]
    topicsite(site, "build")
    assert f"/sub{path} /sub/tea/brewing/" in (site / "output/_redirects").read_text("utf-8")
    assert f'href="/sub{path}"' not in (site / "output/tea/brewing/brewing-tea/index.html").read_text("utf-8")


def test_without_a_build(tmp_path: Path) -> None:
    """Without an earlier build there is nothing to compare with, and the message says what to do."""
    result = topicsite(write(tmp_path), "links", "--diff")
    assert result.exit_code == 2
    assert "there is no earlier build to compare with; `topicsite build` makes one" in result.stderr


def test_against_a_revision(tmp_path: Path, git: Callable[..., str]) -> None:
    """A revision is built in a temporary folder, with themes and site.yaml as they were; nothing here changes."""
    site = write(tmp_path / "docs/site")
    git("add", "--all")
    git("commit", "--quiet", "--message=one")
    first = git("rev-parse", "HEAD")
    write(site, {"content/maps/cups/clay/glazing.md": "A glaze seals.\n", "notes.txt": "not of the site"})
    git("commit", "--quiet", "--all", "--message=two")
    found = changes(site, "HEAD~1")
    assert found["title"] == f"Since HEAD~1 ({first[:10]})"
    assert by_hand(found["dropped"]) == [("/cups/clay/glazing/", BREWING, "author", "Brewing tea")]
    assert by_hand(found["added"]) == found["reanchored"] == []
    assert changes(site, first[:12])["title"] == f"Since {first[:12]}"
    assert "no link changed" in topicsite(site, "links", "--diff", "main").output
    assert not (site / "output").exists()
    assert "cups/clay/glazing" in topicsite(site, "links", "--diff", "HEAD~1", "--csv").output


def test_revisions_that_do_not_do(tmp_path: Path, git: Callable[..., str]) -> None:
    """An unknown revision, a folder that was not there: wrong usage. A site that does not build: the content's."""
    site = write(tmp_path / "site", {"content/maps/cups/clay/glazing.md": "[[nowhere]]\n"})
    (tmp_path / "readme").write_text("first", "utf-8")
    git("add", "readme")
    git("commit", "--quiet", "--message=before the site")
    git("add", "--all")
    git("commit", "--quiet", "--message=broken")
    write(site, {"content/maps/cups/clay/glazing.md": "A glaze.\n"})
    for revision, message in (
        ("nonsense", "git knows no revision 'nonsense'"),
        ("HEAD~1", "the site's folder was not in git at HEAD~1"),
        ("HEAD", "the site of HEAD does not build:\ncontent/maps/cups/clay/glazing.md:1:"),
    ):
        result = topicsite(site, "links", f"--diff={revision}")
        assert result.exit_code == (1 if revision == "HEAD" else 2), revision
        assert message in result.stderr


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A site that is in no repository, or a machine without git, is said."""
    site = write(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    result = topicsite(site, "links", "--diff", "HEAD")
    assert (result.exit_code, "is in no git repository" in result.stderr) == (2, True)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is not installed" in topicsite(site, "links", "--diff", "HEAD").stderr


def test_shown_as_tables(tmp_path: Path) -> None:
    """The tables have a title for each kind of change."""
    site = write(tmp_path)
    topicsite(site, "build")
    write(site, {"content/maps/tea/brewing/pillar.md": "See [[steeping]], [[water|there]].\n"})
    output = topicsite(site, "links", "--diff").output
    assert output.startswith("Since the last build: 1 added, 1 re-anchored")
    assert "Added (1)" in output
    assert "Re-anchored (1)" in output


def test_words_of_a_summary() -> None:
    """A difference in a few words names what there is."""
    link = Link("/a/", "/b/", "x", "author")
    assert summary(LinkDiff()) == "no change"
    assert summary(LinkDiff((link,), (link, link), (Reanchored(link, "y"),), (Moved("/a/", 1, 3),))) == (
        "1 added, 2 dropped, 1 re-anchored, 1 score moved"
    )
    assert not LinkDiff()


def test_scores_that_move() -> None:
    """Only a move by a point or more is said, and only of pages that both builds have."""
    found = diff_links([], [], {"/a/": 10.0, "/b/": 10.0, "/old/": 1.0}, {"/a/": 10.9, "/b/": 11.0, "/new/": 50.0})
    assert found.moved == (Moved("/b/", 10.0, 11.0),)
    assert (found.new_pages, found.gone_pages) == (("/new/",), ("/old/",))


paths = st.sampled_from(["/a/", "/b/", "/c/"])
one = st.builds(
    Link, paths, paths, st.sampled_from("xyz"), st.sampled_from(["author", "list"]), st.just(""), st.just("")
)
lists = st.lists(one, max_size=12)


@given(old=lists, new=lists)
def test_a_difference_leads_from_the_old_to_the_new(old: list[Link], new: list[Link]) -> None:
    """Dropping, adding and re-anchoring makes the new links of the old ones, and none of it is said twice."""
    found = diff_links(old, new, {}, {})
    result = set(old) - set(found.dropped) | set(found.added)
    for link, was in found.reanchored:
        result = result - {link._replace(anchor=was)} | {link}
    assert result == set(new)
    assert not set(found.added) & set(old)
    assert not set(found.dropped) & set(new)
    assert diff_links(new, new, {}, {}) == LinkDiff()


rows = st.sets(st.tuples(st.sampled_from("abcd"), st.sampled_from("xy"), st.sampled_from("pqr"), st.sampled_from("12")))


@given(old=rows, new=rows)
def test_lists_are_compared_in_pieces(
    old: set[tuple[str, ...]], new: set[tuple[str, ...]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Comparing only the pages that differ between two files finds what comparing the whole lists finds."""
    folder = tmp_path_factory.mktemp("report")
    links = [[Link(f"/{a}/", f"/{b}/", c, "list", "", d) for a, b, c, d in sorted(lines)] for lines in (old, new)]
    pages = b"path,kind,title,indexed,score,depth,inlinks,outlinks,prose_in,prose_out,orphan,anchor,anchor_share\r\n"
    assert keep(folder, {"links.csv": [b"head\r\n", link_rows(links[0])], "pages.csv": [pages]})
    changed = keep(folder, {"links.csv": [b"head\r\n", link_rows(links[1])], "pages.csv": [pages]})
    assert changed == (old != new)
    if changed:
        assert last_change(folder) == diff_links(links[0], links[1], {}, {})


def test_day_of_the_tests() -> None:
    """The command line and the pipeline are asked for one day."""
    assert DAY.isoformat() == "2026-06-01"
