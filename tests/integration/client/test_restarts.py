"""A server that goes away and comes back: reads go on, writes are not repeated, watches and deciders catch up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rolecall.api.v1 import call_pb2
from rolecall.api.v1.call_pb2_grpc import CallServiceStub
from rolecall.client import AsyncLocalDecider, Backoff, Clock, LocalDecider, NotFound, Unavailable
from tests.doors import until
from tests.integration.client.world import CALL, CHANNEL, SECONDS, World, begin


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = begin(tmp_path)
    yield world
    world.server.stop()


def test_a_read_waits_for_a_server_that_comes_back_and_a_write_does_not(world: World) -> None:
    with world.client() as client:
        assert client.check("bob", "send-audio", call=CALL)
        world.server.kill()
        with pytest.raises(Unavailable):
            client.stub(CallServiceStub).BlockUser(call_pb2.BlockUserRequest(cid=CALL, user_id="bob"))
        answers: list[bool] = []
        asking = threading.Thread(target=lambda: answers.append(client.allows("bob", "send-audio", call=CALL)))
        asking.start()
        again = world.restarted()
        asking.join()
        assert answers == [True]
        again.server.stop()


async def test_a_read_waits_with_asyncio_too(world: World) -> None:
    async with world.aclient() as client:
        assert await client.check("bob", "send-audio", call=CALL)
        world.server.kill()
        asking = asyncio.ensure_future(client.check_many([]))
        assert await asking == []
        waiting = asyncio.ensure_future(client.check("bob", "send-audio", call=CALL))
        again = await asyncio.to_thread(world.restarted)
        assert await waiting
        await asyncio.to_thread(again.server.stop)


def test_a_watch_tells_what_changed_while_the_server_was_away(world: World) -> None:
    with world.client(reconnects=Backoff(first=0.01, longest=0.1)) as client:
        watch = client.watch(call=CALL)
        assert [next(watch).user_id, next(watch).user_id] == ["bob", "gil"]
        world.block("bob")
        change = next(watch)
        assert (change.user_id, change.cause, "send-audio" in change.removed) == ("bob", "user_blocked", True)
        world.server.kill()
        with_changes = world.restarted()
        with_changes.unblock("bob")
        with_changes.send(call_pb2.UpdateCallMembersRequest(cid=CALL, remove_members=["gil"]))
        told = [next(watch), next(watch)]
        assert {(one.user_id, one.left) for one in told} == {("bob", False), ("gil", True)}
        assert any("send-audio" in one.added for one in told if one.user_id == "bob")
        watch.close()
        with_changes.server.stop()


async def test_a_watch_of_a_channel_and_of_one_user(world: World) -> None:
    async with world.aclient() as client, client.watch("bob", channel=CHANNEL) as watch:
        first = await anext(watch)
        assert (first.user_id, first.cause, first.added) == ("bob", "snapshot", first.capabilities)
        assert first.capabilities == (await client.capabilities("bob", channel=CHANNEL)).names


def test_a_watch_of_what_is_not_there_ends(world: World) -> None:
    with world.client() as client, pytest.raises(NotFound):
        next(client.watch(call="default:nothing"))


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> Clock:
        return Clock(now=lambda: self.now)


def test_a_decider_follows_and_denies_when_the_server_is_gone_too_long(world: World) -> None:
    hand = Hand()
    with world.client(clock=hand.clock()) as client:
        decider = LocalDecider(client, call=CALL, max_staleness_seconds=5.0)
        decider.start(seconds=SECONDS)
        assert decider.check("bob", "send-audio")
        assert decider.check("ann", "send-audio").reason == "UNFOLLOWED"
        world.block("bob")
        until(lambda: not decider.check("bob", "send-audio"))
        world.unblock("bob")
        until(lambda: decider.check("bob", "send-audio"))
        world.server.kill()
        hand.now += 4.9
        assert decider.check("bob", "send-audio")
        hand.now += 0.1
        assert decider.check("bob", "send-audio").reason == "STALE"
        again = world.restarted()
        until(lambda: decider.check("bob", "send-audio"))
        decider.stop()
        again.server.stop()


def test_a_decider_confirms_by_the_health_of_the_server(world: World) -> None:
    hand = Hand()
    with (
        world.client(clock=hand.clock()) as client,
        LocalDecider(client, call=CALL, max_staleness_seconds=0.1) as decider,
    ):
        until(lambda: decider.fresh)
        hand.now += 0.09
        until(lambda: decider.age == 0.0)
        assert decider.check("bob", "send-audio")


def test_a_decider_that_asks(world: World) -> None:
    with world.client() as client, LocalDecider(client, channel=CHANNEL, when_stale="ask") as decider:
        assert decider.check("bob", "send-message").reason == "HELD"
        assert decider.check("ann", "delete-channel-owner") is not None
        assert (
            decider.check("ann", "send-message").reason == client.check("ann", "send-message", channel=CHANNEL).reason
        )
        assert not decider.check("nobody", "send-message")


async def test_a_call_that_is_deleted_is_allowed_nothing(world: World) -> None:
    async with world.aclient() as client, AsyncLocalDecider(client, call=CALL) as decider:
        assert decider.check("bob", "send-audio")
        await asyncio.to_thread(world.send, call_pb2.DeleteCallRequest(cid=CALL))
        await asyncio.to_thread(until, lambda: decider.error)
        assert isinstance(decider.error, NotFound)
        assert not decider.check("bob", "send-audio")


async def test_members_come_and_go(world: World) -> None:
    async with world.aclient() as client, AsyncLocalDecider(client, call=CALL) as decider:
        added = [call_pb2.CallMember(user_id="ann")]
        await asyncio.to_thread(world.send, call_pb2.UpdateCallMembersRequest(cid=CALL, update_members=added))
        await asyncio.to_thread(until, lambda: decider.check("ann", "send-audio"))
        await asyncio.to_thread(world.send, call_pb2.UpdateCallMembersRequest(cid=CALL, remove_members=["ann"]))
        await asyncio.to_thread(until, lambda: decider.check("ann", "send-audio").reason == "UNFOLLOWED")
