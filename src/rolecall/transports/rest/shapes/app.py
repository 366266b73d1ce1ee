"""The app on the wire: what Rolecall keeps of it, and for the rest what clients expect to be there."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, UnsetType

from rolecall.domain.records import AppRecord, Grants, PolicyRecord, TypeRecord
from rolecall.transports.rest.shapes.call_type import CallType, call_type
from rolecall.transports.rest.shapes.channel_type import AppChannelConfig, app_channel_config
from rolecall.transports.rest.surface import Time


class UploadConfig(msgspec.Struct, kw_only=True):
    """What may be uploaded; without effect."""

    size_limit: int = 0


class PushProvider(msgspec.Struct, kw_only=True):
    """A provider of push notifications; without effect."""

    enabled: bool = False


class ApplePush(PushProvider, kw_only=True):
    """Apple's push notifications; without effect."""

    development: bool = False


class PushNotifications(msgspec.Struct, kw_only=True):
    """Every provider of push notifications; without effect."""

    apn: ApplePush = msgspec.field(default_factory=ApplePush)
    firebase: PushProvider = msgspec.field(default_factory=PushProvider)
    huawei: PushProvider = msgspec.field(default_factory=PushProvider)
    xiaomi: PushProvider = msgspec.field(default_factory=PushProvider)
    offline_only: bool = False
    version: str = "version"


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


class App(msgspec.Struct, kw_only=True):
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
    user_search_disallowed_roles: tuple[str, ...]
    revoke_tokens_issued_before: Time | UnsetType = UNSET

    allow_multi_user_devices: bool = False
    async_url_enrich_enabled: bool = False
    auto_translation_enabled: bool = False
    campaign_enabled: bool = False
    cdn_expiration_seconds: int = 0
    custom_action_handler_url: str = ""
    enforce_unique_usernames: str = "no"
    event_hooks: list[str] = []
    feed_audit_logs_enabled: bool = False
    file_upload_config: UploadConfig = msgspec.field(default_factory=UploadConfig)
    guest_user_creation_disabled: bool = False
    image_moderation_enabled: bool = False
    image_upload_config: UploadConfig = msgspec.field(default_factory=UploadConfig)
    max_aggregated_activities_length: int = 0
    member_custom_on_messages_enabled: bool = False
    moderation_audio_call_moderation_enabled: bool = False
    moderation_enabled: bool = False
    moderation_llm_configurability_enabled: bool = False
    moderation_multitenant_blocklist_enabled: bool = False
    moderation_video_call_moderation_enabled: bool = False
    moderation_webhook_url: str = ""
    organization: str = "dev"
    placement: str = ""
    push_notifications: PushNotifications = msgspec.field(default_factory=PushNotifications)
    reminders_interval: int = 0
    sns_key: str = ""
    sns_secret: str = ""
    sns_topic_arn: str = ""
    sqs_key: str = ""
    sqs_secret: str = ""
    sqs_url: str = ""
    suspended: bool = False
    suspended_explanation: str = ""
    use_hook_v2: bool = False
    user_response_time_enabled: bool = False
    webhook_events: list[str] = []
    webhook_url: str = ""


def app(
    record: AppRecord, grants: Grants, call_types: Iterable[TypeRecord], channel_types: Iterable[TypeRecord]
) -> App:
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
        user_search_disallowed_roles=record.user_search_disallowed_roles,
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
