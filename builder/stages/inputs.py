"""The first stage: what a build depends on, and whether any of it changed since the last one."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, TypeVar

from builder.cache import VERSION, Store, digest_of
from builder.diagnostics import Diagnostic, has_errors, with_severities
from builder.files import CONFIG, ENVIRONMENT_PREFIX, MAPS, Source, Stat, bundled_themes, scan, source_of, with_bytes
from builder.linkreport import LINKS, REPORT
from builder.memory import NOTHING
from builder.request import Request, Result, Tell
from builder.sources import Sources, load_site, renewed, sort_sources
from builder.state import State
from builder.write import Stage, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from builder.config import SiteConfig
    from builder.memory import Memory
    from builder.records import UnitRecord
    from builder.work import Spread


T = TypeVar("T")


class Inputs:
    """What a build is asked for, what it finds, and what it knows of the last one."""

    #: Set by the story, as it reaches them: who runs the steps, where files are staged, whether the pages are worth a
    #: check, and whether they are to be written.
    pool: Spread
    stage: Stage
    sound: bool
    writing: bool
    #: The names of the blobs it used that no state names.
    used: set[str]

    def __init__(self, request: Request, tell: Tell) -> None:
        self.request = request
        self.tell = tell
        self.result = Result()
        self.found: list[Diagnostic] = self.result.diagnostics
        self.store = Store(request.state_folder / "cache")
        self.memory = self.store.memory
        self.recall = self.memory.site if self.memory else NOTHING
        self.changed = self.take_changes()
        self.last = self.last_state()
        self.next = State(version=VERSION)
        self.fresh: dict[str, UnitRecord] = {}
        self._ids: dict[str, dict[str, frozenset[str]]] = {}
        self.used = set()

    def timed(self, stage: str, step: Callable[[], T]) -> T:
        """Do a step and note how long it took."""
        start = time.perf_counter()
        made = step()
        self.result.seconds[stage] = self.result.seconds.get(stage, 0.0) + time.perf_counter() - start
        return made

    def failed(self) -> bool:
        """Tell whether what was found so far stops the build, by the severities that the site chose."""
        return has_errors(with_severities(self.found, self.config.severities))

    def take_changes(self) -> set[str] | None:
        """Return the names of the files that changed since the last published build, None where nobody knows."""
        memory, told = self.memory, self.request.changed
        if memory is None:
            return None
        if told is None:
            memory.changed = memory.sources = None
        elif memory.changed is not None:
            memory.changed |= told
        return memory.changed

    def last_state(self) -> State:
        """Return what the last published build left: from memory where all that changed since is known."""
        path = self.request.state_folder / "state"
        kept = self.memory.state if self.memory and self.changed is not None else None
        if kept is not None and path.exists() and kept[0] == stamp(path):
            return kept[1]
        self.changed = None
        return State.load(path, VERSION)

    def known(self, source: Source) -> str | None:
        """Return the digest of a file that is as it was, None where it must be read."""
        return None if self.changed and source.name in self.changed else self.last.known_digest(source)

    def untouched(self, folder: str) -> bool:
        """Tell whether it is known, without a look at its files, that a map is as it was."""
        return self.changed is not None and self.last.inputs == self.next.inputs and folder not in self.touched

    def look(self) -> None:
        """Find the sources, and all that a build depends on without being a source of a page."""
        request = self.request
        kept = self.memory.sources if self.memory and self.changed is not None else None
        again = renewed(kept, request.root, self.changed or ()) if kept is not None else None
        self.same_names = again is not None
        self.sources: Sources = again or sort_sources(request.root)
        if self.memory is not None:
            self.memory.sources = self.sources
        self.touched = {name.split("/")[2] for name in self.changed or () if name.startswith(f"{MAPS}/")}
        environment = [pair for pair in sorted(request.environment.items()) if pair[0].startswith(ENVIRONMENT_PREFIX)]
        config = source_of(request.root, CONFIG)
        self.next.inputs = digest_of(
            digest_of_source(config) if config else "", environment, _installed(),
            request.today, request.drafts, request.briefs, repr(self.sources.faults),
        )  # fmt: skip
        self.next.output = str(request.output_folder.absolute())
        self.next.theme = _theme_stats(request.root)
        if self.memory is not None:
            self.see(self.memory, config)

    def see(self, memory: Memory, config: Source | None) -> None:
        """Remember which names there are, and hand on those that whoever told of changes may not know of.

        A file may come and go before anybody else looks. What was handed on once is known until it changes.
        """
        changed = self.changed or set()
        if self.same_names:
            memory.found |= changed
            return
        own = f"{self.request.root.resolve()}/"
        names = {source.name for source in self.all_sources()}
        names.update(f"{MAPS}/{folder}" for folder in self.sources.maps)
        names.update(fault.file for fault in self.sources.faults)
        names.update(name.removeprefix(own) for name in self.next.theme if name.startswith(own))
        if config is not None:
            names.add(config.name)
        memory.found |= names - (memory.seen - changed)
        memory.seen = frozenset(names)

    def configure(self) -> bool:
        """Read the configuration; tell whether it can be used."""
        from builder.config import with_briefs  # noqa: PLC0415
        from builder.markdown import MarkdownOptions, check_extensions  # noqa: PLC0415

        config, faults = load_site(self.request.root, self.request.environment)
        self.found += faults
        if config is None:
            return False
        wrong = check_extensions(config.markdown)
        self.found += wrong
        if wrong:  # go on without them, to find what else is wrong
            config = config.model_copy(update={"markdown": config.markdown.model_copy(update={"extensions": {}})})
        if config.search == "pagefind":
            from builder.emit.pagefind import missing  # noqa: PLC0415

            self.found += missing()
        self.config = with_briefs(config) if self.request.briefs else config
        self.options = MarkdownOptions.of(config.markdown)
        self.found += self.sources.faults
        plain = self.config.model_copy(update={"deploy": {}, "editor": "", "checks": {}})
        self.config_digest = digest_of(repr(plain))
        return True

    def known_config(self) -> SiteConfig | None:
        """Return the configuration, which a build that had nothing to do has not read."""
        if not hasattr(self, "config") and self.next is self.last:
            found, self.found = self.found, []
            self.configure()
            self.found = found
        return getattr(self, "config", None)

    @property
    def reported(self) -> bool:
        """Whether the lists of links and pages are kept; previews have none."""
        return self.request.state is None and self.config.links.report

    def all_sources(self) -> Iterator[Source]:
        """Yield every source that pages are made of."""
        for files in self.sources.maps.values():
            yield from files
        yield from self.sources.pages
        yield from self.sources.loose
        if self.sources.registry is not None:
            yield self.sources.registry

    def changed_sources(self) -> Iterator[Source]:
        """Yield the sources that are known to have changed, and others of their maps."""
        for folder in self.touched:
            yield from self.sources.maps.get(folder, ())
        yield from self.sources.pages
        if self.sources.registry is not None:
            yield self.sources.registry

    def is_unchanged(self) -> bool:
        """Tell whether every input is that of the last build and every file that it published is there."""
        last, request = self.last, self.request
        if (last.inputs, last.output, last.theme) != (self.next.inputs, self.next.output, self.next.theme):
            return False
        if not last.site_key or not request.write or has_errors(self.sources.faults):
            return False
        names = 0
        for source in self.all_sources():
            names += 1
            if self.changed or self.known(source) is None:
                return False
        if names != len(last.stats) or list(self.sources.maps) != list(last.units):
            return False
        stage = Stage(request.root, request.output_folder, request.state, self.recall)
        reported = not last.reported or (request.state_folder / REPORT / LINKS).exists()
        whole = stage.digest == last.manifest and not stage.missing()
        return bool(stage.last.entries) and whole and reported

    def start_pool(self) -> Spread:
        """Return what runs the steps of the maps: this process, a pool, or a cluster."""
        from builder.work import Pool, cores  # noqa: PLC0415

        if self.request.scheduler:
            from builder.cluster import Cluster  # noqa: PLC0415

            return Cluster(self.request.scheduler, self.request.root, self.store.flush)
        return Pool(self.request.jobs or cores(), self.store.flush)


def digest_of_source(source: Source) -> str:
    """Return the digest of a file; that of one which cannot be read is a word."""
    return with_bytes(source)[1]


def _installed() -> list[tuple[str, int]]:
    """Return the times of the folders that packages are installed in: an upgrade changes them."""
    folders = [folder for folder in sys.path if folder.endswith(("site-packages", "dist-packages"))]
    return [(folder, os.stat(folder).st_mtime_ns) for folder in folders if os.path.isdir(folder)]  # noqa: PTH112, PTH116


def _theme_stats(root: Path) -> dict[str, Stat]:
    """Return the stat data of every file that themes may be made of: the site's and the bundled ones."""
    folders = dict.fromkeys([str((root / "themes").resolve()), str(bundled_themes().resolve())])
    found: dict[str, Stat] = {}
    for folder in folders:
        for source in scan(root.__class__(folder), "", trusted=True):
            found[f"{folder}/{source.name}"] = source.stat
    config = source_of(root, CONFIG)
    if config is not None:
        found[CONFIG] = config.stat
    return found
