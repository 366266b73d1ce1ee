"""Stores made by older versions: everything is found afterwards, and an upgrade happens whole or not at all."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rolecall.domain.builtin.policies import POLICIES
from rolecall.domain.errors import Unavailable
from rolecall.domain.facts import User
from rolecall.domain.records import (
    AppRecord,
    CallMemberRecord,
    CallRecord,
    CallUserRecord,
    ChannelMemberRecord,
    ChannelRecord,
    MigrationRecord,
    PermissionRecord,
    RoleRecord,
    TypeRecord,
    UserRecord,
)
from rolecall.store import AppWorld, Store, Wanted, schema

CHANNEL_TYPES = ("messaging", "livestream", "team", "commerce", "gaming", "stage", "Team", "video", "videos")
CALL_TYPES = ("video:default", "video:messaging", "video:team")
SCOPES = (".app", *CHANNEL_TYPES, *CALL_TYPES)

_ROWS: dict[str, list[tuple[Any, ...]]] = {
    "apps": [
        (1, "one", 3, "v1", 1, 0, 0, '["guest"]', 9, 1, 2),
        (4, "two", 1, "v2", 0, 0, 0, "[]", None, 1, 2),
        (5, "three", 1, "v2", 0, 0, 0, "[]", None, 1, 2),
    ],
    "api_keys": [("key one", 1), ("key two", 4)],
    "app_secrets": [(1, 1, "secret one", 1), (2, 4, "secret two", 1)],
    "roles": [(1, "dancer", 1, 2)],
    "types": [
        *((1, scope, '{"replies":true}', 5, 6, 2) for scope in SCOPES),
        (4, "messaging", "{}", 1, 1, 1),
        (4, "video:default", "{}", 1, 1, 1),
    ],
    "grants": [
        *((1, scope, "user", '["read-channel","x"]') for scope in SCOPES),
        (1, "team", "guest", "[]"),
        (4, "messaging", "dancer", '["read-channel"]'),
    ],
    "users": [
        (1, 1, "ann", "admin", '["red"]', '{"red":"guest"}', '{"a":1}', 1, 0, 7, 1, 2),
        (3, 4, "ann", "user", "[]", "{}", "{}", 0, 0, None, 1, 2),
    ],
    "calls": [(1, 1, "default:1", "ann", "red", '{"video.enabled":false}', 1, 7, 8, "{}", 1, 2)],
    "call_members": [(1, "ann", "host", '{"seat":1}', 1, 2)],
    "call_users": [(1, "bob", 1, '["send-audio"]', "[]")],
    "channels": [(1, 1, "team:1", "ann", "red", 1, 0, 5, '{"user":["!x"]}', '{"replies":false}', "{}", 1, 2)],
    "channel_members": [(1, "ann", "channel_moderator", 1, "{}", 1, 2)],
    "changes": [
        (1, 1, 1, "app", "one", 1),
        (2, 4, 1, "app", "two", 1),
        (3, 5, 1, "app", "three", 1),
        (4, 1, 2, "type", "team", 2),
        (5, 1, 3, "user", "ann", 3),
    ],
}


def _make_version_1(path: Path) -> None:
    """Make what the first released version would have left behind."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema.shipped()[0])
        for table, rows in _ROWS.items():
            marks = ", ".join("?" for _ in rows[0])
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - the names are ours
        connection.commit()
        connection.executescript(f"PRAGMA application_id = {schema.APPLICATION_ID}; PRAGMA user_version = 1;")
        connection.execute("PRAGMA journal_mode = WAL")


def _sql(path: Path, *statements: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [row for statement in statements for row in connection.execute(statement).fetchall()]


def _dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.fixture
def old(path: Path) -> Path:
    _make_version_1(path)
    return path


@pytest.fixture
async def upgraded(old: Path) -> AsyncIterator[Store]:
    store = await Store.open(str(old), create=False)
    yield store
    await store.close()


async def _apps(store: Store) -> list[AppWorld]:
    return sorted((await store.load()).apps, key=lambda world: world.app.id)


# --- everything is found afterwards ---


async def test_the_apps_of_an_old_store_are_all_there(upgraded: Store) -> None:
    one, two, three = await _apps(upgraded)
    assert one.app == AppRecord(1, "one", 3, "v1", True, False, False, ("guest",), 9, {}, 1, 2)
    assert (one.keys, one.secrets, one.roles) == (("key one",), ("secret one",), frozenset({"dancer"}))
    assert (two.keys, two.secrets, two.roles) == (("key two",), ("secret two",), frozenset())
    assert three == AppWorld(AppRecord(5, "three", 1, created_at=1, updated_at=2), (), (), frozenset(), (), ())


async def test_the_types_of_an_old_store_are_all_there_and_channel_types_have_the_built_in_policies(
    upgraded: Store,
) -> None:
    one, two, _ = await _apps(upgraded)
    policies = {name: POLICIES.get(name, POLICIES["messaging"]) for name in CHANNEL_TYPES}
    grants = {scope: {"user": ("read-channel", "x")} for scope in SCOPES} | {
        "team": {"guest": (), "user": ("read-channel", "x")}
    }
    assert {record.scope: record for record in one.types} == {
        scope: TypeRecord(scope, grants[scope], {"replies": True}, policies.get(scope, ()), {}, 5, 6, 2)
        for scope in SCOPES
    }
    assert two.types == (
        TypeRecord("messaging", {"dancer": ("read-channel",)}, {}, POLICIES["messaging"], {}, 1, 1, 1),
        TypeRecord("video:default", {}, {}, (), {}, 1, 1, 1),
    )


async def test_what_is_on_an_old_store_beside_configuration_is_all_there(upgraded: Store) -> None:
    async with upgraded.snapshot(1) as reader:
        assert await reader.roles() == [RoleRecord("dancer", 1, 2)]
        assert await reader.list_users(10) == [
            UserRecord("ann", "admin", ("red",), {"red": "guest"}, {"a": 1}, True, False, 7, {}, 1, 2)
        ]
        assert await reader.list_calls(10) == [
            CallRecord("default:1", "ann", "red", {"video.enabled": False}, True, 7, 8, {}, {}, 1, 2)
        ]
        assert await reader.list_call_members("default:1", 10) == [CallMemberRecord("ann", "host", {"seat": 1}, 1, 2)]
        assert await reader.call_user("default:1", "bob") == CallUserRecord("bob", True, ("send-audio",))
        assert await reader.list_channels(10) == [
            ChannelRecord("team:1", "ann", "red", True, False, 5, {"user": ("!x",)}, {"replies": False}, {}, {}, 1, 2)
        ]
        assert await reader.list_channel_members("team:1", 10) == [
            ChannelMemberRecord("ann", "channel_moderator", True, {}, {}, 1, 2)
        ]
        assert (await reader.permissions(), await reader.last_migration()) == ([], None)
    found = await upgraded.facts(1, Wanted(users=["ann"]))
    ann = User(1, "ann", "admin", frozenset({"red"}), {"red": "guest"}, True, False, 7, '{"a":1}')
    assert (found.seq, found.users) == (5, {"ann": ann})


async def test_an_upgrade_is_no_change_to_any_app(upgraded: Store) -> None:
    delta = await upgraded.delta(3)
    assert delta is not None
    assert [change.seq for change in delta.changes] == [4, 5]


async def test_an_upgraded_store_is_written_like_a_new_one(upgraded: Store) -> None:
    async with upgraded.transaction(1) as transaction:
        await transaction.put_permission(PermissionRecord("x", "X", "ReadChannel"))
        await transaction.put_migration(MigrationRecord(4, "v1", {"team": {"user": ("x",)}}))
        assert await transaction.permission_use("x") is not None
        assert await transaction.role_use("anonymous") is not None
    assert await upgraded.check() == []


async def test_a_user_of_an_old_store_is_marked_when_it_is_deleted(upgraded: Store) -> None:
    async with upgraded.transaction(1) as transaction:
        assert await transaction.user_deleted_at("ann") is None
        departed = await transaction.delete_users(["ann"])
        assert departed == (("ann",), {"default:1": ["ann"]}, {"team:1": ["ann"]})
        assert await transaction.user_deleted_at("ann") == transaction.now
    async with upgraded.snapshot(4) as reader:
        assert await reader.user_deleted_at("ann") is None


async def test_an_upgraded_store_has_the_schema_of_a_new_one(tmp_path: Path, upgraded: Store) -> None:
    new = tmp_path / "new.db"
    await (await Store.open(str(new))).close()
    parts = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"
    assert _sql(Path(upgraded.path), parts) == _sql(new, parts)
    assert _sql(Path(upgraded.path), "PRAGMA user_version") == [(len(schema.shipped()),)]


# --- whole or not at all ---


@pytest.mark.parametrize("after", range(8))
async def test_an_upgrade_that_fails_anywhere_leaves_the_old_store_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    before = _dump(old)
    first, second = schema.shipped()[:2]
    statements = list(schema._statements(second))[:after]  # noqa: SLF001 - where it fails is what is tried
    monkeypatch.setattr(schema, "shipped", lambda: (first, "".join([*statements, "\nDROP TABLE none;"])))
    with pytest.raises(Unavailable) as failed:
        await Store.open(str(old))
    assert failed.value.code_reason == "STORE_FAILED"
    assert _dump(old) == before
    assert _sql(old, "PRAGMA user_version") == [(1,)]
    monkeypatch.undo()
    store = await Store.open(str(old))
    assert len((await store.load()).apps) == 3
    await store.close()


async def test_several_that_open_an_old_store_at_once_upgrade_it_once(old: Path) -> None:
    stores = await asyncio.gather(*(Store.open(str(old)) for _ in range(4)))
    worlds = [await store.load() for store in stores]
    assert all(world == worlds[0] for world in worlds)
    assert len(worlds[0].apps[0].types) == len(SCOPES)
    for store in stores:
        await store.close()
