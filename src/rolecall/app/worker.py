"""`python -m rolecall.app.worker`: one of several servers behind grpc.aio, on ports that they share.

It takes its settings from the environment and orders from its supervisor; it is not for people to start.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from rolecall.app.orders import Failed, Line, Post, vanish
from rolecall.app.server import server
from rolecall.config import SERVER_NAMES, Settings, resolve
from rolecall.domain.errors import RolecallError
from rolecall.observe.logs import configure, get_logger


def main() -> int:
    """Serve until told to leave; returns the exit code."""
    settings = resolve({}, os.environ, names=SERVER_NAMES).settings
    configure(settings.log_level, settings.log_format, sys.stderr)
    return asyncio.run(_serve(settings, Post.of(os.environ)))


async def _serve(settings: Settings, post: Post) -> int:
    line = await Line.inherited(post)
    told = asyncio.create_task(line.hear(), name="orders")
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.cancel)
    try:
        async with server(settings, post.place) as running:
            await line.started(running.started)
            await asyncio.wait([told])
            if not told.cancelled() and not told.result()[0]:
                vanish(post)
            get_logger().info("stopping", worker=post.place.number, drain_seconds=settings.drain_seconds)
            await running.leave()
    except RolecallError as error:
        await line.failed(Failed(error.message, error.field))
        return 1
    finally:
        line.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
