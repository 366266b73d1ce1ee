"""The door to a store file: the server's own handlers, run in this process as a server-side caller."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from rolecall.app.local import Local, local
from rolecall.cli.configuration import STORE, resolved
from rolecall.cli.doors import Q, R, Rpc
from rolecall.cli.problem import Problem, of_error
from rolecall.cli.store import Known, choose
from rolecall.domain.errors import RolecallError
from rolecall.observe.logs import configure
from rolecall.service.callers import Caller
from rolecall.transports.methods import METHODS
from rolecall.transports.rpc import Context, Incoming

_HANDLERS: Final = {method.path: method.handler for method in METHODS}


class LocalDoor:
    """Asks the handlers over one open store, for one app; `timeout` is the deadline of each call in seconds."""

    def __init__(self, opened: Local, app_id: int, timeout: float) -> None:
        self._services = opened.services
        self._caller = Caller(app_id)
        self._timeout = timeout

    async def ask(self, rpc: Rpc[Q, R], request: Q) -> R:
        """Return the handler's response."""
        deadline = time.monotonic() + self._timeout
        incoming = Incoming("", "", "", True, lambda: deadline - time.monotonic())
        context = Context(self._caller, incoming, self._timeout)
        try:
            async with asyncio.timeout(self._timeout):
                response = await _HANDLERS[rpc.path](self._services, context, request)
        except RolecallError as error:
            raise of_error(error) from error
        except TimeoutError as error:
            raise Problem(f"no answer within {self._timeout:g} seconds") from error
        body = response if isinstance(response, bytes) else response.SerializeToString()
        return rpc.response.FromString(body)


@asynccontextmanager
async def open_local(args: argparse.Namespace) -> AsyncIterator[LocalDoor]:
    """Open the store of `--db` and choose the app."""
    configure("error", "auto", sys.stderr)
    async with local(resolved(args, STORE).settings) as opened:
        app = choose(_known(opened), args.key, args.app, args.db)
        yield LocalDoor(opened, app.id, args.timeout)


def _known(opened: Local) -> Iterable[Known]:
    return (Known(app.id, app.name, tuple(app.keys)) for app in opened.index.apps())
