"""`rolecall serve`: settings and logs, then the server until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import suppress

from rolecall import app
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
        asyncio.run(app.serve(settings, lambda started: _announce(settings, started, json=args.json)))
    except RolecallError as error:
        problem = of_error(error)
        problem.exit_code = FAILED
        raise problem from error
    return OK


def _announce(settings: Settings, started: app.Started, *, json: bool) -> None:
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
