"""Buckets: Amazon S3 and what speaks its protocol, Google Cloud Storage, Azure Blob Storage; one library for all three.

Objects carry the headers that a host sends with them, and in their metadata a note of what they are made of
(`topicsite`), from which lost books are rebuilt. Each upload is verified: by the MD5 that the store returns as ETag
where it does, else by reading the object back.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from builder.deploy import aws
from builder.deploy.bucket_faults import NOT_IMPLEMENTED, code_of, deserves, explain, first_line, status_of
from builder.deploy.records import ConflictError, DeployError, RefusedError, Stored
from builder.deploy.release import HOST_FILES, STORED_HEADERS, Form
from builder.deploy.retry import Patience, each, persist
from builder.deploy.store import ANY, BOOK_HEADERS, Found, Listed
from builder.targets import AzureKeys, BucketKeys, GcsKeys, S3Keys

try:
    import obstore
    from obstore import exceptions as faults
    from obstore.store import AzureStore, GCSStore, S3Store
except ImportError:  # told when a bucket is opened
    obstore = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from builder.deploy.records import Headers
    from builder.deploy.store import Job

T = TypeVar("T")

AnyStore: TypeAlias = "S3Store | GCSStore | AzureStore"

#: The key of the note that each object carries in its metadata.
NOTE = "topicsite"
#: Bytes of bodies under way at a time, small ones not counted: there are no more of them than workers.
BUDGET = 32 << 20
#: Files up to this size are read at once; for others a thread waits for the disk.
SMALL = 1 << 18
#: Objects beyond this size are sent in parts, which bounds memory and lets one part fail alone.
PART = 8 << 20
#: Objects deleted by one request (S3, DeleteObjects).
BATCH = 1000
#: Seconds after which a store without conditional writes has surely shown who won.
SETTLE = 1.0


def form_of(keys: BucketKeys) -> Form:
    """Return how a bucket holds files."""
    return Form(headers=True, encoding="" if keys.compress == "off" else keys.compress, without=HOST_FILES)


def open_bucket(keys: BucketKeys, environment: Mapping[str, str], patience: Patience | None = None) -> Bucket:
    """Return the bucket of a target's settings; nothing is asked of it yet."""
    if obstore is None:
        raise DeployError("obstore is not installed: pip install 'topicsite[deploy]'")
    options: dict[str, Any] = {
        "retry_config": {"max_retries": 0},  # `persist` does it, and knows more about faults
        "client_options": {
            "connect_timeout": timedelta(seconds=10),
            "timeout": timedelta(minutes=5),
            "allow_http": bool(keys.endpoint and keys.endpoint.startswith("http://")),
            "user_agent": "topicsite",
        },
        "prefix": keys.prefix or None,
    }
    try:
        store, where = _open(keys, environment, options)
    except (faults.BaseError, ValueError) as fault:
        raise DeployError(f"the target's settings are not usable: {first_line(str(fault))}") from fault
    where = f"{where}/{keys.prefix}" if keys.prefix else where
    return Bucket(store, where, keys.concurrency, patience or Patience(), bulk=isinstance(keys, S3Keys))


def _open(keys: BucketKeys, environment: Mapping[str, str], options: dict[str, Any]) -> tuple[AnyStore, str]:
    """Return the library's store of some settings, and how people call it."""
    config: dict[str, Any] = {}
    if isinstance(keys, GcsKeys):
        if keys.endpoint:
            config["base_url"] = keys.endpoint.rstrip("/")
        return GCSStore(keys.bucket, config=cast("Any", config), **options), f"gs://{keys.bucket}"
    if keys.endpoint:
        config["endpoint"] = keys.endpoint.rstrip("/")
    if isinstance(keys, AzureKeys):
        if keys.account:
            config["account_name"] = keys.account
        where = f"azure://{keys.account or environment.get('AZURE_STORAGE_ACCOUNT_NAME', '')}/{keys.container}"
        return AzureStore(keys.container, config=cast("Any", config), **options), where
    if not isinstance(keys, S3Keys):
        raise TypeError(type(keys).__name__)
    return S3Store(keys.bucket, config=cast("Any", config | _aws(keys, environment)), **options), f"s3://{keys.bucket}"


def _aws(keys: S3Keys, environment: Mapping[str, str]) -> dict[str, Any]:
    config: dict[str, Any] = {"virtual_hosted_style_request": not keys.path_style}
    if keys.region:
        config["region"] = keys.region
    who = aws.credentials(environment, keys.profile)
    if keys.profile and who is None:
        raise ValueError(f"the AWS profile '{keys.profile}' has no static credentials")
    if who is not None:
        config |= {"access_key_id": who.key, "secret_access_key": who.secret}
        if who.token:
            config["session_token"] = who.token
    return config


class Bucket:
    """A bucket as a store."""

    heartbeat = 5.0
    copies = True

    def __init__(
        self, store: S3Store | GCSStore | AzureStore, where: str, workers: int, patience: Patience, *, bulk: bool
    ) -> None:
        self.store = store
        self.where = where
        self.workers = workers
        self.patience = patience
        self.bulk = bulk
        self.conditional = True
        self.requests = 0
        self.sent = 0
        self._free = BUDGET
        self._freed = asyncio.Condition()

    async def read(self, name: str) -> Found | None:
        """Return an object of the books, or None where there is none."""

        async def call() -> Found | None:
            try:
                result = await obstore.get_async(self.store, name)
                return Found(bytes(await result.bytes_async()), _mark(result.meta))
            except FileNotFoundError as fault:
                if code_of(str(fault)) == "NoSuchBucket":
                    raise
                return None

        return await self._do("reading", name, call)

    async def write(self, name: str, data: bytes, over: object = ANY) -> object:
        """Write an object of the books, over another one or none if so wanted, and return its mark."""
        if over is not ANY and (over is None or not self.conditional):
            await self._compare(name, data, over)
        mode: Any = "overwrite"
        if over is not ANY and self.conditional:
            mode = "create" if over is None else over

        async def call() -> object:
            try:
                return _mark(await obstore.put_async(self.store, name, data, attributes=dict(BOOK_HEADERS), mode=mode))
            except FileNotFoundError as fault:  # S3's answer to If-Match where there is no such object any more
                if isinstance(mode, str):
                    raise
                raise faults.PreconditionError(str(fault)) from fault

        try:
            mark = await self._do("writing", name, call)
        except (faults.AlreadyExistsError, faults.PreconditionError) as fault:
            found = await self.read(name)
            if found is not None and found.data == data:
                return found.mark
            raise ConflictError(f"{self.where}: {name} was changed by somebody else") from fault
        except NotImplementedError:
            self.conditional = False
            return await self.write(name, data, over)
        if over is None and not self.conditional:
            await asyncio.sleep(SETTLE)
            found = await self.read(name)
            if found is None or found.data != data:
                raise ConflictError(f"{self.where}: {name} was changed by somebody else")
        return mark

    async def _compare(self, name: str, data: bytes, over: object) -> None:
        """Raise ConflictError where an object is not what it must be: the best that some stores allow."""
        found = await self.read(name)
        if found is not None and found.data == data:
            return
        if (found.mark if found else None) != over:
            raise ConflictError(f"{self.where}: {name} was changed by somebody else")

    async def send(self, jobs: Sequence[Job], tell: Callable[[Job], None]) -> dict[str, str]:
        """Write objects in any order, each verified; return their tags by name."""
        tags: dict[str, str] = {}

        async def one(job: Job) -> None:
            if job.save:
                await self.copy([(job.name, job.save)])
            tags[job.name] = await (self._restore(job) if job.copy else self._put(job))
            tell(job)

        await each(jobs, one, min(self.workers, len(jobs)))
        return tags

    async def _put(self, job: Job) -> str:
        if job.stored.size <= SMALL and not job.stored.encoding:
            return await self._verified(job, job.read())
        size = min(job.stored.size, BUDGET)
        async with self._freed:
            await self._freed.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            return await self._verified(job, await asyncio.to_thread(job.read))
        finally:
            async with self._freed:
                self._free += size
                self._freed.notify_all()

    async def _verified(self, job: Job, body: bytes) -> str:
        md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
        for _ in range(3):
            tag = await self._write_once(job, body)
            if tag is None:  # somebody was there first
                now = await self._ask(job.name)
                if now is not None and now.same(job.stored):
                    return now.tag
                message = f"{self.where}: a file that topicsite did not put there is in the way: {job.name}"
                raise RefusedError(f"{message}; --force replaces it")
            self.sent += len(body)
            if tag == md5 or await self._reads_as(job.name, md5):
                return tag
        raise DeployError(f"{self.where}: {job.name} is stored with other bytes than were sent, three times in a row")

    async def _write_once(self, job: Job, body: bytes) -> str | None:
        """Send an object and return its tag; None where a new one would replace another."""
        attributes = {**dict(job.stored.headers), NOTE: _note(job.stored)}
        mode: Any = "create" if job.new and self.conditional else "overwrite"

        async def call() -> str:
            result = await obstore.put_async(
                self.store,
                job.name,
                body,
                attributes=attributes,
                mode=mode,
                use_multipart=len(body) > PART and mode == "overwrite",
                chunk_size=PART,
                max_concurrency=2,
            )
            return _tag(result["e_tag"])

        try:
            return await self._do("sending", job.name, call)
        except (faults.AlreadyExistsError, faults.PreconditionError):
            return None
        except NotImplementedError:
            self.conditional = False
            return await self._write_once(job, body)

    async def _reads_as(self, name: str, md5: str) -> bool:
        """Tell whether an object reads back as what was sent, where its ETag does not say (SSE-KMS, Azure, parts)."""

        async def call() -> str:
            state = hashlib.md5(usedforsecurity=False)
            result = await obstore.get_async(self.store, name)
            async for chunk in result.stream():
                state.update(chunk)
            return state.hexdigest()

        return await self._do("reading back", name, call) == md5

    async def _restore(self, job: Job) -> str:
        await self.copy([(job.copy, job.name)])
        now = await self._ask(job.name)
        if now is None or not now.same(job.stored):
            raise DeployError(f"{self.where}: the copy of {job.name} that was kept is not what it was")
        return now.tag

    async def copy(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Copy objects within the bucket, with their headers; one that is not there is no fault."""

        async def one(pair: tuple[str, str]) -> None:
            async def call() -> None:
                try:
                    await obstore.copy_async(self.store, *pair)
                except FileNotFoundError:
                    return

            await self._do("copying", pair[0], call)

        await each(pairs, one, min(self.workers, max(1, len(pairs))))

    async def delete(self, names: Sequence[str]) -> None:
        """Delete objects; one that is not there is no fault."""
        if self.bulk and len(names) > 1:
            for start in range(0, len(names), BATCH):
                batch = list(names[start : start + BATCH])

                async def call(batch: list[str] = batch) -> None:
                    await obstore.delete_async(self.store, batch)

                try:
                    await self._do("deleting", batch[0], call)
                except (DeployError, NotImplementedError):  # services without DeleteObjects
                    self.bulk = False
                    return await self.delete(names[start:])
            return None

        async def one(name: str) -> None:
            async def call() -> None:
                try:
                    await obstore.delete_async(self.store, name)
                except FileNotFoundError:
                    return

            await self._do("deleting", name, call)

        await each(names, one, min(self.workers, max(1, len(names))))
        return None

    async def listing(self, prefix: str = "") -> AsyncIterator[Listed]:
        """Yield every object whose name begins with a prefix, a folder."""

        async def call() -> list[Listed]:
            found = []
            stream = obstore.list(self.store, prefix.rstrip("/") or None, chunk_size=1000)
            async for chunk in stream:
                found += [Listed(item["path"], item["size"], _tag(item["e_tag"])) for item in chunk]
            return found

        for item in await self._do("listing", prefix, call):
            yield item

    async def identify(
        self,
        names: Sequence[str],
        guess: Callable[[str], tuple[Stored, bytes] | None],  # noqa: ARG002 - the notes say it
    ) -> dict[str, Stored]:
        """Return what the notes and headers of objects say that they are."""
        found: dict[str, Stored] = {}

        async def one(name: str) -> None:
            now = await self._ask(name)
            if now is not None:
                found[name] = now

        await each(names, one, min(self.workers, max(1, len(names))))
        return found

    async def _ask(self, name: str) -> Stored | None:
        async def call() -> Stored | None:
            try:
                result = await obstore.get_async(self.store, name, options={"head": True})
            except FileNotFoundError:
                return None
            return _noted(result.attributes, _tag(result.meta["e_tag"]))

        return await self._do("asking for", name, call)

    async def close(self) -> None:
        """Nothing is held."""

    async def _do(self, doing: str, name: str, call: Callable[[], Awaitable[T]]) -> T:
        """Do a request, again if its fault deserves it; what is left of faults is for the user."""

        async def counted() -> T:
            self.requests += 1
            return await call()

        try:
            return await persist(counted, self.patience, deserves)
        except (faults.AlreadyExistsError, faults.PreconditionError, NotImplementedError):
            raise
        except (faults.BaseError, OSError, ValueError) as fault:
            if status_of(str(fault)) == NOT_IMPLEMENTED:
                raise NotImplementedError(str(fault)) from fault
            raise DeployError(explain(self.where, doing, name, str(fault))) from fault


def _tag(etag: str | None) -> str:
    return (etag or "").removeprefix("W/").strip('"')


def _mark(meta: Mapping[str, Any]) -> dict[str, str]:
    return {key: meta[key] for key in ("e_tag", "version") if meta.get(key)}


def _note(stored: Stored) -> str:
    return f"{stored.digest} {stored.size} {stored.encoding or '-'} {int(stored.fixed)}"


def _noted(attributes: Mapping[str, str], tag: str) -> Stored | None:
    found = re.fullmatch(r"([0-9a-f]{32}) (\d+) (-|gzip|br) ([01])", attributes.get(NOTE, ""))
    if not found:
        return None
    headers: Headers = tuple(sorted((name, value) for name, value in attributes.items() if name in STORED_HEADERS))
    encoding = "" if found[3] == "-" else found[3]
    return Stored(found[1], int(found[2]), encoding, headers, found[4] == "1", tag)
