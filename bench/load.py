"""Load on one method: by h2load where it is installed (nghttp2-client), else by a grpc.aio client of our own.

Our own client costs more processor time than the server; it then bounds the calls per second, so that ratios of them
flatter. The server's processor time per call says the same with either.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc

from bench.client import METADATA
from bench.http2 import framed
from bench.lab import alone
from bench.machine import on_core
from bench.serving import Server

H2LOAD: Final = shutil.which("h2load")
CONNECTIONS: Final = 2
STREAMS: Final = 32
"""Of each connection: so many calls are unanswered at any time that no server waits for the load."""

FEW: Final = 8
"""Streams of a load that leaves a server without work now and then."""

_DATA: Final = re.compile(r"traffic: .* \((\d+)\) data")
_SECONDS: Final = re.compile(r"finished in ([\d.]+)(us|ms|s)")
_UNITS: Final[Mapping[str, float]] = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True, slots=True)
class Sample:
    """What one round saw; `latencies` in microseconds, only of rounds that wanted them."""

    per_second: float
    cpu_micros: float
    latencies: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """One request, again and again; `answer` is what each response must be, or at least as long as.

    A stream's request is all of its messages, as gRPC frames them, and `size` is what its answers have together.
    """

    path: str
    body: bytes
    answer: bytes
    metadata: tuple[tuple[str, str], ...] = METADATA
    framed: bytes = b""
    size: int = 0
    streams: int = STREAMS


def generator(streams: int = STREAMS) -> str:
    """Say what makes the load."""
    name = "h2load" if H2LOAD else "own grpc.aio client (no h2load here), which bounds the calls per second"
    return f"{name}, {CONNECTIONS} connections × {streams} streams"


def load(server: Server, job: Job, calls: int, core: int | None, folder: Path) -> Sample:
    """Load a method from another core and return calls per second and the server's processor time per call."""
    before = server.cpu()
    with on_core(core):
        seconds = _h2load(server, job, calls, folder) if H2LOAD else alone(_own, server.address, job, calls)
    return Sample(calls / seconds, (server.cpu() - before) / calls * 1e6)


def one_at_a_time(server: Server, job: Job, calls: int, core: int | None, folder: Path) -> list[float]:
    """Return the microseconds of calls that each wait for the one before."""
    with on_core(core):
        if not H2LOAD:
            return alone(_own_latencies, server.address, job, calls)
        log = folder / "h2load.log"
        log.unlink(missing_ok=True)
        _h2load(server, job, calls, folder, "-c", "1", "-m", "1", f"--log-file={log}")
    return [float(line.split("\t")[2]) for line in log.read_text(encoding="utf-8").splitlines()]


def _h2load(server: Server, job: Job, calls: int, folder: Path, *options: str) -> float:
    """Run h2load and return its seconds. To it every gRPC answer is a success, so the bytes that came are counted."""
    body = folder / "request.bin"
    body.write_bytes(job.framed or framed(job.body))
    headers = [part for name, value in _headers(job).items() for part in ("-H", f"{name}: {value}")]
    shape = options or ("-c", str(CONNECTIONS), "-m", str(job.streams))
    command = [str(H2LOAD), "-n", str(calls), *shape, "-d", str(body), *headers, f"http://{server.address}{job.path}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    data, finished = _DATA.search(output), _SECONDS.search(output)
    assert data is not None, output
    assert finished is not None, output
    assert int(data[1]) == calls * (job.size or len(framed(job.answer))), output
    return float(finished[1]) * _UNITS[finished[2]]


def _headers(job: Job) -> dict[str, str]:
    return {"te": "trailers", "content-type": "application/grpc", **dict(job.metadata)}


def _own(address: str, job: Job, calls: int) -> float:
    return asyncio.run(_own_load(address, job, calls))


async def _own_load(address: str, job: Job, calls: int) -> float:
    """Load with as many connections and streams as h2load; return seconds."""
    options = (("grpc.use_local_subchannel_pool", 1),)
    channels = [grpc.aio.insecure_channel(address, options=options) for _ in range(CONNECTIONS)]
    await asyncio.gather(*(channel.channel_ready() for channel in channels))
    left = iter(range(calls))
    started = time.perf_counter()
    await asyncio.gather(*(_stream(channel, job, left) for channel in channels for _ in range(job.streams)))
    seconds = time.perf_counter() - started
    await asyncio.gather(*(channel.close() for channel in channels))
    return seconds


async def _stream(channel: grpc.aio.Channel, job: Job, left: Iterator[int]) -> None:
    method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(job.path)
    for _ in left:
        assert await method(job.body, metadata=job.metadata) == job.answer


def _own_latencies(address: str, job: Job, calls: int) -> list[float]:
    times = []
    with grpc.insecure_channel(address) as channel:
        method: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(job.path)
        for _ in range(calls + 1):
            started = time.perf_counter()
            assert method(job.body, metadata=job.metadata) == job.answer
            times.append((time.perf_counter() - started) * 1e6)
    return times[1:]
