"""What an asked id stands for, on calls and on channels, and lists of capability names."""

from __future__ import annotations

import pytest

from rolecall.domain import call_capabilities, channel_capabilities
from rolecall.domain.actions import ACTIONS, BIT
from rolecall.domain.call_rules import question as call_question
from tests.tables import CALL_CAPABILITIES, CHANNEL_CAPABILITIES

IDS = {action.id: BIT[action.name] for action in ACTIONS}


@pytest.mark.parametrize(("capability", "row"), CALL_CAPABILITIES.items())
def test_on_a_call_a_capability_is_its_action_under_another_name(capability: str, row: tuple[str, str | None]) -> None:
    assert call_question(capability) == IDS[row[0]]
    assert call_question(row[0]) == IDS[row[0]] or row[0] in CALL_CAPABILITIES
    assert call_question(f"{row[0]}-owner-any-team") == IDS[row[0]]


def test_an_id_that_is_both_is_read_as_the_capability() -> None:
    assert call_question("create-reaction") == BIT["CreateCallReaction"]
    assert channel_capabilities.question("create-reaction") == 1 << (42 + list(IDS).index("create-reaction"))
    assert channel_capabilities.question("delete-channel") == channel_bit("delete-channel")


def channel_bit(capability: str) -> int:
    return 1 << [row.id for row in channel_capabilities.CAPABILITIES].index(capability)


@pytest.mark.parametrize("asked", ["", "sendaudio", "SendAudio", "send-message", "start-record-call-owner", "*"])
def test_what_is_neither_is_no_question_on_a_call(asked: str) -> None:
    assert call_question(asked) is None


@pytest.mark.parametrize("asked", ["", "send-message-owner", "CreateMessage", "start-record-call", "slow_mode"])
def test_what_is_neither_is_no_question_on_a_channel(asked: str) -> None:
    assert channel_capabilities.question(asked) is None


def test_names_of_a_call_are_sorted_and_leave_out_actions_without_a_capability() -> None:
    mask = IDS["start-recording"] | IDS["send-event"] | IDS["block-user"]
    assert call_capabilities.names(mask) == ["block-users", "start-record-call"]
    assert call_capabilities.names(0) == []
    assert call_capabilities.names(call_capabilities.ALL) == sorted(CALL_CAPABILITIES)
    assert call_capabilities.names(-1) == sorted(CALL_CAPABILITIES)


def test_names_and_mask_are_each_others_inverse() -> None:
    for capability in CALL_CAPABILITIES:
        assert call_capabilities.names(call_capabilities.mask([capability])) == [capability]
    assert call_capabilities.mask(["no-such-capability"]) == 0


def test_names_of_a_channel_are_sorted() -> None:
    assert channel_capabilities.names(channel_capabilities.ALL) == sorted(CHANNEL_CAPABILITIES)
    assert channel_capabilities.names(0) == []
    assert channel_capabilities.names(channel_bit("slow-mode")) == ["slow-mode"]


@pytest.mark.parametrize(
    ("permission", "flag", "sends"),
    [
        ("create-message", None, True),
        ("create-message-owner", None, True),
        ("read-channel", None, False),
        ("create-reaction", "reactions", True),
        ("create-reply", "replies", True),
        ("send-poll", "polls", True),
        ("cast-vote", "polls", False),
        ("query-votes", "polls", False),
        ("upload-attachment", "uploads", False),
        ("share-location", "shared_locations", False),
        ("send-custom-event", "custom_events", False),
        ("update-channel-members", None, False),
        ("add-own-channel-membership", None, False),
        ("delete-message", None, False),
        ("send-event", None, False),
    ],
)
def test_on_a_channel_a_permission_id_takes_flag_and_state_of_its_capability(
    permission: str, flag: str | None, sends: bool
) -> None:
    asked = channel_capabilities.question(permission)
    assert asked is not None
    row = channel_capabilities.ROWS[asked.bit_length() - 1]
    assert (row.flag, row.sends, row.slow) == (flag, sends, False)
