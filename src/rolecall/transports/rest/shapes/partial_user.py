"""Changes of single fields of users: what `set` and `unset` name, told apart into own fields and custom data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import shown
from rolecall.service.administration.changes import KEEP, Merge
from rolecall.service.administration.users.values import UserChange
from rolecall.transports.rest.body import shaped
from rolecall.transports.rest.shapes.bounded import Fields, Texts
from rolecall.transports.rest.shapes.user import EXTRAS, RESERVED, UserRequest, sent_extras
from rolecall.transports.rest.surface import Surface
from rolecall.transports.rest.times import nanoseconds


class UpdateUserPartialRequest(msgspec.Struct, kw_only=True):
    """A change of one user: fields to set and to take away.

    A name that is no field of a user is custom data; a dot in it leads into an object, such as `theme.color`. Under
    the versioned path `custom` stands for the object that holds custom data.
    """

    id: str
    set: Fields | None = None
    unset: Texts | None = None


class _Fields(UserRequest, kw_only=True):
    """Fields that can be set beside custom data."""

    revoke_tokens_issued_before: str | None = None


_REVOKED: Final = "revoke_tokens_issued_before"
_EMPTIED: Final[Mapping[str, Any]] = {"teams": (), "teams_role": {}, _REVOKED: None}
"""What fields become that are taken away and are no extras."""
_OWN: Final = frozenset({*EXTRAS, "role", *_EMPTIED})
_FIXED: Final = (RESERVED | {"id"}) - _OWN
_NEVER_NULL: Final = ("role", "teams", "teams_role")
_CUSTOM: Final = "custom"


def partial_user_change(surface: Surface, asked: UpdateUserPartialRequest, field: str) -> UserChange:
    """Read a change of one user; InvalidInput names what can't be set or unset, within `field`."""
    to_set, to_unset = f"{field}.set", f"{field}.unset"
    put, taken = asked.set or {}, tuple(dict.fromkeys(asked.unset or ()))
    _check_names(put, to_set)
    _check_names(taken, to_unset)
    custom = _custom_set(surface, {name: value for name, value in put.items() if name not in _OWN}, to_set)
    removed = _custom_unset(surface, [name for name in taken if name not in _OWN], to_unset)
    for name in (*(name for name in taken if name in put), *(name for name in removed if name in custom)):
        raise InvalidInput(f"`{to_unset}`: {shown(name)} is to be set too", field=to_unset)
    fields = {
        **_taken({name for name in taken if name in _OWN}, to_unset),
        **_put(asked.id, {name: value for name, value in put.items() if name in _OWN}, to_set),
    }
    extras = sent_extras(fields)
    return UserChange(
        id=asked.id,
        role=fields.get("role", KEEP),
        teams=fields.get("teams", KEEP),
        teams_role=fields.get("teams_role", KEEP),
        revoke_tokens_issued_before=fields.get(_REVOKED, KEEP),
        custom=Merge(custom, removed, paths=True) if custom or removed else KEEP,
        extras=extras or KEEP,
    )


def _check_names(names: Iterable[str], field: str) -> None:
    for name in names:
        root, dot, _ = name.partition(".")
        if root in _FIXED:
            raise InvalidInput(f"`{field}`: {shown(root)} can't be changed", field=f"{field}.{name}")
        if root in _OWN and dot:
            raise InvalidInput(f"`{field}`: {shown(root)} can only be changed whole", field=f"{field}.{name}")


def _put(user_id: str, sent: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return own fields that are set; null takes an extra away."""
    for name in _NEVER_NULL:
        if name in sent and sent[name] is None:
            raise InvalidInput(f"`{field}.{name}` can't be null", field=f"{field}.{name}")
    asked = shaped({**sent, "id": user_id}, _Fields, field)
    fields = {name: getattr(asked, name) for name in sent}
    if "teams" in fields:
        fields["teams"] = tuple(fields["teams"])
    if fields.get(_REVOKED) is not None:
        fields[_REVOKED] = nanoseconds(fields[_REVOKED], f"{field}.{_REVOKED}")
    return fields


def _taken(names: Iterable[str], field: str) -> dict[str, Any]:
    """Return own fields that are taken away."""
    fields: dict[str, Any] = {}
    for name in names:
        if name == "role":
            raise InvalidInput(f"`{field}`: every user has a `role`, set another one", field=f"{field}.role")
        fields[name] = _EMPTIED.get(name)
    return fields


def _custom_set(surface: Surface, sent: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return custom data that is set, by path."""
    if surface is Surface.CHAT:
        return dict(sent)
    whole = sent.get(_CUSTOM, {})
    if not isinstance(whole, dict):
        raise InvalidInput(f"`{field}.{_CUSTOM}` must be an object", field=f"{field}.{_CUSTOM}")
    custom = dict(whole)
    for name, value in sent.items():
        path = name.removeprefix(f"{_CUSTOM}.")
        if path in custom:
            raise InvalidInput(f"`{field}`: {shown(path)} is set twice", field=f"{field}.{name}")
        if name != _CUSTOM:
            custom[path] = value
    return custom


def _custom_unset(surface: Surface, names: Iterable[str], field: str) -> tuple[str, ...]:
    """Return the paths of custom data that is taken away."""
    if surface is Surface.CHAT:
        return tuple(names)
    for name in names:
        if name == _CUSTOM:
            raise InvalidInput(f"`{field}`: name the keys within `{_CUSTOM}`", field=f"{field}.{_CUSTOM}")
    return tuple(name.removeprefix(f"{_CUSTOM}.") for name in names)
