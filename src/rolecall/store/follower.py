"""Following the store: the whole configuration once, then what has changed, each in one snapshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from typing import Any, Final, NamedTuple

from rolecall.domain.records import AppRecord, PermissionRecord, TypeRecord
from rolecall.store import changes
from rolecall.store.changes import AppPatch, AppWorld, Change, Delta, World
from rolecall.store.connection import Connection
from rolecall.store.rows import APP, PERMISSION, TYPE, R, Row, Shape, to_text

_DATA_VERSION: Final = "PRAGMA data_version"
_HEAD: Final = """
SELECT (SELECT data_version FROM pragma_data_version),
       (SELECT min(seq) FROM changes),
       (SELECT max(seq) FROM changes)
"""
_LOG: Final = "SELECT seq, app_id, revision, kind, key FROM changes WHERE seq > ? ORDER BY seq"
_IDS: Final = "SELECT id FROM apps"
_APPS: Final = APP.select("FROM apps WHERE id IN (SELECT value FROM json_each(?))")
_KEYS: Final = """
SELECT app_id, key FROM api_keys WHERE app_id IN (SELECT value FROM json_each(?)) ORDER BY key
"""
_SECRETS: Final = """
SELECT app_id, secret FROM app_secrets WHERE app_id IN (SELECT value FROM json_each(?)) ORDER BY id
"""
_ROLES: Final = "SELECT app_id, name FROM roles WHERE app_id IN (SELECT value FROM json_each(?))"
_TYPES: Final = TYPE.select(", app_id FROM types_with_grants ORDER BY app_id, scope")
_TOUCHED_TYPES: Final = TYPE.select("""
, app_id FROM json_each(?) AS touched CROSS JOIN types_with_grants
 WHERE app_id = json_extract(touched.value, '$[0]') AND scope = json_extract(touched.value, '$[1]')
""")

_PERMISSIONS: Final = PERMISSION.select(", app_id FROM permissions ORDER BY app_id, id")
_TOUCHED_PERMISSIONS: Final = PERMISSION.select("""
, app_id FROM permissions WHERE app_id IN (SELECT value FROM json_each(?)) ORDER BY app_id, id
""")


class _App(NamedTuple):
    """One app without its types and permissions; no record when it is gone."""

    app: AppRecord | None
    keys: tuple[str, ...]
    secrets: tuple[str, ...]
    roles: frozenset[str]


class Follower:
    """Reads the store for whoever keeps it in memory, on a connection of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seen: int | None = None

    async def changed(self) -> bool:
        """Tell whether any process may have committed since the last load or delta; SQLite errs on the safe side."""
        rows = await self._connection.all(_DATA_VERSION)
        return bool(rows[0][0] != self._seen)

    async def load(self) -> World:
        """Read every app whole."""
        async with self._connection.transaction():
            version, _, last = await self._head()
            ids = [app_id for (app_id,) in await self._connection.all(_IDS)]
            apps = await self._apps(ids)
            types = _grouped(await self._connection.built(_of_app(TYPE), _TYPES))
            permissions = _grouped(await self._connection.built(_of_app(PERMISSION), _PERMISSIONS))
        self._seen = version
        return World(
            seq=last,
            apps=tuple(
                AppWorld(app, keys, secrets, roles, tuple(types[app.id]), tuple(permissions[app.id]))
                for app, keys, secrets, roles in apps.values()
                if app is not None
            ),
        )

    async def delta(self, since: int) -> Delta | None:
        """Read what changed after `since`; None when the log does not reach back to it, so that all must be loaded."""
        async with self._connection.transaction():
            version, first, last = await self._head()
            if not first - 1 <= since <= last:
                return None
            log = await self._connection.built(Change._make, _LOG, (since,)) if since < last else []
            patches = await self._patches(log) if log else {}
        self._seen = version
        return Delta(last, tuple(log), patches)

    async def _patches(self, log: list[Change]) -> dict[int, AppPatch]:
        apps = await self._apps({change.app_id for change in log})
        types = await self._touched_types(log)
        permissions = await self._touched_permissions(log)
        return {
            app_id: AppPatch(*app, types=types[app_id], permissions=permissions.get(app_id))
            for app_id, app in apps.items()
        }

    async def _touched_types(self, log: list[Change]) -> dict[int, dict[str, TypeRecord | None]]:
        touched = {(change.app_id, change.key) for change in log if change.kind == changes.TYPE}
        types: dict[int, dict[str, TypeRecord | None]] = defaultdict(dict)
        for app_id, scope in touched:
            types[app_id][scope] = None
        for app_id, record in await self._connection.built(_of_app(TYPE), _TOUCHED_TYPES, (to_text(list(touched)),)):
            types[app_id][record.scope] = record
        return types

    async def _touched_permissions(self, log: list[Change]) -> dict[int, tuple[PermissionRecord, ...]]:
        """Return every custom permission of each app where any was touched; the others are not read: they are large."""
        touched = {change.app_id for change in log if change.kind == changes.PERMISSION}
        if not touched:
            return {}
        wanted = (to_text(list(touched)),)
        found = _grouped(await self._connection.built(_of_app(PERMISSION), _TOUCHED_PERMISSIONS, wanted))
        return {app_id: tuple(found[app_id]) for app_id in touched}

    async def _head(self) -> tuple[int, int, int]:
        """Return the data version, and the first and last number of the change log."""
        ((version, first, last),) = await self._connection.all(_HEAD)
        return version, first or 1, last or 0

    async def _apps(self, ids: Collection[int]) -> dict[int, _App]:
        wanted = (to_text(list(ids)),)
        records = {record.id: record for record in map(APP.read, await self._connection.all(_APPS, wanted))}
        keys = _grouped(await self._connection.all(_KEYS, wanted))
        secrets = _grouped(await self._connection.all(_SECRETS, wanted))
        roles = _grouped(await self._connection.all(_ROLES, wanted))
        return {
            app_id: _App(records.get(app_id), tuple(keys[app_id]), tuple(secrets[app_id]), frozenset(roles[app_id]))
            for app_id in ids
        }


def _of_app(shape: Shape[R]) -> Callable[[Row], tuple[int, R]]:
    """Return how to read a row of a shape's columns and the app's number."""

    def read(row: Row) -> tuple[int, R]:
        *columns, app_id = row
        return app_id, shape.read(columns)

    return read


def _grouped(rows: Iterable[Row]) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = defaultdict(list)
    for app_id, thing in rows:
        groups[app_id].append(thing)
    return groups
