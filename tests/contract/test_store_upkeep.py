"""Files, settings of the connections, migrations, backups and checks."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from rolecall.domain.errors import Precondition, Unavailable
from rolecall.domain.records import (
    AppRecord,
    CallMemberRecord,
    CallRecord,
    ChannelRecord,
    MigrationRecord,
    PermissionRecord,
    PolicyRecord,
    RoleRecord,
    TypeRecord,
    UserRecord,
)
from rolecall.store import Store, schema


def _sql(path: Path, *statements: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [row for statement in statements for row in connection.execute(statement).fetchall()]


def _names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


async def test_only_the_owner_may_read_a_new_store(path: Path) -> None:
    before = os.umask(0)
    try:
        store = await Store.open(str(path))
        await store.create_app(AppRecord(0, "demo", 0), key="key", secret="secret")
        modes = {name: stat.S_IMODE((path.parent / name).stat().st_mode) for name in _names(path.parent)}
        await store.close()
    finally:
        os.umask(before)
    assert modes == {"store.db": 0o600, "store.db-wal": 0o600, "store.db-shm": 0o600}


async def test_a_commit_is_on_the_disk_before_it_is_acknowledged(store: Store) -> None:
    writer = store._writer  # noqa: SLF001 - the settings are the connection's
    settings = [await writer.one(f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert settings == [("wal",), (2,), (1,)]


async def test_a_store_of_ours_is_marked_with_its_version(path: Path, store: Store) -> None:
    rows = _sql(path, "PRAGMA application_id", "PRAGMA user_version", "PRAGMA journal_mode")
    assert rows == [(schema.APPLICATION_ID,), (len(schema.shipped()),), ("wal",)]


# --- migrations ---


async def test_a_migration_brings_an_older_file_up_with_its_content(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await Store.open(str(path))
    app = await store.create_app(AppRecord(0, "demo", 0), key="key", secret="secret")
    await store.close()
    older = schema.shipped()
    newer = (*older, "CREATE TABLE a (x); -- two\nCREATE TABLE b (x);\n", "INSERT INTO a VALUES (';\n'); DROP TABLE b")
    monkeypatch.setattr(schema, "shipped", lambda: newer)
    for _ in range(2):
        store = await Store.open(str(path))
        assert (await store.load()).apps[0].app == app
        await store.close()
    assert _sql(path, "PRAGMA user_version", "SELECT x FROM a") == [(len(newer),), (";\n",)]
    monkeypatch.setattr(schema, "shipped", lambda: older)
    with pytest.raises(Unavailable) as refused:
        await Store.open(str(path))
    assert refused.value.code_reason == "SCHEMA_TOO_NEW"


async def test_a_failing_migration_leaves_the_version_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await Store.open(str(path))
    app = await store.create_app(AppRecord(0, "demo", 0), key="key", secret="secret")
    await store.close()
    older = schema.shipped()
    monkeypatch.setattr(schema, "shipped", lambda: (*older, "CREATE TABLE a (x);", "DROP TABLE apps; DROP TABLE none;"))
    with pytest.raises(Unavailable) as failed:
        await Store.open(str(path))
    assert failed.value.code_reason == "STORE_FAILED"
    monkeypatch.setattr(schema, "shipped", lambda: older)
    store = await Store.open(str(path))
    assert (await store.load()).apps[0].app == app
    assert await store.check() == []
    await store.close()
    assert _sql(path, "SELECT name FROM sqlite_schema WHERE name = 'a'") == []


# --- backups ---


async def test_a_backup_is_a_sound_store_of_one_moment_made_while_writes_go_on(
    tmp_path: Path, store: Store, app: AppRecord
) -> None:
    stop = asyncio.Event()
    written = asyncio.Event()

    async def write() -> None:
        number = 0
        while not stop.is_set():
            async with store.transaction(app.id) as transaction:
                await transaction.put_users([UserRecord(f"{number}-a"), UserRecord(f"{number}-b")])
            number += 1
            written.set()

    writing = asyncio.create_task(write())
    for name in ("first", "second"):
        written.clear()
        await written.wait()
        await store.backup(str(tmp_path / name))
    stop.set()
    await writing
    revisions = []
    for name in ("first", "second"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        copy = await Store.open(str(tmp_path / name), create=False)
        assert await copy.check() == []
        async with copy.snapshot(app.id) as reader:
            (found,) = await reader.apps()
            assert len(await reader.list_users(100_000)) == 2 * (found.revision - app.revision)
        revisions.append(found.revision)
        await copy.close()
    assert app.revision < revisions[0] < revisions[1]
    assert _names(tmp_path) == ["first", "second", "store.db", "store.db-shm", "store.db-wal"]


async def test_a_backup_overwrites_nothing(tmp_path: Path, store: Store) -> None:
    target = tmp_path / "taken"
    target.write_text("precious")
    with pytest.raises(Precondition, match="taken` exists"):
        await store.backup(str(target))
    assert target.read_text() == "precious"
    with pytest.raises(Precondition):
        await store.backup(store.path)
    assert await store.check() == []


async def test_a_backup_into_a_missing_directory_is_an_error(tmp_path: Path, store: Store) -> None:
    with pytest.raises(Unavailable) as failed:
        await store.backup(str(tmp_path / "none" / "copy"))
    assert failed.value.code_reason == "STORE_UNREADABLE"


@pytest.mark.parametrize("steps", range(12))
async def test_a_cancelled_backup_is_there_whole_or_leaves_no_trace(
    tmp_path: Path, store: Store, app: AppRecord, steps: int
) -> None:
    backup = asyncio.create_task(store.backup(str(tmp_path / "copy")))
    for _ in range(steps):
        await store.changed()
    backup.cancel()
    await asyncio.wait([backup])
    files = ["store.db", "store.db-shm", "store.db-wal"]
    assert _names(tmp_path) in (files, ["copy", *files])
    if (tmp_path / "copy").exists():
        copy = await Store.open(str(tmp_path / "copy"), create=False)
        assert (await copy.load()).apps == (await store.load()).apps
        await copy.close()


# --- checks ---


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ("UPDATE apps SET revision = 9", "app `demo` has revision 9, its change log 2"),
        ("UPDATE changes SET revision = 5 WHERE revision = 2; UPDATE apps SET revision = 5", "lacks a revision"),
        ("UPDATE users SET custom = '{'", "a row of `users` holds damaged JSON"),
        ("UPDATE grants SET permissions = 'send-audio'", "a row of `grants` holds damaged JSON"),
        ("DELETE FROM calls", "a row of `call_members` refers to a row of `calls` that does not exist"),
        ("UPDATE types SET policies = '[' WHERE scope = 'team'", "a row of `types` holds damaged JSON"),
        ("UPDATE permissions SET condition = '{'", "a row of `permissions` holds damaged JSON"),
        ("UPDATE migration_grants SET grants = '{'", "a row of `migration_grants` holds damaged JSON"),
        ("UPDATE channels SET override_grants = '{'", "a row of `channels` holds damaged JSON"),
        (
            "UPDATE changes SET revision = 1; UPDATE apps SET revision = 1",
            "app `demo` has revision 1, its last migration 2",
        ),
        (
            "UPDATE grants SET permissions = '[\"end-call\",\"gone\"]' WHERE role = 'host'",
            "app `demo` grants permission `gone`, which does not exist, in scope `video:default`",
        ),
        (
            'UPDATE channels SET override_grants = \'{"user":["!gone","mine"]}\'',
            "app `demo` names permission `gone`, which does not exist, in channel `team:1`",
        ),
        (
            "UPDATE permissions SET action = 'Fly'",
            "app `demo` has permission `mine` for action `Fly`, which does not exist",
        ),
        (
            "DELETE FROM roles",
            "app `demo` has a policy for role `dancer`, which does not exist, in channel type `team`",
        ),
    ],
)
async def test_a_check_finds_what_does_not_fit(path: Path, damage: str, problem: str) -> None:
    store = await Store.open(str(path))
    types = [
        TypeRecord("video:default", {"host": ("end-call", "mine")}),
        TypeRecord("team", {"user": ("read-channel",)}, {}, (PolicyRecord("x", 5, ("*",), ("*", "user", "dancer")),)),
    ]
    app = await store.create_app(AppRecord(0, "demo", 0), key="key", secret="secret", types=types)
    async with store.transaction(app.id) as transaction:
        await transaction.put_role(RoleRecord("dancer"))
        await transaction.put_permission(PermissionRecord("mine", "Mine", "EndCall"))
        await transaction.put_migration(MigrationRecord(2, "v1", {"team": {"user": ("long gone",)}}))
        await transaction.put_user(UserRecord("ann"))
        await transaction.put_call(CallRecord("default:1"))
        await transaction.put_call_member("default:1", CallMemberRecord("ann"))
        await transaction.put_channel(ChannelRecord("team:1", override_grants={"user": ("!mine", "end-call")}))
    assert await store.check() == []
    _sql(path, *damage.split("; "))
    (found,) = await store.check()
    assert problem in found
    await store.close()
