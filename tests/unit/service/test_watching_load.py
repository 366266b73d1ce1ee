"""The watch engine when much happens at once, or can't be read: who waits for whom, what is merged, what ends it."""

# ruff: noqa: SLF001 - what the engine reads by is replaced

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rolecall.domain.errors import Unavailable
from rolecall.domain.records import UserRecord
from rolecall.service.administration import create_app
from rolecall.service.administration.calls.values import CallChange
from rolecall.service.administration.changes import TypeChange
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange
from rolecall.service.administration.users.values import UserChange
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.service.watching import work
from rolecall.service.watching.watches import Scene, Told
from rolecall.store.changes import Happening
from tests.unit.service.staged import CALL, Gate
from tests.unit.service.watchers import CHANNEL, MARK, Ear, Post, changed, raising, types

# --- contention ------------------------------------------------------------------------------------------------------


class Trouble:
    """A hook of the store that fails so many times, and tells when that is over."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.over = asyncio.Event()

    async def __call__(self) -> None:
        if self.left == 0:
            self.over.set()
            return
        self.left -= 1
        raise Unavailable("too much changes", reason="BUSY")


async def test_facts_that_are_busy_are_read_again_and_the_change_is_told_once(post: Post) -> None:
    ear = await post.watch("ann", call=CALL)
    trouble = post.desk.store.before["facts"] = Trouble(3)
    await post.desk.write_elsewhere(UserRecord("ann", role="admin"))
    await post.desk.index.refresh()
    notice = await ear.next()
    assert "block-users" in changed(notice)[0]
    assert notice.cause == "user"
    assert trouble.left == 0
    await post.quiet()
    assert (ear.rest(), ear.errors) == ([], [])


@pytest.mark.parametrize("place", [{"call": CALL}, {"channel": CHANNEL}])
async def test_what_can_t_be_shown_for_long_is_cut_although_facts_are_held(
    post: Post, place: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that is looked at again and again meanwhile does not make it wait for ever."""
    monkeypatch.setattr(work, "PATIENCE_SECONDS", 0.2)
    ear = await post.watch("ann", **place)
    post.watching._read = raising(Unavailable("locked", reason="STORE_LOCKED"))
    await post.desk.administration.users.upsert(post.desk.server, [UserChange("ann", role="admin")])
    await post.tell(Happening("call.live_started", CALL))
    assert (await ear.end()).code_reason == "STORE_LOCKED"


async def test_an_event_that_can_t_be_shown_waits_with_what_follows_it_and_holds_up_nothing_else(post: Post) -> None:
    failing, left = {CALL}, 2

    async def read(app_id: int, happening: Happening) -> Scene:
        nonlocal left
        if happening.cid in failing and left:
            left -= 1
            raise Unavailable("locked", reason="STORE_LOCKED")
        return await post.desk.administration.scenes.read(app_id, happening)

    post.watching._read = read
    heard: list[str] = []
    both = Ear()
    await post.hold("ann", both, call=CALL)
    await post.hold("ann", both, call="default:other")
    await post.desk.administration.calls.upsert(post.desk.server, CallChange("default:other"))
    await post.quiet()
    both.rest()
    await post.tell(
        Happening("call.live_started", CALL), Happening("call.ended", CALL), Happening("call.updated", "default:other")
    )
    await post.quiet()
    heard = [f"{one.happening.cid} {one.happening.type}" for one in both.rest() if isinstance(one, Told)]
    assert heard == ["default:other call.updated", f"{CALL} call.live_started", f"{CALL} call.ended"]
    assert both.errors == []


async def test_while_one_app_s_work_stands_still_another_s_goes_on(post: Post) -> None:
    desk = post.desk
    record, _, _ = await create_app(desk.store, "other")
    other = Caller(record.id)
    await desk.index.refresh()
    await desk.administration.users.upsert(other, [UserChange("ann")])
    await desk.administration.calls.upsert(other, CallChange(CALL))
    await post.quiet()
    gate, elsewhere = Gate(), await post.watch("ann", call=CALL, caller=Caller(record.id, "ann"))
    stuck = await post.watch("ann", call=CALL)

    async def read(app_id: int, happening: Happening) -> Scene:
        if app_id == desk.app.id:
            await gate()
        return await desk.administration.scenes.read(app_id, happening)

    post.watching._read = read
    await post.tell(Happening("call.updated", CALL))
    await gate.reached.wait()
    await desk.administration.calls.update_user_permissions(other, CALL, "ann", [], ["send-audio"])
    assert changed(await elsewhere.next()) == ([], ["send-audio"])
    assert stuck.heard == []
    gate.open()
    assert types([await stuck.next()]) == ["call.updated"]


async def test_a_revocation_on_a_call_is_told_before_the_channels_that_are_still_to_be_shown(post: Post) -> None:
    desk, gate = post.desk, Gate()
    channel, call = Ear(), await post.watch("ann", call=CALL)
    for place in range(5):
        await desk.administration.channels.upsert(
            desk.server, ChannelChange(f"messaging:{place}", members=(ChannelMemberChange("ann"),))
        )
        await post.hold("ann", channel, channel=f"messaging:{place}")
    await post.quiet()

    async def read(app_id: int, happening: Happening) -> Scene:
        await gate()
        return await desk.administration.scenes.read(app_id, happening)

    post.watching._read = read
    await desk.administration.channel_types.upsert(desk.server, TypeChange("messaging", settings={"reactions": False}))
    await gate.reached.wait()
    await desk.administration.users.upsert(desk.server, [UserChange("ann", role="admin")])
    gate.open()
    await call.next()
    assert len(channel.heard) == 1
    await post.quiet()
    assert len(channel.heard) == 5


async def test_updates_that_follow_each_other_are_one_and_nothing_else_is(post: Post) -> None:
    ear = await post.watch("ann", call=CALL)
    added = [Happening("call.member_added", CALL, (user,)) for user in ("ann", "ben")]
    updated = [Happening("call.updated", CALL, by=by) for by in ("ann", "ben", "cy")]
    other = Happening("call.updated", MARK)
    await post.tell(updated[0], other, updated[1], *added, updated[2], other)
    await post.quiet()
    assert [one.happening for one in ear.rest() if isinstance(one, Told)] == [updated[1], *added, updated[2]]


async def test_who_begins_to_watch_hears_of_what_was_merged_while_it_began(post: Post) -> None:
    since = post.desk.authorizer.revision(post.desk.app.id)
    await post.tell(Happening("call.updated", CALL))
    await post.tell(Happening("call.blocked_user", CALL, ("ben",)))
    await post.quiet()
    first = await post.watch("ben", call=CALL)
    await post.tell(Happening("call.ended", CALL))
    late = Ear()
    await post.hold("ann", late, call=CALL, since=since)
    await post.quiet()
    assert types(late.rest()) == ["call.updated", "call.blocked_user", "call.ended"]
    assert types(first.rest()) == ["call.ended"]


async def test_what_was_told_last_is_true_although_an_event_told_it_first(post: Post) -> None:
    """Granted while an event waits for its scene, revoked while another receiver's facts are read."""
    desk = post.desk
    calls, server = desk.administration.calls, desk.server
    ann, ben = await post.watch("ann", call=CALL), await post.watch("ben", call=CALL)
    steps = [{"grant": ["block-users"]}, {"revoke": ["block-users"]}]

    async def read(app_id: int, happening: Happening) -> Scene:
        scene = await desk.administration.scenes.read(app_id, happening)
        if steps:
            await calls.update_user_permissions(server, CALL, "ann", **steps.pop(0))
        return scene

    post.watching._read = read
    await post.tell(Happening("call.live_started", CALL))
    await post.tell(Happening("call.live_started", CALL))
    await post.quiet()
    assert steps == []
    heard = ann.rest()
    assert types(heard)[:2] == ["!", "call.live_started"]
    assert "block-users" in heard[1].own_capabilities
    own, _ = await desk.authorizer.capabilities(server, Question("ann", CALL))
    assert list(heard[-1].own_capabilities) == own
    assert "block-users" not in own
    assert "!" not in types(ben.rest())


async def test_an_error_that_nobody_foresaw_is_reported_and_cuts_this_app_s_watches(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = await post.watch("ann", call=CALL)

    async def fail(_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(work.Work, "_recompute", fail)
    await post.desk.administration.calls.block(post.desk.server, CALL, "ann")
    assert (await ear.end()).code_reason == "WATCH_FAILED"
    await post.quiet()
    assert [error.code_reason for error in post.errors] == ["WATCH_FAILED"]
    monkeypatch.undo()
    again = await post.watch("ann", call=CALL)
    await post.desk.administration.calls.unblock(post.desk.server, CALL, "ann")
    assert "send-audio" in changed(await again.next())[0]


# --- very many -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("named", "told"), [(100, "member.added"), (101, "channel.updated")])
async def test_very_many_members_of_one_write_are_told_as_one_update(post: Post, named: int, told: str) -> None:
    users = tuple(f"user-{place}" for place in range(named))
    ear = await post.watch("ann", channel=CHANNEL)
    await post.tell(Happening("member.added", CHANNEL, users))
    await post.quiet()
    (notice,) = ear.rest()
    assert isinstance(notice, Told)
    assert notice.happening == (Happening(told, CHANNEL, users) if told == "member.added" else Happening(told, CHANNEL))


async def test_whoever_is_removed_with_very_many_hears_of_its_own_removal(post: Post) -> None:
    channels, server = post.desk.administration.channels, post.desk.server
    users = tuple(f"user-{place}" for place in range(100))
    await post.desk.administration.users.upsert(server, [UserChange(user) for user in users])
    await channels.update_members(server, CHANNEL, [ChannelMemberChange(user) for user in users], [])
    ear = await post.watch("ann", channel=CHANNEL)
    await channels.update_members(server, CHANNEL, [], [*users, "ann"])
    await post.quiet()
    notice = ear.rest()[-1]
    assert isinstance(notice, Told)
    assert notice.happening == Happening("member.removed", CHANNEL, ("ann",))


async def test_more_events_than_can_be_told_cut_everyone_of_that_app(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "MOST_PENDING", 10)
    record, _, _ = await create_app(post.desk.store, "other")
    await post.desk.index.refresh()
    await post.desk.administration.users.upsert(Caller(record.id), [UserChange("ann")])
    ear = await post.watch("ann", call=CALL)
    elsewhere = Ear()
    kept = await post.hold("ann", elsewhere, call=CALL, caller=Caller(record.id, "ann"))
    await post.tell(*(Happening("call.live_started", CALL, data={"n": place}) for place in range(20)))
    assert (await ear.end()).code_reason == "TOO_MANY_EVENTS"
    assert elsewhere.errors == []
    assert not kept.ended
