"""Streams of capabilities against ListCapabilities: whatever is written, what was told adds up to what one may do."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from rolecall.domain.records import UserRecord
from rolecall.service.administration import create_app
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.changes import AppChange, TypeChange
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange
from rolecall.service.administration.users.values import UserChange
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.store import Store
from tests.unit.service.followers import Reader, follow
from tests.unit.service.staged import CALL, NEVER, Desk, StagedStore
from tests.unit.service.watchers import CHANNEL, Post, posted

USERS = tuple(f"u{number}" for number in range(6))
STEPS, ROUNDS = 40, 8
SOME = ("join-call", "send-audio", "send-video", "screenshare", "end-call")
CHANNEL_SOME = ("read-channel", "create-message", "create-reaction", "update-channel")
Step = Callable[[Desk, random.Random], Awaitable[Any]]


def _user(desk: Desk, chance: random.Random) -> Awaitable[Any]:
    user = chance.choice(USERS)
    change = UserChange(
        user,
        role=chance.choice(("user", "admin", "guest")),
        banned=chance.random() < 0.2,
        deactivated=chance.random() < 0.1,
    )
    return desk.administration.users.upsert(desk.server, [change])


async def _delete_user(desk: Desk, chance: random.Random) -> None:
    user = chance.choice(USERS)
    async with desk.store.snapshot(desk.app.id) as reader:
        there = await reader.users([user])
    if there:
        await desk.administration.users.delete(desk.server, [user])


def _elsewhere(desk: Desk, chance: random.Random) -> Awaitable[Any]:
    return desk.write_elsewhere(UserRecord(chance.choice(USERS), role=chance.choice(("user", "admin"))))


async def _present(desk: Desk) -> list[str]:
    async with desk.store.snapshot(desk.app.id) as reader:
        return sorted(await reader.users(USERS))


async def _members(desk: Desk, chance: random.Random) -> None:
    there = await _present(desk)
    coming = chance.sample(there, k=min(len(there), chance.randint(0, 2)))
    going = [user for user in chance.sample(USERS, k=chance.randint(0, 2)) if user not in coming]
    if chance.random() < 0.5:
        changes = [CallMemberChange(user, role=chance.choice(("call_member", "admin"))) for user in coming]
        if changes or going:
            await desk.administration.calls.update_members(desk.server, CALL, changes, going)
    elif coming or going:
        banned = [ChannelMemberChange(user, banned=chance.random() < 0.3) for user in coming]
        await desk.administration.channels.update_members(desk.server, CHANNEL, banned, going)


async def _standing(desk: Desk, chance: random.Random) -> None:
    there = await _present(desk)
    if there:
        user, calls = chance.choice(there), desk.administration.calls
        match chance.randrange(3):
            case 0:
                await calls.block(desk.server, CALL, user)
            case 1:
                await calls.unblock(desk.server, CALL, user)
            case _:
                grant, revoke = chance.sample(SOME, 2)
                await calls.update_user_permissions(desk.server, CALL, user, [grant], [revoke])


def _call(desk: Desk, chance: random.Random) -> Awaitable[Any]:
    settings = {"screensharing.enabled": chance.random() < 0.5, "audio.mic_default_on": chance.random() < 0.5}
    return desk.administration.calls.upsert(desk.server, CallChange(CALL, settings=settings))


def _channel(desk: Desk, chance: random.Random) -> Awaitable[Any]:
    change = ChannelChange(CHANNEL, frozen=chance.random() < 0.5, disabled=chance.random() < 0.2)
    return desk.administration.channels.upsert(desk.server, change)


def _types(desk: Desk, chance: random.Random) -> Awaitable[Any]:
    def some(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(chance.sample(names, chance.randint(0, len(names))))

    if chance.random() < 0.5:
        grants = {"user": some(SOME), "call_member": some(SOME), "admin": some(SOME)}
        return desk.administration.call_types.upsert(desk.server, TypeChange("default", grants=grants))
    grants = {"user": some(CHANNEL_SOME), "channel_member": some(CHANNEL_SOME)}
    return desk.administration.channel_types.upsert(desk.server, TypeChange("messaging", grants=grants))


def _app(desk: Desk, chance: random.Random) -> Awaitable[Any]:
    change = AppChange(permission_version=chance.choice(("v1", "v2")), disable_permissions_checks=chance.random() < 0.2)
    return desk.administration.apps.update(desk.server, change)


STEPS_THERE: tuple[Step, ...] = (
    _user, _user, _delete_user, _elsewhere, _members, _members, _members, _standing, _standing, _call, _channel,
    _types, _app,
)  # fmt: skip


async def _expected(desk: Desk, users: list[str], target: Question) -> dict[str, set[str]]:
    found = {}
    for user in users:
        own, _ = await desk.authorizer.capabilities(desk.server, target._replace(user_id=user))
        found[user] = set(own)
    return found


async def _roster(desk: Desk, target: Question) -> dict[str, set[str]]:
    page = await desk.administration.rosters.page(desk.app.id, target, "")
    return await _expected(desk, list(page.user_ids), target)


async def _compare(post: Post, readers: dict[tuple[str, Question], Reader]) -> None:
    for (user, target), reader in readers.items():
        causes = [update.cause for update in reader.rest()]
        assert reader.errors == []
        assert "reloaded" not in causes
        wanted = await _expected(post.desk, [user], target) if user else await _roster(post.desk, target)
        assert reader.own == wanted, (user, target, causes)


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_what_is_told_adds_up_to_what_may_be_listed(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    path = str(tmp_path / "rolecall.db")
    store, other = await StagedStore.open(path), await Store.open(path)
    assert isinstance(store, StagedStore)
    app, _, _ = await create_app(store, "acme")
    async with store.transaction(app.id) as tx:
        await tx.put_users([UserRecord(user) for user in USERS])
    index = Index(store, refresh_seconds=NEVER, max_staleness_seconds=NEVER)
    await index.start()
    desk = Desk(store, other, app, index)
    await desk.administration.calls.upsert(desk.server, CallChange(CALL))
    await desk.administration.channels.upsert(desk.server, ChannelChange(CHANNEL))
    async with posted(desk) as post:
        readers = {
            (user, target): await follow(post, user, call=target.call, channel=target.channel)
            for target in (Question(call=CALL), Question(channel=CHANNEL))
            for user in ("", *USERS)
        }
        for reader in readers.values():
            await reader.snapshot()
        for _ in range(STEPS):
            for _ in range(chance.choice((1, 1, 3))):  # what comes close together is told together
                await chance.choice(STEPS_THERE)(desk, chance)
            await post.quiet()
            await _compare(post, readers)
        for reader in readers.values():
            reader.following.close()
        assert len(post.watching) == 1
    await index.stop()
    await other.close()
    await store.close()
