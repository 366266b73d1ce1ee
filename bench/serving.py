"""Servers as processes of their own, from start to SERVING to their end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc
import psutil
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from bench.machine import on_core

REAL: Final = (str(Path(sys.executable).with_name("rolecall")), "serve")
FLOOR: Final = (sys.executable, "-m", "bench.server")
_HEALTH: Final = "/grpc.health.v1.Health/Check"
_ROOT: Final = Path(__file__).resolve().parent.parent
_PATIENCE_SECONDS: Final = 60
_PAUSE_SECONDS: Final = 0.002
_MEGABYTE: Final = 1024 * 1024
_CPU_CLOCK: Final = 2
"""CPUCLOCK_SCHED: with a process's number, what clock_getcpuclockid(3) would return for it."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers: gRPC at `address`; `seconds` from its process's start until health said SERVING."""

    address: str
    http: str
    seconds: float
    process: psutil.Process

    def rss(self) -> float:
        """Return resident memory in MiB, of all its processes."""
        return sum(float(one.memory_info().rss) for one in self._processes()) / _MEGABYTE

    def peak(self) -> float:
        """Return the most memory that was ever resident, in MiB; 0 where the system doesn't tell."""
        return sum(_peak(one.pid) for one in self._processes())

    def cpu(self) -> float:
        """Return the processor time used so far by all its processes, in seconds."""
        return sum(_cpu(one) for one in self._processes())

    def _processes(self) -> list[psutil.Process]:
        """Return the process that was started and those it started: behind the Envoy front, Envoy is one of them."""
        return [self.process, *self.process.children(recursive=True)]


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0.0
    lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines())
    return float(lines["VmHWM"].split()[0]) / 1024


def _cpu(process: psutil.Process) -> float:
    """Return a process's time. Linux gives it in ticks of 10 ms, too coarse; its clock counts nanoseconds."""
    if sys.platform == "linux":
        return time.clock_gettime((~process.pid << 3) | _CPU_CLOCK)
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def serving(
    command: Sequence[str], db: Path, *, core: int | None = None, settings: Mapping[str, object] | None = None
) -> Iterator[Server]:
    """Start a server on a store and wait until it serves; at the end it is told to stop, and must do so well."""
    address, http = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    own = {f"ROLECALL_{name.upper()}": str(value) for name, value in (settings or {}).items()}
    whole = [*command, "--db", str(db), "--listen", address, "--http", http]
    log = db.with_suffix(f".{address.rpartition(':')[2]}.log")
    with running(whole, address, http, log=log, core=core, environment=own) as server:
        yield server


@contextmanager
def running(
    command: Sequence[str],
    address: str,
    http: str,
    *,
    log: Path,
    core: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Start any server that has a gRPC health service, wait until it serves, and stop it at the end."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")}
    with log.open("w", encoding="utf-8") as output, on_core(core):
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=_ROOT, env={**others, **(environment or {})}, stdout=output, stderr=output
        )
    try:
        _wait(process, address, log)
        yield Server(address, http, time.perf_counter() - started, psutil.Process(process.pid))
        process.send_signal(signal.SIGTERM)
        code = process.wait(_PATIENCE_SECONDS)
        if code:
            raise RuntimeError(f"the server ended with {code}: {log.read_text(encoding='utf-8')[-2_000:]}")
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Wait for SERVING. A port is tried by hand first: gRPC would wait a second before its second try."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while not _answers(address):
        _pause(process, until, log)
    with grpc.insecure_channel(address) as channel:
        check: grpc.UnaryUnaryMultiCallable[HealthCheckRequest, HealthCheckResponse] = channel.unary_unary(
            _HEALTH, HealthCheckRequest.SerializeToString, HealthCheckResponse.FromString
        )
        while check(HealthCheckRequest(), timeout=_PATIENCE_SECONDS).status != HealthCheckResponse.SERVING:
            _pause(process, until, log)


def _pause(process: subprocess.Popen[bytes], until: float, log: Path) -> None:
    if process.poll() is not None or time.monotonic() > until:
        raise RuntimeError(f"the server did not come up: {log.read_text(encoding='utf-8')[-2_000:]}")
    time.sleep(_PAUSE_SECONDS)


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with closing(socket.socket()) as probe:
        return probe.connect_ex((host, int(port))) == 0


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
