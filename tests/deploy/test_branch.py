"""Deploys to a branch of a real bare git repository, as GitHub Pages and GitLab Pages publish them."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.deploy.records import ConflictError, DeployError, RefusedError, is_book
from builder.deploy.run import perform, prepare
from tests.deploy.sites import Built, deployed

SITE = {"index.html": "one", "a/index.html": "a", "größe & c++/it's.html": "g", "assets/a.1234.css": "body {}"}


class Repository:
    """A bare repository and what is on a branch of it."""

    def __init__(self, git: str, path: Path) -> None:
        self.program = git
        self.path = path
        subprocess.run([git, "init", "--quiet", "--bare", path], check=True)

    def git(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Return what git says of the repository."""
        command = [self.program, f"--git-dir={self.path}", "-c", "user.name=Somebody", "-c", "user.email=s@example.com"]
        return subprocess.run([*command, *arguments], check=True, capture_output=True, input=stdin).stdout

    def target(self, **keys: object) -> dict[str, object]:
        """Return the settings of a deploy target for it."""
        return {"type": "branch", "remote": str(self.path), **keys}

    def files(self, branch: str = "gh-pages") -> dict[str, bytes]:
        """Return the files of a branch but the books of deploys."""
        names = self.git("ls-tree", "-r", "-z", "--name-only", branch).decode().split("\0")[:-1]
        return {name: self.git("show", f"{branch}:{name}") for name in names if not is_book(name)}

    def commits(self, branch: str = "gh-pages") -> list[str]:
        """Return the messages of a branch's commits, the last first."""
        return self.git("log", "--format=%s", branch).decode().splitlines()

    def add(self, name: str, data: bytes, branch: str = "gh-pages") -> None:
        """Commit a file, as somebody else."""
        rows = self.git("ls-tree", branch).decode() if branch in self.git("branch").decode() else ""
        blob = self.git("hash-object", "-w", "--stdin", stdin=data).decode().strip()
        kept = "".join(f"{row}\n" for row in rows.splitlines() if not row.endswith(f"\t{name}"))
        tree = self.git("mktree", stdin=f"{kept}100644 blob {blob}\t{name}\n".encode()).decode().strip()
        parents = ["-p", branch] if rows else []
        commit = self.git("commit-tree", tree, *parents, "-m", f"Add {name}").decode().strip()
        self.git("update-ref", f"refs/heads/{branch}", commit)


@pytest.fixture
def repository(system_part: Callable[[str], str], tmp_path: Path) -> Repository:
    """Give an empty bare repository."""
    return Repository(system_part("git"), tmp_path / "site.git")


def test_branch_becomes_the_build(built: Built, repository: Repository) -> None:
    """Files come, change and go, a commit for each deploy; `.nojekyll` and CNAME are there, and then nothing to do."""
    target = repository.target(cname="www.example.com", message="Publish {id}")
    built.write(SITE)
    built.deploy(target)
    extras = {".nojekyll": b"", "CNAME": b"www.example.com\n"}
    assert repository.files() == {name: text.encode() for name, text in SITE.items()} | extras
    built.write({"index.html": "two", "b/index.html": "b", "assets/a.1234.css": "body {}"})
    done = built.deploy(target)
    assert repository.files() == {
        "index.html": b"two",
        "b/index.html": b"b",
        "assets/a.1234.css": b"body {}",
        **extras,
    }
    assert repository.commits() == ["Publish deploy-0002", "Publish deploy-0001"]
    assert "https://www.example.com/b/" in done.urls
    assert built.plan(target).empty
    built.deploy(target)
    assert len(repository.commits()) == 2, "nothing changed, no commit"


def test_squashed_history_is_one_commit(built: Built, repository: Repository) -> None:
    """`history: squash` leaves one commit on the branch, the last deploy, with all that was there."""
    target = repository.target(history="squash", nojekyll=False)
    built.write(SITE)
    built.deploy(target)
    built.write(SITE | {"index.html": "two"})
    built.deploy(target)
    assert repository.commits() == ["Deploy deploy-0002"]
    assert repository.files() == {name: text.encode() for name, text in (SITE | {"index.html": "two"}).items()}


@pytest.mark.parametrize("history", ["keep", "squash"])
def test_foreign_files_stay(built: Built, repository: Repository, history: str) -> None:
    """Files that somebody else committed stay; one in the way is not replaced without --force."""
    target = repository.target(history=history, keep_old_assets="0")
    repository.add("README.md", b"# read me")
    built.write(SITE)
    built.deploy(target)
    repository.add("CNAME", b"pages.example.com\n")
    built.write({"index.html": "two"})
    built.deploy(target)
    foreign = {"README.md": b"# read me", "CNAME": b"pages.example.com\n"}
    assets = {"assets/a.1234.css": b"body {}"} if history == "keep" else {}  # the deploy before shows it still
    assert repository.files() == {"index.html": b"two", ".nojekyll": b""} | assets | foreign
    built.write({"index.html": "two", "README.md": "ours"})
    with pytest.raises(RefusedError, match=r"would replace 1 files that topicsite did not put there \(README.md\)"):
        built.deploy(target)
    built.deploy(target, force=True)
    assert repository.files()["README.md"] == b"ours"


def test_folder_of_a_branch(built: Built, repository: Repository) -> None:
    """With `folder`, the site lives in a folder of the branch, and the rest of the branch is not its business."""
    repository.add("index.html", b"not the site's", branch="main")
    target = repository.target(branch="main", folder="docs")
    built.write(SITE)
    built.deploy(target)
    expected = {f"docs/{name}": text.encode() for name, text in SITE.items()}
    files = {name: data for name, data in repository.files("main").items() if not name.startswith("docs/.topicsite/")}
    files.pop("docs/deployed.json")
    assert files == expected | {"docs/.nojekyll": b"", "index.html": b"not the site's"}
    assert built.plan(target).empty


def test_rollback_is_a_commit(built: Built, repository: Repository) -> None:
    """--rollback commits what the deploy before had, foreign files as they are now; twice goes forth again."""
    target = repository.target(keep_old_assets="0")
    built.write(SITE)
    built.deploy(target)
    first = repository.files()
    built.write({"index.html": "two"})
    built.deploy(target)
    second = repository.files()
    built.deploy(target, rollback=True)
    assert repository.files() == first
    assert len(repository.commits()) == 3
    built.deploy(target, rollback=True)
    assert repository.files() == second


def test_rollback_needs_history(built: Built, repository: Repository) -> None:
    """A squashed branch, and one with a single deploy, have nothing to go back to."""
    built.write(SITE)
    for history in ("squash", "keep"):
        built.deploy(repository.target(history=history))
        with pytest.raises(RefusedError, match="no earlier deploy to go back to"):
            built.deploy(repository.target(history=history), rollback=True)


def test_lost_books_are_compared_with_the_tree(built: Built, repository: Repository) -> None:
    """Without books the files of the branch that are the build's count as ours, and only the others are sent."""
    built.write(SITE)
    built.deploy(repository.target())
    tree = repository.git("ls-tree", "gh-pages").decode()
    kept = "".join(f"{row}\n" for row in tree.splitlines() if not row.endswith("\t.topicsite"))
    made = repository.git("mktree", stdin=kept.encode()).decode().strip()
    commit = repository.git("commit-tree", made, "-m", "Lose the books").decode().strip()
    repository.git("update-ref", "refs/heads/gh-pages", commit)
    built.write(SITE | {"new.html": "new"})
    prepared = built.plan(repository.target())
    assert [upload.name for upload in prepared.plan.uploads] == ["new.html"]


def test_push_over_somebody_elses_is_refused(built: Built, repository: Repository) -> None:
    """A branch that moved since the plan was made is not overwritten: the deploy says to run it again."""
    built.write(SITE)
    built.deploy(repository.target())

    async def late() -> None:
        built.write(SITE | {"index.html": "slow"})
        slow = await prepare(built.order(repository.target()), lambda _: None)
        repository.add("NEWS.md", b"news")
        with pytest.raises(ConflictError, match="was changed by somebody else, or is protected; run this again"):
            await perform(slow)
        await deployed(built.order(repository.target()))

    asyncio.run(late())
    assert repository.files()["NEWS.md"] == b"news"
    assert repository.files()["index.html"] == b"slow"


def test_protected_branch_is_told(built: Built, repository: Repository) -> None:
    """What the server's hook says reaches the user."""
    hook = repository.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ncat >/dev/null\necho 'protected: ask the owners' >&2\nexit 1\n")
    hook.chmod(0o755)
    built.write(SITE)
    with pytest.raises(DeployError, match=r"is protected|protected: ask the owners"):
        built.deploy(repository.target())
    assert not repository.git("branch").strip()


def test_remote_of_the_sites_own_repository(
    built: Built, repository: Repository, system_part: Callable[[str], str]
) -> None:
    """A remote's name works where the site is a clone; its working tree, index and branches are not touched."""
    git = [system_part("git"), "-C", str(built.root)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "remote", "add", "origin", str(repository.path)], check=True)
    built.write(SITE)
    before = subprocess.run([*git, "status", "--porcelain"], check=True, capture_output=True).stdout
    built.deploy({"type": "branch"})
    assert repository.files()["index.html"] == b"one"
    assert subprocess.run([*git, "status", "--porcelain"], check=True, capture_output=True).stdout == before
    assert not subprocess.run([*git, "branch"], check=True, capture_output=True).stdout
    with pytest.raises(DeployError, match="the site's repository has no remote 'upstream'"):
        built.plan({"type": "branch", "remote": "upstream"})


def test_missing_git_and_missing_repository_are_told(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system_part: Callable[[str], str]
) -> None:
    """Without git, and where there is no repository, a message says so."""
    system_part("git")
    built.write(SITE)
    with pytest.raises(DeployError, match=r"git ls-remote failed: fatal: .*does not appear to be a git repository"):
        built.plan({"type": "branch", "remote": f"{tmp_path}/nothing.git"})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeployError, match="git is not installed"):
        built.plan({"type": "branch", "remote": f"{tmp_path}/nothing.git"})
