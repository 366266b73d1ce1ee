"""Different questions to one server: as many as it can answer, or so many a second, whatever the answers do.

A paced question's time counts from when it was due, so that waiting behind a slow answer is not left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import Final

from bench.client import CHECK, METADATA
from bench.http2 import Connection
from bench.serving import Server
from rolecall.api.v1 import authorization_pb2 as pb

_OUTSTANDING: Final = 16
_PATIENCE_SECONDS: Final = 30
_TRIES: Final = 3
_LEAST: Final = 0.01
_ALLOWED: Final = pb.CheckCapabilityResponse(allowed=True).SerializeToString()


def saturated(address: str, bodies: Sequence[bytes], calls: int) -> float:
    """Return calls per second with so many questions unanswered at any time; each must be answered with yes."""
    asked, answered, rest = 0, 0, cycle(bodies)
    with Connection(address, CHECK, METADATA) as connection:
        started = time.perf_counter()
        while answered < calls:
            answered += _answers(connection)
            more = list(islice(rest, min(calls - asked, _OUTSTANDING - (asked - answered))))
            asked += len(more)
            if more:
                connection.open(*more)
            _check_patience(started)
        return calls / (time.perf_counter() - started)


def paced(address: str, bodies: Sequence[bytes], per_second: float, seconds: float) -> list[float]:
    """Return the milliseconds of each answer; each must be a yes."""
    calls, rest = max(1, int(per_second * seconds)), cycle(bodies)
    waits: list[float] = []
    sent = 0
    with Connection(address, CHECK, METADATA) as connection:
        started = time.perf_counter()
        while len(waits) < calls:
            due = min(calls, int((time.perf_counter() - started) * per_second) + 1)
            if due > sent:
                connection.open(*islice(rest, due - sent))
                sent = due
            for message in connection.receive():
                assert message.body.startswith(_ALLOWED), message
                waits.append((message.at - started - (message.stream // 2) / per_second) * 1_000)
            _check_patience(started)
    return waits


def taking(share: float, server: Server, load: Callable[[float], object], ceiling: float) -> float:
    """Return about the rate at which a server takes this share of a core; `load` loads it at a rate for a while.

    It is not more than the share of `ceiling`, what the server answers without a pause: an answer to even load takes it
    more time, and one that takes less is kept from the core by others.
    """
    rate = ceiling * share
    for _ in range(_TRIES):
        before, started = server.cpu(), time.perf_counter()
        load(rate)
        taken = (server.cpu() - before) / (time.perf_counter() - started)
        rate = min(ceiling * share, rate * share / max(taken, _LEAST))
    return rate


def _answers(connection: Connection) -> int:
    messages = connection.receive()
    assert all(message.body.startswith(_ALLOWED) for message in messages), messages
    return len(messages)


def _check_patience(started: float) -> None:
    if time.perf_counter() - started > _PATIENCE_SECONDS:
        raise TimeoutError("the server left questions unanswered")
