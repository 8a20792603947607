"""What may go wrong around the content: a port, a folder, a disk, a process. One clear line, and on it goes."""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.serve.running import REPOSITORY, Running, Site

PINCH = "content/maps/clay/forming/pinch.md"


def refused(site: Site, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a preview that cannot start."""
    command = [sys.executable, "-m", "builder", "serve", "--site", str(site.root), *options]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=20, check=False)


def test_port_in_use(site: Site) -> None:
    """A port in use is named, the next free one proposed, and the status is that of a fault of the machine."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = refused(site, "--port", str(port))
    assert found.returncode == 3
    assert found.stderr.startswith(f"topicsite: the port {port} is in use by another program; try --port ")
    proposed = int(found.stderr.split()[-1])
    assert port < proposed <= port + 50
    assert found.stderr.count("\n") == 1


def test_no_folder(tmp_path: Path) -> None:
    """A folder that does not exist is wrong usage, and is not made."""
    found = refused(Site(tmp_path / "nowhere"), "--port", "0")
    assert found.returncode == 2
    assert found.stderr.endswith(f"Directory '{tmp_path / 'nowhere'}' does not exist.\n")
    assert not (tmp_path / "nowhere").exists()


def test_unknown_host(site: Site) -> None:
    """An address that this machine does not have is one line."""
    found = refused(site, "--port", "0", "--host", "192.0.2.1")
    assert found.returncode == 3
    assert "192.0.2.1" in found.stderr
    assert found.stderr.count("\n") == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stops_within_a_second(site: Site, how: int) -> None:
    """Ctrl-C ends the preview within a second with status 0, and leaves no process."""
    running = Running.started(site)
    assert len(running.processes) > 1
    assert running.stop(how) < 1
    assert running.process.returncode == 0
    assert "Traceback" not in "\n".join(running.lines)


def endless(site: Site) -> None:
    """Give the site a template that never ends."""
    site.write("themes/mine/theme.yaml", "title: Mine\nextends: default\n")
    site.write(
        "themes/mine/templates/page.html.jinja",
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    )


def test_stops_during_a_build(site: Site) -> None:
    """Ctrl-C ends a build that is under way, however long it would take."""
    endless(site)
    site.write("site.yaml", site.read("site.yaml") + "theme: mine\n")
    running = Running.started(site, wait=False)
    time.sleep(1.5)
    assert running.stop() < 1


def test_killed_server_takes_the_build_along(site: Site) -> None:
    """Even where the server is killed, the process that builds does not outlive it for long."""
    endless(site)
    site.write("site.yaml", site.read("site.yaml") + "theme: mine\n")
    running = Running.started(site, wait=False)
    time.sleep(1.0)
    processes = running.processes
    running.process.kill()
    _, left = psutil.wait_procs(processes, timeout=6)
    for process in left:
        process.kill()
    assert not left
    running.stop()


def test_template_without_end(site: Site, preview: Callable[..., Running]) -> None:
    """A template without end does not stop the server: it answers, and the save that mends it is built."""
    endless(site)
    running = preview(before="import builder.serve.session as s; s.STUCK, s.STUCK_FACTOR = 1.0, 1.0")
    site.write("site.yaml", site.read("site.yaml") + "theme: mine\n")
    time.sleep(2.5)
    began = time.monotonic()
    assert running.ask("/about/").status == 200
    assert time.monotonic() - began < 0.5
    site.write("themes/mine/templates/page.html.jinja", "Mended: {{ page.title }}")
    running.wait_for("is given up")
    running.until("/about/", "Mended: About")


def test_killed_build_starts_anew(site: Site, preview: Callable[..., Running]) -> None:
    """When the process that builds is killed, another one takes over, and no save is lost."""
    running = preview()
    for number in range(2):
        children = [p for p in running.processes if p.pid != running.process.pid]
        for child in children:
            child.kill()
        running.wait_for("ended by signal 9")
        site.write(PINCH, f"Text number {number}.\n")
        running.until("/clay/forming/pinch/", f"Text number {number}.")


def test_deleted_content_folder(site: Site, preview: Callable[..., Running]) -> None:
    """Without the content folder the last good site stays up, with one line; when it is back, so are saves."""
    running = preview()
    kept = site.root / "elsewhere"
    site.path("content").rename(kept)
    line = running.wait_for("topicsite:")
    assert line.endswith("topicsite: the folder content/ is not there")
    assert "Press a thumb" in running.ask("/clay/forming/pinch/").text
    time.sleep(1.5)  # tried again, not told again
    assert sum("content/ is not there" in text for text in running.lines) == 1
    kept.rename(site.path("content"))
    running.wait_for("the build is whole again")
    site.write(PINCH, "Written in the folder that came back.\n")
    running.until("/clay/forming/pinch/", "Written in the folder that came back.")


def test_replaced_folder_is_watched(site: Site, preview: Callable[..., Running]) -> None:
    """A folder that another one replaced (a checkout, a restored backup) is watched like the first."""
    running = preview()
    site.path("content").rename(site.root / "old")
    for path in sorted((site.root / "old").rglob("*.*")):
        site.write(f"content/{path.relative_to(site.root / 'old')}", path.read_text("utf-8"))
    site.write(PINCH, "In another folder.\n")
    running.until("/clay/forming/pinch/", "In another folder.")
    time.sleep(0.5)
    site.write(PINCH, "And again.\n")
    running.until("/clay/forming/pinch/", "And again.")


def test_unreadable_file(site: Site, preview: Callable[..., Running]) -> None:
    """A file that cannot be read is one error with its name; when it can be read, the build is whole."""
    running = preview()
    site.path(PINCH).unlink()
    site.path(PINCH).symlink_to(site.root / "not-there.md")
    line = running.wait_for("pinch.md: error:")
    assert "[unreadable]" in line
    assert "Press a thumb" in running.ask("/clay/forming/pinch/").text
    (site.root / "not-there.md").write_text("Now it is there.\n", "utf-8")
    site.path(PINCH).unlink()
    site.path(PINCH).symlink_to(site.root / "not-there.md")
    running.until("/clay/forming/pinch/", "Now it is there.")


def test_full_disk(site: Site, preview: Callable[..., Running]) -> None:
    """A disk without room is one line; the last good site stays up, and what was saved appears when there is room.

    Room is short by a limit to the size of files: what the system then says differs from a full disk only in words.
    """
    running = preview()
    builders = [p for p in running.processes if p.pid != running.process.pid]
    for builder in builders:
        builder.rlimit(resource.RLIMIT_FSIZE, (2_000, resource.RLIM_INFINITY))
    site.write(PINCH, "Press. " * 2000)
    line = running.wait_for("topicsite:")
    assert "File too large" in line
    assert "Press a thumb" in running.ask("/clay/forming/pinch/").text
    site.write(PINCH, "Press a little. " * 2000)
    time.sleep(1.5)
    assert sum("File too large" in text for text in running.lines) == 1
    for builder in builders:
        builder.rlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    running.wait_for("the build is whole again")
    running.until("/clay/forming/pinch/", "Press a little.")


def test_bug_is_told_and_survived(site: Site, preview: Callable[..., Running]) -> None:
    """An exception that nobody foresaw is told with its traceback, and the preview goes on."""
    extension = site.root / "extensions" / "broken_extension.py"
    extension.parent.mkdir()
    extension.write_text(
        "from markdown.extensions import Extension\n"
        "from markdown.preprocessors import Preprocessor\n"
        "class Broken(Preprocessor):\n"
        "    def run(self, lines):\n"
        "        if 'explode' in ' '.join(lines): raise ZeroDivisionError('boom')\n"
        "        return lines\n"
        "class E(Extension):\n"
        "    def extendMarkdown(self, md):\n"
        "        md.preprocessors.register(Broken(md), 'broken', 0)\n"
        "def makeExtension(**kwargs):\n"
        "    return E(**kwargs)\n"
    )
    site.write("site.yaml", site.read("site.yaml") + "markdown: {extensions: {broken_extension: {}}}\n")
    path = f"{extension.parent}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    running = preview(PYTHONPATH=path)
    site.write(PINCH, "Now explode.\n")
    running.wait_for("boom")
    assert running.ask("/about/").status == 200
    site.write(PINCH, "Now rest.\n")
    running.until("/clay/forming/pinch/", "Now rest.")


def test_two_previews_of_one_site(site: Site, preview: Callable[..., Running]) -> None:
    """Two previews of one site, one of them with drafts, do not get into each other's way."""
    plain, drafts = preview(), preview("--drafts")
    for number in range(3):
        site.write(PINCH, f"Number {number}.\n")
        for running in (plain, drafts):
            running.until("/clay/forming/pinch/", f"Number {number}.")
    assert plain.ask("/clay/firing/bisque/").status == 404
    assert drafts.ask("/clay/firing/bisque/").status == 200


def test_nothing_of_the_preview_is_built(site: Site, preview: Callable[..., Running]) -> None:
    """Drafts, briefs and the client exist in the preview alone: `output/` is untouched, and no file has them."""
    running = preview("--drafts")
    assert running.ask("/clay/firing/bisque/").status == 200
    assert b"__topicsite__" in running.page("/about/").body
    assert not site.path("output").exists()
    files = [path for path in site.path(".topicsite/preview/site").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"__topicsite__" in path.read_bytes()]
    command = [sys.executable, "-m", "builder", "build", "--site", str(site.root)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    assert not site.path("output/clay/firing/bisque").exists()
    assert not site.path("output/clay/forming/slabs").exists()


def test_day_is_kept(site: Site, preview: Callable[..., Running]) -> None:
    """--date decides what is published."""
    site.write(PINCH, "---\npublish_on: 2031-05-01\n---\nPress.\n")
    assert preview("--date", "2031-04-30").ask("/clay/forming/pinch/").status == 404
    assert preview("--date", "2031-05-01").ask("/clay/forming/pinch/").status == 200


def test_site_below_a_path(site: Site, preview: Callable[..., Running]) -> None:
    """A site whose base URL has a path is previewed at that path, as pages link to it."""
    site.replace("site.yaml", "maps.example.com/", "example.com/maps/")
    running = preview()
    home = running.ask("/")
    assert (home.status, home.headers["location"]) == (302, "/maps/")
    answer = running.ask("/maps/clay/")
    assert answer.status == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert running.ask("/clay/").status == 404
