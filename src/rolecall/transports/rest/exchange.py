"""One request as handlers see it: who asks, on which surface, and what was sent, in its shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from rolecall.service.administration import Administration
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.transports.rest.connections import Connections
from rolecall.transports.rest.surface import Surface


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request. `body` has the shape that the operation names, None when it takes none; `payload` likewise.

    `sent` is the body as plain values, with all that its shape does not name; {} when there is none. `since` is the
    revision before which the request did nothing, so that a watch misses nothing after what its answer shows.
    """

    caller: Caller
    surface: Surface
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    payload: Any
    sent: Any
    administration: Administration
    authorizer: Authorizer
    connections: Connections
    since: int

    @property
    def connection_id(self) -> str:
        """The WebSocket connection that what is asked for here is to be watched on, "" for none."""
        return self.query.get("connection_id", "")

    def check_connection(self) -> None:
        """Refuse a connection that is not the caller's or can't watch, before anything is written; none is fine."""
        if self.connection_id:
            self.connections.of(self.caller, self.connection_id)
            self.connections.check_room(self.caller, self.connection_id)

    async def watch(self, target: Question, known: Collection[str]) -> None:
        """Have the request's connection hear of what happens on a call or channel; nothing without a connection.

        `known` are the caller's capabilities there that the answer tells.
        """
        if self.connection_id:
            await self.connections.watch(self.caller, self.connection_id, target, self.since, known)

    def unwatch(self, target: Question) -> None:
        """Have the request's connection hear no more of a call or channel; nothing without a connection."""
        if self.connection_id:
            self.connections.unwatch(self.caller, self.connection_id, target)
