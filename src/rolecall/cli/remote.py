"""The door to a server, over gRPC."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc

from rolecall.cli.connection import Connection, connection, open_channel, unary
from rolecall.cli.doors import Q, R, Rpc


class RemoteDoor:
    """Asks one server over one channel."""

    def __init__(self, channel: grpc.aio.Channel, to: Connection) -> None:
        self._channel = channel
        self._to = to

    async def ask(self, rpc: Rpc[Q, R], request: Q) -> R:
        """Return the server's response; each call has the whole deadline."""
        return await unary(self._channel, self._to, rpc.path, request, rpc.response)


@asynccontextmanager
async def open_remote(args: argparse.Namespace) -> AsyncIterator[RemoteDoor]:
    """Open the connection that flags and environment describe."""
    to = connection(args)
    async with open_channel(to) as channel:
        yield RemoteDoor(channel, to)
