"""Users: written by servers, and their `custom` by themselves if they may; searched by those who may."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from rolecall.domain.errors import InvalidInput, NotFound
from rolecall.domain.names import check_id, shown
from rolecall.domain.records import UserRecord
from rolecall.domain.roles import check_role
from rolecall.service.administration.access import Access
from rolecall.service.administration.changes import KEEP, Keep, Listing, Page, UserChange
from rolecall.service.administration.checks import (
    check_count,
    check_ids,
    check_time,
    checked_custom,
    custom_roles,
    merged_custom,
    merged_extras,
    sent,
    stamped,
)
from rolecall.service.administration.paging import window
from rolecall.service.administration.permit import Permit, in_team, server_only
from rolecall.service.callers import Caller
from rolecall.store import Reader, Transaction

MAX_TEAMS: Final = 250
_SERVER_FIELDS: Final = ("role", "teams", "teams_role", "banned", "deactivated", "revoke_tokens_issued_before")
"""What no user writes of itself: a permission held in one team only would otherwise give power everywhere."""


class Users:
    """Writes and reads users."""

    def __init__(self, access: Access, permit: Permit) -> None:
        self._access = access
        self._permit = permit

    async def upsert(self, caller: Caller, changes: Sequence[UserChange]) -> tuple[tuple[UserRecord, ...], int]:
        """Create users and change those that are there, all or none; a user may change its own `custom`."""
        if not changes:
            raise InvalidInput("`users` is required", field="users")
        check_count(len(changes), "users")
        check_ids((change.id, f"users[{place}].id") for place, change in enumerate(changes))
        checks = [checked(change, f"users[{place}]") for place, change in enumerate(changes)]
        for place, change in enumerate(changes):
            _check_own(caller, change, f"users[{place}]")
        return await self._access.write(caller, lambda tx: self._upsert(tx, caller, checks))

    async def _upsert(self, tx: Transaction, caller: Caller, changes: Sequence[UserChange]) -> tuple[UserRecord, ...]:
        stored = await tx.users({change.id for change in changes})
        for change in changes:
            await self._authorize(caller, change, stored.get(change.id))
        return await put_users(tx, changes, [f"users[{place}]" for place in range(len(changes))])

    async def _authorize(self, caller: Caller, change: UserChange, stored: UserRecord | None) -> None:
        """Ask for a user that changes itself; it is its own owner and of its own teams."""
        if stored is None:  # an unknown user may do nothing, so not create itself either
            await self._permit.require_in_app(caller, "UpdateUser", (), author=change.id)
        teams = stored.teams if stored else ()
        if change.custom is not KEEP:
            await self._permit.require_in_app(caller, "UpdateUser", teams, author=change.id)

    async def get(self, caller: Caller, user_id: str) -> tuple[UserRecord, int]:
        """Return one user, "" for the caller itself; any other takes SearchUser."""
        user_id = check_id(user_id or caller.user_id, "user_id")
        async with self._access.read(caller) as (reader, revision):
            record = await reader.user(user_id)
            if caller.user_id != user_id:
                viewer = await self._viewer(reader, caller)
                await self._permit.require_in_app(caller, "SearchUser", _teams(viewer, record))
            if record is None:
                raise _unknown(user_id, "user_id")
            return record, revision

    async def list(self, caller: Caller, page: Page) -> Listing[UserRecord]:
        """Return a page of the users, by id; a user sees those it may search."""
        part = window(page, "users")
        async with self._access.read(caller) as (reader, revision):
            viewer = await self._viewer(reader, caller)
            await self._permit.require_in_app(caller, "SearchUser", _teams(viewer, viewer))
            rows, token = part.cut(await reader.list_users(part.limit + 1, part.after), lambda user: user.id)
            return Listing(await self._visible(caller, viewer, rows), token, revision)

    async def _visible(
        self, caller: Caller, viewer: UserRecord | None, rows: tuple[UserRecord, ...]
    ) -> tuple[UserRecord, ...]:
        """Return those that the caller may search in some team they are of; each team is asked about once."""
        if caller.server_side:
            return rows
        asked = sorted({team for row in rows for team in _teams(viewer, row)})
        verdicts = await self._permit.allowed(caller, [in_team(team) for team in asked], "SearchUser")
        allowed = {team for team, verdict in zip(asked, verdicts, strict=True) if verdict}
        return tuple(row for row in rows if allowed.intersection(_teams(viewer, row)))

    async def _viewer(self, reader: Reader, caller: Caller) -> UserRecord | None:
        return None if caller.server_side else await reader.user(caller.user_id)

    async def delete(self, caller: Caller, user_ids: Sequence[str]) -> int:
        """Delete users, all or none; server-side only."""
        server_only(caller, "deleting users")
        if not user_ids:
            raise InvalidInput("`user_ids` is required", field="user_ids")
        check_count(len(user_ids), "user_ids")
        check_ids((user_id, f"user_ids[{place}]") for place, user_id in enumerate(user_ids))
        return (await self._access.write(caller, lambda tx: _delete(tx, user_ids)))[1]


async def put_users(tx: Transaction, changes: Sequence[UserChange], fields: Sequence[str]) -> tuple[UserRecord, ...]:
    """Create and change users whose changes were checked, and may be made; `fields` are where the request has each."""
    stored = await tx.users({change.id for change in changes})
    custom = await custom_roles(tx, _roles(changes))
    records = tuple(
        stamped(_merged(change, stored.get(change.id), custom, field, tx.now), stored.get(change.id), tx.now)
        for change, field in zip(changes, fields, strict=True)
    )
    await tx.put_users([record for record in records if record is not stored.get(record.id)])
    return records


async def _delete(tx: Transaction, user_ids: Sequence[str]) -> None:
    gone = set(await tx.delete_users(user_ids))
    for place, user_id in enumerate(user_ids):
        if user_id not in gone:
            raise _unknown(user_id, f"user_ids[{place}]")  # and what was deleted above is rolled back


def _unknown(user_id: str, field: str) -> NotFound:
    return NotFound(f"user {shown(user_id)} does not exist", field=field, reason="USER_NOT_FOUND")


def _check_own(caller: Caller, change: UserChange, field: str) -> None:
    """Refuse what only a server may write."""
    if change.id != caller.user_id:
        server_only(caller, f"writing user {shown(change.id)}", f"{field}.id")
    for name in _SERVER_FIELDS:
        if getattr(change, name) is not KEEP:
            server_only(caller, f"writing `{name}`", f"{field}.{name}")


def _teams(viewer: UserRecord | None, user: UserRecord | None) -> tuple[str, ...]:
    """Return the teams to judge a user in: those shared with the viewer, else one of its own, else none ("")."""
    teams = user.teams if user else ()
    shared = tuple(team for team in teams if viewer and team in viewer.teams)
    return shared or teams[:1] or ("",)


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
