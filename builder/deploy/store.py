"""What a place must be able to do so that `publish.py` can keep a site there: read, write, list and delete objects.

Implemented by `bucket.py`, `folder.py` and `rsync.py`. A store tries again by itself where that helps; what it raises
is final: `ConflictError` where a condition did not hold, else `DeployError`, with a message for the user.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from builder.deploy.records import Headers, Stored

#: Write whatever there is now.
ANY: Final = "any"
#: What a visitor's cache must not keep: the books of deploys.
BOOK_HEADERS: Final[Headers] = (("Cache-Control", "no-store"), ("Content-Type", "application/json"))


class Found(NamedTuple):
    """An object of the books: its bytes, and the mark by which `write` can insist that nobody changed it."""

    data: bytes
    mark: object


class Listed(NamedTuple):
    """An object of a listing. `tag` is what the store calls its bytes, '' if it does not say."""

    name: str
    size: int
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """An object to send. `read` gives its bytes when it is its turn; instead, `copy` names the object to copy from.

    `save` is where the object that it replaces is copied to first. A `new` one must not replace anything.
    """

    name: str
    stored: Stored
    read: Callable[[], bytes]
    copy: str = ""
    save: str = ""
    new: bool = False


class Store(Protocol):
    """Objects by name, relative to where the site lives."""

    #: Where it is, for people.
    where: str
    #: Seconds between the signs of life of a deploy.
    heartbeat: float
    #: Whether it copies objects by itself, so that replaced ones can be kept.
    copies: bool

    async def read(self, name: str) -> Found | None:
        """Return an object of the books, or None where there is none."""

    async def write(self, name: str, data: bytes, over: object = ANY) -> object:
        """Write an object of the books and return its mark.

        `over` is the mark of the object that it replaces, None where there must be none, or ANY; else ConflictError.
        That the object is there already, with these very bytes, is no conflict: an earlier attempt got through.
        """

    async def send(self, jobs: Sequence[Job], tell: Callable[[Job], None]) -> dict[str, str]:
        """Write objects in any order, each verified; return their tags by name."""

    async def copy(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Copy objects, each from one name to another."""

    async def delete(self, names: Sequence[str]) -> None:
        """Delete objects; one that is not there is no fault."""

    def listing(self, prefix: str = "") -> AsyncIterator[Listed]:
        """Yield every object whose name begins with a prefix."""

    async def identify(
        self, names: Sequence[str], guess: Callable[[str], tuple[Stored, bytes] | None]
    ) -> dict[str, Stored]:
        """Return what objects are, by name, for those that a deploy put there; foreign ones are left out.

        `guess` gives what the release has under a name, for stores that keep no notes with their objects.
        """

    async def close(self) -> None:
        """Let go of connections and temporary files."""
