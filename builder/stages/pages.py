"""Definitions, slices and links → pages: those of the maps, then those of the site."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING

from builder.cache import LostError, digest_of
from builder.diagnostics import has_errors
from builder.files import MAPS, digest
from builder.stages.prose import Prose
from builder.write import STATE, Entry, has

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from builder.compile import Options
    from builder.emit.icons import Keep
    from builder.emit.search import Part
    from builder.records import OutputFile, UnitRecord
    from builder.state import UnitState
    from builder.theme import Theme
    from builder.views.types import LinkView
    from builder.work import Compile, Compiled


_COMPILED = ("compiled", "links", "rows")
_NO_STAT = (0, 0, 0, 0, "")


class Pages(Prose):
    """The pages, staged or taken over from the last build, and a record of what is on them."""

    def load_theme(self) -> Theme | None:
        """Load the theme, and put together what all pages share; None where no theme can be used."""
        from builder.compile import Options  # noqa: PLC0415
        from builder.config import PromptsKeys  # noqa: PLC0415
        from builder.emit.icons import icons_of  # noqa: PLC0415
        from builder.site import logo_of  # noqa: PLC0415
        from builder.theme import check_prompts, load_theme  # noqa: PLC0415
        from builder.views.site import site_view  # noqa: PLC0415

        if self.changed is None or any(not name.startswith("content/") for name in self.changed):
            self.recall.drop("theme")  # times of files tell a change in nearly all cases, and this in all
        looks = self.next.theme, self.config_digest
        theme, faults = self.recall.same("theme", "", looks, lambda: load_theme(self.request.root, self.config))
        self.found += faults
        if theme is not None and (wrong := check_prompts(theme, self.config)):
            self.found += wrong
            self.config = self.config.model_copy(update={"prompts": PromptsKeys()})  # to find what else is wrong
        if theme is None:  # go on with the bundled one, to find what else is wrong
            plain = self.config.model_copy(update={"theme": "default", "theme_options": {}})
            theme, _ = load_theme(self.request.root / STATE, plain)
        if theme is None:
            return None
        logo, self.logo_files, faults = logo_of(self.config, theme, str(self.request.root))
        self.found += faults
        words = {**theme.messages.get("en", {}), **theme.messages.get(self.config.language.partition("-")[0], {})}
        icons = {size: self.config.urls.url(icon.path) for size, icon in icons_of(theme).items()}
        site = site_view(self.config, self.guide(), logo, words, icons)
        self.site_options: Options = Options(str(self.request.root), self.config, theme, site)
        self.next.options_key = digest_of(self.next.version, self.config_digest, theme.digest, site)
        if not self.store.has("options", self.next.options_key):
            self.store.put("options", self.next.options_key, self.site_options)
        return theme

    def guide(self) -> LinkView | None:
        """Return the link to the free page `how-it-works`, if it is published."""
        from builder.model import Status  # noqa: PLC0415
        from builder.views.types import LinkView  # noqa: PLC0415

        for page in self.pages:
            status = page.status_on(self.request.today, drafts=self.request.drafts)
            if page.slug == "how-it-works" and status is Status.PUBLISHED:
                return LinkView(page.title, self.config.urls.url(self.config.urls.path("page", slug=page.slug)))
        return None

    def compile(self) -> None:
        """Make the pages of each map whose inputs are new; take over those of the others."""
        theme_files = _theme_files(self.site_options.theme, self.keep_icon)
        put = self.stage.put([*theme_files, *self.logo_files], write=self.writing)
        self.theme_names = sorted(put)
        self.handed: dict[str, bytes] = {}
        jobs: list[str] = []
        rest: list[str] = []
        for folder, unit in self.live():
            unit.compile_key = self.compile_key(folder, unit)
            kinds = _COMPILED if self.reported else _COMPILED[:-1]
            whole = all(self.store.has(kind, unit.compile_key) for kind in kinds)
            (rest if whole else jobs).append(folder)
        urgent = self.urgent(jobs)
        if urgent and not self.tell_articles(urgent):
            self.compile_maps(urgent)
            self.tell_early()
            jobs = [folder for folder in jobs if folder not in urgent]
        jobs += [folder for folder in rest if not self.has_compiled(folder)]
        self.compile_maps(sorted(jobs))
        self.found += [fault for _, unit in self.live() for fault in unit.faults]

    def keep_icon(self, key: str, make: Callable[[], bytes]) -> bytes:
        """Return the bytes of an icon, drawn now or before."""
        from builder.work import remember  # noqa: PLC0415

        self.used.add(f"icon-{key}")
        return remember(self.store, "icon", key, make)

    def urgent(self, jobs: list[str]) -> list[str]:
        """Return the maps that are compiled before others: those whose pages somebody waits for."""
        if self.request.early is None or not self.writing:
            return []
        names = [f"\0{name}\0" for name in self.request.first]
        files = {folder: f"\0{self.last.units[folder].names}\0" for folder in jobs if folder in self.last.units}
        return [folder for folder, held in files.items() if any(name in held for name in names)]

    def tell_articles(self, folders: list[str]) -> bool:
        """Hand on the articles that somebody waits for; tell whether these are all that somebody waits for.

        An article is made by itself, with its pictures, in a fraction of the time that its map takes.
        """
        from builder.work import articles  # noqa: PLC0415

        names = self.request.first
        made = {name: data for folder in folders for name, data in articles(self.job(folder), names).items()}
        mine = {name for folder in folders for name in self.last.units[folder].names.split("\0") if name in names}
        there = self.stage.there
        self.hand_on(
            {name: made[name] for name in made if there.get(name) != Entry(digest(made[name]), len(made[name]))}
        )
        return made.keys() >= mine

    def tell_early(self) -> None:
        """Hand on what somebody waits for, unless it is known already that it will not be published."""
        if not any(has_errors(unit.faults) for _, unit in self.live()):
            self.hand_on({name: self.stage.read(name) for name in self.request.first if name in self.stage.staged})

    def hand_on(self, pages: dict[str, bytes]) -> None:
        """Hand on pages, with what changed of the theme and what was handed on before."""
        sheets = {name: self.stage.read(name) for name in self.stage.staged.intersection(self.theme_names)}
        if self.request.early is not None and (pages or sheets):
            self.handed |= pages | sheets
            self.request.early(self.handed)

    def compile_key(self, folder: str, unit: UnitState) -> str:
        """Return the key of the pages of a map."""
        old = self.last.units.get(folder)
        inputs = unit.define_key, unit.slice_key, unit.choices_key, unit.dropped
        if old is not None and old.compile_key and self.last.options_key == self.next.options_key:
            last = old.define_key, old.slice_key, old.choices_key, old.dropped
            if inputs == last:
                return old.compile_key
        return digest_of(self.next.version, folder, *inputs, self.next.options_key)

    def has_compiled(self, folder: str) -> bool:
        """Take over what an earlier build made of a map; tell whether it is there."""
        unit, old = self.next.units[folder], self.last.units.get(folder)
        if old is not None and old.compile_key == unit.compile_key:
            return self.take_last(unit, old)
        kept: Compiled | None = None if self.writing else self.store.get("compiled", unit.compile_key)
        if kept is not None:
            self.take(kept)
        return kept is not None

    def compile_maps(self, folders: list[str]) -> None:
        """Compile some maps."""
        from builder.work import Piece, compile_all  # noqa: PLC0415

        jobs = []
        for folder in folders:
            self.result.explained[folder] = self.reason(folder, self.next.units[folder])
            jobs.append(self.job(folder))
        texts = {job.folder: len(self.sources.maps[job.folder]) for job in jobs}
        pages = {job.folder: self.next.units[job.folder].pages for job in jobs}
        total = sum(pages.values())
        done: Counter[str] = Counter()
        finished = 0
        for made in compile_all(self.pool, jobs, texts):
            if isinstance(made, Piece):
                share = pages[made.job.folder] // made.job.part.of
                done[made.job.folder] += share
                finished += share
            else:
                finished += pages[made.folder] - done[made.folder]
                self.take(made)
            self.tell("compile", finished - 1, total)

    def job(self, folder: str) -> Compile:
        """Return the order to compile a map."""
        from builder.work import Compile  # noqa: PLC0415

        unit, old, there = self.next.units[folder], self.last.units.get(folder), self.stage.there
        return Compile(
            self.store.folder,
            folder,
            unit.compile_key,
            unit.define_key,
            unit.slice_key,
            self.choose[folder],
            unit.dropped,
            self.next.options_key,
            str(self.stage.folder),
            str(self.request.output_folder),
            self.writing,
            {name: there[name] for name in old.names.split("\0") if name in there} if old else {},
            rows=self.reported,
        )

    def take(self, made: Compiled) -> None:
        """Take over what came of a map."""
        self.stage.entries |= made.entries
        self.stage.staged.update(made.staged)
        self.fresh[made.folder] = made.record
        unit = self.next.units[made.folder]
        unit.record_digest, unit.links_digest = made.record_digest, made.links_digest
        unit.rows_digest, unit.search = made.rows_digest, made.record.search
        unit.names, unit.shown = "\0".join(made.entries), len(made.record.pages)
        unit.anchored, unit.faults = made.anchored, made.record.faults

    def take_last(self, unit: UnitState, old: UnitState) -> bool:
        """Take over what the last build made of a map or of the site's own pages; tell whether all of it is there."""
        last, output = self.stage.there, str(self.request.output_folder)
        names = old.names.split("\0") if old.names else []
        if self.writing and self.stage.digest != self.last.manifest:
            return False
        if self.writing and not all((entry := last.get(name)) and has(output, name, entry) for name in names):
            return False
        self.stage.entries |= {name: last[name] for name in names if name in last}
        unit.record_digest, unit.links_digest, unit.rows_digest = old.record_digest, old.links_digest, old.rows_digest
        unit.names, unit.shown, unit.search = old.names, old.shown, old.search
        unit.anchored, unit.faults = old.anchored, old.faults
        return True

    @cached_property
    def light(self) -> dict[str, UnitRecord]:
        """The records of the maps, without the bulk of them; of maps that this build did not touch, from the store."""
        made = {folder: self.record(folder) for folder, _ in self.live()}
        return {folder: record for folder, record in made.items() if record is not None}

    def record(self, folder: str) -> UnitRecord | None:
        """Return the record of a map without the bulk of it, None where the build did not get so far."""
        if not folder:
            return self.site_record
        record, key = self.fresh.get(folder), self.next.units[folder].compile_key
        if record is None and key:
            kept: Compiled | None = self.store.get("compiled", key)
            if kept is None:
                raise LostError
            record = kept.record
        return record

    @cached_property
    def site_record(self) -> UnitRecord | None:
        """The record of the site's own pages without the bulk of it, None where the build did not get so far."""
        if "" in self.fresh or not self.next.site_key:
            return self.fresh.get("")
        return self.full_site_record().light

    def full_site_record(self) -> UnitRecord:
        """Return the record of the site's own pages, as it was made."""
        kept = self.store.get("site", self.next.site_key)
        if kept is None:
            raise LostError
        record: UnitRecord = kept[0]
        return record

    def records(self) -> list[UnitRecord]:
        """Return the records without their links."""
        return [*self.light.values(), *([self.site_record] if self.site_record else [])]

    def holder(self, file: str) -> str | None:
        """Return the folder of the map whose file one of the output is, an empty name for the own pages of the site."""
        wanted = f"\0{file}\0"
        every = (*self.live(), ("", self.next.site))
        return next((folder for folder, unit in every if wanted in f"\0{unit.names}\0"), None)

    @cached_property
    def gone(self) -> dict[str, list[str]]:
        """The files that maps no longer have, by folder."""
        found: dict[str, list[str]] = {}
        for name in self.last.stats.keys() - self.next.stats.keys():
            folder, slash, file = name.removeprefix(f"{MAPS}/").partition("/")
            if slash and name.startswith(f"{MAPS}/"):
                found.setdefault(folder, []).append(file)
        return {folder: sorted(files) for folder, files in found.items()}

    def reason(self, folder: str, unit: UnitState) -> str:
        """Return why a map is built anew, in the words of its inputs."""
        old = self.last.units.get(folder)
        if old is None:
            return "not built before"
        changed = [
            source.name.removeprefix(f"{MAPS}/{folder}/")
            for source in self.sources.maps[folder]
            if self.last.stats.get(source.name, _NO_STAT)[4] != self.next.stats[source.name][4]
        ]
        gone = self.gone.get(folder, [])
        if changed or gone:
            return ", ".join([*(f"{name} changed" for name in changed), *(f"{name} is gone" for name in gone)])
        if old.define_key != unit.define_key:
            return "how Markdown is read changed"
        if old.slice_key != unit.slice_key:
            return "what it is told of the rest of the site changed"
        if (old.too_common, old.dropped) != (unit.too_common, unit.dropped):
            return "the caps of the site leave it other links"
        if self.last.options_key != self.next.options_key:
            return "the theme or the configuration changed"
        return "its files are not in the output" if old.compile_key == unit.compile_key else "an input changed"

    def site_reason(self) -> str:
        """Return why the pages that no map owns are built anew."""
        last = self.last
        if not last.site_key:
            return "not built before"
        if last.options_key != self.next.options_key:
            return "the theme or the configuration changed"
        if last.atlas_key != self.next.atlas_key:
            return "a map's pages, a free page, an entity or the day changed"
        old = {folder: unit.record_digest for folder, unit in last.units.items() if not unit.failed}
        changed = [folder for folder, unit in self.live() if old.get(folder) != unit.record_digest]
        if changed:
            return f"what they show of {', '.join(changed)} changed"
        return "a file that belongs to no map changed, or a file of theirs is not in the output"

    def compile_site(self) -> None:
        """Make the pages that no map owns and the lists of all pages."""
        from builder.site import compile_site  # noqa: PLC0415
        from builder.work import card_of  # noqa: PLC0415

        self.next.site_key = digest_of(
            self.next.version,
            self.next.atlas_key,
            self.pages_key,
            sorted((source.name, self.next.stats[source.name][4]) for source in self.sources.loose),
            [(folder, unit.record_digest) for folder, unit in self.live()],
            self.next.options_key,
        )
        if self.next.site_key == self.last.site_key and self.store.has("site", self.next.site_key):
            if self.take_last(self.next.site, self.last.site):
                self.next.index_key = self.last.index_key
                self.found += self.next.site.faults
                return
        elif not self.writing and (kept := self.store.get("site", self.next.site_key)) is not None:
            self.take_site(*kept)
            return
        self.result.explained[""] = self.site_reason()
        entries: dict[str, Entry] = {}

        def put(file: OutputFile) -> None:
            entries.update(self.stage.put([file], write=self.writing))

        record = compile_site(
            self.atlas, list(self.light.values()), self.pages, self.sources.page_files, self.site_options, put,
            partial(card_of, self.store),
        )  # fmt: skip
        for file in self.search_files(record):
            put(file)
        self.store.put("site", self.next.site_key, (record, entries))
        self.light = {folder: replace(kept, coverage=()) for folder, kept in self.light.items()}
        self.fresh = self.light.copy()
        self.take_site(record, entries)

    def take_site(self, record: UnitRecord, entries: dict[str, Entry]) -> None:
        """Take over what came of the site's own pages."""
        from builder.emit.links import link_rows  # noqa: PLC0415

        self.stage.entries |= entries
        self.fresh[""] = record.light
        rows = link_rows(record.links)
        self.store.put("siterows", self.next.site_key, rows)
        site = self.next.site
        site.links_digest, site.rows_digest, site.faults = record.links_digest(), digest(rows), record.faults
        site.names, site.shown = "\0".join(entries), len(record.pages)
        site.anchored = any("#" in link.href for link in record.outgoing)
        self.found += record.faults

    def search_files(self, site: UnitRecord) -> list[OutputFile]:
        """Return the files of the search index; put together anew only when a part of it is another."""
        from builder.emit.search import part_of, search_files  # noqa: PLC0415
        from builder.records import OutputFile  # noqa: PLC0415

        if self.config.search != "index":
            return []
        own = part_of(site.pages, "", self.config.urls)
        key = self.next.index_key = digest_of(self.next.version, [unit.search for _, unit in self.live()], own)
        files: list[OutputFile] | None = self.store.get("index", key)
        if files is None:
            parts = chain((self.search_part(unit) for _, unit in self.live()), [own])
            files = [OutputFile(name, data) for name, data in search_files(parts)]
            self.store.put("index", key, files)
        return files

    def search_part(self, unit: UnitState) -> Part:
        """Return a map's part of the search data."""
        part: Part | None = self.store.get("search", unit.search)
        if part is None:
            raise LostError
        return part

    def index_pages(self) -> None:
        """Let Pagefind index the pages, if site.yaml says so and they are to be published."""
        if self.config.search != "pagefind" or not self.writing or has_errors(self.found):
            return
        from builder.emit import pagefind  # noqa: PLC0415
        from builder.write import MachineError  # noqa: PLC0415

        pages = [(name, entry) for name, entry in sorted(self.stage.entries.items()) if name.endswith(".html")]
        key = digest_of(self.next.version, pagefind.key(), pages)
        self.used.add(f"pagefind-{key}")
        files = self.store.get("pagefind", key)
        if files is None:
            places = [(name, self.stage.place(name)) for name, _ in pages]
            try:
                files = pagefind.index(places, self.request.state_folder)
            except pagefind.PagefindError as fault:
                raise MachineError(str(fault)) from fault
            self.store.put("pagefind", key, files)
        self.stage.put(files)


def _theme_files(theme: Theme, keep: Keep) -> Iterator[OutputFile]:
    from builder.site import theme_files  # noqa: PLC0415

    return theme_files(theme, keep)
