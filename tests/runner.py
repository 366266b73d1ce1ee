"""Starts a server as `rolecall serve` does, for tests that need a process: settings in, doors out, errors on stderr."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys

from rolecall.app import Started, serve
from rolecall.config import SERVER_NAMES, ConfigError, add_flags, resolve
from rolecall.domain.errors import RolecallError
from rolecall.observe.logs import configure


def _announce(started: Started) -> None:
    dev = None if started.dev is None else started.dev._asdict()
    print(json.dumps({"listen": started.listen, "http": started.http, "dev": dev}), flush=True)  # noqa: T201


def main(arguments: list[str]) -> int:
    """Serve until a signal; 0 after a graceful stop, 2 for wrong settings, 1 for what can't be served."""
    parser = argparse.ArgumentParser()
    add_flags(parser, SERVER_NAMES)
    try:
        settings = resolve(vars(parser.parse_args(arguments)), os.environ, names=SERVER_NAMES).settings
        configure(settings.log_level, settings.log_format, sys.stderr)
        asyncio.run(serve(settings, _announce))
    except (ConfigError, RolecallError) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, ConfigError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
