"""ChannelTypeService: grants, policies and config of channel types."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from rolecall.api.v1 import channel_type_pb2 as pb
from rolecall.domain.errors import InvalidInput
from rolecall.domain.policy_checks import MOST_POLICIES
from rolecall.domain.records import PolicyRecord, TypeRecord
from rolecall.service.administration.changes import KEEP, Page, TypeChange
from rolecall.service.administration.checks import check_count
from rolecall.transports.convert import check_mask, fill, flat, grants_of, permission_lists, timestamp
from rolecall.transports.rpc import Context, Services

_POLICIES: Final = "permissions"


async def upsert_channel_type(
    services: Services, context: Context, request: pb.UpsertChannelTypeRequest
) -> pb.UpsertChannelTypeResponse:
    """Create a channel type or change the one that is there."""
    masked = _POLICIES in check_mask(request.update_mask.paths, (_POLICIES,))
    change = TypeChange(
        name=request.name,
        grants=grants_of(request.grants),
        settings=flat(request.config),
        policies=_policies_of(request.permissions) if request.permissions or masked else KEEP,
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


def _policies_of(policies: Collection[pb.Policy]) -> tuple[PolicyRecord, ...]:
    """Convert policies, not too many at once."""
    check_count(len(policies), _POLICIES, MOST_POLICIES)
    return tuple(
        PolicyRecord(
            name=policy.name,
            priority=policy.priority,
            resources=tuple(policy.resources),
            roles=tuple(policy.roles),
            owner=policy.owner,
            allow=_allows(policy, f"{_POLICIES}[{place}].action"),
        )
        for place, policy in enumerate(policies)
    )


def _allows(policy: pb.Policy, field: str) -> bool:
    if policy.action not in {pb.POLICY_ACTION_ALLOW, pb.POLICY_ACTION_DENY}:
        raise InvalidInput(
            f"`{field}` is required: `POLICY_ACTION_ALLOW` or `POLICY_ACTION_DENY`, got {policy.action}", field=field
        )
    return policy.action == pb.POLICY_ACTION_ALLOW


def _policy(policy: PolicyRecord) -> pb.Policy:
    return pb.Policy(
        name=policy.name,
        priority=policy.priority,
        resources=policy.resources,
        roles=policy.roles,
        owner=policy.owner,
        action=pb.POLICY_ACTION_ALLOW if policy.allow else pb.POLICY_ACTION_DENY,
    )


def _channel_type(record: TypeRecord) -> pb.ChannelType:
    message = pb.ChannelType(
        name=record.scope,
        grants=permission_lists(record.grants),
        permissions=map(_policy, record.policies),
        created_at=timestamp(record.created_at),
        updated_at=timestamp(record.updated_at),
        revision=record.revision,
    )
    fill(message.config, record.settings)
    return message
