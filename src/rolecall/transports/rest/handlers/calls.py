"""Calls: got or created, changed, deleted, and found."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import shown
from rolecall.service.administration.calls.values import CallChange, CallResult
from rolecall.service.administration.changes import KEEP, Keep, Query
from rolecall.service.questions import Question
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.extras import sent_extras
from rolecall.transports.rest.many import written
from rolecall.transports.rest.operation import Answer, Operation
from rolecall.transports.rest.shapes.call import (
    EXTRAS,
    Call,
    CallAnswer,
    CallState,
    Member,
    MemberRequests,
    call,
    member_changes,
    members,
)
from rolecall.transports.rest.shapes.call_settings import sent_settings
from rolecall.transports.rest.shapes.user import UserRequest, user_change
from rolecall.transports.rest.times import nanoseconds

_TAG: Final = "calls"
_ONE: Final = ("/api/v2/video/call/{type}/{id}", "/video/call/{type}/{id}")
_DELETE: Final = tuple(f"{path}/delete" for path in _ONE)
_QUERY: Final = ("/api/v2/video/calls", "/video/calls")
_WITHIN: Final = "data."
_MOST: Final = 100
_MEMBERS_OF_EACH: Final = 25
"""How many members are shown of each call that a query finds: a hundred calls with all of theirs are megabytes."""

Limit = Annotated[int, Meta(ge=0, le=_MOST)]


class UpdateCallRequest(msgspec.Struct, kw_only=True):
    """Changes of a call; what is left out or null stays. Settings merge field by field, `custom` replaces all."""

    custom: dict[str, Any] | None = None
    settings_override: dict[str, Any] | None = None
    starts_at: str | None = None


class CallRequest(UpdateCallRequest, kw_only=True):
    """A new call. Server side, `created_by_id` or `created_by` says whose; the user is created when unknown.

    `video` asks for a call with video; `channel_cid` is only kept.
    """

    created_by_id: str | None = None
    created_by: UserRequest | None = None
    members: MemberRequests | None = None
    team: str | None = None
    video: bool | None = None
    channel_cid: str | None = None


class GetOrCreateCallRequest(msgspec.Struct, kw_only=True):
    """What to create the call from when it is not there yet; nobody is rung or notified."""

    data: CallRequest | None = None
    members_limit: Limit | None = None
    notify: bool | None = None
    ring: bool | None = None
    video: bool | None = None


class DeleteCallRequest(msgspec.Struct, kw_only=True):
    """`hard`, server side only, also gives a task to ask after."""

    hard: bool | None = None


class QueryCallsRequest(msgspec.Struct, kw_only=True):
    """A filter, an order and which part of what is found; `watch`: tell of them on the connection."""

    filter_conditions: dict[str, Any] | None = None
    sort: list[dict[str, Any]] | None = None
    limit: Limit | None = None
    next: str | None = None
    prev: str | None = None
    watch: bool | None = None


class GetOrCreateCallResponse(CallState, kw_only=True):
    """A call; `created` says whether this request created it."""

    created: bool


class DeleteCallResponse(CallAnswer, kw_only=True):
    """The call as it was; `task_id`, of a hard delete, is that of the task that tells of it."""

    task_id: str | UnsetType = UNSET


class QueriedCall(msgspec.Struct, kw_only=True):
    """A call that was found, its newest members first, and what the caller may do on it."""

    call: Call
    members: list[Member]
    own_capabilities: tuple[str, ...]


class QueryCallsResponse(Answer, kw_only=True):
    """Calls that were found, and the tokens of the pages on both sides."""

    calls: list[QueriedCall]
    next: str | UnsetType = UNSET
    prev: str | UnsetType = UNSET


def cid_of(exchange: Exchange) -> str:
    """Return the call that the path names."""
    return f"{exchange.path['type']}:{exchange.path['id']}"


async def get_or_create_call(exchange: Exchange) -> GetOrCreateCallResponse:
    """Get a call, or create it."""
    body: GetOrCreateCallRequest = exchange.body
    limit = _MOST if body.members_limit is None else body.members_limit
    calls = exchange.administration.calls
    exchange.check_connection()
    result = await calls.get_or_create(exchange.caller, _new_call(exchange), members_limit=limit)
    await exchange.watch(Question(call=cid_of(exchange)), result.own_capabilities)
    return GetOrCreateCallResponse(created=result.created, **_state(exchange, result))


async def get_call(exchange: Exchange) -> CallState:
    """Get a call."""
    calls = exchange.administration.calls
    result = await calls.get(exchange.caller, cid_of(exchange), members_limit=_members_limit(exchange))
    await exchange.watch(Question(call=cid_of(exchange)), result.own_capabilities)
    return CallState(**_state(exchange, result))


async def update_call(exchange: Exchange) -> CallState:
    """Change a call."""
    change = _change(exchange.body, cid_of(exchange))
    return CallState(**_state(exchange, await exchange.administration.calls.update(exchange.caller, change)))


async def delete_call(exchange: Exchange) -> DeleteCallResponse:
    """Delete a call."""
    calls = exchange.administration.calls
    hard = bool(exchange.body.hard)
    deleted = await calls.delete(exchange.caller, cid_of(exchange), hard=hard, members_limit=0)
    return DeleteCallResponse(call=call(exchange.surface, deleted.call), task_id=deleted.task_id or UNSET)


async def query_calls(exchange: Exchange) -> QueryCallsResponse:
    """Find calls."""
    body: QueryCallsRequest = exchange.body
    calls = exchange.administration.calls
    found = await calls.query(exchange.caller, query_of(body), members_limit=_MEMBERS_OF_EACH)
    for result in found.items if body.watch else ():
        await exchange.watch(Question(call=result.call.record.cid), result.own_capabilities)
    return QueryCallsResponse(
        calls=await written(exchange.surface, found.items, lambda result: QueriedCall(**_state(exchange, result))),
        next=found.next or UNSET,
        prev=found.prev or UNSET,
    )


def query_of(body: Any) -> Query:
    """Return the query that a body describes."""
    return Query(body.filter_conditions, body.sort, body.limit or 0, body.next or "", body.prev or "")


def _state(exchange: Exchange, result: CallResult) -> dict[str, Any]:
    view = result.call
    return {
        "call": call(exchange.surface, view),
        "members": members(exchange.surface, view.members, view.users),
        "own_capabilities": result.own_capabilities,
    }


def _new_call(exchange: Exchange) -> CallChange:
    """Return what a call is to be created from; a request for video outside of `data` counts like one within."""
    body: GetOrCreateCallRequest = exchange.body
    data, sent = body.data or CallRequest(), exchange.sent.get("data") or {}
    settings, extras = sent_settings(data.settings_override, f"{_WITHIN}settings_override")
    described = sent.get("created_by")
    return CallChange(
        cid=cid_of(exchange),
        created_by_id=KEEP if data.created_by_id is None else data.created_by_id,
        creator=KEEP if described is None else user_change(exchange.surface, described, f"{_WITHIN}created_by"),
        team=KEEP if data.team is None else data.team,
        members=member_changes(data.members),
        settings=settings,
        starts_at=_starts_at(data, _WITHIN),
        custom=KEEP if data.custom is None else data.custom,
        extras={"video": body.video, **extras, **sent_extras(EXTRAS, sent, "data")},
        within=_WITHIN,
    )


def _change(body: UpdateCallRequest, cid: str) -> CallChange:
    settings, extras = sent_settings(body.settings_override, "settings_override")
    return CallChange(
        cid=cid,
        settings=settings,
        starts_at=_starts_at(body),
        custom=KEEP if body.custom is None else body.custom,
        extras=extras or KEEP,
    )


def _starts_at(body: UpdateCallRequest, within: str = "") -> int | Keep:
    return KEEP if body.starts_at is None else nanoseconds(body.starts_at, f"{within}starts_at")


def _members_limit(exchange: Exchange) -> int:
    """Return the limit that the query names."""
    text = exchange.query.get("members_limit", "") or str(_MOST)
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_MOST)) and int(text) <= _MOST):
        raise InvalidInput(
            f"`members_limit` must be a whole number from 0 to {_MOST}, got {shown(text)}", field="members_limit"
        )
    return int(text)


OPERATIONS: Final = (
    Operation(
        "GetOrCreateCall",
        "POST",
        _ONE,
        get_or_create_call,
        GetOrCreateCallResponse,
        "Get a call, or create it",
        201,
        GetOrCreateCallRequest,
        query=("connection_id",),
        tag=_TAG,
        needs=("CreateCall", "ReadCall", "UpdateCallMemberRole", "UpdateCallSettings"),
    ),
    Operation(
        "GetCall",
        "GET",
        _ONE,
        get_call,
        CallState,
        "Get a call",
        query=("connection_id", "members_limit"),
        tag=_TAG,
        needs=("ReadCall",),
    ),
    Operation(
        "UpdateCall",
        "PATCH",
        _ONE,
        update_call,
        CallState,
        "Change a call",
        body=UpdateCallRequest,
        tag=_TAG,
        needs=("ReadCall", "UpdateCall", "UpdateCallSettings"),
    ),
    Operation(
        "DeleteCall",
        "POST",
        _DELETE,
        delete_call,
        DeleteCallResponse,
        "Delete a call",
        201,
        DeleteCallRequest,
        tag=_TAG,
        needs=("DeleteCall",),
    ),
    Operation(
        "QueryCalls",
        "POST",
        _QUERY,
        query_calls,
        QueryCallsResponse,
        "Find calls",
        201,
        QueryCallsRequest,
        query=("connection_id",),
        tag=_TAG,
        needs=("ReadCall",),
    ),
)
