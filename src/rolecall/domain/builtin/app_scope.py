"""The built-in grants of the `.app` scope, by role. Facts only."""

from __future__ import annotations

from typing import Final


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GRANTS: Final[dict[str, tuple[str, ...]]] = {
    "admin": _list(
        """
        close-poll create-block-list create-poll delete-block-list delete-moderation-config delete-poll flag-user
        mute-user query-moderation-review-queue query-polls-owner read-block-lists read-flag-reports
        read-moderation-config search-user submit-moderation-action update-block-list update-flag-report update-poll
        update-user-owner upsert-moderation-config
        """
    ),
    "anonymous": (),
    "channel_member": (),
    "channel_moderator": (),
    "global_admin": _list(
        """
        close-poll-any-team create-block-list-any-team create-poll-any-team delete-block-list-any-team
        delete-moderation-config-any-team delete-poll-any-team flag-user-any-team mute-user-any-team
        query-moderation-review-queue-any-team query-polls-owner-any-team read-block-lists-any-team
        read-flag-reports-any-team read-moderation-config-any-team search-user-any-team
        submit-moderation-action-any-team update-block-list-any-team update-flag-report-any-team
        update-poll-any-team update-user-owner upsert-moderation-config-any-team
        """
    ),
    "global_moderator": _list(
        """
        flag-user-any-team mute-user-any-team read-flag-reports-any-team search-user-any-team
        update-flag-report-any-team update-user-owner
        """
    ),
    "global_read_only": _list(
        """
        read-roles-any-team search-user-any-team
        """
    ),
    "guest": _list(
        """
        flag-user mute-user search-user update-user-owner
        """
    ),
    "moderator": _list(
        """
        flag-user mute-user read-flag-reports search-user update-flag-report update-user-owner
        """
    ),
    "user": _list(
        """
        close-poll-owner create-poll-any-team create-user-group delete-attachment-global-owner delete-poll-owner
        delete-user-group-owner flag-user mute-user query-polls-owner read-roles read-user-groups search-user
        update-poll-owner update-user-group-owner update-user-owner upload-attachment-global-owner
        """
    ),
}
"""Role -> permission ids, sorted."""
