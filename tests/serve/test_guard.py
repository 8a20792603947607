"""Who may ask, what may be put into a page and its policy, and what is compared of it."""

import pytest

from builder.serve.guard import Guard
from builder.serve.inject import injected, styles_of, tag
from builder.serve.policy import widened

LOOPBACK = Guard.of("127.0.0.1")
EVERYWHERE = Guard.of("0.0.0.0")


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost", "LOCALHOST:8000", "[::1]:8000", "127.0.0.1.", "maps.localhost:8000"]
)
def test_own_hosts(host: str) -> None:
    """The names of loopback are answered, with any port: one may be forwarded."""
    assert LOOPBACK.allows_host([host])


@pytest.mark.parametrize(
    "host",
    [
        "evil.test", "evil.test:8000", "127.0.0.1.evil.test", "localhost.evil.test", "evil-localhost", "192.168.1.5",
        "127.0.0.1:8000@evil.test", "127.0.0.1:99999", "127.0.0.1:", "", " 127.0.0.1", "127.0.0.1 ", "a/b", "[::1",
        "127.0.0.1\r\nX: y", "0.0.0.0", "example.localhost.evil.test", "2130706433", "0x7f.1",
    ],
)  # fmt: skip
def test_foreign_hosts(host: str) -> None:
    """Every other name is refused, above all those that another site may have resolve to loopback."""
    assert not LOOPBACK.allows_host([host])


def test_one_host() -> None:
    """A request without `Host`, or with two, is refused."""
    assert not LOOPBACK.allows_host([])
    assert not LOOPBACK.allows_host(["127.0.0.1", "127.0.0.1"])


def test_host_everywhere() -> None:
    """Bound to all addresses, addresses are answered and names are not: an address cannot be rebound."""
    assert EVERYWHERE.allows_host(["192.168.1.5:8000"])
    assert EVERYWHERE.allows_host(["[fe80::1]:8000"])
    assert not EVERYWHERE.allows_host(["evil.test"])
    assert Guard.of("preview.example").allows_host(["preview.example:8000"])
    assert not Guard.of("192.168.1.5").allows_host(["192.168.1.6"])


def test_origin() -> None:
    """A socket is for pages with the host and port of the request, and for nobody without an origin."""
    assert LOOPBACK.allows_origin(["http://127.0.0.1:8000"], "127.0.0.1:8000")
    assert LOOPBACK.allows_origin(["https://localhost"], "localhost")
    for origins in (
        [], ["null"], [""], ["http://evil.test"], ["http://127.0.0.1:9000"], ["http://localhost:8000"],
        ["http://127.0.0.1:8000.evil.test"], ["file://127.0.0.1:8000"], ["http://127.0.0.1:8000/"],
        ["http://x@127.0.0.1:8000"], ["http://127.0.0.1:8000", "http://127.0.0.1:8000"], ["http://[::1"],
    ):  # fmt: skip
        assert not LOOPBACK.allows_origin(origins, "127.0.0.1:8000"), origins


SCRIPT, SOCKET = "h:1/__topicsite__/client.js", "ws://h:1/livereload"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("default-src 'self'", f"default-src 'self'; connect-src 'self' {SOCKET}"),
        ("default-src 'none'", f"default-src 'none'; script-src {SCRIPT}; connect-src {SOCKET}"),
        ("script-src 'self'; img-src *", "script-src 'self'; img-src *"),
        ("connect-src https://a.example", f"connect-src https://a.example {SOCKET}"),
        ("script-src 'strict-dynamic' 'nonce-a'", "script-src 'strict-dynamic' 'nonce-a' 'nonce-N'"),
        ("script-src-elem a.example; script-src 'none'", f"script-src-elem a.example {SCRIPT}; script-src 'none'"),
        ("upgrade-insecure-requests", ""),
        ("img-src *, default-src 'none'", f"img-src *, default-src 'none'; script-src {SCRIPT}; connect-src {SOCKET}"),
        ("frame-ancestors 'none'; ;", "frame-ancestors 'none'"),
    ],
)  # fmt: skip
def test_policy(policy: str, expected: str) -> None:
    """A policy is widened by the client's script and its socket where it would forbid them, and by nothing else."""
    assert widened(policy, SCRIPT, SOCKET, "N") == expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b"<!doctype html><html><head><title>x", b"<!doctype html><html><head>TAG<title>x"),
        (b"<HEAD lang=en>\n<base href=//evil>", b"<HEAD lang=en>TAG\n<base href=//evil>"),
        (b"<p>no head</p>", b"<p>no head</p>TAG"),
        (b"<header>no head</header>", b"<header>no head</header>TAG"),
        (b"", b"TAG"),
    ],
)
def test_injected(page: bytes, expected: bytes) -> None:
    """The client stands at the beginning of the head, before anything that could change what its address means."""
    assert injected(page, b"TAG") == expected


def test_tag_is_escaped() -> None:
    """What the element carries cannot leave its attributes."""
    assert b'data-version="&quot;&gt;&lt;b&gt;"' in tag("//127.0.0.1:1", "n", {"version": '"><b>'})


def test_styles() -> None:
    """Pages that differ in the addresses of their stylesheets alone have one rest; any other difference shows."""
    page = (
        b'<link rel="stylesheet" href="/a.1.css"><link rel=icon href=/i.svg>'
        b"<link href='/b.css?x&amp;y' rel='preload stylesheet'>"
    )
    styles = styles_of(page)
    assert styles.hrefs == ("/a.1.css", "/b.css?x&y")
    assert styles_of(page.replace(b"a.1", b"a.2")).rest == styles.rest
    assert styles_of(page.replace(b"i.svg", b"j.svg")).rest != styles.rest
    assert styles_of(page + b"<p>").rest != styles.rest
    assert styles_of(page.replace(b'rel="stylesheet"', b'rel="stylesheet" media=print')).rest != styles.rest
