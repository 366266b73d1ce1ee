"""The policies of permission version v1 that the five built-in channel types start with. Facts only; names are ours."""

from __future__ import annotations

from typing import Final

from rolecall.domain.records import PolicyRecord


def _policy(
    name: str, priority: int, resources: str, roles: str = "", *, owner: bool = False, allow: bool = True
) -> PolicyRecord:
    return PolicyRecord(name, priority, tuple(resources.split()), tuple(roles.split()), owner, allow)


_ADMINS: Final = _policy(
    "Admins do everything",
    999,
    "CreateChannel ReadChannel UpdateChannelMembers UpdateChannel DeleteChannel CreateMessage UpdateMessage "
    "DeleteMessage BanUser UploadAttachment DeleteAttachment UseCommands AddLinks EditUser RunMessageAction",
    "admin",
)
_DENIED: Final = _policy("Everything else is denied", 1, "*", "*", allow=False)

POLICIES: Final[dict[str, tuple[PolicyRecord, ...]]] = {
    "messaging": (
        _ADMINS,
        _policy(
            "Anonymous users and guests do nothing",
            90,
            "*",
            "anonymous guest",
            allow=False,
        ),
        _policy(
            "Owners manage their own",
            80,
            "ReadChannel UpdateChannelMembers UpdateChannel DeleteChannel UpdateMessage DeleteMessage "
            "EditUser DeleteAttachment",
            owner=True,
        ),
        _policy(
            "Members take part",
            70,
            "ReadChannel CreateChannel CreateMessage UploadAttachment UseCommands AddLinks RunMessageAction",
            "channel_member channel_moderator",
        ),
        _policy(
            "Users create channels",
            60,
            "CreateChannel",
            "user",
        ),
        _policy(
            "Moderators moderate",
            50,
            "UpdateChannelMembers UpdateChannel UpdateMessage DeleteMessage BanUser DeleteAttachment UploadAttachment",
            "channel_moderator",
        ),
        _DENIED,
    ),
    "livestream": (
        _ADMINS,
        _policy(
            "Owners manage their own",
            80,
            "UpdateMessage DeleteMessage EditUser DeleteAttachment",
            owner=True,
        ),
        _policy(
            "Everyone reads",
            70,
            "ReadChannel",
            "*",
        ),
        _policy(
            "Users take part",
            70,
            "CreateChannel CreateMessage UploadAttachment UseCommands AddLinks RunMessageAction",
            "user channel_moderator channel_member",
        ),
        _policy(
            "Moderators moderate",
            60,
            "UpdateMessage DeleteMessage BanUser DeleteAttachment",
            "channel_moderator",
        ),
        _DENIED,
    ),
    "team": (
        _ADMINS,
        _policy(
            "Anonymous users and guests do nothing",
            90,
            "*",
            "anonymous guest",
            allow=False,
        ),
        _policy(
            "Owners manage their own",
            80,
            "ReadChannel UpdateChannelMembers UpdateChannel DeleteChannel UpdateMessage DeleteMessage "
            "EditUser DeleteAttachment",
            owner=True,
        ),
        _policy(
            "Members take part",
            70,
            "ReadChannel CreateChannel CreateMessage UploadAttachment UseCommands AddLinks RunMessageAction",
            "channel_member channel_moderator",
        ),
        _policy(
            "Users create channels",
            60,
            "CreateChannel",
            "user",
        ),
        _policy(
            "Moderators moderate",
            50,
            "UpdateChannelMembers UpdateChannel UpdateMessage DeleteMessage BanUser DeleteAttachment UploadAttachment",
            "channel_moderator",
        ),
        _DENIED,
    ),
    "commerce": (
        _ADMINS,
        _policy(
            "Owners manage their own",
            80,
            "UpdateMessage DeleteMessage EditUser ReadChannel UpdateChannelMembers DeleteAttachment",
            owner=True,
        ),
        _policy(
            "Members take part",
            70,
            "ReadChannel CreateChannel UploadAttachment AddLinks CreateMessage",
            "channel_member channel_moderator",
        ),
        _policy(
            "Guests create channels",
            60,
            "CreateChannel UploadAttachment AddLinks",
            "guest",
        ),
        _policy(
            "Moderators moderate",
            50,
            "UpdateChannelMembers UpdateChannel UpdateMessage DeleteMessage BanUser DeleteAttachment "
            "UploadAttachment AddLinks EditUser",
            "channel_moderator",
        ),
        _DENIED,
    ),
    "gaming": (
        _ADMINS,
        _policy(
            "Owners manage their own",
            80,
            "UpdateMessage DeleteMessage EditUser DeleteAttachment",
            owner=True,
        ),
        _policy(
            "Members take part",
            70,
            "ReadChannel CreateMessage UploadAttachment UseCommands AddLinks RunMessageAction",
            "channel_member channel_moderator",
        ),
        _policy(
            "Moderators moderate",
            60,
            "UpdateMessage DeleteMessage BanUser DeleteAttachment UploadAttachment",
            "channel_moderator",
        ),
        _DENIED,
    ),
}
"""Highest priority first, as they are stored and returned."""
