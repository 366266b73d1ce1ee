"""Whose requests count against which limit: API keys are public, so what anyone may send uses up no app's limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from tests.doors import make_app, running
from tests.integration.rest.shapes import ERROR, Exactly, check
from tests.integration.rest.test_http_api import Door

PER_MINUTE: Final = 4
ANONYMOUS: Final = {"stream-auth-type": "anonymous", "Authorization": None}
FOREIGN: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "another's token": ("/api/v2/roles", {"token": "xx.yy.zz"}),
    "no token": ("/api/v2/roles", {"token": ""}),
    "no auth type": ("/api/v2/roles", {"headers": {"stream-auth-type": None}}),
    "no operation": ("/api/v2/nothing", {}),
    "no operation, no token": ("/api/v2/nothing", {"headers": ANONYMOUS}),
    "nobody": ("/api/v2/roles", {"headers": ANONYMOUS}),
}


@pytest.fixture
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    db = tmp_path_factory.mktemp("limited") / "rolecall.db"
    app = make_app(db)
    with running(db, http_requests_per_minute=PER_MINUTE) as started, httpx.Client(base_url=started.http) as http:
        yield Door(http, app)


def left(answer: httpx.Response) -> int:
    return int(answer.headers["x-ratelimit-remaining"])


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("what", FOREIGN)
def test_who_is_not_the_apps_is_stopped_and_uses_up_nothing_of_it(door: Door, method: str, what: str) -> None:
    path, sent = FOREIGN[what]
    # More than twice as many as fit: should a minute begin in between, some are refused all the same.
    answers = [door.raw(method, path, **sent, content=b"{}") for _ in range(10)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert {answer.status_code for answer in answers} <= {401, 403, 400, 404, 429}
    for answer in refused:
        check(answer.json(), ERROR | {"code": Exactly(9), "StatusCode": Exactly(429)}, nanoseconds=True)
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert left(answer) == 0
    read = door.raw("GET", "/api/v2/roles")
    assert (read.status_code, left(read)) == (200, PER_MINUTE - 1)
    written = door.raw("POST", "/api/v2/roles", json={"name": "written"})
    assert (written.status_code, left(written)) == (201, PER_MINUTE - 1)


def test_callers_without_a_token_and_refused_ones_are_counted_apart(door: Door) -> None:
    while door.raw("GET", "/api/v2/nothing").status_code != 429:
        pass
    assert left(door.raw("GET", "/api/v2/roles", headers=ANONYMOUS)) == PER_MINUTE - 1


@pytest.mark.parametrize("key", ["", "nobody's"])
def test_who_names_no_app_has_a_limit_too(door: Door, key: str) -> None:
    answers = [door.raw("GET", "/api/v2/roles", key=key) for _ in range(2 * PER_MINUTE + 2)]
    assert {answer.status_code for answer in answers} == {401, 429}
    assert left(door.raw("GET", "/api/v2/roles")) == PER_MINUTE - 1
