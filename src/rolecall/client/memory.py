"""What is known of who may do what on one call or channel, and how fresh that is. Nothing is asked or awaited here.

Read by any thread while one writes: each step of a change leaves something that may be answered from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final

from rolecall.client.values import Change, Verdict

HELD: Final = "HELD"
"""Allowed: the user holds the capability."""
LACKED: Final = "LACKED"
"""Denied: the user does not hold it."""
UNFOLLOWED: Final = "UNFOLLOWED"
"""Denied: the user is not followed, being no member, or not among those that were named."""
STALE: Final = "STALE"
"""Denied: what is known is too old, or nothing is known yet."""
UNKNOWN: Final = frozenset({UNFOLLOWED, STALE})
"""Reasons that are no answer of the server's."""


class Memory:
    """Capabilities of the users that are followed by one or several watches.

    A watch is confirmed at a moment when what was committed before it is known to have been on its way here. What is
    known is as old as the least lately confirmed of the watches, and good for `most_seconds` from then on.
    """

    def __init__(self, watches: Iterable[str], most_seconds: float, clock: Callable[[], float]) -> None:
        self._held: dict[str, frozenset[str]] = {}
        self._confirmed = dict.fromkeys(watches, -math.inf)
        self._live: set[str] = set()
        self._most = most_seconds
        self._clock = clock
        self._until = -math.inf
        self._over = False
        self._tell(0)

    def check(self, user_id: str, capability: str) -> Verdict:
        """Answer from memory: yes only if it is fresh and the user holds the capability."""
        if self._clock() < self._until:
            held = self._held.get(user_id)
            if held is None:
                return self._unfollowed
            return self._yes if capability in held else self._no
        return self._stale

    def capabilities(self, user_id: str) -> frozenset[str]:
        """Return what a user holds; nothing when it is not known, or not fresh."""
        if self._clock() < self._until:
            return self._held.get(user_id, frozenset())
        return frozenset()

    @property
    def age(self) -> float:
        """How many seconds ago it was last certain that nothing is missing; infinite when it never was."""
        return math.inf if self._over else self._clock() - min(self._confirmed.values())

    @property
    def fresh(self) -> bool:
        """Whether it is answered from memory."""
        return self._clock() < self._until

    @property
    def whole(self) -> bool:
        """Whether every watch has told its whole first set and none is broken."""
        return len(self._live) == len(self._confirmed)

    # --- what happens ------------------------------------------------------------------------------------------------

    def apply(self, changes: Iterable[Change]) -> None:
        """Take in what a watch tells."""
        revision = 0
        for change in changes:
            revision = max(revision, change.revision)
            if change.left:
                self._held.pop(change.user_id, None)
            else:
                self._held[change.user_id] = change.capabilities
        if revision > self._yes.revision:
            self._tell(revision)

    def synced(self, watch: str, opened: float) -> None:
        """Note that a watch has told its whole first set, of a stream that was opened at this moment."""
        self._live.add(watch)
        self._confirm(watch, opened)

    def lost(self, watch: str) -> None:
        """Note that a watch is broken: nothing confirms it until it is whole again."""
        self._live.discard(watch)

    def heard(self, moment: float) -> None:
        """Note that the server served at this moment, which confirms the watches that are whole."""
        for watch in self._live:
            self._confirm(watch, moment)

    def end(self) -> None:
        """Forget everything, for good."""
        self._over = True
        self._until = -math.inf
        self._held = {}

    def _confirm(self, watch: str, moment: float) -> None:
        self._confirmed[watch] = max(self._confirmed[watch], moment)
        if not self._over:
            self._until = min(self._confirmed.values()) + self._most

    def _tell(self, revision: int) -> None:
        """Make the verdicts that are given from now on: none is made for a question."""
        self._yes = Verdict(True, HELD, revision=revision)
        self._no = Verdict(False, LACKED, revision=revision)
        self._unfollowed = Verdict(False, UNFOLLOWED, revision=revision)
        self._stale = Verdict(False, STALE, revision=revision)
