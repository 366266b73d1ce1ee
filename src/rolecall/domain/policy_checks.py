"""What a policy of permission version v1 must be to be stored; one that is not refuses the whole write."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import check_text, shown
from rolecall.domain.permissions import nearest
from rolecall.domain.policies import EVERY, RESOURCES, by_priority
from rolecall.domain.records import PolicyRecord
from rolecall.domain.roles import check_role

MOST_POLICIES: Final = 100
LOWEST_PRIORITY: Final = 1
HIGHEST_PRIORITY: Final = 999
MAX_NAME_CHARACTERS: Final = 100
MOST_NAMES: Final = 1_000
_KNOWN: Final = frozenset(RESOURCES)


def checked_policies(
    policies: Sequence[PolicyRecord], custom_roles: Collection[str], field: str = "permissions"
) -> tuple[PolicyRecord, ...]:
    """Return policies as they are stored: roles in their canonical spelling, highest priority first.

    InvalidInput or UnknownRole name the place, such as `permissions[3].resources[0]`.
    """
    if len(policies) > MOST_POLICIES:
        raise InvalidInput(f"`{field}` may hold at most {MOST_POLICIES} policies, got {len(policies)}", field=field)
    return by_priority(_checked(policy, custom_roles, f"{field}[{place}]") for place, policy in enumerate(policies))


def _checked(policy: PolicyRecord, custom_roles: Collection[str], field: str) -> PolicyRecord:
    _check_name(policy.name, f"{field}.name")
    if not LOWEST_PRIORITY <= policy.priority <= HIGHEST_PRIORITY:
        raise InvalidInput(
            f"`{field}.priority` must be from {LOWEST_PRIORITY} to {HIGHEST_PRIORITY}, got {policy.priority}",
            field=f"{field}.priority",
        )
    for what, names in (("resources", policy.resources), ("roles", policy.roles)):
        if len(names) > MOST_NAMES:
            raise InvalidInput(
                f"`{field}.{what}` may hold at most {MOST_NAMES} names, got {len(names)}", field=f"{field}.{what}"
            )
    if not policy.resources:
        raise InvalidInput(f"`{field}.resources` is empty; `*` is every resource", field=f"{field}.resources")
    if not policy.roles and not policy.owner:
        raise InvalidInput(
            f"`{field}.roles` is empty, which only an `owner` policy may be; `*` is every role", field=f"{field}.roles"
        )
    resources = [_resource(name, f"{field}.resources[{place}]") for place, name in enumerate(policy.resources)]
    roles = [_role(name, custom_roles, f"{field}.roles[{place}]") for place, name in enumerate(policy.roles)]
    return replace(policy, resources=_each_once(resources), roles=_each_once(roles))


def _check_name(name: str, field: str) -> None:
    if not name:
        raise InvalidInput(f"`{field}` is required", field=field)
    if len(name) > MAX_NAME_CHARACTERS:
        raise InvalidInput(f"`{field}` is longer than {MAX_NAME_CHARACTERS} characters: {shown(name)}", field=field)
    check_text(name, field, limit=4 * MAX_NAME_CHARACTERS)


def _resource(name: str, field: str) -> str:
    if name not in _KNOWN:
        hints = " or ".join(f"`{known}`" for known in nearest(name, RESOURCES))
        hint = f"; did you mean {hints}?" if hints else ""
        raise InvalidInput(f"`{field}`: {shown(name)} is no resource{hint}", field=field, reason="UNKNOWN_RESOURCE")
    return name


def _role(name: str, custom_roles: Collection[str], field: str) -> str:
    return name if name == EVERY else check_role(name, custom_roles, field)


def _each_once(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
