"""Call settings: what each takes, to its edges, how writes merge, and what a setting takes away."""

from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain.actions import ACTIONS, BIT
from rolecall.domain.builtin.call_types import SETTINGS as BUILT_IN
from rolecall.domain.errors import InvalidInput
from rolecall.domain.settings import SETTINGS, disabled_actions, is_off, merge_settings, overridden

RANGES = [
    ("ring.incoming_call_timeout_ms", 5_000, 180_000, True),
    ("ring.auto_cancel_timeout_ms", 5_000, 180_000, True),
    ("ring.missed_call_timeout_ms", 5_000, 180_000, True),
    ("session.inactivity_timeout_seconds", 5, 900, False),
    ("frame_recording.capture_interval_in_seconds", 2, 60, False),
]
MODES = sorted(path for path in SETTINGS if path.endswith("mode"))


def after(path: str, value: Any) -> Any:
    return merge_settings({}, {path: value}).get(path)


def refused(path: str, value: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as error:
        merge_settings({}, {path: value})
    assert error.value.field == f"settings.{path}"
    return error.value


@pytest.mark.parametrize(("path", "low", "high", "or_zero"), RANGES)
def test_a_range_holds_at_both_ends(path: str, low: int, high: int, or_zero: bool) -> None:
    assert after(path, low) == low
    assert after(path, high) == high
    for value in (low - 1, high + 1, -1, 10**12):
        refused(path, value)
    if or_zero:
        assert after(path, 0) == 0
    else:
        refused(path, 0)


def test_a_refusal_says_the_range_and_what_was_sent() -> None:
    message = refused("ring.auto_cancel_timeout_ms", 4_999).message
    assert "`settings.ring.auto_cancel_timeout_ms`" in message
    assert "from 5000 to 180000" in message
    assert "or 0" in message
    assert "`4999`" in message


@pytest.mark.parametrize("path", ["limits.max_duration_seconds", "limits.max_participants"])
def test_zero_clears_a_limit(path: str) -> None:
    assert merge_settings({path: 60}, {path: 0}) == {}
    assert after(path, 1) == 1
    refused(path, -1)


def test_zero_is_a_value_where_it_clears_nothing() -> None:
    assert merge_settings({"ring.missed_call_timeout_ms": 5_000}, {"ring.missed_call_timeout_ms": 0}) == {
        "ring.missed_call_timeout_ms": 0
    }
    assert after("backstage.join_ahead_time_seconds", 0) == 0
    refused("backstage.join_ahead_time_seconds", -1)


@pytest.mark.parametrize("path", MODES)
def test_a_mode_takes_its_three_words(path: str) -> None:
    for word in ("available", "disabled", "auto-on"):
        assert after(path, word) == word
    for other in ("", "on", "Available", "auto_on", True, False, None, 1):
        refused(path, other)


def test_there_are_seven_modes() -> None:
    assert len(MODES) == 7


@pytest.mark.parametrize("path", [path for path, leaf in SETTINGS.items() if leaf.kind == "int"])
def test_numbers_take_whole_numbers_only(path: str) -> None:
    for value in (True, False, "30", 30.0, None, [30]):
        refused(path, value)


@pytest.mark.parametrize("path", [path for path, leaf in SETTINGS.items() if leaf.kind == "bool"])
def test_flags_take_true_and_false_only(path: str) -> None:
    assert after(path, False) is False
    assert after(path, True) is True
    for value in (0, 1, "true", "", None):
        refused(path, value)


@pytest.mark.parametrize("path", [path for path, leaf in SETTINGS.items() if leaf.kind == "text"])
def test_texts_take_text_only(path: str) -> None:
    for value in (0, True, None, ["x"], b"x"):
        refused(path, value)


@pytest.mark.parametrize("path", [path for path, leaf in SETTINGS.items() if leaf.kind == "texts"])
def test_lists_take_a_bounded_list_of_texts(path: str) -> None:
    assert after(path, ["a", "b"]) == ("a", "b")
    assert after(path, []) == ()
    assert len(after(path, ["a"] * 100)) == 100
    for value in ("a", ["a"] * 101, [1], ["a\n"], ["x" * 256], None):
        refused(path, value)


def test_free_text_is_bounded_and_clean() -> None:
    assert after("recording.quality", "x" * 64) == "x" * 64
    refused("recording.quality", "x" * 65)
    refused("recording.quality", "a\nb")


@pytest.mark.parametrize("path", ["", "audio", "video.enable", "Audio.mic_default_on", "video.enabled.x"])
def test_an_unknown_path_is_refused(path: str) -> None:
    assert f"`settings.{path}` is not a setting" in refused(path, True).message


def test_what_is_sent_replaces_and_the_rest_stays() -> None:
    before = {"video.enabled": True, "recording.mode": "available"}
    assert merge_settings(before, {"video.enabled": False}) == {"video.enabled": False, "recording.mode": "available"}
    assert before == {"video.enabled": True, "recording.mode": "available"}


def test_one_bad_value_refuses_the_whole_write() -> None:
    before = {"video.enabled": True}
    with pytest.raises(InvalidInput):
        merge_settings(before, {"video.enabled": False, "recording.mode": "off"})
    assert before == {"video.enabled": True}


def test_the_field_of_an_error_starts_where_the_caller_says() -> None:
    with pytest.raises(InvalidInput) as error:
        merge_settings({}, {"recording.mode": "off"}, "settings_override")
    assert error.value.field == "settings_override.recording.mode"


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_settings_pass_their_own_checks(name: str) -> None:
    assert merge_settings({}, BUILT_IN[name]) == BUILT_IN[name]


# --- what a setting takes away ---------------------------------------------------------------------------------------

GATED = {
    "audio.noise_cancellation.mode": {"enable-noise-cancellation"},
    "broadcasting.enabled": {"start-broadcasting", "stop-broadcasting"},
    "frame_recording.mode": {"start-frame-recording", "stop-frame-recording"},
    "individual_recording.mode": {"start-individual-recording", "stop-individual-recording"},
    "raw_recording.mode": {"start-raw-recording", "stop-raw-recording"},
    "recording.mode": {"start-recording", "stop-recording"},
    "screensharing.enabled": {"screenshare"},
    "transcription.closed_caption_mode": {"send-closed-captions", "start-closed-captions", "stop-closed-captions"},
    "transcription.mode": {"start-transcription", "stop-transcription"},
    "video.enabled": {"send-video"},
}


def ids(mask: int) -> set[str]:
    return {action.id for action in ACTIONS if BIT[action.name] & mask}


@pytest.mark.parametrize("path", SETTINGS)
def test_a_setting_that_is_off_takes_away_exactly_its_capabilities(path: str) -> None:
    off: Any = "disabled" if path.endswith("mode") else False
    assert ids(disabled_actions({path: off})) == GATED.get(path, set())


@pytest.mark.parametrize("value", ["available", "auto-on", True])
def test_any_other_value_takes_nothing(value: Any) -> None:
    assert disabled_actions(dict.fromkeys(GATED, value)) == 0
    assert not is_off(value)


def test_a_setting_that_is_unset_takes_nothing() -> None:
    assert disabled_actions({}) == 0


def test_zero_and_nothing_are_not_off() -> None:
    assert not is_off(0)
    assert not is_off(None)
    assert not is_off("")


def test_overriding_gives_what_the_merged_settings_would() -> None:
    base = {"video.enabled": False, "recording.mode": "disabled", "screensharing.enabled": True}
    changes = {"video.enabled": True, "screensharing.enabled": False, "audio.mic_default_on": False}
    assert overridden(disabled_actions(base), changes) == disabled_actions({**base, **changes})
    assert ids(overridden(disabled_actions(base), changes)) == {"screenshare", "start-recording", "stop-recording"}
