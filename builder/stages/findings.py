"""What is said of the built pages: broken links, budgets, the lists of links, and all findings as they are shown."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import unquote

from builder.cache import LostError, digest_of
from builder.diagnostics import Diagnostic, error, in_order, with_severities
from builder.files import source_of
from builder.link.diff import LinkDiff
from builder.linkreport import LINKS, PAGES, REPORT, LinkSummary, graph_of, keep, last_change, navigation
from builder.stages.pages import Pages
from builder.urls import output_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from builder.records import UnitRecord
    from builder.request import Result


_NO_STAT = (0, 0, 0, 0, "")


class Findings(Pages):
    """The checks and reports, after all pages are made."""

    def check(self) -> None:
        """Hold the links of all pages against the pages and ids that there are."""
        from builder.check.links import between, lost_redirects, urls_of  # noqa: PLC0415

        urls = self.config.urls
        self.next.names_digest = digest_of(
            self.theme_names, self.next.site.names, [unit.names for _, unit in self.live()]
        )
        if not self.sound or any(fault.code == "theme" for fault in self.found):
            return  # what is missing has been reported
        same = self.next.names_digest == self.last.names_digest
        if same and not self.result.explained:
            self.next.links_faults, self.next.redirects_faults = self.last.links_faults, self.last.redirects_faults
            self.found += [fault for wrong in self.next.links_faults.values() for fault in wrong]
            self.found += self.next.redirects_faults
            return
        known = urls_of(self.stage.entries, urls)
        for folder, unit in (*self.live(), ("", self.next.site)):
            if same and folder not in self.result.explained and not unit.anchored:
                wrong = self.last.links_faults.get(folder, ())
            else:
                record = self.record(folder)
                wrong = tuple(between(record.outgoing, known, self.ids_of, urls)) if record else ()
            if wrong:
                self.next.links_faults[folder] = wrong
                self.found += wrong
        if not same or self.next.atlas_key != self.last.atlas_key:
            self.next.redirects_faults = tuple(lost_redirects(self.atlas, known, urls))
        else:
            self.next.redirects_faults = self.last.redirects_faults
        self.found += self.next.redirects_faults
        if self.writing and self.memory is None:
            self.drop_atlas()
        for first, second in () if same else self.stage.collisions():
            message = f"the output cannot hold both {first} and {second}"
            hint = "change a slug, a permalink or a redirect"
            self.found.append(error("url-collision", message, hint=hint))

    def ids_of(self, url: str) -> frozenset[str] | None:
        """Return the ids of the page at a URL, None where no page of ours is there."""
        path = url.removeprefix(self.config.urls.base_path)
        folder = self.holder(output_file(unquote(path)))
        return self.ids_in(folder).get(url) if folder is not None else None

    def ids_in(self, folder: str) -> dict[str, frozenset[str]]:
        """Return the ids of the pages of a map, or of the site's own, by URL."""
        if folder not in self._ids:
            urls, record = self.config.urls, self.full_record(folder)
            self._ids[folder] = {urls.url(page.path): page.ids for page in record.built}
        return self._ids[folder]

    def full_record(self, folder: str) -> UnitRecord:
        """Return the record of a map, or of the site's own pages, with its links."""
        from builder.work import full_record  # noqa: PLC0415

        record = self.record(folder)
        if record is None:
            raise LostError
        if not folder:
            return self.full_site_record()
        return full_record(self.store, self.next.units[folder].compile_key, record)

    def full_records(self) -> list[UnitRecord]:
        """Return the records of all units with their links."""
        return [*map(self.full_record, self.light), *([self.full_site_record()] if self.site_record else [])]

    def examine(self) -> None:
        """Hold the budgets against the link graph; where no link and no page changed, the last findings stand."""
        if self.failed() or not self.next.site_key:
            return
        config, site = self.config, self.site_options.site
        self.next.graph_key = digest_of(
            self.next.version,
            repr(config.links),
            navigation(site, config.urls),
            [(folder, unit.links_digest) for folder, unit in self.live()],
            self.next.site.links_digest,
        )
        kept = self.store.get("graph", self.next.graph_key)
        if kept is None:
            from builder.check.budgets import over_budget  # noqa: PLC0415
            from builder.emit.links import link_header, pages_csv  # noqa: PLC0415

            graph = graph_of(self.records(), site, config.urls)
            faults = tuple(over_budget(graph, (p for record in self.records() for p in record.pages), config.links))
            kept = faults, (graph.links, graph.in_prose, len(graph.orphans)), link_header(graph.nav), pages_csv(graph)
            self.store.put("graph", self.next.graph_key, kept)
        faults, self.next.links, self.link_header, self.pages_list = kept
        self.found += faults
        self.result.link_summary = LinkSummary(*self.next.links)

    def report(self) -> None:
        """Keep the lists of links and pages, and find what changed since the last build."""
        rows = [(folder, unit.rows_digest) for folder, unit in self.live()]
        self.next.rows_key = digest_of(self.next.graph_key, rows, self.next.site.rows_digest)
        folder = self.request.state_folder / REPORT
        had, change = (folder / LINKS).exists(), LinkDiff()
        if not had or self.next.rows_key != self.last.rows_key:
            pieces = (self.store.get("rows", unit.compile_key) or b"" for _, unit in self.live())
            site_rows = self.store.get("siterows", self.next.site_key) or b""
            lists = {LINKS: chain([self.link_header], pieces, [site_rows]), PAGES: [self.pages_list]}
            if keep(folder, lists) and had:
                change = last_change(folder) or change
        self.result.link_summary = LinkSummary(*self.next.links, change if had else None)

    def finish(self) -> Result:
        """Put the diagnostics as they are shown: the site's severities, lines and columns, in order."""
        from builder.config import from_environment  # noqa: PLC0415
        from builder.load import read  # noqa: PLC0415

        config = self.result.config
        severities = config.severities if config else {}

        def read_bytes(name: str) -> bytes | None:
            source = source_of(self.request.root, name)
            return read(source)[0] if source and not name.startswith(os.sep) else None

        found = [from_environment(fault, self.request.environment) for fault in self.found]
        self.found[:] = in_order(self.placed(with_severities(found, severities), read_bytes))
        return self.result

    def placed(self, found: list[Diagnostic], read_bytes: Callable[[str], bytes | None]) -> list[Diagnostic]:
        """Return diagnostics with their lines; of those in files that did not change, the lines of the last build."""
        from builder.load import place  # noqa: PLC0415

        last, stats = self.last.placed, self.next.stats
        same = {
            file: file in stats and stats[file][4] == self.last.stats.get(file, _NO_STAT)[4]
            for file in {fault.file for fault in found}
        }
        known = [last.get(fault, fault) if same[fault.file] else fault for fault in found]
        made = place(known, read_bytes)
        self.next.placed = {fault: shown for fault, shown in zip(found, made, strict=True) if fault.file in stats}
        return made
