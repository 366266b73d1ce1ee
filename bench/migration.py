"""Migrating a large app to permission version v2 on a real server: how long it takes, and how long others wait.

Every type's policies are changed, so each is translated; undoing each migration puts them back for the next.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from bench.asker import Waits, Window, asking
from bench.client import UPDATE_APP, Client
from bench.figures import Figure
from bench.lab import Lab
from bench.serving import REAL, serving
from bench.worlds import KEY, SECRET
from rolecall.api.v1 import app_pb2
from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.domain.builtin import channel_types
from rolecall.domain.builtin.policies import POLICIES
from rolecall.domain.policies import RESOURCES
from rolecall.domain.policy_checks import checked_policies
from rolecall.domain.records import (
    CallMemberRecord,
    CallRecord,
    ChannelMemberRecord,
    ChannelRecord,
    PolicyRecord,
    RoleRecord,
    TypeRecord,
    UserRecord,
)
from rolecall.domain.roles import BUILT_IN
from rolecall.service.administration.apps import create_app
from rolecall.store import Store

TYPES: Final = 50
ROLES: Final = 40
POLICIES_OF_OWN: Final = 4
"""Beside the five to seven that each type starts with."""

_ASKED: Final = (
    pb.CheckCapabilityRequest(user_id="asker", call="default:bench", capability="send-audio"),
    pb.CheckCapabilityRequest(user_id="asker", channel="messaging:bench", capability="send-message"),
)
_QUIET_SECONDS: Final = 0.5
_AFTER_SECONDS: Final = 0.3
"""How long after the answer a wait still counts: the follower's next look at the store falls into it."""

_DRY_RUN: Final = app_pb2.UpdateAppRequest(permission_version="v2", migrate_permissions_to_v2=True, dry_run=True)
_MIGRATE: Final = app_pb2.UpdateAppRequest(permission_version="v2", migrate_permissions_to_v2=True)
_UNDO: Final = app_pb2.UpdateAppRequest(undo_migration=True)


class Step(NamedTuple):
    """One change of the app: seconds it took, megabytes of the answer, and when it was quiet and when it worked."""

    seconds: float
    megabytes: float
    before: Window
    during: Window


def measure(lab: Lab) -> list[Figure]:
    """Return seconds of a migration and the delays it causes."""
    path = lab.folder / "migration.db"
    asyncio.run(_create(path))
    steps: dict[str, list[Step]] = {"dry": [], "migrate": [], "undo": []}
    with (
        serving(REAL, path, core=lab.cores.server) as server,
        asking(server.address, _ASKED, lab.cores.load) as asker,
        Client(server.address) as client,
    ):
        for _ in range(lab.scale.migrations):
            steps["dry"].append(_step(client, _DRY_RUN, "v2"))
            steps["migrate"].append(_step(client, _MIGRATE, "v2"))
            steps["undo"].append(_step(client, _UNDO, "v1"))
    return [
        *_figures(f"migrating {TYPES} types × {ROLES} roles", steps["migrate"], asker.waits, 2.0, 20.0),
        *_figures("a dry run of it", steps["dry"], asker.waits),
        *_figures("undoing it", steps["undo"], asker.waits),
    ]


def _figures(
    what: str, steps: Sequence[Step], waits: Waits, limit: float | None = None, longest: float | None = None
) -> Iterator[Figure]:
    seconds = [step.seconds for step in steps]
    delays = [waits.delay(step.before, step.during) for step in steps]
    quiet = [wait for step in steps for wait in waits.during(step.before)]
    sizes = f"the slowest of {len(steps)}; median {median(seconds):.2f} s; its report has {steps[0].megabytes:.1f} MB"
    yield Figure(what, max(seconds), "s", limit, note=sizes)
    before = f"before it p50 {median(quiet):.2f} ms, longest {max(quiet):.1f} ms"
    # The machine itself stops for tens of milliseconds now and then, so the longest of all would tell of that.
    note = f"median of the longest in each of {len(steps)} runs; longest of all {max(delays):.1f} ms; {before}"
    yield Figure(f"longest delay of other answers by {what}", median(delays), "ms", longest, note=note)


def _step(client: Client, request: app_pb2.UpdateAppRequest, version: str) -> Step:
    time.sleep(_QUIET_SECONDS)
    started = time.monotonic()
    body = client.send(UPDATE_APP, request.SerializeToString())
    ended = time.monotonic()
    time.sleep(_AFTER_SECONDS)
    response = app_pb2.UpdateAppResponse.FromString(body)
    assert response.app.permission_version == version
    assert {change.channel_type for change in response.migration_report.changes} == set(_type_names())
    before, during = Window(started - _QUIET_SECONDS, started), Window(started, ended + _AFTER_SECONDS)
    return Step(ended - started, len(body) / 2**20, before, during)


# --- the app ---------------------------------------------------------------------------------------------------------


async def _create(path: Path) -> None:
    """Make the app on version v1, with a user who may send in one call and one channel."""
    store, choice = await Store.open(str(path)), random.Random(3)
    roles = [f"crew-{number:02}" for number in range(ROLES - len(BUILT_IN))]
    try:
        app, _, _ = await create_app(store, "bench", key=KEY, secret=SECRET, permission_version="v1")
        async with store.transaction(app.id) as tx:
            for name in roles:
                await tx.put_role(RoleRecord(name))
            for name in _type_names():
                await tx.put_type(_channel_type(name, roles, choice))
            await tx.put_user(UserRecord("asker"))
            await tx.put_call(CallRecord("default:bench"))
            await tx.put_call_member("default:bench", CallMemberRecord("asker"))
            await tx.put_channel(ChannelRecord("messaging:bench"))
            await tx.put_channel_member("messaging:bench", ChannelMemberRecord("asker"))
    finally:
        await store.close()


def _type_names() -> list[str]:
    built_in = list(channel_types.GRANTS)
    return [*built_in, *(f"room-{number:02}" for number in range(TYPES - len(built_in)))]


def _channel_type(name: str, roles: Sequence[str], choice: random.Random) -> TypeRecord:
    """Return a type whose policies say something of their own of most custom roles."""
    origin = name if name in POLICIES else "messaging"
    own = (_policy(number, roles, choice) for number in range(POLICIES_OF_OWN))
    policies = checked_policies([*POLICIES[origin], *own], roles)
    return TypeRecord(name, channel_types.GRANTS[origin], channel_types.CONFIG[origin], policies)


def _policy(number: int, roles: Sequence[str], choice: random.Random) -> PolicyRecord:
    return PolicyRecord(
        name=f"Crew rule {number}",
        priority=choice.randint(75, 998),
        resources=tuple(choice.sample(RESOURCES[1:], 8)),
        roles=tuple(choice.sample(roles, len(roles) // 2)),
        owner=number == 0,
        allow=number != 1,
    )
