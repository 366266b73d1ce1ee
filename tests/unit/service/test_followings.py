"""Streams of capabilities (rule: WatchCapabilities): what each cause says, to whom, what begins and ends a stream."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from rolecall.domain.errors import Forbidden, InvalidInput, NotFound, OutOfRange, OverLimit, Unavailable
from rolecall.domain.records import CallMemberRecord, UserRecord
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.changes import AppChange, TypeChange
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange
from rolecall.service.administration.users.values import UserChange
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.service.watching import causes, following
from rolecall.service.watching.following import Update
from rolecall.store import Change
from rolecall.store import changes as log
from tests.unit.service.followers import Reader, follow, followings, soon
from tests.unit.service.staged import CALL, Desk
from tests.unit.service.watchers import CHANNEL, Post

Write = Callable[[Desk], Awaitable[Any]]
AWAY = "default:elsewhere"


def _user(**fields: Any) -> Write:
    return lambda desk: desk.administration.users.upsert(desk.server, [UserChange("ann", **fields)])


def _call(**fields: Any) -> Write:
    return lambda desk: desk.administration.calls.upsert(desk.server, CallChange(CALL, **fields))


def _type(**fields: Any) -> Write:
    return lambda desk: desk.administration.call_types.upsert(desk.server, TypeChange("default", **fields))


def _channel_type(**fields: Any) -> Write:
    return lambda desk: desk.administration.channel_types.upsert(desk.server, TypeChange("messaging", **fields))


def _app(**fields: Any) -> Write:
    return lambda desk: desk.administration.apps.update(desk.server, AppChange(**fields))


def _members(*changes: CallMemberChange, gone: tuple[str, ...] = ()) -> Write:
    return lambda desk: desk.administration.calls.update_members(desk.server, CALL, changes, gone)


def _channel_members(*changes: ChannelMemberChange, gone: tuple[str, ...] = ()) -> Write:
    return lambda desk: desk.administration.channels.update_members(desk.server, CHANNEL, changes, gone)


def _permissions(grant: list[str], revoke: list[str]) -> Write:
    return lambda desk: desk.administration.calls.update_user_permissions(desk.server, CALL, "ann", grant, revoke)


def _block(desk: Desk) -> Awaitable[Any]:
    return desk.administration.calls.block(desk.server, CALL, "ann")


def _unblock(desk: Desk) -> Awaitable[Any]:
    return desk.administration.calls.unblock(desk.server, CALL, "ann")


async def _nothing(_: Desk) -> None:
    pass


CALL_CAUSES: dict[str, tuple[Write, Write, str]] = {
    "grants of the type": (_nothing, _type(grants={"user": (), "call_member": ()}), "call_type_updated"),
    "settings of the call": (_nothing, _call(settings={"screensharing.enabled": False}), "call_updated"),
    "role": (_nothing, _user(role="admin"), "user_updated"),
    "ban": (_nothing, _user(banned=True), "user_banned"),
    "end of a ban": (_user(banned=True), _user(banned=False), "user_unbanned"),
    "deactivation": (_nothing, _user(deactivated=True), "user_deactivated"),
    "reactivation": (_user(deactivated=True), _user(deactivated=False), "user_reactivated"),
    "deletion": (_nothing, lambda desk: desk.administration.users.delete(desk.server, ["ann"]), "user_deleted"),
    "member role": (_nothing, _members(CallMemberChange("ann", role="admin")), "member_updated"),
    "leaving": (_type(grants={"user": ()}), _members(gone=("ann",)), "member_removed"),
    "coming": (_members(gone=("ann",)), _members(CallMemberChange("ann", role="admin")), "member_added"),
    "grant": (_nothing, _permissions(["block-users"], []), "user_permissions_updated"),
    "revoke": (_nothing, _permissions([], ["send-audio"]), "user_permissions_updated"),
    "block": (_nothing, _block, "user_blocked"),
    "end of a block": (_block, _unblock, "user_unblocked"),
    "checks off": (_nothing, _app(disable_permissions_checks=True), "app_updated"),
}

CHANNEL_CAUSES: dict[str, tuple[Write, Write, str]] = {
    "grants of the type": (_nothing, _channel_type(grants={"user": (), "channel_member": ()}), "channel_type_updated"),
    "config of the type": (_nothing, _channel_type(settings={"replies": False}), "channel_type_updated"),
    "frozen": (
        _nothing,
        lambda desk: desk.administration.channels.upsert(desk.server, ChannelChange(CHANNEL, frozen=True)),
        "channel_updated",
    ),
    "ban in the channel": (_nothing, _channel_members(ChannelMemberChange("ann", banned=True)), "member_banned"),
    "end of it": (
        _channel_members(ChannelMemberChange("ann", banned=True)),
        _channel_members(ChannelMemberChange("ann", banned=False)),
        "member_unbanned",
    ),
    "leaving": (_nothing, _channel_members(gone=("ann",)), "member_removed"),
    "coming": (_channel_members(gone=("ann",)), _channel_members(ChannelMemberChange("ann")), "member_added"),
    "version": (_nothing, _app(permission_version="v1"), "permission_version_changed"),
    "ban": (_nothing, _user(banned=True), "user_banned"),
}


async def _told_once(post: Post, target: Question, case: tuple[Write, Write, str]) -> None:
    before, write, cause = case
    desk = post.desk
    await before(desk)
    one = await follow(post, "ann", call=target.call, channel=target.channel)
    other = await follow(
        post, "ben", call=AWAY if target.call else "", channel="messaging:away" if target.channel else ""
    )
    everyone = await follow(post, call=target.call, channel=target.channel)
    first, _ = (await one.snapshot())["ann"], await everyone.snapshot()
    await other.snapshot()
    await write(desk)
    await post.quiet()
    (update,) = one.rest()
    own, revision = await desk.authorizer.capabilities(desk.server, target._replace(user_id="ann"))
    assert (update.user_id, update.cause, list(update.own), update.revision) == ("ann", cause, own, revision)
    assert set(update.added) == set(own) - set(first)
    assert set(update.removed) == set(first) - set(own)
    (of_all,) = everyone.rest()
    left = cause in {"member_removed", "user_deleted"}
    assert of_all == update._replace(cause="member_removed" if left else cause, added=of_all.added)
    assert of_all.added == (update.own if cause == "member_added" else update.added)
    assert {update.cause for update in other.rest()} <= {cause}, "of what is the app's or the type's at most"


@pytest.mark.parametrize("name", CALL_CAUSES)
async def test_every_cause_on_a_call_is_told_once(post: Post, name: str) -> None:
    await _told_once(post, Question(call=CALL), CALL_CAUSES[name])


@pytest.mark.parametrize("name", CHANNEL_CAUSES)
async def test_every_cause_in_a_channel_is_told_once(post: Post, name: str) -> None:
    await _told_once(post, Question(channel=CHANNEL), CHANNEL_CAUSES[name])


def test_clients_are_told_of_every_cause() -> None:
    """The list stands in the proto, beside the field."""
    proto = Path(__file__).parents[3] / "protos/rolecall/api/v1/authorization.proto"
    _, _, after = proto.read_text(encoding="utf-8").partition("// What changed; of several changes")
    about, _, _ = after.partition("string cause = ")
    assert sorted(re.findall(r"`([a-z_]+)`", about)) == sorted(causes.ALL)


QUIET: dict[str, Write] = {
    "a call's state that capabilities don't follow": lambda desk: desk.administration.calls.go_live(desk.server, CALL),
    "custom data": _user(custom={"mood": "fine"}),
    "the same grants again": lambda desk: desk.administration.call_types.upsert(desk.server, TypeChange("default")),
    "another user": lambda desk: desk.administration.users.upsert(desk.server, [UserChange("ben", role="admin")]),
    "another call": lambda desk: desk.administration.calls.upsert(desk.server, CallChange(AWAY)),
    "another type": lambda desk: desk.administration.call_types.upsert(
        desk.server, TypeChange("livestream", grants={"user": ()})
    ),
    "a block of another": lambda desk: desk.administration.calls.block(desk.server, CALL, "ben"),
}


@pytest.mark.parametrize("name", QUIET)
async def test_nothing_is_told_when_nothing_has_changed_for_the_user(post: Post, name: str) -> None:
    one, everyone = await follow(post, "ann", call=CALL), await follow(post, call=CALL)
    await one.snapshot()
    assert set(await everyone.snapshot()) == {"ann"}
    await QUIET[name](post.desk)
    await post.quiet()
    assert one.rest() == everyone.rest() == []


# --- members ---------------------------------------------------------------------------------------------------------


async def test_a_new_member_is_followed_and_one_that_leaves_no_more(post: Post) -> None:
    desk = post.desk
    reader = await follow(post, call=CALL)
    assert set(await reader.snapshot()) == {"ann"}
    await _members(CallMemberChange("ben", role="admin"))(desk)
    update = await reader.next()
    assert (update.user_id, update.cause, update.added) == ("ben", "member_added", update.own)
    assert update.own
    await desk.administration.calls.update_user_permissions(desk.server, CALL, "ben", [], ["send-audio"])
    update = await reader.next()
    assert (update.user_id, update.cause, update.removed) == ("ben", "user_permissions_updated", ("send-audio",))
    await _members(gone=("ben",))(desk)
    update = await reader.next()
    assert (update.user_id, update.cause) == ("ben", "member_removed")
    assert list(update.own) == (await desk.authorizer.capabilities(desk.server, Question("ben", call=CALL)))[0]
    await desk.administration.users.upsert(desk.server, [UserChange("ben", banned=True)])
    await post.quiet()
    assert reader.rest() == []
    await _members(CallMemberChange("ben"))(desk)
    update = await reader.next()
    assert (update.user_id, update.cause, update.own) == ("ben", "member_added", ())


async def test_a_member_whose_capabilities_stay_the_same_is_told_to_leave(post: Post) -> None:
    await _type(grants={"user": ("join-call",), "call_member": ("join-call",)})(post.desk)
    reader = await follow(post, call=CALL)
    first = await reader.snapshot()
    await _members(gone=("ann",))(post.desk)
    update = await reader.next()
    assert (update.cause, update.own, update.added, update.removed) == ("member_removed", first["ann"], (), ())


async def test_a_member_who_is_deleted_leaves_every_roster(post: Post) -> None:
    readers = [await follow(post, call=CALL), await follow(post, channel=CHANNEL)]
    for reader in readers:
        await reader.snapshot()
    await post.desk.administration.users.delete(post.desk.server, ["ann"])
    for reader in readers:
        update = await reader.next()
        assert (update.user_id, update.cause, update.own) == ("ann", "member_removed", ())
        assert reader.own == {}


async def test_no_member_at_all_is_told_by_nobodys_message(post: Post) -> None:
    await _members(gone=("ann",))(post.desk)
    reader = await follow(post, call=CALL)
    update = await reader.next()
    assert (update.user_id, update.own, update.cause, update.complete) == ("", (), "snapshot", True)


async def test_many_members_come_in_order_and_the_last_completes(post: Post) -> None:
    desk, users = post.desk, [f"user-{number:04}" for number in range(2_100)]
    async with desk.store.transaction(desk.app.id) as tx:
        await tx.put_users([UserRecord(user) for user in users])
    for start in range(0, len(users), 100):
        await _members(*(CallMemberChange(user) for user in users[start : start + 100]))(desk)
    reader = await follow(post, call=CALL)
    assert list(await reader.snapshot()) == ["ann", *users]
    assert reader.rest() == []
    await _type(grants={"user": (), "call_member": ("join-call",)})(desk)
    await post.quiet()
    told = reader.rest()
    assert sorted(update.user_id for update in told) == ["ann", *users]
    assert {(update.cause, update.own) for update in told} == {("call_type_updated", ("join-call",))}


async def test_who_comes_and_goes_while_the_first_set_is_read(post: Post) -> None:
    desk, users = post.desk, [f"user-{number:04}" for number in range(200)]
    async with desk.store.transaction(desk.app.id) as tx:
        await tx.put_users([UserRecord(user) for user in [*users, "a-late-one"]])
    await _members(*(CallMemberChange(user) for user in users[:100]))(desk)
    await _members(*(CallMemberChange(user) for user in users[100:]))(desk)
    reader = await follow(post, call=CALL)
    await reader.next()
    await _members(CallMemberChange("a-late-one"), gone=(users[0], users[-1]))(desk)
    await _members(CallMemberChange(users[-2], role="admin"))(desk)
    await reader.snapshot()
    await post.quiet()
    reader.rest()
    assert set(reader.own) == {"ann", "a-late-one", *users[1:-1]}
    for user in ("a-late-one", users[1], users[-2]):
        own, _ = await desk.authorizer.capabilities(desk.server, Question(user, call=CALL))
        assert reader.own[user] == set(own)


# --- the beginning ---------------------------------------------------------------------------------------------------


async def test_a_user_follows_itself_only(post: Post) -> None:
    ann = Caller(post.desk.app.id, "ann")
    reader = await follow(post, call=CALL, caller=ann)
    assert set(await reader.snapshot()) == {"ann"}
    with pytest.raises(Forbidden):
        await follow(post, "ben", call=CALL, caller=ann)
    with pytest.raises(InvalidInput):
        await follow(post, "ann")
    with pytest.raises(NotFound):
        await follow(post, "ann", call="nope:1")
    for call, channel in ((AWAY, ""), ("", "messaging:away")):
        with pytest.raises(NotFound):
            await follow(post, call=call, channel=channel)
    assert len(post.watching) == 2, "the marker's and the first one"


async def test_a_call_that_was_never_stored_is_followed_by_its_type(post: Post) -> None:
    reader = await follow(post, "ben", call=AWAY)
    before = (await reader.snapshot())["ben"]
    await post.desk.administration.calls.upsert(
        post.desk.server, CallChange(AWAY, created_by_id="ben", settings={"audio.mic_default_on": True})
    )
    update = await reader.next()
    assert update.cause == "call_created"
    assert set(update.own) > set(before)


async def test_a_stream_begins_no_earlier_than_a_revision(post: Post) -> None:
    desk = post.desk
    revision = await desk.write_elsewhere(UserRecord("ann", banned=True))
    assert desk.authorizer.revision(desk.app.id) < revision
    reader = await follow(post, "ann", call=CALL, since=revision)
    assert (await reader.snapshot())["ann"] == ()


async def test_a_revision_that_never_comes_is_out_of_range(post: Post) -> None:
    with pytest.raises(OutOfRange) as caught:
        await follow(post, "ann", call=CALL, since=1_000_000)
    assert (caught.value.code_reason, caught.value.field) == ("REVISION_OUT_OF_RANGE", "from_revision")


async def test_a_revision_that_the_log_no_longer_knows_is_out_of_range(post: Post) -> None:
    desk = post.desk
    old = desk.authorizer.revision(desk.app.id)
    await _user(role="admin")(desk)
    between = desk.authorizer.revision(desk.app.id)
    await _user(role="user")(desk)
    now = desk.authorizer.revision(desk.app.id)
    async with desk.store._writing():  # noqa: SLF001 - as when 100,000 changes have come since
        await desk.store._writer.run("DELETE FROM changes WHERE revision <= ?", (between,))  # noqa: SLF001
    for known in (between, now):
        assert (await (await follow(post, "ann", call=CALL, since=known)).next()).revision == now
    with pytest.raises(OutOfRange):
        await follow(post, "ann", call=CALL, since=old)


async def test_there_is_room_for_so_many_streams(post: Post) -> None:
    of = followings(post, most=2)
    readers = [await follow(post, "ann", call=CALL, of=of) for _ in range(2)]
    with pytest.raises(OverLimit) as caught:
        await follow(post, "ann", call=CALL, of=of)
    assert caught.value.code_reason == "TOO_MANY_WATCHES"
    readers[0].following.close()
    await follow(post, "ann", call=CALL, of=of)
    assert len(of) == 2


async def test_a_user_does_not_take_all_the_room(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rolecall.service.watching.followings.MOST_OF_USER", 1)
    of, ann, ben = followings(post), Caller(post.desk.app.id, "ann"), Caller(post.desk.app.id, "ben")
    reader = await follow(post, call=CALL, caller=ann, of=of)
    with pytest.raises(OverLimit) as caught:
        await follow(post, call=CALL, caller=ann, of=of)
    assert caught.value.code_reason == "TOO_MANY_WATCHES"
    for caller in (ben, None, None):
        await follow(post, "" if caller else "ann", call=CALL, caller=caller, of=of)
    reader.following.close()
    reader.following.close()
    await follow(post, call=CALL, caller=ann, of=of)


# --- the end ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["call", "channel"])
async def test_a_deletion_is_told_to_all_and_ends_the_stream(post: Post, place: str) -> None:
    desk, admin = post.desk, post.desk.administration
    call, channel = (CALL, "") if place == "call" else ("", CHANNEL)
    readers = [await follow(post, user, call=call, channel=channel) for user in ("ann", "")]
    first = [await reader.snapshot() for reader in readers]
    if place == "call":
        await admin.calls.delete(desk.server, CALL)
        await admin.calls.upsert(desk.server, CallChange(CALL, members=(CallMemberChange("ann"),)))
    else:
        await admin.channels.delete(desk.server, CHANNEL)
    for reader, own in zip(readers, first, strict=True):
        update = await reader.next()
        assert (update.user_id, update.cause, update.own) == ("ann", f"{place}_deleted", ())
        assert update.removed == own["ann"]
        error = await reader.end()
        assert isinstance(error, NotFound)
        reader.following.close()
    assert len(post.watching) == 1, "the marker's"


async def test_the_deletion_of_a_call_without_members_ends_the_stream(post: Post) -> None:
    await _members(gone=("ann",))(post.desk)
    reader = await follow(post, call=CALL)
    await reader.snapshot()
    await post.desk.administration.calls.delete(post.desk.server, CALL)
    assert isinstance(await reader.end(), NotFound)
    reader.following.close()
    assert len(post.watching) == 1


async def test_a_slow_reader_is_cut_and_keeps_nothing(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST_WAITING", 4)
    slow, quick = await follow(post, "ann", call=CALL), await follow(post, "ann", call=CALL)
    await slow.snapshot()
    await quick.snapshot()
    for number in range(10):
        await (_unblock if number % 2 else _block)(post.desk)
        await post.quiet()
        assert len(slow.following._waiting) <= 6  # noqa: SLF001 - its memory
        quick.rest()
    (error,) = slow.errors
    assert (type(error), error.code_reason) == (OverLimit, "SLOW_READER")
    assert slow.rest() == []
    assert quick.errors == []
    slow.following.close()
    quick.following.close()
    assert len(post.watching) == 1


async def test_a_world_that_is_loaded_anew_ends_rosters_and_tells_users(post: Post) -> None:
    desk = post.desk
    one, everyone = await follow(post, "ann", call=CALL), await follow(post, call=CALL)
    await one.snapshot()
    await everyone.snapshot()
    await desk.write_elsewhere(UserRecord("ann", banned=True))
    await desk.index._reload()  # noqa: SLF001 - as when the log does not reach back
    update = await one.next()
    assert (update.cause, update.own) == ("user_banned", ())
    (error,) = everyone.errors
    assert (type(error), error.code_reason) == (Unavailable, "RELOADED")


async def test_all_are_cut_when_changes_are_heard_of_no_more(post: Post) -> None:
    of = followings(post)
    readers = [await follow(post, "ann", call=CALL, of=of), await follow(post, call=CALL, of=of)]
    of.cut(Unavailable("the store can't be read", reason="INDEX_STALE"))
    for reader in readers:
        assert [error.code_reason for error in reader.errors] == ["INDEX_STALE"]
        assert (await reader.end()) is reader.errors[0]


async def test_a_client_that_goes_leaves_nothing_behind(post: Post) -> None:
    of = followings(post)
    readers: list[Reader] = []
    for _ in range(3):
        readers += [await follow(post, "ann", call=CALL, of=of), await follow(post, channel=CHANNEL, of=of)]
    assert len(of) == 6
    for reader in readers:
        reader.following.close()
        reader.following.close()
    watching = post.watching
    assert (len(of), len(watching), watching._rosters) == (0, 1, {})  # noqa: SLF001
    assert {name[2] for name in watching._watches.names()} >= {"marker"}  # noqa: SLF001


async def test_thousands_of_streams_hear_of_one_change(post: Post) -> None:
    desk, many = post.desk, 2_000
    of = followings(post)
    users = [f"user-{number:04}" for number in range(many)]
    async with desk.store.transaction(desk.app.id) as tx:
        await tx.put_users([UserRecord(user) for user in users])
    await desk.index.refresh()
    readers = [await follow(post, user, call=CALL, of=of) for user in users]
    for reader in readers:
        reader.rest()
    await _type(grants={"user": ("join-call",)})(desk)
    for user, reader in zip(users, readers, strict=True):
        update = await reader.next()
        assert (update.user_id, update.cause, update.own) == (user, "call_type_updated", ("join-call",))


async def test_an_odd_change_in_the_log_harms_no_stream(post: Post) -> None:
    """A member change that can't be read has the index told anew, as any that is odd."""
    reader = await follow(post, call=CALL)
    await reader.snapshot()
    post.watching._applied([Change(1, post.desk.app.id, 9, log.CALL_MEMBER, "no json")])  # noqa: SLF001
    (error,) = reader.errors
    assert error.code_reason == "RELOADED"
    with pytest.raises(Unavailable):
        await soon(reader.following.next())


@pytest.mark.parametrize("new", ["ann", "ben"])
async def test_a_call_that_is_made_anew_before_anybody_looks_is_another_one(post: Post, new: str) -> None:
    """Its members are not those of the stream, which ends."""
    desk = post.desk
    reader = await follow(post, call=CALL)
    await reader.snapshot()
    async with desk.store.snapshot(desk.app.id) as stored:
        record = await stored.call(CALL)
    assert record is not None
    async with desk.other.transaction(desk.app.id) as tx:
        await tx.delete_call(CALL)
        await tx.put_call(record)
        await tx.put_call_member(CALL, CallMemberRecord(new))
    await post.quiet()
    assert [(update.user_id, update.cause) for update in reader.rest()] == [("ann", "call_deleted")]
    assert isinstance(await reader.end(), NotFound)
    reader.following.close()
    assert len(post.watching) == 1, "the marker's"


async def test_a_call_whose_type_is_deleted_with_it_ends_its_streams(post: Post) -> None:
    desk = post.desk
    await desk.administration.call_types.upsert(desk.server, TypeChange("short"))
    await desk.administration.calls.upsert(desk.server, CallChange("short:1", members=(CallMemberChange("ann"),)))
    readers = [await follow(post, user, call="short:1") for user in ("ann", "")]
    for reader in readers:
        await reader.snapshot()
    async with desk.other.transaction(desk.app.id) as tx:
        await tx.delete_call("short:1")
        await tx.delete_type("video:short")
    await post.quiet()
    for reader in readers:
        assert [(update.cause, update.own) for update in reader.rest()] == [("call_deleted", ())]
        assert isinstance(await reader.end(), NotFound)
        reader.following.close()


async def test_what_can_be_told_at_once_is_and_never_before_what_waits(post: Post) -> None:
    following = (await follow(post, "ann", call=CALL)).following
    told, takes = list[tuple[str, ...]](), True

    def tell(update: Update) -> bool:
        if takes:
            told.append(update.change.own)
        return takes

    following.tell_now = tell
    steps = [("join-call",), ("join-call", "send-audio"), ("send-audio",), ("send-video",)]

    async def changed(step: tuple[str, ...]) -> None:
        await _type(grants={"user": step, "call_member": ()})(post.desk)
        await post.quiet()

    await changed(steps[0])
    assert told == [], "nobody waits for it: it is read with the first full set"
    assert [update.change.own for update in await soon(following.next())][1:] == [steps[0]]
    waiting = asyncio.create_task(following.next())
    await asyncio.sleep(0)
    await changed(steps[1])
    assert (told, waiting.done()) == ([steps[1]], False)
    takes = False
    await changed(steps[2])
    takes = True
    await changed(steps[3])
    assert told == [steps[1]]
    rest = [*await soon(waiting), *await soon(following.next())]
    assert [update.change.own for update in rest] == [steps[2], steps[3]]
