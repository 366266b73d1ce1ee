"""`rolecall serve`: settings and logs, then the server until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from rolecall.app.started import Started
from rolecall.cli.announcement import announcement, as_json, program
from rolecall.cli.configuration import resolved
from rolecall.cli.output import show_json
from rolecall.cli.problem import FAILED, OK, of_error
from rolecall.config import SERVER_NAMES, Settings
from rolecall.domain.errors import RolecallError
from rolecall.domain.names import shown
from rolecall.observe.logs import configure, get_logger


def serve(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; a Problem when it can't start."""
    found = resolved(args, SERVER_NAMES)
    settings = found.settings
    configure(settings.log_level, settings.log_format, sys.stderr)
    log = get_logger()
    for warning in found.warnings:
        log.warning(warning)
    try:
        asyncio.run(_how(settings)(settings, lambda started: _announce(settings, started, json=args.json)))
    except RolecallError as error:
        problem = of_error(error)
        problem.exit_code = FAILED
        if error.code_reason == "LISTEN_FAILED":
            problem.hint = f"give another address with `--{error.field}`, such as 127.0.0.1:0 for any port that is free"
        raise problem from error
    return OK


def _how(settings: Settings) -> Callable[[Settings, Callable[[Started], None]], Coroutine[Any, Any, None]]:
    """Return what serves: a server in this process, or workers, of whose parts nothing is imported here."""
    if settings.front == "grpc" and settings.workers == 1:
        from rolecall.app.serve import serve

        return serve
    from rolecall.app.supervisor import supervise

    return supervise


def _announce(settings: Settings, started: Started, *, json: bool) -> None:
    """Say on stdout that the server is there. One that nobody listens to serves all the same."""
    if not started.apps:
        command = f"{program()} app create NAME --db {shown(str(settings.db)).strip('`')}"
        get_logger().warning(f"no app yet, so nobody can call: make one with `{command}`")
    with suppress(OSError):
        if json:
            show_json(as_json(started))
        else:
            print("\n".join(announcement(settings, started)))
        sys.stdout.flush()
