"""Deploying to an S3 server on loopback: everything, one article, nothing; beside plain PUTs of the same bytes.

`python -m tests.benchmarks.bench_deploy [--pages 2500] [--rounds 3] [--server moto|s3rver]` builds a corpus
(2,500 articles make some 10,000 files) and deploys it, each time to a new bucket. The plain PUTs are obstore's, of the
same files in any order, as many at a time as a deploy does (32), with no headers, checks, books or order; only they are
timed, while a deploy is timed with the start of Python and all else. A round is plain PUTs, a deploy, and plain PUTs
again, so that what else the machine does falls on both.

To reach: a first deploy of 10,000 files at 80 % of what the plain PUTs reach; after one article was edited less than 30
objects and 2 s; at most 200 MB of memory. The edit is built before it is deployed, so that the build is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import obstore
from obstore.store import S3Store

from builder.deploy.retry import each
from builder.write import Manifest
from tests.benchmarks.corpus import Shape, write_corpus
from tests.benchmarks.measure import Measured, measure
from tests.deploy.proxy import Proxy
from tests.deploy.servers import free_port, running
from tests.npm import NODE, installed

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVERS = ("moto", "s3rver")
#: The key that s3rver knows; moto takes any.
KEY = "S3RVER"
WORKERS = 32
SHARE, OBJECTS, SECONDS, MEGABYTES = 0.8, 30, 2.0, 200
_TOPICSITE = str(Path(sys.executable).parent / "topicsite")
_numbers = itertools.count()


@contextlib.contextmanager
def server(kind: str, folder: Path) -> Iterator[str]:
    """Run an S3 server of a kind; give its address."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    if kind == "s3rver":
        program = installed(Path(__file__).parents[1] / "deploy" / "s3rver") / "s3rver" / "bin" / "s3rver.js"
        command = [
            NODE,
            str(program),
            "-d",
            str(folder),
            "-a",
            "127.0.0.1",
            "-p",
            str(port),
            "-s",
            "--no-vhost-buckets",
        ]
    with running(command, f"http://127.0.0.1:{port}") as url:
        yield url


def new_bucket(url: str) -> str:
    """Make a bucket, and return its name."""
    client: Any = boto3.client(
        "s3", endpoint_url=url, aws_access_key_id=KEY, aws_secret_access_key=KEY, region_name="us-east-1"
    )
    name = f"bench-{next(_numbers)}"
    client.create_bucket(Bucket=name)
    return name


def plain_puts(output: Path, names: list[str], url: str, bucket: str) -> tuple[float, float]:
    """Return the seconds that plain PUTs of some files take, by the clock and of CPU."""
    config: Any = {"access_key_id": KEY, "secret_access_key": KEY, "endpoint": url, "region": "us-east-1"}
    store = S3Store(bucket, config=config, client_options={"allow_http": True})

    async def one(name: str) -> None:
        await obstore.put_async(store, name, (output / name).read_bytes(), use_multipart=False)

    start, before = time.perf_counter(), time.process_time()
    asyncio.run(each(names, one, WORKERS))
    return time.perf_counter() - start, time.process_time() - before


def deploy(site: Path, url: str, bucket: str) -> Measured:
    """Deploy what is built to a bucket."""
    keys = {"type": "s3", "bucket": bucket, "endpoint": url, "concurrency": WORKERS}
    base = "title: Corpus\nbase_url: https://corpus.example/\nmarkdown: {engine: commonmark}\n"
    (site / "site.yaml").write_text(f"{base}deploy: {json.dumps({'live': keys})}\n", encoding="utf-8")
    return measure((_TOPICSITE, "deploy", "--no-build", "--yes"), site)


def build(site: Path) -> None:
    """Build a site."""
    subprocess.run([_TOPICSITE, "build"], cwd=site, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--server", choices=SERVERS, default="s3rver")
    arguments = parser.parse_args()
    os.environ.update(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=KEY, AWS_REGION="us-east-1")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        site = folder / "site"
        write_corpus(site, Shape.of_pages(arguments.pages))
        build(site)
        entries = Manifest.load(site / ".topicsite" / "manifest.json").entries
        sent = [file for file in entries if file not in {"_headers", "_redirects"}]
        size = sum(entries[file].size for file in sent)
        print(f"{platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {arguments.server}")
        print(f"{len(sent):,} files, {size / 1e6:.0f} MB")
        (folder / "objects").mkdir()
        with server(arguments.server, folder / "objects") as url:
            measure_all(site, sent, url, arguments.rounds)


def measure_all(site: Path, names: list[str], url: str, rounds: int) -> None:
    """Measure everything against a server, and print it."""
    shares = []
    bucket = ""
    for number in range(rounds):
        plain, cpu = plain_puts(site / "output", names, url, new_bucket(url))
        bucket = new_bucket(url)
        first = deploy(site, url, bucket)
        again, more = plain_puts(site / "output", names, url, new_bucket(url))
        shares.append((plain + again) / 2 / first.wall)
        print(
            f"round {number + 1}: plain PUTs {plain:.2f} s and {again:.2f} s, {cpu:.2f} s and {more:.2f} s of CPU; "
            f"{_line('between them the first deploy', first)}: {shares[-1]:.0%} (load {os.getloadavg()[0]:.1f})"
        )
    nothing = deploy(site, url, bucket)
    print(_line("nothing changed", nothing))
    for number in range(rounds):
        article = site / "content/maps/map-00000/c1/c1-a2.md"
        with article.open("a", encoding="utf-8") as file:
            file.write(f"\nA sentence is added here, number {number}.\n")
        time.sleep(2.1)  # builds do not trust the time of a younger file
        build(site)
        with Proxy(url) as proxy:
            deploy_one = deploy(site, proxy.url, bucket)
            puts = [path for method, path in proxy.requests if method == "PUT"]
            requests = len(proxy.requests)
        report = json.loads((site / ".topicsite/deploy/live/last.json").read_bytes())
        objects = sum(len(report[kind]) for kind in ("added", "changed", "headers", "deleted"))
        line = _line("one article, through a counting proxy", deploy_one)
        print(f"{line}; {objects} objects of the site, {len(puts)} PUTs in all, {requests} requests")
    found = f"median {statistics.median(shares):.0%}, {min(shares):.0%} to {max(shares):.0%}"
    print(f"speed of a first deploy, of that of plain PUTs: {found} (to reach: {SHARE:.0%})")
    print(f"to reach for one article: < {OBJECTS} objects, < {SECONDS:.0f} s; for memory: {MEGABYTES} MB")


def _line(title: str, measured: Measured) -> str:
    return f"{title} {measured.wall:.2f} s, {measured.cpu:.2f} s of CPU, {measured.memory / 1e6:.0f} MB"


if __name__ == "__main__":
    main()
