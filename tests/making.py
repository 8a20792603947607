"""Small sites for tests, made of texts."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from builder.pipeline import Request, Result, build

TODAY = dt.date(2026, 6, 1)
#: A map of two clusters, three articles written.
FILES = {
    "site.yaml": "title: Teas\nbase_url: https://example.com/\nsocial_cards: false\n",
    "content/maps/tea/map.yaml": """\
title: Tea
clusters:
  - title: Green
    pillar: {title: Green tea, slug: green-tea, query: green tea}
    articles:
      - {title: Sencha, query: sencha tea, priority: high}
      - {title: Matcha, query: matcha tea}
  - title: Black
    articles: [{title: Assam, query: assam tea, priority: low}]
""",
    "content/maps/tea/green/pillar.md": "All of it is from one plant. See [[sencha]] and [[matcha]].\n",
    "content/maps/tea/green/sencha.md": "Steamed.\n\n## Water\n\nSoft. See [[green-tea]].\n",
    "content/maps/tea/black/assam.md": "Malty.\n",
}


def make(folder: Path, files: Mapping[str, str] | None = None, **changed: str | None) -> Path:
    """Write the files of a site (those above by default) with some changed, or None to leave one out.

    A changed file is named by its last parts with `_` for `/`, `.` and `-`: `map_yaml`, `green_sencha_md`.
    """
    named = {_key(name): name for name in (files or FILES)}
    contents: dict[str, str | None] = dict(files or FILES)
    for key, text in changed.items():
        (name,) = (name for each, name in named.items() if each.endswith(key))
        contents[name] = text
    write(folder, {name: text for name, text in contents.items() if text is not None})
    return folder


def _key(name: str) -> str:
    return name.replace("/", "_").replace(".", "_").replace("-", "_")


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files and their folders."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def run(
    folder: Path,
    *,
    today: dt.date = TODAY,
    drafts: bool = False,
    strict: bool = False,
    write: bool = True,
    output: Path | None = None,
) -> Result:
    """Build a site."""
    request = Request(root=folder, today=today, drafts=drafts, strict=strict, write=write, output=output)
    return build(request)


def good(folder: Path, *, today: dt.date = TODAY, drafts: bool = False) -> Result:
    """Build a site that has no errors."""
    result = run(folder, today=today, drafts=drafts)
    assert not result.failed, [str(found) for found in result.diagnostics]
    return result


def tree(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def times(folder: Path) -> dict[str, tuple[int, int]]:
    """Return inode and time of every file below a folder."""
    found = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {path.relative_to(folder).as_posix(): (stat.st_ino, stat.st_mtime_ns) for path, stat in found.items()}


def read(folder: Path, name: str) -> str:
    """Return a file of the output."""
    return (folder / "output" / name).read_text("utf-8")
