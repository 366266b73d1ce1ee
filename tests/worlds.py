"""Random small worlds and the contexts questions are asked in, as plain data, for hypothesis.

A world names every role it uses in every scope, so that writing it over a fresh app gives exactly these grants.
Domain classes stay out: `tests/domain_door.py` builds the domain's values; a real store can be driven by the same data.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from rolecall.domain.actions import ACTIONS
from tests.oracle import NAME, RESOURCES, World
from tests.tables import CALL_CAPABILITIES, CHANNEL_CAPABILITIES

VARIANTS: Final = ("", "-owner", "-any-team", "-owner-any-team")
ACTION_IDS: Final = tuple(action.id for action in ACTIONS)
CALL_ACTIONS: Final = tuple(sorted(row.action for row in CALL_CAPABILITIES.values()))
CHANNEL_ACTIONS: Final = tuple(sorted({action for row in CHANNEL_CAPABILITIES.values() for action in row.actions}))
APP_ACTIONS: Final = tuple(action.id for action in ACTIONS if action.level == "app")
TRICKY: Final = (
    "add-own-channel-membership",
    "create-message",
    "delete-message",
    "read-disabled-channel",
    "update-channel-members",
    "use-frozen-channel",
)
"""Actions that several rules of channels look at."""

USERS: Final = ("alice", "bob", "carol")
STRANGER: Final = "mallory"
TEAMS: Final = ("red", "blue")
CUSTOM_ROLES: Final = ("speaker", "Night-Shift_2")
USER_ROLES: Final = ("user", "guest", "moderator", *CUSTOM_ROLES)
CALL_ROLES: Final = ("call_member", "host", "user", *CUSTOM_ROLES)
CHANNEL_ROLES: Final = ("channel_member", "channel_moderator", *CUSTOM_ROLES)
ROLES: Final = tuple(dict.fromkeys((*USER_ROLES, *CALL_ROLES, *CHANNEL_ROLES, "global_admin")))
FLAGS: Final = tuple(sorted({row.flag for row in CHANNEL_CAPABILITIES.values() if row.flag}))
GATES: Final = tuple(sorted({row.setting for row in CALL_CAPABILITIES.values() if row.setting}))
_LONG: Final = "whose id is so long that no time goes into what it might be a typo of"
PERMISSIONS: Final = (f"a, {_LONG}", f"B, {_LONG}", f"send-audio, {_LONG}", "übrig", "z-custom")
"""Ids of custom permissions."""
SECOND: Final = 1_000_000_000
HELD: Final = 213
"""Bytes above this mean a grant: one in six."""

# Numbers in the middle of a range come as often as they should; the ends, which hypothesis likes, mean no.
rarely = st.integers(0, 24).map(lambda number: number == 13)
sometimes = st.integers(0, 8).map(lambda number: number in {3, 5, 6})
teams = st.sampled_from(("", *TEAMS))
users = st.sampled_from(USERS)


@st.composite
def pools(draw: st.DrawFn) -> dict[str, list[str]]:
    """Draw the few actions a world is about in calls, channels and the app, so that grants and questions meet."""
    any_action = st.lists(st.sampled_from(ACTION_IDS), min_size=1, max_size=3)
    of_calls = st.lists(st.sampled_from(CALL_ACTIONS), min_size=6, max_size=12)
    of_channels = st.lists(st.sampled_from(CHANNEL_ACTIONS), min_size=4, max_size=10)
    of_app = st.lists(st.sampled_from(APP_ACTIONS), min_size=4, max_size=8)
    tricky = st.lists(st.sampled_from(TRICKY), min_size=3, max_size=5)
    return {
        "call": list(dict.fromkeys(draw(of_calls) + draw(any_action))),
        "channel": list(dict.fromkeys(draw(of_channels) + draw(tricky) + draw(any_action))),
        "app": list(dict.fromkeys(draw(of_app) + draw(any_action))),
    }


# --- custom data and conditions --------------------------------------------------------------------------------------

_values = st.sampled_from((1, 2, 2.0, "1", "red", True, False, None, ("red", 1), ("blue",), (), {"deep": 1}))


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: the ones here must not be changed by anybody."""
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, dict) else value


custom_data = st.one_of(
    st.just({}), st.dictionaries(st.sampled_from(("level", "tags", "place")), _values.map(_plain), max_size=3)
)
_fields = st.sampled_from(
    (
        "$subject.level",
        "$subject.custom.level",
        "$subject.tags",
        "$subject.place.deep",
        "$subject.id",
        "$subject.role",
        "$subject.teams",
        "$resource.level",
        "$resource.tags",
        "$resource.custom.place.deep",
        "$resource.id",
        "$resource.type",
        "$resource.cid",
        "$resource.team",
        "$resource.created_by_id",
    )
)
_texts = st.sampled_from(("1", "red", "alice", "user", "one", "desk", "hall", "hall:two", "call_member", "call-member"))
_scalars = st.one_of(_texts, st.sampled_from((1, 2, 1.5)), st.booleans())
_operators = st.one_of(
    st.fixed_dictionaries({"$eq": _scalars}),
    st.fixed_dictionaries({"$ne": _scalars}),
    st.fixed_dictionaries({"$in": st.lists(_scalars, max_size=3)}),
    st.fixed_dictionaries({"$nin": st.lists(_scalars, max_size=3)}),
    st.fixed_dictionaries({"$gte": st.sampled_from((1, "1")), "$lt": st.sampled_from((2, 3, "s"))}),
    st.fixed_dictionaries({"$exists": st.booleans()}),
)
_comparisons = st.dictionaries(_fields, st.one_of(_scalars, _operators), min_size=1, max_size=2)
conditions = st.one_of(
    _comparisons,
    _comparisons,
    st.fixed_dictionaries({"$not": _comparisons}),
    st.fixed_dictionaries({"$or": st.lists(_comparisons, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"$and": st.lists(_comparisons, min_size=1, max_size=2)}),
)
"""Conditions that hold about as often as not."""


@st.composite
def permission_rows(draw: st.DrawFn, pool: list[str]) -> dict[str, Any]:
    """Draw one custom permission on an action of the pool."""
    return {
        "action": NAME[draw(st.sampled_from(pool))],
        "owner": draw(sometimes),
        "same_team": not draw(sometimes),
        "condition": draw(st.one_of(st.just({}), conditions)),
    }


# --- policies --------------------------------------------------------------------------------------------------------


@st.composite
def policies(draw: st.DrawFn, pool: list[str]) -> list[dict[str, Any]]:
    """Draw policies on what the actions of a pool ask for, highest priority first; many have the same priority."""
    asked = {resource for action in pool for resource in RESOURCES.get(NAME[action], [NAME[action]])}
    resources = st.sampled_from(("*", "UseCommands", *sorted(asked), *sorted(asked)))
    roles = st.sampled_from(("*", "channel_member", *ROLES))
    rows = [
        {
            "name": f"policy {number}",
            "priority": draw(st.sampled_from((1, 50, 50, 70, 999))),
            "resources": draw(st.lists(resources, min_size=1, max_size=4, unique=True)),
            "roles": draw(st.lists(roles, max_size=3, unique=True)),
            "owner": draw(sometimes),
            "action": draw(st.sampled_from(("Allow", "Allow", "Deny"))),
        }
        for number in range(draw(st.integers(0, 8)))
    ]
    for row in rows:
        row["owner"] = row["owner"] or not row["roles"]
    return sorted(rows, key=lambda row: -int(row["priority"]))


# --- grants and settings ---------------------------------------------------------------------------------------------


@st.composite
def grants(draw: st.DrawFn, pool: list[str], custom: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Draw what each role holds in one scope: each id of the pool one time in six, or, for some roles, nothing."""
    ids = [*(action + variant for action in pool for variant in VARIANTS), *custom]
    held = st.binary(min_size=len(ids), max_size=len(ids))
    return {role: sorted(name for name, byte in zip(ids, draw(held), strict=True) if byte > HELD) for role in ROLES} | {
        role: [] for role in draw(st.lists(st.sampled_from(ROLES), max_size=2))
    }


@st.composite
def settings(draw: st.DrawFn) -> dict[str, Any]:
    """Draw some settings that take capabilities away or leave them, and those of backstage."""
    chosen: dict[str, Any] = {}
    for path in draw(st.sets(st.sampled_from(GATES), max_size=4)):
        values = ("available", "disabled", "auto-on") if path.endswith("mode") else (True, False)
        chosen[path] = draw(st.sampled_from(values))
    if draw(sometimes):
        chosen["backstage.enabled"] = draw(st.booleans())
        chosen["backstage.join_ahead_time_seconds"] = draw(st.sampled_from((0, 1, 300)))
    return chosen


flags = st.dictionaries(st.sampled_from(FLAGS), st.booleans(), max_size=4)


@st.composite
def user_rows(draw: st.DrawFn, *, multi_tenant: bool) -> dict[str, Any]:
    """Draw one user; only multi-tenant apps have global roles."""
    roles = (*USER_ROLES, "global_admin") if multi_tenant else USER_ROLES
    return {
        "role": draw(st.sampled_from(roles)),
        "teams": sorted(draw(st.sets(st.sampled_from(TEAMS)))),
        "teams_role": draw(st.dictionaries(st.sampled_from(TEAMS), st.sampled_from(USER_ROLES), max_size=2)),
        "banned": draw(rarely),
        "deactivated": draw(rarely),
        "custom": draw(custom_data),
    }


@st.composite
def call_rows(draw: st.DrawFn) -> dict[str, Any]:
    """Draw one stored call; what is granted to a user there is never revoked at the same time."""
    said = st.dictionaries(st.sampled_from(sorted(CALL_CAPABILITIES)), st.booleans(), max_size=6)
    spoken = {user: draw(said) for user in draw(st.sets(users, max_size=2))}
    row = {
        "created_by_id": draw(st.sampled_from(("", *USERS))),
        "team": draw(teams),
        "settings_override": draw(settings()),
        "members": draw(st.dictionaries(users, st.sampled_from(CALL_ROLES), max_size=3)),
        "blocked": sorted(user for user in USERS if draw(rarely)),
        "granted": {user: sorted(name for name, yes in names.items() if yes) for user, names in spoken.items()},
        "revoked": {user: sorted(name for name, yes in names.items() if not yes) for user, names in spoken.items()},
        "starts_at": draw(st.sampled_from((None, 0, 1_000 * SECOND))),
        "ended": draw(sometimes),
        "custom": draw(custom_data),
    }
    return row | ({"backstage": draw(st.booleans())} if draw(sometimes) else {})


@st.composite
def channel_rows(draw: st.DrawFn, pool: list[str], custom: tuple[str, ...] = ()) -> dict[str, Any]:
    """Draw one stored channel; its own grants never both add and remove one id."""
    ids = st.sampled_from([*(action + variant for action in pool for variant in VARIANTS), *custom, *custom])
    changes = st.dictionaries(ids, st.booleans(), min_size=1, max_size=10)
    own = draw(st.dictionaries(st.sampled_from(ROLES), changes, max_size=4))
    members = draw(st.dictionaries(users, st.sampled_from(CHANNEL_ROLES), max_size=3))
    return {
        "created_by_id": draw(st.sampled_from(("", *USERS))),
        "team": draw(teams),
        "frozen": draw(sometimes),
        "disabled": draw(rarely),
        "cooldown": draw(st.sampled_from((0, 0, 1, 120))),
        "members": {user: {"channel_role": role, "banned": draw(rarely)} for user, role in members.items()},
        "config_overrides": {
            "flags": draw(flags),
            "grants": {
                role: [name if add else f"!{name}" for name, add in sorted(ids.items())] for role, ids in own.items()
            },
        },
        "custom": draw(custom_data),
    }


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw an app with two call types, two channel types, three users, two calls and two channels."""
    pool = draw(pools())
    multi_tenant = draw(st.booleans())
    of_all = pool["call"] + pool["channel"] + pool["app"]
    permissions = {name: draw(permission_rows(of_all)) for name in PERMISSIONS if draw(st.booleans())}
    custom = tuple(permissions)
    version = draw(st.sampled_from(("v1", "v2", "v2")))
    return {
        "app": {
            "multi_tenant_enabled": multi_tenant,
            "disable_permissions_checks": draw(rarely),
            "permission_version": version,
            "user_search_disallowed_roles": draw(st.lists(st.sampled_from(USER_ROLES), max_size=2, unique=True)),
        },
        "roles": list(CUSTOM_ROLES),
        "pool": pool,
        "permissions": permissions,
        "app_grants": draw(grants(pool["app"], custom)),
        "call_types": {
            name: {"grants": draw(grants(pool["call"], custom)), "settings": draw(settings())}
            for name in ("default", "hall")
        },
        "channel_types": {
            name: {
                "grants": draw(grants(pool["channel"], custom)),
                "config": dict.fromkeys(FLAGS, True) | draw(flags),
                "policies": draw(policies(pool["channel"])),
            }
            for name in ("messaging", "desk")
        },
        "users": {name: draw(user_rows(multi_tenant=multi_tenant)) for name in USERS},
        "calls": {cid: draw(call_rows()) for cid in ("default:one", "hall:two")},
        "channels": {cid: draw(channel_rows(pool["channel"], custom)) for cid in ("messaging:one", "desk:two")},
    }


def _some(draw: st.DrawFn, fields: dict[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    chosen = draw(st.sets(st.sampled_from(sorted(fields)), max_size=4))
    return {name: draw(fields[name]) for name in sorted(chosen)}


@st.composite
def call_contexts(draw: st.DrawFn, cid: str) -> dict[str, Any]:
    """Draw what a question about a call may carry beside user, call and capability."""
    facts = _some(
        draw,
        {
            "member_role": st.sampled_from(("", *CALL_ROLES)),
            "created_by_id": st.sampled_from(("", *USERS)),
            "team": teams,
            "settings_override": settings(),
            "blocked": st.booleans(),
            "backstage": st.booleans(),
            "starts_at": st.sampled_from((0, 1_000 * SECOND)),
            "ended": st.booleans(),
            "custom": custom_data,
        },
    )
    token = {"call_cids": draw(st.sampled_from(([cid], ["default:other"]))), "role": draw(st.sampled_from(CALL_ROLES))}
    return {
        "facts": facts,
        "token": token if draw(sometimes) else {},
        "resource_owner": draw(st.sampled_from(("", *USERS))),
    }


@st.composite
def channel_contexts(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what a question about a channel may carry."""
    facts = _some(
        draw,
        {
            "member_role": st.sampled_from(("", *CHANNEL_ROLES)),
            "created_by_id": st.sampled_from(("", *USERS)),
            "team": teams,
            "frozen": st.booleans(),
            "disabled": st.booleans(),
            "blocked": rarely,
            "cooldown": st.sampled_from((0, 30)),
            "custom": custom_data,
            "config_override": flags,
        },
    )
    return {"facts": facts, "resource_owner": draw(st.sampled_from(("", *USERS)))}


@st.composite
def app_contexts(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what a question about the app may carry."""
    return {"facts": {"team": draw(teams)}, "resource_owner": draw(st.sampled_from(("", *USERS)))}
