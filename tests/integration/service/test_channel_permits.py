"""What a user's token may write in channels: judged by the same engine as any question about the user."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rolecall.domain.errors import Forbidden, NotFound
from rolecall.domain.policies import asks_for
from rolecall.domain.records import PolicyRecord
from rolecall.service.administration.changes import AppChange, Page, TypeChange
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange, ChannelOverrides
from rolecall.service.administration.users.values import UserChange
from rolecall.service.callers import Caller
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import denied, refused

CID = "bare:x"
NEW = "bare:new"
ANN = ChannelMemberChange("ann")
BOB = ChannelMemberChange("bob")

Operation = Callable[[Desk, Caller], Awaitable[Any]]


def change(cid: str = CID, **fields: Any) -> Operation:
    return lambda desk, caller: desk.admin.channels.upsert(caller, ChannelChange(cid, **fields))


def members(*updates: ChannelMemberChange, removals: tuple[str, ...] = ()) -> Operation:
    return lambda desk, caller: desk.admin.channels.update_members(caller, CID, updates, removals)


def custom(user_id: str) -> ChannelMemberChange:
    return ChannelMemberChange(user_id, custom={"seat": 1})


OPERATIONS: dict[str, tuple[Operation, tuple[str, ...]]] = {
    "get": (lambda desk, caller: desk.admin.channels.get(caller, CID), ("ReadChannel",)),
    "members": (lambda desk, caller: desk.admin.channels.members(caller, CID, Page()), ("ReadChannelMembers",)),
    "delete": (lambda desk, caller: desk.admin.channels.delete(caller, CID), ("DeleteChannel",)),
    "create": (change(NEW), ("CreateChannel",)),
    "create with extras": (change(NEW, custom={"a": 1}, members=(ANN, BOB), team="red"), ("CreateChannel",)),
    "create frozen": (change(NEW, frozen=True), ("CreateChannel", "UpdateChannelFrozen")),
    "create slow": (change(NEW, cooldown=5), ("CreateChannel", "UpdateChannelCooldown")),
    "create with a ban": (
        change(NEW, members=(ChannelMemberChange("bob", banned=True),)),
        ("CreateChannel", "BanChannelMember"),
    ),
    "touch": (change(), ("ReadChannel",)),
    "change custom": (change(custom={}), ("UpdateChannel",)),
    "freeze": (change(frozen=False), ("UpdateChannelFrozen",)),
    "slow down": (change(cooldown=0), ("UpdateChannelCooldown",)),
    "change all": (
        change(custom={}, frozen=True, cooldown=1),
        ("UpdateChannel", "UpdateChannelFrozen", "UpdateChannelCooldown"),
    ),
    "upsert a new member": (change(members=(BOB,)), ("UpdateChannelMembers",)),
    "add another": (members(BOB), ("UpdateChannelMembers",)),
    "change another": (members(custom("cyd")), ("UpdateChannelMembers",)),
    "change another's default role to itself": (
        members(ChannelMemberChange("cyd", channel_role="channel_member")),
        ("ReadChannelMembers",),
    ),
    "remove another": (members(removals=("cyd",)), ("UpdateChannelMembers",)),
    "remove one that is banned": (members(removals=("dan",)), ("UpdateChannelMembers", "BanChannelMember")),
    "join": (members(ANN), ("AddOwnChannelMembership",)),
    "join by upsert": (change(members=(ANN,)), ("AddOwnChannelMembership",)),
    "leave": (members(removals=("ann",)), ("RemoveOwnChannelMembership",)),
    "ban": (members(ChannelMemberChange("cyd", banned=True)), ("BanChannelMember",)),
    "add banned": (members(ChannelMemberChange("bob", banned=True)), ("UpdateChannelMembers", "BanChannelMember")),
}

PERMISSION = {
    "ReadChannel": "read-channel",
    "ReadChannelMembers": "read-channel-members",
    "CreateChannel": "create-channel",
    "DeleteChannel": "delete-channel",
    "UpdateChannel": "update-channel",
    "UpdateChannelFrozen": "update-channel-frozen",
    "UpdateChannelCooldown": "update-channel-cooldown",
    "UpdateChannelMembers": "update-channel-members",
    "AddOwnChannelMembership": "add-own-channel-membership",
    "RemoveOwnChannelMembership": "remove-own-channel-membership",
    "BanChannelMember": "ban-channel-member",
}
ALTERNATIVE = {"AddOwnChannelMembership", "RemoveOwnChannelMembership"}


@pytest.fixture
async def bare(desk: Desk) -> Desk:
    """A channel of a type that grants `user` nothing; cyd is a member, and dan one that is banned."""
    await desk.make_users("ann", "bob", "cyd", "dan")
    await desk.admin.channel_types.upsert(desk.server, TypeChange("bare", grants={"user": (), "channel_member": ()}))
    present = (ChannelMemberChange("cyd"), ChannelMemberChange("dan", banned=True))
    await desk.admin.channels.upsert(desk.server, ChannelChange(CID, members=present))
    return desk


async def grant(desk: Desk, *actions: str, role: str = "user", suffix: str = "") -> None:
    permissions = tuple(PERMISSION[action] + suffix for action in actions)
    await desk.admin.channel_types.upsert(desk.server, TypeChange("bare", grants={role: permissions}))


@pytest.mark.parametrize("name", OPERATIONS)
async def test_an_operation_takes_exactly_its_actions(bare: Desk, name: str) -> None:
    operation, actions = OPERATIONS[name]
    for missing in actions:
        wider = {"UpdateChannelMembers"} if missing in ALTERNATIVE else set()
        await grant(bare, *(set(PERMISSION) - {missing} - wider))
        before = await bare.revision()
        with denied(missing, "bare"):
            await operation(bare, bare.user("ann"))
        assert await bare.revision() == before
    await grant(bare, *actions)
    await operation(bare, bare.user("ann"))


@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_server_takes_none(bare: Desk, name: str) -> None:
    await OPERATIONS[name][0](bare, bare.server)


@pytest.mark.parametrize("name", ["join", "leave"])
async def test_who_manages_members_joins_and_leaves_too(bare: Desk, name: str) -> None:
    await grant(bare, "UpdateChannelMembers")
    await OPERATIONS[name][0](bare, bare.user("ann"))


@pytest.mark.parametrize("either", ["ReadChannelMembers", "UpdateChannelMembers"])
async def test_naming_a_member_as_it_is_takes_the_channel_and_its_members(bare: Desk, either: str) -> None:
    operation = change(members=(ChannelMemberChange("cyd"),))
    await grant(bare, *(set(PERMISSION) - {"ReadChannelMembers", "UpdateChannelMembers"}))
    with denied("UpdateChannelMembers", "bare"):
        await operation(bare, bare.user("ann"))
    await grant(bare, *(set(PERMISSION) - {"ReadChannel"}))
    with denied("ReadChannel", "bare"):
        await operation(bare, bare.user("ann"))
    await grant(bare, "ReadChannel", either)
    await operation(bare, bare.user("ann"))


@pytest.mark.parametrize("held", [(), ("ReadChannel",), ("ReadChannel", "AddOwnChannelMembership")])
@pytest.mark.parametrize("fields", [{}, {"channel_role": "channel_member"}, {"channel_role": "channel_moderator"}])
async def test_refusals_do_not_tell_who_is_a_member(bare: Desk, held: tuple[str, ...], fields: dict[str, Any]) -> None:
    await grant(bare, *held)
    told = {
        await refusal(operation, bare)
        for user_id in ("bob", "cyd", "dan", "nobody")
        for operation in (
            change(members=(ChannelMemberChange(user_id, **fields),)),
            members(ChannelMemberChange(user_id, **fields)),
            members(removals=(user_id,)),
        )
    }
    text = "User 'ann' with role 'user' is not allowed to perform action UpdateChannelMembers in scope 'bare'"
    assert told == {text}


async def refusal(operation: Operation, desk: Desk) -> str:
    with pytest.raises(Forbidden) as caught:
        await operation(desk, desk.user("ann"))
    return caught.value.message


async def test_joining_with_somebody_else_takes_both(bare: Desk) -> None:
    await grant(bare, "AddOwnChannelMembership")
    with denied("UpdateChannelMembers", "bare"):
        await bare.admin.channels.update_members(bare.user("ann"), CID, [ANN, BOB], [])


async def test_the_refusal_reads_as_stream_words_it(bare: Desk) -> None:
    with pytest.raises(Forbidden) as caught:
        await bare.admin.channels.delete(bare.user("cyd"), CID)
    assert caught.value.message == (
        "User 'cyd' with roles ['user', 'channel_member'] is not allowed to perform action DeleteChannel "
        "in scope 'bare'"
    )


class TestWhatCounts:
    async def test_ownership(self, bare: Desk) -> None:
        await bare.make_channel(CID, owner="bob")
        await grant(bare, "UpdateChannel", suffix="-owner")
        with denied("UpdateChannel", "bare", "OWNER_ONLY"):
            await bare.admin.channels.upsert(bare.user("ann"), ChannelChange(CID, custom={}))
        await bare.admin.channels.upsert(bare.user("bob"), ChannelChange(CID, custom={}))

    async def test_a_creator_owns_what_it_creates(self, bare: Desk) -> None:
        await grant(bare, "CreateChannel", suffix="-owner")
        result = await bare.admin.channels.upsert(bare.user("ann"), ChannelChange(NEW))
        assert result.channel.created_by_id == "ann"

    async def test_a_token_for_the_channel(self, bare: Desk) -> None:
        await grant(bare, "CreateChannel", "DeleteChannel", role="channel_moderator")
        caller = Caller(bare.app.id, "bob", channel_cids=frozenset({CID, NEW}), role="channel_moderator")
        await bare.admin.channels.upsert(caller, ChannelChange(NEW))
        await bare.admin.channels.delete(caller, CID)

    async def test_a_ban_in_the_channel(self, bare: Desk) -> None:
        await grant(bare, *PERMISSION)
        ban = [ChannelMemberChange("cyd", banned=True)]
        await bare.admin.channels.update_members(bare.server, CID, ban, [])
        for operation in (members(ChannelMemberChange("cyd", banned=False)), members(removals=("cyd",))):
            with pytest.raises(Forbidden) as caught:
                await operation(bare, bare.user("cyd"))
            assert caught.value.metadata["reason"] == "BANNED"

    async def test_a_disabled_channel(self, bare: Desk) -> None:
        await grant(bare, *PERMISSION)
        await bare.admin.channels.upsert(bare.server, ChannelChange(CID, disabled=True))
        with denied("ReadChannel", "bare", "CHANNEL_DISABLED"):
            await bare.admin.channels.get(bare.user("ann"), CID)

    async def test_the_channels_own_grants(self, bare: Desk) -> None:
        overrides = ChannelOverrides({"user": ("read-channel",)})
        await bare.admin.channels.upsert(bare.server, ChannelChange(CID, overrides=overrides))
        await bare.admin.channels.get(bare.user("ann"), CID)


class TestServerOnly:
    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"disabled": False}, "disabled"),
            ({"overrides": ChannelOverrides()}, "config_overrides"),
            ({"members": (ChannelMemberChange("bob", channel_role="host"),)}, "members[0].channel_role"),
            ({"members": (ChannelMemberChange("cyd", channel_role="host"),)}, "members[0].channel_role"),
            ({"created_by_id": "bob"}, "created_by_id"),
            ({"created_by_id": ""}, "created_by_id"),
            ({"team": "blue"}, "team"),
            ({"cid": NEW, "disabled": False}, "disabled"),
            ({"cid": NEW, "overrides": ChannelOverrides()}, "config_overrides"),
            (
                {"cid": NEW, "members": (ANN, ChannelMemberChange("bob", channel_role="host"))},
                "members[1].channel_role",
            ),
            ({"cid": NEW, "created_by_id": "bob"}, "created_by_id"),
        ],
    )
    async def test_some_is_for_servers_whatever_the_grants(
        self, bare: Desk, fields: dict[str, Any], field: str
    ) -> None:
        await bare.make_channel(CID, owner="ann")
        await grant(bare, *PERMISSION)
        before = await bare.revision()
        with refused(Forbidden, field=field, reason="SERVER_SIDE_ONLY"):
            await bare.admin.channels.upsert(bare.user("ann"), ChannelChange(**{"cid": CID, **fields}))
        assert await bare.revision() == before
        await bare.admin.channels.upsert(bare.server, ChannelChange(**{"cid": CID, **fields}))

    async def test_channel_roles_of_members(self, bare: Desk) -> None:
        await grant(bare, *PERMISSION)
        update = ChannelMemberChange("ann", channel_role="channel_moderator")
        with refused(Forbidden, field="update_members[0].channel_role", reason="SERVER_SIDE_ONLY"):
            await bare.admin.channels.update_members(bare.user("ann"), CID, [update], [])


async def test_a_list_holds_what_may_be_read(bare: Desk) -> None:
    await grant(bare, "ReadChannel")
    await bare.admin.apps.update(bare.server, AppChange(multi_tenant_enabled=True))
    await bare.admin.users.upsert(bare.server, [UserChange("ann", teams=("red",))])
    await bare.make_channel("bare:red", team="red")
    listed = await bare.admin.channels.list(bare.user("ann"), Page())
    assert [record.cid for record in listed.items] == ["bare:red"]
    listed = await bare.admin.channels.list(bare.user("bob"), Page(), "bare")
    assert [record.cid for record in listed.items] == [CID]


async def test_a_user_creates_in_its_own_teams(bare: Desk) -> None:
    await bare.admin.apps.update(bare.server, AppChange(multi_tenant_enabled=True))
    await bare.admin.users.upsert(bare.server, [UserChange("ann", teams=("red",))])
    await grant(bare, "CreateChannel", suffix="-any-team")
    with refused(Forbidden, field="team", reason="OTHER_TEAM"):
        await bare.admin.channels.upsert(bare.user("ann"), ChannelChange(NEW, team="blue"))
    await bare.admin.channels.upsert(bare.user("ann"), ChannelChange(NEW, team="red"))


async def test_own_capabilities_are_the_callers(bare: Desk) -> None:
    await grant(bare, "ReadChannel", "UpdateChannel")
    result = await bare.admin.channels.get(bare.user("ann"), CID)
    assert {"update-channel", "search-messages"} <= set(result.own_capabilities)
    assert "delete-channel" not in result.own_capabilities
    assert list(result.own_capabilities) == sorted(result.own_capabilities)
    written = await bare.admin.channels.upsert(bare.user("ann"), ChannelChange(CID, custom={"a": 1}))
    assert written.own_capabilities == result.own_capabilities


async def test_what_does_not_exist_is_not_found_whatever_the_role(bare: Desk) -> None:
    with refused(NotFound, reason="CHANNEL_NOT_FOUND"):
        await bare.admin.channels.get(bare.user("ann"), "bare:nothing")


# --- permission version v1 -------------------------------------------------------------------------------------------


async def on_v1(desk: Desk, *policies: PolicyRecord) -> None:
    """Switch the app to v1; its channel type grants every permission, which means nothing there."""
    await desk.admin.apps.update(desk.server, AppChange(permission_version="v1"))
    grants = {"user": tuple(PERMISSION.values())}
    await desk.admin.channel_types.upsert(desk.server, TypeChange("bare", grants=grants, policies=policies))


def allowing(*resources: str, roles: tuple[str, ...] = ("user",), owner: bool = False) -> PolicyRecord:
    return PolicyRecord(f"{roles} {resources}", 10, resources, roles, owner=owner)


RESOURCE = {
    "ReadChannelMembers": "ReadChannel",
    "AddOwnChannelMembership": "UpdateChannelMembers",
    "BanChannelMember": "BanUser",
}


@pytest.mark.parametrize(("operation", "actions"), OPERATIONS.values(), ids=OPERATIONS)
async def test_under_v1_the_policies_of_the_resources_allow_it(
    bare: Desk, operation: Operation, actions: tuple[str, ...]
) -> None:
    resources = tuple({RESOURCE.get(action, action) for action in actions})
    await on_v1(bare, allowing(*resources))
    await operation(bare, bare.user("ann"))


@pytest.mark.parametrize(("operation", "actions"), OPERATIONS.values(), ids=OPERATIONS)
async def test_under_v1_no_other_policies_do(bare: Desk, operation: Operation, actions: tuple[str, ...]) -> None:
    for missing in actions:
        resource = RESOURCE.get(missing, missing)
        denies = PolicyRecord("not this", 20, (resource, *asks_for(missing)), ("*",), allow=False)
        await on_v1(bare, denies, allowing("*"))
        before = await bare.revision()
        with refused(Forbidden, text=f"to access Resource {asks_for(missing)[0]} on channel type bare"):
            await operation(bare, bare.user("ann"))
        assert await bare.revision() == before


async def test_under_v1_the_refusal_is_worded_as_v1_does(bare: Desk) -> None:
    await on_v1(bare)
    ann = bare.user("ann")
    for operation, text in (
        (
            OPERATIONS["create"][0],
            "with role user is not allowed to access Resource CreateChannel on channel type bare",
        ),
        (OPERATIONS["ban"][0], "with role user is not allowed to access Resource BanUser on channel type bare"),
    ):
        with pytest.raises(Forbidden) as caught:
            await operation(bare, ann)
        assert caught.value.message == f"User 'ann' {text}"
        assert caught.value.metadata["reason"] == "POLICY_DENY"
    with pytest.raises(Forbidden) as caught:
        await bare.admin.channels.get(bare.user("cyd"), CID)
    assert caught.value.message == (
        "User 'cyd' with roles ['user', 'channel_member'] is not allowed to access Resource ReadChannel "
        "on channel type bare"
    )
    assert caught.value.metadata == {"action": "ReadChannel", "scope": "bare", "reason": "POLICY_DENY"}


async def test_under_v2_the_refusal_is_worded_as_v2_does(bare: Desk) -> None:
    for user, roles in (("ann", "role 'user'"), ("cyd", "roles ['user', 'channel_member']")):
        with pytest.raises(Forbidden) as caught:
            await bare.admin.channels.get(bare.user(user), CID)
        text = f"User '{user}' with {roles} is not allowed to perform action ReadChannel in scope 'bare'"
        assert caught.value.message == text


@pytest.mark.parametrize("owner", [False, True])
async def test_under_v1_who_creates_a_channel_is_neither_its_owner_nor_its_member_yet(bare: Desk, owner: bool) -> None:
    await on_v1(bare, allowing("CreateChannel", roles=("channel_member",), owner=owner))
    with refused(Forbidden, text="with role user is"):
        await bare.admin.channels.upsert(bare.user("ann"), ChannelChange(NEW))
    await bare.admin.apps.update(bare.server, AppChange(permission_version="v2"))
    await bare.admin.channels.upsert(bare.user("ann"), ChannelChange(NEW))  # the grants, untouched


async def test_under_v1_what_comes_with_a_new_channel_is_asked_of_its_creator(bare: Desk) -> None:
    await on_v1(bare, allowing("CreateChannel"), allowing("UpdateChannelFrozen", roles=(), owner=True))
    await bare.admin.channels.upsert(bare.user("ann"), ChannelChange(NEW, frozen=True))


async def test_under_v1_the_creator_counts_as_a_member_afterwards(bare: Desk) -> None:
    await on_v1(bare, allowing("CreateChannel"), allowing("ReadChannel", roles=("channel_member",)))
    result = await bare.admin.channels.upsert(bare.user("ann"), ChannelChange(NEW))
    assert "search-messages" in result.own_capabilities
    await bare.admin.channels.get(bare.user("ann"), NEW)
    with refused(Forbidden):
        await bare.admin.channels.get(bare.user("bob"), NEW)
