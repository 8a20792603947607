"""The links in prose: candidates map by map, the pages' choices, the caps of the whole site."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from builder.cache import digest_of
from builder.stages.definitions import Definitions

if TYPE_CHECKING:
    from builder.state import UnitState


class Prose(Definitions):
    """Who links to whom in prose."""

    def link(self) -> None:
        """Scan the maps, let their pages choose, and apply the caps of the whole site."""
        from builder.link.choose import Caps, Choice, capped, common  # noqa: PLC0415
        from builder.work import Choose, Scan, scan, scan_key  # noqa: PLC0415

        caps = Caps.of(self.config.links)
        jobs: list[Scan] = []
        folders: list[str] = []
        for folder, unit in self.live():
            old = self.last.units.get(folder)
            same_inputs = old is not None and (old.define_key, old.slice_key) == (unit.define_key, unit.slice_key)
            unit.scan_key = old.scan_key if old and same_inputs else scan_key(unit.define_key, unit.slice_key)
            if old is not None and old.scan_key == unit.scan_key and self.store.has("scan", old.scan_key):
                unit.counts_digest, unit.pages = old.counts_digest, old.pages
            else:
                folders.append(folder)
                jobs.append(Scan(self.store.folder, unit.define_key, unit.slice_key))
        counts: dict[str, dict[str, int]] = {}
        by_key: dict[str, list[UnitState]] = {}
        for _, unit in self.live():
            by_key.setdefault(unit.scan_key, []).append(unit)
        for done, scanned in enumerate(self.pool.run(scan, jobs, self.texts(folders))):
            self.tell("link", done, len(jobs))
            counts[scanned.key] = scanned.counts
            for unit in by_key[scanned.key]:
                unit.counts_digest, unit.pages = digest_of(sorted(scanned.counts.items())), scanned.pages
        total: Counter[str] = Counter()
        self.next.caps = repr(caps)
        same = (self.next.caps, self.last.units.keys()) == (self.last.caps, self.next.units.keys()) and all(
            (old := self.last.units[folder]).counts_digest == unit.counts_digest and old.pages == unit.pages
            for folder, unit in self.live()
        )
        if not same:
            for key in by_key:
                if key not in counts:
                    kept = self.store.get("counts", key)
                    counts[key] = kept[0] if kept else {}
                total.update(counts[key])
        too_common = common(total, sum(unit.pages for _, unit in self.live()), caps)
        self.choose: dict[str, Choose] = {}
        for folder, unit in self.live():
            if same:
                unit.too_common = self.last.units[folder].too_common
            else:
                unit.too_common = tuple(sorted(too_common & counts[unit.scan_key].keys()))
            self.choose[folder] = Choose(self.store.folder, unit.scan_key, unit.too_common, caps, unit.slug)
        keys = self.keep_choices()
        olds = {folder: self.last.units.get(folder) for folder in keys}
        if len(olds) == len(self.last.units) and all(
            old is not None and old.choices_digest == self.next.units[folder].choices_digest
            for folder, old in olds.items()
        ):
            for folder, unit in self.live():
                unit.dropped = self.last.units[folder].dropped
            return
        wanted = {folder: list(map(Choice._make, self.store.get("choices", key) or ())) for folder, key in keys.items()}
        gone = capped((choice for folder in wanted for choice in wanted[folder]), caps)
        for folder, unit in self.live():
            unit.dropped = tuple(sorted({(c.source, c.target) for c in wanted[folder]} & gone))

    def keep_choices(self) -> dict[str, str]:
        """Let the pages of each map choose among their candidates; return the keys of what they chose, by folder."""
        from builder.work import choose, choose_key  # noqa: PLC0415

        keys = {}
        for folder, job in self.choose.items():
            old, same_caps = self.last.units.get(folder), self.last.caps == self.next.caps
            inputs = job.scan_key, job.too_common, job.map_slug
            same = old is not None and same_caps and inputs == (old.scan_key, old.too_common, old.slug)
            keys[folder] = old.choices_key if old and same and old.choices_key else choose_key(job)
        folders = []
        for folder, unit in self.live():
            unit.choices_key = keys[folder]
            old = self.last.units.get(folder)
            if old is not None and old.choices_key == keys[folder] and self.store.has("choices", keys[folder]):
                unit.choices_digest = old.choices_digest
            else:
                folders.append(folder)
        digests = dict(self.pool.run(choose, [self.choose[folder] for folder in folders], self.texts(folders)))
        for _, unit in self.live():
            unit.choices_digest = digests.get(unit.choices_key, unit.choices_digest)
        return keys
