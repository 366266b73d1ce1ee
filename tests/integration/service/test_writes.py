"""What every write keeps to: all or nothing, one revision, seen at once, and never undone by who stops waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import pytest

from rolecall.domain.errors import Forbidden, NotFound, RolecallError, Unavailable
from rolecall.service.administration import Administration
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.changes import Page, TypeChange
from rolecall.service.administration.channels.values import ChannelChange
from rolecall.service.administration.users.values import UserChange
from rolecall.service.authorizer import Authorizer
from rolecall.service.index import Index
from rolecall.store import Store
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import denied

CID = "default:x"
PATIENCE_SECONDS: Final = 10
"""Only a test that fails waits so long."""


async def test_every_write_is_the_next_revision(desk: Desk) -> None:
    admin, server = desk.admin, desk.server
    writes: list[Any] = [
        lambda: admin.users.upsert(server, [UserChange("ann"), UserChange("bob")]),
        lambda: admin.roles.create(server, "speaker"),
        lambda: admin.call_types.upsert(server, TypeChange("mine")),
        lambda: admin.calls.upsert(server, CallChange(CID, members=(CallMemberChange("ann"),))),
        lambda: admin.calls.update_members(server, CID, [CallMemberChange("bob")], ["ann"]),
        lambda: admin.calls.block(server, CID, "ann"),
        lambda: admin.calls.stop_live(server, CID),
        lambda: admin.calls.end(server, CID),
        lambda: admin.channels.upsert(server, ChannelChange("team:x", frozen=True)),
        lambda: admin.channels.delete(server, "team:x"),
        lambda: admin.calls.delete(server, CID),
        lambda: admin.call_types.delete(server, "mine"),
        lambda: admin.roles.delete(server, "speaker"),
        lambda: admin.users.delete(server, ["ann", "bob"]),
    ]
    expected = await desk.revision()
    for write in writes:
        result = await write()
        expected += 1
        told = result if isinstance(result, int) else result[-1] if isinstance(result, tuple) else result.revision
        assert told == expected == desk.index.app(desk.app.id).revision


async def test_writes_at_once_are_one_after_the_other(desk: Desk) -> None:
    await desk.make_users(*(f"u{number}" for number in range(20)))
    await desk.make_call(CID)
    before = await desk.revision()
    results = await asyncio.gather(
        *(
            desk.admin.calls.update_members(desk.server, CID, [CallMemberChange(f"u{number}")], [])
            for number in range(20)
        )
    )
    assert sorted(revision for _, revision in results) == list(range(before + 1, before + 21))
    assert len((await desk.admin.calls.members(desk.server, CID, Page())).items) == 20


class TestCancellation:
    async def test_a_write_that_has_begun_is_done_although_nobody_waits(self, desk: Desk) -> None:
        async with desk.store.transaction(desk.app.id):  # the write below waits for this one
            task = asyncio.create_task(desk.admin.users.upsert(desk.server, [UserChange("ann")]))
            for _ in range(5):
                await asyncio.sleep(0)
            task.cancel()
            for _ in range(5):
                await asyncio.sleep(0)
            assert not task.done()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await desk.admin.users.get(desk.server, "ann"))[0].id == "ann"

    async def test_who_stops_waiting_for_its_turn_writes_nothing(self, desk: Desk) -> None:
        names = ("first", "ann", "bob", "cyd", "last")
        async with desk.store.transaction(desk.app.id):  # the first write below has its turn and waits for this one
            tasks = {
                name: asyncio.create_task(desk.admin.users.upsert(desk.server, [UserChange(name)])) for name in names
            }
            cancelled = [tasks[name] for name in ("ann", "bob", "cyd")]
            for _ in range(5):
                await asyncio.sleep(0)
            for task in cancelled:
                task.cancel()
            for _ in range(5):
                await asyncio.sleep(0)
            gone = [task.cancelled() for task in cancelled]  # at once, not when the writer is free
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        listed = await desk.admin.users.list(desk.server, Page())
        assert [user.id for user in listed.items] == ["first", "last"]
        assert gone == [True] * 3

    async def test_at_any_moment_it_is_all_or_nothing(self, desk: Desk) -> None:
        """Cancel after one step of the loop, after two, and so on until the write is through before it."""
        await desk.make_users("ann")
        for steps in range(200):
            cid = f"default:{steps}"
            change = CallChange(cid, members=(CallMemberChange("ann"),))
            task = asyncio.create_task(desk.admin.calls.upsert(desk.server, change))
            for _ in range(steps):
                await asyncio.sleep(0)
            through = task.done()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await self._whole(desk, cid)
            if through:
                break

    async def _whole(self, desk: Desk, cid: str) -> None:
        try:
            members = await desk.admin.calls.members(desk.server, cid, Page())
        except NotFound:
            return
        assert [member.user_id for member in members.items] == ["ann"]


class TestAFailingIndex:
    async def test_after_the_commit_it_fails_no_write(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        before = await desk.revision()
        monkeypatch.setattr(desk.store, "delta", _broken)
        _, revision = await desk.admin.users.upsert(desk.server, [UserChange("ann")])
        assert revision == before + 1
        await desk.admin.calls.upsert(desk.server, CallChange(CID))
        result = await desk.admin.calls.update_user_permissions(desk.server, CID, "ann", ["send-audio"])
        assert result.granted == ("send-audio",)
        assert result.own_capabilities == ()  # not known: the index is behind
        monkeypatch.undo()
        await desk.index.refresh()
        assert (await desk.decide("ann", "send-audio", call=CID)).reason == "USER_GRANT"

    async def test_what_it_held_before_the_write_is_not_told_as_what_is(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await desk.make_users("ann")
        await desk.make_call(CID)
        assert (await desk.decide("ann", "join-call", call=CID)).allowed
        monkeypatch.setattr(desk.store, "delta", _broken)
        result = await desk.admin.calls.update_user_permissions(desk.server, CID, "ann", [], ["join-call"])
        assert result.own_capabilities == ()

    async def test_before_the_write_it_lets_no_user_in(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        await desk.make_users("ann", role="admin")
        before = await desk.revision()
        monkeypatch.setattr(desk.store, "changed", _gone)
        with pytest.raises(Unavailable):
            await desk.admin.calls.upsert(desk.user("ann"), CallChange(CID))
        with pytest.raises(Unavailable):
            await desk.admin.users.list(desk.user("ann"), Page())
        assert await desk.revision() == before


async def _broken(since: int) -> Any:
    raise Unavailable("the store is gone")


async def _gone() -> bool:
    raise Unavailable("the store is gone")


class TestTwoProcesses:
    @pytest.fixture
    async def other(self, desk: Desk) -> Any:
        """Another server on the same file, whose index has not heard of anything since it started."""
        store = await Store.open(desk.store.path)
        index = Index(store, refresh_seconds=3_600, max_staleness_seconds=3_600)
        await index.start()
        authorizer = Authorizer(index)
        yield Desk(store, index, authorizer, Administration(store, index, authorizer), desk.app)
        await index.stop()
        await store.close()

    async def test_a_users_write_is_judged_by_what_is_stored_now(self, desk: Desk, other: Desk) -> None:
        await desk.make_users("ann", role="admin")
        await desk.make_call(CID, owner="ann")
        await other.admin.calls.get(other.user("ann"), CID)
        await desk.admin.users.upsert(desk.server, [UserChange("ann", role="guest")])
        with denied("DeleteCall", "video:default"):
            await other.admin.calls.delete(other.user("ann"), CID)
        await desk.admin.calls.block(desk.server, CID, "ann")
        with denied("ReadCall", "video:default", "BLOCKED"):
            await other.admin.calls.get(other.user("ann"), CID)

    async def test_one_limit_for_both(self, desk: Desk, other: Desk) -> None:
        assert other.app.id == desk.app.id
        results = await asyncio.gather(
            *(admin.admin.roles.create(desk.server, "speaker") for admin in (desk, other)), return_exceptions=True
        )
        assert sorted(type(result).__name__ for result in results) == ["AlreadyExists", "tuple"]


async def test_a_user_is_judged_inside_the_write(desk: Desk) -> None:
    """A ban that is committed while the write waits for its turn counts."""
    await desk.make_users("ann", role="admin")
    await desk.make_call(CID)
    async with desk.store.transaction(desk.app.id) as tx:
        task = asyncio.create_task(desk.admin.calls.delete(desk.user("ann"), CID))
        for _ in range(5):
            await asyncio.sleep(0)
        user = await tx.user("ann")
        assert user is not None
        await tx.put_user(type(user)("ann", role="admin", banned=True))
    with pytest.raises(Forbidden):
        await task


DENIED: list[tuple[str, Callable[[Desk], Awaitable[Any]]]] = [
    ("DeleteCall", lambda desk: desk.admin.calls.delete(desk.user("ann"), CID)),
    ("UpdateCall", lambda desk: desk.admin.calls.go_live(desk.user("ann"), CID)),
    ("EndCall", lambda desk: desk.admin.calls.end(desk.user("ann"), CID)),
    ("BlockUser", lambda desk: desk.admin.calls.block(desk.user("ann"), CID, "bob")),
    (
        "UpdateCallPermissions",
        lambda desk: desk.admin.calls.update_user_permissions(desk.user("ann"), CID, "bob", ["send-audio"]),
    ),
    ("DeleteChannel", lambda desk: desk.admin.channels.delete(desk.user("ann"), "team:x")),
]


@pytest.mark.parametrize(("action", "write"), DENIED, ids=[action for action, _ in DENIED])
async def test_who_may_not_is_refused_without_the_writer(
    desk: Desk, action: str, write: Callable[[Desk], Awaitable[Any]]
) -> None:
    await desk.make_users("ann", "bob", role="anonymous")
    await desk.make_call(CID)
    await desk.make_channel("team:x")
    async with desk.store.transaction(desk.app.id):  # nobody else can write
        task = asyncio.ensure_future(write(desk))
        done, _ = await asyncio.wait([task], timeout=PATIENCE_SECONDS)
    with pytest.raises(Forbidden) as caught:
        await task
    assert caught.value.metadata["action"] == action
    assert done == {task}


async def test_an_app_that_is_gone_answers_no_more(desk: Desk) -> None:
    async with desk.store.transaction(desk.app.id) as tx:
        await tx.delete_app()
    with pytest.raises(RolecallError):
        await desk.admin.users.upsert(desk.server, [UserChange("ann")])
    with pytest.raises(Unavailable) as caught:
        await desk.admin.users.list(desk.server, Page())
    assert caught.value.code_reason == "APP_DELETED"
