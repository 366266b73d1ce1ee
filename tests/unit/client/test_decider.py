"""Local deciders against a server that says what the test wants, on a clock that the test moves."""

from __future__ import annotations

import asyncio
import math
import queue
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from rolecall.client import (
    AsyncClient,
    AsyncLocalDecider,
    Backoff,
    Cancelled,
    Change,
    Client,
    InvalidArgument,
    LocalDecider,
    NotFound,
)
from tests.doors import until
from tests.unit.client.fakes import PATIENCE, FakeServer, Time

CALL = "default:x"
OFTEN = 0.03
"""A `max_staleness_seconds` of which a third, the time between probes, is short."""


@pytest.fixture
def server() -> Iterator[FakeServer]:
    server = FakeServer()
    yield server
    server.stop()


class Rig:
    """A decider of a Client on a stopped clock."""

    def __init__(self, server: FakeServer, **followed: Any) -> None:
        self.time = Time()
        self.server = server
        self.client = Client(
            server.target, token="t", clock=self.time.clock(), reconnects=Backoff(first=0.0), timeout=20.0
        )
        what: Any = {"call": CALL, "max_staleness_seconds": 1_000.0, **followed}
        self.decider = LocalDecider(self.client, **what)

    def start(self, *names: str) -> Any:
        """Start; the first watch is told that ann holds these."""
        self.decider.start(seconds=0.001)
        stream = self.server.opened()
        stream.say("ann", *names, revision=5, last=True)
        until(lambda: self.decider.fresh)
        return stream

    def close(self) -> None:
        self.decider.stop()
        self.client.close()


@pytest.fixture
def rig(request: pytest.FixtureRequest, server: FakeServer) -> Iterator[Rig]:
    rig = Rig(server, **getattr(request, "param", {}))
    yield rig
    rig.close()


def follow(**followed: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rig", [followed], indirect=True)


def test_it_answers_as_the_watch_tells(rig: Rig) -> None:
    stream = rig.start("talk")
    decider = rig.decider
    assert decider.check("ann", "talk")
    assert decider.check("ann", "talk").revision == 5
    assert not decider.check("ann", "sing")
    stream.say("ann", "sing", cause="role_updated", revision=6)
    until(lambda: decider.check("ann", "sing"))
    assert not decider.check("ann", "talk")
    stream.say("ann", "sing", cause="member_removed", revision=7, left=True)
    until(lambda: decider.check("ann", "sing").reason == "UNFOLLOWED")
    assert rig.server.checks.empty()


def test_it_denies_until_something_is_known(rig: Rig) -> None:
    assert rig.decider.check("ann", "talk").reason == "STALE"
    rig.decider.start(seconds=0.001)
    stream = rig.server.opened()
    stream.say("ann", "talk")
    assert (rig.decider.check("ann", "talk").reason, rig.decider.age) == ("STALE", math.inf)
    stream.say("bob", last=True)
    until(lambda: rig.decider.check("ann", "talk"))
    assert rig.decider.age == 0.0


def test_a_server_that_is_gone_is_answered_for_a_while_and_then_denied(rig: Rig) -> None:
    rig.start("talk")
    rig.server.stop()
    rig.time.now += 999.0
    assert rig.decider.check("ann", "talk")
    assert rig.decider.age == 999.0
    rig.time.now += 1.0
    verdict = rig.decider.check("ann", "talk")
    assert (verdict.allowed, verdict.reason, rig.decider.fresh) == (False, "STALE", False)


def test_a_new_snapshot_makes_it_fresh_again(rig: Rig) -> None:
    rig.start("talk").end(grpc.StatusCode.UNAVAILABLE)
    rig.time.now += 2_000.0
    assert not rig.decider.check("ann", "talk")
    stream = rig.server.opened()
    assert stream.request.from_revision == 5
    stream.say("ann", "talk", revision=5)
    assert not rig.decider.check("ann", "talk")
    stream.say("", last=True)
    until(lambda: rig.decider.check("ann", "talk"))


@follow(max_staleness_seconds=OFTEN)
def test_the_health_of_the_server_confirms_what_is_known(rig: Rig) -> None:
    stream = rig.start("talk")
    rig.time.now += OFTEN / 2
    until(lambda: rig.decider.age == 0.0)
    rig.server.healthy = False
    rig.time.now += OFTEN / 2
    refused_twice(rig.server)
    assert rig.decider.check("ann", "talk")
    assert rig.decider.age == pytest.approx(OFTEN / 2)
    rig.time.now += OFTEN / 2
    stream.say("ann", "talk", "sing", cause="role_updated", revision=6)
    refused_twice(rig.server)
    assert rig.decider.check("ann", "talk").reason == "STALE"
    rig.server.healthy = True
    until(lambda: rig.decider.check("ann", "sing"))


def refused_twice(server: FakeServer) -> None:
    """Wait for two probes that are refused: when the second is asked, the first has had its effect."""
    for _ in range(2):
        while server.probes.get(timeout=PATIENCE):
            pass


@follow(when_stale="ask")
def test_what_memory_can_not_answer_is_asked(rig: Rig) -> None:
    stream = rig.start("talk")
    assert rig.decider.check("ann", "talk").revision == 5
    assert not rig.decider.check("ann", "sing")
    assert rig.server.checks.empty()
    assert rig.decider.check("bob", "talk").revision == 9
    question = rig.server.checks.get(timeout=20)
    assert (question.user_id, question.capability, question.call) == ("bob", "talk", CALL)
    stream.end(grpc.StatusCode.NOT_FOUND, "CALL_DELETED")
    until(lambda: rig.decider.error)
    assert rig.decider.check("ann", "talk").revision == 9
    rig.server.healthy = False
    assert rig.decider.check("ann", "talk").reason == "STALE"


@pytest.mark.parametrize("code", [grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNAUTHENTICATED])
def test_the_end_of_the_watch_is_the_end_of_every_yes(rig: Rig, code: grpc.StatusCode) -> None:
    rig.start("talk").end(code, "SOMETHING")
    until(lambda: rig.decider.error)
    assert not rig.decider.check("ann", "talk")
    assert rig.decider.age == math.inf


def test_a_watch_that_is_refused_at_first_is_told(rig: Rig) -> None:
    with pytest.raises(NotFound):
        _start_refused(rig)
    assert not rig.decider.check("ann", "talk")


def _start_refused(rig: Rig) -> None:
    threading.Thread(target=lambda: rig.server.opened().end(grpc.StatusCode.NOT_FOUND, "X")).start()
    rig.decider.start(seconds=20.0)


@follow(users=["ann", "bob", "ann"])
def test_named_users_are_each_watched(rig: Rig) -> None:
    rig.decider.start(seconds=0.001)
    streams = {stream.request.user_id: stream for stream in (rig.server.opened(), rig.server.opened())}
    assert set(streams) == {"ann", "bob"}
    streams["ann"].say("ann", "talk", last=True)
    assert not rig.decider.check("ann", "talk")
    streams["bob"].say("bob", last=True)
    until(lambda: rig.decider.check("ann", "talk"))
    assert rig.decider.check("cleo", "talk").reason == "UNFOLLOWED"


def test_after_stop_all_is_denied(rig: Rig) -> None:
    rig.start("talk")
    rig.decider.stop()
    assert not rig.decider.check("ann", "talk")


def test_a_closed_client_answers_nothing(server: FakeServer) -> None:
    rig = Rig(server)
    rig.start("talk")
    rig.client.close()
    assert not rig.decider.check("ann", "talk")
    rig.decider.stop()


async def test_with_asyncio_it_asks_by_decide(server: FakeServer) -> None:
    async with AsyncClient(server.target, token="t") as client:
        starting = asyncio.to_thread(lambda: server.opened().say("ann", "talk", last=True))
        told = asyncio.ensure_future(starting)
        async with AsyncLocalDecider(client, call=CALL, when_stale="ask") as decider:
            await told
            assert decider.check("ann", "talk")
            assert (await decider.decide("ann", "sing")).reason == "LACKED"
            assert decider.check("bob", "talk").reason == "UNFOLLOWED"
            assert (await decider.decide("bob", "talk")).revision == 9
            server.healthy = False
            assert (await decider.decide("bob", "talk")).reason == "UNFOLLOWED"
        assert decider.check("ann", "talk").reason == "STALE"


async def test_deciders_of_one_client_share_their_probes(server: FakeServer) -> None:
    time = Time()
    async with AsyncClient(server.target, token="t", clock=time.clock()) as client:
        beats = await asyncio.gather(*(client.pulse.beat(0.0, 20.0) for _ in range(10)))
        assert set(beats) == {time.now}
        assert server.probes.qsize() == 1
        time.now += 5.0
        assert await client.pulse.beat(5.0, 20.0) == time.now - 5.0
        assert await client.pulse.beat(4.0, 20.0) == time.now
        server.healthy = False
        time.now += 5.0
        assert await client.pulse.beat(4.0, 20.0) == time.now - 5.0
        assert server.probes.qsize() == 3


async def test_what_can_not_be_followed_is_refused() -> None:
    client = AsyncClient("x:1")
    for wrong in (
        {},
        {"call": CALL, "channel": "a:b"},
        {"call": CALL, "when_stale": "allow"},
        {"call": CALL, "users": "bob"},
    ):
        with pytest.raises(InvalidArgument):
            AsyncLocalDecider(client, **wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument):
        AsyncLocalDecider(client, call=CALL, max_staleness_seconds=0.0)


def test_changes_are_told_when_memory_has_them(server: FakeServer) -> None:
    told: queue.Queue[tuple[str, bool]] = queue.Queue()

    deciders: list[LocalDecider] = []

    def heard(change: Change) -> None:
        told.put((change.cause, deciders[0].check("ann", "talk").allowed))
        if change.cause == "snapshot":
            raise ValueError("a hook that fails ends nothing")

    rig = Rig(server, on_change=heard)
    deciders.append(rig.decider)
    stream = rig.start("talk")
    assert told.get(timeout=PATIENCE) == ("snapshot", True)
    stream.say("ann", cause="user_blocked", revision=6)
    assert told.get(timeout=PATIENCE) == ("user_blocked", False)
    rig.close()


def test_memory_does_not_wait_for_a_slow_hook(server: FakeServer) -> None:
    slow, told = threading.Event(), queue.Queue[str]()

    def heard(change: Change) -> None:
        slow.wait(PATIENCE)
        told.put(change.cause)

    rig = Rig(server, on_change=heard)
    stream = rig.start("talk")
    stream.say("ann", cause="user_blocked", revision=6)
    until(lambda: not rig.decider.check("ann", "talk"))
    assert told.empty()
    slow.set()
    assert [told.get(timeout=PATIENCE) for _ in range(2)] == ["snapshot", "user_blocked"]
    rig.close()


def test_a_hook_may_stop_what_it_hears_of_and_close_the_client(server: FakeServer) -> None:
    rigs, over = list[Rig](), threading.Event()

    def heard(change: Change) -> None:
        rigs[0].close()
        over.set()

    rig = Rig(server, on_change=heard)
    rigs.append(rig)
    rig.decider.start(seconds=0.001)
    server.opened().say("ann", "talk", last=True)
    assert over.wait(PATIENCE)
    assert not rig.decider.check("ann", "talk")


def test_without_its_thread_as_after_a_fork_it_denies_and_does_not_hang(rig: Rig) -> None:
    rig.start("talk")
    thread = next(one for one in threading.enumerate() if one.name == "rolecall-client")
    rig.client.background().run(_stop_its_loop())
    thread.join(PATIENCE)
    with pytest.raises(Cancelled):
        rig.decider.stop()
    assert not rig.decider.check("ann", "talk")
    rig.client.close()


async def _stop_its_loop() -> None:
    asyncio.get_running_loop().call_later(0.01, asyncio.get_running_loop().stop)


def test_a_token_that_can_not_be_made_any_more_ends_it(server: FakeServer) -> None:
    def token() -> str:
        if made:
            raise OSError("the vault is closed")
        made.append("t")
        return "t"

    made: list[str] = []
    with Client(server.target, token=token, reconnects=Backoff(first=0.0)) as client:
        decider = LocalDecider(client, call=CALL)
        decider.start(seconds=0.001)
        stream = server.opened()
        stream.say("ann", "talk", last=True)
        until(lambda: decider.check("ann", "talk"))
        stream.end(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")
        until(lambda: decider.error)
        assert not decider.check("ann", "talk")
        decider.stop()
