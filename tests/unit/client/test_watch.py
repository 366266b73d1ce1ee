"""Watches of both clients against a server that says what the test wants."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from rolecall.client import AsyncClient, Backoff, Cancelled, Client, NotFound, Unauthenticated
from tests.unit.client.fakes import PATIENCE, FakeServer

AT_ONCE = Backoff(first=0.0)
FOREVER = Backoff(first=1_000.0, longest=1_000.0)
both = pytest.mark.parametrize("kind", ["sync", "aio"])


@pytest.fixture
def server() -> Iterator[FakeServer]:
    server = FakeServer()
    yield server
    server.stop()


class Watcher:
    """A watch of either client, driven step by step from the test's thread."""

    def __init__(self, kind: str, server: FakeServer, **options: Any) -> None:
        self.loop = asyncio.new_event_loop()
        options = {"reconnects": AT_ONCE, "key": "k", "token": "t", **options}
        make: Any = Client if kind == "sync" else AsyncClient
        self.client = make(server.target, **options)
        self.watch: Any = None

    def open(self, *args: Any, **watched: Any) -> None:
        self.watch = self.client.watch(*args, **watched)

    def next(self) -> Any:
        if isinstance(self.client, Client):
            return next(self.watch)
        return self.loop.run_until_complete(asyncio.wait_for(anext(self.watch), PATIENCE))

    def close(self) -> None:
        if isinstance(self.client, Client):
            if self.watch is not None:
                self.watch.close()
            self.client.close()
            self.loop.close()
            return

        async def close() -> None:
            if self.watch is not None:
                await self.watch.aclose()
            await self.client.aclose()

        self.loop.run_until_complete(close())
        self.loop.close()


@pytest.fixture
def watcher(request: pytest.FixtureRequest, server: FakeServer) -> Iterator[Watcher]:
    watcher = Watcher(request.param, server)
    yield watcher
    watcher.close()


of_both = pytest.mark.parametrize("watcher", ["sync", "aio"], indirect=True)


def script(server: FakeServer, *steps: Any) -> list[Any]:
    """Play streams in another thread, one after the other; return them as they are opened."""
    streams: list[Any] = []

    def play() -> None:
        for step in steps:
            stream = server.opened()
            streams.append(stream)
            step(stream)

    threading.Thread(target=play, daemon=True).start()
    return streams


@of_both
def test_it_goes_on_over_streams_from_where_it_was(server: FakeServer, watcher: Watcher) -> None:
    def first(stream: Any) -> None:
        stream.say("ann", "a", "b", revision=3)
        stream.say("bob", "b", revision=3, last=True)
        stream.say("ann", "a", cause="role_updated", revision=8)
        stream.end(grpc.StatusCode.UNAVAILABLE, "SERVER_STOPPING")

    def second(stream: Any) -> None:
        stream.say("ann", "a", "c", revision=9)
        stream.say("bob", "b", revision=9, last=True)

    streams = script(server, first, second)
    watcher.open(call="default:x")
    told = [watcher.next() for _ in range(4)]
    assert [(one.user_id, sorted(one.added), sorted(one.removed), one.cause) for one in told] == [
        ("ann", ["a", "b"], [], "snapshot"),
        ("bob", ["b"], [], "snapshot"),
        ("ann", [], ["b"], "role_updated"),
        ("ann", ["c"], [], "snapshot"),
    ]
    assert [(stream.request.call, stream.request.user_id) for stream in streams] == [("default:x", "")] * 2
    assert [stream.request.from_revision for stream in streams] == [0, 8]


@of_both
def test_it_starts_over_when_the_revision_is_out_of_range(server: FakeServer, watcher: Watcher) -> None:
    def first(stream: Any) -> None:
        stream.say("ann", "a", revision=3, last=True)
        stream.end()

    streams = script(
        server,
        first,
        lambda stream: stream.end(grpc.StatusCode.OUT_OF_RANGE, "REVISION_OUT_OF_RANGE"),
        lambda stream: stream.say("ann", "b", revision=2, last=True),
    )
    watcher.open("ann", channel="messaging:y")
    watcher.next()
    news = watcher.next()
    assert (news.added, news.removed, news.revision) == ({"b"}, {"a"}, 2)
    assert [stream.request.from_revision for stream in streams] == [0, 3, 0]
    assert {(stream.request.channel, stream.request.user_id) for stream in streams} == {("messaging:y", "ann")}


@of_both
def test_what_asking_again_can_not_mend_ends_it(server: FakeServer, watcher: Watcher) -> None:
    script(server, lambda stream: stream.end(grpc.StatusCode.NOT_FOUND, "CALL_TYPE_NOT_FOUND"))
    watcher.open(call="default:x")
    with pytest.raises(NotFound) as raised:
        watcher.next()
    assert raised.value.reason == "CALL_TYPE_NOT_FOUND"


@both
def test_a_token_that_ends_meanwhile_is_made_anew(kind: str, server: FakeServer) -> None:
    def ended(stream: Any) -> None:
        stream.say("ann", "a", last=True)
        stream.end(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")

    tokens = iter("abcd")
    streams = script(server, ended, ended, lambda stream: stream.end(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED"))
    watcher = Watcher(kind, server, token=lambda: next(tokens))
    watcher.open("ann", call="default:x")
    watcher.next()
    with pytest.raises(Unauthenticated):
        watcher.next()
    watcher.close()
    assert [stream.token for stream in streams] == ["a", "b", "c"]


@both
def test_a_fixed_token_that_ends_ends_the_watch(kind: str, server: FakeServer) -> None:
    script(server, lambda stream: stream.end(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED"))
    watcher = Watcher(kind, server)
    watcher.open("ann", call="default:x")
    with pytest.raises(Unauthenticated):
        watcher.next()
    watcher.close()


@of_both
def test_it_tells_of_losses_and_of_being_whole(server: FakeServer, watcher: Watcher) -> None:
    def first(stream: Any) -> None:
        stream.say("ann", "a", last=True)
        stream.end(grpc.StatusCode.RESOURCE_EXHAUSTED, "SLOW_READER")

    script(server, first, lambda stream: stream.say("ann", last=True))
    heard: list[str] = []
    watcher.open(
        call="default:x", on_lost=lambda error, _: heard.append(error.reason), on_synced=lambda: heard.append("whole")
    )
    watcher.next()
    watcher.next()
    assert heard == ["whole", "SLOW_READER", "whole"]


def test_another_thread_may_end_an_iteration_that_waits(server: FakeServer) -> None:
    with Client(server.target, token="t") as client:
        watch = client.watch(call="default:x")
        streams = script(server, lambda _: watch.close())
        assert list(watch) == []
        assert list(watch) == []
        assert len(streams) == 1


def test_one_that_waits_to_open_again_ends_at_once(server: FakeServer) -> None:
    with Client(server.target, token="t", reconnects=FOREVER) as client:
        watch = client.watch(call="default:x", on_lost=lambda *_: threading.Thread(target=watch.close).start())
        script(server, lambda stream: stream.end())
        assert list(watch) == []


@both
def test_one_that_is_closed_while_its_token_is_made_ends(kind: str, server: FakeServer) -> None:
    async def gather() -> list[Any]:
        async with AsyncClient(server.target, token=token) as client:
            watches.append(client.watch(call="default:x"))
            return [change async for change in watches[0]]

    async def token() -> str:
        await watches[0].aclose()
        return "t"

    def slow() -> str:
        watches[0].close()
        return "t"

    watches: list[Any] = []
    if kind == "aio":
        assert asyncio.run(asyncio.wait_for(gather(), PATIENCE)) == []
        return
    with Client(server.target, token=slow) as client:
        watches.append(client.watch(call="default:x"))
        waiting = threading.Thread(target=lambda: list(watches[0]), daemon=True)
        waiting.start()
        waiting.join(PATIENCE)
        assert not waiting.is_alive()


async def test_another_task_may_end_an_iteration_that_waits(server: FakeServer) -> None:
    async with AsyncClient(server.target, token="t", reconnects=FOREVER) as client:
        for end in (lambda _: None, lambda stream: stream.end()):
            watch = client.watch(call="default:x")
            waiting = asyncio.ensure_future(anext(watch, None))
            end(await asyncio.to_thread(server.opened))
            await watch.aclose()
            assert await asyncio.wait_for(waiting, PATIENCE) is None


async def test_a_cancelled_task_is_cancelled_and_its_stream_too(server: FakeServer) -> None:
    async with AsyncClient(server.target, token="t") as client, client.watch(call="default:x") as watch:
        waiting = asyncio.ensure_future(anext(watch))
        stream = await asyncio.to_thread(server.opened)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await asyncio.to_thread(stream.over.wait, PATIENCE)


@both
def test_closing_the_client_ends_its_watches(kind: str, server: FakeServer) -> None:
    watcher = Watcher(kind, server)
    client, loop = watcher.client, watcher.loop

    def close(_: Any) -> None:
        if kind == "sync":
            client.close()
        else:
            asyncio.run_coroutine_threadsafe(client.aclose(), loop)

    script(server, close)
    watcher.open(call="default:x")
    with pytest.raises(Cancelled):
        watcher.next()
    watcher.close()
