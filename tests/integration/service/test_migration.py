"""Migrating to permission version v2 and back: what is written, what comes back, and what the report promises."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine
from contextlib import closing
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from rolecall.api.v1.app_pb2 import UpdateAppRequest
from rolecall.domain import channel_capabilities
from rolecall.domain.actions import ACTIONS
from rolecall.domain.builtin import app_scope, channel_types
from rolecall.domain.builtin.policies import POLICIES
from rolecall.domain.channel_case import ChannelFacts
from rolecall.domain.errors import InvalidInput, NotFound, Precondition
from rolecall.domain.migration import Change, names
from rolecall.domain.records import ChannelRecord, Grants, MigrationRecord, PermissionRecord, PolicyRecord, TypeRecord
from rolecall.service.administration import migration
from rolecall.service.administration.changes import KEEP, AppChange, AppResult, MigrationReport, Page, TypeChange
from rolecall.service.administration.users.values import UserChange
from rolecall.service.questions import Question
from rolecall.transports.handlers.app import update_app
from rolecall.transports.rpc import Context, Incoming, Services
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import refused

MIGRATE = AppChange(permission_version="v2", migrate_permissions_to_v2=True)
UNDO = AppChange(undo_migration=True)
ON_V1 = AppChange(permission_version="v1")
ODD = (
    PolicyRecord("Guests read", 900, ("ReadChannel",), ("guest", "speaker")),
    PolicyRecord("Guests don't write", 800, ("CreateMessage",), ("guest",), allow=False),
    PolicyRecord("Members write", 700, ("CreateMessage", "UpdateChannelMembers"), ("channel_member",)),
    PolicyRecord("Authors mend", 600, ("UpdateMessage",), (), owner=True),
)


async def update(desk: Desk, change: AppChange) -> AppResult:
    return await desk.admin.apps.update(desk.server, change)


async def reported(desk: Desk, change: AppChange) -> MigrationReport:
    report = (await update(desk, change)).report
    assert report is not None
    return report


async def put(desk: Desk, name: str, *policies: PolicyRecord, grants: Grants | None = None) -> None:
    """Store a channel type, of these policies when there are any."""
    change = TypeChange(name, policies=policies or KEEP, grants=grants or {})
    await desk.admin.channel_types.upsert(desk.server, change)


async def types(desk: Desk) -> dict[str, TypeRecord]:
    listing = await desk.admin.channel_types.list(desk.server, Page(1_000))
    return {record.scope: record for record in listing.items}


async def grants(desk: Desk) -> dict[str, Grants]:
    """Return the grants of every scope that a migration is about."""
    _, of_app, _ = await desk.admin.apps.get(desk.server)
    return {".app": of_app, **{name: record.grants for name, record in (await types(desk)).items()}}


async def last_record(desk: Desk) -> MigrationRecord | None:
    async with desk.store.snapshot(desk.app.id) as reader:
        return await reader.last_migration()


def whole_store(desk: Desk) -> list[str]:
    """Return everything in the file, as SQL."""
    with closing(sqlite3.connect(desk.store.path)) as connection:
        return list(connection.iterdump())


@pytest.fixture
async def odd(desk: Desk) -> Desk:
    """An app on version v1 with a role, a type and disallowed roles of its own."""
    await desk.admin.roles.create(desk.server, "speaker")
    await put(desk, "hall", *ODD)
    await put(desk, "plain", *POLICIES["messaging"], grants={"user": ()})
    await update(desk, replace(ON_V1, user_search_disallowed_roles=("speaker", "user")))
    await update(desk, AppChange(grants={"speaker": ("create-poll", "search-user-any-team")}))
    return desk


# --- what is written -------------------------------------------------------------------------------------------------


async def test_a_fresh_app_gets_exactly_the_built_in_grants(desk: Desk) -> None:
    await update(desk, ON_V1)
    result = await update(desk, MIGRATE)
    assert result.record.permission_version == "v2"
    assert result.grants == app_scope.GRANTS
    assert await grants(desk) == {".app": app_scope.GRANTS, **channel_types.GRANTS}


async def test_grants_that_were_written_before_are_replaced(desk: Desk) -> None:
    for name in channel_types.GRANTS:
        await put(desk, name, *POLICIES[name], grants={"user": (), "host": ("delete-channel",)})
    await update(desk, ON_V1)
    await update(desk, MIGRATE)
    assert await grants(desk) == {".app": app_scope.GRANTS, **channel_types.GRANTS}


async def test_policies_that_are_not_the_built_in_ones_are_translated(odd: Desk) -> None:
    await put(odd, "team", *POLICIES["livestream"])
    await update(odd, MIGRATE)
    now = await grants(odd)
    assert now["plain"] == channel_types.GRANTS["messaging"]
    assert now["team"] != channel_types.GRANTS["team"]
    members = ("add-own-channel-membership", "remove-own-channel-membership", "update-channel-members")
    writes = ("cast-vote", "create-mention", "create-message", "create-reply", "query-votes", "send-poll")
    mend = ("update-message-owner", "update-thread-owner")
    held = tuple(sorted((*members, *writes, "share-location")))
    assert now["hall"]["channel_member"] == held
    assert now["hall"]["guest"] == ("read-channel", "read-channel-members", *mend)
    assert now["hall"]["user"] == tuple(sorted((*(f"{name}-owner" for name in held), *mend)))
    assert {"host", "call_member", "channel_moderator"}.isdisjoint(now["hall"])


async def test_disallowed_roles_lose_search(odd: Desk) -> None:
    await update(odd, MIGRATE)
    now = (await grants(odd))[".app"]
    assert now["speaker"] == ("create-poll",)
    assert now["user"] == tuple(name for name in app_scope.GRANTS["user"] if name != "search-user")
    assert now["guest"] == app_scope.GRANTS["guest"]


async def test_a_custom_permission_to_search_is_lost_too(odd: Desk) -> None:
    async with odd.store.transaction(odd.app.id) as tx:
        await tx.put_permission(PermissionRecord("find", "find", "SearchUser", condition={"$subject.vip": True}))
    await update(odd, AppChange(grants={"speaker": ("create-poll", "find")}))
    await update(odd, MIGRATE)
    assert (await grants(odd))[".app"]["speaker"] == ("create-poll",)


async def test_other_fields_count_before_the_translation_and_grants_after_it(odd: Desk) -> None:
    sent = replace(MIGRATE, user_search_disallowed_roles=("guest",), grants={"speaker": ("search-user",)})
    result = await update(odd, replace(sent, multi_tenant_enabled=True))
    assert result.record.multi_tenant_enabled
    assert "search-user" not in result.grants["guest"]
    assert "search-user" in result.grants["user"]
    assert result.grants["speaker"] == ("search-user",)
    result = await update(odd, replace(MIGRATE, reset_grants=True))
    assert result.grants == app_scope.GRANTS


async def test_it_is_one_revision(odd: Desk) -> None:
    at = await odd.revision()
    result = await update(odd, replace(MIGRATE, multi_tenant_enabled=True))
    assert (result.revision, await odd.revision()) == (at + 1, at + 1)
    changed = {name for name, record in (await types(odd)).items() if record.revision == at + 1}
    assert changed == {"hall", "plain"}, "types whose grants stay the same are not written"
    assert result.record.revision == at + 1


async def test_it_is_refused_whole(odd: Desk) -> None:
    before = whole_store(odd)
    with refused(InvalidInput, field="grants.user"), pytest.MonkeyPatch.context() as patch:
        patch.setattr("rolecall.service.administration.apps.merge_grants", _refuse)
        await update(odd, MIGRATE)
    assert whole_store(odd) == before


def _refuse(*_: object) -> Grants:
    raise InvalidInput("no", field="grants.user")


async def test_nothing_is_written_when_the_last_write_fails(odd: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = whole_store(odd)

    async def fail(*_: object) -> None:
        raise Precondition("no room", reason="NO_ROOM")

    monkeypatch.setattr("rolecall.store.Transaction.put_migration", fail)
    with refused(Precondition, reason="NO_ROOM"):
        await update(odd, MIGRATE)
    assert whole_store(odd) == before


@pytest.mark.parametrize(
    "change", [AppChange(migrate_permissions_to_v2=True), replace(MIGRATE, permission_version="v1")]
)
async def test_it_ends_on_v2_or_is_refused(odd: Desk, change: AppChange) -> None:
    at = await odd.revision()
    with refused(InvalidInput, field="migrate_permissions_to_v2"):
        await update(odd, change)
    assert await odd.revision() == at


async def test_on_v2_already_it_needs_no_version(odd: Desk) -> None:
    await update(odd, AppChange(permission_version="v2"))
    assert "hall" in (await reported(odd, AppChange(migrate_permissions_to_v2=True))).changes


# --- dry runs and running again --------------------------------------------------------------------------------------


async def test_a_dry_run_reports_the_same_and_changes_nothing(odd: Desk) -> None:
    for change in (MIGRATE, UNDO):
        before, at = whole_store(odd), await odd.revision()
        tried = await update(odd, replace(change, dry_run=True))
        assert whole_store(odd) == before
        assert tried.revision == at
        done = await update(odd, change)
        assert tried.report is not None
        assert done.report == replace(tried.report, applied=True)
        assert not tried.report.applied
        assert tried.grants == done.grants
        assert tried.record.permission_version == done.record.permission_version


async def test_running_it_again_writes_nothing_and_keeps_the_first_record(odd: Desk) -> None:
    before = await grants(odd)
    first = await update(odd, MIGRATE)
    stored = whole_store(odd)
    again = await update(odd, MIGRATE)
    assert again.revision == first.revision
    assert again.report is not None
    assert (again.report.changes, again.report.app_changes, again.report.applied) == ({}, (), True)
    assert whole_store(odd) == stored
    await update(odd, UNDO)
    assert await grants(odd) == before


async def test_running_it_with_another_change_that_is_no_migration_keeps_no_record(odd: Desk) -> None:
    await update(odd, MIGRATE)
    first = await last_record(odd)
    await update(odd, replace(MIGRATE, multi_tenant_enabled=True))
    assert await last_record(odd) == first


async def test_one_after_edits_can_be_undone_before_the_first(odd: Desk) -> None:
    on_v1 = await grants(odd)
    await update(odd, MIGRATE)
    await put(odd, "hall", *ODD, grants={"guest": ("delete-channel",)})
    edited = await grants(odd)
    await update(odd, MIGRATE)
    assert await grants(odd) != edited
    assert (await update(odd, UNDO)).record.permission_version == "v2"
    assert await grants(odd) == edited
    assert (await update(odd, UNDO)).record.permission_version == "v1"
    assert await grants(odd) == on_v1


# --- undoing ---------------------------------------------------------------------------------------------------------


async def test_undoing_puts_back_grants_and_version_in_one_revision_and_drops_the_record(odd: Desk) -> None:
    before, policies = await grants(odd), {name: record.policies for name, record in (await types(odd)).items()}
    await update(odd, MIGRATE)
    at = await odd.revision()
    result = await update(odd, UNDO)
    assert (result.revision, await odd.revision()) == (at + 1, at + 1)
    assert result.record.permission_version == "v1"
    assert result.report is not None
    assert (result.report.undone, result.report.applied) == (True, True)
    assert await grants(odd) == before
    assert {name: record.policies for name, record in (await types(odd)).items()} == policies
    assert await last_record(odd) is None


async def test_undoing_twice_is_refused(odd: Desk) -> None:
    with refused(Precondition, field="undo_migration", reason="NO_MIGRATION"):
        await update(odd, UNDO)
    await update(odd, MIGRATE)
    await update(odd, UNDO)
    for change in (UNDO, replace(UNDO, dry_run=True)):
        with refused(Precondition, field="undo_migration", reason="NO_MIGRATION"):
            await update(odd, change)


async def test_undoing_after_edits_puts_back_what_can_be(odd: Desk) -> None:
    async with odd.store.transaction(odd.app.id) as tx:
        await tx.put_permission(PermissionRecord("gone", "gone", "ReadChannel"))
        await tx.put_permission(PermissionRecord("kept", "kept", "ReadChannel"))
    await put(odd, "plain", *POLICIES["messaging"], grants={"guest": ("gone", "kept", "pin-message")})
    await update(odd, AppChange(user_search_disallowed_roles=()))
    await put(odd, "short-lived")
    await put(odd, "hall", POLICIES["messaging"][0])  # no policy names the role any more
    await update(odd, AppChange(grants={"speaker": ("search-user",)}))
    before = await grants(odd)
    await update(odd, MIGRATE)
    await odd.admin.channel_types.delete(odd.server, "short-lived")
    await put(odd, "made-since", grants={"user": ()})
    await put(odd, "hall", grants={"user": ("pin-message",), "speaker": ()})
    await update(odd, AppChange(grants={"speaker": ()}, user_search_disallowed_roles=()))
    await odd.admin.roles.delete(odd.server, "speaker")
    async with odd.store.transaction(odd.app.id) as tx:
        await tx.delete_permission("gone")
    await update(odd, UNDO)
    after = await grants(odd)
    assert "short-lived" not in after
    assert after.pop("made-since")["user"] == ()
    assert after["plain"]["guest"] == ("kept", "pin-message")
    assert "speaker" not in after[".app"]
    del before["short-lived"]
    expected: dict[str, Any] = {scope: dict(held) for scope, held in before.items()}
    expected["plain"]["guest"] = ("kept", "pin-message")
    for held in expected.values():
        held.pop("speaker", None)
    assert after == expected


async def test_undoing_drops_the_record_although_all_is_as_it_was(desk: Desk) -> None:
    await update(desk, ON_V1)
    await update(desk, MIGRATE)
    await update(desk, ON_V1)
    at = await desk.revision()
    report = await reported(desk, UNDO)
    assert (report.changes, report.app_changes) == ({}, ())
    assert await desk.revision() == at + 1
    assert await last_record(desk) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"permission_version": "v1"},
        {"migrate_permissions_to_v2": True},
        {"grants": {"user": ()}},
        {"reset_grants": True},
        {"multi_tenant_enabled": False},
        {"user_search_disallowed_roles": ()},
        {"disable_permissions_checks": False},
        {"disable_auth_checks": False},
        {"revoke_tokens_issued_before": None},
    ],
)
async def test_undoing_goes_with_nothing_but_a_dry_run(odd: Desk, fields: dict[str, Any]) -> None:
    await update(odd, MIGRATE)
    before = whole_store(odd)
    with refused(InvalidInput, field="undo_migration"):
        await update(odd, replace(UNDO, **fields))
    assert whole_store(odd) == before


async def test_the_newest_twenty_can_be_undone(odd: Desk) -> None:
    for _ in range(22):
        await update(odd, MIGRATE)
        await put(odd, "hall", grants={"guest": ("pin-message",)})
    for _ in range(20):
        await update(odd, UNDO)
    with refused(Precondition, reason="NO_MIGRATION"):
        await update(odd, UNDO)


# --- switching -------------------------------------------------------------------------------------------------------


async def test_switching_twenty_times_loses_nothing(odd: Desk) -> None:
    await odd.make_users("gus", role="guest")
    await update(odd, replace(MIGRATE, permission_version="v2"))
    await put(odd, "hall", grants={"guest": ("pin-message",)})
    both = await grants(odd), {name: record.policies for name, record in (await types(odd)).items()}
    record, at = await last_record(odd), await odd.revision()
    for turn in range(20):
        version = ("v1", "v2")[turn % 2]
        result = await update(odd, AppChange(permission_version=version))
        assert (result.revision, result.report) == (at + turn + 1, None)
        reads = await odd.decide("gus", "read-channel", channel="hall:x")
        pins = await odd.decide("gus", "pin-message", channel="hall:x")
        assert (reads.allowed, pins.allowed) == (version == "v1", version == "v2")
    assert (await grants(odd), {name: one.policies for name, one in (await types(odd)).items()}) == both
    assert await last_record(odd) == record


async def test_what_belongs_to_the_other_version_is_stored_and_returned(desk: Desk) -> None:
    for version in ("v1", "v2"):
        await update(desk, AppChange(permission_version=version))
        name = f"on-{version}"
        await put(desk, name, *ODD[1:], grants={"user": ("pin-message",)})
        change = AppChange(
            user_search_disallowed_roles=("guest",), grants={"guest": (f"create-poll{_SUFFIX[version]}",)}
        )
        await update(desk, change)
        stored, _ = await desk.admin.channel_types.get(desk.server, name)
        assert stored.policies == ODD[1:]
        assert stored.grants["user"] == ("pin-message",)
        app, of_app, _ = await desk.admin.apps.get(desk.server)
        assert app.user_search_disallowed_roles == ("guest",)
        assert of_app["guest"] == change.grants["guest"]


_SUFFIX = {"v1": "", "v2": "-owner"}


# --- the report ------------------------------------------------------------------------------------------------------

Answer = tuple[str, str, str, bool, str]
"""The channel type (`.app`: the app), the user's role, its role as a member, whether it owns, the action."""

_ASKED = [action for action in ACTIONS if action.id not in {row.id for row in channel_capabilities.CAPABILITIES}]
_ALL_ON = dict.fromkeys(channel_capabilities.FLAG_ROWS, True)
_MEMBERS = ("", "channel_member", "speaker")
_USERS = ("user", "guest", "speaker", "admin")


async def answers(desk: Desk) -> dict[Answer, bool]:
    """Ask every question of a few roles, but ids that are capabilities too: those have their own idea of owning."""
    found: dict[Answer, bool] = {}
    for scope, role, owner in product(("hall", "plain", "team", ".app"), _USERS, (False, True)):
        of, who = role if owner else "nobody", f"is-{role}"
        for member in _MEMBERS if scope != ".app" else ("",):
            facts = ChannelFacts(member_role=member, created_by=f"is-{of}", flags=_ALL_ON)
            at: dict[str, Any] = {} if scope == ".app" else {"channel": f"{scope}:x", "channel_facts": facts}
            question = Question(who, author=f"is-{of}", **at)
            for action in _ASKED:
                decision, _ = await desk.authorizer.check(desk.server, question, action.id)
                found[scope, role, member, owner, action.name] = decision.allowed
    return found


def told(report: MigrationReport) -> dict[Answer, bool]:
    """Expand the products of a report, as far as its answers were asked for."""
    asked = {action.name for action in _ASKED}
    every: list[tuple[str, Change]] = [(".app", change) for change in report.app_changes]
    every += [(scope, change) for scope, changes in report.changes.items() for change in changes]
    return {
        (scope, user, member, change.owner, action): will
        for scope, change in every
        for user, member in product(change.user_roles, change.channel_roles)
        for actions, will in ((change.gained, True), (change.lost, False))
        for action in names(actions)
        if action in asked and user in _USERS and member in _MEMBERS and scope in {"hall", "plain", "team", ".app"}
    }


async def test_the_report_lists_exactly_the_answers_that_differ(odd: Desk) -> None:
    await odd.admin.users.upsert(odd.server, [UserChange(f"is-{role}", role=role) for role in _USERS])
    for change in (MIGRATE, UNDO):
        before = await answers(odd)
        report = await reported(odd, change)
        after = await answers(odd)
        differing = {answer: after[answer] for answer in before if before[answer] != after[answer]}
        assert len(differing) > 100
        assert told(report) == differing
    await put(odd, "hall", grants={"guest": ("pin-message",)})
    await update(odd, AppChange(permission_version="v2"))
    before = await answers(odd)
    report = await reported(odd, MIGRATE)
    after = await answers(odd)
    assert told(report) == {answer: after[answer] for answer in before if before[answer] != after[answer]}


async def test_it_is_about_every_role_there_is(odd: Desk) -> None:
    report = await reported(odd, MIGRATE)
    users = {role for changes in report.changes.values() for change in changes for role in change.user_roles}
    members = {role for changes in report.changes.values() for change in changes for role in change.channel_roles}
    assert members - users == {""}
    assert {"host", "speaker", "global_read_only", "channel_moderator"} <= users
    assert set(report.channel_type_grants) == {*channel_types.GRANTS, "hall", "plain"}
    assert {".app": report.app_grants, **report.channel_type_grants} == await grants(odd)


async def test_custom_permissions_count_and_those_with_conditions_as_not_met(desk: Desk) -> None:
    async with desk.store.transaction(desk.app.id) as tx:
        await tx.put_permission(PermissionRecord("free", "free", "PinMessage"))
        await tx.put_permission(PermissionRecord("bound", "bound", "MuteChannel", condition={"$subject.vip": True}))
    await put(desk, "hall", PolicyRecord("none", 1, ("*",), ("*",), allow=False), grants={"guest": ("bound", "free")})
    report = await reported(desk, MIGRATE)
    lost = {name for change in report.changes["hall"] if "guest" in change.user_roles for name in names(change.lost)}
    assert "PinMessage" in lost
    assert "MuteChannel" not in {
        name
        for change in report.changes["hall"]
        if change.user_roles == ("guest",)
        for name in names(change.lost)
        if change.channel_roles == ("",)
    }


async def test_others_are_answered_while_a_report_is_worked_out_and_encoded(
    odd: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rolecall.service.pace._LONGEST_STRETCH_SECONDS", 0)
    worked_out, kept = migration.report_of, []

    async def keeping(done: migration.Migration, *, applied: bool) -> MigrationReport:
        kept.append(done)
        return await worked_out(done, applied=applied)

    monkeypatch.setattr(migration, "report_of", keeping)
    result = await update(odd, replace(MIGRATE, dry_run=True))
    assert result.report is not None
    assert await _turns(worked_out(kept[0], applied=False)) > sum(map(len, result.report.changes.values())) / 10

    async def answered(*_: object) -> AppResult:
        return result

    monkeypatch.setattr(odd.admin.apps, "update", answered)
    services = Services(odd.authorizer, odd.admin)
    context = Context(odd.server, Incoming("", "", "", False, lambda: None), 1.0)
    assert await _turns(update_app(services, context, UpdateAppRequest())) > len(result.report.channel_type_grants)


async def _turns(work: Coroutine[Any, Any, object]) -> int:
    """Count the turns of the loop that work takes which waits for nothing."""
    task, turns = asyncio.create_task(work), 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    await task
    return turns


async def test_a_type_that_is_not_there_is_not_made_by_undoing(odd: Desk) -> None:
    await update(odd, MIGRATE)
    await odd.admin.channel_types.delete(odd.server, "plain")
    await update(odd, UNDO)
    with refused(NotFound):
        await odd.admin.channel_types.get(odd.server, "plain")


async def test_a_type_made_since_under_the_name_of_one_that_was_there_keeps_its_grants(odd: Desk) -> None:
    await update(odd, MIGRATE)
    await odd.admin.channel_types.delete(odd.server, "plain")
    await put(odd, "plain", grants={"guest": ("pin-message",)})
    await update(odd, UNDO)
    assert (await grants(odd))["plain"]["guest"] == ("pin-message",)


# --- what the report can't be exact about ----------------------------------------------------------------------------


async def test_grants_that_hang_on_a_condition_are_reported_when_they_are_lost(desk: Desk) -> None:
    await update(desk, MIGRATE)
    async with desk.store.transaction(desk.app.id) as tx:
        condition = {"$subject.custom.vip": True}
        await tx.put_permission(PermissionRecord("vip", "vip", "CreateReaction", condition=condition, same_team=True))
        await tx.put_permission(PermissionRecord("free", "free", "PinMessage", same_team=True))
    change = TypeChange("commerce", {"guest": ("vip", "free", "create-channel")})
    await desk.admin.channel_types.upsert(desk.server, change)
    (lost,) = [
        one
        for one in (await reported(desk, replace(MIGRATE, dry_run=True))).changes["commerce"]
        if "guest" in one.user_roles and "" in one.channel_roles and not one.owner
    ]
    assert {"CreateReaction", "PinMessage"} <= set(names(lost.lost))
    back = await reported(desk, replace(MIGRATE, dry_run=False))
    assert any("CreateReaction" in names(one.lost) for one in back.changes["commerce"])
    undone = await reported(desk, UNDO)
    assert any("CreateReaction" in names(one.gained) for one in undone.changes["commerce"])


async def test_channels_with_grants_of_their_own_are_counted(desk: Desk) -> None:
    assert (await reported(desk, replace(MIGRATE, dry_run=True))).channels_with_own_grants == 0
    async with desk.store.transaction(desk.app.id) as tx:
        for cid, own in (
            ("messaging:one", {"user": ("!add-links",)}),
            ("messaging:two", {}),
            ("team:one", {"user": ()}),
        ):
            await tx.put_channel(ChannelRecord(cid, override_grants=own))
    assert (await reported(desk, replace(MIGRATE, dry_run=True))).channels_with_own_grants == 2
