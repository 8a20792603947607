"""What changed in the links of a site, against its last build or a revision of its git repository."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Group as Lines
from rich.table import Table
from rich.text import Text

from builder.emit.data import defused
from builder.emit.links import link_header, link_rows, read_links, read_scores
from builder.link.diff import LinkDiff, diff_links, summary
from builder.linkreport import LINKS, PAGES, REPORT, previous
from builder.pipeline import Request, build
from builder.report.links import ReportError, UnbuiltError, by_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from builder.link.graph import LinkGraph
    from builder.link.types import Link
    from builder.pipeline import Result

#: What a site is made of; the rest of a revision is not looked at.
SOURCES = ("site.yaml", "content", "themes")


class Lists(NamedTuple):
    """The links of a build, as `links.csv` holds them, and the link scores of its pages."""

    links: list[Link]
    scores: dict[str, float]


def lists_of(result: Result) -> Lists:
    """Return the lists of a build; raises UnbuiltError where it did not get so far."""
    graph: LinkGraph | None = result.graph
    if graph is None:
        raise UnbuiltError("the site has errors, so that its links cannot be compared")
    rows = link_header(graph.nav) + link_rows(result.links)
    scores = {path: page.score for path, page in graph.pages.items()}
    return Lists(read_links(rows)[1:], {defused(path): score for path, score in scores.items()})


def kept_lists(folder: Path, *, before: bool = False) -> Lists | None:
    """Return the lists in a report folder, or with `before` those that they replaced; None where there are none."""
    try:
        links = (folder / (previous(LINKS) if before else LINKS)).read_bytes()
        pages = (folder / (previous(PAGES) if before else PAGES)).read_bytes()
    except OSError:
        return None
    return Lists(read_links(links)[1:], read_scores(pages))


def against_last_build(result: Result, state: Path) -> tuple[str, LinkDiff]:
    """Return what the next build would change, and a title that says so.

    Where it would change nothing, what the last build changed. Raises ReportError without a last build.
    """
    folder = state / REPORT
    last = kept_lists(folder)
    if last is None:
        message = "there is no earlier build to compare with; `topicsite build` makes one, or name a git revision"
        raise ReportError(message)
    now = lists_of(result)
    changed = _difference(last, now)
    if changed:
        return "Since the last build", changed
    older = kept_lists(folder, before=True)
    if older is None:
        return "Since the last build", changed
    return "Nothing changed since the last build; what that changed", _difference(older, last)


def against_revision(result: Result, request: Request, revision: str) -> tuple[str, LinkDiff]:
    """Return what changed since a revision, and a title; raises ReportError where there is none that builds."""
    with tempfile.TemporaryDirectory(prefix="topicsite-") as name:
        folder = Path(name, "site")
        folder.mkdir()
        commit = _export(request.root, revision, folder)
        old = build(replace(request, root=folder, output=None, state=Path(name, "state"), write=False))
        if old.failed or old.graph is None:
            first = next((str(d) for d in old.diagnostics if d.severity == "error"), "it has no page")
            raise UnbuiltError(f"the site of {revision} does not build:\n{first}")
        was = lists_of(old)
    title = f"Since {revision}" if commit.startswith(revision) else f"Since {revision} ({commit[:10]})"
    return title, _difference(was, lists_of(result))


def _difference(old: Lists, new: Lists) -> LinkDiff:
    return diff_links(old.links, new.links, old.scores, new.scores)


def _export(root: Path, revision: str, folder: Path) -> str:
    """Write a revision of the site's sources into a folder; return the revision's commit."""
    nowhere = f"the folder {root.resolve()} is in no git repository"
    top = Path(_git(root, nowhere, "rev-parse", "--show-toplevel").decode().removesuffix("\n"))
    prefix = _git(root, nowhere, "rev-parse", "--show-prefix").decode().removesuffix("\n")
    unknown = f"git knows no revision '{revision}'"
    if revision.startswith("-"):
        raise ReportError(unknown)
    commit = _git(top, unknown, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    missing = f"the site's folder was not in git at {revision}"
    tree = f"{commit}:{prefix}"
    names = _git(top, missing, "ls-tree", "--name-only", "-z", tree).decode().split("\0")
    wanted = [name for name in SOURCES if name in names]
    if "site.yaml" not in wanted:
        raise ReportError(f"there was no site.yaml in the site's folder at {revision}")
    packed = _git(top, missing, "archive", "--format=tar", tree, *wanted)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return commit


def _git(root: Path, failure: str, *arguments: str) -> bytes:
    try:
        run = subprocess.run(["git", "-C", root, *arguments], check=False, capture_output=True)
    except FileNotFoundError:
        raise ReportError("git is not installed here") from None
    if run.returncode:
        raise ReportError(failure)
    return run.stdout


# ---- showing


def shown(title: str, diff: LinkDiff) -> RenderableType:
    """Return a difference as tables."""
    if not diff:
        return Text(f"{title}: no link changed")
    parts: list[RenderableType] = [Text(f"{title}: {summary(diff)}")]
    for name, links in (("Added", diff.added), ("Dropped", diff.dropped)):
        if links:
            parts += [Text(f"\n{name} ({len(links):,})", "bold"), _links(links)]
    if diff.reanchored:
        made = _table("rule", "from", "to", "was", "is")
        for link, was in diff.reanchored:
            made.add_row(link.rule, Text(_source(link)), Text(link.target), Text(was), Text(link.anchor))
        parts += [Text(f"\nRe-anchored ({len(diff.reanchored):,})", "bold"), made]
    if diff.moved:
        made = _table("was", "is", "page")
        for page in sorted(diff.moved, key=lambda page: (-abs(page.now - page.was), page.path)):
            made.add_row(f"{page.was:.1f}", f"{page.now:.1f}", Text(page.path))
        parts += [Text(f"\nLink scores that moved ({len(diff.moved):,})", "bold"), made]
    for name, paths in (("New pages", diff.new_pages), ("Pages that are gone", diff.gone_pages)):
        if paths:
            parts += [Text(f"\n{name} ({len(paths):,})", "bold"), *(Text(f"  {path}") for path in paths)]
    return Lines(*parts)


def _table(*columns: str) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        made.add_column(name, overflow="fold")
    return made


def _links(links: Sequence[Link]) -> Table:
    made = _table("rule", "from", "to", "anchor", "sentence")
    for link in sorted(links, key=by_group):
        made.add_row(link.rule, Text(_source(link)), Text(link.target), Text(link.anchor), Text(link.sentence))
    return made


def _source(link: Link) -> str:
    return "every page" if link.source == "*" else link.source


def as_json(title: str, diff: LinkDiff) -> str:
    """Return a difference as JSON."""
    made = {
        "title": title,
        "added": [link._asdict() for link in diff.added],
        "dropped": [link._asdict() for link in diff.dropped],
        "reanchored": [link._asdict() | {"was": was} for link, was in diff.reanchored],
        "moved": [moved._asdict() for moved in diff.moved],
        "new_pages": list(diff.new_pages),
        "gone_pages": list(diff.gone_pages),
    }
    return json.dumps(made, ensure_ascii=False, indent=1)


def as_csv(diff: LinkDiff) -> str:
    """Return the links that changed as CSV: `change`, the columns of `links.csv`, and `was`, the old anchor."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow(("change", "source", "target", "anchor", "rule", "reason", "sentence", "was"))
    rows = [("added", link, "") for link in diff.added]
    rows += [("dropped", link, "") for link in diff.dropped]
    rows += [("re-anchored", link, was) for link, was in diff.reanchored]
    writer.writerows((change, *link, was) for change, link, was in rows)
    return made.getvalue()
