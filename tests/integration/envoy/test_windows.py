"""HTTP/2 windows: a client that tells of room after each message is no attacker, and is not cut off."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest

from bench import http2
from rolecall.api.v1 import app_pb2
from tests.doors import make_app, running

_GET = "/rolecall.api.v1.AppService/GetApp"
_TELLINGS = 1_000
_WINDOW_UPDATE = 8


def test_a_client_may_tell_of_room_often(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http2, "_LARGEST_WINDOW", 1 << 20)  # which leaves room to tell of
    app = make_app(tmp_path / "store.db")
    metadata = (("x-api-key", app.key), ("authorization", app.token()))
    with (
        running(tmp_path / "store.db") as server,
        http2.Connection(server.listen[0], _GET, metadata) as connection,
    ):
        first = _answer(connection)
        telling = http2._frame(_WINDOW_UPDATE, 0, 0, struct.pack(">I", 1))  # noqa: SLF001 - no client would
        connection.socket.setblocking(True)
        connection.socket.sendall(telling * _TELLINGS)
        connection.socket.setblocking(False)
        assert _answer(connection) == first


def _answer(connection: http2.Connection) -> bytes:
    connection.open(app_pb2.GetAppRequest().SerializeToString())
    until = time.monotonic() + 10
    while time.monotonic() < until:
        for message in connection.receive():
            return message.body
    raise AssertionError("no answer came")
