"""Building on a Dask cluster: a real scheduler and two workers, which are kept from every file of the site.

Scheduler and workers are processes on loopback with working folders of their own. A preload puts an audit hook into
each worker: who opens or lists anything below the site's folder fails. Every one of them ends with its test.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from builder import cluster
from builder.cluster import Cluster
from builder.pipeline import build
from builder.write import MachineError
from tests.test_rebuild import SENTENCES, Site, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: What a worker runs first. FATE is '', 'dies' (with its first file of the output) or 'old' (another version).
PRELOAD = """
import os, sys

def watch(event, arguments):
    path = str(arguments[0]) if arguments else ""
    if event in {{"open", "os.listdir", "os.scandir", "os.mkdir", "os.rename"}}:
        if path.startswith({site!r}):
            raise PermissionError(13, "this worker shares no files", path)
        if "/stage/" in path:
            if {fate!r} == "dies":
                os._exit(1)
            open("staged", "a").close()

sys.addaudithook(watch)
if {fate!r} == "old":
    import builder.cache
    builder.cache.VERSION = "an older one"
"""


class Machines:
    """Starts a scheduler and workers for the site of a test."""

    def __init__(self, folder: Path, ending: contextlib.ExitStack) -> None:
        self.folder, self.ending = folder, ending
        self.site = folder / "site"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.start("scheduler", "--port", "0")
        self.address = self.told("scheduler")

    def start(self, name: str, *arguments: str) -> None:
        """Start a process in a folder of its own."""
        folder = self.folder / name
        folder.mkdir()
        kind = "scheduler" if name == "scheduler" else "worker"
        command = [sys.executable, "-m", "dask", kind, "--host", "127.0.0.1", "--no-dashboard", *arguments]
        path = os.pathsep.join([str(Path(cluster.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(folder)}
        with (folder / "log").open("w") as log:
            self.processes[name] = process = subprocess.Popen(
                command, cwd=folder, stdout=log, stderr=log, env=environment
            )
        self.ending.callback(process.wait)
        self.ending.callback(process.kill)

    def told(self, name: str) -> str:
        """Wait until a process is at work; return the address that it tells."""
        log, until = self.folder / name / "log", time.monotonic() + 60
        while not (found := re.search(r" (?:Scheduler|Start worker) at: +(tcp://\S+:\d+)\n", log.read_text("utf-8"))):
            assert time.monotonic() < until, log.read_text("utf-8")
            time.sleep(0.05)
        return found[1]

    def workers(self, **fates: str) -> list[str]:
        """Start workers by their names; return their addresses."""
        for name, fate in fates.items():
            preload = self.folder / f"{name}.py"
            preload.write_text(PRELOAD.format(site=str(self.site), fate=fate), encoding="utf-8")
            self.start(name, self.address, "--nthreads", "1", "--no-nanny", "--preload", str(preload))
        return [self.told(name) for name in fates]

    def begin(self, *more: str, **seconds: float) -> subprocess.Popen[str]:
        """Begin to build the site by the command, on the cluster; `seconds` are other limits of `builder.cluster`."""
        process = begin_build(self.site, self.address, *more, **seconds)
        self.ending.callback(process.kill)
        return process

    @staticmethod
    def end(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
        """Wait for a build."""
        out, errors = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, errors)


def begin_build(site: Path, scheduler: str, *more: str, **seconds: float) -> subprocess.Popen[str]:
    """Begin to build a site in a process of its own, since Dask's clients leave threads and sockets behind."""
    limits = "".join(f"cluster.{name} = {value}; " for name, value in seconds.items())
    program = f"from builder import cluster, cli; {limits}cli.main(prog_name='topicsite')"
    command = [sys.executable, "-c", program, "build", "-C", str(site), "--date", "2026-05-20"]
    command += ["--scheduler", scheduler, *more]
    environment = {**os.environ, "PYTHONPATH": str(Path(cluster.__file__).parents[1])}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Callable[[], Machines]]:
    """Give a function that starts a scheduler for the site `tmp_path/site`."""
    with contextlib.ExitStack() as ending:
        yield lambda: Machines(tmp_path, ending)


def made_here(site: Site) -> dict[str, bytes]:
    """Return the tree that this process makes of a site."""
    result = build(site.request(1, site.clean / "output", site.clean / "state"))
    assert not result.failed
    return tree(site.clean / "output")


@pytest.mark.slow
def test_a_cluster_makes_the_same_bytes(tmp_path: Path, machines: Callable[[], Machines]) -> None:
    """Two workers that can reach no file of the site make what one process makes, pictures and an edit included."""
    site = Site(tmp_path)
    name, _, box, item = site.items("alpha")[0]
    Image.new("RGB", (40, 20), "red").save(site.folder / f"content/maps/{name}/{box['slug']}/red.png")
    site.write_body(name, box, item, "![Red](red.png)\n\nRedis keeps counters.")
    site.config["social_cards"] = True
    site.save()
    there = machines()
    there.workers(first="", second="")
    done = there.end(there.begin("--explain"))
    assert done.returncode == 0, done.stderr
    assert "alpha: not built before" in done.stdout
    made = tree(site.folder / "output")
    assert made == made_here(site)
    assert 'width="40"' in made[f"alpha/{box['slug']}/{item['slug']}/index.html"].decode()
    assert (tmp_path / "first/staged").exists() or (tmp_path / "second/staged").exists()
    site.write_body(name, box, item, SENTENCES[1])
    done = there.end(there.begin("--explain"))
    assert done.returncode == 0, done.stderr
    assert "pillar.md changed" in done.stdout
    assert "beta" not in done.stdout
    assert tree(site.folder / "output") == made_here(site)


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced(tmp_path: Path, machines: Callable[[], Machines]) -> None:
    """What a worker leaves undone when it dies is done by one that comes after it."""
    site = Site(tmp_path)
    there = machines()
    there.workers(dying="dies")
    building = there.begin()
    assert there.processes["dying"].wait(120) == 1
    there.workers(steady="")
    done = there.end(building)
    assert done.returncode == 0, done.stderr
    assert tree(site.folder / "output") == made_here(site)


@pytest.mark.slow
def test_without_workers_a_build_ends(tmp_path: Path, machines: Callable[[], Machines]) -> None:
    """Where the last worker dies, and none comes, the build gives up with a line; so it does where there was none."""
    site = Site(tmp_path)
    there = machines()
    done = there.end(there.begin(ANSWER=1))
    assert done.returncode == 3
    assert done.stderr == f"topicsite: the Dask scheduler {there.address} has no workers\n"
    there.workers(dying="dies")
    done = there.end(there.begin(PATIENCE=1, ANSWER=30))
    assert done.returncode == 3
    lost = f"every worker of the Dask scheduler {there.address} is gone; the output is as it was"
    assert done.stderr.splitlines()[-1] == f"topicsite: {lost}"
    assert not (site.folder / "output").exists()


@pytest.mark.slow
def test_a_worker_of_another_version_is_refused(tmp_path: Path, machines: Callable[[], Machines]) -> None:
    """A worker with another topicsite is named, in one line, before anything is sent to it."""
    Site(tmp_path)
    there = machines()
    (worker,) = there.workers(old="old")
    done = there.end(there.begin())
    assert done.returncode == 3
    start = f"topicsite: the worker {worker} has topicsite an older one instead of "
    assert done.stderr.startswith(start)
    assert done.stderr.endswith("; install the same versions there\n")
    assert done.stderr.count("\n") == 1


def test_nobody_answers(tmp_path: Path) -> None:
    """A scheduler that cannot be reached is one line."""
    Site(tmp_path)
    done = Machines.end(begin_build(tmp_path / "site", "tcp://127.0.0.1:9", ANSWER=0.3))
    assert done.returncode == 3
    assert done.stderr == "topicsite: no Dask scheduler answers at tcp://127.0.0.1:9\n"


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Dask is not installed, the message says what to install."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MachineError, match=re.escape("pip install 'topicsite[dask]'")):
        Cluster("tcp://127.0.0.1:9", tmp_path)
