"""What a deploy tells its owner: the plan as a table, the summary, the state of a target. Nothing is printed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from builder.deploy.books import fingerprint
from builder.deploy.records import DEPLOYED

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from builder.deploy.plan import Upload
    from builder.deploy.run import Done, Prepared

#: Names shown of each kind, unless all are wanted.
SHOWN = 10


def plan_table(prepared: Prepared) -> Table:
    """Return the plan as a table: what happens to how many files, and their bytes."""
    plan = prepared.plan
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("")
    table.add_column("files", justify="right")
    table.add_column("bytes", justify="right")
    for title, why in (("added", "added"), ("changed", "changed"), ("headers only", "headers")):
        uploads = plan.of(why)
        if uploads:
            table.add_row(title, f"{len(uploads):,}", size(_sum(uploads)))
    if plan.deletes:
        table.add_row("deleted", f"{len(plan.deletes):,}", size(sum(stored.size for _, stored in plan.deletes)))
    rest = (("back again", len(plan.revived)), ("kept for a while", len(plan.retired)), ("left alone", len(plan.left)))
    for title, number in rest:
        if number:
            table.add_row(title, f"{number:,}", "")
    table.add_row("unchanged", f"{plan.unchanged:,}", "")
    return table


def plan_names(prepared: Prepared, *, everything: bool = False) -> list[str]:
    """Return the names of what the plan changes, a line each; a few of each kind, or all."""
    plan = prepared.plan
    lines: list[str] = []
    for title, why in (("added", "added"), ("changed", "changed"), ("headers", "headers")):
        lines += _some(title, [upload.name for upload in plan.of(why)], everything=everything)
    lines += _some("deleted", [name for name, _ in plan.deletes], everything=everything)
    return lines


def heading(prepared: Prepared) -> str:
    """Return one line: the target, and what is live there."""
    live, order = prepared.live, prepared.order
    unknown = "nothing is live there yet" if prepared.target.tells else "what is live there is not known here"
    state = f"live: {live.id}, since {moment(live.at)}" if live.id and live.at else unknown
    return f"{order.name}: {prepared.target.where} ({state})"


def summary(prepared: Prepared, done: Done, seconds: float) -> list[str]:
    """Return what was done, with the URLs that changed."""
    plan = prepared.plan
    sent = f"{len(plan.uploads):,} files ({size(plan.size)}) sent, {len(plan.deletes):,} deleted"
    purged = f", {done.purged:,} URLs purged" if done.purged else ""
    told = f", {done.told:,} told of" if done.told else ""
    verb = f"rolled back to {prepared.past.id} as" if prepared.past else "deployed"
    lines = [f"{verb} {done.live.id}: {sent}{purged}{told} ({seconds:.1f} s)"]
    return [*lines, *_some("", done.urls, everything=False)]


def status(prepared: Prepared, said: Mapping[str, object] | None = None) -> list[str]:
    """Return what is live, and whether it is the build; `said` is what the site's `deployed.json` says."""
    live, plan = prepared.live, prepared.plan
    if not live.id and said is not None:
        same = said.get("build") == fingerprint(prepared.wanted)
        verdict = "the build is what is live" if same else "the build differs from what is live"
        return [
            f"{prepared.order.name}: {prepared.target.where} (live: {said.get('deploy')}, {said.get('at')})",
            verdict,
        ]
    lines = [heading(prepared)]
    if not live.id and not prepared.target.tells:
        return [*lines, f"no {DEPLOYED} at {prepared.order.config.base_url} tells it either"]
    if live.id:
        total = sum(stored.size for stored in live.files.values())
        lines.append(f"{len(live.files):,} files, {size(total)}; {len(live.retired):,} old assets kept for a while")
        if live.history:
            lines.append(f"--rollback goes back to {live.history[0].id}, of {moment(live.history[0].at)}")
    if live.interrupted:
        lines.append(f"deploy {live.interrupted} was interrupted; deploying again finishes it")
    if live.pending:
        lines.append(f"{len(live.pending):,} URLs are still to be purged or told of; deploying again does it")
    if not plan.changes_site:
        lines.append("the build is what is live")
    else:
        numbers = [(len(plan.of(why)), why) for why in ("added", "changed", "headers")]
        numbers.append((plan.removed, "deleted"))
        parts = ", ".join(f"{number:,} {what}" for number, what in numbers if number)
        lines.append(f"the build differs from what is live: {parts or 'assets come back'}")
    return lines


def size(number: int) -> str:
    """Return a number of bytes as people read it."""
    amount = float(number)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:  # noqa: PLR2004 - SI
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"  # noqa: PLR2004
        amount /= 1000
    return f"{amount:,.1f} GB"


def moment(when: dt.datetime | None) -> str:
    """Return an instant as people read it, in UTC."""
    return f"{when:%Y-%m-%d %H:%M} UTC" if when else "an unknown time"


def _sum(uploads: Iterable[Upload]) -> int:
    return sum(upload.stored.size for upload in uploads)


def _some(title: str, names: Sequence[str], *, everything: bool) -> list[str]:
    shown = names if everything or len(names) <= SHOWN + 1 else names[:SHOWN]
    lead = f"  {title:8} " if title else "  "
    lines = [f"{lead}{name}" for name in shown]
    if len(shown) < len(names):
        lines.append(f"{lead}… and {len(names) - len(shown):,} more")
    return lines
