"""`rolecall health`: what a server's health service says."""

from __future__ import annotations

import argparse
import asyncio
from typing import Final

from grpc_health.v1 import health_pb2

from rolecall.cli.connection import Connection, connection, open_channel, unary
from rolecall.cli.output import paint, printable, show_json
from rolecall.cli.problem import FAILED, OK, Problem

_PATH: Final = "/grpc.health.v1.Health/Check"


def health(args: argparse.Namespace) -> int:
    """Print the status; OK only for SERVING."""
    to = connection(args)
    try:
        status = asyncio.run(_status(to, args.service))
    except Problem as problem:
        problem.exit_code = FAILED  # an unknown service is not healthy; it is no fault of the command line
        raise
    serving = status == "SERVING"
    if args.json:
        show_json({"address": str(to.address), "service": args.service, "status": status})
    else:
        print(paint(status, "green" if serving else "red"), printable(args.service) or "the whole server", sep="  ")
    return OK if serving else FAILED


async def _status(to: Connection, service: str) -> str:
    async with open_channel(to) as channel:
        request = health_pb2.HealthCheckRequest(service=service)
        response = await unary(channel, to, _PATH, request, health_pb2.HealthCheckResponse)
        return health_pb2.HealthCheckResponse.ServingStatus.Name(response.status)
