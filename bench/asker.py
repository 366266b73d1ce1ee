"""Someone who asks a server all the time, one question after the other, and how long each answer took.

Times are seconds of the monotonic clock, which is the same in every process of a machine.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from statistics import median
from typing import Final, NamedTuple

from bench.client import CHECK, Client
from bench.machine import on_core
from rolecall.api.v1 import authorization_pb2 as pb

_PATIENCE_SECONDS: Final = 60


class Window(NamedTuple):
    """A stretch of time."""

    start: float
    end: float


class Waits:
    """Every answer: when it was asked for, and how long that took; in the order asked."""

    def __init__(self, started: Sequence[float], took: Sequence[float]) -> None:
        self._asked = list(zip(started, took, strict=True))

    def during(self, window: Window) -> list[float]:
        """Return the milliseconds of answers that were waited for at any time in a window."""
        return [
            took * 1_000 for started, took in self._asked if started <= window.end and started + took >= window.start
        ]

    def delay(self, before: Window, during: Window) -> float:
        """Return the milliseconds that the longest wait in one window is above the median of the other."""
        return max(self.during(during)) - median(self.during(before))


class Asker:
    """What an asker saw; `waits` are there once it has stopped."""

    waits: Waits


@contextmanager
def asking(address: str, questions: Sequence[pb.CheckCapabilityRequest], core: int | None) -> Iterator[Asker]:
    """Ask these questions in turn for as long as the context lasts; each must be answered with yes."""
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    stop, asker = context.Event(), Asker()
    bodies = [question.SerializeToString() for question in questions]
    process = context.Process(target=_ask, args=(address, bodies, stop, sending), daemon=True)
    with on_core(core):
        process.start()
    sending.close()  # so that receiving fails, and does not wait, when the process has died
    try:
        receiving.recv()
        yield asker
        stop.set()
        asker.waits = Waits(*receiving.recv())
        process.join(_PATIENCE_SECONDS)
    finally:
        process.kill()


def _ask(address: str, bodies: list[bytes], stop: Event, sending: Connection) -> None:
    started, took = array("d"), array("d")
    with Client(address) as client:
        for body in cycle(bodies):
            at = time.monotonic()
            answer = client.send(CHECK, body)
            took.append(time.monotonic() - at)
            started.append(at)
            assert pb.CheckCapabilityResponse.FromString(answer).allowed
            if len(started) == len(bodies):
                sending.send("answered")
            if stop.is_set():
                break
    sending.send((started, took))
