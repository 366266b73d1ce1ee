"""What Stream's API needs of the store beside decisions: extras, tasks, members by age, and what watchers are told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any, Final

import pytest

from rolecall.domain.records import (
    AppRecord,
    CallMemberRecord,
    CallRecord,
    ChannelMemberRecord,
    ChannelRecord,
    TaskRecord,
    TypeRecord,
    UserRecord,
)
from rolecall.service.index import Index
from rolecall.store import Reader, Store, changes
from rolecall.store.changes import Change, Happening
from rolecall.store.transaction import _GIVE_CALLS, _GIVE_CHANNELS, _LEAVE_CALLS, _LEAVE_CHANNELS, KEPT_TASKS

EXTRAS: Final[dict[str, Any]] = {"name": "Ännchen", "nested": {"list": [1, 2.5, None, True]}}


async def test_extras_of_every_record_are_read_as_they_were_put(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as tx:
        await tx.put_app(replace(tx.app, extras=EXTRAS))
        await tx.put_type(TypeRecord("messaging", {}, extras=EXTRAS))
        await tx.put_user(UserRecord("ann", extras=EXTRAS))
        await tx.put_call(CallRecord("default:1", extras=EXTRAS))
        await tx.put_channel(ChannelRecord("messaging:1", extras=EXTRAS))
        await tx.put_channel_member("messaging:1", ChannelMemberRecord("ann", extras=EXTRAS))
    async with store.snapshot(app.id) as reader:
        found = [
            await reader.app_by_id(app.id),
            await reader.type("messaging"),
            await reader.user("ann"),
            await reader.call("default:1"),
            await reader.channel("messaging:1"),
            (await reader.channel_members("messaging:1", ["ann"]))["ann"],
        ]
    assert [record.extras for record in found if record is not None] == [EXTRAS] * 6


async def test_members_are_read_by_age(store: Store, app: AppRecord) -> None:
    ages = {"ann": 2, "bob": 3, "cat": 1, "dan": 3}
    async with store.transaction(app.id) as tx:
        await tx.put_call(CallRecord("default:1"))
        await tx.put_channel(ChannelRecord("messaging:1"))
        await tx.put_call_members("default:1", [CallMemberRecord(who, created_at=age) for who, age in ages.items()])
        members = [ChannelMemberRecord(who, created_at=age) for who, age in ages.items()]
        await tx.put_channel_members("messaging:1", members)
    async with store.snapshot(app.id) as reader:
        newest = [member.user_id for member in await reader.newest_call_members("default:1", 3)]
        oldest = [member.user_id for member in await reader.oldest_channel_members("messaging:1", 3)]
        counts = [await reader.count_channel_members(cid) for cid in ("messaging:1", "messaging:none")]
    assert (newest, oldest, counts) == (["dan", "bob", "ann"], ["cat", "ann", "bob"], [4, 0])


async def test_the_newest_tasks_are_kept_and_make_no_revision(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as tx:
        for number in range(KEPT_TASKS + 2):
            await tx.put_task(TaskRecord(f"task-{number}", result={"ann": {"status": "ok"}}, created_at=number))
    assert tx.revision == app.revision
    async with store.snapshot(app.id) as reader:
        kept = [await reader.task(f"task-{number}") for number in (0, 1, 2, KEPT_TASKS + 1)]
    async with store.snapshot(app.id + 1) as other:
        assert await other.task("task-2") is None
    assert kept[:2] == [None, None]
    assert kept[2] == TaskRecord("task-2", "completed", {"ann": {"status": "ok"}}, 2, 0)
    assert kept[3] is not None


async def test_what_happened_is_told_in_order_after_what_was_changed(store: Store, app: AppRecord) -> None:
    happened = [
        Happening("call.updated", "default:1"),
        Happening("call.ended", "default:1", ("ünï",), "bob", {"a": [1]}),
    ]
    async with store.transaction(app.id) as tx:
        for happening in happened:
            tx.tell(happening)
        await tx.put_user(UserRecord("ann"))
    delta = await store.delta(0)
    assert delta is not None
    told = [change for change in delta.changes if change.kind == changes.EVENT]
    assert [Happening.parse(change.key) for change in told] == happened
    assert {change.revision for change in told} == {tx.revision} == {app.revision + 1}


async def test_listeners_hear_of_every_change_once_it_is_applied(store: Store, app: AppRecord) -> None:
    index = Index(store, refresh_seconds=60)
    heard: list[list[Change] | None] = []
    revisions: list[int] = []

    def listen(applied: Any) -> None:
        heard.append(None if applied is None else [change for change in applied if change.kind == changes.USER])
        revisions.append(index.app(app.id).revision)

    index.listeners.append(listen)
    await index.start()
    async with store.transaction(app.id) as tx:
        await tx.put_user(UserRecord("ann"))
    await index.refresh()
    await index.stop()
    assert heard[0] is None
    assert [change.key for change in heard[1] or ()] == ["ann"]
    assert revisions == [app.revision, app.revision + 1]


async def test_a_deleted_user_is_marked_until_it_is_there_again(store: Store, app: AppRecord) -> None:
    other = await store.create_app(AppRecord(0, "other", 0), key="other key", secret="other secret")
    async with store.transaction(app.id) as tx:
        await tx.put_users([UserRecord("ann"), UserRecord("bob"), UserRecord("cat")])
    async with store.transaction(app.id) as tx:
        await tx.delete_users(["ann", "bob", "nobody"])
        assert await _marks(tx) == [tx.now, tx.now, None, None]
        await tx.put_users([UserRecord("bob"), UserRecord("cat")])
        assert await _marks(tx) == [tx.now, None, None, None]
    async with store.snapshot(other.id) as reader:
        assert await _marks(reader) == [None] * 4
    async with store.transaction(app.id) as again:
        await again.put_user(UserRecord("ann"))
        await again.delete_user("ann")
        assert await _marks(again) == [again.now, None, None, None]
    assert again.now >= tx.now


async def test_a_deletion_that_fails_marks_nobody(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as tx:
        await tx.put_user(UserRecord("ann"))

    async def fails() -> None:
        async with store.transaction(app.id) as tx:
            await tx.delete_users(["ann"])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    async with store.snapshot(app.id) as reader:
        assert await _marks(reader) == [None] * 4


async def test_the_marks_of_a_deleted_app_go_with_it(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as tx:
        await tx.put_user(UserRecord("ann"))
        await tx.delete_user("ann")
    async with store.transaction(app.id) as tx:
        await tx.delete_app()
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("SELECT * FROM deleted_users").fetchall() == []


async def _marks(reader: Reader) -> list[int | None]:
    return [await reader.user_deleted_at(user_id) for user_id in ("ann", "bob", "cat", "nobody")]


async def test_what_deleted_users_were_members_of_is_told(store: Store, app: AppRecord) -> None:
    other = await store.create_app(AppRecord(0, "other", 0), key="other key", secret="other secret")
    for one in (other, app):
        async with store.transaction(one.id) as tx:
            await tx.put_users([UserRecord("ann"), UserRecord("bob"), UserRecord("cat")])
            await tx.put_call(CallRecord("default:1"))
            await tx.put_call_members("default:1", [CallMemberRecord("ann"), CallMemberRecord("cat")])
            for cid, names in (("messaging:1", ("ann", "bob", "cat")), ("messaging:2", ("bob",))):
                await tx.put_channel(ChannelRecord(cid))
                await tx.put_channel_members(cid, [ChannelMemberRecord(name) for name in names])
    async with store.transaction(app.id) as tx:
        departed = await tx.delete_users(["ann", "bob", "nobody"])
        assert await tx.delete_users(["nobody"]) == ((), {}, {})
    assert sorted(departed.users) == ["ann", "bob"]
    assert departed.calls == {"default:1": ["ann"]}
    found = {cid: sorted(names) for cid, names in departed.channels.items()}
    assert found == {"messaging:1": ["ann", "bob"], "messaging:2": ["bob"]}
    async with store.snapshot(other.id) as reader:
        assert await reader.count_channel_members("messaging:1") == 3


@pytest.mark.parametrize("statement", [_GIVE_CALLS, _GIVE_CHANNELS, _LEAVE_CALLS, _LEAVE_CHANNELS])
async def test_no_table_is_scanned_for_what_goes_with_a_user(store: Store, statement: str) -> None:
    names: Any = {"app_id": 1, "ids": '["ann"]'} if ":ids" in statement else ("bob", 1, 1, '["ann"]')
    with closing(sqlite3.connect(store.path)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", names)]
    assert [step for step in plan if step.startswith("SCAN") and "json_each" not in step] == []
    assert any("_by_creator" in step or "_by_user" in step for step in plan)
