"""The plan of a deploy: the difference between what a target has and what it shall have. Pure, and in order.

The order keeps the site whole at every moment. Whatever a page needs is there before the page; new pages come before
the changed ones that link to them; the home page is the last page; lists of pages (sitemap, feeds) follow; nothing is
deleted before every page that could name it has been replaced. Only files that a deploy put there are ever deleted.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from builder.deploy.records import Retired, is_book

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from builder.deploy.records import Live, Stored


class Phase(IntEnum):
    """When a file is sent; all of a phase is there before the next begins."""

    ASSETS = 0
    FILES = 1
    NEW_PAGES = 2
    PAGES = 3
    HOME = 4
    LISTS = 5

    @property
    def title(self) -> str:
        """How people call it."""
        return self.name.lower().replace("_", " ")


class Upload(NamedTuple):
    """A file to send. `why` is added, changed or headers; `replaces` is what stands there now, as far as known."""

    name: str
    stored: Stored
    why: str
    phase: Phase
    replaces: Stored | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deploy will do, all in order.

    `retired` stays for its grace, `revived` was retired and is wanted again, `left` is what `keep` leaves alone,
    `taken` are foreign files that an upload would replace.
    """

    uploads: tuple[Upload, ...] = ()
    deletes: tuple[tuple[str, Stored], ...] = ()
    retired: Mapping[str, Retired] = field(default_factory=dict)
    revived: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    unchanged: int = 0
    removed: int = 0

    def of(self, why: str) -> list[Upload]:
        """Return the uploads of one kind."""
        return [upload for upload in self.uploads if upload.why == why]

    @property
    def size(self) -> int:
        """Bytes of the files to send, before compression."""
        return sum(upload.stored.size for upload in self.uploads)

    @property
    def changes_site(self) -> bool:
        """Whether visitors will see anything else than before."""
        return bool(self.uploads or self.revived or self.removed)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do at the target."""
        return not self.changes_site and not self.deletes


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say about differences: patterns to leave alone, how long old assets stay, how many deploys."""

    keep: Sequence[str] = ()
    grace: dt.timedelta = dt.timedelta(0)
    keep_deploys: int = 0


def difference(live: Live, wanted: Mapping[str, Stored], now: dt.datetime, rules: Rules) -> Plan:
    """Return what makes the target hold what is wanted."""
    uploads: list[Upload] = []
    revived: list[str] = []
    left: list[str] = []
    unchanged = 0
    for name, stored in wanted.items():
        if is_kept(name, rules.keep):
            left.append(name)
            continue
        here = live.files.get(name)
        old = live.retired.get(name)
        sure = name not in live.doubtful and not (old and old.doomed)
        if here is not None and sure and here.same(stored):
            unchanged += 1
        elif here is None and old is not None and sure and old.stored.same(stored):
            revived.append(name)
        else:
            known = here or (old.stored if old else None)
            uploads.append(_upload(name, stored, known if sure else None, new=known is None and sure))
    deletes: dict[str, Stored] = {}
    retired: dict[str, Retired] = {}
    gone = {name: Retired(stored, now) for name, stored in live.files.items() if name not in wanted}
    for name, entry in {**live.retired, **gone}.items():
        if is_kept(name, rules.keep):
            left.append(name)
            retired[name] = entry
        elif name in wanted:
            continue
        elif _stays(entry, live, now, rules, fresh=name in gone):
            retired[name] = entry
        else:
            deletes[name] = entry.stored
    return Plan(
        uploads=tuple(sorted(uploads, key=lambda upload: (upload.phase, upload.name))),
        deletes=tuple(sorted(deletes.items(), key=lambda item: (-_kind(item[0], item[1]), item[0]))),
        retired=retired,
        revived=tuple(sorted(revived)),
        left=tuple(sorted(set(left))),
        taken=tuple(sorted(upload.name for upload in uploads if upload.name in live.foreign)),
        unchanged=unchanged,
        removed=len(gone),
    )


def _upload(name: str, stored: Stored, known: Stored | None, *, new: bool) -> Upload:
    why = "added" if new else "headers" if known is not None and known.same_bytes(stored) else "changed"
    phase = _kind(name, stored)
    if phase is Phase.PAGES and new:
        phase = Phase.NEW_PAGES
    return Upload(name, stored, why, phase, known)


def _stays(entry: Retired, live: Live, now: dt.datetime, rules: Rules, *, fresh: bool) -> bool:
    """Tell whether a file that the site no longer has stays: an asset does for its grace, and for rollbacks.

    Every other file goes at once: a page that its author deleted must not linger.
    """
    if entry.doomed or not entry.stored.fixed:
        return False
    if now - entry.since < rules.grace or (fresh and rules.keep_deploys):
        return True
    # What was retired after an earlier deploy that can be gone back to, that deploy still shows.
    return any(past.at < entry.since for past in live.history)


def _kind(name: str, stored: Stored) -> Phase:
    """Return the phase of a file that replaces another; a compressed side file goes with the one that it is made of."""
    base = re.sub(r"\.(gz|br)$", "", name) if stored.encoding else name
    if stored.fixed:
        return Phase.ASSETS
    if base == "index.html":
        return Phase.HOME
    if base.endswith((".html", ".htm")):
        return Phase.PAGES
    file = base.rpartition("/")[2]
    listing = base.endswith(".xml") or base.startswith("pagefind/") or re.fullmatch(r"search.*\.(json|js)", file)
    if listing or base in {"robots.txt", "llms.txt", "llms-full.txt", "_redirects", "_headers"}:
        return Phase.LISTS
    return Phase.FILES


def is_page(name: str) -> bool:
    """Tell whether an output file is a page."""
    return name.endswith((".html", ".htm"))


def is_kept(name: str, patterns: Iterable[str]) -> bool:
    """Tell whether a name fits one of the `keep` patterns."""
    return any(_glob(pattern).fullmatch(name) for pattern in patterns)


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    plain = pattern.lstrip("/")
    if plain.endswith("/"):
        plain += "**"
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", plain)
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(signs.get(part) or re.escape(part) for part in parts), re.DOTALL)


def deletions_allowed(limit: str, live: int) -> int:
    """Return how many files a deploy may delete: `max_delete` as a number or a share of the live files; ten always."""
    if limit.endswith("%"):
        return max(10, live * int(limit[:-1]) // 100)
    return int(limit)


def check_names(wanted: Iterable[str]) -> list[str]:
    """Return the names of a build that deploy needs for itself."""
    return sorted(name for name in wanted if is_book(name))
