"""The units' work on a Dask cluster: `build --scheduler tcp://HOST:PORT`.

`Cluster` stands in for `work.Pool`. The workers share nothing with this machine: a task carries the sources and the
blobs that its step reads (`Cluster._order`), runs the same function as a build on one machine does, in a temporary
folder, and its result carries back new blobs and files. Dask itself runs a task again whose worker died.

Called by the pipeline. Only this module knows Dask, which is an extra: no other may import it.
"""

from __future__ import annotations

import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from builder.cache import Store
from builder.files import TEXTS, digest, scan
from builder.work import Compile, Define, Piece, Scan, compile_unit, define
from builder.work import scan as scan_unit
from builder.write import MachineError, has, place_of, stage_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from builder.write import Entry

#: The endings of the files that `define` reads; those of others are asked for their digests alone.
_READ = (*TEXTS, ".markdown")

J = TypeVar("J")
R = TypeVar("R")

#: Seconds that a scheduler has to answer, and that a build waits for a worker while there is none.
ANSWER, PATIENCE = 10.0, 60.0
#: What decides about the bytes of a page besides topicsite itself: a worker must have the same.
RENDERERS = (
    "ahocorasick-rs", "babel", "comrak", "font-source-serif-pro", "jinja2", "markdown", "markupsafe", "nh3", "pillow",
    "pygments",
)  # fmt: skip


Job: TypeAlias = Define | Scan | Compile


class Order(NamedTuple):
    """A task: the function's name, its job, the blobs that it reads, and files of the site by name."""

    function: str
    job: Job
    blobs: dict[str, bytes]
    files: dict[str, bytes]


class Delivery(NamedTuple):
    """What a task came to: the function's result, new blobs, and the bytes of the files that the output lacks."""

    result: Any
    blobs: dict[str, bytes]
    files: dict[str, bytes]


# ---- on the worker

_FUNCTIONS: dict[str, Callable[[Any], Any]] = {"define": define, "scan": scan_unit, "compile": compile_unit}
_ONE = threading.Lock()  # a worker may have several threads; a unit's work is for one


def carry_out(order: Order) -> Delivery:
    """Run a step on a worker, in a folder of its own that is gone afterwards."""
    with _ONE, tempfile.TemporaryDirectory(prefix="topicsite-") as folder:
        store = Store(f"{folder}/cache")
        for name, blob in order.blobs.items():
            store.add(name, blob)
        for name, data in order.files.items():
            path = Path(folder, "site", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        job = order.job
        last: Mapping[str, Entry] = {}
        if isinstance(job, Compile):
            options = store.get("options", job.options_key)
            store.put("options", job.options_key, replace(options, root=f"{folder}/site"))
            last = job.last
            job = replace(
                job, choose=replace(job.choose, store=store.folder), stage=f"{folder}/stage",
                output=f"{folder}/output", last={},
            )  # fmt: skip
        result = _FUNCTIONS[order.function](replace(job, store=store.folder))
        files = {
            name: Path(place_of(f"{folder}/stage", name)).read_bytes()
            for name in getattr(result, "staged", ())
            if result.entries[name] != last.get(name)
        }
        blobs = (path for path in Path(store.folder).iterdir() if path.name not in order.blobs)
        made = {path.name: path.read_bytes() for path in blobs}
        return Delivery(result, made, files)


def _asker() -> Callable[[tuple[str, ...]], dict[str, str]]:
    """Return a function that tells what a worker has installed; as an inner one it is sent whole, not by its name."""

    def versions(names: tuple[str, ...]) -> dict[str, str]:
        import sys  # noqa: PLC0415
        from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

        found = {"Python": f"{sys.version_info[0]}.{sys.version_info[1]}"}
        try:
            from builder.cache import VERSION  # noqa: PLC0415

            found["topicsite"] = VERSION
        except ImportError:
            found["topicsite"] = "none"
        for name in names:
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = "none"
        return found

    return versions


# ---- on this machine


class Cluster:
    """Runs jobs on the workers of a Dask scheduler, as `work.Pool` runs them here.

    `root` is the site's folder; `flush` writes the blobs that the tasks are to carry.
    """

    def __init__(self, address: str, root: Path, flush: Callable[[], None] = lambda: None) -> None:
        """Connect to `tcp://HOST:PORT`; MachineError without Dask, an answer or workers, and with other versions."""
        self.address, self.root, self._flush = address, root, flush
        self._dask = _distributed()
        try:
            self._client = self._dask.Client(address, timeout=ANSWER, set_as_default=False, name="topicsite")
        except OSError as fault:  # TimeoutError is one
            raise MachineError(f"no Dask scheduler answers at {address}") from fault
        try:
            self._client.wait_for_workers(1, timeout=ANSWER)
            self._check_versions()
        except TimeoutError as fault:
            self.close()
            raise MachineError(f"the Dask scheduler {address} has no workers") from fault
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave the scheduler; what is still under way there is given up."""
        self._client.close(timeout=ANSWER)

    @property
    def jobs(self) -> int:
        """How many threads the workers have."""
        return sum(self._client.nthreads().values())

    def run(self, function: Callable[[J], R], jobs: Sequence[J], texts: int) -> Iterator[R]:  # noqa: ARG002 - a pool's
        """Yield the result of each job; in any order. Two for each thread of the workers are under way at a time."""
        name = next((name for name, known in _FUNCTIONS.items() if known is function), "")
        if not name:  # what is done sooner than it is sent
            yield from map(function, jobs)
            return
        self._flush()
        pending: dict[Any, Any] = {}
        room = 2 * self.jobs if jobs else 0
        for job in jobs:
            order = self._order(name, job)
            if order is None:
                yield function(job)
                continue
            pending[self._client.submit(carry_out, order, pure=False)] = job
            while len(pending) >= max(2, room):
                yield from self._finished(pending)
        while pending:
            yield from self._finished(pending)

    def _order(self, name: str, job: Any) -> Order | None:  # noqa: ANN401 - a Job, by its function
        """Return a job with all that it reads; None where something cannot be read, which the step itself reports."""
        store = Store(job.store)
        needs: list[str] = []
        files: dict[str, bytes] = {}
        try:
            if isinstance(job, Define):
                job = _with_sources(job)
            else:
                needs += [f"slice-{job.slice_key}", f"map-{job.define_key}"]
            if isinstance(job, Compile):
                needs += [f"scan-{job.choose.scan_key}", f"options-{job.options_key}"]
                job = replace(job, last={name: e for name, e in job.last.items() if has(job.output, name, e)})
                beside = scan(self.root, f"content/maps/{job.folder}")
                files |= {s.name: s.read() for s in beside if not s.name.endswith(TEXTS) and not s.barred}
        except OSError:
            return None
        blobs = {name: blob for name in needs if (blob := store.blob(name)) is not None}
        return Order(name, job, blobs, files) if len(blobs) == len(needs) else None

    def _finished(self, pending: dict[Any, Any]) -> Iterator[Any]:
        """Wait until a task is done; take over what came of those that are."""
        for future in self._wait(pending):
            job = pending.pop(future)
            delivery = self._result(future)
            store = Store(job.store)
            for name, blob in delivery.blobs.items():
                store.add(name, blob)
            result = delivery.result
            if isinstance(job, Compile):
                _, staged = stage_files(delivery.files.items(), job.stage, job.output, {}, write=job.write)
                result = replace(result, staged=tuple(staged))
                if isinstance(result, Piece):
                    result = replace(result, job=job)
            yield result

    def _wait(self, pending: dict[Any, Any]) -> list[Any]:
        """Return the tasks that are done; MachineError where nobody is left to do them."""
        last = time.monotonic()
        while True:
            try:
                with self._client.as_current():
                    return list(self._dask.wait(list(pending), timeout=1, return_when="FIRST_COMPLETED").done)
            except TimeoutError:
                pass
            lost = "the Dask scheduler"
            if self._client.status == "running":
                lost = "every worker of the Dask scheduler"
                if self._client.scheduler_info()["workers"]:
                    last = time.monotonic()
            if time.monotonic() - last > PATIENCE:
                raise MachineError(f"{lost} {self.address} is gone; the output is as it was")

    def _result(self, future: Any) -> Delivery:  # noqa: ANN401 - Dask has no types
        """Return what came of a task."""
        try:
            made: Delivery = future.result()
        except self._dask.KilledWorker as fault:
            message = f"workers of {self.address} died on the same task again and again: {fault.last_worker.address}"
            raise MachineError(message) from fault
        except self._dask.CancelledError as fault:
            raise MachineError(f"the Dask scheduler {self.address} is gone; the output is as it was") from fault
        except Exception:
            self._check_versions()  # one that came later may be the reason
            raise
        return made

    def _check_versions(self) -> None:
        """Raise MachineError where a worker has not what this machine has: its pages could differ."""
        ask = _asker()
        here = ask(RENDERERS)
        for worker, there in self._client.run(ask, RENDERERS).items():
            wrong = [name for name in here if there[name] != here[name]]
            if wrong:
                names = ", ".join(f"{name} {there[name]} instead of {here[name]}" for name in wrong)
                raise MachineError(f"the worker {worker} has {names}; install the same versions there")


def _with_sources(job: Define) -> Define:
    """Return the job with the bytes of the texts, and with the digests of all other files."""
    sources, digests = [], dict(job.digests)
    for source in job.sources:
        data = b""
        if source.name.lower().endswith(_READ) or source.name not in digests:
            data = source.read()
            digests.setdefault(source.name, digest(data))
        sources.append(replace(source, root="", carried=data if source.name.lower().endswith(_READ) else b""))
    return replace(job, sources=tuple(sources), digests=digests, previous="")


def _distributed() -> Any:  # noqa: ANN401 - Dask has no types
    """Return Dask's `distributed`, silent: what goes wrong is told in a line of our own."""
    try:
        import dask  # noqa: PLC0415 - an extra, and half a second
        import distributed  # noqa: PLC0415
    except ImportError as fault:
        message = "building on a Dask cluster takes an extra: pip install 'topicsite[dask]'"
        raise MachineError(message) from fault
    import logging  # noqa: PLC0415

    logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"})
    return distributed
