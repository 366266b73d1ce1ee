"""What doors and handlers have in common: what is known of a call, what handlers are given, and what an RPC is.

Running handlers is the edge's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError, Message

from rolecall.domain.errors import InvalidInput, RolecallError
from rolecall.service.administration import Administration
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller
from rolecall.service.watching.followings import Followings

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
