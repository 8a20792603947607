"""`search: pagefind`: full text search. The binary that Pagefind's wheel ships reads the pages and writes its index.

It reads a folder of links to the pages as they are about to be published, so that a failing build publishes nothing.
The files are the manifest's like all others. The theme has a face of its own, so Pagefind's is left out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from builder.diagnostics import Diagnostic, error
from builder.files import scan

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = "pagefind"
_FACES = ("pagefind-ui", "pagefind-modular-ui", "pagefind-component-ui", "pagefind-highlight")


class PagefindError(Exception):
    """The binary could not be run, or did not do what it is for; the message is for the user."""


def executable() -> Path | None:
    """Return the binary, None where the extra is not installed."""
    for package in ("pagefind_bin_extended", "pagefind_bin"):
        found = find_spec(package)
        for folder in found.submodule_search_locations or () if found else ():
            for name in ("pagefind_extended", "pagefind", "pagefind_extended.exe", "pagefind.exe"):
                if (file := Path(folder, name)).is_file():
                    return file
    return None


def missing() -> list[Diagnostic]:
    """Return what to tell the author of a site that wants Pagefind where it is not installed."""
    if executable() is not None:
        return []
    hint = "pip install 'topicsite[pagefind]', or write `search: index`"
    return [error("value", "Pagefind, which `search` asks for, is not installed", "site.yaml", "search", hint=hint)]


def key() -> str:
    """Return what the index depends on besides the pages."""
    file = executable()
    return f"1 {file.parent.name} {version(file.parent.name)}" if file else ""


def index(pages: Iterable[tuple[str, str]], state: Path) -> list[tuple[str, bytes]]:
    """Return the files of the index of some pages: pairs of a name in the output and the file that has the bytes.

    `state` is a folder on the disk of these files. Raises PagefindError.
    """
    binary = executable()
    if binary is None:
        raise PagefindError(missing()[0].message)
    state.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pagefind-", dir=state) as folder:
        site, made = Path(folder, "site"), Path(folder, FOLDER)
        for name, file in sorted(pages):
            target = site / name
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(file, target)
            except OSError:
                shutil.copyfile(file, target)
        command = [str(binary), "--site", str(site), "--output-path", str(made), "--quiet"]
        try:
            done = subprocess.run(command, capture_output=True, check=False, text=True, errors="replace")
        except OSError as fault:
            raise PagefindError(f"{binary}: {fault.strerror}") from fault
        if done.returncode:
            raise PagefindError(f"pagefind: {(done.stderr or done.stdout).strip()[-500:]}")
        found = [source for source in scan(made, "") if not source.name.startswith(_FACES)]
        return [(f"{FOLDER}/{source.name}", source.read()) for source in sorted(found, key=lambda source: source.name)]
