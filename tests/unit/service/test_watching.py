"""The watch engine (rule: call and channel capabilities): who is told what of which change, and what ends a watch."""

# ruff: noqa: SLF001 - what must not be left behind is not for others to see

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from rolecall.domain.errors import OverLimit, Unavailable
from rolecall.domain.records import UserRecord
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.changes import AppChange, TypeChange
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange
from rolecall.service.administration.users.values import UserChange
from rolecall.service.authorizer import Seen
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.service.watching import work
from rolecall.service.watching.engine import Watching
from rolecall.service.watching.watches import CapabilitiesChanged, Told
from rolecall.store import Change
from rolecall.store import changes as log
from rolecall.store.changes import Happening
from tests.unit.service.staged import CALL, Desk
from tests.unit.service.watchers import CHANNEL, Ear, Post, changed, raising, types

# --- every cause -----------------------------------------------------------------------------------------------------

Write = Callable[[Desk], Awaitable[Any]]


def _type(**fields: Any) -> Write:
    return lambda desk: desk.administration.call_types.upsert(desk.server, TypeChange("default", **fields))


def _user(**fields: Any) -> Write:
    return lambda desk: desk.administration.users.upsert(desk.server, [UserChange("ann", **fields)])


CAUSES: dict[str, tuple[Write, str]] = {
    "grants": (_type(grants={"user": (), "call_member": ()}), "type"),
    "role": (_user(role="admin"), "user"),
    "ban": (_user(banned=True), "user"),
    "deletion of the user": (lambda desk: desk.administration.users.delete(desk.server, ["ann"]), "user"),
    "member role": (
        lambda desk: desk.administration.calls.update_members(
            desk.server, CALL, [CallMemberChange("ann", role="admin")], []
        ),
        "call_member",
    ),
    "grant to the user": (
        lambda desk: desk.administration.calls.update_user_permissions(desk.server, CALL, "ann", ["block-users"]),
        "call_member",
    ),
    "revoke from the user": (
        lambda desk: desk.administration.calls.update_user_permissions(desk.server, CALL, "ann", [], ["send-audio"]),
        "call_member",
    ),
    "block": (lambda desk: desk.administration.calls.block(desk.server, CALL, "ann"), "call_member"),
    "settings": (
        lambda desk: desk.administration.calls.upsert(
            desk.server, CallChange(CALL, settings={"screensharing.enabled": False})
        ),
        "call",
    ),
    "checks off": (
        lambda desk: desk.administration.apps.update(desk.server, AppChange(disable_permissions_checks=True)),
        "app",
    ),
}


@pytest.mark.parametrize("name", CAUSES)
async def test_every_cause_is_told_once_with_what_is_new_and_what_is_gone(post: Post, name: str) -> None:
    write, cause = CAUSES[name]
    ear = await post.watch("ann", call=CALL)
    target = Question("ann", CALL)
    before = set((await post.desk.authorizer.capabilities(post.desk.server, target))[0])
    await write(post.desk)
    after, revision = await post.desk.authorizer.capabilities(post.desk.server, target)
    notice = await ear.next()
    while isinstance(notice, Told):
        notice = await ear.next()
    assert isinstance(notice, CapabilitiesChanged)
    assert notice.cause == cause
    assert list(notice.own_capabilities) == after
    assert (set(notice.added), set(notice.removed)) == (set(after) - before, before - set(after))
    assert set(after) != before
    assert notice.revision == revision
    await post.quiet()
    assert "!" not in types(ear.rest())


CHANNEL_CAUSES: dict[str, tuple[Write, str]] = {
    "frozen": (
        lambda desk: desk.administration.channels.upsert(desk.server, ChannelChange(CHANNEL, frozen=True)),
        "channel",
    ),
    "member role": (
        lambda desk: desk.administration.channels.upsert(
            desk.server, ChannelChange(CHANNEL, members=(ChannelMemberChange("ann", "channel_moderator"),))
        ),
        "channel_member",
    ),
    "config": (
        lambda desk: desk.administration.channel_types.upsert(
            desk.server, TypeChange("messaging", settings={"reactions": False})
        ),
        "type",
    ),
    "version": (
        lambda desk: desk.administration.apps.update(desk.server, AppChange(permission_version="v1")),
        "app",
    ),
}


@pytest.mark.parametrize("name", CHANNEL_CAUSES)
async def test_channels_too_and_with_what_the_channel_is_now(post: Post, name: str) -> None:
    write, cause = CHANNEL_CAUSES[name]
    ear = await post.watch("ann", channel=CHANNEL)
    await write(post.desk)
    notice = await ear.next()
    assert isinstance(notice, CapabilitiesChanged)
    own, _ = await post.desk.authorizer.capabilities(post.desk.server, Question("ann", channel=CHANNEL))
    assert (notice.cause, list(notice.own_capabilities)) == (cause, own)
    assert notice.scene is not None
    assert notice.scene.content.channel.record.cid == CHANNEL


async def test_nobody_is_told_of_what_changes_nothing_for_them(post: Post) -> None:
    ann, ben = await post.watch("ann", call=CALL), await post.watch("ben", call=CALL)
    elsewhere = await post.watch("ann", call="default:other")
    await post.desk.administration.calls.update_user_permissions(post.desk.server, CALL, "ann", ["block-users"])
    await post.desk.administration.users.upsert(post.desk.server, [UserChange("ben", custom={"hat": "blue"})])
    await post.quiet()
    assert changed(ann.rest()[0]) == (["block-users"], [])
    assert ben.heard == []
    assert elsewhere.heard == []


async def test_a_member_change_of_one_is_not_looked_at_for_two_thousand_others(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = Ear()
    for place in range(2_000):
        await post.hold(f"user-{place}", ear, call=CALL)
    ann = await post.watch("ann", call=CALL)
    asked: list[str] = []
    real = post.desk.authorizer.look

    def counted(app: Any, caller: Caller, question: Question) -> tuple[int, Seen]:
        asked.append(caller.user_id)
        return real(app, caller, question)

    monkeypatch.setattr(post.desk.authorizer, "look", counted)
    await post.desk.administration.calls.update_user_permissions(post.desk.server, CALL, "ann", ["block-users"])
    assert changed(await ann.next()) == (["block-users"], [])
    assert set(asked) == {"ann"}


async def test_a_token_s_role_counts_and_an_own_change_is_told_to_every_connection(post: Post) -> None:
    token = Caller(post.desk.app.id, "ann", call_cids=frozenset({CALL}), role="admin")
    plain, admin = await post.watch("ann", call=CALL), await post.watch("ann", call=CALL, caller=token)
    await post.desk.administration.call_types.upsert(post.desk.server, TypeChange("default", grants={"admin": ()}))
    await post.quiet()
    assert plain.heard == []
    added, removed = changed(admin.rest()[0])
    assert added == []
    assert "block-users" in removed


# --- what happens ----------------------------------------------------------------------------------------------------


async def test_events_come_in_the_order_of_the_log_with_fresh_capabilities(post: Post) -> None:
    ann, ben = await post.watch("ann", call=CALL), await post.watch("ben", call=CALL)
    calls, server = post.desk.administration.calls, post.desk.server
    await calls.stop_live(server, CALL)
    await calls.go_live(server, CALL)
    await post.quiet()  # else capabilities may be told before all three
    await calls.update_members(server, CALL, [CallMemberChange("ben", role="admin")], [])
    await post.quiet()
    assert types(ann.rest()) == ["call.updated", "call.live_started", "call.member_added"]
    heard = ben.rest()
    assert types(heard)[-2:] == ["!", "call.member_added"]
    own, _ = await post.desk.authorizer.capabilities(server, Question("ben", CALL))
    assert list(heard[-1].own_capabilities) == list(heard[-2].own_capabilities) == own


async def test_what_one_may_not_read_is_not_told_but_for_one_s_own_part(post: Post) -> None:
    ann, ben = await post.watch("ann", call=CALL), await post.watch("ben", call=CALL)
    calls, server = post.desk.administration.calls, post.desk.server
    await calls.block(server, CALL, "ann")
    await calls.upsert(server, CallChange(CALL, custom={"secret": "plan"}))
    await calls.unblock(server, CALL, "ann")
    await post.quiet()
    heard = ann.rest()
    assert types(heard) == ["!", "call.blocked_user", "!", "call.unblocked_user"]
    assert isinstance(heard[1], Told)
    assert not heard[1].whole
    assert heard[1].own_capabilities == ()
    assert types(ben.rest()) == ["call.blocked_user", "call.updated", "call.unblocked_user"]


async def test_who_was_removed_hears_of_that_and_of_nothing_after(post: Post) -> None:
    ann, ben = await post.watch("ann", channel=CHANNEL), await post.watch("ben", channel=CHANNEL)
    channels, server = post.desk.administration.channels, post.desk.server
    await channels.update_members(server, CHANNEL, [], ["ann"])
    await channels.upsert(server, ChannelChange(CHANNEL, custom={"secret": "plan"}))
    await post.quiet()
    heard = ann.rest()
    assert types(heard) == ["!", "member.removed"]
    assert isinstance(heard[1], Told)
    assert (heard[1].happening.user_ids, heard[1].whole) == (("ann",), False)
    assert ben.heard == []


async def test_what_comes_after_the_end_is_not_told_before_it(post: Post) -> None:
    """Blocked, deleted and made anew before anybody was told: what ann may do on the new call is not of this watch."""
    ear = await post.watch("ann", call=CALL)
    async with post.desk.store.transaction(post.desk.app.id) as tx:
        await tx.put_user(UserRecord("ann", role="admin"))
        tx.tell(Happening("call.blocked_user", CALL, ("ann",)))
        tx.tell(Happening("call.deleted", CALL))
    await post.desk.index.refresh()
    await post.quiet()
    assert types(ear.rest()) == ["call.blocked_user", "call.deleted"]


@pytest.mark.parametrize("reads", [True, False])
async def test_the_end_of_a_call_is_told_to_those_who_could_read_it(post: Post, reads: bool) -> None:
    calls, server = post.desk.administration.calls, post.desk.server
    if not reads:
        await calls.block(server, CALL, "ann")
    ear = Ear()
    watch = await post.hold("ann", ear, call=CALL)
    await calls.delete(server, CALL)
    await post.quiet()
    assert types(ear.rest()) == (["call.deleted"] if reads else [])
    assert watch.ended
    assert watch not in post.watching._watches._all
    await calls.upsert(server, CallChange(CALL))
    await post.quiet()
    assert ear.rest() == []


async def test_a_call_that_is_blocked_and_deleted_at_once_still_ends_for_who_could_read_it(post: Post) -> None:
    ear = await post.watch("ann", call=CALL)
    async with post.desk.store.transaction(post.desk.app.id) as tx:
        await tx.put_user(UserRecord("ann", banned=True))
        tx.tell(Happening("call.ended", CALL))
        tx.tell(Happening("call.updated", CALL))
    await post.desk.index.refresh()
    await post.quiet()
    assert types(ear.rest()) == ["!", "call.ended"]


async def test_a_request_for_permission_goes_to_those_who_can_give_it(post: Post) -> None:
    calls, server = post.desk.administration.calls, post.desk.server
    await calls.update_user_permissions(server, CALL, "ben", ["update-call-permissions"])
    await post.desk.administration.users.upsert(server, [UserChange("cy")])
    ears = {user: await post.watch(user, call=CALL) for user in ("ann", "ben", "cy")}
    asks = Happening("call.permission_request", CALL, ("ann",), "ann", {"permissions": ["send-audio"]})
    await post.tell(asks, asks._replace(user_ids=("ben",), by="ben"))
    await post.quiet()
    assert {user: [one.happening for one in ear.rest()] for user, ear in ears.items()} == {  # type: ignore[union-attr]
        "ann": [],
        "ben": [asks],
        "cy": [],
    }


async def test_members_of_a_channel_are_told_only_to_who_may_see_them(post: Post) -> None:
    channels, server = post.desk.administration.channels, post.desk.server
    types_of = post.desk.administration.channel_types
    await types_of.upsert(server, TypeChange("messaging", grants={"channel_member": ("read-channel",), "user": ()}))
    ann, ben = await post.watch("ann", channel=CHANNEL), await post.watch("ben", channel=CHANNEL)
    await channels.update_members(server, CHANNEL, [ChannelMemberChange("ben")], [])
    await post.quiet()
    assert "member.added" not in types(ann.rest())
    (notice,) = [one for one in ben.rest() if isinstance(one, Told)]
    assert notice.happening == Happening("member.added", CHANNEL, ("ben",))


async def test_what_another_process_writes_is_told(post: Post) -> None:
    ear = await post.watch("ann", call=CALL)
    async with post.desk.other.transaction(post.desk.app.id) as tx:
        record = await tx.call(CALL)
        assert record is not None
        await tx.put_call(replace(record, custom={"name": "x"}))
        tx.tell(Happening("call.updated", CALL))
    await post.desk.index.refresh()
    notice = await ear.next()
    assert isinstance(notice, Told)
    assert notice.scene.content.call.record.custom == {"name": "x"}
    assert "send-audio" in notice.scene.content.by_role["user"]


async def test_what_a_role_may_do_is_that_of_users_of_the_call_s_team(post: Post) -> None:
    server, admin, cid = post.desk.server, post.desk.administration, "default:of-red"
    await admin.apps.update(server, AppChange(multi_tenant_enabled=True))
    await admin.users.upsert(server, [UserChange("red", teams=("red",))])
    await admin.calls.upsert(server, CallChange(cid, team="red"))
    ear = await post.watch("red", call=cid)
    await admin.calls.upsert(server, CallChange(cid, custom={"n": 1}))
    notice = await ear.next()
    assert notice.happening.type == "call.updated"
    assert list(notice.own_capabilities) == notice.scene.content.by_role["user"]
    assert "send-audio" in notice.own_capabilities


# --- beginning and ending --------------------------------------------------------------------------------------------


async def test_unwatching_leaves_nothing_behind(post: Post) -> None:
    held = dict(post.watching._watches._under)
    ears = [Ear(), Ear()]
    watches = [await post.hold("ann", ear, call=CALL) for ear in ears]
    watches.append(await post.hold("ann", ears[0], channel=CHANNEL))
    assert len(post.watching) == 4
    for watch in watches:
        post.watching.unwatch(watch)
        post.watching.unwatch(watch)
    assert len(post.watching) == 1
    assert post.watching._watches._under == held
    await post.desk.administration.calls.block(post.desk.server, CALL, "ann")
    await post.quiet()
    assert [ear.heard for ear in ears] == [[], []]


async def test_a_sink_without_room_is_cut_and_the_others_go_on(post: Post) -> None:
    slow, quick = await post.watch("ann", call=CALL, ear=Ear(room=2)), await post.watch("ann", call=CALL)
    await post.tell(*(Happening("call.live_started", CALL, data={"n": place}) for place in range(5)))
    error = await slow.end()
    assert isinstance(error, OverLimit)
    assert error.code_reason == "SLOW_READER"
    await post.quiet()
    assert len(slow.heard) == 2
    assert len(quick.rest()) == 5
    assert len(slow.errors) == 1


@pytest.mark.parametrize("failure", [Unavailable("locked", reason="STORE_LOCKED"), ZeroDivisionError()])
async def test_a_watch_that_can_t_be_served_is_cut_and_the_engine_goes_on(
    post: Post, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PATIENCE_SECONDS", 0.0)
    ear = await post.watch("ann", call=CALL)
    failing = Watching(post.desk.index, post.desk.authorizer, raising(failure))
    failing.start()
    lost = Ear()
    await failing.watch(Caller(post.desk.app.id, "ann"), Question(call=CALL), lost)
    kept = Ear()
    await failing.watch(Caller(post.desk.app.id, "ben"), Question(call="default:other"), kept)
    await post.tell(Happening("call.updated", CALL))
    error = await lost.end()
    assert isinstance(error, Unavailable)
    assert error.code_reason in {"STORE_LOCKED", "WATCH_FAILED"}
    await post.desk.administration.users.upsert(post.desk.server, [UserChange("ben", role="admin")])
    assert changed(await kept.next())[0]
    assert types([await ear.next()]) == ["call.updated"]
    await failing.stop()
    assert post.desk.index.listeners == [post.watching._applied]


async def test_facts_that_can_t_be_read_for_long_cut_the_watch(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "PATIENCE_SECONDS", 0.0)
    ear = await post.watch("ann", call=CALL)
    async with post.desk.other.transaction(post.desk.app.id) as tx:
        await tx.put_user(UserRecord("ann", role="admin"))

    async def fail() -> None:
        raise Unavailable("locked", reason="STORE_LOCKED")

    post.desk.store.before["facts"] = fail
    await post.desk.index.refresh()
    assert (await ear.end()).code_reason == "STORE_LOCKED"
    assert len(post.watching) == 1


async def test_when_all_was_loaded_anew_everything_is_looked_at_and_shown_again(post: Post) -> None:
    ann, gone = await post.watch("ann", call=CALL), await post.watch("ben", channel=CHANNEL)
    member = await post.watch("ann", channel=CHANNEL)
    async with post.desk.other.transaction(post.desk.app.id) as tx:
        await tx.put_user(UserRecord("ann", role="admin"))
        await tx.delete_channel(CHANNEL)
    await post.desk.index._reload()
    await post.quiet()
    heard = ann.rest()
    assert types(heard) == ["!", "call.updated"]
    assert isinstance(heard[0], CapabilitiesChanged)
    assert heard[0].cause == "reload"
    assert types(gone.rest()) == []
    assert types(member.rest())[-1:] == ["channel.deleted"]


async def test_a_watch_begins_where_its_request_did(post: Post) -> None:
    """What happened while the request was answered is told; what happened before is not."""
    calls, server = post.desk.administration.calls, post.desk.server
    await calls.upsert(server, CallChange(CALL, custom={"n": 1}))
    since = post.desk.authorizer.revision(post.desk.app.id)
    await calls.upsert(server, CallChange(CALL, custom={"n": 2}))
    await calls.block(server, CALL, "ben")
    await post.quiet()
    late, now = Ear(), Ear()
    await post.hold("ann", late, call=CALL, since=since)
    await post.hold("ann", now, call=CALL)
    await post.quiet()
    assert types(late.rest()) == ["!", "call.updated", "call.blocked_user"]
    assert now.heard == []


async def test_what_is_known_already_is_not_told_and_what_is_not_is(post: Post) -> None:
    since = post.desk.authorizer.revision(post.desk.app.id)
    await post.desk.administration.calls.block(post.desk.server, CALL, "ann")
    knows, believes = Ear(), Ear()
    await post.hold("ann", knows, call=CALL, since=since, known=())
    await post.hold("ann", believes, call=CALL, since=since, known=("send-audio",))
    await post.quiet()
    assert types(knows.rest()) == ["call.blocked_user"]
    assert types(believes.rest()) == ["!", "call.blocked_user"]


async def test_a_change_that_can_t_be_read_holds_up_nobody(post: Post) -> None:
    """It may come from a newer version; what it was about is shown again."""
    ear = await post.watch("ann", call=CALL)
    change = Change(post.desk.index.seq, post.desk.app.id, 1, log.EVENT, "{")
    for listener in post.desk.index.listeners:
        listener([change])
    notice = await ear.next()
    assert isinstance(notice, Told)
    assert notice.happening.type == "call.updated"


async def test_a_watch_from_a_revision_that_is_forgotten_is_told_its_capabilities(post: Post) -> None:
    await post.desk.administration.users.upsert(post.desk.server, [UserChange("cy")])
    post.watching._recent.clear()
    ear = Ear()
    await post.hold("ann", ear, call=CALL, since=1)
    assert changed(await ear.next()) == ([], [])
