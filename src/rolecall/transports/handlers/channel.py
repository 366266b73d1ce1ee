"""ChannelService: channels and their members."""

from __future__ import annotations

from collections.abc import Collection

from rolecall.api.v1 import channel_pb2 as pb
from rolecall.domain.records import ChannelMemberRecord, ChannelRecord
from rolecall.service.administration.changes import KEEP, Page
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange, ChannelOverrides
from rolecall.service.administration.checks import check_count
from rolecall.transports.convert import custom_of, grants_of, permission_lists, struct, timestamp
from rolecall.transports.rpc import Context, Services


async def upsert_channel(
    services: Services, context: Context, request: pb.UpsertChannelRequest
) -> pb.UpsertChannelResponse:
    """Create a channel or change the one that is there."""
    change = ChannelChange(
        cid=request.cid,
        created_by_id=request.created_by_id if request.HasField("created_by_id") else KEEP,
        team=request.team if request.HasField("team") else KEEP,
        members=_member_changes(request.members, "members"),
        frozen=request.frozen if request.HasField("frozen") else KEEP,
        disabled=request.disabled if request.HasField("disabled") else KEEP,
        cooldown=request.cooldown if request.HasField("cooldown") else KEEP,
        overrides=_overrides_of(request.config_overrides) if request.HasField("config_overrides") else KEEP,
        custom=custom_of(request.custom, "custom") if request.HasField("custom") else KEEP,
    )
    result = await services.administration.channels.upsert(context.caller, change)
    return pb.UpsertChannelResponse(
        channel=_channel(result.channel),
        created=result.created,
        own_capabilities=result.own_capabilities,
        revision=result.revision,
    )


async def get_channel(services: Services, context: Context, request: pb.GetChannelRequest) -> pb.GetChannelResponse:
    """Get one channel, with what the caller may do on it."""
    result = await services.administration.channels.get(context.caller, request.cid)
    return pb.GetChannelResponse(
        channel=_channel(result.channel), own_capabilities=result.own_capabilities, revision=result.revision
    )


async def list_channels(
    services: Services, context: Context, request: pb.ListChannelsRequest
) -> pb.ListChannelsResponse:
    """List the channels by cid."""
    page = Page(request.page_size, request.page_token)
    listing = await services.administration.channels.list(context.caller, page, request.type)
    return pb.ListChannelsResponse(
        channels=map(_channel, listing.items), next_page_token=listing.next_page_token, revision=listing.revision
    )


async def delete_channel(
    services: Services, context: Context, request: pb.DeleteChannelRequest
) -> pb.DeleteChannelResponse:
    """Delete a channel with its memberships."""
    revision = await services.administration.channels.delete(context.caller, request.cid)
    return pb.DeleteChannelResponse(revision=revision)


async def update_channel_members(
    services: Services, context: Context, request: pb.UpdateChannelMembersRequest
) -> pb.UpdateChannelMembersResponse:
    """Add, change and remove members."""
    members, revision = await services.administration.channels.update_members(
        context.caller,
        request.cid,
        _member_changes(request.update_members, "update_members", len(request.remove_members)),
        tuple(request.remove_members),
    )
    return pb.UpdateChannelMembersResponse(members=map(_member, members), revision=revision)


async def list_channel_members(
    services: Services, context: Context, request: pb.ListChannelMembersRequest
) -> pb.ListChannelMembersResponse:
    """List the members of a channel by user id."""
    page = Page(request.page_size, request.page_token)
    listing = await services.administration.channels.members(context.caller, request.cid, page)
    return pb.ListChannelMembersResponse(
        members=map(_member, listing.items), next_page_token=listing.next_page_token, revision=listing.revision
    )


def _member_changes(
    members: Collection[pb.ChannelMember], field: str, others: int = 0
) -> tuple[ChannelMemberChange, ...]:
    """Convert members, not too many together with the `others` that the request names."""
    check_count(len(members) + others, field)
    return tuple(
        ChannelMemberChange(
            user_id=member.user_id,
            channel_role=member.channel_role or KEEP,
            banned=member.banned if member.HasField("banned") else KEEP,
            custom=custom_of(member.custom, f"{field}[{index}].custom") if member.HasField("custom") else KEEP,
        )
        for index, member in enumerate(members)
    )


def _overrides_of(message: pb.ChannelConfigOverrides) -> ChannelOverrides:
    flags = {field.name: bool(value) for field, value in message.ListFields() if field.name != "grants"}
    return ChannelOverrides(grants_of(message.grants), flags)


def _channel(record: ChannelRecord) -> pb.Channel:
    type_name, _, identifier = record.cid.partition(":")
    return pb.Channel(
        cid=record.cid,
        type=type_name,
        id=identifier,
        created_by_id=record.created_by_id,
        team=record.team,
        frozen=record.frozen,
        disabled=record.disabled,
        cooldown=record.cooldown,
        config_overrides=pb.ChannelConfigOverrides(
            grants=permission_lists(record.override_grants), **dict(record.override_flags)
        ),
        custom=struct(record.custom),
        created_at=timestamp(record.created_at),
        updated_at=timestamp(record.updated_at),
    )


def _member(member: ChannelMemberRecord) -> pb.ChannelMember:
    return pb.ChannelMember(
        user_id=member.user_id,
        channel_role=member.channel_role,
        banned=member.banned,
        custom=struct(member.custom),
        created_at=timestamp(member.created_at),
        updated_at=timestamp(member.updated_at),
    )
