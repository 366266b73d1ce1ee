"""Where the figures were measured: the machine, how busy it was, and the versions of what does the work."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Final, NamedTuple

import psutil

_PACKAGES: Final = ("rolecall", "grpcio", "protobuf", "aiosqlite", "uvicorn", "pyvoy")
_BUSY: Final = 0.5


class Cores(NamedTuple):
    """Which core a server and which the load is kept on; None where there is nothing to choose."""

    server: int | None
    load: int | None


def cores() -> Cores:
    """Return two cores of those this process may use."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores(None, None)
    usable = sorted(os.sched_getaffinity(0))
    return Cores(usable[0], usable[1]) if len(usable) > 1 else Cores(None, None)


@contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """Keep this thread, and whatever process it starts meanwhile, on one core."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def describe() -> dict[str, str]:
    """Return the machine in words."""
    return {
        "measured": datetime.now(UTC).date().isoformat(),
        "CPU": f"{_cpu_model()}, {psutil.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": ", ".join(
            [*(f"{name} {version(name)}" for name in _PACKAGES if _is_here(name)), f"SQLite {sqlite3.sqlite_version}"]
        ),
        "load before": f"{_load():.2f}",
    }


def _is_here(package: str) -> bool:
    return next(iter(distributions(name=package)), None) is not None


def warn_when_busy() -> None:
    """Say on stderr when other work runs: the figures are noise then."""
    if _load() > _BUSY:
        print(f"the machine is busy (load {_load():.2f}): these figures are noise", file=sys.stderr, flush=True)


def _load() -> float:
    return psutil.getloadavg()[0]


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
