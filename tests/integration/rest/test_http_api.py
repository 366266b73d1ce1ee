"""The Stream-compatible HTTP API over a real server: permissions, roles and call types on every surface."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from itertools import count
from typing import Any, Final, NamedTuple

import httpx
import pytest

from rolecall.api.v1 import user_pb2
from tests.doors import App, Server, make_app, running, signed
from tests.integration.rest.shapes import (
    CALL_TYPE,
    DONE,
    ERROR,
    PERMISSION,
    ROLE,
    Duration,
    Each,
    Exactly,
    check,
)

_NUMBERS: Final = count(1)
V2: Final = "/api/v2"
CHAT: Final = ""
BOTH: Final = pytest.mark.parametrize("surface", [V2, CHAT], ids=["v2", "legacy"])
PER_MINUTE: Final = 5
MEBIBYTE: Final = 1024 * 1024


class Door(NamedTuple):
    """A client of one app on a server."""

    http: httpx.Client
    app: App

    def raw(self, method: str, path: str, *, token: str | None = None, key: str | None = None, **sent: Any) -> Any:
        """Send a request as an SDK does, server side unless a token is given."""
        headers = {
            "Authorization": self.app.token() if token is None else token,
            "stream-auth-type": "jwt",
            "X-Stream-Client": "stream-test-1.0",
            **sent.pop("headers", {}),
        }
        headers = {name: value for name, value in headers.items() if value is not None}
        query = {"api_key": self.app.key if key is None else key, **sent.pop("params", {})}
        return self.http.request(method, path, params=query, headers=headers, **sent)

    def ok(self, method: str, path: str, shape: Any, *, status: int = 200, **sent: Any) -> Any:
        """Send a request, check what is in the answer, and return it."""
        answer = self.raw(method, path, **sent)
        assert answer.status_code == status, answer.text
        body = answer.json()
        check(body, {**shape, "duration": Duration}, nanoseconds=path.startswith(V2))
        _check_headers(answer)
        return body

    def no(self, method: str, path: str, status: int, code: int, **sent: Any) -> str:
        """Send a request, check that it is refused and how, and return the message."""
        answer = self.raw(method, path, **sent)
        assert answer.status_code == status, answer.text
        body = answer.json()
        check(body, ERROR | {"code": Exactly(code), "StatusCode": Exactly(status)}, nanoseconds=path.startswith(V2))
        _check_headers(answer)
        return str(body["message"])


def _check_headers(answer: httpx.Response) -> None:
    assert answer.headers["content-type"] == "application/json"
    limit, remaining, reset = (int(answer.headers[f"x-ratelimit-{name}"]) for name in ("limit", "remaining", "reset"))
    assert 0 <= remaining < limit
    assert reset >= int(time.time())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, App]]:
    db = tmp_path_factory.mktemp("rest") / "rolecall.db"
    app = make_app(db)
    with running(db, max_message_mb=1) as started:
        yield started, app


@pytest.fixture(scope="module")
def door(server: tuple[Server, App]) -> Iterator[Door]:
    started, app = server
    with httpx.Client(base_url=started.http, timeout=20) as http:
        yield Door(http, app)


@pytest.fixture
def name() -> str:
    """Return a name that no other test uses."""
    return f"thing-{next(_NUMBERS)}"


def failed(operation: str, text: str) -> str:
    return f'{operation} failed with error: "{text}"'


# --- 6.1 to 6.4: permissions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v2/permissions", "/permissions", "/api/v2/video/permissions"])
def test_list_permissions(door: Door, path: str) -> None:
    listed = door.ok("GET", path, {"permissions": [PERMISSION]})["permissions"]
    by_id = {one["id"]: one for one in listed}
    assert len(by_id) == len(listed) > 100
    assert {"create-channel", "read-channel", "upload-attachment-owner"} <= by_id.keys()
    assert by_id["upload-attachment-owner"].get("condition") is None
    assert door.ok("GET", f"/permissions/{listed[0]['id']}", {"permission": PERMISSION})["permission"] == listed[0]


@BOTH
def test_get_permission_that_is_built_in(door: Door, surface: str) -> None:
    found = door.ok("GET", f"{surface}/permissions/create-call", {"permission": PERMISSION})["permission"]
    assert (found["id"], found["action"], found["custom"]) == ("create-call", "CreateCall", False)
    assert "condition" not in found


@BOTH
def test_permissions_are_created_changed_and_deleted(door: Door, surface: str, name: str) -> None:
    condition = {"$subject.custom.x": {"$eq": 1}}
    body = {
        "action": "DeleteChannel",
        "id": name,
        "name": f"My {name}",
        "condition": condition,
        "owner": True,
        "same_team": True,
    }
    assert door.ok("POST", f"{surface}/permissions", DONE, status=201, json=body).keys() == {"duration"}
    found = door.ok(
        "GET", f"{surface}/permissions/{name}", {"permission": PERMISSION | {"condition": Exactly(condition)}}
    )
    assert found["permission"] | body == found["permission"]
    assert found["permission"]["custom"] is True

    changed = {"action": "ReadChannel", "name": f"Your {name}", "condition": {"$subject.magic_custom_field": "magic"}}
    door.ok("PUT", f"{surface}/permissions/{name}", DONE, status=201, json=changed)
    found = door.ok("GET", f"{surface}/permissions/{name}", {"permission": PERMISSION})["permission"]
    assert (found["action"], found["name"], found["owner"]) == ("ReadChannel", f"Your {name}", True)

    door.ok("DELETE", f"{surface}/permissions/{name}", DONE)
    door.no("GET", f"{surface}/permissions/{name}", 404, 16)


@BOTH
def test_unknown_permissions_are_not_found(door: Door, surface: str) -> None:
    path, text = f"{surface}/permissions/does%20not%20exist", 'custom permission "does not exist" not found'
    assert text in door.no("GET", path, 404, 16)
    body = {"action": "ReadChannel", "name": "x", "condition": {}}
    assert door.no("PUT", path, 404, 16, json=body) == failed("UpdatePermission", text)
    assert door.no("DELETE", path, 404, 16) == failed("DeletePermission", text)


@BOTH
def test_a_permission_whose_name_is_taken_is_refused(door: Door, surface: str, name: str) -> None:
    body = {"action": "CreateChannel", "id": name, "name": "Create Channel", "condition": {}}
    told = door.no("POST", f"{surface}/permissions", 400, 4, json=body)
    assert told == failed("CreatePermission", 'permission "Create Channel" already exists')
    body |= {"id": "create-channel", "name": f"{name}"}
    told = door.no("POST", f"{surface}/permissions", 400, 4, json=body)
    assert told == failed("CreatePermission", 'permission "create-channel" already exists')
    door.no("GET", f"{surface}/permissions/{name}", 404, 16)


@BOTH
def test_an_action_that_is_unknown_is_refused(door: Door, surface: str, name: str) -> None:
    body = {"action": "yadayada", "id": name, "name": name, "condition": {}}
    told = door.no("POST", f"{surface}/permissions", 400, 4, json=body)
    assert told == failed("CreatePermission", 'resource "yadayada" is not a valid resource')
    door.no("GET", f"{surface}/permissions/{name}", 404, 16)


# --- 6.5 to 6.8: roles -----------------------------------------------------------------------------------------------


@BOTH
def test_roles_are_created_listed_searched_and_deleted(door: Door, surface: str, name: str) -> None:
    before = time.time()
    role = door.ok("POST", f"{surface}/roles", {"role": ROLE}, status=201, json={"name": name})["role"]
    assert (role["name"], role["custom"], role["scopes"]) == (name, True, [])
    if surface == V2:
        assert before - 1 <= role["created_at"] / 1e9 <= time.time() + 1
        assert role["updated_at"] == role["created_at"]
    listed = door.ok("GET", f"{surface}/roles", {"roles": [ROLE]})["roles"]
    assert role in listed
    admin = next(one for one in listed if one["name"] == "admin")
    assert not admin["custom"]
    assert {".app", "video:default", "messaging"} <= set(admin["scopes"])
    found = door.ok("GET", f"{surface}/roles/search", {"roles": [ROLE]}, params={"query": name.upper()})["roles"]
    assert role in found
    assert all(name in one["name"] for one in found)
    door.ok("DELETE", f"{surface}/roles/{name}", DONE)
    assert name not in [one["name"] for one in door.ok("GET", f"{surface}/roles", {"roles": [ROLE]})["roles"]]


@BOTH
def test_roles_that_exist_are_not_created(door: Door, surface: str, name: str) -> None:
    door.ok("POST", f"{surface}/roles", {"role": ROLE}, status=201, json={"name": name})
    for taken in ("admin", name):
        told = door.no("POST", f"{surface}/roles", 400, 4, json={"name": taken})
        assert told == failed("CreateRole", f'role "{taken}" already exists')


@BOTH
def test_roles_that_must_stay_are_not_deleted(door: Door, surface: str) -> None:
    told = door.no("DELETE", f"{surface}/roles/rockstar", 400, 4)
    assert told == failed("DeleteRole", 'role "rockstar" does not exist')
    told = door.no("DELETE", f"{surface}/roles/admin", 400, 4)
    assert told == failed("DeleteRole", 'role "admin" is a built-in role and cannot be deleted')


@BOTH
def test_a_role_that_a_type_grants_is_deleted_once_its_list_is_empty(door: Door, surface: str, name: str) -> None:
    path = f"{surface}/video/calltypes/livestream"
    door.ok("POST", f"{surface}/roles", {"role": ROLE}, status=201, json={"name": name})
    door.ok("PUT", path, CALL_TYPE, json={"grants": {name: ["join-call"]}})
    assert "video:livestream" in door.no("DELETE", f"{surface}/roles/{name}", 400, 4)
    door.ok("PUT", path, CALL_TYPE, json={"grants": {name: []}})
    door.ok("DELETE", f"{surface}/roles/{name}", DONE)


def test_a_role_that_a_user_has_is_not_deleted(server: tuple[Server, App], door: Door, name: str) -> None:
    door.ok("POST", "/roles", {"role": ROLE}, status=201, json={"name": name})
    users = [user_pb2.User(id=f"{name}-ann", role=name)]
    server[0].client(door.app)(user_pb2.UpsertUsersRequest(users=users))
    told = door.no("DELETE", f"/roles/{name}", 400, 4)
    text = f'role "{name}" cannot be deleted, at least one user is using this role (ie. "{name}-ann")'
    assert told == failed("DeleteRole", text)


# --- 6.9 to 6.13: call types -----------------------------------------------------------------------------------------

ALLHANDS: Final[dict[str, Any]] = {
    "grants": {"admin": ["send-audio", "send-video", "mute-users"], "customrole": ["send-audio", "send-video"]},
    "notification_settings": {"enabled": True},
    "settings": {
        "audio": {"default_device": "speaker", "access_request_enabled": True, "mic_default_on": True},
        "backstage": {"enabled": True},
    },
}


@pytest.fixture(scope="module")
def customrole(door: Door) -> str:
    door.ok("POST", "/roles", {"role": ROLE}, status=201, json={"name": "customrole"})
    return "customrole"


@BOTH
@pytest.mark.usefixtures("customrole")
def test_call_types_are_created_read_changed_and_deleted(door: Door, surface: str, name: str) -> None:
    types, one = f"{surface}/video/calltypes", f"{surface}/video/calltypes/{name}"
    made = door.ok("POST", types, CALL_TYPE, status=201, json={"name": name, **ALLHANDS})
    default = door.ok("GET", f"{types}/default", CALL_TYPE)
    assert made["name"] == name
    assert made["grants"] == default["grants"] | {role: sorted(ids) for role, ids in ALLHANDS["grants"].items()}
    assert {"user", "call_member", "host", "admin", "customrole"} <= made["grants"].keys()
    audio = made["settings"]["audio"]
    assert (audio["mic_default_on"], audio["access_request_enabled"], audio["default_device"]) == (
        True,
        True,
        "speaker",
    )
    assert made["settings"]["backstage"]["enabled"] is True
    assert made["settings"]["video"] == default["settings"]["video"]

    got = door.ok("GET", one, CALL_TYPE)
    assert without_duration(got) == without_duration(made)
    listed = door.ok("GET", types, {"call_types": Each(CALL_TYPE)})["call_types"]
    assert listed[name] == without_duration(made)
    assert {"default", "livestream", "audio_room", "development"} <= listed.keys()

    changes = {"grants": {"host": ["join-backstage"]}, "settings": {"audio": {"mic_default_on": False}}}
    changed = door.ok("PUT", one, CALL_TYPE, json=changes)
    assert changed["grants"] == made["grants"] | {"host": ["join-backstage"]}
    assert changed["settings"]["audio"] == audio | {"mic_default_on": False}
    assert changed["settings"]["backstage"] == made["settings"]["backstage"]
    assert changed["created_at"] == made["created_at"]

    door.ok("DELETE", one, DONE)
    assert door.no("GET", one, 404, 16).startswith("GetCallType failed with error: ")


def without_duration(answer: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in answer.items() if field != "duration"}


@BOTH
def test_unknown_call_types_are_not_found(door: Door, surface: str) -> None:
    path = f"{surface}/video/calltypes/nowhere"
    changes = {"grants": {"user": ["join-call"]}}
    for operation, method, body in (
        ("GetCallType", "GET", None),
        ("UpdateCallType", "PUT", changes),
        ("DeleteCallType", "DELETE", None),
    ):
        told = door.no(method, path, 404, 16, json=body)
        assert told == failed(operation, 'call type "nowhere" does not exist')


@BOTH
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": None}, "name"),
        ({"name": 7}, "name"),
        ({"name": ""}, "name"),
        ({"name": "Not A Name"}, "name"),
        ({"name": "default"}, "name"),
        ({"grants": []}, "grants"),
        ({"grants": {"user": "join-call"}}, "grants"),
        ({"grants": {"user": [1]}}, "grants"),
        ({"grants": {"user": ["fly"]}}, "grants"),
        ({"grants": {"rockstar": ["join-call"]}}, "grants"),
        ({"grants": {"\ud800": ["join-call"]}}, "grants"),
        ({"settings": []}, "settings"),
        ({"settings": {"audio": "loud"}}, "settings.audio"),
        ({"settings": {"audio": {"mic_default_on": "yes"}}}, "settings.audio.mic_default_on"),
        ({"settings": {"audio": {"mic_default_on": {}}}}, "settings.audio.mic_default_on"),
        ({"settings": {"audio": {"default_device": "horn"}}}, "settings.audio.default_device"),
        ({"settings": {"ring": {"missed_call_timeout_ms": 1}}}, "settings.ring.missed_call_timeout_ms"),
        ({"settings": {"video": {"target_resolution": 7}}}, "settings.video.target_resolution"),
        (
            {"settings": {"limits": {"max_participants_exclude_roles": 7}}},
            "settings.limits.max_participants_exclude_roles",
        ),
        ({"notification_settings": True}, "notification_settings"),
        ({"external_storage": 1}, "external_storage"),
    ],
    ids=str,
)
def test_a_refused_create_names_the_field_and_writes_nothing(
    door: Door, surface: str, name: str, body: dict[str, Any], field: str
) -> None:
    types = f"{surface}/video/calltypes"
    before = door.ok("GET", types, {"call_types": Each(CALL_TYPE)})["call_types"]
    sent = {"settings": {"audio": {"mic_default_on": True}}, "grants": {"user": []}, **body}
    if "name" not in body and field != "name":
        sent["name"] = name
    answer = door.raw("POST", types, content=json.dumps(sent), headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    [at_fault] = answer.json()["exception_fields"]
    assert at_fault.startswith(field)
    assert door.ok("GET", types, {"call_types": Each(CALL_TYPE)})["call_types"] == before


def test_a_duplicate_says_so_and_changes_nothing(door: Door, name: str) -> None:
    types = "/api/v2/video/calltypes"
    made = door.ok("POST", types, CALL_TYPE, status=201, json={"name": name})
    told = door.no("POST", types, 400, 4, json={"name": name, "grants": {"user": []}})
    assert told == failed("CreateCallType", f'call type "{name}" already exists')
    assert without_duration(door.ok("GET", f"{types}/{name}", CALL_TYPE)) == without_duration(made)


def test_a_built_in_call_type_is_not_deleted(door: Door) -> None:
    door.no("DELETE", "/api/v2/video/calltypes/default", 400, 4)
    door.ok("GET", "/api/v2/video/calltypes/default", CALL_TYPE)


# --- who calls -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v2/permissions", "/roles", "/video/calltypes"])
def test_each_refusal_of_a_caller_has_its_code(door: Door, path: str) -> None:
    app, now = door.app, int(time.time())
    assert "api_key is invalid" in door.no("GET", path, 401, 2, key="nobody")
    door.no("GET", path, 401, 2, key="")
    untyped = door.no("GET", path, 401, 5, headers={"stream-auth-type": None})
    assert "stream-auth-type missing or invalid" in untyped
    door.no("GET", path, 401, 5, headers={"stream-auth-type": "saml"})
    door.no("GET", path, 401, 5, headers={"Authorization": None})
    for token in ("x", "a.b", "a.b.c", "a.b.c.d"):
        door.no("GET", path, 401, 5, token=token)
    door.no("GET", path, 401, 5, token=signed({}, app.secret * 4, algorithm="HS512"))
    door.no("GET", path, 401, 5, token=app.token(7))  # type: ignore[arg-type]
    assert "token is expired (exp)" in door.no("GET", path, 401, 40, token=app.token(exp=now - 60))
    door.no("GET", path, 401, 41, token=app.token(nbf=now + 600))
    door.no("GET", path, 401, 42, token=app.token(iat=now + 600))
    assert "signature is not valid" in door.no(
        "GET", path, 401, 43, token=signed({}, "another secret, long enough for a hash")
    )


@pytest.mark.parametrize("claims", [{}, {"server": True}, {"exp": 4_000_000_000}])
def test_server_tokens_in_every_form_are_taken(door: Door, claims: dict[str, Any]) -> None:
    door.ok("GET", "/api/v2/roles", {"roles": [ROLE]}, token=signed(claims, door.app.secret))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/permissions", None),
        ("GET", "/permissions/create-call", None),
        ("POST", "/permissions", {"action": "ReadChannel", "id": "users-own", "name": "users-own", "condition": {}}),
        ("PUT", "/permissions/users-own", {"name": "x"}),
        ("DELETE", "/permissions/users-own", None),
        ("GET", "/roles", None),
        ("POST", "/roles", {"name": "users-own"}),
        ("DELETE", "/roles/admin", None),
        ("GET", "/video/calltypes", None),
        ("GET", "/video/calltypes/default", None),
        ("POST", "/video/calltypes", {"name": "users-own"}),
        ("PUT", "/video/calltypes/default", {"grants": {"user": []}}),
        ("DELETE", "/video/calltypes/default", None),
    ],
)
@BOTH
def test_a_user_is_refused_where_server_side_is_required(
    door: Door, surface: str, method: str, path: str, body: Any
) -> None:
    before = door.raw("GET", "/video/calltypes/default").json()["grants"]
    door.no(method, f"{surface}{path}", 403, 17, token=door.app.token("ann"), json=body)
    assert door.raw("GET", "/video/calltypes/default").json()["grants"] == before
    assert "users-own" not in door.raw("GET", "/roles").text


# --- what is no operation, and bodies --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v2/polls"),
        ("POST", "/uploads/image"),
        ("GET", "/video/edges"),
        ("PATCH", "/api/v2/roles"),
        ("DELETE", "/api/v2/video/calltypes"),
        ("POST", "/video/calltypes/default"),
        ("GET", "/"),
    ],
)
def test_what_is_no_operation_is_not_found(door: Door, method: str, path: str) -> None:
    told = door.no(method, path, 404, 16)
    assert f"{method} {path} is not implemented by Rolecall" in told


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_a_gzip_body_is_read(door: Door, name: str, kind: str) -> None:
    headers = {"Content-Type": kind, "Content-Encoding": "gzip"}
    packed = gzip.compress(json.dumps({"name": name}).encode())
    role = door.ok("POST", "/api/v2/roles", {"role": ROLE}, status=201, content=packed, headers=headers)["role"]
    assert role["name"] == name


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_a_body_over_the_limit_is_refused(door: Door, name: str, *, chunked: bool, packed: bool) -> None:
    plain = json.dumps({"name": name, "filler": "x" * 2 * MEBIBYTE}).encode()
    content = gzip.compress(plain) if packed else plain
    headers = {"Content-Type": "application/json", **({"Content-Encoding": "gzip"} if packed else {})}
    sent = iter([content[:100], content[100:]]) if chunked else content
    told = door.no("POST", "/api/v2/roles", 413, 22, content=sent, headers=headers)
    assert "larger than" in told
    assert name not in door.raw("GET", "/api/v2/roles").text


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text/plain", b'{"name":"never"}'),
        ("application/x-www-form-urlencoded", b"name=never"),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("application/json", b'{"name":"never"'),
        ("application/json", b'{"name":"never","name":"never"}'),
        ("application/json", b'{"name":"never\xff"}'),
        ("application/json", b'{"name":"never","x":NaN}'),
        ("application/json", b'["never"]'),
        ("application/json", b'"never"'),
        ("application/json", b"null"),
        ("application/json", b'{"name":"never","x":' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
        ("application/json", b'{"\\ud800":1,"\\ud800":2,"name":"never"}'),
    ],
)
@BOTH
def test_a_body_that_can_not_be_read_is_refused(door: Door, surface: str, kind: str, content: bytes) -> None:
    door.no("POST", f"{surface}/roles", 400, 4, content=content, headers={"Content-Type": kind})
    assert "never" not in door.raw("GET", "/roles").text


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_a_body_that_is_not_packed_as_it_says_is_refused(door: Door, encoding: str) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    assert "Content-Encoding" in door.no("POST", "/roles", 400, 4, content=b'{"name":"never"}', headers=headers)


def test_unknown_fields_are_ignored(door: Door, name: str) -> None:
    door.ok("POST", "/api/v2/roles", {"role": ROLE}, status=201, json={"name": name, "color": {"a": [1]}})


# --- rate limits -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def slow_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Door, Door]]:
    """Two apps on a server that answers few requests a minute."""
    db = tmp_path_factory.mktemp("limited") / "rolecall.db"
    one, other = make_app(db, "one"), make_app(db, "other")
    with running(db, http_requests_per_minute=PER_MINUTE) as started, httpx.Client(base_url=started.http) as http:
        yield Door(http, one), Door(http, other)


def test_requests_beyond_the_limit_are_refused_until_the_window_ends(slow_door: tuple[Door, Door]) -> None:
    door, other = slow_door
    answers = [door.raw("GET", "/api/v2/roles") for _ in range(2 * PER_MINUTE + 2)]
    # A minute may begin in between: then there are two windows, and each is checked on its own.
    windows = {answer.headers["x-ratelimit-reset"] for answer in answers}
    assert len(windows) <= 2
    for reset in windows:
        within = [answer for answer in answers if answer.headers["x-ratelimit-reset"] == reset]
        statuses = [answer.status_code for answer in within]
        assert statuses == ([200] * PER_MINUTE + [429] * len(within))[: len(within)]
        left = [int(answer.headers["x-ratelimit-remaining"]) for answer in within]
        assert left == [max(0, PER_MINUTE - 1 - place) for place in range(len(within))]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    for answer in refused:
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert answer.headers["x-ratelimit-limit"] == str(PER_MINUTE)
        check(answer.json(), ERROR | {"code": Exactly(9), "StatusCode": Exactly(429)}, nanoseconds=True)
        assert answer.json()["message"].startswith("ListRoles failed with error: ")
    assert other.raw("GET", "/api/v2/roles").status_code == 200
    assert door.raw("POST", "/api/v2/roles", json={"name": "written"}).status_code == 201
