"""Streams of capabilities over a desk, read as a client would read them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable
from typing import NamedTuple, TypeVar

from rolecall.domain.errors import RolecallError
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.service.watching.following import Following, Update
from rolecall.service.watching.followings import Followings
from tests.unit.service.watchers import PATIENCE, Post

T = TypeVar("T")


async def soon(awaitable: Awaitable[T]) -> T:
    """Return what comes; TimeoutError when nothing does."""
    async with asyncio.timeout(PATIENCE):
        return await awaitable


class Message(NamedTuple):
    """One message as a client reads it."""

    user_id: str
    own: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    cause: str
    revision: int
    complete: bool


def _message(update: Update) -> Message:
    change = update.change
    told = (change.own, change.added, change.removed, change.cause, change.revision, change.complete)
    return Message(update.user_id, *told)


class Reader:
    """Reads a stream: `own` is what the client believes everybody may do, by what it was told."""

    def __init__(self, following: Following, errors: list[RolecallError], *, everyone: bool) -> None:
        self.following = following
        self.errors = errors
        self.own: dict[str, set[str]] = {}
        self.complete = False
        self._everyone = everyone
        self._updates: deque[Message] = deque()

    async def next(self) -> Message:
        """Return the next update; raises what ends the stream."""
        if not self._updates:
            self._updates.extend(map(_message, await soon(self.following.next())))
        update = self._updates.popleft()
        self._believe(update)
        return update

    def rest(self) -> list[Message]:
        """Return what waits to be read already."""
        self._updates.extend(map(_message, self.following._waiting))  # noqa: SLF001 - a client can't see that there is nothing
        self.following._waiting.clear()  # noqa: SLF001
        rest = list(self._updates)
        self._updates.clear()
        for update in rest:
            self._believe(update)
        return rest

    async def snapshot(self) -> dict[str, tuple[str, ...]]:
        """Read the first full set."""
        first: dict[str, tuple[str, ...]] = {}
        while not self.complete:
            update = await self.next()
            if update.user_id and update.cause == "snapshot":
                assert update.added == update.own
                first[update.user_id] = update.own
        return first

    async def end(self) -> RolecallError:
        """Return what ends the stream, whatever is told before."""
        try:
            while True:
                await self.next()
        except RolecallError as error:
            return error

    def _believe(self, update: Message) -> None:
        self.complete = self.complete or update.complete
        if not update.user_id:
            return
        own = self.own.setdefault(update.user_id, set())
        assert not own & set(update.added) or update.cause == "snapshot"
        assert own >= set(update.removed)
        own |= set(update.added)
        own -= set(update.removed)
        assert own == set(update.own)
        assert list(update.own) == sorted(update.own)
        if update.cause == "member_removed" and self._everyone:
            del self.own[update.user_id]


def followings(post: Post, most: int = 10_000) -> Followings:
    desk = post.desk
    return Followings(post.watching, desk.authorizer, desk.administration.rosters, most)


async def follow(
    post: Post,
    user: str = "",
    *,
    call: str = "",
    channel: str = "",
    caller: Caller | None = None,
    since: int = 0,
    of: Followings | None = None,
) -> Reader:
    """Open a stream, a server's unless a caller is given."""
    errors: list[RolecallError] = []
    target = Question(user, call, channel)
    opened = (followings(post) if of is None else of).open(
        caller or post.desk.server, target, since, 0.1, errors.append
    )
    return Reader(await soon(opened), errors, everyone=not user and caller is None)
