"""`rolecall version`."""

from __future__ import annotations

import argparse

from rolecall import __version__
from rolecall.cli.problem import OK


def version(args: argparse.Namespace) -> int:
    """Print the version."""
    print(f'{{"version": "{__version__}"}}' if args.json else f"rolecall {__version__}")
    return OK
