"""A worker as its supervisor sees it: a process, and a line to it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from rolecall.app.orders import LEAVE, Line, Post
from rolecall.app.place import Place
from rolecall.app.started import Started
from rolecall.domain.errors import Unavailable
from rolecall.transports.envoy.admin import Admin

_STDERR: Final = 2
_GRACE_SECONDS: Final = 10.0
_LAME_DUCK_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.01


class Worker:
    """One process that serves; it listens when it says that it has started, and ends by itself once told to leave."""

    def __init__(self, place: Place, process: asyncio.subprocess.Process, line: Line) -> None:
        self.place = place
        self._process = process
        self._line = line

    async def ready(self) -> Started:
        """Wait until it serves; Unavailable when it can't."""
        word, more = await self._line.hear()
        if word == "failed":
            await self.kill()
            raise Unavailable(more["message"], field=more["field"], reason="WORKER_FAILED")
        if word != "started":
            await self._died()
        return Started.of_json(more)

    async def _died(self) -> None:
        code = await self._process.wait()
        raise Unavailable(f"worker {self.place.number} ended with {_said(code)} before it served", reason="WORKER_DIED")

    async def ended(self) -> str:
        """Wait until its process is over, and return how it ended."""
        return _said(await self._process.wait())

    async def drain(self, seconds: float) -> None:
        """Have it leave: what is being asked is answered within so many seconds."""
        await self._line.say(LEAVE)
        await self._over(seconds + _GRACE_SECONDS)

    async def end(self) -> None:
        """End it, drained or not; at once if it does not end in time."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            await self._over(_GRACE_SECONDS)
        await self.kill()

    async def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            if self._process.returncode is None:
                self._process.kill()
        await self._process.wait()
        self._line.close()

    async def _over(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), seconds)


class EnvoyWorker(Worker):
    """An Envoy with a server inside."""

    def __init__(self, place: Place, process: asyncio.subprocess.Process, line: Line, admin: Admin) -> None:
        super().__init__(place, process, line)
        self._admin = admin

    async def ready(self) -> Started:
        """Wait until Envoy listens, too: the server inside is started before."""
        started = await super().ready()
        while not await self._admin.serves():
            if self._process.returncode is not None:
                await self._died()
            await asyncio.sleep(_POLL_SECONDS)
        return started

    async def drain(self, seconds: float) -> None:
        """Have the server leave, while Envoy sends clients away, and then takes no new ones."""
        until = time.monotonic() + seconds
        with suppress(OSError):
            await asyncio.gather(self._line.say(LEAVE), self._admin.drain())
            left = asyncio.create_task(self._line.hear(), name="left")
            await asyncio.wait([left], timeout=min(_LAME_DUCK_SECONDS, seconds))
            await self._admin.close()
            await asyncio.wait([left], timeout=max(0.0, until - time.monotonic()))
            while await self._admin.active() and time.monotonic() < until:  # noqa: ASYNC110 - it must be asked
                await asyncio.sleep(_POLL_SECONDS)


async def launched(
    command: Sequence[str], place: Place, environ: Mapping[str, str], here: str, *, cwd: str | None = None
) -> tuple[asyncio.subprocess.Process, Line]:
    """Start a worker's process, which signals from the terminal don't reach, and return it and the line to it.

    Paths in its settings are meant from the folder `here`. An OSError when it can't be started.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        post = Post(place, theirs.fileno(), here)
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=_STDERR,
                env={**environ, **post.as_environment()},
                cwd=cwd,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
    return process, await Line.open(ours)


def python_command(module: str) -> list[str]:
    """Return the command line of a module in a Python like this one, which takes none from the working folder."""
    return [sys.executable, "-P", "-m", module]


def _said(code: int) -> str:
    """Return a process's end in words."""
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
