"""The preview: from the write of a file to the browser's reload message, and memory over many edits.

`python -m tests.benchmarks.bench_serve [--pages N …] [--edits N]`; 0 pages is the example. To reach: a saved article in
at most 100 ms and a saved template in at most 2 s at 10,000 pages; memory after 200 edits within 10 % of that after 5.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from tests.benchmarks.corpus import Shape, write_corpus
from tests.serve.running import REPOSITORY, Running, Site

if TYPE_CHECKING:
    from tornado.websocket import WebSocketClientConnection

TEMPLATE = (
    '{{% extends "default/article.html.jinja" %}}\n'
    '{{# {} #}}\n{{% block head %}}<meta name="n" content="{}">{{% endblock %}}\n'
)
ARTICLE_SECONDS = 0.1
TEMPLATE_SECONDS = 2.0
GROWTH = 1.10
EARLY = 5
#: Seconds between a reload and the next save: somebody who types, not a machine.
PAUSE = 1.0


class Tab:
    """What a browser does, without drawing: it loads a page, says what it shows, and waits for what it is told."""

    def __init__(self, running: Running, path: str) -> None:
        self.running = running
        self.path = path
        self.connection: WebSocketClientConnection | None = None

    async def load(self) -> None:
        """Load the page anew, and connect."""
        if self.connection is not None:
            self.connection.close()
        answer = await asyncio.to_thread(self.running.page, self.path)
        data = dict(re.findall(r'data-(\w+)="([^"]*)"', answer.text.partition("</script>")[0]))
        request = HTTPRequest(
            f"ws://127.0.0.1:{self.running.port}/livereload",
            headers={"Origin": f"http://127.0.0.1:{self.running.port}"},
        )
        self.connection = await websocket_connect(request)
        shown = {**data, "path": self.path, "loads": [], "sheets": []}
        await self.connection.write_message(json.dumps({"command": "info", "topicsite": shown}))
        await self.told("state")

    async def told(self, command: str, seconds: float = 300.0) -> None:
        """Wait until told something."""
        assert self.connection is not None

        async def wait() -> None:
            while (message := await self.connection.read_message()) is not None:  # type: ignore[union-attr]
                if json.loads(message)["command"] == command:
                    return
            msg = "hung up on"
            raise AssertionError(msg)

        await asyncio.wait_for(wait(), seconds)


def memory(running: Running) -> dict[str, float]:
    """Return the memory of the server and of the process that builds, in MB; what several share is split among them."""
    found = {}
    for process in running.processes:
        info = process.memory_full_info()
        found["server" if process.pid == running.process.pid else "build"] = getattr(info, "pss", info.rss) / 1e6
    return found


def worked(running: Running) -> float:
    """Return the seconds of processor time that the preview's processes have used."""
    return sum(process.cpu_times().user + process.cpu_times().system for process in running.processes)


async def measure(site: Site, article: str, path: str, edits: int, templates: int) -> dict[str, object]:
    """Serve a site, edit it, and return what was measured."""
    began = time.perf_counter()
    running = Running.started(site, wait=False)
    try:
        await asyncio.to_thread(running.wait_for, " s)", seconds=1800)
        started = time.perf_counter() - began
        tab = Tab(running, path)
        took: list[float] = []
        busy: list[float] = []
        used: dict[int, dict[str, float]] = {}
        text = site.read(article)
        for number in range(1, edits + 1):
            await tab.load()
            await asyncio.sleep(PAUSE)
            new = f"{text}\nA sentence of edit {number}, which was not there before.\n"
            before, start = worked(running), time.perf_counter()
            site.write(article, new)
            await tab.told("reload")
            took.append(time.perf_counter() - start)
            busy.append(worked(running) - before)
            if number in {EARLY, edits}:
                await asyncio.sleep(2.5)
                used[number] = memory(running)
        template_took: list[float] = []
        for number in range(templates):
            await tab.load()
            await asyncio.sleep(0.5)
            start = time.perf_counter()
            site.write("themes/mine/templates/article.html.jinja", TEMPLATE.format(number, number))
            await tab.told("reload")
            template_took.append(time.perf_counter() - start)
        used[-1] = memory(running)
        site.write(article, text)
    finally:
        stopped = running.stop()
    return {
        "start": started, "stop": stopped, "article": took, "busy": busy, "template": template_took, "memory": used,
        "first": next(line for line in running.lines if " s)" in line),
    }  # fmt: skip


def prepared(folder: Path, pages: int) -> tuple[Site, str, str]:
    """Write a site; return it with the file and the URL's path of one of its articles."""
    site = Site(folder)
    if pages:
        if not (folder / "content").exists():
            write_corpus(folder, Shape.of_pages(pages))
        article = "content/maps/map-00003/c2/c2-a3.md" if pages > 200 else "content/maps/map-00000/c2/c2-a3.md"
        path = f"/{article.split('/')[2]}/c2/c2-a3/"
    else:
        shutil.copytree(REPOSITORY / "content", folder / "content", dirs_exist_ok=True)
        shutil.copy(REPOSITORY / "site.yaml", folder)
        article, path = "content/maps/flask/design/app-factory.md", "/flask/design/app-factory/"
    site.write("themes/mine/theme.yaml", "title: Mine\nextends: default\n")
    site.write("themes/mine/templates/article.html.jinja", TEMPLATE.format("first", "first"))
    site.write("site.yaml", site.read("site.yaml").replace("theme: mine\n", "") + "theme: mine\n")
    return site, article, path


def report(pages: int, found: dict[str, object]) -> bool:
    """Print what was measured; tell whether it is within the bounds."""
    article: list[float] = found["article"]  # type: ignore[assignment]
    template: list[float] = found["template"]  # type: ignore[assignment]
    used: dict[int, dict[str, float]] = found["memory"]  # type: ignore[assignment]
    early, late = sum(used[EARLY].values()), sum(used[max(used)].values())
    name = f"{pages:,} pages" if pages else "the example"
    print(f"{name}: {str(found['first']).split(' ', 1)[1]}")
    print(f"  first page after {found['start']:.2f} s, stopped in {found['stop']:.2f} s")
    for what, values in (("article", article), ("template", template)):
        ordered = sorted(values)
        print(
            f"  {what}: median {statistics.median(values) * 1000:.0f} ms, 95 % in"
            f" {ordered[int(0.95 * (len(ordered) - 1))] * 1000:.0f} ms, slowest {ordered[-1] * 1000:.0f} ms"
            f" ({len(values)} saves)"
        )
    busy: list[float] = found["busy"]  # type: ignore[assignment]
    print(f"  article: {statistics.fmean(busy) * 1000:.0f} ms of processor time until the message, on average")
    print(
        f"  memory: {early:.0f} MB after {EARLY} edits, {late:.0f} MB after {max(used)} ({late / early - 1:+.1%});"
        f" server {used[max(used)]['server']:.0f} MB"
    )
    within = late <= early * GROWTH
    if pages <= 10_000:
        within &= statistics.median(article) <= ARTICLE_SECONDS and statistics.median(template) <= TEMPLATE_SECONDS
    return within


def main() -> None:
    """Measure and report; say where a bound is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, nargs="*", default=[0, 10_000, 25_000])
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="keep the sites here, and use those that are here already")
    parser.add_argument("--templates", type=int, default=5)
    given = parser.parse_args()
    within = True
    for pages in given.pages:
        with tempfile.TemporaryDirectory() as temporary:
            folder = given.folder / f"{pages}-pages" if given.folder else Path(temporary)
            site, article, path = prepared(folder, pages)
            within &= report(pages, asyncio.run(measure(site, article, path, given.edits, given.templates)))
    if not within:
        print("the preview is slower, or grows more, than it should")


if __name__ == "__main__":
    main()
