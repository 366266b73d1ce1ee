"""The app on the wire: what Rolecall keeps of it, and for the rest what clients expect to be there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from rolecall.domain.records import AppRecord, Grants, PolicyRecord, TypeRecord
from rolecall.transports.rest.extras import answering, shown_extras
from rolecall.transports.rest.shapes.app_fields import EXTRAS, push_notifications
from rolecall.transports.rest.shapes.call_type import CallType, call_type
from rolecall.transports.rest.shapes.channel_type import AppChannelConfig, app_channel_config
from rolecall.transports.rest.surface import Time


class Policy(msgspec.Struct, kw_only=True):
    """One policy of permission version v1; `action` is 1 to allow and 0 to deny."""

    name: str
    priority: int
    resources: tuple[str, ...]
    roles: tuple[str, ...]
    owner: bool
    action: int
    created_at: Time
    updated_at: Time


class AppFields(msgspec.Struct, kw_only=True):
    """The app. Fields with a default are there for clients that expect them, and have no effect."""

    id: int
    name: str
    call_types: dict[str, CallType]
    channel_configs: dict[str, AppChannelConfig]
    disable_auth_checks: bool
    disable_permissions_checks: bool
    grants: dict[str, tuple[str, ...]]
    multi_tenant_enabled: bool
    permission_version: str
    policies: dict[str, list[Policy]]
    push_notifications: dict[str, Any]
    user_search_disallowed_roles: tuple[str, ...]
    revoke_tokens_issued_before: Time | UnsetType = UNSET

    campaign_enabled: bool = False
    organization: str = "dev"
    placement: str = ""
    suspended: bool = False
    suspended_explanation: str = ""


App: Final = answering(AppFields, EXTRAS, "App")
"""The app, with what is only kept of it."""


def app(
    record: AppRecord, grants: Grants, call_types: Iterable[TypeRecord], channel_types: Iterable[TypeRecord]
) -> AppFields:
    """Return the app as the wire has it; `grants` are those of `.app`."""
    channel_types = tuple(channel_types)
    revoked = record.revoke_tokens_issued_before
    return App(
        id=record.id,
        name=record.name,
        call_types={one.name: one for one in map(call_type, call_types)},
        channel_configs={one.name: one for one in map(app_channel_config, channel_types)},
        disable_auth_checks=record.disable_auth_checks,
        disable_permissions_checks=record.disable_permissions_checks,
        grants=dict(grants),
        multi_tenant_enabled=record.multi_tenant_enabled,
        permission_version=record.permission_version,
        policies={one.scope: [_policy(policy, one) for policy in one.policies] for one in channel_types},
        push_notifications=push_notifications(record.extras),
        user_search_disallowed_roles=record.user_search_disallowed_roles,
        **shown_extras(EXTRAS, record.extras),
        revoke_tokens_issued_before=UNSET if revoked is None else Time(revoked),
    )


def _policy(policy: PolicyRecord, of: TypeRecord) -> Policy:
    """Return a policy with the times of the channel type that it is of: it has none of its own."""
    return Policy(
        name=policy.name,
        priority=policy.priority,
        resources=policy.resources,
        roles=policy.roles,
        owner=policy.owner,
        action=int(policy.allow),
        created_at=Time(of.created_at),
        updated_at=Time(of.updated_at),
    )
