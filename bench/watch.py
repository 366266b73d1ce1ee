"""From a commit to the message that tells a watch of it: a thousand watches, in the process that wrote and in another.

One loop does everything on this side: it sends the write, looks at the file until the commit can be seen there, and
reads the watches.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from bench.client import METADATA, PERMIT, UPSERT_CALL_TYPE, WATCH, Client
from bench.figures import Figure
from bench.fronts import FASTEST, FASTEST_NAME
from bench.http2 import Connection, Message
from bench.lab import Lab
from bench.machine import on_core
from bench.serving import Server, serving
from bench.worlds import Spec
from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.api.v1 import call_pb2, call_type_pb2, core_pb2

_CONNECTIONS: Final = 10
_PATIENCE_SECONDS: Final = 60
_PAUSE_SECONDS: Final = 0.2
"""The longest pause before a write, so that it falls anywhere between two looks of the other process."""

_CAPABILITY: Final = "send-video"
_ALWAYS: Final = ("join-call", "read-call")


@dataclass(slots=True)
class Seen:
    """How many milliseconds after its commit each write was seen by each watch it concerned."""

    commits: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Watchers:
    """Streams that are open, each of a member, and the file behind them."""

    connections: Sequence[Connection]
    file: sqlite3.Connection

    def told(self) -> list[Message]:
        """Return what came by now, unread: reading it would hold up what comes next."""
        messages = [message for connection in self.connections for message in connection.receive()]
        assert not any(connection.ended for connection in self.connections), "a watch ended"
        return messages

    def version(self) -> int:
        """Return a number that another one's commit changes."""
        return int(self.file.execute("PRAGMA data_version").fetchone()[0])


def measure(lab: Lab) -> list[Figure]:
    """Return the 99th percentile of commit to message: of writes that concern all watches, some, and one."""
    return [*_measured(lab, "small"), *_measured(lab, "watched"), *_measured(lab, "crowded", everyone=True)]


def _measured(lab: Lab, world: str, *, everyone: bool = False) -> Iterator[Figure]:
    copy, spec = lab.copy(world), lab.world(world).spec
    writers = {"UpsertCallType": _types(spec)}
    if spec.types > 1:
        writers["revoke"] = _revokes(spec)
    with (
        serving(FASTEST, copy, core=lab.cores.server) as first,
        serving(FASTEST, copy, core=lab.cores.server) as second,
        on_core(lab.cores.load),
        Client(first.address) as client,
    ):
        _set_types(client, spec)
        for where, watched in (("same process", first), ("another process", second)):
            with _watching(copy, spec, watched, everyone=everyone) as watchers:
                for what, write in writers.items():
                    seen = _writes(first, watchers, write, lab.scale.watch_writes)
                    yield from _figures(what, where, seen, spec.members, everyone=everyone)


def _figures(what: str, where: str, seen: Seen, watches: int, *, everyone: bool) -> Iterator[Figure]:
    limit = 20.0 if where == "same process" else 150.0
    cut = quantiles(seen.waits, n=100, method="inclusive")[98]
    note = f"median {median(seen.waits):.1f}, longest {max(seen.waits):.1f}; {len(seen.commits)} writes; {FASTEST_NAME}"
    concerned = len(seen.waits) // len(seen.commits)
    whom = f"{watches:,} members in one watch" if everyone else f"{concerned:,} of {watches:,} watches told"
    told = f"{what}, {whom}, {where}"
    yield Figure(f"{told}: committed to seen, p99", cut, "ms", limit, note=note)
    yield Figure(f"{told}: sent to committed", median(seen.commits), "ms")


Write = Callable[[int], tuple[str, bytes, int]]
"""The number of a write -> its method, its request, and how many watches it concerns."""


def _writes(writer: Server, watchers: Watchers, write: Write, count: int) -> Seen:
    seen = Seen()
    for number in range(count + 2):
        into = Seen() if number < 2 else seen  # the first two only warm up
        time.sleep(random.uniform(0, _PAUSE_SECONDS))
        _one(writer, watchers, *write(number), into)
    return seen


def _one(writer: Server, watchers: Watchers, path: str, body: bytes, concerned: int, seen: Seen) -> None:
    """Write, and wait until everyone it concerns has heard; the loop waits for nothing but its own turns."""
    before, committed, looked = watchers.version(), 0.0, 0.0
    told: list[Message] = []
    with Connection(writer.address, path, METADATA) as connection:
        started = time.perf_counter()
        connection.open(body)
        while not connection.ended or len(told) < concerned:
            if not committed:
                looked = time.perf_counter()
                committed = looked if watchers.version() != before else 0.0
            connection.receive()
            told += watchers.told()
            if time.perf_counter() - started > _PATIENCE_SECONDS:
                raise TimeoutError(f"{len(told)} of {concerned} watches were told of a write")
    assert len(told) == concerned
    assert all(_read(message).cause != "snapshot" for message in told)
    committed = committed or looked  # all came at once after the last look: it was not committed before that
    seen.commits.append((committed - started) * 1_000)
    seen.waits += [(message.at - committed) * 1_000 for message in told]


@contextmanager
def _watching(path: Path, spec: Spec, server: Server, *, everyone: bool) -> Iterator[Watchers]:
    """Watch each member of each call, with a stream of its own or one for `everyone` on a call.

    Waits until each has heard how it stands.
    """
    places = product(range(spec.calls), range(spec.members_per_call))
    pairs = [(spec.member(call, place), spec.cid(call)) for call, place in places]
    if everyone:
        pairs = [("", spec.cid(call)) for call in range(spec.calls)]
    with ExitStack() as stack:
        connections = [stack.enter_context(Connection(server.address, WATCH, METADATA)) for _ in range(_CONNECTIONS)]
        file = stack.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
        watchers = Watchers(connections, file)
        for number, (user_id, call) in enumerate(pairs):
            request = pb.WatchCapabilitiesRequest(user_id=user_id, call=call)
            connections[number % _CONNECTIONS].open(request.SerializeToString())
        heard, until = 0, time.perf_counter() + _PATIENCE_SECONDS
        while heard < len(pairs):
            heard += sum(_read(message).snapshot_complete for message in watchers.told())
            assert time.perf_counter() < until, f"{heard} of {len(pairs)} watches heard how they stand"
        yield watchers


def _read(message: Message) -> pb.WatchCapabilitiesResponse:
    return pb.WatchCapabilitiesResponse.FromString(message.body)


# --- writes ----------------------------------------------------------------------------------------------------------


def _set_types(client: Client, spec: Spec) -> None:
    """Let only being a member give anything on the types, so that each write changes what each member may do."""
    for number in range(spec.types):
        client.send(UPSERT_CALL_TYPE, _type(number, _CAPABILITY))


def _type(number: int, *capabilities: str) -> bytes:
    granted = {
        "user": core_pb2.PermissionList(permissions=_ALWAYS),
        "call_member": core_pb2.PermissionList(permissions=(*_ALWAYS, *capabilities)),
    }
    return call_type_pb2.UpsertCallTypeRequest(name=f"t{number}", grants=granted).SerializeToString()


def _types(spec: Spec) -> Write:
    """Take the capability from the members of a type's call, and give it back."""

    def write(number: int) -> tuple[str, bytes, int]:
        given = (_CAPABILITY,) if number % 2 else ()
        return UPSERT_CALL_TYPE, _type(0, *given), spec.members // spec.types

    return write


def _revokes(spec: Spec) -> Write:
    """Take the capability from one member after the other."""

    def write(number: int) -> tuple[str, bytes, int]:
        request = call_pb2.UpdateUserPermissionsRequest(
            cid=spec.cid(1), user_id=spec.member(1, number // 2 % spec.members_per_call)
        )
        (request.reset_permissions if number % 2 else request.revoke_permissions).append(_CAPABILITY)
        return PERMIT, request.SerializeToString(), 1

    return write
