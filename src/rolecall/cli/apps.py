"""`rolecall app`: apps on the store file. Secrets are printed where they are made, and nowhere else."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from typing import Final

from rolecall.cli.configuration import SECRET_VARIABLE
from rolecall.cli.output import printable, rfc3339, show_fields, show_json, show_table
from rolecall.cli.problem import OK, bad_input
from rolecall.cli.store import open_store
from rolecall.service.administration import create_app, finish_rotation, list_apps, rotate_secret
from rolecall.service.administration.changes import AppView

_NANOSECONDS: Final = 1_000_000_000
_STRONG_BYTES: Final = 32  # RFC 7518, 3.2: a key for HS256 is no shorter than the hash


def create(args: argparse.Namespace) -> int:
    """Make an app and print its key and secret."""
    name, key, secret = asyncio.run(_create(args, _given_secret(args)))
    if args.json:
        show_json({"app": name, "key": key, "secret": secret})
        return OK
    show_fields((("app", name), ("key", key), ("secret", secret)))
    print("\nKeep the secret: it is not shown again. Tokens are signed with it; `rolecall token` makes some.")
    return OK


async def _create(args: argparse.Namespace, secret: str | None) -> tuple[str, str, str]:
    async with open_store(args, create=True) as store:
        app, key, made = await create_app(
            store, args.name, key=args.key, secret=secret, permission_version=args.permission_version
        )
        return app.name, key, made


def _given_secret(args: argparse.Namespace) -> str | None:
    """Return the secret from the flag, stdin or the environment; None to have one made."""
    if args.secret == "-":  # noqa: S105
        secret = sys.stdin.readline().removesuffix("\n")
    else:
        secret = os.environ.get(SECRET_VARIABLE) if args.secret is None else args.secret
    if secret is None or (args.secret is None and not secret):
        return None
    if not secret:
        raise bad_input("the secret is empty")
    if len(secret.encode()) < _STRONG_BYTES:
        print(f"warning: a secret of {_STRONG_BYTES} bytes or more is harder to guess", file=sys.stderr)
    return str(secret)


def rotate(args: argparse.Namespace) -> int:
    """Give an app a new secret and print it, or end the rotation."""
    if args.finish:
        return _finish(args)
    secret = asyncio.run(_rotate(args))
    if args.json:
        show_json({"app": args.name, "secret": secret, "old_secrets": "dropped" if args.drop_old else "live"})
        return OK
    show_fields((("app", args.name), ("secret", secret)))
    print("\nKeep the secret: it is not shown again.", end=" ")
    if args.drop_old:
        print("The old ones are dropped: tokens signed with them no longer count.")
    else:
        print("The old ones still live; once no token signed with them is in use, drop them with --finish.")
    return OK


def _finish(args: argparse.Namespace) -> int:
    dropped = asyncio.run(_drop_old(args))
    if args.json:
        show_json({"app": args.name, "dropped": dropped})
    else:
        print(f"dropped {dropped} old secret{'' if dropped == 1 else 's'}; the newest counts")
    return OK


async def _drop_old(args: argparse.Namespace) -> int:
    async with open_store(args) as store:
        return await finish_rotation(store, args.name)


async def _rotate(args: argparse.Namespace) -> str:
    async with open_store(args) as store:
        return await rotate_secret(store, args.name, keep_old=not args.drop_old)


def show_all(args: argparse.Namespace) -> int:
    """List the apps."""
    apps = asyncio.run(_list(args))
    if args.json:
        show_json([_as_json(app) for app in apps])
    elif apps:
        show_table(("name", "keys", "permission version", "revision", "created"), map(_row, apps))
    else:
        print("no apps yet: `rolecall app create NAME` makes one", file=sys.stderr)
    return OK


async def _list(args: argparse.Namespace) -> Sequence[AppView]:
    async with open_store(args) as store:
        return await list_apps(store)


def _row(app: AppView) -> Sequence[str]:
    record = app.record
    created = rfc3339(record.created_at // _NANOSECONDS)
    return printable(record.name), ", ".join(app.keys), record.permission_version, str(record.revision), created


def _as_json(app: AppView) -> dict[str, object]:
    record = app.record
    return {
        "name": record.name,
        "keys": list(app.keys),
        "permission_version": record.permission_version,
        "revision": record.revision,
        "created_at": rfc3339(record.created_at // _NANOSECONDS),
    }
