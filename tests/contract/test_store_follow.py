"""What a follower learns: the world whole, then each change once, and facts as they were in one snapshot."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest

from rolecall.domain import facts
from rolecall.domain.actions import BIT
from rolecall.domain.builtin import call_types
from rolecall.domain.errors import Unavailable
from rolecall.domain.grants import compile_overrides
from rolecall.domain.records import (
    AppRecord,
    CallMemberRecord,
    CallRecord,
    CallUserRecord,
    ChannelMemberRecord,
    ChannelRecord,
    MigrationRecord,
    PermissionRecord,
    PolicyRecord,
    RoleRecord,
    Settings,
    TypeRecord,
    UserRecord,
)
from rolecall.store import AppPatch, AppWorld, Delta, Store, Transaction, Wanted, changes
from rolecall.store.changes import member_key, parse_member_key
from rolecall.store.rows import to_settings, to_text

PERMISSIONS = (
    PermissionRecord("a", "A", "PinMessage", condition={"$subject.custom.age": {"$gt": 17}}),
    PermissionRecord("b", "B", "ReadChannel"),
)


async def _delta(store: Store, since: int) -> Delta:
    delta = await store.delta(since)
    assert delta is not None
    return delta


# --- the world ---


async def test_an_empty_store_is_an_empty_world(store: Store) -> None:
    world = await store.load()
    assert (world.seq, world.apps) == (0, ())
    assert await _delta(store, 0) == Delta(0, (), {})


async def test_the_world_is_everything_kept_whole_of_every_app(store: Store, app: AppRecord) -> None:
    other = await store.create_app(AppRecord(0, "other", 0), key="other key", secret="other secret")
    async with store.transaction(app.id) as transaction:
        await transaction.put_role(RoleRecord("dancer"))
        for permission in reversed(PERMISSIONS):
            await transaction.put_permission(permission)
        await transaction.add_key("a key")
        await transaction.add_secret("a newer one")
        found = [await transaction.type(scope) for scope in (".app", "messaging", "video:default")]
        types = tuple(record for record in found if record is not None)
    world = await store.load()
    assert world.apps == (
        AppWorld(
            replace(app, revision=2),
            ("a key", "key"),
            ("secret", "a newer one"),
            frozenset({"dancer"}),
            types,
            PERMISSIONS,
        ),
        AppWorld(other, ("other key",), ("other secret",), frozenset(), (), ()),
    )
    assert world.seq == (await _delta(store, 0)).changes[-1].seq


async def test_a_large_world_is_loaded_whole(store: Store, app: AppRecord) -> None:
    wanted = [TypeRecord(f"video:t{number:03}", {"user": ("join-call",)}, {"n": number}) for number in range(500)]
    async with store.transaction(app.id) as transaction:
        for record in wanted:
            await transaction.put_type(record)
    (loaded,) = (await store.load()).apps
    assert loaded.types[3:] == tuple(replace(record, revision=2) for record in wanted)
    assert (await _delta(store, 5)).apps[app.id].types == {record.scope: record for record in loaded.types[3:]}


async def test_rows_that_take_long_to_convert_let_others_have_their_turn(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rolecall.store.connection.SLICE_SECONDS", -1)  # every row takes too long
    turns = count()
    spinning = asyncio.create_task(_spin(turns))
    numbers = "SELECT value FROM json_each('[1,2,3,4,5]')"
    seen = await store._reader.built(lambda row: (row[0], next(turns)), numbers)  # noqa: SLF001 - what all reads use
    spinning.cancel()
    assert [number for number, _ in seen] == [1, 2, 3, 4, 5]
    assert all(later - earlier > 1 for (_, earlier), (_, later) in pairwise(seen))


async def _spin(turns: Iterator[int]) -> None:
    while True:
        next(turns)
        await asyncio.sleep(0)


# --- changes ---


async def test_the_change_log_names_everything_touched_once_in_order(store: Store, app: AppRecord) -> None:
    since = (await store.load()).seq
    async with store.transaction(app.id) as transaction:
        await transaction.put_app(app)
        await transaction.add_secret("a newer one")
        await transaction.put_role(RoleRecord("dancer"))
        await transaction.put_permission(PERMISSIONS[0])
        await transaction.put_type(TypeRecord("video:stage", {}))
        await transaction.put_users([UserRecord("ann"), UserRecord('b"ob')])
        await transaction.put_user(UserRecord("ann"))
        await transaction.put_call(CallRecord("default:1"))
        await transaction.put_call_members("default:1", [CallMemberRecord("ann"), CallMemberRecord('b"ob')])
        await transaction.put_call_user("default:1", CallUserRecord("ann", blocked=True))
        await transaction.put_channel(ChannelRecord("messaging:1"))
        await transaction.put_channel_member("messaging:1", ChannelMemberRecord("ann"))
        await transaction.delete_call_member("default:1", "nobody")
    delta = await _delta(store, since)
    assert [(change.kind, change.key) for change in delta.changes] == [
        (changes.APP, "demo"),
        (changes.KEYS, ""),
        (changes.ROLE, "dancer"),
        (changes.PERMISSION, "a"),
        (changes.TYPE, "video:stage"),
        (changes.USER, "ann"),
        (changes.USER, 'b"ob'),
        (changes.CALL, "default:1"),
        (changes.CALL_MEMBER, member_key("default:1", "ann")),
        (changes.CALL_MEMBER, member_key("default:1", 'b"ob')),
        (changes.CHANNEL, "messaging:1"),
        (changes.CHANNEL_MEMBER, member_key("messaging:1", "ann")),
    ]
    assert {(change.app_id, change.revision) for change in delta.changes} == {(app.id, 2)}
    assert [change.seq for change in delta.changes] == list(range(since + 1, delta.seq + 1))
    assert parse_member_key(delta.changes[9].key) == ("default:1", 'b"ob')


async def test_deletes_are_changes_too(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        await transaction.put_role(RoleRecord("dancer"))
        await transaction.put_permission(PERMISSIONS[0])
        await transaction.put_users([UserRecord("ann"), UserRecord("bob")])
        await transaction.put_call(CallRecord("default:1"))
        await transaction.put_call_member("default:1", CallMemberRecord("bob"))
        await transaction.put_channel(ChannelRecord("messaging:1"))
        await transaction.put_channel_member("messaging:1", ChannelMemberRecord("bob"))
    since = (await store.load()).seq
    async with store.transaction(app.id) as transaction:
        await transaction.drop_secret("secret")
        await transaction.delete_role("dancer")
        await transaction.delete_permission("a")
        await transaction.delete_type("messaging")
        await transaction.delete_user("ann")
        await transaction.delete_call_member("default:1", "bob")
        await transaction.delete_call("default:1")
        await transaction.delete_channel_member("messaging:1", "bob")
        await transaction.delete_channel("messaging:1")
    assert [(change.kind, change.key) for change in (await _delta(store, since)).changes] == [
        (changes.KEYS, ""),
        (changes.ROLE, "dancer"),
        (changes.PERMISSION, "a"),
        (changes.TYPE, "messaging"),
        (changes.USER, "ann"),
        (changes.CALL_MEMBER, member_key("default:1", "bob")),
        (changes.CALL, "default:1"),
        (changes.CHANNEL_MEMBER, member_key("messaging:1", "bob")),
        (changes.CHANNEL, "messaging:1"),
    ]


async def test_a_delta_holds_each_touched_app_and_type_as_it_is_now(store: Store, app: AppRecord) -> None:
    quiet = await store.create_app(AppRecord(0, "quiet", 0), key="quiet key", secret="quiet secret")
    doomed = await store.create_app(AppRecord(0, "doomed", 0), key="doomed key", secret="doomed secret")
    since = (await store.load()).seq
    async with store.transaction(app.id) as transaction:
        await transaction.put_type(TypeRecord("video:stage", {"user": ("join-call",)}))
        await transaction.put_role(RoleRecord("dancer"))
    async with store.transaction(app.id) as transaction:
        await transaction.put_type(TypeRecord("video:stage", {"user": ("end-call",)}))
        await transaction.delete_type("messaging")
    async with store.transaction(doomed.id) as transaction:
        await transaction.delete_app()
    delta = await _delta(store, since)
    assert quiet.id not in delta.apps
    assert delta.apps == {
        app.id: AppPatch(
            app=replace(app, revision=3),
            keys=("key",),
            secrets=("secret",),
            roles=frozenset({"dancer"}),
            types={"video:stage": TypeRecord("video:stage", {"user": ("end-call",)}, revision=3), "messaging": None},
            permissions=None,
        ),
        doomed.id: AppPatch(None, (), (), frozenset(), {}, None),
    }
    assert await _delta(store, delta.seq) == Delta(delta.seq, (), {})


async def test_a_delta_holds_the_permissions_of_those_apps_alone_where_one_was_touched(
    store: Store, app: AppRecord
) -> None:
    others = [
        await store.create_app(AppRecord(0, name, 0), key=name, secret=name) for name in ("quiet", "emptied", "doomed")
    ]
    quiet, emptied, doomed = others
    for each in (app, *others):
        async with store.transaction(each.id) as transaction:
            await transaction.put_permission(PERMISSIONS[0])
    since = (await store.load()).seq
    async with store.transaction(app.id) as transaction:
        await transaction.put_permission(PERMISSIONS[1])
    async with store.transaction(quiet.id) as transaction:
        await transaction.put_role(RoleRecord("dancer"))
    async with store.transaction(emptied.id) as transaction:
        await transaction.delete_permission("a")
    async with store.transaction(doomed.id) as transaction:
        await transaction.put_permission(PERMISSIONS[1])
        await transaction.delete_app()
    patches = (await _delta(store, since)).apps
    assert {app_id: patch.permissions for app_id, patch in patches.items()} == {
        app.id: PERMISSIONS,
        quiet.id: None,
        emptied.id: (),
        doomed.id: (),
    }


async def test_permissions_are_not_read_when_none_was_touched(
    store: Store, app: AppRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with store.transaction(app.id) as transaction:
        await transaction.put_permission(PERMISSIONS[0])
    since = (await store.load()).seq
    monkeypatch.setattr("rolecall.store.follower._TOUCHED_PERMISSIONS", "no SQL at all")
    async with store.transaction(app.id) as transaction:
        await transaction.put_type(TypeRecord("video:stage", {}))
    since = (await _delta(store, since)).seq
    async with store.transaction(app.id) as transaction:
        await transaction.delete_permission("a")
    with pytest.raises(Unavailable):
        await store.delta(since)


async def test_policies_come_with_their_type(store: Store, app: AppRecord) -> None:
    since = (await store.load()).seq
    policies = (PolicyRecord("a", 9, ("*",), ("*",)), PolicyRecord("b", 9, ("ReadChannel",), owner=True, allow=False))
    async with store.transaction(app.id) as transaction:
        await transaction.put_type(TypeRecord("team", {}, {}, policies))
    record = TypeRecord("team", {}, {}, policies, revision=2)
    assert (await _delta(store, since)).apps[app.id].types == {"team": record}
    assert record in (await store.load()).apps[0].types


async def test_a_migration_and_its_undoing_are_changes_of_the_app(store: Store, app: AppRecord) -> None:
    since = (await store.load()).seq
    async with store.transaction(app.id) as transaction:
        await transaction.put_migration(MigrationRecord(2, "v1", {}))
    async with store.transaction(app.id) as transaction:
        await transaction.delete_migration(2)
    delta = await _delta(store, since)
    assert [change[1:] for change in delta.changes] == [
        (app.id, 2, changes.APP, "demo"),
        (app.id, 3, changes.APP, "demo"),
    ]


async def test_changed_tells_of_commits_until_they_are_read(path: Path, store: Store, app: AppRecord) -> None:
    assert await store.changed()
    seq = (await store.load()).seq
    assert not await store.changed()
    other = await Store.open(str(path))
    for writer in (store, other):
        async with writer.transaction(app.id) as transaction:
            await transaction.put_user(UserRecord("ann"))
        assert await store.changed()
        assert await store.changed()
        seq = (await _delta(store, seq)).seq
        assert not await store.changed()
    await other.close()


async def test_a_write_that_came_to_nothing_is_no_change(store: Store, app: AppRecord) -> None:
    async def fail() -> None:
        async with store.transaction(app.id) as transaction:
            await transaction.put_user(UserRecord("ann"))
            raise ZeroDivisionError

    await store.load()
    with pytest.raises(ZeroDivisionError):
        await fail()
    assert not await store.changed()


async def test_a_log_that_no_longer_reaches_back_says_so(path: Path) -> None:
    store = await Store.open(str(path), keep_changes=50)
    app = await store.create_app(AppRecord(0, "demo", 0), key="key", secret="secret")
    for number in range(100):
        async with store.transaction(app.id) as transaction:
            await transaction.put_user(UserRecord(f"user-{number}"))
    head = (await store.load()).seq
    assert head == 102
    kept = [since for since in range(head + 1) if await store.delta(since) is not None]
    assert kept == list(range(kept[0], head + 1))  # from some point on, all of it
    assert 50 <= head - kept[0] <= 55
    assert len((await _delta(store, kept[0])).changes) == head - kept[0]
    assert await store.check() == []
    await store.close()


async def test_a_follower_ahead_of_the_log_has_to_load_again(store: Store, app: AppRecord) -> None:
    head = (await store.load()).seq
    assert await store.delta(head + 1) is None  # the file was replaced by an older one


# --- facts ---


async def test_facts_are_compiled_from_what_is_stored(store: Store, app: AppRecord) -> None:
    overrides = {"user": ("!add-links", "create-reaction")}
    async with store.transaction(app.id) as transaction:
        await transaction.put_users(
            [
                UserRecord("ann", "admin", ("red", "blue"), {"red": "guest"}, {"x": 1}, True, True, 9),
                UserRecord("bob"),
            ]
        )
        settings = {"video.enabled": False, "backstage.join_ahead_time_seconds": 60}
        await transaction.put_call(CallRecord("stage:1", "ann", "red", settings, True, 7, 8, {"ünï": [1, None]}))
        await transaction.put_call_member("stage:1", CallMemberRecord("ann", "host"))
        said = CallUserRecord("bob", blocked=True, granted=("send-audio", "no-such"), revoked=("end-call",))
        await transaction.put_call_user("stage:1", said)
        flags = {"replies": False}
        await transaction.put_channel(
            ChannelRecord("team:1", "bob", "blue", True, True, 5, overrides, flags, {"a": "b"})
        )
        await transaction.put_channel_member("team:1", ChannelMemberRecord("ann", "channel_moderator", banned=True))
    found = await store.facts(
        app.id,
        Wanted(
            users=["ann", "bob"],
            calls=["stage:1"],
            channels=["team:1"],
            call_members=[("stage:1", "ann"), ("stage:1", "bob")],
            channel_members=[("team:1", "ann")],
        ),
    )
    ann = facts.User(1, "ann", "admin", frozenset({"red", "blue"}), {"red": "guest"}, True, True, 9, '{"x":1}')
    assert found.users == {"ann": ann, "bob": facts.User(2, "bob", "user")}
    assert found.calls == {
        "stage:1": facts.Call(1, "stage", "ann", "red", BIT["SendVideo"], True, 60, 7, True, '{"ünï":[1,null]}')
    }
    assert found.channels == {
        "team:1": facts.Channel(
            1, "team", "bob", "blue", True, True, 5, {"replies": False}, compile_overrides(overrides), '{"a":"b"}'
        )
    }
    assert found.call_members == {
        ("stage:1", "ann"): facts.CallMember("host", of=(1, 1)),
        ("stage:1", "bob"): facts.CallMember(None, True, BIT["SendAudio"], BIT["EndCall"], (1, 2)),
    }
    assert found.channel_members == {("team:1", "ann"): facts.ChannelMember("channel_moderator", True, (1, 1))}
    assert found.seq == (await store.load()).seq


async def test_no_custom_data_is_no_text(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        await transaction.put_user(UserRecord("ann"))
        await transaction.put_call(CallRecord("default:1"))
        await transaction.put_channel(ChannelRecord("messaging:1"))
    found = await store.facts(app.id, Wanted(["ann"], ["default:1"], ["messaging:1"]))
    of_all = [found.users["ann"], found.calls["default:1"], found.channels["messaging:1"]]
    assert [fact and fact.custom for fact in of_all] == ["", "", ""]


async def test_short_texts_that_are_alike_are_kept_compiled_and_long_ones_are_not(
    store: Store, app: AppRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    built_in = call_types.SETTINGS["default"]
    read: list[str] = []

    def reading(text: str) -> Settings:
        read.append(text)
        return to_settings(text)

    monkeypatch.setattr("rolecall.store.facts.to_settings", reading)
    short, long = frozenset({"red"}), frozenset({"x" * 1024})
    teams = {"ann": short, "bob": short, "cid": long, "dan": long}
    cids = ("default:1", "default:2")
    async with store.transaction(app.id) as transaction:
        for name, names in teams.items():
            await transaction.put_user(UserRecord(name, teams=tuple(names)))
        for call in cids:
            await transaction.put_call(CallRecord(call, settings=built_in))
    found = await store.facts(app.id, Wanted(users=list(teams), calls=cids))
    ann, bob, cid, dan = (found.users[name] for name in teams)
    assert {name: user and user.teams for name, user in found.users.items()} == teams
    assert ann and bob and cid and dan  # noqa: PT018
    assert ann.teams is bob.teams
    assert cid.teams is not dan.teams
    assert len(read) <= 1  # none when another test has read them
    assert len(to_text(built_in)) > 1024


async def test_every_fact_asked_for_is_answered_with_none_for_what_is_not_there(store: Store, app: AppRecord) -> None:
    other = await store.create_app(AppRecord(0, "other", 0), key="other key", secret="other secret")
    async with store.transaction(other.id) as transaction:
        await transaction.put_user(UserRecord("ann"))
        await transaction.put_call(CallRecord("default:1"))
        await transaction.put_call_member("default:1", CallMemberRecord("ann"))
    wanted = Wanted({"ann"}, {"default:1"}, {"messaging:1"}, {("default:1", "ann")}, {("messaging:1", "ann")})
    found = await store.facts(app.id, wanted)
    assert found[1:] == tuple(dict.fromkeys(names) for names in wanted)
    assert all(fact is None for facts_of_kind in found[1:] for fact in facts_of_kind.values())
    assert await store.facts(app.id, Wanted()) == (found.seq, {}, {}, {}, {}, {})


async def test_nothing_is_known_of_members_without_the_user_or_anything_said(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        await transaction.put_users([UserRecord("ann")])
        await transaction.put_call(CallRecord("default:1"))
        await transaction.put_channel(ChannelRecord("messaging:1"))
        await transaction.put_call_member("default:1", CallMemberRecord("stranger"))
        await transaction.put_call_user("default:1", CallUserRecord("blocked stranger", blocked=True))
        await transaction.put_channel_member("messaging:1", ChannelMemberRecord("stranger"))
    names = ("ann", "stranger", "blocked stranger")
    wanted = Wanted(
        call_members=[("default:1", name) for name in names], channel_members=[("messaging:1", name) for name in names]
    )
    found = await store.facts(app.id, wanted)
    assert set(found.call_members.values()) == {None}
    assert set(found.channel_members.values()) == {None}


async def test_a_key_is_never_used_again(store: Store, app: AppRecord) -> None:
    wanted = Wanted(users=["ann"], calls=["default:1"], channels=["messaging:1"])
    keys: list[tuple[int, ...]] = []
    for _ in range(3):
        async with store.transaction(app.id) as transaction:
            await transaction.put_user(UserRecord("ann"))
            await transaction.put_call(CallRecord("default:1"))
            await transaction.put_channel(ChannelRecord("messaging:1"))
        found = await store.facts(app.id, wanted)
        user, call, channel = found.users["ann"], found.calls["default:1"], found.channels["messaging:1"]
        assert user is not None
        assert call is not None
        assert channel is not None
        keys.append((user.key, call.key, channel.key))
        async with store.transaction(app.id) as transaction:
            await transaction.delete_user("ann")
            await transaction.delete_call("default:1")
            await transaction.delete_channel("messaging:1")
    assert keys == [(1, 1, 1), (2, 2, 2), (3, 3, 3)]


# --- following by changes alone ---

NAMES = ("ann", "bob", "cid")
CALLS = ("default:1", "stage:1")
ALL = Wanted(users=NAMES, calls=CALLS, call_members=[(cid, name) for cid in CALLS for name in NAMES])


def _random_write(seed: random.Random) -> Callable[[Transaction], Any]:
    name, cid = seed.choice(NAMES), seed.choice(CALLS)
    role = seed.choice(("host", "guest", "call_member"))
    said = CallUserRecord(name, seed.random() < 0.5, *(seed.choice(((), ("send-audio",))) for _ in range(2)))

    async def on_call(transaction: Transaction) -> None:
        if await transaction.call(cid) is not None:
            await seed.choice(
                (
                    lambda: transaction.put_call_member(cid, CallMemberRecord(name, role)),
                    lambda: transaction.put_call_user(cid, said),
                    lambda: transaction.delete_call_member(cid, name),
                )
            )()

    writes: tuple[Callable[[Transaction], Any], ...] = (
        lambda transaction: transaction.put_user(UserRecord(name, role)),
        lambda transaction: transaction.delete_user(name),
        lambda transaction: transaction.put_call(CallRecord(cid, backstage=seed.random() < 0.5)),
        lambda transaction: transaction.delete_call(cid),
        lambda transaction: transaction.put_type(TypeRecord(f"video:{name}", {role: ("join-call",)})),
        lambda transaction: transaction.delete_type(f"video:{name}"),
        lambda transaction: transaction.put_type(TypeRecord(name, {}, {}, (PolicyRecord(role, 5, ("*",), (role,)),))),
        lambda transaction: transaction.delete_type(name),
        lambda transaction: transaction.put_role(RoleRecord(name)),
        lambda transaction: transaction.delete_role(name),
        lambda transaction: transaction.put_permission(PermissionRecord(name, name, "PinMessage", role)),
        lambda transaction: transaction.delete_permission(name),
        *(on_call,) * 6,
    )
    return seed.choice(writes)


@pytest.mark.parametrize("seed", range(4))
async def test_what_the_changes_name_is_all_that_changed(store: Store, app: AppRecord, seed: int) -> None:
    """Keep everything in memory, replace only what a delta names, and compare with a fresh read after every write."""
    chance = random.Random(seed)
    world = await store.load()
    seq, types = world.seq, {record.scope: record for record in world.apps[0].types}
    permissions = world.apps[0].permissions
    held = await store.facts(app.id, ALL)
    for _ in range(60):
        async with store.transaction(app.id) as transaction:
            for _ in range(chance.randint(1, 3)):
                await _random_write(chance)(transaction)
        delta = await _delta(store, seq)
        seq = delta.seq
        fresh = await store.facts(app.id, ALL)
        held = _forgetful(held, fresh, delta)
        assert held == fresh
        (now,) = (await store.load()).apps
        for patch in delta.apps.values():
            assert (patch.app, patch.roles, patch.keys) == (now.app, now.roles, now.keys)
            permissions = permissions if patch.permissions is None else patch.permissions
            types |= {scope: record for scope, record in patch.types.items() if record is not None}
            types = {scope: record for scope, record in types.items() if patch.types.get(scope, record) is not None}
        assert types == {record.scope: record for record in now.types}
        assert permissions == now.permissions
    assert await store.check() == []


def _forgetful(held: Any, fresh: Any, delta: Delta) -> Any:
    """Return the held facts with only those replaced that the changes name, or whose keys are not those held."""
    touched = {(change.kind, change.key) for change in delta.changes}
    users = {name: fresh.users[name] if (changes.USER, name) in touched else old for name, old in held.users.items()}
    calls = {cid: fresh.calls[cid] if (changes.CALL, cid) in touched else old for cid, old in held.calls.items()}
    members = {}
    for (cid, name), old in held.call_members.items():
        call, user = calls[cid], users[name]
        of = call and user and (call.key, user.key)
        was = held.calls[cid], held.users[name]
        same = all(was) and of == (was[0].key, was[1].key)
        known = of is None or (same and (changes.CALL_MEMBER, member_key(cid, name)) not in touched)
        members[cid, name] = (old if of else None) if known else fresh.call_members[cid, name]
    return held._replace(seq=delta.seq, users=users, calls=calls, call_members=members)
