"""A local or mounted folder as a store. Each file appears whole, by a rename; headers are the web server's business.

Files are reached through the folder only: a link inside it that leads elsewhere is not followed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from builder.deploy.records import ConflictError, DeployError, RefusedError, Stored
from builder.deploy.release import Form
from builder.deploy.store import ANY, Found, Job, Listed
from builder.files import digest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from builder.targets import FolderKeys

#: Ends the names of files that are being written; what a killed deploy leaves of them is swept by the next.
PART = ".topicsite-part"


def form_of(keys: FolderKeys) -> Form:
    """Return how a folder holds files."""
    return Form(sides=tuple(keys.compress))


def open_folder(keys: FolderKeys, root: Path, output: Path) -> Folder:
    """Return the folder of a target's settings; one that holds the site's sources or is its output is refused."""
    path = Path(os.path.normpath(root.absolute() / Path(keys.path).expanduser()))
    for inside in (root.absolute(), output.absolute()):
        if inside == path or path in inside.parents:
            raise RefusedError(f"the target's folder {path} holds {inside}; name one for the published site alone")
    if any(root.absolute() / name in (path, *path.parents) for name in ("content", "themes")):
        raise RefusedError(f"the target's folder {path} lies among the site's sources; name one outside them")
    if output.absolute() in path.parents:
        raise RefusedError(f"the target's folder {path} lies in the build's output, which the next build would sweep")
    return Folder(path)


class Folder:
    """A folder as a store."""

    heartbeat = 5.0
    copies = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = str(path)
        self._known: set[str] = set()

    async def read(self, name: str) -> Found | None:
        """Return an object of the books, or None where there is none."""
        try:
            data = self._place(name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as fault:
            raise _error(fault, self.path / name) from fault
        return Found(data, digest(data))

    async def write(self, name: str, data: bytes, over: object = ANY) -> object:
        """Write an object of the books, over another one or none if so wanted, and return its mark."""
        if over is not ANY:
            found = await self.read(name)
            if found is not None and found.data == data:
                return found.mark
            if (found.mark if found else None) != over:
                raise ConflictError(f"{self.path / name} was changed by somebody else")
        if over is None:
            self._create(name, data)
        else:
            self._replace(name, data)
        return digest(data)

    def _create(self, name: str, data: bytes) -> None:
        """Write a file that must not be there: by a hard link to a finished one, which fails if the name is taken."""
        place = self._place(name)
        part = self._part(place, data)
        try:
            os.link(part, place)
        except FileExistsError as fault:
            raise ConflictError(f"{place} was made by somebody else") from fault
        except OSError:  # a file system without hard links
            try:
                with place.open("xb") as file:
                    file.write(data)
            except FileExistsError as fault:
                raise ConflictError(f"{place} was made by somebody else") from fault
            except OSError as fault:
                raise _error(fault, place) from fault
        finally:
            part.unlink(missing_ok=True)

    def _replace(self, name: str, data: bytes) -> None:
        place = self._place(name)
        part = self._part(place, data)
        try:
            part.replace(place)
        except OSError as fault:
            part.unlink(missing_ok=True)
            raise _error(fault, place) from fault

    def _part(self, place: Path, data: bytes) -> Path:
        part = place.with_name(f".{place.name[:200]}.{os.getpid()}{PART}")
        try:
            if str(place.parent) not in self._known:
                place.parent.mkdir(parents=True, exist_ok=True)
                self._known.add(str(place.parent))
            part.write_bytes(data)
        except OSError as fault:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise _error(fault, place) from fault
        return part

    async def send(self, jobs: Sequence[Job], tell: Callable[[Job], None]) -> dict[str, str]:
        """Write files, each whole at once; what a full disk would cut off never gets its name."""
        for job in jobs:
            if job.save:
                await self.copy([(job.name, job.save)])
            if job.copy:
                await self.copy([(job.copy, job.name)])
            else:
                data = job.read()
                if job.new and self._taken(job.name, data):
                    message = f"a file that topicsite did not put there is in the way: {self.path / job.name}"
                    raise RefusedError(f"{message}; --force replaces it")
                self._replace(job.name, data)
            tell(job)
        return {}

    def _taken(self, name: str, data: bytes) -> bool:
        place = self._place(name)
        return os.path.lexists(place) and not (place.is_file() and place.read_bytes() == data)

    async def copy(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Copy files, by hard links where the file system has them: a file is replaced and never written into."""
        for source, target in pairs:
            place, goal = self._place(source), self._place(target)
            try:
                goal.parent.mkdir(parents=True, exist_ok=True)
                part = goal.with_name(f".{goal.name[:200]}.{os.getpid()}{PART}")
                part.unlink(missing_ok=True)
                try:
                    os.link(place, part, follow_symlinks=False)
                except FileNotFoundError:
                    continue
                except OSError:
                    shutil.copyfile(place, part)
                part.replace(goal)
                part.unlink(missing_ok=True)  # still there if both names were one file already
            except OSError as fault:
                raise _error(fault, goal) from fault

    async def delete(self, names: Sequence[str]) -> None:
        """Delete files, and the folders that this leaves empty."""
        for name in names:
            place = self._place(name)
            try:
                place.unlink()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as fault:
                raise _error(fault, place) from fault
            for parent in place.parents:
                if parent == self.path:
                    break
                try:
                    parent.rmdir()
                except OSError:
                    break
                self._known.discard(str(parent))

    async def listing(self, prefix: str = "") -> AsyncIterator[Listed]:
        """Yield every file whose name begins with a prefix, a folder."""
        for path in self._walk(self.path / prefix if prefix else self.path):
            name = path.relative_to(self.path).as_posix()
            if name.endswith(PART):
                with contextlib.suppress(OSError):
                    path.unlink()
                continue
            yield Listed(name, path.lstat().st_size)

    def _walk(self, folder: Path) -> Iterator[Path]:
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as fault:
            raise _error(fault, folder) from fault
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != ".git":
                    yield from self._walk(Path(entry.path))
            else:
                yield Path(entry.path)

    async def identify(
        self, names: Sequence[str], guess: Callable[[str], tuple[Stored, bytes] | None]
    ) -> dict[str, Stored]:
        """Return what the release has under the names of files that have the very bytes of it."""
        found: dict[str, Stored] = {}
        for name in names:
            guessed = guess(name)
            if guessed is None:
                continue
            place = self._place(name)
            with contextlib.suppress(OSError):
                if not place.is_symlink() and place.read_bytes() == guessed[1]:
                    found[name] = guessed[0]
        return found

    async def close(self) -> None:
        """Nothing is held."""

    def _place(self, name: str) -> Path:
        """Return where a file is; a name that leads out of the folder, through a link too, is refused."""
        place = self.path / name
        parent = str(place.parent)
        if parent not in self._known:
            real = os.path.realpath(self.path)
            if ".." in Path(name).parts or os.path.commonpath([real, os.path.realpath(parent)]) != real:
                raise RefusedError(f"{place} leads out of the target's folder")
        return place


def _error(fault: OSError, path: Path) -> DeployError:
    return DeployError(f"{fault.filename or path}: {fault.strerror}")
