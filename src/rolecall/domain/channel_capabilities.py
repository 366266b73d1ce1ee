"""The 42 capabilities of a channel: which actions, config flag and channel state each takes.

What can be asked about on a channel is a row: a capability, or an action under its permission id. A row's position is
its bit. Rows of actions follow those of capabilities and take the flag and state of the capability that names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

from rolecall.domain.actions import ACTIONS, BIT
from rolecall.domain.permissions import action_index


class Ownership(Enum):
    """Which owner variant of a permission counts."""

    CHANNEL = "channel"
    OWN_MESSAGE = "own message"
    OTHERS_MESSAGE = "other's message"
    EITHER = "either"
    ACTION = "as the action says"


class ChannelRow(NamedTuple):
    """What one question on a channel takes.

    `actions`: one of them must be allowed; none: the flag or state alone decides. `sends`: taken away while the
    channel is frozen, unless UseFrozenChannel. `slow`: holds while the cooldown is above zero.
    """

    id: str
    actions: int
    ownership: Ownership
    flag: str | None = None
    sends: bool = False
    slow: bool = False


def _row(
    name: str,
    *actions: str,
    own: Ownership = Ownership.CHANNEL,
    flag: str | None = None,
    sends: bool = False,
    slow: bool = False,
) -> ChannelRow:
    return ChannelRow(name, sum(BIT[action] for action in actions), own, flag, sends, slow)


CAPABILITIES: Final[tuple[ChannelRow, ...]] = (
    _row("ban-channel-members", "BanChannelMember"),
    _row("cast-poll-vote", "CastVote", flag="polls"),
    _row("connect-events", flag="connect_events"),
    _row("create-attachment", "CreateAttachment"),
    _row("create-mention", "CreateMention"),
    _row("delete-any-message", "DeleteMessage", own=Ownership.OTHERS_MESSAGE),
    _row("delete-channel", "DeleteChannel"),
    _row("delete-own-message", "DeleteMessage", own=Ownership.OWN_MESSAGE),
    _row("delivery-events", flag="delivery_events"),
    _row("flag-message", "FlagMessage"),
    _row("freeze-channel", "UpdateChannelFrozen"),
    _row("join-channel", "AddOwnChannelMembership", "UpdateChannelMembers"),
    _row("leave-channel", "RemoveOwnChannelMembership", "UpdateChannelMembers"),
    _row("mute-channel", "MuteChannel"),
    _row("notify-channel", "NotifyChannel"),
    _row("notify-group", "NotifyGroup"),
    _row("notify-here", "NotifyHere"),
    _row("notify-role", "NotifyRole"),
    _row("pin-message", "PinMessage"),
    _row("query-poll-votes", "QueryVotes", flag="polls"),
    _row("quote-message", "CreateMessage", flag="quotes"),
    _row("read-events", flag="read_events"),
    _row("search-messages", "ReadChannel", flag="search"),
    _row("send-custom-events", "SendCustomEvent", flag="custom_events"),
    _row("send-links", "AddLinks"),
    _row("send-message", "CreateMessage", sends=True),
    _row("send-poll", "SendPoll", flag="polls", sends=True),
    _row("send-reaction", "CreateReaction", flag="reactions", sends=True),
    _row("send-reply", "CreateReply", flag="replies", sends=True),
    _row("send-restricted-visibility-message", "CreateRestrictedVisibilityMessage"),
    _row("send-typing-events", flag="typing_events"),
    _row("set-channel-cooldown", "UpdateChannelCooldown"),
    _row("share-location", "ShareLocation", flag="shared_locations"),
    _row("skip-slow-mode", "SkipChannelCooldown"),
    _row("slow-mode", slow=True),
    _row("typing-events", flag="typing_events"),
    _row("update-any-message", "UpdateMessage", own=Ownership.OTHERS_MESSAGE),
    _row("update-channel", "UpdateChannel"),
    _row("update-channel-members", "UpdateChannelMembers"),
    _row("update-own-message", "UpdateMessage", own=Ownership.OWN_MESSAGE),
    _row("update-thread", "UpdateThread", own=Ownership.EITHER),
    _row("upload-file", "UploadAttachment", flag="uploads"),
)
"""Sorted by id."""

USES: Final = frozenset({"quote-message", "search-messages", "join-channel", "leave-channel"})
"""Capabilities that are one use of a wider action: their flag says nothing about the action itself."""


def _action_row(name: str, permission_id: str) -> ChannelRow:
    """Return the row that a permission id asks about: the action, with the flag and state of its capability."""
    action = BIT[name]
    same = [row for row in CAPABILITIES if row.actions == action and row.id not in USES]
    flag = same[0].flag if same else None
    return ChannelRow(permission_id, action, Ownership.ACTION, flag, any(row.sends for row in same))


ROWS: Final[tuple[ChannelRow, ...]] = CAPABILITIES + tuple(_action_row(action.name, action.id) for action in ACTIONS)
"""Everything that can be asked about on a channel; position = bit."""

ALL: Final[int] = (1 << len(CAPABILITIES)) - 1
"""Mask of the capabilities."""

_CAPABILITY_BIT: Final[Mapping[str, int]] = {row.id: 1 << position for position, row in enumerate(CAPABILITIES)}

FLAG_ROWS: Final[Mapping[str, int]] = {
    flag: sum(1 << position for position, row in enumerate(ROWS) if row.flag == flag)
    for flag in sorted({row.flag for row in ROWS if row.flag})
}
"""Config flag -> mask of the rows it takes away when it is off."""

SENDING: Final[int] = sum(1 << position for position, row in enumerate(ROWS) if row.sends)
SLOW: Final[int] = sum(1 << position for position, row in enumerate(ROWS) if row.slow)
UNGRANTED: Final[int] = sum(1 << position for position, row in enumerate(ROWS) if not row.actions)
"""Rows that no grant decides."""


def question(capability: str) -> int | None:
    """Return the bit of a capability id or permission id asked about on a channel; None when it is neither."""
    bit = _CAPABILITY_BIT.get(capability)
    if bit is not None:
        return bit
    index = action_index(capability)
    return None if index is None else question_of_action(1 << index)


def question_of_action(bit: int) -> int:
    """Return the bit of the row that asks about one action, given the action's own bit."""
    return bit << len(CAPABILITIES)


def row_of(asked: int) -> ChannelRow:
    """Return the row of one asked bit."""
    return ROWS[asked.bit_length() - 1]


def names(allowed: int) -> list[str]:
    """Return the capability ids of a mask of rows, sorted."""
    return [row.id for position, row in enumerate(CAPABILITIES) if allowed >> position & 1]
