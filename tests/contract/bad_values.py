"""What each field of each request does not take, and the odd things that some take: the table behind bad input.

A row is `Message.field`, with `<key>` and `<value>` for those of a map; fields of messages that several requests share
have one row. A value comes with the code it is refused with, or None where it is allowed.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

Code = grpc.StatusCode
INVALID: Final = Code.INVALID_ARGUMENT


class Odd(NamedTuple):
    """One value: what is odd about it, and the code of its refusal; None: it is allowed."""

    about: str
    value: Any
    code: grpc.StatusCode | None = INVALID


def _bad(values: dict[str, Any], code: grpc.StatusCode = INVALID) -> tuple[Odd, ...]:
    return tuple(Odd(about, value, code) for about, value in values.items())


def _fine(**values: Any) -> tuple[Odd, ...]:
    return tuple(Odd(about.replace("_", " "), value, None) for about, value in values.items())


LONG: Final = "x" * 256
HUGE: Final = "x" * 100_000
_ODD_TEXT: Final = {"256 bytes": LONG, "newline": "a\nb", "NUL": "a\0b", "DEL": "a\x7fb", "C1": "a\x85b", "huge": HUGE}
_EMPTY: Final = {"empty": ""}
_WIDE: Final = {"256 bytes in 128 characters": "é" * 128}

TEXT = _bad(_ODD_TEXT | _WIDE) + _fine(empty="", longest="x" * 255, unicode="zoë ☃")
ID = _bad(_EMPTY | _ODD_TEXT | _WIDE)
USER = ID + _bad({"unknown": "nobody"})

_SHAPELESS: Final = {"65 characters": "x" * 65, "space": "a b", "not ASCII": "é", "newline at the end": "default\n"}
TYPE = _bad(_EMPTY | _ODD_TEXT | _SHAPELESS | {"upper case": "Default"})
ROLE_SHAPE = _bad(_ODD_TEXT | _SHAPELESS)
ROLE = ROLE_SHAPE + _bad({"unknown": "nobody", "upper case": "Admin"})
PERMISSION = _bad(
    _EMPTY
    | _ODD_TEXT
    | {"unknown": "send-smell", "upper case": "SEND-AUDIO", "newline at the end": "send-audio\n", "action": "SendAudio"}
)


def _cid(type_name: str) -> tuple[Odd, ...]:
    shapeless = ("", type_name, ":", ":x", f"{type_name}:", f"{type_name}/x", f"{type_name.title()}:x", "a b:x", "é:x")
    odd = {f"{about} as id": f"{type_name}:{text}" for about, text in (_ODD_TEXT | _WIDE).items()}
    long_type = {"type of 65 characters": "x" * 65 + ":x", "type with newline": f"{type_name}\n:x"}
    return _bad({f"`{text}`": text for text in shapeless} | odd | long_type)


CALL, CHANNEL = _cid("default"), _cid("messaging")
_NO_CALL, _NO_CHANNEL = {"unknown": "default:nope"}, {"unknown": "messaging:nope"}
_NO_TYPE: Final = {"unknown type": "nope:x"}
ASKED_CALL = CALL + _bad(_NO_TYPE, Code.NOT_FOUND) + _fine(never_stored="default:nope")
ASKED_CHANNEL = CHANNEL + _bad(_NO_TYPE, Code.NOT_FOUND) + _fine(never_stored="messaging:nope")
STORED_CALL = CALL + _bad(_NO_TYPE | _NO_CALL, Code.NOT_FOUND)
STORED_CHANNEL = CHANNEL + _bad(_NO_TYPE | _NO_CHANNEL, Code.NOT_FOUND)

STORED_TYPE = TYPE + _bad({"unknown": "nope"}, Code.NOT_FOUND)
TYPE_FILTER = tuple(odd for odd in STORED_TYPE if odd.value) + _fine(empty="")
UNUSED_TYPE = STORED_TYPE + _bad({"in use": "hall"}, Code.FAILED_PRECONDITION)
MEMBER_ROLE = ROLE + _fine(empty="", other_spelling="call-member")
WORD = _bad(_EMPTY | _ODD_TEXT | {"unknown": "banana", "upper case": "DISABLED"})
FILTER = tuple(odd for odd in WORD if odd.value) + _fine(empty="")
WORDS_64 = _bad({**_ODD_TEXT, "65 bytes": "x" * 65}) + _fine(empty="", any="4k")

FAR = _bad(
    {
        "before 1970": Timestamp(seconds=-1),
        "year 2262": Timestamp(seconds=9_223_372_037),
        "year 10000": Timestamp(seconds=253_402_300_800),
        "as far as it goes": Timestamp(seconds=2**63 - 1),
        "as far back as it goes": Timestamp(seconds=-(2**63)),
        "nanoseconds below zero": Timestamp(seconds=1, nanos=-1),
        "a second of nanoseconds": Timestamp(seconds=1, nanos=10**9),
    }
)
IGNORED_TIME = tuple(odd._replace(code=None) for odd in FAR)


def _struct(value: Any) -> Struct:
    struct = Struct()
    struct.update(value)
    return struct


CUSTOM = (
    *_bad(
        {
            "NaN": _struct({"a": math.nan}),
            "infinity": _struct({"a": math.inf}),
            "NaN deep down": _struct({"a": [{"b": [-math.inf]}]}),
            "NaN under a huge key": _struct({HUGE: math.nan}),
            "6 KiB": _struct({"a": "x" * 6_144}),
            "3,000 keys": _struct({str(number): None for number in range(3_000)}),
        }
    ),
    *_fine(control_characters=_struct({"a\n": "\0\x7f"}), empty=_struct({}), numbers=_struct({"a": 1e308, "b": -0.0})),
)

MASK = _bad(
    {
        "unknown": FieldMask(paths=["nope"]),
        "empty": FieldMask(paths=[""]),
        "unmaskable": FieldMask(paths=["cid"]),
        "256 bytes": FieldMask(paths=[LONG]),
        "newline": FieldMask(paths=["a\nb"]),
        "huge": FieldMask(paths=[HUGE]),
    }
)
PAGE_SIZE = _bad({"1,001": 1_001, "as large as it goes": 2**32 - 1}) + _fine(largest=1_000)
PAGE_TOKEN = _bad({"no base64": "?", "base64 of nothing": "AAAA", "not ASCII": "é", **_ODD_TEXT})
MIN_REVISION = _bad({"future": 10**6, "as far as it goes": 2**64 - 1}, Code.UNAVAILABLE)
EXPECTED_REVISION = _bad({"never written": 0, "future": 10**6, "as far as it goes": 2**64 - 1}, Code.ABORTED)

_UNPRINTABLE: Final = {about: text for about, text in _ODD_TEXT.items() if about != "256 bytes"}
NAME_100 = _bad(_ODD_TEXT | _WIDE | {"101 characters": "x" * 101})
PERMISSION_NAME = NAME_100 + _bad({"taken": "held", "built in": "Send Audio"}, Code.ALREADY_EXISTS)
DESCRIPTION = _bad(_UNPRINTABLE | {"2,049 characters": "x" * 2_049})
CUSTOM_PERMISSION = (
    *ID,
    *_bad({"unknown": "nothing"}, Code.NOT_FOUND),
    *_bad({"built in": "send-audio"}, Code.FAILED_PRECONDITION),
)


def _deep(levels: int) -> Struct:
    condition: dict[str, Any] = {"$subject.a": 1}
    for _ in range(levels - 1):
        condition = {"$not": condition}
    return _struct(condition)


def _with(value: Any) -> Struct:
    return _struct({"$subject.a": value})


CONDITION = _bad(
    {odd.about: odd.value for odd in CUSTOM if odd.about != "empty"}
    | {
        "no field": _struct({"age": 1}),
        "NaN": _with(math.nan),
        "infinity": _with({"$gt": math.inf}),
        "null": _with(None),
        "list": _with([1]),
        "unknown operator": _with({"$regex": "a"}),
        "no operator": _with({"age": 1}),
        "field of a field": _with("$resource.a"),
        "no conditions": _struct({"$and": []}),
        "9 levels": _deep(9),
        "over 8 KiB": _with("x" * 8_192),
        "huge": _with(HUGE),
        "huge field": _struct({f"$subject.{HUGE}": 1}),
        "many": _with({"$in": list(range(9_000))}),
    }
)
CHANGED_CONDITION = CONDITION + _fine(empty=_struct({}), deepest=_deep(8), largest=_with("x" * 8_000))


def _number(*bad: int, fine: tuple[int, ...]) -> tuple[Odd, ...]:
    allowed = {f"{number:,}": number for number in fine}
    return _bad({f"{number:,}": number for number in (*bad, 2**32 - 1)}) + _fine(**allowed)


MODE = WORD
TIMEOUT = _number(1, 4_999, 180_001, fine=(0, 5_000, 180_000))
PIXELS = _number(0, 16_385, fine=(1, 16_384))
UNBOUNDED = _number(2**31, fine=(0, 2**31 - 1))

LISTS: Final = (
    "ListRosterCapabilitiesRequest",
    "ListPermissionsRequest",
    "ListRolesRequest",
    "ListCallTypesRequest",
    "ListChannelTypesRequest",
    "ListCallsRequest",
    "ListCallMembersRequest",
    "ListChannelsRequest",
    "ListChannelMembersRequest",
    "ListUsersRequest",
)
VALUES: Final[dict[str, tuple[Odd, ...]]] = {
    # --- questions ---
    **dict.fromkeys(
        (
            "CheckCapabilityRequest.user_id",
            "BatchCheckCapabilitiesRequest.user_id",
            "ListCapabilitiesRequest.user_id",
            "ExplainCapabilityRequest.user_id",
            "CheckAdmissionRequest.user_id",
        ),
        ID + _fine(unknown="nobody"),
    ),
    **dict.fromkeys(
        (
            "CheckCapabilityRequest.call",
            "BatchCheckCapabilitiesRequest.call",
            "ListCapabilitiesRequest.call",
            "ExplainCapabilityRequest.call",
            "CheckAdmissionRequest.call",
        ),
        ASKED_CALL,
    ),
    **dict.fromkeys(
        (
            "CheckCapabilityRequest.channel",
            "BatchCheckCapabilitiesRequest.channel",
            "ListCapabilitiesRequest.channel",
            "ExplainCapabilityRequest.channel",
        ),
        ASKED_CHANNEL,
    ),
    "CheckCapabilityRequest.capability": PERMISSION,
    "ExplainCapabilityRequest.capability": PERMISSION,
    "CheckCapabilityRequest.resource_owner_id": TEXT,
    "ExplainCapabilityRequest.resource_owner_id": TEXT,
    **dict.fromkeys(
        (
            "CheckCapabilityRequest.min_revision",
            "BatchCheckCapabilitiesRequest.min_revision",
            "ListCapabilitiesRequest.min_revision",
            "ListRosterCapabilitiesRequest.min_revision",
            "ExplainCapabilityRequest.min_revision",
            "CheckAdmissionRequest.min_revision",
        ),
        MIN_REVISION,
    ),
    "ListRosterCapabilitiesRequest.call": STORED_CALL,
    "Facts.member_role": ROLE + _fine(empty=""),
    "Facts.created_by_id": TEXT,
    "Facts.team": TEXT,
    "Facts.starts_at": FAR,
    "Facts.custom": CUSTOM,
    "Facts.cooldown": _number(121, fine=(0, 120)),
    # --- settings of calls ---
    "AudioSettings.default_device": WORD,
    "NoiseCancellationSettings.mode": MODE,
    "BackstageSettings.join_ahead_time_seconds": UNBOUNDED,
    "TargetResolution.width": PIXELS,
    "TargetResolution.height": PIXELS,
    "TargetResolution.bitrate": UNBOUNDED,
    "VideoSettings.camera_facing": WORD,
    "RingSettings.incoming_call_timeout_ms": TIMEOUT,
    "RingSettings.auto_cancel_timeout_ms": TIMEOUT,
    "RingSettings.missed_call_timeout_ms": TIMEOUT,
    "RecordingSettings.mode": MODE,
    "RecordingSettings.quality": WORDS_64,
    "HlsSettings.quality_tracks": TEXT,
    "RtmpSettings.quality": WORDS_64,
    "GeofencingSettings.names": TEXT,
    "TranscriptionSettings.mode": MODE,
    "TranscriptionSettings.closed_caption_mode": MODE,
    "TranscriptionSettings.language": WORDS_64,
    "IndividualRecordingSettings.mode": MODE,
    "RawRecordingSettings.mode": MODE,
    "FrameRecordingSettings.mode": MODE,
    "FrameRecordingSettings.capture_interval_in_seconds": _number(0, 1, 61, fine=(2, 60)),
    "FrameRecordingSettings.quality": WORDS_64,
    "LimitsSettings.max_duration_seconds": UNBOUNDED,
    "LimitsSettings.max_participants": UNBOUNDED,
    "LimitsSettings.max_participants_exclude_roles": ROLE + _bad(_EMPTY),
    "SessionSettings.inactivity_timeout_seconds": _number(0, 4, 901, fine=(5, 900)),
    # --- config of channels ---
    "ChannelConfig.automod": WORD,
    "ChannelConfig.automod_behavior": WORD,
    "ChannelConfig.commands": TEXT,
    "ChannelConfig.max_message_length": _number(0, 20_001, fine=(1, 20_000)),
    "ChannelConfig.message_retention": WORDS_64,
    "ChannelConfig.push_level": WORD,
    # --- permissions and roles ---
    "ListPermissionsRequest.product": FILTER,
    "ListPermissionsRequest.level": FILTER,
    "ListPermissionsRequest.action": FILTER,
    "GetPermissionRequest.id": ID + _bad({"unknown": "send-smell"}, Code.NOT_FOUND),
    "CreatePermissionRequest.id": (
        *ID,
        *_bad({"taken away": "!fresh"}),
        *_bad({"taken": "mine", "built in": "send-audio"}, Code.ALREADY_EXISTS),
    ),
    "CreatePermissionRequest.name": PERMISSION_NAME,
    "CreatePermissionRequest.description": DESCRIPTION,
    "CreatePermissionRequest.action": WORD,
    "CreatePermissionRequest.condition": CONDITION,
    "UpdatePermissionRequest.id": CUSTOM_PERMISSION,
    "UpdatePermissionRequest.name": PERMISSION_NAME + _fine(empty="", longest="é" * 100),
    "UpdatePermissionRequest.description": DESCRIPTION + _fine(empty="", longest="é" * 2_048),
    "UpdatePermissionRequest.action": WORD,
    "UpdatePermissionRequest.condition": CHANGED_CONDITION,
    "DeletePermissionRequest.id": CUSTOM_PERMISSION + _bad({"in use": "held"}, Code.FAILED_PRECONDITION),
    "CreateRoleRequest.name": (
        *ROLE_SHAPE,
        *_bad(_EMPTY),
        *_bad({"taken": "speaker", "built in": "admin", "other spelling": "call-member"}, Code.ALREADY_EXISTS),
    ),
    "DeleteRoleRequest.name": (
        *ROLE_SHAPE,
        *_bad(_EMPTY),
        *_bad({"unknown": "nobody"}, Code.NOT_FOUND),
        *_bad({"in use": "speaker", "built in": "admin"}, Code.FAILED_PRECONDITION),
    ),
    # --- types ---
    "UpsertCallTypeRequest.name": TYPE,
    "UpsertCallTypeRequest.grants<key>": ROLE + _bad(_EMPTY),
    "UpsertCallTypeRequest.grants<value>": PERMISSION,
    "UpsertCallTypeRequest.expected_revision": EXPECTED_REVISION,
    "GetCallTypeRequest.name": STORED_TYPE,
    "DeleteCallTypeRequest.name": UNUSED_TYPE + _bad({"built in": "default"}, Code.FAILED_PRECONDITION),
    "UpsertChannelTypeRequest.name": TYPE,
    "UpsertChannelTypeRequest.grants<key>": ROLE + _bad(_EMPTY),
    "UpsertChannelTypeRequest.grants<value>": PERMISSION,
    "UpsertChannelTypeRequest.expected_revision": EXPECTED_REVISION,
    "UpsertChannelTypeRequest.update_mask": MASK,
    "Policy.name": NAME_100 + _bad(_EMPTY) + _fine(longest="☃" * 100),
    "Policy.priority": _number(0, 1_000, fine=(1, 999)),
    "Policy.resources": WORD + _fine(every="*", action="SendAudio", older="EditUser"),
    "Policy.roles": ROLE + _bad(_EMPTY) + _fine(every="*", other_spelling="call-member"),
    "Policy.action": _bad({"unspecified": 0, "unknown": 99, "below zero": -1}) + _fine(deny=2),
    "GetChannelTypeRequest.name": STORED_TYPE,
    "DeleteChannelTypeRequest.name": UNUSED_TYPE + _bad({"built in": "messaging"}, Code.FAILED_PRECONDITION),
    # --- calls ---
    "UpsertCallRequest.cid": CALL + _bad(_NO_TYPE),
    "UpsertCallRequest.created_by_id": tuple(odd for odd in USER if odd.value) + _fine(empty=""),
    "UpsertCallRequest.team": TEXT,
    "UpsertCallRequest.starts_at": FAR,
    "UpsertCallRequest.custom": CUSTOM,
    "UpsertCallRequest.update_mask": MASK,
    "CallMember.user_id": USER,
    "CallMember.role": MEMBER_ROLE,
    "CallMember.custom": CUSTOM,
    "CallMember.created_at": IGNORED_TIME,
    "CallMember.updated_at": IGNORED_TIME,
    "ListCallsRequest.type": TYPE_FILTER,
    **dict.fromkeys(
        (
            "GetCallRequest.cid",
            "DeleteCallRequest.cid",
            "UpdateCallMembersRequest.cid",
            "ListCallMembersRequest.cid",
            "UpdateUserPermissionsRequest.cid",
            "BlockUserRequest.cid",
            "UnblockUserRequest.cid",
            "GoLiveRequest.cid",
            "StopLiveRequest.cid",
            "EndCallRequest.cid",
        ),
        STORED_CALL,
    ),
    "UpdateCallMembersRequest.remove_members": ID + _fine(unknown="nobody"),
    "UpdateUserPermissionsRequest.user_id": USER,
    "UpdateUserPermissionsRequest.grant_permissions": PERMISSION + _bad({"not of calls": "send-message"}),
    "UpdateUserPermissionsRequest.revoke_permissions": PERMISSION + _bad({"not of calls": "send-message"}),
    "UpdateUserPermissionsRequest.reset_permissions": PERMISSION + _bad({"not of calls": "send-message"}),
    "BlockUserRequest.user_id": USER,
    "UnblockUserRequest.user_id": ID + _fine(unknown="nobody"),
    # --- channels ---
    "UpsertChannelRequest.cid": CHANNEL + _bad(_NO_TYPE),
    "UpsertChannelRequest.created_by_id": tuple(odd for odd in USER if odd.value) + _fine(empty=""),
    "UpsertChannelRequest.team": TEXT,
    "UpsertChannelRequest.cooldown": _number(121, fine=(0, 120)),
    "UpsertChannelRequest.custom": CUSTOM,
    "ChannelConfigOverrides.grants<key>": ROLE + _bad(_EMPTY),
    "ChannelConfigOverrides.grants<value>": PERMISSION + _bad({"twice": "!!add-links", "nothing removed": "!"}),
    "ChannelMember.user_id": USER,
    "ChannelMember.channel_role": MEMBER_ROLE,
    "ChannelMember.custom": CUSTOM,
    "ChannelMember.created_at": IGNORED_TIME,
    "ChannelMember.updated_at": IGNORED_TIME,
    "ListChannelsRequest.type": TYPE_FILTER,
    **dict.fromkeys(
        (
            "GetChannelRequest.cid",
            "DeleteChannelRequest.cid",
            "UpdateChannelMembersRequest.cid",
            "ListChannelMembersRequest.cid",
        ),
        STORED_CHANNEL,
    ),
    "UpdateChannelMembersRequest.remove_members": ID + _fine(unknown="nobody"),
    # --- users and the app ---
    "User.id": ID,
    "User.role": ROLE + _bad(_EMPTY),
    "User.teams": ID,
    "User.teams_role<key>": ID,
    "User.teams_role<value>": ROLE + _bad(_EMPTY),
    "User.custom": CUSTOM,
    "User.revoke_tokens_issued_before": FAR,
    "User.created_at": IGNORED_TIME,
    "User.updated_at": IGNORED_TIME,
    "UpsertUsersRequest.update_mask": MASK,
    "GetUserRequest.user_id": ID + _bad({"unknown": "nobody"}, Code.NOT_FOUND),
    "DeleteUsersRequest.user_ids": ID + _bad({"unknown": "nobody"}, Code.NOT_FOUND),
    "UpdateAppRequest.permission_version": WORD,
    "UpdateAppRequest.grants<key>": ROLE + _bad(_EMPTY),
    "UpdateAppRequest.grants<value>": PERMISSION,
    "UpdateAppRequest.user_search_disallowed_roles": ROLE + _bad(_EMPTY),
    "UpdateAppRequest.revoke_tokens_issued_before": FAR,
    "UpdateAppRequest.update_mask": MASK,
    # --- pages ---
    **{f"{name}.page_size": PAGE_SIZE for name in LISTS},
    **{f"{name}.page_token": PAGE_TOKEN for name in LISTS},
}
"""What is tried on each field; switches take everything that the wire can say, so they have no row."""
