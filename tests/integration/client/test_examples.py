"""The examples, run as they are, against a server."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import pytest

from rolecall.api.v1 import channel_pb2
from rolecall.client import AsyncLocalDecider
from tests.e2e.cli_process import environment
from tests.integration.client.world import CALL, CHANNEL, World, begin

EXAMPLES: Final = Path(__file__).parents[3] / "docs/examples"
_SECONDS: Final = 30


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = begin(tmp_path)
    yield world
    world.server.stop()


class Example:
    """An example while it runs: a line in, a line out."""

    def __init__(self, name: str, world: World, *argv: str, key: str = "", stderr: int | None = None) -> None:
        variables = environment(
            ROLECALL_API_KEY=key or world.app.key, ROLECALL_TOKEN=world.app.token(), ROLECALL_ADDRESS=world.target
        )
        self._process = subprocess.Popen(
            [sys.executable, str(EXAMPLES / name), *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=variables,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
        )

    def __call__(self, line: str) -> str:
        pipe = self._process.stdin
        assert pipe is not None
        pipe.write(line + "\n")
        pipe.flush()
        return self.line()

    def line(self) -> str:
        pipe: IO[str] | None = self._process.stdout
        assert pipe is not None
        return pipe.readline().rstrip("\n")

    def end(self) -> int:
        self._process.communicate(timeout=_SECONDS)
        return self._process.returncode

    def failure(self) -> tuple[int, str]:
        """Return how it ended by itself, and all that it said of it."""
        _, told = self._process.communicate(timeout=_SECONDS)
        return self._process.returncode, told


def test_the_publish_hook_of_an_sfu(world: World) -> None:
    sfu = Example("sfu_publish_hook.py", world, CALL)
    assert sfu("bob audio") == "bob audio: publish"
    assert sfu("ann video") == "ann video: publish"  # no member, but the owner: followed alone
    assert sfu("mallory audio") == "mallory audio: refuse"
    for wrong in ("bob", "", "bob hologram", "bob audio loud", "b\udcffb audio", "b\0b audio"):
        assert ": refuse" in sfu(wrong)
    assert sfu("ann audio") == "ann audio: publish"
    assert sfu("ann audio end") == "ann audio: ended"
    world.block("bob")
    assert sfu.line() == "bob audio: stop"
    assert sfu("bob audio") == "bob audio: refuse"
    world.block("ann")
    assert sfu.line() == "ann video: stop"
    assert sfu("ann video") == "ann video: refuse"
    assert sfu.end() == 0


def test_the_send_hook_of_a_chat_server(world: World) -> None:
    chat = Example("chat_send_hook.py", world, CHANNEL)
    assert chat("bob hello") == "bob: sent"
    assert chat("bob see https://example.org, @ann") == "bob: sent"
    assert chat("mallory hi") == "mallory: refused, lacks send-message"
    for wrong in ("bob", "", "b\udcffb hi", "b\0b hi", " hi"):
        assert ": refused" in chat(wrong)
    world.send(channel_pb2.UpsertChannelRequest(cid=CHANNEL, frozen=True))
    assert chat("bob hello").startswith("bob: refused, lacks send-message")
    world.server.kill()
    assert chat("bob hello") == "bob: refused, lacks an answer"
    assert chat.end() == 0


def test_a_hook_that_can_t_begin_says_why_in_one_line(world: World) -> None:
    told = [
        Example(name, world, where, key=key, stderr=subprocess.PIPE)
        for name, where, key in (
            ("sfu_publish_hook.py", CALL, "nokey"),
            ("sfu_publish_hook.py", "default:nowhere", ""),
            ("chat_send_hook.py", CHANNEL, "nokey"),
            ("chat_send_hook.py", "nowhere:y", ""),
        )
    ]
    for example, reason in zip(
        told, ("API_KEY_UNKNOWN", "CALL_NOT_FOUND", "API_KEY_UNKNOWN", "CHANNEL_TYPE_NOT_FOUND"), strict=True
    ):
        code, text = example.failure()
        assert (code, text.count("\n"), reason in text) == (1, 1, True), text


async def test_only_guests_that_publish_are_followed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    following: list[str] = []

    class Recorded(AsyncLocalDecider):
        async def start(self, *, seconds: float = _SECONDS) -> None:
            following.append(*self._users)
            await super().start(seconds=_SECONDS)

        async def stop(self) -> None:
            following.remove(*self._users)
            await super().stop()

    sfu = _loaded("sfu_publish_hook.py")
    monkeypatch.setattr(sfu, "AsyncLocalDecider", Recorded)
    async with world.aclient() as client:
        stopped: asyncio.Queue[str] = asyncio.Queue()
        room = sfu.Room(client, CALL, lambda user_id, kind: stopped.put_nowait(f"{user_id} {kind}"))
        await room.open()
        for name in ("mallory", "eve", "mallory"):
            assert not await room.publish(name, "audio")
        assert following == [""]  # the members
        assert all(await asyncio.gather(room.publish("ann", "audio"), room.publish("ann", "video")))
        assert following == ["", "ann"]
        await room.unpublish("ann", "audio")
        assert following == ["", "ann"]
        await room.unpublish("ann", "video")
        assert following == [""]
        assert await room.publish("ann", "video")
        await asyncio.to_thread(world.block, "ann")
        assert await stopped.get() == "ann video"
        assert not await room.publish("ann", "video")
        assert not await room.publish("mallory", "video")
        assert following == [""]
        await room.close()
        assert following == []


def _loaded(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name.removesuffix(".py"), EXAMPLES / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
