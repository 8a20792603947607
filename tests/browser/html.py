"""HTML by the rules of the standard: html-validate, pinned in `html_validate/`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.npm import NODE, needed

if TYPE_CHECKING:
    from collections.abc import Sequence

_RULES = {"root": True, "extends": ["html-validate:standard"]}


def validator() -> list[str]:
    """Return the command of html-validate."""
    modules = needed(Path(__file__).parent / "html_validate")
    return [NODE, str(modules / "html-validate" / "bin" / "html-validate.mjs")]


def faults_of(files: Sequence[Path], home: Path) -> list[str]:
    """Return what html-validate says of files, fault by fault; `home` is a folder for its settings and its report."""
    settings = home / ".htmlvalidate.json"
    settings.write_text(json.dumps(_RULES), "utf-8")
    command = [*validator(), "--config", str(settings), "--formatter", "json", *map(str, files)]
    # To a file: of a pipe, what Node.js has not written when it ends is lost.
    with (home / "report.json").open("w+", encoding="utf-8") as out:
        done = subprocess.run(
            command, stdout=out, stderr=subprocess.PIPE, text=True, timeout=120, check=False, cwd=home
        )
        out.seek(0)
        text = out.read()
    if not text:
        pytest.fail(f"html-validate did not run: {done.stderr}")
    reports: list[dict[str, Any]] = json.loads(text)
    return [
        f"{report['filePath']}:{fault['line']}:{fault['column']} {fault['message']} ({fault['ruleId']})"
        for report in reports
        for fault in report["messages"]
    ]
