"""A branch of a git repository as a target: one commit a deploy, made with git's plumbing.

Neither the site's working tree nor its index is touched. The push is conditional on the branch being where it was, so
two deploys cannot overwrite each other; and a push moves the branch in one step, so that no order of files is needed.
Files of the branch that no deploy put there (a README, a CNAME of one's own) stay.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from builder.deploy import books
from builder.deploy.program import Ended, run
from builder.deploy.records import (
    BOOKS,
    DEPLOYED,
    STATE,
    ConflictError,
    DeployError,
    Live,
    Past,
    RefusedError,
    Stored,
    is_book,
    pack,
    stamp,
    unpack,
)
from builder.deploy.release import Form
from builder.deploy.retry import Patience, persist

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from builder.deploy.publish import Task
    from builder.deploy.release import Release
    from builder.targets import BranchKeys

MANIFEST = f"{BOOKS}manifest.json.gz"
_FILE = "100644"
_AGAIN = re.compile(
    r"(?i)could not resolve host|connection (reset|refused|timed out)|timed out|early eof|hung up|returned error: 5"
    r"|operation timed out|temporary failure|remote end"
)
_SAFE_ENVIRONMENT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE")


class _GitError(Exception):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Branch:
    """A branch as a target."""

    retains = True
    tells = True

    def __init__(
        self,
        keys: BranchKeys,
        root: Path,
        state: Path,
        environment: Mapping[str, str],
        patience: Patience | None = None,
    ) -> None:
        self.keys = keys
        self.root = root.absolute()
        self.state = state.absolute()
        self.environment = {name: value for name, value in environment.items() if name not in _SAFE_ENVIRONMENT}
        self.environment.setdefault("GIT_TERMINAL_PROMPT", "0")
        self.patience = patience or Patience()
        self.where = f"branch {keys.branch} of {_without_password(keys.remote)}"
        self.prefix = f"{keys.folder}/" if keys.folder else ""
        self.keep_deploys = 1 if keys.history == "keep" else 0
        extras = {".nojekyll": b""} if keys.nojekyll else {}
        if keys.cname:
            extras["CNAME"] = f"{keys.cname}\n".encode()
        self.form = Form(extras=extras)
        self.ref = f"refs/topicsite/{re.sub(r'[^A-Za-z0-9]+', '-', keys.branch)}"
        self.repository: list[str] = []
        self.depth: list[str] = []

    async def look(
        self, release: Release, wanted: Mapping[str, Stored], note: Callable[[str], None], *, force: bool
    ) -> Live:
        """Fetch the branch and return what its books say."""
        tip = await self._fetch()
        if not tip:
            return Live(pending=self._pending())
        tree = await self._tree(tip)
        live = Live()
        try:
            live = await self._books(tip) or live
        except DeployError as fault:
            note(f"{fault}; comparing the files of the branch instead")
        if not live.id or force:
            live = dataclasses.replace(live, files=_ours(tree, release, wanted))
        foreign = frozenset(name for name in tree if name not in live.files and name not in live.retired)
        foreign = frozenset(name for name in foreign if not is_book(name))
        past = await self._past(tip) if self.keep_deploys else None
        return dataclasses.replace(
            live, foreign=foreign, history=(past,) if past else (), pending=self._pending(), mark=tip
        )

    async def previous(self, live: Live) -> tuple[Past, dict[str, Stored], dict[str, str]]:
        """Return the deploy of the commit before, with the blobs of its files."""
        if not live.history:
            raise RefusedError("the branch has no earlier deploy to go back to")
        parent = f"{live.mark}^"
        files = await self._manifest(parent)
        return live.history[0], files, await self._tree(parent)

    async def publish(self, task: Task) -> Live:
        """Commit the plan and push it, on the condition that the branch is where it was."""
        plan = task.plan
        tip = str(task.live.mark or "")
        live = task.live
        if not plan.empty:
            live = self._after(task)
            commit = await self._commit(task, live, tip)
            await self._push(commit, tip)
            live = dataclasses.replace(live, mark=commit)
        pending = tuple(sorted({*task.live.pending, *(task.pending if not plan.empty else ())}))
        self._remember(pending)
        await task.after(pending)
        self._remember(())
        return live

    async def close(self) -> None:
        """Nothing is held."""

    def _after(self, task: Task) -> Live:
        """Return what is live after the plan."""
        plan, live = task.plan, task.live
        files = {name: stored for name, stored in live.files.items() if name in task.wanted}
        files |= {name: live.retired[name].stored for name in plan.revived}
        files |= {upload.name: upload.stored for upload in plan.uploads}
        identity, at = (task.identity, task.now) if plan.changes_site else (live.id, live.at)
        return Live(identity, at, dict(sorted(files.items())), plan.retired, history=live.history)

    async def _commit(self, task: Task, live: Live, tip: str) -> str:
        keep_parent = tip and self.keys.history == "keep"
        with tempfile.TemporaryDirectory(prefix="topicsite-") as name:
            folder = Path(name)
            index = {"GIT_INDEX_FILE": str(folder / "index")}
            if tip:
                await self._git(["read-tree", tip], index)
            blobs = await self._blobs(task, live, folder)
            rows = [f"{_FILE} {blob}\t{self.prefix}{name}\0" for name, blob in sorted(blobs.items())]
            none = "0" * len(next(iter(blobs.values())))
            rows += [f"0 {none}\t{self.prefix}{name}\0" for name, _ in task.plan.deletes]
            await self._git(["update-index", "-z", "--index-info"], index, "".join(rows).encode())
            tree = (await self._git(["write-tree"], index)).strip()
        message = self.keys.message.replace("{id}", task.identity)
        parents = ["-p", tip] if keep_parent else []
        who = await self._identity(stamp(task.now))
        return (await self._git(["commit-tree", tree, *parents, "-F", "-"], who, f"{message}\n".encode())).strip()

    async def _blobs(self, task: Task, live: Live, folder: Path) -> dict[str, str]:
        """Write the files of the plan, and the books, into the repository; return their blobs by name."""
        made: dict[str, str] = {}
        paths: dict[str, Path] = {}
        meant: dict[str, bytes] = {}
        for upload in task.plan.uploads:
            if upload.name in task.copies:
                made[upload.name] = task.copies[upload.name]
                continue
            data = task.release.body(upload.name, upload.stored)
            source = task.release.source(upload.name, upload.stored)
            if source in task.release.extras or upload.stored.encoding:
                meant[upload.name] = data
            else:
                paths[upload.name] = (task.release.output / source).absolute()
        meant[STATE] = books.state_text(dataclasses.replace(live, history=()))
        meant[MANIFEST] = pack(live.files, id=live.id)
        meant[DEPLOYED] = books.deployed_text(live, books.fingerprint(live.files), task.base_url)
        for number, (name, data) in enumerate(meant.items()):
            paths[name] = folder / f"blob-{number}"
            paths[name].write_bytes(data)
        listed = "".join(f"{_quoted(path)}\n" for path in paths.values())
        text = await self._git(["hash-object", "-w", "--no-filters", "--stdin-paths"], {}, listed.encode())
        made.update(zip(paths, text.split(), strict=True))
        return made

    async def _push(self, commit: str, tip: str) -> None:
        head = f"refs/heads/{self.keys.branch}"
        lease = f"--force-with-lease={head}:{tip}"
        try:
            await self._git(["push", "--quiet", lease, self.keys.remote, f"{commit}:{head}"], {}, network=True)
        except DeployError as fault:
            if await self._tip() == commit:  # the push got through, and its answer got lost
                return
            if re.search(r"stale info|fetch first|non-fast-forward|rejected|cannot lock ref", str(fault)):
                message = f"{self.where} was changed by somebody else, or is protected; run this again"
                raise ConflictError(f"{message} ({_reason(str(fault))})") from fault
            raise
        await self._git(["update-ref", self.ref, commit], {})

    async def _fetch(self) -> str:
        """Fetch the branch; return its commit, or '' where there is no such branch."""
        await self._open()
        tip = await self._tip()
        if tip:
            refs = f"+refs/heads/{self.keys.branch}:{self.ref}"
            fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", *self.depth, self.keys.remote, refs]
            await self._git(fetch, {}, network=True)
            return (await self._git(["rev-parse", self.ref], {})).strip()
        return ""

    async def _open(self) -> None:
        """Find the repository to work in: the site's, if it knows the remote by name, else a bare one of our own."""
        if shutil.which("git", path=self.environment.get("PATH")) is None:
            raise DeployError("git is not installed")
        if self.repository:
            return
        ended = await self._run(["-C", str(self.root), "remote"], {})
        if ended.status == 0 and self.keys.remote in ended.out.decode().split():
            self.repository = ["-C", str(self.root)]
            shallow = await self._git(["rev-parse", "--is-shallow-repository"], {})
            self.depth = ["--depth=2"] if shallow.strip() == "true" else []
            return
        if not re.search(r"[/:]", self.keys.remote):
            raise DeployError(
                f"the site's repository has no remote '{self.keys.remote}'; `remote:` may be an address too"
            )
        own = self.state / "branch.git"
        if not (own / "HEAD").exists():
            own.mkdir(parents=True, exist_ok=True)
            ended = await self._run(["init", "--quiet", "--bare", str(own)], {})
            if ended.status:
                raise DeployError(f"{own}: {_reason(ended.err)}")
        self.repository = [f"--git-dir={own}"]
        self.depth = ["--depth=2"]

    async def _tip(self) -> str:
        head = f"refs/heads/{self.keys.branch}"
        text = await self._git(["ls-remote", self.keys.remote, head], {}, network=True)
        return next((line.split()[0] for line in text.splitlines() if line.endswith(f"\t{head}")), "")

    async def _tree(self, commit: str) -> dict[str, str]:
        """Return the blobs of a commit's files within the folder, by name."""
        text = await self._git(["ls-tree", "-r", "-z", "--full-tree", commit], {})
        found: dict[str, str] = {}
        for row in text.split("\0"):
            kind, _, name = row.partition("\t")
            if name.startswith(self.prefix) and " blob " in f" {kind} ":
                found[name.removeprefix(self.prefix)] = kind.split()[2]
        return found

    async def _books(self, commit: str) -> Live | None:
        data = await self._blob(commit, STATE)
        if data is None:
            return None
        live = books.read_state(data)
        return dataclasses.replace(live, files=await self._manifest(commit))

    async def _manifest(self, commit: str) -> dict[str, Stored]:
        data = await self._blob(commit, MANIFEST)
        if data is None:
            raise DeployError(f"the branch has no {self.prefix}{MANIFEST}")
        return unpack(data, MANIFEST)[0]

    async def _past(self, tip: str) -> Past | None:
        data = await self._blob(f"{tip}^", STATE)
        if data is None:
            return None
        try:
            live = books.read_state(data)
        except DeployError:
            return None
        return Past(live.id, live.at) if live.at else None

    async def _blob(self, commit: str, name: str) -> bytes | None:
        ended = await self._run([*self.repository, "cat-file", "blob", f"{commit}:{self.prefix}{name}"], {})
        return None if ended.status else ended.out

    async def _identity(self, when: str) -> dict[str, str]:
        """Return the variables that name the committer, where git does not know any."""
        made = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        ended = await self._run([*self.repository, "var", "GIT_COMMITTER_IDENT"], {})
        if ended.status:
            for role in ("AUTHOR", "COMMITTER"):
                made |= {f"GIT_{role}_NAME": "topicsite", f"GIT_{role}_EMAIL": "topicsite@localhost"}
        return made

    async def _git(
        self, arguments: Sequence[str], variables: Mapping[str, str], stdin: bytes = b"", *, network: bool = False
    ) -> str:
        async def call() -> str:
            ended = await self._run([*self.repository, *arguments], variables, stdin)
            if ended.status:
                raise _GitError(ended.err)
            return ended.out.decode(errors="surrogateescape")

        def deserves(fault: Exception) -> bool:
            return network and isinstance(fault, _GitError) and _AGAIN.search(fault.text) is not None

        try:
            return await persist(call, self.patience, deserves)
        except _GitError as fault:
            raise DeployError(f"{self.where}: git {arguments[0]} failed: {_reason(fault.text)}") from fault

    async def _run(self, arguments: Sequence[str], variables: Mapping[str, str], stdin: bytes = b"") -> Ended:
        return await run(["git", *arguments], {**self.environment, **variables}, stdin=stdin, folder=self.root)

    def _pending(self) -> tuple[str, ...]:
        try:
            return tuple(map(str, json.loads((self.state / "pending.json").read_bytes())))
        except (OSError, ValueError, TypeError):
            return ()

    def _remember(self, names: Sequence[str]) -> None:
        path = self.state / "pending.json"
        if names:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(list(names)), encoding="utf-8")
        else:
            path.unlink(missing_ok=True)


def _ours(tree: Mapping[str, str], release: Release, wanted: Mapping[str, Stored]) -> dict[str, Stored]:
    """Return the files of a tree that are the release's, by their blobs' names (git-hash-object(1))."""
    found = {}
    for name, stored in wanted.items():
        blob = tree.get(name)
        if blob is None:
            continue
        data = release.body(name, stored)
        algorithm = "sha256" if len(blob) == 64 else "sha1"  # noqa: PLR2004 - hexadecimal digits
        made = hashlib.new(algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False)
        if made.hexdigest() == blob:
            found[name] = stored
    return found


def _reason(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("hint:")]
    telling = [line for line in lines if re.match(r"(?i)(remote: )?(fatal|error|! \[)", line)]
    return (telling or lines or ["unknown fault"])[0]


def _quoted(path: Path) -> str:
    """Return a path as `--stdin-paths` reads it: in C's quotes where it needs them."""
    text = str(path)
    if re.search(r'["\\\n\t]', text):
        return json.dumps(text, ensure_ascii=False)
    return text


def _without_password(remote: str) -> str:
    return re.sub(r"://[^/@]*@", "://", remote)
