"""What changed between two lists of links: added, dropped, re-anchored; and the pages whose score moved."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from builder.link.types import Link

#: Points. Every new link moves every score a little; less than this is not worth a line.
MOVED: Final = 1.0


class Reanchored(NamedTuple):
    """A link whose words changed; `was` are the old ones."""

    link: Link
    was: str


class Moved(NamedTuple):
    """A page whose link score moved."""

    path: str
    was: float
    now: float


@dataclass(frozen=True, slots=True)
class LinkDiff:
    """The difference of two builds' links; all sorted by source, target and rule, pages by path."""

    added: tuple[Link, ...] = ()
    dropped: tuple[Link, ...] = ()
    reanchored: tuple[Reanchored, ...] = ()
    moved: tuple[Moved, ...] = ()
    new_pages: tuple[str, ...] = ()
    gone_pages: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anything changed."""
        return any((self.added, self.dropped, self.reanchored, self.moved, self.new_pages, self.gone_pages))


def diff_links(
    old: Iterable[Link], new: Iterable[Link], before: Mapping[str, float], after: Mapping[str, float]
) -> LinkDiff:
    """Return what changed from the old links to the new ones, and from the scores before to those after, by path.

    A link is known by source, target and rule; with other words it is re-anchored. Another reason or sentence alone is
    no change. Pages that are in one build only have no score that could have moved.
    """
    added: list[Link] = []
    dropped: list[Link] = []
    reanchored: list[Reanchored] = []
    first, second = _by_place(old), _by_place(new)
    for place in sorted(first.keys() | second.keys()):
        was, now = first.get(place, {}), second.get(place, {})
        gone = [was[anchor] for anchor in sorted(was.keys() - now.keys())]
        come = [now[anchor] for anchor in sorted(now.keys() - was.keys())]
        both = min(len(gone), len(come))
        reanchored += (Reanchored(link, other.anchor) for link, other in zip(come, gone, strict=False))
        added += come[both:]
        dropped += gone[both:]
    return LinkDiff(
        tuple(added),
        tuple(dropped),
        tuple(reanchored),
        tuple(
            Moved(path, before[path], after[path])
            for path in sorted(before.keys() & after.keys())
            if abs(after[path] - before[path]) >= MOVED
        ),
        tuple(sorted(after.keys() - before.keys())),
        tuple(sorted(before.keys() - after.keys())),
    )


def _by_place(links: Iterable[Link]) -> dict[tuple[str, str, str], dict[str, Link]]:
    """Return the links by source, target and rule, then by anchor."""
    found: defaultdict[tuple[str, str, str], dict[str, Link]] = defaultdict(dict)
    for link in links:
        found[link.source, link.target, link.rule].setdefault(link.anchor, link)
    return found


def summary(diff: LinkDiff) -> str:
    """Return a difference in a few words: `3 added, 1 dropped, 2 re-anchored, 4 scores moved`."""
    counts = [
        (len(diff.added), "added"),
        (len(diff.dropped), "dropped"),
        (len(diff.reanchored), "re-anchored"),
        (len(diff.moved), "score moved" if len(diff.moved) == 1 else "scores moved"),
    ]
    return ", ".join(f"{count:,} {what}" for count, what in counts if count) or "no change"
