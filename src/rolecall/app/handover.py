"""The thread that pyvoy has for handing calls from Envoy's thread to Python's, and its place on a processor they share.

Woken by each call, it would take the processor from Envoy's thread in the middle of a read, only to wait for Python's
lock; then Python's thread would take it for that one call. A batch thread takes it from nobody who runs, so all that
Envoy has read is handed over together. Where a processor is free, or another program holds this one, nothing changes:
Envoy's and Python's threads are woken as ever.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from rolecall.app.collector import staying

_TASKS: Final = Path("/proc/self/task")


class Handover:
    """That thread, once it is known."""

    def __init__(self) -> None:
        self._thread: int | None = None
        self._busy = 0

    def begin(self) -> None:
        """Make it a batch thread; called while Envoy serves.

        It is left as it is where it can't be told for certain, or where it is not scheduled as threads ordinarily are:
        somebody has chosen how.
        """
        if sys.platform != "linux":
            return
        with suppress(OSError):  # a thread has ended meanwhile, or the system does not allow it
            nameless = _without_a_name_of_their_own() - _of_python() - {os.getpid()}
            if len(nameless) == 1 and os.sched_getscheduler(thread := nameless.pop()) == os.SCHED_OTHER:
                self._thread = thread
                self._schedule()

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Load very much that stays. Python's threads are busy for so long that a batch thread would have no turn."""
        self._busy += 1
        self._schedule()
        try:
            with staying():
                yield
        finally:
            self._busy -= 1
            self._schedule()

    def _schedule(self) -> None:
        if sys.platform == "linux" and self._thread is not None:
            policy = os.SCHED_OTHER if self._busy else os.SCHED_BATCH
            with suppress(OSError):
                os.sched_setscheduler(self._thread, policy, os.sched_param(0))


def _without_a_name_of_their_own() -> set[int]:
    """Return the threads called as the process is; Envoy's own, but for the first, are not."""
    name = (_TASKS / str(os.getpid()) / "comm").read_bytes()
    return {int(task.name) for task in _TASKS.iterdir() if (task / "comm").read_bytes() == name}


def _of_python() -> set[int]:
    """Return the threads that Python knows: the event loop's, and those of SQLite."""
    known = {thread.native_id for thread in threading.enumerate() if thread.native_id is not None}
    return known | {threading.get_native_id()}
