"""`rolecall watch` as a process: the snapshot, changes as they happen, a server that restarts, Ctrl-C, errors."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.doors import until
from tests.e2e.cli_process import ROLECALL, Ended, environment, interruptible, rolecall
from tests.integration.client.world import CALL, World, begin

_SECONDS: Final = 30


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = begin(tmp_path)
    yield world
    world.server.stop()


class Watching:
    """The command while it runs; its stderr is a file."""

    def __init__(self, world: World, *argv: str, token: str | None = None) -> None:
        self._log = world.db.with_name("watch.err")
        variables = environment(
            ROLECALL_API_KEY=world.app.key,
            ROLECALL_TOKEN=world.app.token() if token is None else token,
            ROLECALL_ADDRESS=world.target,
        )
        with self._log.open("wb") as stderr, interruptible():
            self._process = subprocess.Popen(
                [*ROLECALL, "watch", *argv],
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=variables,
                text=True,
            )

    @property
    def err(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"it ended: {self.interrupt()}"
        return line.rstrip("\n")

    def json(self) -> Any:
        return json.loads(self.line())

    def interrupt(self) -> Ended:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)
        out, _ = self._process.communicate(timeout=_SECONDS)
        return Ended(self._process.returncode, out, self.err)


def test_a_snapshot_then_each_change_until_ctrl_c(world: World) -> None:
    watching = Watching(world, "--call", CALL)
    first, second = watching.line().split("  "), watching.line().split("  ")
    assert (first[1], second[1]) == ("bob", "gil")
    assert "+send-audio" in first[2].split()
    assert first[3] == "snapshot"
    assert first[4].startswith("revision ")
    revision = world.block("bob")
    blocked = watching.line().split("  ")
    assert blocked[1] == "bob"
    assert "-send-audio" in blocked[2].split()
    assert blocked[3:] == ["user_blocked", f"revision {revision}"]
    assert watching.interrupt() == Ended(0, "", "")


def test_one_user_as_json_lines(world: World) -> None:
    watching = Watching(world, "--call", CALL, "--user", "gil", "--json")
    snapshot = watching.json()
    assert (snapshot["user_id"], snapshot["cause"], snapshot["removed"]) == ("gil", "snapshot", [])
    assert snapshot["added"] == snapshot["own_capabilities"] == sorted(snapshot["added"])
    world.block("bob")
    world.block("gil")
    change = watching.json()
    assert (change["user_id"], change["cause"], change["added"]) == ("gil", "user_blocked", [])
    assert set(snapshot["own_capabilities"]) - set(change["removed"]) == set(change["own_capabilities"])
    assert watching.interrupt().code == 0


def test_a_server_that_restarts_is_waited_for_and_told_on_stderr(world: World) -> None:
    watching = Watching(world, "--call", CALL, "--user", "bob", "--json")
    assert watching.json()["cause"] == "snapshot"
    world.server.kill()
    until(lambda: "trying again" in watching.err)
    again = world.restarted()
    again.block("bob")
    assert "send-audio" in watching.json()["removed"]
    ended = watching.interrupt()
    again.server.stop()
    assert (ended.code, ended.out) == (0, "")
    lines = ended.err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"lost the server at `{world.target}` (")
    assert lines[1] == "the server is back"


def test_a_token_of_a_user_watches_that_user(world: World) -> None:
    watching = Watching(world, "--call", CALL, "--json", token=world.app.token("bob"))
    assert watching.json()["user_id"] == "bob"
    assert watching.interrupt().code == 0


def test_a_reader_that_goes_away_ends_it_quietly(world: World) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [*ROLECALL, "watch", "--call", CALL, "--address", world.target]
    variables = environment(ROLECALL_API_KEY=world.app.key, ROLECALL_TOKEN=world.app.token())
    ended = subprocess.run(
        command, stdout=writing, stderr=subprocess.PIPE, env=variables, check=False, timeout=_SECONDS
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_errors_are_told_as_by_other_commands(world: World) -> None:
    caller = {"ROLECALL_API_KEY": world.app.key, "ROLECALL_TOKEN": world.app.token()}
    there = ("--address", world.target)
    unknown = rolecall("watch", "--call", "nothing:x", *there, environ=caller)
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.err.startswith("error: ")
    no_token = rolecall("watch", "--call", CALL, *there, environ={"ROLECALL_API_KEY": world.app.key})
    assert no_token.code == 1
    assert "hint: " in no_token.err
    assert rolecall("watch", *there, environ=caller).code == 2
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        waits = rolecall("watch", "--call", CALL, "--address", f"127.0.0.1:{port}", "--timeout", "0.2", environ=caller)
    assert (waits.code, waits.err) == (1, f"error: no answer from `127.0.0.1:{port}` within 0.2 seconds\n")
    gone = rolecall("watch", "--call", CALL, "--address", f"127.0.0.1:{port}", environ=caller)
    assert gone.code == 1
    assert gone.err.startswith(f"error: can't reach a server at `127.0.0.1:{port}` (")
    assert "--db" not in gone.err
