"""Starts the workers of a server, starts again those that die, and drains them when it is told to stop.

It outlives them all and does nothing else, so it stays small: neither gRPC nor the store is imported here.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from rolecall.app.launch import Launch, kept, launcher
from rolecall.app.ports import Ports
from rolecall.app.processes import Worker
from rolecall.app.started import Started
from rolecall.config import Settings
from rolecall.domain.errors import RolecallError, Unavailable
from rolecall.observe.logs import get_logger

_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 10.0
_STABLE_SECONDS: Final = 60.0


async def supervise(settings: Settings, announce: Callable[[Started], None]) -> None:
    """Have a server of workers until SIGTERM or SIGINT, then drain them; RolecallError when they can't start."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    with closing(Ports()) as ports, tempfile.TemporaryDirectory(prefix="rolecall-", ignore_cleanup_errors=True) as own:
        addresses = kept(settings, ports)
        fleet = _Fleet(launcher(settings, addresses, own), settings)
        try:
            started = await _unless(stopping, fleet.start())
            if started is not None:
                listen, http = addresses.as_text()
                announce(started._replace(listen=listen, http=http))
                get_logger().info("serving", listen=list(listen), http=http, workers=settings.workers)
                gc.collect()
                await stopping.wait()
                get_logger().info("stopping", drain_seconds=settings.drain_seconds)
        finally:
            await fleet.stop()
            _clear(settings)
    get_logger().info("stopped")


def _clear(settings: Settings) -> None:
    """Remove the sockets that clients came to."""
    for address in settings.listen:
        if address.is_unix:
            Path(address.path).unlink(missing_ok=True)


async def _unless(stopping: asyncio.Event, start: asyncio.Task[Started]) -> Started | None:
    """Wait for the start, None when it must stop before."""
    told = asyncio.create_task(stopping.wait(), name="stop")
    try:
        either: list[asyncio.Task[Any]] = [start, told]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            return start.result()
        start.cancel()
        with suppress(asyncio.CancelledError, RolecallError):
            await start
        return None
    finally:
        told.cancel()


class _Fleet:
    """All workers of a server."""

    def __init__(self, launch: Launch, settings: Settings) -> None:
        self._launch = launch
        self._numbers = range(settings.workers)
        self._drain_seconds = settings.drain_seconds
        self._workers: dict[int, Worker] = {}
        self._keepers: list[asyncio.Task[None]] = []

    def start(self) -> asyncio.Task[Started]:
        """Start all workers, the first one first: it makes what the others find."""
        return asyncio.create_task(self._start(), name="start")

    async def _start(self) -> Started:
        started = await self._begin(0)
        await asyncio.gather(*map(self._begin, self._numbers[1:]))
        self._keepers = [asyncio.create_task(self._keep(number), name=f"worker {number}") for number in self._numbers]
        return started

    async def stop(self) -> None:
        """Drain all workers and end them, the first one last: it answers HTTP for the others."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        first, others = self._workers.get(0), [one for number, one in self._workers.items() if number]
        if self._keepers:  # else nobody was told of them yet
            await asyncio.gather(*(worker.drain(self._drain_seconds) for worker in self._workers.values()))
        await asyncio.gather(*(worker.end() for worker in others))
        if first is not None:
            await first.end()

    async def _begin(self, number: int) -> Started:
        try:
            self._workers[number] = worker = await self._launch(number)
        except OSError as error:  # such as no room for files, or a temporary folder that was cleared away
            text = f"can't start worker {number}: {error}"
            raise Unavailable(text, reason="WORKER_NOT_STARTED") from error
        return await worker.ready()

    async def _keep(self, number: int) -> None:
        """Start a worker again whenever it is over, not too often."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            since = time.monotonic()
            how = await self._workers[number].ended()
            if time.monotonic() - since > _STABLE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            get_logger().error("worker died", worker=number, how=how, restart_seconds=pause)
            await self._workers[number].kill()
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            try:
                await self._begin(number)
            except RolecallError as error:
                get_logger().error("worker can't start", worker=number, reason=error.code_reason, error=error.message)
            else:
                get_logger().info("worker serves again", worker=number)
