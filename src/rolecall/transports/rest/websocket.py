"""The WebSocket door of Stream's client-side SDKs: `/connect` for chat and `/video/connect` for calls.

A client says who it is and then only pings; the server tells it what happens on the calls and channels that it watches.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from rolecall.domain.errors import InvalidInput, OverLimit, RolecallError, Unauthenticated
from rolecall.domain.facts import ANONYMOUS
from rolecall.domain.records import UserRecord
from rolecall.service.administration import Administration
from rolecall.service.callers import Caller, Callers
from rolecall.service.pace import Pace
from rolecall.service.watching.revocations import check_standing
from rolecall.transports.codes import failure_of, unforeseen
from rolecall.transports.edge import Event, Observer
from rolecall.transports.rest import body as reading
from rolecall.transports.rest import events
from rolecall.transports.rest.connection import Connection, Ending, Timing, ending_by, refusal_by
from rolecall.transports.rest.connections import Connections
from rolecall.transports.rest.door import identified
from rolecall.transports.rest.errors import INTERNAL, ApiError, api_error, code_of, text_of
from rolecall.transports.rest.hello import FIELD, ONCE, Hello, chat_hello, said_next, video_hello
from rolecall.transports.rest.limits import Kind, Limits
from rolecall.transports.rest.shapes.user import RESERVED, user_change
from rolecall.transports.rest.surface import Surface
from rolecall.transports.rest.wire import Wire

CHAT_PATH: Final = "/connect"
VIDEO_PATH: Final = "/video/connect"
_OPERATION: Final = "Connect"
_NAME: Final = "http/Connect"
_LARGEST: Final = 1_024  # bytes of a message once a client is in
_UNFORESEEN: Final = "WATCH_FAILED"
_SERVERS: Final = frozenset({"role", "teams", "teams_role"}) | RESERVED


Greet = Callable[[WebSocket], Awaitable[Hello]]


class Sockets:
    """Answers connections."""

    def __init__(
        self,
        callers: Callers,
        connections: Connections,
        administration: Administration,
        limits: Limits,
        observe: Observer,
        timing: Timing = Timing(),  # noqa: B008 - immutable
    ) -> None:
        self._callers = callers
        self._connections = connections
        self._administration = administration
        self._limits = limits
        self._observe = observe
        self._timing = timing

    def routes(self) -> list[WebSocketRoute]:
        """Return the routes of both kinds of connections."""
        return [WebSocketRoute(CHAT_PATH, self._chat), WebSocketRoute(VIDEO_PATH, self._video)]

    async def _chat(self, socket: WebSocket) -> None:
        await self._serve(socket, chat_hello)

    async def _video(self, socket: WebSocket) -> None:
        await self._serve(socket, lambda socket: video_hello(socket, self._timing.auth))

    async def _serve(self, socket: WebSocket, greet: Greet) -> None:
        started = time.perf_counter()
        await socket.accept()
        with suppress(WebSocketDisconnect):
            try:
                self._check(socket)
                connection, user = await self._open(await greet(socket))
            except WebSocketDisconnect:
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, the client hears no and is closed
                await self._refuse(socket, self._counted(socket, error), started)
                return
            try:
                await self._run(socket, Wire(socket, self._timing.send), connection, user)
            finally:
                self._connections.discard(connection)

    # --- who comes ---------------------------------------------------------------------------------------------------

    def _check(self, socket: WebSocket) -> None:
        """Refuse unknown apps."""
        key = socket.query_params.get("api_key", "")
        for name in ONCE:
            if len(socket.query_params.getlist(name)) > 1:
                raise InvalidInput(f"the query names `{name}` more than once", field=name)
        if self._callers.app_of(key) is None:
            raise Unauthenticated("api_key is invalid", reason="API_KEY_UNKNOWN" if key else "API_KEY_MISSING")

    async def _open(self, hello: Hello) -> tuple[Connection, UserRecord]:
        """Return a connection and its user, who becomes one by coming in."""
        caller = await identified(self._callers, hello.kind, hello.key, hello.token)
        if self._limits.take(caller.app_id, Kind.ANONYMOUS if caller.anonymous else Kind.CONNECT).exceeded:
            raise _too_many()
        if caller.server_side:
            raise Unauthenticated("only users connect, this token is a server's", reason="USER_TOKEN_REQUIRED")
        if hello.user_id and hello.user_id != caller.user_id and not caller.anonymous:
            raise Unauthenticated("the token is not of the user that connects", reason="TOKEN_OF_ANOTHER")
        known = await self._callers.user(caller)
        if known is not None:
            check_standing(known)
        connection = self._connections.open(caller, hello.key, hello.token, video=hello.video)
        try:
            user = await self._user(caller, hello)
            await self._connections.check(connection)
        except BaseException:
            self._connections.discard(connection)
            raise
        return connection, user

    def _counted(self, socket: WebSocket, error: Exception) -> Exception:
        """Count a caller who is not who it says; return the error to tell it, another when these are too many."""
        if not isinstance(error, Unauthenticated):
            return error
        app = self._callers.app_of(socket.query_params.get("api_key", ""))
        return _too_many() if self._limits.take(app or 0, Kind.REFUSED).exceeded else error

    async def _user(self, caller: Caller, hello: Hello) -> UserRecord:
        if caller.anonymous:
            return _nobody()
        details = {name: value for name, value in hello.details.items() if name not in _SERVERS}
        change = user_change(_surface(video=hello.video), {**details, "id": caller.user_id}, FIELD)
        return await self._administration.visitors.welcome(caller, change, FIELD)

    # --- while it is open --------------------------------------------------------------------------------------------

    async def _run(self, socket: WebSocket, wire: Wire, connection: Connection, user: UserRecord) -> None:
        """Read and write until one of both is over."""
        tasks = {
            asyncio.create_task(self._write(wire, connection, user), name="socket writer"),
            asyncio.create_task(self._read(socket, connection), name="socket reader"),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
                self._tell(connection.caller, result)
                wire.abort()

    async def _read(self, socket: WebSocket, connection: Connection) -> None:
        """Answer pings; a client has nothing else to say, and that in few words."""
        while True:
            message = await said_next(socket)
            if connection.ending is None:
                try:
                    if _is_ping(message):
                        connection.answer_health()
                except InvalidInput as error:
                    connection.end(ending_by(error))

    async def _write(self, wire: Wire, connection: Connection, user: UserRecord) -> None:
        surface, loop = _surface(video=connection.video), asyncio.get_running_loop()
        connection.user_is_old = False
        await wire.send(events.connected(surface, connection.id, user))
        health_at = loop.time() + self._timing.health
        while True:
            item = await connection.next(health_at - loop.time())
            if isinstance(item, Ending):
                await self._close(wire, item, connection)
                return
            if item is None:
                await wire.room()
                await self._connections.look_again(connection)
                if connection.ending is None:
                    await wire.send(events.health(connection.id))
                    health_at = loop.time() + self._timing.health
                continue
            if connection.user_is_old:
                connection.user_is_old = False
                user = await self._read_user(connection.caller) or user
            await self._send(wire, connection, events.written(surface, item, user))

    async def _send(self, wire: Wire, connection: Connection, texts: Iterable[str]) -> None:
        """Send messages, as long as the connection stands when each goes out."""
        pace = Pace()
        for text in texts:
            await wire.room()
            if not await self._connections.stands(connection):
                return
            await wire.send(text)
            await pace.give_way()

    async def _read_user(self, caller: Caller) -> UserRecord | None:
        if caller.anonymous:
            return None
        with suppress(RolecallError):  # gone meanwhile: the connection is being ended for it
            return (await self._administration.users.get(Caller(caller.app_id), caller.user_id))[0]
        return None

    # --- the end -----------------------------------------------------------------------------------------------------

    async def _refuse(self, socket: WebSocket, error: Exception, started: float) -> None:
        """Tell a client why it can't come in, and close; one that does not listen is dropped."""
        told = self._tell(None, error, started, socket.query_params.get("api_key", ""))
        with suppress(RolecallError):
            await Wire(socket, self._timing.send).close(refusal_by(error), events.refused(told))

    async def _close(self, wire: Wire, ending: Ending, connection: Connection) -> None:
        last = ""
        if ending.error is not None:
            last = events.refused(self._tell(connection.caller, ending.error, key=connection.key))
        await wire.close(ending.code, last)

    def _tell(self, caller: Caller | None, error: BaseException, started: float = 0.0, key: str = "") -> ApiError:
        """Tell observers of an error, and return it as the client is told."""
        seconds = time.perf_counter() - started if started else 0.0
        duration = f"{seconds * 1000:.2f}ms"
        if isinstance(error, RolecallError) and error.code_reason == _UNFORESEEN:
            error = error.__cause__ or error
        if isinstance(error, RolecallError):
            failure, cause = failure_of(error), error.__cause__
            said = text_of(error, failure.message, key)
            told = api_error(_OPERATION, code_of(error), said, duration, failure.field)
        else:
            failure, cause = unforeseen(secrets.token_hex(8)), error
            told = api_error(_OPERATION, INTERNAL, failure.message, duration)
        self._observe(Event(_NAME, seconds, failure.name, caller, secrets.token_hex(8), failure, None, cause))
        return told


def _too_many() -> OverLimit:
    return OverLimit("too many connections a minute", reason="RATE_LIMITED")


def _is_ping(message: bytes) -> bool:
    if len(message) > _LARGEST:
        raise InvalidInput(f"`message` is larger than {_LARGEST:,} bytes", field="message")
    said = reading.parsed(message, "message")
    parts = said if isinstance(said, list) else [said]
    return any(isinstance(part, dict) and part.get("type") == events.HEALTH for part in parts)


def _surface(*, video: bool) -> Surface:
    return Surface.VIDEO if video else Surface.CHAT


def _nobody() -> UserRecord:
    return UserRecord(ANONYMOUS.id, role=ANONYMOUS.role)
