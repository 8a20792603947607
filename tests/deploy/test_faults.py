"""What goes wrong at a store: which faults are tried again, what they are called, and bytes that arrive spoilt."""

import random

import pytest

from builder.deploy import bucket as buckets
from builder.deploy.records import DeployError
from builder.deploy.retry import Patience
from tests.deploy.buckets import Bucket
from tests.deploy.listening import Listening
from tests.deploy.proxy import Faults, Proxy
from tests.deploy.sites import Built


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are short, attempts are three."""
    patience = Patience(attempts=3, first=0.001, longest=0.002, dice=random.Random(0))
    monkeypatch.setattr(buckets, "Patience", lambda: patience)


def _error(code: str) -> str:
    return f"<Error><Code>{code}</Code><Message>Words of the service.</Message></Error>"


@pytest.mark.parametrize(
    ("status", "body", "attempts", "message"),
    [
        (500, _error("InternalError"), 3, "failed: InternalError: Words of the service"),
        (503, _error("SlowDown"), 3, "failed: SlowDown"),
        (429, "", 3, "failed with status 429"),
        (400, _error("RequestTimeout"), 3, "failed: RequestTimeout"),
        (400, _error("InvalidRequest"), 1, "failed: InvalidRequest: Words of the service"),
        (403, _error("AccessDenied"), 1, r"is not allowed \(AccessDenied\); check the credentials and their rights"),
        (401, "", 1, "is not allowed"),
        (404, _error("NoSuchBucket"), 1, "there is no such bucket; make it first"),
        (301, _error("PermanentRedirect"), 1, "the bucket is in another region, or at another endpoint"),
        (400, _error("AuthorizationHeaderMalformed"), 1, "the bucket is in another region"),
    ],
)
def test_faults_that_deserve_another_attempt(built: Built, status: int, body: str, attempts: int, message: str) -> None:
    """The service's own faults and limits are tried again; what would fail again is not; each is one line."""
    built.write({"index.html": "one"})
    with Listening(lambda _: (status, body)) as server:
        with pytest.raises(DeployError, match=message) as told:
            built.plan({"type": "s3", "bucket": "b", "endpoint": server.url})
        assert len(server.asked) == attempts
    assert "\n" not in str(told.value)
    assert str(told.value).startswith("s3://b: ")


def test_nobody_there_is_told(built: Built) -> None:
    """An address where nobody answers is a message with the reason."""
    built.write({"index.html": "one"})
    with pytest.raises(
        DeployError, match=r"s3://b: reading .topicsite/state.json failed: the service cannot be reached"
    ):
        built.plan({"type": "s3", "bucket": "b", "endpoint": "http://127.0.0.1:9"})


def test_spoilt_bytes_are_sent_again(built: Built, bucket: Bucket) -> None:
    """What arrives with other bytes than were sent is found out and sent again."""
    built.write({"index.html": "one"})
    built.deploy(bucket.target())
    built.write({"index.html": "two"})
    with Proxy(bucket.url) as proxy:
        target = {**bucket.target(keep_deploys="0"), "endpoint": proxy.url}
        spoilt = 0

        faults = Faults()
        proxy.fail(faults)
        original = proxy._pass

        async def only_the_page(request: bytes, *rest: object) -> bool:
            nonlocal spoilt
            faults.spoils = 0
            if request.startswith(b"PUT") and b"/index.html" in request.split(b"\r\n", 1)[0] and spoilt < 2:
                spoilt += 1
                faults.spoils = 1
            return await original(request, *rest)  # type: ignore[arg-type]

        proxy._pass = only_the_page  # type: ignore[method-assign,assignment]
        built.deploy(target)
        assert spoilt == 2
    assert bucket.read("index.html") == b"two"
