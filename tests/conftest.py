"""What any test may use: Hypothesis' profiles, and the programs outside Python, none skipped in CI."""

import gc
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).parents[1]

# No deadlines: the tests share their cores. In CI the examples are the same in every run of the same code.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("long", deadline=None, max_examples=10_000)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "default")


@pytest.fixture(autouse=True, scope="module")
def collected() -> Iterator[None]:
    """Collect after each file, so that what its tests left open is their failure and not that of a later file."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def system_part() -> Callable[[str], str]:
    """Give a function: the name of a program in `.ci/system-packages` → its path.

    Where it is missing the test is skipped with the command that installs it; where CI=true it fails.
    """

    def path(name: str) -> str:
        script = REPOSITORY / ".ci" / "system-packages"
        found = subprocess.run([script, "--find", name], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.strip()
        reason = found.stderr.strip()
        if found.returncode == 1 and os.environ.get("CI") != "true":
            pytest.skip(reason)
        pytest.fail(reason)

    return path
