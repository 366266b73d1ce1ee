"""What those who watch channels are told: what has really changed, once, whoever wrote it and by whichever door."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rolecall.domain.errors import Forbidden, InvalidInput, RolecallError
from rolecall.service.administration.changes import Merge
from rolecall.service.administration.channels.queries import ChannelQuery
from rolecall.service.administration.channels.updates import ChannelUpdate, MemberPart, Part
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange
from rolecall.service.administration.channels.views import ChannelView
from rolecall.service.administration.users.values import UserChange
from rolecall.store.changes import Happening
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import refused
from tests.integration.service.test_call_events import told

CID = "messaging:x"
Do = Callable[[], Awaitable[Any]]


@pytest.fixture
async def people(desk: Desk) -> Desk:
    await desk.make_users("ann", "bob", "cyd")
    return desk


@pytest.fixture
async def room(people: Desk) -> Desk:
    """A channel of ann's with bob as a member."""
    change = ChannelChange(CID, created_by_id="ann", members=(ChannelMemberChange("bob"),))
    await people.admin.channels.upsert(people.server, change)
    return people


def upsert(desk: Desk, user_id: str = "", **fields: Any) -> Do:
    caller = desk.user(user_id) if user_id else desk.server
    return lambda: desk.admin.channels.upsert(caller, ChannelChange(CID, **fields))


def parts(*named: tuple[Part, str], **fields: Any) -> tuple[MemberPart, ...]:
    return tuple(
        MemberPart(part, ChannelMemberChange(user_id, field=f"parts[{place}]", **fields))
        for place, (part, user_id) in enumerate(named)
    )


async def test_creating_tells_of_the_members(people: Desk) -> None:
    members = (ChannelMemberChange("bob"), ChannelMemberChange("ann"))
    assert await told(people, upsert(people, members=members)) == [Happening("channel.created", CID, ("bob", "ann"))]


async def test_getting_or_creating_tells_only_of_creating(people: Desk) -> None:
    change = ChannelChange(CID, creator=UserChange("new"), members=(ChannelMemberChange("new"),), within="data.")

    async def get_or_create() -> None:
        await people.admin.channels.get_or_create(people.server, change)

    assert await told(people, get_or_create) == [Happening("channel.created", CID, ("new",))]
    assert await told(people, get_or_create) == []


async def test_many_that_create_at_once_create_one(people: Desk) -> None:
    members = (ChannelMemberChange("bob"), ChannelMemberChange("ann"))
    change = ChannelChange("", creator=UserChange("ann"), members=members, within="data.")
    create = people.admin.channels.get_or_create_distinct
    made: list[ChannelView] = []

    async def at_once() -> None:
        made.extend(await asyncio.gather(*(create(people.server, "messaging", change) for _ in range(8))))

    happened = await told(people, at_once)
    assert [one.type for one in happened] == ["channel.created"]
    assert {view.record.cid for view in made} == {"messaging:!members-7pqU2yg0mfCVyy1kVQebCZKo3tGdbXzf-3vMArNhZNE"}
    assert sorted(view.created for view in made) == [False] * 7 + [True]


async def test_an_update_tells_what_has_changed(room: Desk) -> None:
    assert await told(room, upsert(room, "ann", custom={"a": 1})) == [Happening("channel.updated", CID, (), "ann")]
    assert await told(room, upsert(room, "ann", custom={"a": 1})) == []
    assert await told(room, upsert(room, members=(ChannelMemberChange("bob"),))) == []


async def test_members_tell_of_themselves(room: Desk) -> None:
    def members(updates: list[ChannelMemberChange], *removals: str) -> Do:
        return lambda: room.admin.channels.update_members(room.server, CID, updates, removals)

    changes = [ChannelMemberChange("cyd"), ChannelMemberChange("bob", channel_role="channel_moderator")]
    assert await told(room, members(changes, "ann")) == [
        Happening("member.added", CID, ("cyd",)),
        Happening("member.updated", CID, ("bob",)),
    ]
    assert await told(room, members(changes)) == []
    assert await told(room, members([], "bob", "ann")) == [Happening("member.removed", CID, ("bob",))]


async def test_one_update_is_one_revision_and_tells_it_all(room: Desk) -> None:
    update = ChannelUpdate(
        ChannelChange(CID, custom=Merge({"a": 1})), parts((Part.ADD, "cyd"), (Part.INVITE, "ann")), removals=("bob",)
    )
    before = await room.revision()
    assert await told(room, lambda: room.admin.channel_updates.change(room.server, update)) == [
        Happening("channel.updated", CID),
        Happening("member.added", CID, ("cyd", "ann")),
        Happening("member.removed", CID, ("bob",)),
    ]
    assert await room.revision() == before + 1


async def test_nothing_is_told_of_what_was_refused(room: Desk) -> None:
    async def fails() -> None:
        update = ChannelUpdate(ChannelChange(CID, custom={"a": 1}), parts((Part.ADD, "ghost")))
        with pytest.raises(InvalidInput):
            await room.admin.channel_updates.change(room.server, update)
        with pytest.raises(Forbidden):
            await room.admin.channels.delete(room.user("cyd"), CID)

    assert await told(room, fails) == []


async def test_deleting_tells(room: Desk) -> None:
    assert await told(room, lambda: room.admin.channels.delete(room.user("ann"), CID)) == [
        Happening("channel.deleted", CID, (), "ann")
    ]


# --- what the views read ---------------------------------------------------------------------------------------------


async def test_a_view_holds_everything_of_one_state(room: Desk) -> None:
    await room.admin.channels.update_members(room.server, CID, [ChannelMemberChange("cyd")], [])
    view = await room.admin.channels.show(room.user("bob"), CID, members_limit=1)
    assert [member.user_id for member in view.members or ()] == ["bob"]
    assert (view.member_count, view.membership and view.membership.user_id) == (2, "bob")
    assert (set(view.users), view.type and view.type.scope) == ({"ann", "bob"}, "messaging")
    await room.admin.users.delete(room.server, ["ann"])
    view = await room.admin.channels.show(room.server, CID, members_limit=0)
    assert (view.users, view.members, view.record.created_by_id) == ({}, (), "ann")


async def test_queries_refuse_parts_that_are_too_large(room: Desk) -> None:
    queries = room.admin.channel_queries
    for query, field in ((ChannelQuery(limit=31), "limit"), (ChannelQuery(offset=10_001), "offset")):
        with refused(InvalidInput, field=field):
            await queries.query(room.server, query)
    with refused(InvalidInput, field="limit"):
        await queries.query_members(room.server, CID, ChannelQuery(limit=301))
    with pytest.raises(RolecallError):
        await queries.query_members(room.server, "messaging:nothing", ChannelQuery())


async def test_what_may_not_be_read_is_looked_past(room: Desk) -> None:
    for number in range(250):
        await room.make_channel(f"messaging:other-{number:03}", owner="cyd")
    query = ChannelQuery(sort=[{"field": "created_at", "direction": -1}], limit=5)
    found = await room.admin.channel_queries.query(room.user("bob"), query)
    assert [view.record.cid for view in found] == [CID]
