"""What one run of a program takes, with all that it starts."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds by the clock, seconds of CPU (user and system), and the peak of memory in bytes."""

    wall: float
    cpu: float
    memory: int


def measure(command: tuple[str, ...], folder: Path) -> Measured:
    """Run a command in a folder; `SystemExit` with what it said if it fails.

    Memory is the largest sum of the proportional set sizes (a page that processes share counts once) of the process
    and its descendants, sampled every 100 ms or, where that would cost more than a twentieth of the
    time, less often. What other programs left to be written goes to the disk first. Python keeps its compiled modules,
    as it does where nobody tells it not to.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    os.sync()
    before = os.times()
    start = time.perf_counter()
    process = psutil.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    peak = 0
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        pause = 0.1
        while not done.wait(pause):
            began = time.perf_counter()
            peak = max(peak, _memory(process))
            pause = max(0.1, 20 * (time.perf_counter() - began))

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, wrong = process.communicate()
    wall = time.perf_counter() - start
    done.set()
    watcher.join()
    after = os.times()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{wrong[-2000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Measured(wall, cpu, peak)


def _memory(process: psutil.Popen) -> int:
    total = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    for one in family:
        try:
            full = one.memory_full_info()
        except psutil.Error:
            continue
        total += getattr(full, "pss", 0) or full.rss
    return total
