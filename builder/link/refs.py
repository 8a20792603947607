"""References that authors write: `[[…]]`, links to `.md` files, paths of the site, pictures beside a text.

A reference to something unpublished is *reserved*: its words stand as text, and the build that publishes the target
makes the link.
"""

from __future__ import annotations

import html
import posixpath
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from builder.atlas import MapSlice, Target, Unknown, map_key, meant
from builder.body import heading_of, strip_tags
from builder.diagnostics import Diagnostic, did_you_mean, error, nearest
from builder.interface import ref_key
from builder.link.sentences import sentence_at
from builder.link.types import Link, Splice
from builder.load import shorten
from builder.urls import site_path

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from builder.body import Body, Ref
    from builder.urls import Urls


#: Why a text cannot be read, and what to do.
_UNREAD = {
    "deep": (
        "the Markdown is nested too deeply to be read",
        "lists and quotations inside each other have an end; flatten them",
    ),
    "laborious": (
        "the Markdown takes too long to be read, from about here on",
        "close brackets, or write `\\[`; close fences of code; put blank lines between headings, rules and definitions",
    ),
}


@dataclass(slots=True)
class Resolved:
    """What a body's references came to: the replacements in its HTML, links made and reserved, files, diagnostics."""

    splices: list[Splice] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    reserved: list[Link] = field(default_factory=list)
    assets: dict[str, str] = field(default_factory=dict)
    faults: list[Diagnostic] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a text stands: the page it is on, the file it is in, its cluster, and what its names mean.

    `files` are the names of the files that may be published beside pages, and `asset_base` maps the folder of `file`
    to a path of the site.
    """

    path: str
    file: str
    cluster: str
    refs: Mapping[str, Target | None]
    own: Mapping[str, Target]
    map: str
    unknown: Mapping[str, Unknown]
    files: frozenset[str]
    root: str
    root_path: str

    @classmethod
    def of_map(
        cls, sliced: MapSlice, folder: str, assets: tuple[str, ...], path: str, file: str, cluster: str = ""
    ) -> Scope:
        """Make the scope of a text of a map."""
        root = f"content/maps/{folder}"
        return cls(
            path,
            file,
            cluster,
            sliced.refs,
            sliced.targets,
            sliced.slug,
            sliced.unknown,
            frozenset(assets),
            root,
            sliced.path,
        )

    def find(self, key: str) -> Target | None:
        """Return the target of a reference's key, None where there is none or several."""
        if self.cluster and "/" not in key:
            here = self.own.get(map_key(self.map, self.cluster, key))
            if here is not None:
                return meant(here, self.own)
        return self.refs.get(key)


def resolve(body: Body, scope: Scope, urls: Urls, *, place: tuple[str | int, ...] = ()) -> Resolved:
    """Return what the references of a body come to. `place` is the path of keys of a text that stands in YAML."""
    result = Resolved()
    if body.unread:
        message, hint = _UNREAD[body.unread]
        near = body.unread_near or body.source[:40]
        result.faults.append(error("syntax", message, scope.file, *place, text=near, hint=hint))
    for address in body.refused:
        message = f"the address '{shorten(address)}' is left out of pages"
        hint = "links take http, https, mailto, tel and paths of the site"
        if address.startswith("//"):
            message = f"the address '{shorten(address)}' leads to another site and has no scheme"
            hint = f"write https:{address}, or one `/` for a path of this site"
        result.faults.append(error("unsafe-link", message, scope.file, *place, text=address, hint=hint))
    for ref in body.refs:
        if ref.kind in {"wiki", "file"}:
            _page(body, ref, scope, urls, place, result)
        elif ref.kind == "path":
            path, rest = site_path(ref.target)
            result.splices.append(Splice(ref.start, ref.end, html.escape(urls.url(path) + rest)))
            _path_link(body, ref, Link(scope.path, path, "", "author"), result)
        else:
            _asset(ref, scope, urls, place, result)
    return result


def _path_link(body: Body, ref: Ref, link: Link, result: Resolved) -> None:
    """Record the link of an attribute that holds a path; a picture's is none."""
    made = body.html
    opened = made.rfind("<", 0, ref.start)
    if not made.startswith("<a ", opened):
        return
    start = made.index(">", ref.end) + 1
    end = max(start, made.find("</a>", start))
    anchor = " ".join(strip_tags(made[start:end]).split())
    result.links.append(
        link._replace(anchor=anchor, reason=f"written as {ref.target}", sentence=_sentence(body, opened, end))
    )


def _sentence(body: Body, start: int, end: int) -> str:
    """Return the sentence around the region `start:end` of a body's HTML, as text; '' where the region has no text."""
    runs, inside = body.block_at(start, end)
    # a line's end is no sentence's
    pieces = [html.unescape(body.html[run.start : run.end]).replace("\n", " ") for run in runs]
    return " ".join(sentence_at("".join(pieces), sum(map(len, pieces[:inside]))).split())


def _page(body: Body, ref: Ref, scope: Scope, urls: Urls, place: tuple[str | int, ...], result: Resolved) -> None:
    key = ref_key(ref.kind, ref.target, scope.file)
    fragment = ref.target.partition("#")[2].strip()
    if not key and fragment:
        label = ref.label or html.escape(heading_of(body, fragment), quote=False)
        result.splices.append(Splice(ref.start, ref.end, f'<a href="#{html.escape(fragment)}">{label}</a>'))
        return
    target = scope.find(key)
    if target is None:
        result.faults.append(unknown(ref.target, key, scope, place, text=ref.source))
        result.splices.append(Splice(ref.start, ref.end, ref.label or html.escape(ref.target)))
        return
    label = ref.label or html.escape(target.title, quote=False)
    if not target.path or not (target.indexed or target.kind not in {"article", "pillar", "page"}):
        result.splices.append(Splice(ref.start, ref.end, label))
        result.reserved.append(Link(scope.path, target.key, target.title, "author", f"{target.status}: {ref.target}"))
        return
    if fragment and target.ids is not None and fragment not in target.ids:
        message = f"'{shorten(target.title)}' has no heading '{shorten(fragment)}'"
        hint = did_you_mean(fragment, target.ids)
        result.faults.append(error("unknown-heading", message, scope.file, *place, text=ref.source, hint=hint))
        fragment = ""
    anchor = html.escape(urls.url(target.path, fragment))
    if target.path == scope.path and not fragment:
        result.splices.append(Splice(ref.start, ref.end, label))
        return
    result.splices.append(Splice(ref.start, ref.end, f'<a href="{anchor}">{label}</a>'))
    words = " ".join(strip_tags(label).split())
    sentence = _sentence(body, ref.start, ref.end)
    result.links.append(Link(scope.path, target.path, words, "author", f"written as {ref.target}", sentence))


def unknown(ref: str, key: str, scope: Scope, place: tuple[str | int, ...], text: str = "") -> Diagnostic:
    """Return the diagnostic of a reference without a target."""
    why = scope.unknown.get(key, Unknown())
    if why.choices:
        message = f"'{shorten(ref)}' could be {' or '.join(why.choices)}"
        hint = f"write the one that is meant: {why.choices[0]}"
        return error("ambiguous-reference", message, scope.file, *place, text=text, hint=hint)
    message = f"there is no page '{shorten(ref)}'"
    if key.startswith("file:"):
        message = f"there is no page of the file '{shorten(ref)}'"
    hint = f"did you mean '{why.near}'?" if why.near else ""
    return error("unknown-reference", message, scope.file, *place, text=text, hint=hint)


def _file(name: str, files: Collection[str]) -> str:
    """Return a file's name as the file system has it, which may keep the parts of `é` apart; else as it is written."""
    if name in files or name.isascii():
        return name
    whole = unicodedata.normalize("NFC", name)
    return next((file for file in sorted(files) if unicodedata.normalize("NFC", file) == whole), name)


def _asset(ref: Ref, scope: Scope, urls: Urls, place: tuple[str | int, ...], result: Resolved) -> None:
    """Publish a file that stands beside the text, such as a picture."""
    bare = unquote(ref.target.partition("#")[0].partition("?")[0])
    folder = posixpath.dirname(scope.file)
    name = _file(posixpath.normpath(posixpath.join(folder, bare)), scope.files)
    if name not in scope.files:
        page = nearest(posixpath.basename(bare.rstrip("/")), [target.slug for target in scope.own.values()])
        near = nearest(name, scope.files)
        hint = f"did you mean '{posixpath.relpath(near, folder)}'?" if near else ""
        if not hint and page and not posixpath.splitext(bare)[1]:
            hint = f"a page is linked as [[{page}]]"
        hint = hint or "write a path from this file to a file of its map, or a full address"
        message = f"there is no file '{shorten(bare)}' beside this text"
        result.faults.append(error("missing-file", message, scope.file, *place, text=ref.source, hint=hint))
        result.splices.append(Splice(ref.start, ref.end, html.escape(urls.url(scope.path or "/"))))
        return
    path = scope.root_path.rstrip("/") + name.removeprefix(scope.root)
    result.assets[name] = path
    result.splices.append(
        Splice(ref.start, ref.end, html.escape(urls.url(path) + ref.target[len(ref.target.partition("#")[0]) :]))
    )
