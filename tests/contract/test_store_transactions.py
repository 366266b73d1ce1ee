"""All of a transaction or none of it, under the next revision: after errors, cancellations and a full disk."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rolecall.domain.errors import OverLimit, RolecallError, Unavailable
from rolecall.domain.records import AppRecord, CallRecord, RoleRecord, TypeRecord, UserRecord
from rolecall.store import Reader, Store

NOBODY: Any = None
"""No id at all: SQLite refuses the row."""


async def _state(store: Store, app: AppRecord) -> dict[str, Any]:
    """Return everything a transaction could have touched."""
    delta = await store.delta(0)
    assert delta is not None
    async with store.snapshot(app.id) as reader:
        return {
            "app": await reader.app_by_id(app.id),
            "users": await reader.list_users(1000),
            "calls": await reader.list_calls(1000),
            "roles": await reader.roles(),
            "types": await reader.types("call", 1000),
            "log": delta.changes,
        }


async def _revision(store: Store, app: AppRecord) -> int:
    async with store.snapshot() as reader:
        found = await reader.app_by_id(app.id)
    assert found is not None
    return found.revision


# --- revisions ---


async def test_every_transaction_is_the_next_revision_of_its_app(store: Store, app: AppRecord) -> None:
    other = await store.create_app(AppRecord(0, "other", 0), key="other key", secret="other secret")
    assert (app.revision, other.revision) == (1, 1)
    for expected in range(2, 6):
        async with store.transaction(app.id) as transaction:
            assert transaction.revision == expected
            assert transaction.app == replace(app, revision=expected - 1)
            await transaction.put_users([UserRecord("ann"), UserRecord("bob")])
        assert transaction.revision == transaction.app.revision == expected
    assert await _revision(store, app) == 5
    assert await _revision(store, other) == 1


async def test_a_transaction_that_touches_nothing_is_no_revision(store: Store, app: AppRecord) -> None:
    before = await _state(store, app)
    async with store.transaction(app.id) as transaction:
        assert transaction.revision == 2
        assert not await transaction.delete_user("nobody")
        await transaction.put_users([])
        await transaction.user("nobody")
    assert transaction.revision == 1
    assert await _state(store, app) == before


async def test_a_type_bears_the_revision_of_its_last_change(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        await transaction.put_user(UserRecord("ann"))
    async with store.transaction(app.id) as transaction:
        await transaction.put_type(TypeRecord("video:stage", {}, revision=77))
    async with store.snapshot(app.id) as reader:
        stage, default = await reader.type("video:stage"), await reader.type("video:default")
    assert stage is not None
    assert default is not None
    assert (stage.revision, default.revision) == (3, 1)


async def test_transactions_of_one_store_take_turns(store: Store, app: AppRecord) -> None:
    async def count() -> None:
        async with store.transaction(app.id) as transaction:
            user = await transaction.user("ann") or UserRecord("ann", custom={"n": 0})
            await asyncio.sleep(0)
            await transaction.put_user(replace(user, custom={"n": user.custom["n"] + 1}))

    await asyncio.gather(*(count() for _ in range(20)))
    async with store.snapshot(app.id) as reader:
        user = await reader.user("ann")
    assert user is not None
    assert user.custom == {"n": 20}
    assert await _revision(store, app) == 21


async def test_a_reader_sees_one_moment(store: Store, app: AppRecord) -> None:
    async with store.snapshot(app.id) as reader:
        assert await reader.user("ann") is None
        async with store.transaction(app.id) as transaction:
            await transaction.put_user(UserRecord("ann"))
        assert await reader.user("ann") is None
    async with store.snapshot(app.id) as reader:
        assert await reader.user("ann") == UserRecord("ann")


# --- failures ---


async def test_an_error_in_the_middle_leaves_nothing(store: Store, app: AppRecord) -> None:
    async def fail() -> None:
        async with store.transaction(app.id) as transaction:
            await transaction.put_app(replace(app, permission_version="v1"))
            await transaction.put_users([UserRecord("ann"), UserRecord("bob")])
            await transaction.put_call(CallRecord("default:standup"))
            await transaction.put_role(RoleRecord("dancer"))
            await transaction.put_type(TypeRecord("video:default", {"dancer": ("join-call",)}))
            raise ZeroDivisionError

    before = await _state(store, app)
    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await _state(store, app) == before
    async with store.transaction(app.id) as transaction:
        await transaction.put_user(UserRecord("ann"))
    assert transaction.revision == 2


async def test_a_failed_statement_is_the_end_of_its_transaction_even_when_its_error_is_caught(
    store: Store, app: AppRecord
) -> None:
    async def go_on_regardless() -> None:
        async with store.transaction(app.id) as transaction:
            await transaction.put_user(UserRecord("ann"))
            with pytest.raises(Unavailable):
                await transaction.put_user(UserRecord(NOBODY))
            with pytest.raises(Unavailable):
                await transaction.put_user(UserRecord("bob"))

    before = await _state(store, app)
    with pytest.raises(Unavailable) as failed:
        await go_on_regardless()
    assert failed.value.code_reason == "STORE_FAILED"
    assert isinstance(failed.value.__cause__, sqlite3.IntegrityError)
    assert await _state(store, app) == before
    async with store.transaction(app.id) as transaction:
        await transaction.put_user(UserRecord("bob"))


async def test_a_failed_creation_of_an_app_leaves_nothing(store: Store, app: AppRecord) -> None:
    before = await store.load()
    with pytest.raises(RolecallError):
        await store.create_app(AppRecord(0, "other", 0), key="new", secret="new", types=[TypeRecord(NOBODY, {})])
    assert await store.load() == before
    other = await store.create_app(AppRecord(0, "other", 0), key="new", secret="new")
    assert other.revision == 1


async def test_a_full_disk_refuses_the_write_whole_and_no_other(store: Store, app: AppRecord) -> None:
    async def write_much() -> int:
        async with store.transaction(app.id) as transaction:
            await transaction.put_user(UserRecord("ann"))
            await transaction.put_users([UserRecord(f"user-{n}", custom={"pad": "x" * 1000}) for n in range(200)])
        return transaction.revision

    before = await _state(store, app)
    writer = store._writer  # noqa: SLF001 - the limit is the connection's
    ((pages,),) = await writer.all("PRAGMA page_count")
    await writer.all(f"PRAGMA max_page_count = {pages + 4}")
    with pytest.raises(OverLimit) as full:
        await write_much()
    assert full.value.code_reason == "STORE_FULL"
    assert await _state(store, app) == before

    async with store.transaction(app.id) as transaction:  # a small one still has room
        await transaction.put_user(UserRecord("ann"))
    await writer.all("PRAGMA max_page_count = 1000000")
    assert await write_much() == 3
    assert await store.check() == []


# --- cancellation ---


@pytest.mark.parametrize("steps", range(48))
async def test_a_task_cancelled_anywhere_writes_all_or_nothing_and_blocks_nobody(
    store: Store, app: AppRecord, steps: int
) -> None:
    async def write() -> None:
        async with store.transaction(app.id) as transaction:
            await transaction.put_user(UserRecord("ann"))
            await transaction.put_call(CallRecord("default:standup"))

    task = asyncio.create_task(write())
    for _ in range(steps):  # each step is a chance for the task to come one await further
        await asyncio.sleep(0)
        await store.changed()
    while not task.done():
        task.cancel()  # again and again: the end of a transaction is not to be disturbed either
        await asyncio.sleep(0)
    state = await _state(store, app)
    written = bool(state["users"])
    assert bool(state["calls"]) == written
    assert state["app"].revision == (2 if written else 1)
    assert {change.revision for change in state["log"]} == ({1, 2} if written else {1})
    if not task.cancelled():
        assert written
    async with store.transaction(app.id) as transaction:
        await transaction.put_user(UserRecord("bob"))
    assert transaction.revision == state["app"].revision + 1  # what was seen was the end of it
    assert await store.check() == []


async def test_a_task_cancelled_between_two_statements_leaves_nothing(store: Store, app: AppRecord) -> None:
    halfway = asyncio.Event()
    before = await _state(store, app)

    async def write() -> None:
        async with store.transaction(app.id) as transaction:
            await transaction.put_user(UserRecord("ann"))
            halfway.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await halfway.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await _state(store, app) == before
    async with store.transaction(app.id) as transaction:
        await transaction.put_user(UserRecord("bob"))
    assert transaction.revision == 2


async def test_a_cancelled_reader_blocks_nobody(store: Store, app: AppRecord) -> None:
    inside = asyncio.Event()

    async def read() -> Reader:
        async with store.snapshot(app.id) as reader:
            await reader.roles()
            inside.set()
            await asyncio.Event().wait()
            return reader

    task = asyncio.create_task(read())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with store.snapshot(app.id) as reader:
        assert await reader.roles() == []


@pytest.mark.parametrize("steps", range(4, 16))
async def test_a_store_closed_under_a_load_says_so_or_has_loaded(path: Path, steps: int) -> None:
    store, other = await Store.open(str(path)), await Store.open(str(path))
    app = await store.create_app(AppRecord(0, "demo", 0), key="key", secret="secret")
    async with store.transaction(app.id) as transaction:
        for number in range(300):
            await transaction.put_type(TypeRecord(f"video:t{number}", {}))
    loading = asyncio.create_task(store.load())
    for _ in range(steps):
        await other.changed()
    await store.close()
    await asyncio.wait([loading])
    error = loading.exception()
    if error is None:
        assert len(loading.result().apps[0].types) == 300
    else:
        assert isinstance(error, Unavailable)
        assert error.code_reason == "STORE_CLOSED"
    await other.close()


async def test_a_store_closed_under_a_transaction_says_so_and_has_none_of_it(path: Path) -> None:
    store = await Store.open(str(path))
    app = await store.create_app(AppRecord(0, "demo", 0), key="key", secret="secret")

    async def close_halfway() -> None:
        async with store.transaction(app.id) as transaction:
            await transaction.put_user(UserRecord("ann"))
            await store.close()
            await transaction.put_user(UserRecord("bob"))

    with pytest.raises(Unavailable) as closed:
        await close_halfway()
    assert closed.value.code_reason == "STORE_CLOSED"
    with pytest.raises(Unavailable):
        await store.load()
    again = await Store.open(str(path))
    async with again.snapshot(app.id) as reader:
        assert await reader.list_users(10) == []
    await again.close()
