"""The four built-in call types: grants by role, and settings. Facts only; what they mean is decided elsewhere."""

from __future__ import annotations

from typing import Final


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _without_video_resolution(settings: dict[str, object]) -> dict[str, object]:
    return {path: value for path, value in settings.items() if not path.startswith("video.target_resolution.")}


GRANTS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "default": {
        "admin": _list(
            """
            block-user change-max-duration create-call create-call-reaction delete-call delete-recording
            delete-transcription enable-noise-cancellation-any-team end-call join-backstage join-call
            join-ended-call kick-user list-recordings list-transcriptions mute-users pin-call-track read-call
            read-call-stats remove-call-member screenshare send-audio send-closed-captions send-event send-video
            start-broadcasting start-closed-captions start-frame-recording start-individual-recording
            start-raw-recording start-recording start-transcription stop-broadcasting stop-closed-captions
            stop-frame-recording stop-individual-recording stop-raw-recording stop-recording stop-transcription
            update-call update-call-member update-call-member-role update-call-permissions update-call-settings
            """
        ),
        "anonymous": (),
        "call_member": _list(
            """
            block-user-owner create-call create-call-reaction enable-noise-cancellation-any-team end-call join-call
            join-call-any-team join-ended-call list-recordings mute-users-owner pin-call-track-owner read-call
            remove-call-member screenshare send-audio send-event send-video start-broadcasting start-closed-captions
            start-recording start-transcription stop-broadcasting stop-closed-captions stop-recording
            stop-transcription update-call-member update-call-owner update-call-permissions-owner
            update-call-settings-owner
            """
        ),
        "global_admin": _list(
            """
            block-user-any-team change-max-duration-any-team create-call-any-team create-call-reaction-any-team
            delete-call-any-team delete-recording-any-team delete-transcription-any-team
            enable-noise-cancellation-any-team end-call-any-team join-backstage-any-team join-call-any-team
            join-ended-call-any-team kick-user-any-team list-recordings-any-team list-transcriptions-any-team
            mute-users-any-team pin-call-track-any-team read-call-any-team read-call-stats-any-team
            remove-call-member-any-team screenshare-any-team send-audio-any-team send-closed-captions-any-team
            send-event-any-team send-video-any-team start-broadcasting-any-team start-closed-captions-any-team
            start-frame-recording-any-team start-individual-recording-any-team start-raw-recording-any-team
            start-recording-any-team start-transcription-any-team stop-broadcasting-any-team
            stop-closed-captions-any-team stop-frame-recording-any-team stop-individual-recording-any-team
            stop-raw-recording-any-team stop-recording-any-team stop-transcription-any-team update-call-any-team
            update-call-member-any-team update-call-member-role-any-team update-call-permissions-any-team
            update-call-settings-any-team
            """
        ),
        "global_moderator": _list(
            """
            block-user-any-team create-call-any-team create-call-reaction-any-team
            enable-noise-cancellation-any-team end-call-any-team join-backstage-any-team join-call-any-team
            join-ended-call-any-team kick-user-any-team list-recordings-any-team mute-users-any-team
            pin-call-track-any-team read-call-any-team read-call-stats-any-team remove-call-member-any-team
            screenshare-any-team send-audio-any-team send-event-any-team send-video-any-team
            start-broadcasting-any-team start-closed-captions-any-team start-recording-any-team
            start-transcription-any-team stop-broadcasting-any-team stop-closed-captions-any-team
            stop-recording-any-team stop-transcription-any-team update-call-member-any-team
            update-call-owner-any-team update-call-permissions-any-team update-call-settings-owner-any-team
            """
        ),
        "global_read_only": _list(
            """
            read-call-any-team read-call-stats-any-team
            """
        ),
        "guest": _list(
            """
            enable-noise-cancellation-any-team join-call read-call send-audio send-event send-video
            """
        ),
        "host": _list(
            """
            block-user change-max-duration create-call create-call-reaction delete-recording delete-transcription
            enable-noise-cancellation-any-team end-call join-backstage join-call join-ended-call kick-user
            list-recordings list-transcriptions mute-users pin-call-track read-call read-call-stats
            remove-call-member screenshare send-audio send-closed-captions send-event send-video start-broadcasting
            start-closed-captions start-frame-recording start-individual-recording start-raw-recording
            start-recording start-transcription stop-broadcasting stop-closed-captions stop-frame-recording
            stop-individual-recording stop-raw-recording stop-recording stop-transcription update-call
            update-call-member update-call-member-role update-call-permissions update-call-settings
            """
        ),
        "moderator": _list(
            """
            block-user create-call create-call-reaction enable-noise-cancellation-any-team end-call join-backstage
            join-call join-ended-call kick-user list-recordings mute-users pin-call-track read-call read-call-stats
            remove-call-member screenshare send-audio send-event send-video start-broadcasting start-closed-captions
            start-recording start-transcription stop-broadcasting stop-closed-captions stop-recording
            stop-transcription update-call-member update-call-owner update-call-permissions
            update-call-settings-owner
            """
        ),
        "user": _list(
            """
            block-user-owner create-call create-call-reaction enable-noise-cancellation-any-team end-call join-call
            join-ended-call list-recordings mute-users-owner pin-call-track-owner read-call remove-call-member
            screenshare send-audio send-event send-video start-broadcasting start-closed-captions start-recording
            start-transcription stop-broadcasting stop-closed-captions stop-recording stop-transcription
            update-call-member update-call-owner update-call-permissions-owner update-call-settings-owner
            """
        ),
    },
    "audio_room": {
        "admin": _list(
            """
            block-user change-max-duration create-call create-call-reaction delete-call delete-recording
            delete-transcription enable-noise-cancellation-any-team end-call join-backstage join-call
            join-ended-call kick-user list-recordings list-transcriptions mute-users pin-call-track read-call
            read-call-stats remove-call-member screenshare send-audio send-closed-captions send-event
            start-broadcasting start-closed-captions start-frame-recording start-individual-recording
            start-raw-recording start-recording start-transcription stop-broadcasting stop-closed-captions
            stop-frame-recording stop-individual-recording stop-raw-recording stop-recording stop-transcription
            update-call update-call-member update-call-member-role update-call-permissions update-call-settings
            """
        ),
        "anonymous": _list(
            """
            join-call read-call
            """
        ),
        "call_member": _list(
            """
            block-user-owner create-call create-call-reaction end-call-owner join-backstage-owner join-call
            join-call-any-team join-ended-call-owner mute-users-owner read-call remove-call-member-owner
            send-audio-owner send-event start-broadcasting-owner start-recording-owner start-transcription-owner
            stop-broadcasting-owner stop-recording-owner stop-transcription-owner update-call-member-owner
            update-call-member-role-owner update-call-owner update-call-permissions-owner update-call-settings-owner
            """
        ),
        "global_admin": _list(
            """
            block-user-any-team change-max-duration-any-team create-call-any-team create-call-reaction-any-team
            delete-call-any-team delete-recording-any-team delete-transcription-any-team
            enable-noise-cancellation-any-team end-call-any-team join-backstage-any-team join-call-any-team
            join-ended-call-any-team kick-user-any-team list-recordings-any-team list-transcriptions-any-team
            mute-users-any-team pin-call-track-any-team read-call-any-team read-call-stats-any-team
            remove-call-member-any-team screenshare-any-team send-audio-any-team send-closed-captions-any-team
            send-event-any-team start-broadcasting-any-team start-closed-captions-any-team
            start-frame-recording-any-team start-individual-recording-any-team start-raw-recording-any-team
            start-recording-any-team start-transcription-any-team stop-broadcasting-any-team
            stop-closed-captions-any-team stop-frame-recording-any-team stop-individual-recording-any-team
            stop-raw-recording-any-team stop-recording-any-team stop-transcription-any-team update-call-any-team
            update-call-member-any-team update-call-member-role-any-team update-call-permissions-any-team
            update-call-settings-any-team
            """
        ),
        "global_moderator": _list(
            """
            block-user-any-team create-call-any-team create-call-reaction-any-team end-call-owner-any-team
            join-backstage-any-team join-call-any-team join-ended-call-any-team kick-user-any-team
            mute-users-any-team read-call-any-team read-call-stats-any-team remove-call-member-any-team
            send-audio-owner-any-team send-event-any-team start-broadcasting-owner-any-team
            start-recording-owner-any-team start-transcription-owner-any-team stop-broadcasting-owner-any-team
            stop-recording-owner-any-team stop-transcription-owner-any-team update-call-member-any-team
            update-call-member-role-owner-any-team update-call-owner-any-team update-call-permissions-any-team
            update-call-settings-owner-any-team
            """
        ),
        "global_read_only": _list(
            """
            read-call-any-team read-call-stats-any-team
            """
        ),
        "guest": _list(
            """
            join-call read-call
            """
        ),
        "host": _list(
            """
            block-user change-max-duration create-call create-call-reaction delete-recording delete-transcription
            enable-noise-cancellation-any-team end-call join-backstage join-call join-ended-call kick-user
            list-recordings list-transcriptions mute-users pin-call-track read-call read-call-stats
            remove-call-member screenshare send-audio send-closed-captions send-event start-broadcasting
            start-closed-captions start-frame-recording start-individual-recording start-raw-recording
            start-recording start-transcription stop-broadcasting stop-closed-captions stop-frame-recording
            stop-individual-recording stop-raw-recording stop-recording stop-transcription update-call
            update-call-member update-call-member-role update-call-permissions update-call-settings
            """
        ),
        "moderator": _list(
            """
            block-user create-call create-call-reaction end-call-owner join-backstage join-call join-ended-call
            kick-user mute-users read-call read-call-stats remove-call-member send-audio-owner send-event
            start-broadcasting-owner start-recording-owner start-transcription-owner stop-broadcasting-owner
            stop-recording-owner stop-transcription-owner update-call-member update-call-member-role-owner
            update-call-owner update-call-permissions update-call-settings-owner
            """
        ),
        "user": _list(
            """
            block-user-owner create-call create-call-reaction end-call-owner join-backstage-owner join-call
            join-ended-call-owner mute-users-owner read-call remove-call-member-owner send-audio-owner send-event
            start-broadcasting-owner start-recording-owner start-transcription-owner stop-broadcasting-owner
            stop-recording-owner stop-transcription-owner update-call-member-owner update-call-member-role-owner
            update-call-owner update-call-permissions-owner update-call-settings-owner
            """
        ),
    },
    "livestream": {
        "admin": _list(
            """
            block-user change-max-duration create-call create-call-reaction delete-call delete-recording
            delete-transcription enable-noise-cancellation-any-team end-call join-backstage join-call
            join-ended-call kick-user list-recordings list-transcriptions mute-users pin-call-track read-call
            read-call-stats remove-call-member screenshare send-audio send-closed-captions send-event send-video
            start-broadcasting start-closed-captions start-frame-recording start-individual-recording
            start-raw-recording start-recording start-transcription stop-broadcasting stop-closed-captions
            stop-frame-recording stop-individual-recording stop-raw-recording stop-recording stop-transcription
            update-call update-call-member update-call-member-role update-call-permissions update-call-settings
            """
        ),
        "anonymous": _list(
            """
            join-call read-call
            """
        ),
        "call_member": _list(
            """
            block-user-owner create-call create-call-reaction enable-noise-cancellation-any-team end-call-owner
            join-backstage-owner join-call join-call-any-team join-ended-call-owner kick-user-owner mute-users-owner
            pin-call-track-owner read-call remove-call-member-owner screenshare-owner send-audio-owner send-event
            send-video-owner start-broadcasting-owner start-frame-recording start-recording-owner
            stop-broadcasting-owner stop-frame-recording stop-recording-owner update-call-member-owner
            update-call-member-role-owner update-call-owner update-call-permissions-owner
            """
        ),
        "global_admin": _list(
            """
            block-user-any-team change-max-duration-any-team create-call-any-team create-call-reaction-any-team
            delete-call-any-team delete-recording-any-team delete-transcription-any-team
            enable-noise-cancellation-any-team end-call-any-team join-backstage-any-team join-call-any-team
            join-ended-call-any-team kick-user-any-team list-recordings-any-team list-transcriptions-any-team
            mute-users-any-team pin-call-track-any-team read-call-any-team read-call-stats-any-team
            remove-call-member-any-team screenshare-any-team send-audio-any-team send-closed-captions-any-team
            send-event-any-team send-video-any-team start-broadcasting-any-team start-closed-captions-any-team
            start-frame-recording-any-team start-individual-recording-any-team start-raw-recording-any-team
            start-recording-any-team start-transcription-any-team stop-broadcasting-any-team
            stop-closed-captions-any-team stop-frame-recording-any-team stop-individual-recording-any-team
            stop-raw-recording-any-team stop-recording-any-team stop-transcription-any-team update-call-any-team
            update-call-member-any-team update-call-member-role-any-team update-call-permissions-any-team
            update-call-settings-any-team
            """
        ),
        "global_moderator": _list(
            """
            block-user-any-team create-call-any-team create-call-reaction-any-team
            enable-noise-cancellation-any-team end-call-owner-any-team join-backstage-any-team join-call-any-team
            join-ended-call-any-team kick-user-any-team mute-users-any-team pin-call-track-any-team
            read-call-any-team read-call-stats-any-team remove-call-member-any-team screenshare-owner-any-team
            send-audio-owner-any-team send-event-any-team send-video-owner-any-team
            start-broadcasting-owner-any-team start-frame-recording-any-team start-recording-owner-any-team
            stop-broadcasting-owner-any-team stop-frame-recording-any-team stop-recording-owner-any-team
            update-call-member-any-team update-call-member-role-owner-any-team update-call-owner-any-team
            update-call-permissions-any-team
            """
        ),
        "global_read_only": _list(
            """
            read-call-any-team read-call-stats-any-team
            """
        ),
        "guest": _list(
            """
            join-call read-call
            """
        ),
        "host": _list(
            """
            block-user change-max-duration create-call create-call-reaction delete-recording delete-transcription
            enable-noise-cancellation-any-team end-call join-backstage join-call join-ended-call kick-user
            list-recordings list-transcriptions mute-users pin-call-track read-call read-call-stats
            remove-call-member screenshare send-audio send-closed-captions send-event send-video start-broadcasting
            start-closed-captions start-frame-recording start-individual-recording start-raw-recording
            start-recording start-transcription stop-broadcasting stop-closed-captions stop-frame-recording
            stop-individual-recording stop-raw-recording stop-recording stop-transcription update-call
            update-call-member update-call-member-role update-call-permissions update-call-settings
            """
        ),
        "moderator": _list(
            """
            block-user create-call create-call-reaction enable-noise-cancellation-any-team end-call-owner
            join-backstage join-call join-ended-call kick-user mute-users pin-call-track read-call read-call-stats
            remove-call-member screenshare-owner send-audio-owner send-event send-video-owner
            start-broadcasting-owner start-frame-recording start-recording-owner stop-broadcasting-owner
            stop-frame-recording stop-recording-owner update-call-member update-call-member-role-owner
            update-call-owner update-call-permissions
            """
        ),
        "user": _list(
            """
            block-user-owner create-call create-call-reaction enable-noise-cancellation-any-team end-call-owner
            join-backstage-owner join-call join-ended-call-owner kick-user-owner mute-users-owner
            pin-call-track-owner read-call remove-call-member-owner screenshare-owner send-audio-owner send-event
            send-video-owner start-broadcasting-owner start-frame-recording start-recording-owner
            stop-broadcasting-owner stop-frame-recording stop-recording-owner update-call-member-owner
            update-call-member-role-owner update-call-owner update-call-permissions-owner
            """
        ),
    },
    "development": {
        "admin": _list(
            """
            block-user change-max-duration create-call create-call-reaction delete-call delete-recording
            delete-transcription enable-noise-cancellation-any-team end-call join-backstage join-call
            join-ended-call kick-user list-recordings list-transcriptions mute-users pin-call-track read-call
            read-call-stats remove-call-member screenshare send-audio send-closed-captions send-event send-video
            start-broadcasting start-closed-captions start-frame-recording start-individual-recording
            start-raw-recording start-recording start-transcription stop-broadcasting stop-closed-captions
            stop-frame-recording stop-individual-recording stop-raw-recording stop-recording stop-transcription
            update-call update-call-member update-call-member-role update-call-permissions update-call-settings
            """
        ),
        "anonymous": _list(
            """
            join-call read-call
            """
        ),
        "call_member": _list(
            """
            block-user create-call create-call-reaction end-call join-backstage join-call join-call-any-team
            join-ended-call list-recordings mute-users pin-call-track read-call remove-call-member screenshare
            send-audio send-event send-video start-broadcasting start-recording start-transcription
            stop-broadcasting stop-recording stop-transcription update-call update-call-member
            update-call-member-role update-call-permissions update-call-settings
            """
        ),
        "global_admin": _list(
            """
            block-user-any-team change-max-duration-any-team create-call-any-team create-call-reaction-any-team
            delete-call-any-team delete-recording-any-team delete-transcription-any-team
            enable-noise-cancellation-any-team end-call-any-team join-backstage-any-team join-call-any-team
            join-ended-call-any-team kick-user-any-team list-recordings-any-team list-transcriptions-any-team
            mute-users-any-team pin-call-track-any-team read-call-any-team read-call-stats-any-team
            remove-call-member-any-team screenshare-any-team send-audio-any-team send-closed-captions-any-team
            send-event-any-team send-video-any-team start-broadcasting-any-team start-closed-captions-any-team
            start-frame-recording-any-team start-individual-recording-any-team start-raw-recording-any-team
            start-recording-any-team start-transcription-any-team stop-broadcasting-any-team
            stop-closed-captions-any-team stop-frame-recording-any-team stop-individual-recording-any-team
            stop-raw-recording-any-team stop-recording-any-team stop-transcription-any-team update-call-any-team
            update-call-member-any-team update-call-member-role-any-team update-call-permissions-any-team
            update-call-settings-any-team
            """
        ),
        "global_moderator": _list(
            """
            block-user-any-team create-call-any-team create-call-reaction-any-team end-call-any-team
            join-backstage-any-team join-call-any-team join-ended-call-any-team kick-user-any-team
            list-recordings-any-team mute-users-any-team pin-call-track-any-team read-call-any-team
            read-call-stats-any-team remove-call-member-any-team screenshare-any-team send-audio-any-team
            send-event-any-team send-video-any-team start-broadcasting-any-team start-recording-any-team
            start-transcription-any-team stop-broadcasting-any-team stop-recording-any-team
            stop-transcription-any-team update-call-any-team update-call-member-any-team
            update-call-member-role-any-team update-call-permissions-any-team update-call-settings-any-team
            """
        ),
        "global_read_only": _list(
            """
            read-call-any-team read-call-stats-any-team
            """
        ),
        "guest": _list(
            """
            join-call read-call send-audio send-event send-video
            """
        ),
        "host": _list(
            """
            block-user change-max-duration create-call create-call-reaction delete-recording delete-transcription
            enable-noise-cancellation-any-team end-call join-backstage join-call join-ended-call kick-user
            list-recordings list-transcriptions mute-users pin-call-track read-call read-call-stats
            remove-call-member screenshare send-audio send-closed-captions send-event send-video start-broadcasting
            start-closed-captions start-frame-recording start-individual-recording start-raw-recording
            start-recording start-transcription stop-broadcasting stop-closed-captions stop-frame-recording
            stop-individual-recording stop-raw-recording stop-recording stop-transcription update-call
            update-call-member update-call-member-role update-call-permissions update-call-settings
            """
        ),
        "moderator": _list(
            """
            block-user create-call create-call-reaction end-call join-backstage join-call join-ended-call kick-user
            list-recordings mute-users pin-call-track read-call read-call-stats remove-call-member screenshare
            send-audio send-event send-video start-broadcasting start-recording start-transcription
            stop-broadcasting stop-recording stop-transcription update-call update-call-member
            update-call-member-role update-call-permissions update-call-settings
            """
        ),
        "user": _list(
            """
            block-user create-call create-call-reaction end-call join-backstage join-call join-ended-call
            list-recordings mute-users pin-call-track read-call remove-call-member screenshare send-audio send-event
            send-video start-broadcasting start-recording start-transcription stop-broadcasting stop-recording
            stop-transcription update-call update-call-member update-call-member-role update-call-permissions
            update-call-settings
            """
        ),
    },
}
"""Call type -> role -> permission ids, sorted."""

_DEFAULT_SETTINGS: Final[dict[str, object]] = {
    "audio.access_request_enabled": True,
    "audio.opus_dtx_enabled": True,
    "audio.redundant_coding_enabled": True,
    "audio.mic_default_on": True,
    "audio.speaker_default_on": True,
    "audio.default_device": "earpiece",
    "audio.hifi_audio_enabled": False,
    "audio.noise_cancellation.mode": "auto-on",
    "backstage.enabled": False,
    "backstage.join_ahead_time_seconds": 0,
    "video.enabled": True,
    "video.access_request_enabled": True,
    "video.target_resolution.width": 2560,
    "video.target_resolution.height": 1440,
    "video.target_resolution.bitrate": 5000000,
    "video.camera_default_on": True,
    "video.camera_facing": "front",
    "screensharing.enabled": True,
    "screensharing.access_request_enabled": True,
    "ring.incoming_call_timeout_ms": 15000,
    "ring.auto_cancel_timeout_ms": 15000,
    "ring.missed_call_timeout_ms": 5000,
    "recording.mode": "available",
    "recording.quality": "720p",
    "recording.audio_only": False,
    "broadcasting.enabled": True,
    "broadcasting.hls.auto_on": False,
    "broadcasting.hls.enabled": True,
    "broadcasting.hls.quality_tracks": ("720p",),
    "broadcasting.rtmp.enabled": True,
    "broadcasting.rtmp.quality": "720p",
    "geofencing.names": (),
    "transcription.mode": "available",
    "transcription.closed_caption_mode": "available",
    "transcription.language": "auto",
    "individual_recording.mode": "available",
    "raw_recording.mode": "available",
    "frame_recording.mode": "available",
    "frame_recording.capture_interval_in_seconds": 2,
    "frame_recording.quality": "720p",
    "limits.max_participants_exclude_owner": False,
    "limits.max_participants_exclude_roles": (),
    "session.inactivity_timeout_seconds": 30,
    "thumbnails.enabled": True,
    "ingress.enabled": True,
}

SETTINGS: Final[dict[str, dict[str, object]]] = {
    "default": _DEFAULT_SETTINGS,
    "audio_room": _without_video_resolution(_DEFAULT_SETTINGS)
    | {
        "audio.mic_default_on": False,
        "audio.default_device": "speaker",
        "audio.noise_cancellation.mode": "available",
        "backstage.enabled": True,
        "video.enabled": False,
        "video.access_request_enabled": False,
        "video.camera_default_on": False,
        "screensharing.enabled": False,
        "screensharing.access_request_enabled": False,
        "ring.incoming_call_timeout_ms": 0,
        "ring.auto_cancel_timeout_ms": 0,
        "ring.missed_call_timeout_ms": 0,
        "recording.audio_only": True,
    },
    "livestream": _DEFAULT_SETTINGS
    | {
        "audio.access_request_enabled": False,
        "audio.mic_default_on": False,
        "audio.default_device": "speaker",
        "audio.hifi_audio_enabled": True,
        "backstage.enabled": True,
        "video.access_request_enabled": False,
        "video.target_resolution.width": 1920,
        "video.target_resolution.height": 1080,
        "video.target_resolution.bitrate": 3000000,
        "screensharing.access_request_enabled": False,
        "ring.incoming_call_timeout_ms": 0,
        "ring.auto_cancel_timeout_ms": 0,
        "ring.missed_call_timeout_ms": 0,
    },
    "development": _DEFAULT_SETTINGS
    | {
        "audio.noise_cancellation.mode": "available",
        "video.target_resolution.width": 1920,
        "video.target_resolution.height": 1080,
        "video.target_resolution.bitrate": 3000000,
    },
}
"""Call type -> setting path -> value; a path that is absent is unset."""
