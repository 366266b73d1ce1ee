from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_UNSPECIFIED: _ClassVar[Reason]
    REASON_ROLE_GRANT: _ClassVar[Reason]
    REASON_USER_GRANT: _ClassVar[Reason]
    REASON_POLICY_ALLOW: _ClassVar[Reason]
    REASON_CHECKS_DISABLED: _ClassVar[Reason]
    REASON_FEATURE_ENABLED: _ClassVar[Reason]
    REASON_NO_GRANT: _ClassVar[Reason]
    REASON_OWNER_ONLY: _ClassVar[Reason]
    REASON_OTHER_TEAM: _ClassVar[Reason]
    REASON_USER_REVOKED: _ClassVar[Reason]
    REASON_SETTING_DISABLED: _ClassVar[Reason]
    REASON_FEATURE_DISABLED: _ClassVar[Reason]
    REASON_BLOCKED: _ClassVar[Reason]
    REASON_BANNED: _ClassVar[Reason]
    REASON_DEACTIVATED: _ClassVar[Reason]
    REASON_UNKNOWN_USER: _ClassVar[Reason]
    REASON_CHANNEL_FROZEN: _ClassVar[Reason]
    REASON_CHANNEL_DISABLED: _ClassVar[Reason]
    REASON_POLICY_DENY: _ClassVar[Reason]
    REASON_BACKSTAGE: _ClassVar[Reason]
    REASON_ENDED: _ClassVar[Reason]
REASON_UNSPECIFIED: Reason
REASON_ROLE_GRANT: Reason
REASON_USER_GRANT: Reason
REASON_POLICY_ALLOW: Reason
REASON_CHECKS_DISABLED: Reason
REASON_FEATURE_ENABLED: Reason
REASON_NO_GRANT: Reason
REASON_OWNER_ONLY: Reason
REASON_OTHER_TEAM: Reason
REASON_USER_REVOKED: Reason
REASON_SETTING_DISABLED: Reason
REASON_FEATURE_DISABLED: Reason
REASON_BLOCKED: Reason
REASON_BANNED: Reason
REASON_DEACTIVATED: Reason
REASON_UNKNOWN_USER: Reason
REASON_CHANNEL_FROZEN: Reason
REASON_CHANNEL_DISABLED: Reason
REASON_POLICY_DENY: Reason
REASON_BACKSTAGE: Reason
REASON_ENDED: Reason

class StringList(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, values: _Optional[_Iterable[str]] = ...) -> None: ...

class PermissionList(_message.Message):
    __slots__ = ("permissions",)
    PERMISSIONS_FIELD_NUMBER: _ClassVar[int]
    permissions: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, permissions: _Optional[_Iterable[str]] = ...) -> None: ...

class RoleGrants(_message.Message):
    __slots__ = ("grants",)
    class GrantsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: PermissionList
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[PermissionList, _Mapping]] = ...) -> None: ...
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    grants: _containers.MessageMap[str, PermissionList]
    def __init__(self, grants: _Optional[_Mapping[str, PermissionList]] = ...) -> None: ...

class ItemError(_message.Message):
    __slots__ = ("code", "reason", "message", "field")
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    code: int
    reason: str
    message: str
    field: str
    def __init__(self, code: _Optional[int] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ..., field: _Optional[str] = ...) -> None: ...
