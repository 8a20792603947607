"""Servers on loopback: started, waited for, and ended with the test."""

import contextlib
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Tell whether a server answers, whatever it answers."""
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own address
    except urllib.error.HTTPError as answer:
        answer.close()
    except OSError:
        return False
    return True


def listens(url: str) -> bool:
    """Tell whether anybody listens on the port of an address."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 0), timeout=5).close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def running(arguments: list[str], url: str, *, folder: Path | None = None, log: Path | None = None) -> Iterator[str]:
    """Run a server until the context ends; it is up when it answers on HTTP, or listens if `url` is of another kind.

    What it writes to stderr goes to `log`.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    up = answers if url.startswith("http:") else listens
    with log.open("wb") if log else contextlib.nullcontext(subprocess.DEVNULL) as err:
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=err, cwd=folder, env=environment)
    try:
        for _ in range(600):
            if up(url):
                break
            assert process.poll() is None, f"{arguments[0]} ended with status {process.returncode}"
            time.sleep(0.05)
        else:
            pytest.fail(f"{arguments[0]} does not answer")
        yield url
    finally:
        process.kill()
        process.wait()
