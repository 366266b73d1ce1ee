"""What a call goes through: live, back into backstage, ended."""

from __future__ import annotations

from typing import Final

import msgspec

from rolecall.service.administration.calls.values import CallView
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.handlers.calls import cid_of
from rolecall.transports.rest.operation import Answer, Operation
from rolecall.transports.rest.shapes.call import CallAnswer, call

_TAG: Final = "calls"
_ONE: Final = ("/api/v2/video/call/{type}/{id}", "/video/call/{type}/{id}")
_GO_LIVE: Final = tuple(f"{path}/go_live" for path in _ONE)
_STOP_LIVE: Final = tuple(f"{path}/stop_live" for path in _ONE)
_END: Final = tuple(f"{path}/mark_ended" for path in _ONE)


class GoLiveRequest(msgspec.Struct, kw_only=True):
    """What else to start; Rolecall starts none of it."""

    recording_storage_name: str | None = None
    start_closed_caption: bool | None = None
    start_composite_recording: bool | None = None
    start_hls: bool | None = None
    start_individual_recording: bool | None = None
    start_raw_recording: bool | None = None
    start_recording: bool | None = None
    start_transcription: bool | None = None
    transcription_storage_name: str | None = None


class StopLiveRequest(msgspec.Struct, kw_only=True):
    """What else to go on with; Rolecall has none of it."""

    continue_closed_caption: bool | None = None
    continue_composite_recording: bool | None = None
    continue_hls: bool | None = None
    continue_individual_recording: bool | None = None
    continue_raw_recording: bool | None = None
    continue_recording: bool | None = None
    continue_rtmp_broadcasts: bool | None = None
    continue_transcription: bool | None = None


async def go_live(exchange: Exchange) -> CallAnswer:
    """Take a call out of backstage."""
    view, _ = await exchange.administration.calls.go_live(exchange.caller, cid_of(exchange), members_limit=0)
    return _answer(exchange, view)


async def stop_live(exchange: Exchange) -> CallAnswer:
    """Put a call back into backstage."""
    view, _ = await exchange.administration.calls.stop_live(exchange.caller, cid_of(exchange), members_limit=0)
    return _answer(exchange, view)


async def end_call(exchange: Exchange) -> Answer:
    """End a call."""
    await exchange.administration.calls.end(exchange.caller, cid_of(exchange))
    return Answer()


def _answer(exchange: Exchange, view: CallView) -> CallAnswer:
    return CallAnswer(call=call(exchange.surface, view))


_WHO: Final = ("UpdateCall",)

OPERATIONS: Final = (
    Operation(
        "GoLive",
        "POST",
        _GO_LIVE,
        go_live,
        CallAnswer,
        "Take a call out of backstage",
        201,
        GoLiveRequest,
        tag=_TAG,
        needs=_WHO,
    ),
    Operation(
        "StopLive",
        "POST",
        _STOP_LIVE,
        stop_live,
        CallAnswer,
        "Put a call back into backstage",
        201,
        StopLiveRequest,
        tag=_TAG,
        needs=_WHO,
    ),
    Operation("EndCall", "POST", _END, end_call, Answer, "End a call", 201, tag=_TAG, needs=("EndCall",)),
)
"""`EndCall` takes no body, and so asks for no content type either."""
