"""The story of a build. Read `Build.run` from top to bottom: sources → definitions → atlas → links → pages → output.

Every command that needs a site calls `build`: `check` without writing, `serve` for each save. What can be wrong with a
site is in the result's diagnostics, all of it; with an error among them, the output is as it was. A step whose key is
that of an earlier build is not done again (see `cache.py`); which steps were, and why, is in `Result.explained`.

A step's modules are imported when it is reached: a build that finds nothing to do loads none of them.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from builder.cache import LostError
from builder.diagnostics import Severity
from builder.link.diff import LinkDiff
from builder.linkreport import LinkSummary
from builder.memory import forget
from builder.request import Request, Result, Tell
from builder.stages.definitions import DEFINED
from builder.stages.findings import Findings
from builder.state import locked
from builder.write import Published, Stage, stamp

if TYPE_CHECKING:
    from pathlib import Path

    from builder.model import ItemInterface, MapDef, MapInterface
    from builder.state import State


__all__ = ["Request", "Result", "build"]


def build(request: Request, progress: Tell | None = None) -> Result:
    """Build a site, or with `write=False` everything but its output. `progress` gets stage, done and total.

    What is counted are maps, and when they are compiled their pages. A build waits for another of the same site.
    """
    collecting = gc.isenabled()
    gc.disable()  # definitions live to the end and hold no cycles; collecting walks all of them again and again
    tell = progress or (lambda *_: None)
    try:
        with locked(request.state_folder, lambda: tell("waiting for another build", 0, 1)):
            if request.clean:
                _forget(request.state_folder)
            for _ in range(2):
                try:
                    made = Build(request, tell)
                    result = made.run()
                    made.store.flush()
                except LostError:
                    _delete(request.state_folder / "cache")
                    forget(str(request.state_folder / "cache"))
                else:
                    return result
        message = f"the cache in {request.state_folder / 'cache'} cannot be read back after writing"
        raise OSError(message)
    finally:
        if collecting:
            if not gc.get_freeze_count():  # where nobody else freezes: all is made old, not to be walked at once
                gc.freeze()
                gc.unfreeze()
            gc.enable()


class Build(Findings):
    """One build, from its first look at the sources to the published files."""

    def __init__(self, request: Request, tell: Tell) -> None:
        """Take what to build, and whom to tell how far it is."""
        super().__init__(request, tell)
        self.result.made_by = self

    def run(self) -> Result:
        """Build, stage by stage."""
        timed = self.timed
        timed("look for changes", self.look)
        if timed("look for changes", self.is_unchanged):
            return self.keep()
        if not timed("configure", self.configure):
            return self.finish()
        self.pool = timed("start", self.start_pool)
        try:
            timed("define", self.define)
            timed("slice", self.slice)
            if timed("theme", self.load_theme) is None:
                return self.finish()
            self.sound = not self.failed()
            self.writing = self.request.write and self.sound
            timed("link", self.link)
            self.stage = Stage(self.request.root, self.request.output_folder, self.request.state, self.recall)
            try:
                self.stage.discard()
                timed("compile", self.compile)
                self.pool.close()  # what follows is one process's work, and takes the memory that the others had
                timed("site pages", self.compile_site)
                timed("check", self.check)
                timed("link graph", self.examine)
                timed("index", self.index_pages)
                return timed("publish", self.publish)
            finally:
                self.stage.discard()
        finally:
            self.pool.close()

    def keep(self) -> Result:
        """Return the result of a build that has nothing to do."""
        self.next = self.last
        self.result.pages = self.last.pages
        self.result.published = Published()
        self.result.link_summary = LinkSummary(*self.last.links, LinkDiff())
        self.found += self.last.diagnostics
        return self.result

    def publish(self) -> Result:
        """Publish what is staged, unless errors stand against it, and remember the build."""
        self.result.pages = self.next.site.shown + sum(unit.shown for _, unit in self.live())
        self.finish()
        serious = any(found.severity is Severity.WARNING for found in self.found)
        blocked = self.result.failed or (self.request.strict and serious)
        if not self.request.write or blocked:
            self.store.prune(self.blobs(self.next) | self.blobs(self.last))
            return self.result
        self.result.published = self.stage.publish()
        self.next.reported = self.reported
        if self.next.reported:
            self.report()
        self.next.pages, self.next.manifest = self.result.pages, self.stage.digest
        self.next.diagnostics = tuple(self.result.diagnostics)
        path = self.request.state_folder / "state"
        self.next.save(path)
        if self.memory is not None:
            self.memory.state, self.memory.changed = (stamp(path), self.next), set()
        self.store.prune(self.blobs(self.next))
        return self.result

    def blobs(self, state: State) -> set[str]:
        """Return the names of the blobs that a build after the one with this state may want."""
        from builder.emit.cards import key_of  # noqa: PLC0415
        from builder.link.shown import shown_key  # noqa: PLC0415

        live = self.used | {f"phrases-{state.atlas_key}", f"siterows-{state.site_key}", f"index-{state.index_key}"}
        live |= {f"options-{state.options_key}", f"site-{state.site_key}", f"graph-{state.graph_key}"}
        for unit in state.units.values():
            live |= {f"{kind}-{unit.define_key}" for kind in DEFINED}
            live |= {f"{kind}-{unit.scan_key}" for kind in ("scan", "counts")}
            live |= {f"{kind}-{unit.compile_key}" for kind in ("compiled", "links", "rows")}
            live |= {f"slice-{unit.slice_key}", f"choices-{unit.choices_key}", f"search-{unit.search}"}
            live.add(f"shown-{shown_key(unit.scan_key, self.config.links)}")
        names = (*self.stage.entries, *self.stage.last.entries)
        return live | {f"card-{key}" for name in names if (key := key_of(name))}

    def keys(self) -> dict[str, str]:
        """Return the key of each map, by folder, and under the empty name that of the own pages of the site."""
        return {**{folder: unit.compile_key for folder, unit in self.live()}, "": self.next.site_key}

    def item(self, folder: str, key: str) -> ItemInterface | None:
        """Return the interface of a text of a map, or of a free page."""
        from builder.atlas import map_key, page_key  # noqa: PLC0415
        from builder.interface import page_interface  # noqa: PLC0415

        if folder:
            kept = self.store.get("interface", self.next.units[folder].define_key)
            found: list[MapInterface] = [*kept] if kept else []
            return next((i for m in found for i in m.items if map_key(m.slug, i.cluster, i.slug) == key), None)
        if self.next is self.last:  # nothing was built: what the cache has
            self.known_config()  # and how texts are read
            found_, self.found = self.found, []
            self.define_pages()
            self.found = found_
        return next((page_interface(page) for page in self.pages if page_key(page.slug) == key), None)

    def definitions(self) -> dict[str, MapDef]:
        """Return the definitions of the maps, with the titles that they are told of, by folder."""
        from builder.link.prose import with_titles  # noqa: PLC0415
        from builder.work import slice_of  # noqa: PLC0415

        made = {}
        for folder, unit in self.live():
            value = self.store.get("map", unit.define_key)
            if value is None:
                raise LostError
            made[folder] = with_titles(value[0], slice_of(self.store, unit.slice_key)[0])
        return made


def _forget(folder: Path) -> None:
    """Delete what is remembered of earlier builds but which files they published: all of these are written anew."""
    _delete(folder / "cache")
    (folder / "state").unlink(missing_ok=True)
    if (folder / "manifest.json").exists() and not (folder / "journal.json").exists():
        (folder / "manifest.json").rename(folder / "journal.json")


def _delete(folder: Path) -> None:
    import shutil  # noqa: PLC0415

    shutil.rmtree(folder, ignore_errors=True)
