"""What tests ask of a built site's files: which links lead nowhere, and what of a page could do harm."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree as ET

from builder.config import load_config

_TWIN_LINK = re.compile(r"\]\(<?([^()\s<>]+)>?\)|^\[[^\]^\n][^\]\n]*\]:[ \t]*(\S+)", re.MULTILINE)
_CODE = re.compile(r"^(`{3,}|~{3,}).*?^\1|(`+)(?!`).*?(?<!`)\2(?!`)", re.DOTALL | re.MULTILINE)


class Links(HTMLParser):
    """The addresses and the ids of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element's beginning."""
        for name, value in attrs:
            if name in {"href", "src", "action"} and value is not None and tag != "base":
                self.hrefs.append(value)
            elif name in {"id", "name"} and value and (name == "id" or tag == "a"):
                assert value not in self.ids, f"the id {value} stands twice"
                self.ids.add(value)


def dangling(site: Path) -> list[str]:
    """Return `file: address` for each link within a built site that leads to no file, or to no id of it."""
    config, _ = load_config((site / "site.yaml").read_bytes(), {})
    assert config is not None
    base = config.base_url
    output = site / "output"
    files = {path.relative_to(output).as_posix(): path for path in output.rglob("*") if path.is_file()}
    pages = {name: Links(path.read_text("utf-8")) for name, path in files.items() if name.endswith(".html")}
    links = [(name, href) for name, page in pages.items() for href in page.hrefs]
    for name, path in files.items():
        if name.endswith(".md"):
            text = _CODE.sub("", path.read_text("utf-8"))
            links += [(name, a or b) for a, b in _TWIN_LINK.findall(text)]
        elif name.endswith(".xml"):
            for element in ET.parse(path).iter():
                address = element.get("href") or element.text or ""
                if element.tag.endswith(("link", "loc")) and address.startswith("http"):
                    links.append((name, address))
        elif name == "_redirects":
            links += [(name, line.split()[1]) for line in path.read_text("utf-8").splitlines()]
        elif name == "llms.txt":
            links += [(name, a or b) for a, b in _TWIN_LINK.findall(path.read_text("utf-8"))]
    return [f"{name}: {href}" for name, href in links if _is_lost(name, href, base, files, pages)]


def _is_lost(name: str, href: str, base: str, files: dict[str, Path], pages: dict[str, Links]) -> bool:
    page = name.removesuffix("index.html").removesuffix("index.md")
    address = urljoin(base + page, href)
    if not address.startswith(base):
        # a path on the site's host that leaves out the path of its base URL
        return urlsplit(address).netloc == urlsplit(base).netloc and not href.startswith("http")
    path, _, fragment = address.removeprefix(base).partition("#")
    target = unquote(path.partition("?")[0])
    file = f"{target}index.html" if target.endswith("/") or not target else target
    if file not in files:
        return True
    return bool(fragment) and file in pages and unquote(fragment) not in pages[file].ids


class _Harm(HTMLParser):
    """What of a page runs, loads or styles, other than what the theme put there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element's beginning."""
        found = {name: value or "" for name, value in attrs}
        local = found.get("src", "").startswith("/") and not found.get("src", "").startswith("//")
        data = found.get("type") in {"application/ld+json", "speculationrules"}
        if tag == "iframe" and not found.get("src", "https://").startswith("https://"):
            self.found.append("<iframe>")
        if tag in {"object", "embed", "base", "math", "noscript", "style"} or (tag == "script" and not (local or data)):
            self.found.append(f"<{tag}>")
        for name, value in found.items():
            plain = re.sub(r"[\t\n\r]", "", value).strip("".join(map(chr, range(0x21)))).lower()  # as browsers do
            runs = name.startswith("on") or name in {"style", "formaction", "xlink:href", "srcdoc"}
            loads = plain.startswith(("javascript:", "vbscript:", "data:", "blob:")) or "evil.example" in value
            if runs or (loads and name in {"href", "src", "action"}):
                self.found.append(f"{name}={value}")


def hostile_parts(text: str) -> list[str]:
    """Return what in a page could do harm: scripts, handlers, inline styles, frames, addresses that run code."""
    return _Harm(text).found
