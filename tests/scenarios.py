"""Scenario files as plain data: a world, questions, and the answers the rules demand. Format: tests/cases/README.md.

Reading is strict: an unknown key, role, permission or capability is an error here, so that no question is weakened by
a slip of the pen. Nothing in this module decides anything; doors (domain, service, gRPC) are put the questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from rolecall.domain import roles
from rolecall.domain.builtin import app_scope, call_types, channel_types
from rolecall.domain.builtin.policies import POLICIES
from rolecall.domain.records import PolicyRecord
from tests import oracle
from tests.oracle import Answer, Question, World, action_of, canonical
from tests.tables import CALL_CAPABILITIES

CASES: Final = Path(__file__).parent / "cases"
SECOND: Final = 1_000_000_000

_KEYS: Final[dict[str, frozenset[str]]] = {
    name: frozenset(keys.split())
    for name, keys in {
        "scenario": "about app roles permissions call_types channel_types users calls channels checks lists "
        "admissions migrate",
        "app": "permission_version multi_tenant_enabled disable_permissions_checks user_search_disallowed_roles grants",
        "permission": "action owner same_team condition",
        "call type": "grants settings",
        "channel type": "grants config policies",
        "policy": "name priority resources roles owner action",
        "user": "role teams teams_role banned deactivated custom",
        "call": "created_by_id team settings_override backstage starts_at ended members blocked granted revoked custom",
        "channel": "created_by_id team frozen disabled cooldown members config_overrides custom",
        "channel member": "channel_role banned",
        "config overrides": "flags grants",
        "facts": "member_role created_by_id team settings_override blocked backstage starts_at ended frozen disabled "
        "cooldown config_override custom",
        "migrate": "checks lists report",
        "report": "channel_type user_role channel_role owner gained lost",
        "token": "call_cids role",
        "check": "user call channel capability resource_owner facts token allowed reason role permission policy error",
        "list": "user call channel facts token own_capabilities error",
        "admission": "user call now facts token allowed reason role permission error",
    }.items()
}


class Expected(NamedTuple):
    """What a check or an admission must answer; role, permission and policy count only where the file gives them."""

    allowed: bool = False
    reason: str = ""
    role: str | None = None
    permission: str | None = None
    policy: str | None = None
    error: str = ""

    def met_by(self, answer: Answer) -> bool:
        """Tell whether an answer says all that is expected."""
        return (
            (answer.allowed, answer.reason) == (self.allowed, self.reason)
            and self.role in (None, answer.role)
            and self.permission in (None, answer.permission)
            and self.policy in (None, answer.policy)
        )


class Check(NamedTuple):
    """One question and its answer."""

    question: Question
    expected: Expected


class Listing(NamedTuple):
    """One question for everything a user may do, and the exact answer."""

    question: Question
    own_capabilities: list[str]
    error: str = ""


class Cell(NamedTuple):
    """Who a row of a migration's report is about; `channel_role` "" is no member."""

    channel_type: str
    user_role: str
    channel_role: str = ""
    owner: bool = False


class Migration(NamedTuple):
    """What is asked after the migration to v2, and rows of its report: the actions gained and those lost."""

    checks: list[Check]
    lists: list[Listing]
    report: dict[Cell, tuple[list[str], list[str]]]


class Scenario(NamedTuple):
    """One file."""

    name: str
    about: str
    world: World
    checks: list[Check]
    lists: list[Listing]
    admissions: list[Check]
    migration: Migration | None = None


def scenarios() -> Iterator[Scenario]:
    """Read every scenario file, in the order of their names."""
    for path in sorted(CASES.glob("*.yaml")):
        yield parse(path.stem, yaml.safe_load(path.read_text()))


def parse(name: str, written: dict[str, Any]) -> Scenario:
    """Return a scenario from what its file holds."""
    _check_keys("scenario", written)
    return Scenario(
        name,
        written["about"],
        resolve(written),
        [_check("check", row) for row in written.get("checks", [])],
        [_listing(row) for row in written.get("lists", [])],
        [_check("admission", row) for row in written.get("admissions", [])],
        _migration(written["migrate"]) if "migrate" in written else None,
    )


def _migration(written: dict[str, Any]) -> Migration:
    _check_keys("migrate", written)
    return Migration(
        [_check("check", row) for row in written.get("checks", [])],
        [_listing(row) for row in written.get("lists", [])],
        dict(_report_row(_check_keys("report", row)) for row in written.get("report", [])),
    )


def _report_row(row: dict[str, Any]) -> tuple[Cell, tuple[list[str], list[str]]]:
    cell = Cell(row["channel_type"], row["user_role"], row.get("channel_role", ""), row.get("owner", False))
    return cell, (sorted(row.get("gained", [])), sorted(row.get("lost", [])))


def _check_keys(kind: str, row: dict[str, Any]) -> dict[str, Any]:
    slips = [name for name in _names(row) if not isinstance(name, str)]
    assert not slips, f"YAML reads these names as other than text; put quotes around them: {slips}"
    unknown = set(row) - _KEYS[kind]
    assert not unknown, f"unknown keys of a {kind}: {sorted(unknown)}"
    return row


def _names(written: Any) -> Iterator[Any]:
    """Yield every key, however deep."""
    if isinstance(written, dict):
        yield from written
        written = list(written.values())
    for inner in written if isinstance(written, list) else ():
        yield from _names(inner)


# --- questions -------------------------------------------------------------------------------------------------------


def _check(kind: str, row: dict[str, Any]) -> Check:
    _check_keys(kind, row)
    answer = {name: row[name] for name in ("allowed", "reason", "role", "permission", "policy", "error") if name in row}
    assert ("error" in answer) != ({"allowed", "reason"} <= set(answer)), f"neither answer nor error: {row}"
    return Check(_question(row), Expected(**answer))


def _listing(row: dict[str, Any]) -> Listing:
    _check_keys("list", row)
    assert ("error" in row) != ("own_capabilities" in row), f"neither answer nor error: {row}"
    return Listing(_question(row), row.get("own_capabilities", []), row.get("error", ""))


def _question(row: dict[str, Any]) -> Question:
    question: Question = {
        name: row[name] for name in ("user", "call", "channel", "capability", "resource_owner") if name in row
    }
    assert not ("call" in question and "channel" in question), f"two targets: {row}"
    if "facts" in row:
        question["facts"] = _facts(row["facts"])
    if "token" in row:
        question["token"] = _check_keys("token", row["token"])
    if "now" in row:
        question["now"] = _time(row["now"])
    return question


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    facts = dict(_check_keys("facts", row))
    if "settings_override" in facts:
        facts["settings_override"] = flat(facts["settings_override"])
    if "starts_at" in facts:
        facts["starts_at"] = _time(facts["starts_at"])
    return facts


def _time(seconds: float) -> int:
    """Return nanoseconds on the scenario's clock, on which 0 is an instant of the door's choosing."""
    return round(seconds * SECOND)


def flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings as dotted path -> value."""
    leaves: dict[str, Any] = {}
    for name, value in tree.items():
        leaves |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return leaves


def nested(leaves: Mapping[str, Any]) -> dict[str, Any]:
    """Return dotted paths as nested settings."""
    tree: dict[str, Any] = {}
    for path, value in leaves.items():
        *groups, name = path.split(".")
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
        branch[name] = value
    return tree


# --- worlds ----------------------------------------------------------------------------------------------------------


def resolve(written: dict[str, Any]) -> World:
    """Return the whole plain world of what is written as changes to a fresh app."""
    app = _check_keys("app", written.get("app") or {})
    known = frozenset(written.get("roles", [])) | roles.BUILT_IN
    disallowed = app.get("user_search_disallowed_roles", [])
    permissions = {name: _permission(row) for name, row in written.get("permissions", {}).items()}
    names = Names(known, permissions)
    return {
        "app": {
            "multi_tenant_enabled": app.get("multi_tenant_enabled", False),
            "disable_permissions_checks": app.get("disable_permissions_checks", False),
            "permission_version": app.get("permission_version", "v2"),
            "user_search_disallowed_roles": [_role(role, known) for role in disallowed],
        },
        "roles": written.get("roles", []),
        "permissions": permissions,
        "app_grants": _merged(app_scope.GRANTS, app.get("grants", {}), names),
        "call_types": _call_types(written.get("call_types", {}), names),
        "channel_types": _channel_types(written.get("channel_types", {}), names),
        "users": {name: _user(row or {}, known) for name, row in written.get("users", {}).items()},
        "calls": {cid: _call(row or {}, known) for cid, row in written.get("calls", {}).items()},
        "channels": {cid: _channel(row or {}, names) for cid, row in written.get("channels", {}).items()},
    }


class Names(NamedTuple):
    """What may be named: roles, and custom permissions with their rows."""

    roles: frozenset[str]
    permissions: dict[str, Any]

    def check_permissions(self, permissions: list[str]) -> None:
        unknown = [name for name in permissions if not action_of(name, {"permissions": self.permissions})]
        assert not unknown, f"unknown permissions: {unknown}"


def _permission(row: dict[str, Any]) -> dict[str, Any]:
    _check_keys("permission", row)
    assert row["action"] in oracle.ID, f"unknown action: {row['action']}"
    return {"owner": False, "same_team": True, "condition": {}, **row}


def _role(name: str, known: frozenset[str]) -> str:
    assert canonical(name) in known, f"unknown role: {name}"
    return name


def _merged(base: Any, changes: dict[str, list[str]], names: Names) -> dict[str, list[str]]:
    """Rule of writing grants: a role named gets its list whole, the others keep theirs."""
    for role, permissions in changes.items():
        _role(role, names.roles)
        names.check_permissions(permissions)
    kept: dict[str, list[str]] = {role: list(permissions) for role, permissions in base.items()}
    return kept | {canonical(role): list(permissions) for role, permissions in changes.items()}


def _call_types(written: dict[str, Any], names: Names) -> dict[str, Any]:
    rows = {}
    for name in [*call_types.GRANTS, *(name for name in written if name not in call_types.GRANTS)]:
        change = _check_keys("call type", written.get(name) or {})
        base = name if name in call_types.GRANTS else "default"
        rows[name] = {
            "grants": _merged(call_types.GRANTS[base], change.get("grants", {}), names),
            "settings": {**call_types.SETTINGS[base], **flat(change.get("settings", {}))},
        }
    return rows


def _channel_types(written: dict[str, Any], names: Names) -> dict[str, Any]:
    rows = {}
    for name in [*channel_types.GRANTS, *(name for name in written if name not in channel_types.GRANTS)]:
        change = _check_keys("channel type", written.get(name) or {})
        base = name if name in channel_types.GRANTS else "messaging"
        rows[name] = {
            "grants": _merged(channel_types.GRANTS[base], change.get("grants", {}), names),
            "config": {**channel_types.CONFIG[base], **change.get("config", {})},
            "policies": _policies(change["policies"], names) if "policies" in change else built_in_policies(base),
        }
    return rows


def built_in_policies(name: str) -> list[dict[str, Any]]:
    """Return the policies that a built-in channel type starts with."""
    return [plain_policy(record) for record in POLICIES[name]]


def plain_policy(record: PolicyRecord) -> dict[str, Any]:
    """Return a policy as plain data."""
    return {
        "name": record.name,
        "priority": record.priority,
        "resources": list(record.resources),
        "roles": list(record.roles),
        "owner": record.owner,
        "action": "Allow" if record.allow else "Deny",
    }


def _policies(written: list[dict[str, Any]], names: Names) -> list[dict[str, Any]]:
    """Return policies as they are stored: highest priority first."""
    rows = [_policy(_check_keys("policy", row), names) for row in written]
    return sorted(rows, key=lambda row: -int(row["priority"]))


def _policy(row: dict[str, Any], names: Names) -> dict[str, Any]:
    assert row["action"] in ("Allow", "Deny"), f"neither Allow nor Deny: {row}"
    assert set(row["resources"]) <= oracle.V1_RESOURCES, f"unknown resources: {row}"
    return {
        "name": row["name"],
        "priority": row["priority"],
        "resources": row["resources"],
        "roles": [role if role == "*" else canonical(_role(role, names.roles)) for role in row.get("roles", [])],
        "owner": row.get("owner", False),
        "action": row["action"],
    }


def _user(row: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    _check_keys("user", row)
    teams_role = {team: _role(role, known) for team, role in row.get("teams_role", {}).items()}
    return {
        "role": _role(row.get("role", "user"), known),
        "teams": row.get("teams", []),
        "teams_role": teams_role,
        "banned": row.get("banned", False),
        "deactivated": row.get("deactivated", False),
        "custom": row.get("custom", {}),
    }


def _call(row: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    call = dict(_check_keys("call", row))
    call["members"] = {user: _role(role or "call_member", known) for user, role in call.get("members", {}).items()}
    call["settings_override"] = flat(call.get("settings_override", {}))
    if "starts_at" in call:
        call["starts_at"] = _time(call["starts_at"])
    for said in (*call.get("granted", {}).values(), *call.get("revoked", {}).values()):
        assert set(said) <= set(CALL_CAPABILITIES), f"unknown capabilities: {said}"
    return call


def _channel(row: dict[str, Any], names: Names) -> dict[str, Any]:
    channel = dict(_check_keys("channel", row))
    members = row.get("members", {})
    channel["members"] = {user: _channel_member(member or {}, names.roles) for user, member in members.items()}
    overrides = _check_keys("config overrides", channel.get("config_overrides", {}))
    for role, changes in overrides.get("grants", {}).items():
        _role(role, names.roles)
        names.check_permissions([name.removeprefix("!") for name in changes])
    return channel


def _channel_member(row: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    _check_keys("channel member", row)
    role = _role(row.get("channel_role", "channel_member"), known)
    return {"channel_role": role, "banned": row.get("banned", False)}
