"""Searches over a real store: they wait for no other reading and hold up none, and give away nothing unreadable."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import pytest

from rolecall.service.administration.calls.values import CallChange
from rolecall.service.administration.changes import Query, TypeChange
from rolecall.service.administration.channels.queries import ChannelQuery
from rolecall.service.administration.users.values import UserQuery
from rolecall.service.callers import Caller
from tests.integration.service.desk import Desk

LONG: Final = 20.0
CALL: Final = "default:one"
CHANNEL: Final = "messaging:one"

QUERIES: Final[Mapping[str, Callable[[Desk, Caller], Awaitable[Any]]]] = {
    "users": lambda desk, caller: desk.admin.users.query(caller, UserQuery()),
    "calls": lambda desk, caller: desk.admin.calls.query(caller, Query()),
    "members of a call": lambda desk, caller: desk.admin.calls.query_members(caller, CALL, Query()),
    "channels": lambda desk, caller: desk.admin.channel_queries.query(caller, ChannelQuery()),
    "members of a channel": lambda desk, caller: desk.admin.channel_queries.query_members(
        caller, CHANNEL, ChannelQuery()
    ),
}
READS: Final[Mapping[str, Callable[[Desk, Caller], Awaitable[Any]]]] = {
    "a user": lambda desk, caller: desk.admin.users.get(caller, "ann"),
    "a call": lambda desk, caller: desk.admin.calls.get(caller, CALL),
    "a channel": lambda desk, caller: desk.admin.channels.get(caller, CHANNEL),
}


@pytest.fixture
async def ann(desk: Desk) -> Caller:
    """A user with a call and a channel of her own."""
    await desk.make_users("ann")
    await desk.make_call(CALL, owner="ann", members=("ann",))
    await desk.make_channel(CHANNEL, owner="ann")
    return desk.user("ann")


@pytest.mark.parametrize("who", ["user", "server"])
@pytest.mark.parametrize("what", READS)
async def test_a_search_that_takes_long_holds_up_no_other_reading(desk: Desk, ann: Caller, what: str, who: str) -> None:
    caller = ann if who == "user" else desk.server
    async with desk.store.snapshot(desk.app.id, searching=True), asyncio.timeout(LONG):
        assert await READS[what](desk, caller)


@pytest.mark.parametrize("who", ["user", "server"])
@pytest.mark.parametrize("what", QUERIES)
async def test_a_search_is_no_other_reading(desk: Desk, ann: Caller, what: str, who: str) -> None:
    """It has the connection that is for searches: the one for other reads is taken all the while."""
    caller = ann if who == "user" else desk.server
    async with desk.store.snapshot(desk.app.id), asyncio.timeout(LONG):
        assert await QUERIES[what](desk, caller) is not None


@pytest.mark.parametrize("above", [999, 1002, 1004, 1006])
async def test_a_token_tells_nothing_of_what_the_caller_may_not_read(desk: Desk, ann: Caller, above: int) -> None:
    """A filter that hidden calls pass or not gives the same page and the same token."""
    await desk.admin.call_types.upsert(desk.server, TypeChange("hushed", grants={"user": ("read-call-owner",)}))
    for place in range(7):
        await desk.admin.calls.upsert(desk.server, CallChange(f"hushed:h{place}", custom={"pay": 1000 + place}))
    for place in range(2):
        await desk.make_call(f"hushed:own{place}", owner="ann")
    own = {"id": {"$in": ["own0", "own1"]}}
    conditions = {"$or": [own, {"custom.pay": {"$gt": above}}]}
    sort = [{"field": "id", "direction": 1}]  # the hidden ones come first
    server = await desk.admin.calls.query(desk.server, Query(conditions, sort, 1))
    page = await desk.admin.calls.query(ann, Query(conditions, sort, 1))
    assert [one.call.record.cid for one in page.items] == ["hushed:own0"]
    assert page.next == server.next  # one row on, as for whoever may see every row
    last = await desk.admin.calls.query(ann, Query(conditions, sort, 1, next=page.next))
    assert ([one.call.record.cid for one in last.items], last.next) == (["hushed:own1"], "")
