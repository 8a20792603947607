"""Sources → definitions, the atlas of all interfaces, and the slice of it that each map is told."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from builder.cache import LostError, digest_of
from builder.diagnostics import error
from builder.files import with_bytes
from builder.sources import read_registry
from builder.stages.inputs import Inputs, digest_of_source
from builder.state import UnitState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from builder.atlas import Atlas, MapSlice
    from builder.link.phrases import Phrase
    from builder.model import EntityDef, ItemInterface, MapInterface, PageDef


#: The kinds of blobs that a definition leaves.
DEFINED = ("map", "interface", "words", "defined")


class Definitions(Inputs):
    """The maps and free pages as their authors define them, and what each map is told of the others."""

    def live(self) -> Iterator[tuple[str, UnitState]]:
        """Return the maps that have a definition, by folder."""
        return ((folder, unit) for folder, unit in self.next.units.items() if not unit.failed)

    def texts(self, folders: Iterable[str]) -> int:
        """Return how many files some maps have."""
        return sum(len(self.sources.maps[folder]) for folder in folders)

    def define(self) -> None:
        """Define the maps whose sources are not those of the last build."""
        from builder.work import Define, define, define_key  # noqa: PLC0415

        jobs = []
        digests: dict[str, str] = {}
        for folder, files in self.sources.maps.items():
            old = self.last.units.get(folder)
            if old is not None and self.untouched(folder):
                self.next.units[folder] = old.defined
                continue
            known = {source.name: found for source in files if (found := self.known(source))}
            if old is not None and len(known) == len(files):
                key = define_key(folder, self.options, known)
                if key == old.define_key and all(self.store.has(kind, key) for kind in DEFINED):
                    self.next.units[folder] = old.defined
                    digests |= known
                    continue
            jobs.append(
                Define(self.store.folder, folder, tuple(files), self.options, known, old.define_key if old else "")
            )
        texts = sum(len(job.sources) - len(job.digests) for job in jobs)
        for done, made in enumerate(self.pool.run(define, jobs, texts)):
            self.tell("read", done, len(jobs))
            digests |= made.digests
            self.next.units[made.folder] = UnitState(
                made.key, made.slug, made.shared, made.words, not made.slug, made.faults
            )
        self.next.units = dict(sorted(self.next.units.items()))
        self.found += [fault for unit in self.next.units.values() for fault in unit.define_faults]
        digests |= self.define_pages()
        self.registry: tuple[EntityDef, ...]
        self.registry, wrong = read_registry(self.sources.registry)
        self.found += wrong
        if self.same_names:
            self.next.stats = dict(self.last.stats)
        for source in self.changed_sources() if self.same_names else self.all_sources():
            known_digest = digests.get(source.name) or self.known(source) or digest_of_source(source)
            self.next.stats[source.name] = (*source.stat, known_digest)

    def define_pages(self) -> dict[str, str]:
        """Define the free pages, those whose text is known from the store; return the digests of their files."""
        from builder import unit as units  # noqa: PLC0415

        self.pages: list[PageDef] = []
        digests: dict[str, str] = {}
        keys = []
        for source in self.sources.pages:
            known = self.known(source)
            made = self.store.get("page", self.page_key(source.name, known)) if known else None
            if known is None or made is None:
                held, known = with_bytes(source)  # read once: the key is of the bytes that the page is made of
                made = self.store.get("page", self.page_key(source.name, known))
                if made is None:
                    made = units.define_page(held, units.Bodies(self.options, {}, {}))
                    self.store.put("page", self.page_key(source.name, known), made)
            page, faults = made
            self.found += faults
            digests[source.name] = known
            keys.append(self.page_key(source.name, known))
            if page is not None:
                self.pages.append(page)
        self.used |= {f"page-{key}" for key in keys}
        self.pages_key = digest_of(keys)
        return digests

    def page_key(self, name: str, known: str) -> str:
        """Return the key of the free page of a file, whose digest is known."""
        return digest_of(self.next.version, "page", name, known, self.options)

    @cached_property
    def interfaces(self) -> list[MapInterface]:
        """The interfaces of the maps, without the words of their prose."""
        kept = [self.store.get("interface", unit.define_key) for _, unit in self.live()]
        if None in kept:
            raise LostError
        return [interface for (interface,) in kept]

    @cached_property
    def atlas(self) -> Atlas:
        """The atlas of all interfaces and free pages."""
        from builder.atlas import assemble  # noqa: PLC0415
        from builder.interface import page_interface  # noqa: PLC0415

        request = self.request
        pages: list[ItemInterface] = [page_interface(page) for page in self.pages]
        return assemble(self.interfaces, self.registry, pages, self.config, request.today, drafts=request.drafts)

    def drop_atlas(self) -> None:
        """Give the memory of atlas and interfaces back; they are made again for whoever asks."""
        self.__dict__.pop("atlas", None)
        self.__dict__.pop("interfaces", None)

    def slice(self) -> None:
        """Give each map its slice of the atlas; where nothing that the atlas is made of changed, the last one."""
        request = self.request
        self.next.atlas_key = digest_of(
            self.next.version,
            [(folder, unit.shared_digest) for folder, unit in self.next.units.items()],
            self.registry,
            self.pages_key,
            self.config_digest,
            request.today,
            request.drafts,
        )
        if all(unit.failed for unit in self.next.units.values()) and not self.failed():
            self.found.append(error("no-maps", "the site has no map", hint="`topicsite new map NAME` makes one"))
        if self.next.atlas_key == self.last.atlas_key and all(map(self.keeps_slice, self.next.units)):
            self.next.atlas_faults = self.last.atlas_faults
            self.found += self.next.atlas_faults
            return
        self.next.atlas_faults = tuple(self.atlas.faults)
        self.found += self.next.atlas_faults
        for done, (folder, sliced, phrases) in enumerate(self.slices()):
            self.put_slice(folder, sliced, phrases)
            self.tell("slice", done, len(self.next.units))

    def put_slice(self, folder: str, sliced: MapSlice, phrases: tuple[Phrase, ...]) -> None:
        """Keep the slice and the phrases of a map under their key."""
        key = digest_of(self.next.version, sliced, phrases)
        if not self.store.has("slice", key):
            self.store.put("slice", key, (sliced, phrases))
        self.next.units[folder].slice_key = key

    def keeps_slice(self, folder: str) -> bool:
        """Give a map its last slice, where the atlas is the last one; tell whether that could be done.

        Where the words of its prose changed, its phrases may be others: those are looked for among the site's.
        """
        from builder.link.phrases import in_order, phrases_among  # noqa: PLC0415

        unit, old = self.next.units[folder], self.last.units.get(folder)
        if unit.failed:
            return True
        if old is None or not self.store.has("slice", old.slice_key):
            return False
        if old.words_digest == unit.words_digest:
            unit.slice_key = old.slice_key
            return True
        kept, words = self.store.get("slice", old.slice_key), self.store.get("words", unit.define_key)
        table = self.store.get("phrases", self.next.atlas_key)
        if kept is None or words is None or table is None:
            return False
        sliced: MapSlice = kept[0]
        self.put_slice(folder, sliced, in_order(phrases_among(table, frozenset(words.split("\n"))), sliced))
        return True

    def slices(self) -> Iterator[tuple[str, MapSlice, tuple[Phrase, ...]]]:
        """Yield for each map its slice of the atlas and the phrases that its words can contain."""
        from builder.atlas import slice_for  # noqa: PLC0415
        from builder.link.phrases import PhraseIndex, in_order, phrases_of  # noqa: PLC0415

        index = PhraseIndex(phrases_of(self.atlas))
        self.store.put("phrases", self.next.atlas_key, index.table)
        found = index.for_maps(self.words(unit.folder) for unit in self.atlas.maps)
        for unit, phrases in zip(self.atlas.maps, found, strict=True):
            sliced = slice_for(self.atlas, unit, self.config, self.request.today)
            yield unit.folder, sliced, in_order(phrases, sliced)

    def words(self, folder: str) -> list[str]:
        """Return the words of a map's prose, each once."""
        words: str | None = self.store.get("words", self.next.units[folder].define_key)
        if words is None:
            raise LostError
        return words.split("\n")
