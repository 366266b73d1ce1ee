"""The five built-in channel types: grants by role, and config. Facts only; what they mean is decided elsewhere."""

from __future__ import annotations

from typing import Final


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GRANTS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "messaging": {
        "admin": _list(
            """
            add-links ban-channel-member ban-user cast-vote create-attachment create-call create-channel
            create-mention create-message create-reaction create-reply create-restricted-visibility-message
            create-system-message delete-attachment delete-channel delete-message delete-reaction flag-message
            join-call mute-channel pin-message query-votes read-channel read-channel-members read-message-flags
            recreate-channel remove-own-channel-membership run-message-action send-custom-event send-poll
            share-location-any-team skip-channel-cooldown skip-message-moderation truncate-channel unblock-message
            update-channel update-channel-cooldown update-channel-frozen update-channel-members update-message
            update-thread upload-attachment
            """
        ),
        "anonymous": (),
        "channel_member": _list(
            """
            add-links cast-vote create-attachment create-call create-mention create-message create-reaction
            create-reply flag-message join-call mute-channel pin-message query-votes read-channel
            read-channel-members remove-own-channel-membership run-message-action send-custom-event send-poll
            share-location-any-team upload-attachment
            """
        ),
        "channel_moderator": _list(
            """
            add-links ban-channel-member cast-vote create-attachment create-call create-mention create-message
            create-reaction create-reply create-restricted-visibility-message create-system-message
            delete-attachment delete-message delete-reaction flag-message join-call mute-channel pin-message
            query-votes read-channel read-channel-members read-message-flags remove-own-channel-membership
            run-message-action send-custom-event send-poll share-location-any-team skip-channel-cooldown
            skip-message-moderation unblock-message update-channel update-channel-cooldown update-channel-frozen
            update-channel-members update-message update-thread upload-attachment
            """
        ),
        "global_admin": _list(
            """
            add-links-any-team ban-channel-member-any-team ban-user-any-team cast-vote-any-team
            create-attachment-any-team create-call-any-team create-channel-any-team create-mention-any-team
            create-message-any-team create-reaction-any-team create-reply-any-team
            create-restricted-visibility-message-any-team create-system-message-any-team delete-attachment-any-team
            delete-channel-any-team delete-message-any-team delete-reaction-any-team flag-message-any-team
            join-call-any-team mute-channel-any-team pin-message-any-team query-votes-any-team read-channel-any-team
            read-channel-members-any-team read-message-flags-any-team recreate-channel-any-team
            remove-own-channel-membership-any-team run-message-action-any-team send-custom-event-any-team
            send-poll-any-team share-location-any-team skip-channel-cooldown-any-team
            skip-message-moderation-any-team truncate-channel-any-team unblock-message-any-team
            update-channel-any-team update-channel-cooldown-any-team update-channel-frozen-any-team
            update-channel-members-any-team update-message-any-team update-thread-any-team
            upload-attachment-any-team
            """
        ),
        "global_moderator": _list(
            """
            add-links-any-team ban-channel-member-any-team ban-user-any-team cast-vote-any-team
            create-attachment-any-team create-call-any-team create-channel-any-team create-mention-any-team
            create-message-any-team create-reaction-any-team create-reply-any-team
            create-restricted-visibility-message-any-team create-system-message-any-team delete-attachment-any-team
            delete-channel-owner-any-team delete-message-any-team delete-reaction-any-team flag-message-any-team
            join-call-any-team mute-channel-any-team pin-message-any-team query-votes-any-team read-channel-any-team
            read-channel-members-any-team read-message-flags-any-team recreate-channel-owner-any-team
            remove-own-channel-membership-any-team run-message-action-any-team send-custom-event-any-team
            send-poll-any-team share-location-any-team skip-channel-cooldown-any-team
            skip-message-moderation-any-team truncate-channel-owner-any-team unblock-message-any-team
            update-channel-any-team update-channel-cooldown-any-team update-channel-frozen-any-team
            update-channel-members-any-team update-message-any-team update-thread-any-team
            upload-attachment-any-team
            """
        ),
        "global_read_only": _list(
            """
            query-votes-any-team read-channel-any-team read-channel-members-any-team read-message-flags-any-team
            """
        ),
        "guest": (),
        "moderator": _list(
            """
            add-links ban-channel-member ban-user cast-vote create-attachment create-call create-channel
            create-mention create-message create-reaction create-reply create-restricted-visibility-message
            create-system-message delete-attachment delete-channel-owner delete-message delete-reaction flag-message
            join-call mute-channel pin-message query-votes read-channel read-channel-members read-message-flags
            recreate-channel-owner remove-own-channel-membership run-message-action send-custom-event send-poll
            share-location-any-team skip-channel-cooldown skip-message-moderation truncate-channel-owner
            unblock-message update-channel update-channel-cooldown update-channel-frozen update-channel-members
            update-message update-thread upload-attachment
            """
        ),
        "user": _list(
            """
            add-links-owner cast-vote create-attachment-owner create-channel create-mention-owner
            create-message-owner create-reaction-owner create-reply-owner delete-attachment-owner
            delete-channel-owner delete-message-owner delete-reaction-owner flag-message-owner mute-channel-owner
            pin-message-owner query-votes read-channel-members-owner read-channel-owner recreate-channel-owner
            remove-own-channel-membership-owner run-message-action-owner send-custom-event-owner send-poll
            share-location-any-team truncate-channel-owner update-channel-members-owner update-channel-owner
            update-message-owner update-thread-owner upload-attachment-owner
            """
        ),
    },
    "livestream": {
        "admin": _list(
            """
            add-links ban-channel-member ban-user cast-vote create-attachment create-call create-channel
            create-mention create-message create-reaction create-reply create-restricted-visibility-message
            create-system-message delete-attachment delete-channel delete-message delete-reaction flag-message
            join-call join-call-any-team mute-channel pin-message query-votes read-channel read-channel-members
            read-message-flags recreate-channel remove-own-channel-membership run-message-action send-custom-event
            send-poll skip-channel-cooldown skip-message-moderation truncate-channel unblock-message update-channel
            update-channel-cooldown update-channel-frozen update-channel-members update-message update-thread
            upload-attachment
            """
        ),
        "anonymous": _list(
            """
            join-call read-channel read-channel-members
            """
        ),
        "channel_member": _list(
            """
            join-call-any-team
            """
        ),
        "channel_moderator": _list(
            """
            ban-channel-member cast-vote create-call create-system-message delete-attachment delete-message
            delete-reaction join-call-any-team pin-message query-votes read-message-flags send-poll
            skip-channel-cooldown skip-message-moderation unblock-message update-channel-cooldown
            update-channel-frozen update-message update-thread
            """
        ),
        "global_admin": _list(
            """
            add-links-any-team ban-channel-member-any-team ban-user-any-team cast-vote-any-team
            create-attachment-any-team create-call-any-team create-channel-any-team create-mention-any-team
            create-message-any-team create-reaction-any-team create-reply-any-team
            create-restricted-visibility-message-any-team create-system-message-any-team delete-attachment-any-team
            delete-channel-any-team delete-message-any-team delete-reaction-any-team flag-message-any-team
            join-call-any-team mute-channel-any-team pin-message-any-team query-votes-any-team read-channel-any-team
            read-channel-members-any-team read-message-flags-any-team recreate-channel-any-team
            remove-own-channel-membership-any-team run-message-action-any-team send-custom-event-any-team
            send-poll-any-team skip-channel-cooldown-any-team skip-message-moderation-any-team
            truncate-channel-any-team unblock-message-any-team update-channel-any-team
            update-channel-cooldown-any-team update-channel-frozen-any-team update-channel-members-any-team
            update-message-any-team update-thread-any-team upload-attachment-any-team
            """
        ),
        "global_moderator": _list(
            """
            add-links-any-team ban-channel-member-any-team ban-user-any-team cast-vote-any-team
            create-attachment-any-team create-call-any-team create-channel-any-team create-mention-any-team
            create-message-any-team create-reaction-any-team create-reply-any-team create-system-message-any-team
            delete-attachment-any-team delete-message-any-team delete-reaction-any-team flag-message-any-team
            join-call-any-team mute-channel-any-team pin-message-any-team query-votes-any-team read-channel-any-team
            read-channel-members-any-team read-message-flags-any-team run-message-action-any-team
            send-custom-event-any-team send-poll-any-team skip-channel-cooldown-any-team
            skip-message-moderation-any-team unblock-message-any-team update-channel-cooldown-any-team
            update-channel-frozen-any-team update-message-any-team update-thread-any-team upload-attachment-any-team
            """
        ),
        "global_read_only": _list(
            """
            query-votes-any-team read-channel-any-team read-channel-members-any-team read-message-flags-any-team
            """
        ),
        "guest": _list(
            """
            flag-message join-call mute-channel read-channel read-channel-members
            """
        ),
        "moderator": _list(
            """
            add-links ban-channel-member ban-user cast-vote create-attachment create-call create-channel
            create-mention create-message create-reaction create-reply create-system-message delete-attachment
            delete-message delete-reaction flag-message join-call join-call-any-team mute-channel pin-message
            query-votes read-channel read-channel-members read-message-flags run-message-action send-custom-event
            send-poll skip-channel-cooldown skip-message-moderation unblock-message update-channel-cooldown
            update-channel-frozen update-message update-thread upload-attachment
            """
        ),
        "user": _list(
            """
            add-links cast-vote create-attachment create-channel create-mention create-message create-reaction
            create-reply delete-attachment-owner delete-message-owner delete-reaction-owner flag-message join-call
            mute-channel pin-message-owner query-votes read-channel read-channel-members run-message-action
            send-custom-event send-poll update-message-owner update-thread-owner upload-attachment
            """
        ),
    },
    "team": {
        "admin": _list(
            """
            add-links ban-channel-member ban-user cast-vote create-attachment create-call create-channel
            create-mention create-message create-reaction create-reply create-restricted-visibility-message
            create-system-message delete-attachment delete-channel delete-message delete-reaction flag-message
            join-call mute-channel pin-message query-votes read-channel read-channel-members read-message-flags
            recreate-channel remove-own-channel-membership run-message-action send-custom-event send-poll
            share-location-any-team skip-channel-cooldown skip-message-moderation truncate-channel unblock-message
            update-channel update-channel-cooldown update-channel-frozen update-channel-members update-message
            update-thread upload-attachment
            """
        ),
        "anonymous": (),
        "channel_member": _list(
            """
            add-links cast-vote create-attachment create-call create-mention create-message create-reaction
            create-reply flag-message join-call mute-channel pin-message query-votes read-channel
            read-channel-members remove-own-channel-membership run-message-action send-custom-event send-poll
            share-location-any-team upload-attachment
            """
        ),
        "channel_moderator": _list(
            """
            add-links ban-channel-member cast-vote create-attachment create-call create-mention create-message
            create-reaction create-reply create-restricted-visibility-message create-system-message
            delete-attachment delete-message delete-reaction flag-message join-call mute-channel pin-message
            query-votes read-channel read-channel-members read-message-flags remove-own-channel-membership
            run-message-action send-custom-event send-poll share-location-any-team skip-channel-cooldown
            skip-message-moderation unblock-message update-channel update-channel-cooldown update-channel-frozen
            update-channel-members update-message update-thread upload-attachment
            """
        ),
        "global_admin": _list(
            """
            add-links-any-team ban-channel-member-any-team ban-user-any-team cast-vote-any-team
            create-attachment-any-team create-call-any-team create-channel-any-team create-mention-any-team
            create-message-any-team create-reaction-any-team create-reply-any-team
            create-restricted-visibility-message-any-team create-system-message-any-team delete-attachment-any-team
            delete-channel-any-team delete-message-any-team delete-reaction-any-team flag-message-any-team
            join-call-any-team mute-channel-any-team pin-message-any-team query-votes-any-team read-channel-any-team
            read-channel-members-any-team read-message-flags-any-team recreate-channel-any-team
            remove-own-channel-membership-any-team run-message-action-any-team send-custom-event-any-team
            send-poll-any-team share-location-any-team skip-channel-cooldown-any-team
            skip-message-moderation-any-team truncate-channel-any-team unblock-message-any-team
            update-channel-any-team update-channel-cooldown-any-team update-channel-frozen-any-team
            update-channel-members-any-team update-message-any-team update-thread-any-team
            upload-attachment-any-team
            """
        ),
        "global_moderator": _list(
            """
            add-links-any-team ban-channel-member-any-team ban-user-any-team cast-vote-any-team
            create-attachment-any-team create-call-any-team create-channel-any-team create-mention-any-team
            create-message-any-team create-reaction-any-team create-reply-any-team
            create-restricted-visibility-message-any-team create-system-message-any-team delete-attachment-any-team
            delete-channel-owner-any-team delete-message-any-team delete-reaction-any-team flag-message-any-team
            join-call-any-team mute-channel-any-team pin-message-any-team query-votes-any-team read-channel-any-team
            read-channel-members-any-team read-message-flags-any-team recreate-channel-owner-any-team
            remove-own-channel-membership-any-team run-message-action-any-team send-custom-event-any-team
            send-poll-any-team share-location-any-team skip-channel-cooldown-any-team
            skip-message-moderation-any-team truncate-channel-owner-any-team unblock-message-any-team
            update-channel-any-team update-channel-cooldown-any-team update-channel-frozen-any-team
            update-channel-members-any-team update-message-any-team update-thread-any-team
            upload-attachment-any-team
            """
        ),
        "global_read_only": _list(
            """
            query-votes-any-team read-channel-any-team read-channel-members-any-team read-message-flags-any-team
            """
        ),
        "guest": (),
        "moderator": _list(
            """
            add-links ban-channel-member ban-user cast-vote create-attachment create-call create-channel
            create-mention create-message create-reaction create-reply create-restricted-visibility-message
            create-system-message delete-attachment delete-channel-owner delete-message delete-reaction flag-message
            join-call mute-channel pin-message query-votes read-channel read-channel-members read-message-flags
            recreate-channel-owner remove-own-channel-membership run-message-action send-custom-event send-poll
            share-location-any-team skip-channel-cooldown skip-message-moderation truncate-channel-owner
            unblock-message update-channel update-channel-cooldown update-channel-frozen update-channel-members
            update-message update-thread upload-attachment
            """
        ),
        "user": _list(
            """
            add-links-owner cast-vote create-attachment-owner create-channel create-mention-owner
            create-message-owner create-reaction-owner create-reply-owner delete-attachment-owner
            delete-channel-owner delete-message-owner delete-reaction-owner flag-message-owner mute-channel-owner
            pin-message-owner query-votes read-channel-members-owner read-channel-owner recreate-channel-owner
            remove-own-channel-membership-owner run-message-action-owner send-custom-event-owner send-poll
            share-location-any-team truncate-channel-owner update-channel-members-owner update-channel-owner
            update-message-owner update-thread-owner upload-attachment-owner
            """
        ),
    },
    "commerce": {
        "admin": _list(
            """
            add-links ban-channel-member ban-user cast-vote create-attachment create-call create-channel
            create-mention create-message create-reaction create-reply create-restricted-visibility-message
            create-system-message delete-attachment delete-channel delete-message delete-reaction flag-message
            join-call mute-channel pin-message query-votes read-channel read-channel-members read-message-flags
            recreate-channel remove-own-channel-membership run-message-action send-custom-event send-poll
            share-location-any-team skip-channel-cooldown skip-message-moderation truncate-channel unblock-message
            update-channel update-channel-cooldown update-channel-frozen update-channel-members update-message
            update-thread upload-attachment
            """
        ),
        "anonymous": (),
        "channel_member": _list(
            """
            add-links cast-vote create-attachment create-mention create-message create-reaction create-reply
            flag-message join-call mute-channel query-votes read-channel read-channel-members
            remove-own-channel-membership run-message-action send-custom-event send-poll share-location-any-team
            upload-attachment
            """
        ),
        "channel_moderator": _list(
            """
            add-links ban-channel-member cast-vote create-attachment create-call create-mention create-message
            create-reaction create-reply create-restricted-visibility-message create-system-message
            delete-attachment delete-message delete-reaction flag-message join-call mute-channel pin-message
            query-votes read-channel read-channel-members read-message-flags remove-own-channel-membership
            run-message-action send-custom-event send-poll share-location-any-team skip-channel-cooldown
            skip-message-moderation unblock-message update-channel update-channel-cooldown update-channel-frozen
            update-channel-members update-message update-thread upload-attachment
            """
        ),
        "global_admin": _list(
            """
            add-links-any-team ban-channel-member-any-team ban-user-any-team cast-vote-any-team
            create-attachment-any-team create-call-any-team create-channel-any-team create-mention-any-team
            create-message-any-team create-reaction-any-team create-reply-any-team
            create-restricted-visibility-message-any-team create-system-message-any-team delete-attachment-any-team
            delete-channel-any-team delete-message-any-team delete-reaction-any-team flag-message-any-team
            join-call-any-team mute-channel-any-team pin-message-any-team query-votes-any-team read-channel-any-team
            read-channel-members-any-team read-message-flags-any-team recreate-channel-any-team
            remove-own-channel-membership-any-team run-message-action-any-team send-custom-event-any-team
            send-poll-any-team share-location-any-team skip-channel-cooldown-any-team
            skip-message-moderation-any-team truncate-channel-any-team unblock-message-any-team
            update-channel-any-team update-channel-cooldown-any-team update-channel-frozen-any-team
            update-channel-members-any-team update-message-any-team update-thread-any-team
            upload-attachment-any-team
            """
        ),
        "global_moderator": _list(
            """
            add-links-any-team ban-channel-member-any-team ban-user-any-team cast-vote-any-team
            create-attachment-any-team create-call-any-team create-channel-any-team create-mention-any-team
            create-message-any-team create-reaction-any-team create-reply-any-team
            create-restricted-visibility-message-any-team create-system-message-any-team delete-attachment-any-team
            delete-message-any-team delete-reaction-any-team flag-message-any-team join-call-any-team
            mute-channel-any-team pin-message-any-team query-votes-any-team read-channel-any-team
            read-channel-members-any-team read-message-flags-any-team remove-own-channel-membership-any-team
            run-message-action-any-team send-custom-event-any-team send-poll-any-team share-location-any-team
            skip-channel-cooldown-any-team skip-message-moderation-any-team unblock-message-any-team
            update-channel-any-team update-channel-cooldown-any-team update-channel-frozen-any-team
            update-channel-members-any-team update-message-any-team update-thread-any-team
            upload-attachment-any-team
            """
        ),
        "global_read_only": _list(
            """
            query-votes-any-team read-channel-any-team read-channel-members-any-team read-message-flags-any-team
            """
        ),
        "guest": _list(
            """
            add-links create-channel delete-attachment-owner delete-message-owner delete-reaction-owner
            flag-message-owner mute-channel-owner pin-message-owner read-channel-members-owner read-channel-owner
            share-location-any-team update-channel-members-owner update-message-owner update-thread-owner
            upload-attachment
            """
        ),
        "moderator": _list(
            """
            add-links ban-channel-member ban-user cast-vote create-attachment create-call create-channel
            create-mention create-message create-reaction create-reply create-restricted-visibility-message
            create-system-message delete-attachment delete-message delete-reaction flag-message join-call
            mute-channel pin-message query-votes read-channel read-channel-members read-message-flags
            remove-own-channel-membership run-message-action send-custom-event send-poll share-location-any-team
            skip-channel-cooldown skip-message-moderation unblock-message update-channel update-channel-cooldown
            update-channel-frozen update-channel-members update-message update-thread upload-attachment
            """
        ),
        "user": _list(
            """
            add-links-owner cast-vote create-attachment-owner create-mention-owner create-message-owner
            create-reaction-owner create-reply-owner delete-attachment-owner delete-message-owner
            delete-reaction-owner flag-message-owner mute-channel-owner pin-message-owner query-votes
            read-channel-members-owner read-channel-owner remove-own-channel-membership-owner
            run-message-action-owner send-custom-event-owner send-poll share-location-any-team
            update-channel-members-owner update-message-owner update-thread-owner upload-attachment-owner
            """
        ),
    },
    "gaming": {
        "admin": _list(
            """
            add-links ban-channel-member ban-user cast-vote create-attachment create-call create-channel
            create-mention create-message create-reaction create-reply create-restricted-visibility-message
            create-system-message delete-attachment delete-channel delete-message delete-reaction flag-message
            join-call mute-channel pin-message query-votes read-channel read-channel-members read-message-flags
            recreate-channel remove-own-channel-membership run-message-action send-custom-event send-poll
            share-location-any-team skip-channel-cooldown skip-message-moderation truncate-channel unblock-message
            update-channel update-channel-cooldown update-channel-frozen update-channel-members update-message
            update-thread upload-attachment
            """
        ),
        "anonymous": (),
        "channel_member": _list(
            """
            add-links cast-vote create-attachment create-call create-mention create-message create-reaction
            create-reply flag-message join-call mute-channel query-votes read-channel read-channel-members
            remove-own-channel-membership run-message-action send-custom-event send-poll share-location-any-team
            upload-attachment
            """
        ),
        "channel_moderator": _list(
            """
            add-links ban-channel-member cast-vote create-attachment create-call create-mention create-message
            create-reaction create-reply create-system-message delete-attachment delete-message delete-reaction
            flag-message join-call mute-channel pin-message query-votes read-channel read-channel-members
            read-message-flags remove-own-channel-membership run-message-action send-custom-event send-poll
            share-location-any-team skip-channel-cooldown skip-message-moderation unblock-message
            update-channel-cooldown update-channel-frozen update-message update-thread upload-attachment
            """
        ),
        "global_admin": _list(
            """
            add-links-any-team ban-channel-member-any-team ban-user-any-team cast-vote-any-team
            create-attachment-any-team create-call-any-team create-channel-any-team create-mention-any-team
            create-message-any-team create-reaction-any-team create-reply-any-team
            create-restricted-visibility-message-any-team create-system-message-any-team delete-attachment-any-team
            delete-channel-any-team delete-message-any-team delete-reaction-any-team flag-message-any-team
            join-call-any-team mute-channel-any-team pin-message-any-team query-votes-any-team read-channel-any-team
            read-channel-members-any-team read-message-flags-any-team recreate-channel-any-team
            remove-own-channel-membership-any-team run-message-action-any-team send-custom-event-any-team
            send-poll-any-team share-location-any-team skip-channel-cooldown-any-team
            skip-message-moderation-any-team truncate-channel-any-team unblock-message-any-team
            update-channel-any-team update-channel-cooldown-any-team update-channel-frozen-any-team
            update-channel-members-any-team update-message-any-team update-thread-any-team
            upload-attachment-any-team
            """
        ),
        "global_moderator": _list(
            """
            add-links-any-team ban-channel-member-any-team ban-user-any-team cast-vote-any-team
            create-attachment-any-team create-call-any-team create-mention-any-team create-message-any-team
            create-reaction-any-team create-reply-any-team create-system-message-any-team delete-attachment-any-team
            delete-message-any-team delete-reaction-any-team flag-message-any-team join-call-any-team
            mute-channel-any-team pin-message-any-team query-votes-any-team read-channel-any-team
            read-channel-members-any-team read-message-flags-any-team remove-own-channel-membership-any-team
            run-message-action-any-team send-custom-event-any-team send-poll-any-team share-location-any-team
            skip-channel-cooldown-any-team skip-message-moderation-any-team unblock-message-any-team
            update-channel-cooldown-any-team update-channel-frozen-any-team update-message-any-team
            update-thread-any-team upload-attachment-any-team
            """
        ),
        "global_read_only": _list(
            """
            query-votes-any-team read-channel-any-team read-channel-members-any-team read-message-flags-any-team
            """
        ),
        "guest": (),
        "moderator": _list(
            """
            add-links ban-channel-member ban-user cast-vote create-attachment create-call create-mention
            create-message create-reaction create-reply create-system-message delete-attachment delete-message
            delete-reaction flag-message join-call mute-channel pin-message query-votes read-channel
            read-channel-members read-message-flags remove-own-channel-membership run-message-action
            send-custom-event send-poll share-location-any-team skip-channel-cooldown skip-message-moderation
            unblock-message update-channel-cooldown update-channel-frozen update-message update-thread
            upload-attachment
            """
        ),
        "user": _list(
            """
            add-links-owner cast-vote create-attachment-owner create-mention-owner create-message-owner
            create-reaction-owner create-reply-owner delete-attachment-owner delete-message-owner
            delete-reaction-owner flag-message-owner mute-channel-owner query-votes read-channel-members-owner
            read-channel-owner remove-own-channel-membership-owner run-message-action-owner send-custom-event-owner
            send-poll share-location-any-team update-message-owner update-thread-owner upload-attachment-owner
            """
        ),
    },
}
"""Channel type -> role -> permission ids, sorted."""

_MESSAGING_CONFIG: Final[dict[str, object]] = {
    "automod": "disabled",
    "automod_behavior": "flag",
    "commands": ("giphy",),
    "connect_events": True,
    "count_messages": False,
    "custom_events": True,
    "delivery_events": True,
    "mark_messages_pending": False,
    "max_message_length": 5000,
    "message_retention": "infinite",
    "mutes": True,
    "polls": False,
    "push_level": "all",
    "push_notifications": True,
    "quotes": True,
    "reactions": True,
    "read_events": True,
    "reminders": False,
    "replies": True,
    "search": True,
    "shared_locations": False,
    "skip_last_msg_update_for_system_msgs": False,
    "typing_events": True,
    "uploads": True,
    "url_enrichment": True,
    "user_message_reminders": False,
}

CONFIG: Final[dict[str, dict[str, object]]] = {
    "messaging": _MESSAGING_CONFIG,
    "livestream": _MESSAGING_CONFIG
    | {
        "commands": ("ban", "giphy", "mute", "unban", "unmute"),
        "connect_events": False,
        "delivery_events": False,
        "max_message_length": 280,
        "read_events": False,
        "search": False,
        "typing_events": False,
        "url_enrichment": False,
    },
    "team": _MESSAGING_CONFIG,
    "commerce": _MESSAGING_CONFIG
    | {
        "commands": ("ban", "mute", "unban", "unmute"),
    },
    "gaming": _MESSAGING_CONFIG
    | {
        "commands": ("ban", "giphy", "mute", "unban", "unmute"),
        "connect_events": False,
        "delivery_events": False,
        "max_message_length": 280,
        "read_events": False,
        "search": False,
        "typing_events": False,
    },
}
"""Channel type -> config field -> value."""
