"""CallService: calls, their members, and what single users may do on them."""

from __future__ import annotations

from collections.abc import Collection

from rolecall.api.v1 import call_pb2 as pb
from rolecall.domain.records import CallMemberRecord
from rolecall.service.administration.calls.values import CallChange, CallMemberChange, CallView
from rolecall.service.administration.changes import KEEP, Page
from rolecall.service.administration.checks import check_count
from rolecall.transports.convert import check_mask, custom_of, fill, flat, nanoseconds, struct, timestamp
from rolecall.transports.rpc import Context, Services


async def upsert_call(services: Services, context: Context, request: pb.UpsertCallRequest) -> pb.UpsertCallResponse:
    """Create a call or change the one that is there."""
    cleared = "starts_at" in check_mask(request.update_mask.paths, ("starts_at",))
    starts_at = nanoseconds(request.starts_at, "starts_at") if request.HasField("starts_at") else None
    change = CallChange(
        cid=request.cid,
        created_by_id=request.created_by_id if request.HasField("created_by_id") else KEEP,
        team=request.team if request.HasField("team") else KEEP,
        members=_member_changes(request.members, "members"),
        settings=flat(request.settings_override),
        starts_at=KEEP if starts_at is None and not cleared else starts_at,
        custom=custom_of(request.custom, "custom") if request.HasField("custom") else KEEP,
    )
    result = await services.administration.calls.upsert(context.caller, change)
    return pb.UpsertCallResponse(
        call=_call(result.call),
        created=result.created,
        own_capabilities=result.own_capabilities,
        revision=result.revision,
    )


async def get_call(services: Services, context: Context, request: pb.GetCallRequest) -> pb.GetCallResponse:
    """Get one call, with what the caller may do on it."""
    result = await services.administration.calls.get(context.caller, request.cid)
    return pb.GetCallResponse(
        call=_call(result.call), own_capabilities=result.own_capabilities, revision=result.revision
    )


async def list_calls(services: Services, context: Context, request: pb.ListCallsRequest) -> pb.ListCallsResponse:
    """List the calls by cid."""
    page = Page(request.page_size, request.page_token)
    listing = await services.administration.calls.list(context.caller, page, request.type)
    return pb.ListCallsResponse(
        calls=map(_call, listing.items), next_page_token=listing.next_page_token, revision=listing.revision
    )


async def delete_call(services: Services, context: Context, request: pb.DeleteCallRequest) -> pb.DeleteCallResponse:
    """Delete a call with everything said of it."""
    deleted = await services.administration.calls.delete(context.caller, request.cid)
    return pb.DeleteCallResponse(revision=deleted.revision)


async def update_call_members(
    services: Services, context: Context, request: pb.UpdateCallMembersRequest
) -> pb.UpdateCallMembersResponse:
    """Add, change and remove members."""
    view, revision = await services.administration.calls.update_members(
        context.caller,
        request.cid,
        _member_changes(request.update_members, "update_members", len(request.remove_members)),
        tuple(request.remove_members),
    )
    return pb.UpdateCallMembersResponse(members=map(_member, view.members), revision=revision)


async def list_call_members(
    services: Services, context: Context, request: pb.ListCallMembersRequest
) -> pb.ListCallMembersResponse:
    """List the members of a call by user id."""
    page = Page(request.page_size, request.page_token)
    listing = await services.administration.calls.members(context.caller, request.cid, page)
    return pb.ListCallMembersResponse(
        members=map(_member, listing.items), next_page_token=listing.next_page_token, revision=listing.revision
    )


async def update_user_permissions(
    services: Services, context: Context, request: pb.UpdateUserPermissionsRequest
) -> pb.UpdateUserPermissionsResponse:
    """Grant to and revoke from one user on one call."""
    result = await services.administration.calls.update_user_permissions(
        context.caller,
        request.cid,
        request.user_id,
        tuple(request.grant_permissions),
        tuple(request.revoke_permissions),
        tuple(request.reset_permissions),
    )
    return pb.UpdateUserPermissionsResponse(
        own_capabilities=result.own_capabilities,
        granted_permissions=result.granted,
        revoked_permissions=result.revoked,
        revision=result.revision,
    )


async def block_user(services: Services, context: Context, request: pb.BlockUserRequest) -> pb.BlockUserResponse:
    """Block one user on one call."""
    revision = await services.administration.calls.block(context.caller, request.cid, request.user_id)
    return pb.BlockUserResponse(revision=revision)


async def unblock_user(services: Services, context: Context, request: pb.UnblockUserRequest) -> pb.UnblockUserResponse:
    """Let one user onto the call again."""
    revision = await services.administration.calls.unblock(context.caller, request.cid, request.user_id)
    return pb.UnblockUserResponse(revision=revision)


async def go_live(services: Services, context: Context, request: pb.GoLiveRequest) -> pb.GoLiveResponse:
    """Take the call out of backstage."""
    call, revision = await services.administration.calls.go_live(context.caller, request.cid)
    return pb.GoLiveResponse(call=_call(call), revision=revision)


async def stop_live(services: Services, context: Context, request: pb.StopLiveRequest) -> pb.StopLiveResponse:
    """Put the call back into backstage."""
    call, revision = await services.administration.calls.stop_live(context.caller, request.cid)
    return pb.StopLiveResponse(call=_call(call), revision=revision)


async def end_call(services: Services, context: Context, request: pb.EndCallRequest) -> pb.EndCallResponse:
    """End the call."""
    call, revision = await services.administration.calls.end(context.caller, request.cid)
    return pb.EndCallResponse(call=_call(call), revision=revision)


def _member_changes(members: Collection[pb.CallMember], field: str, others: int = 0) -> tuple[CallMemberChange, ...]:
    """Convert members, not too many together with the `others` that the request names."""
    check_count(len(members) + others, field)
    return tuple(
        CallMemberChange(
            user_id=member.user_id,
            role=member.role or KEEP,
            custom=custom_of(member.custom, f"{field}[{index}].custom") if member.HasField("custom") else KEEP,
        )
        for index, member in enumerate(members)
    )


def _call(view: CallView) -> pb.Call:
    record = view.record
    type_name, _, identifier = record.cid.partition(":")
    message = pb.Call(
        cid=record.cid,
        type=type_name,
        id=identifier,
        created_by_id=record.created_by_id,
        team=record.team,
        backstage=record.backstage,
        starts_at=timestamp(record.starts_at),
        ended_at=timestamp(record.ended_at),
        custom=struct(record.custom),
        blocked_user_ids=view.blocked_user_ids,
        created_at=timestamp(record.created_at),
        updated_at=timestamp(record.updated_at),
    )
    fill(message.settings, record.settings)
    return message


def _member(member: CallMemberRecord) -> pb.CallMember:
    return pb.CallMember(
        user_id=member.user_id,
        role=member.role,
        custom=struct(member.custom),
        created_at=timestamp(member.created_at),
        updated_at=timestamp(member.updated_at),
    )
