"""What the repository promises about itself: the lock files, the packages it makes, docs/dependencies.md."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[1]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
RUNTIME = [Requirement(text) for text in PROJECT["dependencies"]]
EXTRAS = [
    requirement
    for texts in PROJECT["optional-dependencies"].values()
    for requirement in map(Requirement, texts)
    if requirement.name != PROJECT["name"]
]


def locked(name: str) -> dict[str, set[str]]:
    """Read a lock file: canonical project name → its pinned versions, often one."""
    pins: dict[str, set[str]] = {}
    for line in (REPOSITORY / name).read_text("utf-8").splitlines():
        if pin := re.match(r"([\w.-]+)==([\w.+!]+)", line):
            pins.setdefault(canonicalize_name(pin[1]), set()).add(pin[2])
    return pins


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [("requirements.lock", RUNTIME), ("requirements-dev.lock", RUNTIME + EXTRAS)],
    ids=["runtime", "dev"],
)
def test_lock_fits_pyproject(lock: str, requirements: list[Requirement]) -> None:
    """Each requirement of pyproject.toml is pinned to versions that it allows; if not, `make lock` is due."""
    pins = locked(lock)
    for requirement in requirements:
        versions = pins.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement} is not in {lock}: run `make lock`"
        for version in versions:
            assert requirement.specifier.contains(version), f"{lock} has {version}: run `make lock`"


def test_locks_agree() -> None:
    """What `make site` installs is what the tests ran with."""
    dev = locked("requirements-dev.lock")
    assert {name: dev.get(name) for name in locked("requirements.lock")} == locked("requirements.lock")


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_lock_has_hashes_and_no_places(lock: str) -> None:
    """A lock file pins every file by its hash and names no registry and no folder."""
    entries = re.split(r"\n(?=\S)", (REPOSITORY / lock).read_text("utf-8"))
    for entry in entries:
        if not entry.startswith("#"):
            assert re.match(r"[\w.-]+==[^/]+--hash=sha256:[^/]+$", entry.partition("# via")[0]), entry


def test_dependencies_are_explained() -> None:
    """docs/dependencies.md has one line for each dependency, and for nothing else."""
    text = (REPOSITORY / "docs" / "dependencies.md").read_text("utf-8")
    explained = [canonicalize_name(name) for name in re.findall(r"^\| `([\w.-]+)", text, re.MULTILINE)]
    declared = {canonicalize_name(requirement.name) for requirement in RUNTIME + EXTRAS}
    assert sorted(explained) == sorted(declared)


@pytest.mark.slow
def test_packages_carry_themes_and_scaffold(tmp_path: Path) -> None:
    """The sdist builds the wheel, and the wheel carries package, themes and scaffold whole."""
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", tmp_path, REPOSITORY],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    (sdist,) = tmp_path.glob("*.tar.gz")

    with tarfile.open(sdist) as archive:
        members = [member.partition("/")[2] for member in archive.getnames()]
    assert not [member for member in members if member.startswith((".venv/", "output/", ".topicsite/"))]

    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "builder", "themes"]
    listed = subprocess.run(git, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    sources = {name for name in listed.split("\0") if name and (REPOSITORY / name).is_file()}
    with zipfile.ZipFile(wheel) as packed:
        shipped = {name for name in packed.namelist() if ".dist-info/" not in name}
    assert shipped == {re.sub("^themes/", "builder/themes/", name) for name in sources}
    assert "builder/themes/default/theme.yaml" in shipped
    assert any(name.startswith("builder/scaffold/") for name in shipped)
