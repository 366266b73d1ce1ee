"""Permissions that can be granted: the built-in ones, and the app's own, which are made and changed here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Final

from rolecall.domain import permissions
from rolecall.domain.actions import ACTIONS, INDEX, Action
from rolecall.domain.conditions import check_condition
from rolecall.domain.errors import AlreadyExists, InvalidInput, NotFound, OverLimit, Precondition
from rolecall.domain.names import check_id, check_text, shown
from rolecall.domain.permissions import nearest
from rolecall.domain.records import PermissionRecord
from rolecall.service.administration.access import Access
from rolecall.service.administration.changes import (
    KEEP,
    Keep,
    Listing,
    Page,
    PermissionChange,
    PermissionFilter,
    PermissionView,
)
from rolecall.service.administration.checks import sent, stamped
from rolecall.service.administration.paging import window
from rolecall.service.administration.permit import server_only
from rolecall.service.callers import Caller
from rolecall.store import Reader, Transaction

MAX_NAME_CHARACTERS: Final = 100
MAX_DESCRIPTION_CHARACTERS: Final = 2_048
_BYTES_OF_A_CHARACTER: Final = 4
_TAKEN_AWAY: Final = "!"

_PRODUCTS: Final = tuple(sorted({product for action in ACTIONS for product in action.products}))
_LEVELS: Final = tuple(sorted({action.level for action in ACTIONS}))
_FEW: Final = 3


def _built_in(permission: permissions.Permission) -> PermissionView:
    return PermissionView(
        id=permission.id,
        name=permission.name,
        description=permission.description,
        action=permission.action,
        owner=permission.owner,
        same_team=permission.same_team,
        custom=False,
    )


_BUILT_IN: Final[Mapping[str, PermissionView]] = {
    permission.id: _built_in(permission) for permission in permissions.BUILT_IN.values()
}
_BUILT_IN_NAMES: Final = frozenset(view.name for view in _BUILT_IN.values())


class Permissions:
    """Lists and gets permissions, and creates, changes and deletes custom ones; server-side only."""

    def __init__(self, access: Access, max_custom: int) -> None:
        self._access = access
        self._max = max_custom

    async def list(self, caller: Caller, wanted: PermissionFilter, page: Page) -> Listing[PermissionView]:
        """Return a page of the permissions that pass the filter, by id."""
        server_only(caller, "reading permissions")
        _check_filter(wanted)
        part = window(page, f"permissions {wanted}")
        async with self._access.read(caller) as (reader, revision):
            custom = [] if wanted.custom is False else await reader.permissions()
        found = [view for view in _matching(wanted, map(_view, custom)) if view.id > part.after]
        items, token = part.cut(sorted(found, key=_id), _id)
        return Listing(items, token, revision)

    async def get(self, caller: Caller, permission_id: str) -> tuple[PermissionView, int]:
        """Return one permission."""
        server_only(caller, "reading permissions")
        check_id(permission_id, "id")
        async with self._access.read(caller) as (reader, revision):
            built_in = _BUILT_IN.get(permission_id)
            return built_in or _view(await _existing(reader, permission_id)), revision

    async def create(self, caller: Caller, change: PermissionChange) -> tuple[PermissionView, int]:
        """Create a custom permission."""
        server_only(caller, "creating a permission")
        _check_new_id(change.id)
        change = _checked(replace(change, name=sent(change.name, ""), action=sent(change.action, "")))
        return await self._access.write(caller, lambda tx: self._create(tx, change))

    async def _create(self, tx: Transaction, change: PermissionChange) -> PermissionView:
        custom = frozenset(await tx.permission_ids())
        if change.id in custom or change.id in _BUILT_IN:
            raise AlreadyExists(
                f"permission {shown(change.id)} already exists", field="id", metadata={"permission": change.id}
            )
        if len(custom) >= self._max:
            raise OverLimit(
                f"the app has {len(custom)} custom permissions, at most {self._max} are allowed", field="id"
            )
        blank = PermissionRecord(change.id, change.id, "", same_team=True, created_at=tx.now, updated_at=tx.now)
        record = _merged(change, blank)
        await tx.put_permission(record)
        return _view(record)

    async def update(self, caller: Caller, change: PermissionChange) -> tuple[PermissionView, int]:
        """Change a custom permission; the grants that name it follow at once."""
        server_only(caller, "changing a permission")
        check_id(change.id, "id")
        change = _checked(change)
        return await self._access.write(caller, lambda tx: _update(tx, change))

    async def delete(self, caller: Caller, permission_id: str) -> int:
        """Delete a custom permission that no grant names."""
        server_only(caller, "deleting a permission")
        check_id(permission_id, "id")
        return (await self._access.write(caller, lambda tx: _delete(tx, permission_id)))[1]


async def _update(tx: Transaction, change: PermissionChange) -> PermissionView:
    _refuse_built_in(change.id, "changed")
    stored = await _existing(tx, change.id)
    record = stamped(_merged(change, stored), stored, tx.now)
    if record is not stored:
        await tx.put_permission(record)
    return _view(record)


async def _delete(tx: Transaction, permission_id: str) -> None:
    _refuse_built_in(permission_id, "deleted")
    await _existing(tx, permission_id)
    use = await tx.permission_use(permission_id)
    if use is not None:
        raise Precondition(
            f"permission {shown(permission_id)} can't be deleted: the grants of {use} name it",
            field="id",
            reason="PERMISSION_IN_USE",
            metadata={"permission": permission_id},
        )
    await tx.delete_permission(permission_id)


def _refuse_built_in(permission_id: str, what: str) -> None:
    if permission_id in _BUILT_IN:
        raise Precondition(
            f"permission {shown(permission_id)} is built in and can't be {what}",
            field="id",
            reason="PERMISSION_BUILT_IN",
            metadata={"permission": permission_id},
        )


async def _existing(reader: Reader, permission_id: str) -> PermissionRecord:
    record = await reader.permission(permission_id)
    if record is None:
        hint = _hint(permission_id, [*_BUILT_IN, *await reader.permission_ids()])
        raise NotFound(
            f"permission {shown(permission_id)} does not exist{hint}", field="id", reason="PERMISSION_NOT_FOUND"
        )
    return record


def _view(record: PermissionRecord) -> PermissionView:
    return PermissionView(
        id=record.id,
        name=record.name,
        description=record.description,
        action=ACTIONS[INDEX[record.action]],
        owner=record.owner,
        same_team=record.same_team,
        custom=True,
        condition=record.condition,
    )


def _id(view: PermissionView) -> str:
    return view.id


# --- what is sent ----------------------------------------------------------------------------------------------------


def _check_new_id(permission_id: str) -> None:
    check_id(permission_id, "id")
    if permission_id.startswith(_TAKEN_AWAY):
        raise InvalidInput(
            f"`id` must not begin with `{_TAKEN_AWAY}`, by which a channel takes a permission away, "
            f"got {shown(permission_id)}",
            field="id",
        )


def _checked(change: PermissionChange) -> PermissionChange:
    """Return a change whose values are well formed, with an empty name replaced; nothing stored is looked at."""
    name = change.name
    if not isinstance(name, Keep):
        name = name or change.id
        if name != change.id:  # the id may be longer than other names
            _check_text(name, "name", MAX_NAME_CHARACTERS)
        if name in _BUILT_IN_NAMES:
            raise AlreadyExists(f"a permission named {shown(name)} already exists", field="name")
    if not isinstance(change.description, Keep):
        _check_text(change.description, "description", MAX_DESCRIPTION_CHARACTERS)
    if not isinstance(change.action, Keep):
        _check_action(change.action)
    condition = KEEP if isinstance(change.condition, Keep) else check_condition(change.condition)
    return replace(change, name=name, condition=condition)


def _check_text(text: str, field: str, limit: int) -> None:
    if len(text) > limit:
        raise InvalidInput(f"`{field}` is longer than {limit} characters: {shown(text)}", field=field)
    check_text(text, field, limit=_BYTES_OF_A_CHARACTER * limit)


def _check_action(action: str) -> None:
    if not action:
        raise InvalidInput("`action` is required", field="action")
    _check_known("action", action, INDEX)


def _merged(change: PermissionChange, base: PermissionRecord) -> PermissionRecord:
    return replace(
        base,
        name=sent(change.name, base.name),
        action=sent(change.action, base.action),
        description=sent(change.description, base.description),
        owner=sent(change.owner, base.owner),
        same_team=sent(change.same_team, base.same_team),
        condition=sent(change.condition, base.condition),
    )


# --- filters ---------------------------------------------------------------------------------------------------------


def _check_filter(wanted: PermissionFilter) -> None:
    for field, value, known in (
        ("product", wanted.product, _PRODUCTS),
        ("level", wanted.level, _LEVELS),
        ("action", wanted.action, INDEX),
    ):
        if value:
            _check_known(field, value, known)


def _check_known(field: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        hint = f"; it is {_either(known)}" if len(known) <= _FEW else _hint(value, known)
        raise InvalidInput(f"`{field}`: {shown(value)} is unknown{hint}", field=field)


def _hint(name: str, known: Collection[str]) -> str:
    hints = nearest(name, known)
    return f"; did you mean {_either(hints)}?" if hints else ""


def _either(names: Collection[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def _matching(wanted: PermissionFilter, custom: Iterator[PermissionView]) -> Iterator[PermissionView]:
    built_in = () if wanted.custom else _BUILT_IN.values()
    for view in (*built_in, *custom):
        if _passes(wanted, view.action):
            yield view


def _passes(wanted: PermissionFilter, action: Action) -> bool:
    return (
        (not wanted.product or wanted.product in action.products)
        and (not wanted.level or wanted.level == action.level)
        and (not wanted.action or wanted.action == action.name)
    )
