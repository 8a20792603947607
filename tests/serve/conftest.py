"""A small site, and previews that end with their test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.serve.running import Running, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Make a small site of one map: two clusters, of which one is written."""
    return Site.made(tmp_path / "site")


@pytest.fixture
def preview(site: Site) -> Iterator[Callable[..., Running]]:
    """Give a function that starts a preview of the site; all are stopped at the end."""
    started: list[Running] = []

    def start(*options: str, wait: bool = True, before: str = "", **environment: str) -> Running:
        started.append(Running.started(site, *options, wait=wait, before=before, **environment))
        return started[-1]

    yield start
    for running in started:
        running.stop()
