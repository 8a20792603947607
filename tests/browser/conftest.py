"""One Chromium, and two built sites, for all browser tests of a process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import chromium, pages_by_kind, served
from tests.browser.worlds import write_world
from tests.conftest import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser


def build(site: Path, output: Path) -> Path:
    """Build a site as a user does, on a day when its plan has days to come."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "builder", "build", "--site", str(site), "--output", str(output)]
    done = subprocess.run(
        [*command, "--date", "2026-06-01"], capture_output=True, text=True, check=False, env=environment, cwd=REPOSITORY
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return output


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of the repository, built."""
    home = tmp_path_factory.mktemp("example")
    shutil.copy(REPOSITORY / "site.yaml", home)
    shutil.copytree(REPOSITORY / "content", home / "content")
    return build(home, home / "output")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with maps in languages that are hard on a design, and with every planned article as a page, built."""
    home = tmp_path_factory.mktemp("world")
    write_world(home)
    return build(home, home / "output")


@pytest.fixture(scope="session")
def example_url(example: Path) -> Iterator[str]:
    """Where the example is served."""
    with served(example) as url:
        yield url


@pytest.fixture(scope="session")
def world_url(world: Path) -> Iterator[str]:
    """Where the other site is served."""
    with served(world) as url:
        yield url


@pytest.fixture(scope="module")
def browser(system_part: Callable[[str], str]) -> Iterator[Browser]:
    """The system's Chromium. Not for longer than a file: Playwright runs once at a time in a thread."""
    with chromium(system_part("chromium")) as started:
        yield started


@pytest.fixture(scope="session")
def kinds(example: Path) -> dict[str, str]:
    """The URL of a page of each kind that the example has."""
    return pages_by_kind(example)
