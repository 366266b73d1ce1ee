"""A client of the streams: asks and watches as a media server would, over a real channel."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any, Final

import grpc
import httpx

from rolecall.api.v1 import authorization_pb2 as pb
from tests.doors import RPCS, Client, Refusal, refusal_of, until

CALL: Final = "default:standup"
_CHECK: Final = next(rpc for rpc in RPCS if rpc.name == "StreamCheckCapabilities")
WATCH: Final = next(rpc for rpc in RPCS if rpc.name == "WatchCapabilities")


def question(name: str, user: str = "ann", capability: str = "send-audio", **more: Any) -> bytes:
    """Return one question of a stream, serialized."""
    check = pb.CheckCapabilityRequest(user_id=user, call=CALL, capability=capability, **more)
    return pb.StreamCheckCapabilitiesRequest(id=name, check=check).SerializeToString()


class Checks:
    """One stream of checks: `ask` sends, `next` reads, `done` says that no more will be asked."""

    def __init__(self, client: Client) -> None:
        self._bodies: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.call: Any = client.stream(_CHECK, self._sent())

    def _sent(self) -> Iterator[bytes]:
        while (body := self._bodies.get()) is not None:
            yield body

    def ask(self, *bodies: bytes) -> None:
        for body in bodies:
            self._bodies.put(body)

    def done(self) -> None:
        self._bodies.put(None)

    def next(self) -> pb.StreamCheckCapabilitiesResponse:
        return pb.StreamCheckCapabilitiesResponse.FromString(next(self.call))

    def rest(self) -> list[pb.StreamCheckCapabilitiesResponse]:
        return [pb.StreamCheckCapabilitiesResponse.FromString(body) for body in self.call]

    def end(self) -> Refusal:
        """Return the error that ends the stream, whatever is answered before."""
        try:
            answers = self.rest()
        except grpc.RpcError as error:
            return refusal_of(error)
        finally:
            self.done()
        raise AssertionError(f"the stream ended well: {answers}")


class Watch:
    """One stream of capabilities."""

    def __init__(self, client: Client, seconds: float | None = 20.0, **request: Any) -> None:
        body = pb.WatchCapabilitiesRequest(**request).SerializeToString()
        self.call: Any = client.stream(WATCH, iter([body]), seconds=seconds)

    def next(self) -> pb.WatchCapabilitiesResponse:
        return pb.WatchCapabilitiesResponse.FromString(next(self.call))

    def cancel(self) -> None:
        """Leave."""
        self.call.cancel()

    def end(self) -> Refusal:
        """Return the error that ends the stream, whatever is told before."""
        try:
            told = list(self.call)
        except grpc.RpcError as error:
            return refusal_of(error)
        raise AssertionError(f"the stream ended well: {told}")


def gauge(server: Any, name: str) -> float:
    """Return a figure of the metrics page."""
    page = httpx.get(f"{server.http}/metrics").text
    return next(float(line.split()[-1]) for line in page.splitlines() if line.startswith(f"{name} "))


def nothing_is_open(server: Any) -> bool:
    """Wait until the server has neither streams nor watches."""
    return bool(until(lambda: gauge(server, "rolecall_watches") == 0 == gauge(server, "rolecall_streams")))
