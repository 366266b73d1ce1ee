"""Permissions of the app's own: making, changing and deleting them, and grants that name them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rolecall.domain.decision import Decision, Reason
from rolecall.domain.errors import (
    AlreadyExists,
    Forbidden,
    InvalidInput,
    NotFound,
    OverLimit,
    Precondition,
    UnknownPermission,
)
from rolecall.service.administration.calls.values import CallChange
from rolecall.service.administration.changes import Page, PermissionChange, PermissionFilter, PermissionView, TypeChange
from rolecall.service.administration.channels.values import ChannelChange, ChannelOverrides
from rolecall.service.administration.users.values import UserChange
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import refused

CONDITION = {"$subject.age": {"$gte": 18}}


async def create(desk: Desk, permission_id: str, action: str = "SendAudio", **fields: Any) -> PermissionView:
    return (await desk.admin.permissions.create(desk.server, PermissionChange(permission_id, action=action, **fields)))[
        0
    ]


async def update(desk: Desk, permission_id: str, **fields: Any) -> PermissionView:
    return (await desk.admin.permissions.update(desk.server, PermissionChange(permission_id, **fields)))[0]


async def custom(desk: Desk) -> list[PermissionView]:
    return list((await desk.admin.permissions.list(desk.server, PermissionFilter(custom=True), Page())).items)


# --- creating --------------------------------------------------------------------------------------------------------


async def test_one_with_nothing_but_an_action_is_the_narrow_one(desk: Desk) -> None:
    before = await desk.revision()
    made, revision = await desk.admin.permissions.create(desk.server, PermissionChange("talk", action="SendAudio"))
    assert revision == before + 1 == await desk.revision()
    assert (made.id, made.name, made.description, made.action.name) == ("talk", "talk", "", "SendAudio")
    assert (made.owner, made.same_team, made.custom, made.condition) == (False, True, True, {})
    assert await desk.admin.permissions.get(desk.server, "talk") == (made, revision)


async def test_one_comes_back_as_it_was_sent(desk: Desk) -> None:
    made = await create(
        desk,
        "delete-as-adult",
        "DeleteChannel",
        name="Delete as an adult",
        description="Zoë's ☃",
        owner=True,
        same_team=False,
        condition=CONDITION,
    )
    assert (made.name, made.description) == ("Delete as an adult", "Zoë's ☃")
    assert (made.owner, made.same_team, made.condition) == (True, False, CONDITION)
    assert (made.action.level, made.action.owner_resource) == ("channel", "Channel")
    assert (await desk.admin.permissions.get(desk.server, "delete-as-adult"))[0] == made


async def test_roles_in_a_condition_come_back_in_their_canonical_spelling(desk: Desk) -> None:
    made = await create(desk, "talk", condition={"$subject.role": {"$in": ["call-member", "host"]}})
    assert made.condition == {"$subject.role": {"$in": ["call_member", "host"]}}


LONG = "x" * 101
BAD: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no id": ({"id": ""}, InvalidInput, "id"),
    "id of 256 bytes": ({"id": "x" * 256}, InvalidInput, "id"),
    "id with a newline": ({"id": "a\nb"}, InvalidInput, "id"),
    "id that takes away": ({"id": "!mine"}, InvalidInput, "id"),
    "lone surrogate in the id": ({"id": "a\ud800"}, InvalidInput, "id"),
    "built-in id": ({"id": "send-audio-owner"}, AlreadyExists, "id"),
    "taken id": ({"id": "taken"}, AlreadyExists, "id"),
    "built-in name": ({"name": "Send Audio (owner)"}, AlreadyExists, "name"),
    "taken name": ({"name": "Taken"}, AlreadyExists, "name"),
    "an id for a name that is taken": ({"id": "Taken"}, AlreadyExists, "name"),
    "name of 101 characters": ({"name": LONG}, InvalidInput, "name"),
    "name with a control character": ({"name": "a\0"}, InvalidInput, "name"),
    "lone surrogate in the name": ({"name": "a\ud800"}, InvalidInput, "name"),
    "description of 2,049 characters": ({"description": "x" * 2_049}, InvalidInput, "description"),
    "description with a control character": ({"description": "a\x7f"}, InvalidInput, "description"),
    "no action": ({"action": ""}, InvalidInput, "action"),
    "unknown action": ({"action": "SendAudi"}, InvalidInput, "action"),
    "permission for an action": ({"action": "send-audio"}, InvalidInput, "action"),
    "condition on nothing": ({"condition": {"age": 1}}, InvalidInput, "condition.age"),
    "unknown operator": (
        {"condition": {"$and": [CONDITION, {"$subject.age": {"$gr": 1}}]}},
        InvalidInput,
        "condition.$and[1].$subject.age.$gr",
    ),
}


@pytest.mark.parametrize(("fields", "kind", "field"), BAD.values(), ids=BAD)
async def test_what_is_wrong_is_refused_with_its_field_and_nothing_is_made(
    desk: Desk, fields: dict[str, Any], kind: Any, field: str
) -> None:
    await create(desk, "taken", name="Taken")
    before = await desk.revision()
    with refused(kind, field=field):
        await desk.admin.permissions.create(
            desk.server, PermissionChange(**{"id": "fresh", "action": "SendAudio"} | fields)
        )
    assert [view.id for view in await custom(desk)] == ["taken"]
    assert await desk.revision() == before


async def test_an_action_that_is_missing_altogether_is_refused(desk: Desk) -> None:
    with refused(InvalidInput, field="action", text="is required"):
        await desk.admin.permissions.create(desk.server, PermissionChange("fresh"))


async def test_an_unknown_action_suggests_what_was_meant(desk: Desk) -> None:
    with refused(InvalidInput, text="`SendAudio`"):
        await create(desk, "fresh", "SendAudioo")


async def test_what_is_just_allowed(desk: Desk) -> None:
    await create(desk, "x" * 255)  # which is its name as well
    await create(desk, "é" * 100, name="☃" * 100, description="é" * 2_048)
    assert [len(view.name) for view in await custom(desk)] == [255, 100]


async def test_there_are_no_more_than_the_limit(desk: Desk) -> None:
    for number in range(3):
        await create(desk, f"mine-{number}")
    with refused(OverLimit, field="id", text="at most 3"):
        await create(desk, "mine-3")
    with refused(AlreadyExists):  # said first: making room would not help
        await create(desk, "mine-1")
    await update(desk, "mine-1", owner=True)
    await desk.admin.permissions.delete(desk.server, "mine-1")
    await create(desk, "mine-3")


# --- changing --------------------------------------------------------------------------------------------------------


async def test_what_is_not_sent_stays(desk: Desk) -> None:
    made = await create(desk, "talk", name="Talk", description="d", owner=True, same_team=False, condition=CONDITION)
    before = await desk.revision()
    same, revision = await desk.admin.permissions.update(desk.server, PermissionChange("talk"))
    assert (same, revision) == (made, before), "nothing was written"
    changed = await update(desk, "talk", action="SendVideo")
    assert changed.action.name == "SendVideo"
    assert (changed.name, changed.description, changed.owner) == ("Talk", "d", True)
    assert (changed.same_team, changed.condition) == (False, CONDITION)
    assert await desk.revision() == before + 1


async def test_what_is_sent_empty_is_cleared(desk: Desk) -> None:
    await create(desk, "talk", name="Talk", description="d", owner=True, condition=CONDITION)
    changed = await update(desk, "talk", name="", description="", owner=False, condition={})
    assert (changed.name, changed.description, changed.owner, changed.condition) == ("talk", "", False, {})


async def test_a_name_of_its_own_is_not_taken(desk: Desk) -> None:
    await create(desk, "talk", name="Talk")
    await update(desk, "talk", name="Talk", owner=True)


@pytest.mark.parametrize(
    ("fields", "kind", "field"),
    [
        ({"name": "Taken"}, AlreadyExists, "name"),
        ({"name": "Send Audio"}, AlreadyExists, "name"),
        ({"name": LONG}, InvalidInput, "name"),
        ({"description": "x" * 2_049}, InvalidInput, "description"),
        ({"action": ""}, InvalidInput, "action"),
        ({"action": "Send"}, InvalidInput, "action"),
        ({"condition": {"$subject.age": {}}}, InvalidInput, "condition.$subject.age"),
        ({"condition": []}, InvalidInput, "condition"),
    ],
)
async def test_a_bad_change_changes_nothing(desk: Desk, fields: dict[str, Any], kind: Any, field: str) -> None:
    await create(desk, "taken", name="Taken")
    made = await create(desk, "talk")
    before = await desk.revision()
    with refused(kind, field=field):
        await update(desk, "talk", owner=True, **fields)
    assert (await desk.admin.permissions.get(desk.server, "talk")) == (made, before)


async def test_only_what_is_there_and_not_built_in_is_changed_or_deleted(desk: Desk) -> None:
    await create(desk, "talk-loudly")
    permissions = desk.admin.permissions
    for wrong, kind, reason in (
        ("send-audio", Precondition, "PERMISSION_BUILT_IN"),
        ("talk-loudli", NotFound, "PERMISSION_NOT_FOUND"),
        ("", InvalidInput, "INVALID_FIELD"),
    ):
        text = "`talk-loudly`" if kind is NotFound else ""
        with refused(kind, field="id", reason=reason, text=text):
            await update(desk, wrong, owner=True)
        with refused(kind, field="id", reason=reason, text=text):
            await permissions.delete(desk.server, wrong)


# --- lists -----------------------------------------------------------------------------------------------------------


async def test_the_list_is_one_whoever_made_them(desk: Desk) -> None:
    await create(desk, "send-audio-loudly")
    await create(desk, "a-first", "SearchUser")
    await create(desk, "ünder", "CreateMessage")
    listing = await desk.admin.permissions.list(desk.server, PermissionFilter(), Page(1_000))
    ids = [view.id for view in listing.items]
    assert ids == sorted(ids)
    assert len(ids) == 488 + 3
    assert ids[ids.index("send-audio-any-team") + 1] == "send-audio-loudly"
    pages: list[str] = []
    token = ""
    while token or not pages:
        page = await desk.admin.permissions.list(desk.server, PermissionFilter(), Page(50, token))
        pages += [view.id for view in page.items]
        token = page.next_page_token
    assert pages == ids


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({"custom": True}, ["delete", "search", "talk"]),
        ({"custom": True, "product": "video"}, ["talk"]),
        ({"custom": True, "level": "app"}, ["search"]),
        ({"custom": True, "action": "DeleteMessage"}, ["delete"]),
        ({"custom": True, "action": "SendVideo"}, []),
        (
            {"action": "SendAudio"},
            ["send-audio", "send-audio-any-team", "send-audio-owner", "send-audio-owner-any-team", "talk"],
        ),
        ({"action": "SendAudio", "custom": False, "product": "chat"}, []),
    ],
)
async def test_filters_narrow_custom_ones_too(desk: Desk, wanted: dict[str, Any], ids: list[str]) -> None:
    await create(desk, "talk", "SendAudio")
    await create(desk, "search", "SearchUser")
    await create(desk, "delete", "DeleteMessage")
    listing = await desk.admin.permissions.list(desk.server, PermissionFilter(**wanted), Page())
    assert [view.id for view in listing.items] == ids


async def test_a_page_token_counts_for_its_filter_only(desk: Desk) -> None:
    for permission_id in ("a", "b"):
        await create(desk, permission_id)
    first = await desk.admin.permissions.list(desk.server, PermissionFilter(custom=True), Page(1))
    assert [view.id for view in first.items] == ["a"]
    with refused(InvalidInput, field="page_token"):
        await desk.admin.permissions.list(desk.server, PermissionFilter(), Page(1, first.next_page_token))
    rest = await desk.admin.permissions.list(desk.server, PermissionFilter(custom=True), Page(1, first.next_page_token))
    assert ([view.id for view in rest.items], rest.next_page_token) == (["b"], "")


# --- grants ----------------------------------------------------------------------------------------------------------


async def in_a_call_type(desk: Desk, *names: str) -> None:
    await desk.admin.call_types.upsert(desk.server, TypeChange("default", grants={"guest": names}))


async def in_a_channel_type(desk: Desk, *names: str) -> None:
    await desk.admin.channel_types.upsert(desk.server, TypeChange("messaging", grants={"guest": names}))


async def in_an_override(desk: Desk, *names: str) -> None:
    overrides = ChannelOverrides({"guest": names})
    await desk.admin.channels.upsert(desk.server, ChannelChange("messaging:x", overrides=overrides))


async def taken_away(desk: Desk, *names: str) -> None:
    await in_an_override(desk, *(f"!{name}" for name in names))


PLACES = {
    "call type": (in_a_call_type, "the grants of scope `video:default`", "grants.guest"),
    "channel type": (in_a_channel_type, "the grants of scope `messaging`", "grants.guest"),
    "channel": (in_an_override, "the grants of channel `messaging:x`", "config_overrides.grants.guest"),
    "taken away": (taken_away, "the grants of channel `messaging:x`", "config_overrides.grants.guest"),
}


@pytest.mark.parametrize(("grant", "where", "field"), PLACES.values(), ids=PLACES)
async def test_grants_name_custom_permissions_and_keep_them(
    desk: Desk, grant: Callable[..., Awaitable[None]], where: str, field: str
) -> None:
    with refused(UnknownPermission, field=field):
        await grant(desk, "talk")
    await create(desk, "talk")
    await grant(desk, "talk", "send-audio")
    before = await desk.revision()
    with refused(Precondition, field="id", reason="PERMISSION_IN_USE", text=where):
        await desk.admin.permissions.delete(desk.server, "talk")
    assert await desk.revision() == before
    with refused(UnknownPermission, field=field, text="`talk`"):
        await grant(desk, "talc")
    await grant(desk)
    assert await desk.admin.permissions.delete(desk.server, "talk") == before + 2
    with refused(NotFound, reason="PERMISSION_NOT_FOUND"):
        await desk.admin.permissions.get(desk.server, "talk")
    with refused(UnknownPermission, field=field):
        await grant(desk, "talk")


async def test_an_answer_names_the_permission_and_a_change_of_it_counts_at_once(desk: Desk) -> None:
    await desk.make_users("gil", role="guest")
    await desk.make_call("default:x")
    await create(desk, "talk")
    await in_a_call_type(desk, "talk")
    granted = Decision(True, Reason.ROLE_GRANT, "guest", "talk")
    assert await desk.decide("gil", "send-audio", call="default:x") == granted
    assert await desk.decide("gil", "talk", call="default:x") == granted, "its id asks for its action"
    await update(desk, "talk", condition={"$subject.age": {"$gte": 18}})
    assert not (await desk.decide("gil", "send-audio", call="default:x")).allowed
    await desk.admin.users.upsert(desk.server, [UserChange("gil", custom={"age": 18})])
    assert await desk.decide("gil", "send-audio", call="default:x") == granted
    await update(desk, "talk", condition={"$resource.custom.open": True})
    assert not (await desk.decide("gil", "send-audio", call="default:x")).allowed
    await desk.admin.calls.upsert(desk.server, CallChange("default:x", custom={"open": True}))
    assert await desk.decide("gil", "send-audio", call="default:x") == granted
    await update(desk, "talk", action="SendVideo")
    assert not (await desk.decide("gil", "send-audio", call="default:x")).allowed
    assert await desk.decide("gil", "send-video", call="default:x") == granted
    await update(desk, "talk", owner=True, condition={})
    assert (await desk.decide("gil", "send-video", call="default:x")).reason is Reason.OWNER_ONLY


async def test_a_channel_gives_and_takes_exactly_the_id(desk: Desk) -> None:
    await desk.make_users("gil", role="guest")
    await create(desk, "speak", "CreateMessage")
    await in_a_channel_type(desk, "speak")
    await desk.make_channel("messaging:x")
    assert (await desk.decide("gil", "send-message", channel="messaging:x")).permission == "speak"
    await in_an_override(desk, "!create-message")
    assert (await desk.decide("gil", "send-message", channel="messaging:x")).allowed
    await in_an_override(desk, "!speak")
    assert not (await desk.decide("gil", "send-message", channel="messaging:x")).allowed
    assert (await desk.decide("gil", "send-message", channel="messaging:y")).allowed


async def test_one_both_given_and_taken_is_refused(desk: Desk) -> None:
    await create(desk, "speak", "CreateMessage")
    with refused(InvalidInput, field="config_overrides.grants.guest", text="`speak`"):
        await in_an_override(desk, "speak", "!speak")


async def test_users_may_not(desk: Desk) -> None:
    await desk.make_users("root", role="admin")
    root, permissions = desk.user("root"), desk.admin.permissions
    with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
        await permissions.create(root, PermissionChange("mine", action="SendAudio"))
    with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
        await permissions.update(root, PermissionChange("send-audio"))
    with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
        await permissions.delete(root, "send-audio")
