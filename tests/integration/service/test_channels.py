from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain.channel_capabilities import CAPABILITIES
from rolecall.domain.errors import InvalidInput, NotFound, UnknownPermission, UnknownRole
from rolecall.domain.records import ChannelMemberRecord, ChannelRecord
from rolecall.service.administration.changes import AppChange, Page, TypeChange
from rolecall.service.administration.channels import channels
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange, ChannelOverrides
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import refused

CID = "messaging:x"
ALL = tuple(row.id for row in CAPABILITIES)


async def get(desk: Desk, cid: str = CID) -> ChannelRecord:
    return (await desk.admin.channels.get(desk.server, cid)).channel


async def test_a_channel_comes_back_as_written(desk: Desk) -> None:
    await desk.make_users("ann", "bob")
    change = ChannelChange(
        CID,
        created_by_id="ann",
        team="red",
        members=(
            ChannelMemberChange("bob", channel_role="channel_moderator", banned=True, custom={"a": 1}),
            ChannelMemberChange("ann"),
        ),
        frozen=True,
        disabled=True,
        cooldown=120,
        overrides=ChannelOverrides({"user": ("create-reaction", "!add-links"), "guest": ()}, {"uploads": False}),
        custom={"topic": "x"},
    )
    result = await desk.admin.channels.upsert(desk.server, change)
    record = result.channel
    assert (result.created, result.own_capabilities) == (True, ALL)
    assert result.revision == await desk.revision()
    assert record == ChannelRecord(
        CID,
        created_by_id="ann",
        team="red",
        frozen=True,
        disabled=True,
        cooldown=120,
        override_grants={"user": ("!add-links", "create-reaction")},
        override_flags={"uploads": False},
        custom={"topic": "x"},
        created_at=record.created_at,
        updated_at=record.created_at,
    )
    assert await get(desk) == record
    at = record.created_at
    assert (await desk.admin.channels.members(desk.server, CID, Page())).items == (
        ChannelMemberRecord("ann", created_at=at + 1, updated_at=at + 1),
        ChannelMemberRecord("bob", "channel_moderator", True, {"a": 1}, created_at=at, updated_at=at),
    )


async def test_what_is_not_sent_stays_and_what_is_sent_empty_is_cleared(desk: Desk) -> None:
    await desk.make_users("ann")
    first = ChannelChange(
        CID,
        created_by_id="ann",
        team="red",
        frozen=True,
        disabled=True,
        cooldown=1,
        overrides=ChannelOverrides({"user": ("!add-links",)}, {"uploads": False}),
        custom={"a": 1},
    )
    before = (await desk.admin.channels.upsert(desk.server, first)).channel
    again = await desk.admin.channels.upsert(desk.server, ChannelChange(CID, cooldown=2))
    assert not again.created
    assert again.channel == ChannelRecord(
        **{name: getattr(before, name) for name in before.__slots__}
        | {"cooldown": 2, "updated_at": again.channel.updated_at}
    )
    assert again.channel.updated_at > before.updated_at
    cleared = ChannelChange(
        CID,
        created_by_id="",
        team="",
        frozen=False,
        disabled=False,
        cooldown=0,
        overrides=ChannelOverrides(),
        custom={},
    )
    record = (await desk.admin.channels.upsert(desk.server, cleared)).channel
    assert record == ChannelRecord(CID, created_at=before.created_at, updated_at=record.updated_at)


async def test_writing_the_same_again_makes_no_revision(desk: Desk) -> None:
    await desk.make_users("ann")
    overrides = ChannelOverrides({"user": ("create-reaction", "!add-links")}, {"uploads": False})
    change = ChannelChange(CID, members=(ChannelMemberChange("ann"),), overrides=overrides, frozen=True)
    first = await desk.admin.channels.upsert(desk.server, change)
    again = await desk.admin.channels.upsert(desk.server, change)
    assert (again.channel, again.created, again.revision) == (first.channel, False, first.revision)


async def test_the_write_counts_at_once(desk: Desk) -> None:
    await desk.make_users("ann")
    await desk.make_channel(CID, owner="ann")
    await desk.admin.channels.update_members(desk.server, CID, [ChannelMemberChange("ann")], [])
    assert (await desk.decide("ann", "send-message", channel=CID)).allowed
    await desk.admin.channels.upsert(desk.server, ChannelChange(CID, frozen=True))
    assert (await desk.decide("ann", "send-message", channel=CID)).reason == "CHANNEL_FROZEN"
    overrides = ChannelOverrides(flags={"uploads": False})
    await desk.admin.channels.upsert(desk.server, ChannelChange(CID, overrides=overrides))
    assert (await desk.decide("ann", "upload-file", channel=CID)).reason == "FEATURE_DISABLED"
    ban = [ChannelMemberChange("ann", banned=True)]
    await desk.admin.channels.update_members(desk.server, CID, ban, [])
    assert (await desk.decide("ann", "read-channel", channel=CID)).reason == "BANNED"


async def test_lists_all_or_those_of_a_type(desk: Desk) -> None:
    await desk.admin.channel_types.upsert(desk.server, TypeChange("team-2"))
    cids = ["gaming:z", "team-2:a", "team:a", "team:b"]
    for cid in cids:
        await desk.make_channel(cid)
    everything = await desk.admin.channels.list(desk.server, Page())
    assert [record.cid for record in everything.items] == cids
    assert everything.revision == await desk.revision()
    of_type = await desk.admin.channels.list(desk.server, Page(), "team")
    assert [record.cid for record in of_type.items] == ["team:a", "team:b"]
    with refused(NotFound, field="type", reason="CHANNEL_TYPE_NOT_FOUND"):
        await desk.admin.channels.list(desk.server, Page(), "nonsense")
    with refused(InvalidInput, field="type"):
        await desk.admin.channels.list(desk.server, Page(), "video:default")


async def test_deleting_reads_nothing_to_show(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.admin.channels.upsert(desk.server, ChannelChange(CID))

    async def unwanted(*_: object, **__: object) -> None:
        raise AssertionError("nobody is shown what was deleted")

    monkeypatch.setattr(channels, "channel_view", unwanted)
    assert await desk.admin.channels.delete(desk.server, CID) == await desk.revision()
    with refused(NotFound):
        await desk.admin.channels.get(desk.server, CID)


async def test_deleting_takes_members_along(desk: Desk) -> None:
    await desk.make_users("ann")
    await desk.admin.channels.upsert(desk.server, ChannelChange(CID, members=(ChannelMemberChange("ann"),)))
    assert await desk.admin.channels.delete(desk.server, CID) == await desk.revision()
    await desk.make_channel(CID)
    assert (await desk.admin.channels.members(desk.server, CID, Page())).items == ()


BAD: list[tuple[ChannelChange, str]] = [
    (ChannelChange(""), "cid"),
    (ChannelChange("messaging"), "cid"),
    (ChannelChange("messaging:\n"), "cid"),
    (ChannelChange("nonsense:x"), "cid"),
    (ChannelChange("default:x"), "cid"),
    (ChannelChange(CID, created_by_id="nobody"), "created_by_id"),
    (ChannelChange(CID, team="x" * 256), "team"),
    (ChannelChange(CID, cooldown=-1), "cooldown"),
    (ChannelChange(CID, cooldown=121), "cooldown"),
    (ChannelChange(CID, members=(ChannelMemberChange("nobody"),)), "members[0].user_id"),
    (ChannelChange(CID, members=(ChannelMemberChange("ann"), ChannelMemberChange("ann"))), "members[1].user_id"),
    (ChannelChange(CID, members=(ChannelMemberChange("ann", channel_role=""),)), "members[0].channel_role"),
    (ChannelChange(CID, members=(ChannelMemberChange("ann", custom={"a": "x" * 5_120}),)), "members[0].custom"),
    (ChannelChange(CID, custom={"a": "x" * 5_120}), "custom"),
    (ChannelChange(CID, overrides=ChannelOverrides(flags={"nonsense": True})), "config_overrides.flags.nonsense"),
    (
        ChannelChange(CID, overrides=ChannelOverrides(flags={"max_message_length": True})),
        "config_overrides.flags.max_message_length",
    ),
    (
        ChannelChange(CID, overrides=ChannelOverrides(flags={"uploads": 1})),  # type: ignore[dict-item]
        "config_overrides.flags.uploads",
    ),
]


@pytest.mark.parametrize(("change", "field"), BAD, ids=[f"{number}-{field}" for number, (_, field) in enumerate(BAD)])
async def test_bad_input_is_refused_with_its_field_and_changes_nothing(
    desk: Desk, change: ChannelChange, field: str
) -> None:
    await desk.make_users("ann")
    before = await desk.revision()
    with pytest.raises(InvalidInput) as caught:
        await desk.admin.channels.upsert(desk.server, change)
    assert caught.value.field == field
    assert await desk.revision() == before


async def test_overrides_name_known_roles_and_permissions(desk: Desk) -> None:
    async def override(role: str, *names: str) -> None:
        change = ChannelChange(CID, overrides=ChannelOverrides({role: names}))
        await desk.admin.channels.upsert(desk.server, change)

    with refused(UnknownRole, field="config_overrides.grants.speaker"):
        await override("speaker", "add-links")
    with refused(UnknownPermission, field="config_overrides.grants.user"):
        await override("user", "!add-linkz")
    with refused(UnknownPermission, field="config_overrides.grants.user"):
        await override("user", "!!add-links")
    await desk.admin.roles.create(desk.server, "speaker")
    await override("speaker", "add-links")


@pytest.mark.parametrize("method", ["get", "delete", "members", "update_members"])
async def test_a_channel_that_is_not_there_is_not_found(desk: Desk, method: str) -> None:
    rest: dict[str, tuple[Any, ...]] = {"members": (Page(),), "update_members": ([], ["ann"])}
    for cid in ("messaging:nothing", "nonsense:nothing"):
        with refused(NotFound, field="cid", reason="CHANNEL_NOT_FOUND"):
            await getattr(desk.admin.channels, method)(desk.server, cid, *rest.get(method, ()))
    with refused(InvalidInput, field="cid"):
        await getattr(desk.admin.channels, method)(desk.server, "nothing", *rest.get(method, ()))


class TestMembers:
    async def test_adds_changes_and_removes_in_one_revision(self, desk: Desk) -> None:
        await desk.make_users("ann", "bob", "cyd")
        await desk.make_channel(CID)
        joined = [ChannelMemberChange("ann", custom={"a": 1}), ChannelMemberChange("bob")]
        await desk.admin.channels.update_members(desk.server, CID, joined, [])
        before = await desk.revision()
        updates = [ChannelMemberChange("cyd"), ChannelMemberChange("ann", channel_role="channel_moderator")]
        members, revision = await desk.admin.channels.update_members(desk.server, CID, updates, ["bob", "nobody"])
        assert revision == before + 1
        assert [(member.user_id, member.channel_role, member.custom) for member in members] == [
            ("cyd", "channel_member", {}),
            ("ann", "channel_moderator", {"a": 1}),
        ]
        listed = (await desk.admin.channels.members(desk.server, CID, Page())).items
        assert listed == members[::-1]

    @pytest.mark.parametrize(
        ("updates", "removals", "field"),
        [
            ([], [], "update_members"),
            ([ChannelMemberChange("ann")], ["ann"], "remove_members[0]"),
            ([ChannelMemberChange("nobody")], [], "update_members[0].user_id"),
            ([ChannelMemberChange("ann", channel_role="Speaker")], [], "update_members[0].channel_role"),
            ([], [f"u{n}" for n in range(1_001)], "update_members"),
        ],
    )
    async def test_bad_input_is_refused_with_its_field(
        self, desk: Desk, updates: list[ChannelMemberChange], removals: list[str], field: str
    ) -> None:
        await desk.make_users("ann")
        await desk.make_channel(CID)
        before = await desk.revision()
        with pytest.raises(InvalidInput) as caught:
            await desk.admin.channels.update_members(desk.server, CID, updates, removals)
        assert caught.value.field == field
        assert await desk.revision() == before


async def test_servers_write_channels_of_an_app_on_v1(desk: Desk) -> None:
    await desk.admin.apps.update(desk.server, AppChange(permission_version="v1"))
    result = await desk.admin.channels.upsert(desk.server, ChannelChange(CID, frozen=True))
    assert result.own_capabilities == ALL
    assert (await desk.admin.channels.get(desk.server, CID)).channel == result.channel
