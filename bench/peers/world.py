"""One app with the built-in call type `default`: in a store of ours, and as roles and actions for the others.

Everybody in it is a `user`; each has a role of the type as a member of two calls, one of which is the member's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

from bench.worlds import KEY, SECRET
from rolecall.domain.builtin.call_types import GRANTS, SETTINGS
from rolecall.domain.call_capabilities import CAPABILITIES
from rolecall.domain.permissions import BUILT_IN
from rolecall.domain.records import CallMemberRecord, CallRecord, UserRecord
from rolecall.domain.settings import is_off
from rolecall.service.administration.apps import create_app
from rolecall.store import Store

TYPE: Final = "default"
CALL: Final = f"{TYPE}:bench"
ASKED: Final = "ann"
ASKED_ROLE: Final = "call_member"
CAPABILITY: Final = "send-audio"
OWNER: Final = "boss"
CALLS: Final = 50

ACTIONS: Final = tuple(row.id for row in CAPABILITIES)
ROLES: Final = tuple(GRANTS[TYPE])
USER_ROLE: Final = "user"


class Held(NamedTuple):
    """What a role may do on a call: on any, and on the user's own beside."""

    anywhere: tuple[str, ...]
    own: tuple[str, ...]


class Asked(NamedTuple):
    """One question: a member with a role, a call with an owner, an action."""

    user: str
    role: str
    call: str
    owner: str
    action: str


def table() -> dict[str, Held]:
    """Return what each role holds of the capabilities; what a setting of the type takes away, nobody has."""
    return {role: _held(role) for role in ROLES}


def _held(role: str) -> Held:
    by_action = {row.action: row for row in CAPABILITIES if not (row.setting and _is_off(row.setting))}
    granted = [BUILT_IN[permission] for permission in GRANTS[TYPE][role]]
    anywhere = {by_action[one.action.name].id for one in granted if not one.owner and one.action.name in by_action}
    own = {by_action[one.action.name].id for one in granted if one.owner and one.action.name in by_action}
    return Held(tuple(sorted(anywhere)), tuple(sorted(own - anywhere)))


def _is_off(setting: str) -> bool:
    return is_off(SETTINGS[TYPE].get(setting))


def user_of(role: str) -> str:
    """Return the member that has a role."""
    return ASKED if role == ASKED_ROLE else f"a-{role}"


def own_call(role: str) -> str:
    """Return the call that the role's member created."""
    return f"{TYPE}:of-{user_of(role)}"


def numbered(number: int) -> str:
    """Return one of the calls of a batch."""
    return f"{TYPE}:call-{number}"


def everything() -> Iterator[Asked]:
    """Yield every question that can be asked: each role, on a call of somebody else and on an own one, each action."""
    for role, action in product(ROLES, ACTIONS):
        yield Asked(user_of(role), role, CALL, OWNER, action)
        yield Asked(user_of(role), role, own_call(role), user_of(role), action)


def build(path: Path) -> Path:
    """Make the store."""
    asyncio.run(_create(path))
    return path


async def _create(path: Path) -> None:
    store = await Store.open(str(path))
    try:
        app, _, _ = await create_app(store, "bench", key=KEY, secret=SECRET)
        async with store.transaction(app.id) as tx:
            await tx.put_users([UserRecord(name, USER_ROLE) for name in (OWNER, *map(user_of, ROLES))])
            await tx.put_call(CallRecord(CALL, created_by_id=OWNER, settings=SETTINGS[TYPE]))
            for role in ROLES:
                await tx.put_call_member(CALL, CallMemberRecord(user_of(role), role))
                await tx.put_call(CallRecord(own_call(role), created_by_id=user_of(role), settings=SETTINGS[TYPE]))
                await tx.put_call_member(own_call(role), CallMemberRecord(user_of(role), role))
            for number in range(CALLS):
                await tx.put_call(CallRecord(numbered(number), created_by_id=OWNER, settings=SETTINGS[TYPE]))
                await tx.put_call_member(numbered(number), CallMemberRecord(ASKED, ASKED_ROLE))
    finally:
        await store.close()
