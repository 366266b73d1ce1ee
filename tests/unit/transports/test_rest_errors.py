"""Errors over HTTP: the code and status of every kind and reason, and the six fields."""

from __future__ import annotations

import msgspec
import pytest

from rolecall.domain import errors
from rolecall.domain.errors import RolecallError
from rolecall.transports.codes import CODES
from rolecall.transports.rest.errors import INPUT, INTERNAL, MORE_INFO, NOT_FOUND, Code, api_error, code_of

SIX = {"code", "message", "StatusCode", "duration", "more_info", "details"}


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (errors.InvalidInput("x"), 4, 400),
        (errors.UnknownPermission("x", (), field="grants"), 4, 400),
        (errors.UnknownRole("x", field="grants"), 4, 400),
        (errors.AlreadyExists("x"), 4, 400),
        (errors.Precondition("x"), 4, 400),
        (errors.RevisionConflict("x"), 4, 400),
        (errors.OverLimit("x"), 4, 400),
        (errors.NotFound("x"), 16, 404),
        (errors.Unsupported("x"), 16, 404),
        (errors.Unauthenticated("x"), 5, 401),
        (errors.Forbidden("x"), 17, 403),
        (errors.Unavailable("x"), -1, 503),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, RolecallError) else str(value),
)
def test_every_kind_has_its_code(error: RolecallError, code: int, status: int) -> None:
    assert code_of(error) == (code, status)


@pytest.mark.parametrize("kind", list(CODES), ids=lambda kind: kind.__name__)
def test_every_kind_that_gRPC_knows_is_known_here(kind: type[RolecallError]) -> None:  # noqa: N802
    assert code_of(kind("x")).status >= 400


@pytest.mark.parametrize(
    ("reason", "code", "status"),
    [
        ("API_KEY_MISSING", 2, 401),
        ("API_KEY_UNKNOWN", 2, 401),
        ("AUTH_TYPE_INVALID", 5, 401),
        ("TOKEN_MISSING", 5, 401),
        ("TOKEN_MALFORMED", 5, 401),
        ("TOKEN_CLAIM_INVALID", 5, 401),
        ("TOKEN_ALGORITHM_INVALID", 5, 401),
        ("TOKEN_EXPIRED", 40, 401),
        ("TOKEN_REVOKED", 5, 401),
        ("TOKEN_NOT_YET_VALID", 41, 401),
        ("TOKEN_USED_BEFORE_ISSUED", 42, 401),
        ("TOKEN_SIGNATURE_INVALID", 43, 401),
    ],
)
def test_every_reason_why_a_caller_is_unknown_has_its_code(reason: str, code: int, status: int) -> None:
    assert code_of(errors.Unauthenticated("x", reason=reason)) == (code, status)


def test_a_body_that_is_too_large_and_a_rate_limit_have_their_codes() -> None:
    assert code_of(errors.InvalidInput("x", reason="BODY_TOO_LARGE")) == (22, 413)
    assert code_of(errors.OverLimit("x", reason="RATE_LIMITED")) == (9, 429)


@pytest.mark.parametrize("code", [INPUT, NOT_FOUND, INTERNAL, Code(17, 403)])
@pytest.mark.parametrize("field", ["", "grants"])
def test_an_error_has_all_six_fields(code: Code, field: str) -> None:
    told = msgspec.to_builtins(api_error("GetRole", code, "no such thing", "0.10ms", field))
    assert told.pop("exception_fields", {}) == ({field: "no such thing"} if field else {})
    assert told == {
        "code": code.code,
        "message": 'GetRole failed with error: "no such thing"',
        "StatusCode": code.status,
        "duration": "0.10ms",
        "more_info": MORE_INFO,
        "details": [],
    }
    assert told.keys() == SIX
