"""What video clients report of themselves: taken, so that they go on, and without effect."""

from __future__ import annotations

from typing import Final

from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.operation import Answer, Operation

_PATHS: Final = ("/api/v2/video/call_client_event", "/video/call_client_event")


async def call_client_event(exchange: Exchange) -> Answer:
    """Take a report of a client, whatever it says."""
    return Answer()


OPERATIONS: Final = (
    Operation(
        "CallClientEvent",
        "POST",
        _PATHS,
        call_client_event,
        Answer,
        "Report what a client sees of a call; without effect",
        201,
        tag="calls",
        needs=(),
    ),
)
