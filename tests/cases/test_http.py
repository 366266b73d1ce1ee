"""Every scenario file through both doors of one server: what HTTP writes and answers is what gRPC does.

Each file's world is written over HTTP; then every user, and every call token of the file, reads every call and channel
of it over HTTP, and gRPC says of the same app what the answer must be. What the file itself demands must come out too.
Questions with facts and about what was never stored have no form over HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Final, NamedTuple

import httpx
import pytest
from google.protobuf.json_format import MessageToDict

from rolecall.api.v1 import (
    app_pb2,
    call_pb2,
    call_type_pb2,
    channel_pb2,
    channel_type_pb2,
    permission_pb2,
    role_pb2,
    user_pb2,
)
from tests.cases.test_decide import MIGRATING, SCENARIOS
from tests.doors import make_apps, running
from tests.grpc_door import GrpcDoor
from tests.http_door import BY_GRPC, SURFACES, HttpDoor, exceptions, timestamp
from tests.oracle import Question, World
from tests.scenarios import Check, Listing, Scenario
from tests.service_door import EPOCH
from tests.tables import CALL_CAPABILITIES, CHANNEL_CAPABILITIES

PERMISSIONS: Final = {"call": "read-call", "channel": "read-channel"}
"""What is read -> the permission that takes."""
CAPABILITIES: Final = {"call": sorted(CALL_CAPABILITIES), "channel": sorted(CHANNEL_CAPABILITIES)}
READABLE: Final = [scenario for scenario in SCENARIOS if scenario.world["calls"] or scenario.world["channels"]]
BARE: Final = "bare"
_ALL: Final = 1_000

Answers = dict[tuple[Any, ...], list[str] | None]


class Doors(NamedTuple):
    """A server's doors, each made and written when it is first asked for."""

    http: Callable[..., HttpDoor]
    grpc: Callable[[Scenario], GrpcDoor]
    bare: HttpDoor
    """Of an app that nothing was written to."""


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Have one server with an app for each way a scenario's world is written."""
    db = tmp_path_factory.mktemp("cases") / "store.db"
    ways = [*product(SCENARIOS, ("http", "grpc")), *product(MIGRATING, ["http, to be migrated"])]
    apps = make_apps(db, [BARE, *(f"{scenario.name}, {way}" for scenario, way in ways)])
    written: dict[str, Any] = {}

    def door(scenario: Scenario, way: str, make: Callable[..., Any]) -> Any:
        name = f"{scenario.name}, {way}"
        if name not in written:
            fresh = make(apps[name])
            fresh.write(scenario.world)
            written[name] = fresh
        return written[name]

    def over_http(scenario: Scenario, *, to_migrate: bool = False) -> HttpDoor:
        way = "http, to be migrated" if to_migrate else "http"
        made: HttpDoor = door(scenario, way, lambda app: HttpDoor(server, app, client))
        return made

    def over_grpc(scenario: Scenario) -> GrpcDoor:
        made: GrpcDoor = door(scenario, "grpc", lambda app: GrpcDoor(server, app))
        return made

    with running(db) as server, httpx.Client(base_url=server.http, timeout=20) as client:
        yield Doors(over_http, over_grpc, HttpDoor(server, apps[BARE], client))


def each(chosen: Iterable[Scenario]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("scenario", chosen, ids=lambda scenario: scenario.name)


# --- what is asked ---------------------------------------------------------------------------------------------------


def questions(scenario: Scenario) -> list[Question]:
    """Return who reads what: everybody everything, also with each token that the file gives."""
    asked = [row.question for rows in (scenario.checks, scenario.admissions) for row in rows]
    asked += [row.question for row in scenario.lists]
    readers = [{"user": user} for user in dict.fromkeys([*scenario.world["users"], *(one["user"] for one in asked)])]
    for question in asked:
        reader = {name: question[name] for name in ("user", "token") if question.get(name)}
        if reader not in readers:
            readers.append(reader)
    targets = [{kind: cid} for kind in PERMISSIONS for cid in scenario.world[f"{kind}s"]]
    return [*({**reader, **target} for reader, target in product(readers, targets)), *_with_channel_tokens(scenario)]


def _with_channel_tokens(scenario: Scenario) -> Iterator[Question]:
    """Yield what no file asks: who reads a channel with a token that makes it a moderator there."""
    for cid, user in product(scenario.world["channels"], scenario.world["users"]):
        yield {"user": user, "channel": cid, "token": {"channel_cids": [cid], "role": "channel_moderator"}}


def kind_of(question: Question) -> str:
    """Return what a question is about."""
    return "call" if "call" in question else "channel"


def key(question: Question) -> tuple[Any, ...]:
    """Return who asks about what."""
    token = question.get("token", {})
    about = question.get("call") or question.get("channel")
    return question["user"], *map(str, token.items()), about


def as_grpc_says(door: GrpcDoor, question: Question) -> list[str] | None:
    """Return what a user may do, None when it may not read that at all."""
    capability = PERMISSIONS[kind_of(question)]
    return door.capabilities(question) if door.check({**question, "capability": capability}).allowed else None


def answers_of(door: HttpDoor, scenario: Scenario) -> Answers:
    """Ask everything over HTTP, on both surfaces, and gRPC, who must all agree."""
    asked = {key(question): question for question in questions(scenario)}
    expected = {name: as_grpc_says(door.grpc, question) for name, question in asked.items()}
    for surface in SURFACES:
        assert {name: door.read(question, surface) for name, question in asked.items()} == expected, surface.name
    return expected


def keeps_to(answers: Answers, checks: Iterable[Check], lists: Iterable[Listing]) -> None:
    """Hold answers against what a file demands of them; who is refused can't read the call, that much is told."""
    for question, capabilities in [(row.question, row.own_capabilities) for row in lists]:
        if _is_read(question, answers):
            own = answers[key(question)]
            assert own == capabilities if own is not None else "read-call" not in capabilities, question
    for check in checks:
        question, allowed = check.question, check.expected.allowed
        if _is_read(question, answers) and _is_own_capability(question):
            own = answers[key(question)]
            if own is not None or question["capability"] == "read-call":
                assert (question["capability"] in (own or ())) is allowed, question


def _is_read(question: Question, answers: Mapping[tuple[Any, ...], Any]) -> bool:
    return "facts" not in question and key(question) in answers


def _is_own_capability(question: Question) -> bool:
    return question["capability"] in CAPABILITIES[kind_of(question)] and "resource_owner" not in question


# --- reading ---------------------------------------------------------------------------------------------------------


@each(READABLE)
def test_everybody_reads_over_http_what_grpc_says(doors: Doors, scenario: Scenario) -> None:
    answers = answers_of(doors.http(scenario), scenario)
    assert answers
    keeps_to(answers, scenario.checks, scenario.lists)


@each(READABLE)
def test_a_server_reads_everything(doors: Doors, scenario: Scenario) -> None:
    door = doors.http(scenario)
    for surface, kind in product(SURFACES, PERMISSIONS):
        for cid in scenario.world[f"{kind}s"]:
            assert door.read({kind: cid}, surface) == CAPABILITIES[kind]


@each(MIGRATING)
def test_migrating(doors: Doors, scenario: Scenario) -> None:
    door, migration = doors.http(scenario, to_migrate=True), scenario.migration
    assert migration is not None
    keeps_to(answers_of(door, scenario), scenario.checks, scenario.lists)
    door.migrate()
    assert door.grpc.send(app_pb2.GetAppRequest()).app.permission_version == "v2"
    keeps_to(answers_of(door, scenario), migration.checks, migration.lists)
    for row in migration.checks:
        assert row.expected.met_by(door.grpc.check(row.question)), row.question


def test_what_the_files_demand_is_met_over_http_too() -> None:
    """Those demands are not few, and are of either kind."""
    demanded = [(row, {key(question): None for question in questions(one)}) for one in READABLE for row in one.checks]
    met = [row for row, read in demanded if _is_read(row.question, read) and _is_own_capability(row.question)]
    assert len([row for row in met if row.expected.allowed]) > 100
    assert len([row for row in met if not row.expected.allowed]) > 100


# --- writing ---------------------------------------------------------------------------------------------------------


@each(SCENARIOS)
def test_http_writes_the_state_that_grpc_writes(doors: Doors, scenario: Scenario) -> None:
    over_http, over_grpc = doors.http(scenario), doors.grpc(scenario)
    write_times(over_grpc, scenario.world)
    assert state(over_http.grpc, scenario.world) == state(over_grpc, scenario.world)


CALL: Final = "/api/v2/video/call/default/one"
CHANNEL: Final = "/api/v2/chat/channels/messaging/one"
REFUSED: Final[dict[str, tuple[str, dict[str, Any], int]]] = {
    "user banned": ("/api/v2/moderation/ban", {"target_user_id": "ann", "banned_by_id": "ann"}, 404),
    "user deactivated": ("/api/v2/users/ann/deactivate", {}, 404),
    "channel member banned": ("/api/v2/moderation/ban", {"target_user_id": "ann", "channel_cid": "messaging:one"}, 404),
    "call of nobody": (CALL, {"data": {}}, 400),
    "channel of nobody": (f"{CHANNEL}/query", {"data": {}}, 400),
    "other capability said of a user": (
        f"{CALL}/user_permissions",
        {"user_id": "ann", "grant_permissions": ["kick-user"]},
        400,
    ),
}
"""What a client of Stream's would send for what is written over gRPC, and how that is refused."""


def test_what_is_written_over_grpc_is_refused_over_http(doors: Doors) -> None:
    assert set(REFUSED) == set(BY_GRPC)
    for path, body, status in REFUSED.values():
        assert doors.bare.send("POST", path, body).status_code == status, path


def test_only_what_has_no_form_over_http_is_written_over_grpc() -> None:
    found = {name for scenario in SCENARIOS for name in exceptions(scenario.world)}
    assert found == set(BY_GRPC)


def write_times(door: GrpcDoor, world: World) -> None:
    """Write when calls start, which the gRPC door leaves to each question."""
    for cid, row in world["calls"].items():
        if "starts_at" in row:
            door.send(call_pb2.UpsertCallRequest(), cid=cid, starts_at=timestamp(EPOCH + row["starts_at"]))


def state(door: GrpcDoor, world: World) -> dict[str, Any]:
    """Return all that an app holds, but for its name, times and revisions."""
    requests = {
        "app": app_pb2.GetAppRequest(),
        "roles": role_pb2.ListRolesRequest(page_size=_ALL),
        "permissions": permission_pb2.ListPermissionsRequest(page_size=_ALL, custom=True),
        "call types": call_type_pb2.ListCallTypesRequest(page_size=_ALL),
        "channel types": channel_type_pb2.ListChannelTypesRequest(page_size=_ALL),
        "users": user_pb2.ListUsersRequest(page_size=_ALL),
        "calls": call_pb2.ListCallsRequest(page_size=_ALL),
        "channels": channel_pb2.ListChannelsRequest(page_size=_ALL),
    }
    for cid, user in product(world["calls"], world["users"]):
        requests[f"{user} on {cid}"] = call_pb2.UpdateUserPermissionsRequest(
            cid=cid, user_id=user, reset_permissions=[_unsaid(world["calls"][cid], user)]
        )
    for cid in world["calls"]:
        requests[f"members of {cid}"] = call_pb2.ListCallMembersRequest(cid=cid, page_size=_ALL)
    for cid in world["channels"]:
        requests[f"members of {cid}"] = channel_pb2.ListChannelMembersRequest(cid=cid, page_size=_ALL)
    held: dict[str, Any] = {name: _timeless(_plain(door.send(request))) for name, request in requests.items()}
    held["app"]["app"].pop("name")
    return held


def _unsaid(row: dict[str, Any], user: str) -> str:
    """Return a capability that nothing was said of: taking it back changes nothing, and the answer tells the rest."""
    said = {*row.get("granted", {}).get(user, ()), *row.get("revoked", {}).get(user, ())}
    return min(set(CALL_CAPABILITIES) - said)


def _plain(message: Any) -> dict[str, Any]:
    plain: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return plain


def _timeless(held: Any) -> Any:
    """Return what is held without times and revisions; a call's end is only that it is ended."""
    if isinstance(held, list):
        return [_timeless(one) for one in held]
    if not isinstance(held, dict):
        return held
    kept = {name: _timeless(value) for name, value in held.items() if name not in _PASSING}
    return {**kept, "ended_at": True} if "ended_at" in kept else kept


_PASSING: Final = frozenset({"created_at", "updated_at", "revision"})
