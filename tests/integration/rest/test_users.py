"""Users and tasks over the HTTP API, as Stream's SDKs ask for them: a real server, plain requests."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import count
from typing import Any, Final

import httpx
import pytest

from rolecall.api.v1 import user_pb2
from tests.doors import App, Server, make_app, running
from tests.integration.rest.shapes import DONE, FULL_USER, NESTED, ROLE, USER, Each, Exactly, Ts
from tests.integration.rest.test_http_api import BOTH, CHAT, V2, Door, failed

_NUMBERS: Final = count(1)
TASK: Final = {"task_id": str, "status": str, "created_at": Ts, "updated_at": Ts}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, App, App]]:
    db = tmp_path_factory.mktemp("users") / "rolecall.db"
    app, v1 = make_app(db), make_app(db, "v1")
    with running(db) as started:
        yield started, app, v1


@pytest.fixture(scope="module")
def door(server: tuple[Server, App, App]) -> Iterator[Door]:
    with httpx.Client(base_url=server[0].http, timeout=20) as http:
        door = Door(http, server[1])
        door.ok("POST", "/roles", {"role": ROLE}, status=201, json={"name": "customrole"})
        yield door


@pytest.fixture
def other(tmp_path_factory: pytest.TempPathFactory, server: tuple[Server, App, App], door: Door) -> Door:
    """The app on permission version v1."""
    v1 = Door(door.http, server[2])
    v1.ok("PATCH", "/app", DONE, json={"permission_version": "v1"})
    return v1


@pytest.fixture
def ids() -> Iterator[str]:
    """Return ids that no other test uses."""
    return (f"user-{number}" for number in _NUMBERS)


def full(surface: str) -> dict[str, Any]:
    return FULL_USER if surface == CHAT else FULL_USER | NESTED


def custom(surface: str, **data: Any) -> dict[str, Any]:
    """Return custom data where the surface has it."""
    return data if surface == CHAT else {"custom": data}


def put(door: Door, *users: dict[str, Any], surface: str = V2, **sent: Any) -> dict[str, Any]:
    body = {"users": {user["id"]: user for user in users}}
    shape = {"users": Each(full(surface)), "membership_deletion_task_id": str}
    found = door.ok("POST", f"{surface}/users", shape, status=201, json=body, **sent)["users"]
    assert list(found) == [user["id"] for user in users]
    return dict(found)


def change(door: Door, *changes: dict[str, Any], surface: str = V2, **sent: Any) -> dict[str, Any]:
    shape = {"users": Each(full(surface)), "membership_deletion_task_id": str}
    return dict(door.ok("PATCH", f"{surface}/users", shape, json={"users": list(changes)}, **sent)["users"])


def query(door: Door, payload: dict[str, Any], surface: str = V2, **sent: Any) -> list[dict[str, Any]]:
    params = {"payload": json.dumps(payload)}
    return list(door.ok("GET", f"{surface}/users", {"users": [full(surface)]}, params=params, **sent)["users"])


def names(users: list[dict[str, Any]]) -> list[str]:
    return [user["id"] for user in users]


def one(door: Door, user_id: str, surface: str = V2) -> dict[str, Any] | None:
    found = query(door, {"filter_conditions": {"id": user_id}, "include_deactivated_users": True}, surface)
    return found[0] if found else None


def refused(door: Door, method: str, users: Any, status: int = 400, code: int = 4, **sent: Any) -> str:
    """Send users that are not written; return the text and the field."""
    answer = door.raw(method, f"{sent.pop('surface', V2)}/users", json={"users": users}, **sent)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.text
    return str(body["message"]) + "".join(f" @{field}" for field in body.get("exception_fields", {}))


# --- 6.25: UpdateUsers -----------------------------------------------------------------------------------------------


@BOTH
def test_users_are_created_as_the_sdks_send_them(door: Door, surface: str, ids: Iterator[str]) -> None:
    alice, bob = next(ids), next(ids)
    sent = {"id": alice, "name": "Alice", "role": "customrole", "teams": ["blue"], "teams_role": {"blue": "admin"}}
    found = put(door, sent | custom(surface, color="red"), {"id": bob}, surface=surface)
    assert found[alice] | sent | custom(surface, color="red") == found[alice]
    assert found[bob]["role"] == "user"
    assert found[bob]["teams"] == []
    assert not {"name", "image", "teams_role", "deactivated_at", "revoke_tokens_issued_before"} & found[bob].keys()
    assert one(door, alice, surface) == found[alice]
    mine, theirs = one(door, alice, V2), one(door, alice, CHAT)
    assert mine is not None
    assert theirs is not None
    assert mine["custom"] == {"color": "red"}
    assert theirs["color"] == "red"
    assert "custom" not in theirs


@BOTH
def test_every_field_of_a_user_comes_back(door: Door, surface: str, ids: Iterator[str]) -> None:
    sent: dict[str, Any] = {
        "id": next(ids),
        "name": "",
        "image": "https://example.org/a.png",
        "language": "pt",
        "invisible": True,
        "privacy_settings": {"typing_indicators": {"enabled": False}},
        "role": "admin",
        "teams": ["red", "blue"],
        "teams_role": {"red": "moderator"},
    }
    found = put(door, sent, surface=surface)[sent["id"]]
    assert found | sent == found


@BOTH
def test_upserting_replaces_custom_data_name_and_image_and_keeps_the_rest(
    door: Door, surface: str, ids: Iterator[str]
) -> None:
    user_id = next(ids)
    kept = {"role": "customrole", "teams": ["blue"], "teams_role": {"blue": "admin"}, "language": "pt"}
    before = put(
        door, {"id": user_id, "name": "N", "image": "I", **kept, **custom(surface, color="red")}, surface=surface
    )
    after = put(door, {"id": user_id, **custom(surface, size=3)}, surface=surface)[user_id]
    assert {name: after[name] for name in kept} == kept
    assert not {"name", "image"} & after.keys()
    assert one(door, user_id)["custom"] == {"size": 3}  # type: ignore[index]
    assert after["created_at"] == before[user_id]["created_at"]
    assert put(door, {"id": user_id, "teams": [], "teams_role": {}}, surface=surface)[user_id]["teams"] == []


def test_nulls_are_as_good_as_nothing(door: Door, ids: Iterator[str]) -> None:
    fields = ("name", "image", "language", "invisible", "privacy_settings", "role", "teams", "teams_role", "custom")
    user: dict[str, Any] = {"id": next(ids), **dict.fromkeys(fields)}
    assert put(door, user)[user["id"]]["role"] == "user"


@BOTH
def test_a_whole_user_can_be_sent_back(door: Door, surface: str, ids: Iterator[str]) -> None:
    user: dict[str, Any] = {
        "id": next(ids),
        "name": "N",
        "role": "admin",
        "teams": ["a"],
        **custom(surface, color="red"),
    }
    before = put(door, user, surface=surface)[user["id"]]
    more = {"last_active": "2026-01-01T00:00:00Z", "ban_expires": None, "deleted_at": None, "online": True}
    again = put(door, before | more | {"banned": True, "created_at": "2001-01-01T00:00:00Z"}, surface=surface)
    assert again[user["id"]] == before
    assert one(door, user["id"])["custom"] == {"color": "red"}  # type: ignore[index]


def test_custom_data_never_hides_a_users_own_fields(door: Door, ids: Iterator[str]) -> None:
    data = {"role": "admin", "id": "eve", "name": "Eve", "deactivated_at": "x", "unread_count": "x", "custom": 1}
    user_id = next(ids)
    put(door, {"id": user_id, "custom": data})
    found = one(door, user_id, CHAT)
    assert found is not None
    assert (found["id"], found["role"], found["unread_count"], found["custom"]) == (user_id, "user", 0, 1)
    assert not {"name", "deactivated_at"} & found.keys()


def test_unknown_fields_are_ignored_where_custom_data_is_nested(door: Door, ids: Iterator[str]) -> None:
    user: dict[str, Any] = {"id": next(ids), "color": "red", "custom": {"size": 1}}
    assert put(door, user)[user["id"]]["custom"] == {"size": 1}


_LONG: Final = "x" * 6_000


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"role": "nosuchrole"}, "role"),
        ({"role": 7}, "role"),
        ({"role": ""}, "role"),
        ({"teams": "blue"}, "teams"),
        ({"teams": ["blue", 1]}, "teams[1]"),
        ({"teams": [""]}, "teams"),
        ({"teams_role": []}, "teams_role"),
        ({"teams_role": {"blue": 1}}, "teams_role"),
        ({"teams_role": {"blue": "nosuchrole"}}, "teams_role.blue"),
        ({"custom": []}, "custom"),
        ({"custom": {"x": _LONG}}, "custom"),
        ({"name": 1}, "name"),
        ({"name": _LONG}, ""),
        ({"image": {}}, "image"),
        ({"language": True}, "language"),
        ({"invisible": "yes"}, "invisible"),
        ({"privacy_settings": []}, "privacy_settings"),
        ({"id": 1}, "id"),
        ({"id": None}, "id"),
        ({"id": "someone-else"}, "id"),
    ],
)
def test_a_bad_user_names_its_field_and_writes_nobody(
    door: Door, ids: Iterator[str], fields: dict[str, Any], place: str
) -> None:
    good, bad = next(ids), next(ids)
    told = refused(door, "POST", {good: {"id": good}, bad: {"id": bad, **fields}})
    assert told.startswith("UpdateUsers failed with error: ")
    assert told.endswith(f" @users.{bad}.{place}".rstrip("."))
    assert one(door, good) is None


@BOTH
def test_an_unknown_role_reads_as_stream_words_it(door: Door, surface: str, ids: Iterator[str]) -> None:
    user_id = next(ids)
    told = refused(door, "POST", {user_id: {"id": user_id, "role": "nosuchrole"}}, surface=surface)
    assert told == failed("UpdateUsers", 'role "nosuchrole" does not exist') + f" @users.{user_id}.role"


@pytest.mark.parametrize(
    ("users", "place"),
    [
        ({}, "users"),
        ([], "users"),
        (None, "users"),
        ({"a": []}, "users"),
        ({"": {"id": ""}}, "users..id"),
        ({"a\n": {"id": "a\n"}}, "users.a\\n.id"),
        ({"x" * 256: {"id": "x" * 256}}, f"users.{'x' * 256}.id"),
        ({f"many-{number}": {"id": f"many-{number}"} for number in range(101)}, "users"),
    ],
)
def test_what_is_no_map_of_users_is_refused(door: Door, users: Any, place: str) -> None:
    assert refused(door, "POST", users).endswith(f" @{place}")
    assert one(door, "many-0") is None


def test_a_hundred_users_are_written_at_once(door: Door, ids: Iterator[str]) -> None:
    assert len(put(door, *({"id": next(ids)} for _ in range(100)))) == 100


@pytest.mark.parametrize(
    "data",
    [{"text": "\ud800"}, {"a": _LONG}, {"a": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}],
)
@BOTH
def test_custom_data_that_can_not_be_kept_is_refused(
    door: Door, surface: str, ids: Iterator[str], data: dict[str, Any]
) -> None:
    user_id = next(ids)
    content = json.dumps({"users": {user_id: {"id": user_id, **custom(surface, **data)}}})
    headers = {"Content-Type": "application/json"}
    told = door.no("POST", f"{surface}/users", 400, 4, content=content, headers=headers)
    assert f"`users.{user_id}." in told
    assert one(door, user_id) is None


# --- 6.26: UpdateUsersPartial ----------------------------------------------------------------------------------------


@BOTH
def test_single_fields_are_set_and_unset(door: Door, surface: str, ids: Iterator[str]) -> None:
    user_id = next(ids)
    put(door, {"id": user_id, "name": "Alice", "custom": {"color": "red", "size": 1}})
    sent = {"id": user_id, "unset": ["color"], "set": {"role": "admin", "field": "v"}}
    found = change(door, sent, surface=surface)[user_id]
    assert (found["role"], found["name"]) == ("admin", "Alice")
    assert one(door, user_id)["custom"] == {"size": 1, "field": "v"}  # type: ignore[index]
    assert one(door, user_id, surface) == found


@BOTH
def test_every_field_can_be_set_and_what_need_not_be_there_unset(door: Door, surface: str, ids: Iterator[str]) -> None:
    user_id = next(ids)
    before = put(door, {"id": user_id}, surface=surface)[user_id]
    fields = {
        "name": "Alice",
        "image": "I",
        "language": "pt",
        "invisible": True,
        "privacy_settings": {"read_receipts": {"enabled": False}},
        "teams": ["red"],
        "teams_role": {"red": "admin"},
    }
    moment = "2026-01-02T03:04:05Z"
    found = change(door, {"id": user_id, "set": {**fields, "revoke_tokens_issued_before": moment}}, surface=surface)[
        user_id
    ]
    assert found | fields == found
    revoked = 1_767_323_045_000_000_000 if surface == V2 else "2026-01-02T03:04:05.000000Z"
    assert found["revoke_tokens_issued_before"] == revoked
    taken = change(door, {"id": user_id, "unset": [*fields, "revoke_tokens_issued_before"]}, surface=surface)[user_id]
    assert taken | {"updated_at": 0} == before | {"updated_at": 0}


@BOTH
def test_tokens_of_a_user_are_revoked_and_that_is_taken_back(door: Door, surface: str, ids: Iterator[str]) -> None:
    user_id, token = next(ids), door.app.token
    put(door, {"id": user_id})
    search = {"filter_conditions": {"id": user_id}}
    query(door, search, surface, token=token(user_id, iat=1_700_000_000))
    change(door, {"id": user_id, "set": {"revoke_tokens_issued_before": "2024-01-01T00:00:00"}}, surface=surface)
    params = {"payload": json.dumps(search)}
    door.no("GET", f"{surface}/users", 401, 5, params=params, token=token(user_id, iat=1_700_000_000))
    query(door, search, surface, token=token(user_id, iat=1_710_000_000))
    change(door, {"id": user_id, "set": {"revoke_tokens_issued_before": None}}, surface=surface)
    query(door, search, surface, token=token(user_id, iat=1_700_000_000))


@BOTH
def test_a_dot_leads_into_custom_data(door: Door, surface: str, ids: Iterator[str]) -> None:
    user_id = next(ids)
    put(door, {"id": user_id, "custom": {"theme": {"color": "red", "size": 1}, "plain": 1}})
    sent = {"set": {"theme.color": "blue", "new.deep.key": [1]}, "unset": ["theme.size", "no.such", "plain.x"]}
    change(door, {"id": user_id, **sent}, surface=surface)
    data = {"theme": {"color": "blue"}, "plain": 1, "new": {"deep": {"key": [1]}}}
    assert one(door, user_id)["custom"] == data  # type: ignore[index]
    for path in ("plain.x", "theme..color", ".x", "theme.color.x"):
        told = refused(door, "PATCH", [{"id": user_id, "set": {"size": 2, path: 1}}], surface=surface)
        assert told.endswith(f" @users[0].set.custom.{path}")
    assert one(door, user_id)["custom"] == data  # type: ignore[index]


def test_custom_as_an_object_is_merged_where_custom_data_is_nested(door: Door, ids: Iterator[str]) -> None:
    user_id = next(ids)
    put(door, {"id": user_id, "custom": {"color": "red", "size": 1, "old": 1, "older": 1}})
    sent = {"set": {"custom": {"color": "blue"}, "custom.size": 2, "new": 3}, "unset": ["custom.old", "older"]}
    assert change(door, {"id": user_id, **sent})[user_id]["custom"] == {"color": "blue", "size": 2, "new": 3}


@BOTH
def test_unsetting_the_name_takes_it_away(door: Door, surface: str, ids: Iterator[str]) -> None:
    user_id = next(ids)
    put(door, {"id": user_id, "name": "Alice"})
    assert not change(door, {"id": user_id, "unset": ["name"]}, surface=surface)[user_id].get("name")


_PARTIAL: Final[list[tuple[Any, str]]] = [
    ({"set": {"role": "nosuchrole"}}, "set.role"),
    ({"set": {"role": None}}, "set.role"),
    ({"set": {"teams": None}}, "set.teams"),
    ({"set": {"teams": [1]}}, "set.teams[0]"),
    ({"set": {"teams_role": {"red": "nosuchrole"}}}, "set.teams_role.red"),
    ({"set": {"name": 1}}, "set.name"),
    ({"set": {"invisible": "no"}}, "set.invisible"),
    ({"set": {"privacy_settings": 1}}, "set.privacy_settings"),
    ({"set": {"revoke_tokens_issued_before": "soon"}}, "set.revoke_tokens_issued_before"),
    ({"set": {"revoke_tokens_issued_before": "1960-01-01T00:00:00Z"}}, "set.revoke_tokens_issued_before"),
    ({"set": {"id": "x"}}, "set.id"),
    ({"set": {"banned": False}}, "set.banned"),
    ({"set": {"created_at": "2026-01-02T03:04:05Z"}}, "set.created_at"),
    ({"set": {"deactivated_at": None}}, "set.deactivated_at"),
    ({"set": {"name.first": "A"}}, "set.name.first"),
    ({"set": {"devices.x": "A"}}, "set.devices.x"),
    ({"set": {"size": _LONG}}, "set.custom"),
    ({"set": {"size": 1}, "unset": ["size"]}, "unset"),
    ({"set": {"name": "A"}, "unset": ["name"]}, "unset"),
    ({"unset": ["role"]}, "unset.role"),
    ({"unset": ["online"]}, "unset.online"),
    ({"unset": "name"}, "unset"),
    ({"unset": [1]}, "unset[0]"),
    ({"set": []}, "set"),
]
_NESTED_PARTIAL: Final[list[tuple[Any, str]]] = [
    ({"set": {"custom": 1}}, "set.custom"),
    ({"set": {"custom": {"a": 1}, "a": 1}}, "set.a"),
    ({"set": {"custom.a": 1}, "unset": ["a"]}, "unset"),
    ({"unset": ["custom"]}, "unset.custom"),
]


@pytest.mark.parametrize(
    ("surface", "sent", "place"),
    [
        *((surface, sent, place) for surface in (V2, CHAT) for sent, place in _PARTIAL),
        *((V2, sent, place) for sent, place in _NESTED_PARTIAL),
    ],
)
def test_a_bad_change_names_its_field_and_changes_nobody(
    door: Door, ids: Iterator[str], surface: str, sent: Any, place: str
) -> None:
    good, bad = next(ids), next(ids)
    before = put(door, {"id": good}, {"id": bad, "custom": {"size": 0}})
    changes = [{"id": good, "set": {"name": "changed"}}, {"id": bad, **sent}]
    told = refused(door, "PATCH", changes, surface=surface)
    assert told.startswith("UpdateUsersPartial failed with error: ")
    assert told.endswith(f" @users[1].{place}")
    assert one(door, good) == before[good]
    assert one(door, bad) == before[bad]


@BOTH
def test_an_unknown_user_is_not_found_and_nobody_changed(door: Door, surface: str, ids: Iterator[str]) -> None:
    known, unknown = next(ids), next(ids)
    before = put(door, {"id": known})[known]
    changes = [{"id": known, "set": {"name": "x"}}, {"id": unknown, "set": {"name": "x"}}]
    told = refused(door, "PATCH", changes, 404, 16, surface=surface)
    assert told == failed("UpdateUsersPartial", f"user `{unknown}` does not exist") + " @users[1].id"
    assert one(door, known) == before
    assert one(door, unknown) is None


@pytest.mark.parametrize(
    ("users", "place"),
    [
        ([], "users"),
        ({}, "users"),
        ([{}], "users[0].id"),
        ([{"id": 1}], "users[0].id"),
        ([{"id": "a"}, {"id": "a"}], "users[1].id"),
        ([{"id": f"a{number}"} for number in range(101)], "users"),
    ],
)
def test_what_is_no_list_of_changes_is_refused(door: Door, users: Any, place: str) -> None:
    assert refused(door, "PATCH", users).endswith(f" @{place}")


# --- names that only one user may have -------------------------------------------------------------------------------


@pytest.fixture
def unique(door: Door) -> Iterator[Any]:
    def enforce(within: str) -> None:
        door.ok("PATCH", "/app", DONE, json={"enforce_unique_usernames": within})

    yield enforce
    enforce("no")


@BOTH
def test_a_name_that_is_taken_in_the_app_is_refused(door: Door, surface: str, ids: Iterator[str], unique: Any) -> None:
    ann, bob, cid = next(ids), next(ids), next(ids)
    name, free = f"Ann {ann}", f"Bob {bob}"
    put(door, {"id": ann, "name": name}, {"id": bob, "name": name})
    unique("app")
    taken = f"username '{name}' already exists"
    told = refused(door, "POST", {cid: {"id": cid, "name": name}}, 400, 6, surface=surface)
    assert told == failed("UpdateUsers", taken) + f" @users.{cid}.name"
    assert one(door, cid) is None
    put(door, {"id": ann, "name": name}, surface=surface)  # it had the name before
    change(door, {"id": bob, "set": {"name": free}}, surface=surface)
    told = refused(door, "PATCH", [{"id": bob, "set": {"name": name}}], 400, 6, surface=surface)
    assert told == failed("UpdateUsersPartial", taken) + " @users[0].set.name"
    put(door, {"id": ann, "name": free}, {"id": bob, "name": name}, surface=surface)  # they swap
    new, newer = next(ids), next(ids)
    both = {user_id: {"id": user_id, "name": f"new {new}"} for user_id in (new, newer)}
    refused(door, "POST", both, 400, 6, surface=surface)
    put(door, {"id": cid}, {"id": new, "name": ""}, {"id": newer, "name": ""}, surface=surface)


def test_a_name_may_be_had_once_in_each_team(door: Door, ids: Iterator[str], unique: Any) -> None:
    unique("team")
    ann, bob, cid = next(ids), next(ids), next(ids)
    name = f"Ann {ann}"
    put(door, {"id": ann, "name": name, "teams": ["red", "blue"]}, {"id": bob, "name": name, "teams": ["green"]})
    put(door, {"id": cid, "name": name})
    told = refused(door, "POST", {cid: {"id": cid, "name": name, "teams": ["black", "blue"]}}, 400, 6)
    assert told.endswith(f" @users.{cid}.name")
    refused(door, "PATCH", [{"id": bob, "set": {"teams": ["red"]}}], 400, 6)
    change(door, {"id": bob, "set": {"teams": ["black"]}})


# --- user tokens -----------------------------------------------------------------------------------------------------


@BOTH
def test_a_user_writes_what_is_its_own(door: Door, surface: str, ids: Iterator[str]) -> None:
    ann = next(ids)
    put(door, {"id": ann, "role": "customrole", "teams": ["red"], "teams_role": {"red": "user"}})
    token = door.app.token(ann)
    same = {"role": "customrole", "teams": ["red"], "teams_role": {"red": "user"}}
    own = {"id": ann, "name": "Ann", "image": "I", "language": "pt", **custom(surface, mood="good")}
    refused(door, "POST", {ann: own}, 403, 17, surface=surface, token=token)  # `customrole` holds nothing
    change(door, {"id": ann, "set": {"role": "user"}})
    same["role"] = "user"
    found = put(door, own | same, surface=surface, token=token)[ann]
    assert found | own | same == found
    found = change(door, {"id": ann, "set": {"mood": "bad", **same}, "unset": ["name"]}, surface=surface, token=token)
    assert found[ann]["image"] == "I"
    assert one(door, ann)["custom"] == {"mood": "bad"}  # type: ignore[index]


_FORBIDDEN: Final[list[tuple[dict[str, Any], str, int, int]]] = [
    ({"role": "admin"}, "role", 403, 17),
    ({"teams": ["red"]}, "teams", 401, 5),
    ({"teams": []}, "teams", 401, 5),
    ({"teams_role": {"red": "admin"}}, "teams_role", 403, 17),
]


@pytest.mark.parametrize(("fields", "place", "status", "code"), _FORBIDDEN)
@BOTH
def test_a_user_changes_neither_its_roles_nor_its_teams(
    door: Door, surface: str, ids: Iterator[str], fields: dict[str, Any], place: str, status: int, code: int
) -> None:
    ann = next(ids)
    before = put(door, {"id": ann, "teams": ["blue"]})[ann]
    sent: dict[str, Any] = {"surface": surface, "token": door.app.token(ann)}
    told = refused(door, "POST", {ann: {"id": ann, "name": "x", **fields}}, status, code, **sent)
    assert told.endswith(f" @users.{ann}.{place}")
    if place == "teams":
        assert told.startswith(failed("UpdateUsers", "user teams can only be updated server-side"))
    told = refused(door, "PATCH", [{"id": ann, "set": {"name": "x", **fields}}], status, code, **sent)
    assert told.endswith(f" @users[0].set.{place}")
    assert one(door, ann) == before


@BOTH
def test_a_user_writes_nobody_else_and_revokes_nothing(door: Door, surface: str, ids: Iterator[str]) -> None:
    ann, bob, new = next(ids), next(ids), next(ids)
    before = put(door, {"id": ann, "role": "admin"}, {"id": bob})
    sent: dict[str, Any] = {"surface": surface, "token": door.app.token(ann)}
    told = refused(door, "POST", {ann: {"id": ann}, bob: {"id": bob, "name": "x"}}, 403, 17, **sent)
    assert told.endswith(f" @users.{bob}.id")
    refused(door, "POST", {new: {"id": new}}, 403, 17, **sent)
    told = refused(door, "PATCH", [{"id": bob, "set": {"name": "x"}}], 403, 17, **sent)
    assert told.endswith(" @users[0].id")
    refused(door, "PATCH", [{"id": new, "set": {"name": "x"}}], 403, 17, **sent)
    refused(door, "PATCH", [{"id": ann, "set": {"revoke_tokens_issued_before": None}}], 403, 17, **sent)
    for path in ("/users/delete", f"/users/{bob}"):
        door.no(
            "POST" if path.endswith("delete") else "DELETE",
            (surface if path.endswith("delete") else CHAT) + path,
            403,
            17,
            token=sent["token"],
            json={"user_ids": [bob]} if path.endswith("delete") else None,
        )
    door.no("GET", f"{surface}/tasks/x", 403, 17, token=sent["token"])
    assert {user_id: one(door, user_id) for user_id in (ann, bob)} == before
    assert one(door, new) is None


@pytest.mark.parametrize(
    "asked",
    [
        {"set": {"revoke_tokens_issued_before": "2020-01-01T00:00:00Z"}},
        {"set": {"revoke_tokens_issued_before": None}},
        {"unset": ["revoke_tokens_issued_before"]},
    ],
)
@pytest.mark.parametrize("role", ["user", "admin"])
@BOTH
def test_when_tokens_are_revoked_is_for_servers_to_say(
    door: Door, surface: str, ids: Iterator[str], role: str, asked: dict[str, Any]
) -> None:
    ann = next(ids)
    put(door, {"id": ann, "role": role})
    moment = {"revoke_tokens_issued_before": "2019-01-01T00:00:00Z"}
    before, token = change(door, {"id": ann, "set": moment})[ann], door.app.token(ann, iat=int(time.time()))
    told = refused(door, "PATCH", [{"id": ann, **asked}], 403, 17, surface=surface, token=token)
    assert "takes a server-side token" in told
    # Of a whole user it is among what answers show: SDKs send it back, and nothing comes of it.
    whole = {ann: {"id": ann, "revoke_tokens_issued_before": None, "banned": True}}
    assert door.raw("POST", f"{surface}/users", json={"users": whole}, token=token).status_code == 201
    after = one(door, ann)
    assert after is not None
    assert after["revoke_tokens_issued_before"] == before["revoke_tokens_issued_before"]
    assert after["banned"] is False


@BOTH
def test_an_unknown_user_does_not_create_itself(door: Door, surface: str, ids: Iterator[str]) -> None:
    eve = next(ids)
    token = door.app.token(eve)
    for sent in ({"id": eve}, {"id": eve, "name": "Eve"}):
        told = refused(door, "POST", {eve: sent}, 403, 17, surface=surface, token=token)
        assert "is not allowed to perform action UpdateUser in scope '.app'" in told
    refused(door, "PATCH", [{"id": eve, "set": {"name": "Eve"}}], 403, 17, surface=surface, token=token)
    assert one(door, eve) is None


# --- 6.27: QueryUsers ------------------------------------------------------------------------------------------------


@BOTH
def test_users_are_found_as_the_sdks_ask(door: Door, surface: str, ids: Iterator[str]) -> None:
    first, second, third = next(ids), next(ids), next(ids)
    for user_id in (first, second, third):
        put(door, {"id": user_id, "name": f"N {user_id}", "custom": {"batch": first}})
    wanted = {"filter_conditions": {"id": {"$in": [first]}}}
    nulls = ("id_gt", "id_gte", "id_lt", "id_lte", "include_deactivated_users", "limit", "offset", "presence")
    assert names(query(door, {**wanted, **dict.fromkeys((*nulls, "user_id", "sort", "user"))}, surface)) == [first]
    ours: dict[str, Any] = {"filter_conditions": {"batch": first}}
    newest = [{"field": "created_at", "direction": -1}]
    assert names(query(door, ours | {"limit": 5, "sort": newest}, surface)) == [third, second, first]
    oldest = [{"field": "created_at", "direction": 1}]
    assert names(query(door, ours | {"limit": 1, "offset": 1, "sort": oldest}, surface)) == [second]
    by_name = [{"field": "name", "direction": -1}]
    assert names(query(door, ours | {"sort": by_name}, surface)) == sorted([first, second, third], reverse=True)
    assert names(query(door, {"filter_conditions": {"name": f"N {second}"}}, surface)) == [second]
    for bound, found in (
        ({"id_gt": second}, {user_id for user_id in (first, second, third) if user_id > second}),
        ({"id_gte": second}, {user_id for user_id in (first, second, third) if user_id >= second}),
        ({"id_lt": second}, {user_id for user_id in (first, second, third) if user_id < second}),
        ({"id_lte": second}, {user_id for user_id in (first, second, third) if user_id <= second}),
        ({"id_gte": second, "id_lte": second, "presence": True, "user_id": "x", "user": {"id": "x"}}, {second}),
    ):
        assert set(names(query(door, ours | bound, surface))) == found


def test_thirty_users_are_found_unless_a_limit_is_named(door: Door, ids: Iterator[str]) -> None:
    batch = next(ids)
    put(door, *({"id": next(ids), "custom": {"batch": batch}} for _ in range(40)))
    ours = {"filter_conditions": {"batch": batch}}
    assert [len(query(door, ours | {"limit": limit})) for limit in (None, 0, 7, 100)] == [30, 30, 7, 40]
    assert len(query(door, ours | {"limit": 100, "offset": 35})) == 5
    assert door.raw("GET", f"{V2}/users").json()["users"]


def test_deactivated_users_are_found_when_asked_for(
    server: tuple[Server, App, App], door: Door, ids: Iterator[str]
) -> None:
    user_id = next(ids)
    server[0].client(door.app)(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=user_id, deactivated=True)]))
    ours: dict[str, Any] = {"filter_conditions": {"id": user_id}}
    assert query(door, ours) == query(door, ours | {"include_deactivated_users": False}) == []
    for surface in (V2, CHAT):
        (found,) = query(door, ours | {"include_deactivated_users": True}, surface)
        assert found["deactivated_at"] == found["updated_at"]


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        ({"limit": 101}, "limit"),
        ({"limit": -1}, "limit"),
        ({"limit": "5"}, "limit"),
        ({"limit": 1.5}, "limit"),
        ({"offset": 1_001}, "offset"),
        ({"offset": -1}, "offset"),
        ({"filter_conditions": []}, "filter_conditions"),
        ({"filter_conditions": {"id": {"$near": 1}}}, "filter_conditions.id.$near"),
        ({"sort": {}}, "sort"),
        ({"sort": [{"direction": 1}]}, "sort[0].field"),
        ({"sort": [{"field": 1}]}, "sort[0].field"),
        ({"sort": [{"field": "created_at", "direction": "up"}]}, "sort[0].direction"),
        ({"sort": [{"field": "created_at", "direction": 7}]}, "sort[0].direction"),
        ({"id_gt": 1}, "id_gt"),
        ({"id_lte": "\n"}, "id_lte"),
        ({"include_deactivated_users": "yes"}, "include_deactivated_users"),
        ({"user": "x"}, "user"),
        ([], "body"),
    ],
)
@BOTH
def test_a_query_that_makes_no_sense_is_refused(door: Door, surface: str, payload: Any, place: str) -> None:
    told = door.raw("GET", f"{surface}/users", params={"payload": json.dumps(payload)})
    assert (told.status_code, told.json()["code"]) == (400, 4), told.text
    assert list(told.json()["exception_fields"]) == [place]
    assert told.json()["message"].startswith("QueryUsers failed with error: ")


@pytest.mark.parametrize("payload", ["{", "nothing", '{"limit":1,"limit":2}'])
def test_a_payload_that_is_no_json_is_refused(door: Door, payload: str) -> None:
    door.no("GET", "/users", 400, 4, params={"payload": payload})


@BOTH
def test_a_user_finds_those_it_may_search(door: Door, surface: str, ids: Iterator[str]) -> None:
    ann, batch = next(ids), next(ids)
    reds, blues = [next(ids) for _ in range(3)], [next(ids) for _ in range(3)]
    for red, blue in zip(reds, blues, strict=True):
        put(door, {"id": red, "teams": ["red"], "custom": {"batch": batch}})
        put(door, {"id": blue, "teams": ["blue"], "custom": {"batch": batch}})
    put(door, {"id": ann, "teams": ["red"]})
    ours = {"filter_conditions": {"batch": batch}, "sort": [{"field": "created_at", "direction": 1}]}
    token = door.app.token(ann)
    door.ok("PATCH", "/app", DONE, json={"multi_tenant_enabled": True})
    try:
        assert names(query(door, ours, surface, token=token)) == reds
        assert names(query(door, ours | {"limit": 1, "offset": 1}, surface, token=token)) == reds[1:2]
        assert names(query(door, ours | {"offset": 3}, surface, token=token)) == []
        assert len(query(door, ours, surface)) == 6
    finally:
        door.ok("PATCH", "/app", DONE, json={"multi_tenant_enabled": False})


@BOTH
def test_searching_takes_search_user(door: Door, surface: str, ids: Iterator[str]) -> None:
    ann = next(ids)
    put(door, {"id": ann, "role": "customrole"})
    params = {"payload": json.dumps({"filter_conditions": {}})}
    told = door.no("GET", f"{surface}/users", 403, 17, params=params, token=door.app.token(ann))
    text = f"User '{ann}' with role 'customrole' is not allowed to perform action SearchUser in scope '.app'"
    assert told == failed("QueryUsers", text)


@BOTH
def test_on_version_v1_a_role_that_may_not_search_finds_nobody(other: Door, surface: str, ids: Iterator[str]) -> None:
    ann, gus = next(ids), next(ids)
    put(other, {"id": ann}, {"id": gus, "role": "guest"}, surface=surface)
    other.ok("PATCH", "/app", DONE, json={"user_search_disallowed_roles": ["guest"]})
    wanted = {"filter_conditions": {"id": {"$in": [ann, gus]}}, "sort": [{"field": "id", "direction": 1}]}
    assert set(names(query(other, wanted, surface, token=other.app.token(ann)))) == {ann, gus}
    params = {"payload": json.dumps(wanted)}
    other.no("GET", f"{surface}/users", 403, 17, params=params, token=other.app.token(gus))
    found = put(other, {"id": gus, "name": "Gus"}, surface=surface, token=other.app.token(gus))
    assert found[gus]["name"] == "Gus"
    refused(other, "POST", {gus: {"id": gus, "role": "admin"}}, 403, 17, surface=surface, token=other.app.token(gus))
    refused(other, "PATCH", [{"id": ann, "set": {"name": "x"}}], 403, 17, surface=surface, token=other.app.token(gus))


# --- 6.28 and 6.29: DeleteUsers and GetTask --------------------------------------------------------------------------


@BOTH
def test_users_are_deleted_and_the_task_tells(door: Door, surface: str, ids: Iterator[str]) -> None:
    alice, bob = next(ids), next(ids)
    put(door, {"id": alice}, {"id": bob})
    sent = {"user_ids": [alice, bob], "conversations": "hard", "messages": "hard", "user": "hard"}
    task_id = door.ok("POST", f"{surface}/users/delete", {"task_id": str}, status=201, json=sent)["task_id"]
    told = {user_id: {"status": Exactly("ok")} for user_id in (alice, bob)}
    task = door.ok("GET", f"{surface}/tasks/{task_id}", TASK | {"status": Exactly("completed"), "result": told})
    assert (task["task_id"], task["result"].keys()) == (task_id, {alice, bob})
    assert one(door, alice) is None
    assert one(door, bob) is None


@BOTH
def test_an_unknown_user_refuses_every_delete(door: Door, surface: str, ids: Iterator[str]) -> None:
    known, unknown = next(ids), next(ids)
    put(door, {"id": known})
    told = door.no("POST", f"{surface}/users/delete", 404, 16, json={"user": "hard", "user_ids": [known, unknown]})
    assert told == failed("DeleteUsers", f"user `{unknown}` does not exist")
    assert one(door, known) is not None


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"user_ids": []}, "user_ids"),
        ({"user_ids": None}, "user_ids"),
        ({"user_ids": "x"}, "user_ids"),
        ({"user_ids": [1]}, "user_ids[0]"),
        ({"user_ids": [""]}, "user_ids[0]"),
        ({"user_ids": ["a", "a"]}, "user_ids[1]"),
        ({"user_ids": [f"u{number}" for number in range(101)]}, "user_ids"),
        ({"user": "gentle"}, "user"),
        ({"messages": "x"}, "messages"),
        ({"conversations": "pruning"}, "conversations"),
        ({"calls": "pruning"}, "calls"),
        ({"files": "yes"}, "files"),
        ({"new_call_owner_id": 1}, "new_call_owner_id"),
        ({"new_call_owner_id": "nobody"}, "new_call_owner_id"),
        ({"new_channel_owner_id": "nobody"}, "new_channel_owner_id"),
        ({"new_channel_owner_id": "\n"}, "new_channel_owner_id"),
    ],
)
@BOTH
def test_a_delete_that_makes_no_sense_deletes_nobody(
    door: Door, surface: str, ids: Iterator[str], fields: dict[str, Any], place: str
) -> None:
    known = next(ids)
    put(door, {"id": known})
    told = door.raw("POST", f"{surface}/users/delete", json={"user_ids": [known], **fields})
    assert (told.status_code, told.json()["code"]) == (400, 4), told.text
    assert list(told.json()["exception_fields"]) == [place]
    assert one(door, known) is not None


def test_a_new_owner_that_is_deleted_too_is_refused(door: Door, ids: Iterator[str]) -> None:
    known = next(ids)
    put(door, {"id": known})
    sent = {"user_ids": [known], "new_call_owner_id": known}
    assert "is to be deleted too" in door.no("POST", f"{V2}/users/delete", 400, 4, json=sent)
    assert one(door, known) is not None


@BOTH
def test_an_unknown_task_is_not_found(door: Door, surface: str) -> None:
    assert door.no("GET", f"{surface}/tasks/t1", 404, 16) == failed("GetTask", "task `t1` does not exist")


def test_a_task_is_its_apps_own(door: Door, other: Door, ids: Iterator[str]) -> None:
    user_id = next(ids)
    put(door, {"id": user_id})
    sent = {"user_ids": [user_id]}
    task_id = door.ok("POST", f"{V2}/users/delete", {"task_id": str}, status=201, json=sent)["task_id"]
    other.no("GET", f"{V2}/tasks/{task_id}", 404, 16)
    door.ok("GET", f"{V2}/tasks/{task_id}", TASK)


def test_legacy_clients_delete_one_user_and_get_it_back(door: Door, ids: Iterator[str]) -> None:
    user_id = next(ids)
    put(door, {"id": user_id, "name": "Ann", "custom": {"color": "red"}})
    params = {"mark_messages_deleted": "true", "hard_delete": "true"}
    found = door.ok("DELETE", f"/users/{user_id}", {"user": USER}, params=params)["user"]
    assert (found["id"], found["name"], found["color"]) == (user_id, "Ann", "red")
    assert one(door, user_id) is None
    told = door.no("DELETE", f"/users/{user_id}", 404, 16)
    assert told == failed("DeleteUser", f"user `{user_id}` does not exist")


# --- beside it -------------------------------------------------------------------------------------------------------


def test_grpc_clients_see_the_same_users_without_what_has_no_effect(
    server: tuple[Server, App, App], door: Door, ids: Iterator[str]
) -> None:
    user_id = next(ids)
    put(door, {"id": user_id, "name": "Ann", "role": "admin", "custom": {"color": "red"}})
    client = server[0].client(door.app)
    user = client(user_pb2.GetUserRequest(user_id=user_id)).user
    assert (user.role, dict(user.custom)) == ("admin", {"color": "red"})
    client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=user_id, role="user")]))
    found = one(door, user_id)
    assert found is not None
    assert (found["name"], found["role"]) == ("Ann", "user")


@BOTH
def test_users_do_not_search_roles(door: Door, surface: str, ids: Iterator[str]) -> None:
    ann = next(ids)
    put(door, {"id": ann, "role": "global_admin"})
    for token in (door.app.token(ann), door.app.token("nobody")):
        told = door.no("GET", f"{surface}/roles/search", 403, 17, params={"query": "custom"}, token=token)
        assert told.startswith("SearchRoles failed with error: ")
        assert "customrole" not in told
