"""The units' work, as functions that any process can run: plain arguments in, plain results out, blobs in the store.

`define`, `scan` and `compile_unit` are the three steps of a map. Each names its result by a key made of all its inputs
and does nothing where the store has that key. `Pool` runs them here or in a pool of processes; the bytes are the same.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from builder.cache import VERSION, LostError, Store, digest_of
from builder.check.figures import wrong_figures
from builder.check.pillars import early_articles
from builder.compile import Options, articles_of, compile_map, compile_pages, joined, related_of
from builder.emit.cards import Card, draw
from builder.emit.links import link_rows
from builder.emit.search import part_of
from builder.files import Source, digest, with_bytes
from builder.interface import interface_of
from builder.link import engine
from builder.link.phrases import claims
from builder.link.prose import with_titles
from builder.link.shown import shown_key
from builder.link.types import Link
from builder.memory import recall_of
from builder.records import WHOLE, PageLinks, Part
from builder.unit import Bodies, define_map
from builder.write import Entry, stage_files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from builder.atlas import MapSlice
    from builder.compile import Insertions
    from builder.diagnostics import Diagnostic
    from builder.link.choose import Caps
    from builder.link.match import Candidate
    from builder.link.phrases import Phrase
    from builder.link.shown import Shown
    from builder.markdown import MarkdownOptions
    from builder.memory import Recall
    from builder.model import MapDef, MapInterface
    from builder.records import OutputFile, UnitRecord

J = TypeVar("J")
R = TypeVar("R")


# ---- define


@dataclass(frozen=True, slots=True)
class Define:
    """Define the map of a folder. `digests` are those of sources that need not be read for them, by name."""

    store: str
    folder: str
    sources: tuple[Source, ...]
    options: MarkdownOptions
    digests: Mapping[str, str]
    previous: str = ""


@dataclass(frozen=True, slots=True)
class Defined:
    """What came of it: the key of the definition, the digests of all sources, what is wrong.

    `slug` is '' where there is no definition. The interface is in the store, and so are the words of the map's prose,
    which only the map's own slice depends on: `shared` and `words` are their digests.
    """

    folder: str
    key: str
    digests: dict[str, str]
    slug: str
    shared: str
    words: str
    faults: tuple[Diagnostic, ...]


def define_key(folder: str, options: MarkdownOptions, digests: Mapping[str, str]) -> str:
    """Return the key of a definition."""
    return digest_of(VERSION, folder, options, sorted(digests.items()))


def define(job: Define) -> Defined:
    """Return the definition's key and the interface of a map; the definition itself goes into the store."""
    store = Store(job.store)
    digests: dict[str, str] = {}
    sources: list[Source] = []
    for source in job.sources:
        known = job.digests.get(source.name)
        if known is None:
            source, known = with_bytes(source)  # noqa: PLW2901 - the same file
        digests[source.name] = known
        sources.append(source)
    key = define_key(job.folder, job.options, digests)
    kept = store.get("defined", key)
    if kept is not None and all(store.has(kind, key) for kind in ("map", "interface", "words")):
        return Defined(job.folder, key, digests, *kept)
    previous = store.get("map", job.previous) if job.previous else None
    bodies = Bodies(job.options, previous[1] if previous else {}, {})
    unit, faults = define_map(job.folder, sources, bodies, digests, recall_of(job.store, job.folder))
    key = define_key(job.folder, job.options, digests)  # of what was read: a file may have changed meanwhile
    interface = interface_of(unit) if unit is not None else None
    found = [*faults, *(claims(interface) if interface is not None else ())]
    words = "\n".join(interface.words) if interface is not None else ""
    if interface is not None:
        interface = replace(interface, words=())
    shared = _shared_digest(interface)
    value = (interface.slug if interface else "", shared, digest(words.encode()), tuple(found))
    store.put("map", key, (unit, bodies.used))
    store.put("interface", key, (interface,))
    store.put("words", key, words)
    store.put("defined", key, value)
    return Defined(job.folder, key, digests, *value)


def _shared_digest(interface: MapInterface | None) -> str:
    """Return the digest of what the atlas is made of: all of an interface but how many words are written."""
    if interface is None:
        return ""
    return digest_of(replace(interface, items=()), [item._replace(written=0) for item in interface.items])


@lru_cache(maxsize=2)
def _definition(store: str, key: str) -> MapDef:
    value: tuple[MapDef | None, object] | None = Store(store).get("map", key)
    if value is None or value[0] is None:
        raise LostError  # an exception is not kept by the decorator: after the cache is made anew it is there
    return value[0]


# ---- scan


@dataclass(frozen=True, slots=True)
class Scan:
    """Find the link candidates of a map. `slice_key` names its slice of the atlas and its phrases in the store."""

    store: str
    define_key: str
    slice_key: str


class Scanned(NamedTuple):
    """What came of it: its key, on how many pages each phrase stands, how many pages there are."""

    key: str
    counts: dict[str, int]
    pages: int


def scan_key(define_key: str, slice_key: str) -> str:
    """Return the key of a scan."""
    return digest_of(VERSION, "scan", define_key, slice_key)


def scan(job: Scan) -> Scanned:
    """Return the counts of a map's phrases; the candidates go into the store."""
    store = Store(job.store)
    key = scan_key(job.define_key, job.slice_key)
    kept = store.get("counts", key)
    if kept is not None and store.has("scan", key):
        return Scanned(key, *kept)
    sliced, phrases = slice_of(store, job.slice_key)
    unit = _definition(job.store, job.define_key)
    scanned = engine.scan(with_titles(unit, sliced), sliced, phrases, recall_of(job.store, unit.folder))
    store.put("scan", key, scanned)
    store.put("counts", key, (dict(scanned.counts), len(scanned.pages)))
    return Scanned(key, dict(scanned.counts), len(scanned.pages))


def slice_of(store: Store, key: str) -> tuple[MapSlice, tuple[Phrase, ...]]:
    """Return a map's slice of the atlas and its phrases."""
    value: tuple[MapSlice, tuple[Phrase, ...]] | None = store.get("slice", key)
    if value is None:
        raise LostError
    return value


# ---- choose


@dataclass(frozen=True, slots=True)
class Choose:
    """Let a map's pages choose among their candidates. `too_common` are phrases of the map, sorted."""

    store: str
    scan_key: str
    too_common: tuple[str, ...]
    caps: Caps
    map_slug: str


def choose_key(job: Choose) -> str:
    """Return the key of a map's choices."""
    return digest_of(VERSION, job)


def choose(job: Choose) -> tuple[str, str]:
    """Keep the links that a map's pages want, for the caps of the whole site; return their key and their digest."""
    key = choose_key(job)
    made = [tuple(choice) for choice in engine.wanted(_chosen(job), job.map_slug)]
    Store(job.store).put("choices", key, made)
    return key, digest_of(made)


@lru_cache(maxsize=2)
def _chosen(job: Choose) -> dict[str, list[Candidate]]:
    scanned: engine.Scan | None = Store(job.store).get("scan", job.scan_key)
    if scanned is None:
        raise LostError
    return engine.chosen(scanned, frozenset(job.too_common), job.caps, job.map_slug)


# ---- compile


@dataclass(frozen=True, slots=True)
class Compile:
    """Make the pages of a map, or of a part of it.

    `options_key` names the build's options in the store, `dropped` the links that the site-wide caps take away, `last`
    the output's files of this map, which need not be written again; with `rows` its rows of `links.csv` are kept.
    """

    store: str
    folder: str
    key: str
    define_key: str
    slice_key: str
    choose: Choose
    dropped: tuple[tuple[str, str], ...]
    options_key: str
    stage: str
    output: str
    write: bool
    last: Mapping[str, Entry]
    part: Part = WHOLE
    rows: bool = True


@dataclass(frozen=True, slots=True)
class Piece:
    """What came of a part of a map: the files of its pages. The rest of it is in the store, for `join`."""

    job: Compile
    entries: dict[str, Entry]
    staged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What came of it; record and entries are in the store under the key as well.

    `links_digest` is that of the record's part in the link graph, `rows_digest` that of its rows of `links.csv`.
    """

    folder: str
    key: str
    record: UnitRecord
    record_digest: str
    links_digest: str
    rows_digest: str
    entries: dict[str, Entry]
    staged: tuple[str, ...] = field(default=())

    @property
    def anchored(self) -> bool:
        """Whether the map links to headings of other maps."""
        return any("#" in link.href for link in self.record.outgoing)


def compile_unit(job: Compile) -> Compiled | Piece:
    """Stage the files of a map, those that the output does not have already; return its record, if it is not cut."""
    store, given = Store(job.store), _given(job)
    unit, sliced, options, automatic = given
    recall = recall_of(job.store, job.folder)
    related = _related(job, unit, sliced, options, recall)
    if job.part == WHOLE:
        files, record = compile_map(unit, sliced, options, automatic, partial(card_of, store), recall, related)
        return _finished(job, given, files, record, link_rows(record.links) if job.rows else b"")
    pages = compile_pages(unit, sliced, options, automatic, partial(card_of, store), recall, job.part, related)
    entries, staged = stage_files(pages.files, job.stage, job.output, job.last, write=job.write)
    store.put("part", _part_key(job), (replace(pages, files=()), link_rows(pages.links) if job.rows else b""))
    return Piece(job, entries, tuple(staged))


def _related(job: Compile, unit: MapDef, sliced: MapSlice, options: Options, recall: Recall) -> Mapping[str, Shown]:
    """Return the related pages that a part of a map shows: no template decides about them, so they may be there."""
    store, key = Store(job.store), shown_key(job.choose.scan_key, options.config.links, job.part)
    found: Mapping[str, Shown] | None = store.get("shown", key)
    if found is None:
        found = related_of(unit, sliced, options.config, recall, job.part)
        store.put("shown", key, found)
    return found


def articles(job: Compile, names: Collection[str]) -> dict[str, bytes]:
    """Return a map's articles that somebody waits for, and what they show, by file, ahead of `compile_unit`."""
    drawn, recall = partial(card_of, Store(job.store)), recall_of(job.store, job.folder)
    return {file.name: file.data for file in articles_of(*_given(job), names, drawn, recall)}


def join(pieces: Sequence[Piece]) -> Compiled:
    """Make the record of a map, and the files that are about all of it, of what came of its parts."""
    pieces = sorted(pieces, key=lambda piece: piece.job.part.number)
    job = pieces[0].job
    store, given = Store(job.store), _given(job)
    unit, sliced, options, automatic = given
    kept = [store.get("part", _part_key(piece.job)) for piece in pieces]
    if None in kept:
        raise LostError
    parts = [pages for pages, _ in kept]
    files, record = joined(unit, sliced, options, automatic, parts, [n for piece in pieces for n in piece.entries])
    made = tuple(dict.fromkeys(automatic[1]))
    alone = len(made) + sum(len(pages.links) for pages in parts) == len(record.links)  # no link is in two parts
    rows = b""
    if job.rows:
        rows = b"".join([link_rows(made), *(rows for _, rows in kept)]) if alone else link_rows(record.links)
    for piece in pieces:
        store.delete("part", _part_key(piece.job))
    return _finished(job, given, files, record, rows, () if any(pages.broken for pages in parts) else pieces)


def _part_key(job: Compile) -> str:
    return digest_of(VERSION, job.key, job.part)


def _given(job: Compile) -> tuple[MapDef, MapSlice, Options, Insertions]:
    """Return what a map is compiled of."""
    sliced, _ = slice_of(Store(job.store), job.slice_key)
    options = _options(job.store, job.options_key)
    unit = with_titles(_definition(job.store, job.define_key), sliced)
    return unit, sliced, options, engine.insertions(_chosen(job.choose), frozenset(job.dropped), options.urls)


def _finished(
    job: Compile,
    given: tuple[MapDef, MapSlice, Options, Insertions],
    files: Sequence[OutputFile],
    record: UnitRecord,
    rows: bytes,
    before: Sequence[Piece] = (),
) -> Compiled:
    """Stage files of a map and keep what came of it; the files of `before` are staged already."""
    store, (unit, sliced, options, _) = Store(job.store), given
    if record.figures is not None:
        record = record.with_faults(wrong_figures(unit, record.figures))
    record = record.with_faults(early_articles(unit, sliced))
    entries = {name: entry for piece in before for name, entry in piece.entries.items()}
    staged = [name for piece in before for name in piece.staged]
    made, names = stage_files(files, job.stage, job.output, job.last, write=job.write)
    if options.config.search == "index":
        part = part_of(record.pages, record.title, options.urls)
        record = replace(record, search=digest_of(part))
        store.put("search", record.search, part)
    light = record.light
    compiled = Compiled(
        job.folder,
        job.key,
        light,
        light.site_digest(),
        light.links_digest(),
        digest(rows),
        {**entries, **made},
        (*staged, *names),
    )
    if job.rows:
        store.put("rows", job.key, rows)
    store.put("compiled", job.key, replace(compiled, staged=()))
    store.put("links", job.key, [list(map(tuple, part)) for part in (record.links, record.reserved, record.built)])
    return compiled


def remember(store: Store, kind: str, key: str, make: Callable[[], bytes]) -> bytes:
    """Return the bytes that were made under a key before, or make them now; the store keeps them."""
    found: bytes | None = store.get(kind, key)
    if found is None:
        found = make()
        store.put(kind, key, found)
    return found


def card_of(store: Store, card: Card) -> bytes:
    """Return the picture of a card."""
    return remember(store, "card", card.key, partial(draw, card))


def full_record(store: Store, key: str, light: UnitRecord) -> UnitRecord:
    """Return a record with its links, as `compile_unit` made it."""
    value = store.get("links", key)
    if value is None:
        raise LostError
    links, reserved = (tuple(map(Link._make, part)) for part in value[:2])
    return replace(light, links=links, reserved=reserved, built=tuple(map(PageLinks._make, value[2])))


@lru_cache(maxsize=2)
def _options(store: str, key: str) -> Options:
    options: Options | None = Store(store).get("options", key)
    if options is None:
        raise LostError
    return options


# ---- running


#: Below so many texts a pool of processes costs more than it saves (40 ms to start each).
POOL_FROM = 400


#: A map is cut from so many texts on, and only where the others leave processes without work.
CUT_FROM = 400


def compile_all(pool: Spread, jobs: Sequence[Compile], texts: Mapping[str, int]) -> Iterator[Compiled | Piece]:
    """Yield what comes of each map. One that holds more than a process's share of all texts is cut into parts.

    A part is yielded as well, before its map: to tell how far the work is.
    `texts` are the numbers of files by the maps' folders.
    """
    every = sum(texts[job.folder] for job in jobs)
    cut: list[Compile] = []
    whole: list[Compile] = []
    for job in jobs:
        parts = min(pool.jobs, round(pool.jobs * texts[job.folder] / max(1, every)))
        if parts > 1 and texts[job.folder] >= CUT_FROM:
            cut += [replace(job, part=Part(number, parts)) for number in range(parts)]
        else:
            whole.append(job)
    pieces: dict[str, list[Piece]] = {}
    for made in pool.run(compile_unit, [*cut, *whole], every):
        yield made
        if isinstance(made, Compiled):
            continue
        found = pieces.setdefault(made.job.folder, [])
        found.append(made)
        if len(found) == made.job.part.of:
            yield join(pieces.pop(made.job.folder))


class Spread(Protocol):
    """What runs jobs: results are yielded as they are ready, in any order; `jobs` says how many at a time.

    `texts` are how many the jobs are about: few are not worth another process.
    """

    @property
    def jobs(self) -> int:
        """How many processes work."""

    def run(self, function: Callable[[J], R], jobs: Sequence[J], texts: int) -> Iterator[R]:
        """Yield the result of each job."""

    def close(self) -> None:
        """End what was started."""


class Pool:
    """Runs jobs, results as they are ready: in this process, or in `jobs` others from `POOL_FROM` texts on.

    `ready` is called before others run any.
    """

    def __init__(self, jobs: int, ready: Callable[[], None] = lambda: None) -> None:
        self.jobs = jobs
        self._ready = ready
        self._pool: ProcessPoolExecutor | None = None

    def run(self, function: Callable[[J], R], jobs: Sequence[J], texts: int) -> Iterator[R]:
        """Yield the result of each job; in any order."""
        if self.jobs < 2 or len(jobs) < 2 or texts < POOL_FROM:  # noqa: PLR2004
            yield from map(function, jobs)
            return
        self._ready()
        if self._pool is None:
            method = "fork" if sys.platform.startswith("linux") else "spawn"
            context = multiprocessing.get_context(method)
            self._pool = ProcessPoolExecutor(self.jobs, mp_context=context, initializer=gc.disable)
        for future in as_completed([self._pool.submit(function, job) for job in jobs]):
            yield future.result()

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def cores() -> int:
    """Return the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
