"""A rebuild is byte for byte a clean build, whatever was edited before, and writes nothing but what differs.

A state machine edits a small site at random. After each step it is rebuilt, in one process or in two, and compared
with a clean build in another folder: every file and every byte, the diagnostics, and the names that the build says it
wrote. The theme is a small one of the test's own, so that 500 steps take a minute; tests/sites has the bundled theme.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from builder import state, work
from builder import write as writing
from builder.pipeline import Request, Result, build
from builder.views import types

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).parents[1]
SENTENCES = (
    "Redis keeps counters in memory.",
    "The first brew of the day is sour.",
    "Grinding finer slows the shot, and flask cache layers help.",
    "Nobody counts the grams, except that Postgres does.",
    "A dose of eighteen grams is **usual**.",
    "Water hardness matters more than the machine.",
    "## A heading\n\nwith text.",
    "`code` and [[WHERE]] and more.",
    "See [[WHERE|this page]] for the rest.",
)
TITLES = ("Water hardness", "Flask cache", "The first brew", "Counters", "Grinding finer", "A dose", "Grams & scales")
ENTITIES = ("Redis", "Postgres", "Brew group")
DAYS = st.integers(0, 60).map(lambda days: dt.date(2026, 5, 1) + dt.timedelta(days))
WHICH = st.integers(0, 10_000)

PAGE = """<!doctype html><html lang="{{ page.language }}"><title>{{ page.title }}</title>
<body class="{{ theme.options.look }}"><h1 id="top">{{ page.title }}</h1>
{% for link in page.crumbs %}<a href="{{ link.url }}">{{ link.title }}</a>{% endfor %}
NOTE
"""
ITEM = (
    '{% if item.url %}<a href="{{ item.url }}">{% endif %}{{ item.title }}{% if item.url %}</a>{% endif %}'
    " {{ item.status }}"
)
PARTS = {
    "article": "{{ page.body }}{{ page.lead }}"
    "{% for x in page.siblings %}<a href='{{ x.url }}'>{{ x.title }}</a>{% endfor %}"
    "{% for q in page.questions %}{{ q.question }}{{ q.answer }}{% endfor %}{{ page.next }}{{ page.previous }}",
    "cluster": "{% for item in page.cluster.articles %}" + ITEM + "{{ item.description }}{{ item.prompt }}{% endfor %}",
    "map": "{{ page.lead }}{% for c in page.clusters %}{{ c.title }}{% for item in c.articles %}"
    + ITEM
    + "{% endfor %}"
    "{% endfor %}{{ page.figures }}{{ page.strategy }}",
    "map_entities": "{{ page.entities }}",
    "entity": "{% for c in page.entity.coverage %}<a href='{{ c.url }}'>{{ c.sentence }}</a>{% endfor %}",
    "plan": "{% for step in page.steps %}{{ step.number }}{{ step.date }}{% set item = step.item %}"
    + ITEM
    + "{% endfor %}",
    "home": "{% for map in page.maps %}<a href='{{ map.url }}'>{{ map.title }}</a>{{ map.figures }}{% endfor %}",
    "page": "{{ page.body }}",
    "faq": "{{ page.groups }}",
}
PARTS |= {
    "pillar": PARTS["article"] + "{{ page.spokes }}",
    "brief": "{{ page.links_to }}",
    "outline": "{{ page.spokes }}",
}
KINDS = ("404", "author", "category", "entities", "ideas", *PARTS)


def write(path: Path, text: str) -> None:
    """Write a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Return inode and time of every file below a folder."""
    found = {str(p.relative_to(folder)): p.stat() for p in folder.rglob("*") if p.is_file()}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in found.items()}


class Site:
    """A site on disk that is edited, rebuilt, and compared with a clean build."""

    #: How many times any site of these tests was rebuilt and compared.
    rebuilds = 0

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "site"
        self.clean = folder / "clean"
        self.today = dt.date(2026, 5, 20)
        self.numbers = 0
        self.config: dict[str, Any] = {
            "title": "Site", "base_url": "https://example.org/sub/", "theme": "small", "social_cards": False,
            "authors": {"ada": {"name": "Ada"}},
        }  # fmt: skip
        self.maps: dict[str, dict[str, Any]] = {}
        self.registry: list[dict[str, Any]] = [
            {"name": "Redis", "description": "Redis is a store.", "aliases": ["red is"]}
        ]
        for kind in KINDS:
            write(self.template(kind), PAGE + PARTS.get(kind, ""))
        write(self.folder / "themes/small/theme.yaml", "title: Small\noptions: {look: {type: text, default: plain}}\n")
        write(self.folder / "themes/small/templates/prompt.md.jinja", "Write {{ title }}: {{ links }}\n")
        write(self.folder / "themes/small/messages/en.yaml", "nav.maps: Maps\n")
        write(self.folder / "themes/small/assets/site.css", "body { color: black }\n")
        write(self.folder / "content/pages/how-it-works.md", "---\ntitle: How\n---\nIt works with Redis.\n")
        for name in ("alpha", "beta"):
            self.add_map(name)
        self.save()

    def template(self, kind: str) -> Path:
        """Return the file of a template."""
        return self.folder / f"themes/small/templates/{kind}.html.jinja"

    def add_map(self, name: str) -> None:
        """Add a map of two clusters, a third of it unwritten."""
        self.maps[name] = {
            "title": f"Map {name}", "description": f"All of {name}.", "category": "Things",
            "entities": ["Redis", "Postgres"],
            "clusters": [
                {
                    "title": f"C{c} {name}", "slug": f"c{c}", "pillar": self.article(),
                    "articles": [self.article() for _ in range(2)],
                }
                for c in range(2)
            ],
        }  # fmt: skip
        for _, _, cluster, item in list(self.items(name))[::3]:
            self.write_body(name, cluster, item, SENTENCES[self.numbers % 6])

    def article(self) -> dict[str, Any]:
        """Return a new article."""
        self.numbers += 1
        return {
            "title": f"{TITLES[self.numbers % len(TITLES)]} {self.numbers}", "slug": f"a{self.numbers}",
            "query": f"query {self.numbers}", "entities": ["Redis"], "description": "What it is.",
        }  # fmt: skip

    def items(self, only: str = "") -> list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]]:
        """Return every article with its map's name, its map and its cluster."""
        return [
            (name, data, cluster, item)
            for name, data in sorted(self.maps.items())
            if not only or only == name
            for cluster in data["clusters"]
            for item in (cluster["pillar"], *cluster["articles"])
        ]

    def body(self, name: str, cluster: dict[str, Any], item: dict[str, Any]) -> Path:
        """Return the file of an article's text."""
        stem = "pillar" if item is cluster["pillar"] else item["slug"]
        return self.folder / f"content/maps/{name}/{cluster['slug']}/{stem}.md"

    def write_body(self, name: str, cluster: dict[str, Any], item: dict[str, Any], text: str) -> None:
        """Write an article's text; a reference names an article of its cluster."""
        write(self.body(name, cluster, item), f"{text.replace('WHERE', cluster['pillar']['slug'])}\n")

    def save(self) -> None:
        """Write what is kept as YAML, where it differs."""
        wanted = {"site.yaml": self.config, "content/entities.yaml": self.registry}
        wanted |= {f"content/maps/{name}/map.yaml": data for name, data in self.maps.items()}
        for name, value in wanted.items():
            path, text = self.folder / name, yaml.safe_dump(value, sort_keys=False)
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                write(path, text)

    def request(self, jobs: int = 1, output: Path | None = None, state_folder: Path | None = None) -> Request:
        """Return the request of a build."""
        return Request(self.folder, self.today, output=output, state=state_folder, jobs=jobs)

    def rebuild(self, jobs: int = 1) -> Result:
        """Rebuild and compare with a clean build."""
        Site.rebuilds += 1
        self.save()
        time.sleep(0.03)  # as long as the state's distrust of young files, see `quick`
        output = self.folder / "output"
        before, stamped = (tree(output), stamps(output)) if output.exists() else ({}, {})
        result = build(self.request(jobs))
        shutil.rmtree(self.clean, ignore_errors=True)
        clean = build(self.request(1, self.clean / "output", self.clean / "state"))
        assert [str(d) for d in result.diagnostics] == [str(d) for d in clean.diagnostics]
        after = tree(output) if output.exists() else {}
        if result.failed:
            assert after == before
            return result
        expected = tree(self.clean / "output")
        assert sorted(after) == sorted(expected)
        assert [name for name in after if after[name] != expected[name]] == []
        published = result.published
        assert published is not None
        assert published.added == sorted(after.keys() - before.keys())
        assert published.deleted == sorted(before.keys() - after.keys())
        assert published.changed == sorted(name for name in after.keys() & before.keys() if after[name] != before[name])
        now = stamps(output)
        assert [n for n in now if now[n] != stamped.get(n) and n not in {*published.added, *published.changed}] == []
        return result


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust files after 20 ms instead of 2 s, and use processes and cut maps for any number of texts."""
    monkeypatch.setattr(state, "RACY", 20_000_000)
    monkeypatch.setattr(work, "POOL_FROM", 0)
    monkeypatch.setattr(work, "CUT_FROM", 0)


class Rebuilds(RuleBasedStateMachine):
    """Random edits of a site."""

    @initialize()
    def begin(self) -> None:
        """Make the site and build it once."""
        self.temporary = Path(tempfile.mkdtemp(prefix="rebuild-"))
        self.site = Site(self.temporary)
        assert not self.site.rebuild().failed

    def teardown(self) -> None:
        """Delete the site."""
        shutil.rmtree(self.temporary, ignore_errors=True)

    def pick(self, which: int) -> tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Return one of the articles."""
        items = self.site.items()
        return items[which % len(items)]

    @rule(
        which=WHICH,
        text=st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5),
        jobs=st.sampled_from([1, 1, 1, 2]),
    )
    def edit_text(self, which: int, text: list[str], jobs: int) -> None:
        """Write an article's text."""
        name, _, cluster, item = self.pick(which)
        self.site.write_body(name, cluster, item, "\n\n".join(text))
        self.site.rebuild(jobs)

    @rule(which=WHICH)
    def delete_text(self, which: int) -> None:
        """Take an article's text away."""
        name, _, cluster, item = self.pick(which)
        self.site.body(name, cluster, item).unlink(missing_ok=True)
        self.site.rebuild()

    @rule(
        which=WHICH,
        change=st.one_of(
            st.fixed_dictionaries({"title": st.sampled_from(TITLES)}),
            st.fixed_dictionaries({"description": st.sampled_from(SENTENCES[:5])}),
            st.fixed_dictionaries({"query": st.sampled_from(TITLES)}),
            st.fixed_dictionaries(
                {"aliases": st.lists(st.sampled_from(("counters", "the shot", "grams")), max_size=1)}
            ),
            st.fixed_dictionaries({"priority": st.sampled_from(("high", "low"))}),
            st.fixed_dictionaries({"status": st.sampled_from(("draft", "published", "retired", "planned"))}),
            st.fixed_dictionaries({"publish_on": DAYS}),
            st.fixed_dictionaries({"updated": DAYS}),
            st.fixed_dictionaries({"author": st.just("ada")}),
            st.fixed_dictionaries({"entities": st.lists(st.sampled_from(ENTITIES), unique=True)}),
            st.fixed_dictionaries({"faq": st.just([{"question": "Why?", "answer": "Redis."}])}),
        ),
        jobs=st.sampled_from([1, 1, 1, 2]),
    )
    def edit_keys(self, which: int, change: dict[str, Any], jobs: int) -> None:
        """Change a key of an article."""
        self.pick(which)[3].update(change)
        self.site.rebuild(jobs)

    @rule(which=WHICH)
    def rename(self, which: int) -> None:
        """Give an article another slug, and its text another file."""
        name, _, cluster, item = self.pick(which)
        old = self.site.body(name, cluster, item)
        self.site.numbers += 1
        item["redirect_from"] = [f"/{name}/{cluster['slug']}/{item['slug']}/"]
        item["slug"] = f"b{self.site.numbers}"
        if old.exists():
            old.rename(self.site.body(name, cluster, item))
        self.site.rebuild()

    @rule(which=WHICH, written=st.booleans())
    def add(self, which: int, written: bool) -> None:
        """Add an article."""
        name, _, cluster, _ = self.pick(which)
        item = self.site.article()
        cluster["articles"].append(item)
        if written:
            self.site.write_body(name, cluster, item, SENTENCES[2])
        self.site.rebuild()

    @rule(which=WHICH)
    def remove(self, which: int) -> None:
        """Delete an article and its text."""
        name, _, cluster, item = self.pick(which)
        if item is not cluster["pillar"]:
            self.site.body(name, cluster, item).unlink(missing_ok=True)
            cluster["articles"].remove(item)
        self.site.rebuild()

    @rule(name=st.sampled_from(("alpha", "beta", "gamma", "delta")), jobs=st.sampled_from([1, 2]))
    def add_or_remove_map(self, name: str, jobs: int) -> None:
        """Add a map, or delete it where it is."""
        if name not in self.site.maps:
            self.site.add_map(name)
        elif len(self.site.maps) > 1:
            del self.site.maps[name]
            shutil.rmtree(self.site.folder / f"content/maps/{name}")
        self.site.rebuild(jobs)

    @rule(old=st.sampled_from(("alpha", "beta")), which=WHICH)
    def edit_map(self, old: str, which: int) -> None:
        """Change a map's own keys."""
        if old in self.site.maps:
            data = self.site.maps[old]
            data["title"] = f"Map of {TITLES[which % len(TITLES)]}"
            data["strategy"] = SENTENCES[which % 6]
            data["gaps"] = [{"text": "A gap", "answered_by": data["clusters"][0]["pillar"]["slug"]}]
        self.site.rebuild()

    @rule(
        kind=st.sampled_from(KINDS),
        note=st.sampled_from(("one", "two", "{{ site.title }}")),
        jobs=st.sampled_from([1, 2]),
    )
    def edit_template(self, kind: str, note: str, jobs: int) -> None:
        """Change a template."""
        write(self.site.template(kind), (PAGE + PARTS.get(kind, "")).replace("NOTE", note))
        self.site.rebuild(jobs)

    @rule(
        change=st.sampled_from(
            (
                {"theme_options": {"look": "bold"}}, {"theme_options": {"look": "thin"}}, {"description": "A site."},
                {"planned": {"articles": "page"}}, {"planned": {"articles": "row", "pillars": "row"}}, {"feeds": False},
                {"feeds": True}, {"links": {"max_per_page": 1}}, {"links": {"auto": False}}, {"links": {}},
                {"title": "Other"},
                {"permalinks": {"article": "/{map}/{slug}/"}}, {"permalinks": {}}, {"prompts": {"public": False}},
                {"markdown": {"engine": "commonmark"}}, {"markdown": {}}, {"search": "off"}, {"search": "index"},
                {"checks": {"few-inlinks": "off"}}, {"base_url": "https://example.org/"},
            )
        )
    )  # fmt: skip
    def configure(self, change: dict[str, Any]) -> None:
        """Change site.yaml."""
        self.site.config |= change
        self.site.rebuild()

    @rule(day=DAYS)
    def another_day(self, day: dt.date) -> None:
        """Build on another day."""
        self.site.today = day
        self.site.rebuild()

    @rule(which=WHICH, name=st.sampled_from(ENTITIES))
    def edit_entities(self, which: int, name: str) -> None:
        """Change the registry."""
        entry = next((entry for entry in self.site.registry if entry["name"] == name), None)
        if entry is None:
            self.site.registry.append({"name": name, "kind": "thing"})
        elif which % 3 and len(self.site.registry) > 1:
            self.site.registry.remove(entry)
        else:
            entry["description"] = f"{name} {SENTENCES[which % 5]}"
        self.site.rebuild()

    @rule(text=st.sampled_from(SENTENCES[:6]))
    def edit_page(self, text: str) -> None:
        """Change a free page."""
        write(self.site.folder / "content/pages/how-it-works.md", f"---\ntitle: How\n---\n{text}\n")
        self.site.rebuild()

    @rule(which=WHICH)
    def delete_output(self, which: int) -> None:
        """Delete a published file by hand: the next build restores it."""
        files = sorted(p for p in (self.site.folder / "output").rglob("*") if p.is_file())
        if files:
            files[which % len(files)].unlink()
        self.site.rebuild()

    @rule(which=WHICH, how=st.sampled_from(("delete", "truncate", "flip", "all", "state", "manifest", "everything")))
    def damage(self, which: int, how: str) -> None:
        """Damage what earlier builds left: it costs time and nothing else."""
        damage(self.site.folder / ".topicsite", how, which)
        if how in {"manifest", "everything"}:  # then nobody knows whose files these are
            shutil.rmtree(self.site.folder / "output", ignore_errors=True)  # a site that fails has had none since
        self.site.rebuild()


def damage(folder: Path, how: str, which: int) -> None:
    """Damage the state folder."""
    blobs = sorted((folder / "cache").glob("*"))
    if not blobs:
        return  # the last build found nothing to do, and has not missed them
    blob = blobs[which % len(blobs)]
    if how == "delete":
        blob.unlink()
    elif how == "truncate":
        blob.write_bytes(blob.read_bytes()[: which % 200])
    elif how == "flip":
        data = bytearray(blob.read_bytes())
        data[which % len(data)] ^= 1 << which % 8
        blob.write_bytes(bytes(data))
    elif how == "all":
        shutil.rmtree(folder / "cache")
    elif how == "state":
        (folder / "state").unlink(missing_ok=True)  # a site that fails has had neither since the last damage
    elif how == "manifest":
        (folder / "manifest.json").unlink(missing_ok=True)
    else:
        shutil.rmtree(folder)


ANY = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.function_scoped_fixture,
]


def rebuild_at_random(least: int, rebuilds: type[Rebuilds] = Rebuilds) -> int:
    """Edit sites at random until so many rebuilds were compared; return how many it were."""
    from hypothesis.stateful import run_state_machine_as_test  # noqa: PLC0415

    before, runs = Site.rebuilds, 0
    limits = settings(max_examples=10, stateful_step_count=25, deadline=None, suppress_health_check=ANY)
    while Site.rebuilds - before < least:  # a run ends when it likes: with 10 or with 260
        runs += 1
        machine = seed(runs)(type("Seeded", (rebuilds,), {})) if settings().derandomize else rebuilds
        run_state_machine_as_test(machine, settings=limits)
    return Site.rebuilds - before


@pytest.mark.slow
def test_rebuilds() -> None:
    """500 random steps: each rebuild is what a clean build makes."""
    rebuild_at_random(500)


@pytest.mark.long
def test_rebuilds_long() -> None:
    """10,000 random steps."""
    print(f"{rebuild_at_random(10_000)} rebuilds")


def test_each_damaged_blob_costs_only_time(tmp_path: Path) -> None:
    """With one blob of each kind damaged, in turn, the process that built before builds what a clean build makes."""
    site = Site(tmp_path)
    site.rebuild()
    cache = site.folder / ".topicsite/cache"
    kinds = sorted({path.name.partition("-")[0] for path in cache.iterdir()})
    assert {"map", "slice", "scan", "options", "compiled"} <= set(kinds)
    for number, kind in enumerate(kinds):
        for blob in cache.glob(f"{kind}-*"):
            blob.write_bytes(blob.read_bytes()[:-1] + b"!")
        write(site.template("article"), (PAGE + PARTS["article"]).replace("NOTE", f"note {number}"))
        assert not site.rebuild().failed


@pytest.mark.parametrize("jobs", [2, 5])
def test_a_map_that_is_cut_is_as_one_that_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    """A map in as many parts as there are processes comes to the bytes, the list of links and the faults of one."""
    site = Site(tmp_path)
    site.maps.pop("beta")
    shutil.rmtree(site.folder / "content/maps/beta")
    site.config["social_cards"] = True
    item = site.items("alpha")[0][3]
    item["faq"] = [{"question": "Why?", "answer": "[[nowhere]]"}]
    site.save()
    cut: list[int] = []
    join = work.join

    def counted(pieces: list[work.Piece]) -> work.Compiled:
        cut.append(len(pieces))
        return join(pieces)

    monkeypatch.setattr(work, "join", counted)
    failed = [build(site.request(number)) for number in (1, jobs)]
    assert [str(fault) for fault in failed[0].diagnostics] == [str(fault) for fault in failed[1].diagnostics]
    assert failed[0].failed
    item["faq"][0]["answer"] = "Redis."
    site.save()
    made = []
    for number in (1, jobs):
        state_folder = tmp_path / f"state{number}"
        assert not build(site.request(number, tmp_path / f"output{number}", state_folder)).failed
        made.append((tree(tmp_path / f"output{number}"), tree(state_folder / "report")))
    assert made[0] == made[1]
    assert cut == [jobs, jobs]
    write(site.template("cluster"), "{{ page.nothing }}")
    results = [build(site.request(number)) for number in (1, jobs)]
    assert [str(fault) for fault in results[0].diagnostics] == [str(fault) for fault in results[1].diagnostics]
    assert cut == [jobs] * 3


def test_every_kind_of_page_is_built(tmp_path: Path) -> None:
    """The small theme has a template for every kind of page that views.types names."""
    assert {p.name.split(".")[0] for p in (Site(tmp_path).folder / "themes/small/templates").iterdir()} - {
        "prompt"
    } == set(KINDS)
    assert types.PageView.__dataclass_fields__


def test_a_build_waits_for_another(tmp_path: Path) -> None:
    """Two builds of one site at once come to what one build comes to."""
    site = Site(tmp_path)
    assert not site.rebuild().failed
    name, _, cluster, item = site.items("alpha")[0]
    site.write_body(name, cluster, item, SENTENCES[3])
    code = (
        "import datetime as dt, sys; from pathlib import Path; from builder.pipeline import Request, build\n"
        "print(build(Request(Path(sys.argv[1]), dt.date(2026, 5, 20), jobs=1)).failed)"
    )
    command = [sys.executable, "-c", code, str(site.folder)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) for _ in range(3)]
    assert [process.communicate()[0].strip() for process in running] == ["False"] * 3
    result = site.rebuild()
    assert result.published is not None
    assert not result.published.changed


def test_a_lock_tells_who_waits(tmp_path: Path) -> None:
    """The second build says that it waits."""
    told: list[str] = []
    with state.locked(tmp_path, lambda: told.append("never")):
        file = os.open(tmp_path / "lock", os.O_RDWR)
        assert not state._take(file, blocking=False)
        os.close(file)
    assert told == []


@pytest.mark.parametrize("moment", range(12))
def test_a_killed_build_is_finished_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    """A build that ends at any move, deletion or written manifest leaves whole files, and the next one finishes."""
    site = Site(tmp_path)
    assert not site.rebuild().failed
    old = tree(site.folder / "output")
    for _, _, cluster, item in site.items("alpha")[:3]:
        site.write_body("alpha", cluster, item, SENTENCES[2])
        item["title"] += " anew"
    site.maps.pop("beta")
    shutil.rmtree(site.folder / "content/maps/beta")
    site.add_map("gamma")
    site.save()
    left = moment * 3

    def count(real: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            return real(*arguments)

        return counted

    with monkeypatch.context() as patched:
        for name in ("move", "remove", "write_atomically"):
            patched.setattr(writing, name, count(getattr(writing, name)))
        with contextlib.suppress(KeyboardInterrupt):
            build(site.request())
    clean = build(site.request(1, tmp_path / "other/output", tmp_path / "other/state"))
    assert not clean.failed
    new = tree(tmp_path / "other/output")
    for name, data in tree(site.folder / "output").items():
        assert data in (old.get(name), new.get(name))
    assert not build(site.request()).failed
    assert tree(site.folder / "output") == new


def test_a_file_that_looks_untouched_is_read(tmp_path: Path) -> None:
    """Another text of the same size, with its time set back, is noticed."""
    site = Site(tmp_path)
    path = site.folder / "content/pages/how-it-works.md"
    site.rebuild()
    time.sleep(0.05)
    site.rebuild()
    stat = path.stat()
    path.write_text(path.read_text(encoding="utf-8").replace("works", "sings"), encoding="utf-8")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert path.stat().st_size == stat.st_size
    result = site.rebuild()
    assert result.published is not None
    assert result.published.changed == ["how-it-works/index.html", "how-it-works/index.md"]


def test_only_what_differs_is_written_and_explained(tmp_path: Path) -> None:
    """One article's text changes its page, its twin and the map's data; only its map is built, and says why."""
    site = Site(tmp_path)
    site.rebuild()
    name, _, cluster, item = site.items("alpha")[0]
    site.write_body(name, cluster, item, "Something.")
    site.rebuild()
    site.write_body(name, cluster, item, "Another thing.")
    result = site.rebuild()
    assert result.explained == {"alpha": "c0/pillar.md changed"}
    assert result.published is not None
    page = f"alpha/c0/{item['slug']}/index"
    must = {f"{page}.html", f"{page}.md"}
    assert must <= set(result.published.changed) <= {*must, "alpha/map.json"}
    assert site.rebuild().explained == {}
    write(site.template("article"), PAGE + PARTS["article"].replace("page.lead", "page.title"))
    reasons = set(site.rebuild().explained.values())
    assert reasons == {"the theme or the configuration changed"}
