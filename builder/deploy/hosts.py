"""Hosts that take a whole folder and switch to it at once: Cloudflare Pages and Netlify, through their own programs.

They compare by themselves what they have with what comes, and keep earlier deploys. Where the program is not installed,
the deploy makes the archive that the host's dashboard takes, and says what to do with it. What was deployed from here
is noted in `.topicsite/`, for the plan.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import zipfile
from typing import TYPE_CHECKING

from builder.deploy import books
from builder.deploy.program import run
from builder.deploy.records import DEPLOYED, DeployError, Live, Past, RefusedError, instant, pack, stamp, unpack
from builder.deploy.release import Form
from builder.write import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from builder.deploy.publish import Task
    from builder.deploy.records import Stored
    from builder.deploy.release import Release
    from builder.targets import CloudflarePagesKeys, NetlifyKeys


class Host:
    """What both hosts share. Each says which program deploys a folder, and what to do without it."""

    form = Form()
    keep_deploys = 0
    retains = False
    tells = False
    program = ""
    install = ""

    def __init__(self, where: str, root: Path, state: Path, environment: Mapping[str, str]) -> None:
        self.where = where
        self.root = root
        self.state = state.absolute()
        self.environment = dict(environment)

    def arguments(self, folder: str) -> list[str]:
        """Return the program's arguments for a folder."""
        raise NotImplementedError

    def by_hand(self, archive: Path) -> str:
        """Return what to do with an archive where there is no program."""
        raise NotImplementedError

    async def look(
        self,
        release: Release,  # noqa: ARG002 - targets share one signature
        wanted: Mapping[str, Stored],  # noqa: ARG002
        note: Callable[[str], None],
        *,
        force: bool,
    ) -> Live:
        """Return what was deployed from here last; the host itself is not asked."""
        try:
            files, fields = unpack((self.state / "manifest.json.gz").read_bytes(), "the note of the last deploy")
            pending = tuple(str(name) for name in json.loads(fields["pending"]))
            live = Live(fields["id"], instant(fields["at"]), files, pending=pending)
        except (OSError, DeployError, KeyError, ValueError):
            note("what is live is not known here, so everything counts as added; the host compares by itself")
            return Live()
        return dataclasses.replace(live, files={}) if force else live

    async def previous(self, live: Live) -> tuple[Past, dict[str, Stored], dict[str, str]]:  # noqa: ARG002
        """Refuse: the host's dashboard does that."""
        raise RefusedError("this host keeps its deploys itself; go back in its dashboard")

    async def publish(self, task: Task) -> Live:
        """Make the folder, and let the host's program send it."""
        live = Live(task.identity, task.now, dict(task.wanted), pending=task.live.pending)
        if task.plan.empty:
            live = task.live
        else:
            await self._send(task, live)
            live = dataclasses.replace(live, pending=tuple(sorted({*task.live.pending, *task.pending})))
            self._note(live)
        await task.after(live.pending)
        live = dataclasses.replace(live, pending=())
        self._note(live)
        return live

    async def close(self) -> None:
        """Nothing is held."""

    async def _send(self, task: Task, live: Live) -> None:
        stage = self.state / "stage"
        shutil.rmtree(stage, ignore_errors=True)
        try:
            for name, stored in task.wanted.items():
                self._put(stage, name, stored, task.release)
            text = books.deployed_text(live, books.fingerprint(live.files), task.base_url)
            (stage / DEPLOYED).write_bytes(text)
            program = self._program()
            if program is None:
                archive = self.state / "site.zip"
                pack_folder(stage, archive)
                raise DeployError(
                    f"{self.program} is not installed, so nothing was sent. Either install it ({self.install}) and run "
                    f"this again, or {self.by_hand(archive)}"
                )
            ended = await run(
                [program, *self.arguments(str(stage))], self.environment, folder=self.state, line=task.note
            )
            if ended.status:
                last = next((line for line in reversed(ended.err.splitlines()) if line.strip()), "")
                raise DeployError(f"{self.where}: {self.program} ended with status {ended.status}: {last.strip()}")
        except OSError as fault:
            raise DeployError(f"{fault.filename or stage}: {fault.strerror}") from fault
        finally:
            shutil.rmtree(stage, ignore_errors=True)

    def _put(self, stage: Path, name: str, stored: Stored, release: Release) -> None:
        """Give the folder a file: its very bytes, which are checked, as a hard link where that is possible."""
        data = release.body(name, stored)
        path = stage / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(release.output / name, path)
        except OSError:
            path.write_bytes(data)

    def _program(self) -> str | None:
        local = self.root / "node_modules" / ".bin"
        path = os.pathsep.join([str(local.absolute()), self.environment.get("PATH", "")])
        return shutil.which(self.program, path=path)

    def _note(self, live: Live) -> None:
        at = stamp(live.at) if live.at else ""
        text = pack(live.files, id=live.id, at=at, pending=json.dumps(list(live.pending)))
        write_atomically(self.state / "manifest.json.gz", text)


class CloudflarePages(Host):
    """Cloudflare Pages, by Direct Upload (developers.cloudflare.com/pages/get-started/direct-upload)."""

    program = "wrangler"
    install = "npm install --global wrangler"

    def __init__(self, keys: CloudflarePagesKeys, root: Path, state: Path, environment: Mapping[str, str]) -> None:
        super().__init__(f"Cloudflare Pages, project {keys.project}", root, state, environment)
        self.keys = keys
        if keys.account:
            self.environment["CLOUDFLARE_ACCOUNT_ID"] = keys.account

    def arguments(self, folder: str) -> list[str]:
        """Return the arguments of wrangler."""
        project, branch = self.keys.project, self.keys.branch
        return ["pages", "deploy", folder, f"--project-name={project}", f"--branch={branch}", "--commit-dirty=true"]

    def by_hand(self, archive: Path) -> str:
        """Return what to do without wrangler."""
        return (
            f"upload {archive} in the dashboard: Workers & Pages, {self.keys.project}, Create deployment, "
            f"branch {self.keys.branch}"
        )


class Netlify(Host):
    """Netlify, by `netlify deploy` (cli.netlify.com/commands/deploy)."""

    program = "netlify"
    install = "npm install --global netlify-cli"

    def __init__(self, keys: NetlifyKeys, root: Path, state: Path, environment: Mapping[str, str]) -> None:
        super().__init__(f"Netlify, site {keys.site}", root, state, environment)
        self.keys = keys

    def arguments(self, folder: str) -> list[str]:
        """Return the arguments of netlify."""
        live = ["--prod"] if self.keys.production else []
        return ["deploy", "--no-build", f"--dir={folder}", f"--site={self.keys.site}", *live]

    def by_hand(self, archive: Path) -> str:
        """Return what to do without netlify."""
        return f"drop {archive} on the site's page of deploys: https://app.netlify.com/sites/{self.keys.site}/deploys"


def pack_folder(folder: Path, archive: Path) -> None:
    """Make a zip of a folder, the same bytes for the same files."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    part = archive.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name in names:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            made.writestr(entry, (folder / name).read_bytes())
    part.replace(archive)
