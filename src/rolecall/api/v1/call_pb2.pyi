import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from rolecall.api.v1 import call_type_pb2 as _call_type_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Call(_message.Message):
    __slots__ = ("cid", "type", "id", "created_by_id", "team", "settings", "backstage", "starts_at", "ended_at", "custom", "blocked_user_ids", "created_at", "updated_at")
    CID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_ID_FIELD_NUMBER: _ClassVar[int]
    TEAM_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    BACKSTAGE_FIELD_NUMBER: _ClassVar[int]
    STARTS_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_USER_IDS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    cid: str
    type: str
    id: str
    created_by_id: str
    team: str
    settings: _call_type_pb2.CallSettings
    backstage: bool
    starts_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    custom: _struct_pb2.Struct
    blocked_user_ids: _containers.RepeatedScalarFieldContainer[str]
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, cid: _Optional[str] = ..., type: _Optional[str] = ..., id: _Optional[str] = ..., created_by_id: _Optional[str] = ..., team: _Optional[str] = ..., settings: _Optional[_Union[_call_type_pb2.CallSettings, _Mapping]] = ..., backstage: _Optional[bool] = ..., starts_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., custom: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., blocked_user_ids: _Optional[_Iterable[str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CallMember(_message.Message):
    __slots__ = ("user_id", "role", "custom", "created_at", "updated_at")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    role: str
    custom: _struct_pb2.Struct
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, user_id: _Optional[str] = ..., role: _Optional[str] = ..., custom: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class UpsertCallRequest(_message.Message):
    __slots__ = ("cid", "created_by_id", "team", "members", "settings_override", "starts_at", "custom", "update_mask")
    CID_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_ID_FIELD_NUMBER: _ClassVar[int]
    TEAM_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_OVERRIDE_FIELD_NUMBER: _ClassVar[int]
    STARTS_AT_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    cid: str
    created_by_id: str
    team: str
    members: _containers.RepeatedCompositeFieldContainer[CallMember]
    settings_override: _call_type_pb2.CallSettings
    starts_at: _timestamp_pb2.Timestamp
    custom: _struct_pb2.Struct
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, cid: _Optional[str] = ..., created_by_id: _Optional[str] = ..., team: _Optional[str] = ..., members: _Optional[_Iterable[_Union[CallMember, _Mapping]]] = ..., settings_override: _Optional[_Union[_call_type_pb2.CallSettings, _Mapping]] = ..., starts_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., custom: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class UpsertCallResponse(_message.Message):
    __slots__ = ("call", "created", "own_capabilities", "revision")
    CALL_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    OWN_CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    call: Call
    created: bool
    own_capabilities: _containers.RepeatedScalarFieldContainer[str]
    revision: int
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., created: _Optional[bool] = ..., own_capabilities: _Optional[_Iterable[str]] = ..., revision: _Optional[int] = ...) -> None: ...

class GetCallRequest(_message.Message):
    __slots__ = ("cid",)
    CID_FIELD_NUMBER: _ClassVar[int]
    cid: str
    def __init__(self, cid: _Optional[str] = ...) -> None: ...

class GetCallResponse(_message.Message):
    __slots__ = ("call", "own_capabilities", "revision")
    CALL_FIELD_NUMBER: _ClassVar[int]
    OWN_CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    call: Call
    own_capabilities: _containers.RepeatedScalarFieldContainer[str]
    revision: int
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., own_capabilities: _Optional[_Iterable[str]] = ..., revision: _Optional[int] = ...) -> None: ...

class ListCallsRequest(_message.Message):
    __slots__ = ("type", "page_size", "page_token")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    type: str
    page_size: int
    page_token: str
    def __init__(self, type: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCallsResponse(_message.Message):
    __slots__ = ("calls", "next_page_token", "revision")
    CALLS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    calls: _containers.RepeatedCompositeFieldContainer[Call]
    next_page_token: str
    revision: int
    def __init__(self, calls: _Optional[_Iterable[_Union[Call, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class DeleteCallRequest(_message.Message):
    __slots__ = ("cid",)
    CID_FIELD_NUMBER: _ClassVar[int]
    cid: str
    def __init__(self, cid: _Optional[str] = ...) -> None: ...

class DeleteCallResponse(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...

class UpdateCallMembersRequest(_message.Message):
    __slots__ = ("cid", "update_members", "remove_members")
    CID_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MEMBERS_FIELD_NUMBER: _ClassVar[int]
    REMOVE_MEMBERS_FIELD_NUMBER: _ClassVar[int]
    cid: str
    update_members: _containers.RepeatedCompositeFieldContainer[CallMember]
    remove_members: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, cid: _Optional[str] = ..., update_members: _Optional[_Iterable[_Union[CallMember, _Mapping]]] = ..., remove_members: _Optional[_Iterable[str]] = ...) -> None: ...

class UpdateCallMembersResponse(_message.Message):
    __slots__ = ("members", "revision")
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    members: _containers.RepeatedCompositeFieldContainer[CallMember]
    revision: int
    def __init__(self, members: _Optional[_Iterable[_Union[CallMember, _Mapping]]] = ..., revision: _Optional[int] = ...) -> None: ...

class ListCallMembersRequest(_message.Message):
    __slots__ = ("cid", "page_size", "page_token")
    CID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    cid: str
    page_size: int
    page_token: str
    def __init__(self, cid: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCallMembersResponse(_message.Message):
    __slots__ = ("members", "next_page_token", "revision")
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    members: _containers.RepeatedCompositeFieldContainer[CallMember]
    next_page_token: str
    revision: int
    def __init__(self, members: _Optional[_Iterable[_Union[CallMember, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class UpdateUserPermissionsRequest(_message.Message):
    __slots__ = ("cid", "user_id", "grant_permissions", "revoke_permissions", "reset_permissions")
    CID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    GRANT_PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    REVOKE_PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    RESET_PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    cid: str
    user_id: str
    grant_permissions: _containers.RepeatedScalarFieldContainer[str]
    revoke_permissions: _containers.RepeatedScalarFieldContainer[str]
    reset_permissions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, cid: _Optional[str] = ..., user_id: _Optional[str] = ..., grant_permissions: _Optional[_Iterable[str]] = ..., revoke_permissions: _Optional[_Iterable[str]] = ..., reset_permissions: _Optional[_Iterable[str]] = ...) -> None: ...

class UpdateUserPermissionsResponse(_message.Message):
    __slots__ = ("own_capabilities", "granted_permissions", "revoked_permissions", "revision")
    OWN_CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    GRANTED_PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    REVOKED_PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    own_capabilities: _containers.RepeatedScalarFieldContainer[str]
    granted_permissions: _containers.RepeatedScalarFieldContainer[str]
    revoked_permissions: _containers.RepeatedScalarFieldContainer[str]
    revision: int
    def __init__(self, own_capabilities: _Optional[_Iterable[str]] = ..., granted_permissions: _Optional[_Iterable[str]] = ..., revoked_permissions: _Optional[_Iterable[str]] = ..., revision: _Optional[int] = ...) -> None: ...

class BlockUserRequest(_message.Message):
    __slots__ = ("cid", "user_id")
    CID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    cid: str
    user_id: str
    def __init__(self, cid: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class BlockUserResponse(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...

class UnblockUserRequest(_message.Message):
    __slots__ = ("cid", "user_id")
    CID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    cid: str
    user_id: str
    def __init__(self, cid: _Optional[str] = ..., user_id: _Optional[str] = ...) -> None: ...

class UnblockUserResponse(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...

class GoLiveRequest(_message.Message):
    __slots__ = ("cid",)
    CID_FIELD_NUMBER: _ClassVar[int]
    cid: str
    def __init__(self, cid: _Optional[str] = ...) -> None: ...

class GoLiveResponse(_message.Message):
    __slots__ = ("call", "revision")
    CALL_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    call: Call
    revision: int
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class StopLiveRequest(_message.Message):
    __slots__ = ("cid",)
    CID_FIELD_NUMBER: _ClassVar[int]
    cid: str
    def __init__(self, cid: _Optional[str] = ...) -> None: ...

class StopLiveResponse(_message.Message):
    __slots__ = ("call", "revision")
    CALL_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    call: Call
    revision: int
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class EndCallRequest(_message.Message):
    __slots__ = ("cid",)
    CID_FIELD_NUMBER: _ClassVar[int]
    cid: str
    def __init__(self, cid: _Optional[str] = ...) -> None: ...

class EndCallResponse(_message.Message):
    __slots__ = ("call", "revision")
    CALL_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    call: Call
    revision: int
    def __init__(self, call: _Optional[_Union[Call, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...
