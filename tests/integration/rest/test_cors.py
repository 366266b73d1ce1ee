"""Web pages and the HTTP API: which origins may call it from a browser, and answers packed for the way."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.doors import make_app, running
from tests.integration.rest.test_http_api import Door

PAGE: Final = "https://app.example.com"
OTHER: Final = "http://localhost:3000"
STRANGER: Final = "https://evil.example.com"
ALLOWED: Final = "access-control-allow-origin"
SENT: Final = ("authorization", "stream-auth-type", "x-stream-client", "x-client-request-id", "content-type")
READ: Final = {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"}
OWN: Final = ("/metrics", "/healthz", "/readyz")


@contextmanager
def opened(path: Path, **options: Any) -> Iterator[Door]:
    app = make_app(path / "rolecall.db")
    with running(path / "rolecall.db", **options) as started, httpx.Client(base_url=started.http, timeout=20) as http:
        yield Door(http, app)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """Return a door that two origins may use."""
    with opened(tmp_path_factory.mktemp("some"), http_cors_origins=f"{PAGE},{OTHER}") as door:
        yield door


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """Return a door as it is when nothing is set."""
    with opened(tmp_path_factory.mktemp("none")) as door:
        yield door


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """Return a door that every page may use."""
    with opened(tmp_path_factory.mktemp("all"), http_cors_origins="*") as door:
        yield door


def preflight(door: Door, path: str, *, origin: str = PAGE, method: str = "POST", headers: str = "") -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return door.http.options(path, headers=asked | ({"Access-Control-Request-Headers": headers} if headers else {}))


def shared(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/api/v2/roles", "/roles", "/video/calltypes", "/nowhere"])
def test_a_browser_may_ask_beforehand_without_a_token(door: Door, path: str, method: str) -> None:
    answer = preflight(door, path, method=method, headers=",".join(SENT))
    assert answer.status_code == 200
    assert answer.headers[ALLOWED] == PAGE
    assert method in answer.headers["access-control-allow-methods"]
    assert set(SENT) <= set(answer.headers["access-control-allow-headers"].lower().split(", "))
    assert "access-control-allow-credentials" not in answer.headers


def test_what_is_not_allowed_beforehand(door: Door) -> None:
    assert preflight(door, "/roles", origin=STRANGER).status_code == 400
    assert ALLOWED not in preflight(door, "/roles", origin=STRANGER).headers
    assert preflight(door, "/roles", method="TRACE").status_code == 400
    assert preflight(door, "/roles", headers="x-other").status_code == 400


@pytest.mark.parametrize("origin", [PAGE, OTHER])
def test_answers_and_errors_can_be_read_by_pages_of_the_origins(door: Door, origin: str) -> None:
    answers = [
        door.raw("GET", "/api/v2/roles", headers={"Origin": origin}),
        door.raw("GET", "/api/v2/roles", headers={"Origin": origin}, token="nonsense"),
        door.raw("GET", "/api/v2/roles", headers={"Origin": origin}, key="nobody"),
        door.raw("POST", "/api/v2/roles", headers={"Origin": origin}, content=b"{"),
        door.raw("GET", "/nowhere", headers={"Origin": origin}),
    ]
    assert [answer.status_code for answer in answers] == [200, 401, 401, 400, 404]
    for answer in answers:
        assert answer.headers[ALLOWED] == origin
        assert "origin" in answer.headers["vary"].lower()
        assert set(answer.headers["access-control-expose-headers"].lower().split(", ")) == READ
        assert "access-control-allow-credentials" not in answer.headers


def test_pages_of_other_origins_can_read_nothing(door: Door) -> None:
    for origin in (STRANGER, "null", PAGE + ":8443", PAGE.replace("https", "http")):
        answer = door.raw("GET", "/api/v2/roles", headers={"Origin": origin})
        assert answer.status_code == 200
        assert ALLOWED not in answer.headers


def test_the_doors_own_paths_are_not_for_pages(wide: Door) -> None:
    for path in OWN:
        assert shared(wide.http.get(path, headers={"Origin": PAGE})) == {}
        assert preflight(wide, path, method="GET").status_code == 405


def test_every_origin(wide: Door) -> None:
    for origin in (PAGE, STRANGER, "null"):
        answer = wide.raw("GET", "/api/v2/roles", headers={"Origin": origin})
        assert answer.headers[ALLOWED] == "*"
        assert preflight(wide, "/roles", origin=origin).headers[ALLOWED] == "*"
        assert "access-control-allow-credentials" not in answer.headers


def test_without_the_setting_no_page_may(closed: Door) -> None:
    assert shared(closed.raw("GET", "/api/v2/roles", headers={"Origin": PAGE})) == {}
    answer = preflight(closed, "/api/v2/roles", headers="authorization")
    assert answer.status_code == 404
    assert shared(answer) == {}
    assert answer.json()["code"] == 16


# --- packed answers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v2/permissions", "/openapi.json", "/docs"])
def test_large_answers_are_packed_for_who_takes_it(closed: Door, path: str) -> None:
    packed = closed.raw("GET", path, headers={"Accept-Encoding": "gzip, deflate"})
    plain = closed.raw("GET", path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert len(plain.content) > 1024
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) == len(plain.content)
    for answer in (packed, plain):
        assert "accept-encoding" in answer.headers["vary"].lower()


def test_what_is_packed_is_the_answer(closed: Door) -> None:
    with closed.http.stream("GET", "/docs", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert gzip.decompress(raw) == closed.http.get("/docs", headers={"Accept-Encoding": "identity"}).content


def test_small_answers_are_not_packed(closed: Door) -> None:
    answer = closed.raw("GET", "/api/v2/nowhere", headers={"Accept-Encoding": "gzip"})
    assert len(answer.content) < 1024
    assert "content-encoding" not in answer.headers


def test_a_page_may_ask_in_json_what_grpc_answers(door: Door) -> None:
    path = "/rolecall.api.v1.AuthorizationService/CheckCapability"
    needed = "x-api-key,authorization,content-type,connect-protocol-version,connect-timeout-ms,x-request-id"
    answer = preflight(door, path, headers=needed)
    assert (answer.status_code, answer.headers[ALLOWED]) == (200, PAGE)
    sent = {"origin": PAGE, "x-api-key": door.app.key, "authorization": door.app.token()}
    asked = {"user_id": "ann", "call": "default:x", "capability": "send-audio"}
    assert door.http.post(path, json=asked, headers=sent).headers[ALLOWED] == PAGE
