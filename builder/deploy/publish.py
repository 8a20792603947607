"""Carrying out a plan at a store, so that the site is whole at every moment and the next deploy can finish this one.

1. take the lock; make sure that the target is as it was when the plan was made
2. write the journal: from now on, whatever is found at the target can be told from foreign files
3. send phase by phase; what a file replaces is copied aside first, if deploys are kept
4. write the manifest, then the state, on the condition that nobody else did: now the new deploy is what is live
5. delete what the site no longer has, then what rollbacks no longer need
6. purge and tell, then write the state once more: nothing is pending

Killed between any two requests, the target has a site whose pages' links and assets resolve, and books from which the
next deploy goes on.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from builder.deploy.books import deployed_text, fingerprint, journal_text, state_text
from builder.deploy.lock import Lock
from builder.deploy.records import (
    DEPLOYED,
    JOURNAL,
    STATE,
    ConflictError,
    Live,
    Past,
    Retired,
    Stored,
    manifest_name,
    pack,
)
from builder.deploy.store import Job

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from builder.deploy.plan import Plan, Upload
    from builder.deploy.release import Release
    from builder.deploy.store import Store


async def _nothing(_: tuple[str, ...]) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Task:
    """All that carrying out a plan takes.

    `wanted` is what the target shall hold. `after` purges and tells of the given names. `copies` are objects at the
    target from which files come, instead of from the release, in a rollback. `tell` gets the phase and the size of each
    file that is done.
    """

    live: Live
    plan: Plan
    wanted: Mapping[str, Stored]
    release: Release
    identity: str
    now: dt.datetime
    base_url: str
    keep_deploys: int = 0
    force: bool = False
    copies: Mapping[str, str] = field(default_factory=dict)
    after: Callable[[tuple[str, ...]], Awaitable[None]] = _nothing
    pending: tuple[str, ...] = ()
    tell: Callable[[str, int], None] = lambda *_: None
    note: Callable[[str], None] = lambda _: None


async def publish(store: Store, task: Task) -> Live:
    """Carry out the plan and return what is live then."""
    plan, live = task.plan, task.live
    async with Lock(store, task.identity, task.note, force=task.force):
        await _unchanged(store, live)
        # What an interrupted deploy had sent counts as there, but no manifest lists it yet.
        advance = plan.changes_site or bool(live.interrupted)
        if advance:
            live = await _advance(store, task)
        else:
            live = dataclasses.replace(live, retired={**plan.retired, **_doomed(task)})
        kept = await _sweep(store, task, live)
        await task.after(live.pending)
        done = dataclasses.replace(live, retired=dict(plan.retired), pending=(), kept=kept)
        if state_text(done) != state_text(live) or not advance:
            done = dataclasses.replace(done, mark=await store.write(STATE, state_text(done), live.mark))
        if advance:
            await store.delete([JOURNAL])
        return dataclasses.replace(done, interrupted="")


async def _unchanged(store: Store, live: Live) -> None:
    found = await store.read(STATE)
    journal = await store.read(JOURNAL)
    if (found.mark if found else None) != live.mark or (journal.mark if journal else None) != live.journal:
        raise ConflictError("the target changed since the plan was made: another deploy finished; run this one again")


async def _advance(store: Store, task: Task) -> Live:
    """Send what is new and make it the live deploy."""
    plan, live = task.plan, task.live
    # After an interrupted deploy some files are ours that no manifest lists; they must not be forgotten.
    ours = live.files if live.interrupted else {}
    await store.write(JOURNAL, journal_text(task.identity, {**ours, **{u.name: u.stored for u in plan.uploads}}))
    saved: dict[str, str] = {}
    files = {name: stored for name, stored in live.files.items() if name in task.wanted}
    files.update({name: live.retired[name].stored for name in plan.revived})
    for phase, uploads in groupby(plan.uploads, key=lambda upload: upload.phase):
        jobs = [_job(store, task, upload, saved) for upload in uploads]
        tags = await store.send(jobs, _teller(task, phase.title))
        files.update({job.name: job.stored._replace(tag=tags.get(job.name, "")) for job in jobs})
    await store.copy(list(_saves(store, task, saved)))
    history = [Past(live.id, live.at), *live.history] if live.id and live.at else list(live.history)
    new = Live(
        id=task.identity,
        at=task.now,
        files=dict(sorted(files.items())),
        retired={**plan.retired, **_doomed(task)},
        pending=tuple(sorted({*live.pending, *task.pending})),
        history=tuple(history[: task.keep_deploys]),
        kept={**live.kept, **saved},
        interrupted=live.interrupted,
    )
    await store.write(manifest_name(new.id), pack(new.files, id=new.id))
    await store.write(DEPLOYED, deployed_text(new, fingerprint(new.files), task.base_url))
    mark = await store.write(STATE, state_text(new), live.mark)
    return dataclasses.replace(new, mark=mark)


def _job(store: Store, task: Task, upload: Upload, saved: dict[str, str]) -> Job:
    save = ""
    old = upload.replaces
    if old is not None and _worth_saving(store, task, old) and not old.same(upload.stored):
        if old.content not in task.live.kept and old.content not in saved:
            save = old.content
        saved[old.content] = task.live.id
    new = upload.why == "added" and not task.force and upload.name not in task.plan.taken
    return Job(
        upload.name,
        upload.stored,
        lambda: task.release.body(upload.name, upload.stored),
        copy=task.copies.get(upload.name, ""),
        save=save,
        new=new,
    )


def _worth_saving(store: Store, task: Task, old: Stored) -> bool:
    return store.copies and task.keep_deploys > 0 and not old.fixed and bool(task.live.id)


def _saves(store: Store, task: Task, saved: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what must be copied aside before it is deleted."""
    for name, stored in task.plan.deletes:
        if name in task.live.files and name not in task.live.doubtful and _worth_saving(store, task, stored):
            if stored.content not in task.live.kept and stored.content not in saved:
                yield name, stored.content
            saved[stored.content] = task.live.id


def _doomed(task: Task) -> dict[str, Retired]:
    """Return what is about to be deleted, as retired files: so the books own them until they are gone."""
    return {name: Retired(stored, task.now, doomed=True) for name, stored in task.plan.deletes}


async def _sweep(store: Store, task: Task, live: Live) -> dict[str, str]:
    """Delete what nobody needs any more, pages first; return the copies that are still kept."""
    for _, group in groupby(task.plan.deletes, key=lambda item: item[1].fixed):
        await store.delete([name for name, _ in group])
    past = {entry.id for entry in live.history}
    before = [entry.id for entry in task.live.history] + ([task.live.id] if task.live.id else [])
    stale = [name for name, owner in live.kept.items() if owner not in past]
    manifests = [manifest_name(identity) for identity in before if identity not in past and identity != live.id]
    if stale or manifests:
        await store.delete([*stale, *manifests])
    return {name: owner for name, owner in live.kept.items() if owner in past}


def _teller(task: Task, phase: str) -> Callable[[Job], None]:
    return lambda job: task.tell(phase, job.stored.size)
