"""Facts by name, bounded by the memory they take: those not asked for lately go first. Absence is a fact too.

Names are tuples: (USER, app, id), (CALL, app, cid), (CHANNEL, app, cid), (CALL_MEMBER, app, cid, user id),
(CHANNEL_MEMBER, app, cid, user id).

Facts live in two generations. A fact that is asked for lives in the young one; when that is full it becomes the old
one, and what was old and has not been asked for since is doomed, and freed little by little. Each of the three has a
third of the budget. A hit is one look-up in a dict: no list of uses is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from sys import getsizeof
from typing import Any, Final

USER, CALL, CHANNEL, CALL_MEMBER, CHANNEL_MEMBER = range(5)

Name = tuple[Any, ...]
MISSING: Final = object()
"""What `get` returns for a name that is not held; None is the fact that the thing does not exist."""

_MEGABYTE: Final = 1024 * 1024
_BASE_BYTES: Final = {USER: 490, CALL: 650, CHANNEL: 800, CALL_MEMBER: 540, CHANNEL_MEMBER: 650}
_ABSENT_BYTES: Final = 300
_FREED_AT_ONCE: Final = 2_000
_FREED_PER_PUT: Final = 3


class FactCache:
    """A table with a budget; sizes are estimates of what an entry costs the process.

    `young` may be read directly, to spare a call, by who asks `get` for what is not there.
    """

    __slots__ = ("_doomed", "_old", "_old_bytes", "_share", "_young_bytes", "misses", "young")

    def __init__(self, megabytes: int) -> None:
        self.young: dict[Name, Any] = {}
        self._old: dict[Name, Any] = {}
        self._doomed: dict[Name, Any] = {}
        self._share = megabytes * _MEGABYTE // 3
        self._young_bytes = 0
        self._old_bytes = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self.young) + len(self._old)

    @property
    def bytes(self) -> int:
        """The estimated size of everything that is held."""
        return self._young_bytes + self._old_bytes

    def get(self, name: Name) -> Any:
        """Return the fact, None when it is known not to exist, MISSING when it is not held."""
        fact = self.young.get(name, MISSING)
        return self._not_young(name) if fact is MISSING else fact

    def _not_young(self, name: Name) -> Any:
        fact = self._old.pop(name, MISSING)
        if fact is MISSING:
            self.misses += 1
            return MISSING
        size = weight(name, fact)
        self._old_bytes -= size
        self._add(name, fact, size)
        return fact

    def put(self, name: Name, fact: Any) -> None:
        """Hold a fact, letting others go when the budget is spent."""
        self.drop(name)
        self._add(name, fact, weight(name, fact))

    def _add(self, name: Name, fact: Any, size: int) -> None:
        if self._young_bytes + size > self._share:
            self._doomed = self._old  # what was doomed before is freed by now: more go with each entry than come
            self._old, self._old_bytes = self.young, self._young_bytes
            self.young, self._young_bytes = {}, 0
        self.young[name] = fact
        self._young_bytes += size
        for _ in range(min(_FREED_PER_PUT, len(self._doomed))):
            self._doomed.popitem()  # a few at a time: freeing a whole generation at once would be a long pause

    def drop(self, name: Name) -> None:
        """Forget a fact; nothing happens when it is not held."""
        fact = self.young.pop(name, MISSING)
        if fact is not MISSING:
            self._young_bytes -= weight(name, fact)
            return
        fact = self._old.pop(name, MISSING)
        if fact is not MISSING:
            self._old_bytes -= weight(name, fact)

    def clear(self) -> Iterator[None]:
        """Forget everything at once; drain the result bit by bit to free the memory without a long pause."""
        doomed = [self.young, self._old, self._doomed]
        self.young, self._old, self._doomed = {}, {}, {}
        self._young_bytes = self._old_bytes = 0
        return _free(doomed)


def _free(tables: list[dict[Name, Any]]) -> Iterator[None]:
    for table in tables:
        while table:
            for _ in range(min(_FREED_AT_ONCE, len(table))):
                table.popitem()
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
        names_of_own = sum(len(part.others) for override in fact.grants.values() for part in override)
        extra = 900 * len(fact.grants) + 80 * names_of_own + 150 * len(fact.flags)
    if name[0] <= CHANNEL and fact.custom:
        extra += getsizeof(fact.custom)
    return _BASE_BYTES[name[0]] + names + extra
