"""Every field of every request with everything it does not take: refused with its code, its field and no trace.

What is tried is in bad_values, where it is put in places, which a new field asks for a row in the one or the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from rolecall.api.v1 import (
    app_pb2,
    authorization_pb2,
    call_pb2,
    call_type_pb2,
    channel_pb2,
    channel_type_pb2,
    permission_pb2,
    user_pb2,
)
from rolecall.api.v1.core_pb2 import PermissionList
from tests.contract.bad_values import HUGE, LONG, VALUES, Odd
from tests.contract.good_requests import ASKED, CALL, CHANNEL, GOOD, POLICY, READS, dump, fill, revision
from tests.contract.places import ALL, CALL_FACTS, CHANNEL_FACTS, TEXTS, TRIED, Place, values
from tests.doors import UNARY, Client, Refusal, Rpc, make_app, rpc_of, running

Code = grpc.StatusCode
FORBIDDEN: Final = {Code.INTERNAL, Code.UNKNOWN, Code.DEADLINE_EXCEEDED}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Client]]:
    """A server that waits for no revision; call it with a name for a filled app of that name."""
    db = tmp_path_factory.mktemp("bad_input") / "store.db"
    apps = {name: make_app(db, name) for name in ("refused", "accepted", "raw")}
    with running(db, min_revision_wait_seconds=0, refresh_ms=10) as process:

        def client(name: str) -> Client:
            made = process.client(apps[name])
            fill(made)
            return made

        yield client


@pytest.fixture(scope="module")
def client(server: Callable[[str], Client]) -> Client:
    return server("refused")


# --- the tables are whole --------------------------------------------------------------------------------------------


def test_every_unary_rpc_has_a_good_request() -> None:
    assert {rpc_of(request) for request in GOOD.values()} == set(UNARY)


def test_every_field_but_a_switch_has_a_row_and_every_row_a_field() -> None:
    rows = {place.row for place in ALL}
    switches = {name for rpc in UNARY for name in _switches(rpc.request.DESCRIPTOR)}
    assert sorted(rows - set(VALUES)) == sorted(switches & rows)
    assert set(VALUES) <= rows


def _switches(message: Any) -> Iterator[str]:
    for field in message.fields:
        if field.type == FieldDescriptor.TYPE_BOOL:
            yield f"{message.name}.{field.name}"
        elif field.message_type is not None and not field.message_type.full_name.startswith("google."):
            yield from _switches(field.message_type)


def test_the_good_requests_are_answered(server: Callable[[str], Client]) -> None:
    client = server("accepted")
    for request in GOOD.values():
        client(request)


# --- every value in every place --------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", TRIED, ids=str)
def test_what_a_field_does_not_take_is_refused_and_leaves_no_trace(client: Client, place: Place) -> None:
    writes = not place.good.startswith(READS)
    before, at, changed = dump(client) if writes else [], revision(client), False
    for odd in values(place):
        request = place.request(odd.value)
        outcome = _outcome(client, request)
        if odd.code is None:
            assert not isinstance(outcome, Refusal), f"{odd.about}: {outcome}"
            at, changed = revision(client), writes
            continue
        assert isinstance(outcome, Refusal), f"{odd.about} is taken"
        _check(outcome, odd, place)
        assert not writes or revision(client) == at, f"{odd.about}: refused, and written"
    if writes and not changed:
        assert dump(client) == before


def _outcome(client: Client, request: Message) -> Message | Refusal:
    """Call without a deadline; the error of a batch's only check is the outcome of the batch."""
    rpc = rpc_of(request)
    outcome = client.outcome(rpc, request.SerializeToString(), seconds=None)
    if isinstance(outcome, Refusal):
        return outcome
    response: Any = rpc.response.FromString(outcome)
    if isinstance(request, authorization_pb2.BatchCheckCapabilitiesRequest):
        item = response.results[0].error
        if item.code:
            return Refusal(_CODES[item.code], item.message, item.reason, "rolecall", {}, (item.field,))
    return rpc.response.FromString(outcome)


_CODES: Final = {code.value[0]: code for code in Code}
_BLAMES_NO_FIELD: Final = {Code.UNIMPLEMENTED}


def _check(refusal: Refusal, odd: Odd, place: Place) -> None:
    """Check code, details and the field that is blamed."""
    told = f"{odd.about}: {str(refusal)[:1_000]}"
    assert refusal.code == odd.code, told
    assert refusal.domain == "rolecall", told
    assert re.fullmatch(r"[A-Z][A-Z0-9_]+[A-Z0-9]", refusal.reason), told
    assert refusal.message.isprintable(), told
    assert len(refusal.message) < 1_000, told
    if odd.code not in _BLAMES_NO_FIELD:
        assert len(refusal.fields) == 1, told
        field = refusal.fields[0]
        if odd.code == Code.UNAVAILABLE:  # of a batch the newest of all revisions counts, whoever names it
            assert field == "min_revision", told
            return
        assert field == place.path or field.startswith((f"{place.path}.", f"{place.path}[")), told
        assert field.isprintable(), told
        assert len(field) < 1_000, told


# --- bytes that are no request ---------------------------------------------------------------------------------------

GARBAGE: Final = {
    "an unfinished tag": b"\xff",
    "an unfinished length": b"\x0a\xff",
    "a length beyond the end": b"\x0a\x7fabc",
    "an endless number": b"\x08" + b"\xff" * 11,
    "the end of a group": b"\x0c",
    "a group that never ends": b"\x0b",
    "a wire type there is not": b"\x0f",
    "text": b"{}",
}
"""None of these is a message of any type."""

WRONG_TYPES: Final = {0: b"\x96\x01", 1: b"\0" * 8, 2: b"\x02\xc3\x28", 5: b"\0" * 4}
"""Wire type -> a value of it; a parser passes over a field whose wire type is not its own."""


@pytest.fixture(scope="module")
def raw(server: Callable[[str], Client]) -> Client:
    return server("raw")


@pytest.mark.parametrize("rpc", UNARY, ids=lambda rpc: rpc.name)
def test_bytes_that_are_no_message_are_refused(raw: Client, rpc: Rpc) -> None:
    before = dump(raw)
    for about, body in GARBAGE.items():
        refusal = raw.refused_bytes(rpc, body)
        assert (refusal.code, refusal.reason) == (Code.INVALID_ARGUMENT, "MALFORMED"), f"{about}: {refusal}"
        assert rpc.request.DESCRIPTOR.name in refusal.message
    assert dump(raw) == before


@pytest.mark.parametrize("place", TEXTS, ids=str)
def test_text_that_is_not_utf8_is_refused(raw: Client, place: Place) -> None:
    at = revision(raw)
    body = place.request("@@@@").SerializeToString()
    for broken in (b"\xff\xff\xff\xff", b"a\xed\xa0\x80", b"abc\xc3", b"\xf5\x80\x80\x80"):
        assert body.count(b"@@@@") == 1
        refusal = raw.refused_bytes(rpc_of(GOOD[place.good]), body.replace(b"@@@@", broken))
        assert (refusal.code, refusal.reason) == (Code.INVALID_ARGUMENT, "MALFORMED"), refusal
    assert revision(raw) == at


@pytest.mark.parametrize("rpc", UNARY, ids=lambda rpc: rpc.name)
def test_a_field_of_another_wire_type_counts_as_absent(raw: Client, rpc: Rpc) -> None:
    """What an absent field means is the field's own; here: no failure, and nothing that only the field could say."""
    without = _named(raw.outcome(rpc, b""))
    for field in rpc.request.DESCRIPTOR.fields:
        own = {FieldDescriptor.CPPTYPE_STRING: 2, FieldDescriptor.CPPTYPE_MESSAGE: 2}.get(field.cpp_type, 0)
        for wire_type in sorted(WRONG_TYPES.keys() - {own, *([2] if field.is_repeated else [])}):
            tag = field.number << 3 | wire_type
            outcome = _named(raw.outcome(rpc, bytes([tag]) + WRONG_TYPES[wire_type]))
            assert outcome == without, (field.name, wire_type)


def _named(outcome: bytes | Refusal) -> object:
    """Return what can be compared: the code of a refusal, or that there was none."""
    if isinstance(outcome, Refusal):
        assert outcome.code not in FORBIDDEN, outcome
        return outcome.code, outcome.reason, outcome.fields
    return "answered"


def test_nesting_without_end_is_refused(raw: Client) -> None:
    """A Struct can hold itself; parsers stop at a depth, and the server must not fall over before they do."""
    before = dump(raw)
    for depth in (50, 99, 100, 1_000, 20_000):
        value = b"\x2a\x00"
        for _ in range(depth):
            value = _field(5, _field(1, _field(1, b"a") + _field(2, value)))
        custom = _field(1, _field(1, b"a") + _field(2, value))
        body = _field(1, _field(1, b"deep") + _field(5, custom))
        refusal = raw.refused_bytes(rpc_of(user_pb2.UpsertUsersRequest()), body)
        assert refusal.code == Code.INVALID_ARGUMENT, (depth, refusal)
    assert dump(raw) == before


def test_a_condition_without_end_is_refused(raw: Client) -> None:
    before = dump(raw)
    for depth in (8, 30, 32, 33, 50, 1_000, 20_000):
        condition = _field(1, _field(1, b"$subject.a") + _field(2, b"\x20\x01"))
        for _ in range(depth):
            condition = _field(1, _field(1, b"$not") + _field(2, _field(5, condition)))
        body = _field(1, b"deep") + _field(4, b"SendAudio") + _field(7, condition)
        refusal = raw.refused_bytes(rpc_of(permission_pb2.CreatePermissionRequest()), body)
        assert refusal.code == Code.INVALID_ARGUMENT, (depth, refusal)
        assert refusal.reason in {"MALFORMED", "INVALID_FIELD"}
    assert dump(raw) == before


def _field(number: int, body: bytes) -> bytes:
    length, size = b"", len(body)
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + body


# --- too many, twice, both -------------------------------------------------------------------------------------------

_MANY: Final = 1_001


def _users(*ids: str) -> list[user_pb2.User]:
    return [user_pb2.User(id=name) for name in ids]


def _call_members(*ids: str) -> list[call_pb2.CallMember]:
    return [call_pb2.CallMember(user_id=name) for name in ids]


def _channel_members(*ids: str) -> list[channel_pb2.ChannelMember]:
    return [channel_pb2.ChannelMember(user_id=name) for name in ids]


_NAMES: Final = [f"user-{number}" for number in range(_MANY)]

COUNTED: Final[list[tuple[str, Message, str]]] = [
    ("no checks", authorization_pb2.BatchCheckCapabilitiesRequest(user_id="ann"), "checks"),
    (
        "1,001 checks",
        authorization_pb2.BatchCheckCapabilitiesRequest(
            checks=[authorization_pb2.CheckCapabilityRequest(**ASKED, call=CALL)] * _MANY
        ),
        "checks",
    ),
    ("no users", user_pb2.UpsertUsersRequest(), "users"),
    ("1,001 users", user_pb2.UpsertUsersRequest(users=_users(*_NAMES)), "users"),
    ("a user twice", user_pb2.UpsertUsersRequest(users=_users("x", "y", "x")), "users[2].id"),
    (
        "251 teams",
        user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="ann", teams=_NAMES[:251])]),
        "users[0].teams",
    ),
    (
        "251 team roles",
        user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="ann", teams_role=dict.fromkeys(_NAMES[:251], "user"))]),
        "users[0].teams_role",
    ),
    ("nobody to delete", user_pb2.DeleteUsersRequest(), "user_ids"),
    ("1,001 to delete", user_pb2.DeleteUsersRequest(user_ids=_NAMES), "user_ids"),
    ("one to delete twice", user_pb2.DeleteUsersRequest(user_ids=["spare", "spare"]), "user_ids[1]"),
    ("one of two to delete unknown", user_pb2.DeleteUsersRequest(user_ids=["spare", "nobody"]), "user_ids[1]"),
    ("1,001 members", call_pb2.UpsertCallRequest(cid=CALL, members=_call_members(*_NAMES)), "members"),
    ("a member twice", call_pb2.UpsertCallRequest(cid=CALL, members=_call_members("ann", "ann")), "members[1].user_id"),
    ("no change of members", call_pb2.UpdateCallMembersRequest(cid=CALL), "update_members"),
    (
        "1,001 changes of members",
        call_pb2.UpdateCallMembersRequest(
            cid=CALL, update_members=_call_members(*_NAMES[:500]), remove_members=_NAMES[500:]
        ),
        "update_members",
    ),
    (
        "a member updated and removed",
        call_pb2.UpdateCallMembersRequest(cid=CALL, update_members=_call_members("ann"), remove_members=["ann"]),
        "remove_members[0]",
    ),
    ("no change of permissions", call_pb2.UpdateUserPermissionsRequest(cid=CALL, user_id="ann"), "grant_permissions"),
    (
        "granted and revoked",
        call_pb2.UpdateUserPermissionsRequest(
            cid=CALL, user_id="ann", grant_permissions=["send-audio"], revoke_permissions=["send-audio"]
        ),
        "revoke_permissions[0]",
    ),
    (
        "1,001 channel members",
        channel_pb2.UpsertChannelRequest(cid=CHANNEL, members=_channel_members(*_NAMES)),
        "members",
    ),
    (
        "a channel member twice",
        channel_pb2.UpsertChannelRequest(cid=CHANNEL, members=_channel_members("ann", "ann")),
        "members[1].user_id",
    ),
    ("no change of channel members", channel_pb2.UpdateChannelMembersRequest(cid=CHANNEL), "update_members"),
    (
        "a channel member updated and removed",
        channel_pb2.UpdateChannelMembersRequest(
            cid=CHANNEL, update_members=_channel_members("ann"), remove_members=["ann"]
        ),
        "remove_members[0]",
    ),
    (
        "101 policies",
        channel_type_pb2.UpsertChannelTypeRequest(name="hall", permissions=[POLICY] * 101),
        "permissions",
    ),
    (
        "a bad policy beside good ones",
        channel_type_pb2.UpsertChannelTypeRequest(
            name="hall", permissions=[POLICY, POLICY, channel_type_pb2.Policy()], config={"polls": False}
        ),
        "permissions[2].action",
    ),
    ("a permission without an action", permission_pb2.CreatePermissionRequest(id="fresh"), "action"),
    (
        "11 disallowed roles",
        app_pb2.UpdateAppRequest(user_search_disallowed_roles={"values": ["user"] * 11}),
        "user_search_disallowed_roles",
    ),
    ("an empty target", authorization_pb2.CheckCapabilityRequest(**ASKED, call=""), "call"),
    ("no target to list", authorization_pb2.ListCapabilitiesRequest(user_id="ann"), "call"),
    (
        "an unknown role beside good ones",
        call_type_pb2.UpsertCallTypeRequest(
            name="hall", grants={"user": PermissionList(permissions=["send-audio"]), "nobody": PermissionList()}
        ),
        "grants.nobody",
    ),
    (
        "a bad user beside good ones",
        user_pb2.UpsertUsersRequest(users=[*_users("x", "y"), user_pb2.User(id="z", role="nobody")]),
        "users[2].role",
    ),
]


@pytest.mark.parametrize(("about", "request_", "field"), COUNTED, ids=[row[0] for row in COUNTED])
def test_the_whole_write_is_refused(client: Client, about: str, request_: Message, field: str) -> None:
    before = dump(client)
    refusal = client.refused(request_)
    assert refusal.code == (Code.NOT_FOUND if about.endswith("delete unknown") else Code.INVALID_ARGUMENT), refusal
    assert refusal.fields == (field,), refusal
    assert dump(client) == before


FACTS: Final = {
    "call": {name: name for name in sorted(CHANNEL_FACTS)},
    "channel": {name: name for name in sorted(CALL_FACTS)},
}


@pytest.mark.parametrize(("target", "name"), [(target, name) for target, names in FACTS.items() for name in names])
def test_a_fact_that_says_nothing_about_the_target_is_refused(client: Client, target: str, name: str) -> None:
    where: dict[str, Any] = {target: {"call": CALL, "channel": CHANNEL}[target]}
    facts = authorization_pb2.Facts()
    if facts.DESCRIPTOR.fields_by_name[name].message_type is not None:
        getattr(facts, name).SetInParent()
    else:
        setattr(facts, name, 1)
    for request in (
        authorization_pb2.CheckCapabilityRequest(user_id="ann", capability="join-call", facts=facts, **where),
        authorization_pb2.ListCapabilitiesRequest(user_id="ann", facts=facts, **where),
        authorization_pb2.ExplainCapabilityRequest(user_id="ann", capability="join-call", facts=facts, **where),
    ):
        refusal = client.refused(request)
        assert refusal.code == Code.INVALID_ARGUMENT
        assert refusal.fields == (f"facts.{name}",)


def test_an_identifier_of_255_bytes_is_taken_everywhere(client: Client) -> None:
    longest = LONG[:-1]
    client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=longest)]))
    client(call_pb2.UpsertCallRequest(cid=f"default:{longest}", members=_call_members(longest)))
    client(channel_pb2.UpsertChannelRequest(cid=f"messaging:{longest}", members=_channel_members(longest)))
    question = authorization_pb2.CheckCapabilityRequest(
        user_id=longest, call=f"default:{longest}", capability="join-call"
    )
    assert client(question).allowed
    client(user_pb2.DeleteUsersRequest(user_ids=[longest]))
    client(call_pb2.DeleteCallRequest(cid=f"default:{longest}"))
    client(channel_pb2.DeleteChannelRequest(cid=f"messaging:{longest}"))


def test_a_refusal_of_something_huge_still_says_what_is_wrong(client: Client) -> None:
    """Details travel in the trailer, for which clients take 8 KiB: what was sent must not come back whole."""
    refusal = client.refused(
        user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="ann", role=HUGE, teams=[HUGE], teams_role={HUGE: HUGE})])
    )
    assert refusal.code == Code.INVALID_ARGUMENT
    assert refusal.fields


def test_of_facts_about_the_app_only_the_team_says_anything(client: Client) -> None:
    for facts in (
        authorization_pb2.Facts(blocked=True),
        authorization_pb2.Facts(member_role="host"),
        authorization_pb2.Facts(custom={}),
    ):
        request = authorization_pb2.CheckCapabilityRequest(user_id="ann", capability="create-poll", facts=facts)
        (field,) = client.refused(request).fields
        assert field.startswith("facts.")
    team = authorization_pb2.Facts(team="red")
    client(authorization_pb2.CheckCapabilityRequest(user_id="ann", capability="create-poll", facts=team))
