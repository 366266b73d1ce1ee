"""The line between a supervisor and a worker: one JSON object a line, over a socket that the worker inherits.

The worker says `started`, `failed` or `left`; the supervisor says `leave`. A line that ends means that the other is
gone; a worker whose supervisor is gone ends at once, for they are one server.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from rolecall.app.place import Place
from rolecall.app.started import Started

PLACE: Final = "ROLECALL_WORKER"
"""The environment variable that tells a worker where it is."""

LEAVE: Final = "leave"


class Failed(NamedTuple):
    """Why a worker can't start; `field` is the setting at fault, when there is one."""

    message: str
    field: str = ""


class Post(NamedTuple):
    """What a worker is told at its start: where it is, the number of its line's file, and its folder to work in."""

    place: Place
    line: int
    folder: str

    def as_environment(self) -> dict[str, str]:
        """Return the variable that tells it."""
        return {PLACE: json.dumps({"place": self.place._asdict(), "line": self.line, "folder": self.folder})}

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Post:
        """Read the variable."""
        told = json.loads(environ[PLACE])
        return cls(Place(**told["place"]), told["line"], told["folder"])


def vanish(post: Post) -> None:
    """End this process at once, its supervisor being gone: whoever starts the server again finds its addresses free."""
    shutil.rmtree(post.place.folder, ignore_errors=True)
    os.kill(os.getpid(), signal.SIGKILL)


class Line:
    """One end of the line, in the running event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, end: socket.socket) -> Line:
        """Take one end."""
        return cls(*await asyncio.open_connection(sock=end))

    @classmethod
    async def inherited(cls, post: Post) -> Line:
        """Take the worker's end."""
        return await cls.open(socket.socket(fileno=post.line))

    async def say(self, word: str, more: Any = None) -> None:
        """Say something; a supervisor that is gone is not an error here, since hearing tells it."""
        try:
            self._writer.write(json.dumps({word: more}).encode() + b"\n")
            await self._writer.drain()
        except OSError:
            return

    async def started(self, started: Started) -> None:
        """Say that the worker answers."""
        await self.say("started", started.as_json())

    async def failed(self, failed: Failed) -> None:
        """Say that it can't start."""
        await self.say("failed", failed._asdict())

    async def hear(self) -> tuple[str, Any]:
        """Return the next word and what goes with it; the word is "" when the other end is gone."""
        try:
            line = await self._reader.readline()
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            return "", None
        ((word, more),) = json.loads(line).items()
        return word, more

    def close(self) -> None:
        """Let go of the line."""
        self._writer.close()
