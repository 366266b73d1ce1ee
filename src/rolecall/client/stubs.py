"""Generated stubs over a client's channel: its token, deadlines, retries of reads, and errors. For every other RPC."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import grpc

from rolecall.client.errors import of_rpc
from rolecall.client.rpcs import Rpc, is_read
from rolecall.client.wire import Wire
from rolecall.client.wire_aio import AsyncWire

Coder = Callable[[Any], Any]


def _rpc(path: str, request_serializer: Coder, response_deserializer: Coder) -> Rpc[Any, Any]:
    return Rpc(path, request_serializer, response_deserializer, is_read(path))


class StubChannel:
    """What a generated stub takes for its channel. Its methods take a request and `timeout`, in seconds."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def unary_unary(self, path: str, _registered_method: object = None, **coders: Coder) -> Any:
        """Return the method of an RPC."""
        wire, rpc = self._wire, _rpc(path, **coders)

        def method(request: Any, timeout: float | None = None) -> Any:
            return wire.unary(rpc, request, wire.settings.stub_timeout if timeout is None else timeout)

        return method

    def unary_stream(self, path: str, _registered_method: object = None, **coders: Coder) -> Any:
        """Return the method of an RPC that answers with a stream; it is not opened again when it breaks."""
        wire, rpc = self._wire, _rpc(path, **coders)

        def method(request: Any, timeout: float | None = None) -> Iterator[Any]:
            return _read(wire.stream(rpc, request, timeout))

        return method

    def stream_stream(self, path: str, _registered_method: object = None, **coders: Coder) -> Any:
        """Return the method of an RPC of streams both ways; it takes an iterator of requests."""
        wire, rpc = self._wire, _rpc(path, **coders)

        def method(requests: Iterator[Any], timeout: float | None = None) -> Iterator[Any]:
            return _read(wire.streams(rpc, requests, timeout))

        return method


def _read(call: Any) -> Iterator[Any]:
    try:
        yield from call
    except grpc.RpcError as error:
        raise of_rpc(error) from error
    finally:
        call.cancel()


class AsyncStubChannel:
    """The same with asyncio."""

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire

    def unary_unary(self, path: str, _registered_method: object = None, **coders: Coder) -> Any:
        """Return the method of an RPC."""
        wire, rpc = self._wire, _rpc(path, **coders)

        async def method(request: Any, timeout: float | None = None) -> Any:
            return await wire.unary(rpc, request, wire.settings.stub_timeout if timeout is None else timeout)

        return method

    def unary_stream(self, path: str, _registered_method: object = None, **coders: Coder) -> Any:
        """Return the method of an RPC that answers with a stream; it is not opened again when it breaks."""
        wire, rpc = self._wire, _rpc(path, **coders)

        async def method(request: Any, timeout: float | None = None) -> AsyncIterator[Any]:
            async for message in _aread(await wire.stream(rpc, request, timeout)):
                yield message

        return method

    def stream_stream(self, path: str, _registered_method: object = None, **coders: Coder) -> Any:
        """Return the method of an RPC of streams both ways; it takes an asynchronous iterator of requests."""
        wire, rpc = self._wire, _rpc(path, **coders)

        async def method(requests: AsyncIterator[Any], timeout: float | None = None) -> AsyncIterator[Any]:
            async for message in _aread(await wire.streams(rpc, requests, timeout)):
                yield message

        return method


async def _aread(call: Any) -> AsyncIterator[Any]:
    try:
        async for message in call:
            yield message
    except grpc.aio.AioRpcError as error:
        raise of_rpc(error) from error
    finally:
        call.cancel()
