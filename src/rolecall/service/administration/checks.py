"""What every write checks alike: sizes, times, free JSON, and that what it names exists."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol, TypeVar

from rolecall.domain import permissions
from rolecall.domain.errors import Forbidden, InvalidInput
from rolecall.domain.names import check_id, shown
from rolecall.domain.records import (
    AppRecord,
    CallMemberRecord,
    CallRecord,
    ChannelMemberRecord,
    ChannelRecord,
    Custom,
    Extras,
    Grants,
    PermissionRecord,
    TypeRecord,
    UserRecord,
)
from rolecall.domain.roles import BUILT_IN, canonical
from rolecall.service.administration.changes import Keep, Merge
from rolecall.service.administration.custom_paths import changed_at_paths
from rolecall.service.administration.permit import server_only
from rolecall.service.callers import Caller
from rolecall.store import Reader, Transaction

T = TypeVar("T")
R = TypeVar(
    "R",
    AppRecord,
    CallMemberRecord,
    CallRecord,
    ChannelMemberRecord,
    ChannelRecord,
    PermissionRecord,
    TypeRecord,
    UserRecord,
)

MOST_AT_ONCE: Final = 1_000
MAX_CUSTOM_BYTES: Final = 5 * 1024
MAX_CUSTOM_DEPTH: Final = 32
REMOVALS: Final = "remove_members"
_LATEST: Final = 2**63 - 1
_NAMED: Final = 10


def sent(value: T | Keep, stored: T) -> T:
    """Return what a field becomes: what was sent, else what is stored."""
    return stored if isinstance(value, Keep) else value


def stamped(wanted: R, stored: R | None, now: int) -> R:
    """Return a record to put with its time of change, or `stored` itself when it differs in nothing."""
    # Compared as text, because a customer's `1` and `true` are equal to Python.
    if stored is not None and repr(wanted) == repr(stored):
        return stored
    return replace(wanted, updated_at=now)


def check_count(count: int, field: str, most: int = MOST_AT_ONCE) -> None:
    """Refuse a write of more things than fit into one."""
    if count > most:
        raise InvalidInput(f"`{field}` may hold at most {most} entries, got {count}", field=field)


def check_ids(ids: Iterable[tuple[str, str]]) -> None:
    """Check (id, field) pairs: each well formed and named once."""
    first: dict[str, str] = {}
    for identifier, field in ids:
        check_id(identifier, field)
        if identifier in first:
            raise InvalidInput(f"`{field}`: {shown(identifier)} is named in `{first[identifier]}` already", field=field)
        first[identifier] = field


def check_time(value: int | None, field: str) -> int | None:
    """Return a time in Unix nanoseconds: from 1970 to 2262."""
    if value is not None and not 0 <= value <= _LATEST:
        raise InvalidInput(f"`{field}` must be a time from 1970 to 2262", field=field)
    return value


def custom_text(custom: Custom, field: str) -> str:
    """Return a customer's own data, checked, as the JSON text that conditions read; "" when it is empty."""
    plain = check_custom(custom, field)
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")) if plain else ""


def check_custom(custom: Custom, field: str, most: int = MAX_CUSTOM_BYTES) -> Custom:
    """Return a customer's own data as JSON holds it: an object of at most 5 KiB, or `most` bytes, and 32 levels."""
    try:
        text = json.dumps(dict(custom), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
        plain: Custom = json.loads(text) if size <= most else {}
    except (TypeError, ValueError, RecursionError):
        raise InvalidInput(f"`{field}` is not a JSON object", field=field) from None
    if size > most:
        raise InvalidInput(f"`{field}` is {size} bytes of JSON, at most {most} are kept", field=field)
    if not _within(plain, MAX_CUSTOM_DEPTH):
        raise InvalidInput(f"`{field}` is nested deeper than {MAX_CUSTOM_DEPTH} levels", field=field)
    return plain


def checked_custom(custom: Custom | Merge | Keep, field: str) -> Custom | Merge | Keep:
    """Return a change of a customer's own data, that which is sent of it checked."""
    if isinstance(custom, Keep):
        return custom
    if isinstance(custom, Merge):
        return replace(custom, set=check_custom(custom.set, field))
    return check_custom(custom, field)


def merged_custom(sent_custom: Custom | Merge | Keep, stored: Custom, field: str) -> Custom:
    """Return a customer's own data after a change that was checked."""
    if isinstance(sent_custom, Keep):
        return stored
    if not isinstance(sent_custom, Merge):
        return sent_custom
    if sent_custom.paths:
        return check_custom(changed_at_paths(stored, sent_custom, field), field)
    kept = {key: value for key, value in stored.items() if key not in sent_custom.unset}
    return check_custom({**kept, **sent_custom.set}, field)


def merged_extras(sent_extras: Extras | Keep, stored: Extras, field: str, most: int = MAX_CUSTOM_BYTES) -> Extras:
    """Return extras after a change: key by key, None takes one away; their bound is that of custom data, or `most`."""
    if isinstance(sent_extras, Keep):
        return stored
    merged = {**stored, **sent_extras}
    return check_custom({key: value for key, value in merged.items() if value is not None}, field, most)


def _within(value: object, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_within(item, levels - 1) for item in inner)


async def check_users(reader: Reader, named: Mapping[str, str]) -> None:
    """Check that users exist; `named` is field -> id."""
    known = await reader.users(set(named.values())) if named else {}
    unknown = {field: user_id for field, user_id in named.items() if user_id not in known}
    if not unknown:
        return
    names = list(map(shown, dict.fromkeys(unknown.values())))
    listed = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    text = f"users {listed} do not exist" if len(names) > 1 else f"user {listed} does not exist"
    raise InvalidInput(text, field=next(iter(unknown)), reason="UNKNOWN_USER")


async def check_joining(tx: Transaction, caller: Caller, team: str, named: Mapping[str, str]) -> None:
    """Check who becomes a member of a call or channel of a team, "" for none; `named` is field -> id.

    Where teams are kept apart, a user takes in nobody else who is not of that team.
    """
    await check_users(tx, named)
    if caller.server_side or not team or not tx.app.multi_tenant_enabled:
        return
    others = {field: user_id for field, user_id in named.items() if user_id != caller.user_id}
    users = await tx.users(set(others.values())) if others else {}
    for field, user_id in others.items():
        if team not in users[user_id].teams:
            raise _other_team(user_id, team, field)


def _other_team(user_id: str, team: str, field: str) -> Forbidden:
    return Forbidden(f"user {shown(user_id)} is not of team {shown(team)}", field=field, reason="OTHER_TEAM")


async def custom_roles(reader: Reader, roles: Iterable[str | Keep]) -> Collection[str]:
    """Return the app's own roles; nothing is read when all those asked about are built in."""
    if all(isinstance(role, Keep) or canonical(role) in BUILT_IN for role in roles):
        return ()
    return {role.name for role in await reader.roles()}


async def custom_permissions(reader: Reader, names: Iterable[str]) -> Collection[str]:
    """Return the ids of the app's own permissions; nothing is read when all those named are built in.

    A leading `!`, with which a channel takes a permission away, is no part of an id.
    """
    if all(name.removeprefix("!") in permissions.BUILT_IN for name in names):
        return ()
    return frozenset(await reader.permission_ids())


def granted(grants: Grants) -> Iterator[str]:
    """Return every permission that grants name."""
    for names in grants.values():
        yield from names


async def known_role(reader: Reader, role: str | None) -> str | None:
    """Return a token's role when it exists: one that does not holds nothing."""
    return role if role is None or role in BUILT_IN or await reader.role(role) else None


# --- members ---------------------------------------------------------------------------------------------------------


class MemberChange(Protocol):
    """A change of a member of a call or of a channel."""

    @property
    def user_id(self) -> str:
        """Who."""


def check_members(
    field: str, changes: Sequence[MemberChange], removals: Sequence[str] = (), *, required: bool = False
) -> None:
    """Check who is to be a member and who no longer: not too many at once, each named once."""
    if required and not changes and not removals:
        raise InvalidInput(f"`{field}` or `{REMOVALS}` is required", field=field)
    check_count(len(changes) + len(removals), field)
    named = [(change.user_id, f"{field}[{place}].user_id") for place, change in enumerate(changes)]
    named += [(user_id, f"{REMOVALS}[{place}]") for place, user_id in enumerate(removals)]
    check_ids(named)


def new_members(field: str, changes: Sequence[MemberChange], stored: Collection[str]) -> dict[str, str]:
    """Return field -> id of those who are no members yet."""
    return {
        f"{field}[{place}].user_id": change.user_id
        for place, change in enumerate(changes)
        if change.user_id not in stored
    }


# --- calls and channels ----------------------------------------------------------------------------------------------


def no_such_type(kind: str, name: str) -> InvalidInput:
    """Make the error for the type in the cid of something new."""
    return InvalidInput(f"{kind} type {shown(name)} does not exist", field="cid", reason="UNKNOWN_TYPE")


async def check_origin(
    tx: Transaction,
    caller: Caller,
    wanted: CallRecord | ChannelRecord,
    stored: CallRecord | ChannelRecord | None,
    within: str = "",
    named: str = "created_by_id",
) -> None:
    """Check who a call or channel is of: a user creates for itself and in its own teams, and changes neither.

    `within` is what the request's fields are in, such as `data.`; `named` is which of them names the creator.
    """
    creator, team = f"{within}{named}", f"{within}team"
    if wanted.created_by_id != (stored.created_by_id if stored else caller.user_id):
        server_only(caller, "naming another creator", creator)
    if wanted.created_by_id and (stored is None or wanted.created_by_id != stored.created_by_id):
        await check_users(tx, {creator: wanted.created_by_id})
    if stored is not None:
        if wanted.team != stored.team:
            server_only(caller, "changing the team", team)
    elif wanted.team and tx.app.multi_tenant_enabled and not caller.server_side:
        user = await tx.user(caller.user_id)
        if user is None or wanted.team not in user.teams:
            raise _other_team(caller.user_id, wanted.team, team)
