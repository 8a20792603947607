"""Deploys that are cut off at any moment: the site stays whole, and the next run finishes."""

import asyncio
import contextlib
import random
from collections.abc import Iterator

import pytest

from builder.deploy import bucket as buckets
from builder.deploy.records import DeployError
from builder.deploy.retry import Patience
from builder.deploy.run import perform, prepare
from builder.deploy.target import StoreTarget
from tests.deploy.buckets import Bucket
from tests.deploy.proxy import Faults, Proxy
from tests.deploy.sites import Built, Garden, broken

#: Interrupted deploys, in rounds that are tests of their own so that workers share them.
ROUNDS = 10
EACH = 10


@pytest.fixture
def bucket(s3_inside: str) -> Bucket:
    """Give an empty bucket of the S3 server in this process."""
    return Bucket.new(s3_inside)


@pytest.fixture
def proxy(s3_inside: str) -> Iterator[Proxy]:
    """Give a proxy in front of that server."""
    with Proxy(s3_inside) as running:
        yield running


@pytest.fixture(autouse=True)
def quick_heart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead deploy is known for dead at once: its lock is watched for a fraction of a second."""
    monkeypatch.setattr(buckets.Bucket, "heartbeat", 0.05)


async def attempt(built: Built, target: dict[str, object], dice: random.Random) -> None:
    """Deploy with little patience."""
    prepared = await prepare(built.order(target), lambda _: None)
    patience = Patience(attempts=4, first=0.001, longest=0.004, dice=dice)
    assert isinstance(prepared.target, StoreTarget)
    assert isinstance(prepared.target.store, buckets.Bucket)
    prepared.target.store.patience = patience
    await perform(prepared, patience=patience)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_interrupted_deploys(built: Built, bucket: Bucket, proxy: Proxy, seed: int) -> None:
    """Whatever request a deploy is cut off at, every page resolves, and running it again makes the site the build's.

    Each deploy of a site that changes at random dies after a random number of requests, and before that its requests
    are cut, delayed and refused at random; so are those of the run that finishes it. Foreign files survive it all.
    """
    dice = random.Random(seed)
    garden = Garden(seed)
    foreign = {"downloads/report.pdf": b"%PDF", "page-3/notes.txt": b"somebody else's"}
    for name, data in foreign.items():
        bucket.put(name, data)
    target = {**bucket.target(max_delete="100%", keep_old_assets="0"), "endpoint": proxy.url}
    weather = {"cut_before": 0.04, "cut_after": 0.04, "refuse": 0.08, "delay": 0.1, "seconds": 0.002, "dice": dice}
    pages: set[str] = set()
    interrupted = 0
    while interrupted < EACH:
        built.write(garden.files())
        known = pages & set(garden.files())
        proxy.fail(Faults(dies_after=dice.randint(0, 45), **weather))  # type: ignore[arg-type]
        try:
            asyncio.run(attempt(built, target, dice))
        except DeployError:
            interrupted += 1
        assert broken(bucket.inside(), known=known) == []

        if dice.random() < 0.3:  # the next build comes before the deploy was finished
            garden.grow()
            built.write(garden.files())
            known &= set(garden.files())
        finished = False
        while not finished:
            proxy.fail(Faults(**weather))  # type: ignore[arg-type]
            with contextlib.suppress(DeployError):
                asyncio.run(attempt(built, target, dice))
                finished = True
            assert broken(bucket.inside(), known=known) == []
        proxy.fail(Faults())
        there = bucket.inside()
        old_assets = {name for name in there if name.startswith("assets/")} - garden.files().keys()
        wanted = {name: text.encode() for name, text in garden.files().items()}
        assert {name: data for name, data in there.items() if name not in old_assets} == wanted | foreign
        prepared = built.plan(target)
        assert not prepared.plan.changes_site
        assert {name for name, _ in prepared.plan.deletes} <= old_assets
        assert not prepared.live.interrupted
        pages = {name for name in garden.files() if name.endswith(".html")}
        garden.grow()
    assert not [name for name in bucket.names() if name.startswith(".topicsite/lock")]
