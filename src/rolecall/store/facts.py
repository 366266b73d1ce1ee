"""Facts for decisions, read in one statement: one trip to the database's thread and one snapshot for all of them.

Facts are many and alike, so equal texts and compiled parts are one object each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache, wraps
from sys import intern
from typing import Any, Final, NamedTuple, TypeVar

from rolecall.domain import call_capabilities
from rolecall.domain.facts import Call, CallMember, Channel, ChannelMember, User
from rolecall.domain.grants import GrantOverride, compile_overrides
from rolecall.domain.settings import disabled_actions
from rolecall.store.connection import Connection
from rolecall.store.rows import to_grants, to_settings, to_strings

T = TypeVar("T")

Pair = tuple[str, str]
"""A cid and a user's id."""


class Wanted(NamedTuple):
    """Which facts of one app to read."""

    users: Collection[str] = ()
    calls: Collection[str] = ()
    channels: Collection[str] = ()
    call_members: Collection[Pair] = ()
    channel_members: Collection[Pair] = ()


class Facts(NamedTuple):
    """The facts asked for, None for what does not exist; `seq` is the head of the change log in the same snapshot.

    A call member is None when the call or the user does not exist, or nothing was ever said of the two.
    """

    seq: int
    users: Mapping[str, User | None]
    calls: Mapping[str, Call | None]
    channels: Mapping[str, Channel | None]
    call_members: Mapping[Pair, CallMember | None]
    channel_members: Mapping[Pair, ChannelMember | None]


# Each branch starts from the ids asked for (CROSS JOIN keeps that order) and finds each by index. All branches have
# the columns of the longest; the first column names the branch.
_FACTS: Final = """
SELECT 'seq', coalesce(max(seq), 0), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM changes
UNION ALL
SELECT 'users', u.key, u.id, u.role, u.teams, u.teams_role, u.banned, u.deactivated, u.revoke_tokens_issued_before,
       CASE WHEN u.custom = '{}' THEN '' ELSE u.custom END, NULL
  FROM json_each(:users) AS wanted
 CROSS JOIN users AS u ON u.app_id = :app_id AND u.id = wanted.value
UNION ALL
SELECT 'calls', c.key, c.cid, c.created_by_id, c.team, c.settings, c.backstage, c.starts_at, c.ended_at,
       CASE WHEN c.custom = '{}' THEN '' ELSE c.custom END, NULL
  FROM json_each(:calls) AS wanted
 CROSS JOIN calls AS c ON c.app_id = :app_id AND c.cid = wanted.value
UNION ALL
SELECT 'channels', c.key, c.cid, c.created_by_id, c.team, c.frozen, c.disabled, c.cooldown,
       c.override_flags, c.override_grants, CASE WHEN c.custom = '{}' THEN '' ELSE c.custom END
  FROM json_each(:channels) AS wanted
 CROSS JOIN channels AS c ON c.app_id = :app_id AND c.cid = wanted.value
UNION ALL
SELECT 'call_members', c.cid, u.id, m.role, coalesce(s.blocked, 0), coalesce(s.granted, '[]'),
       coalesce(s.revoked, '[]'), c.key, u.key, NULL, NULL
  FROM json_each(:call_members) AS wanted
 CROSS JOIN calls AS c ON c.app_id = :app_id AND c.cid = json_extract(wanted.value, '$[0]')
 CROSS JOIN users AS u ON u.app_id = :app_id AND u.id = json_extract(wanted.value, '$[1]')
  LEFT JOIN call_members AS m ON m.call = c.key AND m.user_id = u.id
  LEFT JOIN call_users AS s ON s.call = c.key AND s.user_id = u.id
 WHERE m.call IS NOT NULL OR s.call IS NOT NULL
UNION ALL
SELECT 'channel_members', c.cid, u.id, m.channel_role, m.banned, c.key, u.key, NULL, NULL, NULL, NULL
  FROM json_each(:channel_members) AS wanted
 CROSS JOIN channels AS c ON c.app_id = :app_id AND c.cid = json_extract(wanted.value, '$[0]')
 CROSS JOIN users AS u ON u.app_id = :app_id AND u.id = json_extract(wanted.value, '$[1]')
 CROSS JOIN channel_members AS m ON m.channel = c.key AND m.user_id = u.id
"""


_Columns = Sequence[Any]


async def read_facts(connection: Connection, app_id: int, wanted: Wanted) -> Facts:
    """Read facts of one app; every id asked for is answered."""
    ids = {kind: list(names) for kind, names in wanted._asdict().items()}
    parameters = {kind: json.dumps(names) for kind, names in ids.items()}
    found: dict[str, dict[Any, Any]] = {kind: dict.fromkeys(names) for kind, names in ids.items()}
    seq = 0
    for kind, *columns in await connection.all(_FACTS, {"app_id": app_id, **parameters}):
        if kind == "seq":
            seq = columns[0]
        else:
            key, fact = _BUILDERS[kind](columns)
            found[kind][key] = fact
    return Facts(seq, **found)


def _user(row: _Columns) -> tuple[str, User]:
    key, name, role, teams, teams_role, banned, deactivated, valid_from, custom, _ = row
    return name, User(
        key=key,
        id=name,
        role=intern(role),
        teams=_teams(teams),
        teams_role=_teams_role(teams_role),
        banned=bool(banned),
        deactivated=bool(deactivated),
        tokens_valid_from=valid_from,
        custom=custom,
    )


def _call(row: _Columns) -> tuple[str, Call]:
    key, cid, created_by, team, settings, backstage, starts_at, ended_at, custom, _ = row
    disabled, join_ahead = _call_settings(settings)
    return cid, Call(
        key=key,
        type=_type(cid),
        created_by=created_by,
        team=intern(team),
        disabled=disabled,
        backstage=bool(backstage),
        join_ahead=join_ahead,
        starts_at=starts_at,
        ended=ended_at is not None,
        custom=custom,
    )


def _channel(row: _Columns) -> tuple[str, Channel]:
    key, cid, created_by, team, frozen, disabled, cooldown, flags, grants, custom = row
    return cid, Channel(
        key=key,
        type=_type(cid),
        created_by=created_by,
        team=intern(team),
        frozen=bool(frozen),
        disabled=bool(disabled),
        cooldown=cooldown,
        flags=_flags(flags),
        grants=_overrides(grants),
        custom=custom,
    )


def _call_member(row: _Columns) -> tuple[Pair, CallMember]:
    cid, user_id, role, blocked, granted, revoked, call, user, *_ = row
    return (cid, user_id), CallMember(
        role=role and intern(role),
        blocked=bool(blocked),
        granted=_mask(granted),
        revoked=_mask(revoked),
        of=(call, user),
    )


def _channel_member(row: _Columns) -> tuple[Pair, ChannelMember]:
    cid, user_id, role, banned, channel, user, *_ = row
    return (cid, user_id), ChannelMember(role=intern(role), banned=bool(banned), of=(channel, user))


_BUILDERS: Final[Mapping[str, Callable[[_Columns], tuple[Any, Any]]]] = {
    "users": _user,
    "calls": _call,
    "channels": _channel,
    "call_members": _call_member,
    "channel_members": _channel_member,
}

_SHARED_TEXTS: Final = 256
_SHARED_LENGTH: Final = 1024
_SHARED_SETTINGS_LENGTH: Final = 4096  # the built-in settings of a call are about 1550 characters


def _shared(longest: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """Keep what short texts compile to, `longest` in characters: long ones are seldom alike, and would fill memory."""

    def share(compiled: Callable[[str], T]) -> Callable[[str], T]:
        kept = lru_cache(maxsize=_SHARED_TEXTS)(compiled)

        @wraps(compiled)
        def shared(text: str) -> T:
            return kept(text) if len(text) <= longest else compiled(text)

        return shared

    return share


@_shared(_SHARED_LENGTH)
def _teams(text: str) -> frozenset[str]:
    return frozenset(to_strings(text))


@_shared(_SHARED_LENGTH)
def _teams_role(text: str) -> Mapping[str, str]:
    return {intern(team): intern(role) for team, role in json.loads(text).items()}


@_shared(_SHARED_SETTINGS_LENGTH)
def _call_settings(text: str) -> tuple[int, int]:
    """Return the mask of disabled actions, and how early one may join, in seconds."""
    settings = to_settings(text)
    return disabled_actions(settings), int(settings.get("backstage.join_ahead_time_seconds", 0))


@_shared(_SHARED_LENGTH)
def _flags(text: str) -> Mapping[str, bool]:
    return {intern(name): on for name, on in json.loads(text).items()}


@_shared(_SHARED_LENGTH)
def _overrides(text: str) -> Mapping[str, GrantOverride]:
    return compile_overrides(to_grants(text))


@_shared(_SHARED_LENGTH)
def _mask(text: str) -> int:
    return call_capabilities.mask(json.loads(text))


def _type(cid: str) -> str:
    return intern(cid.partition(":")[0])
