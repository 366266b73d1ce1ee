"""Lists and objects of requests that are too long are refused by their length, before anything in them is looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.integration.rest.channel_door import channel_server
from tests.integration.rest.test_http_api import V2, Door

LIST: Final = [""] * 1_001
MEMBERS: Final = [{"user_id": ""}] * 1_001
OBJECT: Final[dict[str, Any]] = {f"!{number}": {} for number in range(1_001)}
CALL: Final = f"{V2}/video/call/default/x"

LONG: Final[list[tuple[str, str, Any, str]]] = [
    ("POST", CALL, {"data": {"members": MEMBERS}}, "data.members"),
    ("POST", f"{CALL}/members", {"update_members": MEMBERS}, "update_members"),
    ("POST", f"{CALL}/members", {"remove_members": LIST}, "remove_members"),
    ("POST", f"{CALL}/user_permissions", {"user_id": "a", "grant_permissions": LIST}, "grant_permissions"),
    ("POST", f"{CALL}/user_permissions", {"user_id": "a", "revoke_permissions": LIST}, "revoke_permissions"),
    ("POST", f"{CALL}/request_permission", {"permissions": LIST}, "permissions"),
    ("POST", f"{V2}/users", {"users": OBJECT}, "users"),
    ("PATCH", f"{V2}/users", {"users": [{"id": ""}] * 1_001}, "users"),
    ("PATCH", f"{V2}/users", {"users": [{"id": "a", "set": OBJECT}]}, "users[0].set"),
    ("PATCH", f"{V2}/users", {"users": [{"id": "a", "unset": LIST}]}, "users[0].unset"),
    ("POST", f"{V2}/users/delete", {"user_ids": LIST}, "user_ids"),
    ("POST", f"{V2}/chat/channels/messaging/x/query", {"data": {"members": LIST}}, "data.members"),
    ("POST", f"{V2}/chat/channels/messaging/x/query", {"data": {"invites": MEMBERS}}, "data.invites"),
    ("POST", f"{V2}/chat/channels/messaging/x/query", {"data": {"filter_tags": LIST}}, "data.filter_tags"),
    ("POST", f"{V2}/chat/channels/messaging/query", {"data": {"members": LIST}}, "data.members"),
]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with channel_server(tmp_path_factory.mktemp("long")) as (_, door):
        yield door


@pytest.mark.parametrize(("method", "path", "body", "field"), LONG, ids=[f"{one[0]} {one[1]} {one[3]}" for one in LONG])
def test_long_lists_are_refused_by_their_length(door: Door, method: str, path: str, body: Any, field: str) -> None:
    answer = door.raw(method, path, content=json.dumps(body), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, 4), answer.text
    assert list(answer.json()["exception_fields"]) == [field]
    assert f"`{field}`: expected `" in answer.json()["message"]
    assert "of length <= 1000" in answer.json()["message"]
