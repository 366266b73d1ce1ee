from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain.call_capabilities import CAPABILITIES
from rolecall.domain.errors import InvalidInput, NotFound, UnknownPermission, UnknownRole
from rolecall.domain.records import CallMemberRecord, CallRecord
from rolecall.service.administration.calls.values import CallChange, CallMemberChange, CallView
from rolecall.service.administration.changes import Page, TypeChange
from rolecall.service.administration.users.values import UserChange
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import refused

CID = "default:x"
ALL = tuple(row.id for row in CAPABILITIES)


async def get(desk: Desk, cid: str = CID) -> CallRecord:
    return (await desk.admin.calls.get(desk.server, cid)).call.record


async def test_a_call_comes_back_as_written(desk: Desk) -> None:
    await desk.make_users("ann", "bob")
    change = CallChange(
        "default:a:b",
        created_by_id="ann",
        team="red",
        members=(CallMemberChange("bob", role="host", custom={"seat": 1}), CallMemberChange("ann")),
        settings={"video.enabled": False},
        starts_at=1_800_000_000_000_000_000,
        custom={"topic": "x"},
    )
    result = await desk.admin.calls.upsert(desk.server, change)
    record = result.call.record
    default, _ = await desk.admin.call_types.get(desk.server, "default")
    assert (result.created, result.own_capabilities, result.call.blocked_user_ids) == (True, ALL, ())
    assert result.revision == await desk.revision()
    assert record == CallRecord(
        "default:a:b",
        created_by_id="ann",
        team="red",
        settings={**default.settings, "video.enabled": False},
        backstage=False,
        starts_at=1_800_000_000_000_000_000,
        custom={"topic": "x"},
        created_at=record.created_at,
        updated_at=record.created_at,
    )
    assert record.created_at > 0
    assert (await desk.admin.calls.get(desk.server, "default:a:b")).call == result.call
    members = (await desk.admin.calls.members(desk.server, "default:a:b", Page())).items
    at = record.created_at
    assert members == (
        CallMemberRecord("ann", created_at=at + 1, updated_at=at),  # the second of the request is the younger
        CallMemberRecord("bob", "host", {"seat": 1}, created_at=at, updated_at=at),
    )


async def test_what_is_not_sent_stays_and_what_is_sent_empty_is_cleared(desk: Desk) -> None:
    await desk.make_users("ann")
    first = CallChange(CID, created_by_id="ann", team="red", starts_at=1, custom={"a": 1})
    before = (await desk.admin.calls.upsert(desk.server, first)).call.record
    result = await desk.admin.calls.upsert(desk.server, CallChange(CID, settings={"video.enabled": False}))
    assert not result.created
    same = result.call.record
    assert (same.created_by_id, same.team, same.starts_at, same.custom) == ("ann", "red", 1, {"a": 1})
    assert same.settings["video.enabled"] is False
    assert same.created_at == before.created_at
    assert same.updated_at > before.updated_at
    cleared = CallChange(CID, created_by_id="", team="", starts_at=None, custom={})
    record = (await desk.admin.calls.upsert(desk.server, cleared)).call.record
    assert (record.created_by_id, record.team, record.starts_at, record.custom) == ("", "", None, {})


async def test_writing_the_same_again_makes_no_revision(desk: Desk) -> None:
    await desk.make_users("ann")
    change = CallChange(CID, members=(CallMemberChange("ann", role="host"),), settings={"video.enabled": True})
    first = await desk.admin.calls.upsert(desk.server, change)
    again = await desk.admin.calls.upsert(desk.server, change)
    assert (again.call, again.created, again.revision) == (first.call, False, first.revision)


async def test_a_call_keeps_the_settings_its_type_had(desk: Desk) -> None:
    await desk.admin.call_types.upsert(desk.server, TypeChange("mine", settings={"video.enabled": False}))
    await desk.make_call("mine:old")
    await desk.admin.call_types.upsert(desk.server, TypeChange("mine", settings={"video.enabled": True}))
    await desk.make_call("mine:new")
    assert (await get(desk, "mine:old")).settings["video.enabled"] is False
    assert (await get(desk, "mine:new")).settings["video.enabled"] is True


async def test_settings_sent_later_merge_into_the_calls_own(desk: Desk) -> None:
    await desk.make_users("ann", role="admin")
    limit = {"limits.max_participants": 2}
    await desk.admin.calls.upsert(desk.server, CallChange(CID, settings={"screensharing.enabled": False, **limit}))
    assert (await desk.decide("ann", "screenshare", call=CID)).reason == "SETTING_DISABLED"
    change = CallChange(CID, settings={"screensharing.enabled": True, "limits.max_participants": 0})
    record = (await desk.admin.calls.upsert(desk.server, change)).call.record
    assert "limits.max_participants" not in record.settings
    assert (await desk.decide("ann", "screenshare", call=CID)).allowed


class TestBackstage:
    async def test_a_new_call_is_where_its_settings_put_it(self, desk: Desk) -> None:
        await desk.make_call("livestream:a")
        assert (await get(desk, "livestream:a")).backstage
        for enabled in (True, False):
            cid = f"livestream:{enabled}"
            await desk.admin.calls.upsert(desk.server, CallChange(cid, settings={"backstage.enabled": enabled}))
            assert (await get(desk, cid)).backstage is enabled

    async def test_live_and_back(self, desk: Desk) -> None:
        await desk.make_call("livestream:a")
        view, revision = await desk.admin.calls.go_live(desk.server, "livestream:a")
        assert not view.record.backstage
        assert view.record == await get(desk, "livestream:a")
        assert (await desk.admin.calls.go_live(desk.server, "livestream:a"))[1] == revision
        view, later = await desk.admin.calls.stop_live(desk.server, "livestream:a")
        assert view.record.backstage
        assert later == revision + 1

    async def test_only_a_changed_setting_moves_a_call(self, desk: Desk) -> None:
        cid = "livestream:a"
        await desk.make_call(cid)
        await desk.admin.calls.go_live(desk.server, cid)
        await desk.admin.calls.upsert(desk.server, CallChange(cid, settings={"backstage.enabled": True}))
        assert not (await get(desk, cid)).backstage  # it was true before: the call stays live
        await desk.admin.calls.stop_live(desk.server, cid)
        await desk.admin.calls.upsert(desk.server, CallChange(cid, settings={"backstage.enabled": False}))
        assert not (await get(desk, cid)).backstage
        await desk.admin.calls.upsert(desk.server, CallChange(cid, settings={"backstage.enabled": True}))
        assert (await get(desk, cid)).backstage


async def test_a_call_ends_once(desk: Desk) -> None:
    await desk.make_call(CID)
    view, revision = await desk.admin.calls.end(desk.server, CID)
    assert view.record.ended_at == view.record.updated_at
    assert view.record.ended_at is not None
    assert await desk.admin.calls.end(desk.server, CID) == (view, revision)


async def test_lists_all_or_those_of_a_type(desk: Desk) -> None:
    await desk.admin.call_types.upsert(desk.server, TypeChange("default-2"))
    cids = ["audio_room:z", "default-2:a", "default:a", "default:b"]
    for cid in cids:
        await desk.make_call(cid)
    everything = await desk.admin.calls.list(desk.server, Page())
    assert [view.record.cid for view in everything.items] == cids
    assert everything.revision == await desk.revision()
    of_type = await desk.admin.calls.list(desk.server, Page(), "default")
    assert [view.record.cid for view in of_type.items] == ["default:a", "default:b"]
    assert (await desk.admin.calls.list(desk.server, Page(), "development")).items == ()
    with refused(NotFound, field="type", reason="CALL_TYPE_NOT_FOUND"):
        await desk.admin.calls.list(desk.server, Page(), "nonsense")
    with refused(InvalidInput, field="type"):
        await desk.admin.calls.list(desk.server, Page(), "Non Sense")


async def test_deleting_takes_everything_said_of_users_along(desk: Desk) -> None:
    await desk.make_users("ann")
    await desk.make_call(CID, members=("ann",))
    await desk.admin.calls.block(desk.server, CID, "ann")
    revision = (await desk.admin.calls.delete(desk.server, CID)).revision
    assert revision == await desk.revision()
    await desk.make_call(CID)
    assert (await desk.admin.calls.members(desk.server, CID, Page())).items == ()
    assert (await desk.decide("ann", "join-call", call=CID)).reason != "BLOCKED"


BAD: list[tuple[CallChange, str]] = [
    (CallChange(""), "cid"),
    (CallChange("default"), "cid"),
    (CallChange("default:"), "cid"),
    (CallChange(":x"), "cid"),
    (CallChange("Default:x"), "cid"),
    (CallChange("default:" + "x" * 256), "cid"),
    (CallChange("default:a\n"), "cid"),
    (CallChange("nonsense:x"), "cid"),
    (CallChange(CID, created_by_id="nobody"), "created_by_id"),
    (CallChange(CID, team="x" * 256), "team"),
    (CallChange(CID, team="a\x00"), "team"),
    (CallChange(CID, members=(CallMemberChange("ann"), CallMemberChange("nobody"))), "members[1].user_id"),
    (CallChange(CID, members=(CallMemberChange(""),)), "members[0].user_id"),
    (CallChange(CID, members=(CallMemberChange("ann"), CallMemberChange("ann"))), "members[1].user_id"),
    (CallChange(CID, members=tuple(CallMemberChange(f"u{n}") for n in range(1_001))), "members"),
    (CallChange(CID, members=(CallMemberChange("ann", role=""),)), "members[0].role"),
    (CallChange(CID, members=(CallMemberChange("ann", custom={"a": "x" * 5_120}),)), "members[0].custom"),
    (CallChange(CID, settings={"nonsense": True}), "settings_override.nonsense"),
    (CallChange(CID, settings={"video.enabled": "yes"}), "settings_override.video.enabled"),
    (
        CallChange(CID, settings={"limits.max_participants_exclude_roles": ("speaker",)}),
        "settings_override.limits.max_participants_exclude_roles",
    ),
    (CallChange(CID, starts_at=-1), "starts_at"),
    (CallChange(CID, starts_at=2**63), "starts_at"),
    (CallChange(CID, custom={"a": "x" * 5_120}), "custom"),
]


@pytest.mark.parametrize(("change", "field"), BAD, ids=[f"{number}-{field}" for number, (_, field) in enumerate(BAD)])
async def test_bad_input_is_refused_with_its_field_and_changes_nothing(
    desk: Desk, change: CallChange, field: str
) -> None:
    await desk.make_users("ann")
    before = await desk.revision()
    with pytest.raises(InvalidInput) as caught:
        await desk.admin.calls.upsert(desk.server, change)
    assert caught.value.field == field
    assert await desk.revision() == before


async def test_an_unknown_role_refuses_the_whole_call(desk: Desk) -> None:
    await desk.make_users("ann", "bob")
    members = (CallMemberChange("ann"), CallMemberChange("bob", role="speaker"))
    with refused(UnknownRole, field="members[1].role"):
        await desk.admin.calls.upsert(desk.server, CallChange(CID, members=members))
    with refused(NotFound):
        await desk.admin.calls.get(desk.server, CID)


@pytest.mark.parametrize(
    "method", ["get", "delete", "go_live", "stop_live", "end", "block", "unblock", "members", "update_members", "allow"]
)
async def test_a_call_that_is_not_there_is_not_found(desk: Desk, method: str) -> None:
    await desk.make_users("ann")
    calls, rest = desk.admin.calls, ("ann",) if method in {"block", "unblock"} else ()

    async def do(cid: str) -> Any:
        if method == "members":
            return await calls.members(desk.server, cid, Page())
        if method == "update_members":
            return await calls.update_members(desk.server, cid, [], ["ann"])
        if method == "allow":
            return await calls.update_user_permissions(desk.server, cid, "ann", ["send-audio"])
        return await getattr(calls, method)(desk.server, cid, *rest)

    for cid in ("default:nothing", "nonsense:nothing"):
        with refused(NotFound, field="cid", reason="CALL_NOT_FOUND"):
            await do(cid)
    with refused(InvalidInput, field="cid"):
        await do("nothing")


class TestMembers:
    async def test_adds_changes_and_removes_in_one_revision(self, desk: Desk) -> None:
        await desk.make_users("ann", "bob", "cyd", "dan")
        await desk.make_call(CID, members=("ann", "bob", "cyd"))
        before = await desk.revision()
        updates = [CallMemberChange("dan"), CallMemberChange("bob", role="host"), CallMemberChange("ann")]
        view, revision = await desk.admin.calls.update_members(desk.server, CID, updates, ["cyd", "nobody"])
        members = view.members
        assert revision == before + 1
        assert [(member.user_id, member.role) for member in members] == [
            ("dan", "call_member"),
            ("bob", "host"),
            ("ann", "call_member"),
        ]
        listed = (await desk.admin.calls.members(desk.server, CID, Page())).items
        assert listed == tuple(sorted(members, key=lambda member: member.user_id))
        assert (await desk.decide("bob", "mute-users", call=CID)).role == "host"
        assert (await desk.decide("cyd", "mute-users", call=CID)).role != "host"

    async def test_what_is_not_sent_of_a_member_stays(self, desk: Desk) -> None:
        await desk.make_users("ann")
        members = (CallMemberChange("ann", role="host", custom={"seat": 1}),)
        await desk.admin.calls.upsert(desk.server, CallChange(CID, members=members))
        view, _ = await desk.admin.calls.update_members(desk.server, CID, [CallMemberChange("ann", custom={})], [])
        (member,) = view.members
        assert (member.role, member.custom) == ("host", {})

    @pytest.mark.parametrize(
        ("updates", "removals", "field"),
        [
            ([], [], "update_members"),
            ([CallMemberChange("ann")], ["ann"], "remove_members[0]"),
            ([], ["ann", "ann"], "remove_members[1]"),
            ([], [""], "remove_members[0]"),
            ([CallMemberChange("nobody")], [], "update_members[0].user_id"),
            ([CallMemberChange("ann", role="Speaker")], [], "update_members[0].role"),
            ([CallMemberChange(f"u{n}") for n in range(600)], [f"v{n}" for n in range(401)], "update_members"),
        ],
    )
    async def test_bad_input_is_refused_with_its_field(
        self, desk: Desk, updates: list[CallMemberChange], removals: list[str], field: str
    ) -> None:
        await desk.make_users("ann")
        await desk.make_call(CID)
        before = await desk.revision()
        with pytest.raises(InvalidInput) as caught:
            await desk.admin.calls.update_members(desk.server, CID, updates, removals)
        assert caught.value.field == field
        assert await desk.revision() == before


class TestBlocks:
    async def test_blocking_keeps_the_membership_and_denies_everything(self, desk: Desk) -> None:
        await desk.make_users("ann", "bob")
        await desk.make_call(CID, members=("ann", "bob"))
        revision = await desk.admin.calls.block(desk.server, CID, "ann")
        assert revision == await desk.revision()
        assert (await desk.decide("ann", "join-call", call=CID)).reason == "BLOCKED"
        assert (await desk.decide("bob", "join-call", call=CID)).allowed
        assert (await desk.admin.calls.get(desk.server, CID)).call.blocked_user_ids == ("ann",)
        assert len((await desk.admin.calls.members(desk.server, CID, Page())).items) == 2
        assert await desk.admin.calls.block(desk.server, CID, "ann") == revision
        unblocked = await desk.admin.calls.unblock(desk.server, CID, "ann")
        assert unblocked == revision + 1
        assert (await desk.decide("ann", "join-call", call=CID)).allowed
        assert await desk.admin.calls.unblock(desk.server, CID, "ann") == unblocked

    async def test_whom(self, desk: Desk) -> None:
        await desk.make_call(CID)
        with refused(InvalidInput, field="user_id", reason="UNKNOWN_USER"):
            await desk.admin.calls.block(desk.server, CID, "nobody")
        with refused(InvalidInput, field="user_id"):
            await desk.admin.calls.unblock(desk.server, CID, "")

    async def test_a_block_outlives_the_user_and_can_be_taken_back(self, desk: Desk) -> None:
        await desk.make_users("ann")
        await desk.make_call(CID)
        await desk.admin.calls.block(desk.server, CID, "ann")
        await desk.admin.users.delete(desk.server, ["ann"])
        view = (await desk.admin.calls.list(desk.server, Page())).items[0]
        assert view == CallView(await get(desk), ("ann",))
        await desk.make_users("ann")
        assert (await desk.decide("ann", "read-call", call=CID)).reason == "BLOCKED"
        await desk.admin.users.delete(desk.server, ["ann"])
        await desk.admin.calls.unblock(desk.server, CID, "ann")
        assert (await desk.admin.calls.get(desk.server, CID)).call.blocked_user_ids == ()


class TestUserPermissions:
    @pytest.fixture
    async def call(self, desk: Desk) -> Desk:
        await desk.admin.users.upsert(desk.server, [UserChange("gus", role="guest")])
        await desk.admin.call_types.upsert(desk.server, TypeChange("bare", grants={"guest": ("send-audio",)}))
        await desk.make_call("bare:x")
        return desk

    async def test_grants_and_revokes(self, call: Desk) -> None:
        result = await call.admin.calls.update_user_permissions(
            call.server, "bare:x", "gus", ["start-recording", "mute-users"], ["send-audio"]
        )
        assert result.granted == ("mute-users", "start-record-call")
        assert result.revoked == ("send-audio",)
        assert result.own_capabilities == ("mute-users", "start-record-call")
        assert result.revision == await call.revision()
        assert (await call.decide("gus", "send-audio", call="bare:x")).reason == "USER_REVOKED"
        assert (await call.decide("gus", "start-recording", call="bare:x")).reason == "USER_GRANT"

    async def test_each_takes_the_other_back_and_reset_takes_both(self, call: Desk) -> None:
        change = call.admin.calls.update_user_permissions
        await change(call.server, "bare:x", "gus", ["mute-users", "send-video"], ["send-audio"])
        result = await change(call.server, "bare:x", "gus", ["send-audio"], ["mute-users"])
        assert (result.granted, result.revoked) == (("send-audio", "send-video"), ("mute-users",))
        result = await change(call.server, "bare:x", "gus", [], [], ["send-audio", "mute-users", "end-call"])
        assert (result.granted, result.revoked) == (("send-video",), ())
        again = await change(call.server, "bare:x", "gus", ["send-video", "send-video"])
        assert again.revision == result.revision

    async def test_they_outlive_membership(self, call: Desk) -> None:
        await call.admin.calls.update_members(call.server, "bare:x", [CallMemberChange("gus")], [])
        await call.admin.calls.update_user_permissions(call.server, "bare:x", "gus", [], ["send-audio"])
        await call.admin.calls.update_members(call.server, "bare:x", [], ["gus"])
        await call.admin.calls.update_members(call.server, "bare:x", [CallMemberChange("gus")], [])
        assert (await call.decide("gus", "send-audio", call="bare:x")).reason == "USER_REVOKED"

    async def test_every_capability_has_a_permission_that_stands_for_it(self, call: Desk) -> None:
        change = call.admin.calls.update_user_permissions
        assert (await change(call.server, "bare:x", "gus", ALL)).granted == ALL
        result = await change(call.server, "bare:x", "gus", [], ["block-user", "create-call-reaction"])
        assert result.revoked == ("block-users", "create-reaction")

    @pytest.mark.parametrize(
        ("lists", "field"),
        [
            (([], [], []), "grant_permissions"),
            ((["send-audio"], ["send-audio"], []), "revoke_permissions[0]"),
            ((["start-recording"], ["mute-users", "start-record-call"], []), "revoke_permissions[1]"),
            (([], ["send-audio"], ["send-audio"]), "reset_permissions[0]"),
        ],
    )
    async def test_lists_that_do_not_fit_are_refused(
        self, call: Desk, lists: tuple[list[str], list[str], list[str]], field: str
    ) -> None:
        with refused(InvalidInput, field=field):
            await call.admin.calls.update_user_permissions(call.server, "bare:x", "gus", *lists)

    @pytest.mark.parametrize(
        "name", ["", "nonsense", "list-recordings", "send-audio-owner", "create-message", "x" * 300]
    )
    async def test_what_no_capability_stands_for_is_refused(self, call: Desk, name: str) -> None:
        before = await call.revision()
        with refused(UnknownPermission, field="revoke_permissions[1]"):
            await call.admin.calls.update_user_permissions(call.server, "bare:x", "gus", [], ["send-video", name])
        assert await call.revision() == before

    async def test_a_mistyped_one_is_answered_with_the_nearest(self, call: Desk) -> None:
        with refused(UnknownPermission, text="`start-record-call`"):
            await call.admin.calls.update_user_permissions(call.server, "bare:x", "gus", ["start-recrd-call"])

    async def test_whom(self, call: Desk) -> None:
        with refused(InvalidInput, field="user_id", reason="UNKNOWN_USER"):
            await call.admin.calls.update_user_permissions(call.server, "bare:x", "nobody", ["send-audio"])
        with refused(InvalidInput, field="user_id"):
            await call.admin.calls.update_user_permissions(call.server, "bare:x", "", ["send-audio"])


async def test_roles_left_out_of_a_limit_are_kept_as_answers_spell_them(desk: Desk) -> None:
    sent = CallChange(CID, settings={"limits.max_participants_exclude_roles": ("call-member", "host")})
    result = await desk.admin.calls.upsert(desk.server, sent)
    assert (await desk.admin.calls.upsert(desk.server, sent)).revision == result.revision
    stored = (await desk.admin.calls.get(desk.server, CID)).call.record
    for record in (result.call.record, stored):
        assert record.settings["limits.max_participants_exclude_roles"] == ("call_member", "host")
