"""Members of calls, and what is said of single users on them: granted, revoked, blocked, asked for."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.handlers.calls import Limit, cid_of, query_of
from rolecall.transports.rest.many import written
from rolecall.transports.rest.operation import Answer, Operation
from rolecall.transports.rest.shapes.bounded import BOUNDED, Texts
from rolecall.transports.rest.shapes.call import Member, MemberRequests, member_changes, members

_TAG: Final = "calls"
_ONE: Final = ("/api/v2/video/call/{type}/{id}", "/video/call/{type}/{id}")
_MEMBERS: Final = tuple(f"{path}/members" for path in _ONE)
_QUERY: Final = ("/api/v2/video/call/members", "/video/call/members")
_PERMISSIONS: Final = tuple(f"{path}/user_permissions" for path in _ONE)
_REQUEST: Final = tuple(f"{path}/request_permission" for path in _ONE)
_BLOCK: Final = tuple(f"{path}/block" for path in _ONE)
_UNBLOCK: Final = tuple(f"{path}/unblock" for path in _ONE)

Tracks = Annotated[list[Literal["screenshare", "send-audio", "send-video"]], BOUNDED]


class UpdateCallMembersRequest(msgspec.Struct, kw_only=True):
    """Who is to be a member, or another kind of member, and who no longer."""

    update_members: MemberRequests | None = None
    remove_members: Texts | None = None


class QueryCallMembersRequest(msgspec.Struct, kw_only=True):
    """A call, a filter, an order and which part of what is found."""

    type: str
    id: str
    filter_conditions: dict[str, Any] | None = None
    sort: list[dict[str, Any]] | None = None
    limit: Limit | None = None
    next: str | None = None
    prev: str | None = None


class UpdateUserPermissionsRequest(msgspec.Struct, kw_only=True):
    """What one user may do on the call whatever the user's roles say, and what not."""

    user_id: str
    grant_permissions: Tracks | None = None
    revoke_permissions: Tracks | None = None


class RequestPermissionRequest(msgspec.Struct, kw_only=True):
    """What the caller asks to be allowed."""

    permissions: Tracks


class BlockUserRequest(msgspec.Struct, kw_only=True):
    """One user."""

    user_id: str


class UpdateCallMembersResponse(Answer, kw_only=True):
    """The members that were added or changed, as requested."""

    members: list[Member]


class QueryCallMembersResponse(UpdateCallMembersResponse, kw_only=True):
    """The members that were found, and the tokens of the pages on both sides."""

    next: str | UnsetType = UNSET
    prev: str | UnsetType = UNSET


async def update_call_members(exchange: Exchange) -> UpdateCallMembersResponse:
    """Add, change and remove members."""
    body: UpdateCallMembersRequest = exchange.body
    updates, removals = member_changes(body.update_members), tuple(body.remove_members or ())
    calls = exchange.administration.calls
    view, _ = await calls.update_members(exchange.caller, cid_of(exchange), updates, removals, with_users=True)
    return UpdateCallMembersResponse(members=members(exchange.surface, view.members, view.users))


async def query_call_members(exchange: Exchange) -> QueryCallMembersResponse:
    """Find members of a call."""
    body: QueryCallMembersRequest = exchange.body
    calls = exchange.administration.calls
    found = await calls.query_members(exchange.caller, f"{body.type}:{body.id}", query_of(body))
    return QueryCallMembersResponse(
        members=await written(
            exchange.surface, found.view.members, lambda one: members(exchange.surface, (one,), found.view.users)[0]
        ),
        next=found.next or UNSET,
        prev=found.prev or UNSET,
    )


async def update_user_permissions(exchange: Exchange) -> Answer:
    """Grant to and revoke from one user on a call."""
    body: UpdateUserPermissionsRequest = exchange.body
    grant, revoke = body.grant_permissions or (), body.revoke_permissions or ()
    calls = exchange.administration.calls
    await calls.update_user_permissions(exchange.caller, cid_of(exchange), body.user_id, grant, revoke)
    return Answer()


async def request_permission(exchange: Exchange) -> Answer:
    """Ask for permissions on a call."""
    permissions = exchange.body.permissions
    await exchange.administration.calls.request_permission(exchange.caller, cid_of(exchange), permissions)
    return Answer()


async def block_user(exchange: Exchange) -> Answer:
    """Block one user on a call."""
    await exchange.administration.calls.block(exchange.caller, cid_of(exchange), exchange.body.user_id)
    return Answer()


async def unblock_user(exchange: Exchange) -> Answer:
    """Let one user onto a call again."""
    await exchange.administration.calls.unblock(exchange.caller, cid_of(exchange), exchange.body.user_id)
    return Answer()


OPERATIONS: Final = (
    Operation(
        "UpdateCallMembers",
        "POST",
        _MEMBERS,
        update_call_members,
        UpdateCallMembersResponse,
        "Change the members of a call",
        201,
        UpdateCallMembersRequest,
        tag=_TAG,
        needs=("ReadCall", "RemoveCallMember", "UpdateCallMember", "UpdateCallMemberRole"),
    ),
    Operation(
        "UpdateUserPermissions",
        "POST",
        _PERMISSIONS,
        update_user_permissions,
        Answer,
        "Grant to and revoke from one user on a call",
        201,
        UpdateUserPermissionsRequest,
        tag=_TAG,
        needs=("UpdateCallPermissions",),
    ),
    Operation(
        "RequestPermission",
        "POST",
        _REQUEST,
        request_permission,
        Answer,
        "Ask, as a user, for permissions on a call",
        201,
        RequestPermissionRequest,
        tag=_TAG,
        needs=("ReadCall",),
    ),
    Operation(
        "BlockUser",
        "POST",
        _BLOCK,
        block_user,
        Answer,
        "Block one user on a call",
        201,
        BlockUserRequest,
        tag=_TAG,
        needs=("BlockUser",),
    ),
    Operation(
        "UnblockUser",
        "POST",
        _UNBLOCK,
        unblock_user,
        Answer,
        "Let one user onto a call again",
        201,
        BlockUserRequest,
        tag=_TAG,
        needs=("BlockUser",),
    ),
    Operation(
        "QueryCallMembers",
        "POST",
        _QUERY,
        query_call_members,
        QueryCallMembersResponse,
        "Find members of a call",
        201,
        QueryCallMembersRequest,
        tag=_TAG,
        needs=("ReadCall",),
    ),
)
