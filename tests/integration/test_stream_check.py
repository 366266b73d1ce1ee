"""StreamCheckCapabilities over a real server: order, pipelining, faults in place, and what ends a stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.api.v1 import call_pb2, call_type_pb2, core_pb2, user_pb2
from tests.doors import App, Client, Server, make_app, running
from tests.integration.streams import CALL, Checks, nothing_is_open, question

Code = grpc.StatusCode


class Stage:
    def __init__(self, server: Server, app: App) -> None:
        self.server = server
        self.app = app
        self.client: Client = server.client(app)

    def user(self, name: str, **fields: Any) -> None:
        self.client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=name, **fields)]))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    db: Path = tmp_path_factory.mktemp("streams") / "rolecall.db"
    app = make_app(db)
    with running(db) as server:
        stage = Stage(server, app)
        for name in ("ann", "ben"):
            stage.user(name)
        stage.client(call_pb2.UpsertCallRequest(cid=CALL, created_by_id="ann"))
        yield stage


def test_answers_come_in_the_order_of_the_questions_and_are_those_of_one_check(stage: Stage) -> None:
    asked = [
        (f"{number}", ("ann", "ben", "nobody")[number % 3], ("send-audio", "end-call")[number % 2])
        for number in range(500)
    ]
    checks = Checks(stage.client)
    checks.ask(*(question(name, user, capability) for name, user, capability in asked))
    checks.done()
    answers = checks.rest()
    assert [answer.id for answer in answers] == [name for name, _, _ in asked]
    for (_, user, capability), answer in zip(asked[:6], answers, strict=False):
        alone = stage.client(pb.CheckCapabilityRequest(user_id=user, call=CALL, capability=capability))
        assert answer.result == alone
    assert len({answer.SerializeToString()[4:] for answer in answers}) > 2


def test_a_question_is_answered_before_the_next_is_asked(stage: Stage) -> None:
    checks = Checks(stage.client)
    for number in range(3):
        checks.ask(question(f"{number}"))
        assert checks.next().id == f"{number}"
    checks.done()
    assert checks.rest() == []
    assert checks.call.code() == Code.OK


def test_a_stream_of_no_question_ends_well(stage: Stage) -> None:
    checks = Checks(stage.client)
    checks.done()
    assert checks.rest() == []
    assert checks.call.code() == Code.OK


FAULTS: dict[str, tuple[bytes, str, str, str]] = {
    "not a message": (b"\xff\xff\xff", "", "MALFORMED", ""),
    "nothing at all": (b"", "", "INVALID_FIELD", "check.user_id"),
    "no capability": (question("a", capability=""), "a", "INVALID_FIELD", "check.capability"),
    "an unknown capability": (question("b", capability="fly"), "b", "UNKNOWN_CAPABILITY", "check.capability"),
    "too long an id": (question("é" * 128), "é" * 128, "INVALID_FIELD", "id"),
    "an empty call": (
        pb.StreamCheckCapabilitiesRequest(
            id="c", check=pb.CheckCapabilityRequest(user_id="ann", call="", capability="send-audio")
        ).SerializeToString(),
        "c",
        "INVALID_FIELD",
        "check.call",
    ),
    "an unknown type": (
        pb.StreamCheckCapabilitiesRequest(
            id="d", check=pb.CheckCapabilityRequest(user_id="ann", call="nope:1", capability="send-audio")
        ).SerializeToString(),
        "d",
        "CALL_TYPE_NOT_FOUND",
        "check.call",
    ),
    "a revision that never comes": (
        question("e", min_revision=1_000_000), "e", "REVISION_NOT_REACHED", "check.min_revision"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_answered_in_place_and_the_stream_goes_on(stage: Stage, name: str) -> None:
    body, identifier, reason, field = FAULTS[name]
    checks = Checks(stage.client)
    checks.ask(question("before"), body, question("x" * 255))
    checks.done()
    before, fault, after = checks.rest()
    assert (before.id, before.WhichOneof("outcome")) == ("before", "result")
    assert (fault.id, fault.error.reason, fault.error.field) == (identifier, reason, field)
    assert fault.error.code == code_of(reason)
    assert (after.id, after.WhichOneof("outcome")) == ("x" * 255, "result")


def code_of(reason: str) -> int:
    codes = {"CALL_TYPE_NOT_FOUND": Code.NOT_FOUND, "REVISION_NOT_REACHED": Code.UNAVAILABLE}
    return int(codes.get(reason, Code.INVALID_ARGUMENT).value[0])


def test_a_user_asks_about_itself_only(stage: Stage) -> None:
    checks = Checks(stage.server.client(stage.app, "ann"))
    checks.ask(question("own", ""), question("other", "ben"))
    checks.done()
    own, other = checks.rest()
    assert own.result.reason != core_pb2.REASON_UNSPECIFIED
    assert (other.error.code, other.error.field) == (Code.PERMISSION_DENIED.value[0], "check.user_id")


def test_a_question_waits_for_its_revision_and_sees_the_write(stage: Stage) -> None:
    stage.user("ben")
    checks = Checks(stage.client)
    response = stage.client(call_pb2.BlockUserRequest(cid=CALL, user_id="ben"))
    checks.ask(question("then", "ben", min_revision=response.revision))
    answer = checks.next()
    assert (answer.result.reason, answer.result.revision >= response.revision) == (core_pb2.REASON_BLOCKED, True)
    stage.client(call_pb2.UnblockUserRequest(cid=CALL, user_id="ben"))
    checks.ask(question("now", "ben"))
    assert checks.next().result.reason != core_pb2.REASON_BLOCKED
    checks.done()


def test_a_client_that_cancels_leaves_nothing_behind(stage: Stage) -> None:
    checks = [Checks(stage.client) for _ in range(5)]
    for stream in checks:
        stream.ask(question("one"))
        assert stream.next().id == "one"
    for stream in checks:
        stream.call.cancel()
    assert nothing_is_open(stage.server)
    for stream in checks:
        stream.done()


def test_very_many_questions_hold_up_no_other_call(stage: Stage) -> None:
    """One burst of thousands: another client is answered while it is worked through."""
    checks, many = Checks(stage.client), 20_000
    checks.ask(*(question(f"{number}") for number in range(many)))
    checks.done()
    assert checks.next().id == "0"
    request = call_type_pb2.ListCallTypesRequest()
    assert stage.client(request).call_types
    assert [answer.id for answer in checks.rest()] == [f"{number}" for number in range(1, many)]
