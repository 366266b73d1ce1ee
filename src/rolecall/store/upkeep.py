"""Backing up a live store, and checking that a store is sound."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rolecall.domain import permissions, roles
from rolecall.domain.actions import ACTIONS
from rolecall.domain.errors import Precondition, RolecallError
from rolecall.domain.names import shown
from rolecall.store.connection import Connection, connect, finished
from rolecall.store.errors import domain_errors, found_by_check
from rolecall.store.rows import to_text

_JSON: Final = {
    "apps": ("user_search_disallowed_roles",),
    "types": ("settings", "policies"),
    "grants": ("permissions",),
    "users": ("teams", "teams_role", "custom"),
    "calls": ("settings", "custom"),
    "call_members": ("custom",),
    "call_users": ("granted", "revoked"),
    "channels": ("override_grants", "override_flags", "custom"),
    "channel_members": ("custom",),
    "permissions": ("condition",),
    "migration_grants": ("grants",),
}

_BUILT_IN: Final = {
    "permissions": to_text(list(permissions.BUILT_IN)),
    "actions": to_text([action.name for action in ACTIONS]),
    "roles": to_text(["*", *sorted(roles.BUILT_IN)]),  # what a policy may name
}
_MOST_DANGLING: Final = 100

# Names of what does not exist. A guard makes damaged JSON NULL, in which json_each finds nothing.
_DANGLING: Final = (
    """
    SELECT DISTINCT 'app `' || apps.name || '` grants permission `' || held.value
           || '`, which does not exist, in scope `' || scope || '`'
      FROM grants JOIN apps ON apps.id = grants.app_id
      JOIN json_each(CASE WHEN json_valid(grants.permissions) THEN grants.permissions END) AS held
     WHERE held.value NOT IN (SELECT value FROM json_each(:permissions))
       AND NOT EXISTS (SELECT 1 FROM permissions AS own WHERE own.app_id = apps.id AND own.id = held.value)
    """,
    """
    SELECT DISTINCT 'app `' || apps.name || '` names permission `' || ltrim(held.value, '!')
           || '`, which does not exist, in channel `' || cid || '`'
      FROM channels JOIN apps ON apps.id = channels.app_id
      JOIN json_each(CASE WHEN json_valid(override_grants) THEN override_grants END) AS override
      JOIN json_each(CASE override.type WHEN 'array' THEN override.value END) AS held
     WHERE override_grants <> '{}' AND ltrim(held.value, '!') NOT IN (SELECT value FROM json_each(:permissions))
       AND NOT EXISTS (
           SELECT 1 FROM permissions AS own WHERE own.app_id = apps.id AND own.id = ltrim(held.value, '!')
       )
    """,
    """
    SELECT 'app `' || apps.name || '` has permission `' || permissions.id || '` for action `' || action
           || '`, which does not exist'
      FROM permissions JOIN apps ON apps.id = permissions.app_id
     WHERE action NOT IN (SELECT value FROM json_each(:actions))
    """,
    """
    SELECT DISTINCT 'app `' || apps.name || '` has a policy for role `' || named.value
           || '`, which does not exist, in channel type `' || scope || '`'
      FROM types JOIN apps ON apps.id = types.app_id
      JOIN json_each(CASE WHEN json_valid(policies) THEN policies END) AS policy
      JOIN json_each(CASE policy.type WHEN 'object' THEN policy.value END, '$.roles') AS named
     WHERE named.value NOT IN (SELECT value FROM json_each(:roles))
       AND NOT EXISTS (SELECT 1 FROM roles WHERE roles.app_id = apps.id AND roles.name = named.value)
    """,
)


def _checks() -> Iterator[str]:
    """Make the statements that find what is wrong; each row is a problem in words."""
    yield "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'"
    yield """
        SELECT DISTINCT 'a row of `' || "table" || '` refers to a row of `' || parent || '` that does not exist'
          FROM pragma_foreign_key_check
        """
    yield """
        SELECT 'app `' || apps.name || '` has revision ' || apps.revision || ', its change log ' || max(log.revision)
          FROM apps JOIN changes AS log ON log.app_id = apps.id
         GROUP BY apps.id HAVING max(log.revision) <> apps.revision
        """
    yield """
        SELECT 'the change log of app ' || app_id || ' lacks a revision'
          FROM changes GROUP BY app_id HAVING count(DISTINCT revision) <> max(revision) - min(revision) + 1
        """
    yield """
        SELECT 'app `' || apps.name || '` has revision ' || apps.revision || ', its last migration ' || max(m.revision)
          FROM apps JOIN migrations AS m ON m.app_id = apps.id
         GROUP BY apps.id HAVING max(m.revision) > apps.revision
        """
    for table, columns in _JSON.items():
        valid = " AND ".join(f"json_valid({column})" for column in columns)
        yield f"SELECT 'a row of `{table}` holds damaged JSON' FROM {table} WHERE NOT ({valid}) LIMIT 1"  # noqa: S608
    for dangling in _DANGLING:
        yield f"{dangling} LIMIT {_MOST_DANGLING}"


async def check(connection: Connection) -> list[str]:
    """Return what is wrong, in words; an empty list says the store is sound."""
    problems: list[str] = []
    try:
        for statement in _checks():
            problems.extend(problem for (problem,) in await connection.all(statement, _BUILT_IN))
    except RolecallError as error:  # too damaged to go on
        problems.append(found_by_check(error))
    return problems


async def back_up(path: str, target: str, busy_timeout: float) -> None:
    """Copy a live store to a new file, as it is at one moment; Precondition when the target exists.

    The target appears whole or not at all.
    """
    with domain_errors(target):
        partial = _reserve(target)
        try:
            async with (
                connect(path, busy_timeout=busy_timeout) as source,
                connect(partial, busy_timeout=busy_timeout) as copy,
            ):
                await source.copy_to(copy)
            await finished(asyncio.to_thread(_publish, partial, target))
        finally:
            _discard(partial)


def _reserve(target: str) -> str:
    """Make an empty file beside the target that only its owner may read."""
    _refuse_existing(target)
    descriptor, partial = tempfile.mkstemp(dir=Path(target).parent, prefix=f".{Path(target).name}.", suffix=".partial")
    os.close(descriptor)
    return partial


def _refuse_existing(target: str) -> None:
    if os.path.lexists(target):
        raise Precondition(f"{shown(target)} exists: a backup overwrites nothing")


def _publish(partial: str, target: str) -> None:
    _sync(partial)
    _refuse_existing(target)
    Path(partial).rename(target)
    _sync(str(Path(target).parent))


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _discard(partial: str) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        Path(partial + suffix).unlink(missing_ok=True)
