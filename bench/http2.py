"""One HTTP/2 connection that carries gRPC, as little of it as a load needs: many streams, and when what came.

h2load can neither pace its requests evenly nor say when a message of a stream came. What comes is trusted: this is no
client for a server of somebody else's.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Final, NamedTuple, Self

_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_LARGEST_WINDOW: Final = 2**31 - 1
_FIRST_WINDOW: Final = 65_535
_FIRST_DYNAMIC: Final = 62
_FRAME: Final = struct.Struct(">BHBBI")
_BUFFER: Final = 1 << 20


class Message(NamedTuple):
    """One message of a stream, and when it came."""

    stream: int
    at: float
    body: bytes


def framed(body: bytes) -> bytes:
    """Return a message as gRPC frames it."""
    return b"\0" + struct.pack(">I", len(body)) + body


class Connection:
    """Opens streams of one method and reads what comes; `ended` are those whose last frame has come."""

    def __init__(self, address: str, path: str, metadata: Iterable[tuple[str, str]]) -> None:
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.ended: list[int] = []
        self._first, self._later = _blocks(address, path, metadata)
        self._next, self._room = 1, _FIRST_WINDOW
        self._came = bytearray()
        self._parts: dict[int, bytearray] = {}
        self._unsent = bytearray()
        wide = struct.pack(">HI", 4, _LARGEST_WINDOW)
        self._write(_PREFACE + _frame(_SETTINGS, 0, 0, wide))
        self._write(_frame(_WINDOW, 0, 0, struct.pack(">I", _LARGEST_WINDOW - _FIRST_WINDOW)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def room(self, body: bytes) -> bool:
        """Tell whether the server lets so much be sent now."""
        return self._room >= len(body) + 5

    def open(self, *bodies: bytes) -> int:
        """Send requests that are whole, one stream each, in one piece; return the number of the last stream."""
        pieces = []
        for body in bodies:
            block, self._first = self._first or self._later, b""
            pieces += [_frame(_HEADERS, _END_HEADERS, self._next, block)]
            pieces += [_frame(_DATA, _END_STREAM, self._next, framed(body))]
            self._room -= len(body) + 5
            self._next += 2
        self._write(b"".join(pieces))
        return self._next - 2

    def receive(self) -> list[Message]:
        """Return what has come by now; nothing is waited for."""
        if self._unsent:
            self._write(b"")
        try:
            piece = self.socket.recv(_BUFFER)
        except BlockingIOError:
            return []
        at = time.perf_counter()
        if not piece:
            raise ConnectionError("the server closed the connection")
        self._came += piece
        return self._frames(at)

    def _frames(self, at: float) -> list[Message]:
        came, place = self._came, 0
        messages: list[Message] = []
        while place + 9 <= len(came):
            high, low, kind, flags, stream = _FRAME.unpack_from(came, place)
            end = place + 9 + (high << 16 | low)
            if end > len(came):
                break
            if kind == _DATA:
                messages += self._messages(stream, at, came[place + 9 : end])
            elif kind != _HEADERS:
                self._control(kind, flags, stream, bytes(came[place + 9 : end]))
            if kind in {_DATA, _HEADERS} and flags & _END_STREAM:
                self.ended.append(stream)
            place = end
        del came[:place]
        return messages

    def _messages(self, stream: int, at: float, piece: bytearray) -> Sequence[Message]:
        before = self._parts.pop(stream, None)
        if before is not None:
            piece = before + piece
        messages: list[Message] = []
        place = 0
        while place + 5 <= len(piece):
            end = place + 5 + int.from_bytes(piece[place + 1 : place + 5], "big")
            if end > len(piece):
                break
            messages.append(Message(stream, at, bytes(piece[place + 5 : end])))
            place = end
        if place < len(piece):
            self._parts[stream] = piece[place:]
        return messages

    def _control(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind in {_RESET, _GOAWAY}:
            raise ConnectionError(f"the server ended stream {stream or 'and connection'}: {payload!r}")
        if kind == _WINDOW and not stream:
            self._room += int.from_bytes(payload, "big")
        elif kind in {_SETTINGS, _PING} and not flags & _ACK:
            self._write(_frame(kind, _ACK, 0, payload if kind == _PING else b""))

    def _write(self, piece: bytes) -> None:
        self._unsent += piece
        try:
            del self._unsent[: self.socket.send(self._unsent)]
        except BlockingIOError:
            return


def _blocks(address: str, path: str, metadata: Iterable[tuple[str, str]]) -> tuple[bytes, bytes]:
    """Return the header block of the first request, which tells the headers, and that of the others: by number."""
    fixed = ((":method", "POST"), (":scheme", "http"), (":path", path), (":authority", address))
    headers = (*fixed, ("te", "trailers"), ("content-type", "application/grpc"), *metadata)
    first = b"".join(b"\x40" + _text(name) + _text(value) for name, value in headers)
    return first, bytes(0x80 | _FIRST_DYNAMIC + place for place in reversed(range(len(headers))))


def _text(text: str) -> bytes:
    raw, length = text.encode(), bytearray()
    left = len(raw)
    if left < 0x7F:
        length.append(left)
    else:
        length.append(0x7F)
        left -= 0x7F
        while left >= 0x80:
            length.append(left & 0x7F | 0x80)
            left >>= 7
        length.append(left)
    return bytes(length) + raw


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return _FRAME.pack(len(payload) >> 16, len(payload) & 0xFFFF, kind, flags, stream) + payload
