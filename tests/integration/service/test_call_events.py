"""What is told of calls: each event once, for what really changed, with those it happened to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from rolecall.domain.errors import Forbidden, InvalidInput, NotFound
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.changes import TypeChange
from rolecall.service.administration.users.values import UserChange
from rolecall.store.changes import EVENT, Happening
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import refused

CID: Final = "default:x"
Do = Callable[[], Awaitable[Any]]


async def told(desk: Desk, do: Do) -> list[Happening]:
    """Return what is told of something that is done."""
    before = (await desk.store.load()).seq
    await do()
    delta = await desk.store.delta(before)
    assert delta is not None
    return [Happening.parse(change.key) for change in delta.changes if change.kind == EVENT]


@pytest.fixture
async def people(desk: Desk) -> Desk:
    await desk.make_users("ann", "bob", "cyd", "dan")
    await desk.admin.users.upsert(desk.server, [UserChange("root", role="admin")])
    return desk


class TestTheCall:
    @pytest.mark.parametrize("way", ["upsert", "get_or_create"])
    async def test_created_and_nothing_when_it_is_there(self, people: Desk, way: str) -> None:
        change = CallChange(CID, created_by_id="ann", members=(CallMemberChange("bob"), CallMemberChange("ann")))
        do = lambda: getattr(people.admin.calls, way)(people.server, change)  # noqa: E731
        assert await told(people, do) == [Happening("call.created", CID, ("bob", "ann"))]
        assert await told(people, do) == []

    async def test_by_whom(self, people: Desk) -> None:
        ann = people.user("ann")
        create = lambda: people.admin.calls.get_or_create(ann, CallChange(CID))  # noqa: E731
        assert await told(people, create) == [Happening("call.created", CID, (), "ann")]
        end = lambda: people.admin.calls.end(people.user("root"), CID)  # noqa: E731
        assert await told(people, end) == [Happening("call.ended", CID, (), "root")]

    @pytest.mark.parametrize("way", ["upsert", "update"])
    async def test_updated_when_it_differs(self, people: Desk, way: str) -> None:
        await people.make_call(CID)
        for change in (
            CallChange(CID, custom={"a": 1}),
            CallChange(CID, settings={"video.enabled": False}),
            CallChange(CID, starts_at=1),
            CallChange(CID, extras={"settings.encryption.mode": "disabled"}),
        ):
            do = lambda change=change: getattr(people.admin.calls, way)(people.server, change)  # noqa: E731
            assert await told(people, do) == [Happening("call.updated", CID)]
            assert await told(people, do) == []

    async def test_each_state_once(self, people: Desk) -> None:
        calls, cid = people.admin.calls, "livestream:x"
        await people.make_call(cid)
        for do, event in (
            (lambda: calls.go_live(people.server, cid), "call.live_started"),
            (lambda: calls.stop_live(people.server, cid), "call.updated"),
            (lambda: calls.end(people.server, cid), "call.ended"),
        ):
            assert await told(people, do) == [Happening(event, cid)]
            assert await told(people, do) == []
        assert await told(people, lambda: calls.delete(people.server, cid)) == [Happening("call.deleted", cid)]

    async def test_a_hard_delete_leaves_a_task(self, people: Desk) -> None:
        await people.make_call(CID)
        with refused(Forbidden, field="hard", reason="SERVER_SIDE_ONLY"):
            await people.admin.calls.delete(people.user("root"), CID, hard=True)
        deleted = await people.admin.calls.delete(people.server, CID, hard=True)
        async with people.store.snapshot(people.app.id) as reader:
            task = await reader.task(deleted.task_id)
        assert task is not None
        assert (task.id, task.status, task.result) == (deleted.task_id, "completed", {CID: {"status": "ok"}})


class TestMembers:
    async def test_each_kind_of_change(self, people: Desk) -> None:
        await people.make_call(CID, members=("ann", "bob", "cyd"))
        updates = [
            CallMemberChange("dan", role="host"),
            CallMemberChange("ann", custom={"a": 1}),
            CallMemberChange("bob", role="host", custom={"b": 1}),
        ]
        do = lambda: people.admin.calls.update_members(people.user("root"), CID, updates, ["cyd", "root"])  # noqa: E731
        assert await told(people, do) == [
            Happening("call.member_removed", CID, ("cyd",), "root"),
            Happening("call.member_added", CID, ("dan",), "root"),
            Happening("call.member_updated", CID, ("ann", "bob"), "root"),
            Happening("call.member_updated_permission", CID, ("bob",), "root"),
        ]
        assert await told(people, do) == []

    async def test_an_upsert_tells_of_them_too(self, people: Desk) -> None:
        await people.make_call(CID, members=("ann",))
        change = CallChange(CID, members=(CallMemberChange("ann", role="host"), CallMemberChange("bob")))
        assert await told(people, lambda: people.admin.calls.upsert(people.server, change)) == [
            Happening("call.member_added", CID, ("bob",)),
            Happening("call.member_updated_permission", CID, ("ann",)),
        ]

    async def test_nothing_when_it_is_refused(self, people: Desk) -> None:
        await people.make_call(CID, members=("ann",))

        async def try_to() -> None:
            with refused(InvalidInput):
                await people.admin.calls.update_members(people.server, CID, [CallMemberChange("nobody")], ["ann"])

        assert await told(people, try_to) == []


class TestSingleUsers:
    async def test_blocked_and_unblocked_once(self, people: Desk) -> None:
        calls = people.admin.calls
        await people.make_call(CID)
        for do, event in (
            (lambda: calls.block(people.user("root"), CID, "bob"), "call.blocked_user"),
            (lambda: calls.unblock(people.user("root"), CID, "bob"), "call.unblocked_user"),
        ):
            assert await told(people, do) == [Happening(event, CID, ("bob",), "root")]
            assert await told(people, do) == []

    async def test_permissions_of_a_user_are_not_told_here(self, people: Desk) -> None:
        await people.make_call(CID)
        do = lambda: people.admin.calls.update_user_permissions(people.server, CID, "bob", [], ["send-audio"])  # noqa: E731
        assert await told(people, do) == []


class TestRequests:
    @pytest.fixture
    async def bare(self, people: Desk) -> Desk:
        settings = {"audio.access_request_enabled": True, "video.access_request_enabled": True}
        grants = {"user": ("read-call", "send-video"), "guest": (), "call_member": ()}
        await people.admin.call_types.upsert(people.server, TypeChange("bare", grants=grants, settings=settings))
        change = CallChange("bare:x", settings={"screensharing.access_request_enabled": False})
        await people.admin.calls.upsert(people.server, change)
        return people

    async def test_what_is_not_held_is_asked_for(self, bare: Desk) -> None:
        ask = bare.admin.calls.request_permission
        asked = ["send-audio", "send-video", "send-audio"]
        assert await told(bare, lambda: ask(bare.user("bob"), "bare:x", asked)) == [
            Happening("call.permission_request", "bare:x", ("bob",), "bob", {"permissions": ["send-audio"]})
        ]

    async def test_what_is_held_is_not(self, bare: Desk) -> None:
        ask = bare.admin.calls.request_permission
        revision = await bare.revision()
        assert await told(bare, lambda: ask(bare.user("bob"), "bare:x", ["send-video"])) == []
        assert await bare.revision() == revision

    async def test_what_was_revoked_can_be_asked_for(self, bare: Desk) -> None:
        await bare.admin.calls.update_user_permissions(bare.server, "bare:x", "bob", [], ["send-video"])
        ask = bare.admin.calls.request_permission
        assert len(await told(bare, lambda: ask(bare.user("bob"), "bare:x", ["send-video"]))) == 1

    async def test_who_may_not_and_what_may_not(self, bare: Desk) -> None:
        ask = bare.admin.calls.request_permission
        await bare.admin.calls.block(bare.server, "bare:x", "cyd")

        async def try_to() -> None:
            with refused(Forbidden, reason="USER_ONLY"):
                await ask(bare.server, "bare:x", ["send-audio"])
            with refused(Forbidden, text="perform action ReadCall"):
                await ask(bare.user("cyd"), "bare:x", ["send-audio"])
            with refused(Forbidden, text="perform action ReadCall"):
                await ask(bare.user("stranger"), "bare:x", ["send-audio"])
            with refused(NotFound, reason="CALL_NOT_FOUND"):
                await ask(bare.user("bob"), "bare:y", ["send-audio"])
            for asked, field in (
                (["send-audio", "screenshare"], "permissions"),
                ([], "permissions"),
                (["send-audio", "mute-users"], "permissions[1]"),
            ):
                with refused(InvalidInput, field=field):
                    await ask(bare.user("bob"), "bare:x", asked)

        assert await told(bare, try_to) == []


async def test_many_who_ask_for_a_new_call_at_once_create_it_once(people: Desk) -> None:
    change = CallChange(CID, created_by_id="fresh", members=(CallMemberChange("ann"),))

    async def all_at_once() -> None:
        calls = (people.admin.calls.get_or_create(people.server, change) for _ in range(8))
        results = await asyncio.gather(*calls)
        assert sum(result.created for result in results) == 1
        assert len({result.call.record.created_at for result in results}) == 1

    assert await told(people, all_at_once) == [Happening("call.created", CID, ("ann",))]


async def test_a_refused_create_leaves_no_creator_behind(people: Desk) -> None:
    before = await people.revision()
    change = CallChange(CID, creator=UserChange("fresh"), members=(CallMemberChange("nobody"),), within="data.")
    with refused(InvalidInput, field="data.members", reason="UNKNOWN_USER"):
        await people.admin.calls.get_or_create(people.server, change)
    with refused(Forbidden, field="data.created_by", reason="SERVER_SIDE_ONLY"):
        await people.admin.calls.get_or_create(people.user("ann"), change)
    assert await people.revision() == before
    async with people.store.snapshot(people.app.id) as reader:
        assert await reader.user("fresh") is None
