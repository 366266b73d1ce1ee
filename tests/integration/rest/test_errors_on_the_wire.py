"""Every code of Stream's errors on every surface: status, the six fields, its words, and the rate-limit headers."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import httpx
import pytest

from tests.doors import App, make_app, running, signed
from tests.integration.rest.shapes import ERROR, Exactly, check
from tests.integration.rest.test_http_api import V2, Door

HOUR: Final = 3_600
SURFACES: Final = {"v2": "/api/v2/video/calltypes", "video": "/video/calltypes", "chat": "/roles"}
LISTS: Final = {"v2": "ListCallTypes", "video": "ListCallTypes", "chat": "ListRoles"}
SEGMENTS: Final = "JWTAuth error: token contains an invalid number of segments"


class Case(NamedTuple):
    """What is sent beside an ordinary request, and what is told of it."""

    code: int
    status: int
    said: str
    sent: Callable[[App], dict[str, Any]]


def _token(make: Callable[[App], str]) -> Callable[[App], dict[str, Any]]:
    return lambda app: {"token": make(app)}


def _headers(**headers: str | None) -> Callable[[App], dict[str, Any]]:
    return lambda _: {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}


def _now() -> int:
    return int(time.time())


def _dev(user_id: str) -> str:
    """Make a token as `devToken` of Stream's JavaScript SDK does."""
    said = [{"alg": "HS256", "typ": "JWT"}, {"user_id": user_id}]
    parts = [base64.b64encode(json.dumps(part).encode()).decode() for part in said]
    return ".".join([*parts, "devtoken"])


CASES: Final[dict[str, Case]] = {
    "no key": Case(2, 401, "api_key is invalid", lambda _: {"key": ""}),
    "an unknown key": Case(2, 401, "api_key is invalid", lambda _: {"key": "nope"}),
    "no auth type": Case(5, 401, "stream-auth-type missing or invalid", _headers(stream_auth_type=None)),
    "an unknown auth type": Case(5, 401, "stream-auth-type missing or invalid", _headers(stream_auth_type="basic")),
    "no token": Case(5, 401, SEGMENTS, _headers(Authorization=None)),
    "an empty token": Case(5, 401, SEGMENTS, _token(lambda _: "")),
    "Bearer and nothing": Case(5, 401, SEGMENTS, _token(lambda _: "Bearer")),
    "a word": Case(5, 401, SEGMENTS, _token(lambda _: "nonsense")),
    "two parts": Case(5, 401, SEGMENTS, _token(lambda app: app.token().rpartition(".")[0])),
    "four parts": Case(5, 401, SEGMENTS, _token(lambda app: f"{app.token()}.x")),
    "three parts of nothing": Case(5, 401, "Token is invalid", _token(lambda _: "!.!.!")),
    "no object": Case(5, 401, "Token is invalid", _token(lambda _: "W10.W10.W10")),
    "a user id that is none": Case(
        5, 401, "JWTAuth error: claim `user_id` must be text", _token(lambda app: signed({"user_id": 5}, app.secret))
    ),
    "anonymous with a token": Case(5, 401, "Token is invalid", _headers(stream_auth_type="anonymous")),
    "a token of nobody": Case(
        5, 401, "JWTAuth error: claim `user_id` must be a user's id", _token(lambda app: app.token("!anon"))
    ),
    "expired": Case(40, 401, "JWTAuth error: token is expired (exp)", _token(lambda app: app.token(exp=_now() - HOUR))),
    "not yet valid": Case(41, 401, "token not valid yet", _token(lambda app: app.token(nbf=_now() + HOUR))),
    "issued in the future": Case(42, 401, "token date incorrect", _token(lambda app: app.token(iat=_now() + HOUR))),
    "another secret": Case(
        43,
        401,
        "JWTAuth error: signature is not valid. Make sure the token is created using the secret for API key ",
        _token(lambda _: signed({}, "another secret that is long enough")),
    ),
    "a development token": Case(43, 401, "JWTAuth error: signature is not valid.", _token(lambda _: _dev("ann"))),
    "a user": Case(
        17, 403, "takes a server-side token, this one is of user `ann`", _token(lambda app: app.token("ann"))
    ),
    "a parameter twice": Case(4, 400, "`payload` more than once", lambda _: {"params": {"payload": ["a", "b"]}}),
}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    db = tmp_path_factory.mktemp("errors") / "rolecall.db"
    app = make_app(db)
    with running(db, max_message_mb=1) as started, httpx.Client(base_url=started.http, timeout=20) as http:
        yield Door(http, app)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("what", CASES)
def test_every_code_of_a_caller(door: Door, surface: str, what: str) -> None:
    case = CASES[what]
    told = door.no("GET", SURFACES[surface], case.status, case.code, **case.sent(door.app))
    assert told.startswith(f'{LISTS[surface]} failed with error: "')
    assert case.said in told
    if case.code == 43:
        assert f'API key "{door.app.key}"' in told


@pytest.mark.parametrize("surface", SURFACES)
def test_every_code_of_a_request(door: Door, surface: str) -> None:
    path = SURFACES[surface]
    assert "`name` is required" in door.no("POST", path, 400, 4, json={})
    door.no("POST", path, 413, 22, content=b" " * 2**21 + b"{}", headers={"Content-Type": "application/json"})
    assert "is not implemented by Rolecall" in door.no("GET", f"{path}/x/y/z", 404, 16)
    missing = "/permissions/nope" if surface == "chat" else f"{path}/nope"
    assert "nope" in door.no("GET", missing, 404, 16)


@pytest.mark.parametrize("path", ["/api/v2/users", "/users"])
def test_a_name_that_is_taken_has_its_code(door: Door, path: str) -> None:
    assert door.raw("PATCH", "/app", json={"enforce_unique_usernames": "app"}).status_code == 200
    first, second = f"one{len(path)}", f"two{len(path)}"
    users = {first: {"id": first, "name": path}}
    assert door.raw("POST", path, json={"users": users}).is_success
    door.no("POST", path, 400, 6, json={"users": {second: {"id": second, "name": path}}})


def test_too_many_requests_have_their_code_on_every_surface(tmp_path_factory: pytest.TempPathFactory) -> None:
    db = tmp_path_factory.mktemp("limited") / "rolecall.db"
    app = make_app(db)
    with running(db, http_requests_per_minute=1) as started, httpx.Client(base_url=started.http) as http:
        door = Door(http, app)
        for path in SURFACES.values():
            # Two more than fit: were a minute to begin in between, one of them is refused all the same.
            refused = [answer for answer in (door.raw("GET", path) for _ in range(3)) if answer.status_code != 200]
            assert refused
            for answer in refused:
                shape = ERROR | {"code": Exactly(9), "StatusCode": Exactly(429)}
                check(answer.json(), shape, nanoseconds=path.startswith(V2))
                assert 1 <= int(answer.headers["Retry-After"]) <= 60
                assert answer.headers["x-ratelimit-remaining"] == "0"
        unknown = door.raw("GET", "/nothing/here")
        assert (unknown.status_code, unknown.headers["x-ratelimit-limit"]) == (404, "1")


# --- tokens that are fine --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer   "])
def test_a_token_may_have_a_prefix(door: Door, prefix: str) -> None:
    assert door.raw("GET", "/roles", token=prefix + door.app.token()).status_code == 200


def test_a_development_token_takes_development_mode_and_the_setting(tmp_path_factory: pytest.TempPathFactory) -> None:
    db = tmp_path_factory.mktemp("dev") / "rolecall.db"
    app = make_app(db)
    with running(db, dev=True) as started, httpx.Client(base_url=started.http) as http:
        door = Door(http, app)
        door.no("GET", "/roles", 401, 43, token=_dev("ann"))
        assert door.raw("PATCH", "/app", json={"disable_auth_checks": True}).status_code == 200
        door.no("GET", "/roles", 403, 17, token=_dev("ann"))
        assert door.raw("PATCH", "/app", json={"disable_auth_checks": False}).status_code == 200
        door.no("GET", "/roles", 401, 43, token=_dev("ann"))
        assert door.raw("PATCH", "/app", json={"disable_auth_checks": True}).status_code == 200
    with running(db) as started, httpx.Client(base_url=started.http) as http:
        Door(http, app).no("GET", "/roles", 401, 43, token=_dev("ann"))


def test_an_app_can_take_back_that_tokens_are_revoked(door: Door) -> None:
    old, new, timeless = (door.app.token("ann", iat=iat) for iat in (_now() - HOUR, _now(), None))
    servers = [door.app.token(), door.app.token(server=True)]
    change = {"revoke_tokens_issued_before": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(_now() - 60))}
    assert door.raw("PATCH", "/app", json=change).status_code == 200
    for token in (old, timeless, door.app.token(iat=_now() - HOUR)):
        assert "issued before" in door.no("GET", "/roles", 401, 5, token=token)
    door.no("GET", "/roles", 403, 17, token=new)
    for token in servers:
        assert door.raw("GET", "/roles", token=token).status_code == 200
    assert door.raw("PATCH", "/app", json={"revoke_tokens_issued_before": None}).status_code == 200
    door.no("GET", "/roles", 403, 17, token=old)
