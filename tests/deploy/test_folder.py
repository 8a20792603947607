"""Deploys to a folder: whole files, side files, foreign files, links that lead elsewhere, and going back."""

import gzip
import os
from pathlib import Path

import brotli
import pytest

from builder.deploy.folder import Folder
from builder.deploy.records import DeployError, RefusedError, is_book
from tests.deploy.sites import Built, Garden, broken

TARGET: dict[str, object] = {"type": "folder", "path": "../published"}


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Give the folder that the target means."""
    return tmp_path / "published"


def files(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder but the books of deploys."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name: (folder / name).read_bytes() for name in sorted(names) if not is_book(name)}


def test_folder_becomes_the_build(built: Built, published: Path) -> None:
    """Files come, change and go, with the folders that become empty; foreign files and their folders stay."""
    published.mkdir()
    (published / "downloads").mkdir()
    (published / "downloads/report.pdf").write_bytes(b"%PDF")
    built.write({"index.html": "one", "a/b/index.html": "b"})
    built.deploy(TARGET)
    assert files(published) == {"index.html": b"one", "a/b/index.html": b"b", "downloads/report.pdf": b"%PDF"}
    built.write({"index.html": "two", "c/index.html": "c"})
    built.deploy(TARGET)
    assert files(published) == {"index.html": b"two", "c/index.html": b"c", "downloads/report.pdf": b"%PDF"}
    assert not (published / "a").exists()
    assert built.plan(TARGET).empty


def test_side_files_stand_beside_text(built: Built, published: Path) -> None:
    """`compress` writes gzip and brotli beside text, and they change and go with it."""
    target = {**TARGET, "compress": ["gzip", "br"]}
    built.write({"index.html": "words " * 100, "small.txt": "small"})
    done = built.deploy(target)
    assert files(published).keys() == {"index.html", "index.html.gz", "index.html.br", "small.txt"}
    assert gzip.decompress((published / "index.html.gz").read_bytes()) == b"words " * 100
    assert brotli.decompress((published / "index.html.br").read_bytes()) == b"words " * 100
    assert done.urls == ("https://www.example.com/", "https://www.example.com/small.txt")
    built.write({"small.txt": "small"})
    built.deploy(target)
    assert files(published).keys() == {"small.txt"}


def test_headers_do_not_count(built: Built, published: Path) -> None:
    """A folder's headers are its server's business: other headers alone are no change."""
    built.write({"index.html": "one"})
    built.deploy(TARGET)
    assert built.plan(TARGET, {"headers": {"/*": {"Cache-Control": "max-age=5"}}}).empty
    assert published.is_dir()


def test_rollback_restores_files(built: Built, published: Path) -> None:
    """--rollback restores what a deploy replaced and deleted, and takes away what it added."""
    built.write({"index.html": "one", "gone.html": "gone"})
    built.deploy(TARGET)
    before = files(published)
    built.write({"index.html": "two", "new.html": "new"})
    built.deploy(TARGET)
    built.deploy(TARGET, rollback=True)
    assert files(published) == before
    built.deploy(TARGET, rollback=True)
    assert files(published) == {"index.html": b"two", "new.html": b"new"}


def test_kept_copies_are_not_written_into(built: Built, published: Path) -> None:
    """Copies may be hard links of what is live, so nothing may write into a file: the old bytes stay the old bytes."""
    built.write({"index.html": "one"})
    built.deploy(TARGET)
    built.write({"index.html": "two"})
    built.deploy(TARGET)
    (copy,) = (published / ".topicsite/objects").iterdir()
    assert copy.read_bytes() == b"one"
    built.deploy(TARGET, rollback=True)
    built.write({"index.html": "three"})
    built.deploy(TARGET)
    assert b"one" in {path.read_bytes() for path in (published / ".topicsite/objects").iterdir()}


def test_foreign_file_is_not_replaced(built: Built, published: Path) -> None:
    """A file that somebody else put there is in the way, unless it says the same or --force is given."""
    published.mkdir()
    (published / "index.html").write_text("somebody else's")
    (published / "same.html").write_text("same")
    built.write({"index.html": "ours", "same.html": "same"})
    with pytest.raises(RefusedError, match=r"would replace 1 files .*\(index.html\)"):
        built.deploy(TARGET)
    built.deploy(TARGET, force=True)
    assert files(published) == {"index.html": b"ours", "same.html": b"same"}


def test_links_out_of_the_folder_are_not_followed(built: Built, published: Path, tmp_path: Path) -> None:
    """A link in the folder that leads elsewhere is no way to write or delete there."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    published.mkdir()
    (published / "a").symlink_to(elsewhere)
    built.write({"index.html": "one", "a/index.html": "a"})
    with pytest.raises(RefusedError, match="leads out of the target's folder"):
        built.deploy(TARGET)
    assert not list(elsewhere.iterdir())


def test_link_in_place_of_a_file_is_replaced_not_followed(built: Built, published: Path, tmp_path: Path) -> None:
    """A link that took the place of one of our files is replaced by the file; what it led to stays."""
    built.write({"index.html": "one"})
    built.deploy(TARGET)
    outside = tmp_path / "outside.html"
    outside.write_text("outside")
    (published / "index.html").unlink()
    (published / "index.html").symlink_to(outside)
    built.write({"index.html": "two"})
    built.deploy(TARGET)
    assert outside.read_text() == "outside"
    assert not (published / "index.html").is_symlink()


@pytest.mark.parametrize("path", [".", "..", "output", "output/site", "/", "content", "themes/mine"])
def test_dangerous_folders_are_refused(built: Built, path: str) -> None:
    """A folder that holds the sources or the output is no target."""
    built.write({"index.html": "one"})
    with pytest.raises(RefusedError, match="the target's folder"):
        built.plan({"type": "folder", "path": path})


def test_what_a_killed_deploy_leaves_is_swept(built: Built, published: Path) -> None:
    """Parts of files that a killed deploy left are nobody's, and go when the books are rebuilt."""
    built.write({"index.html": "one"})
    built.deploy(TARGET)
    part = published / f".page.html.123{'.topicsite-part'}"
    part.write_text("half")
    built.deploy(TARGET, force=True)
    assert built.plan(TARGET, force=True).empty
    assert not part.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_folder_without_rights_is_a_message(built: Built, published: Path) -> None:
    """A folder that may not be written to is a message with its name."""
    published.mkdir(mode=0o500)
    built.write({"index.html": "one"})
    with pytest.raises(DeployError, match=r"published.*Permission denied"):
        built.deploy(TARGET)


def test_disk_that_is_full_leaves_a_whole_site(built: Built, published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the disk runs full, every page resolves, and the next run finishes."""
    monkeypatch.setattr(Folder, "heartbeat", 0.02)
    garden = Garden(1)
    room = 0
    write = Path.write_bytes

    def write_bytes(path: Path, data: bytes) -> int:
        nonlocal room
        if published in path.parents:
            room -= 1
            if room < 0:
                raise OSError(28, "No space left on device", str(path))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    known: set[str] = set()
    for room_now in range(0, 60, 3):
        built.write(garden.files())
        known &= garden.files().keys()
        room = room_now
        target = {**TARGET, "keep_old_assets": "0", "max_delete": "100%"}
        try:
            built.deploy(target)
        except DeployError as fault:
            assert "No space left on device" in str(fault)  # noqa: PT017 - it may also succeed
        if published.exists():
            assert broken(files(published), known=known) == []
        room = 1000
        built.deploy(target)
        now = {name: data for name, data in files(published).items() if not name.startswith("assets/")}
        assert now == {n: t.encode() for n, t in garden.files().items() if not n.startswith("assets/")}
        known = {name for name in garden.files() if name.endswith(".html")}
        garden.grow()
