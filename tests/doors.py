"""Real servers for tests: a process on a real port or socket, channels to it, apps in its file, and their tokens.

How a process is started and what it says when it is ready is known here alone (`_COMMAND`, `_announced`).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import IO, Any, Final, NamedTuple

import grpc
import jwt
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2

from rolecall.api.v1 import (
    app_pb2,
    authorization_pb2,
    call_pb2,
    call_type_pb2,
    channel_pb2,
    channel_type_pb2,
    permission_pb2,
    role_pb2,
    user_pb2,
)
from rolecall.service.administration.apps import create_app
from rolecall.store import Store

_COMMAND: Final = (sys.executable, "-m", "rolecall", "serve", "--json")
_START_SECONDS: Final = 30
_POLL_SECONDS: Final = 0.005
_DETAILS: Final = "grpc-status-details-bin"

SERVICES: Final[tuple[ModuleType, ...]] = (
    authorization_pb2,
    permission_pb2,
    role_pb2,
    call_type_pb2,
    channel_type_pb2,
    call_pb2,
    channel_pb2,
    user_pb2,
    app_pb2,
)


class Rpc(NamedTuple):
    """One RPC as a client sees it."""

    service: str
    name: str
    request: type[Message]
    response: type[Message]
    streams: bool

    @property
    def path(self) -> str:
        return f"/{self.service}/{self.name}"


def _rpcs() -> Iterator[Rpc]:
    for module in SERVICES:
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                yield Rpc(
                    service.full_name,
                    method.name,
                    GetMessageClass(method.input_type),
                    GetMessageClass(method.output_type),
                    method.client_streaming or method.server_streaming,
                )


RPCS: Final = tuple(_rpcs())
UNARY: Final = tuple(rpc for rpc in RPCS if not rpc.streams)
STREAMING: Final = tuple(rpc for rpc in RPCS if rpc.streams)
_BY_REQUEST: Final = {rpc.request: rpc for rpc in RPCS}


def rpc_of(request: Message) -> Rpc:
    """Return the RPC that takes this request: every RPC has a request message of its own."""
    return _BY_REQUEST[type(request)]


def until(condition: Callable[[], Any], *, seconds: float = 20.0) -> Any:
    """Ask until the answer is truthy, and return it; fails when that takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s: {condition}"
        time.sleep(_POLL_SECONDS)


# --- apps and tokens -------------------------------------------------------------------------------------------------


class App(NamedTuple):
    """One app in a store's file."""

    name: str
    key: str
    secret: str

    def token(self, user_id: str | None = None, **claims: Any) -> str:
        """Sign a token: server side without a user; claims that are None are left out."""
        named = claims if user_id is None else {"user_id": user_id, **claims}
        return signed({name: value for name, value in named.items() if value is not None}, self.secret)


def signed(claims: dict[str, Any], secret: str, *, algorithm: str = "HS256", **header: Any) -> str:
    """Sign claims, whatever they are."""
    return jwt.encode(claims, secret, algorithm=algorithm, headers=header)


def make_app(db: Path, name: str = "acme", **options: Any) -> App:
    """Add an app to a store's file, which may be new."""
    return make_apps(db, [name], **options)[name]


def make_apps(db: Path, names: Iterable[str], **options: Any) -> dict[str, App]:
    """Add apps to a store's file, and return them by their names."""

    async def make() -> dict[str, App]:
        store = await Store.open(str(db))
        try:
            return {name: App(name, *(await create_app(store, name, **options))[1:]) for name in names}
        finally:
            await store.close()

    return asyncio.run(make())


# --- calling ---------------------------------------------------------------------------------------------------------


class Refusal(NamedTuple):
    """An error as it comes over the wire."""

    code: grpc.StatusCode
    message: str
    reason: str = ""
    domain: str = ""
    metadata: dict[str, str] = {}  # noqa: RUF012 - never changed
    fields: tuple[str, ...] = ()


def refusal_of(error: Any) -> Refusal:
    """Read an error: the code, the text and what is in the details."""
    details = dict(error.trailing_metadata() or ()).get(_DETAILS)
    if details is None:
        return Refusal(error.code(), error.details() or "")
    status = status_pb2.Status.FromString(details)
    assert (status.code, status.message) == (error.code().value[0], error.details())
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        assert detail.Unpack(info) or detail.Unpack(bad), detail
    fields = tuple(violation.field for violation in bad.field_violations)
    return Refusal(error.code(), status.message, info.reason, info.domain, dict(info.metadata), fields)


PATIENCE: Final = 20.0
"""The deadline of a call, in seconds, unless a test chooses another; None: no deadline."""


class Client:
    """One caller: a channel, a key and a token. What is called follows from the type of the request."""

    def __init__(self, channel: grpc.Channel, key: str = "", token: str = "") -> None:
        self.channel = channel
        self._metadata = tuple((name, value) for name, value in (("x-api-key", key), ("authorization", token)) if value)
        self._stubs: dict[str, Any] = {}

    def __call__(self, request: Message, *, seconds: float | None = PATIENCE) -> Any:
        """Call and return the response; grpc.RpcError when refused."""
        rpc = rpc_of(request)
        return rpc.response.FromString(self.send(rpc, request.SerializeToString(), seconds=seconds))

    def send(self, rpc: Rpc, body: bytes, *, seconds: float | None = PATIENCE) -> bytes:
        """Send bytes, whatever they are, as the request of an RPC."""
        answer: bytes = self._stub(rpc)(body, timeout=seconds, metadata=self._metadata)
        return answer

    def begin(self, request: Message, *, seconds: float | None = PATIENCE, wait_for_ready: bool = False) -> Any:
        """Begin a call; `result()` is the response's bytes."""
        return self._stub(rpc_of(request)).future(
            request.SerializeToString(),
            timeout=seconds,
            metadata=self._metadata,
            wait_for_ready=wait_for_ready,
        )

    def refused(self, request: Message, *, seconds: float | None = PATIENCE) -> Refusal:
        """Call and return the error; it is a failure when there is none."""
        return self.refused_bytes(rpc_of(request), request.SerializeToString(), seconds=seconds)

    def refused_bytes(self, rpc: Rpc, body: bytes, *, seconds: float | None = PATIENCE) -> Refusal:
        """Send bytes and return the error."""
        outcome = self.outcome(rpc, body, seconds=seconds)
        assert isinstance(outcome, Refusal), f"{rpc.name} was not refused"
        return outcome

    def stream(self, rpc: Rpc, bodies: Iterator[bytes], *, seconds: float | None = PATIENCE) -> Any:
        """Open a stream and return the call, which iterates over the bytes of the answers."""
        stub: Any = self.channel.stream_stream(rpc.path)
        return stub(bodies, timeout=seconds, metadata=self._metadata)

    def refused_stream(self, rpc: Rpc, body: bytes = b"") -> Refusal:
        """Open a stream, send one message, and return the error that ends it."""
        try:
            answers = list(self.stream(rpc, iter([body])))
        except grpc.RpcError as error:
            return refusal_of(error)
        raise AssertionError(f"{rpc.name} was answered: {answers}")

    def outcome(self, rpc: Rpc, body: bytes, *, seconds: float | None = PATIENCE) -> bytes | Refusal:
        """Send bytes and return the response's, or the error."""
        try:
            return self.send(rpc, body, seconds=seconds)
        except grpc.RpcError as error:
            return refusal_of(error)

    def _stub(self, rpc: Rpc) -> Any:
        if rpc.path not in self._stubs:
            self._stubs[rpc.path] = self.channel.unary_unary(rpc.path)
        return self._stubs[rpc.path]


def page(body: bytes = b"") -> Callable[[], Awaitable[tuple[bytes, str]]]:
    """Return what renders a metrics page for an HTTP door alone."""

    async def render() -> tuple[bytes, str]:
        return body, "text/plain"

    return render


# --- processes -------------------------------------------------------------------------------------------------------


class Announcement(NamedTuple):
    """What a server says once it answers."""

    listen: tuple[str, ...]
    http: str | None


def _announced(stdout: IO[bytes]) -> Announcement | None:
    """Read the JSON object that says where the server is; None when the process ends without a word."""
    lines: list[bytes] = []
    for line in stdout:
        lines.append(line)
        if line.startswith(b"}"):
            said = json.loads(b"".join(lines))
            return Announcement(tuple(said["listen"]), said["http"])
    return None


_fronts: Final = ["grpc"]


@contextmanager
def behind(front: str) -> Iterator[None]:
    """Start servers behind this front while the block runs, unless a test names another."""
    _fronts.append(front)
    try:
        yield
    finally:
        _fronts.pop()


def _arguments(db: Path, listen: tuple[str, ...], http: str, flags: dict[str, Any]) -> list[str]:
    flags = {"front": _fronts[-1], **flags}
    arguments = [*_COMMAND, "--db", str(db), "--http", http]
    for address in listen:
        arguments += ["--listen", address]
    for name, value in flags.items():
        flag = "--" + name.replace("_", "-")
        arguments += [flag] if value is True else [flag, str(value)]
    return arguments


def _environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")}
    return {**inherited, "GRPC_VERBOSITY": "NONE"}


class Server:
    """A server in a process of its own; `log` is everything it wrote to stderr."""

    def __init__(self, arguments: list[str], log_path: Path) -> None:
        self._log_path = log_path
        self._channels: list[grpc.Channel] = []
        with log_path.open("ab") as stderr:
            self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=stderr, env=_environment())
        self._announced = self._wait()

    def _wait(self) -> Announcement:
        """Read what the process says when it is ready; one that says nothing in time is killed."""
        assert self.process.stdout is not None
        watchdog = threading.Timer(_START_SECONDS, self.process.kill)
        watchdog.start()
        try:
            announced = _announced(self.process.stdout)
        finally:
            watchdog.cancel()
            watchdog.join()
        if announced is None:
            self.kill()
            raise AssertionError(f"the server did not start:\n{self.log}")
        return announced

    @property
    def listen(self) -> tuple[str, ...]:
        """Where it listens, ports as they came out."""
        return self._announced.listen

    @property
    def http(self) -> str:
        """Base URL of the HTTP door."""
        return f"http://{self._announced.http}"

    @property
    def log(self) -> str:
        return self._log_path.read_text(encoding="utf-8")

    def channel(
        self, address: str | None = None, *, credentials: grpc.ChannelCredentials | None = None, **options: Any
    ) -> grpc.Channel:
        """Open a channel, closed with the server; options are gRPC's, `_` for `.` in their names after `grpc`."""
        target = address or self.listen[0]
        chosen = [(f"grpc.{name}", value) for name, value in options.items()]
        if credentials is None:
            channel = grpc.insecure_channel(target, options=chosen)
        else:
            channel = grpc.secure_channel(target, credentials, options=chosen)
        self._channels.append(channel)
        return channel

    def client(self, app: App, user_id: str | None = None, **claims: Any) -> Client:
        """Return a caller with a token of the app, on a channel of its own connection pool."""
        return Client(self.channel(), app.key, app.token(user_id, **claims))

    def stop(self) -> int:
        """Ask to stop, wait, and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def kill(self) -> int:
        """End it at once, as a power cut would."""
        self.process.kill()
        return self._ended()

    def _ended(self) -> int:
        for channel in self._channels:
            channel.close()
        self._channels.clear()
        code = self.process.wait(timeout=30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


TCP: Final = ("127.0.0.1:0",)


def start(db: Path, *, listen: tuple[str, ...] = TCP, http: str = "127.0.0.1:0", **flags: Any) -> Server:
    """Start a server on a store's file and wait until it answers."""
    log_path = db.with_name(f"{db.name}.{time.monotonic_ns()}.log")
    return Server(_arguments(db, listen, http, flags), log_path)


@contextmanager
def running(db: Path, **options: Any) -> Iterator[Server]:
    """Have a server while the block runs."""
    server = start(db, **options)
    try:
        yield server
    finally:
        server.stop()


def attempt(
    db: Path, *, listen: tuple[str, ...] = TCP, http: str = "127.0.0.1:0", **flags: Any
) -> subprocess.CompletedProcess[str]:
    """Run a server that is expected to end by itself."""
    return subprocess.run(
        _arguments(db, listen, http, flags),
        capture_output=True,
        text=True,
        timeout=_START_SECONDS,
        env=_environment(),
        check=False,
    )
