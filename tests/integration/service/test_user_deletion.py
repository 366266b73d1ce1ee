"""Users that are deleted: who is told of it, and that they do not come back by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain.errors import InvalidInput, NotFound, Unauthenticated
from rolecall.domain.records import CallMemberRecord, CallRecord, ChannelMemberRecord, ChannelRecord
from rolecall.service.administration.calls.values import CallChange
from rolecall.service.administration.changes import AppChange
from rolecall.service.administration.channels.values import ChannelMemberChange
from rolecall.service.administration.users.deletion import MOST_TOLD
from rolecall.service.administration.users.values import UserChange
from rolecall.service.callers import Caller
from rolecall.store.changes import Happening
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import refused
from tests.integration.service.test_call_events import told


async def test_a_deletion_tells_of_members_that_go_and_of_new_owners(desk: Desk) -> None:
    await desk.make_users("ann", "bob", "cid", "dan")
    await desk.make_call("default:both", owner="ann", members=("bob", "cid"))
    await desk.make_call("default:owned", owner="bob")
    await desk.make_call("default:other", owner="cid", members=("cid",))
    for cid, owner in (("messaging:left", "cid"), ("messaging:both", "ann"), ("messaging:other", "cid")):
        await desk.make_channel(cid, owner=owner)
    for cid, member in (("messaging:left", "ann"), ("messaging:both", "bob"), ("messaging:other", "cid")):
        await desk.admin.channels.update_members(desk.server, cid, [ChannelMemberChange(member)], [])
    before = await desk.revision()
    owners = {"new_call_owner_id": "dan", "new_channel_owner_id": "dan"}
    happened = await told(desk, lambda: desk.admin.users.delete(desk.server, ["ann", "bob"], **owners))
    assert sorted(happened) == [
        Happening("call.member_removed", "default:both", ("bob",)),
        Happening("call.updated", "default:both"),
        Happening("call.updated", "default:owned"),
        Happening("channel.updated", "messaging:both"),
        Happening("member.removed", "messaging:both", ("bob",)),
        Happening("member.removed", "messaging:left", ("ann",)),
    ]
    assert await desk.revision() == before + 1


async def test_a_deletion_without_new_owners_tells_of_members_alone(desk: Desk) -> None:
    await desk.make_users("ann", "bob")
    await desk.make_call("default:x", owner="ann", members=("ann", "bob"))
    await desk.make_channel("messaging:x", owner="ann")
    assert await told(desk, lambda: desk.admin.users.delete(desk.server, ["ann"])) == [
        Happening("call.member_removed", "default:x", ("ann",))
    ]
    assert await told(desk, lambda: desk.admin.users.delete(desk.server, ["bob"])) == [
        Happening("call.member_removed", "default:x", ("bob",))
    ]


async def test_a_deletion_that_is_refused_tells_nothing(desk: Desk) -> None:
    await desk.make_users("ann")
    await desk.make_call("default:x", owner="ann", members=("ann",))

    async def fails() -> None:
        with refused(InvalidInput, field="new_call_owner_id", reason="UNKNOWN_USER"):
            await desk.admin.users.delete(desk.server, ["ann"], new_call_owner_id="nobody")

    assert await told(desk, fails) == []


async def test_a_deletion_tells_of_no_more_than_its_bound(desk: Desk) -> None:
    await desk.make_users("ann", "bob")
    async with desk.store.transaction(desk.app.id) as tx:
        for place in range(MOST_TOLD):
            await tx.put_call(CallRecord(f"default:{place}", created_by_id="ann"))
        for place in range(2):
            await tx.put_channel(ChannelRecord(f"messaging:{place}"))
            await tx.put_channel_member(f"messaging:{place}", ChannelMemberRecord("ann"))
        await tx.put_call_member("default:0", CallMemberRecord("ann"))
    happened = await told(desk, lambda: desk.admin.users.delete(desk.server, ["ann"], new_call_owner_id="bob"))
    assert len({one.cid for one in happened}) == MOST_TOLD
    assert len(happened) == MOST_TOLD + 1  # of one call twice
    async with desk.store.snapshot(desk.app.id) as reader:  # whatever is told, all of it is done
        assert await reader.count_channel_members("messaging:1") == 0


# --- coming back -----------------------------------------------------------------------------------------------------


class TestADeletedUser:
    @pytest.fixture
    async def gone(self, desk: Desk) -> Desk:
        """An app from which ann, who was banned and has made a channel, was deleted."""
        await desk.make_users("ann")
        await desk.make_channel("messaging:x", owner="ann")
        await desk.admin.users.upsert(desk.server, [UserChange("ann", banned=True)])
        await desk.admin.users.delete(desk.server, ["ann"])
        return desk

    @pytest.mark.parametrize("change", [UserChange("ann"), UserChange("ann", custom={"a": 1}, extras={"name": "Ann"})])
    async def test_does_not_come_back_by_itself(self, gone: Desk, change: UserChange) -> None:
        before = await gone.revision()
        with refused(Unauthenticated, reason="USER_DELETED"):
            await gone.admin.visitors.welcome(gone.user("ann"), change, "user_details")
        assert await gone.revision() == before
        assert (await gone.decide("ann", "update-channel", channel="messaging:x")).reason == "UNKNOWN_USER"

    async def test_nor_while_it_is_being_deleted(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        await desk.make_users("ann")
        access, write = desk.admin.visitors._access, desk.admin.visitors._access.write  # noqa: SLF001

        async def late(caller: Caller, work: Any, precheck: Any = None) -> Any:
            monkeypatch.undo()
            await desk.admin.users.delete(desk.server, ["ann"])
            return await write(caller, work, precheck)

        monkeypatch.setattr(access, "write", late)
        with refused(Unauthenticated, reason="USER_DELETED"):
            await desk.admin.visitors.welcome(desk.user("ann"), UserChange("ann", extras={"name": "A"}), "user_details")
        with refused(NotFound):
            await desk.admin.users.get(desk.server, "ann")

    async def test_nor_by_writing_itself_where_nothing_is_checked(self, gone: Desk) -> None:
        await gone.admin.apps.update(gone.server, AppChange(disable_permissions_checks=True))
        with refused(Unauthenticated, reason="USER_DELETED"):
            await gone.admin.users.upsert(gone.user("ann"), [UserChange("ann", extras={"name": "Ann"})])

    async def test_comes_back_by_a_server(self, gone: Desk) -> None:
        await gone.make_users("ann")
        user = await gone.admin.visitors.welcome(gone.user("ann"), UserChange("ann", custom={"a": 1}), "user_details")
        assert (user.custom, user.banned) == ({"a": 1}, False)

    async def test_comes_back_as_who_a_server_says_makes_something(self, gone: Desk) -> None:
        change = CallChange("default:x", creator=UserChange("ann"), within="data.")
        await gone.admin.calls.get_or_create(gone.server, change)
        await gone.admin.visitors.welcome(gone.user("ann"), UserChange("ann"), "user_details")

    async def test_keeps_nobody_else_out(self, gone: Desk) -> None:
        user = await gone.admin.visitors.welcome(gone.user("bob"), UserChange("bob"), "user_details")
        assert user.id == "bob"


async def test_who_comes_in_says_of_itself_only_what_users_may(desk: Desk) -> None:
    """Otherwise a condition on custom data that users may not write would hold for whoever is new."""
    says: dict[str, Any] = {"custom": {"vip": True}, "extras": {"name": "Boss"}}
    allowed = await desk.admin.visitors.welcome(desk.user("ann"), UserChange("ann", **says), "user_details")
    assert (allowed.custom, allowed.extras) == (says["custom"], says["extras"])
    await desk.admin.apps.update(desk.server, AppChange(grants={"user": ("search-user",)}))
    for _ in range(2):
        bob = await desk.admin.visitors.welcome(desk.user("bob"), UserChange("bob", **says), "user_details")
        assert (bob.id, bob.custom, bob.extras) == ("bob", {}, {})
