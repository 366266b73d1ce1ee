"""What writes do, on a plain world: the rules of writing once more, too simple to be wrong.

A model function changes a world in place, or raises Refused and the world is thrown away. It knows of no records, no
index and no store. A stored call keeps every setting that decisions look at, so that its type's later ones don't count.
"""

from __future__ import annotations

from typing import Any, Final

from rolecall.domain import roles
from rolecall.domain.builtin import app_scope, call_types, channel_types
from tests import translation
from tests.oracle import World, action_of, canonical
from tests.scenarios import built_in_policies, resolve
from tests.worlds import GATES

Row = dict[str, Any]
Grants = dict[str, list[str]]

_JUDGED: Final = {**dict.fromkeys(GATES), "backstage.enabled": False, "backstage.join_ahead_time_seconds": 0}
_NEW_USER: Final[Row] = {
    "role": "user",
    "teams": (),
    "teams_role": {},
    "banned": False,
    "deactivated": False,
    "custom": {},
}
_MOST_UNDONE: Final = 20


class Refused(Exception):
    """The write must fail and change nothing."""


def fresh() -> World:
    """Return what an app is when it is made.

    `secrets` counts rotations, which no answer depends on; `migrations` are what was before each that can be undone.
    """
    return {**resolve({}), "secrets": 0, "migrations": []}


def _need(condition: object) -> None:
    if not condition:
        raise Refused


def _role(world: World, role: str) -> str:
    _need(canonical(role) in roles.BUILT_IN or role in world["roles"])
    return canonical(role)


# --- app, roles, types -----------------------------------------------------------------------------------------------


def update_app(world: World, change: Row, grants: Grants, *, reset: bool) -> None:
    world["app"] |= change
    disallowed = world["app"]["user_search_disallowed_roles"]
    world["app"]["user_search_disallowed_roles"] = sorted({_role(world, role) for role in disallowed})
    world["app_grants"] = _granted(world, app_scope.GRANTS if reset else world["app_grants"], grants)


def rotate_secret(world: World) -> None:
    world["secrets"] += 1


def migrate(world: World) -> None:
    """Translate the policies into grants and switch to v2; what was there before is kept when anything changes."""
    before = {"version": world["app"]["permission_version"], "grants": _grants(world)}
    world |= translation.migrated(world)
    if before != {"version": "v2", "grants": _grants(world)}:
        world["migrations"] = [*world["migrations"], before][-_MOST_UNDONE:]


def undo_migration(world: World) -> None:
    """Put back the newest migration's version and grants, without the roles and permissions that are gone."""
    _need(world["migrations"])
    *older, before = world["migrations"]
    world["migrations"] = older
    world["app"]["permission_version"] = before["version"]
    known = [*world["roles"], *roles.BUILT_IN]
    put_back = {
        scope: {role: [one for one in held if action_of(one, world)] for role, held in grants.items() if role in known}
        for scope, grants in before["grants"].items()
    }
    world["app_grants"] = put_back[".app"]
    for name, row in world["channel_types"].items():
        row["grants"] = put_back.get(name, row["grants"])


def _grants(world: World) -> dict[str, Grants]:
    return {".app": world["app_grants"]} | {name: row["grants"] for name, row in world["channel_types"].items()}


def create_permission(world: World, name: str, row: Row) -> None:
    _need(name not in world["permissions"])
    world["permissions"][name] = {"owner": False, "same_team": True, "condition": {}, **row}


def update_permission(world: World, name: str, change: Row) -> None:
    _need(name in world["permissions"])
    world["permissions"][name] |= change


def delete_permission(world: World, name: str) -> None:
    _need(name in world["permissions"])
    own = [row["config_overrides"]["grants"] for row in world["channels"].values()]
    held = [ids for grants in (*_scopes(world), *own) for ids in grants.values()]
    _need(not any(name in (one, one.removeprefix("!")) for ids in held for one in ids))
    del world["permissions"][name]
    for grants in _scopes_before(world):
        grants.update({role: [one for one in ids if one != name] for role, ids in grants.items()})


def _granted(world: World, base: Any, changes: Grants) -> Grants:
    _need(all(action_of(name, world) for names in changes.values() for name in names))
    kept = {role: list(permissions) for role, permissions in base.items()}
    return kept | {_role(world, role): sorted(set(permissions)) for role, permissions in changes.items()}


def create_role(world: World, name: str) -> None:
    _need(name not in world["roles"] and name not in roles.BUILT_IN)
    world["roles"] = sorted([*world["roles"], name])


def delete_role(world: World, name: str) -> None:
    _need(name in world["roles"])
    _need(name not in _roles_in_use(world))
    world["roles"] = [role for role in world["roles"] if role != name]
    for grants in (*_scopes(world), *_scopes_before(world)):
        grants.pop(name, None)


def _scopes(world: World) -> list[Grants]:
    types = (*world["call_types"].values(), *world["channel_types"].values())
    return [world["app_grants"], *(row["grants"] for row in types)]


def _scopes_before(world: World) -> list[Grants]:
    """Return the grants that undoing puts back: what is made anew under an old name has no part in them."""
    return [grants for before in world["migrations"] for grants in before["grants"].values()]


def _roles_in_use(world: World) -> set[str]:
    users = world["users"].values()
    used = {row["role"] for row in users} | {role for row in users for role in row["teams_role"].values()}
    used |= {role for row in world["calls"].values() for role in row["members"].values()}
    for row in world["channels"].values():
        used |= {member["channel_role"] for member in row["members"].values()}
        used |= set(row["config_overrides"]["grants"])
    for row in world["channel_types"].values():
        used |= {role for policy in row["policies"] for role in policy["roles"]}
    used |= set(world["app"]["user_search_disallowed_roles"])
    return used | {role for grants in _scopes(world) for role, permissions in grants.items() if permissions}


def upsert_call_type(world: World, name: str, grants: Grants, settings: Row, *, reset: bool) -> None:
    _upsert_type(world, "call_types", name, grants, settings, reset=reset)


def upsert_channel_type(
    world: World, name: str, grants: Grants, config: Row, policies: list[Row] | None, *, reset: bool
) -> None:
    stored = world["channel_types"].get(name)
    _upsert_type(world, "channel_types", name, grants, config, reset=reset)
    started = stored["policies"] if stored else built_in_policies(name if name in channel_types.GRANTS else "messaging")
    world["channel_types"][name]["policies"] = started if policies is None else _policies(world, policies)


def _policies(world: World, policies: list[Row]) -> list[Row]:
    rows = []
    for row in policies:
        _need(row["roles"] or row["owner"])
        rows.append({**row, "roles": [role if role == "*" else _role(world, role) for role in row["roles"]]})
    return sorted(rows, key=lambda row: -int(row["priority"]))


_TABLES: Final[dict[str, tuple[Any, Any, str, str]]] = {
    "call_types": (call_types.GRANTS, call_types.SETTINGS, "settings", "default"),
    "channel_types": (channel_types.GRANTS, channel_types.CONFIG, "config", "messaging"),
}


def _upsert_type(world: World, kind: str, name: str, grants: Grants, settings: Row, *, reset: bool) -> None:
    all_grants, all_settings, values, origin = _TABLES[kind]
    source = name if name in all_grants else origin
    row = world[kind].get(name) or {"grants": all_grants[source], values: all_settings[source]}
    base = all_grants[source] if reset else row["grants"]
    world[kind][name] = {"grants": _granted(world, base, grants), values: {**row[values], **settings}}


def delete_type(world: World, kind: str, name: str) -> None:
    """Delete a custom type that nothing is of; `kind` is `call_types` or `channel_types`."""
    _need(name in world[kind] and name not in _TABLES[kind][0])
    _need(not any(cid.startswith(f"{name}:") for cid in world[kind.removesuffix("_types") + "s"]))
    del world[kind][name]
    for before in world["migrations"] if kind == "channel_types" else ():
        before["grants"].pop(name, None)


# --- users -----------------------------------------------------------------------------------------------------------


def upsert_users(world: World, changes: dict[str, Row]) -> None:
    for name, change in changes.items():
        row = {**_NEW_USER, **world["users"].get(name, {}), **change}
        row["role"] = _role(world, row["role"])
        row["teams_role"] = {team: _role(world, role) for team, role in row["teams_role"].items()}
        world["users"][name] = row


def delete_users(world: World, names: list[str]) -> None:
    """Delete users with memberships and grants; what takes away (blocks, revokes) stays for one that comes back."""
    for name in names:
        _need(name in world["users"])
        del world["users"][name]
        for call in world["calls"].values():
            call["members"].pop(name, None)
            call["granted"].pop(name, None)
        for channel in world["channels"].values():
            channel["members"].pop(name, None)


# --- calls -----------------------------------------------------------------------------------------------------------


def upsert_call(world: World, cid: str, fields: Row, members: dict[str, str | None], settings: Row) -> None:
    kind = cid.split(":", maxsplit=1)[0]
    _need(kind in world["call_types"])
    row = world["calls"].get(cid) or _new_call({**_JUDGED, **world["call_types"][kind]["settings"]})
    _check_creator(world, fields, row)
    before = row["settings_override"]["backstage.enabled"]
    row["settings_override"] = {**row["settings_override"], **settings}
    after = row["settings_override"]["backstage.enabled"]
    row = {**row, **fields, "backstage": row["backstage"] if before == after else after}
    world["calls"][cid] = row
    _put_call_members(world, row, members)


def _new_call(settings: Row) -> Row:
    blank: Row = {"created_by_id": "", "team": "", "starts_at": None, "ended": False, "custom": {}}
    said: Row = {"members": {}, "blocked": [], "granted": {}, "revoked": {}}
    return {**blank, **said, "settings_override": settings, "backstage": settings["backstage.enabled"]}


def _check_creator(world: World, fields: Row, row: Row) -> None:
    creator = fields.get("created_by_id", "")
    _need(not creator or creator == row["created_by_id"] or creator in world["users"])


def _put_call_members(world: World, row: Row, members: dict[str, str | None]) -> None:
    for user, role in members.items():
        _need(user in world["users"])
        known = row["members"].get(user, "call_member")
        row["members"][user] = known if role is None else _role(world, role)


def _existing(world: World, kind: str, cid: str) -> Row:
    _need(cid in world[kind])
    row: Row = world[kind][cid]
    return row


def delete_call(world: World, cid: str) -> None:
    _existing(world, "calls", cid)
    del world["calls"][cid]


def call_members(world: World, cid: str, updates: dict[str, str | None], removals: list[str]) -> None:
    row = _existing(world, "calls", cid)
    _need((updates or removals) and not set(updates) & set(removals))
    for user in removals:
        row["members"].pop(user, None)
    _put_call_members(world, row, updates)


def user_permissions(world: World, cid: str, user: str, said: dict[str, str]) -> None:
    """Grant, revoke and reset capabilities; `said` is capability -> which of them."""
    row = _existing(world, "calls", cid)
    _need(said and user in world["users"])
    granted, revoked = set(row["granted"].get(user, ())), set(row["revoked"].get(user, ()))
    for capability, word in said.items():
        granted = granted | {capability} if word == "grant" else granted - {capability}
        revoked = revoked | {capability} if word == "revoke" else revoked - {capability}
    for name, capabilities in (("granted", granted), ("revoked", revoked)):
        row[name].pop(user, None)
        if capabilities:
            row[name][user] = sorted(capabilities)


def block(world: World, cid: str, user: str, *, blocked: bool) -> None:
    row = _existing(world, "calls", cid)
    _need(user in world["users"] or not blocked)
    row["blocked"] = sorted({*row["blocked"], user} if blocked else set(row["blocked"]) - {user})


def call_state(world: World, cid: str, change: Row) -> None:
    _existing(world, "calls", cid).update(change)


# --- channels --------------------------------------------------------------------------------------------------------


def upsert_channel(world: World, cid: str, fields: Row, members: dict[str, Row], overrides: Row | None) -> None:
    _need(cid.split(":", maxsplit=1)[0] in world["channel_types"])
    blank: Row = {"created_by_id": "", "team": "", "frozen": False, "disabled": False, "cooldown": 0, "custom": {}}
    row = world["channels"].get(cid) or {**blank, "members": {}, "config_overrides": {"flags": {}, "grants": {}}}
    _check_creator(world, fields, row)
    row = {**row, **fields}
    if overrides is not None:
        _need(all(action_of(one.removeprefix("!"), world) for names in overrides["grants"].values() for one in names))
        grants = {_role(world, role): sorted(names) for role, names in overrides["grants"].items()}
        own = {role: names for role, names in grants.items() if names}
        row["config_overrides"] = {"flags": overrides["flags"], "grants": own}
    world["channels"][cid] = row
    _put_channel_members(world, row, members)


def _put_channel_members(world: World, row: Row, members: dict[str, Row]) -> None:
    for user, change in members.items():
        _need(user in world["users"])
        member = {"channel_role": "channel_member", "banned": False, **row["members"].get(user, {}), **change}
        row["members"][user] = {**member, "channel_role": _role(world, member["channel_role"])}


def delete_channel(world: World, cid: str) -> None:
    _existing(world, "channels", cid)
    del world["channels"][cid]


def channel_members(world: World, cid: str, updates: dict[str, Row], removals: list[str]) -> None:
    row = _existing(world, "channels", cid)
    _need((updates or removals) and not set(updates) & set(removals))
    for user in removals:
        row["members"].pop(user, None)
    _put_channel_members(world, row, updates)
