"""The books of a target: what topicsite knows of it, kept at the target itself.

`state.json` is the truth and is written last; it names the deploy that is live. `deploys/<id>.json.gz` is that deploy's
manifest, written once. `journal.json.gz` says what a deploy is about to write, so that the next one knows what an
interrupted one may have left. `objects/` holds copies of what deploys replaced, for rollbacks. `deployed.json`, beside
the site, tells the world what is live. Books that are lost are rebuilt from a listing: each object says what it is.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from builder.deploy.records import (
    FORMAT,
    JOURNAL,
    OBJECTS,
    STATE,
    DeployError,
    Live,
    Past,
    Retired,
    Stored,
    instant,
    is_book,
    manifest_name,
    pack,
    stamp,
    unpack,
)
from builder.files import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from builder.deploy.release import Release
    from builder.deploy.store import Found, Listed, Store


async def look(
    store: Store, release: Release, wanted: Mapping[str, Stored], note: Callable[[str], None], *, force: bool = False
) -> Live:
    """Return what is known of a target; with `force`, or where its books are lost, from a listing."""
    found = await store.read(STATE)
    live, trouble = Live(), ""
    if found is not None:
        try:
            live = await _read_books(store, found)
        except DeployError as fault:
            trouble = str(fault)
    if trouble:
        note(f"{trouble.partition(';')[0]}; rebuilding the books from a listing")
    journal = await store.read(JOURNAL)
    live = dataclasses.replace(live, mark=found.mark if found else None, journal=journal.mark if journal else None)
    if found is None and journal is not None:
        note("the first deploy was interrupted; what it has sent is not sent again")
    if found is None or force or trouble:
        return await _rebuild(store, release, wanted, live)
    if journal is not None:
        identity, intended = _journal(journal.data)
        if not identity:
            return await _rebuild(store, release, wanted, live)
        if identity != live.id:
            note(f"deploy {identity} was interrupted; what it has sent is not sent again")
            return await _resolve(store, release, wanted, live, identity, intended)
    return live


async def _read_books(store: Store, found: Found) -> Live:
    live = read_state(found.data)
    return dataclasses.replace(live, files=await manifest(store, live.id))


def read_state(text: bytes) -> Live:
    """Return what a state says, without the files; a damaged one is a DeployError."""
    data = _load(text, STATE)
    try:
        identity, at = str(data["id"]), instant(data["at"])
        retired = {
            name: Retired(
                Stored(digest, size, encoding, tuple(sorted(headers.items())), bool(fixed), tag),
                instant(since),
                bool(doomed),
            )
            for name, (digest, size, encoding, headers, fixed, tag, since, doomed) in data["retired"].items()
        }
        history = tuple(Past(past, instant(when)) for past, when in data["history"])
        pending, kept = tuple(map(str, data["pending"])), dict(data["kept"])
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise DeployError(f"{STATE} at the target is damaged") from fault
    return Live(identity, at, {}, retired, pending=pending, history=history, kept=kept)


async def manifest(store: Store, identity: str) -> dict[str, Stored]:
    """Return the files of a deploy; a missing manifest is a DeployError."""
    name = manifest_name(identity)
    found = await store.read(name)
    if found is None:
        raise DeployError(f"{name} is missing at the target")
    return unpack(found.data, name)[0]


def state_text(live: Live) -> bytes:
    """Return the state as it is written at the target."""
    retired = {
        name: [s.digest, s.size, s.encoding, dict(s.headers), int(s.fixed), s.tag, stamp(since), int(doomed)]
        for name, (s, since, doomed) in sorted(live.retired.items())
    }
    data = {
        "format": FORMAT,
        "id": live.id,
        "at": stamp(live.at) if live.at else None,
        "retired": retired,
        "pending": list(live.pending),
        "history": [[past.id, stamp(past.at)] for past in live.history],
        "kept": dict(sorted(live.kept.items())),
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def fingerprint(files: Mapping[str, Stored]) -> str:
    """Return a digest of some files and their contents, by which a build is known at a target."""
    rows = [(name, stored.digest) for name, stored in sorted(files.items())]
    return digest(json.dumps(rows, ensure_ascii=False).encode())


def deployed_text(live: Live, build: str, base_url: str) -> bytes:
    """Return `deployed.json`: what is live, for people and programs."""
    data = {
        "deploy": live.id,
        "at": stamp(live.at) if live.at else None,
        "url": base_url,
        "build": build,
        "files": len(live.files),
        "bytes": sum(stored.size for stored in live.files.values()),
        "previous": live.history[0].id if live.history else None,
    }
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()


def journal_text(identity: str, files: Mapping[str, Stored]) -> bytes:
    """Return the journal of a deploy: every file that may be ours at the target without being in the manifest yet."""
    return pack(files, id=identity)


def _journal(data: bytes) -> tuple[str, dict[str, Stored]]:
    """Return whose journal it is and what it lists; '' where it cannot be read."""
    try:
        files, fields = unpack(data, JOURNAL)
    except DeployError:
        return "", {}
    return str(fields.get("id", "")), files


async def _resolve(
    store: Store,
    release: Release,
    wanted: Mapping[str, Stored],
    live: Live,
    identity: str,
    intended: Mapping[str, Stored],
) -> Live:
    """Find out how far an interrupted deploy came: compare what it meant to write with what is there."""
    listed = {item.name: item async for item in store.listing()}
    files = dict(live.files)
    unsure: list[str] = []
    for name, meant in sorted(intended.items()):
        item, before = listed.get(name), live.files.get(name)
        if item is None:
            files.pop(name, None)
        elif before is None or not item.tag or item.tag != before.tag or not _untouched(before, meant):
            unsure.append(name)
    now = await store.identify(unsure, _guesser(release, wanted))
    files.update({name: now.get(name, intended[name]) for name in unsure})
    doubtful = frozenset(unsure) - now.keys()
    kept = {name: live.kept.get(name, live.id) for name in listed if name.startswith(OBJECTS)}
    kept.update(live.kept)
    return dataclasses.replace(live, files=files, doubtful=doubtful, kept=kept, interrupted=identity)


async def _rebuild(store: Store, release: Release, wanted: Mapping[str, Stored], last: Live) -> Live:
    """Make new books from a listing. `last` is what the old ones said, as far as they could be read."""
    listed: list[Listed] = [item async for item in store.listing()]
    names = [item.name for item in listed if not is_book(item.name)]
    files = await store.identify(names, _guesser(release, wanted))
    foreign = frozenset(names) - files.keys()
    retired = {
        name: Retired(files.pop(name), last.retired[name].since)
        for name in list(files)
        if name in last.retired and name not in wanted
    }
    kept = {item.name: last.kept.get(item.name, "lost") for item in listed if item.name.startswith(OBJECTS)}
    return dataclasses.replace(last, files=dict(sorted(files.items())), retired=retired, foreign=foreign, kept=kept)


def _untouched(before: Stored, meant: Stored) -> bool:
    """Tell whether equal tags prove that a file is as it was: not if only its headers were to change."""
    return before.same(meant) or not before.same_bytes(meant)


def _guesser(release: Release, wanted: Mapping[str, Stored]) -> Callable[[str], tuple[Stored, bytes] | None]:
    def guess(name: str) -> tuple[Stored, bytes] | None:
        stored = wanted.get(name)
        return (stored, release.body(name, stored)) if stored is not None else None

    return guess


def _load(data: bytes, name: str) -> dict[str, Any]:
    try:
        read = json.loads(data)
        if read["format"] != FORMAT:
            raise DeployError(f"{name} at the target was written by another version of topicsite")
    except (ValueError, KeyError, TypeError) as fault:
        raise DeployError(f"{name} at the target is damaged") from fault
    return dict(read)
