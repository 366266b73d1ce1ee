"""What has happened in one app and is still to be told, in order. Tells nobody and looks nothing up.

What follows on each other and shows the same is one. What can't be told yet holds up nothing but its own call or
channel.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from rolecall.service.watching.telling import ENDINGS
from rolecall.service.watching.watches import Name, Watch, target_of
from rolecall.store import Change
from rolecall.store.changes import Happening

_MERGED: Final = frozenset({"call.updated", "channel.updated"})
"""What shows a call or channel as it is by the time it is told: of several, the last says it all."""


@dataclass(slots=True, eq=False)
class Pending:
    """An event that is to be told, to all who watch or only to some; `seq` 0 is of no change that is in the log.

    `failing_since` is a moment of the monotonic clock, when it could not be told.
    """

    target: Name
    revision: int
    seq: int
    happening: Happening
    only: tuple[Watch, ...] | None = None
    failing_since: float | None = None

    def covers(self, other: Pending) -> bool:
        """Tell whether who is told this need not be told another, earlier one of the same target."""
        same = self.happening.type == other.happening.type
        return self.seq == other.seq or (same and self.happening.type in _MERGED and self.seq > other.seq)


def pending(change: Change) -> Pending:
    """Return the event that a change of kind EVENT tells."""
    happening = Happening.parse(change.key)
    return Pending(target_of(change.app_id, happening), change.revision, change.seq, happening)


class Queue:
    """Events in the order in which they are told; those of one target never overtake each other."""

    def __init__(self) -> None:
        self._events: deque[Pending] = deque()
        self._held: dict[Name, deque[Pending]] = {}
        self._open: dict[Name, Pending] = {}
        self._endings: dict[Name, int] = {}

    def __len__(self) -> int:
        return len(self._events) + sum(map(len, self._held.values()))

    @property
    def holds(self) -> bool:
        """Whether something is held until `resume`."""
        return bool(self._held)

    def add(self, event: Pending) -> None:
        """Put an event behind all others, or in the place of the one before it that showed the same."""
        merged = event.happening.type in _MERGED
        last = self._open.pop(event.target, None)
        if last is not None and merged:
            last.revision, last.seq, last.happening = event.revision, event.seq, event.happening
            event = last
        else:
            self._events.append(event)
        if merged:
            self._open[event.target] = event
        self._note_ending(event)

    def add_first(self, watch: Watch, missed: Iterable[Pending]) -> None:
        """Have a watch told first what has been told to others already."""
        target = watch.target()
        waiting = [event for event in self._events if event.target == target and event.only is None]
        waiting += [event for event in self._held.get(target, ()) if event.only is None]
        events = [
            replace(event, only=(watch,))
            for event in missed
            if event.target == target and not any(other.covers(event) for other in waiting)
        ]
        self._events.extendleft(reversed(events))
        for event in events:
            self._note_ending(event)

    def take(self) -> Pending | None:
        """Return the next event that can be told and take it away; None when there is none."""
        while self._events:
            event = self._events.popleft()
            if event.target in self._held:
                self._held[event.target].append(event)
                continue
            if self._open.get(event.target) is event:
                del self._open[event.target]
            return event
        return None

    def hold(self, event: Pending, watches: tuple[Watch, ...]) -> None:
        """Put back an event that is still to be told to some, and with it what follows on the same target."""
        self._held[event.target] = deque([replace(event, only=watches)])

    def resume(self) -> None:
        """Go on with all that is held."""
        for events in self._held.values():
            self._events.extendleft(reversed(events))
        self._held.clear()

    def done(self, event: Pending) -> None:
        """Note that an event has been told to all."""
        if self._endings.get(event.target) == event.revision:
            del self._endings[event.target]

    def clear(self) -> None:
        """Forget all of it."""
        for part in (self._events, self._held, self._open, self._endings):
            part.clear()

    def ends(self, watch: Watch) -> bool:
        """Tell whether an event that waits ends a watch."""
        return bool(self._endings) and watch.since < self._endings.get(watch.target(), 0)

    def _note_ending(self, event: Pending) -> None:
        if event.happening.type in ENDINGS:
            self._endings[event.target] = event.revision
