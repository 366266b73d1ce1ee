"""Who calls (rule: callers): keys, tokens and their claims, what is remembered of them, and what ends that."""

# ruff: noqa: SLF001 - what must not be left behind, or grow, is not for others to see

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import replace
from typing import Any

import jwt
import pytest

from rolecall.domain.errors import Unauthenticated, Unavailable
from rolecall.domain.records import UserRecord
from rolecall.service import callers as callers_module
from rolecall.service.administration import create_app, rotate_secret
from rolecall.service.callers import Caller, Callers, make_token
from rolecall.service.questions import Question
from tests.unit.service.staged import CALL, Desk

NOW = 1_700_000_000
SECOND = 1_000_000_000
WEAK = pytest.mark.filterwarnings("ignore:The HMAC key is")


class Door:
    """Callers with a clock of their own, and a count of how many tokens were verified."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = desk
        self.now = float(NOW)
        self.verified = 0
        self.callers = self.opened()
        real = callers_module._decode

        def counted(*args: Any, **options: Any) -> Any:
            self.verified += 1
            return real(*args, **options)

        monkeypatch.setattr(callers_module, "_decode", counted)

    def opened(self, *, dev: bool = False) -> Callers:
        return Callers(self.desk.index, dev=dev, clock=lambda: int(self.now * SECOND))

    async def enter(self, token: str, key: str = "key") -> Caller:
        return await self.callers.authenticate(key, token)

    async def refused(self, token: str, key: str = "key", **options: Any) -> str:
        """Return the reason why a caller is refused."""
        with pytest.raises(Unauthenticated) as caught:
            await self.callers.authenticate(key, token, **options)
        assert "secret" not in caught.value.message.replace("secret of this api key", "")
        return caught.value.code_reason

    async def change_app(self, **fields: Any) -> None:
        async with self.desk.other.transaction(self.desk.app.id) as tx:
            await tx.put_app(replace(tx.app, **fields))
        await self.desk.index.refresh()

    async def change_user(self, **fields: Any) -> None:
        await self.desk.write_elsewhere(UserRecord("ann", **fields))
        await self.desk.index.refresh()


@pytest.fixture
def door(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Door:
    return Door(desk, monkeypatch)


def token(secret: str = "secret", /, **claims: Any) -> str:
    return make_token(secret, claims)


def _text(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def unsigned(header: dict[str, Any], payload: bytes) -> str:
    return f"{_text(json.dumps(header).encode())}.{_text(payload)}."


def signed(payload: bytes, **header: Any) -> str:
    """Sign any bytes as they are."""
    said = unsigned({"alg": "HS256", "typ": "JWT", **header}, payload).removesuffix(".")
    return f"{said}.{_text(hmac.digest(b'secret', said.encode(), 'sha256'))}"


# --- who it is -------------------------------------------------------------------------------------------------------


async def test_a_token_without_a_user_is_server_side(door: Door) -> None:
    caller = await door.enter(token(server=True))
    assert caller == Caller(door.desk.app.id)
    assert caller.server_side


async def test_a_token_with_a_user_is_that_user(door: Door) -> None:
    caller = await door.enter(token(user_id="ann"))
    assert caller == Caller(door.desk.app.id, "ann")
    assert not caller.server_side


async def test_a_user_nobody_stored_may_call_and_is_denied_by_the_rules(door: Door) -> None:
    caller = await door.enter(token(user_id="nobody"))
    decision, _ = await door.desk.authorizer.check(caller, Question(call=CALL), "send-audio")
    assert str(decision.reason) == "UNKNOWN_USER"


@pytest.mark.parametrize("before", ["", "Bearer ", "bearer ", "BEARER   "])
async def test_the_word_bearer_may_stand_before_the_token(door: Door, before: str) -> None:
    assert (await door.enter(before + token(user_id="ann"))).user_id == "ann"


async def test_a_call_token_carries_a_role_for_its_calls_only(door: Door) -> None:
    caller = await door.enter(token(user_id="ann", call_cids=["default:a", "default:b"], role="host"))
    assert (caller.role_on_call("default:a"), caller.role_on_call("default:c")) == ("host", None)
    assert caller.role_on_channel("default:a") is None


async def test_a_call_token_without_a_role_is_membership(door: Door) -> None:
    caller = await door.enter(token(user_id="ann", call_cids=["default:a"], channel_cids=["messaging:a"]))
    assert caller.role_on_call("default:a") == "call_member"
    assert caller.role_on_channel("messaging:a") == "channel_member"


async def test_the_other_spelling_of_a_role_is_understood(door: Door) -> None:
    caller = await door.enter(token(user_id="ann", call_cids=["default:a"], role="call-member"))
    assert caller.role_on_call("default:a") == "call_member"


# --- keys ------------------------------------------------------------------------------------------------------------


async def test_a_key_is_required(door: Door) -> None:
    assert await door.refused(token(), key="") == "API_KEY_MISSING"


async def test_a_key_must_be_known(door: Door) -> None:
    assert await door.refused(token(), key="KEY") == "API_KEY_UNKNOWN"


async def test_a_token_is_required(door: Door) -> None:
    assert await door.refused("") == "TOKEN_MISSING"


async def test_a_trusted_peer_needs_a_key_but_no_token(door: Door) -> None:
    assert await door.callers.authenticate("key", "", trusted_peer=True) == Caller(door.desk.app.id)
    assert await door.refused("", key="", trusted_peer=True) == "API_KEY_MISSING"
    assert await door.refused("", key="other", trusted_peer=True) == "API_KEY_UNKNOWN"


async def test_a_trusted_peer_that_shows_a_token_is_held_to_it(door: Door) -> None:
    assert (await door.callers.authenticate("key", token(user_id="ann"), trusted_peer=True)).user_id == "ann"
    assert await door.refused(token("wrong"), trusted_peer=True) == "TOKEN_SIGNATURE_INVALID"


async def test_a_token_of_one_app_is_worth_nothing_in_another(door: Door) -> None:
    await create_app(door.desk.other, "umbrella", key="umbrella", secret="another")
    await door.desk.index.refresh()
    assert await door.refused(token(user_id="ann"), key="umbrella") == "TOKEN_SIGNATURE_INVALID"
    await door.enter(token(user_id="ann"))
    assert await door.refused(token(user_id="ann"), key="umbrella") == "TOKEN_SIGNATURE_INVALID"


async def test_nobody_is_let_in_by_an_index_that_is_too_old(door: Door) -> None:
    await door.enter(token(user_id="ann"))
    door.desk.index._max_staleness = -1
    await door.desk.index.refresh()
    with pytest.raises(Unavailable):
        await door.enter(token(user_id="ann"))


# --- signatures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
@WEAK
async def test_only_one_algorithm_is_accepted(door: Door, algorithm: str) -> None:
    other = jwt.encode({}, "secret", algorithm=algorithm)
    assert await door.refused(other) == "TOKEN_ALGORITHM_INVALID"


@pytest.mark.parametrize("name", ["none", "None", "NONE", "hs256", "", "RS256", 256, None, ["HS256"]], ids=repr)
async def test_a_token_that_is_not_signed_is_refused(door: Door, name: object) -> None:
    assert await door.refused(unsigned({"alg": name, "typ": "JWT"}, b"{}")) in {
        "TOKEN_ALGORITHM_INVALID",
        "TOKEN_MALFORMED",
    }


async def test_a_signature_that_was_cut_off_is_refused(door: Door) -> None:
    head, payload, _ = token().split(".")
    assert await door.refused(f"{head}.{payload}.") == "TOKEN_SIGNATURE_INVALID"


async def test_a_payload_that_was_exchanged_is_refused(door: Door) -> None:
    head, _, signature = token(user_id="ann").split(".")
    payload = token().split(".")[1]
    assert await door.refused(f"{head}.{payload}.{signature}") == "TOKEN_SIGNATURE_INVALID"


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "a.b",
        "a.b.c",
        "...",
        "....",
        "Bearer",
        "Bearer Bearer x",
        "Basic dXNlcjpwYXNz",
        "\x00.\x00.\x00",
        "é.é.é",
        "\ud800",
        " " * 30,
        unsigned({"alg": "HS256"}, b"{}") + ".more",
        unsigned({"typ": "JWT"}, b"{}"),
    ],
    ids=lambda text: ascii(text)[:20],
)
async def test_what_is_no_token_is_refused(door: Door, text: str) -> None:
    assert (await door.refused(text)).startswith("TOKEN_")


@pytest.mark.parametrize(
    "payload",
    [b"", b"null", b"[]", b'"ann"', b"1", b"{", b"\xff", b'{"user_id": "ann"', b"[" * 3_000, b'{"exp": 1e999}'],
    ids=lambda payload: repr(payload)[:20],
)
async def test_a_payload_that_is_no_object_is_refused(door: Door, payload: bytes) -> None:
    assert await door.refused(signed(payload)) in {"TOKEN_MALFORMED", "TOKEN_CLAIM_INVALID"}


async def test_a_number_too_long_to_read_is_refused(door: Door) -> None:
    assert (await door.refused(signed(b'{"exp": ' + b"9" * 5_000 + b"}"))).startswith("TOKEN_")


async def test_a_token_that_is_too_long_is_refused_unread(door: Door) -> None:
    assert await door.refused("x" * 8_193) == "TOKEN_MALFORMED"
    assert await door.refused(token(call_cids=["default:" + "x" * 9_000])) == "TOKEN_MALFORMED"
    assert door.verified == 0


async def test_a_header_that_asks_for_more_than_is_understood_is_refused(door: Door) -> None:
    assert await door.refused(signed(b"{}", crit=["exp"])) == "TOKEN_MALFORMED"


# --- claims ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "user_id", ["", None, 7, True, ["ann"], {"id": "ann"}, "bell\a", "x" * 256, "é" * 128], ids=ascii
)
async def test_an_odd_user_never_passes_for_a_server(door: Door, user_id: object) -> None:
    assert await door.refused(token(user_id=user_id)) == "TOKEN_CLAIM_INVALID"


async def test_a_user_that_is_half_a_character_is_refused(door: Door) -> None:
    assert await door.refused(signed(b'{"user_id": "\\ud800"}')) == "TOKEN_CLAIM_INVALID"


async def test_of_a_claim_that_is_there_twice_the_last_counts(door: Door) -> None:
    caller = await door.enter(signed(b'{"user_id": "ben", "user_id": "ann"}'))
    assert caller.user_id == "ann"


async def test_claims_are_spelled_exactly(door: Door) -> None:
    assert (await door.enter(token(userId="ann", USER_ID="ann"))).server_side


ODD_TIMES: list[Any] = ["1", True, [], {}, 1e12, -1e12, 10**400]


@pytest.mark.parametrize(
    "claims",
    [
        {"role": 1},
        {"role": False},
        {"role": "two words"},
        {"role": "x" * 65},
        {"role": "\ud800"},
        {"role": ["host"]},
        {"call_cids": "default:a"},
        {"call_cids": [1]},
        {"call_cids": {"default:a": 1}},
        {"call_cids": [["default:a"]]},
        {"call_cids": ["x"] * 1_001},
        {"channel_cids": [None]},
        *({name: value} for name in ("exp", "iat", "nbf") for value in ODD_TIMES),
    ],
    ids=lambda claims: f"{claims!a:.40}",
)
async def test_a_claim_of_the_wrong_shape_is_refused(door: Door, claims: dict[str, Any]) -> None:
    assert await door.refused(token(user_id="ann", **claims)) == "TOKEN_CLAIM_INVALID"


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity"])
async def test_a_time_that_is_no_number_is_refused(door: Door, value: bytes) -> None:
    assert (await door.refused(signed(b'{"exp": ' + value + b"}"))).startswith("TOKEN_")


async def test_claims_that_are_null_are_as_good_as_none(door: Door) -> None:
    claims: dict[str, Any] = dict.fromkeys(("exp", "iat", "nbf", "call_cids", "channel_cids", "role"))
    assert await door.enter(token(user_id="ann", **claims)) == Caller(door.desk.app.id, "ann")


async def test_claims_nobody_asked_for_are_ignored(door: Door) -> None:
    claims: dict[str, Any] = {"aud": "somebody", "iss": 5, "sub": 5, "jti": 5, "server": False, "app_id": 99}
    assert await door.enter(token(user_id="ann", **claims)) == Caller(door.desk.app.id, "ann")


# --- time ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": NOW}, "TOKEN_EXPIRED"),
        ({"exp": NOW - 1}, "TOKEN_EXPIRED"),
        ({"exp": 0}, "TOKEN_EXPIRED"),
        ({"exp": -1}, "TOKEN_EXPIRED"),
        ({"nbf": NOW + 1}, "TOKEN_NOT_YET_VALID"),
        ({"iat": NOW + 6}, "TOKEN_USED_BEFORE_ISSUED"),
    ],
)
async def test_a_token_out_of_its_time_is_refused(door: Door, claims: dict[str, Any], reason: str) -> None:
    assert await door.refused(token(**claims)) == reason


@pytest.mark.parametrize("claims", [{"exp": NOW + 1}, {"exp": NOW + 0.5}, {"nbf": NOW}, {"iat": NOW + 5}, {"iat": 0}])
async def test_a_token_in_its_time_is_accepted(door: Door, claims: dict[str, Any]) -> None:
    assert (await door.enter(token(**claims))).server_side


# --- what is remembered ----------------------------------------------------------------------------------------------


async def test_a_token_is_verified_once(door: Door) -> None:
    one = token(user_id="ann")
    assert len({await door.enter(one) for _ in range(5)}) == 1
    assert door.verified == 1
    assert door.desk.store.reads == {"facts": 1}


async def test_a_token_that_is_refused_is_not_remembered(door: Door) -> None:
    for _ in range(3):
        await door.refused(token("wrong"))
    assert door.verified == 3
    assert not door.callers._tokens


async def test_a_remembered_token_expires(door: Door) -> None:
    one = token(user_id="ann", exp=NOW + 10, nbf=NOW)
    await door.enter(one)
    door.now = NOW + 9.999
    await door.enter(one)
    door.now = NOW + 10
    assert await door.refused(one) == "TOKEN_EXPIRED"
    door.now = NOW - 1
    assert await door.refused(one) == "TOKEN_NOT_YET_VALID"
    assert door.verified == 1


async def test_a_remembered_token_ends_with_its_secret(door: Door) -> None:
    old = token(user_id="ann")
    await door.enter(old)
    fresh = await rotate_secret(door.desk.other, "acme", keep_old=True)
    await door.desk.index.refresh()
    for live in (old, token(fresh, user_id="ann")):
        assert (await door.enter(live)).user_id == "ann"
    await rotate_secret(door.desk.other, "acme", keep_old=False, secret="third")
    await door.desk.index.refresh()
    for dead in (old, token(fresh, user_id="ann")):
        assert await door.refused(dead) == "TOKEN_SIGNATURE_INVALID"


@pytest.mark.parametrize("remembered", [False, True])
@pytest.mark.parametrize(
    ("issued", "accepted"), [(None, False), (NOW - 1, False), (NOW - 0.5, False), (NOW, True), (NOW + 1, True)]
)
@pytest.mark.parametrize("of", ["app", "user"])
async def test_tokens_issued_before_are_revoked(
    door: Door,
    of: str,
    issued: float | None,
    accepted: bool,
    remembered: bool,
) -> None:
    claims: dict[str, Any] = {} if issued is None else {"iat": issued}
    one = token(user_id="ann", **claims)
    if remembered:
        await door.enter(one)
    await (door.change_app if of == "app" else door.change_user)(revoke_tokens_issued_before=NOW * SECOND)
    if accepted:
        await door.enter(one)
    else:
        assert await door.refused(one) == "TOKEN_REVOKED"
    await (door.change_app if of == "app" else door.change_user)(revoke_tokens_issued_before=None)
    await door.enter(one)


async def test_revoking_the_tokens_of_a_user_leaves_those_of_others(door: Door) -> None:
    await door.change_user(revoke_tokens_issued_before=NOW * SECOND)
    for other in (token(user_id="ben", iat=1), token(iat=1)):
        await door.enter(other)


async def test_revoking_the_tokens_of_the_app_counts_for_servers_too(door: Door) -> None:
    one = token(iat=NOW - 1)
    await door.enter(one)
    await door.change_app(revoke_tokens_issued_before=NOW * SECOND)
    assert await door.refused(one) == "TOKEN_REVOKED"


async def test_a_server_token_that_does_not_say_when_it_was_issued_stays(door: Door) -> None:
    one = token(server=True)
    await door.change_app(revoke_tokens_issued_before=NOW * SECOND)
    assert (await door.enter(one)).server_side


async def test_who_comes_without_a_token_is_nobody(door: Door) -> None:
    caller = door.callers.anonymous("key")
    assert (caller.user_id, caller.server_side, caller.anonymous) == ("!anon", False, True)
    assert not (await door.enter(token(user_id="!anonymous"))).anonymous
    assert await door.refused(token(user_id="!anon")) == "TOKEN_CLAIM_INVALID"


async def test_whether_a_user_was_revoked_must_be_known(door: Door) -> None:
    door.desk.store.failure = Unavailable("gone", reason="STORE_FAILED")
    with pytest.raises(Unavailable, match="gone"):
        await door.enter(token(user_id="ann"))
    assert (await door.enter(token())).server_side


async def test_what_is_remembered_is_bounded(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers_module, "_REMEMBERED", 20)
    tokens = [token(server=number) for number in range(50)]
    for one in tokens:
        await door.enter(one)
    assert len(door.callers._tokens) == 20
    for one in tokens[-20:]:
        await door.enter(one)
    assert door.verified == 50
    await door.enter(tokens[0])
    assert (door.verified, len(door.callers._tokens)) == (51, 20)


async def test_a_token_verified_anew_takes_no_place_of_another(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers_module, "_REMEMBERED", 2)
    door.callers = door.opened(dev=True)
    await door.change_app(disable_auth_checks=True)
    one, two = token(server=1), token(server=2)
    await door.enter(one)
    await door.enter(two)
    await door.change_app(disable_auth_checks=False)
    for again in (one, two, one, two):
        await door.enter(again)
    assert door.verified == 4


async def test_an_app_made_anew_with_the_same_key_and_secret_is_another_app(door: Door) -> None:
    one = token(user_id="ann")
    await door.enter(one)
    async with door.desk.other.transaction(door.desk.app.id) as tx:
        await tx.delete_app()
    await door.desk.index.refresh()
    assert await door.refused(one) == "API_KEY_UNKNOWN"
    app, _, _ = await create_app(door.desk.other, "acme", key="key", secret="secret")
    await door.desk.index.refresh()
    assert (await door.enter(one)).app_id == app.id


# --- without checks --------------------------------------------------------------------------------------------------


async def test_signatures_are_skipped_in_development_mode_alone(door: Door) -> None:
    await door.change_app(disable_auth_checks=True)
    forged = token("wrong", user_id="ann")
    assert await door.refused(forged) == "TOKEN_SIGNATURE_INVALID"
    door.callers = door.opened(dev=True)
    assert (await door.enter(forged)).user_id == "ann"
    assert (await door.enter(unsigned({"alg": "none"}, b'{"user_id": "ann"}'))).user_id == "ann"


async def test_development_mode_alone_skips_nothing(door: Door) -> None:
    door.callers = door.opened(dev=True)
    assert await door.refused(token("wrong")) == "TOKEN_SIGNATURE_INVALID"


async def test_a_token_let_in_unchecked_is_checked_when_checks_are_back(door: Door) -> None:
    door.callers = door.opened(dev=True)
    await door.change_app(disable_auth_checks=True)
    forged, genuine = token("wrong", user_id="ann"), token(user_id="ann")
    await door.enter(forged)
    await door.enter(genuine)
    await door.change_app(disable_auth_checks=False)
    assert await door.refused(forged) == "TOKEN_SIGNATURE_INVALID"
    assert (await door.enter(genuine)).user_id == "ann"


async def test_without_checks_a_token_is_still_required_in_its_time_and_shape(door: Door) -> None:
    door.callers = door.opened(dev=True)
    await door.change_app(disable_auth_checks=True)
    assert await door.refused("") == "TOKEN_MISSING"
    assert await door.refused(token("wrong", exp=NOW)) == "TOKEN_EXPIRED"
    assert await door.refused(token("wrong", user_id="")) == "TOKEN_CLAIM_INVALID"
    assert await door.refused("nonsense") == "TOKEN_MALFORMED"


def test_a_caller_server_side_is_the_one_without_a_user() -> None:
    assert Caller(1).server_side
    assert not Caller(1, "ann").server_side
