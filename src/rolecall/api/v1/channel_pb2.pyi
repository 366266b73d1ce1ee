import datetime

from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from rolecall.api.v1 import core_pb2 as _core_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Channel(_message.Message):
    __slots__ = ("cid", "type", "id", "created_by_id", "team", "frozen", "disabled", "cooldown", "config_overrides", "custom", "created_at", "updated_at")
    CID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_ID_FIELD_NUMBER: _ClassVar[int]
    TEAM_FIELD_NUMBER: _ClassVar[int]
    FROZEN_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    COOLDOWN_FIELD_NUMBER: _ClassVar[int]
    CONFIG_OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    cid: str
    type: str
    id: str
    created_by_id: str
    team: str
    frozen: bool
    disabled: bool
    cooldown: int
    config_overrides: ChannelConfigOverrides
    custom: _struct_pb2.Struct
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, cid: _Optional[str] = ..., type: _Optional[str] = ..., id: _Optional[str] = ..., created_by_id: _Optional[str] = ..., team: _Optional[str] = ..., frozen: _Optional[bool] = ..., disabled: _Optional[bool] = ..., cooldown: _Optional[int] = ..., config_overrides: _Optional[_Union[ChannelConfigOverrides, _Mapping]] = ..., custom: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ChannelConfigOverrides(_message.Message):
    __slots__ = ("grants", "connect_events", "count_messages", "custom_events", "delivery_events", "mark_messages_pending", "mutes", "polls", "push_notifications", "quotes", "reactions", "read_events", "reminders", "replies", "search", "shared_locations", "skip_last_msg_update_for_system_msgs", "typing_events", "uploads", "url_enrichment", "user_message_reminders")
    class GrantsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _core_pb2.PermissionList
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_core_pb2.PermissionList, _Mapping]] = ...) -> None: ...
    GRANTS_FIELD_NUMBER: _ClassVar[int]
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
    grants: _containers.MessageMap[str, _core_pb2.PermissionList]
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
    def __init__(self, grants: _Optional[_Mapping[str, _core_pb2.PermissionList]] = ..., connect_events: _Optional[bool] = ..., count_messages: _Optional[bool] = ..., custom_events: _Optional[bool] = ..., delivery_events: _Optional[bool] = ..., mark_messages_pending: _Optional[bool] = ..., mutes: _Optional[bool] = ..., polls: _Optional[bool] = ..., push_notifications: _Optional[bool] = ..., quotes: _Optional[bool] = ..., reactions: _Optional[bool] = ..., read_events: _Optional[bool] = ..., reminders: _Optional[bool] = ..., replies: _Optional[bool] = ..., search: _Optional[bool] = ..., shared_locations: _Optional[bool] = ..., skip_last_msg_update_for_system_msgs: _Optional[bool] = ..., typing_events: _Optional[bool] = ..., uploads: _Optional[bool] = ..., url_enrichment: _Optional[bool] = ..., user_message_reminders: _Optional[bool] = ...) -> None: ...

class ChannelMember(_message.Message):
    __slots__ = ("user_id", "channel_role", "banned", "custom", "created_at", "updated_at")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_ROLE_FIELD_NUMBER: _ClassVar[int]
    BANNED_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    channel_role: str
    banned: bool
    custom: _struct_pb2.Struct
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, user_id: _Optional[str] = ..., channel_role: _Optional[str] = ..., banned: _Optional[bool] = ..., custom: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class UpsertChannelRequest(_message.Message):
    __slots__ = ("cid", "created_by_id", "team", "members", "frozen", "disabled", "cooldown", "config_overrides", "custom")
    CID_FIELD_NUMBER: _ClassVar[int]
    CREATED_BY_ID_FIELD_NUMBER: _ClassVar[int]
    TEAM_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    FROZEN_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    COOLDOWN_FIELD_NUMBER: _ClassVar[int]
    CONFIG_OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_FIELD_NUMBER: _ClassVar[int]
    cid: str
    created_by_id: str
    team: str
    members: _containers.RepeatedCompositeFieldContainer[ChannelMember]
    frozen: bool
    disabled: bool
    cooldown: int
    config_overrides: ChannelConfigOverrides
    custom: _struct_pb2.Struct
    def __init__(self, cid: _Optional[str] = ..., created_by_id: _Optional[str] = ..., team: _Optional[str] = ..., members: _Optional[_Iterable[_Union[ChannelMember, _Mapping]]] = ..., frozen: _Optional[bool] = ..., disabled: _Optional[bool] = ..., cooldown: _Optional[int] = ..., config_overrides: _Optional[_Union[ChannelConfigOverrides, _Mapping]] = ..., custom: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class UpsertChannelResponse(_message.Message):
    __slots__ = ("channel", "created", "own_capabilities", "revision")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    OWN_CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    channel: Channel
    created: bool
    own_capabilities: _containers.RepeatedScalarFieldContainer[str]
    revision: int
    def __init__(self, channel: _Optional[_Union[Channel, _Mapping]] = ..., created: _Optional[bool] = ..., own_capabilities: _Optional[_Iterable[str]] = ..., revision: _Optional[int] = ...) -> None: ...

class GetChannelRequest(_message.Message):
    __slots__ = ("cid",)
    CID_FIELD_NUMBER: _ClassVar[int]
    cid: str
    def __init__(self, cid: _Optional[str] = ...) -> None: ...

class GetChannelResponse(_message.Message):
    __slots__ = ("channel", "own_capabilities", "revision")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    OWN_CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    channel: Channel
    own_capabilities: _containers.RepeatedScalarFieldContainer[str]
    revision: int
    def __init__(self, channel: _Optional[_Union[Channel, _Mapping]] = ..., own_capabilities: _Optional[_Iterable[str]] = ..., revision: _Optional[int] = ...) -> None: ...

class ListChannelsRequest(_message.Message):
    __slots__ = ("type", "page_size", "page_token")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    type: str
    page_size: int
    page_token: str
    def __init__(self, type: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListChannelsResponse(_message.Message):
    __slots__ = ("channels", "next_page_token", "revision")
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    channels: _containers.RepeatedCompositeFieldContainer[Channel]
    next_page_token: str
    revision: int
    def __init__(self, channels: _Optional[_Iterable[_Union[Channel, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class DeleteChannelRequest(_message.Message):
    __slots__ = ("cid",)
    CID_FIELD_NUMBER: _ClassVar[int]
    cid: str
    def __init__(self, cid: _Optional[str] = ...) -> None: ...

class DeleteChannelResponse(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...

class UpdateChannelMembersRequest(_message.Message):
    __slots__ = ("cid", "update_members", "remove_members")
    CID_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MEMBERS_FIELD_NUMBER: _ClassVar[int]
    REMOVE_MEMBERS_FIELD_NUMBER: _ClassVar[int]
    cid: str
    update_members: _containers.RepeatedCompositeFieldContainer[ChannelMember]
    remove_members: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, cid: _Optional[str] = ..., update_members: _Optional[_Iterable[_Union[ChannelMember, _Mapping]]] = ..., remove_members: _Optional[_Iterable[str]] = ...) -> None: ...

class UpdateChannelMembersResponse(_message.Message):
    __slots__ = ("members", "revision")
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    members: _containers.RepeatedCompositeFieldContainer[ChannelMember]
    revision: int
    def __init__(self, members: _Optional[_Iterable[_Union[ChannelMember, _Mapping]]] = ..., revision: _Optional[int] = ...) -> None: ...

class ListChannelMembersRequest(_message.Message):
    __slots__ = ("cid", "page_size", "page_token")
    CID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    cid: str
    page_size: int
    page_token: str
    def __init__(self, cid: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListChannelMembersResponse(_message.Message):
    __slots__ = ("members", "next_page_token", "revision")
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    members: _containers.RepeatedCompositeFieldContainer[ChannelMember]
    next_page_token: str
    revision: int
    def __init__(self, members: _Optional[_Iterable[_Union[ChannelMember, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...
