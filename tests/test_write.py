"""Staging and publishing: what is written, what is deleted, what is never touched, and what a killed build leaves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from builder.write import MachineError, Manifest, Published, Stage
from tests.making import FILES, good, make, run, times, tree, write


def publish(folder: Path, files: dict[str, str]) -> Published:
    """Stage and publish some files of a site in a folder."""
    stage = Stage(folder, folder / "output")
    stage.put([(name, text.encode()) for name, text in files.items()])
    assert stage.collisions() == []
    made = stage.publish()
    stage.discard()
    return made


def test_first_and_next(tmp_path: Path) -> None:
    """What is new, changed and gone is told; what is as it was is not touched."""
    made = publish(tmp_path, {"a": "1", "b/c": "1", "b/d": "1"})
    assert (made.added, made.changed, made.deleted) == (["a", "b/c", "b/d"], [], [])
    before = times(tmp_path / "output")
    made = publish(tmp_path, {"a": "2", "b/c": "1", "e/f": "1"})
    assert (made.added, made.changed, made.deleted) == (["e/f"], ["a"], ["b/d"])
    assert tree(tmp_path / "output") == {"a": b"2", "b/c": b"1", "e/f": b"1"}
    assert times(tmp_path / "output")["b/c"] == before["b/c"]


def test_nothing_to_do(tmp_path: Path) -> None:
    """Publishing the same again changes nothing, not even a time."""
    publish(tmp_path, {"a": "1"})
    before = times(tmp_path)
    made = publish(tmp_path, {"a": "1"})
    assert (made.added, made.changed, made.deleted) == ([], [], [])
    assert times(tmp_path) == before


def test_stale_folders_go(tmp_path: Path) -> None:
    """Folders that a deletion leaves empty go with it; the output folder itself and what holds another file stay."""
    publish(tmp_path, {"a/b/c/d": "1", "a/e": "1"})
    publish(tmp_path, {"a/e": "1"})
    assert not (tmp_path / "output/a/b").exists()
    publish(tmp_path, {})
    assert list((tmp_path / "output").iterdir()) == []


def test_unlisted_files_survive(tmp_path: Path) -> None:
    """A file of the output that no build made is never deleted, nor is its folder."""
    write(tmp_path / "output", {"CNAME": "example.com", "a/mine.txt": "mine"})
    publish(tmp_path, {"a/b": "1", "c": "1"})
    publish(tmp_path, {})
    assert tree(tmp_path / "output") == {"CNAME": b"example.com", "a/mine.txt": b"mine"}


def test_an_unlisted_file_of_a_name_that_is_needed(tmp_path: Path) -> None:
    """A file that lies where one of the site belongs becomes the site's."""
    write(tmp_path / "output", {"index.html": "mine"})
    assert publish(tmp_path, {"index.html": "1"}).changed == ["index.html"]


def test_a_deleted_or_truncated_file_is_written_again(tmp_path: Path) -> None:
    """What somebody removed or cut short in the output is made good by the next build."""
    publish(tmp_path, {"a": "12", "b": "12"})
    (tmp_path / "output/a").unlink()
    (tmp_path / "output/b").write_text("1")
    publish(tmp_path, {"a": "12", "b": "12"})
    assert tree(tmp_path / "output") == {"a": b"12", "b": b"12"}


def test_a_file_becomes_a_folder_and_a_folder_a_file(tmp_path: Path) -> None:
    """A page whose place is taken by a folder of pages in the next build makes way for it, and the reverse."""
    publish(tmp_path, {"a": "1", "b/c": "1", "b/d/e": "1"})
    made = publish(tmp_path, {"a/x": "2", "b": "2"})
    assert (made.added, made.deleted) == (["a/x", "b"], ["a", "b/c", "b/d/e"])
    assert tree(tmp_path / "output") == {"a/x": b"2", "b": b"2"}


def test_a_folder_with_somebody_elses_file_is_not_replaced(tmp_path: Path) -> None:
    """Where a file of the site would take the place of a folder that holds another file, nothing is changed."""
    publish(tmp_path, {"b/c": "1"})
    write(tmp_path / "output", {"b/mine.txt": "mine"})
    with pytest.raises(MachineError, match="is a folder where a file of the site is to be"):
        publish(tmp_path, {"b": "2"})
    assert tree(tmp_path / "output") == {"b/c": b"1", "b/mine.txt": b"mine"}


def test_a_lost_manifest(tmp_path: Path) -> None:
    """Without its manifest, or with a damaged one, a build writes everything again and deletes nothing."""
    publish(tmp_path, {"a": "1", "b": "1"})
    for damage in (b"", b"{", b"[]", b'{"format": 1}', b'{"format": 99, "files": {"b": ["x", 1]}}', b"\xff"):
        (tmp_path / ".topicsite/manifest.json").write_bytes(damage)
        publish(tmp_path, {"a": "2"})
        assert tree(tmp_path / "output") == {"a": b"2", "b": b"1"}


def test_links_are_not_followed_out(tmp_path: Path) -> None:
    """Where a folder of the output is a link to elsewhere, nothing is written or deleted there."""
    write(tmp_path / "elsewhere", {"c": "theirs"})
    publish(tmp_path, {"a/b": "1", "a/c": "1"})
    for name in ("b", "c"):
        (tmp_path / "output/a" / name).unlink()
    (tmp_path / "output/a").rmdir()
    (tmp_path / "output/a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(MachineError, match="leads out of the output folder"):
        publish(tmp_path, {"a/b": "2"})
    publish(tmp_path, {})
    assert tree(tmp_path / "elsewhere") == {"c": b"theirs"}


def test_the_output_may_be_a_link(tmp_path: Path) -> None:
    """The output folder as a whole may lie elsewhere."""
    (tmp_path / "real").mkdir()
    (tmp_path / "output").symlink_to("real")
    publish(tmp_path, {"a/b": "1"})
    assert tree(tmp_path / "real") == {"a/b": b"1"}


@pytest.mark.parametrize(
    "names", [("a", "A"), ("a/index.html", "a"), ("é", "e\u0301"), ("a/b", "a/b/c"), ("A/b", "a/B")]
)
def test_collisions(tmp_path: Path, names: tuple[str, str]) -> None:
    """Files that some disk cannot hold side by side are found before anything is published."""
    stage = Stage(tmp_path, tmp_path / "output")
    stage.put([(name, b"1") for name in names])
    assert stage.collisions()
    stage.discard()
    assert not (tmp_path / "output").exists()


def test_a_manifest_names_what_was_published(tmp_path: Path) -> None:
    """The manifest has every file with digest and size, and no time or place of the machine."""
    publish(tmp_path, {"a/b": "12"})
    text = (tmp_path / ".topicsite/manifest.json").read_text("utf-8")
    assert '"a/b"' in text
    assert str(tmp_path) not in text
    assert isinstance(Stage(tmp_path, tmp_path / "output").last, Manifest)


def test_a_failing_build_leaves_the_output(tmp_path: Path) -> None:
    """A build with an error leaves every byte and time of output and state as they were, but for the cache."""
    site = make(tmp_path)
    good(site)
    before = times(site / "output"), (site / ".topicsite/manifest.json").read_bytes()
    for text in ("[[nowhere]]", "[lost](/nowhere/)", "---\nx: y\n---\n", "[x](javascript:a)"):
        write(site, {"content/maps/tea/black/assam.md": text})
        assert run(site).failed
        assert (times(site / "output"), (site / ".topicsite/manifest.json").read_bytes()) == before
        assert not (site / ".topicsite/stage").exists()


KILLED = """
import os, sys
from pathlib import Path
import builder.write as write
from tests.making import good

moment, count = int(sys.argv[2]), 0

def counted(function):
    def call(*arguments, **named):
        global count
        count += 1
        if count == moment:
            os._exit(9)
        made = function(*arguments, **named)
        return made
    return call

os.replace, os.rename, os.unlink = counted(os.replace), counted(os.rename), counted(os.unlink)
good(Path(sys.argv[1]))
print(count)
"""


@pytest.mark.slow
def test_a_build_killed_at_any_moment(tmp_path: Path) -> None:
    """Killed before any rename or deletion, a build leaves every file whole, old or new; the next one finishes."""
    after = FILES | {"content/maps/tea/green/matcha.md": "Ground.\n", "content/pages/new.md": "# New\n\nText.\n"}
    after["content/maps/tea/black/assam.md"] = "Malty!\n"
    del after["content/maps/tea/green/sencha.md"]
    after["content/maps/tea/green/pillar.md"] = "All of it.\n"
    old, new = tmp_path / "old", tmp_path / "new"
    good(make(old))
    good(make(new, after))
    versions = tree(old / "output"), tree(new / "output")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "0"}
    moment, step = 1, 1
    while True:
        site = tmp_path / f"killed-{moment}"
        good(make(site))
        (site / "content/maps/tea/green/sencha.md").unlink()
        write(site, after)
        command = [sys.executable, "-c", KILLED, str(site), str(moment)]
        status = subprocess.run(command, env=environment, capture_output=True, check=False).returncode
        if status == 0:
            break
        assert status == 9
        for name, data in tree(site / "output").items():
            assert data in {version.get(name) for version in versions}, (moment, name)
        good(site)
        assert tree(site / "output") == versions[1], moment
        moment, step = moment + step, step + 1
    assert moment > 10
