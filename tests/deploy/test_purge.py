"""Purging the caches in front of a target: requests as the makers' APIs document them, recorded in `contracts/`."""

import asyncio
import datetime as dt
import json
import random
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from builder.deploy import aws, http, purge
from builder.deploy.http import Request
from builder.deploy.records import DeployError
from builder.deploy.retry import Patience
from builder.deploy.run import purge_urls
from builder.targets import PURGES, PurgeKeys, check_targets
from tests.deploy.listening import Listening
from tests.deploy.sites import BASE, Built

CONTRACTS = sorted((Path(__file__).parent / "contracts").glob("*.json"))
NOW = dt.datetime(2026, 5, 4, 6, tzinfo=dt.UTC)
SITE = "https://www.example.com/maps/"
URLS = [f"{SITE}a/", f"{SITE}a/index.html", f"{SITE}gr%C3%B6%C3%9Fe%20&%20c/"]
HASTY = Patience(attempts=2, first=0.001, longest=0.002, dice=random.Random(0))


@pytest.fixture(params=CONTRACTS, ids=lambda path: path.stem)
def contract(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Give the contract of one API."""
    read: dict[str, Any] = json.loads(request.param.read_text("utf-8"))
    return read


def keys_of(contract: dict[str, Any], **more: object) -> PurgeKeys:
    """Return the settings of a contract, read as site.yaml's."""
    target = {"type": "folder", "path": "x", "purge": {**contract["keys"], **more}}
    targets, faults = check_targets({"x": target})
    assert not faults, faults
    assert targets["x"].purge is not None
    return targets["x"].purge


def made(contract: dict[str, Any], urls: list[str], **more: object) -> list[Request]:
    """Return the requests for some URLs."""
    return purge.requests(keys_of(contract, **more), urls, SITE, contract["environment"], "deploy-1", NOW)


def check(requests: list[Request], expected: list[dict[str, Any]]) -> None:
    """Compare requests with those of a contract; what the contract does not mention may be anything."""
    assert [(request.method, request.url) for request in requests] == [
        (item["method"], item["url"]) for item in expected
    ]
    for request, item in zip(requests, expected, strict=True):
        for name, value in item["headers"].items():
            if value.endswith("*"):
                assert request.headers[name].startswith(value[:-1])
            else:
                assert request.headers[name] == value
        if "json" in item:
            assert json.loads(request.body) == item["json"]
        elif "xml" in item:
            assert ET.canonicalize(request.body.decode()) == ET.canonicalize(item["xml"])
        else:
            assert request.body == b""


def test_every_cache_has_a_contract() -> None:
    """Each kind of cache of site.yaml has a recorded contract."""
    assert {path.stem for path in CONTRACTS} == set(PURGES) == set(purge.REQUESTS) == set(purge.CREDENTIALS)


def test_requests_are_those_of_the_contract(contract: dict[str, Any]) -> None:
    """Exactly the given URLs are purged, by the documented requests."""
    check(made(contract, URLS), contract["few"])


def test_many_urls_are_one_request(contract: dict[str, Any]) -> None:
    """Above `all_above`, everything is purged at once."""
    check(made(contract, URLS, all_above=2), contract["many"])


def test_missing_credentials_are_named(contract: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its secret the purge says which variable is missing."""
    monkeypatch.delenv("HOME")
    environment = {name: value for name, value in contract["environment"].items() if name != contract["without"]}
    environment["AWS_SHARED_CREDENTIALS_FILE"] = "/nonexistent"
    with pytest.raises(DeployError, match=contract["without"]):
        purge.requests(keys_of(contract), URLS, SITE, environment, "deploy-1", NOW)


def test_answers(contract: dict[str, Any]) -> None:
    """Answers that the API documents as success are; others are told with the API's own words."""
    answers = [(answer["status"], answer["body"]) for answer in contract["accepts"]]
    with Listening(lambda _: answers.pop(0)) as server:
        for _ in contract["accepts"]:
            request = made(contract, URLS[:1], endpoint=server.url)[0]
            asyncio.run(http.send(request, HASTY))
    answers = [(answer["status"], answer["body"]) for answer in contract["refuses"]]
    for answer in contract["refuses"]:
        with Listening(lambda _: answers.pop(0)) as server:
            request = made(contract, URLS[:1], endpoint=server.url)[0]
            with pytest.raises(DeployError) as told:
                asyncio.run(http.send(request, HASTY))
        assert answer["says"] in str(told.value)
        assert contract["environment"][contract["without"]] not in str(told.value)


def test_cloudflare_takes_100_urls_a_request() -> None:
    """250 URLs are three requests, and none is lost."""
    contract = json.loads((Path(__file__).parent / "contracts/cloudflare.json").read_text())
    urls = [f"{SITE}{number}/" for number in range(250)]
    bodies = [json.loads(request.body)["files"] for request in made(contract, urls)]
    assert [len(body) for body in bodies] == [100, 100, 50]
    assert [url for body in bodies for url in body] == urls


@pytest.mark.parametrize("token", ["", "made-up/session+token="])
@pytest.mark.parametrize(
    "url", ["https://cloudfront.amazonaws.com/2020-05-31/distribution/E2/invalidation", f"{SITE}?b=2&a=1"]
)
def test_signature_is_amazons(url: str, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signature is the one that Amazon's own library makes."""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: NOW.replace(tzinfo=None), raising=False)
    body = b"<InvalidationBatch/>"
    who = aws.Credentials("AKIDEXAMPLE", "made-up/secret", token)
    ours = aws.signed(
        "POST", url, {"Content-Type": "text/xml"}, body, who=who, service="cloudfront", region="us-east-1", now=NOW
    )
    request = AWSRequest("POST", url, {"Content-Type": "text/xml"}, body)
    SigV4Auth(Credentials(who.key, who.secret, who.token or None), "cloudfront", "us-east-1").add_auth(request)
    assert ours["Authorization"] == request.headers["Authorization"]


def test_signature_of_the_published_example() -> None:
    """The signature is the one of `post-vanilla` in Amazon's published test suite of the algorithm."""
    now = dt.datetime(2015, 8, 30, 12, 36, tzinfo=dt.UTC)
    who = aws.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    url = "https://example.amazonaws.com/"
    headers = aws.signed("POST", url, {}, b"", who=who, service="service", region="us-east-1", now=now)
    signature = headers["Authorization"].rpartition("Signature=")[2]
    assert signature == "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"


def test_pages_are_cached_under_two_addresses() -> None:
    """A page may lie in a cache under its folder and under its file; other files have one address."""
    assert purge_urls(["a/index.html", "feed.xml"], BASE) == [f"{BASE}a/", f"{BASE}a/index.html", f"{BASE}feed.xml"]


def test_deploy_purges_what_changed(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deploy purges the URLs that changed or went, none on the first, and what it could not purge the next time."""
    monkeypatch.setenv("FASTLY_API_TOKEN", "made-up-token")
    refuse = False
    with Listening(lambda _: (403, '{"msg": "no"}') if refuse else (200, '{"status": "ok"}')) as server:
        target = {
            "type": "folder",
            "path": "../published",
            "compress": ["gzip"],
            "purge": {"type": "fastly", "endpoint": server.url, "soft": False},
        }
        site = {"index.html": "home " * 100, "a/index.html": "a", "data.tar.gz": "x", "assets/a.1.css": "body {}"}
        built.write(site)
        built.deploy(target)
        assert not server.asked, "no cache holds a site that was not there"

        built.write(site | {"index.html": "new home " * 100, "data.tar.gz": "y", "assets/b.2.css": "b"})
        done = built.deploy(target)
        paths = ["/purge/www.example.com/", "/purge/www.example.com/data.tar.gz", "/purge/www.example.com/index.html"]
        assert sorted(asked.path for asked in server.asked) == paths
        assert all("Fastly-Soft-Purge" not in asked.headers for asked in server.asked)
        assert done.purged == 3

        server.asked.clear()
        refuse = True
        del site["a/index.html"]
        built.write(site)
        with pytest.raises(DeployError, match="refused: status 403"):
            built.deploy(target)
        refuse = False
        server.asked.clear()
        assert not built.plan(target).empty
        built.deploy(target)
        assert "/purge/www.example.com/a/" in {asked.path for asked in server.asked}
        assert built.plan(target).empty


def test_missing_token_stops_before_anything_is_sent(built: Built, tmp_path: Path) -> None:
    """A purge that cannot be authorised is told before the deploy, not after it."""
    built.write({"index.html": "one"})
    target = {"type": "folder", "path": "../published", "purge": {"type": "bunny"}}
    with pytest.raises(DeployError, match="needs BUNNY_API_KEY in the environment"):
        built.deploy(target)
    assert not (tmp_path / "published").exists()
