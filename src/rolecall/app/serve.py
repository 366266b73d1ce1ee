"""One server in this process, until a signal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from rolecall.app.server import server
from rolecall.app.started import Started
from rolecall.config import Settings
from rolecall.observe.logs import get_logger


async def serve(settings: Settings, announce: Callable[[Started], None]) -> None:
    """Serve until SIGTERM or SIGINT, then drain; RolecallError when it can't start."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with server(settings) as running:
        announce(running.started)
        await stopping.wait()
        get_logger().info("stopping", drain_seconds=settings.drain_seconds)
        await running.leave()
