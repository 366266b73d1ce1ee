"""Gives notices to the sinks of watches, and cuts the watches that can't be served."""

from __future__ import annotations

from contextlib import suppress

from rolecall.domain.errors import OverLimit, RolecallError
from rolecall.service.watching.watches import Notice, Watch, Watches


class Sinks:
    """The sinks of all watches; `told` counts the notices given."""

    def __init__(self, watches: Watches) -> None:
        self._watches = watches
        self.told = 0

    def give(self, watch: Watch, notice: Notice) -> None:
        """Give a notice, unless the watch is over; it is cut when its sink has no room."""
        if watch.ended:
            return
        if watch.sink.tell(notice):
            self.told += 1
        else:
            self.cut_slow(watch)

    def cut_slow(self, watch: Watch) -> None:
        """End a watch whose sink has no room."""
        self.cut(watch, OverLimit("the client reads too slowly", reason="SLOW_READER"))

    def cut(self, watch: Watch, error: RolecallError) -> None:
        """End a watch that can't go on, and tell its sink why."""
        if not watch.ended:
            self._watches.discard(watch)
            with suppress(Exception):  # a sink that fails must not take the others' notices with it
                watch.sink.cut(error)

    def cut_all(self, app_id: int, error: RolecallError) -> None:
        """Cut every watch of an app."""
        for watch in list(self._watches.of_app(app_id)):
            self.cut(watch, error)
