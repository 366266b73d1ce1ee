"""Giving way: how work of many milliseconds on the event loop lets other answers through."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

_LONGEST_STRETCH_SECONDS: Final = 0.001
_TURNS: Final = 3
"""An answer over gRPC takes about five turns of the loop: with one at a time it would wait for five stretches."""


class Pace:
    """Paces one piece of work, which calls `give_way` as often as it can."""

    __slots__ = ("_longest", "_since")

    def __init__(self, longest_seconds: float | None = None) -> None:
        self._longest = _LONGEST_STRETCH_SECONDS if longest_seconds is None else longest_seconds
        self._since = time.perf_counter()

    async def give_way(self) -> None:
        """Let others go first when the work has gone on for a while; costs next to nothing when it has not."""
        if time.perf_counter() - self._since >= self._longest:
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            self._since = time.perf_counter()


async def let_go(things: list[Any]) -> None:
    """Free things that nobody else holds, bit by bit: to free very much at once takes long."""
    pace = Pace()
    while things:
        things.pop()
        await pace.give_way()
