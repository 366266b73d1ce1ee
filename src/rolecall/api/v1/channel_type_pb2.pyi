import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from rolecall.api.v1 import core_pb2 as _core_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PolicyAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    POLICY_ACTION_UNSPECIFIED: _ClassVar[PolicyAction]
    POLICY_ACTION_ALLOW: _ClassVar[PolicyAction]
    POLICY_ACTION_DENY: _ClassVar[PolicyAction]
POLICY_ACTION_UNSPECIFIED: PolicyAction
POLICY_ACTION_ALLOW: PolicyAction
POLICY_ACTION_DENY: PolicyAction

class ChannelType(_message.Message):
    __slots__ = ("name", "grants", "permissions", "config", "created_at", "updated_at", "revision")
    class GrantsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _core_pb2.PermissionList
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_core_pb2.PermissionList, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    name: str
    grants: _containers.MessageMap[str, _core_pb2.PermissionList]
    permissions: _containers.RepeatedCompositeFieldContainer[Policy]
    config: ChannelConfig
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    revision: int
    def __init__(self, name: _Optional[str] = ..., grants: _Optional[_Mapping[str, _core_pb2.PermissionList]] = ..., permissions: _Optional[_Iterable[_Union[Policy, _Mapping]]] = ..., config: _Optional[_Union[ChannelConfig, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class Policy(_message.Message):
    __slots__ = ("name", "priority", "resources", "roles", "owner", "action")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    priority: int
    resources: _containers.RepeatedScalarFieldContainer[str]
    roles: _containers.RepeatedScalarFieldContainer[str]
    owner: bool
    action: PolicyAction
    def __init__(self, name: _Optional[str] = ..., priority: _Optional[int] = ..., resources: _Optional[_Iterable[str]] = ..., roles: _Optional[_Iterable[str]] = ..., owner: _Optional[bool] = ..., action: _Optional[_Union[PolicyAction, str]] = ...) -> None: ...

class ChannelConfig(_message.Message):
    __slots__ = ("connect_events", "count_messages", "custom_events", "delivery_events", "mark_messages_pending", "mutes", "polls", "push_notifications", "quotes", "reactions", "read_events", "reminders", "replies", "search", "shared_locations", "skip_last_msg_update_for_system_msgs", "typing_events", "uploads", "url_enrichment", "user_message_reminders", "automod", "automod_behavior", "commands", "max_message_length", "message_retention", "push_level")
    CONNECT_EVENTS_FIELD_NUMBER: _ClassVar[int]
    COUNT_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_EVENTS_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_EVENTS_FIELD_NUMBER: _ClassVar[int]
    MARK_MESSAGES_PENDING_FIELD_NUMBER: _ClassVar[int]
    MUTES_FIELD_NUMBER: _ClassVar[int]
    POLLS_FIELD_NUMBER: _ClassVar[int]
    PUSH_NOTIFICATIONS_FIELD_NUMBER: _ClassVar[int]
    QUOTES_FIELD_NUMBER: _ClassVar[int]
    REACTIONS_FIELD_NUMBER: _ClassVar[int]
    READ_EVENTS_FIELD_NUMBER: _ClassVar[int]
    REMINDERS_FIELD_NUMBER: _ClassVar[int]
    REPLIES_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    SHARED_LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    SKIP_LAST_MSG_UPDATE_FOR_SYSTEM_MSGS_FIELD_NUMBER: _ClassVar[int]
    TYPING_EVENTS_FIELD_NUMBER: _ClassVar[int]
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    URL_ENRICHMENT_FIELD_NUMBER: _ClassVar[int]
    USER_MESSAGE_REMINDERS_FIELD_NUMBER: _ClassVar[int]
    AUTOMOD_FIELD_NUMBER: _ClassVar[int]
    AUTOMOD_BEHAVIOR_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_LENGTH_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_RETENTION_FIELD_NUMBER: _ClassVar[int]
    PUSH_LEVEL_FIELD_NUMBER: _ClassVar[int]
    connect_events: bool
    count_messages: bool
    custom_events: bool
    delivery_events: bool
    mark_messages_pending: bool
    mutes: bool
    polls: bool
    push_notifications: bool
    quotes: bool
    reactions: bool
    read_events: bool
    reminders: bool
    replies: bool
    search: bool
    shared_locations: bool
    skip_last_msg_update_for_system_msgs: bool
    typing_events: bool
    uploads: bool
    url_enrichment: bool
    user_message_reminders: bool
    automod: str
    automod_behavior: str
    commands: _core_pb2.StringList
    max_message_length: int
    message_retention: str
    push_level: str
    def __init__(self, connect_events: _Optional[bool] = ..., count_messages: _Optional[bool] = ..., custom_events: _Optional[bool] = ..., delivery_events: _Optional[bool] = ..., mark_messages_pending: _Optional[bool] = ..., mutes: _Optional[bool] = ..., polls: _Optional[bool] = ..., push_notifications: _Optional[bool] = ..., quotes: _Optional[bool] = ..., reactions: _Optional[bool] = ..., read_events: _Optional[bool] = ..., reminders: _Optional[bool] = ..., replies: _Optional[bool] = ..., search: _Optional[bool] = ..., shared_locations: _Optional[bool] = ..., skip_last_msg_update_for_system_msgs: _Optional[bool] = ..., typing_events: _Optional[bool] = ..., uploads: _Optional[bool] = ..., url_enrichment: _Optional[bool] = ..., user_message_reminders: _Optional[bool] = ..., automod: _Optional[str] = ..., automod_behavior: _Optional[str] = ..., commands: _Optional[_Union[_core_pb2.StringList, _Mapping]] = ..., max_message_length: _Optional[int] = ..., message_retention: _Optional[str] = ..., push_level: _Optional[str] = ...) -> None: ...

class UpsertChannelTypeRequest(_message.Message):
    __slots__ = ("name", "grants", "permissions", "config", "reset_grants", "dry_run", "expected_revision", "update_mask")
    class GrantsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _core_pb2.PermissionList
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_core_pb2.PermissionList, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    RESET_GRANTS_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_REVISION_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    name: str
    grants: _containers.MessageMap[str, _core_pb2.PermissionList]
    permissions: _containers.RepeatedCompositeFieldContainer[Policy]
    config: ChannelConfig
    reset_grants: bool
    dry_run: bool
    expected_revision: int
    update_mask: _field_mask_pb2.FieldMask
    def __init__(self, name: _Optional[str] = ..., grants: _Optional[_Mapping[str, _core_pb2.PermissionList]] = ..., permissions: _Optional[_Iterable[_Union[Policy, _Mapping]]] = ..., config: _Optional[_Union[ChannelConfig, _Mapping]] = ..., reset_grants: _Optional[bool] = ..., dry_run: _Optional[bool] = ..., expected_revision: _Optional[int] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ...) -> None: ...

class UpsertChannelTypeResponse(_message.Message):
    __slots__ = ("channel_type", "created", "revision")
    CHANNEL_TYPE_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    channel_type: ChannelType
    created: bool
    revision: int
    def __init__(self, channel_type: _Optional[_Union[ChannelType, _Mapping]] = ..., created: _Optional[bool] = ..., revision: _Optional[int] = ...) -> None: ...

class GetChannelTypeRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetChannelTypeResponse(_message.Message):
    __slots__ = ("channel_type", "revision")
    CHANNEL_TYPE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    channel_type: ChannelType
    revision: int
    def __init__(self, channel_type: _Optional[_Union[ChannelType, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class ListChannelTypesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListChannelTypesResponse(_message.Message):
    __slots__ = ("channel_types", "next_page_token", "revision")
    CHANNEL_TYPES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    channel_types: _containers.RepeatedCompositeFieldContainer[ChannelType]
    next_page_token: str
    revision: int
    def __init__(self, channel_types: _Optional[_Iterable[_Union[ChannelType, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class DeleteChannelTypeRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DeleteChannelTypeResponse(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...
