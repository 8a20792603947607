"""What all tests of deploys share: S3 servers on loopback, made-up credentials, and small sites to send."""

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from tests.deploy.buckets import KEY, SECRET, Bucket
from tests.deploy.servers import free_port, running
from tests.deploy.sites import Built


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Give the address of an S3 server (moto's), one for all tests of a process."""
    port = free_port()
    with running([sys.executable, "-m", "moto.server", "-p", str(port)], f"http://127.0.0.1:{port}") as url:
        yield url


@pytest.fixture(scope="session")
def s3_inside() -> Iterator[str]:
    """Give the address of an S3 server in this very process, whose objects can be looked at without asking it."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Made-up credentials in the environment; no file of the user's own is read."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "AZURE_", "GOOGLE_", "CLOUDFLARE_", "NETLIFY_", "FASTLY_", "BUNNY_", "GIT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def bucket(s3_server: str) -> Bucket:
    """Give an empty bucket of the S3 server."""
    return Bucket.new(s3_server)


@pytest.fixture
def built(tmp_path: Path) -> Built:
    """Give a site's folder in which builds can be pretended."""
    return Built(tmp_path / "site")
