"""The command line: arguments → one call. The only place that prints, reads the clock or sets an exit status.

A command is one file. It imports what it works with when it is called: `topicsite --help` loads nothing of the
compiler.
Exit status: 0 done, 1 the content has errors (or findings under `--strict`), 2 wrong usage, 3 the machine failed.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

import click

from builder import __version__
from builder.cli import build, check, deploy, links, new, plan, schema, serve


class Program(click.Group):
    """The commands, run as a program of their own."""

    def __call__(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - click's own signature
        """Run a command, and end without taking Python apart.

        To free one by one what a build holds takes 3 % of its time. And a request of obstore's that was cancelled, by
        Ctrl-C say, goes on in a thread; when it ends while Python is being taken apart, the process aborts
        (https://github.com/PyO3/pyo3-async-runtimes/issues/40).
        """
        try:
            return super().__call__(*args, **options)
        except SystemExit as end:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
            os._exit(end.code if isinstance(end.code, int) else end.code is not None)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="topicsite")
def main() -> None:
    """Compile topical maps into a static site."""


for command in (
    build.build,
    check.check,
    serve.serve,
    links.links,
    plan.plan,
    deploy.deploy,
    schema.schema,
    new.new,
):
    main.add_command(command)
