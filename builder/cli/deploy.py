"""`topicsite deploy`."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
import time
from typing import TYPE_CHECKING

import click

from builder.cli import options
from builder.cli.building import built, exit_on_errors, exit_on_findings, request_for
from builder.cli.terminal import CONTENT_ERROR, MACHINE_ERROR, USAGE_ERROR, fail, print_report, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from builder.config import SiteConfig
    from builder.deploy.run import Done, Prepared
    from builder.targets import TargetKeys


@click.command()
@options.site
@options.date
@options.strict
@click.argument("target", required=False)
@click.option("--dry-run", is_flag=True, help="Show the plan and do nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--max-delete", type=click.IntRange(0), metavar="N", help="Allow so many deletions.")
@click.option("--force", is_flag=True, help="List the target anew, replace foreign files, break another deploy's lock.")
@click.option("--status", is_flag=True, help="Show what is live, and how the build differs.")
@click.option("--rollback", is_flag=True, help="Go back to the deploy before.")
@click.option("--no-build", is_flag=True, help="Deploy what output/ has.")
@click.option("--verbose", "-v", is_flag=True, help="Name every file.")
def deploy(  # noqa: PLR0913 - one for each option
    *,
    site: Path,
    date: dt.date | None,
    strict: bool,
    target: str | None,
    dry_run: bool,
    yes: bool,
    max_delete: int | None,
    force: bool,
    status: bool,
    rollback: bool,
    no_build: bool,
    verbose: bool,
) -> None:
    """Build, and send the difference to a target of site.yaml's `deploy:`."""
    import asyncio  # noqa: PLC0415
    import secrets  # noqa: PLC0415

    from builder.deploy import report, run  # noqa: PLC0415
    from builder.deploy.redact import redactor, secrets_of  # noqa: PLC0415

    hide = redactor(secrets_of(os.environ))
    with _faults_of_deploy(hide):
        basis = _built_for(site, date, target, strict=strict, build=not (no_build or rollback))
        now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        identity = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        order = run.Order(
            *basis,
            now=now,
            identity=identity,
            environment=dict(os.environ),
            force=force,
            rollback=rollback,
            max_delete=max_delete,
        )
        prepared = asyncio.run(run.prepare(order, lambda text: click.echo(hide(text), err=True)))
        if status:
            live = asyncio.run(run.deployed(prepared)) if not prepared.live.id else None
            click.echo(hide("\n".join(report.status(prepared, live))))
            return
        click.echo(hide(report.heading(prepared)))
        if prepared.empty:
            click.echo("nothing to do")
            return
        print_report(None, report.plan_table(prepared), str, str)
        click.echo(hide("\n".join(report.plan_names(prepared, everything=verbose))))
        run.check_limits(prepared)
        if dry_run:
            return
        if not yes:
            if not sys.stdin.isatty():
                fail("nobody is there to ask; say --yes", USAGE_ERROR)
            click.confirm("Deploy?", abort=True)
        start = time.perf_counter()
        done = _carry_out(prepared, hide)
        click.echo(hide("\n".join(report.summary(prepared, done, time.perf_counter() - start))))


def _built_for(
    site: Path, date: dt.date | None, target: str | None, *, strict: bool, build: bool
) -> tuple[Path, Path, Path, SiteConfig, str, TargetKeys]:
    """Build for a deploy target; return the site, the output, its state, the configuration, and the target.

    A target with a `base_url` of its own has an output of its own. A build that fails ends the program.
    """
    from dataclasses import replace  # noqa: PLC0415

    from builder.deploy import run  # noqa: PLC0415
    from builder.sources import load_site  # noqa: PLC0415
    from builder.targets import check_targets  # noqa: PLC0415

    request = request_for(site, date, strict=strict)
    config, faults = load_site(site, request.environment)
    if config is None or any(fault.severity == "error" for fault in faults):
        show(built(replace(request, write=False)).diagnostics)
        sys.exit(CONTENT_ERROR)
    targets, _ = check_targets(config.deploy)
    name = run.choose(targets, target)
    address = targets[name].base_url
    if address and address != config.base_url:
        folder = run.notes_folder(site, name)
        environment = {**request.environment, "TOPICSITE_BASE_URL": address}
        request = replace(request, environment=environment, output=folder / "output", state=folder / "state")
        config = load_site(site, environment)[0] or config
    if build:
        result = built(request)
        if strict:
            show(result.diagnostics)
            exit_on_findings(result, strict=True)
        exit_on_errors(result)
    return site, request.output_folder, request.state_folder, config, name, targets[name]


def _carry_out(prepared: Prepared, hide: Callable[[str], str]) -> Done:
    """Carry out a deploy, on a terminal with a progress bar that tells the rate and the time left."""
    import asyncio  # noqa: PLC0415
    import signal  # noqa: PLC0415

    from builder.deploy.run import perform  # noqa: PLC0415

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: give the lock back
    if not sys.stderr.isatty():
        return asyncio.run(perform(prepared, note=lambda text: click.echo(hide(text), err=True)))
    from rich import progress  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415 - 40 ms

    columns = (
        progress.TextColumn("{task.description:10}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=max(1, prepared.plan.size))

        def tell(phase: str, size: int) -> None:
            bar.update(task, description=phase, advance=size)

        return asyncio.run(perform(prepared, tell, lambda text: bar.console.print(hide(text), markup=False)))


@contextlib.contextmanager
def _faults_of_deploy(hide: Callable[[str], str]) -> Iterator[None]:
    """Turn what stops a deploy into a message without secrets and an exit status."""
    from builder.deploy.records import RefusedError  # noqa: PLC0415
    from builder.write import MachineError  # noqa: PLC0415

    try:
        yield
    except KeyboardInterrupt:
        fail("stopped; the site at the target is whole, and deploying again goes on from here", MACHINE_ERROR)
    except RefusedError as fault:
        fail(hide(str(fault)), USAGE_ERROR)
    except MachineError as fault:
        fail(hide(str(fault)), MACHINE_ERROR)
    except (click.ClickException, click.Abort):
        raise
    except Exception:  # noqa: BLE001 - a bug, whose traceback may hold a secret
        import traceback  # noqa: PLC0415

        click.echo(hide(traceback.format_exc()), err=True)
        sys.exit(MACHINE_ERROR)
