"""A question about a channel, in this process: under permission version v1, and the same one under v2.

Two apps of one store have the built-in policies and grants, the same users and a channel of each built-in type.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import Final

from bench.figures import Figure
from bench.lab import Lab
from bench.loops import Asked, Runner, deciding, holding, interleaved
from bench.worlds import SECRET
from rolecall.domain import channel_capabilities, channel_case, channel_rules
from rolecall.domain.builtin import channel_types
from rolecall.domain.decision import Decision, Reason
from rolecall.domain.policies import CompiledPolicies
from rolecall.domain.records import ChannelMemberRecord, ChannelRecord, UserRecord
from rolecall.service.administration.apps import create_app
from rolecall.service.authorizer import Authorizer
from rolecall.service.cache import CHANNEL, CHANNEL_MEMBER, USER, Name
from rolecall.service.callers import Caller
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.service.state import AppState
from rolecall.store import Store

CAPABILITIES: Final = (
    "read-channel",
    "send-message",
    "send-reaction",
    "upload-file",
    "update-own-message",
    "delete-any-message",
    "update-thread",
    "update-channel",
    "ban-channel-members",
    "leave-channel",
)
_V1, _V2 = "v1", "v2"
_OWNER: Final = "owner"
_ROLES: Final = {
    _OWNER: "user",
    "member": "user",
    "moderator": "user",
    "other": "user",
    "guest": "guest",
    "boss": "admin",
}
_MEMBERS: Final = {"member": "channel_member", "moderator": "channel_moderator"}
_CHANNELS: Final = tuple(f"{name}:bench" for name in channel_types.GRANTS)
_REPEATS: Final = 3
_REASONS: Final = {_V1: {Reason.POLICY_ALLOW, Reason.POLICY_DENY}, _V2: {Reason.ROLE_GRANT, Reason.NO_GRANT}}


@dataclass(frozen=True, slots=True)
class Held:
    """One of the apps, with all of its facts in memory."""

    index: Index
    app: AppState


def measure(lab: Lab) -> list[Figure]:
    """Return the time of a decision on a channel under both permission versions."""
    return asyncio.run(_measure(lab.folder / "chat.db", lab.scale.decide_rounds))


async def _measure(path: Path, count: int) -> list[Figure]:
    apps = await _create(path)
    async with holding(path, {app_id: _names(app_id) for app_id in apps.values()}) as index:
        v1, v2 = (Held(index, index.app(apps[version])) for version in (_V1, _V2))
        asked = _questions() * _REPEATS
        assert _answers(v1) != _answers(v2)
        rounds = interleaved(
            [
                Runner(_V1, deciding(index, v1.app, asked)),
                Runner(_V2, deciding(index, v2.app, asked)),
                Runner("afresh", _afresh(v1)),
                Runner("rules v1", _rules(v1)),
                Runner("rules v2", _rules(v2)),
            ],
            count,
        )
    micros = {name: median(times) for name, times in rounds.items()}
    what = f"{len(_CHANNELS)} types, {len(_ROLES)} users, {len(CAPABILITIES)} capabilities"
    afresh = "nothing remembered of what policies say to these roles"
    return [
        Figure("decide() on a channel under v1, built-in policies", micros[_V1], "µs", 5.0, note=what),
        Figure("the same questions under v2, built-in grants", micros[_V2], "µs"),
        Figure("under v1, each question for the first time", micros["afresh"], "µs", note=afresh),
        Figure("domain alone, v1: resolve, and each rule asked", micros["rules v1"], "µs", note="facts in hand"),
        Figure("domain alone, v2: resolve, and each rule asked", micros["rules v2"], "µs", note="facts in hand"),
    ]


# --- the apps --------------------------------------------------------------------------------------------------------


async def _create(path: Path) -> dict[str, int]:
    store = await Store.open(str(path))
    try:
        return {version: await _create_app(store, version) for version in (_V1, _V2)}
    finally:
        await store.close()


async def _create_app(store: Store, version: str) -> int:
    app, _, _ = await create_app(store, version, key=f"bench-{version}", secret=SECRET, permission_version=version)
    async with store.transaction(app.id) as tx:
        await tx.put_users([UserRecord(name, role) for name, role in _ROLES.items()])
        for cid in _CHANNELS:
            await tx.put_channel(ChannelRecord(cid, created_by_id=_OWNER))
            await tx.put_channel_members(cid, [ChannelMemberRecord(name, role) for name, role in _MEMBERS.items()])
    return app.id


def _names(app_id: int) -> Iterator[Name]:
    yield from ((USER, app_id, name) for name in _ROLES)
    yield from ((CHANNEL, app_id, cid) for cid in _CHANNELS)
    yield from ((CHANNEL_MEMBER, app_id, cid, name) for cid, name in product(_CHANNELS, _ROLES))


def _questions() -> Asked:
    """Return every question, one user and channel after the other from one to the next."""
    pairs = [Question(name, channel=cid) for cid, name in product(_CHANNELS, _ROLES)]
    return [(question, capability) for capability, question in product(CAPABILITIES, pairs)]


def _answers(held: Held) -> list[Decision]:
    """Return what is answered; the reasons must be those of the app's permission version, of both kinds."""
    decide, caller = Authorizer(held.index).decide, Caller(held.app.id)
    answers = [decide(held.app, caller, *question) for question in _questions()]
    assert _REASONS[held.app.rules.permission_version] <= {answer.reason for answer in answers}
    return answers


# --- loops -----------------------------------------------------------------------------------------------------------


def _afresh(held: Held) -> Callable[[], float]:
    """Return a run of questions none of which its policies have been asked before."""
    index, app = held.index, held.app

    def run() -> float:
        types = {
            name: replace(one, policies=CompiledPolicies(one.policies.policies))
            for name, one in app.channel_types.items()
        }
        return deciding(index, replace(app, channel_types=types), _questions())()

    return run


def _rules(held: Held) -> Callable[[], float]:
    """Return a run of the rules one by one, as for channels in an unusual state."""
    situations = _situations(held)
    case, decide, rules = channel_case.channel_case, channel_rules.check_channel, held.app.rules

    def run() -> float:
        started = perf_counter_ns()
        for asked, situation in situations:
            decide(case(rules, situation), asked)
        return (perf_counter_ns() - started) / len(situations) / 1_000

    return run


def _situations(held: Held) -> list[tuple[int, channel_case.Situation]]:
    """Return each question as the row it asks about and what is known of who and where."""
    index, app = held.index, held.app
    get = index.cache.get
    situations: list[tuple[int, channel_case.Situation]] = []
    for (user_id, _, cid, *_), capability in _questions():
        user, channel = get((USER, app.id, user_id)), get((CHANNEL, app.id, cid))
        member = get((CHANNEL_MEMBER, app.id, cid, user_id))
        asked = channel_capabilities.question(capability)
        assert asked is not None
        situations.append((asked, (app.channel_type(channel.type), channel, user_id, user, member, None, cid)))
    return situations
