"""Random policies against an evaluator that is too slow and simple to be wrong: what they become, and what changes.

The evaluator follows the rules of version v1, the v2 decision and the migration as they are told, row by row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from rolecall.domain.actions import ACTIONS
from rolecall.domain.grants import compile_grants
from rolecall.domain.migration import (
    Change,
    GrantJudge,
    PolicyJudge,
    UserJudge,
    differences,
    names,
    translate,
    without_search,
)
from rolecall.domain.policies import RESOURCES, compile_policies
from rolecall.domain.records import Grants, PolicyRecord

Grant = tuple[str, ...]
Answer = tuple[str, str, bool, str]
"""The user's role, its role as a member ("": none), whether it owns what is acted on, the action."""

USERS: Final = ("user", "guest", "speaker", "host", "channel_moderator")
MEMBERS: Final = ("channel_member", "channel_moderator", "speaker")
ROLES: Final = tuple(sorted({*USERS, *MEMBERS, "call_member"}))
NOT_USER_LEVEL: Final = ("host", "call_member", "channel_member", "channel_moderator")
FOR_MESSAGES: Final = ("CreateReply", "CreateMention", "SendPoll", "CastVote", "QueryVotes", "ShareLocation")
IDS: Final = {action.name: action.id for action in ACTIONS}
SUFFIXES: Final = {"": False, "-any-team": False, "-owner": True, "-owner-any-team": True}


# --- the evaluator ---------------------------------------------------------------------------------------------------


def resources_of(action: str) -> tuple[str, ...]:
    """Return the v1 resources of an action, one of which is enough."""
    if action in FOR_MESSAGES:
        return ("CreateMessage",)
    return {
        "BanChannelMember": ("BanUser",),
        "UpdateUser": ("EditUser", "UpdateUser"),
        "CreateAttachment": ("UploadAttachment",),
        "UpdateThread": ("UpdateMessage",),
        "ReadChannelMembers": ("ReadChannel",),
        "RemoveOwnChannelMembership": ("RemoveOwnChannelMembership", "UpdateChannelMembers"),
        "AddOwnChannelMembership": ("UpdateChannelMembers",),
    }.get(action, (action,))


def v1_allows(policies: Iterable[PolicyRecord], roles: Collection[str], action: str, *, owns: bool) -> bool:
    for policy in sorted(policies, key=lambda policy: policy.priority, reverse=True):
        about = "*" in policy.resources or any(one in policy.resources for one in resources_of(action))
        for_it = "*" in policy.roles or any(role in policy.roles for role in roles) or not policy.roles
        if about and for_it and (owns or not policy.owner):
            return policy.allow
    return False


def v2_allows(grants: Grants, roles: Collection[str], action: str, *, owns: bool) -> bool:
    return any(
        f"{IDS[action]}{suffix}" in grants.get(role, ())
        for role in roles
        for suffix, owner in SUFFIXES.items()
        if owns or not owner
    )


def alone(policies: Sequence[PolicyRecord], role: str, action: str) -> str:
    """Return what a role gets of an action by what version v1 says of it alone: `plain`, `owner` or nothing."""
    if role in NOT_USER_LEVEL:
        policies = [policy for policy in policies if policy.roles]
    if action == "CreateChannel" and role.startswith("channel_"):
        return ""
    if v1_allows(policies, [role], action, owns=False):
        return "plain"
    return "owner" if v1_allows(policies, [role], action, owns=True) else ""


def becomes(policies: Sequence[PolicyRecord], role: str, action: str) -> str:
    """Return what a role gets of an action: `user` also what a member has, for channels that it created."""
    got = alone(policies, role, action)
    if role == "user" and not got and alone(policies, "channel_member", action):
        return "owner" if v1_allows(policies, ["user", "channel_member"], action, owns=True) else ""
    return got


def roles_on_v1(user: str, member: str, *, owns: bool) -> list[str]:
    """Return the subject's roles: the creator of a channel counts as its member."""
    return [user, *filter(None, [member]), *(["channel_member"] if owns else [])]


# --- worlds ----------------------------------------------------------------------------------------------------------

SOME: Final = st.sampled_from(("CreateMessage", "CreateChannel", "UpdateChannelMembers", "EditUser", "ReadChannel"))
POLICY: Final = st.builds(
    lambda priority, resources, roles, owner, allow: PolicyRecord(
        "a policy", priority, tuple(sorted(resources)), tuple(sorted(roles)), owner or not roles, allow
    ),
    priority=st.sampled_from((1, 5, 5, 9, 999)),
    resources=st.frozensets(st.one_of(SOME, st.sampled_from(RESOURCES)), min_size=1, max_size=8),
    roles=st.frozensets(st.sampled_from((*ROLES, "*")), max_size=4),
    owner=st.booleans(),
    allow=st.booleans(),
)
POLICIES: Final = st.lists(POLICY, max_size=8)
PERMISSIONS: Final = st.builds(
    lambda action, suffix: action.id + suffix, st.sampled_from(ACTIONS), st.sampled_from(sorted(SUFFIXES))
)
GRANTS: Final[st.SearchStrategy[Mapping[str, Grant]]] = st.dictionaries(
    st.sampled_from(ROLES), st.frozensets(PERMISSIONS, max_size=12).map(lambda held: tuple(sorted(held)))
)
QUESTIONS: Final = tuple(product(USERS, ("", *MEMBERS), (False, True), (action.name for action in ACTIONS)))


def by_policies(policies: Sequence[PolicyRecord]) -> dict[Answer, bool]:
    return {
        (user, member, owns, action): v1_allows(policies, roles_on_v1(user, member, owns=owns), action, owns=owns)
        for user, member, owns, action in QUESTIONS
    }


def by_grants(grants: Grants) -> dict[Answer, bool]:
    return {
        (user, member, owns, action): v2_allows(grants, [user, member], action, owns=owns)
        for user, member, owns, action in QUESTIONS
    }


def told(changes: Iterable[Change]) -> dict[Answer, bool]:
    """Expand the products: each answer that differs, and what it is afterwards."""
    answers: dict[Answer, bool] = {}
    for change in changes:
        assert change.gained | change.lost
        for user, member in product(change.user_roles, change.channel_roles):
            for actions, will in ((change.gained, True), (change.lost, False)):
                for action in names(actions):
                    answer = (user, member, change.owner, action)
                    assert answer not in answers, f"{answer} is told twice"
                    answers[answer] = will
    return answers


def differing(before: Mapping[Answer, bool], after: Mapping[Answer, bool]) -> dict[Answer, bool]:
    return {answer: after[answer] for answer in before if before[answer] != after[answer]}


# --- what policies become --------------------------------------------------------------------------------------------


@given(policies=POLICIES)
def test_a_role_is_granted_exactly_what_version_v1_allows_it_alone(policies: list[PolicyRecord]) -> None:
    grants = translate(policies, ROLES)
    for role in ROLES:
        expected = set()
        for action in ACTIONS:
            got = becomes(policies, role, action.name)
            if got:
                expected.add(action.id if got == "plain" else f"{action.id}-owner")
        assert set(grants.get(role, ())) == expected, role
        assert list(grants.get(role, ())) == sorted(expected)
        assert role not in grants or expected, "a role that holds nothing is left out"


@given(grants=GRANTS, disallowed=st.frozensets(st.sampled_from(ROLES)))
def test_disallowed_roles_no_longer_search_and_nothing_else_changes(
    grants: Mapping[str, Grant], disallowed: frozenset[str]
) -> None:
    after = without_search(grants, disallowed, {})
    assert set(after) == set(grants)
    for role, held in grants.items():
        taken = [name for name in held if role in disallowed and name.startswith("search-user")]
        assert sorted(after[role]) == sorted(set(held).difference(taken))


# --- what changes ----------------------------------------------------------------------------------------------------


@given(policies=POLICIES)
def test_the_report_of_a_translation_is_every_answer_that_differs(policies: list[PolicyRecord]) -> None:
    grants = translate(policies, ROLES)
    before, after = PolicyJudge(compile_policies(policies)), GrantJudge(compile_grants(grants))
    found = told(differences(before, after, USERS, MEMBERS))
    assert found == differing(by_policies(policies), by_grants(grants))


@given(policies=POLICIES, grants=GRANTS)
def test_the_report_of_switching_is_every_answer_that_differs_both_ways(
    policies: list[PolicyRecord], grants: Mapping[str, Grant]
) -> None:
    v1, v2 = PolicyJudge(compile_policies(policies)), GrantJudge(compile_grants(grants))
    was, will = by_policies(policies), by_grants(grants)
    assert told(differences(v1, v2, USERS, MEMBERS)) == differing(was, will)
    assert told(differences(v2, v1, USERS, MEMBERS)) == differing(will, was)


@given(one=GRANTS, other=GRANTS)
def test_the_report_of_other_grants_is_every_answer_that_differs(
    one: Mapping[str, Grant], other: Mapping[str, Grant]
) -> None:
    before, after = GrantJudge(compile_grants(one)), GrantJudge(compile_grants(other))
    assert told(differences(before, after, USERS, MEMBERS)) == differing(by_grants(one), by_grants(other))


@given(grants=GRANTS, disallowed=st.frozensets(st.sampled_from(ROLES)))
def test_the_report_of_the_app_is_every_answer_that_differs(
    grants: Mapping[str, Grant], disallowed: frozenset[str]
) -> None:
    translated = without_search(grants, disallowed, {})
    before, after = UserJudge(compile_grants(grants), disallowed), GrantJudge(compile_grants(translated))
    was = {question: _app_on_v1(grants, disallowed, question) for question in QUESTIONS if not question[1]}
    will = {question: v2_allows(translated, [question[0]], question[3], owns=question[2]) for question in was}
    assert told(differences(before, after, USERS)) == differing(was, will)
    assert told(differences(after, before, USERS)) == differing(will, was)


def _app_on_v1(grants: Grants, disallowed: Collection[str], question: Answer) -> bool:
    """Every user may edit itself, and search unless disallowed; nobody edits others, roles or teams."""
    role, _, owns, action = question
    if action == "UpdateUser":
        return owns
    if action == "SearchUser":
        return role not in disallowed
    return action not in {"UpdateUserRole", "UpdateUserTeams"} and v2_allows(grants, [role], action, owns=owns)
