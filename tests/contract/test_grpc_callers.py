"""Who a caller is, over the wire: keys, tokens, what is refused, and when a token stops to count."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from rolecall.api.v1 import app_pb2, authorization_pb2, call_pb2, role_pb2, user_pb2
from rolecall.service.administration.apps import rotate_secret
from rolecall.store import Store
from tests.contract.good_requests import GOOD, dump, fill
from tests.doors import RPCS, App, Client, Refusal, Rpc, Server, make_app, running, signed, until
from tests.tables import CALL_CAPABILITIES

Code = grpc.StatusCode
QUESTION: Final = authorization_pb2.CheckCapabilityRequest(
    user_id="ann", call="default:standup", capability="send-audio"
)
HOUR: Final = 3_600


class Stage(NamedTuple):
    """A server with two filled apps."""

    db: Path
    server: Server
    acme: App
    other: App

    def caller(self, token: str, key: str | None = None) -> Client:
        return Client(self.server.channel(), self.acme.key if key is None else key, token)

    def refused(self, token: str, key: str | None = None) -> Refusal:
        """Ask a question and return why it was refused as unauthenticated."""
        refusal = self.caller(token, key).refused(QUESTION)
        assert refusal.code == Code.UNAUTHENTICATED, refusal
        assert refusal.domain == "rolecall"
        assert refusal.fields == ()
        for part in token.removeprefix("Bearer ").split("."):
            assert len(part) < 8 or part not in str(refusal)
        return refusal


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    db = tmp_path_factory.mktemp("callers") / "store.db"
    acme, other = make_app(db, "acme"), make_app(db, "other")
    with running(db, refresh_ms=10) as server:
        for app in (acme, other):
            fill(server.client(app))
        yield Stage(db, server, acme, other)


# --- tokens that are none --------------------------------------------------------------------------------------------


def _part(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def hand_made(header: object, payload: object, secret: str, digest: str = "sha256") -> str:
    """Sign by hand what no library would."""
    head = f"{_part(header)}.{_part(payload)}"
    return f"{head}.{_part(hmac.new(secret.encode(), head.encode(), digest).digest())}"


HEADER: Final = {"alg": "HS256", "typ": "JWT"}


def _now() -> int:
    return int(time.time())


def _tampered(app: App) -> str:
    header, payload, signature = app.token("ann").split(".")
    assert payload != _part({"user_id": "bob"})
    return f"{header}.{_part({'user_id': 'bob'})}.{signature}"


def _server_side_again(app: App) -> str:
    header, _, signature = app.token("ann").split(".")
    return f"{header}.{_part({})}.{signature}"


def _none(app: App) -> str:
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part({})}."


def _none_signed(app: App) -> str:
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part({})}.{app.token().split('.')[2]}"


BAD_TOKENS: Final[dict[str, tuple[Callable[[App], str], str]]] = {
    "no token": (lambda app: "", "TOKEN_MISSING"),
    "Bearer alone": (lambda app: "Bearer", "TOKEN_MALFORMED"),
    "another scheme": (lambda app: f"Basic {app.token()}", "TOKEN_MALFORMED"),
    "a word": (lambda app: "garbage", "TOKEN_MALFORMED"),
    "dots": (lambda app: "..", "TOKEN_MALFORMED"),
    "two parts": (lambda app: app.token().rpartition(".")[0], "TOKEN_MALFORMED"),
    "four parts": (lambda app: app.token() + ".x", "TOKEN_MALFORMED"),
    "no base64": (lambda app: "!.!.!", "TOKEN_MALFORMED"),
    "payload of a list": (lambda app: hand_made(HEADER, [], app.secret), "TOKEN_MALFORMED"),
    "payload of text": (lambda app: hand_made(HEADER, "x", app.secret), "TOKEN_MALFORMED"),
    "payload no JSON": (lambda app: hand_made(HEADER, b"{", app.secret), "TOKEN_MALFORMED"),
    "payload no UTF-8": (lambda app: hand_made(HEADER, b'{"user_id":"\xff"}', app.secret), "TOKEN_MALFORMED"),
    "payload nested without end": (lambda app: hand_made(HEADER, b"[" * 3_000, app.secret), "TOKEN_MALFORMED"),
    "header no JSON": (lambda app: hand_made(b"{", {}, app.secret), "TOKEN_MALFORMED"),
    "header of a list": (lambda app: hand_made([], {}, app.secret), "TOKEN_MALFORMED"),
    "header with an unknown critical extension": (
        lambda app: hand_made({**HEADER, "crit": ["x"], "x": 1}, {}, app.secret),
        "TOKEN_MALFORMED",
    ),
    "no algorithm": (lambda app: hand_made({"typ": "JWT"}, {}, app.secret), "TOKEN_ALGORITHM_INVALID"),
    "algorithm none": (_none, "TOKEN_ALGORITHM_INVALID"),
    "algorithm none, signed": (_none_signed, "TOKEN_ALGORITHM_INVALID"),
    "algorithm None": (lambda app: hand_made({"alg": "None"}, {}, app.secret), "TOKEN_ALGORITHM_INVALID"),
    "algorithm null": (lambda app: hand_made({"alg": None}, {}, app.secret), "TOKEN_ALGORITHM_INVALID"),
    "algorithm of a list": (lambda app: hand_made({"alg": ["HS256"]}, {}, app.secret), "TOKEN_ALGORITHM_INVALID"),
    "algorithm hs256": (lambda app: hand_made({"alg": "hs256"}, {}, app.secret), "TOKEN_ALGORITHM_INVALID"),
    "HS384": (lambda app: signed({}, app.secret, algorithm="HS384"), "TOKEN_ALGORITHM_INVALID"),
    "HS512": (lambda app: signed({}, app.secret, algorithm="HS512"), "TOKEN_ALGORITHM_INVALID"),
    "RS256 in the header": (lambda app: hand_made({"alg": "RS256"}, {}, app.secret), "TOKEN_ALGORITHM_INVALID"),
    "ES256 in the header": (lambda app: hand_made({"alg": "ES256"}, {}, app.secret), "TOKEN_ALGORITHM_INVALID"),
    "another secret": (lambda app: signed({}, "x" * 64), "TOKEN_SIGNATURE_INVALID"),
    "no secret": (lambda app: hand_made(HEADER, {}, ""), "TOKEN_SIGNATURE_INVALID"),
    "the key for a secret": (lambda app: hand_made(HEADER, {}, app.key), "TOKEN_SIGNATURE_INVALID"),
    "SHA-512 under HS256": (lambda app: hand_made(HEADER, {}, app.secret, "sha512"), "TOKEN_SIGNATURE_INVALID"),
    "no signature": (lambda app: app.token().rpartition(".")[0] + ".", "TOKEN_SIGNATURE_INVALID"),
    "half a signature": (lambda app: app.token()[:-19], "TOKEN_SIGNATURE_INVALID"),
    "another user in the payload": (_tampered, "TOKEN_SIGNATURE_INVALID"),
    "no user in the payload any more": (_server_side_again, "TOKEN_SIGNATURE_INVALID"),
    "expired": (lambda app: app.token(exp=_now() - 1), "TOKEN_EXPIRED"),
    "expired long ago": (lambda app: app.token("ann", exp=0), "TOKEN_EXPIRED"),
    "expired before 1970": (lambda app: app.token(exp=-1), "TOKEN_EXPIRED"),
    "not yet valid": (lambda app: app.token(nbf=_now() + HOUR), "TOKEN_NOT_YET_VALID"),
    "issued in the future": (lambda app: app.token(iat=_now() + HOUR), "TOKEN_USED_BEFORE_ISSUED"),
}

_ODD_TIMES: Final[tuple[Any, ...]] = ("soon", str(2**31), True, [], {}, float("nan"), float("inf"), 1e300, 10**30)
_ODD_IDS: Final = ("x" * 256, "a\nb", "a\0", "\x7f", "\ud800")
_ODD_USERS: Final[tuple[Any, ...]] = (
    "",
    None,
    0,
    7,
    1.5,
    True,
    False,
    [],
    ["ann"],
    {},
    "x" * 256,
    "a\nb",
    "a\0",
    "\x7f",
    "\ud800",
)
_ODD_ROLES: Final[tuple[Any, ...]] = (7, True, [], ["host"], {}, "\ud800", "a b", "x" * 65)
_ODD_LISTS: Final[tuple[Any, ...]] = ("default:standup", 7, {}, [7], [None], [["x"]])
_ODD_CLAIMS: Final = [
    *(("user_id", value) for value in _ODD_USERS),
    *((name, value) for name in ("exp", "nbf", "iat") for value in _ODD_TIMES),
    *(("role", value) for value in _ODD_ROLES),
    *((name, value) for name in ("call_cids", "channel_cids") for value in _ODD_LISTS),
]


@pytest.mark.parametrize("about", BAD_TOKENS)
def test_a_token_that_is_not_right_is_refused(stage: Stage, about: str) -> None:
    make, reason = BAD_TOKENS[about]
    assert stage.refused(make(stage.acme)).reason == reason


@pytest.mark.parametrize(("claim", "value"), _ODD_CLAIMS, ids=repr)
def test_a_claim_of_another_kind_is_refused_and_never_makes_a_server(stage: Stage, claim: str, value: object) -> None:
    token = hand_made(HEADER, {claim: value}, stage.acme.secret)
    assert stage.refused(token).reason == "TOKEN_CLAIM_INVALID"


@pytest.mark.parametrize("rpc", RPCS, ids=lambda rpc: rpc.name)
def test_no_rpc_is_answered_without_a_key_or_without_a_token(stage: Stage, rpc: Rpc) -> None:
    channel = stage.server.channel()
    no_key = Client(channel, "", stage.acme.token())
    no_token, unknown = Client(channel, stage.acme.key), Client(channel, "nope", stage.acme.token())
    for client, reason in ((no_key, "API_KEY_MISSING"), (no_token, "TOKEN_MISSING"), (unknown, "API_KEY_UNKNOWN")):
        refusal = _refusal(client, rpc)
        assert (refusal.code, refusal.reason) == (Code.UNAUTHENTICATED, reason), refusal


def _refusal(client: Client, rpc: Rpc) -> Refusal:
    return client.refused_stream(rpc) if rpc.streams else client.refused_bytes(rpc, b"")


def test_the_key_of_one_app_takes_no_token_of_another(stage: Stage) -> None:
    assert stage.refused(stage.acme.token(), stage.other.key).reason == "TOKEN_SIGNATURE_INVALID"
    assert stage.refused(stage.other.token("ann"), stage.acme.key).reason == "TOKEN_SIGNATURE_INVALID"


# --- tokens that are right -------------------------------------------------------------------------------------------

GOOD_TOKENS: Final[dict[str, Callable[[App], str]]] = {
    "bare": lambda app: app.token(),
    "Bearer": lambda app: f"Bearer {app.token()}",
    "bearer": lambda app: f"bearer {app.token()}",
    "Bearer with spaces": lambda app: f"Bearer   {app.token()} ",
    "valid for an hour": lambda app: app.token(iat=_now(), nbf=_now() - 1, exp=_now() + HOUR),
    "fractions of seconds": lambda app: app.token(iat=time.time() - 0.5, exp=time.time() + HOUR),
    "a clock a little ahead": lambda app: app.token(iat=_now() + 3),
    "issued before 1970": lambda app: app.token(iat=-1),
    "other claims": lambda app: hand_made(HEADER, {"server": True, "sub": 7, "aud": ["x"], "iss": {}}, app.secret),
    "7 KB": lambda app: app.token(pad="x" * 5_000),
    "the user": lambda app: app.token("ann"),
    "the user by call token": lambda app: app.token("ann", call_cids=["default:standup"], role="host"),
}


@pytest.mark.parametrize("about", GOOD_TOKENS)
def test_a_token_that_is_right_is_answered(stage: Stage, about: str) -> None:
    assert stage.caller(GOOD_TOKENS[about](stage.acme))(QUESTION).allowed


def test_a_token_stops_to_count_when_it_expires(stage: Stage) -> None:
    client = stage.caller(stage.acme.token(exp=time.time() + 1))
    assert client(QUESTION).allowed
    refusal = until(lambda: _refused(client))
    assert (refusal.code, refusal.reason) == (Code.UNAUTHENTICATED, "TOKEN_EXPIRED")


def _refused(client: Client) -> Refusal | None:
    """Ask and return the error, None when there is an answer."""
    try:
        client(QUESTION)
    except grpc.RpcError:
        return client.refused(QUESTION)
    return None


# --- revocation and rotation -----------------------------------------------------------------------------------------


def _at(seconds: float) -> Timestamp:
    return Timestamp(seconds=int(seconds))


def test_tokens_of_an_app_are_revoked_by_when_they_were_issued(stage: Stage) -> None:
    app = make_app(stage.db, "revoking")
    then = _now() - HOUR
    old, new, timeless = (Client(stage.server.channel(), app.key, token) for token in _issued(app, then))
    _until_known(old)
    fill(new)
    for client in (old, new, timeless):
        assert client(QUESTION).allowed
    new(app_pb2.UpdateAppRequest(revoke_tokens_issued_before=_at(then)))
    for client in (new, timeless):  # a server that does not say when its token was issued, as Stream's SDKs, stays
        assert client(QUESTION).allowed
    assert old.refused(QUESTION).reason == "TOKEN_REVOKED"
    timeless(app_pb2.UpdateAppRequest(update_mask={"paths": ["revoke_tokens_issued_before"]}))
    for client in (old, new, timeless):
        assert client(QUESTION).allowed


def _issued(app: App, then: int) -> tuple[str, str, str]:
    return app.token(iat=then - 1), app.token(iat=then), app.token()


def _until_known(client: Client) -> None:
    """Wait until the server has read from the file what this caller's key and token are made of."""
    until(lambda: not isinstance(client.outcome(*_bytes(app_pb2.GetAppRequest())), Refusal))


def _bytes(request: Any) -> tuple[Rpc, bytes]:
    rpc = next(rpc for rpc in RPCS if rpc.request is type(request))
    return rpc, request.SerializeToString()


def test_tokens_of_a_user_are_revoked_for_that_user_alone(stage: Stage) -> None:
    server, then = stage.caller(stage.acme.token(iat=_now() - 2 * HOUR)), _now() - HOUR
    server(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="revoked")]))
    question = authorization_pb2.CheckCapabilityRequest(call="default:standup", capability="send-audio")
    old, new, timeless = (stage.caller(stage.acme.token("revoked", iat=iat)) for iat in (then - 1, then, None))
    bystander = stage.caller(stage.acme.token("ann", iat=then - 1))
    for client in (old, new, timeless, bystander):
        client(question)
    change = user_pb2.User(id="revoked", revoke_tokens_issued_before=_at(then))
    server(user_pb2.UpsertUsersRequest(users=[change]))
    for client in (old, timeless):
        refusal = client.refused(question)
        assert (refusal.code, refusal.reason) == (Code.UNAUTHENTICATED, "TOKEN_REVOKED")
    for client in (new, bystander):
        client(question)
    assert server(QUESTION).allowed  # a server's token of before is no token of the user


def _rotate(db: Path, name: str, *, keep_old: bool) -> str:
    async def rotate() -> str:
        store = await Store.open(str(db))
        try:
            return await rotate_secret(store, name, keep_old=keep_old)
        finally:
            await store.close()

    return asyncio.run(rotate())


def test_secrets_are_rotated_without_a_gap_and_a_dropped_one_counts_no_more(stage: Stage) -> None:
    app = make_app(stage.db, "rotating")
    old = Client(stage.server.channel(), app.key, app.token())
    _until_known(old)
    fill(old)

    fresh = app._replace(secret=_rotate(stage.db, "rotating", keep_old=True))
    new = Client(stage.server.channel(), app.key, fresh.token())
    _until_known(new)
    assert old(QUESTION).allowed  # remembered by now, and both secrets are live

    newest = app._replace(secret=_rotate(stage.db, "rotating", keep_old=False))
    last = Client(stage.server.channel(), app.key, newest.token())
    _until_known(last)
    for client in (old, new):
        refusal = client.refused(QUESTION)
        assert (refusal.code, refusal.reason) == (Code.UNAUTHENTICATED, "TOKEN_SIGNATURE_INVALID")
    for secret in (app.secret, fresh.secret, newest.secret):
        assert secret not in stage.server.log


# --- without signatures ----------------------------------------------------------------------------------------------


def test_signature_checks_can_be_switched_off_in_development_mode_alone(stage: Stage, tmp_path: Path) -> None:
    change = app_pb2.UpdateAppRequest(disable_auth_checks=True)
    refusal = stage.caller(stage.acme.token()).refused(change)
    assert (refusal.code, refusal.reason) == (Code.FAILED_PRECONDITION, "DEVELOPMENT_ONLY")
    assert refusal.fields == ("disable_auth_checks",)
    assert not stage.caller(stage.acme.token())(app_pb2.GetAppRequest()).app.disable_auth_checks

    db = tmp_path / "store.db"
    app = make_app(db)
    unsigned = f"{_part(HEADER)}.{_part({})}.{_part(b'no signature')}"
    with running(db, dev=True) as server:
        client, forger = server.client(app), Client(server.channel(), app.key, unsigned)
        assert forger.refused(app_pb2.GetAppRequest()).reason == "TOKEN_SIGNATURE_INVALID"
        client(change)
        assert forger(app_pb2.GetAppRequest()).app.disable_auth_checks
        expired = Client(server.channel(), app.key, f"{_part(HEADER)}.{_part({'exp': 1})}.{_part(b'x')}")
        assert expired.refused(app_pb2.GetAppRequest()).reason == "TOKEN_EXPIRED"
    with running(db) as server:
        forger = Client(server.channel(), app.key, unsigned)
        assert forger.refused(app_pb2.GetAppRequest()).reason == "TOKEN_SIGNATURE_INVALID"
        assert server.client(app)(app_pb2.GetAppRequest()).app.disable_auth_checks


# --- whom a user may ask about ---------------------------------------------------------------------------------------


def _questions(**said: Any) -> list[Any]:
    said["call"] = "default:standup"
    return [
        authorization_pb2.CheckCapabilityRequest(capability="send-audio", **said),
        authorization_pb2.ExplainCapabilityRequest(capability="send-audio", **said),
        authorization_pb2.ListCapabilitiesRequest(**said),
        authorization_pb2.CheckAdmissionRequest(**said),
    ]


def test_a_user_is_answered_about_itself_named_or_not(stage: Stage) -> None:
    ann, server = stage.server.client(stage.acme, "ann"), stage.server.client(stage.acme)
    for named, unnamed in zip(_questions(user_id="ann"), _questions(), strict=True):
        assert ann(named) == ann(unnamed) == server(named)


def test_a_user_is_not_answered_about_another_nor_with_facts_of_its_own(stage: Stage) -> None:
    ann = stage.server.client(stage.acme, "ann")
    for field, questions in (
        ("user_id", _questions(user_id="bob")),
        ("user_id", _questions(user_id="nobody")),
        ("facts", _questions(facts=authorization_pb2.Facts(member_role="host"))),
        ("facts", _questions(facts=authorization_pb2.Facts())),
    ):
        for question in questions:
            refusal = ann.refused(question)
            assert refusal.code == Code.PERMISSION_DENIED, question
            assert refusal.fields == (field,)


def test_in_a_batch_each_question_about_another_is_refused_by_itself(stage: Stage) -> None:
    ann = stage.server.client(stage.acme, "ann")
    own, *_ = _questions()
    about_bob, *_ = _questions(user_id="bob")
    with_facts, *_ = _questions(facts=authorization_pb2.Facts(member_role="host"))
    batch = authorization_pb2.BatchCheckCapabilitiesRequest(checks=[own, about_bob, with_facts, own])
    results = ann(batch).results
    assert [result.WhichOneof("outcome") for result in results] == ["result", "error", "error", "result"]
    assert [result.error.code for result in results[1:3]] == [Code.PERMISSION_DENIED.value[0]] * 2
    assert [result.error.field for result in results[1:3]] == ["checks[1].user_id", "checks[2].facts"]


# --- tokens that carry a role ----------------------------------------------------------------------------------------


def _capabilities(client: Client, **where: str) -> set[str]:
    request: Any = authorization_pb2.ListCapabilitiesRequest(**where)  # type: ignore[arg-type]
    return set(client(request).own_capabilities)


def test_a_call_token_gives_its_role_on_the_calls_it_names_and_nowhere_else(stage: Stage) -> None:
    server = stage.server.client(stage.acme)
    server(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="dan", role="guest")]))
    server(call_pb2.UpsertCallRequest(cid="default:elsewhere"))
    plain = stage.server.client(stage.acme, "dan")
    token = stage.server.client(stage.acme, "dan", call_cids=["default:standup", "default:never"], role="host")
    as_host = authorization_pb2.ListCapabilitiesRequest(
        user_id="dan", call="default:standup", facts=authorization_pb2.Facts(member_role="host")
    )
    hosting = set(server(as_host).own_capabilities)
    for cid in ("default:standup", "default:never"):
        assert _capabilities(plain, call=cid) < _capabilities(token, call=cid) == hosting
    for cid in ("default:elsewhere", "livestream:standup", "default:Standup", "default:standup2"):
        assert _capabilities(plain, call=cid) == _capabilities(token, call=cid)
    assert _capabilities(plain, channel="messaging:general") == _capabilities(token, channel="messaging:general")


@pytest.mark.parametrize("role", ["guest", "call_member", "call-member", "anonymous", "host", "nobody", ""])
def test_a_call_token_adds_and_never_restricts(stage: Stage, role: str) -> None:
    """Whoever has what anyhow keeps it, whatever role the token carries, even one that does not exist."""
    server = stage.server.client(stage.acme)
    server(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="mod", role="moderator")]))
    claims = {"user_id": "mod", "call_cids": ["default:standup", "\ud801"], "role": role}
    plain = stage.server.client(stage.acme, "mod")
    token = stage.caller(hand_made(HEADER, claims, stage.acme.secret))
    assert _capabilities(plain, call="default:standup") <= _capabilities(token, call="default:standup")
    for capability in CALL_CAPABILITIES:
        question = authorization_pb2.ExplainCapabilityRequest(call="default:standup", capability=capability)
        assert token(question).steps


def test_a_call_token_lifts_no_block_and_no_ban(stage: Stage) -> None:
    server = stage.server.client(stage.acme)
    users = [user_pb2.User(id="blocked"), user_pb2.User(id="banned", banned=True)]
    server(user_pb2.UpsertUsersRequest(users=users))
    server(call_pb2.BlockUserRequest(cid="default:standup", user_id="blocked"))
    for user_id in ("blocked", "banned", "nobody"):
        token = stage.server.client(stage.acme, user_id, call_cids=["default:standup"], role="admin")
        assert _capabilities(token, call="default:standup") == set()


def test_a_channel_token_gives_membership_of_the_channels_it_names(stage: Stage) -> None:
    server = stage.server.client(stage.acme)
    server(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="dora", role="anonymous")]))
    plain = stage.server.client(stage.acme, "dora")
    token = stage.server.client(stage.acme, "dora", channel_cids=["messaging:general"])
    as_member = authorization_pb2.ListCapabilitiesRequest(
        user_id="dora", channel="messaging:general", facts=authorization_pb2.Facts(member_role="channel_member")
    )
    member = set(server(as_member).own_capabilities)
    assert _capabilities(plain, channel="messaging:general") < _capabilities(token, channel="messaging:general")
    assert _capabilities(token, channel="messaging:general") == member
    assert _capabilities(plain, channel="messaging:spare") == _capabilities(token, channel="messaging:spare")
    assert _capabilities(plain, call="default:standup") == _capabilities(token, call="default:standup")


# --- apps ------------------------------------------------------------------------------------------------------------


def test_nothing_crosses_apps(stage: Stage) -> None:
    """Two apps hold things of the same names; whatever is written to one, the other stays as it is to the byte."""
    one, two = make_app(stage.db, "one"), make_app(stage.db, "two")
    first, second = stage.server.client(one), stage.server.client(two)
    for client in (first, second):
        _until_known(client)
        fill(client)
    second(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="ann", role="guest")]))
    second(call_pb2.UpdateCallMembersRequest(cid="default:standup", remove_members=["ann"]))
    before, other = dump(first), dump(second)
    assert before != other
    answers = [first(request) for request in GOOD.values() if _is_question(request)]
    for good, request in GOOD.items():
        if "Permission" not in good:
            second.outcome(*_bytes(request))
    second(role_pb2.CreateRoleRequest(name="only-here"))
    for name in ("ann", "bob", "carol"):
        second(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=name, banned=True)]))
    second(app_pb2.UpdateAppRequest(multi_tenant_enabled=True, disable_permissions_checks=True))
    assert dump(second) != other
    assert dump(first) == before
    assert [first(request) for request in GOOD.values() if _is_question(request)] == answers
    assert first.refused(role_pb2.DeleteRoleRequest(name="only-here")).code == Code.NOT_FOUND


def _is_question(request: Any) -> bool:
    return type(request).DESCRIPTOR.file is authorization_pb2.DESCRIPTOR
