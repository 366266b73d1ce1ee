"""Roles: the built-in ones and the app's own, which are created before a grant or a user can name them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Final, Literal

from rolecall.domain.app_rules import SCOPE as APP_SCOPE
from rolecall.domain.errors import AlreadyExists, NotFound, OverLimit, Precondition
from rolecall.domain.names import check_role_name
from rolecall.domain.records import RoleRecord, TypeRecord
from rolecall.domain.roles import BUILT_IN, canonical
from rolecall.service.administration.access import Access
from rolecall.service.administration.changes import Listing, Page, RoleView
from rolecall.service.administration.paging import window
from rolecall.service.administration.permit import server_only
from rolecall.service.callers import Caller
from rolecall.store import Reader, Transaction

_AT_ONCE: Final = 50
_OF_POLICIES: Final = "channel type"  # what holds grants is called a scope
_KINDS: Final[tuple[Literal["call", "channel"], ...]] = ("call", "channel")


class Roles:
    """Lists, creates and deletes roles; server-side only."""

    def __init__(self, access: Access, max_custom_roles: int) -> None:
        self._access = access
        self._max = max_custom_roles

    async def list(self, caller: Caller, page: Page) -> Listing[RoleView]:
        """Return a page of the roles, by name."""
        server_only(caller, "reading roles")
        part = window(page, "roles")
        async with self._access.read(caller) as (reader, revision):
            app = await reader.app_by_id(caller.app_id)
            made = app.created_at if app else 0
            records = {name: RoleRecord(name, made, made) for name in BUILT_IN}
            records.update((role.name, role) for role in await reader.roles())
            names = sorted(name for name in records if name > part.after)[: part.limit + 1]
            shown_names, token = part.cut(names, str)
            scopes = await _scopes(reader)
        return Listing(tuple(_view(records[name], scopes) for name in shown_names), token, revision)

    async def create(self, caller: Caller, name: str) -> tuple[RoleView, int]:
        """Create a custom role that holds nothing yet."""
        server_only(caller, "creating a role")
        check_role_name(name, "name")
        return await self._access.write(caller, lambda tx: self._create(tx, canonical(name)))

    async def _create(self, tx: Transaction, name: str) -> RoleView:
        custom = {role.name for role in await tx.roles()}
        if name in BUILT_IN or name in custom:
            raise AlreadyExists(f'role "{name}" already exists', field="name", metadata={"role": name})
        if len(custom) >= self._max:
            raise OverLimit(f"the app has {len(custom)} custom roles, at most {self._max} are allowed", field="name")
        record = RoleRecord(name, tx.now, tx.now)
        await tx.put_role(record)
        return _view(record, {})

    async def delete(self, caller: Caller, name: str) -> int:
        """Delete a custom role that nothing holds."""
        server_only(caller, "deleting a role")
        check_role_name(name, "name")
        return (await self._access.write(caller, lambda tx: _delete(tx, canonical(name))))[1]


async def _delete(tx: Transaction, name: str) -> None:
    if name in BUILT_IN:
        raise Precondition(f'role "{name}" is built in and can\'t be deleted', field="name", reason="ROLE_BUILT_IN")
    if await tx.role(name) is None:
        raise NotFound(f'role "{name}" does not exist', field="name", reason="ROLE_NOT_FOUND")
    use = await tx.role_use(name)
    if use is not None:
        holds = f"a policy of {use} names it" if use.kind == _OF_POLICIES else f"{use} holds it"
        raise _in_use(name, holds, use.kind, use.id)
    if name in tx.app.user_search_disallowed_roles:
        raise _in_use(name, "`user_search_disallowed_roles` holds it", "app", tx.app.name)
    await _drop_cleared(tx, name)
    await tx.delete_role(name)


def _in_use(name: str, holds: str, kind: str, holder: str) -> Precondition:
    """Make the error; its metadata says what holds the role: a `kind` of thing, and which (`holder`)."""
    return Precondition(
        f'role "{name}" can\'t be deleted: {holds}',
        field="name",
        reason="ROLE_IN_USE",
        metadata={"role": name, "kind": kind, "holder": holder},
    )


async def _drop_cleared(tx: Transaction, name: str) -> None:
    """Take a role that was cleared out of every scope: grants that name a role which is gone could not be sent back."""
    naming = [record async for record in _types(tx) if name in record.grants]
    for record in naming:
        grants = {role: permissions for role, permissions in record.grants.items() if role != name}
        await tx.put_type(replace(record, grants=grants, updated_at=tx.now))


async def _types(reader: Reader) -> AsyncIterator[TypeRecord]:
    """Read every scope that has grants, a few at a time."""
    app = await reader.type(APP_SCOPE)
    if app is not None:
        yield app
    for kind in _KINDS:
        after, more = "", True
        while more:
            records = await reader.types(kind, _AT_ONCE, after)
            for record in records:
                after = record.scope
                yield record
            more = len(records) == _AT_ONCE


async def _scopes(reader: Reader) -> Mapping[str, list[str]]:
    """Return role -> the scopes that grant it anything."""
    scopes: dict[str, list[str]] = defaultdict(list)
    async for record in _types(reader):
        for role, permissions in record.grants.items():
            if permissions:
                scopes[role].append(record.scope)
    return scopes


def _view(record: RoleRecord, scopes: Mapping[str, list[str]]) -> RoleView:
    return RoleView(
        name=record.name,
        custom=record.name not in BUILT_IN,
        scopes=tuple(sorted(scopes.get(record.name, ()))),
        created_at=record.created_at,
        updated_at=record.updated_at,
    )
