"""The HTTP API against its own description: generated requests, right and wrong, to a server's every operation.

What is generated is the same in every run. Whatever comes in, no answer is a failure of the server, and each has a
status, a content type and a shape that the document says it can have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from rolecall.transports.rest.openapi import document
from rolecall.transports.rest.operations import OPERATIONS
from rolecall.transports.rest.samples import in_path
from tests.doors import make_app, running
from tests.furniture import Furnished

CHECKS: Final[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CASES: Final = 6
SCHEMA: Final = schemathesis.openapi.from_dict(document(OPERATIONS, "test"))
DESCRIBED: Final[Any] = [found.ok() for found in cast("Any", SCHEMA.get_all_operations())]
ROWS: Final = {(operation.method, path): operation for operation in OPERATIONS for path in operation.paths}
NOT_THERE: Final = {"GetTask"}
"""Operations on what can't be put there before."""


class Caller:
    """A server-side caller of an app with things in it."""

    def __init__(self, app: Furnished) -> None:
        self.app = app
        self._session = requests.Session()

    def check(self, case: Any) -> int:
        """Send a case and check the answer; its status."""
        sent: Any = {"headers": self.app.headers(), "params": self.app.query}
        answer = case.call(base_url=self.app.server.http, session=self._session, **sent)
        case.validate_response(answer, checks=CHECKS)
        return int(answer.status_code)

    def close(self) -> None:
        self._session.close()
        self.app.http.close()


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    db = tmp_path_factory.mktemp("schema") / "rolecall.db"
    app = make_app(db)
    with running(db) as started:
        caller = Caller(Furnished(started, app))
        yield caller
        caller.close()


def label(operation: Any) -> str:
    return str(operation.label)


def test_every_operation_is_tried() -> None:
    assert sorted((one.method.upper(), one.path) for one in DESCRIBED) == sorted(ROWS)


@pytest.mark.parametrize("operation", DESCRIBED, ids=label)
def test_answers_to_what_fits_the_description(caller: Caller, operation: Any) -> None:
    caller.app.furnish()
    told = {one.name: str(in_path(one.name, operation.path)) for one in operation.path_parameters} or None
    statuses = run(caller, operation.as_strategy(generation_mode=GenerationMode.POSITIVE, path_parameters=told))
    row = ROWS[operation.method.upper(), operation.path]
    if row.body is None and row.payload is None and row.id not in NOT_THERE:
        assert row.status in statuses, statuses


@pytest.mark.parametrize(
    "operation", [one for one in DESCRIBED if one.path == ROWS[one.method.upper(), one.path].paths[0]], ids=label
)
def test_answers_to_what_does_not(caller: Caller, operation: Any) -> None:
    run(caller, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))


def run(caller: Caller, cases: Any) -> list[int]:
    """Try what is generated; return the statuses."""
    statuses: list[int] = []

    @settings(
        max_examples=CASES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def each(case: Any) -> None:
        statuses.append(caller.check(case))

    each()
    return statuses
