"""Permissions with conditions, in this process: what asking about one costs, and what having them costs the others.

Two apps of one store have the same users, channels and calls, all with custom data. In one of them the members of a
channel, and those of a call, hold 20 permissions with conditions on one action; the other has no custom permissions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.figures import Figure
from bench.lab import Lab
from bench.loops import Asked, Runner, deciding, holding, interleaved, ratio
from bench.worlds import SECRET
from rolecall.domain.conditions import check_condition
from rolecall.domain.decision import Decision, Reason
from rolecall.domain.records import (
    CallMemberRecord,
    CallRecord,
    ChannelMemberRecord,
    ChannelRecord,
    PermissionRecord,
    UserRecord,
)
from rolecall.service.administration.apps import create_app
from rolecall.service.authorizer import Authorizer
from rolecall.service.cache import CALL, CALL_MEMBER, CHANNEL, CHANNEL_MEMBER, USER, Name
from rolecall.service.callers import Caller
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.service.state import AppState
from rolecall.store import Store, Transaction

CONDITIONS: Final = 20
_WITH, _WITHOUT = "with", "without"
_FEW: Final = 10
_MANY: Final = 500
_TARGETS: Final = 10
_BATCH: Final = 500
_EACH: Final = _FEW * _TARGETS


@dataclass(frozen=True, slots=True)
class Place:
    """Where questions are asked: its members' `role` holds the conditional permissions, which are for `action`.

    `asked` is the capability that the action is behind, `others` are capabilities without conditions.
    """

    name: str
    scope: str
    role: str
    action: str
    asked: str
    others: tuple[str, ...]

    def cid(self, number: int) -> str:
        """Return the name of a channel or call."""
        return f"{self.scope.removeprefix('video:')}:bench-{number}"

    def questions(self, users: int, *capabilities: str) -> Asked:
        """Return a batch about so many users, on all channels or calls."""
        return [
            (self._question(_user(n % users), n // _FEW % _TARGETS), capabilities[n // _EACH % len(capabilities)])
            for n in range(_BATCH)
        ]

    def _question(self, user_id: str, target: int) -> Question:
        cid = self.cid(target)
        return Question(user_id, call=cid) if self.name == "call" else Question(user_id, channel=cid)


_PLACES: Final = (
    Place(
        "channel",
        "messaging",
        "channel_member",
        "UpdateChannelFrozen",
        "freeze-channel",
        ("send-message", "read-channel", "send-reaction", "delete-any-message", "update-channel"),
    ),
    Place(
        "call",
        "video:default",
        "call_member",
        "KickUser",
        "kick-user",
        ("send-audio", "send-video", "screenshare", "mute-users", "block-users"),
    ),
)


def measure(lab: Lab) -> list[Figure]:
    """Return the time of a decision that takes conditions, and of those that don't beside them."""
    return asyncio.run(_measure(lab.folder / "conditions.db", lab.scale.decide_rounds))


async def _measure(path: Path, count: int) -> list[Figure]:
    apps = await _create(path)
    async with holding(path, {app_id: _names(app_id) for app_id in apps.values()}) as index:
        having, lacking = index.app(apps[_WITH]), index.app(apps[_WITHOUT])
        return [figure for place in _PLACES for figure in _at(place, index, having, lacking, count)]


def _at(place: Place, index: Index, having: AppState, lacking: AppState, count: int) -> Iterator[Figure]:
    few, many = place.questions(_FEW, place.asked), place.questions(_MANY, place.asked)
    others = place.questions(_FEW, *place.others)
    assert {(one.reason, one.permission) for one in _answers(index, having, few)} == {
        (Reason.ROLE_GRANT, _id(place, CONDITIONS))
    }
    assert {one.reason for one in _answers(index, lacking, few)} == {Reason.NO_GRANT}
    assert _answers(index, having, others) == _answers(index, lacking, others)
    rounds = interleaved(
        [
            Runner("conditional", deciding(index, having, few)),
            Runner("many", deciding(index, having, many)),
            Runner("having", deciding(index, having, others)),
            Runner("lacking", deciding(index, lacking, others)),
        ],
        count,
    )
    micros = {name: median(times) for name, times in rounds.items()}
    where = f"on a {place.name}"
    yield Figure(
        f"decide() {where}, {CONDITIONS} conditions",
        micros["conditional"],
        "µs",
        20.0,
        note=f"the last one holds; {_FEW} users, {_TARGETS} {place.name}s",
    )
    yield Figure(f"the same about {_MANY:,} users", micros["many"], "µs", note="custom data is parsed each time")
    yield Figure(f"decide() {where}, no condition on what is asked", micros["having"], "µs")
    yield Figure("the same in an app without custom permissions", micros["lacking"], "µs")
    yield ratio(f"with conditions elsewhere : without, {where}", rounds["having"], rounds["lacking"], 1.05)


def _answers(index: Index, app: AppState, asked: Asked) -> list[Decision]:
    decide, caller = Authorizer(index).decide, Caller(app.id)
    return [decide(app, caller, *question) for question in asked]


# --- the apps --------------------------------------------------------------------------------------------------------


async def _create(path: Path) -> dict[str, int]:
    store, ids = await Store.open(str(path)), {}
    try:
        for name in (_WITH, _WITHOUT):
            app, _, _ = await create_app(store, name, key=f"bench-{name}", secret=SECRET)
            ids[name] = app.id
            async with store.transaction(app.id) as tx:
                await _fill(tx)
                for place in _PLACES if name == _WITH else ():
                    await _add_conditions(tx, place)
    finally:
        await store.close()
    return ids


async def _fill(tx: Transaction) -> None:
    users = [_user(number) for number in range(_MANY)]
    await tx.put_users([UserRecord(name, custom=_profile(number)) for number, name in enumerate(users)])
    channel, call = _PLACES
    for number in range(_TARGETS):
        await tx.put_channel(ChannelRecord(channel.cid(number), custom=_record(number)))
        await tx.put_channel_members(channel.cid(number), [ChannelMemberRecord(name) for name in users])
        await tx.put_call(CallRecord(call.cid(number), custom=_record(number)))
        await tx.put_call_members(call.cid(number), [CallMemberRecord(name) for name in users])


async def _add_conditions(tx: Transaction, place: Place) -> None:
    """Give a place's members the permissions, beside what they hold."""
    for number in range(1, CONDITIONS + 1):
        name = _id(place, number)
        condition = check_condition(_condition(number))
        await tx.put_permission(PermissionRecord(name, name, place.action, condition=condition))
    record = await tx.type(place.scope)
    assert record is not None
    ids = (*record.grants[place.role], *(_id(place, number) for number in range(1, CONDITIONS + 1)))
    await tx.put_type(replace(record, grants={**record.grants, place.role: tuple(sorted(ids))}))


def _names(app_id: int) -> Iterator[Name]:
    users = [_user(number) for number in range(_MANY)]
    yield from ((USER, app_id, name) for name in users)
    for place, kind, member in zip(_PLACES, (CHANNEL, CALL), (CHANNEL_MEMBER, CALL_MEMBER), strict=True):
        cids = [place.cid(number) for number in range(_TARGETS)]
        yield from ((kind, app_id, cid) for cid in cids)
        yield from ((member, app_id, cid, name) for cid, name in product(cids, users))


def _id(place: Place, number: int) -> str:
    return f"{place.asked}-when-{number:02}"


def _user(number: int) -> str:
    return f"user-{number}"


def _profile(number: int) -> dict[str, Any]:
    """Return the custom data of a user, everybody's of their own."""
    return {
        "name": f"Employee Number {number}",
        "email": f"employee-{number}@example.com",
        "department": "support",
        "level": 3 + number % 5,
        "verified": True,
        "languages": ["en", "nl", "pt"],
        "office": {"city": "Utrecht", "country": "NL", "desk": number},
    }


def _record(number: int) -> dict[str, Any]:
    """Return the custom data of a channel or call."""
    return {
        "title": f"Ticket {number}",
        "queue": "billing",
        "tier": 2,
        "region": "eu",
        "labels": ["refund", "urgent"],
        "customer": {"plan": "pro", "seats": 40 + number},
    }


def _condition(number: int) -> dict[str, Any]:
    """Return one of the conditions; the last alone holds. Half of the others fail at their second comparison."""
    if number == CONDITIONS:
        return {"$subject.custom.level": {"$gte": 3}, "$resource.custom.tier": {"$lte": 5}}
    kinds: tuple[dict[str, Any], ...] = (
        {"$subject.custom.department": f"department-{number}"},
        {"$subject.custom.verified": True, "$resource.custom.tier": {"$gt": number + 10}},
        {"$resource.custom.region": {"$in": [f"region-{number}", "us", "apac"]}},
        {"$subject.custom.office.country": "NL", "$resource.custom.queue": f"queue-{number}"},
    )
    return kinds[number % len(kinds)]
