"""The `.app` scope: what is asked outside any call or channel."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain_door import DomainDoor
from tests.oracle import Answer
from tests.scenarios import resolve


def deny(reason: str) -> Answer:
    return Answer(False, reason)


def grant(role: str, permission: str) -> Answer:
    return Answer(True, "ROLE_GRANT", role, permission)


def ask(permission: str, user: dict[str, Any] | None = None, name: str = "ann", **question: Any) -> Answer:
    app = {"multi_tenant_enabled": question.pop("tenants", False), "grants": question.pop("grants", {})}
    world = resolve({"app": {**app, **question.pop("app", {})}, "users": {"ann": user or {}}})
    return DomainDoor(world).check({**question, "user": name, "capability": permission})


def test_the_apps_grants_decide() -> None:
    assert ask("search-user") == grant("user", "search-user")
    assert ask("search-user", {"role": "anonymous"}) == deny("NO_GRANT")
    assert ask("create-call") == deny("NO_GRANT")


def test_a_user_owns_itself_when_the_question_names_it() -> None:
    assert ask("update-user", resource_owner="ann") == grant("user", "update-user-owner")
    assert ask("update-user", resource_owner="ben") == deny("OWNER_ONLY")
    assert ask("update-user") == deny("OWNER_ONLY")


@pytest.mark.parametrize("permission", ["create-call", "update-channel", "delete-message", "delete-poll"])
def test_in_the_app_whom_the_question_names_owns_anything(permission: str) -> None:
    grants = {"user": [f"{permission}-owner"]}
    assert ask(permission, grants=grants, resource_owner="ann") == grant("user", f"{permission}-owner")
    assert ask(permission, grants=grants, resource_owner="ben") == deny("OWNER_ONLY")


def test_standing() -> None:
    assert ask("search-user", {"banned": True}) == deny("BANNED")
    assert ask("search-user", {"deactivated": True}) == deny("DEACTIVATED")
    assert ask("search-user", name="nobody") == deny("UNKNOWN_USER")
    assert ask("delete-poll", name="nobody", app={"disable_permissions_checks": True}) == Answer(
        True, "CHECKS_DISABLED"
    )


@pytest.mark.parametrize(
    ("team", "teams", "allowed"), [("red", ["red"], True), ("red", [], False), ("", ["red"], False), ("", [], True)]
)
def test_the_team_is_that_of_the_facts(team: str, teams: list[str], allowed: bool) -> None:
    answer = ask("search-user", {"teams": teams}, tenants=True, facts={"team": team})
    assert answer == (grant("user", "search-user") if allowed else deny("OTHER_TEAM"))
    assert ask("search-user", {"teams": teams}, facts={"team": team}) == grant("user", "search-user")


def test_any_team_and_roles_in_a_team() -> None:
    red = {"teams": ["red"], "teams_role": {"red": "moderator"}}
    assert ask("create-poll", {"teams": ["red"]}, tenants=True) == grant("user", "create-poll-any-team")
    assert ask("read-flag-reports", red, tenants=True, facts={"team": "red"}) == grant("moderator", "read-flag-reports")
    assert ask("read-flag-reports", red, tenants=True) == deny("NO_GRANT")


def test_capability_ids_of_calls_and_channels_are_no_questions_here() -> None:
    for asked in ("start-record-call", "send-message", "", "SearchUser"):
        with pytest.raises(Exception, match="unknown capability"):
            ask(asked)
