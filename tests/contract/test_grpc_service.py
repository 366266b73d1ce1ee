"""The gRPC service itself: health, reflection, limits, deadlines, freshness, and what answers promise each other."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

import grpc
import pytest
from google.protobuf import descriptor_pb2
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from rolecall.api.v1 import (
    app_pb2,
    authorization_pb2,
    call_pb2,
    call_type_pb2,
    channel_pb2,
    channel_type_pb2,
    permission_pb2,
    role_pb2,
    user_pb2,
)
from rolecall.api.v1.core_pb2 import PermissionList, Reason
from rolecall.client import Unimplemented
from rolecall.client.errors import of_rpc
from tests.contract.good_requests import CALL, CHANNEL, dump, fill, revision
from tests.doors import RPCS, SERVICES, App, Client, Server, make_app, rpc_of, running, start
from tests.tables import CALL_CAPABILITIES, CHANNEL_CAPABILITIES

Code = grpc.StatusCode
NAMES: Final = tuple(sorted({rpc.service for rpc in RPCS}))
SERVING: Final = health_pb2.HealthCheckResponse.SERVING
WAIT_SECONDS: Final = 1
_LONG_SECONDS: Final = 5.0
"""A deadline; a tenth of it is enough for an answer to come also from a busy machine."""


class Stage(NamedTuple):
    """A server with a filled app."""

    server: Server
    app: App
    client: Client


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    db = tmp_path_factory.mktemp("service") / "store.db"
    app = make_app(db)
    with running(db, max_message_mb=1, min_revision_wait_seconds=WAIT_SECONDS, refresh_ms=10) as server:
        client = server.client(app)
        fill(client)
        yield Stage(server, app, client)


@pytest.fixture
def client(stage: Stage) -> Client:
    return stage.client


# --- health and reflection -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", ["", *NAMES])
def test_health_tells_of_the_server_and_of_each_service_without_a_token(stage: Stage, service: str) -> None:
    health: Any = health_pb2_grpc.HealthStub(stage.server.channel())
    assert health.Check(health_pb2.HealthCheckRequest(service=service)).status == SERVING
    watch = health.Watch(health_pb2.HealthCheckRequest(service=service))
    assert next(watch).status == SERVING
    watch.cancel()


def test_health_of_an_unknown_service_is_not_found(stage: Stage) -> None:
    health: Any = health_pb2_grpc.HealthStub(stage.server.channel())
    with pytest.raises(grpc.RpcError) as caught:
        health.Check(health_pb2.HealthCheckRequest(service="rolecall.api.v1.Nothing"))
    assert caught.value.code() == Code.NOT_FOUND


def _reflected(server: Server, request: reflection_pb2.ServerReflectionRequest) -> Any:
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(server.channel())
    (response,) = stub.ServerReflectionInfo(iter([request]))
    return response


def test_reflection_lists_every_service_without_a_token(stage: Stage) -> None:
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    listed = {service.name for service in _reflected(stage.server, request).list_services_response.service}
    extra = {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
    assert listed == {*NAMES, *extra}


@pytest.mark.parametrize("service", NAMES)
def test_reflection_describes_each_service_as_its_proto_does(stage: Stage, service: str) -> None:
    request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=service)
    response = _reflected(stage.server, request).file_descriptor_response
    files = [descriptor_pb2.FileDescriptorProto.FromString(file) for file in response.file_descriptor_proto]
    described = {f"{file.package}.{one.name}": one for file in files for one in file.service}[service]
    wanted = descriptor_pb2.ServiceDescriptorProto()
    module = next(module for module in SERVICES if service in _services(module))
    _services(module)[service].CopyToProto(wanted)
    assert described == wanted


def _services(module: Any) -> dict[str, Any]:
    return {service.full_name: service for service in module.DESCRIPTOR.services_by_name.values()}


# --- what is not answered --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/rolecall.api.v1.CallService/Nothing", "/rolecall.api.v2.CallService/GetCall", "/nothing/Nothing"]
)
def test_an_unknown_method_is_unimplemented(stage: Stage, path: str) -> None:
    call: Any = stage.server.channel().unary_unary(path)
    with pytest.raises(grpc.RpcError) as caught:
        call(b"")
    error = of_rpc(caught.value)
    assert (type(error), error.reason) == (Unimplemented, "METHOD_UNKNOWN")
    assert error.message == f"there is no method `{path}`"


def test_an_unknown_method_is_told_before_any_message_is_sent(stage: Stage) -> None:
    call: Any = stage.server.channel().stream_stream("/nothing/Nothing")
    never = threading.Event()
    with pytest.raises(grpc.RpcError) as caught:
        next(call(iter(never.wait, True), timeout=20))
    never.set()
    assert of_rpc(caught.value).reason == "METHOD_UNKNOWN"


def test_a_message_over_the_limit_is_resource_exhausted_and_the_server_lives(client: Client) -> None:
    ids = [f"{'x' * 240}{number:06}" for number in range(5_000)]
    request = user_pb2.DeleteUsersRequest(user_ids=ids)
    assert request.ByteSize() > 1024 * 1024
    assert client.refused(request).code == Code.RESOURCE_EXHAUSTED
    fits = user_pb2.DeleteUsersRequest(user_ids=ids[:4_000])
    assert client.refused(fits).code == Code.INVALID_ARGUMENT  # too many, but read


# --- deadlines and freshness -----------------------------------------------------------------------------------------


def _questions(at: int) -> list[Any]:
    where = {"user_id": "ann", "call": CALL, "min_revision": at}
    asked: dict[str, Any] = {**where, "capability": "send-audio"}
    return [
        authorization_pb2.CheckCapabilityRequest(**asked),
        authorization_pb2.ExplainCapabilityRequest(**asked),
        authorization_pb2.ListCapabilitiesRequest(**where),  # type: ignore[arg-type]
        authorization_pb2.CheckAdmissionRequest(**where),  # type: ignore[arg-type]
        authorization_pb2.ListRosterCapabilitiesRequest(call=CALL, min_revision=at),
        authorization_pb2.BatchCheckCapabilitiesRequest(
            min_revision=at, checks=[authorization_pb2.CheckCapabilityRequest(user_id="ann", capability="search-user")]
        ),
        authorization_pb2.BatchCheckCapabilitiesRequest(
            checks=[
                authorization_pb2.CheckCapabilityRequest(user_id="ann", capability="search-user"),
                authorization_pb2.CheckCapabilityRequest(user_id="ann", capability="search-user", min_revision=at),
            ]
        ),
    ]


def test_a_revision_to_come_is_waited_for_until_shortly_before_the_deadline(client: Client) -> None:
    """An answer comes before the deadline, so that the caller hears why, not only that time is up."""
    questions = _questions(revision(client) + 1)

    def refused(place: int) -> tuple[object, ...]:
        refusal = client.refused(questions[place], seconds=_LONG_SECONDS)
        return refusal.code, refusal.reason, refusal.fields

    with ThreadPoolExecutor(len(questions)) as together:
        refusals = dict(enumerate(together.map(refused, range(len(questions)))))
    told = (Code.UNAVAILABLE, "REVISION_NOT_REACHED", ("min_revision",))
    assert refusals == dict.fromkeys(range(len(questions)), told)


def test_without_a_deadline_a_revision_is_waited_for_as_long_as_is_set(client: Client) -> None:
    started = time.monotonic()
    refusal = client.refused(_questions(revision(client) + 1)[0], seconds=None)
    assert (refusal.code, refusal.reason) == (Code.UNAVAILABLE, "REVISION_NOT_REACHED")
    assert time.monotonic() - started >= WAIT_SECONDS * 0.9  # it did wait; how much longer is the machine's matter


def test_a_call_that_waits_is_answered_when_the_revision_comes(stage: Stage) -> None:
    at = revision(stage.client) + 1
    waiting = [stage.client.begin(question) for question in _questions(at)]
    stage.client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="awaited")]))
    for call, question in zip(waiting, _questions(at), strict=True):
        assert rpc_of(question).response.FromString(call.result()).revision >= at  # type: ignore[attr-defined]


def test_a_call_whose_client_gave_up_does_no_harm(stage: Stage) -> None:
    at = revision(stage.client) + 1
    for _ in range(20):
        stage.client.begin(_questions(at)[0]).cancel()
    assert revision(stage.client) == at - 1
    assert "INTERNAL" not in stage.server.log


WRITES: Final[list[Any]] = [
    user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="reader", role="guest")]),
    role_pb2.CreateRoleRequest(name="read-your-write"),
    call_type_pb2.UpsertCallTypeRequest(name="hall", grants={"guest": PermissionList(permissions=["end-call"])}),
    channel_type_pb2.UpsertChannelTypeRequest(name="hall", grants={"user": PermissionList()}),
    call_pb2.UpsertCallRequest(cid="hall:read", members=[call_pb2.CallMember(user_id="reader")]),
    call_pb2.UpdateCallMembersRequest(
        cid="hall:read", update_members=[call_pb2.CallMember(user_id="ann", role="host")]
    ),
    call_pb2.UpdateUserPermissionsRequest(cid="hall:read", user_id="reader", revoke_permissions=["end-call"]),
    call_pb2.BlockUserRequest(cid="hall:read", user_id="ann"),
    call_pb2.UnblockUserRequest(cid="hall:read", user_id="ann"),
    call_pb2.StopLiveRequest(cid="hall:read"),
    call_pb2.GoLiveRequest(cid="hall:read"),
    call_pb2.EndCallRequest(cid="hall:read"),
    channel_pb2.UpsertChannelRequest(cid="hall:read", frozen=True),
    channel_pb2.UpdateChannelMembersRequest(cid="hall:read", update_members=[channel_pb2.ChannelMember(user_id="ann")]),
    app_pb2.UpdateAppRequest(multi_tenant_enabled=True),
    app_pb2.UpdateAppRequest(multi_tenant_enabled=False),
    channel_pb2.DeleteChannelRequest(cid="hall:read"),
    call_pb2.DeleteCallRequest(cid="hall:read"),
    user_pb2.DeleteUsersRequest(user_ids=["reader"]),
    role_pb2.DeleteRoleRequest(name="read-your-write"),
]


def test_each_write_is_the_next_revision_and_is_read_back_at_once(stage: Stage) -> None:
    writer, reader = stage.server.client(stage.app), stage.server.client(stage.app)
    at = revision(writer)
    for write in WRITES:
        response = writer(write)
        at += 1
        assert response.revision == at, type(write).__name__
        for question in _questions(at):
            assert reader(question).revision >= at
        assert reader(app_pb2.GetAppRequest()).revision >= at


def test_a_decision_follows_each_write_without_a_pause(stage: Stage) -> None:
    client = stage.client
    client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="swung")]))
    client(call_pb2.UpsertCallRequest(cid="default:swing"))
    asks = authorization_pb2.CheckCapabilityRequest(user_id="swung", call="default:swing", capability="send-audio")
    for _ in range(20):
        asks.min_revision = client(call_pb2.BlockUserRequest(cid="default:swing", user_id="swung")).revision
        assert client(asks).reason == Reason.REASON_BLOCKED
        asks.min_revision = client(call_pb2.UnblockUserRequest(cid="default:swing", user_id="swung")).revision
        assert client(asks).allowed


# --- batches ---------------------------------------------------------------------------------------------------------


def _check(capability: str, **where: Any) -> authorization_pb2.CheckCapabilityRequest:
    return authorization_pb2.CheckCapabilityRequest(capability=capability, **where)


def test_a_batch_answers_in_order_as_single_questions_would_and_from_one_revision(client: Client) -> None:
    checks = [
        _check(capability, user_id=user_id, call=CALL)
        for user_id in ("ann", "bob", "nobody")
        for capability in CALL_CAPABILITIES
    ]
    checks += [
        _check(capability, user_id=user_id, channel=CHANNEL)
        for user_id in ("bob", "ann")
        for capability in CHANNEL_CAPABILITIES
    ]
    checks.append(_check("search-user", user_id="ann"))
    response = client(authorization_pb2.BatchCheckCapabilitiesRequest(checks=checks))
    assert [item.result for item in response.results] == [client(check) for check in checks]
    assert {item.result.revision for item in response.results} == {response.revision}


def test_an_item_at_fault_has_its_own_error_and_leaves_the_others_alone(client: Client) -> None:
    good = _check("send-audio", user_id="ann", call=CALL)
    checks = [
        good,
        _check("send-smell", user_id="ann", call=CALL),
        _check("send-audio", user_id="ann", call="nope:x"),
        _check("send-audio", call=CALL),
        _check("send-audio", user_id="ann", call="default"),
        _check("", user_id="ann", call=CALL),
        _check("send-audio", user_id="ann", call=CALL, facts=authorization_pb2.Facts(member_role="nobody")),
        good,
    ]
    results = client(authorization_pb2.BatchCheckCapabilitiesRequest(checks=checks)).results
    assert results[0] == results[7]
    assert results[0].result.allowed
    assert [(item.error.code, item.error.reason, item.error.field) for item in results[1:7]] == [
        (3, "UNKNOWN_CAPABILITY", "checks[1].capability"),
        (5, "CALL_TYPE_NOT_FOUND", "checks[2].call"),
        (3, "INVALID_FIELD", "checks[3].user_id"),
        (3, "INVALID_FIELD", "checks[4].call"),
        (3, "INVALID_FIELD", "checks[5].capability"),
        (3, "UNKNOWN_ROLE", "checks[6].facts.member_role"),
    ]
    for check, item in zip(checks[1:7], results[1:7], strict=True):
        alone = client.refused(check)
        assert (alone.code.value[0], alone.reason) == (item.error.code, item.error.reason)


def test_a_batch_says_user_and_target_once_for_those_that_leave_them_empty(client: Client) -> None:
    batch = authorization_pb2.BatchCheckCapabilitiesRequest(
        user_id="bob",
        channel=CHANNEL,
        checks=[
            _check("read-channel"),
            _check("read-channel", user_id="ann"),
            _check("send-audio", call=CALL),
            _check("send-audio", user_id="ann", call=CALL),
            _check("send-message", resource_owner_id="bob"),
        ],
    )
    alone = [
        _check("read-channel", user_id="bob", channel=CHANNEL),
        _check("read-channel", user_id="ann", channel=CHANNEL),
        _check("send-audio", user_id="bob", call=CALL),
        _check("send-audio", user_id="ann", call=CALL),
        _check("send-message", user_id="bob", channel=CHANNEL, resource_owner_id="bob"),
    ]
    assert [item.result for item in client(batch).results] == [client(check) for check in alone]


def test_facts_of_an_item_count_for_the_target_it_inherits(client: Client) -> None:
    for where, facts, capability in (
        ({"call": CALL}, authorization_pb2.Facts(blocked=True), "send-audio"),
        ({"call": CALL}, authorization_pb2.Facts(settings_override={"video": {"enabled": False}}), "send-video"),
        ({"channel": CHANNEL}, authorization_pb2.Facts(frozen=True), "send-message"),
        ({"channel": CHANNEL}, authorization_pb2.Facts(disabled=True), "read-channel"),
        ({"channel": CHANNEL}, authorization_pb2.Facts(config_override={"replies": False}), "send-reply"),
    ):
        said: dict[str, Any] = {"user_id": "bob", **where}
        inherits = _check(capability, facts=facts)
        batch = authorization_pb2.BatchCheckCapabilitiesRequest(checks=[inherits, _check(capability)], **said)
        results = client(batch).results
        assert results[0].result == client(_check(capability, facts=facts, **said)), (where, facts)
        assert not results[0].result.allowed
        assert results[1].result.allowed  # facts are of one question alone


def test_a_batch_of_a_user_takes_the_user_of_the_token(stage: Stage) -> None:
    batch = authorization_pb2.BatchCheckCapabilitiesRequest(call=CALL, checks=[_check("send-audio")] * 1_000)
    results = stage.server.client(stage.app, "bob")(batch).results
    alone = stage.client(_check("send-audio", user_id="bob", call=CALL))
    assert [item.result for item in results] == [alone] * 1_000


# --- answers agree ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def crowd(stage: Stage) -> list[str]:
    """A call with members of every standing."""
    client, cid = stage.client, "default:crowd"
    users = {
        "c-admin": {"role": "admin"},
        "c-guest": {"role": "guest"},
        "c-banned": {"banned": True},
        "c-plain": {},
        "c-granted": {"role": "guest"},
        "c-blocked": {},
        "c-host": {},
    }
    client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=name, **said) for name, said in users.items()]))  # type: ignore[arg-type]
    roles = {"c-host": "host", "c-guest": "guest"}
    members = [call_pb2.CallMember(user_id=name, role=roles.get(name, "")) for name in users]
    client(call_pb2.UpsertCallRequest(cid=cid, created_by_id="c-plain", members=members))
    client(call_pb2.BlockUserRequest(cid=cid, user_id="c-blocked"))
    client(
        call_pb2.UpdateUserPermissionsRequest(
            cid=cid, user_id="c-granted", grant_permissions=["end-call"], revoke_permissions=["send-audio"]
        )
    )
    return sorted(users)


def _own(client: Client, user_id: str, cid: str) -> list[str]:
    request = authorization_pb2.ListCapabilitiesRequest(user_id=user_id, call=cid)
    return list(client(request).own_capabilities)


def test_the_roster_says_of_each_member_what_listing_says(client: Client, crowd: list[str]) -> None:
    request = authorization_pb2.ListRosterCapabilitiesRequest(call="default:crowd")
    roster = client(request)
    assert list(roster.capabilities) == sorted(CALL_CAPABILITIES)
    assert [entry.user_id for entry in roster.entries] == crowd
    for entry in roster.entries:
        bits = int.from_bytes(entry.capabilities, "little")
        listed = [name for place, name in enumerate(roster.capabilities) if bits >> place & 1]
        assert listed == _own(client, entry.user_id, "default:crowd"), entry.user_id
        assert bits.bit_length() <= len(roster.capabilities)
    assert {entry.user_id: entry.role for entry in roster.entries}["c-host"] == "host"
    assert {bool(int.from_bytes(entry.capabilities, "little")) for entry in roster.entries} == {True, False}


def test_the_roster_comes_in_pages(client: Client, crowd: list[str]) -> None:
    entries, token = [], ""
    while True:
        page = client(
            authorization_pb2.ListRosterCapabilitiesRequest(call="default:crowd", page_size=2, page_token=token)
        )
        entries += page.entries
        token = page.next_page_token
        if not token:
            break
        assert len(page.entries) == 2
    assert entries == list(client(authorization_pb2.ListRosterCapabilitiesRequest(call="default:crowd")).entries)


def test_listing_holds_exactly_what_is_allowed_one_by_one_and_admission_says_the_same(
    client: Client, crowd: list[str]
) -> None:
    for user_id in (*crowd, "nobody"):
        allowed = [
            name
            for name in sorted(CALL_CAPABILITIES)
            if client(_check(name, user_id=user_id, call="default:crowd")).allowed
        ]
        assert _own(client, user_id, "default:crowd") == allowed
        admission = client(authorization_pb2.CheckAdmissionRequest(user_id=user_id, call="default:crowd"))
        assert list(admission.own_capabilities) == allowed
        assert admission.allowed == ("join-call" in allowed)
        assert list(admission.required) == ["join-call"]


_COMMON: Final = ("allowed", "reason", "role", "permission", "revision", "policy")


@pytest.mark.parametrize("target", ["call", "channel", "app"])
def test_explaining_answers_as_checking_and_shows_the_rule_that_decided(
    client: Client, crowd: list[str], target: str
) -> None:
    where: dict[str, Any] = {"call": {"call": "default:crowd"}, "channel": {"channel": CHANNEL}, "app": {}}[target]
    ids: Any = {"call": CALL_CAPABILITIES, "channel": CHANNEL_CAPABILITIES, "app": ("search-user", "ban-user")}[target]
    rules = set()
    for user_id in (*crowd, "ann", "nobody"):
        for capability in ids:
            asked: dict[str, Any] = {"user_id": user_id, "capability": capability, **where}
            checked = client(authorization_pb2.CheckCapabilityRequest(**asked))
            explained = client(authorization_pb2.ExplainCapabilityRequest(**asked))
            assert [getattr(explained, name) for name in _COMMON] == [getattr(checked, name) for name in _COMMON]
            rules.add(tuple(step.rule for step in explained.steps))
            outcomes = [step.outcome for step in explained.steps]
            step = authorization_pb2.ExplainStep
            decided = step.OUTCOME_ALLOW if checked.allowed else step.OUTCOME_DENY
            at = outcomes.index(decided)
            assert set(outcomes[:at]) <= {step.OUTCOME_PASS}
            assert set(outcomes[at + 1 :]) <= {step.OUTCOME_NOT_REACHED}
            assert all(step.detail for step in explained.steps)
            assert not (checked.allowed and explained.would_allow)
    assert len(rules) == 1  # the same rules in the same order, whoever asks


# --- pages -----------------------------------------------------------------------------------------------------------

LISTS: Final[dict[str, tuple[Any, str, str]]] = {
    "permissions": (permission_pb2.ListPermissionsRequest, "permissions", "id"),
    "roles": (role_pb2.ListRolesRequest, "roles", "name"),
    "call types": (call_type_pb2.ListCallTypesRequest, "call_types", "name"),
    "channel types": (channel_type_pb2.ListChannelTypesRequest, "channel_types", "name"),
    "calls": (call_pb2.ListCallsRequest, "calls", "cid"),
    "channels": (channel_pb2.ListChannelsRequest, "channels", "cid"),
    "users": (user_pb2.ListUsersRequest, "users", "id"),
    "call members": (call_pb2.ListCallMembersRequest, "members", "user_id"),
    "channel members": (channel_pb2.ListChannelMembersRequest, "members", "user_id"),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("size", [1, 3])
def test_pages_put_together_are_the_whole_list_in_order(client: Client, crowd: list[str], name: str, size: int) -> None:
    request, field, key = LISTS[name]
    said = {"call members": {"cid": "default:crowd"}, "channel members": {"cid": CHANNEL}}.get(name, {})
    if name == "permissions":
        said = {"action": "SendAudio"}
    whole = client(request(page_size=1_000, **said))
    keys = [getattr(item, key) for item in getattr(whole, field)]
    assert len(keys) >= 2
    assert keys == sorted(keys, key=str.encode)
    assert whole.next_page_token == ""
    seen: list[Any] = []
    token = ""
    while True:
        page = client(request(page_size=size, page_token=token, **said))
        seen += getattr(page, field)
        assert page.revision == whole.revision
        assert 0 < len(getattr(page, field)) <= size
        token = page.next_page_token
        if not token:
            break
    assert seen == list(getattr(whole, field))


def test_every_list_gives_a_hundred_when_not_asked_for_a_number(client: Client) -> None:
    assert len(client(permission_pb2.ListPermissionsRequest()).permissions) == 100
    assert len(client(permission_pb2.ListPermissionsRequest(page_size=1_000)).permissions) == 488 + 2  # two of its own


# --- writes of types -------------------------------------------------------------------------------------------------

_TYPES: Final[dict[str, tuple[Any, Any, str, str]]] = {
    "call_type": (call_type_pb2.UpsertCallTypeRequest, call_type_pb2.GetCallTypeRequest, "default", "send-audio"),
    "channel_type": (
        channel_type_pb2.UpsertChannelTypeRequest,
        channel_type_pb2.GetChannelTypeRequest,
        "messaging",
        "create-message",
    ),
}


@pytest.mark.parametrize("kind", _TYPES)
def test_a_dry_run_answers_as_the_write_would_and_changes_nothing(client: Client, kind: str) -> None:
    upsert, get, _, permission = _TYPES[kind]
    at = revision(client)
    for name, created in (("hall", False), ("dry", True)):
        before = dump(client)
        grants = {"guest": PermissionList(permissions=[permission])}
        answer = client(upsert(name=name, grants=grants, dry_run=True))
        assert (answer.created, answer.revision) == (created, at)
        assert list(getattr(answer, kind).grants["guest"].permissions) == [permission]
        assert dump(client) == before
    assert client.refused(get(name="dry")).code == Code.NOT_FOUND
    assert client.refused(upsert(name="dry", grants={"nobody": PermissionList()}, dry_run=True)).fields == (
        "grants.nobody",
    )
    app = client(app_pb2.UpdateAppRequest(multi_tenant_enabled=True, dry_run=True))
    assert (app.app.multi_tenant_enabled, app.revision) == (True, at)
    assert not client(app_pb2.GetAppRequest()).app.multi_tenant_enabled


_ENDLESS: Final = Struct(fields={"a": Value(number_value=math.inf)})
_UNCONVERTIBLE: Final[list[tuple[str, Message]]] = [
    ("users", user_pb2.UpsertUsersRequest(users=[user_pb2.User(id="ann", custom=_ENDLESS)] * 1_001)),
    (
        "members",
        call_pb2.UpsertCallRequest(cid=CALL, members=[call_pb2.CallMember(user_id="ann", custom=_ENDLESS)] * 1_001),
    ),
    (
        "members",
        channel_pb2.UpsertChannelRequest(
            cid=CHANNEL, members=[channel_pb2.ChannelMember(user_id="ann", custom=_ENDLESS)] * 1_001
        ),
    ),
    (
        "update_members",
        call_pb2.UpdateCallMembersRequest(
            cid=CALL,
            update_members=[call_pb2.CallMember(user_id="ann", custom=_ENDLESS)],
            remove_members=["bob"] * 1_000,
        ),
    ),
    (
        "update_members",
        channel_pb2.UpdateChannelMembersRequest(
            cid=CHANNEL,
            update_members=[channel_pb2.ChannelMember(user_id="ann", custom=_ENDLESS)],
            remove_members=["bob"] * 1_000,
        ),
    ),
]


@pytest.mark.parametrize(("field", "request_"), _UNCONVERTIBLE, ids=[rpc_of(row[1]).name for row in _UNCONVERTIBLE])
def test_a_list_that_is_too_long_is_refused_before_its_entries_are_read(
    client: Client, field: str, request_: Message
) -> None:
    refusal = client.refused(request_)
    assert (refusal.code, refusal.fields) == (Code.INVALID_ARGUMENT, (field,))
    assert "1001" in refusal.message


@pytest.mark.parametrize("kind", _TYPES)
def test_a_write_on_a_revision_that_is_not_the_current_one_is_aborted(client: Client, kind: str) -> None:
    upsert, get, _, permission = _TYPES[kind]
    first = client(upsert(name="guarded", expected_revision=0))
    read = client(get(name="guarded"))
    assert getattr(read, kind).revision == first.revision
    second = client(upsert(name="guarded", grants={"user": PermissionList()}, expected_revision=first.revision))
    assert second.revision == first.revision + 1
    for stale in (0, first.revision, second.revision + 100):
        before = dump(client)
        grants = {"user": PermissionList(permissions=[permission])}
        refusal = client.refused(upsert(name="guarded", grants=grants, expected_revision=stale))
        assert (refusal.code, refusal.reason) == (Code.ABORTED, "REVISION_CONFLICT")
        assert refusal.fields == ("expected_revision",)
        assert dump(client) == before
    at = client(user_pb2.UpsertUsersRequest(users=[user_pb2.User(id=f"beside-{kind}")])).revision
    assert client(upsert(name="guarded", reset_grants=True, expected_revision=at)).revision == at + 1


@pytest.mark.parametrize("kind", _TYPES)
def test_grants_are_replaced_by_role_cleared_by_an_empty_list_and_reset_to_their_defaults(
    client: Client, kind: str
) -> None:
    upsert, get, origin, permission = _TYPES[kind]

    def grants(name: str) -> dict[str, list[str]]:
        stored = getattr(client(get(name=name)), kind).grants
        return {role: list(stored[role].permissions) for role in stored if stored[role].permissions}

    defaults = grants(origin)
    client(upsert(name="fresh"))
    assert grants("fresh") == defaults
    client(upsert(name="fresh", grants={"guest": PermissionList(permissions=[permission, permission])}))
    assert grants("fresh") == {**defaults, "guest": [permission]}
    client(upsert(name="fresh", grants={"guest": PermissionList()}))
    assert grants("fresh") == {role: held for role, held in defaults.items() if role != "guest"}
    client(upsert(name="fresh", reset_grants=True, grants={"speaker": PermissionList(permissions=[permission])}))
    assert grants("fresh") == {**defaults, "speaker": [permission]}
    client(upsert(name="fresh", reset_grants=True))
    assert grants("fresh") == defaults


# --- errors ----------------------------------------------------------------------------------------------------------


def test_an_error_says_what_is_meant_in_details_that_machines_read(client: Client) -> None:
    request = call_type_pb2.UpsertCallTypeRequest(
        name="hall", grants={"user": PermissionList(permissions=["send-adio"])}
    )
    refusal = client.refused(request)
    assert refusal.code == Code.INVALID_ARGUMENT
    assert (refusal.domain, refusal.reason) == ("rolecall", "UNKNOWN_PERMISSION")
    assert refusal.message.startswith('cannot use unknown permission "send-adio"')
    assert "`send-audio`" in refusal.message
    assert refusal.metadata["permission"] == "send-adio"
    assert "send-audio" in refusal.metadata["nearest"].split(",")
    assert refusal.fields == ("grants.user",)
    request = call_type_pb2.UpsertCallTypeRequest(name="hall", grants={"boss": PermissionList()})
    refusal = client.refused(request)
    assert refusal.message == 'role "boss" does not exist'
    assert (refusal.reason, refusal.metadata["role"], refusal.fields) == ("UNKNOWN_ROLE", "boss", ("grants.boss",))


def test_a_server_that_serves_no_app_answers_health_and_refuses_the_rest(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = start(tmp_path_factory.mktemp("empty") / "store.db")
    try:
        health: Any = health_pb2_grpc.HealthStub(server.channel())
        assert health.Check(health_pb2.HealthCheckRequest()).status == SERVING
        refusal = Client(server.channel(), "any", "any").refused(app_pb2.GetAppRequest())
        assert (refusal.code, refusal.reason) == (Code.UNAUTHENTICATED, "API_KEY_UNKNOWN")
    finally:
        server.stop()
