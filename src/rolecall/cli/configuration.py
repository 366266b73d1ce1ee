"""Settings as the command line finds them, and `rolecall config`, which shows them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection
from typing import Final

from rolecall.cli.output import show_json, show_table
from rolecall.cli.problem import BAD_INPUT, OK, Problem
from rolecall.config import ALL_NAMES, ConfigError, Resolved, render, resolve

SECRET_VARIABLE: Final = "ROLECALL_APP_SECRET"  # noqa: S105 (a name)
"""The variable that `app create` takes a secret from; it is no setting, so nothing here reads it."""

STORE: Final = ("db", "busy_timeout_ms")
"""The settings of a command that opens a store file."""


def resolved(args: argparse.Namespace, names: Collection[str]) -> Resolved:
    """Resolve the settings called `names` from flags, environment and file; a Problem tells all that is wrong."""
    environ = {name: value for name, value in os.environ.items() if name != SECRET_VARIABLE}
    try:
        return resolve(vars(args), environ, getattr(args, "config", None), names=names)
    except ConfigError as error:
        first, *more = error.problems
        raise Problem(first, *more, exit_code=BAD_INPUT) from error


def config(args: argparse.Namespace) -> int:
    """Show every setting, its value with secrets masked, and where it comes from."""
    found = resolved(args, ALL_NAMES)
    for warning in found.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    rows = render(found)
    if args.json:
        show_json(
            [
                {"name": row.name, "value": row.value, "source": row.origin.source, "place": row.origin.place}
                for row in rows
            ]
        )
    else:
        show_table(("setting", "value", "from"), [(row.name, row.value, str(row.origin)) for row in rows])
    return OK
