"""`rolecall watch`: capabilities and their changes, as they happen."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from typing import Final

from rolecall.cli.connection import Connection, as_problem, connection
from rolecall.cli.output import paint, printable, rfc3339
from rolecall.cli.problem import OK
from rolecall.client import AsyncClient, Change, DeadlineExceeded, RolecallClientError

_GAP: Final = "  "


def watch(args: argparse.Namespace) -> int:
    """Print each change until Ctrl-C; a Problem where there is nothing to watch."""
    to = connection(args)
    try:
        asyncio.run(_watch(args, to))
    except KeyboardInterrupt:
        pass  # how a watch is ended
    except RolecallClientError as error:
        raise as_problem(error, to) from error
    return OK


async def _watch(args: argparse.Namespace, to: Connection) -> None:
    """Show changes; a server that was there once is waited for, one that does not answer at first is a problem."""
    lost = Loss(to)
    line = _as_json if args.json else _as_text
    async with AsyncClient(str(to.address), key=to.api_key, token=to.token, credentials=to.credentials) as client:
        target = {"call": args.call or "", "channel": args.channel or ""}
        changes = client.watch(args.user, **target, on_lost=lost.told, on_synced=lost.over)
        try:
            async with asyncio.timeout(to.timeout) as patience:
                lost.patience = patience
                async for change in changes:
                    print(line(change, int(time.time())), flush=True)
        except TimeoutError as error:
            raise DeadlineExceeded("the server does not answer") from error


class Loss:
    """Whether the server has gone, told on stderr once, and once more when it is back."""

    def __init__(self, to: Connection) -> None:
        self._to = to
        self._seen = False
        self._lost = False
        self.patience: asyncio.Timeout | None = None
        """Runs until the server has told everything for the first time."""

    def told(self, error: RolecallClientError, pause: float) -> None:
        """Hear that the watch is lost; while it never was whole, that ends it."""
        if not self._seen:
            raise error
        if not self._lost:
            self._lost = True
            _tell(f"lost the server at `{self._to.address}` ({printable(error.message)}); trying again")

    def over(self) -> None:
        """Hear that the watch is whole."""
        self._seen = True
        if self.patience is not None:
            self.patience.reschedule(None)
        if self._lost:
            self._lost = False
            _tell("the server is back")


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _as_text(change: Change, now: int) -> str:
    added = [paint(f"+{printable(name)}", "green") for name in sorted(change.added)]
    removed = [paint(f"-{printable(name)}", "red") for name in sorted(change.removed)]
    what = " ".join([*added, *removed]) or "nothing"
    parts = [rfc3339(now), paint(printable(change.user_id), "bold"), what, printable(change.cause)]
    return _GAP.join([*parts, paint(f"revision {change.revision}", "dim")])


def _as_json(change: Change, now: int) -> str:
    shown = {
        "time": rfc3339(now),
        "user_id": change.user_id,
        "own_capabilities": sorted(change.capabilities),
        "added": sorted(change.added),
        "removed": sorted(change.removed),
        "cause": change.cause,
        "left": change.left,
        "revision": change.revision,
    }
    return json.dumps(shown)
