"""`topicsite deploy` as its user meets it: what it shows, asks, refuses, and with which status it ends."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from builder.cli import main
from builder.deploy.records import LOCK
from tests.deploy.buckets import Bucket
from tests.deploy.listening import Listening
from tests.deploy.proxy import Faults, Proxy
from tests.deploy.sites import Built

Run = Callable[..., Result]

SITE = {"index.html": "one", "a/index.html": "a", "assets/a.1234.css": "body {}"}


@pytest.fixture
def run(built: Built, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that runs the command in a site with the given targets; its output is what was built before."""
    monkeypatch.chdir(built.root)

    def call(*arguments: str, **targets: object) -> Result:
        if targets:
            keys = {"title": "Test", "base_url": "https://www.example.com/", "deploy": targets}
            (built.root / "site.yaml").write_text(json.dumps(keys))
        return CliRunner().invoke(main, ["deploy", "--no-build", *arguments])

    return call


FOLDER = {"type": "folder", "path": "../published"}


def test_plan_deploy_and_status(built: Built, run: Run, tmp_path: Path) -> None:
    """The plan is shown with numbers and names, the deploy with its URLs; after it --status says what is live."""
    built.write(SITE)
    shown = run("--dry-run", live=FOLDER)
    assert shown.exit_code == 0
    assert f"live: {tmp_path}/published (nothing is live there yet)" in shown.output
    assert re.search(r"added +3 +11 B", shown.output)
    assert "added    a/index.html" in shown.output
    assert not (tmp_path / "published").exists()

    done = run("--yes")
    assert done.exit_code == 0
    assert re.search(r"deployed \d{8}T\d{6}Z-[0-9a-f]{6}: 3 files \(11 B\) sent, 0 deleted \(\d", done.output)
    assert "  https://www.example.com/a/\n" in done.output
    assert "nothing to do" in run("--yes").output

    status = run("--status").output
    assert "3 files, 11 B; 0 old assets kept for a while" in status
    assert "the build is what is live" in status
    built.write(SITE | {"index.html": "two", "b.html": "b"})
    assert "the build differs from what is live: 1 added, 1 changed" in run("--status").output


def test_rollback(built: Built, run: Run, tmp_path: Path) -> None:
    """--rollback shows what it will do and goes back to the deploy before; --status names the one to go back to."""
    for words in ("one", "two"):
        built.write(SITE | {"index.html": words})
        assert run("--yes", live=FOLDER).exit_code == 0
    first = re.search(r"--rollback goes back to (\S+),", run("--status").output)
    assert first is not None
    done = run("--rollback", "--yes")
    assert done.exit_code == 0
    assert f"rolled back to {first[1]} as " in done.output
    assert (tmp_path / "published/index.html").read_text() == "one"
    last = json.loads((built.root / ".topicsite/deploy/live/last.json").read_text())
    assert last["changed"] == ["index.html"]
    assert last["urls"] == ["https://www.example.com/"]


def test_deletions_above_the_cap(built: Built, run: Run) -> None:
    """Too many deletions end with status 2 and the number to say; --max-delete lets them through."""
    built.write(SITE | {f"{number}.html": "x" for number in range(20)})
    assert run("--yes", live=FOLDER).exit_code == 0
    built.write(SITE)
    refused = run("--yes")
    assert refused.exit_code == 2
    assert "would delete 20 of 23 files" in refused.output
    assert "--max-delete 20" in refused.output
    assert run("--yes", "--max-delete", "20").exit_code == 0
    assert run("--yes", live={**FOLDER, "max_delete": "100%"}).exit_code == 0


def test_nobody_to_ask(built: Built, run: Run, tmp_path: Path) -> None:
    """Without a terminal and without --yes nothing is sent."""
    built.write(SITE)
    refused = run(live=FOLDER)
    assert refused.exit_code == 2
    assert "nobody is there to ask; say --yes" in refused.output
    assert not (tmp_path / "published").exists()


@pytest.mark.parametrize(
    ("arguments", "targets", "message"),
    [
        ([], {}, "site.yaml has no deploy targets"),
        ([], {"a": FOLDER, "b": FOLDER}, "which target? site.yaml has a, b"),
        (["stagin"], {"staging": FOLDER, "live": FOLDER}, "there is no target 'stagin'; did you mean 'staging'?"),
        ([], {"a": {"type": "folder", "path": "output"}}, "the target's folder"),
    ],
)
def test_which_target(built: Built, run: Run, arguments: list[str], targets: dict[str, object], message: str) -> None:
    """A target that cannot be meant is a message with what site.yaml has."""
    built.write(SITE)
    (built.root / "site.yaml").write_text(json.dumps({"title": "T", "base_url": "https://www.example.com/"}))
    refused = run(*arguments, "--yes", **targets)
    assert refused.exit_code == 2
    assert message in refused.output


def test_production_is_the_default(built: Built, run: Run) -> None:
    """Of several targets, `production` is meant where none is named."""
    built.write(SITE)
    targets = {"staging": {**FOLDER, "path": "../staging"}, "production": FOLDER}
    assert "production: " in run("--dry-run", **targets).output


def test_secret_in_site_yaml_is_an_error_without_it(built: Built, run: Run) -> None:
    """A secret in site.yaml ends the command with status 1, names the variable, and never shows the value."""
    built.write(SITE)
    refused = run("--yes", live={"type": "s3", "bucket": "b", "secret_access_key": "made-up-value"})
    assert refused.exit_code == 1
    assert "AWS_SECRET_ACCESS_KEY" in refused.output
    assert "made-up-value" not in refused.output


def test_fault_of_the_target_is_status_3(built: Built, run: Run, bucket: Bucket) -> None:
    """What the target does wrong ends with status 3 and one line."""
    built.write(SITE)
    failed = run("--yes", live={**bucket.target(), "bucket": "missing"})
    assert failed.exit_code == 3
    assert failed.output == "topicsite: s3://missing: there is no such bucket; make it first\n"


def test_status_of_a_host_is_what_the_site_says(built: Built, run: Run) -> None:
    """A host that cannot be asked is compared by the `deployed.json` of the site itself."""
    built.write(SITE)
    run("--yes", live=FOLDER)
    said = (built.root / "../published/deployed.json").read_text()
    with Listening(lambda asked: (200, said) if asked.path == "/deployed.json" else (404, "")) as server:
        target = {"type": "netlify", "site": "maps"}
        keys = {"title": "Test", "base_url": server.url + "/", "deploy": {"host": target}}
        (built.root / "site.yaml").write_text(json.dumps(keys))
        assert "the build is what is live" in run("--status").output
        built.write(SITE | {"index.html": "two"})
        assert "the build differs from what is live" in run("--status").output
        server.answer = lambda _: (404, "")
        unknown = run("--status").output
        assert "what is live there is not known here" in unknown
        assert "differs" not in unknown


def test_build_goes_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --no-build the site is built first; with errors it is not deployed, and staging has its own build."""
    root = tmp_path / "maps"
    runner = CliRunner()
    assert runner.invoke(main, ["new", str(root)]).exit_code == 0
    monkeypatch.chdir(root)
    keys = (root / "site.yaml").read_text()
    keys = re.sub(r"(?m)^base_url:.*\n", "", keys) + (
        "\nbase_url: https://www.example.com/\ndeploy:\n"
        "  production: {type: folder, path: ../live}\n"
        "  staging: {type: folder, path: ../staging, base_url: 'https://staging.example.com/'}\n"
    )
    (root / "site.yaml").write_text(keys)
    assert runner.invoke(main, ["deploy", "--yes"]).exit_code == 0
    assert runner.invoke(main, ["deploy", "staging", "--yes"]).exit_code == 0
    assert "https://www.example.com/" in (tmp_path / "live/sitemap.xml").read_text()
    assert "https://staging.example.com/" in (tmp_path / "staging/sitemap.xml").read_text()
    assert "https://www.example.com/" in (root / "output/sitemap.xml").read_text(), "the site's own output stays"
    before = (tmp_path / "live/index.html").read_bytes()
    (next((root / "content/maps").iterdir()) / "map.yaml").write_text("title: [")
    failed = runner.invoke(main, ["deploy", "--yes"])
    assert failed.exit_code == 1
    assert "map.yaml" in failed.output
    assert (tmp_path / "live/index.html").read_bytes() == before


def test_terminal_asks_and_shows_progress(built: Built, run: Run, bucket: Bucket) -> None:
    """On a terminal the plan is followed by a question; a no ends it, a yes shows a bar with rate and time left."""
    built.write({f"{number}.html": "x" * 20_000 for number in range(60)})

    def typed(answer: str) -> tuple[int, str]:
        master, slave = pty.openpty()
        command = [sys.executable, "-m", "builder", "deploy", "--no-build"]
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
        process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=built.root, env=environment)
        os.close(slave)
        os.write(master, f"{answer}\n".encode())
        shown = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # the other end is closed
                part = b""
            if not part:
                break
            shown += part
        os.close(master)
        return process.wait(), shown.decode(errors="replace")

    with Proxy(bucket.url) as proxy:
        proxy.fail(Faults(delay=1.0, seconds=0.05))  # a bar is there for those who wait
        run("--status", live={**bucket.target(concurrency=1), "endpoint": proxy.url})
        status, shown = typed("n")
        assert status == 1
        assert "Deploy? [y/N]" in shown
        assert bucket.names() == set()
        status, shown = typed("y")
        assert status == 0, shown
        assert re.search(r"new pages.*/1\.2 MB.*/s.*\d:\d\d:\d\d", shown), "phase, bytes, rate, time left"
        assert "deployed " in shown


def test_stopped_by_a_signal(built: Built, run: Run, bucket: Bucket) -> None:
    """A deploy that is told to stop says so and gives its lock back; run again, it goes on from there."""
    built.write({f"{number}.html": "x" for number in range(80)})
    with Proxy(bucket.url) as proxy:
        proxy.fail(Faults(delay=1.0, seconds=0.05))
        run("--status", live={**bucket.target(concurrency=1), "endpoint": proxy.url})
        command = [sys.executable, "-m", "builder", "deploy", "--no-build", "--yes"]
        process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=built.root, text=True
        )
        for _ in range(3000):
            if sum(method == "PUT" and path.endswith(".html") for method, path in list(proxy.requests)) > 5:
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 3, said
    assert "stopped; the site at the target is whole, and deploying again goes on from here" in said
    names = bucket.names()
    assert LOCK not in names
    assert 5 <= sum(name.endswith(".html") for name in names) < 80
    again = run("--yes", live=bucket.target())
    assert "was interrupted; what it has sent is not sent again" in again.output
    assert len(bucket.files()) == 80
    assert "nothing to do" in run("--yes").output
