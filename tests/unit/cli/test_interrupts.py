"""Ctrl-C while a call is failing: the command ends as interrupted, whatever the call fails with at that moment."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata

from rolecall.cli.connection import Connection, _problems
from rolecall.cli.problem import Problem
from rolecall.config import Address

HERE = Connection(Address("127.0.0.1", 1), "", "", None, 1.0, or_file=False)
GONE = AioRpcError(grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata(), "connection closed")


async def failing(*, interrupted: bool) -> None:
    with _problems(HERE):
        if interrupted:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        raise GONE


async def test_a_call_that_fails_is_a_problem() -> None:
    with pytest.raises(Problem, match="can't reach a server"):
        await failing(interrupted=False)


async def test_one_that_fails_while_it_is_interrupted_is_just_ended() -> None:
    task = asyncio.create_task(failing(interrupted=True))
    with pytest.raises(asyncio.CancelledError):
        await task
