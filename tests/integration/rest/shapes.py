"""The shapes of section 5 of the HTTP API, and a check that an answer has every listed field in its type."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
_DURATION: Final = re.compile(r"\d+\.\d\dms")


class Ts:
    """A time, in the form of the surface."""


class Duration:
    """How long it took, such as `1.23ms`."""


class Grants:
    """Role -> permission ids."""


class Exactly:
    """A value that is known."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Each:
    """A map whose values all have one shape."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape


PERMISSION: Final = {
    "id": str,
    "name": str,
    "description": str,
    "action": str,
    "custom": bool,
    "level": str,
    "owner": bool,
    "owner_resource": str,
    "same_team": bool,
    "tags": [str],
}
ROLE: Final = {"name": str, "custom": bool, "scopes": [str], "created_at": Ts, "updated_at": Ts}
_LAYOUT: Final = {"external_app_url": str, "external_css_url": str, "name": str}
_MODE: Final = {"mode": str}
CALL_SETTINGS: Final = {
    "audio": {
        "access_request_enabled": bool,
        "default_device": str,
        "hifi_audio_enabled": bool,
        "mic_default_on": bool,
        "opus_dtx_enabled": bool,
        "redundant_coding_enabled": bool,
        "speaker_default_on": bool,
    },
    "backstage": {"enabled": bool},
    "broadcasting": {
        "enabled": bool,
        "hls": {"auto_on": bool, "enabled": bool, "layout": _LAYOUT, "quality_tracks": [str]},
        "rtmp": {"enabled": bool, "layout": _LAYOUT, "quality": str},
    },
    "encryption": _MODE,
    "frame_recording": {"capture_interval_in_seconds": int, "mode": str},
    "geofencing": {"names": [str]},
    "individual_recording": _MODE,
    "limits": {"max_participants_exclude_roles": [str]},
    "raw_recording": _MODE,
    "recording": {"audio_only": bool, "layout": _LAYOUT, "mode": str, "quality": str},
    "ring": {"auto_cancel_timeout_ms": int, "incoming_call_timeout_ms": int, "missed_call_timeout_ms": int},
    "screensharing": {"access_request_enabled": bool, "enabled": bool},
    "session": {"inactivity_timeout_seconds": int},
    "thumbnails": {"enabled": bool},
    "transcription": {"closed_caption_mode": str, "language": str, "mode": str},
    "video": {
        "access_request_enabled": bool,
        "camera_default_on": bool,
        "camera_facing": str,
        "enabled": bool,
        "target_resolution": {"height": int, "width": int},
    },
}
_NOTIFICATION: Final = {"apns": {}, "enabled": bool, "fcm": {}}
NOTIFICATION_SETTINGS: Final = {
    "enabled": bool,
    "call_live_started": _NOTIFICATION,
    "call_missed": _NOTIFICATION,
    "call_notification": _NOTIFICATION,
    "call_ring": _NOTIFICATION,
    "session_started": _NOTIFICATION,
}
CALL_TYPE: Final = {
    "name": str,
    "grants": Grants,
    "settings": CALL_SETTINGS,
    "notification_settings": NOTIFICATION_SETTINGS,
    "created_at": Ts,
    "updated_at": Ts,
}
USER: Final = {
    "banned": bool,
    "blocked_user_ids": [str],
    "created_at": Ts,
    "id": str,
    "invisible": bool,
    "language": str,
    "online": bool,
    "role": str,
    "shadow_banned": bool,
    "teams": [str],
    "updated_at": Ts,
}
"""A user; where custom data is nested it has `custom` too (`NESTED`)."""
FULL_USER: Final = {
    **USER,
    "channel_mutes": [str],
    "devices": [str],
    "mutes": [str],
    "total_unread_count": int,
    "unread_channels": int,
    "unread_count": int,
    "unread_threads": int,
}
NESTED: Final[dict[str, Any]] = {"custom": {}}
_ADDRESS: Final = {"address": str}
CALL: Final = {
    "backstage": bool,
    "blocked_user_ids": [str],
    "captioning": bool,
    "cid": str,
    "created_at": Ts,
    "created_by": USER | NESTED,
    "current_session_id": str,
    "custom": {},
    "egress": {"broadcasting": bool, "rtmps": [str]},
    "id": str,
    "ingress": {"rtmp": _ADDRESS, "srt": _ADDRESS, "whip": _ADDRESS},
    "recording": bool,
    "settings": CALL_SETTINGS,
    "transcribing": bool,
    "translating": bool,
    "type": str,
    "updated_at": Ts,
}
CALL_MEMBER: Final = {
    "created_at": Ts,
    "custom": {},
    "role": str,
    "updated_at": Ts,
    "user": USER | NESTED,
    "user_id": str,
}
CALL_STATE: Final = {"call": CALL, "members": [CALL_MEMBER], "own_capabilities": [str]}
COMMAND: Final = {"name": str, "description": str, "args": str, "set": str}
CHANNEL_MEMBER: Final = {
    "banned": bool,
    "channel_role": str,
    "created_at": Ts,
    "invited": bool,
    "is_moderator": bool,
    "notifications_muted": bool,
    "role": str,
    "shadow_banned": bool,
    "status": str,
    "updated_at": Ts,
    "user": USER,
    "user_id": str,
}
CHANNEL: Final = {
    "cid": str,
    "config": {
        "automod": str,
        "commands": [COMMAND],
        "created_at": Ts,
        "grants": Grants,
        "max_message_length": int,
        "name": str,
        "typing_events": bool,
        "updated_at": Ts,
        "uploads": bool,
    },
    "created_at": Ts,
    "created_by": USER,
    "disabled": bool,
    "frozen": bool,
    "id": str,
    "own_capabilities": [str],
    "type": str,
    "updated_at": Ts,
}
"""A channel; where custom data is nested it has `custom` too, and to those who may see members their count."""
CHANNEL_STATE: Final = {
    "channel": CHANNEL,
    "members": [CHANNEL_MEMBER],
    "messages": [str],
    "pinned_messages": [str],
    "threads": [str],
}
DONE: Final = {"duration": Duration}
ERROR: Final = {
    "code": int,
    "message": str,
    "StatusCode": int,
    "duration": Duration,
    "more_info": str,
    "details": [int],
}


def check(value: Any, shape: Any, *, nanoseconds: bool, path: str = "$") -> None:
    """Fail when a listed field is not there or not of its type; more fields than listed are fine."""
    if isinstance(shape, dict):
        assert isinstance(value, dict), f"{path} is no object: {value!r}"
        missing = shape.keys() - value.keys()
        assert not missing, f"{path} lacks {sorted(missing)}"
        for name, inner in shape.items():
            check(value[name], inner, nanoseconds=nanoseconds, path=f"{path}.{name}")
    elif isinstance(shape, list):
        assert isinstance(value, list), f"{path} is no list: {value!r}"
        for place, item in enumerate(value):
            check(item, shape[0], nanoseconds=nanoseconds, path=f"{path}[{place}]")
    elif isinstance(shape, Each):
        assert isinstance(value, dict), f"{path} is no object: {value!r}"
        for name, item in value.items():
            check(item, shape.shape, nanoseconds=nanoseconds, path=f"{path}.{name}")
    elif isinstance(shape, Exactly):
        assert value == shape.value, f"{path} is {value!r}, not {shape.value!r}"
    elif shape is Ts:
        assert _is_time(value, nanoseconds=nanoseconds), f"{path} is no time of this surface: {value!r}"
    else:
        assert _IS.get(shape, _is(shape))(value), f"{path} is not of its type: {value!r}"


def _is(kind: type) -> Callable[[Any], bool]:
    return lambda value: type(value) is kind


def _is_time(value: Any, *, nanoseconds: bool) -> bool:
    if nanoseconds:
        return type(value) is int and value >= 0
    return isinstance(value, str) and _RFC3339.fullmatch(value) is not None


def _is_grants(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(ids, list) and all(isinstance(one, str) for one in ids) for ids in value.values()
    )


_IS: Final[dict[Any, Callable[[Any], bool]]] = {
    Duration: lambda value: isinstance(value, str) and _DURATION.fullmatch(value) is not None,
    Grants: _is_grants,
}
