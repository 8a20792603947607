"""Deploys to Azure Blob Storage, as Azurite has it: Microsoft's own emulator, from npm."""

import base64
import datetime as dt
import hashlib
import hmac
import itertools
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore import delete, get, list_with_delimiter
from obstore.store import AzureStore

from builder.deploy.records import DeployError, RefusedError
from tests.deploy.servers import free_port, running
from tests.deploy.sites import Built, page
from tests.npm import NODE, needed

#: Azurite's account, as its documentation gives it to everybody.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
SITE = {"index.html": page("Home", ["/a/"], [], "words " * 100), "a/index.html": "a", "assets/a.1234.css": "body {}"}

_containers = (f"site{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def azurite() -> Iterator[str]:
    """Give the address of Azurite's account."""
    program = needed(Path(__file__).parent / "azurite") / "azurite" / "dist" / "src" / "blob" / "main.js"
    port = free_port()
    arguments = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    command = [NODE, str(program), *arguments, "--blobPort", str(port)]
    with running(command, f"http://127.0.0.1:{port}") as url:
        yield f"{url}/{ACCOUNT}"


@pytest.fixture
def target(azurite: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Give the settings of a deploy to a new container."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)
    name = next(_containers)
    _make_container(azurite, name)
    return {"type": "azure", "account": ACCOUNT, "container": name, "endpoint": azurite}


def _make_container(azurite: str, name: str) -> None:
    """Make a container: a request of the Blob service, signed with the shared key, since obstore cannot."""
    date = f"{dt.datetime.now(dt.UTC):%a, %d %b %Y %H:%M:%S} GMT"
    headers = {"x-ms-date": date, "x-ms-version": "2021-08-06"}
    lines = ["PUT", *[""] * 11, *(f"{key}:{value}" for key, value in headers.items())]
    lines += [f"/{ACCOUNT}/{ACCOUNT}/{name}", "restype:container"]
    mac = hmac.new(base64.b64decode(KEY), "\n".join(lines).encode(), hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(mac).decode()}"
    request = urllib.request.Request(f"{azurite}/{name}?restype=container", method="PUT", headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own address
        assert answer.status == 201


def _store(target: dict[str, object]) -> AzureStore:
    return AzureStore(
        str(target["container"]),
        account_name=ACCOUNT,
        account_key=KEY,
        endpoint=str(target["endpoint"]),
        client_options={"allow_http": True},
    )


def test_container_becomes_the_build(built: Built, target: dict[str, object]) -> None:
    """Files come with their headers, change and go; the next plan is empty, also when the container is listed anew."""
    target["compress"] = "gzip"
    built.write(SITE | {"old.html": "old"})
    built.deploy(target)
    built.write(SITE | {"new.html": "new"})
    done = built.deploy(target)
    assert done.urls == ("https://www.example.com/new.html", "https://www.example.com/old.html")
    store = _store(target)
    names = {item["path"] for item in list_with_delimiter(store)["objects"]}
    assert names == {"deployed.json", "index.html", "new.html"}
    home = get(store, "index.html").attributes
    assert home["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert home["Content-Type"] == "text/html; charset=utf-8"
    assert home["Content-Encoding"] == "gzip"
    assert get(store, "assets/a.1234.css").attributes["Cache-Control"] == "public, max-age=31536000, immutable"
    assert built.plan(target).empty
    assert built.plan(target, force=True).empty


def test_changed_headers_are_a_change(built: Built, target: dict[str, object]) -> None:
    """A file whose bytes stay and whose headers change is sent again."""
    built.write(SITE)
    built.deploy(target)
    site = {"headers": {"/a/": {"Cache-Control": "max-age=60"}}}
    assert [(upload.name, upload.why) for upload in built.plan(target, site).plan.uploads] == [
        ("a/index.html", "headers")
    ]
    built.deploy(target, site)
    assert get(_store(target), "a/index.html").attributes["Cache-Control"] == "max-age=60"


def test_rollback_and_foreign_blobs(built: Built, target: dict[str, object]) -> None:
    """--rollback restores from copies in the container; a blob of somebody else's is neither replaced nor deleted."""
    store = _store(target)
    store.put("foreign.txt", b"foreign")
    built.write(SITE)
    built.deploy(target)
    built.write({"index.html": "two"})
    built.deploy(target)
    built.deploy(target, rollback=True)
    assert bytes(get(store, "index.html").bytes()).decode() == SITE["index.html"]
    assert bytes(get(store, "a/index.html").bytes()) == b"a"
    assert bytes(get(store, "foreign.txt").bytes()) == b"foreign"
    built.write(SITE | {"foreign.txt": "ours"})
    with pytest.raises(RefusedError, match=r"in the way: foreign.txt"):
        built.deploy(target)


def test_lost_books_are_rebuilt(built: Built, target: dict[str, object]) -> None:
    """Without its books a container is listed, and nothing is sent twice."""
    built.write(SITE)
    built.deploy(target)
    delete(_store(target), ".topicsite/state.json")
    built.write(SITE | {"index.html": "new"})
    assert [upload.name for upload in built.plan(target).plan.uploads] == ["index.html"]


def test_faults_are_messages(built: Built, target: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that is not there and a key that is not right are one line each."""
    built.write(SITE)
    with pytest.raises(DeployError, match="there is no such container; make it first"):
        built.plan({**target, "container": "missing"})
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", base64.b64encode(b"wrong" * 12).decode())
    with pytest.raises(DeployError, match=r"is not allowed .*; check the credentials and their rights"):
        built.plan(target)
