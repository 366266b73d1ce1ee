"""Requests, answers and tokens as values: what is sent is bounded, and what is odd is never a yes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jwt
import pytest

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.client import (
    AsyncClient,
    Backoff,
    Capabilities,
    Check,
    CheckError,
    Client,
    InvalidArgument,
    Member,
    NotFound,
    Verdict,
    messages,
    server_token,
    server_tokens,
    tls,
    user_token,
)
from rolecall.client.settings import Settings

SECRET = "s3cret" * 6


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, SECRET, algorithms=["HS256"])


def test_a_verdict_is_true_for_a_yes_only() -> None:
    assert Verdict(True, "ROLE_GRANT")
    assert not Verdict(False, "NO_GRANT")
    error = CheckError("NOT_FOUND", "CALL_TYPE_NOT_FOUND", "no such type", "call")
    assert not error
    assert not error.allowed
    assert isinstance(error.error(), NotFound)


def test_capabilities_are_asked_and_listed() -> None:
    held = Capabilities(frozenset({"b", "a"}), 3)
    assert ("a" in held, "c" in held, list(held), len(held)) == (True, False, ["a", "b"], 2)


def test_a_check_becomes_a_request() -> None:
    facts = pb.Facts(member_role="host")
    request = messages.check_request(Check("ann", "talk", call="default:x", owner="bob", facts=facts, min_revision=7))
    assert request == pb.CheckCapabilityRequest(
        user_id="ann",
        capability="talk",
        call="default:x",
        resource_owner_id="bob",
        facts=facts,
        min_revision=7,
    )
    assert messages.check_request(Check("ann", "talk")).WhichOneof("target") is None


@pytest.mark.parametrize(
    "check",
    [
        Check("ann", "talk", call="a:b", channel="c:d"),
        Check("ann", "talk", min_revision=-1),
        Check("\udcff", "talk"),
        Check(7, "talk"),  # type: ignore[arg-type]
    ],
    ids=["two places", "negative", "no text", "number"],
)
def test_what_can_not_be_written_is_refused_here(check: Check) -> None:
    with pytest.raises(InvalidArgument):
        messages.check_request(check)


def test_batches_are_bounded_in_number_and_size_and_keep_the_order() -> None:
    checks = [pb.CheckCapabilityRequest(user_id=str(n)) for n in range(2_500)]
    batches = list(messages.batches(iter(checks)))
    assert [len(batch.checks) for batch in batches] == [1_000, 1_000, 500]
    assert [check.user_id for batch in batches for check in batch.checks] == [str(n) for n in range(2_500)]
    large = pb.CheckCapabilityRequest(user_id="x" * 400_000)
    assert [len(batch.checks) for batch in messages.batches([large] * 5)] == [2, 2, 1]
    assert len(list(messages.batches([pb.CheckCapabilityRequest(user_id="x" * 2_000_000)] * 2))) == 2
    assert list(messages.batches([])) == []


def test_answers_that_do_not_fit_the_questions_are_not_believed() -> None:
    yes = pb.BatchCheckResult(result=pb.CheckCapabilityResponse(allowed=True))
    outcomes = messages.outcomes(pb.BatchCheckCapabilitiesResponse(results=[yes]), 2)
    assert [bool(outcome) for outcome in outcomes] == [False, False]
    empty = pb.BatchCheckCapabilitiesResponse(results=[pb.BatchCheckResult()])
    assert not messages.outcomes(empty, 1)[0]


def test_a_reason_newer_than_the_client_is_its_number() -> None:
    assert messages.reason_name(1) == "ROLE_GRANT"
    assert messages.reason_name(9_999) == "9999"


def test_members_are_read_from_bits() -> None:
    page = pb.ListRosterCapabilitiesResponse(
        capabilities=[f"c{n}" for n in range(10)],
        entries=[pb.RosterEntry(user_id="ann", role="host", capabilities=b"\x01\x02"), pb.RosterEntry(user_id="bob")],
        revision=4,
    )
    ann, bob = messages.members(page)
    assert ann == Member("ann", "host", frozenset({"c0", "c9"}), 4)
    assert bob.capabilities == frozenset()


def test_tokens_say_who_calls() -> None:
    assert claims(server_token(SECRET)).keys() == {"server", "iat"}
    made = claims(user_token(SECRET, "ann", seconds=60, calls=["default:x"], channels=["m:y"], role="host"))
    assert made["user_id"] == "ann"
    assert (made["call_cids"], made["channel_cids"], made["role"]) == (["default:x"], ["m:y"], "host")
    assert made["exp"] - made["iat"] == 60
    assert "exp" not in claims(user_token(SECRET, "ann", seconds=None))
    renewed = claims(server_tokens(SECRET, seconds=5)())
    assert renewed["exp"] - renewed["iat"] == 5
    assert server_token("short").count(".") == 2
    with pytest.raises(InvalidArgument):
        user_token(SECRET, "")
    with pytest.raises(InvalidArgument):
        server_token("")


def test_pauses_grow_to_the_longest_and_chance_takes_half() -> None:
    backoff = Backoff(first=1.0, factor=2.0, longest=10.0)
    assert [backoff.pause(attempt, 1.0) for attempt in (0, 1, 2, 3, 4, 10**6)] == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert backoff.pause(1, 0.0) == 1.0


def test_options_given_win_and_proxies_are_not_for_here() -> None:
    options = dict(Settings(target="127.0.0.1:1", options=[("grpc.keepalive_time_ms", 5)]).channel_options())
    assert options["grpc.keepalive_time_ms"] == 5
    assert options["grpc.enable_http_proxy"] == 0
    assert options["grpc.http2.max_pings_without_data"] == 0
    assert "grpc.enable_http_proxy" not in dict(Settings(target="example.org:443").channel_options())


def test_certificate_and_key_come_together() -> None:
    with pytest.raises(InvalidArgument):
        tls(client_cert=b"x")
    with pytest.raises(InvalidArgument):
        Settings(target="x:1", key="schl\nuessel")


@pytest.mark.parametrize("field", ["root_ca", "client_cert", "client_key"])
def test_a_file_of_tls_that_can_t_be_read_is_named_with_its_field(tmp_path: Path, field: str) -> None:
    pair = {} if field == "root_ca" else {"client_cert": b"x", "client_key": b"x"}
    for path in (tmp_path / "nope.pem", str(tmp_path), "nul\0.pem"):
        with pytest.raises(InvalidArgument, match="can't read") as caught:
            tls(**{**pair, field: path})
        assert caught.value.field == field
        assert f"`{path}`" in caught.value.message


def test_a_key_given_as_text_is_not_shown_as_a_path() -> None:
    with pytest.raises(InvalidArgument, match="bytes") as caught:
        tls(client_cert=b"x", client_key="-----BEGIN PRIVATE KEY-----\nhush\n")
    assert caught.value.field == "client_key"
    assert "hush" not in str(caught.value)


# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("http://127.0.0.1:50051", "`http://`"),
        ("https://who:password@example.org", "`https://`"),
        ("grpc://[::1]:50051", "`grpc://`"),
        ("HTTP://example.org:50051", "`HTTP://`"),
        (" http://example.org:50051", "`http://`"),
        ("h2+unix.x-y:///run/rolecall.sock", "`h2+unix.x-y://`"),
        ("x" * 500 + "://example.org:50051", "`" + "x" * 20 + "...://`"),
        ("", "empty"),
        (" ", "empty"),
        ("localhost", "port is missing"),
        ("127.0.0.1", "port is missing"),
        ("dns", "port is missing"),
        (":50051", "host or the port is missing"),
        ("/run/rolecall.sock", "port is missing"),
        ("[::1]", "`[::1]:port`"),
        ("[::1]50051", "`[::1]:port`"),
        ("::1", "`[::1]:port`"),
        ("::1:50051", "`[::1]:port`"),
        ("example.org:", "from 1 to 65535"),
        ("example.org:0", "from 1 to 65535"),
        ("example.org:65536", "from 1 to 65535"),
        ("example.org:http", "from 1 to 65535"),
        ("example.org:-1", "from 1 to 65535"),
        ("example.org:1\n", "from 1 to 65535"),
        ("[::1]:", "from 1 to 65535"),
        ("who:password@example.org", "from 1 to 65535"),
    ],
    ids=range(26),
)
def test_an_address_that_grpc_can_t_read_is_refused_when_the_client_is_made(
    kind: type[Client | AsyncClient], address: str, named: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        kind(address)
    assert caught.value.field == "address"
    assert all(part in caught.value.message for part in (named, "`host:port`", "`unix:/path`"))
    assert "password" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "address",
    [
        "example.org:50051",
        "localhost:1",
        "localhost:65535",
        "127.0.0.1:50051",
        "[::1]:50051",
        "dns:example.org",
        "dns:example.org:50051",
        "dns:///example.org:50051",
        "DNS://1.1.1.1/example.org:50051",
        "ipv4:127.0.0.1:50051,127.0.0.2:50051",
        "ipv6:[::1]:50051",
        "unix:/run/rolecall.sock",
        "unix:run/http://",
        "unix:///run/rolecall.sock",
        "unix-abstract:rolecall",
        "vsock:2:50051",
        "xds:///rolecall",
        "google-c2p:///rolecall",
    ],
)
def test_every_address_that_grpc_reads_is_taken(address: str) -> None:
    assert Settings(target=address).target == address
