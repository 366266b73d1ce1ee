"""`rolecall health`: what a server's health service says."""

from __future__ import annotations

import argparse
import asyncio
from typing import Final

import grpc
from grpc_health.v1 import health_pb2

from rolecall.cli.connection import Connection, connection, open_channel, unary
from rolecall.cli.output import paint, printable, show_json
from rolecall.cli.problem import FAILED, OK, Problem
from rolecall.domain.names import shown

_PATH: Final = "/grpc.health.v1.Health/Check"


def health(args: argparse.Namespace) -> int:
    """Print the status; OK only for SERVING."""
    to = connection(args)
    try:
        status = asyncio.run(_status(to, args.service))
    except Problem as problem:
        if _is_unknown(problem) and args.service:
            raise _no_service(to, args.service) from problem
        problem.exit_code = FAILED
        raise
    serving = status == "SERVING"
    if args.json:
        show_json({"address": str(to.address), "service": args.service, "status": status})
    else:
        print(paint(status, "green" if serving else "red"), printable(args.service) or "the whole server", sep="  ")
    return OK if serving else FAILED


def _is_unknown(problem: Problem) -> bool:
    cause = problem.__cause__
    return isinstance(cause, grpc.aio.AioRpcError) and cause.code() is grpc.StatusCode.NOT_FOUND


def _no_service(to: Connection, service: str) -> Problem:
    """Make the problem of a service that is not there: it is not healthy, but no fault of the command line."""
    return Problem(
        f"the server at `{to.address}` has no service {shown(service)}",
        hint="give its full name, such as `rolecall.api.v1.CallService`, or leave --service out for the whole server",
    )


async def _status(to: Connection, service: str) -> str:
    async with open_channel(to) as channel:
        request = health_pb2.HealthCheckRequest(service=service)
        response = await unary(channel, to, _PATH, request, health_pb2.HealthCheckResponse)
        return health_pb2.HealthCheckResponse.ServingStatus.Name(response.status)
