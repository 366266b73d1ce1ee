"""Unary RPCs by plain HTTP (the Connect protocol), against a real server and beside its gRPC door."""

from __future__ import annotations

import base64
import gzip
import json
import socket
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import httpx
import pytest
from google.protobuf import json_format
from google.rpc import code_pb2, error_details_pb2

from rolecall.api.v1 import authorization_pb2, call_pb2, user_pb2
from tests.doors import STREAMING, UNARY, App, Client, Rpc, Server, make_app, rpc_of, running

CHECK: Final = "/rolecall.api.v1.AuthorizationService/CheckCapability"
BATCH: Final = "/rolecall.api.v1.AuthorizationService/BatchCheckCapabilities"
UPSERT_USERS: Final = "/rolecall.api.v1.UserService/UpsertUsers"
MEBIBYTE: Final = 1024 * 1024
QUESTION: Final[dict[str, Any]] = {"user_id": "ann", "call": "default:x", "capability": "send-audio"}


class Door(NamedTuple):
    """One app's server side, by HTTP and by gRPC."""

    http: httpx.Client
    grpc: Client
    server: Server
    app: App

    def ask(self, path: str, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, (bytes, str)) else json.dumps(body)
        sent = {"content-type": "application/json", "x-api-key": self.app.key, "authorization": self.app.token()}
        return self.http.post(path, content=content, headers={**sent, **headers})

    def refused(self, path: str, body: Any, **headers: str) -> tuple[int, str, str]:
        """Return status, code and message of an error whose shape is right."""
        answer = self.ask(path, body, **headers)
        assert answer.headers["content-type"] == "application/json"
        error = answer.json()
        assert set(error) == {"code", "message", "details"}
        for detail in error["details"]:
            assert set(detail) == {"type", "value", "debug"}
            assert "=" not in detail["value"]
        return answer.status_code, error["code"], error["message"]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    db = tmp_path_factory.mktemp("connect") / "r.db"
    app = make_app(db)
    with running(db, max_message_mb=1) as server, httpx.Client(base_url=server.http, timeout=20) as http:
        client = server.client(app)
        client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="ann", role="admin")]))
        client(call_pb2.UpsertCallRequest(cid="default:x", created_by_id="ann"))
        yield Door(http, client, server, app)


def test_a_check_is_answered_as_over_grpc(door: Door) -> None:
    request = authorization_pb2.CheckCapabilityRequest(**QUESTION)
    answer = door.ask(CHECK, QUESTION)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert json_format.Parse(answer.text, authorization_pb2.CheckCapabilityResponse()) == door.grpc(request)


def test_fields_are_taken_in_either_case_and_what_is_false_is_shown(door: Door) -> None:
    snake = door.ask(CHECK, {**QUESTION, "user_id": "nobody"})
    camel = door.ask(CHECK, {"userId": "nobody", "call": "default:x", "capability": "send-audio"})
    assert snake.json() == camel.json()
    assert snake.json()["allowed"] is False
    assert snake.json()["reason"] == "REASON_UNKNOWN_USER"
    assert snake.json()["permission"] == ""


def test_protobuf_is_taken_too(door: Door) -> None:
    request = authorization_pb2.CheckCapabilityRequest(**QUESTION)
    answer = door.ask(CHECK, request.SerializeToString(), **{"content-type": "application/proto"})
    assert answer.headers["content-type"] == "application/proto"
    assert authorization_pb2.CheckCapabilityResponse.FromString(answer.content) == door.grpc(request)


@pytest.mark.parametrize("rpc", UNARY, ids=lambda rpc: rpc.path)
def test_every_unary_rpc_is_there(door: Door, rpc: Rpc) -> None:
    """An empty request is answered, or refused with the same code, reason and message as over gRPC."""
    outcome = door.grpc.outcome(rpc, b"")
    answer = door.ask(rpc.path, {})
    if isinstance(outcome, bytes):
        assert answer.status_code == 200, answer.text
        json_format.Parse(answer.text, rpc.response())
        return
    error = answer.json()
    assert error["code"] == outcome.code.name.lower()
    assert error["message"] == outcome.message
    info = error_details_pb2.ErrorInfo.FromString(base64.b64decode(error["details"][0]["value"] + "=="))
    assert error["details"][0]["type"] == "google.rpc.ErrorInfo"
    assert info.reason == error["details"][0]["debug"]["reason"] == outcome.reason


def test_a_refusal_names_the_field(door: Door) -> None:
    answer = door.ask(CHECK, {**QUESTION, "call": "nonsense"})
    assert answer.status_code == 400
    error = answer.json()
    assert error["code"] == "invalid_argument"
    bad = error["details"][1]
    assert bad["type"] == "google.rpc.BadRequest"
    assert bad["debug"]["fieldViolations"][0]["field"] == "call"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({**QUESTION, "capabilty": "x"}, "there is no field `capabilty`"),
        (
            {**QUESTION, "facts": {"settings_override": {"nope": {}}}},
            "there is no field `facts.settings_override.nope`",
        ),
        ({**QUESTION, "facts": {"blocked": "maybe"}}, "`facts.blocked` does not fit"),
        ({**QUESTION, "min_revision": -1}, "`min_revision` does not fit"),
        ({**QUESTION, "channel": "a:b"}, "`body` does not fit"),
        ('{"call":"a:b","call":"c:d"}', "`body` names the key `call` twice"),
        ({**QUESTION, "userId": "bob"}, "`userId` is named twice"),
        ({**QUESTION, "facts": {"member_role": "host", "memberRole": "admin"}}, "`facts.memberRole` is named twice"),
        (
            {**QUESTION, "facts": {"starts_at": "soon"}},
            "`facts.starts_at` does not fit: Failed to parse timestamp",
        ),
        ("[]", "the body must be a JSON object"),
        ("null", "the body must be a JSON object"),
        ("", "`body` is not valid JSON"),
        ("{", "`body` is not valid JSON"),
        (b'{"user_id":"\xff"}', "`body` is not UTF-8"),
        ('{"user_id":"\\ud800"}', "`user_id` holds half a character"),
        ('{"facts":' + '{"custom":' * 80 + "{}" + "}" * 81, "nested deeper than"),
        ("[" + "1," * 100_000 + "1]", "`body` holds more than"),
    ],
)
def test_bad_json_is_an_invalid_argument(door: Door, body: Any, told: str) -> None:
    status, code, message = door.refused(CHECK, body)
    assert (status, code) == (400, "invalid_argument")
    assert told in message


def test_callers_are_known_before_anything_is_read(door: Door) -> None:
    assert door.refused(CHECK, "{", authorization="")[:2] == (401, "unauthenticated")
    assert door.refused(CHECK, QUESTION, **{"x-api-key": "other"})[:2] == (401, "unauthenticated")
    assert door.refused(UPSERT_USERS, {"users": [{"id": "bob"}]}, authorization=door.app.token("ann"))[:2] == (
        403,
        "permission_denied",
    )


def test_curl_without_a_content_type_is_told_which_is_right(door: Door) -> None:
    answer = door.ask(CHECK, QUESTION, **{"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["message"]
    assert answer.headers["accept-post"] == "application/json, application/proto"


def test_a_charset_does_not_matter(door: Door) -> None:
    assert door.ask(CHECK, QUESTION, **{"content-type": "application/json; charset=utf-8"}).status_code == 200


@pytest.mark.parametrize("rpc", STREAMING, ids=lambda rpc: rpc.path)
def test_streams_are_refused(door: Door, rpc: Rpc) -> None:
    assert door.refused(rpc.path, {})[:2] == (415, "unimplemented")


def test_unknown_methods_and_other_verbs(door: Door) -> None:
    assert door.refused("/rolecall.api.v1.AuthorizationService/Nope", {})[:2] == (404, "unimplemented")
    answer = door.http.get(CHECK)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "body",
    [
        {"checks": [QUESTION, {"user_id": "ann", "userId": "bob"}]},
        {
            "checks": [
                {
                    "facts": {
                        "settings_override": {"audio": {"access_request_enabled": True, "accessRequestEnabled": False}}
                    }
                }
            ]
        },
    ],
)
def test_a_field_within_is_not_named_both_ways(door: Door, body: Any) -> None:
    status, code, message = door.refused(BATCH, body)
    assert (status, code) == (400, "invalid_argument")
    assert "is named twice" in message


def test_keys_of_the_customers_own_may_look_alike(door: Door) -> None:
    body = {**QUESTION, "facts": {"custom": {"a_b": 1, "aB": 2}}}
    assert door.ask(CHECK, body).status_code == 200
    grants: dict[str, Any] = {"user_a": {"permissions": []}, "userA": {"permissions": []}}
    assert "named twice" not in door.ask("/rolecall.api.v1.CallTypeService/UpsertCallType", {"grants": grants}).text


def test_a_deadline_passes_while_waiting(door: Door) -> None:
    body = {**QUESTION, "min_revision": 2**40}
    status, code, _ = door.refused(CHECK, body, **{"connect-timeout-ms": "1"})
    assert (status, code) in {(504, "deadline_exceeded"), (503, "unavailable")}  # the wait ends a little before
    assert door.refused(CHECK, QUESTION, **{"connect-timeout-ms": "soon"})[:2] == (400, "invalid_argument")
    assert door.refused(CHECK, QUESTION, **{"connect-protocol-version": "2"})[:2] == (400, "invalid_argument")
    assert door.ask(CHECK, QUESTION, **{"connect-timeout-ms": "60000"}).status_code == 200


def test_a_body_is_bounded_packed_or_not(door: Door) -> None:
    packed = {"content-encoding": "gzip"}
    assert door.ask(CHECK, gzip.compress(json.dumps(QUESTION).encode()), **packed).status_code == 200
    large = b'{"user_id":"' + b"a" * MEBIBYTE + b'"}'
    assert door.refused(CHECK, large)[:2] == (429, "resource_exhausted")
    assert door.refused(CHECK, gzip.compress(large), **packed)[:2] == (429, "resource_exhausted")
    assert door.refused(CHECK, b"no gzip", **packed)[:2] == (400, "invalid_argument")
    assert door.refused(CHECK, b"{}", **{"content-encoding": "br"})[:2] == (400, "invalid_argument")


def test_a_body_that_ends_too_early_is_no_request(door: Door) -> None:
    with socket.create_connection((door.http.base_url.host, door.http.base_url.port)) as connection:
        head = f"POST {CHECK} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{{"
        connection.sendall(head.encode())
    assert door.ask(CHECK, QUESTION).status_code == 200


def test_large_questions_and_answers(door: Door) -> None:
    """Beyond 64 KiB both are read and written apart from what others wait for."""
    request = authorization_pb2.BatchCheckCapabilitiesRequest(
        checks=[authorization_pb2.CheckCapabilityRequest(**QUESTION) for _ in range(1_000)]
    )
    body = json_format.MessageToJson(request, preserving_proto_field_name=True)
    assert len(body) > 64 * 1024
    answer = door.ask(BATCH, body)
    response = json_format.Parse(answer.text, authorization_pb2.BatchCheckCapabilitiesResponse())
    assert response == door.grpc(request)
    assert door.refused(BATCH, body.replace("capability", "nope"))[:2] == (400, "invalid_argument")


def test_every_code_has_a_status() -> None:
    from rolecall.transports.connect import _STATUS  # noqa: PLC0415 - a table no client sees whole

    assert set(_STATUS) == set(code_pb2.Code.values()) - {code_pb2.OK}
    assert rpc_of(authorization_pb2.CheckCapabilityRequest()).path == CHECK
