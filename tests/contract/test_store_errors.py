"""What can be wrong with a file: each has its own error, harms nothing, and is over when its cause is."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rolecall.domain.errors import RolecallError, Unavailable
from rolecall.domain.records import AppRecord, UserRecord
from rolecall.store import Store


def _sql(path: Path, *statements: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [row for statement in statements for row in connection.execute(statement).fetchall()]


def _names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


async def _refusal(path: Path, *, create: bool = True) -> RolecallError:
    with pytest.raises(Unavailable) as refused:
        await Store.open(str(path), create=create)
    assert f"`{path}`" in refused.value.message
    return refused.value


async def _filled(path: Path) -> AppRecord:
    store = await Store.open(str(path))
    app = await store.create_app(AppRecord(0, "demo", 0), key="key", secret="secret")
    async with store.transaction(app.id) as transaction:
        await transaction.put_users([UserRecord(f"user-{n:05}", custom={"pad": "x" * 100}) for n in range(2000)])
    await store.close()
    return app


# --- files that are not opened ---


def _other_program(path: Path) -> None:
    _sql(path, "CREATE TABLE notes (text)", "INSERT INTO notes VALUES ('mine')")


def _other_program_in_wal_mode(path: Path) -> None:
    _sql(path, "PRAGMA journal_mode = WAL", "CREATE TABLE notes (text)")


def _other_program_with_an_id_alone(path: Path) -> None:
    _sql(path, "PRAGMA application_id = 77")


def _other_program_with_a_version(path: Path) -> None:
    _sql(path, "CREATE TABLE notes (text)", "PRAGMA user_version = 1")


@pytest.mark.parametrize(
    "make", [_other_program, _other_program_in_wal_mode, _other_program_with_an_id_alone, _other_program_with_a_version]
)
async def test_another_programs_database_is_refused_and_left_as_it_is(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    before = path.read_bytes()
    error = await _refusal(path)
    assert error.code_reason == "NOT_A_STORE"
    assert path.read_bytes() == before
    assert _names(path.parent) == [path.name]


async def test_another_programs_database_is_refused_while_that_program_has_it_open(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE notes (text)")  # so far in the write-ahead log alone
        before = path.read_bytes(), Path(f"{path}-wal").read_bytes()
        assert (await _refusal(path)).code_reason == "NOT_A_STORE"
        assert (path.read_bytes(), Path(f"{path}-wal").read_bytes()) == before


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
async def test_what_another_program_left_behind_when_it_crashed_is_its_own_to_repair(tmp_path: Path, mode: str) -> None:
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with closing(sqlite3.connect(tmp_path / "notes.db", isolation_level=None)) as other:
        other.execute("CREATE TABLE notes (text)")
        other.execute(f"PRAGMA journal_mode = {mode}")
        other.execute("PRAGMA cache_size = 1")  # so that an open transaction reaches the file
        other.execute("BEGIN")
        other.executemany("INSERT INTO notes VALUES (?)", [("x" * 1000,)] * 100)
        for name in ("notes.db", "notes.db-wal", "notes.db-journal"):
            if (tmp_path / name).exists():
                (crashed / name).write_bytes((tmp_path / name).read_bytes())
    before = {name: (crashed / name).read_bytes() for name in _names(crashed)}
    assert len(before) == 2
    assert (await _refusal(crashed / "notes.db")).code_reason == "NOT_A_STORE"
    assert {name: (crashed / name).read_bytes() for name in _names(crashed)} == before


@pytest.mark.parametrize("content", [b"not a database\n" * 100, b"\x00" * 8192, os.urandom(4096)])
async def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    error = await _refusal(path)
    assert error.code_reason == "STORE_CORRUPT"
    assert "`rolecall db check`" in error.message
    assert "backup" in error.message
    assert isinstance(error.__cause__, sqlite3.DatabaseError)
    assert path.read_bytes() == content


async def test_a_schema_newer_than_the_program_is_refused_and_left_as_it_is(path: Path) -> None:
    await _filled(path)
    _sql(path, "PRAGMA user_version = 99")
    before = path.read_bytes()
    error = await _refusal(path)
    assert error.code_reason == "SCHEMA_TOO_NEW"
    assert "99" in error.message
    assert path.read_bytes() == before


@pytest.mark.parametrize("create", [True, False])
async def test_a_missing_directory_is_unreadable(tmp_path: Path, create: bool) -> None:
    assert (await _refusal(tmp_path / "none" / "store.db", create=create)).code_reason == "STORE_UNREADABLE"


async def test_a_directory_is_unreadable(tmp_path: Path) -> None:
    assert (await _refusal(tmp_path)).code_reason == "STORE_UNREADABLE"


async def test_a_missing_file_is_not_made_when_it_should_be_there(path: Path) -> None:
    assert (await _refusal(path, create=False)).code_reason == "STORE_UNREADABLE"
    assert not path.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
@pytest.mark.parametrize("mode", [0o000, 0o400])
async def test_a_file_without_permission_is_unreadable(path: Path, mode: int) -> None:
    await _filled(path)
    path.chmod(mode)
    assert (await _refusal(path)).code_reason == "STORE_UNREADABLE"


async def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    await _filled(path)


async def test_an_empty_file_is_no_store_where_none_may_be_made(path: Path) -> None:
    path.touch()
    error = await _refusal(path, create=False)
    assert (error.code_reason, error.message) == ("NOT_A_STORE", f"`{path}` is empty: no store")
    assert path.read_bytes() == b""
    assert _names(path.parent) == [path.name]


@pytest.mark.parametrize("name", ["with space.db", "100%.db", "what?mode=memory.db", "a#b.db", "ünï.db"])
async def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    app = await _filled(tmp_path / name)
    assert _names(tmp_path) == [name]
    store = await Store.open(str(tmp_path / name), create=False)
    assert (await store.load()).apps[0].app.id == app.id
    await store.close()


# --- damage ---


async def test_damage_is_met_as_an_error_where_it_is_and_the_rest_still_answers(path: Path) -> None:
    app = await _filled(path)
    ((page,), (size,)) = _sql(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'users'", "PRAGMA page_size")
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    store = await Store.open(str(path))
    with pytest.raises(Unavailable) as error:
        async with store.snapshot(app.id) as reader:
            await reader.list_users(2000)
    assert error.value.code_reason == "STORE_CORRUPT"
    assert "`rolecall db check`" in error.value.message
    assert await store.check() != []
    async with store.snapshot(app.id) as reader:
        assert await reader.app_by_id(app.id) is not None
    await store.close()


# --- files that go away ---


def _moved(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


def _replaced(path: Path) -> None:
    copy = path.with_name("copy.db")
    copy.write_bytes(path.read_bytes())
    copy.rename(path)


def _folder_moved(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.touch()


async def _is_gone(work: Awaitable[object], path: Path) -> None:
    with pytest.raises(Unavailable) as gone:
        await work
    assert gone.value.code_reason == "STORE_GONE"
    assert gone.value.message == f"the store file `{path}` was moved, deleted or replaced while in use"


async def _put(store: Store, app: AppRecord, take_away: Callable[[], object] = lambda: None) -> None:
    async with store.transaction(app.id) as transaction:
        await transaction.put_user(UserRecord("ann"))
        take_away()


@pytest.mark.parametrize("take_away", [Path.unlink, _moved, _replaced, _folder_moved])
async def test_a_file_that_is_gone_takes_no_writes_and_is_not_followed(
    tmp_path: Path, take_away: Callable[[Path], object]
) -> None:
    path = tmp_path / "folder" / "store.db"
    path.parent.mkdir()
    app = await _filled(path)
    store = await Store.open(str(path))
    seq = (await store.load()).seq
    take_away(path)
    await _is_gone(_put(store, app), path)
    await _is_gone(store.create_app(AppRecord(0, "other", 0), key="other", secret="other"), path)
    await _is_gone(store.changed(), path)
    await _is_gone(store.delta(seq), path)
    await store.close()


async def test_what_is_written_while_the_file_goes_away_is_not_acknowledged_and_it_may_come_back(path: Path) -> None:
    app = await _filled(path)
    store = await Store.open(str(path))
    elsewhere = path.with_name("elsewhere.db")
    await _is_gone(_put(store, app, lambda: path.rename(elsewhere)), path)
    elsewhere.rename(path)
    async with store.snapshot(app.id) as reader:
        assert await reader.user("ann") is None
    await _put(store, app)
    assert await store.changed()
    await store.close()


# --- locks ---


async def test_a_lock_held_too_long_is_an_error_until_it_is_released(path: Path) -> None:
    app = await _filled(path)
    store = await Store.open(str(path), busy_timeout=0.01)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            with pytest.raises(Unavailable) as locked:
                async with store.transaction(app.id):
                    pytest.fail("another process is writing")
            assert locked.value.code_reason == "STORE_LOCKED"
            assert isinstance(locked.value.__cause__, sqlite3.OperationalError)
        with pytest.raises(Unavailable):
            await store.create_app(AppRecord(0, "other", 0), key="other", secret="other")
        async with store.snapshot(app.id) as reader:
            assert await reader.user("user-00001") is not None
        other.execute("ROLLBACK")
    async with store.transaction(app.id) as transaction:
        await transaction.put_user(UserRecord("ann"))
    assert transaction.revision == 3
    await store.close()


async def test_a_lock_that_is_released_in_time_is_waited_for(path: Path) -> None:
    app = await _filled(path)
    store, other = await Store.open(str(path)), await Store.open(str(path))
    async with other.transaction(app.id) as first:
        waiting = store.transaction(app.id)
        entered = asyncio.ensure_future(waiting.__aenter__())
        await first.put_user(UserRecord("ann"))
        assert not entered.done()
    second = await entered
    assert second.revision == first.revision + 1
    await waiting.__aexit__(None, None, None)
    await store.close()
    await other.close()


async def test_a_store_opens_while_another_process_writes(path: Path) -> None:
    await _filled(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store = await Store.open(str(path), busy_timeout=0.01)
        assert len((await store.load()).apps) == 1
        await store.close()
