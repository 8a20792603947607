"""The records of a site as they would be if other articles were published: the stages of a build without rendering.

For the publishing simulator, which asks for every step of a plan. The stages are those of the pipeline (atlas, slices,
links, views); nothing is read, rendered, written or cached on disk. A map whose slice and phrases are as in an earlier
question is not done again, so a step costs about one map.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.atlas import assemble, slice_for
from builder.cache import digest_of
from builder.compile import context_of, related_of, views_of
from builder.interface import interface_of, page_interface
from builder.link import engine
from builder.link.choose import Caps, capped, common
from builder.link.coverage import coverage_of
from builder.link.edges import edges_of
from builder.link.phrases import PhraseIndex, in_order, phrases_of
from builder.link.prose import with_titles
from builder.records import PageRecord, UnitRecord
from builder.views.items import figures
from builder.views.site import SiteContext, site_pages

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from builder.atlas import Atlas, MapSlice
    from builder.compile import Insertions, Options
    from builder.link.choose import Choice
    from builder.link.match import Candidate
    from builder.link.phrases import Phrase
    from builder.model import EntityDef, MapDef, PageDef


@dataclass(frozen=True, slots=True)
class Site:
    """What a site is made of: definitions by folder, registry, free pages and the files beside them, options."""

    definitions: Mapping[str, MapDef]
    registry: tuple[EntityDef, ...]
    pages: tuple[PageDef, ...]
    files: frozenset[str]
    options: Options
    today: dt.date
    drafts: bool


@dataclass(slots=True)
class Survey:
    """Answers what the site's records would be. Keeps what it made for the next question."""

    site: Site
    _scans: dict[str, engine.Scan] = field(default_factory=dict)
    _chosen: dict[str, dict[str, list[Candidate]]] = field(default_factory=dict)
    _records: dict[str, UnitRecord] = field(default_factory=dict)

    def atlas(self, published: frozenset[str] | None = None) -> Atlas:
        """Return the atlas where the articles of these keys are published; None leaves it to texts and days."""
        site = self.site
        interfaces = [interface_of(definition) for _, definition in sorted(site.definitions.items())]
        pages = [page_interface(page) for page in site.pages]
        config, today = site.options.config, site.today
        return assemble(interfaces, site.registry, pages, config, today, drafts=site.drafts, published=published)

    def records(self, published: frozenset[str] | None = None) -> list[UnitRecord]:
        """Return the record of each map, by folder, and last that of the site's own pages."""
        options = self.site.options
        config = options.config
        caps = Caps.of(config.links)
        atlas = self.atlas(published)
        index = PhraseIndex(phrases_of(atlas))
        slices: dict[str, tuple[str, MapSlice]] = {}
        for unit, found in zip(atlas.maps, index.for_maps(unit.words for unit in atlas.maps), strict=True):
            sliced = slice_for(atlas, unit, config, self.site.today)
            phrases = in_order(found, sliced)
            key = digest_of(unit.folder, sliced, phrases)
            slices[unit.folder] = key, sliced
            if key not in self._scans:
                self._scans[key] = self._scan(unit.folder, sliced, phrases)
        scans = {folder: self._scans[key] for folder, (key, _) in slices.items()}
        counts: Counter[str] = Counter()
        for scanned in scans.values():
            counts.update(scanned.counts)
        too_common = common(counts, sum(len(scanned.pages) for scanned in scans.values()), caps)
        wanted: list[Choice] = []
        for folder, (key, sliced) in slices.items():
            own = tuple(sorted(too_common & scans[folder].counts.keys()))
            chosen = digest_of(key, own)
            if chosen not in self._chosen:
                self._chosen[chosen] = engine.chosen(scans[folder], frozenset(own), caps, sliced.slug)
            slices[folder] = chosen, sliced
            wanted += engine.wanted(self._chosen[chosen], sliced.slug)
        dropped = capped(wanted, caps)
        sources = {choice.source for choice in wanted}
        records = []
        for folder, (key, sliced) in sorted(slices.items()):
            selected = self._chosen[key]
            gone = tuple(sorted(pair for pair in dropped if pair[0] in selected)) if sources else ()
            done = digest_of(key, gone)
            if done not in self._records:
                automatic = engine.insertions(selected, frozenset(gone), options.urls)
                self._records[done] = self._map(folder, sliced, automatic)
            records.append(self._records[done])
        return [*records, self._pages(atlas, records)]

    def _scan(self, folder: str, sliced: MapSlice, phrases: tuple[Phrase, ...]) -> engine.Scan:
        return engine.scan(with_titles(self.site.definitions[folder], sliced), sliced, phrases)

    def _map(self, folder: str, sliced: MapSlice, automatic: Insertions) -> UnitRecord:
        """Return what `compile_map` would record of a map's pages and links."""
        unit = with_titles(self.site.definitions[folder], sliced)
        related = related_of(unit, sliced, self.site.options.config)
        context = context_of(unit, sliced, self.site.options, automatic, related)
        coverage = coverage_of(unit, sliced)
        pages = tuple(record for _, _, _, record in views_of(context, coverage))
        links, reserved = tuple(dict.fromkeys(context.links)), tuple(dict.fromkeys(context.reserved))
        return UnitRecord(
            map=unit.slug, title=unit.title, pages=pages, coverage=coverage, links=links, reserved=reserved,
            figures=figures(context), built=(), edges=edges_of(links), outgoing=(), faults=(),
        )  # fmt: skip

    def _pages(self, atlas: Atlas, records: list[UnitRecord]) -> UnitRecord:
        """Return what `compile_site` would record."""
        site, options = self.site, self.site.options
        context = SiteContext(atlas, options.config, options.urls, records, site.pages, site.files)
        pages = tuple(
            PageRecord(path, view.kind, view.title, view.description, not view.noindex, view.updated)
            for path, view, _, _ in site_pages(context)
        )
        known = {page.path for page in pages}
        links = tuple(dict.fromkeys(link for link in context.links if link.source in known))
        return UnitRecord(
            map="", title=options.config.title, pages=pages, coverage=(), links=links,
            reserved=tuple(dict.fromkeys(context.reserved)), figures=None, built=(), edges=edges_of(links),
            outgoing=(), faults=(),
        )  # fmt: skip
