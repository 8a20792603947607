"""`topicsite links` and the lists that builds keep: what they say, and in which form."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from builder.cli import main
from builder.emit.links import link_rows, read_links
from builder.link.types import Link
from tests.link.small import FILES, write

if TYPE_CHECKING:
    from pathlib import Path

WATER = "/tea/brewing/water/"


def topicsite(site: Path, *arguments: str) -> Result:
    """Run a command on a site for the day of the tests."""
    return CliRunner().invoke(main, [arguments[0], "--site", str(site), "--date", "2026-06-01", *arguments[1:]])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the small site, built once."""
    folder = write(tmp_path_factory.mktemp("site"))
    assert topicsite(folder, "build").exit_code == 0
    return folder


def rows(text: str) -> list[dict[str, str]]:
    """Read CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def test_build_says_what_became_of_the_links(site: Path, tmp_path: Path) -> None:
    """The first build counts links; later ones say what changed since; one that changes nothing says so."""
    site = write(tmp_path)
    first = topicsite(site, "build").output.splitlines()[-1]
    assert first.endswith("0 orphans")
    assert "113 links, 4 of them in prose" in first
    write(site, {"content/maps/cups/clay/glazing.md": "A glaze seals.\n"})
    changed = topicsite(site, "build").output.splitlines()[-1]
    assert "since the last build: 1 dropped" in changed
    assert topicsite(site, "build").output.splitlines()[-1].endswith("since the last build: no change")


def test_table_is_sorted_by_score(site: Path) -> None:
    """The table shows every page, the strongest first, and the totals."""
    result = topicsite(site, "links", "--limit", "0")
    assert result.exit_code == 0
    lines = result.output.partition("\n\n")[0].splitlines()
    scores = [float(line.split()[0]) for line in lines[1:]]
    assert scores
    assert scores == sorted(scores, reverse=True)
    assert WATER in result.output
    assert "… and" in topicsite(site, "links", "--limit", "2").output


def test_json_is_whole(site: Path) -> None:
    """JSON has every page with its figures and anchors, and the findings."""
    found = json.loads(topicsite(site, "links", "--json").output)
    (water,) = (page for page in found["pages"] if page["path"] == WATER)
    assert water["prose_in"] == 2
    assert {anchor["text"] for anchor in water["anchors"]} == {"how hot", "hot water"}
    assert found["orphans"] == []
    assert [entry["target"] for entry in found["navigation"]] == ["/", "/", "/about/"]
    assert found["links"] == len(rows((site / ".topicsite/report/links.csv").read_text("utf-8"))) - 3


def test_csv_is_that_of_the_build(site: Path) -> None:
    """`--csv` prints `pages.csv` as the build kept it."""
    kept = (site / ".topicsite/report/pages.csv").read_bytes().decode()
    assert topicsite(site, "links", "--csv").output == kept.replace("\r\n", "\n")


@pytest.mark.parametrize("name", [WATER, "water", "tea/brewing/water", f"https://small.example/sub{WATER}"])
def test_page_is_found_by_any_name(site: Path, name: str) -> None:
    """A page is found by its path, its slug or its address; its links have rules, reasons and sentences."""
    output = topicsite(site, "links", "--page", name).output
    assert output.startswith("Water temperature\n/tea/brewing/water/\n")
    assert "written as water" in output
    assert "alias of “Water temperature”" in output
    assert "Three minutes, in hot water, are enough." in output


def test_page_shows_reserved_links(site: Path) -> None:
    """A link to a page that is not published is shown as reserved."""
    output = topicsite(site, "links", "--page", "brewing-tea").output
    assert "Reserved until their targets are published (1)" in output
    found = json.loads(topicsite(site, "links", "--page", "brewing-tea", "--json").output)
    assert [link["target"] for link in found["reserved"]] == ["tea/brewing/teapots"]
    listed = rows(topicsite(site, "links", "--page", "brewing-tea", "--csv").output)
    assert {row["source"] for row in listed if row["target"] != "/tea/brewing/brewing-tea/"} == {
        "/tea/brewing/brewing-tea/"
    }


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wather", "there is no page 'wather'; did you mean /tea/brewing/water/?"),
        ("/tea/brewing/watr/", "there is no page '/tea/brewing/watr/'; did you mean /tea/brewing/water/?"),
        ("plan", "several pages are called 'plan': /cups/plan/, /tea/plan/"),
    ],
)
def test_page_that_is_not_there(site: Path, name: str, message: str) -> None:
    """A name that fits no page, or several, is refused with what was meant."""
    result = topicsite(site, "links", "--page", name)
    assert result.exit_code == 2
    assert result.stderr == f"topicsite: {message}\n"


def test_errors_come_first(tmp_path: Path) -> None:
    """A site with errors has no link report; its errors are shown."""
    result = topicsite(write(tmp_path, {"content/maps/cups/clay/glazing.md": "[[nowhere]]\n"}), "links")
    assert result.exit_code == 1
    assert "unknown-reference" in result.stderr


def test_list_of_links(site: Path) -> None:
    """links.csv has every link with its columns; what is on every page stands there once."""
    listed = rows((site / ".topicsite/report/links.csv").read_text("utf-8"))
    assert list(listed[0]) == ["source", "target", "anchor", "rule", "reason", "sentence"]
    assert [row["target"] for row in listed if row["source"] == "*"] == ["/", "/", "/about/"]
    (said,) = (row for row in listed if row["rule"] == "phrase" and row["target"] == WATER)
    assert said == {
        "source": "/tea/brewing/steeping/",
        "target": WATER,
        "anchor": "hot water",
        "rule": "phrase",
        "reason": "alias of “Water temperature”",
        "sentence": "Three minutes, in hot water, are enough.",
    }
    assert not [row for row in listed if row["source"] == "/404.html"]


def test_lists_are_not_published(site: Path) -> None:
    """The report stays out of the output."""
    assert not list((site / "output").rglob("links.csv"))


def test_lists_of_the_build_before_are_kept(tmp_path: Path) -> None:
    """A build that changes the lists keeps those before; one that does not leaves both alone."""
    site, report = write(tmp_path), tmp_path / ".topicsite/report"
    topicsite(site, "build")
    first = {name: (report / name).read_bytes() for name in ("links.csv", "pages.csv")}
    assert not (report / "links.previous.csv").exists()
    write(site, {"content/maps/cups/clay/glazing.md": "A glaze seals.\n"})
    topicsite(site, "build")
    for text in ("Clay holds warmth!\n", "Clay holds warmth.\n"):
        assert (report / "links.previous.csv").read_bytes() == first["links.csv"]
        assert (report / "pages.previous.csv").read_bytes() == first["pages.csv"]
        assert (report / "links.csv").read_bytes() != first["links.csv"]
        (site / "content/maps/cups/clay/pillar.md").write_text(text, "utf-8")  # no link changes
        topicsite(site, "build")
    (report / "links.csv").unlink()
    topicsite(site, "build")
    assert (report / "links.csv").exists()


def test_failing_build_leaves_the_lists(tmp_path: Path) -> None:
    """A build with errors, and `check`, change no list."""
    site, kept = write(tmp_path), tmp_path / ".topicsite/report/links.csv"
    topicsite(site, "build")
    before = kept.read_bytes()
    write(site, {"content/maps/cups/clay/glazing.md": "[[nowhere]]\n"})
    assert topicsite(site, "build").exit_code == 1
    write(site, {"content/maps/cups/clay/glazing.md": "A glaze seals.\n"})
    assert topicsite(site, "check").exit_code == 0
    assert kept.read_bytes() == before


def test_report_can_be_turned_off(tmp_path: Path) -> None:
    """With `links.report: false` a build keeps no lists, and still counts and holds budgets."""
    site = write(tmp_path, {"site.yaml": FILES["site.yaml"] + "links: {report: false}\n"})
    assert "links, " in topicsite(site, "build").output
    assert not (site / ".topicsite/report").exists()


def test_cells_are_no_formulas() -> None:
    """What a spreadsheet would take for a formula begins with a quotation mark; white space is single."""
    links = [Link("/a/", "/b/", '=HYPERLINK("x")', "phrase", "-1", "+1 @\n\tone"), Link("/a/", "/a/", "self", "author")]
    (row,) = csv.reader(io.StringIO(link_rows(links).decode()))
    assert row == ["/a/", "/b/", '\'=HYPERLINK("x")', "phrase", "'-1", "'+1 @ one"]


def test_rows_are_read_back() -> None:
    """Rows are read as they were written; what is no row of a list is left out."""
    links = [Link("/a/", "/b/", "a, “b”", "phrase", "r", 's "t"'), Link("/a/", "/c/", "", "list")]
    assert read_links(link_rows(links) + b"one,two\r\n\xff\r\n") == links
