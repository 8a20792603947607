"""Deploys to a second S3 server, by other authors, which knows its key and nothing of conditional writes."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.deploy.records import DeployError
from tests.deploy.buckets import Bucket
from tests.deploy.servers import free_port, running
from tests.deploy.sites import Built, page
from tests.npm import NODE, needed

#: The only key that it knows.
KEY = SECRET = "S3RVER"
SITE = {
    "index.html": page("Home", ["/a/"], [], "words " * 100),
    "größe/index.html": "a",
    "assets/a.1234.css": "body {}",
}

_names = (f"bucket-{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def s3rver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of s3rver."""
    program = needed(Path(__file__).parent / "s3rver") / "s3rver" / "bin" / "s3rver.js"
    port = free_port()
    arguments = ["-d", str(tmp_path_factory.mktemp("s3rver")), "-a", "127.0.0.1", "-p", str(port)]
    with running([NODE, str(program), *arguments, "--no-vhost-buckets"], f"http://127.0.0.1:{port}") as url:
        yield url


@pytest.fixture
def bucket(s3rver: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """Give an empty bucket, and the key to it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    made = Bucket(s3rver, next(_names), KEY, SECRET)
    made.client.create_bucket(Bucket=made.name)
    return made


def test_bucket_becomes_the_build(built: Built, bucket: Bucket) -> None:
    """Files come with their headers, change and go, and a rollback restores them; foreign files stay."""
    target = bucket.target(compress="gzip", keep_old_assets="0")
    bucket.put("downloads/report.pdf", b"%PDF")
    built.write(SITE)
    built.deploy(target)
    first = bucket.files()
    assert bucket.head("index.html")["ContentEncoding"] == "gzip"
    assert bucket.head("index.html")["CacheControl"] == "public, max-age=0, must-revalidate"
    built.write({"index.html": "two", "b.html": "b"})
    built.deploy(target)
    assert bucket.files().keys() == {"index.html", "b.html", "assets/a.1234.css", "downloads/report.pdf"}
    built.deploy(target, rollback=True)
    assert bucket.files() == first
    built.write(SITE)
    assert built.plan(target).empty
    assert built.plan(target, force=True).empty


def test_unknown_key_is_told(built: Built, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that the service does not know is a message that says what to look at, and not what the secret is."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDUNKNOWN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    built.write(SITE)
    with pytest.raises(DeployError, match=r"not allowed \(InvalidAccessKeyId\); check the credentials") as told:
        built.plan(bucket.target())
    assert "not-the-secret" not in str(told.value)
