"""`rolecall db`: upkeep of the store file."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Final

from rolecall.cli.configuration import STORE, resolved
from rolecall.cli.output import paint, printable, show_json
from rolecall.cli.problem import FAILED, OK
from rolecall.cli.store import open_store
from rolecall.domain.errors import RolecallError
from rolecall.domain.names import shown
from rolecall.store.errors import found_by_check

_KIBIBYTE: Final = 1024


def backup(args: argparse.Namespace) -> int:
    """Copy the store to a new file."""
    source = asyncio.run(_backup(args))
    size = Path(args.target).stat().st_size
    if args.json:
        show_json({"db": source, "backup": args.target, "bytes": size})
    else:
        print(f"copied {shown(source)} to {shown(args.target)} ({size / _KIBIBYTE:,.0f} KiB)")
    return OK


async def _backup(args: argparse.Namespace) -> str:
    async with open_store(args) as store:
        await store.backup(args.target)
        return store.path


def check(args: argparse.Namespace) -> int:
    """List what is wrong with the store; FAILED when anything is."""
    path, problems = asyncio.run(_check(args))
    if args.json:
        show_json({"db": path, "sound": not problems, "problems": problems})
    else:
        print(f"{shown(path)} is {paint('unsound', 'red') if problems else paint('sound', 'green')}")
        for problem in problems:
            print(f"  {printable(problem)}")
    return FAILED if problems else OK


async def _check(args: argparse.Namespace) -> tuple[str, list[str]]:
    path = str(resolved(args, STORE).settings.db)
    try:
        async with open_store(args) as store:
            return path, await store.check()
    except RolecallError as error:
        if error.code_reason != "STORE_CORRUPT":
            raise
        return path, [found_by_check(error)]  # too damaged to be opened
