"""The permissions page: actions, their permissions, the built-in roles, and what each role holds where."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from docs._generate.markdown import code, codes, page, table
from rolecall.domain import roles
from rolecall.domain.actions import ACTIONS, BIT, CREATOR_OWNED, Action
from rolecall.domain.builtin import app_scope, call_types, channel_types, policies
from rolecall.domain.permissions import BUILT_IN, SUFFIXES
from rolecall.domain.records import PolicyRecord

_MEANING: Final = {
    (False, True): "the action; in multi-tenant apps within the user's teams",
    (True, True): "the same, only on what the user owns",
    (False, False): "the action, in any team",
    (True, False): "the action on what the user owns, in any team",
}
_MARKS: Final = {(False, True): "x", (True, True): "own", (False, False): "any", (True, False): "own-any"}

_OWNERS: Final = """
What the user must own is the action's _owner_ column: `Call` and `Channel` are owned by their creator
(`created_by_id`), everything else by whoever the question names in `resource_owner_id` (the author of a message,
attachment or reaction; a `User` owns itself). A question that names nobody is about something the user does not own.
"""


def build() -> str:
    """Return the page."""
    return page(
        "Permissions, roles and built-in grants",
        f"Made from the tables in `src/rolecall/domain`: {len(ACTIONS)} actions, {len(BUILT_IN)} permissions, "
        f"{len(roles.BUILT_IN)} built-in roles.",
        "## The four permissions of an action",
        "Each action has four permission ids. For `SendAudio`:",
        table(
            ["permission", "grants", "in the tables below"],
            [(code("send-audio" + suffix), _MEANING[kind], code(_MARKS[kind])) for kind, suffix in SUFFIXES.items()],
        ),
        _OWNERS,
        "## Actions",
        "Level `channel` is granted in the scope of a call or channel type, level `app` in the scope `.app`.",
        table(["action", "permission", "level", "resource", "owner", "products"], map(_action, ACTIONS)),
        "## Built-in roles",
        _roles(),
        "A custom role is created first (RoleService.CreateRole) and then used at any level. `call-member` is read as "
        "`call_member`.",
        "## Built-in grants",
        "One table per scope: a row is an action, a column a role, and the marks are the variants held (see above). "
        "Roles that hold nothing in a scope have no column there. This is what a new app starts with and what "
        "`reset_grants` goes back to.",
        *_grants(),
        "## Built-in policies",
        "What the channel types of an app on permission version v1 start with, highest priority first; a new channel "
        "type starts with those of `messaging`.",
        *_policies(),
    )


def _action(action: Action) -> tuple[str, ...]:
    owner = "its creator" if BIT[action.name] & CREATOR_OWNED else "named in the question"
    where = action.level, action.resource, f"{action.owner_resource}: {owner}", ", ".join(action.products)
    return code(action.name), code(action.id), *where


def _roles() -> str:
    levels = (
        ("user", roles.USER_ROLES, roles.DEFAULT_USER_ROLE),
        ("call", roles.CALL_ROLES, roles.DEFAULT_CALL_ROLE),
        ("channel", roles.CHANNEL_ROLES, roles.DEFAULT_CHANNEL_ROLE),
    )
    rows = [(level, codes(names), code(default)) for level, names, default in levels]
    return table(["level", "roles", "when none is given"], rows)


def _grants() -> Iterator[str]:
    scopes = {f"video:{name}": grants for name, grants in call_types.GRANTS.items()}
    for scope, grants in (scopes | channel_types.GRANTS | {".app": app_scope.GRANTS}).items():
        yield f"### `{scope}`"
        yield _matrix(grants)


def _matrix(grants: Mapping[str, Collection[str]]) -> str:
    """Return what each role holds in one scope, as an action by role table."""
    holding = {role: frozenset(permissions) for role, permissions in grants.items() if permissions}
    rows = [
        (code(action.id), *(_marks(action, held) for held in holding.values()))
        for action in ACTIONS
        if any(_marks(action, held) for held in holding.values())
    ]
    return table(["", *map(code, holding)], rows)


def _marks(action: Action, held: Collection[str]) -> str:
    return " ".join(_MARKS[kind] for kind, suffix in SUFFIXES.items() if action.id + suffix in held)


def _policies() -> Iterator[str]:
    for channel_type, stored in policies.POLICIES.items():
        yield f"### Policies of `{channel_type}`"
        yield table(["priority", "policy", "", "resources", "roles"], map(_policy, stored))


def _policy(policy: PolicyRecord) -> tuple[str, ...]:
    does = "allow" if policy.allow else "deny"
    who = codes(policy.roles) or "any role"
    return str(policy.priority), policy.name, does, codes(policy.resources), f"{who}, owning" if policy.owner else who
