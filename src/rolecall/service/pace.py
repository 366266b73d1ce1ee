"""Giving way: how work of many milliseconds on the event loop lets other answers through."""

from __future__ import annotations

import asyncio
import time
from typing import Final

_LONGEST_STRETCH_SECONDS: Final = 0.001
_TURNS: Final = 3
"""An answer over gRPC takes about five turns of the loop: with one at a time it would wait for five stretches."""


class Pace:
    """Paces one piece of work, which calls `give_way` as often as it can."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def give_way(self) -> None:
        """Let others go first when the work has gone on for a while; costs next to nothing when it has not."""
        if time.perf_counter() - self._since >= _LONGEST_STRETCH_SECONDS:
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            self._since = time.perf_counter()
