"""Permissions that can be granted: read only, the built-in ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from rolecall.domain.actions import ACTIONS, INDEX
from rolecall.domain.errors import InvalidInput, NotFound
from rolecall.domain.names import check_id, shown
from rolecall.domain.permissions import BUILT_IN, Permission, nearest
from rolecall.service.administration.access import Access
from rolecall.service.administration.changes import Listing, Page, PermissionFilter
from rolecall.service.administration.paging import window
from rolecall.service.administration.permit import server_only
from rolecall.service.callers import Caller

_PRODUCTS: Final = tuple(sorted({product for action in ACTIONS for product in action.products}))
_LEVELS: Final = tuple(sorted({action.level for action in ACTIONS}))
_FEW: Final = 3


class Permissions:
    """Lists and gets permissions; server-side only."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def list(self, caller: Caller, wanted: PermissionFilter, page: Page) -> Listing[Permission]:
        """Return a page of the permissions that pass the filter, by id."""
        server_only(caller, "reading permissions")
        _check(wanted)
        part = window(page, f"permissions {wanted}")
        found = sorted(permission for permission in _matching(wanted) if permission.id > part.after)
        async with self._access.read(caller) as (_, revision):
            items, token = part.cut(found, lambda permission: permission.id)
            return Listing(items, token, revision)

    async def get(self, caller: Caller, permission_id: str) -> tuple[Permission, int]:
        """Return one permission."""
        server_only(caller, "reading permissions")
        check_id(permission_id, "id")
        async with self._access.read(caller) as (_, revision):
            permission = BUILT_IN.get(permission_id)
            if permission is None:
                hint = _hint(permission_id, BUILT_IN)
                raise NotFound(
                    f"permission {shown(permission_id)} does not exist{hint}", field="id", reason="PERMISSION_NOT_FOUND"
                )
            return permission, revision


def _check(wanted: PermissionFilter) -> None:
    _check_known("product", wanted.product, _PRODUCTS)
    _check_known("level", wanted.level, _LEVELS)
    _check_known("action", wanted.action, INDEX)


def _check_known(field: str, value: str, known: Collection[str]) -> None:
    if value and value not in known:
        hint = f"; it is {_either(known)}" if len(known) <= _FEW else _hint(value, known)
        raise InvalidInput(f"`{field}`: {shown(value)} is unknown{hint}", field=field)


def _hint(name: str, known: Collection[str]) -> str:
    hints = nearest(name, known)
    return f"; did you mean {_either(hints)}?" if hints else ""


def _either(names: Collection[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def _matching(wanted: PermissionFilter) -> Iterator[Permission]:
    if wanted.custom:
        return
    for permission in BUILT_IN.values():
        action = permission.action
        if (
            (not wanted.product or wanted.product in action.products)
            and (not wanted.level or wanted.level == action.level)
            and (not wanted.action or wanted.action == action.name)
        ):
            yield permission
