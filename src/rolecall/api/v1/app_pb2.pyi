import datetime

from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from rolecall.api.v1 import core_pb2 as _core_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class App(_message.Message):
    __slots__ = ("name", "permission_version", "multi_tenant_enabled", "disable_permissions_checks", "disable_auth_checks", "user_search_disallowed_roles", "revoke_tokens_issued_before", "grants", "created_at", "updated_at", "revision")
    class GrantsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _core_pb2.PermissionList
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_core_pb2.PermissionList, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_VERSION_FIELD_NUMBER: _ClassVar[int]
    MULTI_TENANT_ENABLED_FIELD_NUMBER: _ClassVar[int]
    DISABLE_PERMISSIONS_CHECKS_FIELD_NUMBER: _ClassVar[int]
    DISABLE_AUTH_CHECKS_FIELD_NUMBER: _ClassVar[int]
    USER_SEARCH_DISALLOWED_ROLES_FIELD_NUMBER: _ClassVar[int]
    REVOKE_TOKENS_ISSUED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    name: str
    permission_version: str
    multi_tenant_enabled: bool
    disable_permissions_checks: bool
    disable_auth_checks: bool
    user_search_disallowed_roles: _containers.RepeatedScalarFieldContainer[str]
    revoke_tokens_issued_before: _timestamp_pb2.Timestamp
    grants: _containers.MessageMap[str, _core_pb2.PermissionList]
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    revision: int
    def __init__(self, name: _Optional[str] = ..., permission_version: _Optional[str] = ..., multi_tenant_enabled: _Optional[bool] = ..., disable_permissions_checks: _Optional[bool] = ..., disable_auth_checks: _Optional[bool] = ..., user_search_disallowed_roles: _Optional[_Iterable[str]] = ..., revoke_tokens_issued_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., grants: _Optional[_Mapping[str, _core_pb2.PermissionList]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class GetAppRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetAppResponse(_message.Message):
    __slots__ = ("app", "revision")
    APP_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    app: App
    revision: int
    def __init__(self, app: _Optional[_Union[App, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...

class UpdateAppRequest(_message.Message):
    __slots__ = ("permission_version", "migrate_permissions_to_v2", "dry_run", "grants", "reset_grants", "multi_tenant_enabled", "user_search_disallowed_roles", "disable_permissions_checks", "disable_auth_checks", "revoke_tokens_issued_before", "update_mask", "undo_migration")
    class GrantsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _core_pb2.PermissionList
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_core_pb2.PermissionList, _Mapping]] = ...) -> None: ...
    PERMISSION_VERSION_FIELD_NUMBER: _ClassVar[int]
    MIGRATE_PERMISSIONS_TO_V2_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    RESET_GRANTS_FIELD_NUMBER: _ClassVar[int]
    MULTI_TENANT_ENABLED_FIELD_NUMBER: _ClassVar[int]
    USER_SEARCH_DISALLOWED_ROLES_FIELD_NUMBER: _ClassVar[int]
    DISABLE_PERMISSIONS_CHECKS_FIELD_NUMBER: _ClassVar[int]
    DISABLE_AUTH_CHECKS_FIELD_NUMBER: _ClassVar[int]
    REVOKE_TOKENS_ISSUED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    UNDO_MIGRATION_FIELD_NUMBER: _ClassVar[int]
    permission_version: str
    migrate_permissions_to_v2: bool
    dry_run: bool
    grants: _containers.MessageMap[str, _core_pb2.PermissionList]
    reset_grants: bool
    multi_tenant_enabled: bool
    user_search_disallowed_roles: _core_pb2.StringList
    disable_permissions_checks: bool
    disable_auth_checks: bool
    revoke_tokens_issued_before: _timestamp_pb2.Timestamp
    update_mask: _field_mask_pb2.FieldMask
    undo_migration: bool
    def __init__(self, permission_version: _Optional[str] = ..., migrate_permissions_to_v2: _Optional[bool] = ..., dry_run: _Optional[bool] = ..., grants: _Optional[_Mapping[str, _core_pb2.PermissionList]] = ..., reset_grants: _Optional[bool] = ..., multi_tenant_enabled: _Optional[bool] = ..., user_search_disallowed_roles: _Optional[_Union[_core_pb2.StringList, _Mapping]] = ..., disable_permissions_checks: _Optional[bool] = ..., disable_auth_checks: _Optional[bool] = ..., revoke_tokens_issued_before: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., undo_migration: _Optional[bool] = ...) -> None: ...

class MigrationChange(_message.Message):
    __slots__ = ("channel_type", "user_roles", "channel_roles", "owner", "gained", "lost")
    CHANNEL_TYPE_FIELD_NUMBER: _ClassVar[int]
    USER_ROLES_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_ROLES_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    GAINED_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    channel_type: str
    user_roles: _containers.RepeatedScalarFieldContainer[str]
    channel_roles: _containers.RepeatedScalarFieldContainer[str]
    owner: bool
    gained: _containers.RepeatedScalarFieldContainer[str]
    lost: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, channel_type: _Optional[str] = ..., user_roles: _Optional[_Iterable[str]] = ..., channel_roles: _Optional[_Iterable[str]] = ..., owner: _Optional[bool] = ..., gained: _Optional[_Iterable[str]] = ..., lost: _Optional[_Iterable[str]] = ...) -> None: ...

class MigrationReport(_message.Message):
    __slots__ = ("applied", "changes", "channel_type_grants", "app_grants", "app_changes", "undone", "channels_with_own_grants")
    class ChannelTypeGrantsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _core_pb2.RoleGrants
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_core_pb2.RoleGrants, _Mapping]] = ...) -> None: ...
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_TYPE_GRANTS_FIELD_NUMBER: _ClassVar[int]
    APP_GRANTS_FIELD_NUMBER: _ClassVar[int]
    APP_CHANGES_FIELD_NUMBER: _ClassVar[int]
    UNDONE_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_WITH_OWN_GRANTS_FIELD_NUMBER: _ClassVar[int]
    applied: bool
    changes: _containers.RepeatedCompositeFieldContainer[MigrationChange]
    channel_type_grants: _containers.MessageMap[str, _core_pb2.RoleGrants]
    app_grants: _core_pb2.RoleGrants
    app_changes: _containers.RepeatedCompositeFieldContainer[MigrationChange]
    undone: bool
    channels_with_own_grants: int
    def __init__(self, applied: _Optional[bool] = ..., changes: _Optional[_Iterable[_Union[MigrationChange, _Mapping]]] = ..., channel_type_grants: _Optional[_Mapping[str, _core_pb2.RoleGrants]] = ..., app_grants: _Optional[_Union[_core_pb2.RoleGrants, _Mapping]] = ..., app_changes: _Optional[_Iterable[_Union[MigrationChange, _Mapping]]] = ..., undone: _Optional[bool] = ..., channels_with_own_grants: _Optional[int] = ...) -> None: ...

class UpdateAppResponse(_message.Message):
    __slots__ = ("app", "migration_report", "revision")
    APP_FIELD_NUMBER: _ClassVar[int]
    MIGRATION_REPORT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    app: App
    migration_report: MigrationReport
    revision: int
    def __init__(self, app: _Optional[_Union[App, _Mapping]] = ..., migration_report: _Optional[_Union[MigrationReport, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...
