"""Facts by name, bounded by the memory they take: the least recently used go first. Absence is a fact too.

Names are tuples: (USER, app, id), (CALL, app, cid), (CHANNEL, app, cid), (CALL_MEMBER, app, cid, user id),
(CHANNEL_MEMBER, app, cid, user id).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final

USER, CALL, CHANNEL, CALL_MEMBER, CHANNEL_MEMBER = range(5)

Name = tuple[Any, ...]
MISSING: Final = object()
"""What `get` returns for a name that is not held; None is the fact that the thing does not exist."""

_MEGABYTE: Final = 1024 * 1024
_BASE_BYTES: Final = {USER: 620, CALL: 700, CHANNEL: 700, CALL_MEMBER: 560, CHANNEL_MEMBER: 520}
_ABSENT_BYTES: Final = 420
_SWEEP: Final = 2_000


class FactCache:
    """A dict with a budget; sizes are estimates of what an entry costs the process."""

    __slots__ = ("_budget", "_entries", "bytes", "hits", "misses")

    def __init__(self, megabytes: int) -> None:
        self._entries: OrderedDict[Name, Any] = OrderedDict()
        self._budget = megabytes * _MEGABYTE
        self.bytes = 0
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: Name) -> Any:
        """Return the fact, None when it is known not to exist, MISSING when it is not held."""
        fact = self._entries.get(name, MISSING)
        if fact is MISSING:
            self.misses += 1
        else:
            self.hits += 1
            self._entries.move_to_end(name)
        return fact

    def put(self, name: Name, fact: Any) -> None:
        """Hold a fact, letting the least recently used go when the budget is spent."""
        self.drop(name)
        self._entries[name] = fact
        self.bytes += weight(name, fact)
        while self.bytes > self._budget and len(self._entries) > 1:
            old_name, old_fact = self._entries.popitem(last=False)
            self.bytes -= weight(old_name, old_fact)

    def drop(self, name: Name) -> None:
        """Forget a fact; nothing happens when it is not held."""
        fact = self._entries.pop(name, MISSING)
        if fact is not MISSING:
            self.bytes -= weight(name, fact)

    def clear(self) -> Iterator[None]:
        """Forget everything at once; drain the result bit by bit to free the memory without a long pause."""
        doomed, self._entries, self.bytes = self._entries, OrderedDict(), 0
        return _free(doomed)


def _free(entries: OrderedDict[Name, Any]) -> Iterator[None]:
    while entries:
        for _ in range(min(_SWEEP, len(entries))):
            entries.popitem()
        yield


def weight(name: Name, fact: Any) -> int:
    """Estimate the bytes of one entry: its name, its value and its place in the table."""
    names = sum(len(part) for part in name[2:])
    if fact is None:
        return _ABSENT_BYTES + names
    extra = 0
    if name[0] == USER:
        extra = sum(120 + len(team) for team in fact.teams) + 200 * len(fact.teams_role)
    elif name[0] == CHANNEL:
        extra = 900 * len(fact.grants) + 150 * len(fact.flags)
    return _BASE_BYTES[name[0]] + names + extra
