"""One stream of capabilities: one user's, or those of all members of a call or channel, and then every change.

What may have changed is found by the watch engine, as for connections; what a stream is told of it, and in which order,
is here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from rolecall.domain.errors import NotFound, RolecallError, Unavailable
from rolecall.domain.facts import ANONYMOUS
from rolecall.domain.names import shown
from rolecall.service.authorizer import Authorizer, Seen, capability_names
from rolecall.service.callers import Caller
from rolecall.service.questions import Question, subject_of
from rolecall.service.watching.causes import MEMBER_ADDED, MEMBER_REMOVED, SNAPSHOT, cause_of, deleted
from rolecall.service.watching.engine import Watching
from rolecall.service.watching.watches import Followed, Notice

MOST_WAITING: Final = 256
"""How many messages of one stream may wait to be read, and two more for each member."""
_TOGETHER: Final = 64
_LONGEST_REACH_SECONDS: Final = 2.0

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What may be done now; `added` and `removed` say how that differs from what was told before.

    `complete` ends the first full set, and `left` is the last of a user. What many are told alike is one object.
    """

    own: Names
    added: Names
    removed: Names
    cause: str
    revision: int
    complete: bool = False
    left: bool = False


class Update(NamedTuple):
    """A user, and what has changed for it; one of nobody tells only that the first full set is complete."""

    user_id: str
    change: Change


class Page(Protocol):
    """Some members of a call or channel."""

    @property
    def user_ids(self) -> Sequence[str]:
        """Their ids, sorted."""

    @property
    def after(self) -> str | None:
        """Where the next page begins, None when this is the last."""

    @property
    def revision(self) -> int:
        """The revision that this was read from."""


class Rosters(Protocol):
    """Reads what is not in the index."""

    def page(self, app_id: int, target: Question, after: str) -> Awaitable[Page]:
        """Return a page of the members of a call or channel; NotFound when it is not stored."""

    def remembers(self, app_id: int, revision: int) -> Awaitable[bool]:
        """Tell whether the change log still holds all that came after a revision of the app."""


class Following:
    """One stream, and the sink of its watches: of one user, or of each member and `!anon`, who stands for nobody."""

    def __init__(
        self,
        watching: Watching,
        authorizer: Authorizer,
        rosters: Rosters,
        caller: Caller,
        target: Question,
        end: Callable[[RolecallError], None],
    ) -> None:
        self._watching = watching
        self._authorizer = authorizer
        self._rosters = rosters
        self._caller = caller
        self._target = target
        self._end = end
        self._everyone = False
        self._key = 0
        self._watches: dict[str, _Followed] = {}
        self._waiting: deque[Update] = deque()
        self._came = asyncio.Event()
        self._unread: deque[str] = deque()
        self._after: str | None = None
        self._beginning = False
        self._gone = False
        self._ending: RolecallError | None = None
        self._idle = False
        self.on_close: Callable[[], object] = _nothing
        self.tell_now: Callable[[Update], bool] = _not_now
        """Tells an update while `next` waits for one; False when it can't be told so, and `next` is to return it."""

    # --- beginning ---------------------------------------------------------------------------------------------------

    async def follow_one(self) -> None:
        """Begin with what the target's user may do now."""
        user_id = subject_of(self._caller, self._target)
        ((mask, seen),), revision = await self._authorizer.looks(self._caller, [self._target])
        # Nothing awaits from here on: what the index applies after this state finds the watch.
        self._snapshot(self._follow(user_id, self._target, revision), mask, seen, revision)
        self._complete(revision)

    async def follow_members(self) -> None:
        """Begin with the first members; `next` reads the others as they are taken."""
        self._everyone = True
        nobody = self._of(ANONYMOUS.id)
        ((_, seen),), revision = await self._authorizer.looks(self._caller, [nobody])
        self._follow(ANONYMOUS.id, nobody, revision).seen = seen
        self._is_another(seen)
        self._watching.follow_members(self, self._caller.app_id, self._target, self._joined)
        await self._read_page("")
        self._beginning = True

    def _of(self, user_id: str) -> Question:
        return Question(user_id, self._target.call, self._target.channel)

    def _follow(self, user_id: str, question: Question, since: int) -> _Followed:
        watch = _Followed(self, self._caller, question, since)
        self._watching.add(watch)
        self._watches[user_id] = watch
        return watch

    async def _read_page(self, after: str) -> None:
        page = await self._rosters.page(self._caller.app_id, self._target, after)
        await self._authorizer.reach(self._caller.app_id, page.revision, _LONGEST_REACH_SECONDS)
        self._unread.extend(page.user_ids)
        self._after = page.after

    async def _begin_more(self) -> None:
        """Tell some more of the first full set."""
        if not self._unread and self._after is not None:
            await self._read_page(self._after)
        ids = [self._unread.popleft() for _ in range(min(_TOGETHER, len(self._unread)))]
        looks, revision = await self._authorizer.looks(self._caller, [self._of(user_id) for user_id in ids])
        if self._gone or any(self._is_another(seen) for _, seen in looks):
            self._beginning = False
            return
        for user_id, (mask, seen) in zip(ids, looks, strict=True):
            watch = self._watches.get(user_id)
            if seen.member.role is None or (watch is not None and watch.seen is not None):
                continue
            watch = watch or self._follow(user_id, self._of(user_id), revision)
            self._snapshot(watch, mask, seen, revision)
        if not self._unread and self._after is None:
            self._beginning = False
            self._complete(revision)

    def _snapshot(self, watch: _Followed, mask: int, seen: Seen, revision: int) -> None:
        self._is_another(seen)
        watch.mask, watch.seen = mask, seen
        self._tell(watch, 0, mask, SNAPSHOT, revision)

    def _complete(self, revision: int) -> None:
        """Mark the last message of the first full set; nobody's message where there is none to be marked."""
        last = self._waiting.pop() if self._waiting and self._waiting[-1].change.cause == SNAPSHOT else None
        user_id, change = last or Update("", self._change(0, 0, SNAPSHOT, revision))
        self._waiting.append(Update(user_id, replace(change, complete=True)))

    # --- going on ----------------------------------------------------------------------------------------------------

    async def next(self) -> Sequence[Update]:
        """Return what there is to tell, at least one update; raises what ends the stream."""
        while not self._waiting:
            if self._ending is not None:
                raise self._ending
            if self._beginning:
                await self._begin_more()
            else:
                self._came.clear()
                self._idle = True
                try:
                    await self._came.wait()
                finally:
                    self._idle = False
        taken = tuple(self._waiting)
        self._waiting.clear()
        return taken

    def close(self) -> None:
        """Follow nobody any more."""
        self._watching.unfollow_members(self, self._caller.app_id, self._target)
        for watch in self._watches.values():
            self._watching.unwatch(watch)
        self._watches.clear()
        self._ending = self._ending or Unavailable("the stream is closed")
        self.on_close()

    def tell(self, notice: Notice) -> bool:
        """Take no notice of what happens: what a stream is told follows from what it looks at."""
        return True

    def cut(self, error: RolecallError) -> None:
        """End the stream at once; what waits is not told."""
        if self._ending is None:
            self._ending = error
            self._waiting.clear()
            self._came.set()
            self._end(error)

    def _joined(self, user_id: str, revision: int) -> None:
        """Watch a user that may have become a member."""
        if not self._gone and self._ending is None and user_id not in self._watches:
            self._follow(user_id, self._of(user_id), revision - 1)

    # --- what is told ------------------------------------------------------------------------------------------------

    def look(self, watch: _Followed, mask: int, revision: int, kind: str, seen: Seen | None) -> bool:
        """Take note of what a user may do now, and tell it when that is new; False when there is no room for it."""
        now, before = seen or self._unseen(watch), watch.seen
        watch.seen, watch.mask, mask_before = now, mask, watch.mask
        if self._is_another(now):
            return self._deleted(watch, before, mask_before, revision)
        if watch.user_id == ANONYMOUS.id and self._everyone:
            return True
        if self._everyone and now.member.role is None:
            return self._left(watch, before, mask_before, revision)
        if before is None:
            return self._room() and self._tell(watch, 0, mask, MEMBER_ADDED, revision)
        if self._names(mask_before) == self._names(mask):
            return True
        cause = cause_of(kind, call=bool(self._target.call), before=before, now=now)
        return self._room() and self._tell(watch, mask_before, mask, cause, revision)

    def _is_another(self, seen: Seen) -> bool:
        """Tell whether what is seen is not the call or channel that the stream is of: that one was deleted."""
        self._key = self._key or seen.target.key
        return seen.target.key != self._key

    def _unseen(self, watch: _Followed) -> Seen:
        """Return what is there when its type is gone: nothing of it is stored."""
        if watch.seen is None:
            raise _was_deleted(self._target)
        return watch.seen._replace(target=replace(watch.seen.target, key=0))

    def _left(self, watch: _Followed, before: Seen | None, mask_before: int, revision: int) -> bool:
        """Tell what is left to one who is no member any more, the last that is told of it."""
        self._forget(watch)
        if before is None:
            return True
        return self._tell(watch, mask_before, watch.mask, MEMBER_REMOVED, revision, left=True)

    def _deleted(self, watch: _Followed, before: Seen | None, mask_before: int, revision: int) -> bool:
        """Tell one that nothing is left, and end the stream when all have been told."""
        self._gone = True
        self._beginning = False
        if before is not None and (watch.user_id != ANONYMOUS.id or not self._everyone):
            self._tell(watch, mask_before, 0, deleted(call=bool(self._target.call)), revision)
        self._forget(watch)
        return True

    def _forget(self, watch: _Followed) -> None:
        self._watches.pop(watch.user_id, None)
        self._watching.unwatch(watch)
        if self._gone and not self._watches and self._ending is None:
            self._ending = _was_deleted(self._target)
            self._came.set()

    def _room(self) -> bool:
        """Tell whether a message may wait too; the last one of a watch always may."""
        return len(self._waiting) < MOST_WAITING + 2 * len(self._watches)

    def _tell(self, watch: _Followed, before: int, now: int, cause: str, revision: int, *, left: bool = False) -> bool:
        if self._ending is None:
            update = Update(watch.user_id, self._change(before, now, cause, revision, left=left))
            if not (self._idle and self.tell_now(update)):
                self._idle = False  # it goes on when it gets its turn: nothing may overtake this until then
                self._waiting.append(update)
                self._came.set()
        return True

    def _change(self, before: int, now: int, cause: str, revision: int, *, left: bool = False) -> Change:
        return _change(bool(self._target.call), before, now, cause, revision, left)

    def _names(self, mask: int) -> Names:
        return _names(bool(self._target.call), mask)


class _Followed(Followed):
    """A watch whose user a stream is told of; `seen` is None until it is told of it."""

    __slots__ = ("following", "seen")

    def __init__(self, following: Following, caller: Caller, question: Question, since: int) -> None:
        super().__init__(caller, question, following, 0, since)
        self.following = following
        self.seen: Seen | None = None

    def look(self, mask: int, revision: int, kind: str, seen: Seen | None) -> bool:
        return self.following.look(self, mask, revision, kind, seen)


@lru_cache(maxsize=1_024)
def _change(call: bool, before: int, now: int, cause: str, revision: int, left: bool) -> Change:
    had, has = _names(call, before), _names(call, now)
    added = tuple(name for name in has if name not in had)
    removed = tuple(name for name in had if name not in has)
    return Change(has, added, removed, cause, revision, left=left)


@lru_cache(maxsize=1_024)
def _names(call: bool, mask: int) -> Names:
    return capability_names(_A_CALL if call else _A_CHANNEL, mask)


_A_CALL: Final = Question(call="call")
_A_CHANNEL: Final = Question(channel="channel")


def _was_deleted(target: Question) -> NotFound:
    if target.call:
        return NotFound(f"call {shown(target.call)} was deleted", field="call", reason="CALL_NOT_FOUND")
    return NotFound(f"channel {shown(target.channel)} was deleted", field="channel", reason="CHANNEL_NOT_FOUND")


def _nothing() -> None:
    """Do nothing: nobody wants to hear."""


def _not_now(_: Update) -> bool:
    """Tell nothing: nobody hears at once."""
    return False
