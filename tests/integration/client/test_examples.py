"""The examples, run as they are, against a server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import pytest

from rolecall.api.v1 import channel_pb2
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

    def __init__(self, name: str, world: World, *argv: str) -> None:
        variables = environment(
            ROLECALL_API_KEY=world.app.key, ROLECALL_TOKEN=world.app.token(), ROLECALL_ADDRESS=world.target
        )
        self._process = subprocess.Popen(
            [sys.executable, str(EXAMPLES / name), *argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=variables,
            text=True,
            encoding="utf-8",
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


def test_the_publish_hook_of_an_sfu(world: World) -> None:
    sfu = Example("sfu_publish_hook.py", world, CALL)
    assert sfu("bob audio") == "bob audio: publish"
    assert sfu("ann video") == "ann video: publish"  # no member, but the owner: followed alone
    assert sfu("mallory audio") == "mallory audio: refuse"
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
    world.send(channel_pb2.UpsertChannelRequest(cid=CHANNEL, frozen=True))
    assert chat("bob hello").startswith("bob: refused, lacks send-message")
    world.server.kill()
    assert chat("bob hello") == "bob: refused, lacks an answer"
    assert chat.end() == 0
