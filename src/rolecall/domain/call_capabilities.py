"""The 36 capabilities of a call: which action each stands for, and which call setting takes it away.

A capability of a call is its action under another name, so a set of capabilities is a mask over the actions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from rolecall.domain.actions import BIT


class CallCapability(NamedTuple):
    """One capability id; `setting` is the path whose `false` or `disabled` takes it away."""

    id: str
    action: str
    setting: str | None


CAPABILITIES: Final[tuple[CallCapability, ...]] = (
    CallCapability("block-users", "BlockUser", None),
    CallCapability("change-max-duration", "ChangeMaxDuration", None),
    CallCapability("create-call", "CreateCall", None),
    CallCapability("create-reaction", "CreateCallReaction", None),
    CallCapability("enable-noise-cancellation", "EnableNoiseCancellation", "audio.noise_cancellation.mode"),
    CallCapability("end-call", "EndCall", None),
    CallCapability("join-backstage", "JoinBackstage", None),
    CallCapability("join-call", "JoinCall", None),
    CallCapability("join-ended-call", "JoinEndedCall", None),
    CallCapability("kick-user", "KickUser", None),
    CallCapability("mute-users", "MuteUsers", None),
    CallCapability("pin-for-everyone", "PinCallTrack", None),
    CallCapability("read-call", "ReadCall", None),
    CallCapability("remove-call-member", "RemoveCallMember", None),
    CallCapability("screenshare", "Screenshare", "screensharing.enabled"),
    CallCapability("send-audio", "SendAudio", None),
    CallCapability("send-closed-captions-call", "SendClosedCaptions", "transcription.closed_caption_mode"),
    CallCapability("send-video", "SendVideo", "video.enabled"),
    CallCapability("start-broadcast-call", "StartBroadcasting", "broadcasting.enabled"),
    CallCapability("start-closed-captions-call", "StartClosedCaptions", "transcription.closed_caption_mode"),
    CallCapability("start-frame-record-call", "StartFrameRecording", "frame_recording.mode"),
    CallCapability("start-individual-record-call", "StartIndividualRecording", "individual_recording.mode"),
    CallCapability("start-raw-record-call", "StartRawRecording", "raw_recording.mode"),
    CallCapability("start-record-call", "StartRecording", "recording.mode"),
    CallCapability("start-transcription-call", "StartTranscription", "transcription.mode"),
    CallCapability("stop-broadcast-call", "StopBroadcasting", "broadcasting.enabled"),
    CallCapability("stop-closed-captions-call", "StopClosedCaptions", "transcription.closed_caption_mode"),
    CallCapability("stop-frame-record-call", "StopFrameRecording", "frame_recording.mode"),
    CallCapability("stop-individual-record-call", "StopIndividualRecording", "individual_recording.mode"),
    CallCapability("stop-raw-record-call", "StopRawRecording", "raw_recording.mode"),
    CallCapability("stop-record-call", "StopRecording", "recording.mode"),
    CallCapability("stop-transcription-call", "StopTranscription", "transcription.mode"),
    CallCapability("update-call", "UpdateCall", None),
    CallCapability("update-call-member", "UpdateCallMember", None),
    CallCapability("update-call-permissions", "UpdateCallPermissions", None),
    CallCapability("update-call-settings", "UpdateCallSettings", None),
)
"""Sorted by id."""

ACTION_BIT: Final[Mapping[str, int]] = {row.id: BIT[row.action] for row in CAPABILITIES}
"""Capability id -> mask of its action, sorted by id."""

ALL: Final[int] = sum(ACTION_BIT.values())
"""Mask of every action that has a capability."""

GATES: Final[Mapping[str, int]] = {
    setting: sum(BIT[row.action] for row in CAPABILITIES if row.setting == setting)
    for setting in sorted({row.setting for row in CAPABILITIES if row.setting})
}
"""Setting path -> mask of the actions it takes away when it is off."""

SETTING_OF: Final[Mapping[str, str]] = {row.action: row.setting for row in CAPABILITIES if row.setting}
"""Action -> the setting that takes it away."""


def mask(capabilities: Iterable[str]) -> int:
    """Return the action mask of capability ids; unknown ids are ignored."""
    result = 0
    for name in capabilities:
        result |= ACTION_BIT.get(name, 0)
    return result


def names(allowed: int) -> list[str]:
    """Return the capability ids of an action mask, sorted."""
    return [capability for capability, bit in ACTION_BIT.items() if bit & allowed]


def bitset(allowed: int) -> bytes:
    """Return an action mask as a bitset over the capabilities: bit i, least significant first, is row i."""
    packed = sum(1 << position for position, row in enumerate(CAPABILITIES) if ACTION_BIT[row.id] & allowed)
    return packed.to_bytes((len(CAPABILITIES) + 7) // 8, "little")
