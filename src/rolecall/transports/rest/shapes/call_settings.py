"""Call settings on the wire: those that decisions know, and those that are only kept and returned.

What a type or call stores as settings is flat; what has no effect is among its extras, as `settings.<path>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from rolecall.domain.records import Extras, Settings
from rolecall.domain.settings import SETTINGS, flag, number, texts
from rolecall.service.administration.calls.merging import EXTRA_SETTINGS
from rolecall.transports.rest.extras import (
    Extra,
    ExtraFields,
    line,
    one_of,
    sent_extras,
    shown_leaves,
    tree,
    whole,
)
from rolecall.transports.rest.leaves import flattened, nested

_PIXELS: Final = number(1, 16_384, "pixels")
_ANY_NUMBER: Final = whole(0)


def _layout(path: str) -> dict[str, Extra]:
    return {
        f"{path}.name": Extra(
            one_of("spotlight", "grid", "single-participant", "mobile", "custom"), default="spotlight"
        ),
        f"{path}.external_app_url": Extra(line(), default=""),
        f"{path}.external_css_url": Extra(line(), default=""),
        f"{path}.detect_orientation": Extra(flag()),
        f"{path}.options": Extra(tree()),
    }


EXTRAS: Final[ExtraFields] = {
    "encryption.mode": Extra(one_of("available", "disabled", "auto-on"), default="available"),
    **_layout("recording.layout"),
    **_layout("broadcasting.hls.layout"),
    **_layout("broadcasting.rtmp.layout"),
    "screensharing.target_resolution.width": Extra(_PIXELS),
    "screensharing.target_resolution.height": Extra(_PIXELS),
    "screensharing.target_resolution.bitrate": Extra(_ANY_NUMBER),
    "individual_recording.output_types": Extra(texts()),
    "raw_recording.output_types": Extra(texts()),
    "transcription.speech_segment_config": Extra(tree()),
    "transcription.translation": Extra(tree()),
    "ingress.audio_encoding_options": Extra(tree()),
    "ingress.video_encoding_options": Extra(tree()),
}
"""What call settings take beside those that decisions know."""

_UNSTORED: Final[Mapping[str, Any]] = {
    "audio.hifi_audio_enabled": False,
    "broadcasting.hls.quality_tracks": (),
    "broadcasting.rtmp.quality": "720p",
    "frame_recording.mode": "available",
    "frame_recording.capture_interval_in_seconds": 5,
    "geofencing.names": (),
    "individual_recording.mode": "available",
    "limits.max_participants_exclude_roles": (),
    "raw_recording.mode": "available",
    "session.inactivity_timeout_seconds": 30,
    "thumbnails.enabled": False,
    "video.target_resolution.width": 1280,
    "video.target_resolution.height": 720,
}
"""What clients expect in settings beside what a type stores; what it does store wins."""


class SentSettings(NamedTuple):
    """Settings of a request: `settings` for the administration to check, and `extras`, checked."""

    settings: dict[str, Any]
    extras: dict[str, Any]


def sent_settings(sent: Mapping[str, Any] | None, within: str = "settings") -> SentSettings:
    """Return what a tree of settings says; nulls and what is not known say nothing. `within` is its field."""
    sent = sent or {}
    return SentSettings(flattened(sent, SETTINGS, within=within), sent_extras(EXTRAS, sent, within, EXTRA_SETTINGS))


def settings_tree(settings: Settings, extras: Extras) -> dict[str, Any]:
    """Return settings as clients expect them: every field is there. `extras` are those of the type or call."""
    return nested({**_UNSTORED, **shown_leaves(EXTRAS, extras, EXTRA_SETTINGS), **settings})
