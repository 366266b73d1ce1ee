"""Channels and their members in requests: as the administration takes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

import msgspec

from rolecall.domain.channel_config import CONFIG, FLAGS
from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import check_id, shown
from rolecall.service.administration.changes import KEEP, Keep, Merge
from rolecall.service.administration.channels.fields import MEMBER_RESERVED, RESERVED
from rolecall.service.administration.channels.merging import NOW
from rolecall.service.administration.channels.updates import MemberPart, Part, starting_members
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange, ChannelOverrides
from rolecall.service.administration.users.values import UserChange
from rolecall.transports.rest.body import shaped
from rolecall.transports.rest.shapes.bounded import BOUNDED, Texts
from rolecall.transports.rest.shapes.channel import CONFIG_OVERRIDES
from rolecall.transports.rest.shapes.user import UserRequest, user_change
from rolecall.transports.rest.surface import Surface

EXTRAS: Final = ("auto_translation_enabled", "auto_translation_language", "filter_tags")
"""Fields of a channel that are kept and have no effect."""

_NOTHING: Final[Mapping[str, Any]] = {"frozen": False, "disabled": False, "cooldown": 0, "team": ""}


class UserId(msgspec.Struct, kw_only=True):
    """A user, of whom only the id counts."""

    id: str


class ChannelMemberRequest(msgspec.Struct, kw_only=True):
    """A user who is to be a member. On the unprefixed surface every other key is custom data."""

    user_id: str | None = None
    user: UserId | None = None
    channel_role: str | None = None
    custom: dict[str, Any] | None = None


Members = Annotated[list[str | ChannelMemberRequest], BOUNDED]


class ChannelFields(msgspec.Struct, kw_only=True):
    """What may be changed of a channel; null says nothing."""

    team: str | None = None
    frozen: bool | None = None
    disabled: bool | None = None
    cooldown: int | None = None
    config_overrides: dict[str, Any] | None = None
    auto_translation_enabled: bool | None = None
    auto_translation_language: str | None = None
    filter_tags: Texts | None = None


class ChannelDataRequest(ChannelFields, kw_only=True):
    """A channel's own fields. On the unprefixed surface every other key is custom data."""

    custom: dict[str, Any] | None = None
    created_by_id: str | None = None
    created_by: UserRequest | None = None
    members: Members | None = None
    invites: Members | None = None
    truncated_by_id: str | None = None


class MemberFields(msgspec.Struct, kw_only=True):
    """What may be changed of a member beside custom data; null says nothing."""

    channel_role: str | None = None
    pinned: bool | None = None
    archived: bool | None = None


_DATA: Final = frozenset(ChannelDataRequest.__struct_fields__)
_FIELDS: Final = frozenset(ChannelFields.__struct_fields__)
_MEMBER: Final = frozenset(ChannelMemberRequest.__struct_fields__)
_CUSTOM: Final = "custom"


def new_channel(surface: Surface, cid: str, data: ChannelDataRequest, sent: Mapping[str, Any]) -> ChannelChange:
    """Return what a channel is to be created from; who is invited is a member, too."""
    within, creator = "data.", data.created_by
    parts = [
        *member_parts(surface, Part.ADD, data.members, sent.get("members"), f"{within}members"),
        *member_parts(surface, Part.INVITE, data.invites, sent.get("invites"), f"{within}invites"),
    ]
    return replace(
        channel_change(cid, data, within),
        members=starting_members(parts),
        custom=_custom(surface, data.custom, sent) or KEEP,
        created_by_id=KEEP if data.created_by_id is None else data.created_by_id,
        creator=KEEP if creator is None else user_change(surface, sent["created_by"], f"{within}created_by"),
    )


def changed_channel(surface: Surface, cid: str, data: ChannelDataRequest, sent: Mapping[str, Any]) -> ChannelChange:
    """Return a change of a channel by its data, whose custom data replaces all there is; of a creator the id counts."""
    for name in ("members", "invites"):
        if getattr(data, name) is not None:
            field = f"data.{name}"
            raise InvalidInput(
                f"`{field}` is for new channels, `add_members` and `invites` are for others", field=field
            )
    change = replace(
        channel_change(cid, data, "data."),
        created_by_id=KEEP if data.created_by_id is None else data.created_by_id,
        creator=KEEP if data.created_by is None else UserChange(data.created_by.id),
    )
    if not sent or (surface is not Surface.CHAT and data.custom is None):
        return change
    return replace(change, custom=_custom(surface, data.custom, sent))


def channel_change(cid: str, fields: ChannelFields, within: str) -> ChannelChange:
    """Return a change of a channel's own fields, which stand `within` something in the request."""
    extras: dict[str, Any] = {name: value for name in EXTRAS if (value := getattr(fields, name)) is not None}
    overrides: ChannelOverrides | Keep = KEEP
    if fields.config_overrides is not None:
        overrides, others = _overrides(fields.config_overrides, f"{within}{CONFIG_OVERRIDES}")
        extras[CONFIG_OVERRIDES] = others or None
    return ChannelChange(
        cid,
        team=KEEP if fields.team is None else fields.team,
        frozen=KEEP if fields.frozen is None else fields.frozen,
        disabled=KEEP if fields.disabled is None else fields.disabled,
        cooldown=KEEP if fields.cooldown is None else fields.cooldown,
        overrides=overrides,
        extras=extras or KEEP,
        within=within,
    )


def _overrides(sent: Mapping[str, Any], field: str) -> tuple[ChannelOverrides, dict[str, Any]]:
    """Return what a channel overrides: grants and feature flags, and what is only kept."""
    grants = shaped({"grants": sent.get("grants")}, OverriddenGrants, field).grants or {}
    known = {
        name: CONFIG[name].check(value, f"{field}.{name}") for name, value in sent.items() if _is_config(name, value)
    }
    flags = {name: known.pop(name) for name in tuple(known) if name in FLAGS}
    others = {name: value for name, value in sent.items() if name not in CONFIG and name != "grants"}
    kept = {name: list(value) if isinstance(value, tuple) else value for name, value in known.items()}
    own = ChannelOverrides({role: tuple(ids or ()) for role, ids in grants.items()}, flags)
    return own, {name: value for name, value in {**others, **kept}.items() if value is not None}


class OverriddenGrants(msgspec.Struct, kw_only=True):
    """Role -> permissions; a leading `!` takes one away."""

    grants: dict[str, list[str] | None] | None = None


def _is_config(name: str, value: object) -> bool:
    return name in CONFIG and value is not None


def _custom(surface: Surface, custom: dict[str, Any] | None, sent: Mapping[str, Any]) -> dict[str, Any]:
    if surface is not Surface.CHAT:
        return custom or {}
    own = (_DATA - {_CUSTOM}) | RESERVED
    return {name: value for name, value in sent.items() if name not in own}


# --- members ---------------------------------------------------------------------------------------------------------


def member_parts(
    surface: Surface, part: Part, asked: Members | None, sent: Sequence[Any] | None, field: str
) -> list[MemberPart]:
    """Return the members that a list names, by id or as objects."""
    pairs = zip(asked or (), sent or (), strict=True)
    return [MemberPart(part, _member(surface, one, raw, f"{field}[{place}]")) for place, (one, raw) in enumerate(pairs)]


def role_parts(user_ids: Sequence[str] | None, part: Part, role: str, field: str) -> list[MemberPart]:
    """Return the members that a list names by id, who get a role."""
    return [
        MemberPart(part, ChannelMemberChange(check_id(one, f"{field}[{place}]"), role, field=f"{field}[{place}]"))
        for place, one in enumerate(user_ids or ())
    ]


def _member(surface: Surface, asked: str | ChannelMemberRequest, sent: Any, field: str) -> ChannelMemberChange:
    if isinstance(asked, str):
        return ChannelMemberChange(check_id(asked, field), field=field)
    custom = asked.custom
    if surface is Surface.CHAT:
        own = (_MEMBER - {_CUSTOM}) | MEMBER_RESERVED
        custom = {name: value for name, value in sent.items() if name not in own} or None
    user_id = asked.user_id or (asked.user.id if asked.user else "")
    return ChannelMemberChange(
        check_id(user_id, f"{field}.user_id"),
        channel_role=KEEP if asked.channel_role is None else asked.channel_role,
        custom=KEEP if custom is None else custom,
        field=field,
    )


# --- single fields ---------------------------------------------------------------------------------------------------


def partly_changed_channel(
    surface: Surface, cid: str, values: Mapping[str, Any], removed: Sequence[str]
) -> ChannelChange:
    """Return a change of single fields; what is no field of a channel is custom data, at a path with dots."""
    _check_whole(values, _FIELDS, "set")
    _check_whole(removed, _FIELDS, "unset")
    fields = {name: value for name, value in values.items() if name in _FIELDS}
    gone = [name for name in removed if name in _FIELDS and name not in fields]
    change = channel_change(cid, shaped(fields, ChannelFields, "set"), "set.")
    extras = {} if isinstance(change.extras, Keep) else dict(change.extras)
    extras = dict.fromkeys(name for name in gone if name in {*EXTRAS, CONFIG_OVERRIDES}) | extras
    cleared: dict[str, Any] = {name: _NOTHING[name] for name in gone if name in _NOTHING}
    if CONFIG_OVERRIDES in gone:
        cleared["overrides"] = ChannelOverrides()
    return replace(change, **cleared, extras=extras or KEEP, custom=_keys(surface, values, removed, _FIELDS))


def partly_changed_member(
    surface: Surface, user_id: str, values: Mapping[str, Any], removed: Sequence[str]
) -> ChannelMemberChange:
    """Return a change of single fields of a member."""
    own = frozenset(MemberFields.__struct_fields__)
    _check_whole(values, own, "set")
    _check_whole(removed, own, "unset")
    fields = shaped({name: value for name, value in values.items() if name in own}, MemberFields, "set")
    if "channel_role" in removed:
        raise InvalidInput("`channel_role` can't be taken away, only changed", field="unset")
    marks = {"pinned": fields.pinned, "archived": fields.archived} | {
        name: False for name in removed if name in own and name not in values
    }
    extras = {f"{name}_at": NOW if value else None for name, value in marks.items() if value is not None}
    return ChannelMemberChange(
        user_id,
        channel_role=KEEP if fields.channel_role is None else fields.channel_role,
        custom=_keys(surface, values, removed, own),
        extras=extras or KEEP,
        field="set",
    )


def _check_whole(names: Iterable[str], fields: Collection[str], field: str) -> None:
    """Refuse paths into fields: only custom data is changed key by key."""
    for name in names:
        root, dot, _ = name.partition(".")
        if dot and root in fields:
            raise InvalidInput(f"`{field}`: {shown(root)} can only be changed whole", field=f"{field}.{name}")


def _keys(surface: Surface, values: Mapping[str, Any], removed: Sequence[str], fields: Collection[str]) -> Merge | Keep:
    """Return the keys of custom data that are set and taken away; elsewhere than on chat they may be in `custom`."""
    keys = {name: value for name, value in values.items() if name not in fields}
    gone = [name for name in removed if name not in fields]
    if surface is not Surface.CHAT:
        inner = keys.pop(_CUSTOM, {})
        if not isinstance(inner, dict):
            raise InvalidInput(f"`set.{_CUSTOM}` must be an object", field=f"set.{_CUSTOM}")
        prefix = f"{_CUSTOM}."
        keys = {name.removeprefix(prefix): value for name, value in keys.items()} | inner
        gone = [name.removeprefix(prefix) for name in gone]
    return Merge(keys, tuple(gone), paths=True) if keys or gone else KEEP
