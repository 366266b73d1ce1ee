"""Every stream of capabilities of this process: how many there may be, and from which revision each begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from rolecall.domain.errors import InvalidInput, OutOfRange, OverLimit, RolecallError, Unavailable
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.service.watching.engine import Watching
from rolecall.service.watching.following import Following, Rosters

MOST_STREAMS: Final = 10_000
MOST_OF_USER: Final = 100
"""How many streams there may be of one user's tokens: none may take the room of all others."""
_NOT_REACHED: Final = "REVISION_NOT_REACHED"


class Followings:
    """Every stream of capabilities of this process."""

    def __init__(self, watching: Watching, authorizer: Authorizer, rosters: Rosters, most: int = MOST_STREAMS) -> None:
        self._watching = watching
        self._authorizer = authorizer
        self._rosters = rosters
        self._most = most
        self._open: dict[Following, Caller] = {}
        self._of_user: Counter[tuple[int, str]] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def cut(self, error: RolecallError) -> None:
        """End every stream at once: whoever follows one must not believe what it can't hear the end of."""
        for following in list(self._open):
            following.cut(error)

    async def open(
        self,
        caller: Caller,
        target: Question,
        from_revision: int,
        wait_seconds: float,
        end: Callable[[RolecallError], None],
    ) -> Following:
        """Return a stream of what the target's user may do, of all members when it names none and a server asks.

        It begins at `from_revision` or later. Whoever takes it must close it, and is ended by `end` when it does not
        take what there is to tell.
        """
        if not target.call and not target.channel:
            raise InvalidInput("`call` or `channel` is required", field="call")
        self._check_room(caller)
        everyone = caller.server_side and not target.user_id
        following = Following(self._watching, self._authorizer, self._rosters, caller, target, end)
        self._open[following] = caller
        self._of_user[caller.app_id, caller.user_id] += 1
        following.on_close = lambda: self._closed(following)
        try:
            await self._reach(caller.app_id, from_revision, wait_seconds)
            if everyone:
                await following.follow_members()
            else:
                await following.follow_one()
        except BaseException:
            following.close()
            raise
        return following

    def _check_room(self, caller: Caller) -> None:
        if len(self._open) >= self._most:
            raise OverLimit(f"there are {self._most:,} watches already", reason="TOO_MANY_WATCHES")
        if not caller.server_side and self._of_user[caller.app_id, caller.user_id] >= MOST_OF_USER:
            raise OverLimit(f"the user has {MOST_OF_USER} watches already", reason="TOO_MANY_WATCHES")

    def _closed(self, following: Following) -> None:
        caller = self._open.pop(following, None)
        if caller is not None:
            user = caller.app_id, caller.user_id
            self._of_user[user] -= 1
            if not self._of_user[user]:
                del self._of_user[user]

    async def _reach(self, app_id: int, revision: int, seconds: float) -> None:
        if not revision:
            return
        try:
            await self._authorizer.reach(app_id, revision, seconds)
        except Unavailable as error:
            if error.code_reason != _NOT_REACHED:
                raise
            raise _out_of_range(revision, "is newer than any known") from error
        if not await self._rosters.remembers(app_id, revision):
            raise _out_of_range(revision, "is too long ago")


def _out_of_range(revision: int, why: str) -> OutOfRange:
    return OutOfRange(f"revision {revision} {why}; start over with 0", field="from_revision")
