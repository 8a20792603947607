"""Lighthouse's scores (mobile) of the built example: `make lighthouse`.

    python -m tests.browser.scores [OUTPUT]

OUTPUT is the built example (default: output/). Prints a table, and what each page lost points for; the status is 1 if a
page has less than 100 somewhere. Pages are served compressed, as hosts do. Scores of speed depend on the machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.browser.chromium import served
from tests.npm import NODE, installed

REPOSITORY = Path(__file__).parents[2]
PAGES = {
    "home": "/",
    "map": "/flask/",
    "cluster": "/flask/design/",
    "article": "/flask/design/app-factory/",
    "entity": "/entities/flask/",
    "faq": "/flask/faq/",
}
CATEGORIES = ["performance", "accessibility", "best-practices", "seo"]


def report(url: str, program: str) -> dict[str, Any]:
    """Return Lighthouse's report of a page."""
    cli = str(installed(Path(__file__).parent / "lighthouse") / "lighthouse" / "cli" / "index.js")
    flags = "--chrome-flags=--headless=new --no-sandbox --disable-gpu"
    with tempfile.TemporaryDirectory() as home:
        file = Path(home) / "report.json"
        command = [NODE, cli, url, "--quiet", "--output=json", f"--output-path={file}", flags]
        subprocess.run(command, check=True, timeout=180, env={**os.environ, "CHROME_PATH": program})
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def main(output: Path) -> int:
    """Print the scores of each page."""
    find = [str(REPOSITORY / ".ci" / "system-packages"), "--find", "chromium"]
    program = subprocess.run(find, capture_output=True, text=True, check=True).stdout.strip()
    worst = 100
    with served(output, compressed=True) as url:
        for name, path in PAGES.items():
            made = report(url + path, program)
            scores = [round(100 * (made["categories"][category]["score"] or 0)) for category in CATEGORIES]
            print(f"{name:8}", *(f"{category} {score}" for category, score in zip(CATEGORIES, scores, strict=True)))
            for audit in made["audits"].values():
                if (
                    audit["score"] is not None
                    and audit["score"] < 1
                    and audit["scoreDisplayMode"] in {"binary", "numeric"}
                ):
                    print(f"    {audit['title']} ({audit['id']}): {audit.get('displayValue', '')}")
            worst = min(worst, *scores)
    return int(worst < 100)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "output"))
