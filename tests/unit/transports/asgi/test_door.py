"""The ASGI door by hand: requests that real clients do not send, and clients that leave."""

from __future__ import annotations

import asyncio
import gc
import gzip
from collections.abc import Callable
from typing import Any, Final, cast

import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from rolecall.transports.asgi import AsgiDoor, calls
from rolecall.transports.asgi.framing import GAINFUL
from rolecall.transports.asgi.streams import Outgoing
from rolecall.transports.edge import Edge
from rolecall.transports.grpc import GrpcOptions
from rolecall.transports.methods import METHODS, SERVICE_NAMES
from tests.asgi_client import HEADERS, Answer, EchoEdge, Left, Request, Taken, frame

UNARY: Final = next(method.path for method in METHODS if not method.streams_out)
ONE_MANY: Final = next(method.path for method in METHODS if method.streams_out and not method.streams_in)
MANY_MANY: Final = next(method.path for method in METHODS if method.streams_out and method.streams_in)
EVERY: Final = pytest.mark.parametrize("path", [UNARY, ONE_MANY, MANY_MANY], ids=["unary", "one-many", "many-many"])
HEALTH: Final = "/grpc.health.v1.Health/"
REFLECTION: Final = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
LIMIT: Final = 100_000


class Bench:
    """A door over an edge that echoes."""

    def __init__(self, **options: Any) -> None:
        self.edge = EchoEdge()
        trusted: Callable[[Any], bool] = options.pop("by_unix_socket", lambda _: False)
        self.door = AsgiDoor(cast("Edge", self.edge), GrpcOptions(max_message_bytes=LIMIT, **options), trusted)

    async def ask(self, path: str, *chunks: bytes, **headers: str) -> Answer:
        request = Request(path, {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}})
        await self.run(request.send(*chunks))
        return request.answer()

    async def run(self, request: Request) -> None:
        await asyncio.wait_for(self.begin(request), timeout=20)

    def begin(self, request: Request) -> asyncio.Task[None]:
        return asyncio.create_task(cast("Any", self.door(request.scope, request.receive, request.take)))


@pytest.fixture
async def bench() -> Bench:
    return Bench()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for clients who left all the time."""
    monkeypatch.setattr(calls, "_ROUND_SECONDS", 0.001)
    monkeypatch.setattr(calls, "_PAUSE_SECONDS", 0.001)


# --- messages --------------------------------------------------------------------------------------------------------


@EVERY
@pytest.mark.parametrize("size", [1, 3, 5, 7, 100])
async def test_a_message_in_pieces_is_one_message(bench: Bench, path: str, size: int) -> None:
    body = frame(b"hello, world")
    answer = await bench.ask(path, *(body[at : at + size] for at in range(0, len(body), size)))
    assert (answer.status, answer.code, answer.messages) == (200, "OK", [(0, b"hello, world")])


@EVERY
async def test_the_end_may_come_by_itself(bench: Bench, path: str) -> None:
    answer = await bench.ask(path, frame(b"hello"), b"")
    assert (answer.code, answer.messages) == ("OK", [(0, b"hello")])


async def test_messages_that_come_together_are_answered_together(bench: Bench) -> None:
    request = Request(MANY_MANY).send(frame(b"a") + frame(b"") + frame(b"b")[:4], frame(b"b")[4:] + frame(b"c"))
    await bench.run(request)
    assert request.answer().messages == [(0, b"a"), (0, b""), (0, b"b"), (0, b"c")]
    assert [len(event["body"]) for event in request.sent[1:-1]] == [11, 12, 0]


async def test_a_stream_without_messages_is_well(bench: Bench) -> None:
    answer = await bench.ask(MANY_MANY, b"")
    assert (answer.code, answer.messages) == ("OK", [])


@pytest.mark.parametrize("path", [UNARY, ONE_MANY])
@pytest.mark.parametrize("chunks", [[b""], [frame(b"a") * 2], [frame(b"a"), frame(b"b")]])
async def test_not_one_message_is_unimplemented(bench: Bench, path: str, chunks: list[bytes]) -> None:
    answer = await bench.ask(path, *chunks)
    assert answer.code == "UNIMPLEMENTED"
    assert "takes one message" in answer.message
    assert not bench.edge.asked


@EVERY
@pytest.mark.parametrize("body", [frame(b"hello")[:-1], b"\0\0", frame(b"x", 1), frame(b"x", 3)])
async def test_a_broken_frame_is_internal(bench: Bench, path: str, body: bytes) -> None:
    answer = await bench.ask(path, body)
    assert answer.code == "INTERNAL"
    assert answer.message
    assert b"grpc-status" in answer.headers


async def test_a_stream_with_a_broken_frame_ends_after_what_was_answered(bench: Bench) -> None:
    answer = await bench.ask(MANY_MANY, frame(b"a"), frame(b"b")[:-1])
    assert (answer.code, answer.messages) == ("INTERNAL", [(0, b"a")])


@EVERY
async def test_too_long_a_message_is_refused_by_its_length(bench: Bench, path: str) -> None:
    request = Request(path).send(frame(b"x" * (LIMIT + 1))[:5], end=False)
    await bench.run(request)
    assert request.answer().code == "RESOURCE_EXHAUSTED"
    assert (await bench.ask(path, frame(b"x" * LIMIT))).code == "OK"


async def test_the_body_that_is_no_frame_at_all_is_refused_at_once(bench: Bench) -> None:
    assert (await bench.ask(UNARY, b"x" * LIMIT)).code in {"RESOURCE_EXHAUSTED", "INTERNAL"}


# --- compression -----------------------------------------------------------------------------------------------------


@EVERY
async def test_packed_messages(bench: Bench, path: str) -> None:
    answer = await bench.ask(path, frame(gzip.compress(b"hello"), 1), grpc_encoding="gzip")
    assert (answer.code, answer.messages) == ("OK", [(0, b"hello")])
    answer = await bench.ask(path, frame(b"hello"), grpc_encoding="gzip")
    assert (answer.code, answer.messages) == ("OK", [(0, b"hello")])


@EVERY
async def test_an_unknown_encoding_is_unimplemented(bench: Bench, path: str) -> None:
    answer = await bench.ask(path, frame(b"hello"), grpc_encoding="snappy")
    assert answer.code == "UNIMPLEMENTED"
    assert answer.headers[b"grpc-accept-encoding"] == b"identity,gzip,deflate"


@EVERY
async def test_a_bomb_is_refused(bench: Bench, path: str) -> None:
    answer = await bench.ask(path, frame(gzip.compress(b"x" * 50 * LIMIT), 1), grpc_encoding="gzip")
    assert answer.code == "RESOURCE_EXHAUSTED"


@EVERY
async def test_long_answers_are_packed_for_who_takes_it(bench: Bench, path: str) -> None:
    message = b"x" * GAINFUL
    (packed,) = (await bench.ask(path, frame(message), grpc_accept_encoding="identity,gzip")).messages
    assert packed[0] == 1
    assert gzip.decompress(packed[1]) == message
    assert (await bench.ask(path, frame(message))).messages == [(0, message)]


async def test_the_encoding_of_an_answer_is_named_when_it_is_used(bench: Bench) -> None:
    long = await bench.ask(UNARY, frame(b"x" * GAINFUL), grpc_accept_encoding="gzip")
    short = await bench.ask(UNARY, frame(b"x"), grpc_accept_encoding="gzip")
    assert long.headers[b"grpc-encoding"] == b"gzip"
    assert b"grpc-encoding" not in short.headers


# --- what is asked, and by whom --------------------------------------------------------------------------------------


async def test_who_asks(bench: Bench) -> None:
    await bench.ask(UNARY, frame(b""), x_request_id="r" * 200)
    await bench.ask(MANY_MANY, b"", authorization="\u00e9")
    one, other = bench.edge.asked
    assert (one.key, one.authorization, one.request_id, one.trusted_peer) == ("k", "t", "r" * 128, False)
    assert one.remaining() is None
    assert other.authorization == "é".encode().decode("latin-1")


@pytest.mark.parametrize("token", ["", "t"])
@pytest.mark.parametrize("trusts", [True, False])
@pytest.mark.parametrize("unix", [True, False])
async def test_only_unix_sockets_that_are_trusted_need_no_token(token: str, trusts: bool, unix: bool) -> None:
    bench = Bench(trust_unix_sockets=trusts, by_unix_socket=lambda scope: unix)
    for path, headers in ((UNARY, {}), (UNARY, {"grpc_timeout": "1H"}), (MANY_MANY, {})):
        await bench.ask(path, frame(b""), authorization=token, **headers)
    assert [asked.trusted_peer for asked in bench.edge.asked] == [trusts and unix and not token] * 3


@EVERY
async def test_a_failure_has_its_details(bench: Bench, path: str) -> None:
    answer = await bench.ask(path, frame(b"fail"))
    assert answer.code == "NOT_FOUND"
    assert answer.message.startswith("no")
    assert answer.headers[b"content-type"] == b"application/grpc"
    assert answer.body == b""


async def test_a_failure_after_messages_comes_in_trailers(bench: Bench) -> None:
    answer = await bench.ask(MANY_MANY, frame(b"a"), frame(b"fail"))
    assert (answer.code, answer.messages) == ("NOT_FOUND", [(0, b"a")])
    assert b"grpc-status" not in answer.headers


@pytest.mark.parametrize("path", ["/rolecall.api.v1.AuthorizationService/Nope", "/", "/nope", HEALTH + "List"])
async def test_unknown_methods(bench: Bench, path: str) -> None:
    answer = await bench.ask(path, frame(b""))
    assert (answer.status, answer.code) == (200, "UNIMPLEMENTED")
    assert answer.message == f"there is no method `{path}`"


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (b"/a\n\x1b[2J/b\x7f", "`/a\\n\\x1b[2J/b\\x7f`"),
        ("/größe/🎈".encode(), "`/größe/🎈`"),
        (b"/a\xff/b", "`/a\\xff/b`"),
        (b"/" + b"x" * 60_000, "`/" + "x" * 76 + "...`"),
    ],
    ids=["control", "unicode", "no unicode", "long"],
)
async def test_an_unknown_method_is_named_as_it_may_be_shown(bench: Bench, path: bytes, named: str) -> None:
    request = Request("/").send(frame(b""))
    request.scope["raw_path"] = path
    await bench.run(request)
    assert request.answer().message == f"there is no method {named}"


@EVERY
async def test_what_is_no_grpc(bench: Bench, path: str) -> None:
    wrong = Request(path, {**HEADERS, "content-type": "application/json"}).send(b"{}")
    await bench.run(wrong)
    assert wrong.sent[0]["status"] == 415
    got = Request(path, method="GET").send(b"")
    await bench.run(got)
    assert got.sent[0]["status"] == 405
    assert (b"allow", b"POST") in got.sent[0]["headers"]
    assert (await bench.ask(path, frame(b""), content_type="application/grpc+proto")).code == "OK"


# --- deadlines and clients who leave ---------------------------------------------------------------------------------


@EVERY
async def test_a_deadline_is_told_and_kept(bench: Bench, path: str) -> None:
    answer = await bench.ask(path, frame(b"wait"), grpc_timeout="1m")
    assert answer.code == "DEADLINE_EXCEEDED"
    answer = await bench.ask(path, frame(b""), grpc_timeout="2H")
    assert answer.code == "OK"
    left = bench.edge.asked[-1].remaining()
    assert left is not None
    assert 7_000 < left <= 7_200


@EVERY
async def test_a_deadline_is_kept_while_the_request_comes(bench: Bench, path: str) -> None:
    request = Request(path, {**HEADERS, "grpc-timeout": "1m"}).send(frame(b"hello")[:7], end=False)
    await bench.run(request)
    assert request.answer().code == "DEADLINE_EXCEEDED"


@EVERY
@pytest.mark.parametrize("value", ["", "1", "m", "123456789S", "-1S", "1 S", "1s"])
async def test_a_malformed_deadline_is_an_error(bench: Bench, path: str, value: str) -> None:
    answer = await bench.ask(path, frame(b""), grpc_timeout=value)
    assert answer.code == "INTERNAL"
    assert "grpc-timeout" in answer.message


@EVERY
@pytest.mark.usefixtures("quick")
async def test_the_handler_of_a_client_who_left_is_cancelled(bench: Bench, path: str) -> None:
    request = Request(path).send(frame(b"wait"), b"")
    running = bench.begin(request)
    await bench.edge.waiting.wait()
    if path == MANY_MANY:  # nobody may receive in its place: it hears when it receives or sends
        request.leave()
        bench.edge.release.set()
    else:
        await asyncio.wait_for(request.looked.wait(), timeout=20)
        request.leave()
    await asyncio.wait_for(running, timeout=20)
    assert bench.edge.cancelled == (path != MANY_MANY)
    assert not any(event["type"] == "http.response.trailers" for event in request.sent)


async def test_a_client_who_leaves_while_it_is_listened_to(bench: Bench) -> None:
    for path in (UNARY, ONE_MANY, MANY_MANY):
        request = Request(path).send(frame(b"a")[:3], end=False)
        request.leave()
        await bench.run(request)
        assert request.sent == []
    assert all(asked.key for asked in bench.edge.asked)


async def test_a_client_who_left_before_its_answer(bench: Bench) -> None:
    request = Request(MANY_MANY).send(frame(b"wait"), frame(b"b"))
    running = bench.begin(request)
    await bench.edge.waiting.wait()
    request.leave()
    bench.edge.release.set()
    await asyncio.wait_for(running, timeout=20)
    unary = Request(UNARY).send(frame(b"a"))
    unary.leave()
    with pytest.raises(Left):  # which is the server's own error, for it to know
        await bench.run(unary)


@EVERY
async def test_others_may_cancel(bench: Bench, path: str) -> None:
    running = bench.begin(Request(path).send(frame(b"wait"), b""))
    await bench.edge.waiting.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert bench.edge.cancelled == 1


async def test_what_a_client_does_not_read_is_waited_for(bench: Bench) -> None:
    request = Request(MANY_MANY).send(frame(b"a"), frame(b"b"))
    request.room.clear()
    running = bench.begin(request)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not running.done()
    request.room.set()
    await asyncio.wait_for(running, timeout=20)
    assert request.answer().messages == [(0, b"a"), (0, b"b")]


@EVERY
async def test_too_many_calls_are_refused(path: str) -> None:
    bench = Bench(max_concurrent_rpcs=1)
    request = Request(path).send(frame(b"wait"), b"")
    running = bench.begin(request)
    await bench.edge.waiting.wait()
    for other in (UNARY, MANY_MANY):
        assert (await bench.ask(other, frame(b"a"))).code == "RESOURCE_EXHAUSTED"
    bench.edge.release.set()
    await asyncio.wait_for(running, timeout=20)
    assert request.answer().code == "OK"
    assert (await bench.ask(path, frame(b"a"))).code == "OK"


# --- stopping, health, reflection ------------------------------------------------------------------------------------


@EVERY
async def test_the_stop_lets_calls_end(bench: Bench, path: str) -> None:
    request = Request(path).send(frame(b"wait"), b"")
    running = bench.begin(request)
    await bench.edge.waiting.wait()
    stopping = asyncio.create_task(bench.door.stop(30))
    await asyncio.wait_for(bench.edge.drained.wait(), timeout=20)
    bench.edge.release.set()
    await asyncio.wait_for(asyncio.gather(stopping, running), timeout=20)
    assert request.answer().code == "OK"


@EVERY
async def test_the_stop_ends_calls_that_do_not_end(bench: Bench, path: str) -> None:
    request = Request(path).send(frame(b"wait"), b"")
    running = bench.begin(request)
    await bench.edge.waiting.wait()
    await bench.door.stop(0)
    await asyncio.wait_for(running, timeout=20)
    assert request.answer().code == "UNAVAILABLE"


async def test_health(bench: Bench) -> None:
    async def status(service: str) -> int:
        body = health_pb2.HealthCheckRequest(service=service).SerializeToString()
        ((_, message),) = (await bench.ask(HEALTH + "Check", frame(body))).messages
        return int(health_pb2.HealthCheckResponse.FromString(message).status)

    reply = health_pb2.HealthCheckResponse
    await bench.door.start()
    assert {await status(name) for name in ("", *SERVICE_NAMES)} == {reply.NOT_SERVING}
    await bench.door.serving(ready=True)
    assert {await status(name) for name in ("", *SERVICE_NAMES)} == {reply.SERVING}
    unknown = health_pb2.HealthCheckRequest(service="other").SerializeToString()
    assert (await bench.ask(HEALTH + "Check", frame(unknown))).code == "NOT_FOUND"
    assert (await bench.ask(HEALTH + "Check", frame(b"\xff"))).code == "INVALID_ARGUMENT"


async def test_who_watches_health_hears_of_the_stop(bench: Bench) -> None:
    await bench.door.serving(ready=True)
    request = Request(HEALTH + "Watch").send(frame(b""))
    running = bench.begin(request)
    await asyncio.wait_for(request.said.wait(), timeout=20)
    await bench.door.stop(30)
    await asyncio.wait_for(running, timeout=20)
    answer = request.answer()
    statuses = [health_pb2.HealthCheckResponse.FromString(message).status for _, message in answer.messages]
    reply = health_pb2.HealthCheckResponse
    assert (answer.code, statuses) == ("UNAVAILABLE", [reply.SERVING, reply.NOT_SERVING])


async def test_reflection(bench: Bench) -> None:
    ask = reflection_pb2.ServerReflectionRequest
    wanted = [ask(list_services=""), ask(file_containing_symbol=SERVICE_NAMES[0]), ask()]
    answer = await bench.ask(REFLECTION, b"".join(frame(one.SerializeToString()) for one in wanted))
    services, files, error = (
        reflection_pb2.ServerReflectionResponse.FromString(message) for _, message in answer.messages
    )
    names = {service.name for service in services.list_services_response.service}
    assert names == {*SERVICE_NAMES, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
    assert files.file_descriptor_response.file_descriptor_proto
    assert error.error_response.error_code
    assert (await bench.ask(REFLECTION, frame(b"\xff"))).code == "INVALID_ARGUMENT"


# --- pieces that the server takes in its own time --------------------------------------------------------------------


async def _turns() -> None:
    """Let everything happen that waits for nothing from outside."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_piece_is_waited_for_when_there_is_more_to_send_and_not_before(bench: Bench) -> None:
    request = Taken(MANY_MANY).send(frame(b"a"), end=False)
    answering = bench.begin(request)
    await _turns()
    request.send(frame(b"b"), end=False).send(frame(b"c"))
    await _turns()
    assert request.bodies == [frame(b"a")], "the first piece is not taken yet"
    request.pieces[0].set_result(None)
    await _turns()
    assert request.bodies == [frame(b"a"), frame(b"b")]
    request.pieces[1].set_result(None)
    await asyncio.wait_for(answering, timeout=20)  # who does not take the last one holds up nothing
    assert [body for _, body in request.answer().messages] == [b"a", b"b", b"c"]


async def test_what_is_sent_at_once_never_goes_before_what_waits(bench: Bench) -> None:
    request = Taken(MANY_MANY).send(frame(b"now"), end=False)
    answering = bench.begin(request)
    await _turns()
    request.pieces[0].set_result(None)
    await _turns()
    request.send(frame(b"now"))
    await asyncio.wait_for(answering, timeout=20)
    assert bench.edge.sent_now == [False, False], "the piece before it was not taken"
    assert [body for _, body in request.answer().messages] == [b"now", b"now"]


async def test_a_message_is_sent_at_once_when_all_before_it_is_taken(bench: Bench) -> None:
    request = Taken(MANY_MANY)
    out = Outgoing(request.take, cast("Any", None), b"")
    assert not out.send_now(b"first"), "nothing is known of the server before the first piece"
    await out.send([b"a"])
    assert not out.send_now(b"early")
    request.pieces[0].set_result(None)
    assert out.send_now(b"b")
    assert not out.send_now(b"early")
    assert request.bodies == [frame(b"a"), frame(b"b")]


async def test_a_client_that_left_with_a_piece_is_found_when_there_is_more_to_send(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    request = Taken(MANY_MANY).send(frame(b"now"), end=False)
    answering = bench.begin(request)
    await _turns()
    request.pieces[0].set_exception(Left())
    request.send(frame(b"b"))
    await asyncio.wait_for(answering, timeout=20)
    assert request.bodies == [frame(b"now")]
    del request, answering
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_nobody_asks_about_a_last_piece_that_was_not_taken(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    request = Taken(MANY_MANY).send(frame(b"a"))
    await bench.run(request)
    request.pieces.pop().set_exception(Left())
    await _turns()
    del request
    gc.collect()
    assert "never retrieved" not in caplog.text
