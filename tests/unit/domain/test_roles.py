"""Roles: which exist, and the one that is spelled two ways."""

from __future__ import annotations

import pytest

from rolecall.domain.errors import InvalidInput, UnknownRole
from rolecall.domain.roles import BUILT_IN, canonical, check_role


def test_call_member_may_be_spelled_with_a_hyphen_and_comes_back_with_an_underscore() -> None:
    assert canonical("call-member") == "call_member"
    assert check_role("call-member", (), "role") == "call_member"


@pytest.mark.parametrize("role", ["channel-member", "global-admin", "Call-member", "call-member-2"])
def test_no_other_spelling_is_bent(role: str) -> None:
    assert canonical(role) == role
    with pytest.raises(UnknownRole):
        check_role(role, (), "role")


@pytest.mark.parametrize("role", sorted(BUILT_IN))
def test_built_in_roles_exist(role: str) -> None:
    assert check_role(role, (), "role") == role


def test_a_custom_role_exists_once_created_and_as_it_is_written() -> None:
    assert check_role("Speaker", {"Speaker"}, "role") == "Speaker"
    with pytest.raises(UnknownRole) as refused:
        check_role("speaker", {"Speaker"}, "members[0].role")
    assert refused.value.message == 'role "speaker" does not exist'
    assert refused.value.field == "members[0].role"


@pytest.mark.parametrize("role", ["", "a b", "x" * 65, "a\n"])
def test_what_can_be_no_role_is_refused_as_malformed(role: str) -> None:
    with pytest.raises(InvalidInput, match="must be a role name"):
        check_role(role, (), "role")
