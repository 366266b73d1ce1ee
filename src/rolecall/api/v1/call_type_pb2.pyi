import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from rolecall.api.v1 import core_pb2 as _core_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CallType(_message.Message):
    __slots__ = ("name", "grants", "settings", "created_at", "updated_at", "revision")
    class GrantsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _core_pb2.PermissionList
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_core_pb2.PermissionList, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    name: str
    grants: _containers.MessageMap[str, _core_pb2.PermissionList]
    settings: CallSettings
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    revision: int
    def __init__(self, name: _Optional[str] = ..., grants: _Optional[_Mapping[str, _core_pb2.PermissionList]] = ..., settings: _Optional[_Union[CallSettings, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class CallSettings(_message.Message):
    __slots__ = ("audio", "backstage", "video", "screensharing", "ring", "recording", "broadcasting", "geofencing", "transcription", "individual_recording", "raw_recording", "frame_recording", "limits", "session", "thumbnails", "ingress")
    AUDIO_FIELD_NUMBER: _ClassVar[int]
    BACKSTAGE_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    SCREENSHARING_FIELD_NUMBER: _ClassVar[int]
    RING_FIELD_NUMBER: _ClassVar[int]
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    BROADCASTING_FIELD_NUMBER: _ClassVar[int]
    GEOFENCING_FIELD_NUMBER: _ClassVar[int]
    TRANSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    INDIVIDUAL_RECORDING_FIELD_NUMBER: _ClassVar[int]
    RAW_RECORDING_FIELD_NUMBER: _ClassVar[int]
    FRAME_RECORDING_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    THUMBNAILS_FIELD_NUMBER: _ClassVar[int]
    INGRESS_FIELD_NUMBER: _ClassVar[int]
    audio: AudioSettings
    backstage: BackstageSettings
    video: VideoSettings
    screensharing: ScreensharingSettings
    ring: RingSettings
    recording: RecordingSettings
    broadcasting: BroadcastingSettings
    geofencing: GeofencingSettings
    transcription: TranscriptionSettings
    individual_recording: IndividualRecordingSettings
    raw_recording: RawRecordingSettings
    frame_recording: FrameRecordingSettings
    limits: LimitsSettings
    session: SessionSettings
    thumbnails: ThumbnailsSettings
    ingress: IngressSettings
    def __init__(self, audio: _Optional[_Union[AudioSettings, _Mapping]] = ..., backstage: _Optional[_Union[BackstageSettings, _Mapping]] = ..., video: _Optional[_Union[VideoSettings, _Mapping]] = ..., screensharing: _Optional[_Union[ScreensharingSettings, _Mapping]] = ..., ring: _Optional[_Union[RingSettings, _Mapping]] = ..., recording: _Optional[_Union[RecordingSettings, _Mapping]] = ..., broadcasting: _Optional[_Union[BroadcastingSettings, _Mapping]] = ..., geofencing: _Optional[_Union[GeofencingSettings, _Mapping]] = ..., transcription: _Optional[_Union[TranscriptionSettings, _Mapping]] = ..., individual_recording: _Optional[_Union[IndividualRecordingSettings, _Mapping]] = ..., raw_recording: _Optional[_Union[RawRecordingSettings, _Mapping]] = ..., frame_recording: _Optional[_Union[FrameRecordingSettings, _Mapping]] = ..., limits: _Optional[_Union[LimitsSettings, _Mapping]] = ..., session: _Optional[_Union[SessionSettings, _Mapping]] = ..., thumbnails: _Optional[_Union[ThumbnailsSettings, _Mapping]] = ..., ingress: _Optional[_Union[IngressSettings, _Mapping]] = ...) -> None: ...

class AudioSettings(_message.Message):
    __slots__ = ("access_request_enabled", "opus_dtx_enabled", "redundant_coding_enabled", "mic_default_on", "speaker_default_on", "default_device", "hifi_audio_enabled", "noise_cancellation")
    ACCESS_REQUEST_ENABLED_FIELD_NUMBER: _ClassVar[int]
    OPUS_DTX_ENABLED_FIELD_NUMBER: _ClassVar[int]
    REDUNDANT_CODING_ENABLED_FIELD_NUMBER: _ClassVar[int]
    MIC_DEFAULT_ON_FIELD_NUMBER: _ClassVar[int]
    SPEAKER_DEFAULT_ON_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_DEVICE_FIELD_NUMBER: _ClassVar[int]
    HIFI_AUDIO_ENABLED_FIELD_NUMBER: _ClassVar[int]
    NOISE_CANCELLATION_FIELD_NUMBER: _ClassVar[int]
    access_request_enabled: bool
    opus_dtx_enabled: bool
    redundant_coding_enabled: bool
    mic_default_on: bool
    speaker_default_on: bool
    default_device: str
    hifi_audio_enabled: bool
    noise_cancellation: NoiseCancellationSettings
    def __init__(self, access_request_enabled: _Optional[bool] = ..., opus_dtx_enabled: _Optional[bool] = ..., redundant_coding_enabled: _Optional[bool] = ..., mic_default_on: _Optional[bool] = ..., speaker_default_on: _Optional[bool] = ..., default_device: _Optional[str] = ..., hifi_audio_enabled: _Optional[bool] = ..., noise_cancellation: _Optional[_Union[NoiseCancellationSettings, _Mapping]] = ...) -> None: ...

class NoiseCancellationSettings(_message.Message):
    __slots__ = ("mode",)
    MODE_FIELD_NUMBER: _ClassVar[int]
    mode: str
    def __init__(self, mode: _Optional[str] = ...) -> None: ...

class BackstageSettings(_message.Message):
    __slots__ = ("enabled", "join_ahead_time_seconds")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    JOIN_AHEAD_TIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    join_ahead_time_seconds: int
    def __init__(self, enabled: _Optional[bool] = ..., join_ahead_time_seconds: _Optional[int] = ...) -> None: ...

class VideoSettings(_message.Message):
    __slots__ = ("enabled", "access_request_enabled", "target_resolution", "camera_default_on", "camera_facing")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    ACCESS_REQUEST_ENABLED_FIELD_NUMBER: _ClassVar[int]
    TARGET_RESOLUTION_FIELD_NUMBER: _ClassVar[int]
    CAMERA_DEFAULT_ON_FIELD_NUMBER: _ClassVar[int]
    CAMERA_FACING_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    access_request_enabled: bool
    target_resolution: TargetResolution
    camera_default_on: bool
    camera_facing: str
    def __init__(self, enabled: _Optional[bool] = ..., access_request_enabled: _Optional[bool] = ..., target_resolution: _Optional[_Union[TargetResolution, _Mapping]] = ..., camera_default_on: _Optional[bool] = ..., camera_facing: _Optional[str] = ...) -> None: ...

class TargetResolution(_message.Message):
    __slots__ = ("width", "height", "bitrate")
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    BITRATE_FIELD_NUMBER: _ClassVar[int]
    width: int
    height: int
    bitrate: int
    def __init__(self, width: _Optional[int] = ..., height: _Optional[int] = ..., bitrate: _Optional[int] = ...) -> None: ...

class ScreensharingSettings(_message.Message):
    __slots__ = ("enabled", "access_request_enabled")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    ACCESS_REQUEST_ENABLED_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    access_request_enabled: bool
    def __init__(self, enabled: _Optional[bool] = ..., access_request_enabled: _Optional[bool] = ...) -> None: ...

class RingSettings(_message.Message):
    __slots__ = ("incoming_call_timeout_ms", "auto_cancel_timeout_ms", "missed_call_timeout_ms")
    INCOMING_CALL_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    AUTO_CANCEL_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    MISSED_CALL_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    incoming_call_timeout_ms: int
    auto_cancel_timeout_ms: int
    missed_call_timeout_ms: int
    def __init__(self, incoming_call_timeout_ms: _Optional[int] = ..., auto_cancel_timeout_ms: _Optional[int] = ..., missed_call_timeout_ms: _Optional[int] = ...) -> None: ...

class RecordingSettings(_message.Message):
    __slots__ = ("mode", "quality", "audio_only")
    MODE_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    AUDIO_ONLY_FIELD_NUMBER: _ClassVar[int]
    mode: str
    quality: str
    audio_only: bool
    def __init__(self, mode: _Optional[str] = ..., quality: _Optional[str] = ..., audio_only: _Optional[bool] = ...) -> None: ...

class BroadcastingSettings(_message.Message):
    __slots__ = ("enabled", "hls", "rtmp")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    HLS_FIELD_NUMBER: _ClassVar[int]
    RTMP_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    hls: HlsSettings
    rtmp: RtmpSettings
    def __init__(self, enabled: _Optional[bool] = ..., hls: _Optional[_Union[HlsSettings, _Mapping]] = ..., rtmp: _Optional[_Union[RtmpSettings, _Mapping]] = ...) -> None: ...

class HlsSettings(_message.Message):
    __slots__ = ("auto_on", "enabled", "quality_tracks")
    AUTO_ON_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    QUALITY_TRACKS_FIELD_NUMBER: _ClassVar[int]
    auto_on: bool
    enabled: bool
    quality_tracks: _core_pb2.StringList
    def __init__(self, auto_on: _Optional[bool] = ..., enabled: _Optional[bool] = ..., quality_tracks: _Optional[_Union[_core_pb2.StringList, _Mapping]] = ...) -> None: ...

class RtmpSettings(_message.Message):
    __slots__ = ("enabled", "quality")
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    quality: str
    def __init__(self, enabled: _Optional[bool] = ..., quality: _Optional[str] = ...) -> None: ...

class GeofencingSettings(_message.Message):
    __slots__ = ("names",)
    NAMES_FIELD_NUMBER: _ClassVar[int]
    names: _core_pb2.StringList
    def __init__(self, names: _Optional[_Union[_core_pb2.StringList, _Mapping]] = ...) -> None: ...

class TranscriptionSettings(_message.Message):
    __slots__ = ("mode", "closed_caption_mode", "language")
    MODE_FIELD_NUMBER: _ClassVar[int]
    CLOSED_CAPTION_MODE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    mode: str
    closed_caption_mode: str
    language: str
    def __init__(self, mode: _Optional[str] = ..., closed_caption_mode: _Optional[str] = ..., language: _Optional[str] = ...) -> None: ...

class IndividualRecordingSettings(_message.Message):
    __slots__ = ("mode",)
    MODE_FIELD_NUMBER: _ClassVar[int]
    mode: str
    def __init__(self, mode: _Optional[str] = ...) -> None: ...

class RawRecordingSettings(_message.Message):
    __slots__ = ("mode",)
    MODE_FIELD_NUMBER: _ClassVar[int]
    mode: str
    def __init__(self, mode: _Optional[str] = ...) -> None: ...

class FrameRecordingSettings(_message.Message):
    __slots__ = ("mode", "capture_interval_in_seconds", "quality")
    MODE_FIELD_NUMBER: _ClassVar[int]
    CAPTURE_INTERVAL_IN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    mode: str
    capture_interval_in_seconds: int
    quality: str
    def __init__(self, mode: _Optional[str] = ..., capture_interval_in_seconds: _Optional[int] = ..., quality: _Optional[str] = ...) -> None: ...

class LimitsSettings(_message.Message):
    __slots__ = ("max_duration_seconds", "max_participants", "max_participants_exclude_owner", "max_participants_exclude_roles")
    MAX_DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MAX_PARTICIPANTS_FIELD_NUMBER: _ClassVar[int]
    MAX_PARTICIPANTS_EXCLUDE_OWNER_FIELD_NUMBER: _ClassVar[int]
    MAX_PARTICIPANTS_EXCLUDE_ROLES_FIELD_NUMBER: _ClassVar[int]
    max_duration_seconds: int
    max_participants: int
    max_participants_exclude_owner: bool
    max_participants_exclude_roles: _core_pb2.StringList
    def __init__(self, max_duration_seconds: _Optional[int] = ..., max_participants: _Optional[int] = ..., max_participants_exclude_owner: _Optional[bool] = ..., max_participants_exclude_roles: _Optional[_Union[_core_pb2.StringList, _Mapping]] = ...) -> None: ...

class SessionSettings(_message.Message):
    __slots__ = ("inactivity_timeout_seconds",)
    INACTIVITY_TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    inactivity_timeout_seconds: int
    def __init__(self, inactivity_timeout_seconds: _Optional[int] = ...) -> None: ...

class ThumbnailsSettings(_message.Message):
    __slots__ = ("enabled",)
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    def __init__(self, enabled: _Optional[bool] = ...) -> None: ...

class IngressSettings(_message.Message):
    __slots__ = ("enabled",)
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    enabled: bool
    def __init__(self, enabled: _Optional[bool] = ...) -> None: ...

class UpsertCallTypeRequest(_message.Message):
    __slots__ = ("name", "grants", "settings", "reset_grants", "dry_run", "expected_revision")
    class GrantsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _core_pb2.PermissionList
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_core_pb2.PermissionList, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    RESET_GRANTS_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    name: str
    grants: _containers.MessageMap[str, _core_pb2.PermissionList]
    settings: CallSettings
    reset_grants: bool
    dry_run: bool
    expected_revision: int
    def __init__(self, name: _Optional[str] = ..., grants: _Optional[_Mapping[str, _core_pb2.PermissionList]] = ..., settings: _Optional[_Union[CallSettings, _Mapping]] = ..., reset_grants: _Optional[bool] = ..., dry_run: _Optional[bool] = ..., expected_revision: _Optional[int] = ...) -> None: ...

class UpsertCallTypeResponse(_message.Message):
    __slots__ = ("call_type", "created", "revision")
    CALL_TYPE_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    call_type: CallType
    created: bool
    revision: int
    def __init__(self, call_type: _Optional[_Union[CallType, _Mapping]] = ..., created: _Optional[bool] = ..., revision: _Optional[int] = ...) -> None: ...

class GetCallTypeRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetCallTypeResponse(_message.Message):
    __slots__ = ("call_type", "revision")
    CALL_TYPE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    call_type: CallType
    revision: int
    def __init__(self, call_type: _Optional[_Union[CallType, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class ListCallTypesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCallTypesResponse(_message.Message):
    __slots__ = ("call_types", "next_page_token", "revision")
    CALL_TYPES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    call_types: _containers.RepeatedCompositeFieldContainer[CallType]
    next_page_token: str
    revision: int
    def __init__(self, call_types: _Optional[_Iterable[_Union[CallType, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class DeleteCallTypeRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DeleteCallTypeResponse(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...
