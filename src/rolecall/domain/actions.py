"""Every built-in action: what can be attempted, and what its `-owner` permissions mean by owning.

One row is one action; everything else (permissions, masks, reference pages) follows from the table. An action's
position is its bit in every grant mask; masks live in memory only, so rows may be added anywhere.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Action(NamedTuple):
    """One thing a user may attempt; `level` is `app` or `channel` (calls included)."""

    name: str
    id: str
    resource: str
    owner_resource: str
    level: str
    products: tuple[str, ...]


_CHAT, _VIDEO = ("chat",), ("video",)


def _row(
    name: str, permission: str, resource: str, products: tuple[str, ...], *, owner: str = "", level: str = "channel"
) -> Action:
    return Action(name, permission, resource, owner or resource, level, products)


ACTIONS: Final[tuple[Action, ...]] = (
    _row("BlockUser", "block-user", "Call", _VIDEO),
    _row("ChangeMaxDuration", "change-max-duration", "Call", _VIDEO),
    Action("CreateCall", "create-call", "Call", "Call", "channel", ("video", "chat")),
    _row("CreateCallReaction", "create-call-reaction", "Call", _VIDEO),
    _row("DeleteCall", "delete-call", "Call", _VIDEO),
    _row("DeleteRecording", "delete-recording", "Call", _VIDEO),
    _row("DeleteTranscription", "delete-transcription", "Call", _VIDEO),
    _row("EnableNoiseCancellation", "enable-noise-cancellation", "Call", _VIDEO),
    _row("EndCall", "end-call", "Call", _VIDEO),
    _row("JoinBackstage", "join-backstage", "Call", _VIDEO),
    Action("JoinCall", "join-call", "Call", "Call", "channel", ("video", "chat")),
    _row("JoinEndedCall", "join-ended-call", "Call", _VIDEO),
    _row("KickUser", "kick-user", "Call", _VIDEO),
    _row("ListRecordings", "list-recordings", "Call", _VIDEO),
    _row("ListTranscriptions", "list-transcriptions", "Call", _VIDEO),
    _row("MuteUsers", "mute-users", "Call", _VIDEO),
    _row("PinCallTrack", "pin-call-track", "Call", _VIDEO),
    _row("ReadCall", "read-call", "Call", _VIDEO),
    _row("ReadCallStats", "read-call-stats", "Call", _VIDEO),
    _row("RemoveCallMember", "remove-call-member", "Call", _VIDEO),
    _row("Screenshare", "screenshare", "Call", _VIDEO),
    _row("SendAudio", "send-audio", "Call", _VIDEO),
    _row("SendClosedCaptions", "send-closed-captions", "Call", _VIDEO),
    _row("SendEvent", "send-event", "Call", _VIDEO),
    _row("SendVideo", "send-video", "Call", _VIDEO),
    _row("StartBroadcasting", "start-broadcasting", "Call", _VIDEO),
    _row("StartClosedCaptions", "start-closed-captions", "Call", _VIDEO),
    _row("StartFrameRecording", "start-frame-recording", "Call", _VIDEO),
    _row("StartIndividualRecording", "start-individual-recording", "Call", _VIDEO),
    _row("StartRawRecording", "start-raw-recording", "Call", _VIDEO),
    _row("StartRecording", "start-recording", "Call", _VIDEO),
    _row("StartTranscription", "start-transcription", "Call", _VIDEO),
    _row("StopBroadcasting", "stop-broadcasting", "Call", _VIDEO),
    _row("StopClosedCaptions", "stop-closed-captions", "Call", _VIDEO),
    _row("StopFrameRecording", "stop-frame-recording", "Call", _VIDEO),
    _row("StopIndividualRecording", "stop-individual-recording", "Call", _VIDEO),
    _row("StopRawRecording", "stop-raw-recording", "Call", _VIDEO),
    _row("StopRecording", "stop-recording", "Call", _VIDEO),
    _row("StopTranscription", "stop-transcription", "Call", _VIDEO),
    _row("UpdateCall", "update-call", "Call", _VIDEO),
    _row("UpdateCallMember", "update-call-member", "Call", _VIDEO),
    _row("UpdateCallMemberRole", "update-call-member-role", "Call", _VIDEO),
    _row("UpdateCallPermissions", "update-call-permissions", "Call", _VIDEO),
    _row("UpdateCallSettings", "update-call-settings", "Call", _VIDEO),
    _row("AddLinks", "add-links", "Channel", _CHAT),
    _row("AddOwnChannelMembership", "add-own-channel-membership", "Channel", _CHAT),
    _row("BanChannelMember", "ban-channel-member", "Channel", _CHAT),
    _row("CreateChannel", "create-channel", "Channel", _CHAT),
    Action(
        "CreateDistinctChannelForOthers", "create-distinct-channel-for-others", "Channel", "Channel", "channel", _CHAT
    ),
    _row("CreateMessage", "create-message", "Channel", _CHAT),
    _row("CreateAttachment", "create-attachment", "Channel", _CHAT),
    _row("CreateMention", "create-mention", "Channel", _CHAT),
    _row("CreateReaction", "create-reaction", "Channel", _CHAT),
    _row("CreateSystemMessage", "create-system-message", "Channel", _CHAT),
    _row("DeleteChannel", "delete-channel", "Channel", _CHAT),
    _row("DeleteReaction", "delete-reaction", "Channel", _CHAT, owner="Reaction"),
    _row("FlagMessage", "flag-message", "Channel", _CHAT),
    _row("MuteChannel", "mute-channel", "Channel", _CHAT),
    _row("PinMessage", "pin-message", "Channel", _CHAT),
    _row("ReadChannel", "read-channel", "Channel", _CHAT),
    _row("ReadChannelMembers", "read-channel-members", "Channel", _CHAT),
    _row("ReadDisabledChannel", "read-disabled-channel", "Channel", _CHAT),
    _row("ReadMessageFlags", "read-message-flags", "Channel", _CHAT),
    _row("RecreateChannel", "recreate-channel", "Channel", _CHAT),
    _row("RemoveOwnChannelMembership", "remove-own-channel-membership", "Channel", _CHAT),
    _row("SendCustomEvent", "send-custom-event", "Channel", _CHAT),
    _row("SkipChannelCooldown", "skip-channel-cooldown", "Channel", _CHAT),
    _row("SkipMessageModeration", "skip-message-moderation", "Channel", _CHAT),
    _row("TruncateChannel", "truncate-channel", "Channel", _CHAT),
    _row("UpdateChannel", "update-channel", "Channel", _CHAT),
    _row("UpdateChannelCooldown", "update-channel-cooldown", "Channel", _CHAT),
    _row("UpdateChannelFrozen", "update-channel-frozen", "Channel", _CHAT),
    _row("UpdateChannelMembers", "update-channel-members", "Channel", _CHAT),
    _row("UploadAttachment", "upload-attachment", "Channel", _CHAT),
    _row("UseFrozenChannel", "use-frozen-channel", "Channel", _CHAT),
    _row("DeleteMessage", "delete-message", "Message", _CHAT),
    _row("RunMessageAction", "run-message-action", "Message", _CHAT),
    _row("UnblockMessage", "unblock-message", "Message", _CHAT),
    _row("UpdateMessage", "update-message", "Message", _CHAT),
    _row("DeleteAttachment", "delete-attachment", "Attachment", _CHAT),
    _row("BanUser", "ban-user", "User", _CHAT),
    _row("FlagUser", "flag-user", "User", _CHAT, level="app"),
    _row("MuteUser", "mute-user", "User", _CHAT, level="app"),
    _row("SearchUser", "search-user", "User", _CHAT, level="app"),
    _row("UpdateUser", "update-user", "User", _CHAT, level="app"),
    _row("UpdateUserRole", "update-user-role", "User", _CHAT, level="app"),
    _row("UpdateUserTeams", "update-user-teams", "User", _CHAT, level="app"),
    Action(
        "CreateRestrictedVisibilityMessage",
        "create-restricted-visibility-message",
        "Channel",
        "Channel",
        "channel",
        _CHAT,
    ),
    Action(
        "ReadRestrictedVisibilityMessage", "read-restricted-visibility-message", "Channel", "Channel", "channel", _CHAT
    ),
    _row("ReadFlagReports", "read-flag-reports", "FlagReport", _CHAT, level="app"),
    _row("UpdateFlagReport", "update-flag-report", "FlagReport", _CHAT, level="app"),
    _row("CreateReply", "create-reply", "Channel", _CHAT),
    _row("CastVote", "cast-vote", "Channel", _CHAT),
    _row("QueryVotes", "query-votes", "Channel", _CHAT),
    _row("SendPoll", "send-poll", "Channel", _CHAT),
    _row("UpdateThread", "update-thread", "Message", _CHAT),
    _row("ShareLocation", "share-location", "Channel", _CHAT),
    _row("NotifyChannel", "notify-channel", "Channel", _CHAT),
    _row("NotifyHere", "notify-here", "Channel", _CHAT),
    _row("NotifyRole", "notify-role", "Channel", _CHAT),
    _row("NotifyGroup", "notify-group", "Channel", _CHAT),
    _row("CreatePoll", "create-poll", "Poll", _CHAT, level="app"),
    _row("UpdatePoll", "update-poll", "Poll", _CHAT, level="app"),
    _row("DeletePoll", "delete-poll", "Poll", _CHAT, level="app"),
    _row("ClosePoll", "close-poll", "Poll", _CHAT, level="app"),
    _row("QueryPolls", "query-polls", "Poll", _CHAT, level="app"),
    _row("ReadRoles", "read-roles", "Role", _CHAT, level="app"),
    _row("CreateUserGroup", "create-user-group", "UserGroup", _CHAT, level="app"),
    _row("ReadUserGroups", "read-user-groups", "UserGroup", _CHAT, level="app"),
    _row("UpdateUserGroup", "update-user-group", "UserGroup", _CHAT, level="app"),
    _row("DeleteUserGroup", "delete-user-group", "UserGroup", _CHAT, level="app"),
    _row("UploadAttachmentGlobal", "upload-attachment-global", "Attachment", _CHAT, level="app"),
    _row("DeleteAttachmentGlobal", "delete-attachment-global", "Attachment", _CHAT, level="app"),
    _row("CreateBlockList", "create-block-list", "BlockList", _CHAT, level="app"),
    _row("ReadBlockLists", "read-block-lists", "BlockList", _CHAT, level="app"),
    _row("UpdateBlockList", "update-block-list", "BlockList", _CHAT, level="app"),
    _row("DeleteBlockList", "delete-block-list", "BlockList", _CHAT, level="app"),
    _row("ReadModerationConfig", "read-moderation-config", "ModerationConfig", _CHAT, level="app"),
    _row("UpsertModerationConfig", "upsert-moderation-config", "ModerationConfig", _CHAT, level="app"),
    _row("DeleteModerationConfig", "delete-moderation-config", "ModerationConfig", _CHAT, level="app"),
    Action(
        "QueryModerationReviewQueue",
        "query-moderation-review-queue",
        "ModerationReviewQueue",
        "ModerationReviewQueue",
        "app",
        _CHAT,
    ),
    Action(
        "SubmitModerationAction",
        "submit-moderation-action",
        "ModerationReviewQueue",
        "ModerationReviewQueue",
        "app",
        _CHAT,
    ),
)

INDEX: Final[dict[str, int]] = {action.name: position for position, action in enumerate(ACTIONS)}
"""Position of each action by name."""

BIT: Final[dict[str, int]] = {action.name: 1 << position for position, action in enumerate(ACTIONS)}
"""Mask of each action by name: one bit."""

ALL: Final[int] = (1 << len(ACTIONS)) - 1
"""Mask of every action."""

CREATOR_OWNED: Final[int] = sum(BIT[action.name] for action in ACTIONS if action.owner_resource in {"Call", "Channel"})
"""Actions whose `-owner` permissions speak to the creator of the call or channel; the others speak to the author."""
