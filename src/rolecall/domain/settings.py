"""Call settings: every path, what values it takes, how writes merge, and which actions a setting takes away.

Settings are kept flat: dotted path -> value. A path that is absent is unset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from rolecall.domain.call_capabilities import GATES
from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import check_text, shown
from rolecall.domain.records import Settings

Check = Callable[[Any, str], Any]


class Leaf(NamedTuple):
    """One setting: its kind (`bool`, `int`, `text` or `texts`), what it takes in words, and its check."""

    kind: str
    takes: str
    check: Check


def _fail(path: str, value: object, takes: str) -> InvalidInput:
    return InvalidInput(f"`{path}` must be {takes}, got {shown(str(value))}", field=path)


def flag() -> Leaf:
    """Make a leaf that is true or false."""

    def check(value: Any, path: str) -> bool:
        if not isinstance(value, bool):
            raise _fail(path, value, "true or false")
        return value

    return Leaf("bool", "true or false", check)


def number(low: int, high: int, unit: str, *, or_zero: str = "") -> Leaf:
    """Make a whole-number leaf; `or_zero` says what 0 means where 0 is outside the range."""
    takes = f"a whole number of {unit} from {low} to {high}" + (f", or 0 ({or_zero})" if or_zero else "")

    def check(value: Any, path: str) -> int:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not (low <= value <= high or (or_zero and value == 0)):
            raise _fail(path, value, takes)
        return int(value)

    return Leaf("int", takes, check)


def choice(*options: str) -> Leaf:
    """Make a leaf that takes one of a few words."""
    takes = "one of " + ", ".join(f"`{option}`" for option in options)

    def check(value: Any, path: str) -> str:
        if value not in options:
            raise _fail(path, value, takes)
        return str(value)

    return Leaf("text", takes, check)


def text(limit: int = 64) -> Leaf:
    """Make a leaf of free text, at most `limit` bytes."""

    def check(value: Any, path: str) -> str:
        if not isinstance(value, str):
            raise _fail(path, value, "text")
        return check_text(value, path, limit=limit)

    return Leaf("text", f"text of at most {limit} bytes", check)


def texts(most: int = 100) -> Leaf:
    """Make a leaf that is a list of words."""

    def check(value: Any, path: str) -> tuple[str, ...]:
        if (
            not isinstance(value, (list, tuple))
            or len(value) > most
            or not all(isinstance(item, str) for item in value)
        ):
            raise _fail(path, value, f"a list of at most {most} texts")
        return tuple(check_text(item, path) for item in value)

    return Leaf("texts", f"a list of at most {most} texts", check)


_MODE: Final = choice("available", "disabled", "auto-on")
_TIMEOUT: Final = number(5_000, 180_000, "milliseconds", or_zero="no time-out")
_UNLIMITED: Final = 2**31 - 1

SETTINGS: Final[Mapping[str, Leaf]] = {
    "audio.access_request_enabled": flag(),
    "audio.opus_dtx_enabled": flag(),
    "audio.redundant_coding_enabled": flag(),
    "audio.mic_default_on": flag(),
    "audio.speaker_default_on": flag(),
    "audio.default_device": choice("speaker", "earpiece"),
    "audio.hifi_audio_enabled": flag(),
    "audio.noise_cancellation.mode": _MODE,
    "backstage.enabled": flag(),
    "backstage.join_ahead_time_seconds": number(0, _UNLIMITED, "seconds"),
    "video.enabled": flag(),
    "video.access_request_enabled": flag(),
    "video.target_resolution.width": number(1, 16_384, "pixels"),
    "video.target_resolution.height": number(1, 16_384, "pixels"),
    "video.target_resolution.bitrate": number(1, _UNLIMITED, "bits per second", or_zero="chosen by the client"),
    "video.camera_default_on": flag(),
    "video.camera_facing": choice("front", "back", "external"),
    "screensharing.enabled": flag(),
    "screensharing.access_request_enabled": flag(),
    "ring.incoming_call_timeout_ms": _TIMEOUT,
    "ring.auto_cancel_timeout_ms": _TIMEOUT,
    "ring.missed_call_timeout_ms": _TIMEOUT,
    "recording.mode": _MODE,
    "recording.quality": text(),
    "recording.audio_only": flag(),
    "broadcasting.enabled": flag(),
    "broadcasting.hls.auto_on": flag(),
    "broadcasting.hls.enabled": flag(),
    "broadcasting.hls.quality_tracks": texts(),
    "broadcasting.rtmp.enabled": flag(),
    "broadcasting.rtmp.quality": text(),
    "geofencing.names": texts(),
    "transcription.mode": _MODE,
    "transcription.closed_caption_mode": _MODE,
    "transcription.language": text(),
    "individual_recording.mode": _MODE,
    "raw_recording.mode": _MODE,
    "frame_recording.mode": _MODE,
    "frame_recording.capture_interval_in_seconds": number(2, 60, "seconds"),
    "frame_recording.quality": text(),
    "limits.max_duration_seconds": number(1, _UNLIMITED, "seconds", or_zero="no limit"),
    "limits.max_participants": number(1, _UNLIMITED, "participants", or_zero="no limit"),
    "limits.max_participants_exclude_owner": flag(),
    "limits.max_participants_exclude_roles": texts(),
    "session.inactivity_timeout_seconds": number(5, 900, "seconds"),
    "thumbnails.enabled": flag(),
    "ingress.enabled": flag(),
}
"""Every call setting by path."""

_CLEARED_BY_ZERO: Final = frozenset({"limits.max_duration_seconds", "limits.max_participants"})


def check_leaves(table: Mapping[str, Leaf], changes: Settings, field: str) -> dict[str, Any]:
    """Return the sent values, each checked against its row; an unknown path or a bad value refuses the whole write."""
    checked: dict[str, Any] = {}
    for path, value in changes.items():
        full = f"{field}.{path}"
        leaf = table.get(path)
        if leaf is None:
            raise InvalidInput(f"`{full}` is not a setting", field=full)
        checked[path] = leaf.check(value, full)
    return checked


def merge_settings(current: Settings, changes: Settings, field: str = "settings") -> Settings:
    """Return the settings after a write: what is sent replaces, field by field; 0 clears a limit."""
    merged = {**current, **check_leaves(SETTINGS, changes, field)}
    return {path: value for path, value in merged.items() if not (path in _CLEARED_BY_ZERO and value == 0)}


def is_off(value: object) -> bool:
    """Tell whether a setting's value takes its capabilities away."""
    return value is False or value == "disabled"


def disabled_actions(settings: Settings) -> int:
    """Return the mask of actions that these settings take away (rule: call capabilities, step 4)."""
    disabled = 0
    for path, actions in GATES.items():
        if is_off(settings.get(path)):
            disabled |= actions
    return disabled


def overridden(disabled: int, changes: Settings) -> int:
    """Return a mask of disabled actions with a few settings replaced."""
    for path, value in changes.items():
        actions = GATES.get(path, 0)
        disabled = disabled | actions if is_off(value) else disabled & ~actions
    return disabled
