"""Call types on the wire: grants, and settings with every field that clients expect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rolecall.domain.records import Settings, TypeRecord
from rolecall.service.state import CALL_SCOPE_PREFIX
from rolecall.transports.rest.leaves import nested
from rolecall.transports.rest.operation import Answer
from rolecall.transports.rest.surface import Time

_LAYOUT: Final = {"external_app_url": "", "external_css_url": "", "name": "spotlight"}
_WITHOUT_EFFECT: Final[Mapping[str, Any]] = {
    "audio.hifi_audio_enabled": False,
    "encryption.mode": "available",
    "broadcasting.hls.layout": _LAYOUT,
    "broadcasting.hls.quality_tracks": (),
    "broadcasting.rtmp.layout": _LAYOUT,
    "broadcasting.rtmp.quality": "720p",
    "frame_recording.mode": "available",
    "frame_recording.capture_interval_in_seconds": 5,
    "geofencing.names": (),
    "individual_recording.mode": "available",
    "limits.max_participants_exclude_roles": (),
    "raw_recording.mode": "available",
    "recording.layout": _LAYOUT,
    "session.inactivity_timeout_seconds": 30,
    "thumbnails.enabled": False,
    "video.target_resolution.width": 1280,
    "video.target_resolution.height": 720,
}
"""What clients expect in settings beside what a type stores; what it does store wins."""

_NOTIFICATION: Final = {"apns": {}, "enabled": False, "fcm": {}}
_NOTIFICATIONS: Final = {
    "enabled": False,
    **dict.fromkeys(
        ("call_live_started", "call_missed", "call_notification", "call_ring", "session_started"), _NOTIFICATION
    ),
}


class CallType(Answer, kw_only=True):
    """A kind of call."""

    name: str
    grants: dict[str, tuple[str, ...]]
    settings: dict[str, Any]
    notification_settings: dict[str, Any]
    created_at: Time
    updated_at: Time


def settings_tree(settings: Settings) -> dict[str, Any]:
    """Return settings as clients expect them: every field is there."""
    return nested({**_WITHOUT_EFFECT, **settings})


def call_type(record: TypeRecord) -> CallType:
    """Return a call type as the wire has it."""
    return CallType(
        name=record.scope.removeprefix(CALL_SCOPE_PREFIX),
        grants=dict(record.grants),
        settings=settings_tree(record.settings),
        notification_settings=dict(_NOTIFICATIONS),
        created_at=Time(record.created_at),
        updated_at=Time(record.updated_at),
    )
