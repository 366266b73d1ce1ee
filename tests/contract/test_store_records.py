"""What is put is what is read: every record, field by field, page by page; and what goes when something is deleted."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from rolecall.domain.errors import AlreadyExists, InvalidInput, NotFound
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
    TypeRecord,
    UserRecord,
)
from rolecall.store import Reader, Store, Transaction

USER = UserRecord(
    "ann",
    role="moderator",
    teams=("red", "blue"),
    teams_role={"red": "admin"},
    custom={"nested": {"list": [1, 2.5, None, "ünï"]}},
    banned=True,
    deactivated=True,
    revoke_tokens_issued_before=5,
    created_at=1,
    updated_at=2,
)
CALL = CallRecord(
    "default:standup",
    created_by_id="ann",
    team="red",
    settings={"audio.mic_default_on": True, "limits.max_duration_seconds": 60, "geofencing.names": ("eu", "us")},
    backstage=True,
    starts_at=3,
    ended_at=4,
    custom={"a": [1]},
    created_at=1,
    updated_at=2,
)
CALL_MEMBER = CallMemberRecord("ann", role="host", custom={"seat": 1}, created_at=1, updated_at=2)
CALL_USER = CallUserRecord("ann", blocked=True, granted=("send-audio",), revoked=("send-video", "screenshare"))
CHANNEL = ChannelRecord(
    "messaging:general",
    created_by_id="ann",
    team="red",
    frozen=True,
    disabled=True,
    cooldown=7,
    override_grants={"user": ("!add-links", "create-reaction")},
    override_flags={"replies": False},
    custom={"a": "b"},
    created_at=1,
    updated_at=2,
)
CHANNEL_MEMBER = ChannelMemberRecord(
    "ann", "channel_moderator", banned=True, custom={"a": 1}, created_at=1, updated_at=2
)
TYPE = TypeRecord(
    "video:stage",
    {"host": ("end-call",), "user": ()},
    {"geofencing.names": ("eu",)},
    (
        PolicyRecord("everything's fine", 999, ("*",), ("admin", "*")),
        PolicyRecord("ünï", 1, ("ReadChannel", "UseCommands"), (), owner=True, allow=False),
    ),
    created_at=1,
    updated_at=2,
)
ROLE = RoleRecord("dancer", 1, 2)
PERMISSION = PermissionRecord(
    "pin-own",
    "Pin one's own",
    "PinMessage",
    description="ünï",
    owner=True,
    same_team=True,
    condition={"$and": [{"$subject.custom.age": {"$gte": 17.5}}, {"$resource.team": "red"}]},
    created_at=1,
    updated_at=2,
)
MIGRATION = MigrationRecord(2, "v1", {".app": {"user": ()}, "messaging": {"user": ("a", "b"), "guest": ()}}, 1)

Put = Callable[[Transaction], Awaitable[object]]
Get = Callable[[Reader], Awaitable[object]]


async def _put_all(transaction: Transaction) -> None:
    await transaction.put_role(ROLE)
    await transaction.put_permission(PERMISSION)
    await transaction.put_type(TYPE)
    await transaction.put_migration(MIGRATION)
    await transaction.put_user(USER)
    await transaction.put_call(CALL)
    await transaction.put_call_member(CALL.cid, CALL_MEMBER)
    await transaction.put_call_user(CALL.cid, CALL_USER)
    await transaction.put_channel(CHANNEL)
    await transaction.put_channel_member(CHANNEL.cid, CHANNEL_MEMBER)


GETS: dict[str, tuple[object, Get]] = {
    "role": (ROLE, lambda reader: reader.role("dancer")),
    "type": (replace(TYPE, revision=2), lambda reader: reader.type("video:stage")),
    "user": (USER, lambda reader: reader.user("ann")),
    "users": ({"ann": USER}, lambda reader: reader.users(["ann", "bob"])),
    "call": (CALL, lambda reader: reader.call(CALL.cid)),
    "call_members": ({"ann": CALL_MEMBER}, lambda reader: reader.call_members(CALL.cid, ["bob", "ann"])),
    "call_user": (CALL_USER, lambda reader: reader.call_user(CALL.cid, "ann")),
    "blocked_users": (("ann",), lambda reader: reader.blocked_users(CALL.cid)),
    "channel": (CHANNEL, lambda reader: reader.channel(CHANNEL.cid)),
    "channel_members": ({"ann": CHANNEL_MEMBER}, lambda reader: reader.channel_members(CHANNEL.cid, ["ann", "bob"])),
    "list_users": ([USER], lambda reader: reader.list_users(10)),
    "list_calls": ([CALL], lambda reader: reader.list_calls(10)),
    "list_call_members": ([CALL_MEMBER], lambda reader: reader.list_call_members(CALL.cid, 10)),
    "list_channels": ([CHANNEL], lambda reader: reader.list_channels(10)),
    "list_channel_members": ([CHANNEL_MEMBER], lambda reader: reader.list_channel_members(CHANNEL.cid, 10)),
    "roles": ([ROLE], lambda reader: reader.roles()),
    "permission": (PERMISSION, lambda reader: reader.permission(PERMISSION.id)),
    "permissions": ([PERMISSION], lambda reader: reader.permissions()),
    "permission_ids": ((PERMISSION.id,), lambda reader: reader.permission_ids()),
    "last_migration": (MIGRATION, lambda reader: reader.last_migration()),
    "keys": (("key",), lambda reader: reader.keys()),
    "secrets": (("secret",), lambda reader: reader.secrets()),
}


@pytest.mark.parametrize("name", GETS)
async def test_a_stored_record_is_read_back_value_by_value_and_type_by_type(
    store: Store, app: AppRecord, name: str
) -> None:
    async with store.transaction(app.id) as transaction:
        await _put_all(transaction)
    expected, get = GETS[name]
    async with store.snapshot(app.id) as reader:
        found = await get(reader)
    assert found == expected
    assert repr(found) == repr(expected)  # 1 is not True, and a list is not a tuple


@pytest.mark.parametrize("name", sorted(GETS.keys() - {"keys", "secrets"}))
async def test_another_app_sees_none_of_it(store: Store, app: AppRecord, name: str) -> None:
    other = await store.create_app(AppRecord(0, "other", 0), key="other key", secret="other secret")
    async with store.transaction(app.id) as transaction:
        await _put_all(transaction)
    async with store.snapshot(other.id) as reader:
        assert not await GETS[name][1](reader)


async def test_an_app_is_read_by_number_by_name_and_among_all(store: Store, app: AppRecord) -> None:
    changed = replace(
        app,
        revision=2,
        permission_version="v1",
        multi_tenant_enabled=True,
        disable_permissions_checks=True,
        disable_auth_checks=True,
        user_search_disallowed_roles=("guest",),
        revoke_tokens_issued_before=9,
        updated_at=10,
    )
    async with store.transaction(app.id) as transaction:
        await transaction.put_app(replace(changed, revision=77, name="ignored"))
    async with store.snapshot() as reader:
        found = [await reader.app_by_id(app.id), await reader.app_by_name("demo"), *await reader.apps()]
    assert found == [changed] * 3
    assert repr(found[0]) == repr(changed)


async def test_a_second_put_replaces_the_record_and_keeps_what_hangs_on_it(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        await _put_all(transaction)
    async with store.transaction(app.id) as transaction:
        await transaction.put_user(UserRecord("ann"))
        await transaction.put_call(CallRecord(CALL.cid))
        await transaction.put_channel(ChannelRecord(CHANNEL.cid))
        assert await transaction.user("ann") == UserRecord("ann")
        assert await transaction.call(CALL.cid) == CallRecord(CALL.cid)
        assert await transaction.channel(CHANNEL.cid) == ChannelRecord(CHANNEL.cid)
        assert await transaction.list_call_members(CALL.cid, 10) == [CALL_MEMBER]
        assert await transaction.call_user(CALL.cid, "ann") == CALL_USER
        assert await transaction.list_channel_members(CHANNEL.cid, 10) == [CHANNEL_MEMBER]


async def test_a_type_is_stored_whole_with_roles_cleared_on_purpose(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        await transaction.put_type(TypeRecord("video:default", {"guest": (), "host": ("join-call",)}))
        record = await transaction.type("video:default")
    assert record == TypeRecord("video:default", {"guest": (), "host": ("join-call",)}, revision=2)


async def test_policies_go_when_a_type_is_stored_without_them(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        await transaction.put_type(TYPE)
        await transaction.put_type(replace(TYPE, policies=TYPE.policies[1:]))
        found = await transaction.type(TYPE.scope)
        assert found is not None
        assert found.policies == TYPE.policies[1:]
        await transaction.put_type(replace(TYPE, policies=()))
        found = await transaction.type(TYPE.scope)
    assert found is not None
    assert found.policies == ()


async def test_policies_that_are_alike_share_their_names(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        for scope in ("one", "two"):
            await transaction.put_type(TypeRecord(scope, {}, {}, TYPE.policies))
        one, two = await transaction.types("channel", 10, "messaging")
    for mine, theirs in zip(one.policies, two.policies, strict=True):
        names = zip((mine.name, *mine.resources, *mine.roles), (theirs.name, *theirs.resources, *theirs.roles))  # noqa: B905
        assert all(name is same for name, same in names)


async def test_permissions_are_listed_by_the_bytes_of_their_ids(store: Store, app: AppRecord) -> None:
    ids = ["Zoe", "a", "ab", "é", "猫", "𝄞"]
    async with store.transaction(app.id) as transaction:
        for name in reversed(ids):
            await transaction.put_permission(PermissionRecord(name, name, "PinMessage"))
        assert [permission.id for permission in await transaction.permissions()] == ids
        assert await transaction.permission_ids() == tuple(ids)


async def test_a_permission_put_again_is_replaced_and_may_keep_its_name(store: Store, app: AppRecord) -> None:
    other = replace(PERMISSION, name="Other", condition={}, owner=False)
    async with store.transaction(app.id) as transaction:
        await transaction.put_permission(PERMISSION)
        await transaction.put_permission(replace(PERMISSION, action="ReadChannel"))
        assert await transaction.permission(PERMISSION.id) == replace(PERMISSION, action="ReadChannel")
        await transaction.put_permission(other)
        assert await transaction.permissions() == [other]


async def test_a_permission_with_anothers_name_already_exists_and_leaves_nothing(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        await transaction.put_permission(PERMISSION)
    with pytest.raises(AlreadyExists, match="named `Pin one's own` already exists") as refused:
        async with store.transaction(app.id) as transaction:
            await transaction.put_permission(replace(PERMISSION, id="other"))
    assert refused.value.field == "name"
    other = await store.create_app(AppRecord(0, "other", 0), key="other key", secret="other secret")
    async with store.transaction(other.id) as transaction:
        await transaction.put_permission(replace(PERMISSION, id="other"))
    async with store.snapshot(app.id) as reader:
        assert await reader.permissions() == [PERMISSION]


async def test_migrations_are_undone_newest_first(store: Store, app: AppRecord) -> None:
    for _ in range(3):
        async with store.transaction(app.id) as transaction:
            await transaction.put_migration(replace(MIGRATION, revision=77))
    for revision in (4, 3, 2):
        async with store.transaction(app.id) as transaction:
            assert await transaction.last_migration() == replace(MIGRATION, revision=revision)
            assert await transaction.delete_migration(revision)
            assert not await transaction.delete_migration(77)
    async with store.snapshot(app.id) as reader:
        assert await reader.last_migration() is None


async def test_members_of_what_does_not_exist_are_not_found(store: Store, app: AppRecord) -> None:
    puts: list[Put] = [
        lambda transaction: transaction.put_call_member("default:none", CALL_MEMBER),
        lambda transaction: transaction.put_call_user("default:none", CALL_USER),
        lambda transaction: transaction.put_channel_member("messaging:none", CHANNEL_MEMBER),
    ]
    for put in puts:
        with pytest.raises(NotFound, match=":none` does not exist"):
            async with store.transaction(app.id) as transaction:
                await put(transaction)


async def test_a_transaction_of_an_unknown_app_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        async with store.transaction(7):
            pytest.fail("there is no such app")


@pytest.mark.parametrize("number", [math.nan, math.inf])
async def test_a_number_that_json_cannot_hold_is_refused(store: Store, app: AppRecord, number: float) -> None:
    with pytest.raises(InvalidInput):
        async with store.transaction(app.id) as transaction:
            await transaction.put_user(UserRecord("ann", custom={"n": number}))
    async with store.snapshot(app.id) as reader:
        assert await reader.user("ann") is None


async def test_a_call_user_of_whom_nothing_is_said_is_no_row(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        await _put_all(transaction)
        await transaction.put_call_user(CALL.cid, CallUserRecord("ann"))
        assert await transaction.call_user(CALL.cid, "ann") is None


# --- deleting ---


DELETES: dict[str, tuple[Put, Get]] = {
    "role": (lambda writer: writer.delete_role("dancer"), lambda reader: reader.role("dancer")),
    "type": (lambda writer: writer.delete_type("video:stage"), lambda reader: reader.type("video:stage")),
    "user": (lambda writer: writer.delete_user("ann"), lambda reader: reader.user("ann")),
    "call": (lambda writer: writer.delete_call(CALL.cid), lambda reader: reader.call(CALL.cid)),
    "call member": (
        lambda writer: writer.delete_call_member(CALL.cid, "ann"),
        lambda reader: reader.list_call_members(CALL.cid, 10),
    ),
    "channel": (lambda writer: writer.delete_channel(CHANNEL.cid), lambda reader: reader.channel(CHANNEL.cid)),
    "channel member": (
        lambda writer: writer.delete_channel_member(CHANNEL.cid, "ann"),
        lambda reader: reader.list_channel_members(CHANNEL.cid, 10),
    ),
    "permission": (
        lambda writer: writer.delete_permission(PERMISSION.id),
        lambda reader: reader.permission(PERMISSION.id),
    ),
    "migration": (lambda writer: writer.delete_migration(2), lambda reader: reader.last_migration()),
    "secret": (lambda writer: writer.drop_secret("secret"), lambda reader: reader.secrets()),
}


@pytest.mark.parametrize("name", DELETES)
async def test_a_delete_tells_whether_there_was_anything(store: Store, app: AppRecord, name: str) -> None:
    delete, get = DELETES[name]
    async with store.transaction(app.id) as transaction:
        await _put_all(transaction)
        assert await get(transaction)
        assert await delete(transaction) is True
        assert not await get(transaction)
        assert await delete(transaction) is False


async def test_a_deleted_call_or_channel_takes_everything_said_on_it_along(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        await _put_all(transaction)
        await transaction.delete_call(CALL.cid)
        await transaction.delete_channel(CHANNEL.cid)
        await transaction.put_call(CALL)
        await transaction.put_channel(CHANNEL)
        assert await transaction.list_call_members(CALL.cid, 10) == []
        assert await transaction.call_user(CALL.cid, "ann") is None
        assert await transaction.list_channel_members(CHANNEL.cid, 10) == []


async def test_leaving_a_call_keeps_what_was_said_of_the_user(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        await _put_all(transaction)
        assert await transaction.delete_call_members(CALL.cid, ["bob", "ann"]) == ("ann",)
        assert await transaction.call_user(CALL.cid, "ann") == CALL_USER


async def test_a_deleted_user_loses_memberships_and_grants_but_not_blocks_and_revokes(
    store: Store, app: AppRecord
) -> None:
    granted, revoked = CallRecord("default:granted"), CallRecord("default:revoked")
    async with store.transaction(app.id) as transaction:
        await _put_all(transaction)
        await transaction.put_call(granted)
        await transaction.put_call_user(granted.cid, CallUserRecord("ann", granted=("send-audio",)))
        await transaction.put_call(revoked)
        await transaction.put_call_user(revoked.cid, CallUserRecord("ann", revoked=("send-audio",)))
        departed = await transaction.delete_users(["ann", "bob"])
        assert departed == (("ann",), {CALL.cid: ["ann"]}, {CHANNEL.cid: ["ann"]})
        assert await transaction.list_call_members(CALL.cid, 10) == []
        assert await transaction.list_channel_members(CHANNEL.cid, 10) == []
        assert await transaction.call_user(CALL.cid, "ann") == replace(CALL_USER, granted=())
        assert await transaction.call_user(granted.cid, "ann") is None
        assert await transaction.call_user(revoked.cid, "ann") == CallUserRecord("ann", revoked=("send-audio",))


async def test_a_deleted_user_of_another_app_is_someone_else(store: Store, app: AppRecord) -> None:
    other = await store.create_app(AppRecord(0, "other", 0), key="other key", secret="other secret")
    for number in (app.id, other.id):
        async with store.transaction(number) as transaction:
            await _put_all(transaction)
    async with store.transaction(other.id) as transaction:
        await transaction.delete_user("ann")
    async with store.snapshot(app.id) as reader:
        assert await reader.list_call_members(CALL.cid, 10) == [CALL_MEMBER]
        assert await reader.call_user(CALL.cid, "ann") == CALL_USER
        assert await reader.list_channel_members(CHANNEL.cid, 10) == [CHANNEL_MEMBER]


async def test_a_deleted_app_takes_everything_along(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        await _put_all(transaction)
        await transaction.delete_app()
    async with store.snapshot(app.id) as reader:
        assert await reader.apps() == []
        for _, get in GETS.values():
            assert not await get(reader)
    again = await store.create_app(AppRecord(0, "demo", 0), key="key", secret="secret")
    assert again.id != app.id
    assert await store.check() == []


# --- keys and secrets ---


async def test_an_app_can_have_several_live_secrets_oldest_first(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        await transaction.add_secret("a newer one")
        await transaction.add_key("a second key")
        assert await transaction.secrets() == ("secret", "a newer one")
        assert await transaction.keys() == ("a second key", "key")


async def test_a_taken_name_key_or_secret_already_exists_and_leaves_nothing(store: Store, app: AppRecord) -> None:
    with pytest.raises(AlreadyExists, match="app `demo` already exists"):
        await store.create_app(AppRecord(0, "demo", 0), key="new", secret="new")
    with pytest.raises(AlreadyExists, match="API key `key` already exists"):
        await store.create_app(AppRecord(0, "new", 0), key="key", secret="new")
    with pytest.raises(AlreadyExists) as refused:
        async with store.transaction(app.id) as transaction:
            await transaction.add_secret("secret")
    assert "`secret`" not in refused.value.message
    async with store.snapshot() as reader:
        assert await reader.apps() == [app]


# --- pages ---


async def test_pages_follow_the_bytes_of_the_ids(store: Store, app: AppRecord) -> None:
    ids = ["Zoe", "a", "ab", "b", "é", "猫", "𝄞"]
    async with store.transaction(app.id) as transaction:
        await transaction.put_users([UserRecord(name, role="guest" if name == "b" else "user") for name in ids])
    async with store.snapshot(app.id) as reader:
        assert [user.id for user in await reader.list_users(100)] == ids
        assert [user.id for user in await reader.list_users(2, "a")] == ["ab", "b"]
        assert [user.id for user in await reader.list_users(100, "aa")] == ids[2:]
        assert [user.id for user in await reader.list_users(2, "a", role="user")] == ["ab", "é"]
        assert await reader.list_users(100, "𝄞") == []


async def test_a_page_of_one_type_holds_no_calls_of_types_with_a_similar_name(store: Store, app: AppRecord) -> None:
    cids = ["a-b:1", "a:1", "a:2:3", "a:𝄞", "a_:1", "ab:1", "z:1"]
    async with store.transaction(app.id) as transaction:
        for cid in cids:
            await transaction.put_call(CallRecord(cid))
            await transaction.put_channel(ChannelRecord(cid))
    async with store.snapshot(app.id) as reader:
        assert [call.cid for call in await reader.list_calls(100)] == cids
        assert [call.cid for call in await reader.list_calls(100, call_type="a")] == ["a:1", "a:2:3", "a:𝄞"]
        assert [call.cid for call in await reader.list_calls(1, "a:1", call_type="a")] == ["a:2:3"]
        assert [channel.cid for channel in await reader.list_channels(2, "a:1")] == ["a:2:3", "a:𝄞"]
        assert [channel.cid for channel in await reader.list_channels(9, channel_type="a-b")] == ["a-b:1"]
        assert await reader.list_calls(100, call_type="A") == []


async def test_call_types_and_channel_types_are_listed_apart(store: Store, app: AppRecord) -> None:
    scopes = ["-dash", "video", "videos", "video:a", "video:b"]
    async with store.transaction(app.id) as transaction:
        for scope in scopes:
            await transaction.put_type(TypeRecord(scope, {}))
    async with store.snapshot(app.id) as reader:
        calls = [record.scope for record in await reader.types("call", 10)]
        channels = [record.scope for record in await reader.types("channel", 10)]
        page = [record.scope for record in await reader.types("call", 2, "video:a")]
    assert calls == ["video:a", "video:b", "video:default"]
    assert channels == ["-dash", "messaging", "video", "videos"]
    assert page == ["video:b", "video:default"]


async def test_members_and_blocked_users_come_in_pages(store: Store, app: AppRecord) -> None:
    ids = [f"user-{number:04}" for number in range(3000)]
    async with store.transaction(app.id) as transaction:
        await transaction.put_call(CALL)
        await transaction.put_call_members(CALL.cid, [CallMemberRecord(name) for name in ids])
        for name in ids[:3]:
            await transaction.put_call_user(
                CALL.cid, CallUserRecord(name, blocked=name != ids[1], revoked=("end-call",))
            )
    async with store.snapshot(app.id) as reader:
        page = await reader.list_call_members(CALL.cid, 2, ids[1500])
        assert [member.user_id for member in page] == ids[1501:1503]
        assert len(await reader.call_members(CALL.cid, ids)) == len(ids)
        assert await reader.blocked_users(CALL.cid) == (ids[0], ids[2])
        assert await reader.blocked_users(CALL.cid, 1) == (ids[0],)


# --- what is in use ---

ID = 'a "quoted" \\ ünï'
"""A permission's id that JSON writes differently."""

USES: dict[str, Put] = {
    "user `bob`": lambda writer: writer.put_user(UserRecord("bob", role="dancer")),
    "user `cid`": lambda writer: writer.put_user(UserRecord("cid", teams_role={"red": "dancer"})),
    "scope `video:default`": lambda writer: writer.put_type(TypeRecord("video:default", {"dancer": ("join-call",)})),
    "channel type `team`": lambda writer: writer.put_type(
        TypeRecord("team", {}, {}, (*TYPE.policies, PolicyRecord("x", 5, ("*",), ("user", "dancer"))))
    ),
    "call `default:standup`": lambda writer: writer.put_call_member(CALL.cid, CallMemberRecord("x", "dancer")),
    "channel `messaging:general`": lambda writer: writer.put_channel_member(
        CHANNEL.cid, ChannelMemberRecord("x", "dancer")
    ),
    "channel `messaging:own`": lambda writer: writer.put_channel(
        ChannelRecord("messaging:own", override_grants={"dancer": ("!add-links",)})
    ),
}


@pytest.mark.parametrize("phrase", USES)
async def test_what_holds_a_role_is_named(store: Store, app: AppRecord, phrase: str) -> None:
    async with store.transaction(app.id) as transaction:
        await _put_all(transaction)
        await transaction.put_type(TypeRecord("video:stage", {"dancer": ()}))
        await transaction.put_channel(ChannelRecord("messaging:cleared", override_grants={"dancer": ()}))
        assert await transaction.role_use("dancer") is None
        await USES[phrase](transaction)
        assert str(await transaction.role_use("dancer")) == phrase


async def test_a_role_held_in_another_app_is_free_here(store: Store, app: AppRecord) -> None:
    other = await store.create_app(AppRecord(0, "other", 0), key="other key", secret="other secret")
    async with store.transaction(app.id) as transaction:
        await _put_all(transaction)
        for use in USES.values():
            await use(transaction)
    async with store.snapshot(other.id) as reader:
        assert await reader.role_use("dancer") is None


PERMISSION_USES: dict[str, Put] = {
    "scope `video:default`": lambda writer: writer.put_type(TypeRecord("video:default", {"user": ("a", ID, "z")})),
    "scope `team`": lambda writer: writer.put_type(TypeRecord("team", {"guest": (), "user": (ID,)})),
    "scope `.app`": lambda writer: writer.put_type(TypeRecord(".app", {"user": (ID,)})),
    "channel `messaging:own`": lambda writer: writer.put_channel(
        ChannelRecord("messaging:own", override_grants={"guest": (), "user": ("!add-links", ID)})
    ),
    "channel `messaging:less`": lambda writer: writer.put_channel(
        ChannelRecord("messaging:less", override_grants={"user": ("!add-links", f"!{ID}")})
    ),
}


@pytest.mark.parametrize("phrase", PERMISSION_USES)
async def test_what_uses_a_permission_is_named(store: Store, app: AppRecord, phrase: str) -> None:
    like = (f"x{ID}", f"{ID}x", f'x"{ID}', ID.upper())
    async with store.transaction(app.id) as transaction:
        await _put_all(transaction)
        await transaction.put_type(TypeRecord("video:stage", {ID: (), "user": like}))
        await transaction.put_channel(ChannelRecord("messaging:near", override_grants={ID: like}))
        assert await transaction.permission_use(ID) is None
        await PERMISSION_USES[phrase](transaction)
        assert str(await transaction.permission_use(ID)) == phrase


async def test_a_permission_used_in_another_app_is_free_here(store: Store, app: AppRecord) -> None:
    other = await store.create_app(AppRecord(0, "other", 0), key="other key", secret="other secret")
    async with store.transaction(app.id) as transaction:
        for use in PERMISSION_USES.values():
            await use(transaction)
    async with store.snapshot(other.id) as reader:
        assert await reader.permission_use(ID) is None


async def test_a_call_or_channel_of_a_type_is_named(store: Store, app: AppRecord) -> None:
    async with store.transaction(app.id) as transaction:
        await transaction.put_call(CallRecord("messaging:a call"))
        await transaction.put_channel(ChannelRecord("default:a channel"))
        assert await transaction.type_use("video:default") is None
        assert await transaction.type_use("messaging") is None
        await _put_all(transaction)
        assert await transaction.type_use("video:default") == CALL.cid
        assert await transaction.type_use("messaging") == CHANNEL.cid
