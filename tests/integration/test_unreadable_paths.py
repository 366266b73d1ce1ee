"""A method whose name is no text, asked for by anybody: behind Envoy it is refused, and grpc.aio ends over it."""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import Final

import psutil
import pytest

from bench import http2
from rolecall.api.v1 import app_pb2
from tests.doors import App, Server, make_app, running, start, until

PATHS: Final = [b"/a\xff/b", b"/a%ff/b", b"/rolecall.api.v1.AppService/GetApp?x=\xff"]
GET: Final = app_pb2.GetAppRequest()
_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEADERS, _SETTINGS = 1, 4
_END: Final = 5
"""Of a stream and of its headers."""


@pytest.fixture
def app(tmp_path: Path) -> App:
    return make_app(tmp_path / "store.db")


def ask(server: Server, path: bytes) -> bytes:
    """Ask for a method, and return what comes until there are headers, or all of it."""
    said = {b":method": b"POST", b":scheme": b"http", b":authority": b"x", b":path": path}
    said |= {b"content-type": b"application/grpc", b"te": b"trailers"}
    block = b"".join(b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value for name, value in said.items())
    frames = http2._frame(_SETTINGS, 0, 0, b"") + http2._frame(_HEADERS, _END, 1, block)  # noqa: SLF001
    host, port = server.listen[0].rsplit(":", 1)
    came = b""
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(_PREFACE + frames)
        while not _has_headers(came) and (piece := connection.recv(65_536)):
            came += piece
    return came


def _has_headers(came: bytes) -> bool:
    while len(came) >= 9:
        size = int.from_bytes(came[:3], "big")
        kind, stream = came[3], struct.unpack_from(">I", came, 5)[0]
        if kind == _HEADERS and stream == 1:
            return True
        came = came[9 + size :]
    return False


@pytest.mark.parametrize("http", ["127.0.0.1:0", "off"])
def test_envoy_answers_that_there_is_no_such_thing(tmp_path: Path, app: App, http: str) -> None:
    with running(tmp_path / "store.db", front="envoy", http=http) as server:
        for path in PATHS:
            assert _has_headers(ask(server, path))
        assert server.client(app)(GET).app.name == app.name


def test_the_process_of_grpc_aio_ends_and_says_why(tmp_path: Path, app: App) -> None:
    server = start(tmp_path / "store.db")
    ask(server, PATHS[0])
    until(lambda: server.process.poll() is not None)
    assert server.stop() == 1
    log = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert "the gRPC server has crashed" in log


def test_another_worker_takes_its_place(tmp_path: Path, app: App) -> None:
    with running(tmp_path / "store.db", workers=2) as server:
        supervisor = psutil.Process(server.process.pid)
        before = {one.pid for one in supervisor.children()}
        ask(server, PATHS[0])
        until(lambda: len(now := {one.pid for one in supervisor.children()}) == len(before) and now != before)
        assert server.client(app)(GET).app.name == app.name
