"""A server's gRPC door behind the questions tests ask: worlds written and questions asked as a client would.

Requests are made from plain JSON and not by the project's own converters, which are so tested too. The scenario's
clock is the server's: `starts_at` is written anew for each admission, as far from now as the question is from it.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final

from google.protobuf.json_format import ParseDict

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
from rolecall.api.v1.core_pb2 import Reason
from tests.doors import App, Client, Server
from tests.oracle import Answer, Question, World
from tests.scenarios import Cell, nested
from tests.service_door import call_type_changes, channel_type_changes, creator, known, said, tuples
from tests.translation import Report

_SECOND: Final = 1_000_000_000
_PREFIX: Final = "REASON_"
_PROMPT: Final = _SECOND // 2
_TRIES: Final = 20
Json = dict[str, Any]


class GrpcDoor:
    """One app behind a server."""

    def __init__(self, server: Server, app: App) -> None:
        self._server = server
        self._app = app
        self._ask = server.client(app)
        self._clients: dict[tuple[Any, ...], Client] = {}

    def check(self, question: Question) -> Answer:
        """Answer one question."""
        return _answer(self.client(question)(_parsed(_asked(question), authorization_pb2.CheckCapabilityRequest())))

    def batch(self, questions: Iterable[Question]) -> list[Answer]:
        """Answer many server-side questions in one call."""
        request = {"checks": [_asked(question) for question in questions]}
        response = self._ask(_parsed(request, authorization_pb2.BatchCheckCapabilitiesRequest()))
        return [_answer(item.result) for item in response.results]

    def capabilities(self, question: Question) -> list[str]:
        """Return all capabilities of a user on a call or channel, in the order of the answer."""
        request = _parsed(_asked(question), authorization_pb2.ListCapabilitiesRequest())
        return list(self.client(question)(request).own_capabilities)

    def explain(self, question: Question) -> Answer:
        """Return the decision that is explained."""
        return _answer(self.client(question)(_parsed(_asked(question), authorization_pb2.ExplainCapabilityRequest())))

    def admission(self, question: Question, world: World) -> Answer:
        """Answer whether a user may come into a call at `question["now"]` on the scenario's clock.

        An answer that came too late to be about that moment is asked for again.
        """
        for _ in range(_TRIES):
            now = time.time_ns()
            answer = self._admission(question, world, zero=now - question["now"])
            if time.time_ns() - now < _PROMPT:
                return answer
        raise AssertionError("the server is too slow to be asked about a moment")

    def _admission(self, question: Question, world: World, zero: int) -> Answer:
        starts_at = world["calls"].get(question["call"], {}).get("starts_at")
        if starts_at is not None:
            self.send(call_pb2.UpsertCallRequest(), cid=question["call"], starts_at=_time(zero + starts_at))
        asked = _asked(question, zero)
        return _answer(self.client(question)(_parsed(asked, authorization_pb2.CheckAdmissionRequest())))

    def client(self, question: Question) -> Client:
        """Return a server-side caller, or, with a token, its user."""
        token = question.get("token")
        if not token:
            return self._ask
        name = (question["user"], *map(str, token.items()))
        if name not in self._clients:
            self._clients[name] = self._server.client(self._app, question["user"], **token)
        return self._clients[name]

    # --- writing -----------------------------------------------------------------------------------------------------

    def write(self, world: World) -> None:
        """Make a fresh app hold a world."""
        for role in world["roles"]:
            self.send(role_pb2.CreateRoleRequest(), name=role)
        for name, row in world["permissions"].items():
            self.send(permission_pb2.CreatePermissionRequest(), id=name, **_permission(row))
        for change in call_type_changes(world):
            request = call_type_pb2.UpsertCallTypeRequest()
            self.send(request, name=change.name, grants=_lists(change.grants), settings=_nested(change.settings))
        for change in channel_type_changes(world):
            channel_request = channel_type_pb2.UpsertChannelTypeRequest()
            config = _nested(change.settings)
            policies = _policies(world["channel_types"][change.name]["policies"])
            grants = _lists(change.grants)
            self.send(channel_request, name=change.name, grants=grants, config=config, permissions=policies)
        if world["users"]:
            users = [{"id": name, **row} for name, row in world["users"].items()]
            self.send(user_pb2.UpsertUsersRequest(), users=users)
        for cid, row in world["calls"].items():
            self._write_call(cid, row, world)
        for cid, row in world["channels"].items():
            self.send(channel_pb2.UpsertChannelRequest(), **_channel(cid, row, world))
        app = dict(world["app"])
        disallowed = {"values": app.pop("user_search_disallowed_roles")}
        grants = _lists(tuples(world["app_grants"]))
        self.send(app_pb2.UpdateAppRequest(), grants=grants, user_search_disallowed_roles=disallowed, **app)

    def migrate(self, *, dry_run: bool = False) -> Report:
        """Migrate the app to permission version v2, and return its report on channels; a dry run changes nothing."""
        request = app_pb2.UpdateAppRequest(permission_version="v2", migrate_permissions_to_v2=True, dry_run=dry_run)
        report = self._ask(request).migration_report
        assert report.applied is not dry_run
        return _report(report)

    def undo(self) -> None:
        """Put back what was there before the migration."""
        self.send(app_pb2.UpdateAppRequest(), undo_migration=True)

    def send(self, request: Any, **fields: Any) -> Any:
        """Send a request of these fields, server side, and return the response."""
        return self._ask(_parsed(fields, request))

    def _write_call(self, cid: str, row: Json, world: World) -> None:
        request = {
            "cid": cid,
            "created_by_id": creator(row, world),
            "team": row.get("team", ""),
            "members": [{"user_id": user, "role": row["members"][user]} for user in known(row["members"], world)],
            "settings_override": _nested(row.get("settings_override", {})),
            "custom": row.get("custom", {}),
        }
        backstage = self.send(call_pb2.UpsertCallRequest(), **request).call.backstage
        if row.get("backstage", backstage) != backstage:
            self.send(call_pb2.GoLiveRequest() if backstage else call_pb2.StopLiveRequest(), cid=cid)
        if row.get("ended"):
            self.send(call_pb2.EndCallRequest(), cid=cid)
        for user in known(row.get("blocked", ()), world):
            self.send(call_pb2.BlockUserRequest(), cid=cid, user_id=user)
        for user, grant, revoke in said(row, world):
            lists = {"grant_permissions": grant, "revoke_permissions": revoke}
            self.send(call_pb2.UpdateUserPermissionsRequest(), cid=cid, user_id=user, **lists)


# --- plain data as JSON of the protos --------------------------------------------------------------------------------


def _parsed(fields: Json, request: Any) -> Any:
    return ParseDict(fields, request)


def _answer(response: Any) -> Answer:
    reason = Reason.Name(response.reason).removeprefix(_PREFIX)
    said = (getattr(response, name, "") for name in ("role", "permission", "policy"))
    return Answer(response.allowed, reason, *said)


def _report(report: Any) -> Report:
    rows: Report = {}
    for change in report.changes:
        for pair in itertools.product(change.user_roles, change.channel_roles):
            cell = Cell(change.channel_type, *pair, change.owner)
            assert cell not in rows, f"told twice: {cell}"
            rows[cell] = list(change.gained), list(change.lost)
    return rows


def _permission(row: Json) -> Json:
    """Return the fields of a custom permission; what is as it would be anyway is left out."""
    left_out = {"owner": False, "same_team": True, "condition": {}}
    return {name: value for name, value in row.items() if name == "action" or value != left_out[name]}


def _policies(rows: list[Json]) -> list[Json]:
    return [{**row, "action": f"POLICY_ACTION_{row['action'].upper()}"} for row in rows]


def _asked(question: Question, zero: int = 0) -> Json:
    """Return the fields that requests of one question have in common; the token's user is left out."""
    request: Json = {name: question[name] for name in ("call", "channel", "capability") if name in question}
    if not question.get("token"):
        request["user_id"] = question["user"]
    if question.get("resource_owner"):
        request["resource_owner_id"] = question["resource_owner"]
    if question.get("facts"):
        request["facts"] = dict(_facts(question["facts"], zero))
    return request


def _facts(facts: Json, zero: int) -> Iterator[tuple[str, Any]]:
    for name, value in facts.items():
        if name == "starts_at":
            yield name, _time(zero + value)
        else:
            yield name, _nested(value) if name == "settings_override" else value


def _time(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, _SECOND)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:09d}Z"


def _lists(grants: Any) -> Json:
    return {role: {"permissions": list(permissions)} for role, permissions in grants.items()}


def _nested(leaves: Any) -> Json:
    """Return dotted paths as a tree; a tuple is the message that a list is kept in."""
    kept = {path: {"values": list(value)} if isinstance(value, tuple) else value for path, value in leaves.items()}
    return nested(kept)


def _channel(cid: str, row: Json, world: World) -> Json:
    members, overrides = row.get("members", {}), row.get("config_overrides", {})
    return {
        "cid": cid,
        "created_by_id": creator(row, world),
        "team": row.get("team", ""),
        "members": [{"user_id": user, **members[user]} for user in known(members, world)],
        "frozen": row.get("frozen", False),
        "disabled": row.get("disabled", False),
        "cooldown": row.get("cooldown", 0),
        "config_overrides": {"grants": _lists(overrides.get("grants", {})), **overrides.get("flags", {})},
        "custom": row.get("custom", {}),
    }
