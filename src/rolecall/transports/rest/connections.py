"""Every WebSocket connection of this process: found by its id, and ended as soon as its token or user no longer counts.

A connection's watches are those of its own token, whoever asks for them in its user's name.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final, NamedTuple, TypeVar

from rolecall.domain.errors import InvalidInput, OverLimit, RolecallError, Unauthenticated, Unavailable
from rolecall.domain.names import shown
from rolecall.service.callers import NANOSECONDS, Caller, Callers
from rolecall.service.index import Index
from rolecall.service.pace import Pace
from rolecall.service.questions import Question
from rolecall.service.watching.engine import MOST_WATCHES, Watching
from rolecall.service.watching.masks import failed
from rolecall.service.watching.revocations import Doubtful, check_standing, follow
from rolecall.service.watching.watches import Watch
from rolecall.transports.rest.connection import GOING_AWAY, Connection, Ending, Queued, ending_by

K = TypeVar("K")

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
    """Holds connections, and looks at each again whenever something changes that may end it."""

    def __init__(
        self,
        index: Index,
        callers: Callers,
        watching: Watching,
        bounds: Bounds,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._index = index
        self._callers = callers
        self._watching = watching
        self._bounds = bounds
        self._clock = clock
        self._by_id: dict[str, Connection] = {}
        self._of_app: dict[int, dict[Connection, None]] = {}
        self._of_user: dict[tuple[int, str], dict[Connection, None]] = {}
        self._due: dict[Connection, None] = {}
        self._looked_at: Connection | None = None
        self._woken = asyncio.Event()
        self._empty = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unfollow: Callable[[], None] = _nothing
        self._stopping = False

    def __len__(self) -> int:
        return len(self._by_id)

    def start(self) -> None:
        """Begin to follow the index."""
        self._unfollow = follow(self._index, self._doubt)
        self._task = asyncio.create_task(self._work(), name="connections")

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
        if self._task is not None:
            self._unfollow()
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    # --- connections -------------------------------------------------------------------------------------------------

    def open(self, caller: Caller, key: str, token: str, *, video: bool) -> Connection:
        """Return a new connection of an authenticated user; `token` is "" for the anonymous one."""
        if self._stopping:
            raise Unavailable("the server is stopping", reason="STOPPING")
        self._check_room(caller)
        connection = Connection(secrets.token_urlsafe(24), caller, key, token, video=video, queued=self._bounds.queued)
        connection.expires = self._callers.expires(key, token) if token else None
        self._by_id[connection.id] = connection
        self._of_app.setdefault(caller.app_id, {})[connection] = None
        self._of_user.setdefault((caller.app_id, caller.user_id), {})[connection] = None
        return connection

    def _check_room(self, caller: Caller) -> None:
        bounds, user = self._bounds, (caller.app_id, caller.user_id)
        of_user = bounds.of_anonymous if caller.anonymous else bounds.of_user
        for there, most, whose in (
            (len(self._by_id), bounds.connections, ""),
            (len(self._of_app.get(caller.app_id, ())), bounds.of_app, " of this app"),
            (len(self._of_user.get(user, ())), of_user, " of this user"),
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
        caller = connection.caller
        if self._by_id.pop(connection.id, None) is not None:
            _remove(self._of_app, caller.app_id, connection)
            _remove(self._of_user, (caller.app_id, caller.user_id), connection)
        self._due.pop(connection, None)
        if not self._by_id:
            self._empty.set()

    def seconds_left(self, connection: Connection) -> float:
        """Return how long a connection's token counts by what it says itself; 0 when it counts no longer."""
        if connection.expires is None:
            return float("inf")
        return max(0.0, connection.expires - self._clock() / NANOSECONDS)

    async def stands(self, connection: Connection) -> bool:
        """Tell whether a connection may be told anything now; it is ended when not."""
        if connection in self._due or connection is self._looked_at or self.seconds_left(connection) <= 0:
            self._due.pop(connection, None)
            await self.look_again(connection)
        return connection.ending is None

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

    # --- what ends them ----------------------------------------------------------------------------------------------

    def _doubt(self, doubtful: Doubtful) -> None:
        """Note which connections to look at again; this is called from within the index, so it must be quick."""
        if doubtful.everyone:
            self._due.update(dict.fromkeys(self._by_id.values()))
        for app_id in doubtful.apps:
            self._due.update(self._of_app.get(app_id, {}))
        for user in doubtful.users:
            own = self._of_user.get(user, {})
            self._due.update(own)
            for connection in own:
                connection.user_is_old = True
        if self._due:
            self._woken.set()

    async def _work(self) -> None:
        pace = Pace()
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._due:
                self._looked_at = connection = next(iter(self._due))
                del self._due[connection]
                await self.look_again(connection)
                self._looked_at = None
                await pace.give_way()

    async def look_again(self, connection: Connection) -> None:
        """End a connection whose token or user no longer counts, or of which that can't be told."""
        try:
            await self.check(connection)
        except RolecallError as error:
            connection.end(ending_by(error))
        except Exception as error:  # noqa: BLE001 - whatever it is: a connection that can't be checked does not stay
            connection.end(ending_by(failed(error)))

    async def check(self, connection: Connection) -> None:
        """Raise unless a connection's token and user count."""
        key, token, own = connection.key, connection.token, connection.caller
        if token:
            caller = self._callers.known(key, token) or await self._callers.authenticate(key, token)
        else:
            caller = self._callers.anonymous(key)
        if caller != own:
            raise Unauthenticated("api_key is invalid", reason="API_KEY_UNKNOWN")
        check_standing(await self._callers.user(own))


def _goes_on(watch: Watch | None) -> bool:
    return watch is not None and not watch.ended


def _nothing() -> None:
    """Do nothing: nothing is followed yet."""


def _remove(table: dict[K, dict[Connection, None]], name: K, connection: Connection) -> None:
    named = table[name]
    del named[connection]
    if not named:
        del table[name]
