"""Every WebSocket connection of this process, found by its id, and what each watches.

A connection's watches are those of its own token, whoever asks for them in its user's name.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final, NamedTuple

from rolecall.domain.errors import InvalidInput, OverLimit, Unavailable
from rolecall.domain.names import shown
from rolecall.service.callers import Caller, Callers
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.service.watching.engine import MOST_WATCHES, Watching
from rolecall.service.watching.standing import Standing
from rolecall.service.watching.watches import Watch
from rolecall.transports.rest.connection import GOING_AWAY, Connection, Ending, Queued

MOST_CONNECTIONS: Final = 10_000
MOST_WATCHES_EACH: Final = 1_000
MOST_OF_USER: Final = 100
_STOP_SECONDS: Final = 5.0


class Bounds(NamedTuple):
    """How many connections there may be, and watches and waiting notices of each.

    API keys are public and so are anonymous callers: none of those below may take the room of all others.
    """

    connections: int = MOST_CONNECTIONS
    watches_each: int = MOST_WATCHES_EACH
    queued: Queued = Queued()
    of_app: int = MOST_CONNECTIONS // 2
    of_user: int = MOST_OF_USER
    of_anonymous: int = MOST_CONNECTIONS // 10
    """Of those of one app that have no token."""


def bounds_of(connections: int) -> Bounds:
    """Return the bounds where there may be so many connections."""
    most = min(connections, MOST_CONNECTIONS)
    return Bounds(most, of_app=max(1, most // 2), of_anonymous=max(1, most // 10))


class Connections:
    """Holds connections, each as long as its caller may stay."""

    def __init__(
        self,
        index: Index,
        callers: Callers,
        watching: Watching,
        bounds: Bounds,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._watching = watching
        self._bounds = bounds
        self._standing = Standing[Connection](index, callers, clock)
        self._by_id: dict[str, Connection] = {}
        self._empty = asyncio.Event()
        self._stopping = False

    def __len__(self) -> int:
        return len(self._by_id)

    def start(self) -> None:
        """Begin to follow the index."""
        self._standing.start()

    async def stop(self) -> None:
        """Close every connection, and wait a few seconds until they are."""
        self._stopping = True
        for connection in self.all():
            connection.end(Ending(GOING_AWAY))
        self._empty.clear()
        if self._by_id:
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await self._empty.wait()
        await self._standing.stop()

    # --- connections -------------------------------------------------------------------------------------------------

    def open(self, caller: Caller, key: str, token: str, *, video: bool) -> Connection:
        """Return a new connection of an authenticated user; `token` is "" for the anonymous one."""
        if self._stopping:
            raise Unavailable("the server is stopping", reason="STOPPING")
        self._check_room(caller)
        connection = Connection(secrets.token_urlsafe(24), caller, key, token, video=video, queued=self._bounds.queued)
        self._standing.add(connection)
        self._by_id[connection.id] = connection
        return connection

    def _check_room(self, caller: Caller) -> None:
        bounds, standing = self._bounds, self._standing
        of_user = bounds.of_anonymous if caller.anonymous else bounds.of_user
        for there, most, whose in (
            (len(self._by_id), bounds.connections, ""),
            (standing.of_app(caller.app_id), bounds.of_app, " of this app"),
            (standing.of_user(caller), of_user, " of this user"),
        ):
            if there >= most:
                raise OverLimit(f"too many connections{whose}", reason="TOO_MANY_CONNECTIONS")

    def all(self) -> list[Connection]:
        """Return every connection."""
        return list(self._by_id.values())

    def discard(self, connection: Connection) -> None:
        """Forget a connection and all it watches."""
        connection.end(Ending(GOING_AWAY))
        for watch in connection.watches.values():
            self._watching.unwatch(watch)
        connection.watches.clear()
        self._by_id.pop(connection.id, None)
        self._standing.discard(connection)
        if not self._by_id:
            self._empty.set()

    async def stands(self, connection: Connection) -> bool:
        """Tell whether a connection may be told anything now; it is ended when not."""
        return await self._standing.stands(connection)

    async def look_again(self, connection: Connection) -> None:
        """End a connection whose token or user no longer counts, or of which that can't be told."""
        await self._standing.look_again(connection)

    async def check(self, connection: Connection) -> None:
        """Raise unless a connection's token and user count."""
        await self._standing.check(connection)

    # --- watching ----------------------------------------------------------------------------------------------------

    async def watch(
        self, caller: Caller, connection_id: str, question: Question, since: int, known: Collection[str]
    ) -> None:
        """Have a connection of the caller's watch a call or channel, from the revision `since` on.

        `known` are the capabilities that the client is told in another way. Where there is no room, what the connection
        needs least is watched no longer.
        """
        connection = self.of(caller, connection_id)
        if _goes_on(connection.watches.get(question)):
            connection.watches[question] = connection.watches.pop(question)  # it is wanted: among all the youngest
            return
        if self._full():
            self._drop_one(connection)
        try:
            watch = await self._watching.watch(connection.caller, question, connection, since=since, known=known)
        except OverLimit as error:  # whoever asked has its answer, and must not believe that it hears of more
            connection.cut(error)
            return
        if connection.ending is not None or _goes_on(connection.watches.get(question)):
            self._watching.unwatch(watch)
            return
        connection.drop(question)
        connection.watches[question] = watch
        while len(connection.watches) > self._bounds.watches_each:
            self._drop_one(connection)

    def check_room(self, caller: Caller, connection_id: str) -> None:
        """Refuse a watch that there can't be room for: before anything is written that is to be watched."""
        if self._full() and not self.of(caller, connection_id).watches:
            raise OverLimit(f"there are {MOST_WATCHES:,} watches already", reason="TOO_MANY_WATCHES")

    def _full(self) -> bool:
        return len(self._watching) >= MOST_WATCHES

    def _drop_one(self, connection: Connection) -> None:
        """Have a connection watch one thing less, so that there is room for another; nobody is told."""
        question = connection.least_wanted()
        watch = None if question is None else connection.drop(question)
        if watch is not None:
            self._watching.unwatch(watch)

    def unwatch(self, caller: Caller, connection_id: str, question: Question) -> None:
        """End a connection's watch of a call or channel; nothing happens when there is none."""
        watch = self.of(caller, connection_id).drop(question)
        if watch is not None:
            self._watching.unwatch(watch)

    def of(self, caller: Caller, connection_id: str) -> Connection:
        """Return a connection of the caller's; that of another is none."""
        connection = self._by_id.get(connection_id)
        if connection is not None and connection.ending is None:
            own = connection.caller
            if (own.app_id, own.user_id) == (caller.app_id, caller.user_id):
                return connection
        raise InvalidInput(
            f"connection_id {shown(connection_id)} is no open connection of this user",
            field="connection_id",
            reason="CONNECTION_NOT_FOUND",
        )


def _goes_on(watch: Watch | None) -> bool:
    return watch is not None and not watch.ended
