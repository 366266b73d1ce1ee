"""Scenario files as plain data: a world, questions, and the answers the rules demand. Format: tests/cases/README.md.

Reading is strict: an unknown key, role, permission or capability is an error here, so that no question is weakened by
a slip of the pen. Nothing in this module decides anything; doors (domain, service, gRPC) are put the questions.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from rolecall.domain import roles
from rolecall.domain.builtin import app_scope, call_types, channel_types
from tests.oracle import Answer, Question, World, action_of, canonical
from tests.tables import CALL_CAPABILITIES

CASES: Final = Path(__file__).parent / "cases"
SECOND: Final = 1_000_000_000

_KEYS: Final[dict[str, frozenset[str]]] = {
    name: frozenset(keys.split())
    for name, keys in {
        "scenario": "about app roles call_types channel_types users calls channels checks lists admissions",
        "app": "multi_tenant_enabled disable_permissions_checks grants",
        "call type": "grants settings",
        "channel type": "grants config",
        "user": "role teams teams_role banned deactivated",
        "call": "created_by_id team settings_override backstage starts_at ended members blocked granted revoked",
        "channel": "created_by_id team frozen disabled cooldown members config_overrides",
        "channel member": "channel_role banned",
        "config overrides": "flags grants",
        "facts": "member_role created_by_id team settings_override blocked backstage starts_at ended frozen disabled "
        "cooldown config_override",
        "token": "call_cids role",
        "check": "user call channel capability resource_owner facts token allowed reason role permission error",
        "list": "user call channel facts token own_capabilities error",
        "admission": "user call now facts token allowed reason role permission error",
    }.items()
}


class Expected(NamedTuple):
    """What a check or an admission must answer; `role` and `permission` count only where the file gives them."""

    allowed: bool = False
    reason: str = ""
    role: str | None = None
    permission: str | None = None
    error: str = ""

    def met_by(self, answer: Answer) -> bool:
        """Tell whether an answer says all that is expected."""
        return (
            (answer.allowed, answer.reason) == (self.allowed, self.reason)
            and self.role in (None, answer.role)
            and self.permission in (None, answer.permission)
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


class Scenario(NamedTuple):
    """One file."""

    name: str
    about: str
    world: World
    checks: list[Check]
    lists: list[Listing]
    admissions: list[Check]


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
    )


def _check_keys(kind: str, row: dict[str, Any]) -> dict[str, Any]:
    unknown = set(row) - _KEYS[kind]
    assert not unknown, f"unknown keys of a {kind}: {sorted(unknown)}"
    return row


# --- questions -------------------------------------------------------------------------------------------------------


def _check(kind: str, row: dict[str, Any]) -> Check:
    _check_keys(kind, row)
    answer = {name: row[name] for name in ("allowed", "reason", "role", "permission", "error") if name in row}
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


# --- worlds ----------------------------------------------------------------------------------------------------------


def resolve(written: dict[str, Any]) -> World:
    """Return the whole plain world of what is written as changes to a fresh app."""
    app = _check_keys("app", written.get("app") or {})
    known = frozenset(written.get("roles", [])) | roles.BUILT_IN
    return {
        "app": {
            "multi_tenant_enabled": app.get("multi_tenant_enabled", False),
            "disable_permissions_checks": app.get("disable_permissions_checks", False),
            "permission_version": "v2",
        },
        "roles": written.get("roles", []),
        "app_grants": _merged(app_scope.GRANTS, app.get("grants", {}), known),
        "call_types": _call_types(written.get("call_types", {}), known),
        "channel_types": _channel_types(written.get("channel_types", {}), known),
        "users": {name: _user(row or {}, known) for name, row in written.get("users", {}).items()},
        "calls": {cid: _call(row or {}, known) for cid, row in written.get("calls", {}).items()},
        "channels": {cid: _channel(row or {}, known) for cid, row in written.get("channels", {}).items()},
    }


def _role(name: str, known: frozenset[str]) -> str:
    assert canonical(name) in known, f"unknown role: {name}"
    return name


def _merged(base: Any, changes: dict[str, list[str]], known: frozenset[str]) -> dict[str, list[str]]:
    """Rule of writing grants: a role named gets its list whole, the others keep theirs."""
    for role, permissions in changes.items():
        _role(role, known)
        unknown = [name for name in permissions if not action_of(name)]
        assert not unknown, f"unknown permissions: {unknown}"
    kept: dict[str, list[str]] = {role: list(permissions) for role, permissions in base.items()}
    return kept | {canonical(role): list(permissions) for role, permissions in changes.items()}


def _call_types(written: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    rows = {}
    for name in [*call_types.GRANTS, *(name for name in written if name not in call_types.GRANTS)]:
        change = _check_keys("call type", written.get(name) or {})
        base = name if name in call_types.GRANTS else "default"
        rows[name] = {
            "grants": _merged(call_types.GRANTS[base], change.get("grants", {}), known),
            "settings": {**call_types.SETTINGS[base], **flat(change.get("settings", {}))},
        }
    return rows


def _channel_types(written: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    rows = {}
    for name in [*channel_types.GRANTS, *(name for name in written if name not in channel_types.GRANTS)]:
        change = _check_keys("channel type", written.get(name) or {})
        base = name if name in channel_types.GRANTS else "messaging"
        rows[name] = {
            "grants": _merged(channel_types.GRANTS[base], change.get("grants", {}), known),
            "config": {**channel_types.CONFIG[base], **change.get("config", {})},
        }
    return rows


def _user(row: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    _check_keys("user", row)
    teams_role = {team: _role(role, known) for team, role in row.get("teams_role", {}).items()}
    return {
        "role": _role(row.get("role", "user"), known),
        "teams": row.get("teams", []),
        "teams_role": teams_role,
        "banned": row.get("banned", False),
        "deactivated": row.get("deactivated", False),
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


def _channel(row: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    channel = dict(_check_keys("channel", row))
    channel["members"] = {user: _channel_member(member or {}, known) for user, member in row.get("members", {}).items()}
    overrides = _check_keys("config overrides", channel.get("config_overrides", {}))
    for role, changes in overrides.get("grants", {}).items():
        _role(role, known)
        unknown = [name for name in changes if not action_of(name.removeprefix("!"))]
        assert not unknown, f"unknown permissions: {unknown}"
    return channel


def _channel_member(row: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    _check_keys("channel member", row)
    role = _role(row.get("channel_role", "channel_member"), known)
    return {"channel_role": role, "banned": row.get("banned", False)}
