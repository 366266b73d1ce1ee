"""Channel types on the wire: grants, config, commands and the policies of permission version v1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rolecall.domain.builtin import channel_types
from rolecall.domain.records import PolicyRecord, TypeRecord
from rolecall.domain.settings import texts
from rolecall.transports.rest.extras import Extra, ExtraFields, line, one_of, shown_extras, tree, trees, whole
from rolecall.transports.rest.operation import Answer
from rolecall.transports.rest.surface import Time

_MOST_NAMES: Final = 10_000
_DEFAULTS: Final[Mapping[str, Any]] = channel_types.CONFIG["messaging"]


EXTRAS: Final[ExtraFields] = {
    "allowed_flag_reasons": Extra(texts()),
    "automod_thresholds": Extra(tree()),
    "blocklist": Extra(line()),
    "blocklist_behavior": Extra(one_of("flag", "block", "shadow_block")),
    "blocklists": Extra(trees()),
    "chat_preferences": Extra(tree()),
    "partition_size": Extra(whole(0)),
    "partition_ttl": Extra(line()),
}
"""What a channel type takes beside grants, config and policies."""


class Command(msgspec.Struct, kw_only=True, frozen=True):
    """A command that users may type in a channel; Rolecall runs none."""

    name: str
    description: str = ""
    args: str = ""
    set: str = ""


COMMANDS: Final[Mapping[str, Command]] = {
    command.name: command
    for command in (
        Command(name="ban", description="Ban a user", args="[@username] [text]", set="moderation_set"),
        Command(name="giphy", description="Post a random gif to the channel", args="[text]", set="fun_set"),
        Command(name="mute", description="Mute a user", args="[@username]", set="moderation_set"),
        Command(name="unban", description="Unban a user", args="[@username]", set="moderation_set"),
        Command(name="unmute", description="Unmute a user", args="[@username]", set="moderation_set"),
    )
}
"""Every command a channel type may have, by name."""


class ChannelPolicy(msgspec.Struct, kw_only=True):
    """One policy of permission version v1; the highest priority decides."""

    name: str
    priority: int
    resources: Annotated[list[str], Meta(max_length=_MOST_NAMES)]
    action: Literal["Allow", "Deny"]
    roles: Annotated[list[str], Meta(max_length=_MOST_NAMES)] = []
    owner: bool = False


class ChannelConfig(Answer, kw_only=True):
    """The config of a channel type, but for its commands."""

    name: str
    automod: str
    automod_behavior: str
    connect_events: bool
    count_messages: bool
    created_at: Time
    custom_events: bool
    delivery_events: bool
    mark_messages_pending: bool
    max_message_length: int
    message_retention: str
    mutes: bool
    polls: bool
    push_level: str
    push_notifications: bool
    quotes: bool
    reactions: bool
    read_events: bool
    reminders: bool
    replies: bool
    search: bool
    shared_locations: bool
    skip_last_msg_update_for_system_msgs: bool
    typing_events: bool
    updated_at: Time
    uploads: bool
    url_enrichment: bool
    user_message_reminders: bool
    allowed_flag_reasons: list[str] | UnsetType = UNSET
    automod_thresholds: dict[str, Any] | UnsetType = UNSET
    blocklist: str | UnsetType = UNSET
    blocklist_behavior: str | UnsetType = UNSET
    blocklists: list[dict[str, Any]] | UnsetType = UNSET
    chat_preferences: dict[str, Any] | UnsetType = UNSET
    partition_size: int | UnsetType = UNSET
    partition_ttl: str | UnsetType = UNSET


class AppChannelConfig(ChannelConfig, kw_only=True):
    """A channel type among the app's settings: without what its roles may do."""

    commands: list[str]


class WrittenChannelType(AppChannelConfig, kw_only=True):
    """A channel type in the answer to a write: commands by name."""

    grants: dict[str, tuple[str, ...]]
    permissions: list[ChannelPolicy]


class ChannelType(ChannelConfig, kw_only=True):
    """A channel type in the answer to a read: commands in full."""

    commands: list[Command]
    grants: dict[str, tuple[str, ...]]
    permissions: list[ChannelPolicy]


def channel_type(record: TypeRecord) -> ChannelType:
    """Return a channel type as reads have it."""
    config = _config(record)
    commands = [COMMANDS.get(name) or Command(name=name) for name in config.pop("commands")]
    return ChannelType(
        **config, commands=commands, grants=dict(record.grants), permissions=_channel_policies(record.policies)
    )


def written_channel_type(record: TypeRecord) -> WrittenChannelType:
    """Return a channel type as answers to writes have it."""
    return WrittenChannelType(
        **_config(record), grants=dict(record.grants), permissions=_channel_policies(record.policies)
    )


def app_channel_config(record: TypeRecord) -> AppChannelConfig:
    """Return a channel type as the app's settings have it."""
    return AppChannelConfig(**_config(record))


def policy_record(policy: ChannelPolicy) -> PolicyRecord:
    """Return a policy as the administration takes it."""
    return PolicyRecord(
        policy.name,
        policy.priority,
        tuple(policy.resources),
        tuple(policy.roles),
        owner=policy.owner,
        allow=policy.action == "Allow",
    )


def _config(record: TypeRecord) -> dict[str, Any]:
    """Return every field of `AppChannelConfig`."""
    config = {**_DEFAULTS, **record.settings}
    return {
        **config,
        **shown_extras(EXTRAS, record.extras),
        "commands": list(config["commands"]),
        "name": record.scope,
        "created_at": Time(record.created_at),
        "updated_at": Time(record.updated_at),
    }


def _channel_policies(policies: tuple[PolicyRecord, ...]) -> list[ChannelPolicy]:
    return [
        ChannelPolicy(
            name=policy.name,
            priority=policy.priority,
            resources=list(policy.resources),
            roles=list(policy.roles),
            owner=policy.owner,
            action="Allow" if policy.allow else "Deny",
        )
        for policy in policies
    ]
