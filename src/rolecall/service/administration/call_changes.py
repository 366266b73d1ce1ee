"""What a change makes of a call and its members, and which actions it takes of a user. Reads and writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from rolecall.domain.names import check_text
from rolecall.domain.records import CallMemberRecord, CallRecord, Settings
from rolecall.domain.roles import DEFAULT_CALL_ROLE, canonical, check_role
from rolecall.domain.settings import merge_settings
from rolecall.service.administration.changes import KEEP, CallChange, CallMemberChange, Keep
from rolecall.service.administration.checks import (
    check_time,
    checked_custom,
    merged_custom,
    merged_extras,
    sent,
    stamped,
)

SETTINGS_FIELD: Final = "settings_override"
_BACKSTAGE: Final = "backstage.enabled"

Members = Mapping[str, CallMemberRecord]


def checked(change: CallChange) -> CallChange:
    """Return a change of a call whose values are well formed."""
    if not isinstance(change.team, Keep):
        check_text(change.team, "team")
    if not isinstance(change.starts_at, Keep):
        check_time(change.starts_at, "starts_at")
    custom = checked_custom(change.custom, "custom")
    return replace(change, custom=custom, members=checked_members(change.members, "members"))


def checked_members(changes: Sequence[CallMemberChange], field: str) -> tuple[CallMemberChange, ...]:
    """Return changes of members whose values are well formed."""
    return tuple(
        replace(change, custom=checked_custom(change.custom, f"{field}[{place}].custom"))
        for place, change in enumerate(changes)
    )


# --- what becomes of it ----------------------------------------------------------------------------------------------


def new_call(cid: str, settings: Settings, now: int) -> CallRecord:
    """Return a call as its type makes it, before anything the request says."""
    backstage = bool(settings.get(_BACKSTAGE, False))
    return CallRecord(cid, settings=settings, backstage=backstage, created_at=now, updated_at=now)


def merged(change: CallChange, base: CallRecord) -> CallRecord:
    """Return a call after a change; a changed `backstage.enabled` puts it into backstage, or takes it out."""
    settings = merge_settings(base.settings, change.settings, SETTINGS_FIELD)
    switched = settings.get(_BACKSTAGE) != base.settings.get(_BACKSTAGE)
    return replace(
        base,
        created_by_id=sent(change.created_by_id, base.created_by_id),
        team=sent(change.team, base.team),
        settings=settings,
        backstage=bool(settings.get(_BACKSTAGE)) if switched else base.backstage,
        starts_at=sent(change.starts_at, base.starts_at),
        custom=merged_custom(change.custom, base.custom, "custom"),
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


# --- what it takes ---------------------------------------------------------------------------------------------------


def actions_to_create(change: CallChange) -> Iterator[str]:
    """Return the actions a user needs to create a call."""
    yield "CreateCall"
    if change.settings:
        yield "UpdateCallSettings"
    if any(_gives_role(member, None) for member in change.members):
        yield "UpdateCallMemberRole"


def actions_to_change(change: CallChange, members: Members) -> Iterator[str]:
    """Return the actions a user needs to change a call."""
    yield "ReadCall"
    if change.settings:
        yield "UpdateCallSettings"
    if change.custom is not KEEP or change.starts_at is not KEEP:
        yield "UpdateCall"
    yield from actions_on_members(change.members, members)


def actions_on_members(changes: Sequence[CallMemberChange], members: Members) -> Iterator[str]:
    """Return the actions a user needs to add or change members."""
    if any(change.user_id not in members or change.custom is not KEEP for change in changes):
        yield "UpdateCallMember"
    if any(_gives_role(change, members.get(change.user_id)) for change in changes):
        yield "UpdateCallMemberRole"
    if any(_only_named(change, members.get(change.user_id)) for change in changes):
        yield "ReadCall"  # the answer shows what is stored of the member


def _only_named(change: CallMemberChange, stored: CallMemberRecord | None) -> bool:
    return stored is not None and change.custom is KEEP and not _gives_role(change, stored)


def _gives_role(change: CallMemberChange, stored: CallMemberRecord | None) -> bool:
    """Tell whether a member comes out with another role than it has, or than any new member gets."""
    current = stored.role if stored else DEFAULT_CALL_ROLE
    return not isinstance(change.role, Keep) and canonical(change.role) != current
