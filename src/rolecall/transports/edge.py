"""What every door does around a handler: who calls, parsing, errors, and telling observers.

A door gives an Edge the raw request and what it knows of the caller, and gets bytes or a Failure back. Of a stream it
gives what receives and sends messages.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError, Message

from rolecall.domain.errors import InvalidInput, RolecallError, Unavailable
from rolecall.service.administration import Administration
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller, Callers
from rolecall.service.watching.followings import Followings
from rolecall.service.watching.standing import Standing, Stay
from rolecall.transports.codes import Failure, failure_of, unforeseen

_REPLY_MARGIN_SECONDS: Final = 0.02
_REPLY_MARGIN_SHARE: Final = 0.1


class Services(NamedTuple):
    """What handlers call; `longest_wait`, in seconds, bounds the wait for `min_revision` where no deadline does.

    Without `followings`, as where no server runs, nothing can be watched.
    """

    authorizer: Authorizer
    administration: Administration
    longest_wait: float = 5.0
    followings: Followings | None = None


class Incoming(NamedTuple):
    """What a door knows of one call besides its body. `remaining` returns seconds to the deadline, None without."""

    key: str
    authorization: str
    request_id: str
    trusted_peer: bool
    remaining: Callable[[], float | None]


class Context:
    """One call: who calls, how long there is, what to tell observers of a deny, and what ends a stream by an error."""

    __slots__ = ("_incoming", "_longest", "caller", "denied", "end", "send_now")

    def __init__(
        self,
        caller: Caller,
        incoming: Incoming,
        longest: float,
        end: Callable[[RolecallError], None] | None = None,
        send_now: SendNow | None = None,
    ) -> None:
        self.caller = caller
        self.denied: dict[str, str] | None = None
        self.end = end or _not_a_stream
        self.send_now = send_now or _never
        self._incoming = incoming
        self._longest = longest

    def wait_seconds(self) -> float:
        """Return how long this call, or one answer of a stream, may wait and still come before the deadline."""
        remaining = self._incoming.remaining()
        if remaining is None:
            return self._longest
        seconds = max(0.0, remaining - max(_REPLY_MARGIN_SECONDS, remaining * _REPLY_MARGIN_SHARE))
        return seconds if self.end is _not_a_stream else min(seconds, self._longest)


Handler = Callable[[Services, Context, Any], Awaitable[Any]]
"""Takes a request and returns the response, as a message or serialized already."""

Receive = Callable[[], Awaitable[Sequence[bytes]]]
"""Returns the messages that have come, serialized; waits for at least one. None at all: the client sends no more."""

Send = Callable[[Sequence[bytes]], Awaitable[None]]
"""Sends serialized messages in order, together; returns when the transport has room for more."""

SendNow = Callable[[bytes], bool]
"""Sends a message at once, from whatever task; False where that can't be: it must be sent by the one that waits.

Nothing else may be about to be sent.
"""

StreamHandler = Callable[[Services, Context, Receive, Send], Coroutine[Any, Any, None]]
"""Answers a stream until it returns; it is cancelled when the stream must end."""


class Method(NamedTuple):
    """One RPC: where it is (`path` is the full gRPC path), its messages, its handler and which sides stream.

    The handler is a StreamHandler where `streams_out`, else a Handler.
    """

    path: str
    service: str
    name: str
    request: type[Message]
    response: type[Message]
    handler: Any
    streams_in: bool = False
    streams_out: bool = False


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

    async def run(self, method: Method, body: bytes, incoming: Incoming) -> bytes | Failure:
        """Return the serialized response, or the failure to send instead. Never raises but for cancellation."""
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


def parsed(request: type[Any], body: bytes) -> Any:
    """Read a request message; InvalidInput when it is none."""
    try:
        return request.FromString(body)
    except DecodeError:
        raise InvalidInput(f"the request is not a valid {request.DESCRIPTOR.name}", reason="MALFORMED") from None


def _not_a_stream(error: RolecallError) -> None:
    """End nothing: what is answered once ends by itself."""


def _never(_: bytes) -> bool:
    """Send nothing at once."""
    return False


def _stopping() -> Unavailable:
    return Unavailable("the server is stopping", reason="SERVER_STOPPING")
