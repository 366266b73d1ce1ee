"""One call: deadlines, retries of reads and of nothing else, tokens that expire, errors. The same in both clients."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.api.v1 import call_pb2
from rolecall.client import (
    Backoff,
    Cancelled,
    Client,
    DeadlineExceeded,
    Internal,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    RolecallClientError,
    Unauthenticated,
    Unavailable,
)
from rolecall.client.errors import of_rpc
from rolecall.client.rpcs import CHECK, Rpc, is_read
from tests.doors import RPCS
from tests.unit.client.fakes import Asked, Refused, Stage

REQUEST = pb.CheckCapabilityRequest(user_id="ann")
YES = pb.CheckCapabilityResponse(allowed=True)
WRITE: Rpc[Any, Any] = Rpc("/rolecall.api.v1.CallService/BlockUser", bytes, bytes, read=False)
GONE = Refused(grpc.StatusCode.UNAVAILABLE)
EXPIRED = Refused(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")

both = pytest.mark.parametrize("kind", ["sync", "aio"])


def ask(kind: str, stage: Stage, rpc: Rpc[Any, Any] = CHECK) -> Any:
    return getattr(stage, kind)(rpc, REQUEST)


@both
def test_a_read_is_tried_again_with_growing_pauses(kind: str) -> None:
    stage = Stage(Asked(GONE, GONE, GONE, YES), timeout=10.0, retries=Backoff(first=0.1, factor=3.0, longest=0.5))
    assert ask(kind, stage) is YES
    assert stage.time.pauses == pytest.approx([0.1, 0.3, 0.5])
    assert stage.asked.timeouts == pytest.approx([10.0, 9.9, 9.6, 9.1])


@both
def test_retries_end_with_the_deadline_and_the_last_error(kind: str) -> None:
    stage = Stage(Asked(GONE), timeout=1.0, retries=Backoff(first=0.3, factor=1.0))
    with pytest.raises(Unavailable):
        ask(kind, stage)
    assert stage.time.pauses == pytest.approx([0.3, 0.3, 0.3])


@both
def test_a_write_is_never_tried_again(kind: str) -> None:
    stage = Stage(Asked(GONE, YES))
    with pytest.raises(Unavailable):
        ask(kind, stage, WRITE)
    assert len(stage.asked.tokens) == 1


@both
@pytest.mark.parametrize(
    ("code", "error"),
    [
        (grpc.StatusCode.DEADLINE_EXCEEDED, DeadlineExceeded),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, ResourceExhausted),
        (grpc.StatusCode.INTERNAL, Internal),
        (grpc.StatusCode.UNKNOWN, Internal),
        (grpc.StatusCode.NOT_FOUND, NotFound),
    ],
)
def test_only_unavailable_is_tried_again(kind: str, code: grpc.StatusCode, error: type[Exception]) -> None:
    stage = Stage(Asked(Refused(code), YES))
    with pytest.raises(error):
        ask(kind, stage)
    assert len(stage.asked.tokens) == 1


@both
def test_no_time_is_no_question(kind: str) -> None:
    stage = Stage(Asked(YES), timeout=0.0)
    with pytest.raises(DeadlineExceeded):
        ask(kind, stage)
    assert stage.asked.tokens == []


@both
@pytest.mark.parametrize("rpc", [CHECK, WRITE], ids=["read", "write"])
def test_a_token_that_expired_is_made_anew_once(kind: str, rpc: Rpc[Any, Any]) -> None:
    tokens = iter("abc")
    stage = Stage(Asked(EXPIRED, YES), token=lambda: next(tokens))
    assert ask(kind, stage, rpc) is YES
    assert stage.asked.tokens == ["a", "b"]
    assert stage.time.pauses == []


@both
def test_a_token_that_stays_expired_is_not_made_a_third_time(kind: str) -> None:
    tokens = iter("abc")
    stage = Stage(Asked(EXPIRED), token=lambda: next(tokens))
    with pytest.raises(Unauthenticated) as raised:
        ask(kind, stage)
    assert raised.value.reason == "TOKEN_EXPIRED"
    assert stage.asked.tokens == ["a", "b"]


@both
@pytest.mark.parametrize("token", ["a", lambda: "a"], ids=["fixed", "the same again"])
def test_without_another_token_there_is_nothing_to_try(kind: str, token: Any) -> None:
    stage = Stage(Asked(EXPIRED), token=token)
    with pytest.raises(Unauthenticated):
        ask(kind, stage)
    assert len(stage.asked.tokens) == 1


@both
def test_a_token_that_is_wrong_is_not_made_anew(kind: str) -> None:
    tokens = iter("abc")
    wrong = Refused(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_SIGNATURE_INVALID")
    stage = Stage(Asked(wrong), token=lambda: next(tokens))
    with pytest.raises(Unauthenticated):
        ask(kind, stage)
    assert stage.asked.tokens == ["a"]


def test_a_token_may_be_made_by_a_coroutine() -> None:
    async def token() -> str:
        return "a"

    stage = Stage(Asked(YES), token=token)
    assert stage.aio(CHECK, REQUEST) is YES
    assert stage.asked.tokens == ["a"]


@both
def test_a_token_that_can_not_be_sent_is_not_shown(kind: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        ask(kind, Stage(Asked(YES), token="geheim\n"))
    assert "geheim" not in str(raised.value)
    with pytest.raises(InvalidArgument):
        ask(kind, Stage(Asked(YES), token=lambda: "ge\nheim"))


def test_an_error_says_what_the_server_said() -> None:
    refused = Refused(
        grpc.StatusCode.INVALID_ARGUMENT, "UNKNOWN_CAPABILITY", "capability", request_id="r1", nearest="x"
    )
    error = of_rpc(refused)
    assert type(error) is InvalidArgument
    assert (error.code, error.reason, error.field) == ("INVALID_ARGUMENT", "UNKNOWN_CAPABILITY", "capability")
    assert (error.request_id, error.metadata["nearest"]) == ("r1", "x")
    assert str(error) == "INVALID_ARGUMENT: no luck (UNKNOWN_CAPABILITY, field `capability`)"


def test_every_code_has_an_error() -> None:
    for code in grpc.StatusCode:
        error = of_rpc(Refused(code))
        assert isinstance(error, RolecallClientError)
        assert error.code == code.name or code in {
            grpc.StatusCode.UNKNOWN,
            grpc.StatusCode.DATA_LOSS,
            grpc.StatusCode.OK,
        }


def test_reads_are_told_from_writes() -> None:
    prefixes = ("Create", "Update", "Upsert", "Delete", "Block", "Unblock")
    others = {"GoLive", "StopLive", "EndCall", "StreamCheckCapabilities", "WatchCapabilities"}
    writes = {rpc.name for rpc in RPCS if not is_read(rpc.path)}
    assert {name for name in writes if not name.startswith(prefixes)} == others
    assert not {rpc.name for rpc in RPCS if rpc.name.startswith(prefixes)} - writes
    assert not is_read("/rolecall.api.v1.CallService/GetawayCar/Start")


def test_a_closed_client_says_so() -> None:
    client = Client("127.0.0.1:1")
    client.close()
    client.close()
    with pytest.raises(Cancelled):
        client.check("ann", "send-audio")
    assert not client.allows("ann", "send-audio")
    with pytest.raises(Cancelled):
        client.stub(_CallStub).get(call_pb2.GetCallRequest(cid="default:x"))
    with pytest.raises(Cancelled):
        client.background()


class _CallStub:
    def __init__(self, channel: Any) -> None:
        encode, decode = call_pb2.GetCallRequest.SerializeToString, call_pb2.GetCallResponse.FromString
        path = "/rolecall.api.v1.CallService/GetCall"
        self.get = channel.unary_unary(path, request_serializer=encode, response_deserializer=decode)


def test_a_client_does_not_show_its_secrets() -> None:
    with Client("127.0.0.1:1", key="schluessel", token="marke") as client:
        assert repr(client) == "<Client 127.0.0.1:1>"
        assert "schluessel" not in repr(client.settings)
