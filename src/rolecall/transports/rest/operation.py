"""An operation of the Stream-compatible HTTP API: one row says all that the door and the reference need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from rolecall.transports.rest.exchange import Exchange

Handler = Callable[["Exchange"], Awaitable[Any]]
"""Takes one exchange and returns the response, to which the door adds `duration`."""


class Answer(msgspec.Struct, kw_only=True):
    """What every response carries: how long it took, such as `1.23ms`. Not there in an object within a response."""

    duration: str | msgspec.UnsetType = msgspec.UNSET


class Operation(NamedTuple):
    """One operation: its id (error messages begin with it), where it is, and the shapes of what goes in and out.

    `paths` are templates, one for each surface it is on. `body` is the JSON body's shape, None when there is none;
    `payload` that of the JSON in the query parameter `payload`. `query` names plain query parameters. `needs` are the
    actions that a user may need, each only when the request uses it: () is for every valid token, None for servers'.
    """

    id: str
    method: str
    paths: tuple[str, ...]
    handler: Handler
    response: type[msgspec.Struct]
    summary: str
    status: int = 200
    body: type[msgspec.Struct] | None = None
    payload: type[msgspec.Struct] | None = None
    query: tuple[str, ...] = ()
    tag: str = ""
    needs: tuple[str, ...] | None = None
