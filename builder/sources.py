"""What a build reads: the configuration, the files of `content/` by what they are, the registry, the free pages.

To find the files loads nothing that reads them: a build that has nothing to do ends there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.diagnostics import Diagnostic, did_you_mean, error
from builder.files import CONFIG, NO_NAME, REGISTRY, Source, is_ignored, is_text, scan, source_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping
    from pathlib import Path

    from builder.config import SiteConfig
    from builder.model import EntityDef

#: Parts of the name of a map's file: content/maps/<folder>/<file>.
_MAP_PARTS = 4


@dataclass(slots=True)
class Sources:
    """The files of `content/`, sorted by name; `page_files` are the names of pictures and such beside free pages.

    `loose` are these and the files that no map and no page owns, such as a logo.
    """

    maps: dict[str, list[Source]]
    pages: list[Source]
    page_files: frozenset[str]
    registry: Source | None
    loose: list[Source]
    faults: list[Diagnostic]


def load_site(root: Path, environment: Mapping[str, str]) -> tuple[SiteConfig | None, list[Diagnostic]]:
    """Return the configuration of the site in a folder."""
    from builder.config import load_config  # noqa: PLC0415 - a build without changes needs none of it
    from builder.load import read  # noqa: PLC0415

    source = source_of(root, CONFIG)
    if source is None:
        names = [entry.name for entry in root.iterdir()] if root.is_dir() else []
        hint = did_you_mean(CONFIG, [name for name in names if name.endswith((".yaml", ".yml"))])
        hint = hint.replace("did you mean", "rename").rstrip("?")
        hint = hint or "run this in a site's folder; `topicsite new DIR` makes one"
        return None, [error("unreadable", "there is no site.yaml in this folder", CONFIG, hint=hint)]
    data, faults = read(source)
    if data is None:
        return None, faults
    return load_config(data, environment)


def sort_sources(root: Path) -> Sources:
    """Return the files below `content/`, sorted by what they are; what has no place there is reported."""
    result = Sources({}, [], frozenset(), None, [], _misplaced(root))
    page_files: list[str] = []
    for source in scan(root, "content"):
        parts = source.name.split("/")
        if source.barred:
            no_file = source.barred.startswith("it is ")
            message = f"the file cannot be read: {source.barred}" if no_file else source.barred
            hint = "put the file itself here" if no_file else "let the user that builds read it, or move it away"
            hint = "rename it" if source.barred == NO_NAME else hint
            result.faults.append(error("unreadable", message, source.name, hint=hint))
        elif source.name == REGISTRY:
            result.registry = source
        elif parts[1] == "maps" and len(parts) >= _MAP_PARTS:
            result.maps.setdefault(parts[2], []).append(source)
        elif parts[1] == "pages" and source.name.endswith(".md"):
            result.pages.append(source)
        elif parts[1] == "pages" and source.name.lower().endswith((".md", ".markdown")):
            hint = f"rename it to {parts[-1].rpartition('.')[0]}.md"
            result.faults.append(error("stray-file", "no page is made of this file", source.name, hint=hint))
        elif parts[1] == "pages" and not source.name.endswith((".yaml", ".yml")):
            page_files.append(source.name)
            result.loose.append(source)
        elif parts[1] != "entities.yaml" and source.name.endswith((".md", ".yaml", ".yml")):
            hint = did_you_mean(parts[1], ["maps", "pages", "entities.yaml"])
            if parts[1] == "maps":
                stem, _, ending = parts[2].rpartition(".")
                hint = f"a map is a folder: content/maps/{stem}/map.{ending}"
            if parts[1] == "pages":
                hint = f"a page's text is Markdown: {source.name.rpartition('.')[0]}.md"
            hint = hint or "maps are in content/maps/<map>/, pages in content/pages/"
            result.faults.append(error("stray-file", "no page is made of this file", source.name, hint=hint))
        else:
            result.loose.append(source)
    barred = {fault.file for fault in result.faults if fault.code == "unreadable"}
    for name in _empty_maps(root, {*result.maps, *(file.removeprefix("content/maps/") for file in barred)}):
        result.maps[name] = []
    result.maps = dict(sorted(result.maps.items()))
    result.page_files = frozenset(page_files)
    return result


def renewed(known: Sources, root: Path, names: Iterable[str]) -> Sources | None:
    """Return sources as they are after some texts were written anew; None where more than that has happened."""
    maps, pages, registry = known.maps.copy(), list(known.pages), known.registry
    for name in names:
        source = source_of(root, name) if (root / name).is_file() and not (root / name).is_symlink() else None
        parts = name.split("/")
        if source is None or is_ignored(parts[-1]):
            return None
        if name == REGISTRY and registry is not None:
            registry = source
            continue
        files = pages
        if parts[1:2] == ["maps"] and len(parts) >= _MAP_PARTS and parts[2] in maps:
            files = maps[parts[2]] = list(maps[parts[2]])
        index = next((i for i, file in enumerate(files) if file.name == name and not file.barred), None)
        if index is None:
            return None
        files[index] = source
    return replace(known, maps=maps, pages=pages, registry=registry)


def _misplaced(root: Path) -> list[Diagnostic]:
    """Report a file where a folder should be, and the other way round."""
    folders = ("content", "content/maps", "content/pages")
    faults = [
        error("unreadable", "expected a folder, found a file", name) for name in folders if (root / name).is_file()
    ]
    if (root / REGISTRY).is_dir():
        faults.append(error("unreadable", "expected a file, found a folder", REGISTRY))
    return faults


def _empty_maps(root: Path, known: Container[str]) -> list[str]:
    """Return the folders of maps that hold nothing, of those that are not known already."""
    folder = root / "content/maps"
    if not folder.is_dir() or "content/maps" in known or "content" in known:
        return []
    return [entry.name for entry in folder.iterdir() if entry.name not in known and _is_map_folder(entry, root)]


def _is_map_folder(path: Path, root: Path) -> bool:
    return (
        not path.name.startswith(".")
        and is_text(path.name)
        and path.is_dir()
        and path.resolve().is_relative_to(root.resolve())
    )


def read_registry(source: Source | None) -> tuple[tuple[EntityDef, ...], list[Diagnostic]]:
    """Return the entities of `entities.yaml`; a site may have none."""
    from builder import unit as units  # noqa: PLC0415
    from builder.load import read  # noqa: PLC0415

    if source is None:
        return (), []
    data, faults = read(source)
    if data is None:
        return (), faults
    registry, wrongs = units.define_registry(data)
    return registry, faults + wrongs
