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

ACTIONS: Final[tuple[Action, ...]] = (
    Action("BlockUser", "block-user", "Call", "Call", "channel", _VIDEO),
    Action("ChangeMaxDuration", "change-max-duration", "Call", "Call", "channel", _VIDEO),
    Action("CreateCall", "create-call", "Call", "Call", "channel", ("video", "chat")),
    Action("CreateCallReaction", "create-call-reaction", "Call", "Call", "channel", _VIDEO),
    Action("DeleteCall", "delete-call", "Call", "Call", "channel", _VIDEO),
    Action("DeleteRecording", "delete-recording", "Call", "Call", "channel", _VIDEO),
    Action("DeleteTranscription", "delete-transcription", "Call", "Call", "channel", _VIDEO),
    Action("EnableNoiseCancellation", "enable-noise-cancellation", "Call", "Call", "channel", _VIDEO),
    Action("EndCall", "end-call", "Call", "Call", "channel", _VIDEO),
    Action("JoinBackstage", "join-backstage", "Call", "Call", "channel", _VIDEO),
    Action("JoinCall", "join-call", "Call", "Call", "channel", ("video", "chat")),
    Action("JoinEndedCall", "join-ended-call", "Call", "Call", "channel", _VIDEO),
    Action("KickUser", "kick-user", "Call", "Call", "channel", _VIDEO),
    Action("ListRecordings", "list-recordings", "Call", "Call", "channel", _VIDEO),
    Action("ListTranscriptions", "list-transcriptions", "Call", "Call", "channel", _VIDEO),
    Action("MuteUsers", "mute-users", "Call", "Call", "channel", _VIDEO),
    Action("PinCallTrack", "pin-call-track", "Call", "Call", "channel", _VIDEO),
    Action("ReadCall", "read-call", "Call", "Call", "channel", _VIDEO),
    Action("ReadCallStats", "read-call-stats", "Call", "Call", "channel", _VIDEO),
    Action("RemoveCallMember", "remove-call-member", "Call", "Call", "channel", _VIDEO),
    Action("Screenshare", "screenshare", "Call", "Call", "channel", _VIDEO),
    Action("SendAudio", "send-audio", "Call", "Call", "channel", _VIDEO),
    Action("SendClosedCaptions", "send-closed-captions", "Call", "Call", "channel", _VIDEO),
    Action("SendEvent", "send-event", "Call", "Call", "channel", _VIDEO),
    Action("SendVideo", "send-video", "Call", "Call", "channel", _VIDEO),
    Action("StartBroadcasting", "start-broadcasting", "Call", "Call", "channel", _VIDEO),
    Action("StartClosedCaptions", "start-closed-captions", "Call", "Call", "channel", _VIDEO),
    Action("StartFrameRecording", "start-frame-recording", "Call", "Call", "channel", _VIDEO),
    Action("StartIndividualRecording", "start-individual-recording", "Call", "Call", "channel", _VIDEO),
    Action("StartRawRecording", "start-raw-recording", "Call", "Call", "channel", _VIDEO),
    Action("StartRecording", "start-recording", "Call", "Call", "channel", _VIDEO),
    Action("StartTranscription", "start-transcription", "Call", "Call", "channel", _VIDEO),
    Action("StopBroadcasting", "stop-broadcasting", "Call", "Call", "channel", _VIDEO),
    Action("StopClosedCaptions", "stop-closed-captions", "Call", "Call", "channel", _VIDEO),
    Action("StopFrameRecording", "stop-frame-recording", "Call", "Call", "channel", _VIDEO),
    Action("StopIndividualRecording", "stop-individual-recording", "Call", "Call", "channel", _VIDEO),
    Action("StopRawRecording", "stop-raw-recording", "Call", "Call", "channel", _VIDEO),
    Action("StopRecording", "stop-recording", "Call", "Call", "channel", _VIDEO),
    Action("StopTranscription", "stop-transcription", "Call", "Call", "channel", _VIDEO),
    Action("UpdateCall", "update-call", "Call", "Call", "channel", _VIDEO),
    Action("UpdateCallMember", "update-call-member", "Call", "Call", "channel", _VIDEO),
    Action("UpdateCallMemberRole", "update-call-member-role", "Call", "Call", "channel", _VIDEO),
    Action("UpdateCallPermissions", "update-call-permissions", "Call", "Call", "channel", _VIDEO),
    Action("UpdateCallSettings", "update-call-settings", "Call", "Call", "channel", _VIDEO),
    Action("AddLinks", "add-links", "Channel", "Channel", "channel", _CHAT),
    Action("AddOwnChannelMembership", "add-own-channel-membership", "Channel", "Channel", "channel", _CHAT),
    Action("BanChannelMember", "ban-channel-member", "Channel", "Channel", "channel", _CHAT),
    Action("CreateChannel", "create-channel", "Channel", "Channel", "channel", _CHAT),
    Action(
        "CreateDistinctChannelForOthers", "create-distinct-channel-for-others", "Channel", "Channel", "channel", _CHAT
    ),
    Action("CreateMessage", "create-message", "Channel", "Channel", "channel", _CHAT),
    Action("CreateAttachment", "create-attachment", "Channel", "Channel", "channel", _CHAT),
    Action("CreateMention", "create-mention", "Channel", "Channel", "channel", _CHAT),
    Action("CreateReaction", "create-reaction", "Channel", "Channel", "channel", _CHAT),
    Action("CreateSystemMessage", "create-system-message", "Channel", "Channel", "channel", _CHAT),
    Action("DeleteChannel", "delete-channel", "Channel", "Channel", "channel", _CHAT),
    Action("DeleteReaction", "delete-reaction", "Channel", "Reaction", "channel", _CHAT),
    Action("FlagMessage", "flag-message", "Channel", "Channel", "channel", _CHAT),
    Action("MuteChannel", "mute-channel", "Channel", "Channel", "channel", _CHAT),
    Action("PinMessage", "pin-message", "Channel", "Channel", "channel", _CHAT),
    Action("ReadChannel", "read-channel", "Channel", "Channel", "channel", _CHAT),
    Action("ReadChannelMembers", "read-channel-members", "Channel", "Channel", "channel", _CHAT),
    Action("ReadDisabledChannel", "read-disabled-channel", "Channel", "Channel", "channel", _CHAT),
    Action("ReadMessageFlags", "read-message-flags", "Channel", "Channel", "channel", _CHAT),
    Action("RecreateChannel", "recreate-channel", "Channel", "Channel", "channel", _CHAT),
    Action("RemoveOwnChannelMembership", "remove-own-channel-membership", "Channel", "Channel", "channel", _CHAT),
    Action("SendCustomEvent", "send-custom-event", "Channel", "Channel", "channel", _CHAT),
    Action("SkipChannelCooldown", "skip-channel-cooldown", "Channel", "Channel", "channel", _CHAT),
    Action("SkipMessageModeration", "skip-message-moderation", "Channel", "Channel", "channel", _CHAT),
    Action("TruncateChannel", "truncate-channel", "Channel", "Channel", "channel", _CHAT),
    Action("UpdateChannel", "update-channel", "Channel", "Channel", "channel", _CHAT),
    Action("UpdateChannelCooldown", "update-channel-cooldown", "Channel", "Channel", "channel", _CHAT),
    Action("UpdateChannelFrozen", "update-channel-frozen", "Channel", "Channel", "channel", _CHAT),
    Action("UpdateChannelMembers", "update-channel-members", "Channel", "Channel", "channel", _CHAT),
    Action("UploadAttachment", "upload-attachment", "Channel", "Channel", "channel", _CHAT),
    Action("UseFrozenChannel", "use-frozen-channel", "Channel", "Channel", "channel", _CHAT),
    Action("DeleteMessage", "delete-message", "Message", "Message", "channel", _CHAT),
    Action("RunMessageAction", "run-message-action", "Message", "Message", "channel", _CHAT),
    Action("UnblockMessage", "unblock-message", "Message", "Message", "channel", _CHAT),
    Action("UpdateMessage", "update-message", "Message", "Message", "channel", _CHAT),
    Action("DeleteAttachment", "delete-attachment", "Attachment", "Attachment", "channel", _CHAT),
    Action("BanUser", "ban-user", "User", "User", "channel", _CHAT),
    Action("FlagUser", "flag-user", "User", "User", "app", _CHAT),
    Action("MuteUser", "mute-user", "User", "User", "app", _CHAT),
    Action("SearchUser", "search-user", "User", "User", "app", _CHAT),
    Action("UpdateUser", "update-user", "User", "User", "app", _CHAT),
    Action("UpdateUserRole", "update-user-role", "User", "User", "app", _CHAT),
    Action("UpdateUserTeams", "update-user-teams", "User", "User", "app", _CHAT),
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
    Action("ReadFlagReports", "read-flag-reports", "FlagReport", "FlagReport", "app", _CHAT),
    Action("UpdateFlagReport", "update-flag-report", "FlagReport", "FlagReport", "app", _CHAT),
    Action("CreateReply", "create-reply", "Channel", "Channel", "channel", _CHAT),
    Action("CastVote", "cast-vote", "Channel", "Channel", "channel", _CHAT),
    Action("QueryVotes", "query-votes", "Channel", "Channel", "channel", _CHAT),
    Action("SendPoll", "send-poll", "Channel", "Channel", "channel", _CHAT),
    Action("UpdateThread", "update-thread", "Message", "Message", "channel", _CHAT),
    Action("ShareLocation", "share-location", "Channel", "Channel", "channel", _CHAT),
    Action("NotifyChannel", "notify-channel", "Channel", "Channel", "channel", _CHAT),
    Action("NotifyHere", "notify-here", "Channel", "Channel", "channel", _CHAT),
    Action("NotifyRole", "notify-role", "Channel", "Channel", "channel", _CHAT),
    Action("NotifyGroup", "notify-group", "Channel", "Channel", "channel", _CHAT),
    Action("CreatePoll", "create-poll", "Poll", "Poll", "app", _CHAT),
    Action("UpdatePoll", "update-poll", "Poll", "Poll", "app", _CHAT),
    Action("DeletePoll", "delete-poll", "Poll", "Poll", "app", _CHAT),
    Action("ClosePoll", "close-poll", "Poll", "Poll", "app", _CHAT),
    Action("QueryPolls", "query-polls", "Poll", "Poll", "app", _CHAT),
    Action("ReadRoles", "read-roles", "Role", "Role", "app", _CHAT),
    Action("CreateUserGroup", "create-user-group", "UserGroup", "UserGroup", "app", _CHAT),
    Action("ReadUserGroups", "read-user-groups", "UserGroup", "UserGroup", "app", _CHAT),
    Action("UpdateUserGroup", "update-user-group", "UserGroup", "UserGroup", "app", _CHAT),
    Action("DeleteUserGroup", "delete-user-group", "UserGroup", "UserGroup", "app", _CHAT),
    Action("UploadAttachmentGlobal", "upload-attachment-global", "Attachment", "Attachment", "app", _CHAT),
    Action("DeleteAttachmentGlobal", "delete-attachment-global", "Attachment", "Attachment", "app", _CHAT),
    Action("CreateBlockList", "create-block-list", "BlockList", "BlockList", "app", _CHAT),
    Action("ReadBlockLists", "read-block-lists", "BlockList", "BlockList", "app", _CHAT),
    Action("UpdateBlockList", "update-block-list", "BlockList", "BlockList", "app", _CHAT),
    Action("DeleteBlockList", "delete-block-list", "BlockList", "BlockList", "app", _CHAT),
    Action("ReadModerationConfig", "read-moderation-config", "ModerationConfig", "ModerationConfig", "app", _CHAT),
    Action("UpsertModerationConfig", "upsert-moderation-config", "ModerationConfig", "ModerationConfig", "app", _CHAT),
    Action("DeleteModerationConfig", "delete-moderation-config", "ModerationConfig", "ModerationConfig", "app", _CHAT),
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
