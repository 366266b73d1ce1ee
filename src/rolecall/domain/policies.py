"""Policies of permission version v1: what they are about, how they are compiled, and which one decides.

The first policy that matches decides, highest priority first, ties in the order they are stored; none matching denies.
Writing them is checked in `policy_checks.py`; what they decide on a channel is in `channel_policies.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from rolecall.domain.actions import ACTIONS, ALL, BIT
from rolecall.domain.decision import Decision, Reason
from rolecall.domain.records import PolicyRecord

EVERY: Final = "*"
"""Stands for every resource, and for every role."""

_ASKS_FOR: Final[Mapping[str, tuple[str, ...]]] = {
    "BanChannelMember": ("BanUser",),
    "UpdateUser": ("EditUser", "UpdateUser"),
    "CreateReply": ("CreateMessage",),
    "CreateMention": ("CreateMessage",),
    "SendPoll": ("CreateMessage",),
    "CastVote": ("CreateMessage",),
    "QueryVotes": ("CreateMessage",),
    "ShareLocation": ("CreateMessage",),
    "CreateAttachment": ("UploadAttachment",),
    "UpdateThread": ("UpdateMessage",),
    "ReadChannelMembers": ("ReadChannel",),
    "RemoveOwnChannelMembership": ("RemoveOwnChannelMembership", "UpdateChannelMembers"),
    "AddOwnChannelMembership": ("UpdateChannelMembers",),
}
"""Action -> the resources it asks a policy for, one of which is enough; an action that is not named asks for itself."""

_OLDER: Final = ("EditUser", "UseCommands")
"""Resources of v1 that are no actions of today."""

RESOURCES: Final = (EVERY, *sorted({*BIT, *_OLDER}))
"""Every name that `resources` of a policy may hold."""


def asks_for(action: str) -> tuple[str, ...]:
    """Return the v1 resources of an action."""
    return _ASKS_FOR.get(action, (action,))


def _resource_masks() -> dict[str, int]:
    masks = dict.fromkeys(RESOURCES, 0)
    masks[EVERY] = ALL
    for action in ACTIONS:
        for resource in asks_for(action.name):
            masks[resource] |= BIT[action.name]
    return masks


_ASKED_FOR_BY: Final[Mapping[str, int]] = _resource_masks()
"""Resource -> mask of the actions that ask for it; nothing asks for one of the older ones alone."""


class Policy(NamedTuple):
    """One policy, compiled: the actions it is about and the roles it is for; no roles: every role."""

    name: str
    actions: int
    roles: frozenset[str]
    owner: bool
    allow: bool

    def matches(self, roles: Iterable[str]) -> bool:
        """Tell whether it is for one of these roles, ownership aside."""
        return not self.roles or not self.roles.isdisjoint(roles)


_NONE_MATCHES: Final = Decision(allowed=False, reason=Reason.POLICY_DENY)
_MOST_REMEMBERED: Final = 4_096


class CompiledPolicies:
    """The policies of one channel type. Immutable; what a combination of roles is answered is worked out once."""

    __slots__ = ("_allowed", "_verdicts", "policies")

    def __init__(self, policies: Iterable[Policy]) -> None:
        self.policies = tuple(policies)
        self._allowed: dict[tuple[tuple[str, ...], int], int] = {}
        self._verdicts: dict[tuple[tuple[str, ...], tuple[int, ...], int], Decision] = {}

    def allowed(self, roles: tuple[str, ...], owns: int) -> int:
        """Return the mask of actions allowed to a subject of these roles who owns what `owns` masks."""
        known = self._allowed.get((roles, owns))
        if known is None:
            if len(self._allowed) >= _MOST_REMEMBERED:
                self._allowed.clear()
            known = self._allowed[roles, owns] = self._decide_all(roles, owns)
        return known

    def _decide_all(self, roles: tuple[str, ...], owns: int) -> int:
        allowed, undecided = 0, ALL
        for policy in self.policies:
            decided = policy.actions & undecided & (owns if policy.owner else ALL)
            if decided and policy.matches(roles):
                allowed |= decided if policy.allow else 0
                undecided ^= decided
        return allowed

    def verdict(self, roles: tuple[str, ...], ownings: tuple[int, ...], actions: int) -> Decision:
        """Return the first yes to one of the actions, in one of the ways of owning, else the first no.

        The policy that decides is named. A way of owning is the mask of what is owned then.
        """
        known = self._verdicts.get((roles, ownings, actions))
        if known is None:
            if len(self._verdicts) >= _MOST_REMEMBERED:
                self._verdicts.clear()
            known = self._verdicts[roles, ownings, actions] = self._first(roles, ownings, actions)
        return known

    def _first(self, roles: tuple[str, ...], ownings: tuple[int, ...], actions: int) -> Decision:
        bits = [bit for bit in BIT.values() if bit & actions]
        verdicts = [self._decide(roles, owns, bit) for owns in ownings for bit in bits] or [_NONE_MATCHES]
        return next((verdict for verdict in verdicts if verdict.allowed), verdicts[0])

    def _decide(self, roles: tuple[str, ...], owns: int, action: int) -> Decision:
        """Return the verdict of the first policy that matches one action."""
        for policy in self.policies:
            if policy.actions & action and (not policy.owner or owns & action) and policy.matches(roles):
                reason = Reason.POLICY_ALLOW if policy.allow else Reason.POLICY_DENY
                return Decision(policy.allow, reason, policy=policy.name)
        return _NONE_MATCHES


NO_POLICIES: Final = CompiledPolicies(())


def compile_policies(records: Iterable[PolicyRecord]) -> CompiledPolicies:
    """Compile policies as stored; resources that are not known match nothing."""
    return CompiledPolicies(map(_compiled, by_priority(records)))


def _compiled(record: PolicyRecord) -> Policy:
    actions = 0
    for resource in record.resources:
        actions |= _ASKED_FOR_BY.get(resource, 0)
    roles = frozenset() if EVERY in record.roles else frozenset(record.roles)
    # Without roles it is about owners, even if a record should not say so: nothing else may be for every role.
    return Policy(record.name, actions, roles, record.owner or not record.roles, record.allow)


def by_priority(records: Iterable[PolicyRecord]) -> tuple[PolicyRecord, ...]:
    """Return policies as they are stored and asked: highest priority first, ties in the order given."""
    return tuple(sorted(records, key=lambda record: -record.priority))
