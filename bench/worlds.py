"""The stores that are measured.

The app and its types go through the store; the mass of rows goes into its tables directly, in the store's own shapes,
because a million acknowledged writes would take longer than all the rest.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rolecall.domain.builtin import app_scope, call_types, channel_types
from rolecall.domain.builtin.policies import POLICIES
from rolecall.domain.permissions import BUILT_IN
from rolecall.domain.records import (
    AppRecord,
    CallMemberRecord,
    CallRecord,
    ChannelMemberRecord,
    ChannelRecord,
    Grants,
    RoleRecord,
    TypeRecord,
    UserRecord,
)
from rolecall.store import Store, rows
from rolecall.store.changes import CALL_MEMBER, member_key

KEY: Final = "bench-key"
SECRET: Final = "bench-secret-bench-secret-bench-secret"
APP_ID: Final = 1

ROLES: Final = ("user", "guest", "anonymous", "admin", "moderator", "host", "call_member", "speaker", "producer", "cue")
CUSTOM_ROLES: Final = ("speaker", "producer", "cue")
_FIXED: Final = {"call_member": ("send-audio", "send-video", "join-call"), "host": ("end-call", "mute-users")}
_IDS: Final = tuple(BUILT_IN)
_LOGGED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Spec:
    """How much of everything a world holds; types, calls, users and members are named by their numbers."""

    types: int
    calls: int
    members_per_call: int
    users: int
    channels: int = 0
    permissions_per_role: int = 10

    @property
    def grants(self) -> int:
        """Permissions granted to roles by the call types."""
        return self.types * len(ROLES) * self.permissions_per_role

    @property
    def members(self) -> int:
        """Memberships of all calls."""
        return self.calls * self.members_per_call

    def cid(self, call: int) -> str:
        """Return the name of a call."""
        return f"t{call % self.types}:call-{call}"

    def member(self, call: int, place: int) -> str:
        """Return the user who is a call's member of this number."""
        return user(call * self.members_per_call + place, self.users)


@dataclass(frozen=True, slots=True)
class World:
    """A store on disk that holds what its spec says; `seconds` is how long making it took."""

    path: Path
    spec: Spec
    seconds: float


def user(number: int, users: int) -> str:
    """Return the id of a user; numbers go round."""
    return f"user-{number % users}"


def channel(number: int) -> str:
    """Return the cid of a channel."""
    return f"messaging:channel-{number}"


def build(path: Path, spec: Spec) -> World:
    """Make a world."""
    started = time.perf_counter()
    asyncio.run(_create(path, spec))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for sql, values in _mass(spec):
            for chunk in _chunks(values):
                connection.execute("BEGIN")
                connection.executemany(sql, chunk)
                connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return World(path, spec, time.perf_counter() - started)


async def _create(path: Path, spec: Spec) -> None:
    store = await Store.open(str(path))
    try:
        app = await store.create_app(AppRecord(0, "bench", 0), key=KEY, secret=SECRET, types=_types(spec))
        assert app.id == APP_ID
        async with store.transaction(app.id) as tx:
            for name in CUSTOM_ROLES:
                await tx.put_role(RoleRecord(name))
    finally:
        await store.close()


def _types(spec: Spec) -> Iterator[TypeRecord]:
    yield TypeRecord(".app", app_scope.GRANTS)
    for name, grants in channel_types.GRANTS.items():
        yield TypeRecord(name, grants, channel_types.CONFIG[name], POLICIES[name])
    for number in range(spec.types):
        yield TypeRecord(f"video:t{number}", _grants(number, spec), call_types.SETTINGS["default"])


def _grants(number: int, spec: Spec) -> Grants:
    """Return what the roles hold on one type: everywhere another choice of the same number."""
    each = spec.permissions_per_role
    return {role: _permissions(role, number * len(ROLES) + place, each) for place, role in enumerate(ROLES)}


def _permissions(role: str, number: int, count: int) -> tuple[str, ...]:
    fixed = _FIXED.get(role, ())
    others = (_IDS[(number * 7 + step) % len(_IDS)] for step in itertools.count())
    more = (name for name in others if name not in fixed)
    return tuple(sorted((*fixed, *itertools.islice(more, count - len(fixed)))))


def _mass(spec: Spec) -> Iterator[tuple[str, Iterator[tuple[Any, ...]]]]:
    """Yield statements with their rows. A call's and a channel's key is its number plus one."""
    _, *rest = rows.USER.values(UserRecord(""))
    yield rows.USER.upsert("users", "app_id"), ((APP_ID, user(n, spec.users), *rest) for n in range(spec.users))

    _, *rest = rows.CALL.values(CallRecord("", created_by_id=user(0, 1), settings=call_types.SETTINGS["default"]))
    yield rows.CALL.upsert("calls", "app_id"), ((APP_ID, spec.cid(n), *rest) for n in range(spec.calls))

    _, *rest = rows.CALL_MEMBER.values(CallMemberRecord(""))
    pairs = itertools.product(range(spec.calls), range(spec.members_per_call))
    yield rows.CALL_MEMBER.upsert("call_members", "call"), ((n + 1, spec.member(n, place), *rest) for n, place in pairs)

    _, *rest = rows.CHANNEL.values(ChannelRecord("", created_by_id=user(0, 1)))
    yield rows.CHANNEL.upsert("channels", "app_id"), ((APP_ID, channel(n), *rest) for n in range(spec.channels))

    _, *rest = rows.CHANNEL_MEMBER.values(ChannelMemberRecord(""))
    members = ((n + 1, user(n, spec.users), *rest) for n in range(spec.channels))
    yield rows.CHANNEL_MEMBER.upsert("channel_members", "channel"), members

    yield "INSERT INTO changes (app_id, revision, kind, key, at) VALUES (?, 1, ?, ?, 0)", _log(spec)


def _log(spec: Spec) -> Iterator[tuple[Any, ...]]:
    """Yield a change log as long as it gets before it is cut: the last members."""
    for number in range(max(0, spec.members - _LOGGED), spec.members):
        call, place = divmod(number, spec.members_per_call)
        yield APP_ID, CALL_MEMBER, member_key(spec.cid(call), spec.member(call, place))


def _chunks(values: Iterator[tuple[Any, ...]], size: int = 100_000) -> Iterator[list[tuple[Any, ...]]]:
    while chunk := list(itertools.islice(values, size)):
        yield chunk
