"""What every door does around a handler: who calls, parsing, errors, and telling observers.

A door gives an Edge the raw request and what it knows of the caller, and gets bytes or a Failure back. Of a stream it
gives what receives and sends messages.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, NamedTuple

from rolecall.domain.errors import RolecallError, Unavailable
from rolecall.service.callers import Caller, Callers
from rolecall.service.watching.standing import Standing, Stay
from rolecall.transports.codes import Failure, failure_of, unforeseen
from rolecall.transports.rpc import Context, Incoming, Method, Receive, Send, SendNow, Services, parsed

_EARLY_SECONDS: Final = 0.02
_EARLY_SHARE: Final = 0.01


class Event(NamedTuple):
    """What observers hear of one call that was denied or failed."""

    method: str
    seconds: float
    code: str
    caller: Caller | None
    request_id: str
    failure: Failure | None
    denied: dict[str, str] | None
    cause: BaseException | None


Observer = Callable[[Event], None]
Count = Callable[[str, float], None]
"""Told of every finished call of one RPC: the name of its code and the seconds it took."""


class Stream(Stay):
    """One open stream, run by the current task; it is ended by an error, at once, even while nothing is sent."""

    def __init__(self, caller: Caller, incoming: Incoming) -> None:
        super().__init__(caller, incoming.key, incoming.authorization, trusted_peer=incoming.trusted_peer)
        task = asyncio.current_task()
        assert task is not None, "a stream runs in a task"  # noqa: S101 - for the type
        self._task = task
        self._cancelled_before = task.cancelling()
        self._cancels = False
        self.ending: RolecallError | None = None

    def refuse(self, error: RolecallError) -> None:
        """End the stream; the first reason counts."""
        if self.ending is None:
            self.ending = error
            self._cancels = asyncio.current_task() is not self._task
            if self._cancels:
                self._task.cancel()

    @property
    def refused(self) -> bool:
        """Whether it is ended."""
        return self.ending is not None

    def ended(self) -> RolecallError | None:
        """Return what ended the stream, None when it was cancelled by somebody else too."""
        if not self._cancels or self._task.uncancel() > self._cancelled_before:
            return None
        return self.ending


class Edge:
    """Runs handlers between authentication and the wire.

    `count` has a counter for the path of each method; `observe` hears of what was denied or failed. `standing` ends
    streams whose caller may not stay.
    """

    def __init__(
        self,
        services: Services,
        callers: Callers,
        count: Mapping[str, Count],
        observe: Observer,
        standing: Standing[Stream],
    ) -> None:
        self._services = services
        self._callers = callers
        self._count = count
        self._observe = observe
        self._standing = standing
        self._draining = False
        self._over_at = math.inf

    async def run(self, method: Method, body: bytes, incoming: Incoming) -> bytes | Failure:
        """Return the serialized response, or the failure to send instead. Never raises but for cancellation.

        It is counted once, cancelled or not.
        """
        started = time.perf_counter()
        context: Context | None = None
        failure: Failure | None = None
        cause: BaseException | None = None
        try:
            key, authorization, trusted = incoming.key, incoming.authorization, incoming.trusted_peer
            caller = self._callers.known(key, authorization, trusted_peer=trusted)
            if caller is None:
                caller = await self._callers.authenticate(key, authorization, trusted_peer=trusted)
            context = Context(caller, incoming, self._services.longest_wait)
            request = parsed(method.request, body)
            response = await method.handler(self._services, context, request)
            result: bytes | Failure = response if type(response) is bytes else response.SerializeToString()
        except RolecallError as error:
            cause = error.__cause__
            result = failure = failure_of(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets no and an incident id
            cause = error
            result = failure = unforeseen(secrets.token_hex(8))
        except asyncio.CancelledError:
            seconds = time.perf_counter() - started
            self._count[method.path](self._code_of_cancelled(incoming, seconds), seconds)
            raise
        seconds = time.perf_counter() - started
        self._count[method.path]("OK" if failure is None else failure.name, seconds)
        if failure is not None or (context is not None and context.denied is not None):
            self._tell(method, seconds, incoming, context, failure, cause)
        return result

    async def stream(
        self, method: Method, incoming: Incoming, receive: Receive, send: Send, send_now: SendNow | None = None
    ) -> Failure | None:
        """Answer a stream until it ends, and return why, None when all is well. Raises when cancelled only.

        It is counted once, when it ends.
        """
        started = time.perf_counter()
        context: Context | None = None
        failure: Failure | None = None
        cause: BaseException | None = None
        code = "CANCELLED"
        try:
            caller = await self._callers.authenticate(
                incoming.key, incoming.authorization, trusted_peer=incoming.trusted_peer
            )
            stream = Stream(caller, incoming)
            now = self._guarded_now(stream, send_now)
            context = Context(caller, incoming, self._services.longest_wait, stream.refuse, now)
            await self._run(stream, method.handler(self._services, context, receive, self._guarded(stream, send)))
            code = "OK"
        except RolecallError as error:
            cause = error.__cause__
            failure = failure_of(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets no and an incident id
            cause = error
            failure = unforeseen(secrets.token_hex(8))
        finally:
            seconds = time.perf_counter() - started
            self._count[method.path](code if failure is None else failure.name, seconds)
        if failure is not None:
            self._tell(method, seconds, incoming, context, failure, cause)
        return failure

    async def _run(self, stream: Stream, answering: Coroutine[Any, Any, None]) -> None:
        """Run the handler of a stream while its caller may stay; what ends the stream is raised."""
        self._standing.add(stream)
        try:
            if self._draining:
                raise _stopping()
            await self._standing.check(stream)
            await answering
        except asyncio.CancelledError:
            error = stream.ended()
            if error is None:
                raise
            raise error from error.__cause__
        finally:
            answering.close()
            self._standing.discard(stream)

    def _guarded(self, stream: Stream, send: Send) -> Send:
        """Return what sends as long as the caller may stay: not before one in doubt is looked at."""
        certain, stands = self._standing.certain, self._standing.stands

        async def looked_at(messages: Sequence[bytes]) -> None:
            if not await stands(stream) and stream.ending is not None:
                raise stream.ending
            await send(messages)

        return lambda messages: send(messages) if certain(stream) else looked_at(messages)

    def _guarded_now(self, stream: Stream, send_now: SendNow | None) -> SendNow | None:
        """Return the same of what sends at once."""
        certain = self._standing.certain
        return send_now and (lambda message: certain(stream) and send_now(message))

    def drain(self) -> None:
        """End every stream, those that open from now on at once: their clients find another server."""
        self._draining = True
        for stream in self._standing.all():
            stream.refuse(_stopping())

    def over_at(self, moment: float) -> None:
        """Take what is cancelled from a moment on, of `time.monotonic`, as ended by the server's stop."""
        self._over_at = moment

    def _code_of_cancelled(self, incoming: Incoming, seconds: float) -> str:
        """Return the code that the client of a cancelled unary call sees; the call took `seconds`.

        Clients keep their deadlines themselves, so theirs may be heard to leave before it passes here: the call was on
        its way, and gRPC rounds what is left up by as much as 1 %.
        """
        if time.monotonic() >= self._over_at:
            return "UNAVAILABLE"
        remaining = incoming.remaining()
        if remaining is None or remaining > max(_EARLY_SECONDS, seconds * _EARLY_SHARE):
            return "CANCELLED"
        return "DEADLINE_EXCEEDED"

    def _tell(
        self,
        method: Method,
        seconds: float,
        incoming: Incoming,
        context: Context | None,
        failure: Failure | None,
        cause: BaseException | None,
    ) -> None:
        request_id = incoming.request_id or secrets.token_hex(8)
        if failure is not None:
            failure.metadata["request_id"] = request_id
        self._observe(
            Event(
                method.path,
                seconds,
                "OK" if failure is None else failure.name,
                None if context is None else context.caller,
                request_id,
                failure,
                None if context is None else context.denied,
                cause,
            )
        )


def _stopping() -> Unavailable:
    return Unavailable("the server is stopping", reason="SERVER_STOPPING")
