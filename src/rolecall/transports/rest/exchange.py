"""One request as handlers see it: who asks, on which surface, and what was sent, in its shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rolecall.service.administration import Administration
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller
from rolecall.transports.rest.surface import Surface


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request. `body` has the shape that the operation names, None when it takes none; `payload` likewise.

    `sent` is the body as plain values, with all that its shape does not name; {} when there is none.
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

    @property
    def connection_id(self) -> str:
        """The WebSocket connection that what is asked for here is to be watched on, "" for none."""
        return self.query.get("connection_id", "")
