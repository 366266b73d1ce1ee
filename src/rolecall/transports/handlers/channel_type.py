"""ChannelTypeService: grants and config of channel types."""

from __future__ import annotations

from rolecall.api.v1 import channel_type_pb2 as pb
from rolecall.domain.errors import Unsupported
from rolecall.domain.records import TypeRecord
from rolecall.service.administration.changes import Page, TypeChange
from rolecall.transports.convert import check_mask, fill, flat, grants_of, permission_lists, timestamp
from rolecall.transports.edge import Context, Services


async def upsert_channel_type(
    services: Services, context: Context, request: pb.UpsertChannelTypeRequest
) -> pb.UpsertChannelTypeResponse:
    """Create a channel type or change the one that is there."""
    if request.permissions or check_mask(request.update_mask.paths, ("permissions",)):
        raise Unsupported("policies of permission version v1 are not stored by this version of Rolecall")
    change = TypeChange(
        name=request.name,
        grants=grants_of(request.grants),
        settings=flat(request.config),
        reset_grants=request.reset_grants,
        dry_run=request.dry_run,
        expected_revision=request.expected_revision if request.HasField("expected_revision") else None,
    )
    result = await services.administration.channel_types.upsert(context.caller, change)
    return pb.UpsertChannelTypeResponse(
        channel_type=_channel_type(result.record), created=result.created, revision=result.revision
    )


async def get_channel_type(
    services: Services, context: Context, request: pb.GetChannelTypeRequest
) -> pb.GetChannelTypeResponse:
    """Get one channel type."""
    record, revision = await services.administration.channel_types.get(context.caller, request.name)
    return pb.GetChannelTypeResponse(channel_type=_channel_type(record), revision=revision)


async def list_channel_types(
    services: Services, context: Context, request: pb.ListChannelTypesRequest
) -> pb.ListChannelTypesResponse:
    """List the channel types by name."""
    page = Page(request.page_size, request.page_token)
    listing = await services.administration.channel_types.list(context.caller, page)
    return pb.ListChannelTypesResponse(
        channel_types=map(_channel_type, listing.items),
        next_page_token=listing.next_page_token,
        revision=listing.revision,
    )


async def delete_channel_type(
    services: Services, context: Context, request: pb.DeleteChannelTypeRequest
) -> pb.DeleteChannelTypeResponse:
    """Delete a custom channel type without channels."""
    revision = await services.administration.channel_types.delete(context.caller, request.name)
    return pb.DeleteChannelTypeResponse(revision=revision)


def _channel_type(record: TypeRecord) -> pb.ChannelType:
    message = pb.ChannelType(
        name=record.scope,
        grants=permission_lists(record.grants),
        created_at=timestamp(record.created_at),
        updated_at=timestamp(record.updated_at),
        revision=record.revision,
    )
    fill(message.config, record.settings)
    return message
