"""Users on the wire: how answers show them, and how a request describes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from rolecall.domain.records import UserRecord
from rolecall.service.administration.changes import KEEP
from rolecall.service.administration.users.values import UserChange
from rolecall.transports.rest.body import shaped
from rolecall.transports.rest.shapes.bounded import BOUNDED, Texts
from rolecall.transports.rest.surface import Surface, Time, WithCustom, with_custom


class User(WithCustom, kw_only=True):
    """A user. Fields with a default are there for clients that expect them, and have no effect.

    Custom data is under `custom`, or on the unprefixed surface among the user's own fields.
    """

    id: str
    role: str
    teams: tuple[str, ...]
    banned: bool
    created_at: Time
    updated_at: Time
    teams_role: dict[str, str] | UnsetType = UNSET
    deactivated_at: Time | UnsetType = UNSET
    revoke_tokens_issued_before: Time | UnsetType = UNSET

    name: str | UnsetType = UNSET
    image: str | UnsetType = UNSET
    language: str = ""
    invisible: bool = False
    privacy_settings: dict[str, Any] | UnsetType = UNSET
    blocked_user_ids: tuple[str, ...] = ()
    online: bool = False
    shadow_banned: bool = False


class FullUser(User, kw_only=True):
    """A user as the operations on users answer; what it has of devices, mutes and unread messages is nothing."""

    channel_mutes: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    mutes: tuple[str, ...] = ()
    total_unread_count: int = 0
    unread_channels: int = 0
    unread_count: int = 0
    unread_threads: int = 0


class UserRequest(msgspec.Struct, kw_only=True):
    """A user in a request; null says nothing. On the unprefixed surface every other key is custom data."""

    id: str
    role: str | None = None
    teams: Texts | None = None
    teams_role: Annotated[dict[str, str], BOUNDED] | None = None
    custom: dict[str, Any] | None = None
    name: str | None = None
    image: str | None = None
    language: str | None = None
    invisible: bool | None = None
    privacy_settings: dict[str, Any] | None = None


EXTRAS: Final = ("name", "image", "language", "invisible", "privacy_settings")
"""Fields of a user that are kept and have no effect."""

_DEFAULTS: Final[Mapping[str, Any]] = {"language": "", "invisible": False}
_REPLACED: Final = ("name", "image")
_UNLISTED: Final = (
    "avg_response_time",
    "ban_expires",
    "bypass_moderation",
    "deleted_at",
    "last_active",
    "latest_hidden_channels",
    "push_notifications",
)
_ASKED: Final = frozenset(UserRequest.__struct_fields__)
_SHOWN: Final = frozenset({*FullUser.__struct_fields__, *_UNLISTED})

RESERVED: Final = _SHOWN - _ASKED
"""Fields that answers have and no request may write. SDKs send them back with a whole user: they are no custom data."""


def user(surface: Surface, record: UserRecord | None, user_id: str) -> Any:
    """Return a user as it is shown within other things; one that is no more has its id and defaults."""
    return _with_custom(surface, User(**_fields(record or UserRecord(user_id))), record)


def full_user(surface: Surface, record: UserRecord) -> Any:
    """Return a user as the operations on users show it."""
    return _with_custom(surface, FullUser(**_fields(record)), record)


def user_change(surface: Surface, sent: Mapping[str, Any], field: str, *, whole: bool = False) -> UserChange:
    """Read a user of a request; what it does not name stays, but `whole` takes away custom data, name and image too.

    InvalidInput names what does not fit, within `field`.
    """
    asked = shaped(dict(sent), UserRequest, field)
    custom = _custom(surface, sent, asked)
    extras = sent_extras({name: value for name in EXTRAS if (value := getattr(asked, name)) is not None})
    if whole:
        custom, extras = custom or {}, {**dict.fromkeys(_REPLACED), **extras}
    return UserChange(
        id=asked.id,
        role=KEEP if asked.role is None else asked.role,
        teams=KEEP if asked.teams is None else tuple(asked.teams),
        teams_role=KEEP if asked.teams_role is None else asked.teams_role,
        custom=KEEP if custom is None else custom,
        extras=extras or KEEP,
    )


def sent_extras(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the extras among fields that were sent; those at their default are not kept, as None says."""
    return {name: None if sent[name] == _DEFAULTS.get(name) else sent[name] for name in EXTRAS if name in sent}


def _custom(surface: Surface, sent: Mapping[str, Any], asked: UserRequest) -> Mapping[str, Any] | None:
    if surface is not Surface.CHAT:
        return asked.custom
    own = (_ASKED - {"custom"}) | RESERVED
    return {name: value for name, value in sent.items() if name not in own} or None


def _fields(record: UserRecord) -> dict[str, Any]:
    """Return what a user has of its own."""
    revoked = record.revoke_tokens_issued_before
    return {
        **{name: record.extras[name] for name in EXTRAS if name in record.extras},
        "id": record.id,
        "role": record.role,
        "teams": record.teams,
        "teams_role": dict(record.teams_role) or UNSET,
        "banned": record.banned,
        "deactivated_at": Time(record.updated_at) if record.deactivated else UNSET,
        "revoke_tokens_issued_before": UNSET if revoked is None else Time(revoked),
        "created_at": Time(record.created_at),
        "updated_at": Time(record.updated_at),
    }


def _with_custom(surface: Surface, thing: User, record: UserRecord | None) -> Any:
    """Return a user with its custom data; among own fields nothing of it stands where one of those may be."""
    custom = record.custom if record else {}
    if surface is Surface.CHAT:
        custom = {name: value for name, value in custom.items() if name not in _SHOWN}
    return with_custom(surface, thing, custom)
