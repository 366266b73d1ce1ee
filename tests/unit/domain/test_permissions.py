"""Permissions: ids, readable names, and the suggestions for a mistyped one."""

from __future__ import annotations

import pytest

from rolecall.domain.actions import ACTIONS, INDEX
from rolecall.domain.errors import UnknownPermission
from rolecall.domain.permissions import BUILT_IN, action_index, check_permission, nearest


@pytest.mark.parametrize(
    ("permission", "owner", "same_team"),
    [
        ("delete-message", False, True),
        ("delete-message-owner", True, True),
        ("delete-message-any-team", False, False),
        ("delete-message-owner-any-team", True, False),
    ],
)
def test_a_suffix_says_whose_and_in_which_team(permission: str, owner: bool, same_team: bool) -> None:
    found = BUILT_IN[permission]
    assert (found.action.name, found.owner, found.same_team) == ("DeleteMessage", owner, same_team)


def test_names_and_descriptions_are_readable_and_unique() -> None:
    assert BUILT_IN["delete-message-owner-any-team"].name == "Delete Message (owner, any team)"
    assert BUILT_IN["send-audio"].name == "Send Audio"
    assert BUILT_IN["send-audio-owner"].description == "Grants SendAudio on what the user owns"
    assert BUILT_IN["send-audio-any-team"].description == "Grants SendAudio, in any team"
    assert len({permission.name for permission in BUILT_IN.values()}) == 488
    assert len({permission.description for permission in BUILT_IN.values()}) == 488


def test_a_permission_id_names_its_action_whatever_its_variant() -> None:
    for suffix in ("", "-owner", "-any-team", "-owner-any-team"):
        assert action_index(f"send-event{suffix}") == INDEX["SendEvent"]
    assert action_index("start-record-call") is None
    assert action_index("") is None


def test_indexes_are_the_rows_of_the_actions_table() -> None:
    assert [action_index(action.id) for action in ACTIONS] == list(range(len(ACTIONS)))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("send-audi", "send-audio"),
        ("delete-mesage-owner", "delete-message-owner"),
        ("SendAudio", "send-audio"),
        ("send_audio", "send-audio"),
        ("start-record-call", "start-recording"),
    ],
)
def test_the_nearest_ids_are_suggested(typed: str, meant: str) -> None:
    assert meant in nearest(typed)
    with pytest.raises(UnknownPermission) as refused:
        check_permission(typed, "grants.user")
    assert refused.value.message.startswith(f'cannot use unknown permission "{typed}"')
    assert f"`{meant}`" in refused.value.message
    assert refused.value.field == "grants.user"
    assert refused.value.code_reason == "UNKNOWN_PERMISSION"


def test_the_first_suggestion_is_the_nearest() -> None:
    assert nearest("send-audi")[0] == "send-audio"
    assert len(nearest("send-audio-ownr")) <= 3


def test_without_anything_near_nothing_is_suggested() -> None:
    assert nearest("zzzzzzzzzz") == ()
    with pytest.raises(UnknownPermission) as refused:
        check_permission("zzzzzzzzzz", "grants.user")
    assert refused.value.message == 'cannot use unknown permission "zzzzzzzzzz"'


@pytest.mark.parametrize("typed", ["", "!send-audio", " send-audio", "send-audio ", "*"])
def test_almost_an_id_is_no_id(typed: str) -> None:
    with pytest.raises(UnknownPermission):
        check_permission(typed, "grants.user")


def test_a_refusal_shows_no_control_characters() -> None:
    with pytest.raises(UnknownPermission) as refused:
        check_permission("send\x1b[31m\naudio", "grants.user")
    assert not any(ord(character) < 32 for character in refused.value.message)


def test_a_known_id_comes_back() -> None:
    assert check_permission("send-audio-owner", "grants.user") == "send-audio-owner"
