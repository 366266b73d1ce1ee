from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain.builtin import call_types, channel_types
from rolecall.domain.errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    Precondition,
    RevisionConflict,
    UnknownPermission,
    UnknownRole,
)
from rolecall.service.administration.changes import Page, TypeChange
from rolecall.service.administration.types import Types
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import refused

KINDS = ("call", "channel")
DEFAULTS: dict[str, tuple[Any, Any]] = {
    "call": (call_types.GRANTS, call_types.SETTINGS),
    "channel": (channel_types.GRANTS, channel_types.CONFIG),
}
ORIGIN = {"call": "default", "channel": "messaging"}
FIELD = {"call": "settings", "channel": "config"}
SETTING: dict[str, tuple[str, Any]] = {"call": ("video.enabled", False), "channel": ("uploads", False)}


def types_of(desk: Desk, kind: str) -> Types:
    return desk.admin.call_types if kind == "call" else desk.admin.channel_types


def scope_of(kind: str, name: str) -> str:
    return f"video:{name}" if kind == "call" else name


def plain(record: Any) -> tuple[Any, Any]:
    return dict(record.grants), dict(record.settings)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_new_app_has_the_built_in_types(desk: Desk, kind: str) -> None:
    listing = await types_of(desk, kind).list(desk.server, Page())
    grants, settings = DEFAULTS[kind]
    assert {record.scope: plain(record) for record in listing.items} == {
        scope_of(kind, name): (grants[name], settings[name]) for name in grants
    }
    assert all(record.created_at > 0 for record in listing.items)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_new_type_starts_from_the_built_in_origin_as_it_was_shipped(desk: Desk, kind: str) -> None:
    types = types_of(desk, kind)
    path, value = SETTING[kind]
    await types.upsert(desk.server, TypeChange(ORIGIN[kind], grants={"user": ()}, settings={path: value}))
    change = TypeChange("mine", grants={"guest": ("read-call", "create-call", "read-call")})
    result = await types.upsert(desk.server, change)
    grants, settings = DEFAULTS[kind]
    assert result.created
    assert result.record.scope == scope_of(kind, "mine")
    assert plain(result.record) == (
        {**grants[ORIGIN[kind]], "guest": ("create-call", "read-call")},
        settings[ORIGIN[kind]],
    )
    assert result.record.revision == result.revision == await desk.revision()
    assert await types.get(desk.server, "mine") == (result.record, result.revision)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_update_replaces_named_roles_and_sent_settings_only(desk: Desk, kind: str) -> None:
    types = types_of(desk, kind)
    path, value = SETTING[kind]
    before, _ = await types.get(desk.server, ORIGIN[kind])
    change = TypeChange(ORIGIN[kind], grants={"user": ("send-audio",), "admin": ()}, settings={path: value})
    result = await types.upsert(desk.server, change)
    assert not result.created
    assert plain(result.record) == (
        {**before.grants, "user": ("send-audio",), "admin": ()},
        {**before.settings, path: value},
    )
    assert result.record.created_at == before.created_at
    assert result.record.updated_at > before.updated_at
    assert (await types.get(desk.server, ORIGIN[kind]))[0] == result.record


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_type_that_must_exist_is_not_made(desk: Desk, kind: str, dry_run: bool) -> None:
    types, change = types_of(desk, kind), TypeChange("gone", must_exist=True, dry_run=dry_run)
    await types.upsert(desk.server, TypeChange("gone"))
    assert not (await types.upsert(desk.server, change)).created
    await types.delete(desk.server, "gone")  # between a look at the type and the change of it
    before = await desk.revision()
    with refused(NotFound, field="name", reason=f"{kind.upper()}_TYPE_NOT_FOUND"):
        await types.upsert(desk.server, change)
    assert await desk.revision() == before


@pytest.mark.parametrize("kind", KINDS)
async def test_extras_change_key_by_key(desk: Desk, kind: str) -> None:
    types = types_of(desk, kind)
    await types.upsert(desk.server, TypeChange("kept", extras={"a.b": 1, "c": [True]}))
    before = (await types.get(desk.server, "kept"))[0]
    assert before.extras == {"a.b": 1, "c": [True]}
    result = await types.upsert(desk.server, TypeChange("kept", extras={"a.b": None, "d": {"e": "x"}}))
    assert result.record.extras == (await types.get(desk.server, "kept"))[0].extras == {"c": [True], "d": {"e": "x"}}
    assert plain(result.record) == plain(before)
    with refused(InvalidInput, field="extras"):
        await types.upsert(desk.server, TypeChange("kept", extras={"c": "x" * 6_000}))


@pytest.mark.parametrize("kind", KINDS)
async def test_an_empty_change_makes_no_revision(desk: Desk, kind: str) -> None:
    types = types_of(desk, kind)
    before = await desk.revision()
    record, _ = await types.get(desk.server, ORIGIN[kind])
    result = await types.upsert(desk.server, TypeChange(ORIGIN[kind]))
    assert (result.record, result.created, result.revision) == (record, False, before)
    sent_back = TypeChange(ORIGIN[kind], grants=record.grants, settings=record.settings)
    assert (await types.upsert(desk.server, sent_back)).revision == before


@pytest.mark.parametrize(("name", "source"), [("audio_room", "audio_room"), ("mine", "default")])
async def test_resetting_puts_the_defaults_back_and_then_applies_what_is_sent(
    desk: Desk, name: str, source: str
) -> None:
    types = desk.admin.call_types
    await desk.admin.roles.create(desk.server, "speaker")
    spoiled = TypeChange(name, grants={"user": (), "speaker": ("send-audio",)}, settings={"video.enabled": False})
    await types.upsert(desk.server, spoiled)
    result = await types.upsert(desk.server, TypeChange(name, grants={"guest": ("read-call",)}, reset_grants=True))
    assert result.record.grants == {**call_types.GRANTS[source], "guest": ("read-call",)}
    assert result.record.settings["video.enabled"] is False


async def test_grants_count_at_once(desk: Desk) -> None:
    await desk.make_users("gus", role="guest")
    assert not (await desk.decide("gus", "end-call", call="default:x")).allowed
    await desk.admin.call_types.upsert(desk.server, TypeChange("default", grants={"guest": ("end-call",)}))
    assert (await desk.decide("gus", "end-call", call="default:x")).allowed


@pytest.mark.parametrize("kind", KINDS)
async def test_a_dry_run_answers_as_if_and_changes_nothing(desk: Desk, kind: str) -> None:
    types = types_of(desk, kind)
    before = await desk.revision()
    path, value = SETTING[kind]
    change = TypeChange("mine", grants={"user": ("send-audio",)}, settings={path: value}, dry_run=True)
    result = await types.upsert(desk.server, change)
    assert result.created
    assert result.revision == before == await desk.revision()
    assert result.record.grants["user"] == ("send-audio",)
    assert result.record.settings[path] == value
    with refused(NotFound):
        await types.get(desk.server, "mine")
    with refused(UnknownPermission):
        await types.upsert(desk.server, TypeChange("mine", grants={"user": ("nonsense",)}, dry_run=True))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["", "Upper", "a b", "x" * 65, ".app", "video:x", "é"])
async def test_a_malformed_name_is_refused(desk: Desk, kind: str, name: str) -> None:
    types = types_of(desk, kind)
    with refused(InvalidInput, field="name"):
        await types.upsert(desk.server, TypeChange(name))
    with refused(InvalidInput, field="name"):
        await types.get(desk.server, name)
    with refused(InvalidInput, field="name"):
        await types.delete(desk.server, name)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_unknown_permission_is_refused_with_the_nearest(desk: Desk, kind: str) -> None:
    before = await desk.revision()
    change = TypeChange("mine", grants={"user": ("send-audio",), "guest": ("send-adio",)})
    with refused(
        UnknownPermission, field="grants.guest", text='unknown permission "send-adio"; did you mean `send-audio`'
    ):
        await types_of(desk, kind).upsert(desk.server, change)
    assert await desk.revision() == before


@pytest.mark.parametrize("kind", KINDS)
async def test_an_unknown_role_is_refused_until_it_is_created(desk: Desk, kind: str) -> None:
    change = TypeChange("mine", grants={"speaker": ("send-audio",)})
    with refused(UnknownRole, field="grants.speaker", text='role "speaker" does not exist'):
        await types_of(desk, kind).upsert(desk.server, change)
    await desk.admin.roles.create(desk.server, "speaker")
    assert (await types_of(desk, kind).upsert(desk.server, change)).record.grants["speaker"] == ("send-audio",)


async def test_call_member_may_be_spelled_with_a_hyphen(desk: Desk) -> None:
    result = await desk.admin.call_types.upsert(desk.server, TypeChange("mine", grants={"call-member": ()}))
    assert result.record.grants["call_member"] == ()
    assert "call-member" not in result.record.grants


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("call", "ring.auto_cancel_timeout_ms", 4_999),
        ("call", "video.enabled", 1),
        ("call", "recording.mode", "on"),
        ("call", "nonsense", True),
        ("call", "limits.max_participants_exclude_roles", 7),
        ("call", "limits.max_participants_exclude_roles", ("speaker",)),
        ("channel", "max_message_length", 0),
        ("channel", "uploads", "yes"),
        ("channel", "video.enabled", True),
    ],
)
async def test_a_bad_setting_is_refused_with_its_path(desk: Desk, kind: str, path: str, value: Any) -> None:
    before = await desk.revision()
    with pytest.raises(InvalidInput) as caught:
        await types_of(desk, kind).upsert(desk.server, TypeChange("mine", settings={path: value}))
    assert caught.value.field == f"{FIELD[kind]}.{path}"
    assert await desk.revision() == before


async def test_settings_merge_field_by_field_and_zero_clears_a_limit(desk: Desk) -> None:
    types = desk.admin.call_types
    excluded = "limits.max_participants_exclude_roles"
    await types.upsert(desk.server, TypeChange("mine", settings={"limits.max_participants": 5, excluded: ("host",)}))
    result = await types.upsert(desk.server, TypeChange("mine", settings={"limits.max_participants": 0}))
    assert "limits.max_participants" not in result.record.settings
    assert result.record.settings[excluded] == ("host",)


async def test_roles_left_out_of_a_limit_are_kept_as_answers_spell_them(desk: Desk) -> None:
    sent = {"limits.max_participants_exclude_roles": ("call-member", "host")}
    kept = {"limits.max_participants_exclude_roles": ("call_member", "host")}
    result = await desk.admin.call_types.upsert(desk.server, TypeChange("mine", settings=sent))
    assert result.record.settings.items() >= kept.items()
    again = await desk.admin.call_types.upsert(desk.server, TypeChange("mine", settings=sent))
    assert again.revision == result.revision
    assert (await desk.admin.call_types.get(desk.server, "mine"))[0].settings.items() >= kept.items()


class TestExpectedRevision:
    async def test_a_type_unchanged_since_then_is_written(self, desk: Desk) -> None:
        types = desk.admin.call_types
        record, read_at = await types.get(desk.server, "default")
        await desk.make_users("ann")  # another write of the app does not matter
        change = TypeChange("default", grants={"user": ()}, expected_revision=record.revision)
        written = (await types.upsert(desk.server, change)).revision
        again = TypeChange("default", grants={"user": ("send-audio",)}, expected_revision=written)
        await types.upsert(desk.server, again)
        with refused(RevisionConflict, field="expected_revision"):
            await types.upsert(desk.server, TypeChange("default", expected_revision=read_at))

    async def test_the_conflict_tells_the_current_revision(self, desk: Desk) -> None:
        types = desk.admin.call_types
        result = await types.upsert(desk.server, TypeChange("mine"))
        with pytest.raises(RevisionConflict) as caught:
            await types.upsert(desk.server, TypeChange("mine", expected_revision=result.revision - 1))
        assert caught.value.metadata == {"current": str(result.revision)}

    async def test_a_revision_to_come_is_refused(self, desk: Desk) -> None:
        expected = await desk.revision() + 1
        with refused(RevisionConflict):
            await desk.admin.call_types.upsert(desk.server, TypeChange("default", expected_revision=expected))

    async def test_zero_means_not_there_yet(self, desk: Desk) -> None:
        types = desk.admin.call_types
        assert (await types.upsert(desk.server, TypeChange("mine", expected_revision=0))).created
        with refused(RevisionConflict):
            await types.upsert(desk.server, TypeChange("mine", expected_revision=0))

    async def test_a_deleted_type_is_not_brought_back_by_an_old_revision(self, desk: Desk) -> None:
        types = desk.admin.call_types
        read_at = (await types.upsert(desk.server, TypeChange("mine"))).revision
        deleted = await types.delete(desk.server, "mine")
        for expected in (1, read_at, deleted):
            with pytest.raises(RevisionConflict) as caught:
                await types.upsert(desk.server, TypeChange("mine", expected_revision=expected))
            assert caught.value.metadata == {"current": "0"}
        assert (await types.upsert(desk.server, TypeChange("mine", expected_revision=0))).created

    async def test_a_dry_run_checks_it_too(self, desk: Desk) -> None:
        with refused(RevisionConflict):
            change = TypeChange("default", dry_run=True, expected_revision=0)
            await desk.admin.call_types.upsert(desk.server, change)


@pytest.mark.parametrize("kind", KINDS)
async def test_deleting(desk: Desk, kind: str) -> None:
    types = types_of(desk, kind)
    with refused(NotFound, field="name", reason=f"{kind.upper()}_TYPE_NOT_FOUND"):
        await types.delete(desk.server, "mine")
    await types.upsert(desk.server, TypeChange("mine"))
    with refused(Precondition, reason="TYPE_BUILT_IN"):
        await types.delete(desk.server, ORIGIN[kind])
    make = desk.make_call if kind == "call" else desk.make_channel
    remove = desk.admin.calls.delete if kind == "call" else desk.admin.channels.delete
    await make("mine:x")
    with refused(Precondition, reason="TYPE_IN_USE", text="`mine:x`"):
        await types.delete(desk.server, "mine")
    await remove(desk.server, "mine:x")
    removed = await desk.revision()
    assert await types.delete(desk.server, "mine") == removed + 1
    with refused(NotFound, reason=f"{kind.upper()}_TYPE_NOT_FOUND"):
        await types.get(desk.server, "mine")


async def test_a_call_type_and_a_channel_type_of_one_name_are_two(desk: Desk) -> None:
    await desk.admin.call_types.upsert(desk.server, TypeChange("mine"))
    await desk.admin.channel_types.upsert(desk.server, TypeChange("mine"))
    await desk.admin.call_types.delete(desk.server, "mine")
    assert (await desk.admin.channel_types.get(desk.server, "mine"))[0].scope == "mine"


@pytest.mark.parametrize("kind", KINDS)
async def test_users_may_not(desk: Desk, kind: str) -> None:
    await desk.make_users("root", role="admin")
    root, types = desk.user("root"), types_of(desk, kind)
    with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
        await types.upsert(root, TypeChange("mine"))
    with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
        await types.get(root, ORIGIN[kind])
    with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
        await types.list(root, Page())
    with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
        await types.delete(root, "mine")
