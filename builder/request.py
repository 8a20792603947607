"""What a command asks of a build, and what it gets."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from builder.diagnostics import Diagnostic, has_errors
from builder.linkreport import LinkSummary, graph_of
from builder.write import STATE, Published

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from builder.atlas import Atlas
    from builder.config import SiteConfig
    from builder.link.graph import LinkGraph
    from builder.link.types import Link
    from builder.model import ItemInterface, MapDef
    from builder.pipeline import Build
    from builder.records import UnitRecord
    from builder.survey import Site


#: Called with a stage, how much of it is done, and how much there is.
Tell: TypeAlias = "Callable[[str, int, int], None]"


@dataclass(frozen=True, slots=True)
class Request:
    """What to build. `today` decides what is published; `drafts` publishes drafts too (for previews).

    `briefs` gives planned articles and pillars their pages, whatever site.yaml says; `state` is the folder of cache and
    manifest that belong to `output`; `clean` forgets earlier builds first; `jobs` how many processes may work (0: as
    many as there are cores), unless the workers of a Dask `scheduler` do.

    In a process with a memory: `changed` are the names of the sources that changed since its last build, None where
    nobody knows. The files of the output that `first` names are made before others, and `early` gets their bytes if
    they are new, before anything is published.
    """

    root: Path
    today: dt.date
    output: Path | None = None
    state: Path | None = None
    drafts: bool = False
    briefs: bool = False
    write: bool = True
    strict: bool = False
    clean: bool = False
    jobs: int = 0
    scheduler: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    changed: frozenset[str] | None = None
    first: frozenset[str] = frozenset()
    early: Callable[[dict[str, bytes]], None] | None = None

    @property
    def state_folder(self) -> Path:
        """The folder of cache, manifest and stage."""
        return self.state or self.root / STATE

    @property
    def output_folder(self) -> Path:
        """The folder that is published."""
        return self.output or self.root / "output"


@dataclass
class Result:
    """What a build came to.

    `explained` says for each map (and for '', the site's own pages) that was built anew why it was; `seconds` says
    how long each stage took, by the clock; `pages` counts all
    pages of the site. `records`, `definitions` and `atlas` are read from the cache when they are asked for.
    """

    diagnostics: list[Diagnostic] = field(default_factory=list)
    published: Published | None = None
    explained: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    pages: int = 0
    link_summary: LinkSummary | None = None
    made_by: Build | None = None

    @property
    def failed(self) -> bool:
        """Whether an error stopped the build."""
        return has_errors(self.diagnostics)

    @cached_property
    def config(self) -> SiteConfig | None:
        """The configuration, None where site.yaml cannot be used."""
        return self.made_by.known_config() if self.made_by else None

    @cached_property
    def records(self) -> list[UnitRecord]:
        """The record of each map, by folder, and last that of the site's own pages; all with their links."""
        return self.made_by.full_records() if self.made_by else []

    @property
    def keys(self) -> dict[str, str]:
        """The folders of the maps, and '' for the site's own pages, each with a text that differs if its pages do."""
        return self.made_by.keys() if self.made_by else {}

    def record(self, folder: str) -> UnitRecord | None:
        """Return the record of a map, or of the site's own pages, without the bulk of it (see `UnitRecord.light`)."""
        return self.made_by.record(folder) if self.made_by else None

    def holder(self, file: str) -> str | None:
        """Return the folder of the map that a file of the output belongs to, '' for the site's own, None for others."""
        return self.made_by.holder(file) if self.made_by else None

    def item(self, folder: str, key: str) -> ItemInterface | None:
        """Return the article or pillar of a map, or the free page, that has a key of `PageRecord`."""
        return self.made_by.item(folder, key) if self.made_by else None

    def reserved(self, folder: str) -> tuple[Link, ...]:
        """Return the links of a map that wait for their targets."""
        return self.made_by.full_record(folder).reserved if self.made_by else ()

    @cached_property
    def site(self) -> Site | None:
        """What the site is made of, for the publishing simulator; None where the build did not get so far."""
        from builder.survey import Site  # noqa: PLC0415

        build = self.made_by
        if build is None or build.site_record is None:
            return None
        definitions, request = self.definitions, build.request
        pages, files = tuple(build.pages), build.sources.page_files
        return Site(definitions, build.registry, pages, files, build.site_options, request.today, request.drafts)

    @cached_property
    def graph(self) -> LinkGraph | None:
        """The link graph of the site, None where the build did not get so far."""
        build = self.made_by
        if build is None or build.site_record is None:
            return None
        return graph_of(build.records(), build.site_options.site, build.config.urls)

    @cached_property
    def definitions(self) -> dict[str, MapDef]:
        """The definitions of the maps, by folder."""
        return self.made_by.definitions() if self.made_by else {}

    @cached_property
    def atlas(self) -> Atlas | None:
        """The atlas of the site."""
        return self.made_by.atlas if self.made_by and self.config else None

    @property
    def links(self) -> Iterator[Link]:
        """All links of the site, but the navigation's."""
        return (link for record in self.records for link in record.links)
