"""The rules once more, written from the product's rules and not from the code: too slow and simple to be wrong.

Works on a plain world (a dict of dicts, as `tests/scenarios.py` and `tests/worlds.py` make them) and sets of
permission ids. It knows of no masks, no compiled grants and no domain rule; only facts (actions, capability tables)
are looked up. The translation of v1 into grants is in `tests/translation.py`.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeAlias

from rolecall.domain.actions import ACTIONS
from tests.condition_oracle import holds
from tests.tables import CALL_CAPABILITIES, CHANNEL_CAPABILITIES

World: TypeAlias = dict[str, Any]
Question: TypeAlias = dict[str, Any]

SUFFIXES: Final = ("-owner-any-team", "-any-team", "-owner", "")
OWNER_RESOURCE: Final = {action.id: action.owner_resource for action in ACTIONS}
CAPABILITY_OF: Final = {row.action: capability for capability, row in CALL_CAPABILITIES.items()}
ID: Final = {action.name: action.id for action in ACTIONS}
NAME: Final = {action.id: action.name for action in ACTIONS}
EITHER: Final = frozenset({"update-thread"})
"""Capabilities for which owning and not owning are both enough."""
USES: Final = ("quote-message", "search-messages")
SECOND: Final = 1_000_000_000
NOBODY: Final = {"role": "anonymous", "teams": [], "teams_role": {}, "banned": False, "deactivated": False}
"""The user `!anon`, whom every app has."""


class Answer(NamedTuple):
    """What a question is answered with."""

    allowed: bool
    reason: str
    role: str = ""
    permission: str = ""
    policy: str = ""


class Thing(NamedTuple):
    """A call or channel, or the app, after facts: what sections 2 and 8 need to know of it.

    `about` is what conditions see of it; "" there is missing.
    """

    scope: dict[str, set[str]]
    creator: str
    team: str
    member_role: str
    token_role: str
    about: dict[str, Any]


# --- asking ----------------------------------------------------------------------------------------------------------


def check(world: World, question: Question) -> Answer:
    """Answer one question."""
    standing = _standing(world, question)
    if standing is not None:
        return standing
    if question.get("call"):
        return _check_call(world, question)
    if question.get("channel"):
        return _check_channel(world, question)
    return _check_app(world, question)


def capabilities(world: World, question: Question) -> set[str]:
    """Return all capabilities of a user on a call or channel."""
    table = CALL_CAPABILITIES if question.get("call") else CHANNEL_CAPABILITIES
    return {capability for capability in table if check(world, {**question, "capability": capability}).allowed}


def admission(world: World, question: Question) -> Answer:
    """Answer whether a user may come into a call at `question["now"]` (nanoseconds)."""
    join = check(world, {**question, "capability": "join-call"})
    if not join.allowed:
        return join
    call, facts = _call(world, question), question.get("facts") or {}
    settings = _call_settings(world, question)
    on_stage_from = facts.get("starts_at", call.get("starts_at"))
    if on_stage_from is not None:
        on_stage_from -= settings.get("backstage.join_ahead_time_seconds", 0) * SECOND
    closed = _backstage(world, question) and (on_stage_from is None or question["now"] < on_stage_from)
    if closed and not check(world, {**question, "capability": "join-backstage"}).allowed:
        return Answer(False, "BACKSTAGE")
    ended = facts.get("ended", call.get("ended", False))
    if ended and not check(world, {**question, "capability": "join-ended-call"}).allowed:
        return Answer(False, "ENDED")
    return join


# --- who asks --------------------------------------------------------------------------------------------------------


def _standing(world: World, question: Question) -> Answer | None:
    """Rule: server-side switches first, then who the user is at all."""
    if world["app"]["disable_permissions_checks"]:
        return Answer(True, "CHECKS_DISABLED")
    user = _user(world, question)
    if user is None:
        return Answer(False, "UNKNOWN_USER")
    if user["banned"]:
        return Answer(False, "BANNED")
    if user["deactivated"]:
        return Answer(False, "DEACTIVATED")
    return None


def _user(world: World, question: Question) -> dict[str, Any] | None:
    return NOBODY if question["user"] == "!anon" else world["users"].get(question["user"])


def _known_user(world: World, question: Question) -> dict[str, Any]:
    user = _user(world, question)
    assert user is not None
    return user


def _is(question: Question, owner: str | None) -> bool:
    """Tell whether the user asked about is the owner: nobody in particular owns nothing."""
    return bool(owner == question["user"] != "!anon")


def _roles(world: World, user: dict[str, Any], thing: Thing) -> list[str]:
    own = user["role"]
    if world["app"]["multi_tenant_enabled"] and thing.team and thing.team in user["teams_role"]:
        own = user["teams_role"][thing.team]
    return [canonical(role) for role in (own, thing.member_role, thing.token_role) if role]


def canonical(role: str) -> str:
    """Return the spelling of a role that answers use."""
    return "call_member" if role == "call-member" else role


def _same_team(world: World, user: dict[str, Any], team: str) -> bool:
    if not world["app"]["multi_tenant_enabled"]:
        return True
    return team in user["teams"] if team else not user["teams"]


def action_of(permission: str, world: World | None = None) -> str:
    """Return the id of the action that a permission grants, "" when it is none; a world adds its custom ones."""
    if permission in OWNER_RESOURCE:
        return permission
    for suffix in SUFFIXES:
        if permission.endswith(suffix) and permission.removesuffix(suffix) in OWNER_RESOURCE:
            return permission.removesuffix(suffix)
    custom = ((world or {}).get("permissions") or {}).get(permission)
    return ID[custom["action"]] if custom else ""


# --- the v2 decision -------------------------------------------------------------------------------------------------


VARIANTS: Final = (
    ("", False, True),
    ("-any-team", False, False),
    ("-owner", True, True),
    ("-owner-any-team", True, False),
)
"""Suffix, for the owner only, within the team only: the plainest first."""


def _role_grant(
    world: World, question: Question, thing: Thing, owned: dict[str, bool], *, ignore: str = ""
) -> Answer | None:
    """Find the first role, and its plainest permission, that grants one of the actions; `ignore` lifts a limit."""
    user = _known_user(world, question)
    same_team = ignore == "team" or _same_team(world, user, thing.team)
    for role in _roles(world, user, thing):
        held = thing.scope.get(role, set())
        for suffix, for_owner, within_team in VARIANTS:
            for action, owns in owned.items():
                if for_owner and not (owns or ignore == "owner"):
                    continue
                if within_team and not same_team:
                    continue
                if action + suffix in held:
                    return Answer(True, "ROLE_GRANT", role, action + suffix)
                custom = _custom(world, question, thing, held, (NAME[action], for_owner, within_team))
                if custom:
                    return Answer(True, "ROLE_GRANT", role, custom)
    return None


def _custom(world: World, question: Question, thing: Thing, held: set[str], meaning: tuple[str, bool, bool]) -> str:
    """Return the first custom permission of a meaning that counts, "" when none does; first those without condition."""
    same = [(name, row) for name, row in sorted(world.get("permissions", {}).items()) if name in held]
    same = [(name, row) for name, row in same if (row["action"], row["owner"], row["same_team"]) == meaning]
    for name, row in sorted(same, key=lambda one: bool(one[1]["condition"])):
        if not row["condition"] or holds(row["condition"], _subject(world, question, thing), thing.about):
            return str(name)
    return ""


def _subject(world: World, question: Question, thing: Thing) -> dict[str, Any]:
    """Return what conditions see of the user: the role is the one it acts with."""
    user = _known_user(world, question)
    return {
        "id": question["user"],
        "role": _roles(world, user, thing)[0],
        "teams": list(user["teams"]),
        "custom": user.get("custom", {}),
    }


def _by_role(world: World, question: Question, thing: Thing, owned: dict[str, bool]) -> Answer:
    """Rule: the union of roles decides; without a grant, say what alone stood in the way."""
    answer = _role_grant(world, question, thing, owned)
    if answer is not None:
        return answer
    if _role_grant(world, question, thing, owned, ignore="team"):
        return Answer(False, "OTHER_TEAM")
    if _role_grant(world, question, thing, owned, ignore="owner"):
        return Answer(False, "OWNER_ONLY")
    return Answer(False, "NO_GRANT")


def _owns(question: Question, thing: Thing, action: str) -> bool:
    """Rule: a call and a channel belong to their creator, all else to whom the question names."""
    owner = thing.creator if OWNER_RESOURCE[action] in ("Call", "Channel") else question.get("resource_owner")
    return bool(owner) and _is(question, owner)


def _token_role(question: Question, cid: str) -> str:
    token = question.get("token") or {}
    return token.get("role", "call_member") if cid in token.get("call_cids", ()) else ""


# --- the v1 decision -------------------------------------------------------------------------------------------------

RESOURCES: Final = {
    "BanChannelMember": ["BanUser"],
    "UpdateUser": ["EditUser", "UpdateUser"],
    "CreateReply": ["CreateMessage"],
    "CreateMention": ["CreateMessage"],
    "SendPoll": ["CreateMessage"],
    "CastVote": ["CreateMessage"],
    "QueryVotes": ["CreateMessage"],
    "ShareLocation": ["CreateMessage"],
    "CreateAttachment": ["UploadAttachment"],
    "UpdateThread": ["UpdateMessage"],
    "ReadChannelMembers": ["ReadChannel"],
    "RemoveOwnChannelMembership": ["RemoveOwnChannelMembership", "UpdateChannelMembers"],
    "AddOwnChannelMembership": ["UpdateChannelMembers"],
}
"""Which resources of v1 an action asks for, each of which is enough; all others ask for themselves."""
V1_RESOURCES: Final = frozenset({"*", "EditUser", "UseCommands", *NAME.values()})
"""What a policy may name."""


def is_v1(world: World) -> bool:
    """Tell whether the app is on permission version v1."""
    return bool(world["app"].get("permission_version", "v2") == "v1")


def judge(policies: list[dict[str, Any]], roles: set[str], action: str, owns: bool) -> Answer:
    """Rule of v1: the first policy that matches decides, highest priority first; none matches: deny. No teams here."""
    wanted = {"*", *RESOURCES.get(NAME[action], [NAME[action]])}
    for policy in sorted(policies, key=lambda policy: -policy["priority"]):  # stable: ties stay as stored
        for_role = bool({"*", *roles} & set(policy["roles"])) or (not policy["roles"] and policy["owner"])
        if wanted & set(policy["resources"]) and for_role and (owns or not policy["owner"]):
            allows = policy["action"] == "Allow"
            return Answer(allows, "POLICY_ALLOW" if allows else "POLICY_DENY", policy=policy["name"])
    return Answer(False, "POLICY_DENY")


def _by_policies(world: World, question: Question, thing: Thing, asked: list[tuple[str, bool]]) -> Answer:
    """Answer whether policies allow one of the actions, each with whether it is owned; teams are never crossed."""
    user = _known_user(world, question)
    roles = {*_roles(world, user, thing)} | ({"channel_member"} if _is(question, thing.creator) else set())
    policies = world["channel_types"][question["channel"].partition(":")[0]]["policies"]
    answers = [judge(policies, roles, action, owns) for action, owns in asked]
    answer = next((answer for answer in answers if answer.allowed), answers[0])
    if answer.allowed and not _same_team(world, user, thing.team):
        return Answer(False, "OTHER_TEAM")
    return answer


def _app_by_v1(world: World, question: Question, thing: Thing, action: str) -> Answer | None:
    """Rule of v1 in the app: users edit themselves and nobody else, and some roles don't search; None: as in v2."""
    user = _known_user(world, question)
    if action in ("update-user", "update-user-role", "update-user-teams"):
        itself = action == "update-user" and _is(question, question.get("resource_owner"))
        return Answer(True, "POLICY_ALLOW") if itself else Answer(False, "POLICY_DENY")
    if action != "search-user":
        return None
    if _roles(world, user, thing)[0] in world["app"].get("user_search_disallowed_roles", ()):
        return Answer(False, "POLICY_DENY")
    return Answer(True, "POLICY_ALLOW") if _same_team(world, user, thing.team) else Answer(False, "OTHER_TEAM")


# --- the app ---------------------------------------------------------------------------------------------------------


def _check_app(world: World, question: Question) -> Answer:
    facts = question.get("facts") or {}
    team = facts.get("team", "")
    about = {"id": "", "type": "", "cid": "", "team": team, "created_by_id": question.get("resource_owner", "")}
    thing = Thing(_sets(world["app_grants"]), "", team, "", "", {**about, "custom": {}})
    action = action_of(question["capability"], world)
    answer = _app_by_v1(world, question, thing, action) if is_v1(world) else None
    return answer or _by_role(world, question, thing, {action: _is(question, question.get("resource_owner"))})


def _sets(grants: dict[str, list[str]]) -> dict[str, set[str]]:
    return {role: set(permissions) for role, permissions in grants.items()}


def _about(world: World, kind: str, cid: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Return what conditions see of a call or channel, after facts."""
    row = world[kind].get(cid, {})
    name, _, rest = cid.partition(":")
    return {
        "id": rest,
        "type": name,
        "cid": cid,
        "team": facts.get("team", row.get("team", "")),
        "created_by_id": facts.get("created_by_id", row.get("created_by_id", "")),
        "custom": facts.get("custom", row.get("custom", {})),
    }


# --- calls -----------------------------------------------------------------------------------------------------------


def _call(world: World, question: Question) -> dict[str, Any]:
    found: dict[str, Any] = world["calls"].get(question["call"], {})
    return found


def _call_settings(world: World, question: Question) -> dict[str, Any]:
    settings = dict(world["call_types"][question["call"].partition(":")[0]]["settings"])
    settings.update(_call(world, question).get("settings_override", {}))
    settings.update((question.get("facts") or {}).get("settings_override", {}))
    return settings


def _backstage(world: World, question: Question) -> bool:
    """Tell whether the call is in backstage: as said in facts, else as stored, else as its settings begin."""
    facts = question.get("facts") or {}
    if "backstage" in facts:
        return bool(facts["backstage"])
    if "backstage.enabled" in facts.get("settings_override", {}):
        return bool(facts["settings_override"]["backstage.enabled"])
    return bool(_call(world, question).get("backstage", _call_settings(world, question).get("backstage.enabled")))


def _call_thing(world: World, question: Question) -> Thing:
    call, facts = _call(world, question), question.get("facts") or {}
    return Thing(
        scope=_sets(world["call_types"][question["call"].partition(":")[0]]["grants"]),
        creator=facts.get("created_by_id", call.get("created_by_id", "")),
        team=facts.get("team", call.get("team", "")),
        member_role=facts.get("member_role", call.get("members", {}).get(question["user"], "")),
        token_role=_token_role(question, question["call"]),
        about=_about(world, "calls", question["call"], facts),
    )


def _check_call(world: World, question: Question) -> Answer:
    """Rule: call capabilities, steps 2 to 7."""
    call, facts, user = _call(world, question), question.get("facts") or {}, question["user"]
    asked = question["capability"]
    capability = asked if asked in CALL_CAPABILITIES else CAPABILITY_OF.get(action_of(asked, world))
    action = CALL_CAPABILITIES[capability].action if capability else action_of(asked, world)
    if facts.get("blocked", user in call.get("blocked", ())):
        return Answer(False, "BLOCKED")
    if capability in call.get("revoked", {}).get(user, ()):
        return Answer(False, "USER_REVOKED")
    setting = CALL_CAPABILITIES[capability].setting if capability else None
    if setting and _call_settings(world, question).get(setting) in (False, "disabled"):
        return Answer(False, "SETTING_DISABLED")
    if capability in call.get("granted", {}).get(user, ()):
        return Answer(True, "USER_GRANT")
    thing = _call_thing(world, question)
    return _by_role(world, question, thing, {action: _owns(question, thing, action)})


# --- channels --------------------------------------------------------------------------------------------------------


def _channel(world: World, question: Question) -> dict[str, Any]:
    found: dict[str, Any] = world["channels"].get(question["channel"], {})
    return found


def _channel_scope(world: World, question: Question) -> dict[str, set[str]]:
    """Rule: per-channel grants; a plain id adds, `!id` takes exactly that id away."""
    scope = _sets(world["channel_types"][question["channel"].partition(":")[0]]["grants"])
    overrides = _channel(world, question).get("config_overrides", {}).get("grants", {})
    for role, changes in overrides.items():
        held = scope.setdefault(canonical(role), set())
        held |= {change for change in changes if not change.startswith("!")}
        held -= {change[1:] for change in changes if change.startswith("!")}
    return scope


def _channel_thing(world: World, question: Question) -> Thing:
    channel, facts = _channel(world, question), question.get("facts") or {}
    member = channel.get("members", {}).get(question["user"], {})
    return Thing(
        scope=_channel_scope(world, question),
        creator=facts.get("created_by_id", channel.get("created_by_id", "")),
        team=facts.get("team", channel.get("team", "")),
        member_role=facts.get("member_role", member.get("channel_role", "")),
        token_role="",
        about=_about(world, "channels", question["channel"], facts),
    )


def _flag_on(world: World, question: Question, flag: str) -> bool:
    config = dict(world["channel_types"][question["channel"].partition(":")[0]]["config"])
    config.update(_channel(world, question).get("config_overrides", {}).get("flags", {}))
    config.update((question.get("facts") or {}).get("config_override", {}))
    return bool(config.get(flag))


def _channel_row(world: World, question: Question, thing: Thing) -> tuple[dict[str, bool], str | None, bool, bool]:
    """Return what is asked: actions and whether each is owned, the flag, whether it sends, whether it is slow mode."""
    asked = question["capability"]
    if asked in CHANNEL_CAPABILITIES:
        row = CHANNEL_CAPABILITIES[asked]
        owns = {"own": True, "others": False}.get(row.ownership)
        owned = {action: _owns(question, thing, action) if owns is None else owns for action in row.actions}
        return owned, row.flag, row.sends, row.slow
    action = action_of(asked, world)
    same = [row for name, row in CHANNEL_CAPABILITIES.items() if row.actions == (action,) and name not in USES]
    flag = next((row.flag for row in same if row.flag), None)
    return {action: _owns(question, thing, action)}, flag, any(row.sends for row in same), False


def _check_channel(world: World, question: Question) -> Answer:
    """Rule: channel capabilities, in the order: ban, disabled, feature, no action at all, frozen, roles."""
    channel, facts = _channel(world, question), question.get("facts") or {}
    thing = _channel_thing(world, question)

    def decide(owned: dict[str, bool], *, either: bool = False) -> Answer:
        if not is_v1(world):
            return _by_role(world, question, thing, owned)
        asked = [(action, owns) for action in owned for owns in ((False, True) if either else (owned[action],))]
        return _by_policies(world, question, thing, asked)

    def may(action: str) -> bool:
        return decide({action: _owns(question, thing, action)}).allowed

    if facts.get("blocked", channel.get("members", {}).get(question["user"], {}).get("banned", False)):
        return Answer(False, "BANNED")
    if facts.get("disabled", channel.get("disabled", False)) and not may("read-disabled-channel"):
        return Answer(False, "CHANNEL_DISABLED")
    owned, flag, sends, slow = _channel_row(world, question, thing)
    no_cooldown = facts.get("cooldown", channel.get("cooldown", 0)) == 0
    if (flag and not _flag_on(world, question, flag)) or (slow and no_cooldown):
        return Answer(False, "FEATURE_DISABLED")
    if not owned:
        return Answer(True, "FEATURE_ENABLED")
    answer = decide(owned, either=question["capability"] in EITHER)
    frozen = facts.get("frozen", channel.get("frozen", False))
    if answer.allowed and sends and frozen and not may("use-frozen-channel"):
        return Answer(False, "CHANNEL_FROZEN")
    return answer
