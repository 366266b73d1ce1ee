"""Every method of both clients against a real server: the same answers, and the same errors."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.api.v1 import call_pb2
from rolecall.api.v1.authorization_pb2_grpc import AuthorizationServiceStub
from rolecall.api.v1.call_pb2_grpc import CallServiceStub
from rolecall.client import (
    AsyncClient,
    Check,
    CheckError,
    Client,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
    server_token,
    tls,
    user_token,
)
from tests.doors import running
from tests.integration.client.world import CALL, CHANNEL, SECONDS, World, begin

Ask = Callable[[str, Callable[[Any], Any]], Any]
both = pytest.mark.parametrize("kind", ["sync", "aio"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = begin(tmp_path_factory.mktemp("world"))
    yield world
    world.server.stop()


@pytest.fixture
def ask(world: World) -> Ask:
    """Return what asks by either client: `question` gets the client, and returns what a method returns."""

    def ask(kind: str, question: Callable[[Any], Any], **options: Any) -> Any:
        if kind == "sync":
            with world.client(**options) as client:
                return question(client)

        async def run() -> Any:
            async with world.aclient(**options) as client:
                answer = question(client)
                return await answer if inspect.isawaitable(answer) else answer

        return asyncio.run(run())

    return ask


@both
def test_check(kind: str, ask: Ask) -> None:
    yes = ask(kind, lambda client: client.check("bob", "send-audio", call=CALL))
    assert yes
    assert (yes.reason, yes.role, yes.permission) == ("ROLE_GRANT", "user", "send-audio")
    assert yes.revision > 0
    no = ask(kind, lambda client: client.check("gil", "mute-users", call=CALL))
    assert not no
    assert no.reason == "OWNER_ONLY"
    facts = pb.Facts(blocked=True)
    assert ask(kind, lambda client: client.check("bob", "send-audio", call=CALL, facts=facts)).reason == "BLOCKED"
    assert ask(kind, lambda client: client.check("bob", "update-message", channel=CHANNEL, owner="bob"))
    assert not ask(kind, lambda client: client.check("bob", "update-message", channel=CHANNEL, owner="ann"))


@both
def test_errors_are_typed(kind: str, ask: Ask) -> None:
    with pytest.raises(InvalidArgument) as raised:
        ask(kind, lambda client: client.check("bob", "send-audo", call=CALL))
    assert (raised.value.reason, raised.value.field) == ("UNKNOWN_CAPABILITY", "capability")
    assert raised.value.request_id
    with pytest.raises(NotFound):
        ask(kind, lambda client: client.capabilities("bob", call="nothing:x"))


@both
def test_allows_is_never_yes_without_an_answer(kind: str, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    assert ask(kind, lambda client: client.allows("bob", "send-audio", call=CALL)) is True
    assert caplog.records == []
    with caplog.at_level(logging.WARNING):
        assert ask(kind, lambda client: client.allows("bob", "send-audo", call=CALL)) is False
        assert ask(kind, lambda client: client.allows("bob", "send-audio", call=CALL, timeout=0.0)) is False
        assert ask(kind, lambda client: client.allows("bob", "send-audio", call=CALL, channel=CHANNEL)) is False
    assert len(caplog.records) == 3


@both
def test_ten_thousand_questions_keep_their_order(kind: str, ask: Ask) -> None:
    checks = [
        Check("bob" if place % 3 else "gil", "mute-users" if place % 7 else "read-call", call=CALL)
        for place in range(10_000)
    ]
    checks[4_321] = Check("bob", "send-audo", call=CALL)
    checks[9_999] = Check("bob", "read-channel", channel=CHANNEL)
    answers = ask(kind, lambda client: client.check_many(checks))
    one = {
        (who, what): ask(kind, alone(who, what)).allowed
        for who in ("bob", "gil")
        for what in ("mute-users", "read-call")
    }
    assert len(answers) == 10_000
    error = answers.pop(4_321)
    checks.pop(4_321)
    assert isinstance(error, CheckError)
    assert (error.code, error.reason, error.field) == (
        "INVALID_ARGUMENT",
        "UNKNOWN_CAPABILITY",
        "checks[321].capability",
    )
    assert answers.pop()
    checks.pop()
    assert [answer.allowed for answer in answers] == [one[check.user_id, check.capability] for check in checks]
    assert len(set(one.values())) == 2


def alone(user_id: str, capability: str) -> Callable[[Any], Any]:
    return lambda client: client.check(user_id, capability, call=CALL)


@both
def test_no_questions_are_no_answers(kind: str, ask: Ask) -> None:
    assert ask(kind, lambda client: client.check_many([])) == []


@both
def test_everything_else_that_is_asked(kind: str, ask: Ask) -> None:
    held = ask(kind, lambda client: client.capabilities("bob", channel=CHANNEL))
    assert "send-message" in held
    assert list(held) == sorted(held.names)
    bob, gil = ask(kind, lambda client: client.roster(CALL))
    assert (bob.user_id, gil.user_id, bob.role) == ("bob", "gil", "call_member")
    assert bob.capabilities == ask(kind, lambda client: client.capabilities("bob", call=CALL)).names
    told = ask(kind, lambda client: client.explain("gil", "mute-users", call=CALL))
    assert not told
    assert told.would_allow
    assert told.steps[-1].outcome == "deny"
    assert ask(kind, lambda client: client.admission("bob", CALL))
    ended = ask(kind, lambda client: client.admission("bob", CALL, facts=pb.Facts(ended=True)))
    assert "join-call" in ended.required
    later = ask(kind, lambda client: client.check("bob", "send-audio", call=CALL, min_revision=held.revision))
    assert later.revision >= held.revision


@both
def test_other_rpcs_by_their_stubs(kind: str, ask: Ask) -> None:
    get = call_pb2.GetCallRequest(cid=CALL)
    assert ask(kind, lambda client: client.stub(CallServiceStub).GetCall(get)).call.cid == CALL
    with pytest.raises(NotFound):
        ask(kind, lambda client: client.stub(CallServiceStub).GetCall(call_pb2.GetCallRequest(cid="default:none")))
    question = pb.StreamCheckCapabilitiesRequest(
        id="q", check=pb.CheckCapabilityRequest(user_id="bob", call=CALL, capability="send-audio")
    )
    answers = ask(kind, lambda client: _streamed(client, question))
    assert [(answer.id, answer.result.allowed) for answer in answers] == [("q", True)]
    watch = pb.WatchCapabilitiesRequest(user_id="bob", call="nothing:x")
    with pytest.raises(NotFound):
        ask(kind, lambda client: _listed(client.stub(AuthorizationServiceStub).WatchCapabilities(watch)))


def _streamed(client: Any, question: Any) -> Any:
    if isinstance(client, Client):
        return list(client.stub(AuthorizationServiceStub).StreamCheckCapabilities(iter([question])))

    async def questions() -> Any:
        yield question

    return _listed(client.stub(AuthorizationServiceStub).StreamCheckCapabilities(questions()))


def _listed(answers: Any) -> Any:
    if hasattr(answers, "__iter__"):
        return list(answers)

    async def collect() -> list[Any]:
        return [answer async for answer in answers]

    return collect()


async def test_questions_of_one_turn_are_one_request(world: World) -> None:
    async with world.aclient() as client:
        asked = asyncio.gather(
            *(
                client.check("bob" if n % 2 else "gil", "mute-users" if n % 3 else "send-audio", call=CALL)
                for n in range(300)
            ),
            client.check("bob", "send-audo", call=CALL),
            client.check("bob", "send-message", channel=CHANNEL),
            return_exceptions=True,
        )
        *answers, wrong, other = await asked
        assert len({answer.revision for answer in answers if not isinstance(answer, BaseException)}) == 1
        assert isinstance(wrong, InvalidArgument)
        assert wrong.reason == "UNKNOWN_CAPABILITY"
        assert other
        alone = await client.check("bob", "mute-users", call=CALL)
        assert answers[1] == alone


# --- who asks --------------------------------------------------------------------------------------------------------


@both
def test_a_user_asks_about_itself_only(kind: str, world: World, ask: Ask) -> None:
    token = user_token(world.app.secret, "bob", seconds=60)
    assert ask(kind, lambda client: client.check("", "send-audio", call=CALL), token=token)  # type: ignore[call-arg]
    with pytest.raises(PermissionDenied):
        ask(kind, lambda client: client.check("ann", "send-audio", call=CALL), token=token)  # type: ignore[call-arg]


@both
def test_an_expired_token_is_made_anew(kind: str, world: World, ask: Ask) -> None:
    made = iter([server_token(world.app.secret, seconds=-5), server_token(world.app.secret, seconds=60)])
    assert ask(kind, lambda client: client.check("bob", "send-audio", call=CALL), token=lambda: next(made))  # type: ignore[call-arg]
    expired = server_token(world.app.secret, seconds=-5)
    with pytest.raises(Unauthenticated) as raised:
        ask(kind, lambda client: client.check("bob", "send-audio", call=CALL), token=expired)  # type: ignore[call-arg]
    assert raised.value.reason == "TOKEN_EXPIRED"


@both
def test_nobody_there_is_unavailable_and_never_a_yes(kind: str) -> None:
    with pytest.raises(Unavailable):
        _checked(kind, "127.0.0.1:1", seconds=0.05)
    with Client("127.0.0.1:1", timeout=0.05) as client:
        assert client.allows("bob", "send-audio", call=CALL) is False


# --- how it connects -------------------------------------------------------------------------------------------------


@both
def test_a_unix_socket_and_mutual_tls(kind: str, tmp_path: Path) -> None:
    authority = trustme.CA()
    ours, theirs = authority.issue_cert("client.test"), authority.issue_cert("localhost", "127.0.0.1")
    ca, cert, key = tmp_path / "ca.pem", tmp_path / "cert.pem", tmp_path / "key.pem"
    authority.cert_pem.write_to_path(str(ca))
    theirs.cert_chain_pems[0].write_to_path(str(cert))
    theirs.private_key_pem.write_to_path(str(key))
    key.chmod(0o600)
    world = begin(tmp_path)
    world.server.stop()
    listen = (f"unix://{tmp_path}/s",)
    with running(world.db, listen=listen, http="off", trust_unix_sockets=True) as server:
        assert _checked(kind, server.listen[0], key=world.app.key)
    files = {"tls_cert": cert, "tls_key": key, "tls_client_ca": ca}
    with running(world.db, http="off", **files) as server:
        secrets: dict[str, Any] = {"key": world.app.key, "token": world.app.token()}
        certificate, private = ours.cert_chain_pems[0].bytes(), ours.private_key_pem.bytes()
        credentials = tls(root_ca=ca, client_cert=certificate, client_key=private)
        assert _checked(kind, server.listen[0], credentials=credentials, **secrets)
        for wrong in (None, tls(root_ca=ca)):
            with pytest.raises(Unavailable):
                _checked(kind, server.listen[0], credentials=wrong, seconds=0.3, **secrets)


def _checked(kind: str, target: str, *, seconds: float = SECONDS, **options: Any) -> bool:
    if kind == "sync":
        with Client(target, timeout=seconds, **options) as client:
            return client.check("bob", "send-audio", call=CALL).allowed

    async def ask() -> bool:
        async with AsyncClient(target, timeout=seconds, **options) as client:
            return (await client.check("bob", "send-audio", call=CALL)).allowed

    return asyncio.run(ask())
