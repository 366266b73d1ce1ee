"""A client and the server before an ASGI app, in process: it sends and does what no gRPC client would.

It does as pyvoy does: when the request is complete, who receives gets empty events at once, and hears that the client
has left only by receiving again or by sending.
"""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self
from urllib.parse import unquote_to_bytes

from google.rpc import code_pb2, status_pb2

from rolecall.transports.codes import Failure
from rolecall.transports.rpc import Incoming, Method, Receive, Send, SendNow

_HEAD: Final = struct.Struct(">BI")
HEADERS: Final = {"content-type": "application/grpc", "te": "trailers", "x-api-key": "k", "authorization": "t"}


class Left(OSError):
    """The client has left."""


def frame(message: bytes, flag: int = 0) -> bytes:
    """Return a message as gRPC frames it."""
    return _HEAD.pack(flag, len(message)) + message


class Answer(NamedTuple):
    """What came back; `messages` with their flags."""

    status: int
    headers: Mapping[bytes, bytes]
    trailers: Mapping[bytes, bytes]
    messages: list[tuple[int, bytes]]
    body: bytes

    @property
    def code(self) -> str:
        """The name of the gRPC status."""
        return str(code_pb2.Code.Name(int(self.trailers[b"grpc-status"])))

    @property
    def message(self) -> str:
        """The text of the gRPC status; the details must say the same."""
        told = unquote_to_bytes(self.trailers[b"grpc-message"]).decode()
        details = self.trailers[b"grpc-status-details-bin"]
        assert not details.endswith(b"=")
        status = status_pb2.Status.FromString(base64.b64decode(details + b"=="))
        assert (status.code, status.message) == (int(self.trailers[b"grpc-status"]), told)
        return told


class Request:
    """One request to an app."""

    def __init__(self, path: str, headers: Mapping[str, str] = HEADERS, method: str = "POST") -> None:
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        self.sent: list[dict[str, Any]] = []
        self.looked = asyncio.Event()
        self.said = asyncio.Event()
        self.room = asyncio.Event()
        self.room.set()
        self._come: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._complete = False
        self._left = False

    def send(self, *chunks: bytes, end: bool = True) -> Self:
        """Send pieces of the body, the last of which ends it unless told otherwise."""
        for number, chunk in enumerate(chunks, 1):
            more = not (end and number == len(chunks))
            self._come.put_nowait({"type": "http.request", "body": chunk, "more_body": more})
        return self

    def leave(self) -> None:
        """Leave without a word."""
        self._left = True
        self._come.put_nowait({"type": "http.disconnect"})

    async def receive(self) -> dict[str, Any]:
        """Give the app what has come."""
        if self._left and self._complete:
            return {"type": "http.disconnect"}
        if self._complete:
            self.looked.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        event = await self._come.get()
        self._complete = not event.get("more_body", False)
        return event

    async def take(self, event: Any) -> None:
        """Take what the app sends."""
        if self._left:
            raise Left
        await self.room.wait()
        self.sent.append(event)
        self.said.set()

    def answer(self) -> Answer:
        """Return what was sent, which must be whole and in order."""
        start, *bodies = self.sent
        trailers = bodies.pop() if start.get("trailers") else start
        assert start["type"] == "http.response.start"
        assert all(event["type"] == "http.response.body" for event in bodies)
        assert [event.get("more_body", False) for event in bodies] == [True] * (len(bodies) - 1) + [False]
        body = b"".join(event["body"] for event in bodies)
        return Answer(
            start["status"], dict(start["headers"]), dict(trailers["headers"]), _messages(start["status"], body), body
        )


def _messages(status: int, body: bytes) -> list[tuple[int, bytes]]:
    messages, at = [], 0
    while status == 200 and at < len(body):
        flag, length = _HEAD.unpack_from(body, at)
        messages.append((flag, body[at + _HEAD.size : at + _HEAD.size + length]))
        at += _HEAD.size + length
    return messages


class Taken(Request):
    """A request whose server gives a future for each piece of the answer, as pyvoy does."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.pieces: list[asyncio.Future[None]] = []

    def take(self, event: Any) -> Any:
        """Take what the app sends; when a piece has gone out is for the test to say."""
        self.sent.append(event)
        self.said.set()
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if event.get("more_body"):
            self.pieces.append(taken)
        else:
            taken.set_result(None)
        return taken

    @property
    def bodies(self) -> list[bytes]:
        """What was sent, piece by piece."""
        return [event["body"] for event in self.sent if "body" in event]


class EchoEdge:
    """An edge that answers what it was sent. A unary `wait` waits for `release`; a stream waits after each echo."""

    def __init__(self) -> None:
        self.asked: list[Incoming] = []
        self.release = asyncio.Event()
        self.waiting = asyncio.Event()
        self.cancelled = 0
        self.sent_now: list[bool] = []
        self.drained = asyncio.Event()

    async def run(self, method: Method, body: bytes, incoming: Incoming) -> bytes | Failure:
        """Echo; the message `fail` fails, `large` is answered with much, `wait` waits."""
        self.asked.append(incoming)
        if body == b"fail":
            return Failure(code_pb2.NOT_FOUND, "no `ü` 100%\n", "NOT_FOUND", "call", {})
        if body == b"large":
            return body * 10_000
        if body == b"wait":
            await self._wait()
        return body

    async def stream(
        self, method: Method, incoming: Incoming, receive: Receive, send: Send, send_now: SendNow
    ) -> Failure | None:
        """Echo what comes together, together; `fail` fails, `wait` waits, `now` is echoed once more at once."""
        self.asked.append(incoming)
        while messages := await receive():
            if list(messages) == [b"fail"]:
                return Failure(code_pb2.NOT_FOUND, "nothing", "NOT_FOUND", "", {})
            await send(messages)
            if b"now" in messages:
                self.sent_now.append(send_now(b"now"))
            if b"wait" in messages:
                await self._wait()
        return None

    def drain(self) -> None:
        """Note it."""
        self.drained.set()

    def over_at(self, moment: float) -> None:
        """Nothing is counted here."""

    async def _wait(self) -> None:
        self.waiting.set()
        try:
            await self.release.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
