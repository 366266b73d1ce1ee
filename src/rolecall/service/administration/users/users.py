"""Users: written by servers, and their `custom` by themselves if they may; searched by those who may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rolecall.domain.errors import Forbidden, InvalidInput
from rolecall.domain.names import check_id, shown
from rolecall.domain.records import UserRecord
from rolecall.domain.roles import canonical
from rolecall.service.administration.access import Access
from rolecall.service.administration.changes import KEEP, Keep, Listing, Page
from rolecall.service.administration.checks import check_count, check_ids
from rolecall.service.administration.paging import window
from rolecall.service.administration.permit import Permit, in_team, server_only
from rolecall.service.administration.query_pages import readable
from rolecall.service.administration.users import search as user_search
from rolecall.service.administration.users.deletion import delete_users, refuse_deleted, unknown
from rolecall.service.administration.users.merging import checked, put_users
from rolecall.service.administration.users.values import UserChange, UserDeletion, UserQuery
from rolecall.service.callers import Caller
from rolecall.store import Reader, Transaction
from rolecall.store.search import Search

__all__ = ["Users", "checked", "put_users"]

_SERVER_FIELDS: Final = ("banned", "deactivated", "revoke_tokens_issued_before")
"""What no user writes of itself; `role`, `teams` and `teams_role` neither, unless they are what they were."""


class Users:
    """Writes and reads users."""

    def __init__(self, access: Access, permit: Permit) -> None:
        self._access = access
        self._permit = permit

    async def upsert(
        self, caller: Caller, changes: Sequence[UserChange], fields: Sequence[str] = ()
    ) -> tuple[tuple[UserRecord, ...], int]:
        """Create users and change those that are there, all or none; a user may change its own `custom` and extras.

        `fields` is what errors call each change, by default its place in `users`.
        """
        fields = fields or [f"users[{place}]" for place in range(len(changes))]
        return await self._write(caller, changes, fields, [f"{field}.id" for field in fields], known=False)

    async def update(self, caller: Caller, changes: Sequence[UserChange]) -> tuple[tuple[UserRecord, ...], int]:
        """Change users that are there, all or none; as `upsert`, but NotFound when one is not.

        Errors call what is wrong with a change `users[0].set`.
        """
        places = range(len(changes))
        fields, ids = [f"users[{place}].set" for place in places], [f"users[{place}].id" for place in places]
        return await self._write(caller, changes, fields, ids, known=True)

    async def _write(
        self, caller: Caller, changes: Sequence[UserChange], fields: Sequence[str], ids: Sequence[str], *, known: bool
    ) -> tuple[tuple[UserRecord, ...], int]:
        if not changes:
            raise InvalidInput("`users` is required", field="users")
        check_count(len(changes), "users")
        check_ids((change.id, field) for change, field in zip(changes, ids, strict=True))
        checks = [checked(change, field) for change, field in zip(changes, fields, strict=True)]
        for change, field, id_field in zip(checks, fields, ids, strict=True):
            _check_own(caller, change, field, id_field)

        async def check(reader: Reader) -> None:
            stored = await reader.users({change.id for change in checks})
            for change, field, id_field in zip(checks, fields, ids, strict=True):
                await self._authorize(reader, caller, change, stored.get(change.id), field)
                if known and change.id not in stored:
                    raise unknown(change.id, id_field)

        async def work(tx: Transaction) -> tuple[UserRecord, ...]:
            await check(tx)
            return await put_users(tx, checks, fields)

        return await self._access.write(caller, work, precheck=check)

    async def _authorize(
        self, reader: Reader, caller: Caller, change: UserChange, stored: UserRecord | None, field: str
    ) -> None:
        """Ask for a user that changes itself; it is its own owner and of its own teams."""
        if caller.server_side:
            return
        if stored is None:  # an unknown user may do nothing, so not create itself either
            await refuse_deleted(reader, change.id)
            await self._permit.require_in_app(caller, "UpdateUser", (), author=change.id)
        stored = stored or UserRecord(change.id)
        _check_standing(caller, change, stored, field)
        if change.custom is not KEEP or change.extras is not KEEP:
            await self._permit.require_in_app(caller, "UpdateUser", stored.teams, author=change.id)

    async def get(self, caller: Caller, user_id: str) -> tuple[UserRecord, int]:
        """Return one user, "" for the caller itself; any other takes SearchUser."""
        user_id = check_id(user_id or caller.user_id, "user_id")
        async with self._access.read(caller) as (reader, revision):
            record = await reader.user(user_id)
            if caller.user_id != user_id:
                viewer = await self._viewer(reader, caller)
                await self._permit.require_in_app(caller, "SearchUser", _teams(viewer, record))
            if record is None:
                raise unknown(user_id, "user_id")
            return record, revision

    async def list(self, caller: Caller, page: Page) -> Listing[UserRecord]:
        """Return a page of the users, by id; a user sees those it may search."""
        part = window(page, "users")
        async with self._access.read(caller) as (reader, revision):
            viewer = await self._viewer(reader, caller)
            await self._permit.require_in_app(caller, "SearchUser", _teams(viewer, viewer))
            rows, token = part.cut(await reader.list_users(part.limit + 1, part.after), lambda user: user.id)
            return Listing(await self._visible(caller, viewer, rows), token, revision)

    async def query(self, caller: Caller, query: UserQuery) -> tuple[UserRecord, ...]:
        """Return the users found, without those that a user may not search: these are not skipped by `offset` either.

        For a user the search ends after 10,000 rows looked at, full page or not.
        """
        where, sort, limit = user_search.parsed(query)
        async with self._access.read(caller, searching=True) as (reader, _):
            viewer = await self._viewer(reader, caller)
            await self._permit.require_in_app(caller, "SearchUser", _teams(viewer, viewer))

            async def rows(offset: int, most: int) -> Sequence[UserRecord]:
                return await reader.search_users(Search(where, sort, most, offset))

            async def seen(records: Sequence[UserRecord]) -> Sequence[bool]:
                visible = {user.id for user in await self._visible(caller, viewer, tuple(records))}
                return [user.id in visible for user in records]

            return tuple(await readable(rows, None if caller.server_side else seen, query.offset, limit))

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

    async def delete(
        self, caller: Caller, user_ids: Sequence[str], *, new_call_owner_id: str = "", new_channel_owner_id: str = ""
    ) -> UserDeletion:
        """Delete users, all or none, and keep a task that tells of it; server-side only.

        What they have created is the new owners', or stays theirs where none is named. They do not come back by
        themselves, and those who watch are told of the first 1,000 calls and channels that this changes.
        """
        server_only(caller, "deleting users")
        if not user_ids:
            raise InvalidInput("`user_ids` is required", field="user_ids")
        check_count(len(user_ids), "user_ids")
        check_ids((user_id, f"user_ids[{place}]") for place, user_id in enumerate(user_ids))
        owners = {"new_call_owner_id": new_call_owner_id, "new_channel_owner_id": new_channel_owner_id}
        owners = {field: owner for field, owner in owners.items() if owner}
        for field, owner in owners.items():
            check_id(owner, field)
            if owner in user_ids:
                raise InvalidInput(f"`{field}`: user {shown(owner)} is to be deleted too", field=field)
        (users, task), revision = await self._access.write(
            caller, lambda tx: delete_users(tx, user_ids, owners, caller.user_id)
        )
        return UserDeletion(users, task, revision)


def _check_own(caller: Caller, change: UserChange, field: str, id_field: str) -> None:
    """Refuse what only a server may write."""
    if change.id != caller.user_id:
        server_only(caller, f"writing user {shown(change.id)}", id_field)
    for name in _SERVER_FIELDS:
        if getattr(change, name) is not KEEP:
            server_only(caller, f"writing `{name}`", f"{field}.{name}")


def _check_standing(caller: Caller, change: UserChange, stored: UserRecord, field: str) -> None:
    """Refuse a user that changes its own roles or teams, which would give it power; what they are may be sent back."""
    if not isinstance(change.role, Keep) and canonical(change.role) != stored.role:
        server_only(caller, "writing `role`", f"{field}.role")
    if not isinstance(change.teams, Keep) and change.teams != stored.teams:
        raise Forbidden(
            "user teams can only be updated server-side", field=f"{field}.teams", reason="TEAMS_SERVER_SIDE_ONLY"
        )
    if not isinstance(change.teams_role, Keep):
        roles = {team: canonical(role) for team, role in change.teams_role.items()}
        if roles != stored.teams_role:
            server_only(caller, "writing `teams_role`", f"{field}.teams_role")


def _teams(viewer: UserRecord | None, user: UserRecord | None) -> tuple[str, ...]:
    """Return the teams to judge a user in: those shared with the viewer, else one of its own, else none ("")."""
    teams = user.teams if user else ()
    shared = tuple(team for team in teams if viewer and team in viewer.teams)
    return shared or teams[:1] or ("",)
