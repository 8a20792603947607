"""`build --verify`: the output against a clean build in a temporary folder, byte for byte.

Called by the command line after a build. Only files of the manifest are compared: what else lies in the output folder
is its owner's.
"""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from builder.pipeline import build
from builder.write import MachineError, Manifest

if TYPE_CHECKING:
    from builder.pipeline import Request


def differences(request: Request) -> list[str]:
    """Return a line for each file of the output that is not what a clean build makes of the site."""
    with tempfile.TemporaryDirectory(prefix="topicsite-") as folder:
        clean = Path(folder, "output")
        result = build(dataclasses.replace(request, output=clean, state=Path(folder, "state"), write=True))
        if result.failed or result.published is None:
            raise MachineError("the clean build to compare with failed")
        wanted = result.published.manifest.entries
        had = Manifest.load(request.state_folder / "manifest.json").entries
        found = [f"{name} is not made by a clean build" for name in had if name not in wanted]
        for name in wanted:
            try:
                if (request.output_folder / name).read_bytes() != (clean / name).read_bytes():
                    found.append(f"{name} differs from a clean build's")
            except OSError:
                found.append(f"{name} is missing")
        return sorted(found)
