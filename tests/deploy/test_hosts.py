"""Cloudflare Pages and Netlify: their program is run with the whole folder, or the archive is made and explained.

The programs are stand-ins that write down how they were called and what the folder held.
"""

import json
import sys
import zipfile
from pathlib import Path

import pytest

from builder.deploy.records import DeployError, RefusedError
from tests.deploy.sites import Built

SITE = {"index.html": "one", "a/index.html": "a", "_headers": "/*\n  X: y\n", "_redirects": "/b/ /a/ 301\n"}
TARGETS = {
    "wrangler": {"type": "cloudflare-pages", "project": "maps", "account": "0a1b2c3d"},
    "netlify": {"type": "netlify", "site": "field-maps"},
}
STAND_IN = """#!{python}
import json, os, pathlib, sys
folder = next(a.removeprefix("--dir=") for a in sys.argv[1:] if a.startswith("--dir=") or a.endswith("stage"))
names = {{str(p.relative_to(folder)): p.read_text() for p in pathlib.Path(folder).rglob("*") if p.is_file()}}
kept = {{name: value for name, value in os.environ.items() if name.startswith("CLOUDFLARE_")}}
pathlib.Path({log!r}).write_text(json.dumps([sys.argv[1:], names, kept]))
print("uploading", len(names), "files")
if {status}:
    print("it did not work out", file=sys.stderr)
sys.exit({status})
"""


@pytest.fixture(params=sorted(TARGETS))
def program(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Give the name of a host's program, which is not installed."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    name: str = request.param
    return name


def install(folder: Path, name: str, log: Path, status: int = 0) -> None:
    """Put a stand-in for a program into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(STAND_IN.format(python=sys.executable, log=str(log), status=status))
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("place", ["bin", "site/node_modules/.bin"])
def test_program_gets_the_whole_folder(built: Built, program: str, tmp_path: Path, place: str) -> None:
    """The program, the site's own or the one on PATH, is called as its maker documents, with every file."""
    log = tmp_path / "log.json"
    install(tmp_path / place, program, log)
    built.write(SITE)
    done = built.deploy(TARGETS[program])
    arguments, files, environment = json.loads(log.read_text())
    stage = str(tmp_path / "site/.topicsite/deploy/production/stage")
    if program == "wrangler":
        assert arguments == [
            *("pages", "deploy", stage),
            *("--project-name=maps", "--branch=main", "--commit-dirty=true"),
        ]
        assert environment == {"CLOUDFLARE_ACCOUNT_ID": "0a1b2c3d"}
    else:
        assert arguments == ["deploy", "--no-build", f"--dir={stage}", "--site=field-maps", "--prod"]
    said = json.loads(files.pop("deployed.json"))
    assert files == SITE
    assert said["deploy"] == done.live.id
    assert not Path(stage).exists()


def test_next_plan_is_the_difference(built: Built, program: str, tmp_path: Path) -> None:
    """What was deployed from here is known here: the next plan is a difference, and the host still gets everything."""
    log = tmp_path / "log.json"
    install(tmp_path / "bin", program, log)
    built.write(SITE)
    built.deploy(TARGETS[program])
    assert built.plan(TARGETS[program]).empty
    built.write({name: text for name, text in SITE.items() if name != "a/index.html"} | {"index.html": "two"})
    plan = built.plan(TARGETS[program]).plan
    assert [upload.name for upload in plan.uploads] == ["index.html"]
    assert [name for name, _ in plan.deletes] == ["a/index.html"]
    built.deploy(TARGETS[program])
    assert json.loads(log.read_text())[1].keys() == {"index.html", "_headers", "_redirects", "deployed.json"}


def test_failing_program_is_told(built: Built, program: str, tmp_path: Path) -> None:
    """A program that fails is a message with its last words, and the deploy does not count as done."""
    install(tmp_path / "bin", program, tmp_path / "log.json", status=3)
    built.write(SITE)
    with pytest.raises(DeployError, match=f"{program} ended with status 3: it did not work out"):
        built.deploy(TARGETS[program])
    assert not built.plan(TARGETS[program]).empty


def test_without_the_program_there_is_an_archive(built: Built, program: str, tmp_path: Path) -> None:
    """Without the program the deploy makes the archive that the dashboard takes, and says what to do with it."""
    built.write(SITE)
    with pytest.raises(DeployError) as told:
        built.deploy(TARGETS[program])
    archive = tmp_path / "site/.topicsite/deploy/production/site.zip"
    text = str(told.value)
    package = {"wrangler": "wrangler", "netlify": "netlify-cli"}[program]
    assert text.startswith(f"{program} is not installed, so nothing was sent. Either install it (npm install --global")
    assert package in text
    assert str(archive) in text
    with zipfile.ZipFile(archive) as packed:
        files = {name: packed.read(name).decode() for name in packed.namelist()}
    assert files.pop("deployed.json")
    assert files == SITE
    assert not built.plan(TARGETS[program]).empty


def test_rollback_is_the_hosts(built: Built, program: str) -> None:
    """Going back is done in the host's dashboard."""
    built.write(SITE)
    with pytest.raises(RefusedError, match="go back in its dashboard"):
        built.plan(TARGETS[program], rollback=True)
