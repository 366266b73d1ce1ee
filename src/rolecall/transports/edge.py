"""What every door does around a handler: who calls, parsing, errors, and telling observers.

A door gives an Edge the raw request and what it knows of the caller, and gets bytes or a Failure back.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError, Message

from rolecall.domain.errors import InvalidInput, RolecallError
from rolecall.service.administration import Administration
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller, Callers
from rolecall.transports.codes import Failure, failure_of, unforeseen

_REPLY_MARGIN_SECONDS: Final = 0.02
_REPLY_MARGIN_SHARE: Final = 0.1


class Services(NamedTuple):
    """What handlers call; `longest_wait` bounds the wait for `min_revision` of a call without a deadline, seconds."""

    authorizer: Authorizer
    administration: Administration
    longest_wait: float = 5.0


class Incoming(NamedTuple):
    """What a door knows of one call besides its body. `remaining` returns seconds to the deadline, None without."""

    key: str
    authorization: str
    request_id: str
    trusted_peer: bool
    remaining: Callable[[], float | None]


class Context:
    """One call: who calls, how long there is, and what to tell observers of a deny."""

    __slots__ = ("_incoming", "_longest", "caller", "denied")

    def __init__(self, caller: Caller, incoming: Incoming, longest: float) -> None:
        self.caller = caller
        self.denied: dict[str, str] | None = None
        self._incoming = incoming
        self._longest = longest

    def wait_seconds(self) -> float:
        """Return how long this call may wait and still answer before its deadline."""
        remaining = self._incoming.remaining()
        if remaining is None:
            return self._longest
        return max(0.0, remaining - max(_REPLY_MARGIN_SECONDS, remaining * _REPLY_MARGIN_SHARE))


Handler = Callable[[Services, Context, Any], Awaitable[Any]]
"""Takes a request and returns the response, as a message or serialized already."""


class Method(NamedTuple):
    """One RPC: where it is (`path` is the full gRPC path), its messages, its handler and which sides stream."""

    path: str
    service: str
    name: str
    request: type[Message]
    response: type[Message]
    handler: Handler
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


class Edge:
    """Runs handlers between authentication and the wire.

    `count` has a counter for the path of each method; `observe` hears of what was denied or failed.
    """

    def __init__(self, services: Services, callers: Callers, count: Mapping[str, Count], observe: Observer) -> None:
        self._services = services
        self._callers = callers
        self._count = count
        self._observe = observe

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
            try:
                request = method.request.FromString(body)
            except DecodeError:
                raise _malformed(method) from None
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


def _malformed(method: Method) -> InvalidInput:
    return InvalidInput(f"the request is not a valid {method.request.DESCRIPTOR.name}", reason="MALFORMED")
