"""Two deploys at one time: one of them wins, the other says so, and the target is never a mixture."""

import asyncio
import itertools
import json

import pytest

from builder.deploy import bucket as buckets
from builder.deploy import lock
from builder.deploy.folder import Folder
from builder.deploy.lock import Lock, is_dead
from builder.deploy.records import LOCK, ConflictError, DeployError
from builder.deploy.run import perform, prepare
from tests.deploy.buckets import Bucket
from tests.deploy.sites import Built, deployed


@pytest.fixture(autouse=True)
def quick_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life come many times a second."""
    monkeypatch.setattr(buckets.Bucket, "heartbeat", 0.1)
    monkeypatch.setattr(Folder, "heartbeat", 0.1)


def test_one_of_two_deploys_wins(built: Built, bucket: Bucket) -> None:
    """Of two deploys at a time one finishes; the other is refused with the name of the first."""
    built.write({f"{number}.html": f"page {number}" for number in range(60)})
    target = bucket.target(concurrency=1)

    async def both() -> list[object]:
        orders = [built.order(target), built.order(target)]
        return list(await asyncio.gather(*(deployed(order) for order in orders), return_exceptions=True))

    results = asyncio.run(both())
    faults = [result for result in results if isinstance(result, BaseException)]
    assert len(faults) == 1
    assert isinstance(faults[0], ConflictError)
    assert "run this one again when it is done" in str(faults[0])
    assert len(bucket.files()) == 60
    assert built.plan(target).empty
    assert LOCK not in bucket.names()


@pytest.mark.parametrize("kind", ["bucket", "folder"])
def test_plan_that_is_out_of_date_is_not_carried_out(built: Built, bucket: Bucket, kind: str) -> None:
    """A deploy that finished after the plan was made makes the plan void."""
    target = bucket.target() if kind == "bucket" else {"type": "folder", "path": "../published"}
    built.write({"index.html": "one"})

    async def late() -> None:
        slow = await prepare(built.order(target), lambda _: None)
        await deployed(built.order(target))
        with pytest.raises(ConflictError, match="the target changed since the plan was made"):
            await perform(slow)

    asyncio.run(late())


def test_lock_of_a_living_deploy_is_respected(built: Built, bucket: Bucket) -> None:
    """A lock whose holder gives signs of life is not taken; --force takes it, and the holder stops at once."""
    built.write({"index.html": "one"})
    target = bucket.target()

    async def contend() -> None:
        prepared = await prepare(built.order(target), lambda _: None)
        store = prepared.target.store  # type: ignore[attr-defined]
        stopped = False
        forced: asyncio.Task[object] | None = None
        try:
            async with Lock(store, "the-first", lambda _: None):
                with pytest.raises(ConflictError, match="deploy the-first is at work"):
                    await deployed(built.order(target))
                forced = asyncio.create_task(deployed(built.order(target, force=True)))  # the holder's own is stopped
                await asyncio.sleep(60)
        except ConflictError as fault:
            stopped = "took the target over" in str(fault)
        assert stopped
        assert forced is not None
        await forced

    asyncio.run(contend())
    assert bucket.read("index.html") == b"one"


def test_force_does_not_mind_signs_of_life(built: Built, bucket: Bucket) -> None:
    """A lock that its holder rewrites whenever it is looked at is taken by --force all the same."""
    built.write({"index.html": "one"})

    async def take() -> None:
        store = (await prepare(built.order(bucket.target()), lambda _: None)).target.store  # type: ignore[attr-defined]
        beats = itertools.count()

        async def read(name: str) -> object:
            found = await type(store).read(store, name)
            bucket.put(LOCK, json.dumps({"id": "lively", "beat": next(beats)}).encode())
            return found

        bucket.put(LOCK, b'{"id": "lively"}')
        store.read = read
        async with Lock(store, "forced", lambda _: None, force=True):
            assert json.loads(bucket.read(LOCK))["id"] == "forced"

    asyncio.run(take())


@pytest.mark.parametrize("kind", ["bucket", "folder"])
def test_lock_that_is_gone_is_lost(built: Built, bucket: Bucket, kind: str) -> None:
    """Where the lock was taken and given back between two signs of life, the first holder stops as well."""
    built.write({"index.html": "one"})
    target = bucket.target() if kind == "bucket" else {"type": "folder", "path": "../published"}

    async def lose() -> None:
        store = (await prepare(built.order(target), lambda _: None)).target.store  # type: ignore[attr-defined]
        first = Lock(store, "the-first", lambda _: None)
        await first.__aenter__()
        await store.delete([LOCK])
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(60)
        with pytest.raises(ConflictError, match="took the target over"):
            await first.__aexit__(None, None, None)

    asyncio.run(lose())


def test_s3_finds_nothing_to_replace(built: Built, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 answers 404 where the object that a write is to replace is gone: a conflict, too (PutObject, If-Match)."""
    built.write({"index.html": "one"})

    async def gone(*_: object, **__: object) -> None:
        raise FileNotFoundError("NoSuchKey")

    async def replace() -> None:
        store = (await prepare(built.order(bucket.target()), lambda _: None)).target.store  # type: ignore[attr-defined]
        mark = await store.write(LOCK, b"{}", None)
        monkeypatch.setattr("obstore.put_async", gone)
        with pytest.raises(ConflictError, match="changed by somebody else"):
            await store.write(LOCK, b'{"beat": 1}', mark)
        with pytest.raises(DeployError, match="NoSuchKey"):
            await store.write("other.json", b"{}", None)

    asyncio.run(replace())


def test_lock_of_a_dead_deploy_is_taken_over(built: Built, bucket: Bucket) -> None:
    """A lock that shows no sign of life is taken over; that of a dead process of this machine at once."""
    built.write({"index.html": "one"})
    bucket.put(LOCK, json.dumps({"id": "dead", "beat": 7, "machine": "elsewhere", "pid": 1}).encode())
    notes: list[str] = []

    async def deploy() -> None:
        prepared = await prepare(built.order(bucket.target()), notes.append)
        await perform(prepared, note=notes.append)

    asyncio.run(deploy())
    assert notes == [
        "deploy dead holds the target; watching for 0 s if it lives",
        "taking over from deploy dead, which was interrupted",
    ]
    assert LOCK not in bucket.names()


def test_dead_process_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of this machine that is no more is dead; one of another machine may live, whatever its number."""
    monkeypatch.setattr(lock, "machine", lambda: "here")
    assert is_dead({"machine": "here", "pid": 2**22 + 7})
    assert not is_dead({"machine": "here", "pid": 1})
    assert not is_dead({"machine": "there", "pid": 2**22 + 7})
    assert not is_dead({})
    assert not is_dead({"machine": "here", "pid": "x"})
