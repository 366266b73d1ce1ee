"""The table of RPCs: made from the services' descriptors and the handlers of the same name, streams in one module.

A door takes the table as it is; to add an RPC, write its proto and one handler.
"""

from __future__ import annotations

import re
from types import ModuleType
from typing import Final

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from rolecall.api.v1 import (
    app_pb2,
    authorization_pb2,
    call_pb2,
    call_type_pb2,
    channel_pb2,
    channel_type_pb2,
    permission_pb2,
    role_pb2,
    user_pb2,
)
from rolecall.transports.handlers import (
    app,
    authorization,
    call,
    call_type,
    channel,
    channel_type,
    permission,
    role,
    streams,
    user,
)
from rolecall.transports.rpc import Method

_SERVICES: Final[tuple[tuple[ModuleType, str, ModuleType], ...]] = (
    (authorization_pb2, "AuthorizationService", authorization),
    (permission_pb2, "PermissionService", permission),
    (role_pb2, "RoleService", role),
    (call_type_pb2, "CallTypeService", call_type),
    (channel_type_pb2, "ChannelTypeService", channel_type),
    (call_pb2, "CallService", call),
    (channel_pb2, "ChannelService", channel),
    (user_pb2, "UserService", user),
    (app_pb2, "AppService", app),
)

DESCRIPTORS: Final[tuple[ServiceDescriptor, ...]] = tuple(
    proto.DESCRIPTOR.services_by_name[name] for proto, name, _ in _SERVICES
)
SERVICE_NAMES: Final = tuple(service.full_name for service in DESCRIPTORS)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _methods() -> list[Method]:
    rows = []
    for service, (_, _, handlers) in zip(DESCRIPTORS, _SERVICES, strict=True):
        for rpc in service.methods:
            handler = getattr(streams if rpc.server_streaming else handlers, _snake(rpc.name))
            rows.append(
                Method(
                    f"/{service.full_name}/{rpc.name}",
                    service.full_name,
                    rpc.name,
                    GetMessageClass(rpc.input_type),
                    GetMessageClass(rpc.output_type),
                    handler,
                    streams_in=rpc.client_streaming,
                    streams_out=rpc.server_streaming,
                )
            )
    return rows


METHODS: Final[tuple[Method, ...]] = tuple(_methods())
"""Every RPC of every service."""
