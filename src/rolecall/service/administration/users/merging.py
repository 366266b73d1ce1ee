"""What becomes of a user that is written: checks of what was sent, and the records that follow from it.

Whether the caller may write is asked in `users.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from rolecall.domain.errors import AlreadyExists, InvalidInput
from rolecall.domain.facts import ANONYMOUS
from rolecall.domain.names import check_id, shown
from rolecall.domain.records import UserRecord
from rolecall.domain.roles import check_role
from rolecall.service.administration.changes import Keep
from rolecall.service.administration.checks import (
    check_time,
    checked_custom,
    custom_roles,
    merged_custom,
    merged_extras,
    sent,
    stamped,
)
from rolecall.service.administration.users.values import UserChange
from rolecall.store import Transaction

MAX_TEAMS: Final = 250


async def put_users(tx: Transaction, changes: Sequence[UserChange], fields: Sequence[str]) -> tuple[UserRecord, ...]:
    """Create and change users whose changes were checked, and may be made; `fields` are where the request has each."""
    for change, field in zip(changes, fields, strict=True):
        if change.id == ANONYMOUS.id:
            raise InvalidInput(f"user {shown(change.id)} is who calls without a token and can't be stored", field=field)
    stored = await tx.users({change.id for change in changes})
    custom = await custom_roles(tx, _roles(changes))
    records = tuple(
        stamped(_merged(change, stored.get(change.id), custom, field, tx.now), stored.get(change.id), tx.now)
        for change, field in zip(changes, fields, strict=True)
    )
    await _check_names(tx, stored, records, fields)
    await tx.put_users([record for record in records if record is not stored.get(record.id)])
    return records


# --- names that only one user may have -------------------------------------------------------------------------------


async def _check_names(
    tx: Transaction, stored: Mapping[str, UserRecord], records: Sequence[UserRecord], fields: Sequence[str]
) -> None:
    """Refuse a name that another user has, where the app's `enforce_unique_usernames` asks for it.

    Users that this write does not rename, nor move between teams, are not asked about: they may have had the name
    before the app asked.
    """
    within = tx.app.extras.get("enforce_unique_usernames", "no")
    named = {record.id: (record, field) for record, field in zip(records, fields, strict=True) if _name(record)}
    renamed = [user_id for user_id, (record, _) in named.items() if _identity(record) != _identity(stored.get(user_id))]
    if within not in {"app", "team"} or not renamed:
        return
    written = {record.id for record in records}
    others = await tx.users_named({_name(named[user_id][0]) for user_id in renamed})
    holders: defaultdict[str, list[UserRecord]] = defaultdict(list)
    for holder in (*(one for one in others if one.id not in written), *(record for record, _ in named.values())):
        holders[_name(holder)].append(holder)
    for record, field in (named[user_id] for user_id in renamed):
        if any(one.id != record.id and _meet(one, record, within) for one in holders[_name(record)]):
            raise AlreadyExists(
                f"username '{_name(record)}' already exists", field=f"{field}.name", reason="USERNAME_TAKEN"
            )


def _name(record: UserRecord) -> str:
    return str(record.extras.get("name", ""))


def _identity(record: UserRecord | None) -> object:
    """Return what decides whose name is in the way of this user's."""
    return record and (_name(record), set(record.teams))


def _meet(one: UserRecord, other: UserRecord, within: str) -> bool:
    return within == "app" or not set(one.teams).isdisjoint(other.teams)


# --- what a user becomes ---------------------------------------------------------------------------------------------


def _roles(changes: Sequence[UserChange]) -> Iterator[str]:
    for change in changes:
        if not isinstance(change.role, Keep):
            yield change.role
        if not isinstance(change.teams_role, Keep):
            yield from change.teams_role.values()


def checked(change: UserChange, field: str) -> UserChange:
    """Return a change whose values are well formed; whether its roles exist is for the store to say."""
    if not isinstance(change.teams, Keep):
        teams = tuple(dict.fromkeys(change.teams))
        _check_teams(teams, f"{field}.teams")
        change = replace(change, teams=teams)
    if not isinstance(change.teams_role, Keep):
        _check_teams(tuple(change.teams_role), f"{field}.teams_role")
    change = replace(change, custom=checked_custom(change.custom, f"{field}.custom"))
    if not isinstance(change.revoke_tokens_issued_before, Keep):
        check_time(change.revoke_tokens_issued_before, f"{field}.revoke_tokens_issued_before")
    return change


def _check_teams(teams: Sequence[str], field: str) -> None:
    if len(teams) > MAX_TEAMS:
        raise InvalidInput(f"`{field}` may hold at most {MAX_TEAMS} teams, got {len(teams)}", field=field)
    for team in teams:
        check_id(team, field)


def _merged(change: UserChange, stored: UserRecord | None, custom: Collection[str], field: str, now: int) -> UserRecord:
    """Return a user after a change."""
    base = stored or UserRecord(change.id, created_at=now, updated_at=now)
    return replace(
        base,
        role=base.role if isinstance(change.role, Keep) else check_role(change.role, custom, f"{field}.role"),
        teams=sent(change.teams, base.teams),
        teams_role=_teams_role(change.teams_role, base, custom, f"{field}.teams_role"),
        custom=merged_custom(change.custom, base.custom, f"{field}.custom"),
        extras=merged_extras(change.extras, base.extras, field),
        banned=sent(change.banned, base.banned),
        deactivated=sent(change.deactivated, base.deactivated),
        revoke_tokens_issued_before=sent(change.revoke_tokens_issued_before, base.revoke_tokens_issued_before),
    )


def _teams_role(
    sent_roles: Mapping[str, str] | Keep, base: UserRecord, custom: Collection[str], field: str
) -> Mapping[str, str]:
    if isinstance(sent_roles, Keep):
        return base.teams_role
    return {team: check_role(role, custom, f"{field}.{team}") for team, role in sent_roles.items()}
