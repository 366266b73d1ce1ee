"""Watching channels: it begins with getting them, and ends here or with the connection."""

from __future__ import annotations

from typing import Final

from rolecall.service.questions import Question
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.operation import Answer, Operation

_PATH: Final = "/channels/{type}/{id}/stop-watching"


async def stop_watching(exchange: Exchange) -> Answer:
    """Have the connection of the request hear no more of a channel."""
    exchange.unwatch(Question(channel=f"{exchange.path['type']}:{exchange.path['id']}"))
    return Answer()


OPERATIONS: Final = (
    Operation(
        "StopWatchingChannel",
        "POST",
        (f"/api/v2/chat{_PATH}", _PATH),
        stop_watching,
        Answer,
        "Stop watching a channel",
        201,
        query=("connection_id",),
        tag="channels",
        needs=(),
    ),
)
