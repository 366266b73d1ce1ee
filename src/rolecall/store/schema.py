"""The schema and its versions: `migrations/NNNN_name.sql`, applied in order, never edited once released.

A file is ours by its application id; its version is the number of migrations it has had.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Final

from rolecall.domain.errors import RolecallError, Unavailable
from rolecall.domain.names import shown
from rolecall.store.connection import Connection, connect

APPLICATION_ID: Final = int.from_bytes(b"role")

_IDENTITY: Final = """
SELECT (SELECT application_id FROM pragma_application_id),
       (SELECT user_version FROM pragma_user_version),
       EXISTS (SELECT 1 FROM sqlite_schema)
"""
_REFUSALS: Final = frozenset({"NOT_A_STORE", "SCHEMA_TOO_NEW"})
_RETRY_SECONDS: Final = 0.02


def shipped() -> tuple[str, ...]:
    """Return the SQL of every migration; the first makes version 1."""
    folder = resources.files("rolecall.store") / "migrations"
    scripts = {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.is_file()}
    return tuple(scripts[name] for name in sorted(scripts) if name.endswith(".sql"))


async def refuse_foreign(path: str, newest: int) -> None:
    """Refuse a file of another program, or of a newer version of this one, before anything can change it.

    An immutable connection takes no locks and replays no journal. What it reads may be torn, so its errors prove
    nothing; the real connection will meet those that are real.
    """
    async with connect(path, busy_timeout=0, mode="ro&immutable=1") as look:
        try:
            await _version(look, newest)
        except RolecallError as error:
            if error.code_reason in _REFUSALS:
                raise


async def prepare(connection: Connection, migrations: Sequence[str], busy_timeout: float) -> None:
    """Bring a file, which may be empty, to the newest version, in one transaction."""
    newest = len(migrations)
    version = await _version(connection, newest)
    await _write_ahead(connection, busy_timeout)
    if version == newest:
        return
    async with connection.transaction("BEGIN IMMEDIATE"):
        version = await _version(connection, newest)  # another process may have been faster
        for migration in migrations[version:]:
            for statement in _statements(migration):
                await connection.all(statement)
        await connection.all(f"PRAGMA application_id = {APPLICATION_ID}")
        await connection.all(f"PRAGMA user_version = {newest}")


async def _version(connection: Connection, newest: int) -> int:
    """Return the version of a file of ours, 0 for an empty one."""
    rows = await connection.all(_IDENTITY)
    application, version, filled = rows[0]
    empty = application == 0 and not filled
    if application != APPLICATION_ID and not empty:
        raise Unavailable(f"{shown(connection.path)} is another program's database", reason="NOT_A_STORE")
    if version > newest:
        raise Unavailable(
            f"store {shown(connection.path)} has schema version {version}, newer than this program's {newest}: "
            "use a newer program",
            reason="SCHEMA_TOO_NEW",
        )
    return int(version)


async def _write_ahead(connection: Connection, busy_timeout: float) -> None:
    """Switch to write-ahead logging; while others do the same, SQLite answers busy without waiting."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + busy_timeout
    while True:
        try:
            await connection.all("PRAGMA journal_mode = WAL")
        except Unavailable as error:
            if error.code_reason != "STORE_LOCKED" or loop.time() >= deadline:
                raise
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            return


def _statements(script: str) -> Iterator[str]:
    """Divide a script, so that its statements run in a transaction that is already open."""
    statement = ""
    for piece in script.split(";"):
        statement += f"{piece};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
