"""The preview over HTTP: what a CDN would answer, and what attackers get."""

import asyncio
import contextlib
import gzip
import json
import socket
from collections.abc import Iterator

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from tests.serve.running import FILES, Running, Site


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start one preview for this file; its site has a long article, a large file, a redirect and headers of its own."""
    site = Site.made(tmp_path_factory.mktemp("http") / "site", FILES)
    site.write(
        "content/maps/clay/forming/wheel.md",
        "Centre the clay. " * 200 + "\n\n[Film](../film.mp4) ![Bowl](../bowl.png)\n",
    )
    site.path("content/maps/clay/film.mp4").write_bytes(bytes(range(256)) * 20_000)
    site.path("content/maps/clay/bowl.png").write_bytes(b"\x89PNG" * 500)
    site.write("content/pages/about.md", "---\ntitle: About\nredirect_from: [/who/]\n---\nWho writes this.\n")
    site.write("site.yaml", site.read("site.yaml") + "headers: {/clay/*: {X-Robots-Tag: noarchive}}\n")
    with Running.started(site) as running:
        secret = site.path(".topicsite/secret.html")
        secret.write_text("SECRET")
        site.path(".topicsite/preview/site/link.html").symlink_to(secret)
        site.path(".topicsite/preview/site/folder").symlink_to(site.root)
        site.path(".topicsite/preview/site/.hidden").write_text("SECRET")
        yield running


def test_page(running: Running) -> None:
    """A page has its bytes, its type with charset, and the headers of `_headers`."""
    answer = running.ask("/clay/")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-robots-tag"] == "noarchive"
    assert answer.headers["content-security-policy"].startswith("default-src 'self'; img-src")
    assert answer.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert answer.body == running.site.path(".topicsite/preview/site/clay/index.html").read_bytes()
    assert "x-robots-tag" not in running.ask("/about/").headers


def test_assets_are_immutable(running: Running) -> None:
    """An asset with a digest in its name may be kept for ever."""
    page = running.ask("/").text
    asset = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = running.ask(asset)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"


def test_page_for_a_browser(running: Running) -> None:
    """A browser's page has the client in it and a policy that lets it work; nothing else differs."""
    plain, answer = running.ask("/clay/"), running.page("/clay/")
    before, _, rest = answer.text.partition("<script src=")
    after = rest.partition("</script>")[2]
    assert before + after == plain.text
    assert f"connect-src 'self' ws://127.0.0.1:{running.port}/livereload" in answer.headers["content-security-policy"]
    assert answer.headers["etag"] != plain.headers["etag"]
    assert "Accept" in answer.headers["vary"]
    assert b"__topicsite__" not in running.ask("/clay/index.md", Accept="text/html").body


def test_redirects(running: Running) -> None:
    """Addresses without their last slash, old paths and index.html lead on, with their query; nobody keeps that."""
    for path, goal in (
        ("/clay", "/clay/"),
        ("/clay?a=b&c=/%2e", "/clay/?a=b&c=/%2e"),
        ("/clay/index.html", "/clay/"),
        ("/who/", "/about/"),
        ("/who", "/about/"),
    ):
        answer = running.ask(path)
        assert (answer.status, answer.headers["location"]) == (301, goal), path
        assert answer.headers["cache-control"] == "no-store"


def test_missing(running: Running) -> None:
    """What does not exist is the site's own page with status 404; for a browser with the client, which waits for it."""
    answer = running.ask("/nowhere/")
    assert answer.status == 404
    assert answer.body == running.site.path(".topicsite/preview/site/404.html").read_bytes()
    assert b"__topicsite__" in running.page("/nowhere/").body


def test_missing_is_not_stored(running: Running) -> None:
    """A file that is not there yet is asked for again, also where the rules let such files be stored for a year."""
    answer = running.ask("/assets/site.0123abcd.css")
    assert (answer.status, answer.headers["cache-control"]) == (404, "no-store")


@pytest.mark.parametrize("path", ["/clay/forming/", "/assets", "/assets/", "/clay/forming/wheel"])
def test_no_listing(running: Running, path: str) -> None:
    """A folder is its page or nothing: no answer lists files."""
    answer = running.ask(path)
    assert answer.status in {200, 301, 404}
    assert b"film.mp4" not in answer.body
    assert b"Index of" not in answer.body


def test_etag(running: Running) -> None:
    """An answer has an ETag, and who has it gets 304 without a body; so for large and compressed ones."""
    for path, headers in (
        ("/clay/", {}),
        ("/clay/", {"Accept": "text/html"}),
        ("/clay/", {"Accept_Encoding": "gzip"}),
        ("/clay/", {"Accept": "text/html", "Accept_Encoding": "br, gzip"}),
        ("/clay/film.mp4", {}),
    ):
        etag = running.ask(path, **headers).headers["etag"]
        for value in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            answer = running.ask(path, If_None_Match=value, **headers)
            assert (answer.status, answer.body) == (304, b""), (path, headers, value)
            assert answer.headers["etag"] == etag
        assert running.ask(path, If_None_Match='"other"', **headers).status == 200


@pytest.mark.parametrize("path", ["/clay/film.mp4", "/clay/bowl.png", "/clay/"])
def test_ranges(running: Running, path: str) -> None:
    """A part of a file is answered with that part; one that lies outside with 416; odd ones with all."""
    whole = running.ask(path).body
    size = len(whole)
    for value, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        (f"bytes={size - 5}-", size - 5, size),
        ("bytes=-7", size - 7, size),
        (f"bytes=0-{size + 999}", 0, size),
        (f"bytes=-{size + 999}", 0, size),
    ):
        answer = running.ask(path, Range=value, Accept_Encoding="gzip")
        assert answer.status == 206, value
        assert answer.body == whole[start:end], value
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert "content-encoding" not in answer.headers
    for value in (f"bytes={size}-", f"bytes={size + 5}-{size + 9}", "bytes=-0"):
        answer = running.ask(path, Range=value)
        assert (answer.status, answer.headers["content-range"]) == (416, f"bytes */{size}"), value
    for value in ("bytes=5-2", "bytes=0-1,3-4", "lines=0-1", "bytes=", "bytes=a-b"):
        assert running.ask(path, Range=value).status == 200, value
    etag = running.ask(path).headers["etag"]
    assert running.ask(path, Range="bytes=0-0", If_Range=etag).status == 206
    assert running.ask(path, Range="bytes=0-0", If_Range='"old"').body == whole


def test_gzip(running: Running) -> None:
    """Text is compressed for who accepts it; pictures, small files and parts are not."""
    plain = running.ask("/clay/").body
    answer = running.ask("/clay/", Accept_Encoding="gzip, br")
    assert answer.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["vary"]
    assert gzip.decompress(answer.body) == plain
    assert int(answer.headers["content-length"]) == len(answer.body) < len(plain)
    assert "content-encoding" not in running.ask("/clay/", Accept_Encoding="gzip;q=0, identity").headers
    assert "content-encoding" not in running.ask("/clay/bowl.png", Accept_Encoding="gzip").headers


def test_head(running: Running) -> None:
    """HEAD has the headers of GET and no body."""
    for path in ("/clay/", "/clay/film.mp4", "/nowhere/", "/clay", "/__topicsite__/client.js"):
        got, head = running.ask(path), running.ask(path, "HEAD")
        assert head.body == b""
        assert head.status == got.status
        assert {k: v for k, v in head.headers.items() if k != "date"} == {
            k: v for k, v in got.headers.items() if k != "date"
        }


def test_only_reading(running: Running) -> None:
    """Every method but GET and HEAD is refused."""
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"):
        assert running.ask("/clay/", method).status in {405, 501}, method


def test_force_reload_is_closed(running: Running) -> None:
    """The address of livereload that reloads all browsers does not exist, nor its script."""
    assert running.ask("/forcereload").status == 404
    assert running.ask("/forcereload?path=/clay/").status == 404
    assert running.ask("/livereload.js").status == 404


def raw(running: Running, request: bytes) -> bytes:
    """Send bytes, and return all that comes back before the server hangs up or waits for more."""
    pieces = []
    with socket.create_connection(("127.0.0.1", running.port), timeout=1) as connection, contextlib.suppress(OSError):
        connection.sendall(request)
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


ESCAPES = [
    "/../secret.html", "/../../site.yaml", "/..", "/.", "/%2e%2e/secret.html", "/%2e%2e%2fsecret.html",
    "/..%2f..%2fsite.yaml", "/clay/../../secret.html", "/clay/%2e%2e/%2e%2e/secret.html", "/..%5c..%5csecret.html",
    "/..\\secret.html", "/%252e%252e/secret.html", "/.%2e/secret.html", "/clay/..;/secret.html", "//etc/passwd",
    "/%00", "/clay/%00.html", "/clay/index.html%00.png", "/\x00", "/clay%0d%0aX: y", "/link.html", "/folder/site.yaml",
    "/folder", "/.hidden", "/lock", "/../lock", "/manifest.json", "/../manifest.json", "/_headers", "/_redirects",
    "/%c0%ae%c0%ae/secret.html", "/%u002e%u002e/secret.html", "/clay/%ff", "file:///etc/passwd", "/etc/passwd",
    "http://evil.test/clay/", "clay/", "*", "/" + "../" * 30 + "etc/passwd", "/" + "%2e%2e/" * 30 + "etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("path", ESCAPES)
def test_no_path_escapes(running: Running, path: str) -> None:
    """No spelling of a path gets a file outside of what was built, or a folder's list."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nConnection: close\r\n\r\n".encode("latin-1")
    answer = raw(running, request)
    status = int(answer.split(b" ", 2)[1]) if answer else 0
    assert status in {0, 301, 400, 404}
    assert b"SECRET" not in answer
    assert b"root:" not in answer
    assert b"base_url" not in answer
    if status == 301:
        location = answer.split(b"Location: ")[1].split(b"\r\n")[0]
        assert location.startswith(b"/")
        assert not location.startswith(b"//")


HOSTS = [
    "evil.test",
    "evil.test:8000",
    "127.0.0.1.evil.test",
    "localhost.evil.test",
    "192.168.0.7",
    "",
    "a b",
    "0.0.0.0",
]


@pytest.mark.parametrize("path", ["/clay/", "/__topicsite__/client.js", "/livereload", "/nowhere/", "/forcereload"])
@pytest.mark.parametrize("host", HOSTS)
def test_foreign_hosts(running: Running, host: str, path: str) -> None:
    """No address answers under a name that is not this machine's (DNS rebinding)."""
    answer = raw(running, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert int(answer.split(b" ", 2)[1]) in {400, 403}
    assert b"Pots from" not in answer


def test_host_is_needed(running: Running) -> None:
    """A request without a host, or with two, is refused."""
    for head in (b"", b"Host: 127.0.0.1\r\nHost: 127.0.0.1\r\n", b"Host: 127.0.0.1\r\nHost: evil.test\r\n"):
        answer = raw(running, b"GET /clay/ HTTP/1.1\r\n" + head + b"Connection: close\r\n\r\n")
        assert int(answer.split(b" ", 2)[1]) in {400, 403}, head


@pytest.mark.parametrize(
    "request_",
    [
        b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    ],
)  # fmt: skip
def test_nonsense(running: Running, request_: bytes) -> None:
    """Nonsense is refused or hung up on, and the server goes on."""
    answer = raw(running, request_)
    assert not answer or int(answer.split(b" ", 2)[1]) >= 400
    assert running.ask("/clay/").status == 200
    assert "Traceback" not in "\n".join(running.lines)


async def talk(running: Running, origin: str | None, *messages: str | bytes) -> list[object]:
    """Open a socket with an origin, say something, and return all that is answered within half a second."""
    headers = {"Origin": origin} if origin is not None else {}
    request = HTTPRequest(f"ws://127.0.0.1:{running.port}/livereload", headers=headers)
    connection = await websocket_connect(request)
    for message in messages:
        await connection.write_message(message, binary=isinstance(message, bytes))
    answers: list[object] = []
    assert connection.protocol is not None
    stream = connection.protocol.stream
    assert stream is not None
    try:
        while (answer := await asyncio.wait_for(connection.read_message(), 0.5)) is not None:
            answers.append(json.loads(answer))
        answers.append("closed")
    except TimeoutError:
        pass
    finally:
        stream.close()  # at once: the loop ends before a closing handshake would
        connection.close()
    return answers


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.test", "http://127.0.0.1:1", "http://localhost.evil.test", "file://"]
)
def test_foreign_origin(running: Running, origin: str | None) -> None:
    """Only a page of this preview can open a socket."""
    with pytest.raises(HTTPClientError) as refused:
        asyncio.run(talk(running, origin, '{"command":"hello"}'))
    assert refused.value.code == 403


def test_speaks_livereload(running: Running) -> None:
    """A client that speaks livereload's protocol is greeted."""
    hello = json.dumps({"command": "hello", "protocols": ["http://livereload.com/protocols/official-7"]})
    info = json.dumps({"command": "info", "url": running.address + "clay/"})
    answers = asyncio.run(talk(running, f"http://127.0.0.1:{running.port}", hello, info))
    assert answers[0] == {
        "command": "hello",
        "protocols": ["http://livereload.com/protocols/official-7"],
        "serverName": "topicsite",
    }


@pytest.mark.parametrize(
    "message",
    [
        "nonsense", "[]", "{}", '"x"', "1", "null", '{"command": 1}', "[" * 5000, b"\xff\xfe",
        '{"command": "info", "topicsite": {}}', '{"command": "info", "topicsite": {"path": []}}',
        '{"command": "info", "topicsite": {"path": "/", "version": 1, "rest": 2, "generation": "x"}}',
        '{"command": "info", "topicsite": {"path": "\\u0000", "version": "", "rest": "", "generation": 0, "loads": 5}}',
    ],
)  # fmt: skip
def test_nonsense_on_the_socket(running: Running, message: str | bytes) -> None:
    """Whatever a client says, nothing of it stops the server."""
    asyncio.run(talk(running, f"http://127.0.0.1:{running.port}", message))
    assert running.ask("/clay/").status == 200
    assert "Traceback" not in "\n".join(running.lines)


def test_no_other_site_may_read(running: Running) -> None:
    """No answer invites other sites to read or embed it."""
    for path in ("/clay/", "/clay/bowl.png", "/clay/map.json", "/__topicsite__/client.js", "/nowhere/"):
        answer = running.ask(path, Origin="http://evil.test")
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in answer.headers


def test_deleted_behind_its_back(running: Running) -> None:
    """A published file that somebody deleted is not there; nothing breaks."""
    path = running.site.path(".topicsite/preview/site/clay/map.csv")
    assert running.ask("/clay/map.csv").status == 200
    path.unlink()
    assert running.ask("/clay/map.csv").status == 404
