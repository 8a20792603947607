"""Deploys through the real rsync: over ssh to a local sshd, and to a local rsync daemon with a password."""

import asyncio
import getpass
import gzip
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from builder.deploy import rsync
from builder.deploy.records import ConflictError, DeployError, RefusedError, is_book
from builder.deploy.retry import Patience
from builder.deploy.run import check_limits, perform, prepare
from builder.deploy.ssh import host_of
from builder.targets import RsyncKeys, check_targets
from tests.deploy.servers import free_port, running
from tests.deploy.sites import Built, Garden, broken, deployed

SECRET = "made-up password of the daemon"
SITE = {"index.html": "home " * 100, "a/index.html": "a", "größe & c++/it's.html": "g", "assets/a.1234.css": "body {}"}


@dataclass
class Server:
    """A server's folder, and the settings of a target for it."""

    folder: Path
    target: dict[str, object]
    environment: dict[str, str] = field(default_factory=dict)

    def files(self) -> dict[str, bytes]:
        """Return the files of the folder but the books of deploys."""
        names = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())
        return {name: (self.folder / name).read_bytes() for name in sorted(names) if not is_book(name)}


@pytest.fixture(scope="module")
def sshd(system_part: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Run an sshd that lets this user in by a key of its own; give the ssh command for it."""
    program, ssh = system_part("sshd"), system_part("ssh")
    home = tmp_path_factory.mktemp("sshd")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / name], check=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # what Debian's service makes; sshd wants it of root
    port = free_port()
    lines = [
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {home}/host",
        f"AuthorizedKeysFile {home}/user.pub",
        "PidFile none",
        "StrictModes no",
        "PermitRootLogin prohibit-password",
        "PasswordAuthentication no",
        "UsePAM no",
    ]
    (home / "config").write_text("\n".join(lines) + "\n")
    public = (home / "host.pub").read_text().split()
    (home / "known").write_text(f"[127.0.0.1]:{port} {public[0]} {public[1]}\n")
    command = [program, "-D", "-e", "-f", str(home / "config")]
    with running(command, f"ssh://127.0.0.1:{port}", log=home / "log"):
        options = ["-F", "none", "-p", str(port), "-i", str(home / "user"), "-o", f"UserKnownHostsFile={home}/known"]
        yield [ssh, *options, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]


@pytest.fixture(scope="module")
def daemon(system_part: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Run an rsync daemon whose module asks for a password; give its address and the module's folder."""
    home = tmp_path_factory.mktemp("rsyncd")
    module = home / "module"
    module.mkdir()
    (home / "secrets").write_text(f"deployer:{SECRET}\n")
    (home / "secrets").chmod(0o600)
    port = free_port()
    lines = [
        f"port = {port}",
        "address = 127.0.0.1",
        "use chroot = no",
        f"log file = {home}/log",
        *([f"uid = {os.getuid()}", f"gid = {os.getgid()}"] if os.geteuid() == 0 else []),
        "[site]",
        f"path = {module}",
        "read only = no",
        "auth users = deployer",
        f"secrets file = {home}/secrets",
    ]
    (home / "config").write_text("\n".join(lines) + "\n")
    command = [system_part("rsync"), "--daemon", "--no-detach", f"--config={home}/config"]
    with running(command, f"rsync://127.0.0.1:{port}"):
        yield f"rsync://deployer@127.0.0.1:{port}/site", module


@pytest.fixture(params=["folder"])
def server(
    request: pytest.FixtureRequest,
    system_part: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Server:
    """Give an empty folder that rsync reaches: on this machine, over ssh, or through its daemon, as a test wants it."""
    system_part("rsync")
    folder = tmp_path / "published site"
    target: dict[str, object] = {"type": "rsync"}
    if request.param == "ssh":
        target["ssh"] = request.getfixturevalue("sshd")
        target["destination"] = f"{getpass.getuser()}@127.0.0.1:{folder}"
    elif request.param == "daemon":
        address, module = request.getfixturevalue("daemon")
        folder = module / tmp_path.name
        target["destination"] = f"{address}/{tmp_path.name}"
        monkeypatch.setenv("RSYNC_PASSWORD", SECRET)
    else:
        target["destination"] = str(folder)
    folder.mkdir()
    return Server(folder, target)


@pytest.mark.parametrize("server", ["ssh", "daemon", "folder"], indirect=True)
def test_folder_becomes_the_build(built: Built, server: Server) -> None:
    """Files come, change and go, with side files beside text; the next plan is empty, also after a listing."""
    target = {**server.target, "compress": ["gzip"], "keep_old_assets": "0"}
    (server.folder / "downloads").mkdir()
    (server.folder / "downloads/report.pdf").write_bytes(b"%PDF")
    foreign = {"downloads/report.pdf": b"%PDF"}
    built.write(SITE)
    built.deploy(target)
    files = server.files()
    assert gzip.decompress(files.pop("index.html.gz")).decode() == SITE["index.html"]
    assert files == {name: text.encode() for name, text in SITE.items()} | foreign
    assert (server.folder / "index.html").stat().st_mode & 0o777 == 0o644

    built.write({"index.html": "two", "b/index.html": "b"})
    done = built.deploy(target)
    assert server.files() == {"index.html": b"two", "b/index.html": b"b"} | foreign
    assert not (server.folder / "a").exists(), "no empty folder is left"
    assert "https://www.example.com/b/" in done.urls
    assert built.plan(target).empty
    forced = built.plan(target, force=True)
    assert forced.empty
    assert forced.live.foreign == {"downloads/report.pdf"}


def test_foreign_files_are_left_alone(built: Built, server: Server) -> None:
    """A file that a deploy did not put there is not replaced, whether it was there before or came later."""
    (server.folder / "index.html").write_text("somebody else's")
    built.write({"index.html": "ours"})
    with pytest.raises(RefusedError, match=r"would replace 1 files .*\(index.html\)"):
        built.deploy(server.target)
    (server.folder / "index.html").unlink()
    built.deploy(server.target)
    (server.folder / "b.html").write_text("somebody else's")
    built.write({"index.html": "ours", "b.html": "ours"})
    with pytest.raises(RefusedError, match=r"a file that topicsite did not put there is in the way: b.html"):
        built.deploy(server.target)
    assert server.files()["b.html"] == b"somebody else's"
    built.deploy(server.target, force=True)
    assert server.files()["b.html"] == b"ours"


def test_lost_books_are_rebuilt(built: Built, server: Server) -> None:
    """Without its books a folder is compared with the build: equal files are ours, and only the others are sent."""
    built.write(SITE)
    built.deploy(server.target)
    for path in (server.folder / ".topicsite").rglob("*"):
        if path.is_file():
            path.unlink()
    built.write(SITE | {"new.html": "new"})
    plan = built.plan(server.target).plan
    assert [upload.name for upload in plan.uploads] == ["new.html"]
    built.deploy(server.target)
    assert built.plan(server.target).empty


def test_no_rollback(built: Built, server: Server) -> None:
    """Nothing is copied at the target through rsync, so nothing is kept for going back; the message says what to do."""
    built.write(SITE)
    built.deploy(server.target)
    with pytest.raises(RefusedError, match="keeps no earlier deploys; check out the earlier sources and deploy"):
        built.deploy(server.target, rollback=True)


def test_deletions_above_the_cap_are_refused(built: Built, server: Server) -> None:
    """Deletions above the cap are refused before anything is sent."""
    built.write({f"{number}.html": "x" for number in range(30)})
    built.deploy(server.target)
    built.write({"index.html": "only"})
    with pytest.raises(RefusedError, match="would delete 30 of 30 files"):
        check_limits(built.plan(server.target))


def test_dropped_connections(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system_part: Callable[[str], str]
) -> None:
    """Wherever rsync is cut off, the site is whole, and running it again finishes.

    The rsync on PATH is one that does its work so many times, and then ends as after a lost connection.
    """
    monkeypatch.setattr(rsync.Rsync, "heartbeat", 0.05)
    real = system_part("rsync")
    bin_folder, published = tmp_path / "bin", tmp_path / "published"
    calls, budget = tmp_path / "calls", tmp_path / "budget"
    bin_folder.mkdir()
    (bin_folder / "rsync").write_text(
        f'#!/bin/sh\necho >> {calls}\n[ "$(wc -l < {calls})" -le "$(cat {budget})" ] && exec {real} "$@"\n'
        'echo "connection unexpectedly closed" >&2\nexit 12\n'
    )
    (bin_folder / "rsync").chmod(0o755)
    published.mkdir()
    monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(rsync, "Patience", lambda: Patience(attempts=1))
    target: dict[str, object] = {
        "type": "rsync",
        "destination": str(published),
        "keep_old_assets": "0",
        "max_delete": "100%",
    }
    garden = Garden(3)
    known: set[str] = set()
    interrupted = 0
    for allowed in (4, 10, 15, 20):
        built.write(garden.files())
        calls.write_text("")
        budget.write_text(str(allowed))
        try:
            built.deploy(target)
        except DeployError:
            interrupted += 1
        here = Server(published, target).files()
        assert broken(here, known=known & garden.files().keys()) == []
        budget.write_text("1000")
        built.deploy(target)
        now = {name: data for name, data in Server(published, target).files().items() if "assets/" not in name}
        assert now == {name: text.encode() for name, text in garden.files().items() if "assets/" not in name}
        known = {name for name in garden.files() if name.endswith(".html")}
        garden.grow()
    assert interrupted == 4


def test_wrong_password_is_told_without_it(
    built: Built, daemon: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password that the daemon does not take is a message, at once, and without the password."""
    monkeypatch.setenv("RSYNC_PASSWORD", "not the password")
    built.write(SITE)
    with pytest.raises(DeployError, match="auth failed on module site") as told:
        built.plan({"type": "rsync", "destination": f"{daemon[0]}/x"})
    assert "not the password" not in str(told.value)


def test_unknown_host_key_is_told(built: Built, sshd: list[str], tmp_path: Path) -> None:
    """A server whose key is not known is not trusted, and the message says so."""
    built.write(SITE)
    command = ["UserKnownHostsFile=/dev/null" if part.startswith("UserKnownHostsFile=") else part for part in sshd]
    with pytest.raises(DeployError, match="Host key verification failed"):
        built.plan({"type": "rsync", "destination": f"127.0.0.1:{tmp_path}", "ssh": command})


def test_missing_rsync_is_told(built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without rsync, the message says that it is not installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    built.write(SITE)
    with pytest.raises(DeployError, match="rsync is not installed"):
        built.plan({"type": "rsync", "destination": "host:/srv"})


def test_books_are_conditional(built: Built, server: Server) -> None:
    """A plan that another deploy made void is not carried out."""
    built.write(SITE)

    async def late() -> None:
        slow = await prepare(built.order(server.target), lambda _: None)
        await deployed(built.order(server.target))
        with pytest.raises(ConflictError, match="the target changed since the plan was made"):
            await perform(slow)

    asyncio.run(late())


@pytest.mark.parametrize(
    ("destination", "host"),
    [
        ("user@host:/srv/site", "user@host"),
        ("host:site", "host"),
        ("user@[::1]:/srv", "user@::1"),
        ("rsync://user@host:873/module/site", ""),
        ("host::module/site", ""),
        ("/srv/a:b", ""),
        ("./a:b", ""),
    ],
)
def test_who_is_reached_over_ssh(destination: str, host: str) -> None:
    """The host of a destination is known where rsync uses ssh, and only there."""
    assert host_of(destination) == host


def test_one_connection_for_a_deploy(sshd: list[str], tmp_path: Path) -> None:
    """All that a deploy asks of a server goes over one connection, which ends with it."""
    keys = check_targets({"x": {"type": "rsync", "destination": f"127.0.0.1:{tmp_path}", "ssh": sshd}})[0]["x"]
    assert isinstance(keys, RsyncKeys)

    def shared(command: list[str]) -> bool:
        check = [*command, "-O", "check", "127.0.0.1"]
        return subprocess.run(check, check=False, capture_output=True).returncode == 0

    async def use() -> tuple[bool, bool]:
        store = rsync.open_rsync(keys, os.environ)
        assert await store.read("nothing") is None
        assert store.connection.socket.exists()
        command = await store.connection.open()
        there = await asyncio.to_thread(shared, command)
        await store.close()
        return there, await asyncio.to_thread(shared, command)

    assert asyncio.run(use()) == (True, False)
