"""Who comes without a token: the user `!anon`, whom every app has, none stores, and who owns nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from rolecall.api.v1 import authorization_pb2
from tests.doors import App, Server, make_app, running
from tests.integration.rest.test_http_api import Door

SURFACES: Final = ("/api/v2/video", "/video")
BOTH: Final = pytest.mark.parametrize("surface", SURFACES)
GRANTED: Final = ["join-call", "read-call"]
WITHOUT_TOKEN: Final = {"Authorization": None, "stream-auth-type": "anonymous"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, App]]:
    db = tmp_path_factory.mktemp("anonymous") / "rolecall.db"
    app = make_app(db)
    with running(db) as started:
        yield started, app


@pytest.fixture(scope="module")
def door(server: tuple[Server, App]) -> Iterator[Door]:
    started, app = server
    with httpx.Client(base_url=started.http, timeout=20) as http:
        door = Door(http, app)
        _fill(door)
        yield door


def _fill(door: Door) -> None:
    grants = {"anonymous": [*GRANTED, "create-call", "update-call-owner"], "user": ["send-audio"]}
    sent: list[tuple[str, str, Any]] = [
        ("POST", "/users", {"users": {"ann": {"id": "ann"}}}),
        ("POST", "/video/calltypes", {"name": "hall", "grants": grants, "settings": {"backstage": {"enabled": False}}}),
        ("POST", "/video/call/hall/open", {"data": {"created_by_id": "ann"}}),
        ("POST", "/video/call/default/shut", {"data": {"created_by_id": "ann"}}),
    ]
    for method, path, body in sent:
        answer = door.raw(method, path, json=body)
        assert answer.is_success, answer.text


def anonymous(door: Door, method: str, path: str, **sent: Any) -> httpx.Response:
    answer: httpx.Response = door.raw(method, path, headers=WITHOUT_TOKEN, **sent)
    return answer


@BOTH
def test_nobody_reads_what_the_role_is_granted(door: Door, surface: str) -> None:
    answer = anonymous(door, "GET", f"{surface}/call/hall/open")
    assert answer.status_code == 200, answer.text
    assert [one for one in answer.json()["own_capabilities"] if one != "create-call"] == GRANTED


@BOTH
def test_nobody_reads_nothing_else(door: Door, surface: str) -> None:
    told = door.no("GET", f"{surface}/call/default/shut", 403, 17, headers=WITHOUT_TOKEN)
    assert (
        "User '!anon' with role 'anonymous' is not allowed to perform action ReadCall in scope 'video:default'" in told
    )
    for path in ("/roles", "/app", "/video/calltypes"):
        door.no("GET", path, 403, 17, headers=WITHOUT_TOKEN)


def test_an_empty_header_is_no_token(door: Door) -> None:
    headers = {**WITHOUT_TOKEN, "Authorization": ""}
    assert door.raw("GET", "/video/call/hall/open", headers=headers).status_code == 200
    door.no("GET", "/video/call/hall/open", 401, 5, headers={"stream-auth-type": "anonymous"})
    door.no("GET", "/video/call/hall/open", 401, 2, headers=WITHOUT_TOKEN, key="nope")


@BOTH
def test_nobody_creates_what_all_of_them_would_own(door: Door, surface: str) -> None:
    door.no("POST", f"{surface}/call/hall/made-by-nobody", 403, 17, headers=WITHOUT_TOKEN, json={})
    door.no("GET", f"{surface}/call/hall/made-by-nobody", 404, 16)
    door.no("PATCH", f"{surface}/call/hall/open", 403, 17, headers=WITHOUT_TOKEN, json={"custom": {"x": 1}})


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/users", {"users": {"!anon": {"id": "!anon", "role": "admin"}}}),
        ("PATCH", "/users", {"users": [{"id": "!anon", "set": {"role": "admin"}}]}),
        ("POST", "/video/call/hall/open/members", {"update_members": [{"user_id": "!anon", "role": "admin"}]}),
        ("POST", "/video/call/hall/open/block", {"user_id": "!anon"}),
        ("POST", "/video/call/hall/open/user_permissions", {"user_id": "!anon", "grant_permissions": ["send-audio"]}),
        ("POST", "/video/call/hall/by-anon", {"data": {"created_by_id": "!anon"}}),
        ("POST", "/video/call/hall/by-anon", {"data": {"created_by": {"id": "!anon"}}}),
    ],
)
def test_even_a_server_makes_nobody_no_one(door: Door, method: str, path: str, body: Any) -> None:
    answer = door.raw(method, path, json=body)
    assert answer.status_code in {400, 404}, answer.text
    assert "!anon" in answer.json()["message"]
    found = anonymous(door, "GET", "/video/call/hall/open").json()["own_capabilities"]
    assert [one for one in found if one != "create-call"] == GRANTED


def test_a_server_that_asks_about_nobody_gets_the_same_answer(server: tuple[Server, App], door: Door) -> None:
    client = server[0].client(door.app)
    for call, capability, allowed in (
        ("hall:open", "join-call", True),
        ("hall:open", "send-audio", False),
        ("default:shut", "join-call", False),
    ):
        asked = authorization_pb2.CheckCapabilityRequest(user_id="!anon", call=call, capability=capability)
        assert client(asked).allowed is allowed


def test_what_is_granted_to_the_role_counts_at_once(door: Door) -> None:
    def own() -> Any:
        return anonymous(door, "GET", "/video/call/hall/open").json()["own_capabilities"]

    before = own()
    for grants in ([*GRANTED, "send-video", "create-call"], [*GRANTED, "create-call", "update-call-owner"]):
        answer = door.raw("PUT", "/video/calltypes/hall", json={"grants": {"anonymous": grants}})
        assert answer.status_code == 200
        assert ("send-video" in own()) is ("send-video" in grants)
    assert own() == before
