"""Terminals, pipes and signals: colour, readers that go away, full disks, Ctrl-C."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.doors import running
from tests.e2e.cli_process import ROLECALL, environment, interruptible, rolecall


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a development server that has stopped."""
    db = tmp_path_factory.mktemp("db") / "dev.db"
    with running(db, http="off", dev=True):
        return db


def on_terminal(*argv: object, **environ: str) -> str:
    """Run a command whose stdout is a terminal, and return what the terminal got."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([*ROLECALL, *map(str, argv)], stdout=theirs, env=environment(TERM="xterm", **environ)):
        os.close(theirs)
        got = b""
        try:
            while chunk := os.read(ours, 65_536):
                got += chunk
        except OSError:  # how Linux says that the other side of a terminal has gone
            pass
    os.close(ours)
    return got.decode()


def test_colour_on_a_terminal_unless_no_color(db: Path) -> None:
    allowed = ("check", "bob", "send-audio", "--call", "default:standup", "--db", db)
    denied = ("check", "bob", "send-video", "--call", "livestream:launch", "--db", db)
    assert on_terminal(*allowed).startswith("\x1b[32mallowed\x1b[0m")
    assert on_terminal(*denied).startswith("\x1b[31mdenied\x1b[0m")
    assert "\x1b" not in on_terminal(*denied, NO_COLOR="1")
    assert "\x1b" not in on_terminal(*denied, "--json")
    assert "\x1b" not in rolecall(*denied).out


@pytest.mark.parametrize("argv", [("permissions",), ("permissions", "--json")], ids=" ".join)
def test_a_reader_that_goes_away_ends_it_quietly(db: Path, argv: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [*ROLECALL, *argv, "--db", str(db)]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, env=environment(), check=False, timeout=60)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_output_that_can_not_be_written_is_a_failure(db: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [*ROLECALL, "roles", "--db", str(db)]
        ended = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment(), check=False, timeout=60
        )
    assert (ended.returncode, ended.stderr) == (1, "error: can't go on: no space left on device\n")


def test_ctrl_c_while_waiting_ends_with_130_and_no_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        with interruptible():
            process = subprocess.Popen(
                [*ROLECALL, "roles", "--address", address, "--timeout", "60"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment(),
            )
        listener.settimeout(30)
        connection, _ = listener.accept()  # it has connected, and now waits for an answer
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        connection.close()
    assert (process.returncode, out, err) == (130, b"", b"")


def test_names_in_any_script_fit_any_locale(tmp_path: Path) -> None:
    db = tmp_path / "a.db"
    assert rolecall("app", "create", "прил", "--db", db).code == 0
    ascii_only = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    listed = rolecall("app", "list", "--db", db, environ=ascii_only)
    assert (listed.code, listed.err) == (0, "")
    assert r"\u043f\u0440\u0438\u043b" in listed.out
    assert rolecall("app", "list", "--db", db).out.splitlines()[1].startswith("прил")
