import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from rolecall.api.v1 import call_type_pb2 as _call_type_pb2
from rolecall.api.v1 import channel_type_pb2 as _channel_type_pb2
from rolecall.api.v1 import core_pb2 as _core_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Facts(_message.Message):
    __slots__ = ("member_role", "created_by_id", "team", "settings_override", "blocked", "backstage", "starts_at", "ended", "frozen", "disabled", "cooldown", "config_override", "custom")
    MEMBER_ROLE_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_ID_FIELD_NUMBER: _ClassVar[int]
    TEAM_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_FIELD_NUMBER: _ClassVar[int]
    BACKSTAGE_FIELD_NUMBER: _ClassVar[int]
    STARTS_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    FROZEN_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    COOLDOWN_FIELD_NUMBER: _ClassVar[int]
    CONFIG_OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    member_role: str
    created_by_id: str
    team: str
    settings_override: _call_type_pb2.CallSettings
    blocked: bool
    backstage: bool
    starts_at: _timestamp_pb2.Timestamp
    ended: bool
    frozen: bool
    disabled: bool
    cooldown: int
    config_override: _channel_type_pb2.ChannelConfig
    custom: _struct_pb2.Struct
    def __init__(self, member_role: _Optional[str] = ..., created_by_id: _Optional[str] = ..., team: _Optional[str] = ..., settings_override: _Optional[_Union[_call_type_pb2.CallSettings, _Mapping]] = ..., blocked: _Optional[bool] = ..., backstage: _Optional[bool] = ..., starts_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended: _Optional[bool] = ..., frozen: _Optional[bool] = ..., disabled: _Optional[bool] = ..., cooldown: _Optional[int] = ..., config_override: _Optional[_Union[_channel_type_pb2.ChannelConfig, _Mapping]] = ..., custom: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class CheckCapabilityRequest(_message.Message):
    __slots__ = ("user_id", "call", "channel", "capability", "resource_owner_id", "facts", "min_revision")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CAPABILITY_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_OWNER_ID_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    call: str
    channel: str
    capability: str
    resource_owner_id: str
    facts: Facts
    min_revision: int
    def __init__(self, user_id: _Optional[str] = ..., call: _Optional[str] = ..., channel: _Optional[str] = ..., capability: _Optional[str] = ..., resource_owner_id: _Optional[str] = ..., facts: _Optional[_Union[Facts, _Mapping]] = ..., min_revision: _Optional[int] = ...) -> None: ...

class CheckCapabilityResponse(_message.Message):
    __slots__ = ("allowed", "reason", "role", "permission", "revision", "policy")
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    allowed: bool
    reason: _core_pb2.Reason
    role: str
    permission: str
    revision: int
    policy: str
    def __init__(self, allowed: _Optional[bool] = ..., reason: _Optional[_Union[_core_pb2.Reason, str]] = ..., role: _Optional[str] = ..., permission: _Optional[str] = ..., revision: _Optional[int] = ..., policy: _Optional[str] = ...) -> None: ...

class BatchCheckCapabilitiesRequest(_message.Message):
    __slots__ = ("checks", "user_id", "call", "channel", "min_revision")
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    checks: _containers.RepeatedCompositeFieldContainer[CheckCapabilityRequest]
    user_id: str
    call: str
    channel: str
    min_revision: int
    def __init__(self, checks: _Optional[_Iterable[_Union[CheckCapabilityRequest, _Mapping]]] = ..., user_id: _Optional[str] = ..., call: _Optional[str] = ..., channel: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class BatchCheckResult(_message.Message):
    __slots__ = ("result", "error")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    result: CheckCapabilityResponse
    error: _core_pb2.ItemError
    def __init__(self, result: _Optional[_Union[CheckCapabilityResponse, _Mapping]] = ..., error: _Optional[_Union[_core_pb2.ItemError, _Mapping]] = ...) -> None: ...

class BatchCheckCapabilitiesResponse(_message.Message):
    __slots__ = ("results", "revision")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BatchCheckResult]
    revision: int
    def __init__(self, results: _Optional[_Iterable[_Union[BatchCheckResult, _Mapping]]] = ..., revision: _Optional[int] = ...) -> None: ...

class StreamCheckCapabilitiesRequest(_message.Message):
    __slots__ = ("id", "check")
    ID_FIELD_NUMBER: _ClassVar[int]
    CHECK_FIELD_NUMBER: _ClassVar[int]
    id: str
    check: CheckCapabilityRequest
    def __init__(self, id: _Optional[str] = ..., check: _Optional[_Union[CheckCapabilityRequest, _Mapping]] = ...) -> None: ...

class StreamCheckCapabilitiesResponse(_message.Message):
    __slots__ = ("id", "result", "error")
    ID_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    id: str
    result: CheckCapabilityResponse
    error: _core_pb2.ItemError
    def __init__(self, id: _Optional[str] = ..., result: _Optional[_Union[CheckCapabilityResponse, _Mapping]] = ..., error: _Optional[_Union[_core_pb2.ItemError, _Mapping]] = ...) -> None: ...

class ListCapabilitiesRequest(_message.Message):
    __slots__ = ("user_id", "call", "channel", "facts", "min_revision")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    call: str
    channel: str
    facts: Facts
    min_revision: int
    def __init__(self, user_id: _Optional[str] = ..., call: _Optional[str] = ..., channel: _Optional[str] = ..., facts: _Optional[_Union[Facts, _Mapping]] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListCapabilitiesResponse(_message.Message):
    __slots__ = ("own_capabilities", "revision")
    OWN_CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    own_capabilities: _containers.RepeatedScalarFieldContainer[str]
    revision: int
    def __init__(self, own_capabilities: _Optional[_Iterable[str]] = ..., revision: _Optional[int] = ...) -> None: ...

class ListRosterCapabilitiesRequest(_message.Message):
    __slots__ = ("call", "page_size", "page_token", "min_revision")
    CALL_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    call: str
    page_size: int
    page_token: str
    min_revision: int
    def __init__(self, call: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class RosterEntry(_message.Message):
    __slots__ = ("user_id", "role", "capabilities")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    role: str
    capabilities: bytes
    def __init__(self, user_id: _Optional[str] = ..., role: _Optional[str] = ..., capabilities: _Optional[bytes] = ...) -> None: ...

class ListRosterCapabilitiesResponse(_message.Message):
    __slots__ = ("capabilities", "entries", "next_page_token", "revision")
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    entries: _containers.RepeatedCompositeFieldContainer[RosterEntry]
    next_page_token: str
    revision: int
    def __init__(self, capabilities: _Optional[_Iterable[str]] = ..., entries: _Optional[_Iterable[_Union[RosterEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class ExplainCapabilityRequest(_message.Message):
    __slots__ = ("user_id", "call", "channel", "capability", "resource_owner_id", "facts", "min_revision")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CAPABILITY_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_OWNER_ID_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    call: str
    channel: str
    capability: str
    resource_owner_id: str
    facts: Facts
    min_revision: int
    def __init__(self, user_id: _Optional[str] = ..., call: _Optional[str] = ..., channel: _Optional[str] = ..., capability: _Optional[str] = ..., resource_owner_id: _Optional[str] = ..., facts: _Optional[_Union[Facts, _Mapping]] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ExplainStep(_message.Message):
    __slots__ = ("rule", "outcome", "detail")
    class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OUTCOME_UNSPECIFIED: _ClassVar[ExplainStep.Outcome]
        OUTCOME_ALLOW: _ClassVar[ExplainStep.Outcome]
        OUTCOME_DENY: _ClassVar[ExplainStep.Outcome]
        OUTCOME_PASS: _ClassVar[ExplainStep.Outcome]
        OUTCOME_NOT_REACHED: _ClassVar[ExplainStep.Outcome]
    OUTCOME_UNSPECIFIED: ExplainStep.Outcome
    OUTCOME_ALLOW: ExplainStep.Outcome
    OUTCOME_DENY: ExplainStep.Outcome
    OUTCOME_PASS: ExplainStep.Outcome
    OUTCOME_NOT_REACHED: ExplainStep.Outcome
    RULE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    rule: str
    outcome: ExplainStep.Outcome
    detail: str
    def __init__(self, rule: _Optional[str] = ..., outcome: _Optional[_Union[ExplainStep.Outcome, str]] = ..., detail: _Optional[str] = ...) -> None: ...

class ExplainCapabilityResponse(_message.Message):
    __slots__ = ("allowed", "reason", "role", "permission", "steps", "would_allow", "revision", "policy")
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    WOULD_ALLOW_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    allowed: bool
    reason: _core_pb2.Reason
    role: str
    permission: str
    steps: _containers.RepeatedCompositeFieldContainer[ExplainStep]
    would_allow: _containers.RepeatedScalarFieldContainer[str]
    revision: int
    policy: str
    def __init__(self, allowed: _Optional[bool] = ..., reason: _Optional[_Union[_core_pb2.Reason, str]] = ..., role: _Optional[str] = ..., permission: _Optional[str] = ..., steps: _Optional[_Iterable[_Union[ExplainStep, _Mapping]]] = ..., would_allow: _Optional[_Iterable[str]] = ..., revision: _Optional[int] = ..., policy: _Optional[str] = ...) -> None: ...

class CheckAdmissionRequest(_message.Message):
    __slots__ = ("user_id", "call", "facts", "min_revision")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    call: str
    facts: Facts
    min_revision: int
    def __init__(self, user_id: _Optional[str] = ..., call: _Optional[str] = ..., facts: _Optional[_Union[Facts, _Mapping]] = ..., min_revision: _Optional[int] = ...) -> None: ...

class CheckAdmissionResponse(_message.Message):
    __slots__ = ("allowed", "reason", "own_capabilities", "revision", "required")
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    OWN_CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    allowed: bool
    reason: _core_pb2.Reason
    own_capabilities: _containers.RepeatedScalarFieldContainer[str]
    revision: int
    required: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, allowed: _Optional[bool] = ..., reason: _Optional[_Union[_core_pb2.Reason, str]] = ..., own_capabilities: _Optional[_Iterable[str]] = ..., revision: _Optional[int] = ..., required: _Optional[_Iterable[str]] = ...) -> None: ...

class WatchCapabilitiesRequest(_message.Message):
    __slots__ = ("user_id", "call", "channel", "from_revision")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    FROM_REVISION_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    call: str
    channel: str
    from_revision: int
    def __init__(self, user_id: _Optional[str] = ..., call: _Optional[str] = ..., channel: _Optional[str] = ..., from_revision: _Optional[int] = ...) -> None: ...

class WatchCapabilitiesResponse(_message.Message):
    __slots__ = ("user_id", "own_capabilities", "added", "removed", "cause", "revision", "snapshot_complete", "left")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    OWN_CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    ADDED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    own_capabilities: _containers.RepeatedScalarFieldContainer[str]
    added: _containers.RepeatedScalarFieldContainer[str]
    removed: _containers.RepeatedScalarFieldContainer[str]
    cause: str
    revision: int
    snapshot_complete: bool
    left: bool
    def __init__(self, user_id: _Optional[str] = ..., own_capabilities: _Optional[_Iterable[str]] = ..., added: _Optional[_Iterable[str]] = ..., removed: _Optional[_Iterable[str]] = ..., cause: _Optional[str] = ..., revision: _Optional[int] = ..., snapshot_complete: _Optional[bool] = ..., left: _Optional[bool] = ...) -> None: ...
