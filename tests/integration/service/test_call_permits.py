"""What a user's token may write on calls: judged by the same engine as any question about the user."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rolecall.domain.errors import Forbidden, InvalidInput, NotFound
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.changes import AppChange, Page, TypeChange
from rolecall.service.administration.users.values import UserChange
from rolecall.service.callers import Caller
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import denied, refused

CID = "bare:x"
NEW = "bare:new"
ANN = CallMemberChange("ann")
BOB = CallMemberChange("bob")

Operation = Callable[[Desk, Caller], Awaitable[Any]]


def change(cid: str = CID, **fields: Any) -> Operation:
    return lambda desk, caller: desk.admin.calls.upsert(caller, CallChange(cid, **fields))


def members(*updates: CallMemberChange, removals: tuple[str, ...] = ()) -> Operation:
    return lambda desk, caller: desk.admin.calls.update_members(caller, CID, updates, removals)


def custom(user_id: str) -> CallMemberChange:
    return CallMemberChange(user_id, custom={"seat": 1})


OPERATIONS: dict[str, tuple[Operation, tuple[str, ...]]] = {
    "get": (lambda desk, caller: desk.admin.calls.get(caller, CID), ("ReadCall",)),
    "members": (lambda desk, caller: desk.admin.calls.members(caller, CID, Page()), ("ReadCall",)),
    "delete": (lambda desk, caller: desk.admin.calls.delete(caller, CID), ("DeleteCall",)),
    "go live": (lambda desk, caller: desk.admin.calls.go_live(caller, CID), ("UpdateCall",)),
    "stop live": (lambda desk, caller: desk.admin.calls.stop_live(caller, CID), ("UpdateCall",)),
    "end": (lambda desk, caller: desk.admin.calls.end(caller, CID), ("EndCall",)),
    "block": (lambda desk, caller: desk.admin.calls.block(caller, CID, "bob"), ("BlockUser",)),
    "unblock": (lambda desk, caller: desk.admin.calls.unblock(caller, CID, "bob"), ("BlockUser",)),
    "grant": (
        lambda desk, caller: desk.admin.calls.update_user_permissions(caller, CID, "ann", ["send-audio"]),
        ("UpdateCallPermissions",),
    ),
    "create": (change(NEW), ("CreateCall",)),
    "create with extras": (change(NEW, custom={"a": 1}, starts_at=1, members=(ANN, BOB)), ("CreateCall",)),
    "create naming itself": (change(NEW, created_by_id="ann"), ("CreateCall",)),
    "create with settings": (
        change(NEW, settings={"video.enabled": True}),
        ("CreateCall", "UpdateCallSettings"),
    ),
    "create with the default role": (
        change(NEW, members=(CallMemberChange("ann", role="call-member"),)),
        ("CreateCall",),
    ),
    "create with a host": (
        change(NEW, members=(CallMemberChange("ann", role="host"),)),
        ("CreateCall", "UpdateCallMemberRole"),
    ),
    "touch": (change(), ("ReadCall",)),
    "change custom": (change(custom={}), ("ReadCall", "UpdateCall")),
    "change start": (change(starts_at=None), ("ReadCall", "UpdateCall")),
    "change settings": (change(settings={"video.enabled": True}), ("ReadCall", "UpdateCallSettings")),
    "upsert a new member": (change(members=(BOB,)), ("ReadCall", "UpdateCallMember")),
    "upsert a member as it is": (change(members=(ANN,)), ("ReadCall",)),
    "upsert a host": (
        change(members=(CallMemberChange("bob", role="host"),)),
        ("ReadCall", "UpdateCallMember", "UpdateCallMemberRole"),
    ),
    "add a member": (members(BOB), ("UpdateCallMember",)),
    "change a member": (members(custom("ann")), ("UpdateCallMember",)),
    "change a member's role": (members(CallMemberChange("ann", role="host")), ("UpdateCallMemberRole",)),
    "keep a member's role": (members(CallMemberChange("ann", role="call_member")), ("ReadCall",)),
    "add a host": (
        members(CallMemberChange("bob", role="host")),
        ("UpdateCallMember", "UpdateCallMemberRole"),
    ),
    "remove a member": (members(removals=("cyd",)), ("RemoveCallMember",)),
    "leave": (members(removals=("ann",)), ("RemoveCallMember",)),
    "add and remove": (members(BOB, removals=("cyd",)), ("UpdateCallMember", "RemoveCallMember")),
}

PERMISSION = {
    "ReadCall": "read-call",
    "CreateCall": "create-call",
    "DeleteCall": "delete-call",
    "UpdateCall": "update-call",
    "EndCall": "end-call",
    "BlockUser": "block-user",
    "UpdateCallPermissions": "update-call-permissions",
    "UpdateCallSettings": "update-call-settings",
    "UpdateCallMember": "update-call-member",
    "UpdateCallMemberRole": "update-call-member-role",
    "RemoveCallMember": "remove-call-member",
}


@pytest.fixture
async def bare(desk: Desk) -> Desk:
    """A call of a type that grants `user` nothing; ann and cyd are members."""
    await desk.make_users("ann", "bob", "cyd")
    await desk.admin.call_types.upsert(desk.server, TypeChange("bare", grants={"user": (), "call_member": ()}))
    await desk.make_call(CID, members=("ann", "cyd"))
    return desk


async def grant(desk: Desk, *actions: str, role: str = "user", suffix: str = "") -> None:
    permissions = tuple(PERMISSION[action] + suffix for action in actions)
    await desk.admin.call_types.upsert(desk.server, TypeChange("bare", grants={role: permissions}))


@pytest.mark.parametrize("role", [{}, {"role": "call_member"}, {"role": "host"}, {"custom": {}}])
async def test_refusals_do_not_tell_who_is_a_member(bare: Desk, role: dict[str, Any]) -> None:
    told = set()
    for user_id in ("ann", "bob", "cyd", "nobody"):
        for operation in (members(CallMemberChange(user_id, **role)), members(removals=(user_id,))):
            with pytest.raises(Forbidden) as caught:
                await operation(bare, bare.user("bob"))
            told.add(caught.value.metadata["action"])
    assert told == {"UpdateCallMemberRole" if "role" in role else "UpdateCallMember", "RemoveCallMember"}


@pytest.mark.parametrize("name", OPERATIONS)
async def test_an_operation_takes_exactly_its_actions(bare: Desk, name: str) -> None:
    operation, actions = OPERATIONS[name]
    before = await bare.revision()
    for missing in actions:
        await grant(bare, *(set(PERMISSION) - {missing}))
        before = await bare.revision()
        with denied(missing, "video:bare"):
            await operation(bare, bare.user("ann"))
        assert await bare.revision() == before
    await grant(bare, *actions)
    await operation(bare, bare.user("ann"))


@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_server_takes_none(bare: Desk, name: str) -> None:
    await OPERATIONS[name][0](bare, bare.server)


async def test_the_refusal_reads_as_stream_words_it(bare: Desk) -> None:
    with pytest.raises(Forbidden) as caught:
        await bare.admin.calls.end(bare.user("ann"), CID)
    assert caught.value.message == (
        "User 'ann' with roles ['user', 'call_member'] is not allowed to perform action EndCall in scope 'video:bare'"
    )
    with pytest.raises(Forbidden) as caught:
        await bare.admin.calls.end(bare.user("bob"), CID)
    assert caught.value.message == (
        "User 'bob' with role 'user' is not allowed to perform action EndCall in scope 'video:bare'"
    )


class TestWhatCounts:
    async def test_membership(self, bare: Desk) -> None:
        await grant(bare, "EndCall", role="call_member")
        with denied("EndCall", "video:bare"):
            await bare.admin.calls.end(bare.user("bob"), CID)
        await bare.admin.calls.end(bare.user("ann"), CID)

    async def test_ownership(self, bare: Desk) -> None:
        await bare.make_call(CID, owner="bob")
        await grant(bare, "EndCall", suffix="-owner")
        with denied("EndCall", "video:bare", "OWNER_ONLY"):
            await bare.admin.calls.end(bare.user("ann"), CID)
        await bare.admin.calls.end(bare.user("bob"), CID)

    async def test_a_creator_owns_what_it_creates(self, bare: Desk) -> None:
        await grant(bare, "CreateCall", "UpdateCallSettings", suffix="-owner")
        result = await bare.admin.calls.upsert(bare.user("ann"), CallChange(NEW, settings={"video.enabled": False}))
        assert result.call.record.created_by_id == "ann"

    async def test_a_token_for_the_call(self, bare: Desk) -> None:
        await grant(bare, "EndCall", "CreateCall", role="host")
        caller = bare.user("bob", call_cids=(CID, NEW), role="host")
        await bare.admin.calls.end(caller, CID)
        await bare.admin.calls.upsert(caller, CallChange(NEW))
        other = bare.user("bob", call_cids=("bare:other",), role="host")
        with denied("EndCall", "video:bare"):
            await bare.admin.calls.end(other, CID)
        with denied("CreateCall", "video:bare"):
            await bare.admin.calls.upsert(other, CallChange("bare:another"))

    async def test_a_token_with_a_role_that_does_not_exist_adds_nothing(self, bare: Desk) -> None:
        caller = bare.user("bob", call_cids=(NEW,), role="speaker")
        with denied("CreateCall", "video:bare"):
            await bare.admin.calls.upsert(caller, CallChange(NEW))

    async def test_a_block(self, bare: Desk) -> None:
        await grant(bare, "ReadCall", "BlockUser")
        await bare.admin.calls.block(bare.server, CID, "ann")
        with denied("ReadCall", "video:bare", "BLOCKED"):
            await bare.admin.calls.get(bare.user("ann"), CID)
        with denied("BlockUser", "video:bare", "BLOCKED"):
            await bare.admin.calls.unblock(bare.user("ann"), CID, "ann")

    async def test_grants_and_revokes_of_the_user(self, bare: Desk) -> None:
        await bare.admin.calls.update_user_permissions(bare.server, CID, "ann", ["end-call"])
        await bare.admin.calls.end(bare.user("ann"), CID)
        await bare.admin.calls.update_user_permissions(bare.server, CID, "ann", [], ["end-call"])
        with denied("EndCall", "video:bare", "USER_REVOKED"):
            await bare.admin.calls.end(bare.user("ann"), CID)

    async def test_a_ban(self, bare: Desk) -> None:
        await grant(bare, "ReadCall")
        await bare.admin.users.upsert(bare.server, [UserChange("ann", banned=True)])
        with denied("ReadCall", "video:bare", "BANNED"):
            await bare.admin.calls.get(bare.user("ann"), CID)

    async def test_a_user_that_does_not_exist_may_nothing(self, bare: Desk) -> None:
        await grant(bare, "CreateCall")
        with denied("CreateCall", "video:bare", "UNKNOWN_USER"):
            await bare.admin.calls.upsert(bare.user("eve"), CallChange(NEW))

    async def test_checks_that_are_off_allow_but_create_no_users(self, bare: Desk) -> None:
        await bare.admin.apps.update(bare.server, AppChange(disable_permissions_checks=True))
        await bare.admin.calls.end(bare.user("bob"), CID)
        with refused(InvalidInput, field="created_by_id", reason="UNKNOWN_USER"):
            await bare.admin.calls.upsert(bare.user("eve"), CallChange(NEW))


class TestServerOnly:
    @pytest.fixture
    async def mine(self, bare: Desk) -> Desk:
        """All is allowed to ann, and the call is hers."""
        await bare.make_call(CID, owner="ann", team="red")
        await grant(bare, *PERMISSION)
        return bare

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"cid": NEW, "created_by_id": "bob"}, "created_by_id"),
            ({"created_by_id": "bob"}, "created_by_id"),
            ({"created_by_id": ""}, "created_by_id"),
            ({"team": "blue"}, "team"),
            ({"team": ""}, "team"),
        ],
    )
    async def test_whose_a_call_is(self, mine: Desk, fields: dict[str, Any], field: str) -> None:
        before = await mine.revision()
        with refused(Forbidden, field=field, reason="SERVER_SIDE_ONLY"):
            await mine.admin.calls.upsert(mine.user("ann"), CallChange(**{"cid": CID, **fields}))
        assert await mine.revision() == before
        await mine.admin.calls.upsert(mine.server, CallChange(**{"cid": CID, **fields}))

    async def test_naming_what_it_is_already_changes_nothing(self, mine: Desk) -> None:
        before = await mine.revision()
        result = await mine.admin.calls.upsert(mine.user("ann"), CallChange(CID, created_by_id="ann", team="red"))
        assert result.revision == before

    async def test_nobody_takes_a_call_over(self, mine: Desk) -> None:
        with refused(Forbidden, field="created_by_id"):
            await mine.admin.calls.upsert(mine.user("bob"), CallChange(CID, created_by_id="bob"))

    async def test_nobody_blocks_itself(self, mine: Desk) -> None:
        with refused(InvalidInput, field="user_id"):
            await mine.admin.calls.block(mine.user("ann"), CID, "ann")


class TestTeams:
    @pytest.fixture
    async def teams(self, bare: Desk) -> Desk:
        await bare.admin.apps.update(bare.server, AppChange(multi_tenant_enabled=True))
        await bare.admin.users.upsert(bare.server, [UserChange("ann", teams=("red", "green"))])
        await grant(bare, *PERMISSION)
        return bare

    async def test_a_user_creates_in_its_own_teams(self, teams: Desk) -> None:
        ann, calls = teams.user("ann"), teams.admin.calls
        assert (await calls.upsert(ann, CallChange("bare:1", team="green"))).call.record.team == "green"
        with denied("CreateCall", "video:bare", "OTHER_TEAM"):
            await calls.upsert(ann, CallChange("bare:2", team="blue"))
        with denied("CreateCall", "video:bare", "OTHER_TEAM"):
            await calls.upsert(ann, CallChange("bare:3"))
        await calls.upsert(teams.user("bob"), CallChange("bare:4"))

    async def test_across_teams_it_still_is_no_stranger_that_creates(self, teams: Desk) -> None:
        await grant(teams, "CreateCall", suffix="-any-team")
        with refused(Forbidden, field="team", reason="OTHER_TEAM"):
            await teams.admin.calls.upsert(teams.user("ann"), CallChange("bare:2", team="blue"))
        await teams.admin.calls.upsert(teams.user("ann"), CallChange("bare:3"))

    async def test_a_list_holds_what_may_be_read(self, teams: Desk) -> None:
        await teams.make_call("bare:red", team="red")
        await teams.make_call("bare:blue", team="blue")
        listed = await teams.admin.calls.list(teams.user("ann"), Page())
        assert [view.record.cid for view in listed.items] == ["bare:red"]
        listed = await teams.admin.calls.list(teams.user("bob"), Page())
        assert [view.record.cid for view in listed.items] == [CID]
        assert len((await teams.admin.calls.list(teams.server, Page())).items) == 3


async def test_a_filtered_list_goes_on_over_empty_pages(bare: Desk) -> None:
    await grant(bare, "ReadCall", role="call_member")
    for name in ("a", "b", "c"):
        await bare.make_call(f"bare:{name}")
    page = await bare.admin.calls.list(bare.user("ann"), Page(2))
    assert page.items == ()
    page = await bare.admin.calls.list(bare.user("ann"), Page(2, page.next_page_token))
    assert [view.record.cid for view in page.items] == [CID]
    assert page.next_page_token == ""


async def test_own_capabilities_are_the_callers(bare: Desk) -> None:
    await grant(bare, "ReadCall", "CreateCall", "UpdateCall")
    await grant(bare, "EndCall", role="call_member")
    ann = (await bare.admin.calls.get(bare.user("ann"), CID)).own_capabilities
    assert ann == ("create-call", "end-call", "read-call", "update-call")
    bob = (await bare.admin.calls.upsert(bare.user("bob"), CallChange(CID))).own_capabilities
    assert bob == ("create-call", "read-call", "update-call")
    joined = CallChange(NEW, members=(BOB,))
    assert "end-call" in (await bare.admin.calls.upsert(bare.user("bob"), joined)).own_capabilities


async def test_what_does_not_exist_is_not_found_whatever_the_role(bare: Desk) -> None:
    for operation in (bare.admin.calls.get, bare.admin.calls.delete, bare.admin.calls.end):
        with refused(NotFound, reason="CALL_NOT_FOUND"):
            await operation(bare.user("bob"), "bare:nothing")
    with refused(InvalidInput, field="cid", reason="UNKNOWN_TYPE"):
        await bare.admin.calls.upsert(bare.user("bob"), CallChange("nonsense:x"))


async def test_who_may_not_learns_not_who_exists(bare: Desk) -> None:
    with denied("UpdateCallMember", "video:bare"):
        await bare.admin.calls.update_members(bare.user("ann"), CID, [CallMemberChange("nobody")], [])
    with denied("BlockUser", "video:bare"):
        await bare.admin.calls.block(bare.user("ann"), CID, "nobody")
