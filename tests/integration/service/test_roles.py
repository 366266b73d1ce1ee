from __future__ import annotations

import pytest

from rolecall.domain.errors import AlreadyExists, Forbidden, InvalidInput, NotFound, OverLimit, Precondition
from rolecall.domain.records import PolicyRecord
from rolecall.domain.roles import BUILT_IN
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.changes import AppChange, Page, TypeChange
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange, ChannelOverrides
from rolecall.service.administration.users.values import UserChange
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import refused


async def test_lists_built_in_and_custom_roles_by_name_with_their_scopes(desk: Desk) -> None:
    created, revision = await desk.admin.roles.create(desk.server, "Speaker")
    await desk.admin.call_types.upsert(desk.server, TypeChange("default", grants={"Speaker": ("send-audio",)}))
    await desk.admin.channel_types.upsert(desk.server, TypeChange("team", grants={"Speaker": ("read-channel",)}))
    listing = await desk.admin.roles.list(desk.server, Page())
    names = [role.name for role in listing.items]
    assert names == sorted([*BUILT_IN, "Speaker"])
    assert listing.next_page_token == ""
    assert listing.revision == revision + 2
    by_name = {role.name: role for role in listing.items}
    assert by_name["Speaker"].custom
    assert by_name["Speaker"].scopes == ("team", "video:default")
    assert by_name["Speaker"].created_at == created.created_at > 0
    assert not by_name["user"].custom
    assert by_name["user"].scopes[0] == ".app"
    assert by_name["user"].created_at == desk.app.created_at
    assert ".app" not in by_name["anonymous"].scopes  # its list there is empty


async def test_creating_makes_one_revision_and_the_role_can_be_used(desk: Desk) -> None:
    before = await desk.revision()
    role, revision = await desk.admin.roles.create(desk.server, "speaker")
    assert (role.name, role.custom, role.scopes) == ("speaker", True, ())
    assert revision == before + 1
    assert desk.index.app(desk.app.id).revision == revision
    await desk.make_users("ann", role="speaker")


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "é"])
async def test_a_malformed_name_is_refused(desk: Desk, name: str) -> None:
    with refused(InvalidInput, field="name"):
        await desk.admin.roles.create(desk.server, name)
    with refused(InvalidInput, field="name"):
        await desk.admin.roles.delete(desk.server, name)


@pytest.mark.parametrize("name", ["admin", "call_member", "call-member", "speaker"])
async def test_a_name_that_is_taken_is_refused(desk: Desk, name: str) -> None:
    await desk.admin.roles.create(desk.server, "speaker")
    with refused(AlreadyExists, field="name"):
        await desk.admin.roles.create(desk.server, name)


async def test_the_number_of_custom_roles_is_bounded(desk: Desk) -> None:
    for name in ("a", "b", "c"):
        await desk.admin.roles.create(desk.server, name)
    with refused(OverLimit, text="at most 3"):
        await desk.admin.roles.create(desk.server, "d")
    await desk.admin.roles.delete(desk.server, "a")
    await desk.admin.roles.create(desk.server, "d")


async def test_deleting_what_is_built_in_or_unknown_is_refused(desk: Desk) -> None:
    with refused(Precondition, reason="ROLE_BUILT_IN"):
        await desk.admin.roles.delete(desk.server, "guest")
    with refused(NotFound, reason="ROLE_NOT_FOUND"):
        await desk.admin.roles.delete(desk.server, "speaker")


async def use_as_user_role(desk: Desk) -> None:
    await desk.make_users("ann", role="speaker")


async def use_as_team_role(desk: Desk) -> None:
    await desk.admin.users.upsert(desk.server, [UserChange("ann", teams_role={"red": "speaker"})])


async def use_in_a_scope(desk: Desk) -> None:
    await desk.admin.call_types.upsert(desk.server, TypeChange("default", grants={"speaker": ("send-audio",)}))


async def use_in_a_call(desk: Desk) -> None:
    await desk.make_users("ann")
    members = (CallMemberChange("ann", role="speaker"),)
    await desk.admin.calls.upsert(desk.server, CallChange("default:x", members=members))


async def use_in_a_channel(desk: Desk) -> None:
    await desk.make_users("ann")
    members = (ChannelMemberChange("ann", channel_role="speaker"),)
    await desk.admin.channels.upsert(desk.server, ChannelChange("team:x", members=members))


async def use_in_overrides(desk: Desk) -> None:
    overrides = ChannelOverrides({"speaker": ("!add-links",)})
    await desk.admin.channels.upsert(desk.server, ChannelChange("team:x", overrides=overrides))


async def use_in_a_policy(desk: Desk) -> None:
    policies = (PolicyRecord("speakers", 5, ("*",), ("user", "speaker"), allow=False),)
    await desk.admin.channel_types.upsert(desk.server, TypeChange("team", policies=policies))


async def use_in_the_app(desk: Desk) -> None:
    await desk.admin.apps.update(desk.server, AppChange(user_search_disallowed_roles=("speaker",)))


@pytest.mark.parametrize(
    ("use", "names", "holder"),
    [
        (use_as_user_role, "user `ann`", ("user", "ann")),
        (use_as_team_role, "user `ann`", ("user", "ann")),
        (use_in_a_scope, "scope `video:default`", ("scope", "video:default")),
        (use_in_a_call, "call `default:x`", ("call", "default:x")),
        (use_in_a_channel, "channel `team:x`", ("channel", "team:x")),
        (use_in_overrides, "channel `team:x`", ("channel", "team:x")),
        (use_in_a_policy, "a policy of channel type `team` names it", ("channel type", "team")),
        (use_in_the_app, "`user_search_disallowed_roles`", ("app", "acme")),
    ],
)
async def test_a_role_in_use_stays_and_the_error_names_its_user(
    desk: Desk, use: object, names: str, holder: tuple[str, str]
) -> None:
    await desk.admin.roles.create(desk.server, "speaker")
    assert callable(use)
    await use(desk)
    with refused(Precondition, field="name", reason="ROLE_IN_USE", text=names) as caught:
        await desk.admin.roles.delete(desk.server, "speaker")
    assert (caught.value.metadata["kind"], caught.value.metadata["holder"]) == holder


async def test_a_deleted_role_leaves_no_cleared_list_behind(desk: Desk) -> None:
    await desk.admin.roles.create(desk.server, "speaker")
    await desk.admin.call_types.upsert(desk.server, TypeChange("mine", grants={"speaker": ("send-audio",)}))
    await desk.admin.call_types.upsert(desk.server, TypeChange("mine", grants={"speaker": ()}))
    before = await desk.revision()
    assert await desk.admin.roles.delete(desk.server, "speaker") == before + 1
    record, _ = await desk.admin.call_types.get(desk.server, "mine")
    assert "speaker" not in record.grants
    await desk.admin.call_types.upsert(desk.server, TypeChange("mine", grants=record.grants))  # sent back as read


async def test_every_scope_counts_however_many_there_are(desk: Desk) -> None:
    await desk.admin.roles.create(desk.server, "speaker")
    for number in range(100):
        await desk.admin.call_types.upsert(
            desk.server, TypeChange(f"t{number:02}", grants={"speaker": ("send-audio",)})
        )
    by_name = {role.name: role for role in (await desk.admin.roles.list(desk.server, Page())).items}
    assert by_name["speaker"].scopes == tuple(f"video:t{number:02}" for number in range(100))


async def test_users_may_not(desk: Desk) -> None:
    await desk.make_users("root", role="admin")
    root = desk.user("root")
    with refused(Forbidden, reason="SERVER_SIDE_ONLY", text="`root`"):
        await desk.admin.roles.list(root, Page())
    with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
        await desk.admin.roles.create(root, "speaker")
    with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
        await desk.admin.roles.delete(root, "speaker")
