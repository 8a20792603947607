"""IndexNow: the key file, batches, and which URLs search engines are told of (indexnow.org, "Documentation")."""

import json
from pathlib import Path

import pytest

from builder.deploy import indexnow
from builder.deploy.http import Answer
from builder.deploy.records import DeployError, RefusedError
from builder.targets import IndexNowKeys
from tests.deploy.listening import Listening
from tests.deploy.sites import BASE, Built

KEY = "3f1c0a9be2d44f6c8a57"


def test_batches_of_ten_thousand() -> None:
    """25,000 URLs are three requests of at most 10,000, each with host, key and the key's place; none is lost."""
    urls = [f"{BASE}{number}/" for number in range(25_000)]
    requests = indexnow.requests(IndexNowKeys(key=KEY), urls, BASE)
    bodies = [json.loads(request.body) for request in requests]
    assert [len(body["urlList"]) for body in bodies] == [10_000, 10_000, 5_000]
    assert [url for body in bodies for url in body["urlList"]] == urls
    for request, body in zip(requests, bodies, strict=True):
        assert (request.method, request.url) == ("POST", "https://api.indexnow.org/indexnow")
        assert request.headers == {"Content-Type": "application/json; charset=utf-8"}
        assert (body["host"], body["key"]) == ("www.example.com", KEY)
        assert body["keyLocation"] == f"{BASE}{KEY}.txt"
        assert body.keys() == {"host", "key", "keyLocation", "urlList"}


@pytest.mark.parametrize(("status", "fine"), [(200, True), (202, True), (400, False), (403, False), (422, False)])
def test_answers(status: int, fine: bool) -> None:
    """200 and 202 are fine; the others are told in words."""
    assert (indexnow.wrong(Answer(status, "")) == "") is fine


def _site(*pages: str, **words: str) -> dict[str, str]:
    files = {f"{name}/index.html": words.get(name, name) for name in pages}
    listed = "".join(f"<url><loc>{BASE}{name}/</loc></url>" for name in pages if name != "outline")
    return {**files, "a.md": words.get("a", "a"), "sitemap.xml": f"<urlset>{listed}</urlset>"}


def test_deploy_tells_of_pages_that_changed(built: Built) -> None:
    """Pages that are new, changed or gone are told of, once, from the first deploy on.

    Not told of are pages that the sitemap leaves out, and files that are no pages.
    """
    with Listening(lambda _: (202, "")) as server:
        target = {"type": "folder", "path": "../published", "indexnow": {"key": KEY, "endpoint": f"{server.url}/now"}}
        built.write(_site("a", "b", "gone", "outline"))
        built.deploy(target)
        assert (built.root.parent / "published" / f"{KEY}.txt").read_text() == KEY
        assert json.loads(server.asked[0].body)["urlList"] == [f"{BASE}a/", f"{BASE}b/", f"{BASE}gone/"]
        server.asked.clear()
        built.write(_site("a", "b", "c", "outline", a="new words", outline="planned still"))
        done = built.deploy(target)
        (asked,) = server.asked
        assert asked.path == "/now"
        assert json.loads(asked.body)["urlList"] == [f"{BASE}a/", f"{BASE}c/", f"{BASE}gone/"]
        assert done.told == 3
        server.asked.clear()
        built.deploy(target)
        assert not server.asked


def test_refusal_is_told_and_made_good(built: Built) -> None:
    """A refusal names its reason; the site is live all the same, and the next deploy tells again."""
    with Listening() as server:
        target = {"type": "folder", "path": "../published", "indexnow": {"key": KEY, "endpoint": server.url}}
        built.write(_site("a"))
        built.deploy(target)
        server.answer = lambda _: (403, "")
        built.write(_site("a", a="new"))
        with pytest.raises(DeployError, match="the key is not valid: the key file is not there"):
            built.deploy(target)
        assert (built.root.parent / "published/a/index.html").read_text() == "new"
        server.answer = lambda _: (200, "")
        server.asked.clear()
        built.deploy(target)
        assert json.loads(server.asked[0].body)["urlList"] == [f"{BASE}a/"]


def test_key_file_of_the_site_wins(built: Built, tmp_path: Path) -> None:
    """A file of the site by the key's name is fine if it says the key, and else in the way."""
    target = {"type": "folder", "path": "../published", "indexnow": {"key": KEY}}
    built.write({"index.html": "a", f"{KEY}.txt": KEY})  # no sitemap: nobody is told of anything
    built.deploy(target)
    assert (tmp_path / "published" / f"{KEY}.txt").read_text() == KEY
    built.write({"index.html": "a", f"{KEY}.txt": "else"})
    with pytest.raises(RefusedError, match=r"the site has a file .* of its own"):
        built.plan(target)
