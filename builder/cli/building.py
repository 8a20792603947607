"""Where commands call the pipeline. What the content or the machine got wrong ends the program here."""

from __future__ import annotations

import datetime as dt
import os
import sys
from typing import TYPE_CHECKING

from builder.cli.terminal import CONTENT_ERROR, MACHINE_ERROR, fail, show, with_progress

if TYPE_CHECKING:
    from pathlib import Path

    from builder.pipeline import Request, Result


def request_for(
    site: Path,
    date: dt.date | None,
    *,
    drafts: bool = False,
    strict: bool = False,
    output: Path | None = None,
    jobs: int = 0,
    scheduler: str = "",
    write: bool = True,
) -> Request:
    """Ask for a build of this site, for today unless another day is given."""
    from builder.pipeline import Request  # noqa: PLC0415

    return Request(
        root=site,
        today=date or dt.datetime.now().astimezone().date(),
        output=output,
        drafts=drafts,
        strict=strict,
        jobs=jobs,
        scheduler=scheduler,
        write=write,
        environment=dict(os.environ),
    )


def built(request: Request) -> Result:
    """Build; a fault of the machine ends the program with its own status."""
    from builder.pipeline import build  # noqa: PLC0415
    from builder.write import MachineError  # noqa: PLC0415

    try:
        return with_progress(lambda tell: build(request, tell))
    except MachineError as fault:
        fail(str(fault), MACHINE_ERROR)
    except OSError as fault:
        fail(f"{fault.filename or request.root}: {fault.strerror}", MACHINE_ERROR)


def exit_on_errors(result: Result) -> None:
    """Print the errors and end the program, if there are any; what is not wrong enough for that is for `check`."""
    if result.failed:
        show([d for d in result.diagnostics if d.severity == "error"])
        sys.exit(CONTENT_ERROR)


def exit_on_findings(result: Result, *, strict: bool) -> None:
    """End the program if there are errors, or warnings where these count as errors."""
    serious = any(d.severity == "warning" for d in result.diagnostics)
    if result.failed or (strict and serious):
        sys.exit(CONTENT_ERROR)
