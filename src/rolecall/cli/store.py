"""Opening a store file for one command, and choosing one of its apps."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple

from rolecall.cli.configuration import STORE, resolved
from rolecall.cli.problem import Problem, bad_input
from rolecall.domain.names import shown
from rolecall.store import Store


class Known(NamedTuple):
    """An app of a store."""

    id: int
    name: str
    keys: tuple[str, ...]


@asynccontextmanager
async def open_store(args: argparse.Namespace, *, create: bool = False) -> AsyncIterator[Store]:
    """Open the store that the settings name; a missing file is an error unless `create`."""
    settings = resolved(args, STORE).settings
    store = await Store.open(str(settings.db), create=create, busy_timeout=settings.busy_timeout_ms / 1000)
    try:
        yield store
    finally:
        await store.close()


def choose(apps: Iterable[Known], key: str | None, name: str | None, path: str) -> Known:
    """Return the app with this key or name, or the only one there is."""
    known = list(apps)
    if key is not None:
        found = [app for app in known if key in app.keys]
        wanted = f"an app with key {shown(key)}"
    elif name is not None:
        found = [app for app in known if app.name == name]
        wanted = f"an app {shown(name)}"
    else:
        return _only(known, path)
    if not found:
        raise bad_input(f"store {shown(path)} does not hold {wanted}", "`rolecall app list` shows those it holds")
    return found[0]


def _only(known: list[Known], path: str) -> Known:
    if not known:
        raise Problem(f"store {shown(path)} holds no app", hint="make one with `rolecall app create NAME`")
    if len(known) > 1:
        names = ", ".join(shown(app.name) for app in known[:5])
        more = ", …" if len(known) > 5 else ""  # noqa: PLR2004
        raise bad_input(f"store {shown(path)} holds several apps: {names}{more}", "name one with --key or --app")
    return known[0]
