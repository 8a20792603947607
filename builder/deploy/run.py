"""The story of a deploy: what was built, what is live, the difference, its limits, and carrying it out.

`prepare` asks the target and changes nothing; `perform` does what `prepare` planned. `cli/deploy.py` stands between the
two, shows the plan and asks.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from builder.deploy import http, indexnow, purge
from builder.deploy.compress import SUFFIXES, Compressor
from builder.deploy.plan import Plan, Rules, deletions_allowed, difference, is_page
from builder.deploy.publish import Task
from builder.deploy.records import DEPLOYED, DeployError, Live, Past, RefusedError, Stored, stamp
from builder.deploy.release import HOST_FILES, Release
from builder.deploy.retry import Patience, each
from builder.deploy.target import Place, open_target
from builder.diagnostics import did_you_mean
from builder.emit.headers import header_rules
from builder.urls import path_of
from builder.write import STATE, Manifest, write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from builder.config import SiteConfig
    from builder.deploy.target import Target
    from builder.targets import TargetKeys

#: Requests to an API at a time.
REQUESTS = 8
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1|0\.0\.0\.0")


@dataclass(frozen=True, slots=True)
class Order:
    """What to deploy where: the build in `output`, whose manifest is in `state`, to the target `name`.

    `identity` names the deploy; `force` believes the target's listing instead of its books, replaces foreign files and
    breaks locks; `max_delete` overrides the target's limit.
    """

    root: Path
    output: Path
    state: Path
    config: SiteConfig
    name: str
    keys: TargetKeys
    now: dt.datetime
    identity: str
    environment: Mapping[str, str]
    force: bool = False
    rollback: bool = False
    max_delete: int | None = None

    @property
    def notes(self) -> Path:
        """The folder for what deploys to this target remember on this machine."""
        return notes_folder(self.root, self.name)


def choose(targets: Mapping[str, TargetKeys], name: str | None) -> str:
    """Return which target is meant: the named one, else the only one, else `production`; RefusedError if none is."""
    known = ", ".join(targets)
    if not targets:
        raise RefusedError("site.yaml has no deploy targets; `deploy:` lists them (docs/deploy.md)")
    if name is None:
        if len(targets) == 1:
            return next(iter(targets))
        if "production" in targets:
            return "production"
        raise RefusedError(f"which target? site.yaml has {known}")
    if name not in targets:
        raise RefusedError(
            f"there is no target '{name}'; {did_you_mean(name, targets, otherwise=f'site.yaml has {known}')}"
        )
    return name


@dataclass(slots=True)
class Prepared:
    """A deploy that is ready to go. `past` is the deploy that a rollback goes back to."""

    order: Order
    target: Target
    release: Release
    wanted: Mapping[str, Stored]
    live: Live
    plan: Plan
    copies: Mapping[str, str] = field(default_factory=dict)
    past: Past | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing at all to do."""
        return self.plan.empty and not self.live.pending and not self.live.interrupted

    @property
    def deletions(self) -> int:
        """Files that visitors can no longer get after the deploy; assets past their grace do not count."""
        return sum(1 for _, stored in self.plan.deletes if not stored.fixed)


@dataclass(frozen=True, slots=True)
class Done:
    """What a deploy came to: what is live, and the URLs that changed."""

    live: Live
    urls: tuple[str, ...]
    purged: int = 0
    told: int = 0


def notes_folder(root: Path, name: str) -> Path:
    """Return the folder for what deploys to a target remember on this machine."""
    return root / STATE / "deploy" / name


async def prepare(order: Order, note: Callable[[str], None]) -> Prepared:
    """Ask the target what it has, and plan. What forbids the deploy, but for its limits, is raised."""
    place = Place(order.name, order.root, order.output, order.notes, order.environment)
    target = open_target(order.keys, place)
    try:
        release = _release(order, target)
        wanted: Mapping[str, Stored] = release.wanted(target.form)
        live = await target.look(release, wanted, note, force=order.force)
        copies: Mapping[str, str] = {}
        past = None
        if order.rollback:
            past, wanted, copies = await target.previous(live)
        grace = dt.timedelta(seconds=order.keys.keep_old_assets)
        rules = Rules(order.keys.keep, grace, target.keep_deploys) if target.retains else Rules()
        plan = difference(live, wanted, order.now, rules)
        return Prepared(order, target, release, wanted, live, plan, copies, past)
    except BaseException:
        await target.close()
        raise


def _release(order: Order, target: Target) -> Release:
    entries = Manifest.load(order.state / "manifest.json").entries
    if not entries and not order.rollback:
        raise RefusedError(f"nothing is built in {order.output}; run `topicsite build`")
    urls = order.config.urls
    rules = header_rules(urls, order.config.headers, order.config.search)
    compressor = Compressor(order.root / STATE / "compressed")
    release = Release(order.output, entries, rules, urls.base_path, compressor)
    for name, data in target.form.extras.items():
        release.add(name, data)
    if order.keys.indexnow is not None:
        release.add(*indexnow.key_file(order.keys.indexnow))
    return release


def check_limits(prepared: Prepared) -> None:
    """Raise RefusedError where the plan does what its owner should decide: see `--force` and `--max-delete`."""
    order, plan, live = prepared.order, prepared.plan, prepared.live
    if plan.taken and not order.force:
        names = ", ".join(plan.taken[:3]) + (" …" if len(plan.taken) > 3 else "")  # noqa: PLR2004 - a few
        raise RefusedError(
            f"the deploy would replace {len(plan.taken)} files that topicsite did not put there ({names}); "
            "--force replaces them, `keep:` in site.yaml leaves them alone"
        )
    limit = order.keys.max_delete if order.max_delete is None else str(order.max_delete)
    allowed = deletions_allowed(limit, len(live.files))
    if prepared.deletions > allowed:
        raise RefusedError(
            f"the deploy would delete {prepared.deletions:,} of {len(live.files):,} files, more than the {allowed:,} "
            f"that `max_delete: {limit}` allows; if that is right, say --max-delete {prepared.deletions}"
        )
    host = urlsplit(order.config.base_url).hostname or ""
    if order.keys.type != "folder" and _LOOPBACK.fullmatch(host) and not order.rollback:
        raise RefusedError(
            f"`base_url` is {order.config.base_url}, so every canonical link would lead to the visitor's own machine; "
            "set it in site.yaml, for this target, or as TOPICSITE_BASE_URL"
        )


async def perform(
    prepared: Prepared,
    tell: Callable[[str, int], None] = lambda *_: None,
    note: Callable[[str], None] = lambda _: None,
    patience: Patience | None = None,
) -> Done:
    """Carry out what was prepared; what the target or the network does wrong is raised as DeployError."""
    order, plan, target = prepared.order, prepared.plan, prepared.target
    check_limits(prepared)
    if order.keys.purge is not None:
        purge.CREDENTIALS[order.keys.purge.type](order.keys.purge, order.environment)
    names = changed_names(plan)
    after = _After(prepared, note, patience or Patience())
    task = Task(
        live=prepared.live,
        plan=plan,
        wanted=prepared.wanted,
        release=prepared.release,
        identity=order.identity,
        now=order.now,
        base_url=order.config.base_url,
        keep_deploys=target.keep_deploys,
        force=order.force,
        copies=prepared.copies,
        after=after,
        pending=names if order.keys.purge or order.keys.indexnow else (),
        tell=tell,
        note=note,
    )
    try:
        live = await target.publish(task)
    finally:
        await target.close()
    if not order.rollback:
        prepared.release.compressor.forget_all_but(stored.digest for stored in prepared.wanted.values())
    urls = tuple(dict.fromkeys(url_of(name, order.config.base_url) for name in names))
    done = Done(live, urls, after.purged, after.told)
    _report(order, plan, done)
    return done


class _After:
    """What follows a deploy: the purge and the telling, of the names it is called with."""

    def __init__(self, prepared: Prepared, note: Callable[[str], None], patience: Patience) -> None:
        self.prepared = prepared
        self.note = note
        self.patience = patience
        self.purged = 0
        self.told = 0

    async def __call__(self, names: tuple[str, ...]) -> None:
        order, keys, live = self.prepared.order, self.prepared.order.keys, self.prepared.live
        if names and keys.purge is not None and (live.id or live.files):  # no cache holds what was never there
            base = _slashed(keys.purge.base_url or order.config.base_url)
            urls = purge_urls(names, base)
            who = order.environment
            requests = purge.requests(keys.purge, urls, base, who, order.identity, order.now)
            self.note(f"purging {len(urls):,} URLs")
            await each(requests, self._send, REQUESTS)
            self.purged = len(urls)
        if names and keys.indexnow is not None:
            urls = self._to_tell(names)
            await each(indexnow.requests(keys.indexnow, urls, order.config.base_url), self._send, 1)
            self.told = len(urls)

    async def _send(self, request: http.Request) -> None:
        await http.send(request, self.patience)

    def _to_tell(self, names: Sequence[str]) -> list[str]:
        release, wanted = self.prepared.release, self.prepared.wanted
        maps = [name for name in release.entries if re.fullmatch(r"sitemap[\w.-]*\.xml", name)]
        listed = indexnow.listed((release.output / name).read_bytes() for name in maps)
        urls = ((name, url_of(name, self.prepared.order.config.base_url)) for name in names if is_page(name))
        return list(dict.fromkeys(url for name, url in urls if url in listed or name not in wanted))


def changed_names(plan: Plan) -> tuple[str, ...]:
    """Return the files whose URLs show something else than before; new assets are nobody's news."""
    changed = [
        (upload.name, upload.stored) for upload in plan.uploads if not upload.stored.fixed or upload.why != "added"
    ]
    return tuple(sorted({_visited(name, stored) for name, stored in (*changed, *plan.deletes)} - HOST_FILES))


def url_of(name: str, base_url: str) -> str:
    """Return the address of an output file."""
    return base_url + quote(path_of(name).lstrip("/"), safe="/-_.~!$&'()*+,;=:@")


def purge_urls(names: Sequence[str], base_url: str) -> list[str]:
    """Return the addresses under which caches may hold some files: a page's folder, and its file in it."""
    urls: list[str] = []
    for name in names:
        urls.append(url_of(name, base_url))
        if name.rpartition("/")[2] == "index.html":
            urls.append(base_url + quote(name))
    return list(dict.fromkeys(urls))


def _visited(name: str, stored: Stored) -> str:
    """Return the file that visitors ask for: of a compressed side file, the one that it stands beside."""
    return name.removesuffix(SUFFIXES[stored.encoding]) if stored.encoding else name


def _slashed(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"


def _report(order: Order, plan: Plan, done: Done) -> None:
    """Leave the whole list of a deploy's changes on this machine, for what comes after it in CI."""
    data = {
        "deploy": done.live.id,
        "at": stamp(order.now),
        "target": order.name,
        "added": [upload.name for upload in plan.of("added")],
        "changed": [upload.name for upload in plan.of("changed")],
        "headers": [upload.name for upload in plan.of("headers")],
        "deleted": [name for name, _ in plan.deletes],
        "urls": list(done.urls),
    }
    text = json.dumps(data, ensure_ascii=False, indent=1) + "\n"
    write_atomically(order.notes / "last.json", text.encode())


async def deployed(prepared: Prepared) -> dict[str, object] | None:
    """Return what the site's own `deployed.json` says, for targets that cannot be asked; None where there is none."""
    url = _slashed(prepared.order.config.base_url) + DEPLOYED
    try:
        answer = await http.send(http.Request("GET", url), dataclasses.replace(Patience(), attempts=2))
        read = json.loads(answer.body)
    except (ValueError, DeployError):
        return None
    return read if isinstance(read, dict) else None
