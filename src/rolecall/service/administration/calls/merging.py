"""What a change makes of a call and its members, and which actions it takes of a user. Reads and writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import check_text, parse_cid
from rolecall.domain.records import CallMemberRecord, CallRecord, Settings, TypeRecord
from rolecall.domain.roles import DEFAULT_CALL_ROLE, canonical, check_role
from rolecall.domain.settings import SETTINGS, check_leaves, is_off, merge_settings
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.changes import KEEP, Keep
from rolecall.service.administration.checks import (
    check_members,
    check_time,
    checked_custom,
    merged_custom,
    merged_extras,
    sent,
    stamped,
)
from rolecall.service.administration.creators import checked_creator

EXTRA_SETTINGS: Final = "settings."
"""How those of a type's or a call's extras begin that are settings."""

_BACKSTAGE: Final = "backstage.enabled"

Members = Mapping[str, CallMemberRecord]
Ids = tuple[str, ...]


def checked(change: CallChange) -> CallChange:
    """Return a change of a call whose values are well formed."""
    within = change.within
    parse_cid(change.cid, "cid")
    if not isinstance(change.team, Keep):
        check_text(change.team, f"{within}team")
    if not isinstance(change.starts_at, Keep):
        check_time(change.starts_at, f"{within}starts_at")
    _check_recording(change.settings, settings_field(change))
    custom = checked_custom(change.custom, f"{within}custom")
    members = checked_members(change.members, f"{within}members")
    check_members(f"{within}members", members)
    return replace(change, custom=custom, members=members)


def checked_new(change: CallChange) -> CallChange:
    """Return what a call is to be created from, well formed whether or not it will be; `creator` says by whom."""
    creator = checked_creator(change.created_by_id, change.creator, change.within)
    change = replace(checked(change), creator=creator)
    check_leaves(SETTINGS, change.settings, settings_field(change))
    return change


def settings_field(change: CallChange) -> str:
    """Return what the request calls the settings of a change."""
    return f"{change.within}settings_override"


def _check_recording(settings: Settings, field: str) -> None:
    """Refuse a recording that is wanted with video and in no quality."""
    wanted = settings.get("recording.mode") in {"available", "auto-on"}
    if wanted and settings.get("recording.audio_only") is False and not settings.get("recording.quality"):
        raise InvalidInput(
            "recording quality is required when audio_only is false and recording is enabled",
            field=f"{field}.recording.quality",
        )


def checked_members(changes: Sequence[CallMemberChange], field: str) -> tuple[CallMemberChange, ...]:
    """Return changes of members whose values are well formed."""
    return tuple(
        replace(change, custom=checked_custom(change.custom, f"{field}[{place}].custom"))
        for place, change in enumerate(changes)
    )


# --- what becomes of it ----------------------------------------------------------------------------------------------


def new_call(cid: str, of: TypeRecord, now: int) -> CallRecord:
    """Return a call as its type makes it, before anything the request says."""
    backstage = bool(of.settings.get(_BACKSTAGE, False))
    extras = {name: value for name, value in of.extras.items() if name.startswith(EXTRA_SETTINGS)}
    return CallRecord(cid, settings=of.settings, backstage=backstage, extras=extras, created_at=now, updated_at=now)


def merged(change: CallChange, base: CallRecord) -> CallRecord:
    """Return a call after a change; a changed `backstage.enabled` puts it into backstage, or takes it out."""
    settings = merge_settings(base.settings, change.settings, settings_field(change))
    if sent(change.extras, {}).get("video") is True and is_off(settings.get("video.enabled")):
        raise InvalidInput("Video is not enabled for this call", field=f"{change.within}video")
    switched = settings.get(_BACKSTAGE) != base.settings.get(_BACKSTAGE)
    return replace(
        base,
        created_by_id=sent(change.created_by_id, base.created_by_id),
        team=sent(change.team, base.team),
        settings=settings,
        backstage=bool(settings.get(_BACKSTAGE)) if switched else base.backstage,
        starts_at=sent(change.starts_at, base.starts_at),
        custom=merged_custom(change.custom, base.custom, f"{change.within}custom"),
        extras=merged_extras(change.extras, base.extras, "extras"),
    )


def merged_members(
    changes: Sequence[CallMemberChange], stored: Members, custom_roles: Collection[str], field: str, now: int
) -> tuple[CallMemberRecord, ...]:
    """Return the members named after a change, in the order of the request; one that stays as it is is the same.

    New ones are a nanosecond apart, so that their order is told by their age.
    """
    records = []
    for place, change in enumerate(changes):
        known = stored.get(change.user_id)
        base = known or CallMemberRecord(change.user_id, created_at=now + place, updated_at=now)
        role = base.role
        if not isinstance(change.role, Keep):
            role = check_role(change.role, custom_roles, f"{field}[{place}].role")
        custom = merged_custom(change.custom, base.custom, f"{field}[{place}].custom")
        records.append(stamped(replace(base, role=role, custom=custom), known, now))
    return tuple(records)


def member_events(
    stored: Members, records: Sequence[CallMemberRecord]
) -> Iterator[tuple[Literal["call.member_added", "call.member_updated", "call.member_updated_permission"], Ids]]:
    """Return what has become of members, each with whom it happened to; nothing of those that stayed as they were."""
    added = tuple(record.user_id for record in records if record.user_id not in stored)
    if added:
        yield "call.member_added", added
    changes = [(stored[record.user_id], record) for record in records if record.user_id in stored]
    updated = tuple(after.user_id for before, after in changes if repr(before.custom) != repr(after.custom))
    if updated:
        yield "call.member_updated", updated
    moved = tuple(after.user_id for before, after in changes if before.role != after.role)
    if moved:
        yield "call.member_updated_permission", moved


# --- what it takes ---------------------------------------------------------------------------------------------------


def actions_to_create(change: CallChange) -> Iterator[str]:
    """Return the actions a user needs to create a call."""
    yield "CreateCall"
    if _says_settings(change):
        yield "UpdateCallSettings"
    if any(_gives_role(member, None) for member in change.members):
        yield "UpdateCallMemberRole"


def actions_to_update(change: CallChange) -> Iterator[str]:
    """Return the actions a user needs to update a call that it must be able to read: what it changes goes first."""
    settings = _says_settings(change)
    if change.custom is not KEEP or change.starts_at is not KEEP or not settings:
        yield "UpdateCall"
    if settings:
        yield "UpdateCallSettings"
    yield "ReadCall"


def actions_to_change(change: CallChange, members: Members) -> Iterator[str]:
    """Return the actions a user needs to change a call."""
    yield "ReadCall"
    if _says_settings(change):
        yield "UpdateCallSettings"
    if change.custom is not KEEP or change.starts_at is not KEEP:
        yield "UpdateCall"
    yield from actions_on_members(change.members, members)


def actions_to_name(changes: Sequence[CallMemberChange], removals: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Return what a user needs to name members at all, of each group one action: whether they are any says nothing."""
    if changes:
        giving = all(change.role is not KEEP for change in changes)
        yield (*(("UpdateCallMemberRole",) if giving else ()), "UpdateCallMember", "ReadCall")
    if removals:
        yield ("RemoveCallMember",)


def actions_on_members(changes: Sequence[CallMemberChange], members: Members) -> Iterator[str]:
    """Return the actions a user needs to add or change members."""
    if any(change.user_id not in members or change.custom is not KEEP for change in changes):
        yield "UpdateCallMember"
    if any(_gives_role(change, members.get(change.user_id)) for change in changes):
        yield "UpdateCallMemberRole"
    if any(_only_named(change, members.get(change.user_id)) for change in changes):
        yield "ReadCall"  # the answer shows what is stored of the member


def _says_settings(change: CallChange) -> bool:
    return bool(change.settings) or any(name.startswith(EXTRA_SETTINGS) for name in sent(change.extras, {}))


def _only_named(change: CallMemberChange, stored: CallMemberRecord | None) -> bool:
    return stored is not None and change.custom is KEEP and not _gives_role(change, stored)


def _gives_role(change: CallMemberChange, stored: CallMemberRecord | None) -> bool:
    """Tell whether a member comes out with another role than it has, or than any new member gets."""
    current = stored.role if stored else DEFAULT_CALL_ROLE
    return not isinstance(change.role, Keep) and canonical(change.role) != current
