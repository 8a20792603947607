"""A small site and a running `topicsite serve`, for the tests of the preview."""

from __future__ import annotations

import contextlib
import http.client
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REPOSITORY = Path(__file__).parents[2]

SITE = """\
title: Test Maps
base_url: https://maps.example.com/
checks: {figure: off}
"""
MAP = """\
title: Clay
category: Crafts
description: Pots from the first lump to the glaze.
clusters:
  - title: Forming
    slug: forming
    pillar: {title: How pots are formed, slug: forming-pots, query: forming pots}
    articles:
      - {title: Pinching a bowl, slug: pinch, query: pinch pot, words: 900}
      - {title: Throwing on the wheel, slug: wheel, query: throwing clay}
      - {title: Joining slabs, slug: slabs, query: slab pot}
  - title: Firing
    slug: firing
    pillar: {title: What a kiln does, slug: kilns, query: kiln}
    articles:
      - {title: Bisque and glaze, slug: bisque, query: bisque firing}
faq:
  - {question: Can clay dry too fast?, answer: It can. Cover it.}
"""
FILES = {
    "site.yaml": SITE,
    "content/maps/clay/map.yaml": MAP,
    "content/maps/clay/forming/pillar.md": "Pots are formed by hand or on a wheel.\n\n## By hand\n\nSee [[pinch]].\n",
    "content/maps/clay/forming/pinch.md": "Press a thumb into a ball of clay. Then see [[wheel]].\n",
    "content/maps/clay/forming/wheel.md": "Centre the clay. Open it.\n",
    "content/maps/clay/firing/bisque.md": "---\nstatus: draft\n---\nThe first firing makes clay hard.\n",
    "content/pages/about.md": "---\ntitle: About\n---\nWho writes this.\n",
}


@dataclass(frozen=True, slots=True)
class Site:
    """A site's folder, and how its files are changed."""

    root: Path

    @classmethod
    def made(cls, root: Path, files: Mapping[str, str] = FILES) -> Site:
        """Write files into a folder."""
        site = cls(root)
        for name, text in files.items():
            site.write(name, text)
        return site

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return self.root / name

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return self.path(name).read_text("utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a file in place, with its folders."""
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text, "utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        """Change some text of a file."""
        text = self.read(name)
        assert old in text, f"{old!r} is not in {name}"
        self.write(name, text.replace(old, new))


@dataclass(slots=True)
class Answer:
    """An answer over HTTP; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


@dataclass(slots=True)
class Running:
    """A `topicsite serve` that runs; `lines` is all that it has printed."""

    site: Site
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    news: queue.Queue[str] = field(default_factory=queue.Queue)
    readers: list[threading.Thread] = field(default_factory=list)
    address: str = ""

    @classmethod
    def started(cls, site: Site, *options: str, wait: bool = True, before: str = "", **environment: str) -> Self:
        """Start a preview on a free port; with `wait`, until its first build has ended. `before` is Python to run."""
        command = f"{before}\nfrom builder.cli import main\nmain(prog_name='topicsite')"
        process = subprocess.Popen(
            [sys.executable, "-c", command, "serve", "--site", site.root, "--port", "0", *options],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        running = cls(site, process)
        for stream in (process.stdout, process.stderr):
            reader = threading.Thread(target=running._read, args=(stream,), daemon=True)
            reader.start()
            running.readers.append(reader)
        line = running.wait_for("Preview at ")
        running.address = line.split()[2]
        if wait:
            running.wait_for(" s)", "error", "topicsite:")
        return running

    def _read(self, stream: Iterator[str]) -> None:
        for line in stream:
            self.lines.append(line.rstrip("\n"))
            self.news.put(line.rstrip("\n"))

    def wait_for(self, *texts: str, seconds: float = 20.0) -> str:
        """Return the next line that has one of some texts in it, and forget those before it."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self.news.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                msg = f"none of {texts} in {seconds} s; all that was printed:\n" + "\n".join(self.lines)
                raise AssertionError(msg) from None
            if any(text in line for text in texts):
                return line

    def forget(self) -> None:
        """Forget the lines so far: `wait_for` waits for later ones."""
        with contextlib.suppress(queue.Empty):
            while True:
                self.news.get_nowait()

    @property
    def port(self) -> int:
        """The port."""
        port = urlsplit(self.address).port
        assert port
        return port

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Ask for a path, exactly as it is written; `Accept_Encoding` is the header Accept-Encoding."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def page(self, path: str) -> Answer:
        """Ask for a page as a browser does."""
        return self.ask(path, Accept="text/html,*/*;q=0.8")

    def until(self, path: str, text: str, seconds: float = 20.0) -> Answer:
        """Ask for a path until its answer has a text in it."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.ask(path)
            if text in answer.text:
                return answer
            assert time.monotonic() < deadline, f"{text!r} never came; {answer.status}\n" + "\n".join(self.lines)
            time.sleep(0.02)

    @property
    def processes(self) -> list[psutil.Process]:
        """The preview's processes: the server, the one that builds, and what that started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.process.pid)
            return [parent, *parent.children(recursive=True)]
        return []

    def stop(self, how: int = signal.SIGINT) -> float:
        """Stop the preview, and return how many seconds that took; that nothing is left is checked."""
        processes = self.processes
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        took = time.monotonic() - began
        for reader in self.readers:
            reader.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        _, left = psutil.wait_procs(processes, timeout=3)
        for process in left:
            process.kill()
        assert not left, f"left running: {left}"
        return took

    def __enter__(self) -> Self:
        """Use it, and stop it at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()
