"""Telling on stderr that a command is at work, when it takes longer than a second.

On a terminal one line counts the seconds and goes away at the end; elsewhere, in the log of a job, one line is enough.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

T = TypeVar("T")
Pause = Callable[[float], Awaitable[object]]

_ERASE: Final = "\r\x1b[K"


async def with_progress(work: Awaitable[T], what: str, pause: Pause = asyncio.sleep) -> T:
    """Return what the work comes to; `pause` waits for seconds."""
    telling = asyncio.create_task(_tell(what, pause))
    try:
        return await work
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling


async def _tell(what: str, pause: Pause) -> None:
    await pause(1)
    if not sys.stderr.isatty():
        print(f"{what}; this takes longer than a second", file=sys.stderr, flush=True)
        return
    seconds = 1
    try:
        while True:
            print(f"{_ERASE}{what}: {seconds} s", end="", file=sys.stderr, flush=True)
            await pause(1)
            seconds += 1
    finally:
        print(_ERASE, end="", file=sys.stderr, flush=True)
