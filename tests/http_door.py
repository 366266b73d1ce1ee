"""A server's HTTP door behind worlds and questions: what a client of Stream's would send, by a plain client.

Everything of a world that Stream's API can say is written through it; the rest, each with its reason, is in `BY_GRPC`.
The client knows nothing of the project: paths, bodies and codes are as the interface's description has them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import quote

import httpx

from rolecall.api.v1 import call_pb2, channel_pb2, user_pb2
from rolecall.domain.builtin import call_types, channel_types
from tests.doors import App, Server
from tests.grpc_door import GrpcDoor
from tests.oracle import Question, World
from tests.scenarios import SECOND, nested
from tests.service_door import EPOCH, call_type_changes, channel_type_changes, creator, known, said, tuples

BY_GRPC: Final[Mapping[str, str]] = {
    "user banned": "bans are made by moderation endpoints, which are not part of the HTTP API",
    "user deactivated": "DeactivateUser is not part of the HTTP API",
    "channel member banned": "channel bans are made by moderation endpoints, which are not part of the HTTP API",
    "call of nobody": "GetOrCreateCall with a server's token must name who creates the call",
    "channel of nobody": "GetOrCreateChannel with a server's token must name who creates the channel",
    "other capability said of a user": "UpdateUserPermissions takes three ids: send-audio, send-video, screenshare",
}
"""What of a world can't be written over HTTP, and why."""

TRACKS: Final = frozenset({"send-audio", "send-video", "screenshare"})
NOT_ALLOWED: Final = (403, 17)
ANONYMOUS: Final = "!anon"
_STANDS: Final = ("banned", "deactivated")
_OWN_FIELDS: Final = frozenset({"id", "name", "role", "teams", "type", "cid", "team", "frozen", "disabled", "members"})
Json: TypeAlias = dict[str, Any]


class Surface(NamedTuple):
    """Where the operations are; `inlined`: custom data of users and channels is among their own fields."""

    name: str
    app: str
    chat: str
    video: str
    inlined: bool


V2: Final = Surface("v2", "/api/v2", "/api/v2/chat", "/api/v2/video", inlined=False)
LEGACY: Final = Surface("legacy", "", "", "/video", inlined=True)
SURFACES: Final = (V2, LEGACY)


def exceptions(world: World) -> Iterator[str]:
    """Yield what of a world is in `BY_GRPC`, as often as it occurs."""
    for user in world["users"].values():
        yield from (f"user {state}" for state in _STANDS if user[state])
    for kind in ("call", "channel"):
        yield from (f"{kind} of nobody" for row in world[f"{kind}s"].values() if not creator(row, world))
    for row in world["calls"].values():
        if any(not TRACKS.issuperset((*grant, *revoke)) for _, grant, revoke in said(row, world)):
            yield "other capability said of a user"
    for row in world["channels"].values():
        members = row.get("members", {})
        yield from ("channel member banned" for user in known(members, world) if members[user]["banned"])


class HttpDoor:
    """One app behind a server; what is written takes turns on the surfaces.

    On `LEGACY` things are made step by step, on `V2` by as few requests as it takes: as the clients of each do.
    """

    def __init__(self, server: Server, app: App, http: httpx.Client) -> None:
        self.grpc = GrpcDoor(server, app)
        self._app = app
        self._http = http
        self._turns = cycle(SURFACES)

    # --- asking ------------------------------------------------------------------------------------------------------

    def read(self, question: Question, surface: Surface = V2) -> list[str] | None:
        """Get the call or channel as the question's user, or as a server; return what it may do, None when refused."""
        path = _call(surface, question["call"]) if "call" in question else _channel(surface, question["channel"])
        answer = self._http.get(path, params={"api_key": self._app.key}, headers=self._credentials(question))
        body = answer.json()
        if answer.status_code == 200:
            holder = body if "call" in question else body["channel"]
            capabilities: list[str] = holder["own_capabilities"]
            return capabilities
        assert (answer.status_code, body["code"]) == NOT_ALLOWED, f"GET {path} for {question}: {answer.text}"
        return None

    def _credentials(self, question: Question) -> dict[str, str]:
        user = question.get("user")
        if user == ANONYMOUS:
            return {"stream-auth-type": "anonymous"}
        return {"Authorization": self._app.token(user, **question.get("token", {})), "stream-auth-type": "jwt"}

    def send(self, method: str, path: str, body: Json | None = None) -> httpx.Response:
        """Send a request as a server."""
        headers = {**self._credentials({}), "X-Stream-Client": "stream-test-1.0"}
        return self._http.request(method, path, params={"api_key": self._app.key}, headers=headers, json=body)

    def done(self, method: str, path: str, body: Json | None = None) -> Any:
        """Send a request as a server and return the answer; anything but success is a failure."""
        answer = self.send(method, path, body)
        assert answer.is_success, f"{method} {path} {body}: {answer.status_code} {answer.text}"
        return answer.json()

    def migrate(self) -> None:
        """Migrate the app to permission version v2."""
        self.done(
            "PATCH", f"{next(self._turns).app}/app", {"permission_version": "v2", "migrate_permissions_to_v2": True}
        )

    # --- writing -----------------------------------------------------------------------------------------------------

    def write(self, world: World) -> None:
        """Make a fresh app hold a world."""
        for role in world["roles"]:
            self.done("POST", f"{next(self._turns).app}/roles", {"name": role})
        for name, row in world["permissions"].items():
            self.done("POST", f"{next(self._turns).app}/permissions", {"id": name, "name": name, **row})
        for change in call_type_changes(world):
            body = {"grants": change.grants, "settings": nested(change.settings)}
            self._write_type(f"{next(self._turns).video}/calltypes", change.name, body, call_types.GRANTS)
        for change in channel_type_changes(world):
            policies = world["channel_types"][change.name]["policies"]
            body = {"grants": change.grants, "permissions": policies, **change.settings}
            self._write_type(f"{next(self._turns).chat}/channeltypes", change.name, body, channel_types.GRANTS)
        self._write_users(world["users"])
        for cid, row in world["calls"].items():
            self._write_call(next(self._turns), cid, row, world)
        for cid, row in world["channels"].items():
            self._write_channel(_surface(next(self._turns), row.get("custom", {})), cid, row, world)
        self.done("PATCH", f"{next(self._turns).app}/app", {**world["app"], "grants": tuples(world["app_grants"])})

    def _write_type(self, path: str, name: str, body: Json, built_in: Mapping[str, Any]) -> None:
        if name in built_in:
            self.done("PUT", f"{path}/{name}", body)
        else:
            self.done("POST", path, {"name": name, **body})

    def _write_users(self, rows: Mapping[str, Json]) -> None:
        users: dict[Surface, Json] = {surface: {} for surface in SURFACES}
        for name, row in rows.items():
            surface = _surface(next(self._turns), row["custom"])
            users[surface][name] = {"id": name, **_with_custom(surface, row["custom"]), **_user(row)}
        for surface, some in users.items():
            if some:
                self.done("POST", f"{surface.app}/users", {"users": some})
        stands = {name: {state: True for state in _STANDS if row[state]} for name, row in rows.items()}
        if any(stands.values()):
            marked = [{"id": name, **states} for name, states in stands.items() if states]
            self.grpc.send(user_pb2.UpsertUsersRequest(), users=marked)

    def _write_call(self, surface: Surface, cid: str, row: Json, world: World) -> None:
        path, by, team = _call(surface, cid), creator(row, world), row.get("team", "")
        members, own = _call_members(row, world), _call_data(row)
        if by and surface is V2:
            self.done("POST", path, {"data": {"created_by_id": by, "team": team, "members": members, **own}})
        else:
            if by:
                self.done("POST", path, {"data": {"created_by": {"id": by}, "team": team, **own}})
            else:
                self.grpc.send(call_pb2.UpsertCallRequest(), cid=cid, team=team)
                self.done("PATCH", path, own)
            if members:
                self.done("POST", f"{path}/members", {"update_members": members})
        self._write_state_of_call(path, row)
        self._write_users_of_call(path, cid, row, world)

    def _write_state_of_call(self, path: str, row: Json) -> None:
        backstage = self.done("GET", path)["call"]["backstage"]
        if row.get("backstage", backstage) != backstage:
            self.done("POST", f"{path}/go_live" if backstage else f"{path}/stop_live", {})
        if row.get("ended"):
            self.done("POST", f"{path}/mark_ended")

    def _write_users_of_call(self, path: str, cid: str, row: Json, world: World) -> None:
        for user in known(row.get("blocked", ()), world):
            self.done("POST", f"{path}/block", {"user_id": user})
        for user, grant, revoke in said(row, world):
            here = _lists([name for name in grant if name in TRACKS], [name for name in revoke if name in TRACKS])
            if here:
                self.done("POST", f"{path}/user_permissions", {"user_id": user, **here})
            there = _lists([name for name in grant if name not in TRACKS], [x for x in revoke if x not in TRACKS])
            if there:
                self.grpc.send(call_pb2.UpdateUserPermissionsRequest(), cid=cid, user_id=user, **there)

    def _write_channel(self, surface: Surface, cid: str, row: Json, world: World) -> None:
        path, by, team = _channel(surface, cid), creator(row, world), row.get("team", "")
        members = _channel_members(row, world)
        if by and surface is V2:
            data = {"created_by_id": by, "team": team, "members": members, **_channel_data(surface, row)}
            self.done("POST", f"{path}/query", {"state": True, "data": data | _overrides(row)})
        else:
            if by:
                names = [member["user_id"] for member in members]
                data = {"created_by": {"id": by}, "team": team, "members": names}
                self.done("POST", f"{path}/query", {"state": False, "data": data})
                self._give_channel_roles(path, members)
            else:
                self.grpc.send(channel_pb2.UpsertChannelRequest(), cid=cid, team=team)
                if members:
                    self.done("POST", path, {"add_members": members, "message": None})
            self.done("POST", path, {"data": _channel_data(surface, row)})
            self.done("PATCH", path, {"set": _overrides(row), "unset": []})
        if row.get("cooldown"):
            self.done("POST", path, {"cooldown": row["cooldown"]})
        banned = [user for user in known(row.get("members", {}), world) if row["members"][user]["banned"]]
        if banned:
            changes = [{"user_id": user, "banned": True} for user in banned]
            self.grpc.send(channel_pb2.UpdateChannelMembersRequest(), cid=cid, update_members=changes)

    def _give_channel_roles(self, path: str, members: list[Json]) -> None:
        moderators = [member["user_id"] for member in members if member["channel_role"] == "channel_moderator"]
        if moderators:
            self.done("POST", path, {"add_moderators": moderators, "message": None})
        others = [m for m in members if m["channel_role"] not in ("channel_member", "channel_moderator")]
        if others:
            self.done("POST", path, {"assign_roles": others, "message": None})


# --- plain data as JSON of the HTTP API ------------------------------------------------------------------------------


def _call(surface: Surface, cid: str) -> str:
    type_name, identifier = cid.split(":", 1)
    return f"{surface.video}/call/{type_name}/{quote(identifier, safe='')}"


def _channel(surface: Surface, cid: str) -> str:
    type_name, identifier = cid.split(":", 1)
    return f"{surface.chat}/channels/{type_name}/{quote(identifier, safe='')}"


def _surface(wanted: Surface, custom: Json) -> Surface:
    """Return the surface wanted, or the one that nests custom data when that has names of a thing's own fields."""
    return V2 if wanted.inlined and not _OWN_FIELDS.isdisjoint(custom) else wanted


def _with_custom(surface: Surface, custom: Json) -> Json:
    return custom if surface.inlined else {"custom": custom}


def _user(row: Json) -> Json:
    return {name: row[name] for name in ("role", "teams", "teams_role")}


def _call_data(row: Json) -> Json:
    data = {"settings_override": nested(row.get("settings_override", {})), "custom": row.get("custom", {})}
    if "starts_at" in row:
        data["starts_at"] = timestamp(EPOCH + row["starts_at"])
    return data


def timestamp(nanoseconds: int) -> str:
    """Return a time as requests have it."""
    seconds, rest = divmod(nanoseconds, SECOND)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:09d}+00:00"


def _call_members(row: Json, world: World) -> list[Json]:
    members = row.get("members", {})
    return [{"user_id": user, "role": members[user]} for user in known(members, world)]


def _channel_members(row: Json, world: World) -> list[Json]:
    members = row.get("members", {})
    return [{"user_id": user, "channel_role": members[user]["channel_role"]} for user in known(members, world)]


def _channel_data(surface: Surface, row: Json) -> Json:
    states = {name: row.get(name, False) for name in ("frozen", "disabled")}
    return {**_with_custom(surface, row.get("custom", {})), **states}


def _overrides(row: Json) -> Json:
    overrides = row.get("config_overrides", {})
    return {"config_overrides": {**overrides.get("flags", {}), "grants": overrides.get("grants", {})}}


def _lists(grant: list[str], revoke: list[str]) -> Json:
    lists = {"grant_permissions": grant, "revoke_permissions": revoke}
    return {name: ids for name, ids in lists.items() if ids}
