"""A build from sources to output: what a day, a draft, a severity and an earlier build change."""

import datetime as dt
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest

from builder import state, unit, work
from builder.cache import VERSION, Store
from builder.diagnostics import Diagnostic
from builder.files import Source
from builder.model import PageDef
from builder.pipeline import Request, build
from tests.making import FILES, TODAY, good, make, read, run, times, tree, write

TEA = "content/maps/tea/map.yaml"
TEXT = FILES["content/maps/tea/green/sencha.md"]


def test_nothing_is_written_by_a_check(tmp_path: Path) -> None:
    """Without writing, everything is found and nothing is in the output."""
    site = make(tmp_path)
    result = run(site, write=False)
    assert not result.failed
    assert not (site / "output").exists()


def test_a_scheduled_article_appears_on_its_day(tmp_path: Path) -> None:
    """The build of the day publishes an article and makes the links that others keep in reserve for it."""
    site = make(tmp_path, green_sencha_md=f"---\npublish_on: 2026-06-10\n---\n{TEXT}")
    good(site)
    assert not (site / "output/tea/green/sencha/index.html").exists()
    assert "/tea/green/sencha/" not in read(site, "tea/green/green-tea/index.html")
    assert "Sencha" in read(site, "tea/green/green-tea/index.html")
    good(site, today=dt.date(2026, 6, 10))
    assert (site / "output/tea/green/sencha/index.html").exists()
    assert 'href="/tea/green/sencha/"' in read(site, "tea/green/green-tea/index.html")
    assert "/tea/green/sencha/" in read(site, "sitemap.xml")


def test_drafts(tmp_path: Path) -> None:
    """A draft is published only where drafts are wanted, and goes again without."""
    site = make(tmp_path, green_sencha_md=f"---\nstatus: draft\n---\n{TEXT}")
    page = site / "output/tea/green/sencha/index.html"
    good(site)
    assert not page.exists()
    good(site, drafts=True)
    assert page.exists()
    good(site)
    assert not page.exists()


def test_links_within_the_site(tmp_path: Path) -> None:
    """A path keeps its query and fragment, and a reference to a heading of its own page reads as the heading does."""
    text = (
        "See [a](/tea/?a=1&b=/c#top), [b](/tea/black/%61ssam/#x) and [[#soft-water]].\n\n## Soft `water`\n\n## X {#x}\n"
    )
    site = make(tmp_path, green_sencha_md=text, black_assam_md="Malty.\n\n## X {#x}\n")
    good(site)
    page, twin = read(site, "tea/green/sencha/index.html"), read(site, "tea/green/sencha/index.md")
    assert 'href="/tea/?a=1&amp;b=/c#top"' in page
    assert 'href="/tea/black/assam/#x"' in page
    assert '<a href="#soft-water">Soft water</a>' in page
    assert "[a](/tea/?a=1&b=/c#top), [b](/tea/black/assam/#x)" in twin


def test_a_picture_whose_name_is_not_composed(tmp_path: Path) -> None:
    """A picture is found where the file system keeps the letters of its name in parts."""
    site = make(tmp_path, green_sencha_md=f"{TEXT}\n\n![Thé](thé.png) ![Again](th%C3%A9.png)")
    write(site, {"content/maps/tea/green/the\u0301.png": ""})
    good(site)
    assert (site / "output/tea/green/the\u0301.png").exists()


def test_what_only_drafts_name(tmp_path: Path) -> None:
    """Entities and headings that only a draft has are on no page and in no list; those of the plan are."""
    faq = "faq: [{question: Why?, answer: So., answered_by: 'sencha#secret'}]\n"
    gap = "gaps: [{text: A gap, answered_by: 'matcha#tools'}]\nentities: [Leaf]\n"
    site = make(tmp_path, map_yaml=FILES["content/maps/tea/map.yaml"] + faq + gap)
    draft = "---\nstatus: draft\nentities: [Leaf, {name: Steam, description: Hot.}]\n---\nText.\n\n## Secret\n"
    matcha = "---\nentities: [Whisk]\n---\nText.\n\n## Tools\n"
    write(site, {"content/maps/tea/green/sencha.md": draft, "content/maps/tea/green/matcha.md": matcha})
    good(site)
    assert sorted(path.name for path in (site / "output/entities").iterdir() if path.is_dir()) == ["leaf", "whisk"]
    data = read(site, "tea/map.json")
    assert '"answered_by": "sencha"' in data
    assert '"answered_by": "matcha#tools"' in data
    assert "Steam" not in read(site, "sitemap.xml") + read(site, "llms.txt") + read(site, "tea/entities/index.html")
    good(site, drafts=True)
    assert (site / "output/entities/steam/index.html").exists()
    assert '"answered_by": "sencha#secret"' in read(site, "tea/map.json")


def test_a_retired_article_leaves_a_redirect(tmp_path: Path) -> None:
    """A page that is retired becomes a redirect, and is in no list any more."""
    site = make(tmp_path)
    good(site)
    retired = "---\nstatus: retired\nredirect_to: matcha\n---\n"
    write(site, {"content/maps/tea/green/sencha.md": retired, "content/maps/tea/green/pillar.md": "All of it."})
    good(site)
    assert read(site, "_redirects") == "/tea/green/sencha/ /tea/green/ 301\n"
    assert "Sencha" not in read(site, "tea/green/index.html")
    assert "sencha" not in read(site, "sitemap.xml")


def test_warnings_are_said_again(tmp_path: Path) -> None:
    """What an earlier build warned of is said by every build, also where nothing has to be built again."""
    site = make(
        tmp_path,
        FILES | {"content/entities.yaml": "- {name: Water, kind: liquid}\n"},
        site_yaml=FILES["site.yaml"] + "checks: {broken-link: warning, redirect: warning}\n",
        map_yaml=FILES["content/maps/tea/map.yaml"] + "entities: [{name: Water, kind: animal}]\n",
        black_assam_md="---\nredirect_from: /old/\n---\n[lost](/nowhere/)\n",
        green_sencha_md="---\nstatus: retired\nredirect_to: /lost/\n---\n",
    )
    wanted = {"entity-conflict", "broken-link", "redirect"}
    said = [str(found) for found in good(site).diagnostics if found.code in wanted]
    assert len(said) == 3
    assert [str(found) for found in good(site).diagnostics if found.code in wanted] == said
    write(site, {"content/pages/new.md": "# New\n\nText.\n"})
    assert [str(found) for found in good(site).diagnostics if found.code in wanted] == said
    write(site, {"content/maps/tea/green/matcha.md": "Ground.\n"})
    assert [str(found) for found in good(site).diagnostics if found.code in wanted] == said


def test_severities(tmp_path: Path) -> None:
    """A site may take a mistake for a warning, and then it stops nothing but a strict build; or turn it off."""
    site = make(tmp_path, black_assam_md="[lost](/nowhere/) [[nobody]]\n")
    assert {found.code for found in run(site).diagnostics} >= {"broken-link", "unknown-reference"}
    assert not (site / "output").exists()
    checks = "checks: {broken-link: warning, unknown-reference: off}\n"
    write(site, {"site.yaml": FILES["site.yaml"] + checks})
    assert [found.code for found in run(site, strict=True).diagnostics].count("broken-link") == 1
    assert not (site / "output").exists()
    good(site)
    assert "nobody" in read(site, "tea/black/assam/index.html")


def test_mistakes_of_all_stages_come_together(tmp_path: Path) -> None:
    """A theme that does not exist and an extension that cannot be loaded hide no mistake of the content."""
    site = make(
        tmp_path,
        site_yaml=FILES["site.yaml"] + "theme: none\nmarkdown: {extensions: {none: {}}}\n",
        black_assam_md="---\nauthor: x\n---\n[[nobody]]\n",
        green_pillar_md="---\nlayout: x\n---\nText.\n",
    )
    codes = {found.code for found in run(site).diagnostics}
    assert codes >= {"unknown-theme", "value", "unknown-author", "unknown-reference", "unknown-key"}


def test_another_output_folder(tmp_path: Path) -> None:
    """The output may be anywhere; the site's folder keeps the state."""
    site = make(tmp_path / "site")
    assert not run(site, output=tmp_path / "public").failed
    assert (tmp_path / "public/index.html").exists()
    assert not (site / "output").exists()


def test_bytes_do_not_depend_on_where_or_when(tmp_path: Path) -> None:
    """Two copies of a site, one built in steps, make the same bytes, and nothing in them names a folder."""
    one, other = make(tmp_path / "one"), make(tmp_path / "other", black_assam_md=None)
    good(other)
    make(other)
    good(other)
    good(one)
    made = tree(one / "output")
    assert made == tree(other / "output")
    assert not [name for name, data in made.items() if str(tmp_path).encode() in data]


def test_a_build_without_changes_touches_nothing(tmp_path: Path) -> None:
    """Neither bytes nor times nor inodes of the output change."""
    site = make(tmp_path)
    good(site)
    before = times(site / "output")
    result = good(site)
    assert times(site / "output") == before
    assert result.published is not None
    assert (result.published.added, result.published.changed, result.published.deleted) == ([], [], [])


def test_a_build_without_changes_loads_no_compiler(tmp_path: Path) -> None:
    """It looks at the files, and neither at what is in them nor at the libraries that would read it."""
    make(tmp_path)
    good(tmp_path)
    code = """
import sys, datetime as dt
from pathlib import Path
from builder import state
from builder.pipeline import Request, build
state.RACY = 0  # or the files are too young for their times to be trusted
result = build(Request(Path(sys.argv[1]), dt.date(2026, 6, 1)))
assert not result.seconds.keys() & {"configure", "define"}, result.seconds
print(sorted({"pydantic", "yaml", "jinja2", "numpy", "builder.unit", "builder.config"} & sys.modules.keys()))
assert result.config.title == "Teas"
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_build_without_changes_knows_its_free_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for a page of a site in which nothing changed gets it, though the build has read none."""
    site = make(tmp_path, FILES | {"content/pages/about.md": "# About us\n\nText.\n"})
    monkeypatch.setattr(state, "RACY", 0)
    good(site)
    result = good(site)
    assert "configure" not in result.seconds
    found = result.item("", "page:about")
    assert found is not None
    assert found.title == "About us"


def test_an_upgraded_library_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where something was installed since the last build, the keys decide, and not that no file changed."""
    folder = tmp_path / "lib/site-packages"
    folder.mkdir(parents=True)
    monkeypatch.syspath_prepend(folder)
    site = make(tmp_path / "site")
    monkeypatch.setattr(state, "RACY", 0)
    good(site)
    assert "configure" not in good(site).seconds
    os.utime(folder, (1, 1))
    assert "configure" in good(site).seconds


def test_an_edit_touches_what_it_must(tmp_path: Path) -> None:
    """Another sentence in an article changes its page, its twin and little else; never another map's files."""
    files = FILES | {"content/maps/coffee/map.yaml": "title: Coffee\nclusters: [{title: Shots}]\n"}
    site = make(tmp_path, files)
    good(site)
    before = times(site / "output")
    write(site, {"content/maps/tea/black/assam.md": "Malty!\n"})
    good(site)
    after = times(site / "output")
    changed = {name for name in after if after[name] != before.get(name)}
    assert {"tea/black/assam/index.html", "tea/black/assam/index.md"} <= changed
    assert not [name for name in changed if name.startswith("coffee/")]


def test_a_site_without_maps(tmp_path: Path) -> None:
    """A site with no map yet is built, and says so."""
    site = make(tmp_path, {"site.yaml": "title: T\n"})
    result = run(site)
    assert [found.code for found in result.diagnostics] == ["no-maps"]
    assert (site / "output/index.html").exists()


@pytest.mark.parametrize(
    "name", ["content/pages/beans.svg", "content/logo.svg", "themes/mine/templates/article.html.jinja"]
)
def test_a_file_of_no_map_that_looks_untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Other bytes of the same size, with the time set back, are noticed in pictures and templates as well."""
    files = FILES | {
        "content/pages/about.md": "# About\n\n![Beans](beans.svg)\n",
        "content/pages/beans.svg": "<svg>one</svg>",
        "content/logo.svg": "<svg>one</svg>",
        "themes/mine/theme.yaml": "title: Mine\nextends: default\n",
        "themes/mine/templates/article.html.jinja": "<!doctype html><title>one</title>",
    }
    keys = "theme: mine\npublisher: {name: Us, logo: logo.svg}\n"
    site = make(tmp_path / "site", files, site_yaml=FILES["site.yaml"] + keys)
    monkeypatch.setattr(state, "RACY", 0)
    good(site)
    time.sleep(0.05)
    good(site)
    path = site / name
    stat = path.stat()
    path.write_text(path.read_text("utf-8").replace("one", "two"), "utf-8")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    result = good(site)
    assert result.published is not None
    assert result.published.changed
    other = make(tmp_path / "other", files | {name: path.read_text("utf-8")}, site_yaml=FILES["site.yaml"] + keys)
    good(other)
    assert tree(site / "output") == tree(other / "output")


def test_times_of_a_checkout_decide_nothing(tmp_path: Path) -> None:
    """With the cache and the output of another checkout nothing is built, whatever the times of the files are."""
    files = FILES | {"content/pages/about.md": "# About\n\n![Beans](b.svg)\n", "content/pages/b.svg": "<svg/>"}
    site = make(tmp_path / "site", files)
    good(site)
    copy = shutil.copytree(site, tmp_path / "copy")
    for path in (copy / "content").rglob("*.*"):
        os.utime(path, (1, 1))
    assert good(copy).explained == {}


def test_a_text_that_changes_during_a_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is kept under the digest of what was read, so that going back to the text before is right."""
    files = FILES | {"content/pages/about.md": "# About\n\nOld.\n"}
    site = make(tmp_path / "site", files, green_sencha_md="Fired.\n")
    good(site)
    define, define_page = work.define, unit.define_page

    def late(job: work.Define) -> work.Defined:
        write(site, {"content/maps/tea/black/assam.md": "Smoky.\n"})
        return define(job)

    def late_page(source: Source, bodies: unit.Bodies) -> tuple[PageDef | None, list[Diagnostic]]:
        write(site, {"content/pages/about.md": "# About\n\nLate.\n"})
        return define_page(source, bodies)

    with monkeypatch.context() as patched:
        patched.setattr(work, "define", late)
        patched.setattr(unit, "define_page", late_page)
        make(site, files | {"content/pages/about.md": "# About\n\nNew.\n"})
        good(site)
    make(site, files | {"content/pages/about.md": "# About\n\nNew.\n"})
    good(site)
    other = make(tmp_path / "other", files | {"content/pages/about.md": "# About\n\nNew.\n"})
    good(other)
    assert tree(site / "output") == tree(other / "output")


def test_the_cache_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Builds that publish nothing delete what nobody will use as well; what is in use stays."""
    prune = Store.prune
    monkeypatch.setattr(Store, "prune", lambda store, live: prune(store, live, spare=0))
    site = make(tmp_path, FILES | {"content/pages/about.md": "# About\n\nText.\n"})
    good(site)
    kept = tree(site / ".topicsite/cache")
    assert {name.partition("-")[0] for name in kept} >= {"map", "page", "icon", "slice", "compiled"}
    counts = set()
    for number in range(3):
        write(site, {"content/maps/tea/black/assam.md": f"Malty {number}.\n"})
        run(site, write=False)
        counts.add(len(list((site / ".topicsite/cache").iterdir())))
    assert len(counts) == 1
    assert tree(site / ".topicsite/cache").items() >= kept.items()
    write(site, {"content/maps/tea/black/assam.md": "Malty.\n"})
    assert good(site).explained == {}


def test_a_damaged_state_is_no_state(tmp_path: Path) -> None:
    """A state with a wrong bit anywhere is as good as none."""
    good(make(tmp_path))
    path = tmp_path / ".topicsite/state"
    data = path.read_bytes()
    assert state.State.load(path, VERSION).units
    for place in range(0, len(data), 7):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :])
        assert state.State.load(path, VERSION) == state.State()


def test_processes_where_they_pay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others work where many pages are made anew, though one file changed; not where one map is."""
    started: list[int] = []

    def counted(jobs: int, mp_context: BaseContext, initializer: Callable[[], None]) -> ProcessPoolExecutor:
        started.append(jobs)
        return ProcessPoolExecutor(jobs, mp_context=mp_context, initializer=initializer)

    tea = FILES[TEA] + "entities: [Water]\n"
    maps = {TEA: tea, TEA.replace("tea", "coffee"): tea.replace("title: Tea", "title: Coffee")}
    site = make(tmp_path, FILES | maps | {"content/entities.yaml": "- {name: Water, description: Wet.}\n"})
    monkeypatch.setattr(state, "RACY", 0)
    monkeypatch.setattr(work, "POOL_FROM", 5)
    monkeypatch.setattr(work, "ProcessPoolExecutor", counted)

    def rebuilt(name: str, text: str) -> list[int]:
        write(site, {name: text})
        started.clear()
        assert not build(Request(site, TODAY, jobs=2)).failed
        return list(started)

    good(site)
    assert rebuilt("content/maps/tea/black/assam.md", "Malty and strong.\n") == []
    assert rebuilt("content/entities.yaml", "- {name: Water, description: Very wet.}\n") == [2]
