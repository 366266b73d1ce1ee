"""Rate limits per app and class of operation, in windows of a minute, and the headers that tell of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

WINDOW_SECONDS: Final = 60
_MOST_COUNTED: Final = 10_000


class Kind(StrEnum):
    """Classes of requests. API keys are public: who has not shown a token uses up nothing of those who have."""

    READ = "read"
    WRITE = "write"
    CONNECT = "connect"
    ANONYMOUS = "anonymous"
    """Whatever callers without a token ask for."""
    REFUSED = "refused"
    """Callers who are not who they say, and what is no operation."""


class Allowance(NamedTuple):
    """What is left of a window after a request; `reset` is when the next one begins, Unix seconds."""

    limit: int
    remaining: int
    reset: int

    @property
    def exceeded(self) -> bool:
        """Whether the request is one too many."""
        return self.remaining < 0

    def headers(self) -> dict[str, str]:
        """Return the headers every answer carries."""
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(max(0, self.remaining)),
            "x-ratelimit-reset": str(self.reset),
        }


class Limits:
    """Counts requests; `per_minute` is the limit of each class in each app."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.time) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._window = 0
        self._counts: dict[tuple[int, Kind], int] = {}

    def take(self, app_id: int, kind: Kind) -> Allowance:
        """Count one request of an app, 0 for one whose app is not known."""
        window = int(self._clock()) // WINDOW_SECONDS
        if window != self._window or len(self._counts) >= _MOST_COUNTED:
            self._window, self._counts = window, {}
        count = self._counts[app_id, kind] = self._counts.get((app_id, kind), 0) + 1
        return Allowance(self._per_minute, self._per_minute - count, (window + 1) * WINDOW_SECONDS)
