from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain.errors import Forbidden, InvalidInput, NotFound, UnknownRole
from rolecall.domain.records import UserRecord
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.changes import AppChange, Merge, Page
from rolecall.service.administration.users.values import UserChange, UserQuery
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import denied, refused

EVERYTHING = UserChange(
    "ann",
    role="moderator",
    teams=("red", "blue", "red"),
    teams_role={"red": "call-member"},
    custom={"level": 3, "vip": True, "tags": ["a", None]},
    banned=True,
    deactivated=True,
    revoke_tokens_issued_before=1_700_000_000_000_000_000,
)


async def test_a_user_comes_back_as_written(desk: Desk) -> None:
    (user,), revision = await desk.admin.users.upsert(desk.server, [EVERYTHING])
    assert user == UserRecord(
        "ann",
        role="moderator",
        teams=("red", "blue"),
        teams_role={"red": "call_member"},
        custom={"level": 3, "vip": True, "tags": ["a", None]},
        banned=True,
        deactivated=True,
        revoke_tokens_issued_before=1_700_000_000_000_000_000,
        created_at=user.created_at,
        updated_at=user.created_at,
    )
    assert user.created_at > 0
    assert await desk.admin.users.get(desk.server, "ann") == (user, revision)


async def test_a_new_user_is_a_plain_user(desk: Desk) -> None:
    (user,), _ = await desk.admin.users.upsert(desk.server, [UserChange("ann")])
    assert user == UserRecord("ann", created_at=user.created_at, updated_at=user.created_at)


async def test_what_is_not_sent_stays_and_what_is_sent_empty_is_cleared(desk: Desk) -> None:
    (before,), _ = await desk.admin.users.upsert(desk.server, [EVERYTHING])
    (same,), _ = await desk.admin.users.upsert(desk.server, [UserChange("ann", role="guest")])
    assert (same.role, same.teams, same.custom, same.banned) == ("guest", before.teams, before.custom, True)
    assert same.updated_at > before.updated_at
    assert same.created_at == before.created_at
    cleared = UserChange("ann", teams=(), teams_role={}, custom={}, banned=False, revoke_tokens_issued_before=None)
    (user,), _ = await desk.admin.users.upsert(desk.server, [cleared])
    assert (user.teams, user.teams_role, user.custom, user.banned) == ((), {}, {}, False)
    assert user.revoke_tokens_issued_before is None
    assert user.deactivated


async def test_writing_the_same_again_makes_no_revision(desk: Desk) -> None:
    first = await desk.admin.users.upsert(desk.server, [EVERYTHING])
    assert await desk.admin.users.upsert(desk.server, [EVERYTHING]) == first


async def test_an_update_is_of_users_that_are_there(desk: Desk) -> None:
    await desk.make_users("ann")
    before = await desk.revision()
    changes = [UserChange("ann", role="admin"), UserChange("bob", role="admin")]
    with refused(NotFound, field="users[1].id", reason="USER_NOT_FOUND"):
        await desk.admin.users.update(desk.server, changes)
    with refused(UnknownRole, field="users[0].set.role"):
        await desk.admin.users.update(desk.server, [UserChange("ann", role="speaker")])
    assert await desk.revision() == before


async def test_keys_are_changed_at_their_paths_and_nothing_else(desk: Desk) -> None:
    before = {"theme": {"color": "red", "size": 1}, "a.b": 1}
    await desk.admin.users.upsert(desk.server, [UserChange("ann", custom=before)])
    given = {"more": {"x": 1}}
    plain = Merge({"theme.color": "blue", **given}, ("a.b",))
    (user,), _ = await desk.admin.users.update(desk.server, [UserChange("ann", custom=plain)])
    assert user.custom == {"theme": {"color": "red", "size": 1}, "theme.color": "blue", **given}
    paths = Merge({"theme.color": "blue", "more.y": 2}, ("theme.size", "gone.x", "more.x.y"), paths=True)
    (user,), _ = await desk.admin.users.update(desk.server, [UserChange("ann", custom=paths)])
    assert user.custom == {"theme": {"color": "blue"}, "theme.color": "blue", "more": {"x": 1, "y": 2}}
    assert given == {"more": {"x": 1}}
    for path in ("more.x.y", "more..x", "x" + ".x" * 40):
        bad = UserChange("ann", custom=Merge({path: 1}, paths=True))
        with pytest.raises(InvalidInput):
            await desk.admin.users.update(desk.server, [bad])


async def test_one_and_true_are_two_values(desk: Desk) -> None:
    await desk.admin.users.upsert(desk.server, [UserChange("ann", custom={"vip": 1})])
    (user,), _ = await desk.admin.users.upsert(desk.server, [UserChange("ann", custom={"vip": True})])
    assert user.custom["vip"] is True
    assert (await desk.admin.users.get(desk.server, "ann"))[0].custom["vip"] is True


async def test_many_are_one_revision_in_the_order_of_the_request(desk: Desk) -> None:
    before = await desk.revision()
    ids = [f"user-{number}" for number in range(1_000)][::-1]
    users, revision = await desk.admin.users.upsert(desk.server, [UserChange(user_id) for user_id in ids])
    assert [user.id for user in users] == ids
    assert revision == before + 1


async def test_the_write_counts_at_once(desk: Desk) -> None:
    await desk.make_users("ann")
    assert (await desk.decide("ann", "search-user")).allowed
    await desk.admin.users.upsert(desk.server, [UserChange("ann", banned=True)])
    assert (await desk.decide("ann", "search-user")).reason == "BANNED"


BAD: list[tuple[list[UserChange], str]] = [
    ([], "users"),
    ([UserChange(f"u{number}") for number in range(1_001)], "users"),
    ([UserChange("")], "users[0].id"),
    ([UserChange("a"), UserChange("b\n")], "users[1].id"),
    ([UserChange("x" * 256)], "users[0].id"),
    ([UserChange("a"), UserChange("b"), UserChange("a")], "users[2].id"),
    ([UserChange("a", role="")], "users[0].role"),
    ([UserChange("a", role="two words")], "users[0].role"),
    ([UserChange("a", teams=tuple(f"t{number}" for number in range(251)))], "users[0].teams"),
    ([UserChange("a", teams=("",))], "users[0].teams"),
    ([UserChange("a", teams=("x" * 256,))], "users[0].teams"),
    ([UserChange("a", teams_role={f"t{number}": "user" for number in range(251)})], "users[0].teams_role"),
    ([UserChange("a", teams_role={"": "user"})], "users[0].teams_role"),
    ([UserChange("a", custom={"text": "x" * 5_120})], "users[0].custom"),
    ([UserChange("a", custom={"number": float("nan")})], "users[0].custom"),
    ([UserChange("a", custom={"text": "\ud800"})], "users[0].custom"),
    ([UserChange("a", custom={"odd": object()})], "users[0].custom"),
    ([UserChange("a", revoke_tokens_issued_before=-1)], "users[0].revoke_tokens_issued_before"),
    ([UserChange("a", revoke_tokens_issued_before=2**63)], "users[0].revoke_tokens_issued_before"),
]


@pytest.mark.parametrize(("changes", "field"), BAD, ids=[f"{number}-{field}" for number, (_, field) in enumerate(BAD)])
async def test_bad_input_is_refused_with_its_field_and_changes_nothing(
    desk: Desk, changes: list[UserChange], field: str
) -> None:
    before = await desk.revision()
    with refused(InvalidInput, field=field):
        await desk.admin.users.upsert(desk.server, changes)
    assert await desk.revision() == before


def _nested(depth: int) -> dict[str, Any]:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return {"deep": value}


@pytest.mark.parametrize("depth", [31, 1_000, 100_000])
async def test_bottomless_custom_data_is_refused(desk: Desk, depth: int) -> None:
    with refused(InvalidInput, field="users[0].custom"):
        await desk.admin.users.upsert(desk.server, [UserChange("a", custom=_nested(depth))])
    await desk.admin.users.upsert(desk.server, [UserChange("a", custom=_nested(30))])


async def test_the_largest_that_fits_is_kept(desk: Desk) -> None:
    custom = {"text": "x" + "é" * ((5 * 1024 - len('{"text":""}')) // 2)}
    teams = tuple(f"t{number}" for number in range(250))
    (user,), _ = await desk.admin.users.upsert(desk.server, [UserChange("x" * 255, custom=custom, teams=teams)])
    assert (user.custom, user.teams) == (custom, teams)
    with refused(InvalidInput, field="users[0].custom", text="5121 bytes"):
        await desk.admin.users.upsert(desk.server, [UserChange("y", custom={"text": custom["text"] + "x"})])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (UserChange("b", role="speaker"), "users[1].role"),
        (UserChange("b", teams_role={"red": "speaker"}), "users[1].teams_role.red"),
    ],
)
async def test_an_unknown_role_refuses_all_of_them(desk: Desk, change: UserChange, field: str) -> None:
    with refused(UnknownRole, field=field):
        await desk.admin.users.upsert(desk.server, [UserChange("a"), change])
    with refused(NotFound):
        await desk.admin.users.get(desk.server, "a")
    await desk.admin.roles.create(desk.server, "speaker")
    await desk.admin.users.upsert(desk.server, [UserChange("a"), change])


async def test_getting_what_is_not_there(desk: Desk) -> None:
    with refused(NotFound, field="user_id", reason="USER_NOT_FOUND", text="`ann`"):
        await desk.admin.users.get(desk.server, "ann")
    with refused(InvalidInput, field="user_id"):
        await desk.admin.users.get(desk.server, "")


async def test_deleting_takes_memberships_along(desk: Desk) -> None:
    await desk.make_users("ann", "bob")
    await desk.make_call("default:x", owner="ann", members=("ann", "bob"))
    revision = (await desk.admin.users.delete(desk.server, ["ann"])).revision
    assert revision == await desk.revision()
    members = await desk.admin.calls.members(desk.server, "default:x", Page())
    assert [member.user_id for member in members.items] == ["bob"]
    assert (await desk.admin.calls.get(desk.server, "default:x")).call.record.created_by_id == "ann"
    assert (await desk.decide("ann", "read-call", call="default:x")).reason == "UNKNOWN_USER"


async def test_deleting_an_unknown_user_deletes_nobody(desk: Desk) -> None:
    await desk.make_users("ann")
    before = await desk.revision()
    with refused(NotFound, field="user_ids[1]", reason="USER_NOT_FOUND"):
        await desk.admin.users.delete(desk.server, ["ann", "bob"])
    assert await desk.revision() == before
    await desk.admin.users.get(desk.server, "ann")


@pytest.mark.parametrize("heir", [True, False])
async def test_what_users_have_created_goes_to_the_new_owners(desk: Desk, *, heir: bool) -> None:
    await desk.make_users("ann", "bob", "cid")
    await desk.make_call("default:x", owner="ann")
    await desk.make_call("default:y", owner="cid")
    await desk.make_channel("messaging:x", owner="ann")
    assert not (await desk.decide("bob", "delete-channel", channel="messaging:x")).allowed
    owners = {"new_call_owner_id": "bob", "new_channel_owner_id": "bob"} if heir else {}
    await desk.admin.users.delete(desk.server, ["ann"], **owners)
    owner = "bob" if heir else "ann"
    assert (await desk.admin.calls.get(desk.server, "default:x")).call.record.created_by_id == owner
    assert (await desk.admin.calls.get(desk.server, "default:y")).call.record.created_by_id == "cid"
    assert (await desk.admin.channels.get(desk.server, "messaging:x")).channel.created_by_id == owner
    assert (await desk.decide("bob", "delete-channel", channel="messaging:x")).allowed is heir


async def test_a_task_tells_of_a_deletion_and_only_servers(desk: Desk) -> None:
    await desk.make_users("ann", "bob", "cid")
    deletion = await desk.admin.users.delete(desk.server, ["bob", "ann"])
    assert [user.id for user in deletion.users] == ["bob", "ann"]
    task = await desk.admin.tasks.get(desk.server, deletion.task_id)
    assert (task.status, task.result) == ("completed", {"bob": {"status": "ok"}, "ann": {"status": "ok"}})
    with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
        await desk.admin.tasks.get(desk.user("cid"), deletion.task_id)
    with refused(NotFound, field="id", reason="TASK_NOT_FOUND"):
        await desk.admin.tasks.get(desk.server, "t1")


@pytest.mark.parametrize(
    ("ids", "field"),
    [([], "user_ids"), ([""], "user_ids[0]"), (["a", "a"], "user_ids[1]"), (["x"] * 1_001, "user_ids")],
)
async def test_deleting_checks_its_input(desk: Desk, ids: list[str], field: str) -> None:
    with refused(InvalidInput, field=field):
        await desk.admin.users.delete(desk.server, ids)


class TestUserTokens:
    @pytest.fixture
    async def ann(self, desk: Desk) -> Any:
        await desk.make_users("ann", "bob")
        return desk.user("ann")

    async def test_a_user_gets_itself_with_or_without_saying_so(self, desk: Desk, ann: Any) -> None:
        assert (await desk.admin.users.get(ann, "ann"))[0].id == "ann"
        assert (await desk.admin.users.get(ann, ""))[0].id == "ann"

    async def test_getting_and_listing_others_takes_search_user(self, desk: Desk, ann: Any) -> None:
        assert (await desk.admin.users.get(ann, "bob"))[0].id == "bob"
        assert len((await desk.admin.users.list(ann, Page())).items) == 2
        await desk.admin.apps.update(desk.server, AppChange(grants={"user": ("update-user-owner",)}))
        with denied("SearchUser", ".app"):
            await desk.admin.users.get(ann, "bob")
        with denied("SearchUser", ".app"):
            await desk.admin.users.get(ann, "nobody")
        with denied("SearchUser", ".app"):
            await desk.admin.users.list(ann, Page())
        assert (await desk.admin.users.get(ann, "ann"))[0].id == "ann"

    async def test_a_user_writes_its_own_custom_data(self, desk: Desk, ann: Any) -> None:
        (user,), _ = await desk.admin.users.upsert(ann, [UserChange("ann", custom={"mood": "good"})])
        assert user.custom == {"mood": "good"}

    async def test_its_custom_data_takes_update_user(self, desk: Desk, ann: Any) -> None:
        change = UserChange("ann", custom={})
        await desk.admin.apps.update(desk.server, AppChange(grants={"user": ()}))
        with denied("UpdateUser", ".app"):
            await desk.admin.users.upsert(ann, [change])
        await desk.admin.apps.update(desk.server, AppChange(grants={"user": ("update-user-owner",)}))
        await desk.admin.users.upsert(ann, [change])

    async def test_the_refusal_reads_as_stream_words_it(self, desk: Desk, ann: Any) -> None:
        await desk.admin.apps.update(desk.server, AppChange(grants={"user": ()}))
        with pytest.raises(Forbidden) as caught:
            await desk.admin.users.upsert(ann, [UserChange("ann", custom={})])
        assert caught.value.message == (
            "User 'ann' with role 'user' is not allowed to perform action UpdateUser in scope '.app'"
        )

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            (UserChange("bob", custom={}), "users[0].id"),
            (UserChange("ann", role="admin"), "users[0].role"),
            (UserChange("ann", teams_role={"red": "admin"}), "users[0].teams_role"),
            (UserChange("ann", banned=False), "users[0].banned"),
            (UserChange("ann", deactivated=False), "users[0].deactivated"),
            (UserChange("ann", revoke_tokens_issued_before=None), "users[0].revoke_tokens_issued_before"),
        ],
    )
    async def test_some_is_for_servers_whatever_the_role(self, desk: Desk, change: UserChange, field: str) -> None:
        await desk.make_users("ann", "bob", role="global_admin")
        await desk.admin.apps.update(desk.server, AppChange(disable_permissions_checks=True))
        with refused(Forbidden, field=field, reason="SERVER_SIDE_ONLY"):
            await desk.admin.users.upsert(desk.user("ann"), [change])

    async def test_teams_are_for_servers_in_streams_words(self, desk: Desk) -> None:
        await desk.make_users("ann", role="global_admin")
        text = "user teams can only be updated server-side"
        with refused(Forbidden, field="users[0].teams", reason="TEAMS_SERVER_SIDE_ONLY", text=text):
            await desk.admin.users.upsert(desk.user("ann"), [UserChange("ann", teams=("red",))])

    async def test_what_a_user_is_already_may_be_sent_back(self, desk: Desk) -> None:
        there = UserChange("ann", role="call_member", teams=("b", "a"), teams_role={"a": "call_member"})
        (stored,), revision = await desk.admin.users.upsert(desk.server, [there])
        spelled = UserChange("ann", role="call-member", teams=("b", "a", "b"), teams_role={"a": "call-member"})
        assert await desk.admin.users.upsert(desk.user("ann"), [spelled]) == ((stored,), revision)
        with refused(Forbidden, reason="TEAMS_SERVER_SIDE_ONLY"):  # the first team counts for more than the others
            await desk.admin.users.upsert(desk.user("ann"), [UserChange("ann", teams=("a", "b"))])

    async def test_its_name_takes_update_user(self, desk: Desk, ann: Any) -> None:
        change = UserChange("ann", extras={"name": "Ann"})
        await desk.admin.apps.update(desk.server, AppChange(grants={"user": ()}))
        with denied("UpdateUser", ".app"):
            await desk.admin.users.upsert(ann, [change])
        with denied("UpdateUser", ".app"):
            await desk.admin.users.update(ann, [change])
        await desk.admin.apps.update(desk.server, AppChange(grants={"user": ("update-user-owner",)}))
        (user,), _ = await desk.admin.users.update(ann, [change])
        assert user.extras == {"name": "Ann"}

    async def test_an_unknown_user_does_not_create_itself(self, desk: Desk) -> None:
        with denied("UpdateUser", ".app", "UNKNOWN_USER"):
            await desk.admin.users.upsert(desk.user("eve"), [UserChange("eve", custom={})])
        with denied("SearchUser", ".app", "UNKNOWN_USER"):
            await desk.admin.users.list(desk.user("eve"), Page())
        with refused(NotFound):
            await desk.admin.users.get(desk.user("eve"), "eve")

    async def test_a_banned_user_writes_nothing(self, desk: Desk, ann: Any) -> None:
        await desk.admin.users.upsert(desk.server, [UserChange("ann", banned=True)])
        with denied("UpdateUser", ".app", "BANNED"):
            await desk.admin.users.upsert(ann, [UserChange("ann", custom={})])

    async def test_users_delete_nobody(self, desk: Desk, ann: Any) -> None:
        with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
            await desk.admin.users.delete(ann, ["ann"])


class TestTeams:
    @pytest.fixture
    async def teams(self, desk: Desk) -> Desk:
        await desk.admin.apps.update(desk.server, AppChange(multi_tenant_enabled=True))
        await desk.make_users("red1", "red2", teams=("red",))
        await desk.make_users("both", teams=("red", "blue"))
        await desk.make_users("blue1", teams=("blue",))
        await desk.make_users("none1", "none2")
        await desk.make_users("boss", role="global_admin", teams=("red",))
        return desk

    @pytest.mark.parametrize(
        ("viewer", "seen"),
        [
            ("red1", {"red1", "red2", "both", "boss"}),
            ("both", {"red1", "red2", "both", "blue1", "boss"}),
            ("blue1", {"blue1", "both"}),
            ("none1", {"none1", "none2"}),
            ("boss", {"red1", "red2", "both", "blue1", "none1", "none2", "boss"}),
        ],
    )
    async def test_a_user_sees_those_of_its_teams(self, teams: Desk, viewer: str, seen: set[str]) -> None:
        caller = teams.user(viewer)
        listed = await teams.admin.users.list(caller, Page())
        assert {user.id for user in listed.items} == seen
        for other in ("red1", "red2", "both", "blue1", "none1", "none2", "boss"):
            if other in seen:
                await teams.admin.users.get(caller, other)
            else:
                with denied("SearchUser", ".app", "OTHER_TEAM"):
                    await teams.admin.users.get(caller, other)

    async def test_a_query_goes_on_past_those_that_are_not_seen(
        self, teams: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("rolecall.service.administration.query_pages._READS", (200, 1_800))
        await teams.admin.users.upsert(teams.server, [UserChange(f"b{n}", teams=("blue",)) for n in range(1_000)])
        found = await teams.admin.users.query(teams.user("red1"), UserQuery(limit=2, offset=1))
        assert [user.id for user in found] == ["both", "red1"]
        await teams.admin.users.upsert(teams.server, [UserChange(f"c{n}", teams=("blue",)) for n in range(1_000)])
        assert await teams.admin.users.query(teams.user("red1"), UserQuery()) == ()
        assert len(await teams.admin.users.query(teams.server, UserQuery(limit=100))) == 100

    async def test_a_role_in_one_of_its_teams_is_enough_for_itself(self, teams: Desk) -> None:
        change = UserChange("both", role="anonymous", teams_role={"blue": "user"})
        await teams.admin.users.upsert(teams.server, [change])
        await teams.admin.users.upsert(teams.user("both"), [UserChange("both", custom={"a": 1})])
        listed = await teams.admin.users.list(teams.user("both"), Page())
        assert {user.id for user in listed.items} == {"both", "blue1"}

    async def test_a_role_in_one_of_its_teams_gives_no_power_elsewhere(self, teams: Desk) -> None:
        change = UserChange("both", role="user", teams_role={"blue": "global_admin"})
        await teams.admin.users.upsert(teams.server, [change])
        with refused(Forbidden, field="users[0].role", reason="SERVER_SIDE_ONLY"):
            await teams.admin.users.upsert(teams.user("both"), [UserChange("both", role="global_admin")])

    async def test_a_user_of_a_team_writes_itself(self, teams: Desk) -> None:
        await teams.admin.users.upsert(teams.user("both"), [UserChange("both", custom={"a": 1})])


async def test_a_member_named_by_a_role_of_the_team_keeps_it_on_calls_of_the_team(desk: Desk) -> None:
    await desk.admin.apps.update(desk.server, AppChange(multi_tenant_enabled=True))
    change = UserChange("ann", teams=("red",), teams_role={"red": "admin"})
    await desk.admin.users.upsert(desk.server, [change])
    call = CallChange("default:x", team="red", members=(CallMemberChange("ann"),))
    await desk.admin.calls.upsert(desk.server, call)
    assert (await desk.decide("ann", "delete-call", call="default:x")).role == "admin"
