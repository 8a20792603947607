"""Sources on disk: which there are, in which order, and what is never one."""

import errno
import os
from pathlib import Path

import pytest

from builder.files import is_ignored, scan, source_of
from tests.making import make, run


def tree(root: Path, *names: str) -> None:
    """Make files."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")


def names(root: Path, folder: str = "content") -> list[str]:
    """Return the names that a scan yields."""
    return [source.name for source in scan(root, folder)]


def test_order(tmp_path: Path) -> None:
    """Files come sorted by name, folder by folder, on every system."""
    tree(tmp_path, "content/b.md", "content/a/z.md", "content/a/a.md", "content/B.md", "content/ä.md")
    assert names(tmp_path) == ["content/B.md", "content/a/a.md", "content/a/z.md", "content/b.md", "content/ä.md"]


@pytest.mark.parametrize(
    "name",
    [
        ".git",
        ".DS_Store",
        "a.md~",
        "#a.md#",
        ".a.md.swp",
        "a.swp",
        "4913",
        "Thumbs.db",
        "a.tmp",
        "a.bak",
        "__pycache__",
    ],
)
def test_what_editors_leave_behind(tmp_path: Path, name: str) -> None:
    """Hidden and temporary files of editors and systems are no sources."""
    tree(tmp_path, f"content/{name}", "content/a.md")
    assert is_ignored(name)
    assert names(tmp_path) == ["content/a.md"]


def test_missing_folder(tmp_path: Path) -> None:
    """A folder that does not exist has no files."""
    assert names(tmp_path) == []
    assert source_of(tmp_path, "site.yaml") is None


def test_links_inside(tmp_path: Path) -> None:
    """Links to files and folders of the site are followed; one to a folder that holds it ends there."""
    tree(tmp_path, "shared/x.md", "content/a.md")
    (tmp_path / "content/file.md").symlink_to("../shared/x.md")
    (tmp_path / "content/folder").symlink_to("../shared")
    (tmp_path / "content/loop").symlink_to(".")
    (tmp_path / "shared/back").symlink_to("../shared")
    assert names(tmp_path) == ["content/a.md", "content/file.md", "content/folder/x.md"]
    assert [source.read() for source in scan(tmp_path, "content")] == [b"text"] * 3


def test_links_out_of_the_site(tmp_path: Path) -> None:
    """A link out of the site's folder is a source that cannot be read, whatever it leads to; a theme's may be."""
    tree(tmp_path, "outside/secret.md", "site/content/a.md")
    (tmp_path / "site/content/b.md").symlink_to(tmp_path / "outside/secret.md")
    (tmp_path / "site/content/c").symlink_to(tmp_path / "outside")
    (tmp_path / "site/content/d").symlink_to("..")
    found = {source.name: source for source in scan(tmp_path / "site", "content")}
    assert sorted(found) == ["content/a.md", "content/b.md", "content/c"]
    for name in ("content/b.md", "content/c"):
        with pytest.raises(PermissionError):
            found[name].read()
    trusted = [source.read() for source in scan(tmp_path / "site", "content", trusted=True) if "b.md" in source.name]
    assert trusted == [b"text"]


@pytest.mark.parametrize("folder", ["content", "content/maps", "content/maps/tea", "content/maps/tea/green"])
def test_folders_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """A folder that the system does not open is a mistake like any other, with its name and what to do."""
    make(tmp_path)
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path == f"{tmp_path}/{folder}":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = [fault for fault in run(tmp_path).diagnostics if fault.severity == "error"]
    assert [(fault.code, fault.file) for fault in found][:1] == [("unreadable", folder)]
    assert found[0].message == "the folder cannot be opened: Permission denied"
    assert found[0].hint == "let the user that builds read it, or move it away"
    assert "missing-map" not in {fault.code for fault in found}


@pytest.mark.parametrize("name", ["content/maps/tea/black/assam.md", "content/maps/tea/leaf.svg", "site.yaml"])
def test_pipes_are_not_opened(tmp_path: Path, name: str) -> None:
    """A pipe, whose reader would wait for a writer for ever, is a mistake like any other."""
    make(tmp_path)
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    source = source_of(tmp_path, name)
    assert source is not None
    assert source.barred
    assert all(found == source for found in scan(tmp_path, "content") if found.name == name)
    found = [fault for fault in run(tmp_path).diagnostics if fault.file == name]
    assert [fault.code for fault in found] == ["unreadable"]
    assert found[0].message == "the file cannot be read: it is a pipe, a socket or a device"


def test_what_cannot_be_read_is_a_source(tmp_path: Path) -> None:
    """A broken link and a folder that is called like a text are sources, so that somebody says what is wrong."""
    tree(tmp_path, "content/folder.md/inside.md")
    (tmp_path / "content/broken.md").symlink_to("nothing.md")
    found = list(scan(tmp_path, "content"))
    assert [source.name for source in found] == ["content/broken.md", "content/folder.md"]
    for source in found:
        with pytest.raises(OSError, match=r"content/"):
            source.read()
