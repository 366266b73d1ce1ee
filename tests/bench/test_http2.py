"""The small HTTP/2 client reads what comes in any pieces, and says when a server ends what it should not."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import closing

import pytest

from bench.http2 import Connection, framed

DATA, HEADERS, RESET, SETTINGS, PING, WINDOW = 0, 1, 3, 4, 6, 8
END_STREAM, ACK = 1, 1


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + struct.pack(">I", stream) + payload


@pytest.fixture
def ends() -> Iterator[tuple[Connection, socket.socket]]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        with Connection(address, "/bench.Test/Ask", [("x-long", "v" * 300)]) as connection:
            server, _ = listening.accept()
            with closing(server):
                server.settimeout(10)
                yield connection, server


def _received(connection: Connection, count: int) -> list[tuple[int, bytes]]:
    messages: list[tuple[int, bytes]] = []
    while len(messages) < count:
        messages += [(message.stream, message.body) for message in connection.receive()]
    return messages


def _frames(server: socket.socket, wanted: int) -> list[tuple[int, int, int, bytes]]:
    """Read so many frames of the client, after what it begins with."""
    came = b""
    frames: list[tuple[int, int, int, bytes]] = []
    while len(frames) < wanted:
        came += server.recv(65_536)
        came = came.removeprefix(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        while len(came) >= 9 and len(came) >= 9 + int.from_bytes(came[:3], "big"):
            size = int.from_bytes(came[:3], "big")
            frames.append((came[3], came[4], struct.unpack(">I", came[5:9])[0], came[9 : 9 + size]))
            came = came[9 + size :]
    return frames


def test_messages_are_put_together_from_any_pieces(ends: tuple[Connection, socket.socket]) -> None:
    connection, server = ends
    last = connection.open(b"a", b"b")
    whole = framed(b"first") + framed(b"second")
    sent = (
        _frame(HEADERS, 4, 1, b"\x88")
        + _frame(DATA, 0, 1, whole[:7])
        + _frame(DATA, 0, last, framed(b"other"))
        + _frame(DATA, END_STREAM, 1, whole[7:])
    )

    for byte in sent[:-1]:
        server.sendall(bytes([byte]))
    assert connection.ended == []
    server.sendall(sent[-1:])

    assert sorted(_received(connection, 3)) == [(1, b"first"), (1, b"second"), (last, b"other")]
    assert connection.ended == [1]


def test_the_second_request_names_its_headers_by_number(ends: tuple[Connection, socket.socket]) -> None:
    connection, server = ends
    connection.open(b"a")
    connection.open(b"b")

    headers = [payload for kind, _, _, payload in _frames(server, 6) if kind == HEADERS]

    assert b"v" * 300 in headers[0]
    assert headers[1] == bytes(range(0xC4, 0xBD, -1))


def test_a_ping_and_settings_are_acknowledged(ends: tuple[Connection, socket.socket]) -> None:
    connection, server = ends
    server.sendall(_frame(SETTINGS, 0, 0, b"") + _frame(PING, 0, 0, b"12345678") + _frame(DATA, 0, 1, framed(b"x")))

    _received(connection, 1)

    assert _frames(server, 4)[2:] == [(SETTINGS, ACK, 0, b""), (PING, ACK, 0, b"12345678")]


def test_what_the_server_lets_be_sent_is_counted(ends: tuple[Connection, socket.socket]) -> None:
    connection, server = ends
    assert connection.room(b"x" * 65_530)
    connection.open(b"x" * 100)
    assert not connection.room(b"x" * 65_530)

    server.sendall(_frame(WINDOW, 0, 0, struct.pack(">I", 105)) + _frame(DATA, 0, 1, framed(b"x")))
    _received(connection, 1)

    assert connection.room(b"x" * 65_530)


@pytest.mark.parametrize("frame", [_frame(RESET, 0, 1, b"\0\0\0\2"), b""])
def test_a_stream_or_connection_that_is_cut_is_an_error(ends: tuple[Connection, socket.socket], frame: bytes) -> None:
    connection, server = ends
    connection.open(b"a")
    server.sendall(frame)
    if not frame:
        server.shutdown(socket.SHUT_RDWR)

    with pytest.raises(ConnectionError, match="the server"):
        _received(connection, 1)
