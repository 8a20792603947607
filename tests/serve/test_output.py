"""Which file a URL's path is, and with which headers: the rules, without a server."""

from pathlib import Path

import pytest

from builder.config import SiteKeys
from builder.emit.headers import headers_file
from builder.emit.redirects import redirect_files
from builder.serve.output import Found, Output, decode, parse_headers, parse_redirects

FILES = {
    "index.html": "home",
    "404.html": "missing",
    "a/index.html": "a",
    "a/b.css": "css",
    "größe/index.html": "size",
    "no-extension": "?",
    "_redirects": "/old/ /a/ 301\n/gone https://elsewhere.example/ 302\n# a comment\n/half\n",
    "_headers": "/*\n  X-One: 1\n  X-Two: 2\n/a/*\n  ! X-One\n  X-Two: 3\n/:name/b.css\n  X-Name: yes\n",
}


@pytest.fixture
def output(tmp_path: Path) -> Output:
    """Publish some files; beside them lie others that no build made."""
    folder = tmp_path / "site"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "planted.html").write_text("planted", "utf-8")
    (tmp_path / "secret.html").write_text("secret", "utf-8")
    made = Output(folder)
    made.replace(FILES)
    return made


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/", Found(200, "index.html")),
        ("/a/", Found(200, "a/index.html")),
        ("/a", Found(301, location="/a/")),
        ("/a/index.html", Found(301, location="/a/")),
        ("/a/inde%78.html", Found(301, location="/a/")),
        ("/index.html", Found(301, location="/")),
        ("/a/b.css", Found(200, "a/b.css")),
        ("/a/b.css/", Found(404, "404.html")),
        ("/gr%C3%B6%C3%9Fe/", Found(200, "größe/index.html")),
        ("/gr%C3%B6%C3%9Fe", Found(301, location="/gr%C3%B6%C3%9Fe/")),
        ("/no-extension", Found(200, "no-extension")),
        ("/old/", Found(301, location="/a/")),
        ("/old", Found(301, location="/a/")),
        ("/gone", Found(302, location="https://elsewhere.example/")),
        ("/half", Found(404, "404.html")),
        ("/404.html", Found(200, "404.html")),
        ("/planted.html", Found(404, "404.html")),
        ("/_headers", Found(404, "404.html")),
        ("/_redirects", Found(404, "404.html")),
        ("/A/", Found(404, "404.html")),
        ("/a//", Found(404, "404.html")),
        ("//a/", Found(404, "404.html")),
        ("/./a/", Found(404, "404.html")),
        ("/a/../secret.html", Found(404, "404.html")),
        ("/%2e%2e/secret.html", Found(404, "404.html")),
        ("/..%2fsecret.html", Found(404, "404.html")),
        ("/..%5csecret.html", Found(404, "404.html")),
        ("/a%00/", Found(404, "404.html")),
        ("/a%0a/", Found(404, "404.html")),
        ("/%ff/", Found(404, "404.html")),
        ("/%252e%252e/secret.html", Found(404, "404.html")),
        ("/a%2findex.html", Found(404, "404.html")),
        ("http://127.0.0.1/a/", Found(404, "404.html")),
        ("*", Found(404, "404.html")),
    ],
)
def test_find(output: Output, path: str, found: Found) -> None:
    """A path is a published file, a redirect, or nothing; one that is odd is nothing."""
    assert output.find(path) == found


def test_nothing_is_built(tmp_path: Path) -> None:
    """Before the first build every path is an answer that says so."""
    assert Output(tmp_path).find("/") == Found(503)


def test_base_path(output: Output) -> None:
    """A site that lives below a path has nothing beside it."""
    output.base = "/sub"
    assert output.find("/sub/a/") == Found(200, "a/index.html")
    assert output.find("/sub/a") == Found(301, location="/sub/a/")
    assert output.find("/") == output.find("/sub") == Found(302, location="/sub/")
    assert output.find("/a/") == Found(404, "404.html")
    assert output.find("/subway/a/") == Found(404, "404.html")


def read(output: Output, name: str) -> bytes | None:
    """Read a published file."""
    file = output.open(name)
    if file is None:
        return None
    with open(file, "rb") as stream:  # noqa: PTH123 - a descriptor
        return stream.read()


def test_open_follows_no_link(output: Output, tmp_path: Path) -> None:
    """A published name that somebody replaced by a link, or put below one, is not opened; a folder is no file."""
    assert read(output, "a/index.html") == b"a"
    page = output.folder / "a/index.html"
    page.unlink()
    page.symlink_to(tmp_path / "secret.html")
    assert read(output, "a/index.html") is None
    page.unlink()
    page.mkdir()
    assert read(output, "a/index.html") is None
    page.rmdir()
    (output.folder / "a/b.css").unlink()
    (output.folder / "a").rmdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/index.html").write_text("secret", "utf-8")
    (output.folder / "a").symlink_to(tmp_path / "elsewhere")
    assert read(output, "a/index.html") is None


@pytest.mark.parametrize("name", ["planted.html", "../secret.html", "a/../../secret.html", "a/\0", "", "a", "a//b.css"])
def test_open_refuses_other_names(output: Output, name: str) -> None:
    """A name that no build published is not opened; nor one that leads outside, were it published."""
    assert output.open(name) is None
    output.names.add(name)
    assert name == "planted.html" or output.open(name) is None


def test_pipe_is_no_file(output: Output) -> None:
    """A pipe under a published name does not hold up the server."""
    import os  # noqa: PLC0415

    (output.folder / "index.html").unlink()
    os.mkfifo(output.folder / "index.html")
    assert output.open("index.html") is None


def test_headers(output: Output) -> None:
    """All rules that fit a path add to one another; `!` takes a header away first."""
    assert output.headers("/") == [("X-One", "1"), ("X-Two", "2")]
    assert output.headers("/a/") == [("X-Two", "2, 3")]
    assert output.headers("/a/b.css") == [("X-Two", "2, 3"), ("X-Name", "yes")]


def test_own_headers_file() -> None:
    """What the pipeline writes is understood: a later rule of `_headers` overrides an earlier one."""
    config = SiteKeys(title="T", base_url="https://example.com/sub/", headers={"/maps/*": {"X-Robots-Tag": "noindex"}})
    rules = parse_headers(headers_file(config.urls, config.headers))
    made = Output(Path(), rules=rules)
    assert ("Cache-Control", "public, max-age=31536000, immutable") in made.headers("/sub/assets/site.css")
    assert ("X-Robots-Tag", "noindex") in made.headers("/sub/maps/x/")
    assert ("X-Content-Type-Options", "nosniff") in made.headers("/sub/")
    assert made.headers("/elsewhere/") == []


def test_own_redirects_file() -> None:
    """What the pipeline writes is understood, with letters beyond ASCII."""
    config = SiteKeys(title="T", base_url="https://example.com/")
    redirects = {"/alt/": "/größe/", "/ü/": "https://elsewhere.example/?a=b#c"}
    text = dict(redirect_files(redirects, config.urls))["_redirects"]
    assert parse_redirects(text) == {
        "/alt": ("/gr%C3%B6%C3%9Fe/", 301),
        "/ü": ("https://elsewhere.example/?a=b#c", 301),
    }


def test_decode_once() -> None:
    """A path is decoded once: what was encoded twice stays encoded."""
    assert decode("/100%25") == "/100%"
    assert decode("/%2541") == "/%41"
