"""CallTypeService: grants and settings of call types."""

from __future__ import annotations

from rolecall.api.v1 import call_type_pb2 as pb
from rolecall.domain.records import TypeRecord
from rolecall.service.administration.changes import Page, TypeChange
from rolecall.transports.convert import fill, flat, grants_of, permission_lists, timestamp
from rolecall.transports.rpc import Context, Services


async def upsert_call_type(
    services: Services, context: Context, request: pb.UpsertCallTypeRequest
) -> pb.UpsertCallTypeResponse:
    """Create a call type or change the one that is there."""
    change = TypeChange(
        name=request.name,
        grants=grants_of(request.grants),
        settings=flat(request.settings),
        reset_grants=request.reset_grants,
        dry_run=request.dry_run,
        expected_revision=request.expected_revision if request.HasField("expected_revision") else None,
    )
    result = await services.administration.call_types.upsert(context.caller, change)
    return pb.UpsertCallTypeResponse(
        call_type=_call_type(result.record), created=result.created, revision=result.revision
    )


async def get_call_type(services: Services, context: Context, request: pb.GetCallTypeRequest) -> pb.GetCallTypeResponse:
    """Get one call type."""
    record, revision = await services.administration.call_types.get(context.caller, request.name)
    return pb.GetCallTypeResponse(call_type=_call_type(record), revision=revision)


async def list_call_types(
    services: Services, context: Context, request: pb.ListCallTypesRequest
) -> pb.ListCallTypesResponse:
    """List the call types by name."""
    page = Page(request.page_size, request.page_token)
    listing = await services.administration.call_types.list(context.caller, page)
    return pb.ListCallTypesResponse(
        call_types=map(_call_type, listing.items),
        next_page_token=listing.next_page_token,
        revision=listing.revision,
    )


async def delete_call_type(
    services: Services, context: Context, request: pb.DeleteCallTypeRequest
) -> pb.DeleteCallTypeResponse:
    """Delete a custom call type without calls."""
    revision = await services.administration.call_types.delete(context.caller, request.name)
    return pb.DeleteCallTypeResponse(revision=revision)


def _call_type(record: TypeRecord) -> pb.CallType:
    message = pb.CallType(
        name=record.scope.removeprefix("video:"),
        grants=permission_lists(record.grants),
        created_at=timestamp(record.created_at),
        updated_at=timestamp(record.updated_at),
        revision=record.revision,
    )
    fill(message.settings, record.settings)
    return message
