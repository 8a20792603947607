"""Targets: what `run.py` asks of each kind, and the table of kinds.

Buckets, folders and servers are stores: objects by name, which `publish.py` keeps whole step by step. A branch,
Cloudflare Pages and Netlify switch from one deploy to the next by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from builder.deploy import books, bucket, folder, publish, rsync
from builder.deploy.branch import Branch
from builder.deploy.hosts import CloudflarePages, Netlify
from builder.deploy.records import DeployError, Past, RefusedError
from builder.targets import (
    BranchKeys,
    BucketKeys,
    CloudflarePagesKeys,
    FolderKeys,
    NetlifyKeys,
    RsyncKeys,
    TargetKeys,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from builder.deploy.publish import Task
    from builder.deploy.records import Live, Stored
    from builder.deploy.release import Form, Release
    from builder.deploy.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """What opening a target takes: the site's folder, the build's output, where to keep things, the environment."""

    name: str
    root: Path
    output: Path
    state: Path
    environment: Mapping[str, str]


class Target(Protocol):
    """A place where a site is published."""

    #: Where it is, for people.
    where: str
    #: How it holds files.
    form: Form
    #: How many deploys it keeps for rollbacks.
    keep_deploys: int
    #: Whether it can keep files that the site no longer has.
    retains: bool
    #: Whether it can be asked what is live.
    tells: bool

    async def look(
        self, release: Release, wanted: Mapping[str, Stored], note: Callable[[str], None], *, force: bool
    ) -> Live:
        """Return what is known of it."""

    async def previous(self, live: Live) -> tuple[Past, dict[str, Stored], dict[str, str]]:
        """Return the deploy before the live one, its files, and the objects at the target that hold those it replaced.

        Where that is not kept: RefusedError, with the reason.
        """

    async def publish(self, task: Task) -> Live:
        """Carry out a plan and return what is live then."""

    async def close(self) -> None:
        """Let go of what is held."""


class StoreTarget:
    """A store as a target."""

    retains = True
    tells = True

    def __init__(self, store: Store, form: Form, keep_deploys: int) -> None:
        self.store = store
        self.where = store.where
        self.form = form
        self.keep_deploys = keep_deploys if store.copies else 0

    async def look(
        self, release: Release, wanted: Mapping[str, Stored], note: Callable[[str], None], *, force: bool
    ) -> Live:
        """Return what its books say."""
        return await books.look(self.store, release, wanted, note, force=force)

    async def previous(self, live: Live) -> tuple[Past, dict[str, Stored], dict[str, str]]:
        """Return the deploy before the live one, from its manifest and from the copies of what was replaced since."""
        if not self.store.copies:
            raise RefusedError("this kind of target keeps no earlier deploys; check out the earlier sources and deploy")
        if not live.history:
            raise RefusedError("no earlier deploy is kept at the target; `keep_deploys` says how many are")
        past = live.history[0]
        files = await books.manifest(self.store, past.id)
        copies: dict[str, str] = {}
        missing: list[str] = []
        for name, stored in files.items():
            here = live.files.get(name) or (live.retired[name].stored if name in live.retired else None)
            if here is not None and here.same(stored) and name not in live.doubtful:
                continue
            if stored.content in live.kept:
                copies[name] = stored.content
            else:
                missing.append(name)
        if missing:
            raise RefusedError(f"{len(missing)} files of deploy {past.id} are no longer kept, such as {missing[0]}")
        return past, files, copies

    async def publish(self, task: Task) -> Live:
        """Carry out a plan, object by object."""
        return await publish.publish(self.store, task)

    async def close(self) -> None:
        """Close the store."""
        await self.store.close()


def open_target(keys: TargetKeys, place: Place) -> Target:
    """Return the target of some settings; nothing is asked of it yet."""
    if isinstance(keys, BucketKeys):
        store = bucket.open_bucket(keys, place.environment)
        return StoreTarget(store, bucket.form_of(keys), keys.keep_deploys)
    if isinstance(keys, FolderKeys):
        return StoreTarget(folder.open_folder(keys, place.root, place.output), folder.form_of(keys), keys.keep_deploys)
    if isinstance(keys, RsyncKeys):
        return StoreTarget(rsync.open_rsync(keys, place.environment), rsync.form_of(keys), 0)
    if isinstance(keys, BranchKeys):
        return Branch(keys, place.root, place.state, place.environment)
    if isinstance(keys, CloudflarePagesKeys):
        return CloudflarePages(keys, place.root, place.state, place.environment)
    if isinstance(keys, NetlifyKeys):
        return Netlify(keys, place.root, place.state, place.environment)
    raise DeployError(f"there is no target of type {keys.type}")
